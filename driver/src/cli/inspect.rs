//! `popcorn inspect`: what is in a program.

use std::fmt::Write;
use std::path::Path;

use popcorn_metadata::package;

use crate::cli::exe::Exe;
use crate::error::Result;

/// The names of the ISAs, one a line.
pub fn isas(prog: &Path) -> Result<String> {
    let names = Exe::open(prog)?.isas()?;
    Ok(names.iter().map(|isa| format!("{}\n", isa.name)).collect())
}

/// Build id, functions and sites, and a line of sizes per ISA.
pub fn inspect(prog: &Path) -> Result<String> {
    let exe = Exe::open(prog)?;
    let all = package::describe(&exe.bytes).map_err(|e| exe.error(e))?;
    let id: String = all.build_id.iter().map(|b| format!("{b:02x}")).collect();
    let mut text = String::new();
    let mut line = |line: String| {
        let _ = writeln!(text, "{line}");
    };
    line(format!(
        "program    {} ({} bytes)",
        prog.display(),
        exe.bytes.len()
    ));
    line(format!("build id   {id}"));
    line(format!(
        "migration  {} functions with frames, {} sites",
        all.functions, all.sites
    ));
    line(format!(
        "{:<10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>8}{:>8}",
        "isa", "file", "text", "resume", "private", "stackmap", "rows", "pads"
    ));
    for isa in &all.isas {
        line(format!(
            "{:<10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>8}{:>8}",
            isa.isa,
            isa.file,
            isa.text,
            isa.cold,
            isa.private,
            isa.stackmap,
            isa.rows,
            isa.counts.pads
        ));
    }
    Ok(text)
}
