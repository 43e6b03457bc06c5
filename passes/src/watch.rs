//! What looks at a module between stages: the verifier, `--save-temps`, the clock.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use popcorn_toolchains::Isa;

use crate::error::Error;
use crate::llvm::Module;
use crate::options::{Check, Options};

/// One compilation, watched. What every phase is told besides its module.
pub(crate) struct Watch<'a> {
    pub options: &'a Options,
    /// Number of the next file in `save_temps`.
    next: Cell<usize>,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(options: &'a Options) -> Self {
        let next = Cell::new(0);
        Watch { options, next }
    }

    /// Does `work` and notes how long it took.
    pub(crate) fn time<T>(
        &self,
        phase: &'static str,
        isa: Option<&'static Isa>,
        work: impl FnOnce() -> T,
    ) -> T {
        self.options.clock.time(phase, isa, work)
    }

    /// Checks the module behind a stage, if that is wanted.
    pub(crate) fn check(&self, module: &Module, stage: &'static str) -> Result<(), Error> {
        if self.options.check == Check::Between || cfg!(debug_assertions) {
            self.insist(module, stage)?;
        }
        Ok(())
    }

    /// Checks the module behind a stage.
    pub(crate) fn insist(&self, module: &Module, stage: &'static str) -> Result<(), Error> {
        module
            .verify()
            .map_err(|reason| Error::Internal { stage, reason })
    }

    /// Checks the module behind a stage, and writes it to `save_temps`.
    pub(crate) fn save(&self, module: &Module, stage: &'static str) -> Result<(), Error> {
        if let Some(dir) = &self.options.save_temps {
            self.write(module, stage, dir)?;
        }
        self.check(module, stage)
    }

    fn write(&self, module: &Module, stage: &str, dir: &Path) -> Result<(), Error> {
        let base = Path::new(&self.options.name);
        let stem = base
            .file_stem()
            .unwrap_or(base.as_os_str())
            .to_string_lossy();
        let path = dir.join(format!("{stem}.{}-{stage}.ll", self.next.get()));
        self.next.set(self.next.get() + 1);
        std::fs::create_dir_all(dir).map_err(io(&path))?;
        std::fs::write(&path, module.text()).map_err(io(&path))
    }
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path: PathBuf = path.to_owned();
    |source| Error::Io { path, source }
}
