//! Capture pads: from live values to a record.
//!
//! A pad stores its site's index and jumps into a tree of shared blocks, each of which stores one value;
//! values that many sites store are nearest to the root, which hands the record to the runtime. So code
//! grows with the number of different values, not with sites times values. Back ends like to copy blocks as
//! small as those into each of their predecessors; empty assembly keeps them from it.

use std::collections::HashMap;

use crate::llvm::{Block, Builder, IntPredicate, Value};

use super::layout::{Layout, RECORD_SITE};
use super::runtime::Runtime;
use super::sites::Site;

pub fn add_pads(runtime: &Runtime, f: Value, sites: &[Site], layout: &Layout) {
    let mut tree = Tree::new(runtime, f, layout);
    for (index, site) in sites.iter().enumerate() {
        let stores = &layout.stored[index];
        match site {
            Site::Call { pad, taken, .. } => {
                let Some(landing) = pad.landing_pad() else {
                    continue;
                };
                let capture = if *taken {
                    let capture = f.append_block("capture");
                    split_pad(runtime, *pad, capture);
                    capture
                } else {
                    reopen(*pad);
                    *pad
                };
                let record = Builder::at_end(runtime.module, capture).extract(landing, 0, "record");
                tree.leave(capture, record, index, stores);
            }
            Site::Point {
                record, capture, ..
            } => {
                reopen(*capture);
                tree.leave(*capture, *record, index, stores);
            }
        }
    }
    tree.finish();
}

/// Takes the placeholder `unreachable` off a block.
pub fn reopen(block: Block) {
    if let Some(t) = block.terminator() {
        t.erase();
    }
}

/// Makes an isolated pad ask first whether it was entered for a capture, and branch to `capture` if so.
pub fn split_pad(runtime: &Runtime, pad: Block, capture: Block) {
    let m = runtime.module;
    let (Some(landing), Some(terminator)) = (pad.landing_pad(), pad.terminator()) else {
        return;
    };
    let behind = match landing.next() {
        Some(i) if i != terminator => i.split_before("pad.other"),
        _ => terminator.split_before("pad.other"),
    };
    reopen(pad);
    let b = Builder::at_end(m, pad);
    let kind = b.extract(landing, 1, "kind");
    let is_capture = b.icmp(
        IntPredicate::LLVMIntEQ,
        kind,
        m.int(32).null(),
        "is.capture",
    );
    b.cond_br(is_capture, capture, behind);
}

struct Tree<'a> {
    runtime: &'a Runtime<'a>,
    f: Value,
    layout: &'a Layout,
    /// (node, value) -> child; node 0 is the root.
    children: HashMap<(usize, Value), usize>,
    /// Block and record phi of each node, and the value it stores.
    nodes: Vec<(Block, Value, Option<Value>, usize)>,
}

impl<'a> Tree<'a> {
    fn new(runtime: &'a Runtime<'a>, f: Value, layout: &'a Layout) -> Self {
        let mut t = Tree {
            runtime,
            f,
            layout,
            children: HashMap::new(),
            nodes: Vec::new(),
        };
        t.add_node(None, 0);
        t
    }

    fn add_node(&mut self, value: Option<Value>, parent: usize) -> usize {
        let block = self.f.append_block("store");
        let b = Builder::at_end(self.runtime.module, block);
        let record = b.phi(self.runtime.module.ptr(), "record");
        self.nodes.push((block, record, value, parent));
        self.nodes.len() - 1
    }

    /// Ends `from`: stores the site's index and goes to the node whose path stores `values`.
    fn leave(&mut self, from: Block, record: Value, index: usize, values: &[Value]) {
        let mut node = 0;
        for &v in values {
            node = match self.children.get(&(node, v)) {
                Some(n) => *n,
                None => {
                    let n = self.add_node(Some(v), node);
                    self.children.insert((node, v), n);
                    n
                }
            };
        }
        let m = self.runtime.module;
        let b = Builder::at_end(m, from);
        let place = b.field(record, RECORD_SITE, "site");
        b.store(self.layout.site(m, index), place);
        b.br(self.nodes[node].0);
        self.nodes[node].1.add_incoming(record, from);
    }

    fn finish(self) {
        let m = self.runtime.module;
        for (block, record, value, parent) in &self.nodes {
            let b = Builder::at_end(m, *block);
            match value {
                Some(v) => {
                    b.weigh_down();
                    let place = b.field(*record, self.layout.offsets[v], "slot");
                    b.store(*v, place);
                    b.br(self.nodes[*parent].0);
                    self.nodes[*parent].1.add_incoming(*record, *block);
                }
                None => {
                    b.weigh_down();
                    b.weigh_down();
                    let (next, ty) = self.runtime.capture_next();
                    b.call(ty, next, &[*record], "");
                    b.unreachable();
                }
            }
        }
    }
}
