//! Iterator adaptors, stacked: state of many closures is alive at each call.

struct Collatz(u64);

impl Iterator for Collatz {
    type Item = u64;
    fn next(&mut self) -> Option<u64> {
        let now = self.0;
        self.0 = match now {
            0 => return None,
            1 => 0,
            n if n % 2 == 0 => n / 2,
            n => 3 * n + 1,
        };
        Some(now)
    }
}

fn words(text: &str) -> impl Iterator<Item = (usize, String)> + '_ {
    text.split_whitespace()
        .enumerate()
        .filter(|(i, _)| i % 2 == 0)
        .map(|(i, w)| (i, w.chars().rev().collect()))
}

pub fn run() {
    let longest = (1..200u64).max_by_key(|n| Collatz(*n).count()).unwrap();
    println!(
        "{longest} {:?}",
        Collatz(longest).take(10).collect::<Vec<_>>()
    );
    println!(
        "{:?}",
        words("one two three four five six seven").collect::<Vec<_>>()
    );
    let squares: Vec<i64> = (1..=20).map(|n| n * n).collect();
    let pairs: i64 = squares
        .windows(3)
        .zip(squares.chunks(2))
        .flat_map(|(w, c)| w.iter().rev().chain(c).copied().collect::<Vec<_>>())
        .step_by(2)
        .scan(1, |state, n| {
            *state = (*state * 7 + n) % 1009;
            Some(*state)
        })
        .skip_while(|n| n % 2 == 1)
        .sum();
    println!("{pairs}");
    let mut peek = [1, 1, 2, 3, 3, 3, 4].iter().peekable();
    let mut runs = Vec::new();
    while let Some(&n) = peek.next() {
        let mut length = 1;
        while peek.next_if_eq(&&n).is_some() {
            length += 1;
        }
        runs.push((n, length));
    }
    println!("{runs:?}");
    let (even, odd): (Vec<u32>, Vec<u32>) = (0u32..30).partition(|n| n.count_ones() % 2 == 0);
    println!("{even:?} {odd:?}");
    let parsed: Result<Vec<i32>, _> = "4 8 x 15".split(' ').map(str::parse::<i32>).collect();
    println!("{parsed:?}");
    let text = (0..26)
        .map(|i| (b'a' + i * 7 % 26) as char)
        .collect::<String>();
    println!(
        "{text} {:?}",
        text.char_indices().rfind(|(i, c)| i % 3 == 0 && *c < 'k')
    );
    println!(
        "{:?}",
        (1..=6).try_fold(1i8, |product, n| product.checked_mul(n))
    );
}
