//! Builds the runtime, `libpopcorn_rt.a`, from source: Rust to one bitcode module, C to another,
//! assembly for each ISA, packed as fat objects.
//!
//! The Rust part is compiled once, for the base ABI, by cargo and with the workspace's profile `runtime`. Its rlibs
//! hold bitcode, and libcore's carries it, so the module is linked from the crates' own and whatever of libcore they
//! use, then optimised as a whole. Only `make build` does this: an installed toolchain has the archive.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use popcorn_metadata::{sections, symbols};
use popcorn_passes::{OptLevel, Options, Output, Points};
use popcorn_toolchains::{ALL, BASE, base_abi};
use sha2::{Digest, Sha256};

/// Folders of the runtime's crate and of those in the workspace that it uses.
const FOLDERS: &[&str] = &["toolchains", "metadata", "runtime/stop", "runtime"];

/// Objects hold bitcode, addresses are absolute, and a warning is an error.
const RUSTC_FLAGS: &[&str] = &[
    "-Clinker-plugin-lto",
    "-Crelocation-model=static",
    "-Dwarnings",
];

/// What is compiled for speed, while all else is compiled for size: what runs for every system call or frame.
const HOT: &[&str] = &[
    "__popcorn_capture_skip_step",
    "__popcorn_capture_step",
    "__popcorn_clock_gettime",
    "__popcorn_longjmp_first",
    "__popcorn_longjmp_next",
    "__popcorn_poll_slow",
    "__popcorn_syscall",
    "__popcorn_wait",
];

const CLANG_FLAGS: &[&str] = &["-O2", "-ffreestanding", "-Wall", "-Werror"];

/// Writes `<prefix>/lib/libpopcorn_rt.a`, unless it is there and up to date. With `faults` it is one for tests, whose
/// calls of the kernel fail on demand.
pub fn build(prefix: &Path, faults: bool) -> Result<()> {
    let features = if faults {
        "freestanding,faults"
    } else {
        "freestanding"
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let lib = prefix.join("lib");
    let (archive, stamp_file) = (lib.join("libpopcorn_rt.a"), lib.join("libpopcorn_rt.stamp"));
    let stamp = stamp(&root, features)?;
    if archive.exists() && fs::read_to_string(&stamp_file).is_ok_and(|found| found == stamp) {
        return Ok(());
    }
    fs::create_dir_all(&lib).with_context(|| lib.display().to_string())?;
    let temp = tempfile::tempdir_in(&lib)?;
    let work = temp.path();

    let module = rust_module(&root, work, features)?;
    let rust = lower(&module, "popcorn_rt", false)?;
    let api = lower(
        &clang(&root.join("runtime/src/api.c"), work)?,
        "popcorn_api",
        true,
    )?;
    let assembly = assemble(&root, work)?;

    let mut members = Vec::new();
    for (name, bytes) in [
        ("popcorn_rt.o", rust),
        ("popcorn_api.o", api),
        ("popcorn_arch.o", assembly),
    ] {
        let path = work.join(name);
        fs::write(&path, bytes)?;
        members.push(path);
    }
    let new = work.join("libpopcorn_rt.a");
    run(tool("llvm-ar").arg("rcsD").arg(&new).args(&members))?;
    fs::rename(&new, &archive)?;
    fs::write(&stamp_file, stamp)?;
    Ok(())
}

/// Hash of all that goes in: the sources, and this program, whose passes lower them.
fn stamp(root: &Path, features: &str) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(features);
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(|f| root.join(f).join("src")).collect();
    while let Some(folder) = folders.pop() {
        let mut entries = fs::read_dir(&folder)
            .with_context(|| format!("{}: the source of the runtime", folder.display()))?
            .map(|entry| entry.map(|e| e.path()))
            .collect::<Result<Vec<_>, _>>()?;
        entries.sort();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
            } else {
                hash.update(path.file_name().unwrap_or_default().as_encoded_bytes());
                hash.update(fs::read(&path)?);
            }
        }
    }
    hash.update(fs::read(std::env::current_exe()?)?);
    Ok(format!("{:x}\n", hash.finalize()))
}

/// A tool of LLVM 22: Debian's name on PATH, or the plain name in its folder.
fn tool(name: &str) -> Command {
    let versioned = format!("{name}-22");
    let on_path = std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(&versioned).exists())
    });
    if on_path {
        return Command::new(versioned);
    }
    let prefix =
        std::env::var_os("LLVM_SYS_221_PREFIX").unwrap_or_else(|| "/usr/lib/llvm-22".into());
    Command::new(Path::new(&prefix).join("bin").join(name))
}

/// Runs a command; its standard output. What it says on failure is in the error.
fn run(command: &mut Command) -> Result<Vec<u8>> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| name.clone())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{name} failed ({}):\n{said}", output.status);
    }
    Ok(output.stdout)
}

/// rustc's name of the base ABI.
fn rust_target() -> String {
    format!("{}-unknown-linux-gnu", BASE.name)
}

/// One bitcode module of the crates, the parts of libcore they use, and `tls.c`.
fn rust_module(root: &Path, work: &Path, features: &str) -> Result<Vec<u8>> {
    let mut parts = crates(root, work, features)?;
    let tls = work.join("tls.bc");
    fs::write(&tls, clang(&root.join("runtime/src/tls.c"), work)?)?;
    parts.push(tls);

    let crates = work.join("crates.bc");
    run(tool("llvm-link").args(&parts).arg("-o").arg(&crates))?;
    let linked = work.join("linked.bc");
    let core = libcore(root, work)?;
    run(tool("llvm-link")
        .args(["--only-needed", "--internalize"])
        .args([&crates, &core])
        .arg("-o")
        .arg(&linked))?;
    let whole = work.join("whole.bc");
    run(tool("opt")
        .arg("--passes=forceattrs,internalize,globaldce,default<O2>,globaldce")
        .args(
            HOT.iter()
                .map(|name| format!("--force-remove-attribute={name}:optsize")),
        )
        .arg(format!(
            "-internalize-public-api-list={}",
            symbols::EXPORTS.join(",")
        ))
        .arg(&linked)
        .arg("-o")
        .arg(&whole))?;
    Ok(fs::read(whole)?)
}

/// Has cargo compile the runtime and the crates that it uses; the bitcode of each.
fn crates(root: &Path, work: &Path, features: &str) -> Result<Vec<PathBuf>> {
    let target = rust_target();
    // In the source tree rustup picks the compiler that rust-toolchain.toml names.
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(root)
        .args(["build", "--locked", "--lib", "--package=popcorn-runtime"])
        .args(["--profile=runtime", "--features", features])
        .args(["--target", &target, "--message-format=json"])
        .arg("--target-dir")
        .arg(work.join("cargo"))
        .env("CARGO_ENCODED_RUSTFLAGS", RUSTC_FLAGS.join("\x1f"));
    let output = cargo.output().context("cargo")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let messages: Vec<serde_json::Value> = said
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    if !output.status.success() {
        let rendered: String = messages
            .iter()
            .filter_map(|m| m["message"]["rendered"].as_str())
            .collect();
        let other = String::from_utf8_lossy(&output.stderr);
        bail!("the runtime does not compile:\n{rendered}{other}");
    }
    let rlibs = messages
        .iter()
        .filter(|m| m["reason"] == "compiler-artifact")
        .filter_map(|m| m["filenames"].as_array())
        .flatten()
        .filter_map(|name| name.as_str())
        .filter(|name| name.ends_with(".rlib"));
    let mut parts = Vec::new();
    for rlib in rlibs {
        let rlib = Path::new(rlib);
        for member in members(rlib)?.lines().filter(|name| name.ends_with(".o")) {
            let part = work.join(format!("{}.bc", parts.len()));
            fs::write(&part, run(tool("llvm-ar").arg("p").arg(rlib).arg(member))?)?;
            parts.push(part);
        }
    }
    Ok(parts)
}

/// The names of an archive's members, a line each.
fn members(archive: &Path) -> Result<String> {
    let members = run(tool("llvm-ar").arg("t").arg(archive))?;
    Ok(String::from_utf8(members)?)
}

/// The bitcode of libcore, which its one object carries in `.llvmbc`.
fn libcore(root: &Path, work: &Path) -> Result<PathBuf> {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(root).args(["--print", "target-libdir"]);
    let folder = run(rustc.arg("--target").arg(rust_target()))?;
    let folder = String::from_utf8(folder).context("rustc --print target-libdir")?;
    let folder = Path::new(folder.trim());
    let rlib = fs::read_dir(folder)
        .with_context(|| folder.display().to_string())?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .find(|path| {
            let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
            name.starts_with("libcore-") && name.ends_with(".rlib")
        })
        .with_context(|| format!("{}: no libcore", folder.display()))?;
    let members = members(&rlib)?;
    let object = members
        .lines()
        .find(|name| name.ends_with(".o"))
        .with_context(|| format!("{}: no object", rlib.display()))?;
    let path = work.join("core.o");
    fs::write(&path, run(tool("llvm-ar").arg("p").arg(&rlib).arg(object))?)?;
    let bitcode = work.join("core.bc");
    run(tool("llvm-objcopy")
        .arg(format!("--dump-section=.llvmbc={}", bitcode.display()))
        .arg(&path)
        .arg("/dev/null"))?;
    Ok(bitcode)
}

/// Bitcode of one of the runtime's C files.
fn clang(source: &Path, work: &Path) -> Result<Vec<u8>> {
    let out = work.join("c.bc");
    run(tool("clang")
        .args(base_abi::CLANG_FLAGS)
        .args(CLANG_FLAGS)
        .args(["-emit-llvm", "-c"])
        .arg(source)
        .arg("-o")
        .arg(&out))?;
    Ok(fs::read(out)?)
}

fn lower(bitcode: &[u8], name: &str, instrument: bool) -> Result<Vec<u8>> {
    let leaf = ["__popcorn_ask", "__popcorn_asked", "__errno_location"];
    let options = Options {
        isas: ALL.to_vec(),
        opt: OptLevel::O2,
        points: Points::Functions,
        instrument,
        whole: false,
        leaf: Arc::new(HashSet::from(leaf.map(str::to_owned))),
        save_temps: None,
        name: name.to_owned(),
        check: popcorn_passes::Check::default(),
        clock: popcorn_passes::Clock::default(),
    };
    popcorn_passes::compile(bitcode, &options, Output::Object)
        .with_context(|| format!("lowering {name}"))
}

/// The assembly files as one fat object: the base ISA's, with the others' in excluded sections.
fn assemble(root: &Path, work: &Path) -> Result<Vec<u8>> {
    let object = |name: &str| work.join(format!("arch.{name}.o"));
    for isa in ALL {
        let source = root.join(format!("runtime/src/arch/{}.s", isa.name));
        let mut clang = tool("clang");
        clang.arg(format!("--target={}", isa.triple)).arg("-c");
        if let Some(abi) = isa.target_abi {
            clang.arg(format!("-mabi={abi}"));
        }
        run(clang.arg(source).arg("-o").arg(object(isa.name)))?;
    }
    let fat = work.join("arch.o");
    let mut objcopy = tool("llvm-objcopy");
    for isa in ALL.iter().filter(|isa| isa.id != BASE.id) {
        let section = format!("{}{}", sections::OBJECT, isa.name);
        objcopy
            .arg(format!(
                "--add-section={section}={}",
                object(isa.name).display()
            ))
            .arg(format!("--set-section-flags={section}=exclude"));
    }
    run(objcopy.arg(object(BASE.name)).arg(&fat))?;
    Ok(fs::read(fat)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::{Object, ObjectSection};

    /// Needs the tools of LLVM 22, as the whole workspace does.
    #[test]
    fn the_archive_has_every_isa() {
        let prefix = tempfile::tempdir().unwrap();
        build(prefix.path(), false).unwrap();
        let archive = prefix.path().join("lib/libpopcorn_rt.a");
        for member in ["popcorn_rt.o", "popcorn_arch.o"] {
            let bytes = run(tool("llvm-ar").arg("p").arg(&archive).arg(member)).unwrap();
            let base = object::File::parse(&*bytes).unwrap();
            let names = |file: &object::File| {
                use object::ObjectSymbol;
                let defined = file
                    .symbols()
                    .filter(|s| s.is_definition() && s.is_global());
                let mut names: Vec<String> =
                    defined.map(|s| s.name().unwrap().to_owned()).collect();
                names.sort();
                names
            };
            let expected = names(&base);
            assert!(
                expected.iter().any(|n| n.starts_with("__popcorn_")),
                "{member}"
            );
            for isa in ALL.iter().filter(|isa| isa.id != BASE.id) {
                let section = format!("{}{}", sections::OBJECT, isa.name);
                let inner = base.section_by_name(&section).unwrap().data().unwrap();
                let inner = object::File::parse(inner).unwrap();
                assert_eq!(names(&inner), expected, "{member} {}", isa.name);
            }
        }
    }
}
