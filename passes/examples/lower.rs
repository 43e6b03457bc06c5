//! Compiles one IR file to a fat object: `lower in.bc out.o [O0..Os] [instrument]`.

use std::collections::HashSet;
use std::sync::Arc;

use popcorn_passes::{OptLevel, Options, Output, Points, compile};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let opt = match args.get(3).map(String::as_str) {
        Some("O0") => OptLevel::O0,
        _ => OptLevel::O2,
    };
    let leaf: HashSet<String> = match std::env::var_os("LEAF") {
        Some(list) => std::fs::read_to_string(list)
            .expect("leaf list")
            .lines()
            .map(str::to_owned)
            .collect(),
        None => HashSet::new(),
    };
    let options = Options {
        isas: match std::env::var_os("ONLY_BASE") {
            Some(_) => vec![popcorn_toolchains::BASE],
            None => popcorn_toolchains::ALL.to_vec(),
        },
        opt,
        points: match std::env::var("POINTS").as_deref() {
            Ok("none") => Points::None,
            Ok("functions") => Points::Functions,
            _ => Points::Loops,
        },
        instrument: args.get(4).is_some_and(|a| a == "instrument"),
        whole: false,
        leaf: Arc::new(leaf),
        save_temps: std::env::var_os("SAVE_TEMPS").map(Into::into),
        name: args[1].clone(),
        check: popcorn_passes::Check::default(),
        clock: popcorn_passes::Clock::default(),
    };
    let input = std::fs::read(&args[1]).expect("read");
    match compile(&input, &options, Output::Object) {
        Ok(bytes) => std::fs::write(&args[2], bytes).expect("write"),
        Err(e) => {
            eprintln!("{e}");
            std::process::exit(1);
        }
    }
}
