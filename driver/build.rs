//! Embeds libc's overlay, so that an installed `popcorn-cc` can build its sysroot, and a hash of the
//! passes, so that a sysroot made by other passes is not reused.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest, Sha256};

fn main() {
    let workspace = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo"))
        .parent()
        .expect("the driver lies in the workspace")
        .to_path_buf();
    let toolchains = workspace.join("toolchains");

    let mut files = Vec::new();
    for folder in ["libc", "include"] {
        collect(&toolchains.join(folder), &mut files);
    }
    let mut code = String::from("pub static FILES: &[(&str, &[u8])] = &[\n");
    for file in &files {
        let name = file.strip_prefix(&toolchains).expect("below toolchains");
        let name = name.to_str().expect("file names are ASCII");
        writeln!(code, "    ({name:?}, include_bytes!({file:?})),").expect("writing to a string");
    }
    code.push_str("];\n");

    let mut sources = Vec::new();
    for folder in ["passes", "toolchains/src", "driver/src/sysroot"] {
        collect(&workspace.join(folder), &mut sources);
    }
    let mut hash = Sha256::new();
    for file in sources.iter().chain([&workspace.join("Cargo.lock")]) {
        println!("cargo::rerun-if-changed={}", file.display());
        hash.update(fs::read(file).unwrap_or_default());
    }
    writeln!(
        code,
        "/// Hash of the code that decides what a sysroot contains.\npub const COMPILER: &str = \"{:x}\";",
        hash.finalize()
    )
    .expect("writing to a string");

    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo")).join("embedded.rs");
    fs::write(out, code).expect("OUT_DIR is writable");
}

/// All files below `folder`, sorted, so that the result does not depend on the file system.
fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    println!("cargo::rerun-if-changed={}", folder.display());
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !["target", "tests", "snapshots"].contains(&&*name) {
                collect(&path, into);
            }
        } else if !name.ends_with('~') {
            into.push(path);
        }
    }
}
