//! Bad input: a clear error, a non-zero exit status, nothing half-written.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use anyhow::{Result, ensure};
use popcorn_testsuite::nobody::Tools;
use popcorn_testsuite::toolchain;
use popcorn_testsuite::workspace::Workspace;
use popcorn_toolchains::{BASE, DEFAULT};

const HELLO: &str = "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 42; }\n";

/// A workspace with `hello.c` and the program made from it.
fn hello() -> Result<Option<Workspace>> {
    Workspace::new().map(with_hello).transpose()
}

fn with_hello(w: Workspace) -> Result<Workspace> {
    w.file("hello.c", HELLO)
        .ok("popcorn-cc", "-O1 hello.c -o hello")?;
    Ok(w)
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
    let (kept, left_out) = (DEFAULT[1].name, DEFAULT[2].name);
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
    let isa = DEFAULT[1];
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
fn tail_calls_that_not_every_isa_can_make() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    let tail = |words: &str, call: &str| {
        format!(
            "long next({words});\nlong here({words})\n{{\n\t__attribute__((musttail)) return next({call});\n}}\n"
        )
    };
    let words = "long a, long b, long c, long d, long e, long f, long g, long h";
    let more = format!("{words}, double x, double y");
    w.file("eight.c", &tail(&more, "b, c, d, e, f, g, h, a, y, x"));
    w.ok("popcorn-cc", "-O2 -c eight.c -o eight.o")?;
    w.file(
        "nine.c",
        &tail(&format!("{words}, int i"), "b, c, d, e, f, g, h, a, i"),
    );
    w.refused(
        "popcorn-cc",
        "-g -O2 -c nine.c -o nine.o",
        &["a tail call (musttail)", "`here`", "nine.c:4"],
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
    w.refused("popcorn-cc", "-c b.bc", &["b.bc"])?;
    w.file("c.c", HELLO);
    toolchain::compile(
        toolchain::clang()
            .args(["-O1", "-c", "-emit-llvm", "-o"])
            .args([w.path("c.bc"), w.path("c.c")]),
    )?;
    let whole = fs::read(w.path("c.bc"))?;
    fs::write(w.path("cut.bc"), &whole[..whole.len() / 2])?;
    w.refused("popcorn-cc", "-c cut.bc", &["cut.bc", "not LLVM IR"])
}

#[test]
fn ir_against_llvms_rules_is_refused() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    let body = "%x = add i32 %y, 1\n%y = add i32 %x, 1\nret i32 %y";
    w.file("a.ll", &format!("define i32 @main() {{\n{body}\n}}\n"));
    let wanted = ["a.ll", "invalid LLVM IR", "does not dominate all uses"];
    w.refused("popcorn-cc", "-O2 -c a.ll", &wanted)?;
    toolchain::compile(
        Command::new("llvm-as-22")
            .args(["-disable-verify", "-o"])
            .args([w.path("a.bc"), w.path("a.ll")]),
    )?;
    w.refused("popcorn-cc", "-O2 -c a.bc", &wanted[1..])
}

#[test]
fn what_asks_for_one_machine_names_function_and_line() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    for (source, wanted) in [
        (
            "void *here(void)\n{\n\treturn __builtin_return_address(1);\n}\n",
            "`__builtin_return_address(1)`",
        ),
        (
            "void *here(void)\n{\n\treturn __builtin_frame_address(2);\n}\n",
            "`__builtin_frame_address(2)`",
        ),
        (
            "register long sp __asm__(\"rsp\");\nlong here(void) {\n\treturn sp;\n}\n",
            "of `rsp`",
        ),
        (
            "int here(void)\n{\n\treturn __builtin_cpu_supports(\"avx2\");\n}\n",
            "__builtin_cpu_supports",
        ),
    ] {
        w.file("a.c", source);
        w.refused(
            "popcorn-cc",
            "-g -c a.c",
            &[wanted, "`here`", "a.c:3", "help:"],
        )?;
        w.refused("popcorn-cc", "-c a.c", &[wanted, "`here`", "a.c"])?;
    }
    w.file(
        "chosen.ll",
        "define internal ptr @choose() {\n ret ptr null\n}\n@here = ifunc i32 (), ptr @choose\n",
    );
    w.refused(
        "popcorn-cc",
        "-c chosen.ll",
        &["ifunc", "`here`", "chosen.ll"],
    )
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
        let isa = DEFAULT[1].name;
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
    let whole = fs::read(w.path("hello"))?;
    for keep in [0, 3, 64, 1000, whole.len() / 2, whole.len() - 40] {
        fs::write(w.path("cut"), &whole[..keep])?;
        w.refused("popcorn", "inspect cut", &["cut"])?;
        w.refused(
            "popcorn",
            &format!("run --isa {} cut", DEFAULT[2].name),
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
    let before = fs::read(w.path("hello"))?;
    w.file(
        "bad.c",
        "int missing(void);\nint main(void) { return missing(); }\n",
    );
    w.refused("popcorn-cc", "bad.c -o hello", &["missing"])?;
    ensure!(
        fs::read(w.path("hello"))? == before,
        "the old program is gone"
    );
    Ok(())
}

/// The passes refuse what the front end took: its dependency file must not appear, nor replace an old one.
#[test]
fn no_dependency_file_of_a_refused_module() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file(
        "a.c",
        "int spin(int x)\n{\n\t__asm__(\"rol $3, %0\" : \"+r\"(x));\n\treturn x;\n}\nint main(void) { return spin(1); }\n",
    );
    for line in [
        "-MMD -c a.c",
        "-MD -MF deps -c a.c -o b.o",
        "-MD -S a.c",
        "-MD a.c -o a",
    ] {
        w.refused("popcorn-cc", line, &["inline assembly", "`spin`"])?;
    }
    w.file("a.d", "old\n");
    w.refused("popcorn-cc", "-MMD -c a.c", &["`spin`"])?;
    ensure!(
        fs::read_to_string(w.path("a.d"))? == "old\n",
        "the old file is gone"
    );
    // Nor of a program that does not link.
    w.file(
        "b.c",
        "int missing(void);\nint main(void) { return missing(); }\n",
    );
    w.refused("popcorn-cc", "-MD b.c -o b", &["missing"])
}

/// One ISA's object exchanged for another file's.
#[test]
fn objects_that_do_not_belong_together() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file(
        "a.c",
        "int table[4] = {1};\nint main(void) { return table[0]; }\n",
    );
    w.file(
        "b.c",
        "int table[8] = {1};\nint main(void) { return table[0]; }\n",
    );
    w.ok("popcorn-cc", "-c a.c")?;
    w.ok("popcorn-cc", "-c b.c")?;
    w.file("garbage", "this is no object\n");
    let (isa, other) = (DEFAULT[2].name, DEFAULT[1].name);
    let objcopy = |line: String| {
        let mut command = Command::new("llvm-objcopy-22");
        command
            .args(line.split_whitespace())
            .current_dir(w.path(""));
        toolchain::compile(&mut command)
    };
    objcopy(format!("--dump-section .popcorn.obj.{isa}=b.part b.o"))?;
    objcopy(format!("--dump-section .popcorn.obj.{other}=a.part a.o"))?;
    for part in ["b.part", "a.part", "garbage"] {
        objcopy(format!(
            "--update-section .popcorn.obj.{isa}={part} a.o {part}.o"
        ))?;
    }
    w.refused(
        "popcorn-cc",
        "b.part.o -o x",
        &[
            "b.part.o",
            "table",
            "different sizes per ISA",
            isa,
            BASE.name,
        ],
    )?;
    w.refused("popcorn-cc", "a.part.o -o x", &["a.part.o", "machine", isa])?;
    w.refused("popcorn-cc", "garbage.o -o x", &["garbage.o", "ELF", isa])
}

#[test]
fn files_that_may_not_be_read_or_written() -> Result<()> {
    let Some(w) = Workspace::public() else {
        return Ok(());
    };
    let w = with_hello(w)?;
    let tools = Tools::new(&["popcorn", "popcorn-cc"])?;
    for (file, mode) in [("hello", 0o000), ("hello.c", 0o000)] {
        fs::set_permissions(w.path(file), Permissions::from_mode(mode))?;
    }
    let isa = DEFAULT[1].name;
    let before = w.files();
    for (tool, line, named) in [
        ("popcorn", format!("run --isa {isa} ./hello"), "hello"),
        ("popcorn", "run ./hello".to_owned(), "hello"),
        ("popcorn", "inspect hello".to_owned(), "hello"),
        (
            "popcorn",
            format!("extract --isa {isa} hello -o x"),
            "hello",
        ),
        (
            "popcorn-cc",
            "-c hello.c -o /dev/null".to_owned(),
            "hello.c",
        ),
    ] {
        let output = tools.command(&w, tool, &line).output()?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.code() == Some(1)
                && stderr.contains(named)
                && stderr.to_lowercase().contains("permission denied"),
            "{tool} {line}: {:?}\n{stderr}",
            output.status
        );
        ensure!(output.stdout.is_empty() && w.files() == before, "{line}");
    }
    w.file("a.c", HELLO).ok("popcorn-cc", "-c a.c")?;
    fs::create_dir(w.path("directory"))?;
    for line in ["a.o -o directory", "-c a.c -o directory", "a.o -o none/a"] {
        let named = line.split(' ').next_back().unwrap_or(line);
        w.refused("popcorn-cc", line, &[named])?;
    }
    Ok(())
}
