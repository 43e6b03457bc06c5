//! Sorts and sums with rayon's threads, and prints what has to come out.

use rayon::prelude::*;

fn main() {
    rayon::ThreadPoolBuilder::new()
        .num_threads(4)
        .build_global()
        .expect("a pool");
    let mut state = 1_u64;
    let mut numbers: Vec<u64> = (0..200_000)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        })
        .collect();
    for round in 0..6 {
        numbers.par_sort_unstable_by_key(|n| n.rotate_left(round * 5));
        let sum: u64 = numbers.par_iter().map(|n| n % 1_000).sum();
        println!(
            "{round}: {} {} {sum}",
            numbers[0],
            numbers[numbers.len() - 1]
        );
        numbers
            .par_iter_mut()
            .for_each(|n| *n = n.wrapping_mul(3) & 0x7fff_ffff);
    }
    let (evens, odds): (Vec<u64>, Vec<u64>) = numbers.par_iter().partition(|n| **n % 2 == 0);
    println!("{} {}", evens.len(), odds.len());
}
