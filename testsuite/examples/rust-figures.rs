//! Prints the figures for Rust, one a line.

use anyhow::Result;
use popcorn_testsuite::bench::rust;

fn main() -> Result<()> {
    rust::run(&mut |figure| {
        let target = figure.target.map_or("-".into(), |t| t.to_string());
        let verdict = match figure.target {
            Some(target) if figure.value > target => " missed",
            Some(_) => " ok",
            None => "",
        };
        println!(
            "figure {} {:.2} {} target {target}{verdict}",
            figure.name, figure.value, figure.unit
        );
    })
}
