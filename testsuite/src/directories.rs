//! Directories for tests.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result};
use tempfile::TempDir;

/// A temporary directory that everyone may enter.
pub fn public_directory() -> Result<TempDir> {
    let places = [std::env::temp_dir(), "/tmp".into(), "/var/tmp".into()];
    let place = (places.iter().find(|place| everyone_may_enter(place)))
        .with_context(|| format!("everyone may enter none of {places:?}"))?;
    let dir = tempfile::tempdir_in(place)?;
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755))?;
    Ok(dir)
}

/// Whether everyone may enter a directory and all those above it.
fn everyone_may_enter(dir: &Path) -> bool {
    dir.canonicalize().is_ok_and(|dir| {
        dir.ancestors()
            .all(|dir| fs::metadata(dir).is_ok_and(|it| it.mode() & 0o001 != 0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_folder_is_not_for_everyone() -> Result<()> {
        let outer = public_directory()?;
        let inner = outer.path().join("inner");
        fs::create_dir(&inner)?;
        assert!(everyone_may_enter(&inner));
        fs::set_permissions(outer.path(), Permissions::from_mode(0o700))?;
        assert!(!everyone_may_enter(&inner));
        Ok(())
    }
}
