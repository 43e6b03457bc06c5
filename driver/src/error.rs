//! What can go wrong in the driver, with data, and how it reads.

use std::io;
use std::path::{Path, PathBuf};

/// Why a job could not be done. `Display` is the text after `popcorn-cc: error: `.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A command line that cannot be obeyed.
    #[error("{what}\n  help: {help}")]
    Usage { what: String, help: String },
    /// A command line that cannot be obeyed, where no advice is better than none.
    #[error("{0}")]
    Plain(String),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// A tool of the toolchain could not be started.
    #[error("cannot run `{tool}`: {source}\n  help: {help}")]
    Tool {
        tool: String,
        source: io::Error,
        help: String,
    },
    /// clang said what was wrong itself; only its exit status is left to pass on.
    #[error("the front end failed with exit status {0}")]
    FrontEnd(i32),
    /// A signal came; what was begun has been taken back.
    #[error("interrupted by signal {0}")]
    Interrupted(i32),
    /// The passes refused the module.
    #[error(transparent)]
    Pass(#[from] popcorn_passes::Error),
    /// The link failed.
    #[error(transparent)]
    Link(#[from] popcorn_align_linker::Error),
    /// The sysroot could not be built.
    #[error("{0:#}")]
    Sysroot(#[from] anyhow::Error),
}

/// Result with the driver's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A refusal with advice.
    pub fn usage(what: impl Into<String>, help: impl Into<String>) -> Error {
        Error::Usage {
            what: what.into(),
            help: help.into(),
        }
    }

    /// A function for `map_err` that names the file.
    pub fn io(path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
        let path = path.to_owned();
        move |source| Error::Io { path, source }
    }
}
