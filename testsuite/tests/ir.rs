//! Bitcode that other front ends made for x86-64 Linux, given to `popcorn-cc`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use popcorn_testsuite::process::{self, Outcome};
use popcorn_testsuite::toolchain;
use popcorn_testsuite::trials::{difference, hops};
use popcorn_testsuite::workspace::Workspace;
use popcorn_toolchains::DEFAULT;

const LIMIT: Duration = Duration::from_secs(120);

fn source(name: &str) -> PathBuf {
    toolchain::root().join("testsuite/ir").join(name)
}

fn run(command: &mut Command) -> Outcome {
    process::run(command, "", LIMIT).expect("the program starts")
}

/// Runs a program as each ISA, in place, and around them; every run must print `expected` and end with 42.
fn check(exe: &Path, expected: &[u8]) {
    let mut ways = vec![Vec::new()];
    for every in [1, 7, 101] {
        ways.push(vec!["--hop".to_owned(), format!("every={every},isas=self")]);
    }
    let emulated = |isa: &&&_| toolchain::missing_emulator(isa).is_none();
    let isas: Vec<_> = DEFAULT.iter().filter(emulated).collect();
    let cycle = format!("every=1,max=6,isas={}", toolchain::all_isas(":"));
    if isas.len() == DEFAULT.len() {
        ways.push(vec!["--hop".to_owned(), cycle]);
    }
    for (isa, way) in isas
        .iter()
        .flat_map(|isa| ways.iter().map(move |w| (isa, w)))
    {
        let mut command = Command::new(toolchain::tool("popcorn"));
        command
            .args(["run", "--trace", "--isa", isa.name])
            .args(way);
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
        let often = way.iter().any(|word| word.starts_with("every=1,"));
        assert!(
            !often || hops(&outcome.stderr) > 0,
            "{command:?} never hopped"
        );
    }
}

/// Links what plain clang links, with each set of migration points, and compares.
fn check_against_clang(work: &Workspace, inputs: &[&Path]) {
    let (plain, exe) = (work.path("plain"), work.path("exe"));
    let mut clang = toolchain::clang();
    clang.args(["-O1", "-ffp-contract=off", "-w"]).args(inputs);
    toolchain::compile(clang.arg("-lm").arg("-o").arg(&plain)).expect("clang");
    let expected = run(&mut Command::new(&plain));
    assert_eq!(expected.status.code(), Some(42), "{}", expected.stderr);
    for points in ["loops", "all"] {
        let mut popcorn = Command::new(toolchain::tool("popcorn-cc"));
        popcorn.arg(format!("--popcorn-migration-points={points}"));
        popcorn.arg("-O2").args(inputs).arg("-o").arg(&exe);
        toolchain::compile(&mut popcorn).expect("popcorn-cc");
        check(&exe, &expected.stdout);
    }
}

/// Each x86 intrinsic that is lowered gives the bits that the instruction gives.
#[test]
fn intrinsics_are_the_instructions() {
    let Some(work) = Workspace::new() else { return };
    let bitcode = work.path("sse2.bc");
    let mut clang = toolchain::clang();
    clang.args(["-O1", "-fno-builtin", "-c", "-emit-llvm"]);
    clang.arg(source("sse2.c")).arg("-o").arg(&bitcode);
    toolchain::compile(&mut clang).expect("clang");
    check_against_clang(&work, &[&bitcode]);
}

/// A front end may let products and sums be fused, which the base ISA cannot do: no ISA does.
#[test]
fn products_are_rounded() {
    let Some(work) = Workspace::new() else { return };
    let bitcode = work.path("products.bc");
    for contract in ["on", "fast"] {
        let mut clang = toolchain::clang();
        clang.args(["-O1", "-c", "-emit-llvm"]);
        clang.arg(format!("-ffp-contract={contract}"));
        clang.arg(source("products.c")).arg("-o").arg(&bitcode);
        toolchain::compile(&mut clang).expect("clang");
        check_against_clang(&work, &[&bitcode]);
    }
}

/// Bitcode that flang makes; without it the test fails in CI and is passed over elsewhere.
fn fortran(work: &Workspace, source: &Path, level: &str) -> Option<PathBuf> {
    if toolchain::flang().arg("--version").output().is_err() {
        let ci = std::env::var_os("CI").is_some_and(|v| v == "true");
        assert!(!ci, "flang-22 is not installed, which CI does not allow");
        eprintln!("skipped: flang-22 is not installed: run `make deps`");
        return None;
    }
    let bitcode = work.path("fortran.bc");
    let mut flang = toolchain::flang();
    // It leaves a file per module where it runs.
    flang.current_dir(work.path("."));
    flang.args([level, "-emit-llvm", "-c"]).arg(source);
    toolchain::compile(flang.arg("-o").arg(&bitcode)).expect("flang");
    Some(bitcode)
}

/// Subroutines that flang compiled, called from C.
#[test]
fn fortran_hops() {
    let Some(work) = Workspace::new() else { return };
    for level in ["-O0", "-O1", "-O2"] {
        let Some(bitcode) = fortran(&work, &source("linear.f90"), level) else {
            return;
        };
        check_against_clang(&work, &[&source("linear.c"), &bitcode]);
    }
}

/// What needs Fortran's run-time library is refused with the name that is missing.
#[test]
fn fortran_without_its_library_is_refused() {
    let Some(work) = Workspace::new() else { return };
    work.file(
        "print.f90",
        "subroutine show()\n  print *, 1\nend subroutine\n",
    );
    work.file("main.c", "void show_(void); int main(void) { show_(); }");
    if fortran(&work, &work.path("print.f90"), "-O1").is_none() {
        return;
    }
    let wanted = [
        "undefined symbol: _FortranAioBeginExternalListOutput",
        "fortran.o: show_",
        "help: there is no Fortran run-time library",
    ];
    work.refused("popcorn-cc", "main.c fortran.bc -o main", &wanted)
        .unwrap();
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
    check(&exe, b"1457\n2 173\n");
}
