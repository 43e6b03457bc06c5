//! Prints a fold, and a length that a macro counted.

fn main() {
    let numbers: Vec<i64> = (1..=40).collect();
    println!("{} {}", mixed::in_c(&numbers), mixed::in_rust(&numbers));
    println!("{}", mixed_macros::length!("popcorn"));
}
