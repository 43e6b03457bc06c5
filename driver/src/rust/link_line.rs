//! The command line that rustc gives its linker, in the form for a C compiler (`-Clinker-flavor=gcc`).

use std::path::PathBuf;

use popcorn_passes::OptLevel;

use crate::error::{Error, Result};

/// What to link, as far as the line says it.
#[derive(Debug, PartialEq, Eq)]
pub struct LinkLine {
    /// Objects, rlibs and archives, in order.
    pub files: Vec<PathBuf>,
    /// `-l` names, in order, with whether the line asks for the archive.
    pub libraries: Vec<(String, bool)>,
    /// `-L` folders.
    pub folders: Vec<PathBuf>,
    pub output: PathBuf,
    /// Whether it asks for a shared library.
    pub shared: bool,
    pub opt: OptLevel,
    /// `--popcorn-…` and `--save-temps=`, with popcorn-cc's meaning.
    pub own_flags: Vec<String>,
}

/// Libraries of the system's that std asks for. What they hold is in libc, in the runtime, or, as far as
/// unwinding goes, not there.
const OF_STD: &[&str] = &[
    "gcc_s", "gcc_eh", "gcc", "c", "m", "rt", "pthread", "util", "dl", "resolv", "atomic",
];

/// Options with a value in the next word that say nothing about what is linked.
const SKIPPED_WITH_VALUE: &[&str] = &["-z", "-soname", "-rpath", "-dynamic-linker", "-m"];

/// Parses the words after the program's name.
pub fn parse(words: &[String]) -> Result<LinkLine> {
    let mut line = LinkLine {
        files: Vec::new(),
        libraries: Vec::new(),
        folders: Vec::new(),
        output: PathBuf::new(),
        shared: false,
        opt: OptLevel::O2,
        own_flags: Vec::new(),
    };
    let mut is_static = false;
    let mut flat = words.iter().flat_map(|word| {
        let parts: Vec<&str> = match word.strip_prefix("-Wl,") {
            Some(rest) => rest.split(',').collect(),
            None => vec![word.as_str()],
        };
        parts
    });
    while let Some(word) = flat.next() {
        match word {
            "-o" => line.output = value(word, flat.next())?.into(),
            "-L" => line.folders.push(value(word, flat.next())?.into()),
            "-l" => add_library(&mut line, value(word, flat.next())?, is_static),
            "-Bstatic" => is_static = true,
            "-Bdynamic" => is_static = false,
            "-shared" | "--shared" => line.shared = true,
            _ if SKIPPED_WITH_VALUE.contains(&word) => {
                flat.next();
            }
            _ => {
                if word.starts_with(super::cargo::TOOLCHAIN) {
                    continue;
                } else if word.starts_with("--popcorn-") || word.starts_with("--save-temps=") {
                    line.own_flags.push(word.to_owned());
                } else if let Some(name) = word.strip_prefix("-l") {
                    add_library(&mut line, name, is_static);
                } else if let Some(folder) = word.strip_prefix("-L") {
                    line.folders.push(folder.into());
                } else if let Some(level) = word.strip_prefix("-plugin-opt=O") {
                    line.opt = level_of(level);
                } else if !word.starts_with('-') {
                    line.files.push(word.into());
                }
                // Anything else asks for something that is so anyway, such as --gc-sections.
            }
        }
    }
    if line.output.as_os_str().is_empty() {
        return Err(Error::Plain("the linker's command line has no -o".into()));
    }
    Ok(line)
}

fn value<'a>(word: &str, next: Option<&'a str>) -> Result<&'a str> {
    next.ok_or_else(|| Error::Plain(format!("the linker's command line ends after {word}")))
}

fn add_library(line: &mut LinkLine, name: &str, is_static: bool) {
    if !OF_STD.contains(&name) {
        line.libraries.push((name.to_owned(), is_static));
    }
}

/// Never O0. A build waits for the back ends of all ISAs: with std unreduced they take three times as long, and no
/// debug information is kept that optimisation could spoil. What the dev profile checks at run time is in the bitcode.
fn level_of(text: &str) -> OptLevel {
    match text {
        "0" | "1" => OptLevel::O1,
        "3" => OptLevel::O3,
        "s" => OptLevel::Os,
        "z" => OptLevel::Oz,
        _ => OptLevel::O2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Result<LinkLine> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        parse(&words)
    }

    #[test]
    fn what_rustc_says_is_understood() {
        let parsed = line(
            "-m64 /t/symbols.o a-1.a.2-cgu.0.rcgu.o -Wl,--as-needed -Wl,-Bstatic /r/libstd-1.rlib -lz \
             -Wl,-Bdynamic -lgcc_s -lc -lssl -L /t/raw -Wl,-z,noexecstack -Wl,-plugin-opt=O3 \
             -Wl,-plugin-opt=mcpu=x -L/u -o /o/a-1 -Wl,--gc-sections -no-pie -Wl,-O1 -nodefaultlibs",
        )
        .unwrap();
        let files: Vec<_> = parsed.files.iter().map(|f| f.to_str().unwrap()).collect();
        assert_eq!(
            files,
            ["/t/symbols.o", "a-1.a.2-cgu.0.rcgu.o", "/r/libstd-1.rlib"]
        );
        assert_eq!(
            parsed.libraries,
            [("z".to_owned(), true), ("ssl".to_owned(), false)]
        );
        assert_eq!(parsed.folders.len(), 2);
        assert_eq!(parsed.output, PathBuf::from("/o/a-1"));
        assert_eq!(parsed.opt, OptLevel::O3);
    }

    #[test]
    fn no_program_is_left_as_large_as_std() {
        for (word, level) in [
            ("0", OptLevel::O1),
            ("2", OptLevel::O2),
            ("s", OptLevel::Os),
        ] {
            let parsed = line(&format!("a.o -o a -Wl,-plugin-opt=O{word}")).unwrap();
            assert_eq!(parsed.opt, level);
        }
    }

    #[test]
    fn shared_libraries_are_known() {
        assert!(line("-shared a.o -o /x/libplug.so").unwrap().shared);
        assert!(!line("a.o -o /x/a").unwrap().shared);
        assert!(line("a.o").is_err());
        assert!(line("a.o -o").is_err());
    }
}
