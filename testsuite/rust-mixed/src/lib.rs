//! Numbers folded by C code that calls Rust.

use std::ffi::{c_long, c_ulong};

unsafe extern "C" {
    fn fold(
        numbers: *const c_long,
        count: c_ulong,
        step: extern "C" fn(c_long, c_long) -> c_long,
    ) -> c_long;
}

extern "C" fn step(sum: c_long, n: c_long) -> c_long {
    let words: Vec<String> = (0..n % 5).map(|i| (sum + i).to_string()).collect();
    (sum * 31 + words.concat().len() as c_long + n) % 1_000_003
}

/// Folds in C.
///
/// ```
/// assert_eq!(mixed::in_c(&[1, 2, 3]), mixed::in_rust(&[1, 2, 3]));
/// ```
pub fn in_c(numbers: &[i64]) -> i64 {
    // SAFETY: pointer and count are a slice's, and `step` is what C expects.
    unsafe { fold(numbers.as_ptr(), numbers.len() as c_ulong, step) }
}

/// The same in Rust.
///
/// ```should_panic
/// mixed::in_rust(&[i64::MAX, i64::MAX]);
/// ```
pub fn in_rust(numbers: &[i64]) -> i64 {
    numbers.iter().fold(0, |sum, &n| step(sum, n))
}

#[cfg(test)]
mod tests {
    #[test]
    fn c_and_rust_agree() {
        let numbers: Vec<i64> = (0..50).collect();
        assert_eq!(super::in_c(&numbers), super::in_rust(&numbers));
    }

    #[test]
    fn nothing_is_zero() {
        assert_eq!(super::in_c(&[]), 0);
    }

    #[test]
    #[ignore = "fails on purpose"]
    fn wrong() {
        assert_eq!(1 + 1, 3);
    }
}
