//! What the command line says: clang's syntax into [`Args`], without any I/O.
//!
//! The parser is written by hand because clang's syntax is no common one: values joined or apart,
//! single dashes for long names, the last flag of a kind winning, inputs and libraries in one order.

use popcorn_passes::{OptLevel, Points};
use popcorn_toolchains::{ALL, DEFAULT, Isa};

use crate::error::{Error, Result};
use crate::flags;

/// How far to go. The variants are ordered as clang ranks them: the smallest one asked for wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// `-E`, `-M`, `-MM`.
    Preprocess,
    /// `-fsyntax-only`.
    Syntax,
    /// `-S`.
    Assembly,
    /// `-c`.
    Object,
    /// None of these.
    Link,
}

/// The language of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    C,
    PreprocessedC,
    Ir,
}

/// One input, in the order of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A file (`-` is standard input) and the `-x` in force.
    File(String, Option<Language>),
    /// `-lNAME`; `:FILE` names a file in the search path.
    Library(String),
}

/// `-M…`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deps {
    /// `-MD` or `-MMD`, whichever was given.
    pub flag: Option<String>,
    /// `-MF FILE`.
    pub file: Option<String>,
    /// `-MT` or `-MQ` was given.
    pub target: bool,
}

/// Questions that build systems ask instead of compiling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    Version,
    Help,
    /// Goes to clang as it is: `-dumpmachine`, `-print-…`.
    Clang(String),
    /// `-print-file-name=NAME`
    FileName(String),
    /// `-print-search-dirs`
    SearchDirs,
}

/// The command line, taken apart.
#[derive(Debug, Clone)]
pub struct Args {
    pub mode: Mode,
    pub items: Vec<Item>,
    pub output: Option<String>,
    /// Flags for the front end, in order.
    pub front: Vec<String>,
    pub emit_llvm: bool,
    pub opt: OptLevel,
    /// `-fno-builtin-NAME`: the program brings its own NAME.
    pub no_builtin: Vec<String>,
    pub deps: Deps,
    pub isas: Vec<&'static Isa>,
    pub points: Points,
    /// False after `--popcorn-uninstrumented`: code that never migrates, nor anything that it calls.
    pub instrument: bool,
    pub save_temps: Option<String>,
    pub lib_dirs: Vec<String>,
    pub map: Option<String>,
    pub entry: Option<String>,
    /// `-u NAME`: symbols to pull out of archives.
    pub keep: Vec<String>,
    pub sysroot: Option<String>,
    /// False after `-nostdlib`.
    pub default_libs: bool,
    /// False after `-nostdinc`.
    pub std_includes: bool,
    pub dry_run: bool,
    pub verbose: bool,
    /// `--time`: say in the end what each phase took.
    pub time: bool,
    pub query: Option<Query>,
}

impl Default for Args {
    fn default() -> Args {
        Args {
            mode: Mode::Link,
            items: Vec::new(),
            output: None,
            front: Vec::new(),
            emit_llvm: false,
            opt: OptLevel::O0,
            no_builtin: Vec::new(),
            deps: Deps::default(),
            isas: DEFAULT.to_vec(),
            points: Points::Loops,
            instrument: true,
            save_temps: None,
            lib_dirs: Vec::new(),
            map: None,
            entry: None,
            keep: Vec::new(),
            sysroot: None,
            default_libs: true,
            std_includes: true,
            dry_run: false,
            verbose: false,
            time: false,
            query: None,
        }
    }
}

/// The arguments not yet looked at.
struct Words {
    words: std::vec::IntoIter<String>,
}

impl Words {
    /// The value of `flag`: the rest of its own word, or the next word.
    fn value(&mut self, flag: &str, joined: &str) -> Result<String> {
        if joined.is_empty() {
            self.words
                .next()
                .ok_or_else(|| Error::Plain(format!("argument to '{flag}' is missing")))
        } else {
            Ok(joined.to_owned())
        }
    }
}

/// Parses the words after the program's name.
pub fn parse(words: Vec<String>) -> Result<Args> {
    let mut args = Args::default();
    let mut language = None;
    let mut only_operands = false;
    let mut words = Words {
        words: words.into_iter(),
    };
    while let Some(word) = words.words.next() {
        if only_operands || word == "-" || !word.starts_with('-') {
            args.items.push(Item::File(word, language));
        } else if word == "--" {
            only_operands = true;
        } else if let Some(rest) = word.strip_prefix("-x") {
            language = parse_language(&words.value("-x", rest)?)?;
        } else {
            args.flag(&word, &mut words)?;
        }
    }
    Ok(args)
}

impl Args {
    /// One word that begins with a dash.
    fn flag(&mut self, word: &str, words: &mut Words) -> Result<()> {
        if self.own_flag(word)?
            || self.mode_flag(word)
            || self.query_flag(word)
            || self.dependency_flag(word, words)?
            || self.link_flag(word, words)?
        {
            return Ok(());
        }
        if let Some(level) = word.strip_prefix("-O") {
            return self.opt_level(word, level);
        }
        if flags::any(flags::NO_EFFECT, word) {
            return Ok(());
        }
        if let Some((_, why, help)) = flags::REFUSED.iter().find(|r| flags::matches(r.0, word)) {
            return Err(Error::usage(
                format!("`{word}` is not supported: {why}"),
                *help,
            ));
        }
        self.front_flag(word, words)
    }

    /// `--popcorn-…` and `--save-temps=DIR`.
    fn own_flag(&mut self, word: &str) -> Result<bool> {
        if let Some(list) = word.strip_prefix("--popcorn-isas=") {
            self.isas = parse_isas(list)?;
        } else if let Some(kind) = word.strip_prefix("--popcorn-migration-points=") {
            self.points = match kind {
                "none" => Points::None,
                "functions" => Points::Functions,
                "loops" => Points::Loops,
                "all" => Points::All,
                other => {
                    return Err(Error::usage(
                        format!("unknown kind of migration points `{other}`"),
                        "--popcorn-migration-points=none|functions|loops|all",
                    ));
                }
            };
        } else if word == "--popcorn-uninstrumented" {
            self.instrument = false;
        } else if word.starts_with("--popcorn-") {
            return Err(Error::usage(
                format!("unknown flag `{word}`"),
                "the flags are --popcorn-isas=, --popcorn-migration-points= and --popcorn-uninstrumented",
            ));
        } else if let Some(dir) = word.strip_prefix("--save-temps=") {
            self.save_temps = Some(dir.to_owned());
        } else if word == "--save-temps" || word.starts_with("-save-temps") {
            self.save_temps = Some(".".to_owned());
        } else if let Some(dir) = word.strip_prefix("--sysroot=") {
            self.sysroot = Some(dir.to_owned());
        } else if word == "-###" {
            self.dry_run = true;
        } else if word == "-v" {
            self.verbose = true;
        } else if word == "--time" || word == "-time" {
            self.time = true;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// How far to go, and `-emit-llvm`.
    fn mode_flag(&mut self, word: &str) -> bool {
        let mode = match word {
            "-c" => Mode::Object,
            "-S" => Mode::Assembly,
            "-fsyntax-only" => Mode::Syntax,
            "-E" => Mode::Preprocess,
            "-M" | "-MM" => {
                self.front.push(word.to_owned());
                Mode::Preprocess
            }
            "-emit-llvm" => {
                self.emit_llvm = true;
                return true;
            }
            _ => return false,
        };
        self.mode = self.mode.min(mode);
        true
    }

    /// Flags that ask a question.
    fn query_flag(&mut self, word: &str) -> bool {
        self.query = Some(match word {
            "--version" => Query::Version,
            "--help" | "-help" => Query::Help,
            "-print-search-dirs" | "--print-search-dirs" => Query::SearchDirs,
            "-dumpmachine" | "-dumpversion" | "--print-resource-dir" | "--print-targets" => {
                Query::Clang(word.to_owned())
            }
            _ => match word.trim_start_matches('-').strip_prefix("print-") {
                Some(rest) => match rest.strip_prefix("file-name=") {
                    Some(name) => Query::FileName(name.to_owned()),
                    None => Query::Clang(word.to_owned()),
                },
                None => return false,
            },
        });
        true
    }

    /// `-M…` flags that leave the mode alone.
    fn dependency_flag(&mut self, word: &str, words: &mut Words) -> Result<bool> {
        match word {
            "-MD" | "-MMD" => self.deps.flag = Some(word.to_owned()),
            "-MP" | "-MG" | "-MV" => self.front.push(word.to_owned()),
            _ => {
                if let Some(rest) = word.strip_prefix("-MF") {
                    self.deps.file = Some(words.value("-MF", rest)?);
                } else if word.starts_with("-MT") || word.starts_with("-MQ") {
                    let (flag, rest) = word.split_at(3);
                    self.deps.target = true;
                    self.front.push(flag.to_owned());
                    self.front.push(words.value(flag, rest)?);
                } else {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Output, libraries and what goes to the linker.
    fn link_flag(&mut self, word: &str, words: &mut Words) -> Result<bool> {
        match word {
            "-nostdlib" | "-nodefaultlibs" | "-nolibc" => self.default_libs = false,
            "-nostdinc" | "-nostdlibinc" => self.std_includes = false,
            "-Xlinker" => {
                let option = words.value(word, "")?;
                if flags::LINKER_NO_EFFECT_VALUE.contains(&option.as_str()) {
                    words.value(word, "")?; // the `-Xlinker` before the value
                    words.value(word, "")?;
                } else {
                    self.linker_options(&[&option])?;
                }
            }
            "-z" => drop(words.value(word, "")?),
            _ => {
                if let Some(rest) = word.strip_prefix("-Wl,") {
                    self.linker_options(&rest.split(',').collect::<Vec<_>>())?;
                } else if let Some(rest) = word.strip_prefix("-o") {
                    self.output = Some(words.value("-o", rest)?);
                } else if let Some(rest) = word.strip_prefix("-l") {
                    self.items.push(Item::Library(words.value("-l", rest)?));
                } else if let Some(rest) = word.strip_prefix("-L") {
                    self.lib_dirs.push(words.value("-L", rest)?);
                } else if let Some(rest) = word.strip_prefix("-u")
                    && !matches!(word, "-undef")
                    && !word.starts_with("-unwindlib")
                {
                    self.keep.push(words.value("-u", rest)?);
                } else if word == "-e" {
                    self.entry = Some(words.value("-e", "")?);
                } else {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// The words of one `-Wl,`.
    fn linker_options(&mut self, options: &[&str]) -> Result<()> {
        let mut options = options.iter().copied();
        while let Some(option) = options.next() {
            let mut value = |prefix: &str| -> Option<String> {
                if option == prefix {
                    return options.next().map(str::to_owned);
                }
                option
                    .strip_prefix(prefix)
                    .and_then(|rest| rest.strip_prefix('='))
                    .map(str::to_owned)
            };
            if let Some(file) = value("-Map").or_else(|| value("--Map")) {
                self.map = Some(file);
            } else if let Some(name) = value("-e").or_else(|| value("--entry")) {
                self.entry = Some(name);
            } else if let Some(name) = value("-u").or_else(|| value("--undefined")) {
                self.keep.push(name);
            } else if flags::LINKER_NO_EFFECT_VALUE.contains(&option) {
                options.next();
            } else if !flags::any(flags::LINKER_NO_EFFECT, option)
                && !option.starts_with("-z")
                && !option.starts_with("-rpath")
            {
                return Err(Error::usage(
                    format!("linker option `{option}` is not supported"),
                    "the layout is the same on every ISA; see -Map, --entry and --undefined for what can be asked",
                ));
            }
        }
        Ok(())
    }

    /// `-O…`: the front end sees it too, for `__OPTIMIZE__` and attributes.
    fn opt_level(&mut self, word: &str, level: &str) -> Result<()> {
        self.opt = match level {
            "0" => OptLevel::O0,
            "" | "1" | "g" => OptLevel::O1,
            "2" => OptLevel::O2,
            "3" | "4" | "fast" => OptLevel::O3,
            "s" => OptLevel::Os,
            "z" => OptLevel::Oz,
            _ => {
                return Err(Error::usage(
                    format!("invalid optimisation level `{word}`"),
                    "-O0 -O1 -O2 -O3 -Os -Oz -Og -Ofast",
                ));
            }
        };
        self.front.push(word.to_owned());
        Ok(())
    }

    /// Everything else is the front end's.
    fn front_flag(&mut self, word: &str, words: &mut Words) -> Result<()> {
        if let Some(name) = word.strip_prefix("-fno-builtin-") {
            self.no_builtin.push(name.to_owned());
        }
        self.front.push(word.to_owned());
        if flags::FRONT_WITH_VALUE.contains(&word) {
            self.front.push(words.value(word, "")?);
        }
        Ok(())
    }
}

/// The value of `-x`.
fn parse_language(name: &str) -> Result<Option<Language>> {
    Ok(match name {
        "none" => None,
        "c" => Some(Language::C),
        "cpp-output" => Some(Language::PreprocessedC),
        "ir" => Some(Language::Ir),
        "assembler" | "assembler-with-cpp" => {
            return Err(Error::usage(
                "assembly input is for one ISA and cannot be lowered for the others",
                "write the function in C",
            ));
        }
        other => {
            return Err(Error::usage(
                format!("language `{other}` is not supported"),
                "-x c, cpp-output, ir or none",
            ));
        }
    })
}

/// `a,b` or `a:b` into ISAs, in the order of their ids.
pub fn parse_isas(list: &str) -> Result<Vec<&'static Isa>> {
    let mut isas = Vec::new();
    for name in list.split([',', ':']).filter(|n| !n.is_empty()) {
        let isa = Isa::by_name(name).ok_or_else(|| unknown_isa(name))?;
        if !isas.iter().any(|i: &&Isa| i.id == isa.id) {
            isas.push(isa);
        }
    }
    isas.sort_by_key(|i| i.id);
    Ok(isas)
}

/// The error for a name that is in no table.
pub fn unknown_isa(name: &str) -> Error {
    let names: Vec<_> = ALL.iter().map(|i| i.name).collect();
    Error::usage(
        format!("unknown ISA `{name}`"),
        format!("the ISAs are {}", names.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Args {
        parse(line.split_whitespace().map(str::to_owned).collect()).unwrap()
    }

    fn error(line: &str) -> String {
        parse(line.split_whitespace().map(str::to_owned).collect())
            .unwrap_err()
            .to_string()
    }

    fn file(name: &str) -> Item {
        Item::File(name.into(), None)
    }

    #[test]
    fn compile_only() {
        let a = args("-O2 -c a.c -o a.o");
        assert_eq!(a.mode, Mode::Object);
        assert_eq!(a.items, [file("a.c")]);
        assert_eq!(a.output.as_deref(), Some("a.o"));
        assert_eq!(a.opt, OptLevel::O2);
        assert_eq!(a.front, ["-O2"]);
    }

    #[test]
    fn the_earliest_stage_wins() {
        assert_eq!(args("-c -S -E a.c").mode, Mode::Preprocess);
        assert_eq!(args("-E -c a.c").mode, Mode::Preprocess);
        assert_eq!(args("-c -S a.c").mode, Mode::Assembly);
        assert_eq!(args("-fsyntax-only -c a.c").mode, Mode::Syntax);
        assert_eq!(args("a.c").mode, Mode::Link);
    }

    #[test]
    fn emit_llvm() {
        assert!(args("-emit-llvm -c a.c").emit_llvm);
        assert!(args("-emit-llvm -c a.c").front.is_empty());
    }

    #[test]
    fn every_optimisation_level() {
        for (flag, level) in [
            ("-O0", OptLevel::O0),
            ("-O", OptLevel::O1),
            ("-O1", OptLevel::O1),
            ("-Og", OptLevel::O1),
            ("-O2", OptLevel::O2),
            ("-O3", OptLevel::O3),
            ("-Ofast", OptLevel::O3),
            ("-Os", OptLevel::Os),
            ("-Oz", OptLevel::Oz),
        ] {
            assert_eq!(args(flag).opt, level, "{flag}");
        }
        assert_eq!(args("-O3 -O0").opt, OptLevel::O0);
        assert!(error("-O9").contains("-O9"));
    }

    #[test]
    fn values_joined_and_apart() {
        let a = args("-DA=1 -D B -I inc -Iinc2 -isystem s -include x.h -oout -L lib -Llib2 a.c");
        assert_eq!(
            a.front,
            "-DA=1 -D B -I inc -Iinc2 -isystem s -include x.h"
                .split(' ')
                .collect::<Vec<_>>()
        );
        assert_eq!(a.output.as_deref(), Some("out"));
        assert_eq!(a.lib_dirs, ["lib", "lib2"]);
        assert_eq!(a.items, [file("a.c")]);
        assert!(error("a.c -o").contains("'-o' is missing"));
    }

    #[test]
    fn inputs_and_libraries_keep_their_order() {
        let a = args("a.o -lfoo b.o -l bar -l:x.a");
        assert_eq!(
            a.items,
            [
                file("a.o"),
                Item::Library("foo".into()),
                file("b.o"),
                Item::Library("bar".into()),
                Item::Library(":x.a".into()),
            ]
        );
    }

    #[test]
    fn language_holds_until_the_next() {
        let a = args("-x c - -xir b -x none c.o");
        assert_eq!(
            a.items,
            [
                Item::File("-".into(), Some(Language::C)),
                Item::File("b".into(), Some(Language::Ir)),
                file("c.o"),
            ]
        );
        assert!(error("-x assembler a.s").contains("one ISA"));
        assert!(error("-x fortran a.f").contains("fortran"));
    }

    #[test]
    fn operands_after_two_dashes() {
        assert_eq!(args("-- -c").items, [file("-c")]);
    }

    #[test]
    fn dependencies() {
        let a = args("-MD -MF a.d -MT t -MP -c a.c");
        assert_eq!(a.deps.flag.as_deref(), Some("-MD"));
        assert_eq!(a.deps.file.as_deref(), Some("a.d"));
        assert!(a.deps.target);
        assert_eq!(a.front, ["-MT", "t", "-MP"]);
        assert_eq!(args("-MM a.c").mode, Mode::Preprocess);
        assert_eq!(args("-MM a.c").front, ["-MM"]);
        assert_eq!(args("-MMD -c a.c").deps.flag.as_deref(), Some("-MMD"));
    }

    #[test]
    fn isas() {
        let names: Vec<_> = ALL.iter().map(|i| i.name).rev().collect();
        let a = args(&format!("--popcorn-isas={}", names.join(",")));
        assert_eq!(a.isas.len(), ALL.len());
        assert_eq!(a.isas[0].id, 0, "the base ISA comes first");
        assert!(error("--popcorn-isas=vax").contains("unknown ISA `vax`"));
    }

    #[test]
    fn migration_points() {
        for (name, points) in [
            ("none", Points::None),
            ("functions", Points::Functions),
            ("loops", Points::Loops),
            ("all", Points::All),
        ] {
            assert_eq!(
                args(&format!("--popcorn-migration-points={name}")).points,
                points
            );
        }
        assert_eq!(args("").points, Points::Loops);
        assert!(args("").instrument && !args("--popcorn-uninstrumented").instrument);
        assert!(error("--popcorn-migration-points=some").contains("some"));
        assert!(error("--popcorn-typo").contains("--popcorn-typo"));
    }

    #[test]
    fn save_temps_and_dry_run() {
        assert_eq!(args("--save-temps=d").save_temps.as_deref(), Some("d"));
        assert_eq!(args("-save-temps").save_temps.as_deref(), Some("."));
        assert!(args("-###").dry_run);
        assert!(args("-v").verbose);
        assert!(args("--time").time && args("-time").time && !args("-c").time);
        assert_eq!(args("--sysroot=r").sysroot.as_deref(), Some("r"));
    }

    #[test]
    fn linker_flags() {
        let a = args("-Wl,-Map,m.txt -Wl,--start-group,--end-group -Wl,-u,x -u y -e go");
        assert_eq!(a.map.as_deref(), Some("m.txt"));
        assert_eq!(a.keep, ["x", "y"]);
        assert_eq!(a.entry.as_deref(), Some("go"));
        assert_eq!(args("-Wl,-Map=m").map.as_deref(), Some("m"));
        args("-Wl,-z,now -z relro -Wl,-rpath,/x -Wl,--as-needed -Xlinker -s");
        assert!(error("-Wl,--wrap=malloc").contains("--wrap=malloc"));
        assert!(!args("-nostdlib").default_libs);
        assert!(!args("-nostdinc").std_includes);
    }

    #[test]
    fn flags_of_no_effect_are_dropped() {
        let a = args("-static -pthread -fPIC -fstack-protector-strong -mtune=native -m64 -pipe");
        assert!(a.front.is_empty(), "{:?}", a.front);
    }

    #[test]
    fn flags_that_cannot_be_obeyed_are_named() {
        for flag in [
            "-shared",
            "-r",
            "-m32",
            "-march=native",
            "-mavx2",
            "-pg",
            "-fsanitize=address",
        ] {
            assert!(error(flag).contains(&format!("`{flag}`")), "{flag}");
        }
        args("-march=x86-64 -msse2");
    }

    #[test]
    fn unknown_flags_pass_through() {
        let a = args("-Wall -Werror=foo -std=c11 -g -fwrapv -w -undef -fno-strict-aliasing");
        assert_eq!(a.front.len(), 8);
    }

    #[test]
    fn no_builtin_names() {
        let a = args("-fno-builtin-malloc -fno-builtin");
        assert_eq!(a.no_builtin, ["malloc"]);
        assert_eq!(a.front.len(), 2);
    }

    #[test]
    fn queries() {
        assert_eq!(args("--version").query, Some(Query::Version));
        assert_eq!(
            args("-dumpmachine").query,
            Some(Query::Clang("-dumpmachine".into()))
        );
        assert_eq!(
            args("-print-file-name=libc.a").query,
            Some(Query::FileName("libc.a".into()))
        );
        assert_eq!(
            args("-print-prog-name=ld").query,
            Some(Query::Clang("-print-prog-name=ld".into()))
        );
        assert_eq!(args("-print-search-dirs").query, Some(Query::SearchDirs));
        assert_eq!(args("a.c").query, None);
    }
}
