//! The call graph's cycles: where recursion has to pass a migration point.

use std::collections::{HashMap, HashSet};

use crate::llvm::{Module, Value};
use crate::reach::is_interposable;

/// The functions whose entries get a point: at least one on every cycle of the call graph. Calls that
/// leave the module, and calls through pointers, lead to one node that stands for everything outside; it
/// calls whatever is visible there or has its address taken.
pub(super) fn entry_points(module: &Module, leaf: &HashSet<String>) -> Vec<Value> {
    let functions = module.definitions();
    let index: HashMap<Value, usize> = functions.iter().enumerate().map(|(i, f)| (*f, i)).collect();
    let outside = functions.len();
    let mut edges: Vec<Vec<usize>> = vec![Vec::new(); outside + 1];
    for (i, f) in functions.iter().enumerate() {
        for inst in f.instructions().into_iter().filter(|i| i.is_call_like()) {
            let callee = inst.callee();
            if callee.is_inline_asm() {
                continue;
            }
            if !callee.is_function() {
                edges[i].push(outside);
                continue;
            }
            if callee.is_intrinsic() || callee.name().starts_with("__popcorn_") {
                continue;
            }
            match index.get(&callee) {
                Some(j) if !is_interposable(callee) => edges[i].push(*j),
                _ if leaf.contains(&callee.name()) => {}
                _ => edges[i].push(outside),
            }
        }
        let address_taken = f
            .users()
            .into_iter()
            .any(|u| !(u.is_call_like() && u.callee() == *f));
        if address_taken || !f.is_local_linkage() {
            edges[outside].push(i);
        }
    }
    cycle_heads(&edges, outside)
        .into_iter()
        .filter(|i| !super::is_discarded(functions[*i]))
        .map(|i| functions[i])
        .collect()
}

/// Targets of the retreating edges of a depth-first walk: removing them leaves no cycle. Where the target
/// is `outside`, every function that is entered from there in the same component takes its place.
fn cycle_heads(edges: &[Vec<usize>], outside: usize) -> Vec<usize> {
    let component = components(edges);
    let mut heads: HashSet<usize> = HashSet::new();
    for &f in &edges[outside] {
        if component[f] == component[outside] {
            heads.insert(f);
        }
    }
    // 0 new, 1 on the walk's path, 2 done; entered functions and the outside already break their cycles.
    let mut state = vec![0u8; edges.len()];
    state[outside] = 2;
    for root in 0..edges.len() {
        if state[root] != 0 {
            continue;
        }
        let mut stack = vec![(root, 0usize)];
        state[root] = 1;
        while let Some((node, next)) = stack.pop() {
            let Some(&to) = edges[node].get(next) else {
                state[node] = 2;
                continue;
            };
            stack.push((node, next + 1));
            if heads.contains(&to) {
                continue;
            }
            match state[to] {
                0 => {
                    state[to] = 1;
                    stack.push((to, 0));
                }
                1 => {
                    heads.insert(to);
                }
                _ => {}
            }
        }
    }
    let mut out: Vec<usize> = heads.into_iter().collect();
    out.sort_unstable();
    out
}

/// Strongly connected components (Tarjan 1972, iterative): a component number per node.
fn components(edges: &[Vec<usize>]) -> Vec<usize> {
    let n = edges.len();
    let (mut number, mut low) = (vec![usize::MAX; n], vec![0; n]);
    let (mut on_stack, mut stack) = (vec![false; n], Vec::new());
    let mut component = vec![usize::MAX; n];
    let (mut counter, mut count) = (0, 0);
    for root in 0..n {
        if number[root] != usize::MAX {
            continue;
        }
        let mut walk = vec![(root, 0usize)];
        while let Some((v, next)) = walk.pop() {
            if next == 0 {
                number[v] = counter;
                low[v] = counter;
                counter += 1;
                stack.push(v);
                on_stack[v] = true;
            }
            if let Some(&w) = edges[v].get(next) {
                walk.push((v, next + 1));
                if number[w] == usize::MAX {
                    walk.push((w, 0));
                } else if on_stack[w] {
                    low[v] = low[v].min(number[w]);
                }
                continue;
            }
            if low[v] == number[v] {
                while let Some(w) = stack.pop() {
                    on_stack[w] = false;
                    component[w] = count;
                    if w == v {
                        break;
                    }
                }
                count += 1;
            }
            if let Some(&(parent, _)) = walk.last() {
                low[parent] = low[parent].min(low[v]);
            }
        }
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cycle_has_a_head() {
        // 0 -> 1 -> 2 -> 0, 2 -> 3 (no cycle), 4 outside and on no cycle.
        let edges = vec![vec![1], vec![2], vec![0, 3], vec![], vec![0]];
        assert_eq!(cycle_heads(&edges, 4), vec![0]);
    }

    #[test]
    fn a_cycle_through_the_outside_gets_its_head_at_the_way_in() {
        // outside (2) calls 0, which calls 1, which calls out again.
        let edges = vec![vec![1], vec![2], vec![0]];
        assert_eq!(cycle_heads(&edges, 2), vec![0]);
    }
}
