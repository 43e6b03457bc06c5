//! Names that the parts of `cargo popcorn` know each other by: it is called by cargo and by build scripts under several.

use std::path::{Path, PathBuf};

use popcorn_toolchains::BASE;

use crate::error::{Error, Result};

/// The name under which build scripts call this program to compile C.
pub const CC: &str = "popcorn-rust-cc";
/// The name for C++.
pub const CXX: &str = "popcorn-rust-c++";

/// What marks the compilation of a crate for the program, as opposed to one for a build script or macro.
pub const MARK: &str = "-Clinker-plugin-lto";

/// rustc's name of the base ABI.
pub fn target() -> String {
    format!("{}-unknown-linux-gnu", BASE.name)
}

/// The path of this program, without links.
pub fn own_path() -> Result<PathBuf> {
    let exe = std::env::current_exe().and_then(|e| e.canonicalize());
    exe.map_err(Error::io(Path::new("/proc/self/exe")))
}
