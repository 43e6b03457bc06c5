//! Objects in, one program out: every global and function at the same address on every ISA.
//!
//! [`link`] is the whole flow, one line per stage; each stage consumes what the one before made.
#![forbid(unsafe_code)]

mod collect;
mod emit;
mod error;
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
    /// The archive that may define those.
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
    /// Hash of the neutral layout.
    pub build_id: [u8; 16],
}

/// Links.
///
/// # Errors
/// [`Error`]; nothing is written to the output then.
pub fn link(job: &Job) -> Result<Summary, Error> {
    let files = collect::read(job)?;
    // Every name has one definition, every file is in memory.
    let collected = collect::collect(job, &files)?;
    // It is known which sections of the ISAs are the same thing.
    let nodes = nodes::nodes(&collected)?;
    // Every reference of what is alive is satisfied.
    let live = gc::live(&collected, &nodes)?;
    // No aligned symbol moves any more.
    let plan = emit::plan(&collected, &nodes, &live)?;
    let scratch = link::Scratch::new(job.save_temps.as_deref())?;
    let linked = link::link(&plan, &job.entry, scratch.path())?;
    // All ISAs agree on addresses and on data.
    verify::verify(&plan, &linked)?;
    let _ = linked;
    Ok(Summary::default())
}
