//! The whole of `popcorn-cc`: the command line becomes one list of steps, and one loop does or prints them.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use popcorn_passes::Output;
use popcorn_toolchains::BASE;

use crate::args::{self, Language, Mode};
use crate::error::{Error, Result};
use crate::frontend::Want;
use crate::job::{Input, Job};
use crate::step::{Desk, LinkInput, Step};
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
    let mut desk = Desk::new();
    for step in steps(&job)? {
        if (job.args.dry_run || job.args.verbose)
            && let Some(line) = step.command_line(&job)?
        {
            eprintln!("{line}");
        }
        if !job.args.dry_run {
            step.run(&job, &mut desk)?;
        }
    }
    if job.args.time && !job.args.dry_run {
        eprint!("{}", desk.times);
    }
    Ok(())
}

/// What is to be done, in order.
fn steps(job: &Job) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    if job.args.mode == Mode::Link {
        compile_and_link(job, &mut steps)?;
        return Ok(steps);
    }
    for input in &job.inputs {
        match (input, job.args.mode) {
            (Input::Linkable(path), _) => eprintln!(
                "popcorn-cc: warning: {}: linker input unused",
                path.display()
            ),
            (_, Mode::Preprocess | Mode::Syntax) => preprocess(job, input, &mut steps)?,
            _ => compile_to_file(job, input, &mut steps),
        }
    }
    Ok(steps)
}

/// `-E`, `-M`, `-MM`, `-fsyntax-only`: the front end alone.
fn preprocess(job: &Job, input: &Input, steps: &mut Vec<Step>) -> Result<()> {
    let Input::Source(path, language) = input else {
        return Err(Error::Plain("IR cannot be preprocessed".into()));
    };
    let syntax = job.args.mode == Mode::Syntax;
    let want = if syntax {
        Want::Nothing
    } else {
        Want::Preprocessed
    };
    steps.push(front_end(
        path,
        *language,
        want,
        &job.default_output(path, "o"),
    ));
    if !syntax && job.args.deps.file.is_none() {
        let file = job.args.output.as_deref().unwrap_or("-");
        steps.push(Step::Write(file.into()));
    }
    steps.push(Step::Dependencies);
    Ok(())
}

/// `-c`, `-S`, with or without `-emit-llvm`.
fn compile_to_file(job: &Job, input: &Input, steps: &mut Vec<Step>) {
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
    if job.args.emit_llvm {
        let want = if assembly {
            Want::IrText
        } else {
            Want::Bitcode
        };
        let language = match input {
            Input::Source(_, language) => *language,
            _ => Language::Ir,
        };
        steps.push(front_end(path, language, want, &file));
    } else {
        let wanted = if assembly {
            let base = job.isas.iter().find(|i| i.id == BASE.id);
            Output::Assembly(base.unwrap_or(&job.isas[0]))
        } else {
            Output::Object
        };
        compile(input, wanted, &file, steps);
    }
    steps.extend([Step::Write(file), Step::Dependencies]);
}

/// No mode flag: compile what needs it, then link everything.
fn compile_and_link(job: &Job, steps: &mut Vec<Step>) -> Result<()> {
    let mut inputs = Vec::new();
    for input in &job.inputs {
        match input {
            Input::Linkable(path) => inputs.push(linkable(path)?),
            Input::Source(path, _) | Input::Ir(path) => {
                let object = job.default_output(path, "o");
                compile(input, Output::Object, &object, steps);
                steps.push(Step::Keep);
                inputs.push(LinkInput::New(object));
            }
        }
    }
    // From here on there are only fat objects and archives of them.
    let mut leaf_provider = None;
    if job.args.default_libs
        && let Some(sysroot) = &job.sysroot
    {
        leaf_provider = Some(sysroot.lib());
        inputs.extend(sysroot.default_libs().into_iter().map(LinkInput::Archive));
    }
    let output = PathBuf::from(job.args.output.as_deref().unwrap_or("a.out"));
    let link = Step::Link {
        inputs,
        leaf_provider,
        output,
    };
    steps.extend([link, Step::Dependencies]);
    Ok(())
}

/// One translation unit to an object, or assembly. Behind the first step there is IR in the base ABI, and no trace of
/// the language it came from.
fn compile(input: &Input, wanted: Output, object: &Path, steps: &mut Vec<Step>) {
    let path = match input {
        Input::Source(path, language) => {
            steps.push(front_end(path, *language, Want::Bitcode, object));
            path
        }
        Input::Ir(path) | Input::Linkable(path) => {
            steps.push(Step::Read(path.clone()));
            path
        }
    };
    steps.push(Step::Passes {
        input: path.clone(),
        object: object.to_owned(),
        wanted,
    });
}

fn front_end(input: &Path, language: Language, want: Want, object: &Path) -> Step {
    Step::FrontEnd {
        input: input.to_owned(),
        language,
        want,
        object: object.to_owned(),
    }
}

/// Tells an archive from an object by its first bytes.
fn linkable(path: &Path) -> Result<LinkInput> {
    let mut magic = [0; 8];
    let mut file = fs::File::open(path).map_err(Error::io(path))?;
    let read = file.read(&mut magic).map_err(Error::io(path))?;
    let path = path.to_owned();
    Ok(match &magic[..read] {
        b"!<arch>\n" => LinkInput::Archive(path),
        _ => LinkInput::Object(path),
    })
}
