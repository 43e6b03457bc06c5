//! Where a function's values lie in its record: one offset per value, for all sites.

use std::collections::HashMap;

use popcorn_metadata::record::{self, header};

use crate::llvm::{Module, Opcode, Value};

use super::liveness::Live;

/// Offsets of the record's header fields, as IR has them.
pub const RECORD_DESCRIPTOR: u64 = header::DESCRIPTOR as u64;
pub const RECORD_NEXT: u64 = header::NEXT as u64;
pub const RECORD_SITE: u64 = header::SITE as u64;
pub const RECORD_HEADER: u64 = header::SIZE as u64;

/// A chain of recomputations is at most this long; longer ones would be repeated at every use.
const MAX_DEPTH: u32 = 3;

/// The record layout, and what each site stores.
pub struct Layout {
    /// Offset of each stored value.
    pub offsets: HashMap<Value, u64>,
    /// Values recomputed from others wherever they are needed, operands first.
    pub derived: Vec<Value>,
    /// Stored values per site and, behind the sites, per entrance; the one stored at most places first.
    pub stored: Vec<Vec<Value>>,
    /// Derived values needed per entrance, operands first.
    derived_at: Vec<Vec<Value>>,
    size: u64,
    sites: usize,
}

impl Layout {
    pub fn new(module: &Module, live: &Live, sites: usize) -> Layout {
        let mut count = vec![0usize; live.values.len()];
        for set in &live.at {
            for i in set.iter() {
                count[i] += 1;
            }
        }
        let (mut derived, mut depth) = (Vec::new(), HashMap::new());
        for (i, &v) in live.values.iter().enumerate() {
            if count[i] > 0
                && let Some(d) = derivable(live, i, v, &depth)
            {
                depth.insert(v, d);
                derived.push(v);
            }
        }
        let derived = operands_first(&derived, &depth);
        let mut order: Vec<usize> = (0..live.values.len())
            .filter(|&i| count[i] > 0 && !depth.contains_key(&live.values[i]))
            .collect();
        let layout = module.layout();
        // What most places store is nearest to the header, where offsets are short.
        order.sort_by_key(|&i| (std::cmp::Reverse(count[i]), i));
        let mut size = RECORD_HEADER;
        let mut offsets = HashMap::new();
        for &i in &order {
            let ty = live.values[i].ty();
            size = size.next_multiple_of(layout.align(ty));
            offsets.insert(live.values[i], size);
            size += layout.size(ty);
        }
        let stored = live
            .at
            .iter()
            .map(|set| {
                let mut s: Vec<usize> = set
                    .iter()
                    .filter(|&i| offsets.contains_key(&live.values[i]))
                    .collect();
                s.sort_by_key(|&i| (std::cmp::Reverse(count[i]), i));
                s.into_iter().map(|i| live.values[i]).collect()
            })
            .collect();
        let derived_at = live.at[sites..]
            .iter()
            .map(|set| {
                let needed = derived.iter().filter(|v| set.contains(live.number[v]));
                needed.copied().collect()
            })
            .collect();
        Layout {
            offsets,
            derived,
            stored,
            derived_at,
            size: size.next_multiple_of(record::ALIGN),
            sites,
        }
    }

    /// The derived values that entrance `k` needs.
    pub fn derived_at(&self, k: usize) -> &[Value] {
        &self.derived_at[k]
    }

    /// The index of a site as pads store it: only the lower byte where all indices fit, since an immediate
    /// of four bytes in each pad was 4% of a program's text.
    pub fn site(&self, module: &Module, index: usize) -> Value {
        let bits = if self.sites <= 256 { 8 } else { 32 };
        module.int(bits).int(index as u64)
    }

    /// Bytes of a record, header included; a multiple of 16.
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// Sorts derived values so that each comes behind the derived values it is computed from.
fn operands_first(derived: &[Value], depth: &HashMap<Value, u32>) -> Vec<Value> {
    let mut out: Vec<Value> = Vec::with_capacity(derived.len());
    let mut done = std::collections::HashSet::new();
    for &root in derived {
        let mut stack = vec![(root, false)];
        while let Some((v, operands_done)) = stack.pop() {
            if operands_done {
                out.push(v);
            } else if done.insert(v) {
                stack.push((v, true));
                let inner = v.operands().into_iter().filter(|o| depth.contains_key(o));
                stack.extend(inner.map(|o| (o, false)));
            }
        }
    }
    out
}

/// The recomputation depth of a cheap value whose operands live wherever it does, or `None`.
fn derivable(live: &Live, index: usize, v: Value, depth: &HashMap<Value, u32>) -> Option<u32> {
    if !is_cheap(v) {
        return None;
    }
    let mut deepest = 0;
    for o in v.operands() {
        let Some(&oi) = live.number.get(&o) else {
            if o.is_constant() {
                continue;
            }
            return None;
        };
        if live.at.iter().any(|s| s.contains(index) && !s.contains(oi)) {
            return None;
        }
        // An operand further down in block order has no depth yet; the bound is a guide, not a promise.
        deepest = deepest.max(depth.get(&o).copied().unwrap_or(0));
    }
    (deepest < MAX_DEPTH).then_some(deepest + 1)
}

fn is_cheap(v: Value) -> bool {
    matches!(
        v.opcode(),
        Some(
            Opcode::LLVMTrunc
                | Opcode::LLVMZExt
                | Opcode::LLVMSExt
                | Opcode::LLVMBitCast
                | Opcode::LLVMPtrToInt
                | Opcode::LLVMIntToPtr
                | Opcode::LLVMGetElementPtr
                | Opcode::LLVMICmp
                | Opcode::LLVMAdd
                | Opcode::LLVMSub
                | Opcode::LLVMAnd
                | Opcode::LLVMOr
                | Opcode::LLVMXor
                | Opcode::LLVMShl
                | Opcode::LLVMLShr
                | Opcode::LLVMAShr
                | Opcode::LLVMSelect
        )
    )
}
