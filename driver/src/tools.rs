//! Where the tools and the sysroot are.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};

/// The front end's program name.
const CLANG: &str = "clang-22";

/// The front end: `$POPCORN_CLANG`, or the first `clang-22` on `PATH`.
pub fn clang() -> Result<PathBuf> {
    if let Some(path) = env::var_os("POPCORN_CLANG") {
        return Ok(path.into());
    }
    on_path(CLANG).ok_or_else(|| {
        Error::usage(
            format!("`{CLANG}` is not on PATH"),
            "run `make deps`, or set POPCORN_CLANG",
        )
    })
}

/// The first executable file of this name on `PATH`.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| is_executable(file))
}

/// Whether `file` is a regular file that somebody may execute.
pub fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

/// clang's own headers (`stddef.h`, `stdatomic.h`, …), found beside the program or by asking it.
pub fn resource_include(clang: &Path) -> Result<PathBuf> {
    let beside = || {
        let lib = clang
            .canonicalize()
            .ok()?
            .parent()?
            .parent()?
            .join("lib/clang/22/include");
        lib.is_dir().then_some(lib)
    };
    if let Some(dir) = beside() {
        return Ok(dir);
    }
    let output = Command::new(clang)
        .arg("-print-resource-dir")
        .output()
        .map_err(|source| Error::Tool {
            tool: clang.display().to_string(),
            source,
            help: "run `make deps`".into(),
        })?;
    Ok(Path::new(String::from_utf8_lossy(&output.stdout).trim()).join("include"))
}

/// Headers, libc and runtime that programs are built against.
#[derive(Debug, Clone)]
pub struct Sysroot(pub PathBuf);

impl Sysroot {
    /// Looks at the path named on the command line, `$POPCORN_SYSROOT`, `../sysroot` and
    /// `../lib/popcorn/sysroot` as seen from this program; the first that is named must be one.
    pub fn find(named: Option<&str>) -> Result<Sysroot> {
        if let Some(dir) = named
            .map(PathBuf::from)
            .or_else(|| env::var_os("POPCORN_SYSROOT").map(PathBuf::from))
        {
            return Sysroot::at(&dir).ok_or_else(|| {
                Error::usage(
                    format!("{}: not a popcorn sysroot", dir.display()),
                    "build one with `popcorn sysroot --prefix DIR`",
                )
            });
        }
        let exe = env::current_exe().and_then(|e| e.canonicalize());
        let exe = exe.map_err(Error::io(Path::new("/proc/self/exe")))?;
        let bin = exe.parent().unwrap_or(Path::new("."));
        ["../sysroot", "../lib/popcorn/sysroot"]
            .iter()
            .filter_map(|rel| bin.join(rel).canonicalize().ok())
            .find_map(|dir| Sysroot::at(&dir))
            .ok_or_else(|| {
                Error::usage(
                    "no sysroot (libc, headers and runtime) beside this program",
                    "build one with `make build`, or name one with POPCORN_SYSROOT",
                )
            })
    }

    /// `dir`, if it looks like a sysroot.
    fn at(dir: &Path) -> Option<Sysroot> {
        dir.join("include")
            .is_dir()
            .then(|| Sysroot(dir.to_owned()))
    }

    pub fn include(&self) -> PathBuf {
        self.0.join("include")
    }

    pub fn lib(&self) -> PathBuf {
        self.0.join("lib")
    }

    /// Functions of libc below which no migration point lies.
    pub fn leaf_list(&self) -> PathBuf {
        self.lib().join("leaf-functions.txt")
    }

    /// What every program is linked with, after its own objects. The three depend on each other; the
    /// linker searches archives until nothing new is found.
    pub fn default_libs(&self) -> Vec<PathBuf> {
        ["libc.a", "libpopcorn_rt.a", "libbuiltins.a"]
            .iter()
            .map(|name| self.lib().join(name))
            .collect()
    }
}
