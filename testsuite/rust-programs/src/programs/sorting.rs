//! Slices sorted in every way std has, with comparisons that are closures.

fn random(count: usize) -> Vec<u32> {
    let mut state = 12345u32;
    let step = |_| {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        state >> 12
    };
    (0..count).map(step).collect()
}

pub fn run() {
    let data = random(300);
    let mut stable: Vec<(u32, usize)> = data.iter().map(|n| n % 16).zip(0..).collect();
    stable.sort_by_key(|(n, _)| *n);
    println!("{:?}", &stable[90..100]);
    let mut unstable = data.clone();
    unstable.sort_unstable_by(|a, b| b.cmp(a));
    println!(
        "{:?} {}",
        &unstable[..4],
        unstable.is_sorted_by(|a, b| a >= b)
    );
    unstable.reverse();
    println!(
        "{:?} {:?}",
        unstable.binary_search(&unstable[77]),
        unstable.binary_search(&5)
    );
    let mut floats: Vec<f64> = data.iter().map(|n| f64::from(*n).sqrt() - 500.0).collect();
    floats.sort_by(f64::total_cmp);
    println!("{:.3} {:.3}", floats[0], floats[299]);
    let mut words: Vec<&str> = "It was the best of times it was the worst of times"
        .split(' ')
        .collect();
    words.sort_by_cached_key(|w| w.to_lowercase());
    words.dedup_by_key(|w| w.to_lowercase());
    println!("{words:?}");
    let mut part = data.clone();
    let (low, middle, high) = part.select_nth_unstable(150);
    println!(
        "{} {middle} {}",
        low.iter().all(|n| n <= middle),
        high.iter().all(|n| n >= middle)
    );
    let mut turned: Vec<_> = (0..12).collect();
    turned.rotate_right(5);
    turned.swap(0, 11);
    turned[3..9].reverse();
    println!(
        "{turned:?} {:?}",
        turned.split(|n| n % 5 == 0).collect::<Vec<_>>()
    );
    println!(
        "{:?}",
        turned
            .chunk_by(|a, b| a < b)
            .map(<[i32]>::len)
            .collect::<Vec<_>>()
    );
    println!("{:?} {:?}", [1, 2, 3].concat_with(&[4]), data.iter().max());
}

trait ConcatWith {
    fn concat_with(&self, other: &[i32]) -> Vec<i32>;
}
impl ConcatWith for [i32; 3] {
    fn concat_with(&self, other: &[i32]) -> Vec<i32> {
        [self.as_slice(), other].concat()
    }
}
