//! What a test program says about itself.
//!
//! A program is a C file whose first line is a comment that says what it proves. Lines that begin with
//! `//#` are directives, `//#Name: value`; an unknown name or a malformed value is an error.
//!
//! | directive | meaning | default |
//! |---|---|---|
//! | `//#Config: O0, O2` | optimisation levels at which it goes through all runs | `O0, O2` |
//! | `//#Briefly: O1, O3, Os` | levels at which it only moves in place, at one k, and across all ISAs | `O1, O3, Os` |
//! | `//#Migrate: every 1 / 7 / 101` | k of the runs in which it is captured and resumed in place | `every 1 / 7 / 101` |
//! | `//#AsBuilt: every 1` | k of the run in place at the points there are by default; `never`: none | `every 1` |
//! | `//#Cycle: every 5 at most 6` | k and number of hops of the run across all ISAs | `every 5 at most 6` |
//! | `//#Cycle: never` | not run across ISAs | |
//! | `//#Flags: -pthread` | flags for both compilers | none |
//! | `//#Args: a b` | arguments | none |
//! | `//#Env: NAME=VALUE` | adds to the environment; may be repeated | none |
//! | `//#Stdin: text` | one line of standard input; may be repeated | empty |
//! | `//#ExpectSym: name same-address` | the symbol lies at one address in all images; may be repeated | |
//! | `//#Timeout: 60` | seconds a run may take | 60 |
//!
//! Success is exit status 42, so that a program that dies quietly with 0 fails.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

/// Exit status of a program that is content.
pub const SUCCESS: i32 = 42;

/// The hops of a run across ISAs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cycle {
    /// A hop at every k-th migration point.
    pub every: u64,
    /// Number of hops after which the program is left alone.
    pub max: u64,
}

/// One program and its expectations.
#[derive(Debug, Clone)]
pub struct Program {
    pub path: PathBuf,
    /// `topic/name`.
    pub name: String,
    /// Optimisation levels of all runs, without the dash.
    pub configs: Vec<String>,
    /// Levels at which there are few.
    pub brief: Vec<String>,
    /// k of the runs in place.
    pub every: Vec<u64>,
    /// k of the run in place at the points there are by default.
    pub as_built: Option<u64>,
    pub cycle: Option<Cycle>,
    pub flags: Vec<String>,
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    pub stdin: String,
    pub same_address: Vec<String>,
    /// Seconds.
    pub timeout: u64,
}

impl Program {
    /// Parses the directives in `text`.
    pub fn parse(path: &Path, name: &str, text: &str) -> Result<Program> {
        let mut program = Program {
            path: path.to_owned(),
            name: name.to_owned(),
            configs: vec!["O0".into(), "O2".into()],
            brief: vec!["O1".into(), "O3".into(), "Os".into()],
            every: vec![1, 7, 101],
            as_built: Some(1),
            cycle: Some(Cycle { every: 5, max: 6 }),
            flags: Vec::new(),
            args: Vec::new(),
            env: Vec::new(),
            stdin: String::new(),
            same_address: Vec::new(),
            timeout: 60,
        };
        ensure!(
            text.starts_with("// "),
            "{}: the first line must be a comment that says what the program proves",
            path.display()
        );
        for (i, line) in text.lines().enumerate() {
            if let Some(directive) = line.trim_start().strip_prefix("//#") {
                program
                    .directive(directive)
                    .with_context(|| format!("{}:{}", path.display(), i + 1))?;
            }
        }
        Ok(program)
    }

    fn directive(&mut self, directive: &str) -> Result<()> {
        let (name, value) = directive
            .split_once(':')
            .with_context(|| format!("`{directive}` is not `Name: value`"))?;
        let value = value.trim();
        let words = || value.split_whitespace().map(str::to_owned);
        match name {
            "Config" => self.configs = levels(value)?,
            "Briefly" if value == "never" => self.brief.clear(),
            "Briefly" => self.brief = levels(value)?,
            "Migrate" => {
                let list = value
                    .strip_prefix("every")
                    .context("expected `every K / K`")?;
                self.every = list
                    .split('/')
                    .map(|k| Ok(k.trim().parse()?))
                    .collect::<Result<_>>()?;
            }
            "AsBuilt" if value == "never" => self.as_built = None,
            "AsBuilt" => {
                let k = value.strip_prefix("every").context("expected `every K`")?;
                self.as_built = Some(k.trim().parse()?);
            }
            "Cycle" if value == "never" => self.cycle = None,
            "Cycle" => {
                let words: Vec<_> = value.split_whitespace().collect();
                let ["every", every, "at", "most", max] = words[..] else {
                    bail!("expected `every K at most M`");
                };
                self.cycle = Some(Cycle {
                    every: every.parse()?,
                    max: max.parse()?,
                });
            }
            "Flags" => self.flags = words().collect(),
            "Args" => self.args = words().collect(),
            "Env" => {
                let (name, value) = value.split_once('=').context("expected NAME=VALUE")?;
                self.env.push((name.to_owned(), value.to_owned()));
            }
            "Stdin" => {
                self.stdin.push_str(value);
                self.stdin.push('\n');
            }
            "ExpectSym" => {
                let symbol = value
                    .strip_suffix("same-address")
                    .context("expected `SYMBOL same-address`")?;
                self.same_address.push(symbol.trim().to_owned());
            }
            "Timeout" => self.timeout = value.parse()?,
            other => bail!("unknown directive `{other}`"),
        }
        Ok(())
    }
}

fn levels(list: &str) -> Result<Vec<String>> {
    list.split(',')
        .map(|level| {
            let level = level.trim();
            ensure!(
                ["O0", "O1", "O2", "O3", "Os", "Oz"].contains(&level),
                "unknown optimisation level `{level}`"
            );
            Ok(level.to_owned())
        })
        .collect()
}

/// Every program below `dir` (`dir/topic/name.c`), sorted by name.
pub fn collect(dir: &Path) -> Result<Vec<Program>> {
    let mut programs = Vec::new();
    for topic in std::fs::read_dir(dir).with_context(|| dir.display().to_string())? {
        let topic = topic?.path();
        if !topic.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(&topic)? {
            let file = file?.path();
            if file.extension().is_some_and(|e| e == "c") {
                let text = std::fs::read_to_string(&file)?;
                let part = |p: &Path| p.file_stem().unwrap_or_default().display().to_string();
                let name = format!("{}/{}", part(&topic), part(&file));
                programs.push(Program::parse(&file, &name, &text)?);
            }
        }
    }
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(programs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Program> {
        Program::parse(Path::new("t.c"), "t", &format!("// A test.\n{text}"))
    }

    #[test]
    fn every_directive() {
        let p = parse(
            "//#Config: O1, O3\n//#Briefly: Oz\n//#Migrate: every 2 / 3\n//#AsBuilt: every 6\n//#Cycle: every 9 at most 4\n\
             //#Flags: -lm -g\n//#Args: x y\n//#Env: A=B=C\n//#Stdin: one\n//#Stdin: two\n\
             //#ExpectSym: main same-address\n//#Timeout: 5\n",
        )
        .unwrap();
        assert_eq!(p.configs, ["O1", "O3"]);
        assert_eq!(p.brief, ["Oz"]);
        assert_eq!(p.every, [2, 3]);
        assert_eq!(p.as_built, Some(6));
        assert_eq!(p.cycle, Some(Cycle { every: 9, max: 4 }));
        assert_eq!(p.flags, ["-lm", "-g"]);
        assert_eq!(p.args, ["x", "y"]);
        assert_eq!(p.env, [("A".to_owned(), "B=C".to_owned())]);
        assert_eq!(p.stdin, "one\ntwo\n");
        assert_eq!(p.same_address, ["main"]);
        assert_eq!(p.timeout, 5);
    }

    #[test]
    fn mistakes_are_errors_that_name_the_line() {
        for bad in [
            "//#Confg: O2",
            "//#Config: O9",
            "//#Briefly: always",
            "//#AsBuilt: 7",
            "//#Migrate: always",
            "//#Cycle: every x at most 2",
            "//#ExpectSym: main",
            "//#nonsense",
        ] {
            let error = format!("{:#}", parse(bad).unwrap_err());
            assert!(error.starts_with("t.c:2"), "{bad}: {error}");
        }
        assert!(Program::parse(Path::new("t.c"), "t", "int x;").is_err());
    }
}
