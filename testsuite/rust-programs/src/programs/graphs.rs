//! Graphs of Rc, Weak and RefCell: shared, changed through shared references, and dropped in order.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

struct Node {
    id: u32,
    edges: RefCell<Vec<Rc<Node>>>,
    parent: RefCell<Weak<Node>>,
    seen: Cell<bool>,
}

thread_local! {
    static DROPPED: Cell<u32> = const { Cell::new(0) };
}

impl Drop for Node {
    fn drop(&mut self) {
        DROPPED.with(|n| n.set(n.get() * 31 % 65521 + self.id));
    }
}

fn node(id: u32) -> Rc<Node> {
    Rc::new(Node {
        id,
        edges: RefCell::default(),
        parent: RefCell::default(),
        seen: Cell::new(false),
    })
}

fn breadth_first(root: &Rc<Node>) -> Vec<u32> {
    let mut queue = VecDeque::from([root.clone()]);
    let mut order = Vec::new();
    while let Some(n) = queue.pop_front() {
        if n.seen.replace(true) {
            continue;
        }
        order.push(n.id);
        for next in n.edges.borrow().iter() {
            queue.push_back(next.clone());
        }
    }
    order
}

fn path(mut n: Rc<Node>) -> Vec<u32> {
    let mut out = vec![n.id];
    loop {
        let up = n.parent.borrow().upgrade();
        match up {
            Some(p) => n = p,
            None => return out,
        }
        out.push(n.id);
    }
}

pub fn run() {
    let nodes: Vec<_> = (0..60).map(node).collect();
    for (i, n) in nodes.iter().enumerate().skip(1) {
        let up = &nodes[i * 5 % 7 * i / 9 % i];
        up.edges.borrow_mut().push(n.clone());
        *n.parent.borrow_mut() = Rc::downgrade(up);
    }
    println!("{:?}", breadth_first(&nodes[0]));
    println!(
        "{:?} {:?}",
        path(nodes[59].clone()),
        path(nodes[37].clone())
    );
    let counts: Vec<_> = nodes.iter().map(Rc::strong_count).collect();
    println!("{counts:?}");
    let first = Rc::downgrade(&nodes[0]);
    println!("{}", nodes[0].edges.try_borrow_mut().is_ok());
    let borrowed = nodes[0].edges.borrow();
    println!("{}", nodes[0].edges.try_borrow_mut().is_ok());
    drop(borrowed);
    drop(nodes);
    println!("{} {}", first.upgrade().is_none(), DROPPED.get());
}
