//! Exploration: all states that can be reached, by which steps, and what is wrong with them.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

/// Something that takes steps.
pub trait Model: Sized + Clone + Hash {
    /// All states that one step leads to: whose step it was (threads are below [`SURROUNDINGS`]), and what it did.
    fn steps(&self, out: &mut Vec<(u8, &'static str, Self)>);
    /// What is wrong with this state, whatever comes next.
    fn broken(&self) -> Option<String>;
    /// What is wrong with this state, if nothing comes next.
    fn stuck(&self) -> Option<String>;
}

/// Steps of the surroundings, which owe nobody that they happen.
pub const SURROUNDINGS: u8 = u8::MAX;

/// How large the explored part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub states: usize,
    pub steps: usize,
}

struct Node {
    parent: u32,
    label: &'static str,
    who: u8,
}

/// A quick hash of 128 bits. Among a hundred million states, two are taken for one with a probability of 10^-22.
struct Fingerprint([u64; 2]);

impl Hasher for Fingerprint {
    fn finish(&self) -> u64 {
        self.0[0] ^ self.0[1]
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        const PRIMES: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f];
        for (half, prime) in self.0.iter_mut().zip(PRIMES) {
            let product = u128::from(*half ^ word ^ prime) * u128::from(prime | 1);
            *half = (product as u64 ^ (product >> 64) as u64).rotate_left(23);
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(byte.into());
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write_isize(&mut self, word: isize) {
        self.write_u64(word as u64);
    }
}

fn fingerprint<T: Hash>(state: &T) -> u128 {
    let mut hasher = Fingerprint([1, 2]);
    state.hash(&mut hasher);
    u128::from(hasher.0[0]) << 64 | u128::from(hasher.0[1])
}

/// Explores everything from these states. The error says what is wrong, and the steps that lead there.
pub fn explore<M: Model>(from: Vec<M>, most: usize) -> Result<Size, String> {
    let mut ids: HashMap<u128, u32> = HashMap::new();
    let mut nodes: Vec<Node> = Vec::new();
    let mut edges: Vec<Vec<(u32, u8)>> = Vec::new();
    let mut todo: std::collections::VecDeque<(u32, M)> = std::collections::VecDeque::new();
    for state in from {
        ids.insert(fingerprint(&state), nodes.len() as u32);
        todo.push_back((nodes.len() as u32, state));
        nodes.push(Node {
            parent: u32::MAX,
            label: "",
            who: SURROUNDINGS,
        });
        edges.push(Vec::new());
    }
    let mut next = Vec::new();
    while let Some((id, state)) = todo.pop_front() {
        if let Some(wrong) = state.broken() {
            return Err(tell(&nodes, id, &wrong));
        }
        next.clear();
        state.steps(&mut next);
        if next.is_empty()
            && let Some(wrong) = state.stuck()
        {
            return Err(tell(&nodes, id, &wrong));
        }
        for (who, label, state) in next.drain(..) {
            let to = *ids.entry(fingerprint(&state)).or_insert_with(|| {
                let to = nodes.len() as u32;
                nodes.push(Node {
                    parent: id,
                    label,
                    who,
                });
                edges.push(Vec::new());
                todo.push_back((to, state));
                to
            });
            edges[id as usize].push((to, who));
        }
        assert!(nodes.len() <= most, "more than {most} states");
    }
    if let Some(id) = endless(&edges) {
        return Err(tell(&nodes, id, "goes round for ever from here"));
    }
    Ok(Size {
        states: nodes.len(),
        steps: edges.iter().map(Vec::len).sum(),
    })
}

fn tell(nodes: &[Node], mut id: u32, wrong: &str) -> String {
    let mut lines = vec![format!("  {wrong}")];
    while nodes[id as usize].parent != u32::MAX {
        let node = &nodes[id as usize];
        lines.push(match node.who {
            SURROUNDINGS => format!("  ({})", node.label),
            who => format!("  thread {who}: {}", node.label),
        });
        id = node.parent;
    }
    lines.reverse();
    lines.join("\n")
}

/// A state of a circle that threads can go round for ever although each gets to run (weak fairness): no thread that
/// could always take a step is left out.
fn endless(edges: &[Vec<(u32, u8)>]) -> Option<u32> {
    for component in components(edges) {
        let inside = |to: u32| component.binary_search(&to).is_ok();
        let mut active = [false; 256];
        let mut goes_round = false;
        for &node in &component {
            for &(to, who) in &edges[node as usize] {
                if inside(to) {
                    active[usize::from(who)] = true;
                    goes_round = true;
                }
            }
        }
        if !goes_round {
            continue;
        }
        let left_out = (0..SURROUNDINGS).any(|who| {
            !active[usize::from(who)]
                && component
                    .iter()
                    .all(|&node| edges[node as usize].iter().any(|&(_, by)| by == who))
        });
        if !left_out {
            return component.first().copied();
        }
    }
    None
}

/// Strongly connected components (Tarjan's), each sorted.
fn components(edges: &[Vec<(u32, u8)>]) -> Vec<Vec<u32>> {
    const NONE: u32 = u32::MAX;
    let mut index = vec![NONE; edges.len()];
    let mut low = vec![0u32; edges.len()];
    let mut on_stack = vec![false; edges.len()];
    let (mut stack, mut found, mut count) = (Vec::new(), Vec::new(), 0);
    for root in 0..edges.len() as u32 {
        if index[root as usize] != NONE {
            continue;
        }
        let mut calls = vec![(root, 0usize)];
        while let Some(&mut (node, ref mut edge)) = calls.last_mut() {
            let n = node as usize;
            if *edge == 0 {
                index[n] = count;
                low[n] = count;
                count += 1;
                stack.push(node);
                on_stack[n] = true;
            }
            if let Some(&(to, _)) = edges[n].get(*edge) {
                *edge += 1;
                if index[to as usize] == NONE {
                    calls.push((to, 0));
                } else if on_stack[to as usize] {
                    low[n] = low[n].min(index[to as usize]);
                }
                continue;
            }
            calls.pop();
            if let Some(&(caller, _)) = calls.last() {
                low[caller as usize] = low[caller as usize].min(low[n]);
            }
            if low[n] == index[n] {
                let mut component = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member as usize] = false;
                    component.push(member);
                    if member == node {
                        break;
                    }
                }
                component.sort_unstable();
                found.push(component);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles() {
        // 0 <-> 1 by thread 0, while thread 1 could always leave: not endless. Without thread 1: endless.
        let fair = vec![vec![(1, 0), (2, 1)], vec![(0, 0), (2, 1)], vec![]];
        assert_eq!(endless(&fair), None);
        let unfair = vec![vec![(1, 0), (2, 1)], vec![(0, 0)], vec![]];
        assert_eq!(endless(&unfair), Some(0));
    }
}
