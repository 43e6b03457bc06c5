//! One of the programs in `programs/`, by name. Each prints what it computes; the test suite compares that
//! with a plain build's.

mod programs {
    pub mod collections;
    pub mod exits;
    pub mod files;
    pub mod generics;
    pub mod graphs;
    pub mod iterators;
    pub mod layouts;
    pub mod numbers;
    pub mod overflow;
    pub mod recursion;
    pub mod sorting;
    pub mod strings;
    pub mod threads;
    pub mod traits;
    pub mod vectors;
    pub mod waiting;
}
use programs::*;

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let program = match name.as_str() {
        "collections" => collections::run,
        "exits" => exits::run,
        "files" => files::run,
        "generics" => generics::run,
        "graphs" => graphs::run,
        "iterators" => iterators::run,
        "layouts" => layouts::run,
        "numbers" => numbers::run,
        "overflow" => overflow::run,
        "recursion" => recursion::run,
        "sorting" => sorting::run,
        "strings" => strings::run,
        "threads" => threads::run,
        "traits" => traits::run,
        "vectors" => vectors::run,
        "waiting" => waiting::run,
        _ => panic!("no program `{name}`"),
    };
    program();
    std::process::exit(42);
}
