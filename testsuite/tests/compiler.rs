//! `popcorn-cc` as build systems use it: objects and archives, dependency files, other languages of
//! input, standard input and output, questions.

use anyhow::{Result, ensure};
use std::fs;
use std::process::Command;
use std::time::Duration;

use popcorn_testsuite::process;
use popcorn_testsuite::workspace::Workspace;
use popcorn_toolchains::{BASE, DEFAULT};

const MAIN: &str = "#include \"part.h\"\n#include <stdio.h>\nint main(void) { printf(\"%d\\n\", part(20)); return 42; }\n";
const PART: &str = "#include \"part.h\"\nint part(int x) { return x * 2 + PLUS; }\n";

fn parts() -> Option<Workspace> {
    let w = Workspace::new()?;
    w.file("main.c", MAIN)
        .file("part.c", PART)
        .file("part.h", "int part(int);\n");
    Some(w)
}

/// Runs a program made in the workspace as every ISA and wants `42` and this output.
fn runs(w: &Workspace, prog: &str, output: &str) -> Result<()> {
    for isa in DEFAULT {
        let outcome = w.run("popcorn", &format!("run --isa {} {prog}", isa.name))?;
        ensure!(
            outcome.status.code() == Some(42),
            "{}: {}\n{}",
            isa.name,
            outcome.status,
            outcome.stderr
        );
        ensure!(
            outcome.stdout == output.as_bytes(),
            "{}: {:?}",
            isa.name,
            outcome.stdout
        );
    }
    Ok(())
}

#[test]
fn variadic_functions_keep_their_linkage() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    let head = "#include <stdarg.h>\n#include <stdio.h>\n";
    let log = "__attribute__((noinline)) static void log(const char *format, ...)\n\
        { va_list l; va_start(l, format); vprintf(format, l); va_end(l); }\n";
    // Of weak and inline functions one is taken; one that nobody defines is a null pointer.
    let weak = "__attribute__((weak)) int sum(int n, ...) { return n; }\n\
        inline int twice(int n, ...) { return 2 * n; }\n\
        __attribute__((weak)) int none(int n, ...);\n";
    w.file(
        "a.c",
        &format!(
            "{head}{log}{weak}extern int twice(int n, ...);\nvoid b(void);\nint main(void)\n\
             {{ log(\"a %d %d %d\\n\", sum(1), twice(3), none != 0); b(); return 42; }}\n"
        ),
    );
    w.file(
        "b.c",
        &format!("{head}{log}{weak}void b(void) {{ log(\"b %d %d\\n\", sum(2), twice(4)); }}\n"),
    );
    for level in ["-O0", "-O2"] {
        w.ok(
            "popcorn-cc",
            &format!("{level} -w -fno-builtin-log a.c b.c -o prog"),
        )?;
        runs(&w, "prog", "a 1 6 0\nb 2 8\n")?;
    }
    Ok(())
}

#[test]
fn objects_and_archives_as_a_makefile_makes_them() -> Result<()> {
    let Some(w) = parts() else { return Ok(()) };
    w.ok("popcorn-cc", "-O2 -c main.c -o main.o")?;
    w.ok("popcorn-cc", "-O2 -DPLUS=1 -c part.c")?;
    let ar = Command::new("llvm-ar-22")
        .args(["rcs", "libpart.a", "part.o"])
        .current_dir(w.path(""))
        .status()?;
    ensure!(ar.success(), "ar");
    w.ok("popcorn-cc", "main.o -L. -lpart -lm -lpthread -o prog")?;
    runs(&w, "prog", "41\n")?;
    let nm = Command::new("llvm-nm-22")
        .arg(w.path("libpart.a"))
        .output()?;
    ensure!(
        String::from_utf8_lossy(&nm.stdout).contains(" T part"),
        "nm does not see `part`"
    );
    let outcome = process::run(
        &mut Command::new(w.path("prog")),
        "",
        Duration::from_secs(10),
    )?;
    ensure!(
        outcome.status.code() == Some(42),
        "the program does not run by itself"
    );
    Ok(())
}

#[test]
fn one_step() -> Result<()> {
    let Some(w) = parts() else { return Ok(()) };
    w.ok("popcorn-cc", "-DPLUS=2 main.c part.c -o prog")?;
    runs(&w, "prog", "42\n")?;
    ensure!(
        w.files() == ["main.c", "part.c", "part.h", "prog"],
        "{:?}",
        w.files()
    );
    w.ok("popcorn-cc", "-DPLUS=2 main.c part.c")?;
    ensure!(w.path("a.out").exists(), "no a.out");
    Ok(())
}

#[test]
fn ir_and_preprocessed_input() -> Result<()> {
    let Some(w) = parts() else { return Ok(()) };
    w.ok("popcorn-cc", "-E main.c -o main.i")?;
    w.ok("popcorn-cc", "-O1 -DPLUS=3 -S -emit-llvm part.c")?;
    w.ok("popcorn-cc", "-O1 -emit-llvm -c main.i")?;
    w.ok("popcorn-cc", "-O1 main.bc part.ll -o prog")?;
    runs(&w, "prog", "43\n")?;
    w.ok("popcorn-cc", "-O1 main.i part.ll -o prog")?;
    runs(&w, "prog", "43\n")
}

#[test]
fn assembly_output() -> Result<()> {
    let Some(w) = parts() else { return Ok(()) };
    w.ok("popcorn-cc", "-O2 -DPLUS=1 -S part.c")?;
    ensure!(
        fs::read_to_string(w.path("part.s"))?.contains("part:"),
        "no label"
    );
    let other = DEFAULT[2].name;
    w.ok(
        "popcorn-cc",
        &format!("-O2 -DPLUS=1 -S --popcorn-isas={other} part.c -o other.s"),
    )?;
    ensure!(
        fs::read(w.path("part.s"))? != fs::read(w.path("other.s"))?,
        "the same for {other}"
    );
    Ok(())
}

#[test]
fn dependency_files() -> Result<()> {
    let Some(w) = parts() else { return Ok(()) };
    w.ok("popcorn-cc", "-MMD -MP -c main.c -o out.o")?;
    let rule = fs::read_to_string(w.path("out.d"))?;
    ensure!(
        rule.starts_with("out.o: main.c part.h") && rule.contains("\npart.h:"),
        "{rule}"
    );
    w.ok("popcorn-cc", "-MD -MF x.dep -MT target -c main.c")?;
    let rule = fs::read_to_string(w.path("x.dep"))?;
    ensure!(
        rule.starts_with("target:") && rule.contains("stdio.h"),
        "{rule}"
    );
    let outcome = w.ok("popcorn-cc", "-MM main.c")?;
    ensure!(
        outcome.stdout.starts_with(b"main.o: main.c part.h"),
        "{:?}",
        outcome.stdout
    );
    Ok(())
}

#[test]
fn standard_input_and_output() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    let source = "int main(void) { return 42; }\n";
    let limit = Duration::from_secs(60);
    let outcome = process::run(
        &mut w.command("popcorn-cc", "-x c - -o prog"),
        source,
        limit,
    )?;
    ensure!(outcome.status.success(), "{}", outcome.stderr);
    runs(&w, "prog", "")?;
    let outcome = process::run(
        &mut w.command("popcorn-cc", "-E -"),
        "X __popcorn__\n",
        limit,
    )?;
    ensure!(outcome.stdout.ends_with(b"X 1\n"), "{:?}", outcome.stdout);
    let outcome = process::run(&mut w.command("popcorn-cc", "-c -"), source, limit)?;
    ensure!(
        outcome.stderr.contains("-E or -x required"),
        "{}",
        outcome.stderr
    );
    Ok(())
}

#[test]
fn response_files_and_dry_runs() -> Result<()> {
    let Some(w) = parts() else { return Ok(()) };
    w.file("args", "-DPLUS=4 \"main.c\"\npart.c -o prog\n");
    let outcome = w.ok("popcorn-cc", "-### @args")?;
    ensure!(
        outcome.stderr.matches("-emit-llvm").count() == 2,
        "{}",
        outcome.stderr
    );
    ensure!(!w.path("prog").exists(), "a dry run wrote a file");
    w.ok("popcorn-cc", "@args")?;
    runs(&w, "prog", "44\n")
}

#[test]
fn save_temps_keeps_every_stage() -> Result<()> {
    let Some(w) = parts() else { return Ok(()) };
    w.ok(
        "popcorn-cc",
        "-O2 -DPLUS=1 --save-temps=stages main.c part.c -o prog",
    )?;
    let count = fs::read_dir(w.path("stages"))?.count();
    ensure!(count >= 10, "only {count} files");
    Ok(())
}

#[test]
fn a_link_map() -> Result<()> {
    let Some(w) = parts() else { return Ok(()) };
    w.ok(
        "popcorn-cc",
        "-DPLUS=1 main.c part.c -Wl,-Map,prog.map -o prog",
    )?;
    let map = fs::read_to_string(w.path("prog.map"))?;
    ensure!(
        map.contains("part") && map.contains("main"),
        "no symbols in the map"
    );
    Ok(())
}

#[test]
fn questions_of_build_systems() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    let says =
        |line: &str| -> Result<String> { Ok(String::from_utf8(w.ok("popcorn-cc", line)?.stdout)?) };
    ensure!(says("--version")?.starts_with("popcorn-cc "), "--version");
    ensure!(says("-v")?.starts_with("popcorn-cc "), "-v");
    ensure!(says("-dumpmachine")?.trim() == BASE.triple, "-dumpmachine");
    ensure!(
        says("-print-search-dirs")?.contains("libraries:"),
        "-print-search-dirs"
    );
    ensure!(
        says("-print-file-name=libc.a")?
            .trim()
            .ends_with("/lib/libc.a"),
        "libc.a"
    );
    ensure!(
        says("-print-file-name=nothing")?.trim() == "nothing",
        "nothing"
    );
    ensure!(says("--help")?.contains("--popcorn-isas"), "--help");
    Ok(())
}
