//! What to do: the command line resolved against files, libraries and the sysroot.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use popcorn_toolchains::{BASE, Isa};

use crate::args::{Args, Item, Language, Mode};
use crate::error::{Error, Result};
use crate::tools::{self, Sysroot};

/// Libraries that are part of musl's libc: their archives hold nothing.
const IN_LIBC: &[&str] = &[
    "c", "m", "pthread", "rt", "dl", "util", "crypt", "resolv", "xnet", "atomic",
];

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// To the front end.
    Source(PathBuf, Language),
    /// `.ll` or `.bc`, to the passes.
    Ir(PathBuf),
    /// `.o` or `.a`, to the linker.
    Linkable(PathBuf),
}

/// Everything the pipeline needs.
#[derive(Debug)]
pub struct Job {
    pub args: Args,
    pub clang: PathBuf,
    pub inputs: Vec<Input>,
    pub sysroot: Option<Sysroot>,
    /// Functions that calls need no frame for.
    pub leaf: Arc<HashSet<String>>,
    /// ISAs to lower to, the base ISA first.
    pub isas: Vec<&'static Isa>,
    pub save_temps: Option<PathBuf>,
}

impl Job {
    /// Resolves a command line.
    pub fn new(args: Args) -> Result<Job> {
        if args.items.is_empty() {
            return Err(Error::Plain("no input files".into()));
        }
        let sysroot = if args.std_includes || (args.mode == Mode::Link && args.default_libs) {
            Some(Sysroot::find(args.sysroot.as_deref())?)
        } else {
            Sysroot::find(args.sysroot.as_deref()).ok()
        };
        let inputs = args
            .items
            .iter()
            .map(|item| resolve(item, &args, sysroot.as_ref()))
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .flatten()
            .collect::<Vec<_>>();
        let compiled = inputs
            .iter()
            .filter(|i| !matches!(i, Input::Linkable(_)))
            .count();
        if args.mode != Mode::Link {
            if args.output.is_some() && compiled > 1 {
                return Err(Error::Plain(
                    "cannot specify -o when generating multiple output files".into(),
                ));
            }
            if compiled == 0 {
                return Err(Error::usage(
                    "nothing to compile: objects and libraries are used by a link only",
                    "remove -c, -S or -E to link",
                ));
            }
        }
        if args.mode != Mode::Assembly && !args.isas.iter().any(|i| i.id == BASE.id) {
            return Err(Error::usage(
                format!(
                    "--popcorn-isas lacks {}, whose object carries the others",
                    BASE.name
                ),
                format!("add {} to the list; only -S can do without", BASE.name),
            ));
        }
        let leaf = Arc::new(match &sysroot {
            Some(sysroot) => leaf_functions(&sysroot.leaf_list(), &args.no_builtin)?,
            None => HashSet::new(),
        });
        let save_temps = args.save_temps.as_ref().map(PathBuf::from);
        if let Some(dir) = &save_temps {
            fs::create_dir_all(dir).map_err(Error::io(dir))?;
        }
        Ok(Job {
            clang: tools::clang()?,
            inputs,
            sysroot,
            leaf,
            isas: args.isas.clone(),
            save_temps,
            args,
        })
    }

    /// The file that compiling `input` makes, when no `-o` names it.
    pub fn default_output(&self, input: &Path, extension: &str) -> PathBuf {
        let stem = match input.to_str() {
            Some("-") => Path::new("-"),
            _ => input.file_stem().map_or(input, Path::new),
        };
        PathBuf::from(format!("{}.{extension}", stem.display()))
    }
}

/// Finds out what an item is. A library that is part of libc comes to nothing.
fn resolve(item: &Item, args: &Args, sysroot: Option<&Sysroot>) -> Result<Option<Input>> {
    let (name, language) = match item {
        Item::Library(name) => return library(name, args, sysroot),
        Item::File(name, language) => (name, *language),
    };
    let path = PathBuf::from(name);
    if name != "-" {
        // Opened to be sure that it can be read; the error names it.
        fs::File::open(&path).map_err(Error::io(&path))?;
    }
    if let Some(language) = language {
        return Ok(Some(match language {
            Language::Ir => Input::Ir(path),
            other => Input::Source(path, other),
        }));
    }
    if name == "-" {
        if args.mode == Mode::Preprocess {
            return Ok(Some(Input::Source(path, Language::C)));
        }
        return Err(Error::Plain(
            "-E or -x required when input is from standard input".into(),
        ));
    }
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    Ok(Some(match extension {
        "c" => Input::Source(path, Language::C),
        "i" => Input::Source(path, Language::PreprocessedC),
        "ll" | "bc" => Input::Ir(path),
        "s" | "S" | "sx" | "asm" => {
            return Err(Error::usage(
                format!("{name}: assembly is for one ISA and cannot be lowered for the others"),
                "write the function in C, or leave it out with a configuration option such as -DNO_ASM",
            ));
        }
        "cc" | "cpp" | "cxx" | "C" | "c++" => {
            return Err(Error::usage(
                format!("{name}: C++ is not supported"),
                "only C can be compiled; IR of another front end can be given as .ll or .bc",
            ));
        }
        "h" if args.mode == Mode::Preprocess || args.mode == Mode::Syntax => {
            Input::Source(path, Language::C)
        }
        "h" => {
            return Err(Error::usage(
                format!("{name}: precompiled headers are not supported"),
                "include the header itself",
            ));
        }
        "so" => {
            return Err(Error::usage(
                format!("{name}: shared libraries cannot be linked into a static image"),
                "link the archive (.a) built by popcorn-cc",
            ));
        }
        _ => Input::Linkable(path),
    }))
}

/// Finds `-lNAME` in the `-L` directories and the sysroot.
fn library(name: &str, args: &Args, sysroot: Option<&Sysroot>) -> Result<Option<Input>> {
    let file = match name.strip_prefix(':') {
        Some(file) => file.to_owned(),
        None => format!("lib{name}.a"),
    };
    let dirs: Vec<PathBuf> = args
        .lib_dirs
        .iter()
        .map(PathBuf::from)
        .chain(sysroot.map(Sysroot::lib))
        .collect();
    if let Some(path) = dirs.iter().map(|d| d.join(&file)).find(|p| p.is_file()) {
        return Ok(Some(Input::Linkable(path)));
    }
    if IN_LIBC.contains(&name) {
        return Ok(None);
    }
    if args.mode != Mode::Link {
        return Ok(None);
    }
    let searched: Vec<_> = dirs.iter().map(|d| d.display().to_string()).collect();
    Err(Error::usage(
        format!("library `-l{name}` not found"),
        format!("no {file} in {}", searched.join(", ")),
    ))
}

/// Reads the list of leaf functions: one name a line, `#` begins a comment.
pub(crate) fn leaf_functions(path: &Path, except: &[String]) -> Result<HashSet<String>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        // A sysroot under construction has headers first.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(HashSet::new()),
        Err(e) => return Err(Error::io(path)(e)),
    };
    Ok(text
        .lines()
        .map(|line| line.split('#').next().unwrap_or("").trim())
        .filter(|name| !name.is_empty() && !except.iter().any(|e| e == name))
        .map(str::to_owned)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;

    fn job(dir: &Path, line: &str) -> Result<Job> {
        let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        words.push(format!("--sysroot={}", dir.display()));
        Job::new(args::parse(words)?)
    }

    fn sysroot() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("include")).unwrap();
        fs::create_dir_all(dir.path().join("lib")).unwrap();
        fs::write(
            dir.path().join("lib/leaf-functions.txt"),
            "# libc\nstrlen\nmalloc # may be replaced\n\n",
        )
        .unwrap();
        dir
    }

    #[test]
    fn inputs_are_told_by_their_extension() {
        let root = sysroot();
        let at = |name: &str| root.path().join(name);
        for name in ["a.c", "b.i", "c.ll", "d.bc", "e.o", "lib/libf.a", "g.s"] {
            fs::write(at(name), "").unwrap();
        }
        let p = root.path().display();
        let job1 = job(
            root.path(),
            &format!("{p}/a.c {p}/b.i {p}/c.ll {p}/d.bc {p}/e.o -lf -lm -lpthread"),
        )
        .unwrap();
        assert_eq!(
            job1.inputs,
            [
                Input::Source(at("a.c"), Language::C),
                Input::Source(at("b.i"), Language::PreprocessedC),
                Input::Ir(at("c.ll")),
                Input::Ir(at("d.bc")),
                Input::Linkable(at("e.o")),
                Input::Linkable(at("lib/libf.a")),
            ]
        );
        let error = job(root.path(), &format!("-c {p}/g.s")).unwrap_err();
        assert!(
            error.to_string().contains("assembly is for one ISA"),
            "{error}"
        );
        let error = job(root.path(), &format!("{p}/a.c -lnone")).unwrap_err();
        assert!(error.to_string().contains("-lnone"), "{error}");
        let error = job(root.path(), &format!("-c {p}/none.c")).unwrap_err();
        assert!(error.to_string().contains("none.c"), "{error}");
        let error = job(root.path(), &format!("-c {p}/a.c {p}/b.i -o x")).unwrap_err();
        assert!(error.to_string().contains("multiple output"), "{error}");
        let error = job(root.path(), &format!("-c {p}/e.o")).unwrap_err();
        assert!(error.to_string().contains("nothing to compile"), "{error}");
    }

    #[test]
    fn a_program_may_bring_its_own_leaf_functions() {
        let root = sysroot();
        let c = root.path().join("a.c");
        fs::write(&c, "").unwrap();
        let line = format!("-c {}", c.display());
        assert!(job(root.path(), &line).unwrap().leaf.contains("malloc"));
        let leaf = job(root.path(), &format!("{line} -fno-builtin-malloc"))
            .unwrap()
            .leaf;
        assert!(!leaf.contains("malloc") && leaf.contains("strlen"));
    }
}
