//! Archives of fat objects: an ordinary `ar` file with a symbol table of the x86-64 symbols.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::tools;

/// Writes the members in the given order. Dates and owners are zero, so equal input gives equal bytes.
pub fn write(path: &Path, members: &[(String, Vec<u8>)]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut list = String::new();
    for (name, contents) in members {
        let member = folder.path().join(name);
        fs::write(&member, contents).with_context(|| format!("{}", member.display()))?;
        list.push_str(&format!("\"{}\"\n", member.display()));
    }
    let response = folder.path().join("members.rsp");
    fs::write(&response, list)?;
    tools::run(
        tools::command("llvm-ar")
            .arg("--format=gnu")
            .arg("rcsD")
            .arg(path)
            .arg(format!("@{}", response.display())),
        &path.display().to_string(),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_archive_is_an_archive() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("libm.a");
        write(&path, &[]).unwrap();
        assert_eq!(fs::read(path).unwrap(), b"!<arch>\n");
    }
}
