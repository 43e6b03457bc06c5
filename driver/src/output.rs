//! Files appear whole or not at all: written beside their place under another name, then renamed.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempPath};

use crate::error::{Error, Result};

/// A file under way to `path`. Dropped before [`commit`](Self::commit), it leaves nothing behind.
pub struct Pending {
    temp: TempPath,
    path: PathBuf,
}

impl Pending {
    /// Makes an empty file in the directory of `path`.
    pub fn new(path: &Path, executable: bool) -> Result<Pending> {
        let dir = match path.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => dir,
            _ => Path::new("."),
        };
        let mode = if executable { 0o777 } else { 0o666 };
        let temp = Builder::new()
            .prefix(".popcorn-")
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(dir)
            .map_err(|e| Error::Io {
                path: path.to_owned(),
                source: e,
            })?
            .into_temp_path();
        Ok(Pending {
            temp,
            path: path.to_owned(),
        })
    }

    /// Where to write until then.
    pub fn temp(&self) -> &Path {
        &self.temp
    }

    /// The same file on its way to another place in the same directory.
    pub fn renamed(self, path: &Path) -> Pending {
        Pending {
            temp: self.temp,
            path: path.to_owned(),
        }
    }

    /// Puts the file in its place.
    pub fn commit(self) -> Result<()> {
        let path = self.path;
        self.temp.persist(&path).map_err(|e| Error::Io {
            path,
            source: e.error,
        })
    }
}

/// Writes `bytes` to `path`, whole or not at all. `-` is standard output; a device is written in place.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if path == Path::new("-") {
        return std::io::stdout().write_all(bytes).map_err(Error::io(path));
    }
    if is_special(path) {
        return fs::write(path, bytes).map_err(Error::io(path));
    }
    let pending = Pending::new(path, false)?;
    fs::write(pending.temp(), bytes).map_err(Error::io(path))?;
    pending.commit()
}

/// Whether `path` is something that a rename would destroy, such as `/dev/null`.
pub fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|m| !m.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_a_file_that_was_not_finished() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let pending = Pending::new(&path, false).unwrap();
        fs::write(pending.temp(), "half").unwrap();
        drop(pending);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_finished_file_has_ordinary_permissions() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let pending = Pending::new(&path, true).unwrap();
        pending.commit().unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o700, 0o700, "{mode:o}");
        write(&path, b"x").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"x");
    }
}
