//! Bad input: a clear error, a non-zero exit status, nothing half-written.

use anyhow::{Result, ensure};
use popcorn_testsuite::toolchain;
use popcorn_testsuite::workspace::Workspace;
use popcorn_toolchains::{ALL, BASE};

const HELLO: &str = "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 42; }\n";

/// A workspace with `hello.c` and the program made from it.
fn hello() -> Result<Option<Workspace>> {
    let Some(w) = Workspace::new() else {
        return Ok(None);
    };
    w.file("hello.c", HELLO)
        .ok("popcorn-cc", "-O1 hello.c -o hello")?;
    Ok(Some(w))
}

#[test]
fn unknown_isa() -> Result<()> {
    let Some(w) = hello()? else { return Ok(()) };
    w.refused(
        "popcorn-cc",
        "--popcorn-isas=vax hello.c",
        &["error: unknown ISA `vax`", BASE.name],
    )?;
    w.refused("popcorn", "run --isa vax hello", &["unknown ISA `vax`"])?;
    w.refused(
        "popcorn",
        "extract --isa vax hello -o x",
        &["unknown ISA `vax`"],
    )?;
    w.refused("popcorn", "migrate 1 --to vax", &["unknown ISA `vax`"])?;
    w.refused(
        "popcorn",
        "run --hop every=1,isas=vax hello",
        &["unknown ISA `vax`"],
    )?;
    w.refused(
        "popcorn",
        "run --hop every=0,isas=self hello",
        &["hop specification"],
    )
}

#[test]
fn an_isa_the_program_was_not_built_for() -> Result<()> {
    let Some(w) = hello()? else { return Ok(()) };
    let (kept, left_out) = (ALL[1].name, ALL[2].name);
    let isas = format!("{},{kept}", BASE.name);
    w.ok(
        "popcorn-cc",
        &format!("--popcorn-isas={isas} hello.c -o two"),
    )?;
    let named = format!("no image for {left_out}");
    w.refused(
        "popcorn",
        &format!("run --isa {left_out} two"),
        &[&named, kept],
    )?;
    w.refused(
        "popcorn",
        &format!("extract --isa {left_out} two -o x"),
        &[&named],
    )?;
    w.refused(
        "popcorn",
        &format!("run --hop every=1,isas={left_out} two"),
        &[&named],
    )?;
    // Objects for two ISAs do not make a program for three.
    w.ok(
        "popcorn-cc",
        &format!("--popcorn-isas={isas} -c hello.c -o two.o"),
    )?;
    w.refused("popcorn-cc", "two.o -o three", &["two.o", left_out])
}

#[test]
fn missing_emulator() -> Result<()> {
    let Some(w) = hello()? else { return Ok(()) };
    let isa = ALL[1];
    let variable = format!("POPCORN_QEMU_{}", isa.name.to_uppercase());
    for hop in [false, true] {
        let line = match hop {
            false => format!("run --isa {} hello", isa.name),
            true => format!("run --hop every=1,isas={} hello", isa.name),
        };
        let output = w
            .command("popcorn", &line)
            .env(&variable, w.path("none"))
            .output()?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.code() == Some(1),
            "{line}: {:?}",
            output.status
        );
        ensure!(
            stderr.contains("no emulator") && stderr.contains(isa.emulator),
            "{stderr}"
        );
        let output = w
            .command("popcorn", &line)
            .env("PATH", w.path("none"))
            .output()?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(
            stderr.contains(&format!("no emulator for {}", isa.name)),
            "{stderr}"
        );
        ensure!(output.stdout.is_empty(), "the program ran");
    }
    Ok(())
}

#[test]
fn unresolved_symbol() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file(
        "a.c",
        "int missing(int);\nint main(void) { return missing(1); }\n",
    );
    w.refused(
        "popcorn-cc",
        "a.c -o a",
        &["undefined symbol", "missing", "a.o"],
    )
}

#[test]
fn duplicate_symbol() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file(
        "a.c",
        "int twice(void) { return 1; }\nint main(void) { return twice(); }\n",
    );
    w.file("b.c", "int twice(void) { return 2; }\n");
    w.refused(
        "popcorn-cc",
        "a.c b.c -o a",
        &["duplicate symbol", "twice", "a.o", "b.o"],
    )
}

#[test]
fn assembly_input() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("a.s", ".text\n").file("b.S", ".text\n");
    w.refused("popcorn-cc", "-c a.s", &["a.s", "assembly is for one ISA"])?;
    w.refused(
        "popcorn-cc",
        "b.S -o b",
        &["b.S", "assembly is for one ISA"],
    )
}

#[test]
fn inline_assembly_names_function_and_line() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file(
        "a.c",
        "int spin(int x)\n{\n\t__asm__ volatile(\"rol $3, %0\" : \"+r\"(x));\n\treturn x;\n}\nint main(void) { return spin(1); }\n",
    );
    w.refused(
        "popcorn-cc",
        "-g -c a.c",
        &["inline assembly", "`spin`", "a.c:3"],
    )
}

#[test]
fn c_errors_are_clangs_own() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("a.c", "int main(void) { return nothing; }\n");
    w.refused(
        "popcorn-cc",
        "-c a.c",
        &["a.c:1:25: error: use of undeclared identifier 'nothing'"],
    )?;
    w.refused("popcorn-cc", "a.c none.c -o a", &["none.c"])?;
    w.refused("popcorn-cc", "-c a.c -o none/a.o", &["error"])
}

#[test]
fn what_is_not_ir_is_refused() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("a.ll", "this is no IR\n").file("b.bc", "nor this\n");
    w.refused("popcorn-cc", "-c a.ll", &["a.ll"])?;
    w.refused("popcorn-cc", "-c b.bc", &["b.bc"])
}

#[test]
fn foreign_files() -> Result<()> {
    let Some(w) = hello()? else { return Ok(()) };
    toolchain::compile(
        toolchain::clang()
            .args(["-w", "-o"])
            .arg(w.path("plain"))
            .arg(w.path("hello.c")),
    )?;
    toolchain::compile(
        toolchain::clang()
            .args(["-w", "-c", "-o"])
            .arg(w.path("plain.o"))
            .arg(w.path("hello.c")),
    )?;
    for prog in ["plain", "hello.c"] {
        let isa = ALL[1].name;
        w.refused(
            "popcorn",
            &format!("inspect {prog}"),
            &[prog, "not a popcorn executable"],
        )?;
        w.refused(
            "popcorn",
            &format!("run ./{prog}"),
            &[prog, "not a popcorn executable"],
        )?;
        w.refused(
            "popcorn",
            &format!("extract --isa {isa} {prog} -o x"),
            &["not a popcorn executable"],
        )?;
    }
    w.refused("popcorn", "inspect none", &["none"])?;
    w.refused("popcorn-cc", "plain.o -o x", &["plain.o", "popcorn-cc"])?;
    w.refused("popcorn-cc", "hello.c plain -o x", &["plain"])
}

#[test]
fn a_damaged_program_is_refused() -> Result<()> {
    let Some(w) = hello()? else { return Ok(()) };
    let whole = std::fs::read(w.path("hello"))?;
    for keep in [0, 3, 64, 1000, whole.len() / 2, whole.len() - 40] {
        std::fs::write(w.path("cut"), &whole[..keep])?;
        w.refused("popcorn", "inspect cut", &["cut"])?;
        w.refused(
            "popcorn",
            &format!("run --isa {} cut", ALL[2].name),
            &["cut"],
        )?;
    }
    Ok(())
}

#[test]
fn options_that_cannot_be_obeyed() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("a.c", HELLO);
    for option in [
        "-shared",
        "-march=native",
        "-mavx2",
        "-m32",
        "-fsanitize=address",
        "-Wl,--wrap=x",
    ] {
        let named = option.trim_start_matches("-Wl,");
        w.refused(
            "popcorn-cc",
            &format!("{option} a.c -o a"),
            &[named, "help:"],
        )?;
    }
    w.refused("popcorn-cc", "", &["no input files"])?;
    w.refused(
        "popcorn-cc",
        "a.c -lnowhere -o a",
        &["-lnowhere", "libnowhere.a"],
    )
}

#[test]
fn an_old_output_survives_a_failure() -> Result<()> {
    let Some(w) = hello()? else { return Ok(()) };
    let before = std::fs::read(w.path("hello"))?;
    w.file(
        "bad.c",
        "int missing(void);\nint main(void) { return missing(); }\n",
    );
    w.refused("popcorn-cc", "bad.c -o hello", &["missing"])?;
    ensure!(
        std::fs::read(w.path("hello"))? == before,
        "the old program is gone"
    );
    Ok(())
}
