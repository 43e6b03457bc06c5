//! The list of tests of a foreign suite that are left out or need not pass, each with its reason.

use std::path::Path;

use anyhow::{Result, bail, ensure};

/// What is to become of a test.
#[derive(Clone, Copy, PartialEq)]
pub enum Fate {
    Passes,
    LeftOut,
    Fails,
    /// Passes or fails: a race of the test's own.
    Varies,
}

/// The list of exceptions. A line: test, fate, ways (joined by commas; `*` for all), reason.
pub struct Exceptions(Vec<(String, Fate, Vec<String>)>);

impl Exceptions {
    pub fn parse(text: &str) -> Result<Exceptions> {
        let lines = text
            .lines()
            .filter(|l| !l.is_empty() && !l.starts_with('#'));
        let parse = |line: &str| {
            let words: Vec<_> = line.split_whitespace().collect();
            let [name, fate, ways, _reason, ..] = words[..] else {
                bail!("`{line}`: wants a test, a fate, ways, a reason");
            };
            let fate = match fate {
                "left-out" if ways == "*" => Fate::LeftOut,
                "fails" => Fate::Fails,
                "varies" => Fate::Varies,
                _ => bail!("`{line}`: left-out *, fails or varies"),
            };
            let ways = ways.split(',').map(str::to_owned).collect();
            Ok((name.to_owned(), fate, ways))
        };
        lines.map(parse).collect::<Result<_>>().map(Exceptions)
    }

    pub fn of(&self, name: &str, way: &str) -> Fate {
        let found = self
            .0
            .iter()
            .find(|(test, _, ways)| test == name && ways.iter().any(|w| w == "*" || w == way));
        found.map_or(Fate::Passes, |(_, fate, _)| *fate)
    }

    pub fn leaves_out(&self, name: &str) -> bool {
        let mut all = self.0.iter();
        all.any(|(test, fate, _)| test == name && *fate == Fate::LeftOut)
    }

    /// No line is about a test that there is not.
    pub fn exist(&self, source: &Path) -> Result<()> {
        for (name, ..) in &self.0 {
            let file = source.join("conformance").join(format!("{name}.c"));
            ensure!(file.exists(), "real/posix-exceptions: there is no {name}");
        }
        Ok(())
    }
}
