//! The whole of `popcorn-cc`, in the order in which it happens.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use popcorn_align_linker as linker;
use popcorn_passes::{Options, Output};
use popcorn_toolchains::BASE;

use crate::args::{self, Language, Mode};
use crate::error::{Error, Result};
use crate::frontend::{self, Want};
use crate::job::{Input, Job};
use crate::output::{self, Pending};
use crate::{query, response};

/// Runs one command line (without the program's name).
pub fn run(words: Vec<String>) -> Result<()> {
    let words = response::expand(words, &mut |f| fs::read_to_string(f)).map_err(Error::Plain)?;
    let args = args::parse(words)?;
    // From here on the command line is understood.
    if let Some(query) = &args.query {
        return query::answer(query, args.sysroot.as_deref());
    }
    if args.verbose && args.items.is_empty() {
        return query::answer(&args::Query::Version, None);
    }
    let job = Job::new(args)?;
    // From here on every input exists and is of a known kind, and the sysroot is there.
    match job.args.mode {
        Mode::Preprocess | Mode::Syntax => compile_only(&job, preprocess),
        Mode::Assembly | Mode::Object => compile_only(&job, compile_to_file),
        Mode::Link => compile_and_link(&job),
    }
}

/// Runs `step` for each input that is no object.
fn compile_only(job: &Job, step: fn(&Job, &Input) -> Result<()>) -> Result<()> {
    for input in &job.inputs {
        if let Input::Linkable(path) = input {
            eprintln!(
                "popcorn-cc: warning: {}: linker input unused",
                path.display()
            );
        } else {
            step(job, input)?;
        }
    }
    Ok(())
}

/// `-E`, `-M`, `-MM`, `-fsyntax-only`: the front end alone.
fn preprocess(job: &Job, input: &Input) -> Result<()> {
    let Input::Source(path, language) = input else {
        return Err(Error::Plain("IR cannot be preprocessed".into()));
    };
    let syntax = job.args.mode == Mode::Syntax;
    let want = if syntax {
        Want::Nothing
    } else {
        Want::Preprocessed
    };
    let object = job.default_output(path, "o");
    let Some(made) = front_end(job, path, *language, want, &object)? else {
        return Ok(());
    };
    match &job.args.output {
        _ if syntax || job.args.deps.file.is_some() => Ok(()),
        Some(file) => output::write(Path::new(file), &made.bytes),
        None => output::write(Path::new("-"), &made.bytes),
    }?;
    made.commit()
}

/// `-c`, `-S`, with or without `-emit-llvm`.
fn compile_to_file(job: &Job, input: &Input) -> Result<()> {
    let assembly = job.args.mode == Mode::Assembly;
    let extension = match (assembly, job.args.emit_llvm) {
        (true, false) => "s",
        (false, false) => "o",
        (true, true) => "ll",
        (false, true) => "bc",
    };
    let (Input::Source(path, _) | Input::Ir(path) | Input::Linkable(path)) = input;
    let file = match &job.args.output {
        Some(file) => PathBuf::from(file),
        None => job.default_output(path, extension),
    };
    let made = if job.args.emit_llvm {
        let want = if assembly {
            Want::IrText
        } else {
            Want::Bitcode
        };
        match input {
            Input::Source(path, language) => front_end(job, path, *language, want, &file)?,
            _ => front_end(job, path, Language::Ir, want, &file)?,
        }
    } else {
        let wanted = if assembly {
            let base = job.isas.iter().find(|i| i.id == BASE.id);
            Output::Assembly(base.unwrap_or(&job.isas[0]))
        } else {
            Output::Object
        };
        compile(job, input, wanted, &file)?
    };
    match made {
        Some(made) => {
            output::write(&file, &made.bytes)?;
            made.commit()
        }
        None => Ok(()),
    }
}

/// No mode flag: compile what needs it, then link everything.
fn compile_and_link(job: &Job) -> Result<()> {
    let (mut inputs, mut dependencies) = (Vec::new(), Vec::new());
    for input in &job.inputs {
        match input {
            Input::Linkable(path) => inputs.push(linkable(path)?),
            Input::Source(path, _) | Input::Ir(path) => {
                let object = job.default_output(path, "o");
                let made = compile(job, input, Output::Object, &object)?;
                let (bytes, rule) = made.map_or((None, None), |m| (Some(m.bytes), m.dependencies));
                dependencies.extend(rule);
                inputs.push(linker::Input::Object {
                    path: object,
                    bytes,
                });
            }
        }
    }
    // From here on there are only fat objects and archives of them.
    let mut provider = None;
    if job.args.default_libs
        && let Some(sysroot) = &job.sysroot
    {
        provider = Some(sysroot.lib());
        inputs.extend(
            sysroot
                .default_libs()
                .into_iter()
                .map(linker::Input::Archive),
        );
    }
    let output = PathBuf::from(job.args.output.as_deref().unwrap_or("a.out"));
    link(job, inputs, provider, &output)?;
    dependencies.into_iter().try_for_each(Pending::commit)
}

/// Tells an archive from an object by its first bytes.
fn linkable(path: &Path) -> Result<linker::Input> {
    let mut magic = [0; 8];
    let mut file = fs::File::open(path).map_err(Error::io(path))?;
    let read = file.read(&mut magic).map_err(Error::io(path))?;
    let path = path.to_owned();
    Ok(match &magic[..read] {
        b"!<arch>\n" => linker::Input::Archive(path),
        _ => linker::Input::Object { path, bytes: None },
    })
}

/// Links `inputs` to an executable that appears only when it is whole.
fn link(
    job: &Job,
    inputs: Vec<linker::Input>,
    leaf_provider: Option<PathBuf>,
    output: &Path,
) -> Result<()> {
    if job.args.dry_run || job.args.verbose {
        let words = inputs.iter().map(|input| match input {
            linker::Input::Object { path, .. } | linker::Input::Archive(path) => {
                format!(" \"{}\"", path.display())
            }
        });
        let words: String = words.collect();
        eprintln!(
            " \"popcorn-align-linker\" \"-o\" \"{}\"{words}",
            output.display()
        );
        if job.args.dry_run {
            return Ok(());
        }
    }
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
    pending.commit()
}

/// What was made of one input.
struct Made {
    bytes: Vec<u8>,
    /// Its dependency file, which must not appear if anything goes wrong later.
    dependencies: Option<Pending>,
}

impl Made {
    /// The output is in its place: the dependency file may follow.
    fn commit(self) -> Result<()> {
        self.dependencies.map_or(Ok(()), Pending::commit)
    }
}

/// One translation unit through the passes. `None` after `-###`.
fn compile(job: &Job, input: &Input, wanted: Output, object: &Path) -> Result<Option<Made>> {
    let (path, ir) = match input {
        Input::Source(path, language) => {
            let ir = front_end(job, path, *language, Want::Bitcode, object)?;
            (path, ir)
        }
        Input::Ir(path) | Input::Linkable(path) if job.args.dry_run => (path, None),
        Input::Ir(path) | Input::Linkable(path) => {
            let bytes = read(path)?;
            let dependencies = None;
            (
                path,
                Some(Made {
                    bytes,
                    dependencies,
                }),
            )
        }
    };
    if job.args.dry_run || job.args.verbose {
        let isas: Vec<_> = job.isas.iter().map(|i| i.name).collect();
        eprintln!(
            " \"popcorn-passes\" \"--isas={}\" \"--points={:?}\" \"-{:?}\" \"{}\" \"-o\" \"{}\"",
            isas.join(","),
            job.args.points,
            job.args.opt,
            path.display(),
            object.display()
        );
    }
    // From here on there is IR in the base ABI, and no trace of the language it came from.
    let Some(ir) = ir else { return Ok(None) };
    let options = Options {
        isas: job.isas.clone(),
        opt: job.args.opt,
        points: job.args.points,
        instrument: job.args.instrument,
        whole: false,
        leaf: job.leaf.clone(),
        save_temps: job.save_temps.clone(),
        name: path.display().to_string(),
        check: popcorn_passes::Check::from_environment(),
        clock: popcorn_passes::Clock::default(),
    };
    Ok(Some(Made {
        bytes: popcorn_passes::compile(&ir.bytes, &options, wanted)?,
        ..ir
    }))
}

/// Runs the front end on one file. `None` after `-###`.
fn front_end(
    job: &Job,
    path: &Path,
    language: Language,
    want: Want,
    object: &Path,
) -> Result<Option<Made>> {
    let file = frontend::dependency_file(job, object);
    let pending = match &file {
        Some(file) if !job.args.dry_run && !output::is_special(file) && file != Path::new("-") => {
            Some(Pending::new(file, false)?)
        }
        _ => None,
    };
    let place = pending.as_ref().map(Pending::temp).or(file.as_deref());
    let command = frontend::command(job, path, language, want, object, place)?;
    if job.args.dry_run || job.args.verbose {
        eprintln!("{}", quoted(&command));
        if job.args.dry_run {
            return Ok(None);
        }
    }
    Ok(Some(Made {
        bytes: frontend::run(command)?,
        dependencies: pending,
    }))
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
