//! The helper functions of `toolchains/libc/builtins` against the host's own, on the host.
//!
//! Compiled as the recipe compiles them, but under other names, and called with random operands. That
//! they do the same on the other ISAs follows from their being one IR; programs of the test suite check
//! it.

use std::path::Path;
use std::process::Command;

use popcorn_toolchains::base_abi;

fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}\n{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

#[test]
fn the_helper_functions_agree_with_the_hosts() {
    if !cfg!(target_arch = "x86_64") {
        return; // the host's own are in another ABI
    }
    let libc = Path::new(env!("CARGO_MANIFEST_DIR")).join("../toolchains/libc");
    let work = tempfile::tempdir().unwrap();
    let program = work.path().join("builtins");
    let mut link = Command::new("clang-22");
    link.args(["-O1", "-w", "-no-pie"])
        .args(["-frounding-math", "-ffp-exception-behavior=strict"])
        .arg(libc.join("tests/builtins.c"));
    for entry in std::fs::read_dir(libc.join("builtins")).unwrap() {
        let source = entry.unwrap().path();
        if source.extension().is_none_or(|e| e != "c") {
            continue;
        }
        let object = work
            .path()
            .join(source.with_extension("o").file_name().unwrap());
        run(Command::new("clang-22")
            .args(base_abi::CLANG_FLAGS)
            .args(["-std=c99", "-ffreestanding", "-O2", "-w", "-c"])
            .arg("-frounding-math")
            .arg(&source)
            .arg("-o")
            .arg(&object));
        run(Command::new("llvm-objcopy-22")
            .arg("--prefix-symbols=my")
            .arg(&object));
        link.arg(object);
    }
    run(link.arg("-lm").arg("-o").arg(&program));
    assert_eq!(run(&mut Command::new(program)), "0 differences\n");
}
