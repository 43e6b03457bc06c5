//! The linker as the pipeline sees it.

use std::path::PathBuf;

use popcorn_toolchains::Isa;

/// One link.
#[derive(Debug, Clone)]
pub struct Job {
    pub inputs: Vec<PathBuf>,
    pub output: PathBuf,
    pub isas: Vec<&'static Isa>,
    pub entry: String,
    pub keep: Vec<String>,
    pub save_temps: Option<PathBuf>,
    pub map: Option<PathBuf>,
}

/// Why a link failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);

/// Links.
pub fn link(job: &Job) -> Result<(), Error> {
    Err(Error(format!(
        "cannot link {}: the linker is not part of this build",
        job.output.display()
    )))
}
