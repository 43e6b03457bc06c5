//! What lives across sites: backward data flow over blocks, one bit per value.

use std::collections::HashMap;

use crate::llvm::{Block, Opcode, Value};

use super::sites::Site;

/// A set of values of one function, by number.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Set(Vec<u64>);

impl Set {
    fn new(n: usize) -> Self {
        Set(vec![0; n.div_ceil(64)])
    }
    fn insert(&mut self, i: usize) {
        self.0[i / 64] |= 1 << (i % 64);
    }
    fn remove(&mut self, i: usize) {
        self.0[i / 64] &= !(1 << (i % 64));
    }
    pub fn contains(&self, i: usize) -> bool {
        self.0[i / 64] & (1 << (i % 64)) != 0
    }
    fn union(&mut self, other: &Set) -> bool {
        let mut changed = false;
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            changed |= *b & !*a != 0;
            *a |= b;
        }
        changed
    }
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(w, bits)| {
            let mut bits = *bits;
            std::iter::from_fn(move || {
                (bits != 0).then(|| {
                    let i = bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    w * 64 + i
                })
            })
        })
    }
}

/// The values of a function and, per site, which of them its continuation (normal or unwound) needs;
/// behind the sites the same for each entrance: what its loop's header needs, phis included.
pub struct Live {
    /// Arguments first, then instructions in block order.
    pub values: Vec<Value>,
    pub number: HashMap<Value, usize>,
    pub at: Vec<Set>,
}

pub fn across_sites(f: Value, sites: &[Site], entrances: &[Block]) -> Live {
    let blocks = f.blocks();
    let mut values = f.params();
    for b in &blocks {
        values.extend(b.instructions().into_iter().filter(|i| !i.ty().is_void()));
    }
    let number: HashMap<Value, usize> = values.iter().enumerate().map(|(i, v)| (*v, i)).collect();
    let n = values.len();
    let block_number: HashMap<Block, usize> =
        blocks.iter().enumerate().map(|(i, b)| (*b, i)).collect();

    // Per block: used before defined, defined; per edge: what the successor's phis take.
    let mut uses = vec![Set::new(n); blocks.len()];
    let mut defs = vec![Set::new(n); blocks.len()];
    let mut phi_uses = vec![Set::new(n); blocks.len()];
    for (bi, b) in blocks.iter().enumerate() {
        for inst in b.instructions() {
            if inst.is(Opcode::LLVMPHI) {
                for (v, from) in inst.incoming() {
                    if let (Some(i), Some(p)) = (number.get(&v), block_number.get(&from)) {
                        phi_uses[*p].insert(*i);
                    }
                }
            } else {
                for o in inst.operands() {
                    if let Some(i) = number.get(&o)
                        && !defs[bi].contains(*i)
                    {
                        uses[bi].insert(*i);
                    }
                }
            }
            if let Some(i) = number.get(&inst) {
                defs[bi].insert(*i);
            }
        }
    }
    let successors: Vec<Vec<usize>> = blocks
        .iter()
        .map(|b| {
            b.successors()
                .iter()
                .filter_map(|s| block_number.get(s).copied())
                .collect()
        })
        .collect();
    let mut predecessors = vec![Vec::new(); blocks.len()];
    for (b, ss) in successors.iter().enumerate() {
        for s in ss {
            predecessors[*s].push(b);
        }
    }
    // phi_uses is per predecessor block: a value some successor's phi takes on the edge from here.
    let mut live_in = uses.clone();
    let mut work: Vec<usize> = (0..blocks.len()).collect();
    let mut queued = vec![true; blocks.len()];
    while let Some(b) = work.pop() {
        queued[b] = false;
        let mut out = phi_uses[b].clone();
        for s in &successors[b] {
            out.union(&live_in[*s]);
        }
        for (o, d) in out.0.iter_mut().zip(&defs[b].0) {
            *o &= !d;
        }
        if live_in[b].union(&out) {
            for p in &predecessors[b] {
                if !queued[*p] {
                    queued[*p] = true;
                    work.push(*p);
                }
            }
        }
    }
    let at_sites = sites.iter().map(|site| {
        // A continuation has one predecessor, so no phi of it takes the edges' values apart.
        let mut set = live_in[block_number[&site.next()]].clone();
        if let Site::Call { call, pad, .. } = site {
            set.union(&live_in[block_number[pad]]);
            if let Some(i) = number.get(call) {
                set.remove(*i);
            }
        }
        set
    });
    let at_entrances = entrances.iter().map(|header| {
        let mut set = live_in[block_number[header]].clone();
        for phi in header.phis() {
            set.insert(number[&phi]);
        }
        set
    });
    let at = at_sites.chain(at_entrances).collect();
    Live { values, number, at }
}
