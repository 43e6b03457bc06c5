//! `popcorn sysroot`: builds what programs are linked with.
//!
//! popcorn-cc does it: loading LLVM takes longer than moving a process, so `popcorn` is linked without.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use crate::error::{Error, Result};

/// popcorn-cc's first argument for this job; the words of the job follow.
pub const OPTION: &str = "--popcorn-make-sysroot";

/// What to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Where; an up-to-date one is left alone.
    pub prefix: PathBuf,
    /// Compilations at a time.
    pub jobs: usize,
    /// Only the runtime, as tests of faults want it.
    pub faults: bool,
}

impl Job {
    fn command(&self) -> Result<Command> {
        let own = std::env::current_exe().map_err(|e| Error::Plain(e.to_string()))?;
        let mut command = Command::new(own.with_file_name("popcorn-cc"));
        command.arg(OPTION).arg(self.jobs.to_string());
        command.arg(self.faults.to_string()).arg(&self.prefix);
        Ok(command)
    }

    /// The job that popcorn-cc's words behind [`OPTION`] name.
    pub fn from_words(words: &[String]) -> Option<Job> {
        let [jobs, faults, prefix] = words else {
            return None;
        };
        Some(Job {
            prefix: prefix.into(),
            jobs: jobs.parse().ok()?,
            faults: faults.parse().ok()?,
        })
    }

    /// Becomes popcorn-cc, which does it.
    pub fn hand_over(&self) -> Result<std::convert::Infallible> {
        let mut command = self.command()?;
        let error = command.exec();
        Err(Error::Plain(format!(
            "{}: {error}",
            command.get_program().to_string_lossy()
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn popcorn_cc_gets_the_job() {
        let job = Job {
            prefix: "a b".into(),
            jobs: 3,
            faults: true,
        };
        let command = job.command().unwrap();
        assert!(
            command
                .get_program()
                .to_string_lossy()
                .ends_with("/popcorn-cc")
        );
        let words: Vec<String> = command
            .get_args()
            .map(|word| word.to_str().unwrap().to_owned())
            .collect();
        assert_eq!(words[0], OPTION);
        assert_eq!(Job::from_words(&words[1..]), Some(job));
        assert_eq!(Job::from_words(&words), None);
    }
}
