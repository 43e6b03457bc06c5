//! The flags for rustc and rustdoc that a user has set, as cargo finds them.
//!
//! Cargo takes flags from one place only, and of a configuration file's forms (text, list) merges none with
//! another. So ours and the user's go together into the variable that cargo looks at first.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use cargo_platform::{Cfg, Platform};
use toml::{Table, Value};

use crate::error::{Error, Result};

/// One of the programs that cargo gives flags to.
#[derive(Debug)]
pub struct Tool {
    /// In configuration files.
    key: &'static str,
    /// Flags between spaces.
    variable: &'static str,
    /// Flags between 0x1f bytes.
    pub encoded: &'static str,
}

pub const RUSTC: Tool = Tool {
    key: "rustflags",
    variable: "RUSTFLAGS",
    encoded: "CARGO_ENCODED_RUSTFLAGS",
};
pub const RUSTDOC: Tool = Tool {
    key: "rustdocflags",
    variable: "RUSTDOCFLAGS",
    encoded: "CARGO_ENCODED_RUSTDOCFLAGS",
};

/// What the user has set for crates of `target`: the environment's, or the configuration's for the target, or else
/// for all builds.
pub fn users(tool: &Tool, target: &str, configuration: &[Table]) -> Result<Vec<String>> {
    if let Ok(text) = std::env::var(tool.encoded) {
        return Ok(split(&text, '\x1f'));
    }
    if let Ok(text) = std::env::var(tool.variable) {
        return Ok(split(&text, ' '));
    }
    let name = target.replace('-', "_").to_uppercase();
    let mut flags = section(configuration, &["target", target, tool.key]);
    flags.extend(set(&format!("CARGO_TARGET_{name}_{}", tool.variable)));
    for condition in conditions(configuration, tool) {
        if holds(&condition, target)? {
            flags.extend(section(configuration, &["target", &condition, tool.key]));
        }
    }
    if flags.is_empty() {
        flags = section(configuration, &["build", tool.key]);
        flags.extend(set(&format!("CARGO_BUILD_{}", tool.variable)));
    }
    Ok(flags)
}

fn split(text: &str, by: char) -> Vec<String> {
    let words = text.split(by).filter(|w| !w.is_empty());
    words.map(str::to_owned).collect()
}

fn set(variable: &str) -> Vec<String> {
    std::env::var(variable).map_or(Vec::new(), |text| split(&text, ' '))
}

/// What all configurations have in one place.
pub fn values<'a>(configuration: &'a [Table], path: &[&str]) -> impl Iterator<Item = &'a Value> {
    configuration.iter().filter_map(|table| {
        let (first, rest) = path.split_first()?;
        rest.iter()
            .try_fold(table.get(*first)?, |value, key| value.get(key))
    })
}

fn section(configuration: &[Table], path: &[&str]) -> Vec<String> {
    values(configuration, path).flat_map(words).collect()
}

fn words(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => split(text, ' '),
        Value::Array(list) => {
            let texts = list.iter().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// The `cfg(…)` of `[target.'cfg(…)']` that have flags, sorted, as cargo goes through them.
fn conditions(configuration: &[Table], tool: &Tool) -> Vec<String> {
    let targets = configuration.iter().filter_map(|t| t.get("target"));
    let mut found: Vec<_> = targets
        .filter_map(Value::as_table)
        .flatten()
        .filter(|(name, value)| name.starts_with("cfg(") && value.get(tool.key).is_some())
        .map(|(name, _)| name.clone())
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Whether a `cfg(…)` is so for `target`. One that cannot be read is cargo's to complain about.
fn holds(condition: &str, target: &str) -> Result<bool> {
    let Ok(platform) = Platform::from_str(condition) else {
        return Ok(false);
    };
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(&rustc);
    command.args(["--print=cfg", "--target", target]);
    let output = command.output().map_err(|source| Error::Tool {
        tool: rustc.display().to_string(),
        source,
        help: "install Rust, with rustup for instance".into(),
    })?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let facts: Vec<_> = text.lines().filter_map(|l| Cfg::from_str(l).ok()).collect();
    Ok(platform.matches(target, &facts))
}

/// What cargo reads as its configuration from `dir`, least important first; `given` are the values of `--config`.
pub fn configuration<'a>(dir: &Path, given: impl Iterator<Item = &'a str>) -> Result<Vec<Table>> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let mut folders: Vec<_> = dir.ancestors().map(|d| d.join(".cargo")).collect();
    folders.extend(home.filter(|home| !folders.contains(home)));
    let mut tables = Vec::new();
    for folder in folders.iter().rev() {
        // The older name goes first where there are both.
        let files = ["config", "config.toml"].map(|name| folder.join(name));
        if let Some(file) = files.iter().find(|f| f.is_file()) {
            tables.push(table(file)?);
        }
    }
    for value in given {
        match Path::new(value) {
            file if file.is_file() => tables.push(table(file)?),
            _ => tables.extend(value.parse::<Table>()),
        }
    }
    Ok(tables)
}

fn table(file: &Path) -> Result<Table> {
    let text = fs::read_to_string(file).map_err(Error::io(file))?;
    text.parse()
        .map_err(|e| Error::Plain(format!("{}: {e}", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: &str = "x86_64-unknown-linux-gnu";
    /// A tool whose variables nobody sets.
    const TOOL: Tool = Tool {
        key: "rustflags",
        variable: "POPCORN_NOBODYS_FLAGS",
        encoded: "POPCORN_NOBODYS_ENCODED_FLAGS",
    };

    fn found(texts: &[&str]) -> Vec<String> {
        let tables: Vec<Table> = texts.iter().map(|t| t.parse().unwrap()).collect();
        users(&TOOL, TARGET, &tables).unwrap()
    }

    #[test]
    fn all_builds_flags_count_where_the_target_has_none() {
        let build = "build.rustflags = ['-Ca', '--cfg=b c']";
        let later = "[build]\nrustflags = '-Cd  -Ce'";
        assert_eq!(found(&[build, later]), ["-Ca", "--cfg=b c", "-Cd", "-Ce"]);
        let target = format!("[target.{TARGET}]\nrustflags = '-Ct'");
        assert_eq!(found(&[build, &target]), ["-Ct"]);
        let other = "[target.sparc-sun-solaris]\nrustflags = '-Ct'";
        assert_eq!(found(&[other, later]), ["-Cd", "-Ce"]);
    }

    #[test]
    fn conditions_are_evaluated() {
        let build = "build.rustflags = '-Cb'";
        let linux = "[target.'cfg(target_os = \"linux\")']\nrustflags = ['-Cl']";
        let windows = "[target.'cfg(windows)']\nrustflags = ['-Cw']";
        let target = format!("[target.{TARGET}]\nrustflags = '-Ct'");
        assert_eq!(found(&[build, windows]), ["-Cb"]);
        assert_eq!(found(&[linux, build, windows, &target]), ["-Ct", "-Cl"]);
    }

    #[test]
    fn nearer_files_come_later() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a/b");
        for (folder, text) in [(dir.path(), "x = 1"), (&inner, "x = 2")] {
            fs::create_dir_all(folder.join(".cargo")).unwrap();
            fs::write(folder.join(".cargo/config.toml"), text).unwrap();
        }
        let tables = configuration(&inner, ["x = 3"].into_iter()).unwrap();
        let values: Vec<_> = tables.iter().filter_map(|t| t.get("x")).collect();
        assert_eq!(
            values,
            [1, 2, 3].map(Value::from).iter().collect::<Vec<_>>()
        );
        fs::write(inner.join(".cargo/config.toml"), "x = ").unwrap();
        assert!(configuration(&inner, [].into_iter()).is_err());
    }
}
