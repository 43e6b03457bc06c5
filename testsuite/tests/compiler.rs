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
fn a_dry_run_prints_the_steps_in_their_order() -> Result<()> {
    let Some(w) = parts() else { return Ok(()) };
    let tools = |line: &str| -> Result<Vec<String>> {
        let outcome = w.ok("popcorn-cc", &format!("-### {line}"))?;
        let names = outcome.stderr.lines().filter_map(|l| l.split('"').nth(1));
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let names = names.map(name);
        Ok(names
            .map(|n| n.trim_end_matches("-22").to_owned())
            .collect())
    };
    let passes = "popcorn-passes";
    ensure!(tools("-c -MD main.c")? == ["clang", passes], "-c");
    ensure!(tools("-E main.c")? == ["clang"], "-E");
    ensure!(tools("-S -emit-llvm main.c")? == ["clang"], "-S -emit-llvm");
    let all = ["clang", passes, "clang", passes, "popcorn-align-linker"];
    ensure!(tools("main.c part.c -o prog")? == all, "link");
    let before = fs::read_dir(w.path(""))?.count();
    ensure!(before == 3, "a dry run left {before} files");
    Ok(())
}

#[test]
fn times_of_phases_and_isas() -> Result<()> {
    let Some(w) = parts() else { return Ok(()) };
    let quiet = w.ok("popcorn-cc", "-DPLUS=1 main.c part.c -o quiet")?;
    ensure!(quiet.stderr.is_empty(), "{}", quiet.stderr);
    let said = w.ok("popcorn-cc", "--time -DPLUS=1 main.c part.c -o prog")?;
    ensure!(said.stdout.is_empty(), "{:?}", said.stdout);
    let lines: Vec<&str> = said.stderr.lines().collect();
    let number = |line: &&str| line.split_whitespace().next().map(str::parse::<f64>);
    let numbers = lines.iter().skip(1).map(number);
    for (number, line) in numbers.zip(&lines[1..]) {
        ensure!(matches!(number, Some(Ok(ms)) if ms >= 0.0), "{line}");
    }
    // Each phase is there once, though there are two files.
    let once = |words: &[&str]| {
        let same = |l: &&&str| l.split_whitespace().skip(1).eq(words.iter().copied());
        ensure!(
            lines.iter().filter(same).count() == 1,
            "{words:?}: {lines:?}"
        );
        Ok(())
    };
    once(&["front", "end", "clang"])?;
    once(&["passes", "frames"])?;
    once(&["linker", "layout"])?;
    for isa in quiet_isas(&w)? {
        once(&["passes", "back", "end", &isa])?;
        once(&["linker", "link", &isa])?;
    }
    // The same program comes out.
    ensure!(
        fs::read(w.path("quiet"))? == fs::read(w.path("prog"))?,
        "another program"
    );
    runs(&w, "prog", "41\n")
}

/// The ISAs of the program `quiet`.
fn quiet_isas(w: &Workspace) -> Result<Vec<String>> {
    let isas = w.ok("popcorn", "inspect --isas quiet")?.stdout;
    Ok(String::from_utf8(isas)?
        .lines()
        .map(str::to_owned)
        .collect())
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
