//! `toolchains/libc/classes.txt`: how each file of libc is compiled, and where user code is called.

use std::collections::HashSet;

use anyhow::{Context, Result, bail};

use super::compile::Unit;
use super::overlay;

/// The parsed table; its first lines explain the words.
#[derive(Debug, Default)]
pub struct Classes {
    exclude: HashSet<String>,
    callback: HashSet<String>,
    /// Functions that call user code themselves.
    pub roots: HashSet<String>,
    /// Functions whose calls of roots do not count.
    pub cuts: HashSet<String>,
    /// Functions in which a thread waits: they and all callers have frames.
    pub waiting: HashSet<String>,
    /// Functions of the runtime that never reach user code.
    pub leaves: HashSet<String>,
}

impl Classes {
    pub fn embedded() -> Result<Self> {
        Self::parse(overlay::text("libc/classes.txt")?)
    }

    pub fn parse(text: &str) -> Result<Self> {
        let mut classes = Self::default();
        for (i, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (word, name) = line
                .split_once(' ')
                .with_context(|| format!("classes.txt:{}: no name", i + 1))?;
            let set = match word {
                "exclude" => &mut classes.exclude,
                "callback" => &mut classes.callback,
                "root" => &mut classes.roots,
                "cut" => &mut classes.cuts,
                "waiting" => &mut classes.waiting,
                "leaf" => &mut classes.leaves,
                _ => bail!("classes.txt:{}: unknown word `{word}`", i + 1),
            };
            if !set.insert(name.to_owned()) {
                bail!("classes.txt:{}: `{name}` twice", i + 1);
            }
        }
        Ok(classes)
    }

    pub fn excluded(&self, file: &str) -> bool {
        self.exclude.contains(file)
    }

    pub fn callback(&self, file: &str) -> bool {
        self.callback.contains(file)
    }

    /// A callback file that does not exist is a typing mistake that would go unnoticed.
    pub fn check_used(&self, units: &[Unit]) -> Result<()> {
        let names: HashSet<&str> = units.iter().map(|unit| unit.name.as_str()).collect();
        for file in &self.callback {
            if !names.contains(file.as_str()) {
                bail!("classes.txt: no file `{file}`");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_table_parses() {
        let classes = Classes::embedded().unwrap();
        assert!(classes.callback("src/stdlib/qsort.c"));
        assert!(classes.excluded("src/setjmp/longjmp.c"));
        assert!(classes.roots.contains("exit"));
    }

    #[test]
    fn mistakes_name_their_line() {
        let error = Classes::parse("# x\nroots qsort\n").unwrap_err();
        assert_eq!(error.to_string(), "classes.txt:2: unknown word `roots`");
        let error = Classes::parse("root a\nroot a\n").unwrap_err();
        assert_eq!(error.to_string(), "classes.txt:2: `a` twice");
    }
}
