//! Times stack-map lookups over a packed program: `lookup PROGRAM`, for each ISA in it.

use popcorn_metadata::elf::Elf;
use popcorn_metadata::package;
use popcorn_metadata::stackmap::StackMap;
use popcorn_toolchains::ALL;
use std::hint::black_box;

fn main() {
    let path = std::env::args_os().nth(1).expect("a program");
    let program = std::fs::read(path).expect("a readable program");
    for isa in ALL {
        let image = package::extract(&program, isa).expect("an image");
        let elf = Elf::parse(&image).expect("an ELF file");
        let (_, section) = elf.find(b".popcorn.stackmap").expect("a stack map");
        let bytes = elf.contents(&section).expect("contents");
        let map = StackMap::parse(bytes).expect("a sound stack map");
        let starts: Vec<u64> = map.rows().map(|(start, _)| start).collect();
        let rounds = 5_000_000 / starts.len().max(1) + 1;
        let begin = std::time::Instant::now();
        let mut found = 0usize;
        for round in 0..rounds {
            // Strides through the table, so that neighbours do not help.
            for n in 0..starts.len() {
                let at = starts[(n * 7919 + round) % starts.len()];
                if let Some(entry) = black_box(&map).lookup(black_box(at)) {
                    found += usize::from(entry.rule.cfa_offset() != 0) + entry.rule.saved().count();
                }
            }
        }
        let count = rounds * starts.len();
        let nanoseconds = begin.elapsed().as_nanos() as f64 / count as f64;
        println!(
            "{}: {} rows, {} bytes, {nanoseconds:.1} ns a lookup ({found})",
            isa.name,
            starts.len(),
            bytes.len()
        );
    }
}
