//! Why a module could not be compiled.

use std::path::PathBuf;

/// Why a module could not be compiled. The text names the function, and the source line if known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{file}: not LLVM IR: {reason}")]
    Parse { file: String, reason: String },
    #[error(
        "{file}: invalid LLVM IR: {reason}\n  help: LLVM's verifier refuses it; whatever wrote it has a bug"
    )]
    Invalid { file: String, reason: String },
    #[error("{what} in `{function}` cannot be lowered for {isa}\n  --> {location}\n  help: {help}")]
    Unsupported {
        what: String,
        function: String,
        isa: String,
        location: String,
        help: String,
    },
    #[error(
        "{file}: function `{function}` breaks a rule of the ABI: {rule}\n  help: this is a bug; please report it with the output of --save-temps"
    )]
    Verify {
        file: String,
        function: String,
        rule: String,
    },
    #[error("{file}: LLVM's back end for {isa} refuses the module: {reason}")]
    Refused {
        file: String,
        isa: &'static str,
        reason: String,
    },
    #[error("internal: {stage}: {reason}")]
    Internal { stage: &'static str, reason: String },
    #[error("{path}: {source}")]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
}
