//! Links a Rust program: all bitcode to one module, through the passes, and to one address space.

use std::path::PathBuf;
use std::sync::Arc;

use popcorn_align_linker as linker;
use popcorn_passes::merge::{self, Part};
use popcorn_passes::{Options, Output};

use super::{input, link_line, shared};
use crate::args;
use crate::error::Result;
use crate::job::leaf_functions;
use crate::output::Pending;
use crate::tools::Sysroot;

/// What std asks of an unwinder, as IR.
const UNWIND: &str = include_str!("unwind.ll");

/// Does what one linker line of rustc's asks for.
pub fn run(words: &[String]) -> Result<()> {
    let line = link_line::parse(words)?;
    if line.shared {
        return shared::leave_out(&line);
    }
    let own = args::parse(line.own_flags.clone())?;
    let sysroot = Sysroot::find(None)?;
    let inputs = input::read(&line, &sysroot.lib())?;
    // From here on every crate is there as bitcode, and all native code is for every ISA.
    let mut parts = inputs.parts;
    parts.push(Part {
        name: "unwind.ll".into(),
        owner: "popcorn".into(),
        bytes: UNWIND.into(),
    });
    let mut keep = inputs.wanted;
    keep.insert("main".into());
    let module = merge::merge(&parts, &keep)?;
    drop(parts);
    // From here on there is one module.
    let leaf = Arc::new(leaf_functions(&sysroot.leaf_list(), &[])?);
    let save_temps = own.save_temps.map(PathBuf::from);
    let name = line.output.display().to_string();
    let options = Options {
        isas: own.isas.clone(),
        opt: line.opt,
        points: own.points,
        instrument: own.instrument,
        whole: true,
        leaf: leaf.clone(),
        save_temps: save_temps.clone(),
        name: name.clone(),
        check: popcorn_passes::Check::from_environment(),
        clock: popcorn_passes::Clock::default(),
    };
    let object = popcorn_passes::compile(&module, &options, Output::Object)?;
    let mut files = vec![linker::Input::Object {
        path: PathBuf::from(format!("{name}.o")),
        bytes: Some(object),
    }];
    files.extend(inputs.native);
    files.extend(
        sysroot
            .default_libs()
            .into_iter()
            .map(linker::Input::Archive),
    );
    let pending = Pending::new(&line.output, true)?;
    let summary = linker::link(&linker::Job {
        inputs: files,
        output: pending.temp().to_owned(),
        isas: own.isas,
        entry: "_start".into(),
        keep: Vec::new(),
        save_temps,
        map: None,
        leaf: Some(leaf),
        leaf_provider: Some(sysroot.lib()),
    })?;
    for warning in summary.warnings {
        eprintln!("cargo-popcorn: warning: {warning}");
    }
    pending.commit()
}
