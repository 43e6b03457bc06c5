//! The call graph's cycles: where recursion has to pass a migration point.

use std::collections::{HashMap, HashSet};

use popcorn_metadata::symbols;

use crate::llvm::{Module, Value};

/// The functions whose entries get a point: at least one on every cycle of the call graph.
///
/// Cycles inside the module are found by a walk. For those that leave it, modules that know nothing of each
/// other have to agree who polls:
///
/// * a function that calls through a pointer does;
/// * on a cycle of direct calls alone, going from module to module by the names of the functions called,
///   some name is not greater than the one before. So a visible function polls if it leads, inside the
///   module, to the call of an outside function whose name is not greater than its own. One that has
///   aliases polls whenever it leads outside.
///
/// A call that does not return is no part of a cycle that could go on for long: each round would leave a
/// frame behind.
pub(super) fn entry_points(module: &Module, leaf: &HashSet<String>) -> Vec<Value> {
    let functions = module.definitions();
    let index: HashMap<Value, usize> = functions.iter().enumerate().map(|(i, f)| (*f, i)).collect();
    let nodes: Vec<Node> = functions
        .iter()
        .map(|f| Node::of(*f, &index, leaf))
        .collect();
    cycle_heads(&nodes)
        .into_iter()
        .filter(|i| functions[*i].is_emitted())
        .map(|i| functions[i])
        .collect()
}

/// What the calls of one function say.
#[derive(Debug, Default, Clone)]
struct Node {
    /// Functions of the module that it calls.
    calls: Vec<usize>,
    /// Names of the functions outside that it calls.
    outside: Vec<String>,
    /// It calls through a pointer.
    indirect: bool,
    /// The name by which other modules call it.
    visible: Option<String>,
    /// It has further names.
    has_aliases: bool,
}

impl Node {
    fn of(f: Value, index: &HashMap<Value, usize>, leaf: &HashSet<String>) -> Node {
        let mut node = Node {
            visible: (!f.is_local_linkage()).then(|| f.name()),
            has_aliases: f.users().into_iter().any(|u| u.is_alias()),
            ..Node::default()
        };
        for inst in f.instructions().into_iter().filter(|i| i.is_call_like()) {
            let callee = inst.callee();
            if callee.is_inline_asm() || inst.has_call_attribute("noreturn") {
                continue;
            }
            if !callee.is_function() {
                node.indirect = true;
                continue;
            }
            let name = callee.name();
            if callee.is_intrinsic()
                || name.starts_with(symbols::OURS)
                || callee.has_function_attribute("noreturn")
            {
                continue;
            }
            match index.get(&callee) {
                Some(j) if !callee.is_interposable() => node.calls.push(*j),
                _ if leaf.contains(&name) => {}
                _ => node.outside.push(name),
            }
        }
        node
    }
}

/// The heads of the cycles that leave the module, then targets of the retreating edges of a depth-first
/// walk: removing all of them leaves no cycle.
fn cycle_heads(nodes: &[Node]) -> Vec<usize> {
    let edges: Vec<Vec<usize>> = nodes.iter().map(|n| n.calls.clone()).collect();
    let mut heads: HashSet<usize> = HashSet::new();
    let least = least_outside(nodes, &edges);
    for (i, node) in nodes.iter().enumerate() {
        let leads_back = match (&node.visible, &least[i]) {
            (Some(name), Some(least)) => node.has_aliases || least <= name,
            _ => false,
        };
        if node.indirect || leads_back {
            heads.insert(i);
        }
    }
    // 0 new, 1 on the walk's path, 2 done.
    let mut state = vec![0u8; edges.len()];
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

/// Per function the least name of an outside function that is called below it.
fn least_outside(nodes: &[Node], edges: &[Vec<usize>]) -> Vec<Option<String>> {
    let component = components(edges);
    // Tarjan numbers a component after all that it leads to.
    let count = component.iter().max().map_or(0, |last| last + 1);
    let mut members = vec![Vec::new(); count];
    for (i, c) in component.iter().enumerate() {
        members[*c].push(i);
    }
    let mut least: Vec<Option<&String>> = vec![None; count];
    for c in 0..count {
        let own = members[c].iter().flat_map(|i| &nodes[*i].outside);
        let below = members[c]
            .iter()
            .flat_map(|i| &edges[*i])
            .filter_map(|j| least[component[*j]]);
        least[c] = own.chain(below).min();
    }
    component.iter().map(|c| least[*c].cloned()).collect()
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

    fn node(calls: &[usize], outside: &[&str], visible: &str) -> Node {
        Node {
            calls: calls.to_vec(),
            outside: outside.iter().map(|s| s.to_string()).collect(),
            visible: (!visible.is_empty()).then(|| visible.to_owned()),
            ..Node::default()
        }
    }

    #[test]
    fn every_cycle_has_a_head() {
        // 0 -> 1 -> 2 -> 0, 2 -> 3 (no cycle), 4 on no cycle.
        let calls: [&[usize]; 5] = [&[1], &[2], &[0, 3], &[], &[0]];
        let nodes: Vec<Node> = calls.iter().map(|c| node(c, &[], "")).collect();
        assert_eq!(cycle_heads(&nodes), vec![0]);
    }

    #[test]
    fn a_cycle_through_other_modules_has_a_head_in_one_of_them() {
        // b calls d (outside) through 1; d's module calls b. Only one of the two polls.
        let here = [node(&[1], &[], "b"), node(&[], &["d"], "")];
        let there = [node(&[], &["b"], "d")];
        assert_eq!(cycle_heads(&here), Vec::<usize>::new());
        assert_eq!(cycle_heads(&there), vec![0]);
        let mut aliased = here;
        aliased[0].has_aliases = true;
        assert_eq!(cycle_heads(&aliased), vec![0]);
    }

    #[test]
    fn a_call_through_a_pointer_polls() {
        let mut nodes = [node(&[1], &[], "a"), node(&[], &[], "")];
        nodes[1].indirect = true;
        assert_eq!(cycle_heads(&nodes), vec![1]);
    }
}
