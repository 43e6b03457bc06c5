//! Three kernels: hash maps, text search, sorting. Each prints a checksum.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

/// Hashes without a random key, so that every run does the same.
type Map<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

fn words(count: usize) -> Vec<String> {
    let mut random = Random(88172645463325252);
    let syllables = [
        "pop", "corn", "ma", "chi", "ne", "le", "ta", "xi", "or", "un",
    ];
    let word = |_| {
        let n = 1 + random.next() % 4;
        (0..n)
            .map(|_| syllables[(random.next() % 10) as usize])
            .collect()
    };
    (0..count).map(word).collect()
}

fn hash() -> u64 {
    let words = words(20_000);
    let mut counts: Map<&str, u64> = Map::default();
    let mut numbers: Map<u64, u64> = Map::default();
    let mut random = Random(42);
    let mut sum = 0u64;
    for _ in 0..10 {
        for word in &words {
            *counts.entry(word).or_default() += word.len() as u64;
        }
        for _ in 0..20_000 {
            let key = random.next() % 5_000;
            *numbers.entry(key).or_insert(key) += 1;
            sum = sum.wrapping_add(numbers.get(&(key / 2)).copied().unwrap_or(1));
        }
    }
    counts.values().fold(sum, |sum, n| sum.wrapping_mul(31) ^ n)
}

fn search() -> usize {
    let text = words(60_000).join(" ");
    let mut found = 0;
    for pattern in ["cornmachi", "xixi", " taun ", "popcorn", "zebra", "leor un"] {
        found += text.matches(pattern).count();
    }
    let lines = text.as_bytes().chunks(80).map(String::from_utf8_lossy);
    for line in lines {
        found += line
            .split(' ')
            .filter(|w| w.starts_with("ma") && w.ends_with("ne"))
            .count();
        found += line.rfind("or").unwrap_or(0);
        found += line.chars().filter(|c| "aeiou".contains(*c)).count();
    }
    found
}

fn sort() -> u64 {
    let mut random = Random(7);
    let mut numbers: Vec<u64> = (0..150_000).map(|_| random.next() >> 20).collect();
    let mut pairs: Vec<(u32, f64)> = numbers
        .iter()
        .map(|n| ((n % 100) as u32, (*n as f64).sqrt()))
        .collect();
    numbers.sort_unstable();
    pairs.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let mut words = words(20_000);
    words.sort();
    words.dedup();
    let found = (0..20_000).filter(|n| numbers.binary_search(&(n * 500_000_000)).is_ok());
    numbers[1000] ^ pairs[5000].1.to_bits() ^ words.len() as u64 ^ found.count() as u64
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("hash") => println!("{}", hash()),
        Some("search") => println!("{}", search()),
        Some("sort") => println!("{}", sort()),
        other => panic!("no kernel {other:?}"),
    }
}
