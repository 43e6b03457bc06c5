//! The sysroot: musl and the compiler's helper functions, built by this very toolchain.
//!
//! musl's source is fetched and verified ([`fetch`]), laid out with our overlay and edits
//! ([`overlay`]), compiled once to base-ABI bitcode and lowered to every ISA ([`compile`]), and packed
//! into archives of fat objects. [`leaf`] works out which functions can never reach user code, so that
//! programs call them without frames.
//!
//! ```text
//! PREFIX/include                    musl's headers, bits/ for the base ABI, popcorn.h
//! PREFIX/lib/libc.a                 and libm.a, libpthread.a, ... (empty)
//! PREFIX/lib/libbuiltins.a          __addtf3, __muldc3, ...
//! PREFIX/lib/leaf-functions.txt     one name per line, sorted
//! PREFIX/lib/sysroot.stamp          hash of all that went in
//! PREFIX/cache                      the fetched source, as it came
//! ```

use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

mod archive;
mod classes;
mod compile;
mod fetch;
mod leaf;
mod overlay;
mod tools;

use classes::Classes;
use compile::{Class, Unit};

/// Archives that musl keeps empty, for the `-l` options of makefiles.
const EMPTY_ARCHIVES: [&str; 9] = [
    "m", "pthread", "rt", "dl", "util", "crypt", "resolv", "xnet", "atomic",
];

/// Beginning of the name of the folder in which a sysroot is built.
const WORK: &str = ".build-";

/// Makes `prefix` a complete sysroot, with at most `jobs` compilations at a time. Does nothing if it is
/// one already; leaves an older one in place until the new one is complete.
pub fn build(prefix: &Path, jobs: usize) -> Result<()> {
    let lib = prefix.join("lib");
    let stamp = stamp()?;
    if is_current(&lib, &stamp) {
        return Ok(());
    }
    fs::create_dir_all(prefix).with_context(|| format!("{}", prefix.display()))?;
    let lock = File::create(prefix.join(".lock"))?;
    lock.lock().context("locking the sysroot")?;
    if is_current(&lib, &stamp) {
        return Ok(()); // another process built it meanwhile
    }

    remove_leftovers(prefix)?;
    let wheel = fetch::wheel(&prefix.join("cache"))?;
    let work = tempfile::Builder::new().prefix(WORK).tempdir_in(prefix)?;
    let tree = overlay::stage(&wheel, work.path())?;
    let new_lib = work.path().join("lib");
    fs::create_dir(&new_lib)?;

    let classes = Classes::embedded()?;
    let units = units(&tree, &classes)?;
    let bitcode = compile::to_bitcode(&units, &tree, jobs)?;
    // From here on musl is base-ABI IR: nothing below looks at C again.

    // Callback files, and those in which a thread waits, are compiled twice: without frames to see what they call,
    // then with them.
    let everything_plain = compile::to_objects(&units, &bitcode, None, jobs)?;
    let assembly = compile::assemble(&tree, work.path())?;
    let reach = leaf::reach(&units, &everything_plain, &assembly, &classes)?;
    let leaves: Arc<HashSet<String>> = Arc::new(reach.leaves.into_iter().collect());
    // From here on it is known which calls can reach user code.

    let callbacks: Vec<usize> = (0..units.len())
        .filter(|&i| match units[i].class {
            Class::Callback => true,
            Class::Leaf => reach.reaching.contains(&i),
            Class::Builtin => false,
        })
        .collect();
    let framed_units: Vec<Unit> = callbacks.iter().map(|&i| units[i].clone()).collect();
    let framed_bitcode: Vec<Vec<u8>> = callbacks.iter().map(|&i| bitcode[i].clone()).collect();
    let framed = compile::to_objects(&framed_units, &framed_bitcode, Some(&leaves), jobs)?;
    let mut objects = everything_plain;
    for (i, object) in callbacks.into_iter().zip(framed) {
        objects[i] = object;
    }

    let (mut libc, mut builtins) = (assembly, Vec::new());
    for (unit, object) in units.iter().zip(objects) {
        if unit.class == Class::Builtin {
            builtins.push((unit.member.clone(), object));
        } else {
            libc.push((unit.member.clone(), object));
        }
    }
    archive::write(&new_lib.join("libc.a"), &libc)?;
    archive::write(&new_lib.join("libbuiltins.a"), &builtins)?;
    for name in EMPTY_ARCHIVES {
        archive::write(&new_lib.join(format!("lib{name}.a")), &[])?;
    }
    fs::write(new_lib.join("leaf-functions.txt"), sorted_lines(&leaves))?;
    fs::copy(tree.root.join("COPYRIGHT"), new_lib.join("musl.COPYRIGHT"))?;
    fs::write(new_lib.join("sysroot.stamp"), &stamp)?;

    keep_others(&lib, &new_lib)?;
    replace(&tree.include, &prefix.join("include"), work.path())?;
    replace(&new_lib, &lib, work.path())?;
    Ok(())
}

/// What a build that was killed has left. The lock is held, so nobody uses it.
fn remove_leftovers(prefix: &Path) -> Result<()> {
    for entry in fs::read_dir(prefix)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(WORK) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Hash of everything the result depends on.
fn stamp() -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(overlay::COMPILER);
    hash.update(fetch::SHA256);
    for (name, contents) in overlay::FILES {
        hash.update(name);
        hash.update(contents);
    }
    hash.update(tools::version("clang")?);
    Ok(format!("{:x}\n", hash.finalize()))
}

fn is_current(lib: &Path, stamp: &str) -> bool {
    fs::read_to_string(lib.join("sysroot.stamp")).is_ok_and(|found| found == stamp)
}

/// Every C file to compile, sorted by name within musl, the overlay and the helper functions.
fn units(tree: &overlay::Tree, classes: &Classes) -> Result<Vec<Unit>> {
    let mut units = Vec::new();
    for folder in ["src", "overlay", "builtins"] {
        let mut files = Vec::new();
        c_files(&tree.root.join(folder), &mut files)?;
        for path in files {
            let name = path
                .strip_prefix(&tree.root)
                .context("staged file outside the tree")?
                .to_string_lossy()
                .into_owned();
            if overlay::is_other_arch(&name) || classes.excluded(&name) {
                continue;
            }
            units.push(Unit {
                class: if folder == "builtins" {
                    Class::Builtin
                } else if classes.callback(&name) {
                    Class::Callback
                } else {
                    Class::Leaf
                },
                member: member_name(&name),
                name,
                path,
            });
        }
    }
    classes.check_used(&units)?;
    Ok(units)
}

/// `src/stdio/printf.c` is `stdio_printf.o` in the archive: musl reuses file names between folders.
fn member_name(name: &str) -> String {
    let name = name.strip_prefix("src/").unwrap_or(name);
    format!("{}.o", name.trim_end_matches(".c").replace('/', "_"))
}

fn c_files(folder: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries = fs::read_dir(folder)
        .with_context(|| format!("{}", folder.display()))?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<Vec<_>, _>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            c_files(&path, into)?;
        } else if path.extension().is_some_and(|e| e == "c") {
            into.push(path);
        }
    }
    Ok(())
}

fn sorted_lines(names: &HashSet<String>) -> String {
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.join("\n") + "\n"
}

/// Other recipes put their archives into the same folder; they go with it into the new one.
fn keep_others(old: &Path, new: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(old) else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry?;
        let place = new.join(entry.file_name());
        if entry.file_type()?.is_file() && !place.exists() {
            fs::hard_link(entry.path(), &place)
                .with_context(|| format!("{}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// Puts `new` where `place` is; what was there goes into `work`, which is removed at the end.
fn replace(new: &Path, place: &Path, work: &Path) -> Result<()> {
    if place.exists() {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        fs::rename(place, work.join(format!("old-{name}")))?;
    }
    fs::rename(new, place).with_context(|| format!("{}", place.display()))
}
