//! The collections of the standard library grow, shrink and keep their order.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};

pub fn run() {
    let mut counts: HashMap<String, u32> = HashMap::new();
    for i in 0..400u32 {
        *counts.entry(format!("key{}", i * i % 61)).or_default() += i;
    }
    counts.retain(|_, n| *n % 3 != 0);
    let mut sorted: Vec<_> = counts.iter().collect();
    sorted.sort();
    println!("hash map {} {:?}", sorted.len(), &sorted[..5]);

    let mut tree = BTreeMap::new();
    for i in (0..300).rev() {
        tree.insert(i * 7 % 301, i);
    }
    for i in 0..150 {
        tree.remove(&(i * 2));
    }
    let range: Vec<_> = tree.range(100..120).collect();
    println!(
        "tree map {} {range:?} {:?}",
        tree.len(),
        tree.last_key_value()
    );

    let a: HashSet<i32> = (0..100).filter(|n| n % 3 == 0).collect();
    let b: HashSet<i32> = (0..100).filter(|n| n % 5 == 0).collect();
    let both: BTreeSet<_> = a.intersection(&b).copied().collect();
    println!("sets {both:?} {}", a.union(&b).count());

    let mut queue = VecDeque::new();
    for i in 0..50 {
        if i % 3 == 0 {
            queue.push_front(i);
        } else {
            queue.push_back(i);
        }
        if i % 4 == 3 {
            queue.pop_front();
        }
    }
    queue.rotate_left(5);
    println!("queue {:?}", queue.make_contiguous());

    let mut heap: BinaryHeap<(u32, &str)> = BinaryHeap::new();
    for (i, word) in "the quick brown fox jumps over the lazy dog"
        .split(' ')
        .enumerate()
    {
        heap.push(((i as u32 * 37) % 11, word));
    }
    let order: Vec<_> = std::iter::from_fn(|| heap.pop()).map(|(_, w)| w).collect();
    println!("heap {}", order.join(" "));

    let mut list: LinkedList<i32> = (1..=5).collect();
    let mut tail = list.split_off(3);
    tail.append(&mut list);
    println!("list {tail:?}");
}
