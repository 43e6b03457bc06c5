//! The steps of a compiler run. Each can say what it does, as a command, and do it.
//!
//! A step takes what the steps before left on the [`Desk`]. The list is [`pipeline`](crate::pipeline)'s.

use std::collections::VecDeque;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use popcorn_align_linker as linker;
use popcorn_passes::{Check, Clock, Options, Output};

use crate::args::Language;
use crate::error::{Error, Result};
use crate::frontend::{self, Want};
use crate::job::Job;
use crate::output::{self, Pending};
use crate::times::Times;

/// One step.
#[derive(Debug)]
pub enum Step {
    /// clang: a file becomes IR, or text.
    FrontEnd {
        input: PathBuf,
        language: Language,
        want: Want,
        /// What the input is compiled to, for the rule in a dependency file.
        object: PathBuf,
    },
    /// A file of IR is taken as it is.
    Read(PathBuf),
    /// IR becomes an object of every ISA, or one ISA's assembly.
    Passes {
        input: PathBuf,
        object: PathBuf,
        wanted: Output,
    },
    /// What was made goes into a file.
    Write(PathBuf),
    /// What was made is the next of the link's new objects.
    Keep,
    /// Objects and archives become a program.
    Link {
        inputs: Vec<LinkInput>,
        /// The archives that may define the functions that callers treat as never migrating.
        leaf_provider: Option<PathBuf>,
        output: PathBuf,
    },
    /// Outputs are in their places: dependency files may follow.
    Dependencies,
}

/// An input of the link.
#[derive(Debug)]
pub enum LinkInput {
    /// One of those that were kept, in their order, under this name.
    New(PathBuf),
    Object(PathBuf),
    Archive(PathBuf),
}

impl LinkInput {
    fn path(&self) -> &Path {
        let (LinkInput::New(path) | LinkInput::Object(path) | LinkInput::Archive(path)) = self;
        path
    }
}

/// What steps leave for those after them.
pub struct Desk {
    /// What the last step made of an input.
    made: Vec<u8>,
    /// The objects that wait for the link.
    objects: VecDeque<Vec<u8>>,
    /// Dependency files, which must not appear if anything goes wrong later.
    dependencies: Vec<Pending>,
    pub times: Times,
}

impl Desk {
    /// An empty one.
    pub fn new() -> Desk {
        Desk {
            made: Vec::new(),
            objects: VecDeque::new(),
            dependencies: Vec::new(),
            times: Times::start(),
        }
    }
}

impl Default for Desk {
    fn default() -> Desk {
        Desk::new()
    }
}

impl Step {
    /// The step as a command, for `-v` and `-###`. `None` if it only passes files on.
    pub fn command_line(&self, job: &Job) -> Result<Option<String>> {
        Ok(Some(match self {
            Step::FrontEnd {
                input,
                language,
                want,
                object,
            } => {
                let file = frontend::dependency_file(job, object);
                let file = file.as_deref();
                let clang = frontend::command(job, input, *language, *want, object, file)?;
                quoted(&clang)
            }
            Step::Passes { input, object, .. } => {
                let isas: Vec<_> = job.isas.iter().map(|i| i.name).collect();
                format!(
                    " \"popcorn-passes\" \"--isas={}\" \"--points={:?}\" \"-{:?}\" \"{}\" \"-o\" \"{}\"",
                    isas.join(","),
                    job.args.points,
                    job.args.opt,
                    input.display(),
                    object.display()
                )
            }
            Step::Link { inputs, output, .. } => {
                let words = inputs.iter().map(LinkInput::path);
                let words: String = words
                    .map(|path| format!(" \"{}\"", path.display()))
                    .collect();
                let output = output.display();
                format!(" \"popcorn-align-linker\" \"-o\" \"{output}\"{words}")
            }
            Step::Read(_) | Step::Write(_) | Step::Keep | Step::Dependencies => return Ok(None),
        }))
    }

    /// Does it.
    pub fn run(self, job: &Job, desk: &mut Desk) -> Result<()> {
        match self {
            Step::FrontEnd {
                input,
                language,
                want,
                object,
            } => front_end(job, desk, &input, language, want, &object),
            Step::Read(path) => {
                desk.made = read(&path)?;
                Ok(())
            }
            Step::Passes { input, wanted, .. } => passes(job, desk, &input, wanted),
            Step::Write(path) => output::write(&path, &std::mem::take(&mut desk.made)),
            Step::Keep => {
                desk.objects.push_back(std::mem::take(&mut desk.made));
                Ok(())
            }
            Step::Link {
                inputs,
                leaf_provider,
                output,
            } => {
                let objects = &mut desk.objects;
                let inputs = inputs.into_iter().map(|input| match input {
                    LinkInput::New(path) => linker::Input::Object {
                        path,
                        bytes: objects.pop_front(),
                    },
                    LinkInput::Object(path) => linker::Input::Object { path, bytes: None },
                    LinkInput::Archive(path) => linker::Input::Archive(path),
                });
                let inputs = inputs.collect();
                link(job, &mut desk.times, inputs, leaf_provider, &output)
            }
            Step::Dependencies => desk.dependencies.drain(..).try_for_each(Pending::commit),
        }
    }
}

/// Runs the front end on one file.
fn front_end(
    job: &Job,
    desk: &mut Desk,
    input: &Path,
    language: Language,
    want: Want,
    object: &Path,
) -> Result<()> {
    let file = frontend::dependency_file(job, object);
    let pending = match &file {
        Some(file) if !output::is_special(file) && file != Path::new("-") => {
            Some(Pending::new(file, false)?)
        }
        _ => None,
    };
    let place = pending.as_ref().map(Pending::temp).or(file.as_deref());
    let clang = frontend::command(job, input, language, want, object, place)?;
    let start = Instant::now();
    desk.made = frontend::run(clang)?;
    desk.times.add("front end", "clang", None, start.elapsed());
    desk.dependencies.extend(pending);
    Ok(())
}

/// One translation unit through the passes.
fn passes(job: &Job, desk: &mut Desk, input: &Path, wanted: Output) -> Result<()> {
    let clock = if job.args.time {
        Clock::running()
    } else {
        Clock::default()
    };
    let options = Options {
        isas: job.isas.clone(),
        opt: job.args.opt,
        points: job.args.points,
        instrument: job.args.instrument,
        whole: false,
        leaf: job.leaf.clone(),
        save_temps: job.save_temps.clone(),
        name: input.display().to_string(),
        check: Check::from_environment(),
        clock: clock.clone(),
    };
    desk.made = popcorn_passes::compile(&desk.made, &options, wanted)?;
    for time in clock.times() {
        desk.times.add("passes", time.phase, time.isa, time.took);
    }
    Ok(())
}

/// Links to an executable that appears only when it is whole.
fn link(
    job: &Job,
    times: &mut Times,
    inputs: Vec<linker::Input>,
    leaf_provider: Option<PathBuf>,
    output: &Path,
) -> Result<()> {
    if output.is_dir() {
        return Err(Error::Plain(format!(
            "{}: the output is a directory",
            output.display()
        )));
    }
    let scratch = tempfile::tempdir().map_err(Error::io(&std::env::temp_dir()))?;
    let place = if output::is_special(output) {
        scratch.path().join("a.out")
    } else {
        output.to_owned()
    };
    let pending = Pending::new(&place, true)?;
    let summary = linker::link(&linker::Job {
        inputs,
        output: pending.temp().to_owned(),
        isas: job.isas.clone(),
        entry: job.args.entry.clone().unwrap_or_else(|| "_start".into()),
        keep: job.args.keep.clone(),
        save_temps: job.save_temps.clone(),
        map: job.args.map.as_ref().map(PathBuf::from),
        leaf: leaf_provider.is_some().then(|| job.leaf.clone()),
        leaf_provider,
    })?;
    for warning in summary.warnings {
        eprintln!("popcorn-cc: warning: {warning}");
    }
    for time in summary.times {
        times.add("linker", time.phase, time.isa, time.took);
    }
    pending.commit()
}

/// A command as `-###` prints it.
fn quoted(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| format!(" {:?}", word.to_string_lossy()))
        .collect()
}

/// A whole file, or standard input.
fn read(path: &Path) -> Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .map_err(Error::io(path))?;
        return Ok(bytes);
    }
    fs::read(path).map_err(Error::io(path))
}
