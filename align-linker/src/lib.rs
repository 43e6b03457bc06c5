//! Objects in, one program out: every global and function at the same address on every ISA.
//!
//! [`link`] is the whole flow, one line per stage; each stage consumes what the one before made.
#![forbid(unsafe_code)]

mod collect;
mod emit;
mod error;
mod finish;
mod gc;
mod link;
mod nodes;
mod object;
mod script;
mod solve;
mod verify;

pub use error::Error;

use popcorn_toolchains::Isa;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

/// A link to do.
#[derive(Debug, Clone)]
pub struct Job {
    /// Objects and archives, in the order of the command line.
    pub inputs: Vec<Input>,
    /// The program to write.
    pub output: PathBuf,
    /// The ISAs, the base ISA first.
    pub isas: Vec<&'static Isa>,
    /// The entry point, `_start` as a rule.
    pub entry: String,
    /// More symbols that must be there and stay.
    pub keep: Vec<String>,
    /// Where to leave every intermediate file.
    pub save_temps: Option<PathBuf>,
    /// Where to write a table of the layout (`-Map`).
    pub map: Option<PathBuf>,
    /// Functions that callers treat as never migrating.
    pub leaf: Option<Arc<HashSet<String>>>,
    /// The archive, or the folder of archives, that may define those.
    pub leaf_provider: Option<PathBuf>,
}

/// An input of a link.
#[derive(Debug, Clone)]
pub enum Input {
    /// A fat object; its bytes, if they are in memory already.
    Object {
        /// The file, for messages.
        path: PathBuf,
        /// Its contents.
        bytes: Option<Vec<u8>>,
    },
    /// An archive of fat objects. Members are taken as needed, whatever the order of inputs.
    Archive(PathBuf),
}

/// What a link has made.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Things the user should know.
    pub warnings: Vec<String>,
    /// Hash of code, neutral data and their layout.
    pub build_id: [u8; 16],
    /// Functions that have a descriptor.
    pub functions: usize,
    /// Their sites.
    pub sites: u64,
}

/// Links.
///
/// # Errors
/// [`Error`]; nothing is written to the output then.
pub fn link(job: &Job) -> Result<Summary, Error> {
    let files = collect::read(job)?;
    // Every file is in memory; from here on every name has one definition.
    let collected = collect::collect(job, &files)?;
    // It is known which sections of the ISAs are the same thing.
    let nodes = nodes::nodes(&collected)?;
    // Every reference of what is alive is satisfied.
    let live = gc::live(&collected, &nodes)?;
    // No aligned symbol moves any more.
    let plan = emit::plan(&collected, &nodes, &live)?;
    if let Some(map) = &job.map {
        finish::write_atomically(map, finish::layout_map(&plan).as_bytes(), 0o644)?;
    }
    let scratch = link::Scratch::new(job.save_temps.as_deref())?;
    let linked = link::link(&plan, &job.entry, scratch.path())?;
    // All ISAs agree on addresses and on data.
    verify::verify(&plan, &linked)?;
    // They agree on which functions can be captured.
    let unwind = finish::unwind(&plan, &linked)?;
    let build_id = finish::build_id(&plan, &linked);
    let mut finished = Vec::new();
    for (linked, unwind) in linked.iter().zip(&unwind) {
        finished.push(finish::finish(&plan, linked, unwind, &build_id)?);
    }
    finish::write(&linked, &finished, &build_id, &job.output)?;
    let (functions, sites) = finish::sites(&plan, &linked[0]);
    Ok(Summary {
        warnings: leaf_warnings(job, &collected),
        build_id,
        functions,
        sites,
    })
}

/// Callers treat some library functions as never migrating; another definition of one may not keep to
/// that.
fn leaf_warnings(job: &Job, collected: &collect::Collected<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    for name in job.leaf.iter().flat_map(|set| set.iter()) {
        let Some(def) = collected.symbols.get(name).and_then(|g| g.defs[0]) else {
            continue;
        };
        let object = &collected.objects[def.object as usize];
        if !object.leaf_provider {
            warnings.push(format!(
                "{} defines {name}, which its callers treat as never migrating\n  \
                 help: compile them with -fno-builtin-{name}",
                object.name
            ));
        }
    }
    warnings.sort();
    warnings
}
