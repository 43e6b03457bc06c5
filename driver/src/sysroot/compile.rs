//! Compiling libc: clang makes base-ABI bitcode, the passes make fat objects of it, in parallel.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, anyhow};
use popcorn_metadata::sections;
use popcorn_passes::{OptLevel, Options, Output, Points};
use popcorn_toolchains::{ALL, BASE, Isa, base_abi};

use super::overlay::Tree;
use super::tools;

/// How a file is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Never below user code: no frames.
    Leaf,
    /// Calls user code: frames and migration points, like user code.
    Callback,
    /// A helper function of the back ends.
    Builtin,
}

/// One C file.
#[derive(Debug, Clone)]
pub struct Unit {
    pub class: Class,
    /// Path below the tree, as `classes.txt` spells it.
    pub name: String,
    /// Name in the archive.
    pub member: String,
    pub path: PathBuf,
}

/// Options of libc's own on top of the base ABI's.
const LIBC_FLAGS: &[&str] = &[
    "-std=c99",
    "-nostdinc",
    "-ffreestanding",
    "-fno-builtin",
    "-fno-knr-functions", // `f()` declares no arguments: a call without a prototype would be variadic
    "-Wno-error=incompatible-function-pointer-types",
    "-frounding-math",
    "-fno-strict-aliasing",
    "-fno-asynchronous-unwind-tables",
    "-O2",
    "-Xclang", // the passes optimise
    "-disable-llvm-passes",
    "-ffunction-sections",
    "-fdata-sections",
    "-D_XOPEN_SOURCE=700",
    base_abi::LARGE_PAGES,
    "-w",
];

/// Bitcode of each unit, in order.
pub fn to_bitcode(units: &[Unit], tree: &Tree, jobs: usize) -> Result<Vec<Vec<u8>>> {
    in_parallel(units, jobs, |_, unit| {
        let mut clang = tools::command("clang");
        clang.args(base_abi::CLANG_FLAGS).args(LIBC_FLAGS);
        for folder in ["arch", "src/include", "src/internal"] {
            clang.arg("-I").arg(tree.root.join(folder));
        }
        clang.arg("-I").arg(&tree.include);
        clang.args(["-c", "-emit-llvm", "-o", "-"]).arg(&unit.path);
        tools::run(&mut clang, &unit.name)
    })
}

/// A fat object for each unit. With `leaves`, the units get frames, and calls of these functions do
/// not count as call sites; without, they get none. Only those that call user code have points.
pub fn to_objects(
    units: &[Unit],
    bitcode: &[Vec<u8>],
    leaves: Option<&Arc<HashSet<String>>>,
    jobs: usize,
) -> Result<Vec<Vec<u8>>> {
    in_parallel(units, jobs, |i, unit| {
        let options = Options {
            isas: ALL.to_vec(),
            opt: OptLevel::O2,
            // Sorting a large array takes long even if the comparison is short.
            points: if leaves.is_some() && unit.class == Class::Callback {
                Points::Loops
            } else {
                Points::None
            },
            instrument: leaves.is_some(),
            whole: false,
            leaf: leaves.cloned().unwrap_or_default(),
            save_temps: None,
            name: unit.name.clone(),
            check: popcorn_passes::Check::default(),
            clock: popcorn_passes::Clock::default(),
        };
        popcorn_passes::compile(&bitcode[i], &options, Output::Object)
            .with_context(|| unit.name.clone())
    })
}

/// The per-ISA assembly: one fat object per file name, with that file of every ISA.
pub fn assemble(tree: &Tree, work: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let folder = tree.root.join("asm");
    let mut names: Vec<String> = fs::read_dir(folder.join(BASE.name))?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    names.sort();
    let mut objects = Vec::new();
    for name in names {
        let stem = name.trim_end_matches(".S");
        let mut pack = tools::command("llvm-objcopy");
        let mut base = None;
        for isa in ALL {
            let object = work.join(format!("{stem}.{}.o", isa.name));
            assemble_for(isa, &folder.join(isa.name).join(&name), &object)?;
            if isa.id == BASE.id {
                base = Some(object);
                continue;
            }
            let section = format!("{}{}", sections::OBJECT, isa.name);
            pack.arg(format!("--add-section={section}={}", object.display()));
            pack.arg(format!("--set-section-flags={section}=exclude,readonly"));
        }
        let fat = work.join(format!("{stem}.fat.o"));
        pack.arg(base.context("the base ISA is not in the list")?)
            .arg(&fat);
        tools::run(&mut pack, &name)?;
        objects.push((format!("asm_{stem}.o"), fs::read(fat)?));
    }
    Ok(objects)
}

fn assemble_for(isa: &Isa, source: &Path, object: &Path) -> Result<()> {
    let mut clang = tools::command("clang");
    clang.arg(format!("--target={}", isa.triple));
    for feature in isa.features.split(',').filter(|f| !f.is_empty()) {
        clang.args(["-Xclang", "-target-feature", "-Xclang", feature]);
    }
    if let Some(abi) = isa.target_abi {
        clang.arg(format!("-mabi={abi}"));
    }
    clang.arg("-c").arg(source).arg("-o").arg(object);
    tools::run(
        &mut clang,
        &format!("{} for {}", source.display(), isa.name),
    )?;
    Ok(())
}

/// Maps `f` over `items` on `jobs` threads, keeping the order. Stops at the first error.
fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    jobs: usize,
    f: impl Fn(usize, &T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let failure = Mutex::new(None);
    let results: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(i) else { break };
                    match f(i, item) {
                        Ok(result) => *lock(&results[i]) = Some(result),
                        Err(error) => {
                            next.store(items.len(), Ordering::Relaxed);
                            lock(&failure).get_or_insert(error);
                        }
                    }
                }
            });
        }
    });
    if let Some(error) = lock(&failure).take() {
        return Err(error);
    }
    results
        .iter()
        .map(|slot| lock(slot).take().ok_or_else(|| anyhow!("a job was lost")))
        .collect()
}

/// A panic in another job does not make its data wrong: each slot is written once.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_the_first_error_wins() {
        let items: Vec<usize> = (0..100).collect();
        let doubled = in_parallel(&items, 4, |_, &n| Ok(2 * n)).unwrap();
        assert!(doubled.iter().enumerate().all(|(i, &n)| n == 2 * i));
        let error = in_parallel(&items, 1, |_, &n| match n {
            0..7 => Ok(n),
            _ => Err(anyhow!("item {n}")),
        });
        assert_eq!(error.unwrap_err().to_string(), "item 7");
    }
}
