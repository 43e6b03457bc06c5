//! Bitcode that other front ends made for x86-64 Linux, given to `popcorn-cc`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use popcorn_testsuite::process::{self, Outcome};
use popcorn_testsuite::toolchain;
use popcorn_testsuite::trials::{difference, hops};
use popcorn_testsuite::workspace::Workspace;
use popcorn_toolchains::ALL;

const LIMIT: Duration = Duration::from_secs(120);

fn source(name: &str) -> PathBuf {
    toolchain::root().join("testsuite/ir").join(name)
}

fn run(command: &mut Command) -> Outcome {
    process::run(command, "", LIMIT).expect("the program starts")
}

/// Runs a program as each ISA, and around them; every run must print `expected` and end with 42.
fn check(exe: &Path, expected: &[u8], every: u64) {
    let popcorn = || {
        let mut command = Command::new(toolchain::tool("popcorn"));
        command.arg("run");
        command
    };
    let hop = format!("every={every},max=6,isas={}", toolchain::all_isas(":"));
    let mut commands: Vec<Command> = Vec::new();
    for isa in ALL
        .iter()
        .filter(|isa| toolchain::missing_emulator(isa).is_none())
    {
        let mut command = popcorn();
        command.args(["--isa", isa.name]);
        commands.push(command);
    }
    if commands.len() == ALL.len() {
        let mut command = popcorn();
        command.args(["--trace", "--hop", &hop]);
        commands.push(command);
    }
    for mut command in commands {
        let outcome = run(command.arg(exe));
        assert_eq!(
            outcome.status.code(),
            Some(42),
            "{command:?}\n{}",
            outcome.stderr
        );
        assert!(
            outcome.stdout == expected,
            "{command:?}: {}",
            difference(expected, &outcome.stdout)
        );
        let hopping = command.get_args().any(|a| a == "--trace");
        assert!(!hopping || hops(&outcome.stderr) > 0, "it never hopped");
    }
}

/// Each x86 intrinsic that is lowered gives the bits that the instruction gives.
#[test]
fn intrinsics_are_the_instructions() {
    let Some(work) = Workspace::new() else { return };
    let (plain, bitcode, exe) = (work.path("plain"), work.path("sse2.bc"), work.path("sse2"));
    let compile = |words: &[&str], output: &Path| {
        let mut clang = toolchain::clang();
        clang.args(["-O1", "-fno-builtin"]).args(words);
        clang.arg(source("sse2.c")).arg("-o").arg(output);
        toolchain::compile(&mut clang).expect("clang");
    };
    compile(&[], &plain);
    compile(&["-c", "-emit-llvm"], &bitcode);
    let mut popcorn = Command::new(toolchain::tool("popcorn-cc"));
    toolchain::compile(popcorn.arg("-O2").arg(&bitcode).arg("-o").arg(&exe)).expect("popcorn-cc");
    let expected = run(&mut Command::new(&plain));
    assert_eq!(expected.status.code(), Some(42));
    check(&exe, &expected.stdout, 1);
}

/// A program that Zig compiled. Zig comes from the Python registry, so only `make test-long` asks for it.
#[test]
fn zig_hops() {
    if std::env::var_os("POPCORN_LONG").is_none() {
        return;
    }
    let Some(work) = Workspace::new() else { return };
    let packages = toolchain::bin_dir().with_file_name("zig");
    if !packages.exists() {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--target"])
            .arg(&packages);
        toolchain::compile(pip.arg("ziglang==0.17.1")).expect("pip");
    }
    let (bitcode, exe) = (work.path("lists.bc"), work.path("lists"));
    let mut zig = Command::new("python3");
    zig.env("PYTHONPATH", &packages)
        .args(["-m", "ziglang", "build-obj"]);
    zig.arg(source("lists.zig"));
    zig.args("-target x86_64-linux-musl -mcpu=baseline -OReleaseFast -fno-emit-bin -lc".split(' '));
    zig.arg(format!("-femit-llvm-bc={}", bitcode.display()));
    toolchain::compile(zig.current_dir(work.path("."))).expect("zig");
    let mut popcorn = Command::new(toolchain::tool("popcorn-cc"));
    toolchain::compile(popcorn.arg("-O2").arg(&bitcode).arg("-o").arg(&exe)).expect("popcorn-cc");
    check(&exe, b"1457\n2 173\n", 1);
}
