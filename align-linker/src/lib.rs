//! Objects in, one program out: every global and function at the same address on every ISA.
//!
//! [`link()`] is the whole flow, one line per stage; each stage consumes what the one before made.
//!
//! Resolution, liveness and layout are decided here, once for all ISAs. What is left for `ld.lld` is to
//! place sections in a given order and to apply relocations: each ISA's objects are rewritten so that
//! its sections have the solved sizes and alignments and names that sort into the solved order, and one
//! short script gathers them. (A script that named every section would make the linker's matching
//! quadratic.) Afterwards the linked files are checked against the layout, symbol by symbol, and
//! neutral data byte by byte, so a linker that does something else is found out, not trusted.
//!
//! A section is *aligned* if every ISA's part of the object defines the same name in it, or if it is an
//! array of constructors or destructors, or has one of our own names. All others - constant pools, jump
//! tables, helpers that one back end calls - are *of one ISA only*: they lie after everything aligned and no
//! program state may point to them.
#![forbid(unsafe_code)]

mod archive;
mod class;
mod collect;
mod defined;
mod emit;
mod error;
mod finish;
mod gc;
mod link;
mod object;
mod script;
mod solve;
mod times;
mod units;
mod verify;

pub use error::Error;
pub use times::Time;

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
    /// What each phase took.
    pub times: Vec<Time>,
}

/// Links.
///
/// # Errors
/// [`Error`]; nothing is written to the output then.
pub fn link(job: &Job) -> Result<Summary, Error> {
    let mut times = times::Times::start();
    let files = collect::read(job)?;
    times.lap("read");
    // Every file is in memory; from here on every name has one definition.
    let collected = collect::collect(job, &files)?;
    // It is known which sections of the ISAs are the same thing.
    let units = units::units(&collected)?;
    // Every reference of what is alive is satisfied.
    let live = gc::live(&collected, &units)?;
    // No aligned symbol moves any more.
    let plan = emit::plan(&collected, &units, &live)?;
    if let Some(map) = &job.map {
        finish::write_atomically(map, finish::layout_map(&plan).as_bytes(), 0o644)?;
    }
    times.lap("layout");
    let scratch = link::Scratch::new(job.save_temps.as_deref())?;
    let linked = link::link(&plan, &job.entry, scratch.path())?;
    times.pass(
        linked
            .iter()
            .map(|linked| ("link", linked.isa, linked.took)),
    );
    // All ISAs agree on addresses and on data.
    verify::verify(&plan, &linked)?;
    // They agree on which functions can be captured.
    let descriptors = finish::descriptors(&plan, &linked[0]);
    let unwind = finish::unwind(&plan, &linked, &descriptors)?;
    let build_id = finish::build_id(&plan, &linked);
    let mut finished = Vec::new();
    for (linked, unwind) in linked.iter().zip(&unwind) {
        let file = finish::finish(&plan, linked, unwind, &descriptors, &build_id)?;
        finished.push(file);
    }
    let info = finish::info(&plan)?;
    finish::write(&linked, &finished, &build_id, &info, &job.output)?;
    let (functions, sites) = finish::sites(&plan, &linked[0]);
    times.lap("finish");
    let mut warnings = leaf_warnings(job, &collected);
    for linked in &linked {
        let lines = linked
            .warnings
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty());
        warnings.extend(lines.map(|line| format!("{line} ({})", linked.isa.name)));
    }
    Ok(Summary {
        warnings,
        build_id,
        functions,
        sites,
        times: times.all(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use popcorn_metadata::sections;
    use popcorn_toolchains::ALL;
    use proptest::prelude::*;
    use std::process::Command;
    use std::sync::OnceLock;

    /// A fat object of a few sections, made once.
    fn sample() -> &'static [u8] {
        static SAMPLE: OnceLock<Vec<u8>> = OnceLock::new();
        SAMPLE.get_or_init(|| {
            let dir = tempfile::tempdir().unwrap();
            let source = dir.path().join("a.c");
            let text = "int x = 3; int *p = &x; int _start(int a) { return *p + a; }
                __attribute__((constructor)) static void first(void) { x++; }";
            std::fs::write(&source, text).unwrap();
            let mut pack = Command::new("llvm-objcopy-22");
            for (n, isa) in ALL.iter().enumerate() {
                let out = dir.path().join(isa.name);
                let status = Command::new("clang-22")
                    .arg(format!("--target={}", isa.triple))
                    .args([
                        "-c",
                        "-O0",
                        "-fno-pic",
                        "-ffunction-sections",
                        "-fdata-sections",
                    ])
                    .arg(&source)
                    .arg("-o")
                    .arg(&out)
                    .status();
                assert!(status.unwrap().success());
                if n > 0 {
                    let name = format!("{}{}", sections::OBJECT, isa.name);
                    pack.arg(format!("--add-section={name}={}", out.display()));
                    pack.arg(format!("--set-section-flags={name}=exclude"));
                }
            }
            let fat = dir.path().join("fat.o");
            pack.arg(dir.path().join(ALL[0].name)).arg(&fat);
            assert!(pack.status().unwrap().success());
            std::fs::read(fat).unwrap()
        })
    }

    /// Everything that reads inputs, up to the rewritten objects.
    fn rewrite(bytes: Vec<u8>) -> Result<usize, Error> {
        let job = Job {
            inputs: vec![Input::Object {
                path: "fat.o".into(),
                bytes: Some(bytes),
            }],
            output: "none".into(),
            isas: ALL.to_vec(),
            entry: "_start".to_owned(),
            keep: Vec::new(),
            save_temps: None,
            map: None,
            leaf: None,
            leaf_provider: None,
        };
        let files = collect::read(&job)?;
        let collected = collect::collect(&job, &files)?;
        let units = units::units(&collected)?;
        let live = gc::live(&collected, &units)?;
        let plan = emit::plan(&collected, &units, &live)?;
        Ok((0..ALL.len())
            .filter_map(|isa| plan.rewrite(0, isa))
            .count())
    }

    #[test]
    fn the_sample_is_sound() {
        assert_eq!(rewrite(sample().to_vec()).unwrap(), ALL.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn damaged_objects_are_errors_not_panics(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            cut in prop::option::weighted(0.1, any::<prop::sample::Index>()),
        ) {
            let mut bytes = sample().to_vec();
            for (at, value) in changes {
                *at.get_mut(&mut bytes) = value;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            let _ = rewrite(bytes);
        }
    }
}
