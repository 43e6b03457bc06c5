//! `popcorn run`: what its options make a program do.

use anyhow::{Result, ensure};
use popcorn_testsuite::toolchain::{every_isa, missing_emulator};
use popcorn_testsuite::trials::hops;
use popcorn_testsuite::workspace::Workspace;
use popcorn_toolchains::isa::page_size;
use popcorn_toolchains::{ALL, BASE, DEFAULT, Isa};

/// Passes migration points in recursion; prints a sum that depends on all of it.
const DOWN: &str = r#"
#include <stdio.h>
#include <stdlib.h>
static unsigned down(unsigned n) { volatile unsigned x = n; return n ? down(n - 1) * 3 + x : 1; }
int main(void)
{
	unsigned sum = 0;
	for (volatile int i = 0; i < 50; i++)
		sum += down(200);
	printf("%u\n", sum);
}
"#;

/// A program, and what it prints by itself.
fn program() -> Result<Option<(Workspace, Vec<u8>)>> {
    let Some(w) = Workspace::new() else {
        return Ok(None);
    };
    w.file("down.c", DOWN);
    w.ok("popcorn-cc", "-O2 down.c -o down")?;
    let printed = w.ok("popcorn", "run down")?.stdout;
    Ok(Some((w, printed)))
}

#[test]
fn a_hop_to_the_isa_that_runs_goes_through_an_exec() -> Result<()> {
    let Some((w, printed)) = program()? else {
        return Ok(());
    };
    let here = BASE.name;
    let line = format!("run --trace --hop every=1000,max=3,isas={here} down");
    let outcome = w.ok("popcorn", &line)?;
    ensure!(outcome.stdout == printed, "{outcome:?}");
    let hops: Vec<_> = outcome.stderr.lines().collect();
    ensure!(hops.len() == 3, "{outcome:?}");
    for hop in hops {
        ensure!(hop.contains(&format!("{here} -> {here}: ")), "{hop}");
        // In place there is nothing to transfer.
        ensure!(!hop.contains("transfer 0.000 ms"), "{hop}");
    }
    Ok(())
}

#[test]
fn trace_has_levels() -> Result<()> {
    let Some((w, printed)) = program()? else {
        return Ok(());
    };
    let lines = |level: u8| -> Result<(usize, usize, usize)> {
        let line = format!(
            "run --trace={level} --hop every=1000,max=1,isas={} down",
            BASE.name
        );
        let outcome = w.ok("popcorn", &line)?;
        ensure!(outcome.stdout == printed, "{outcome:?}");
        let count = |start: &str| {
            let lines = outcome.stderr.lines();
            lines.filter(|line| line.starts_with(start)).count()
        };
        Ok((
            count("popcorn: hop 1 "),
            count("popcorn:   "),
            count("popcorn: captured "),
        ))
    };
    ensure!(lines(1)? == (1, 0, 0), "{:?}", lines(1)?);
    let (hops, steps, frames) = lines(2)?;
    ensure!(hops == 1 && steps >= 4 && frames == 0, "{:?}", lines(2)?);
    let (hops, steps, frames) = lines(3)?;
    ensure!(hops == 1 && steps >= 4 && frames > 3, "{:?}", lines(3)?);
    Ok(())
}

#[test]
fn points_and_gaps_are_counted() -> Result<()> {
    let Some((w, printed)) = program()? else {
        return Ok(());
    };
    let outcome = w.ok("popcorn", "run --gaps down")?;
    ensure!(outcome.stdout == printed, "{outcome:?}");
    let line = outcome.stderr.trim();
    let words: Vec<_> = line.split(' ').collect();
    let number = |i: usize| words.get(i).and_then(|w| w.parse::<u64>().ok());
    let (points, longest) = (number(1), number(6));
    // One at each entry of the recursion.
    ensure!(
        points.is_some_and(|n| (10_000..20_000).contains(&n)),
        "{line}"
    );
    ensure!(
        longest.is_some_and(|n| (1..1_000_000_000).contains(&n)),
        "{line}"
    );
    ensure!(line.contains(" ns before "), "{line}");
    Ok(())
}

/// Prints its arguments, a line each.
const ARGUMENTS: &str = r#"
#include <stdio.h>
int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		puts(argv[i]);
}
"#;

#[test]
fn options_behind_the_program_reach_it() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("arguments.c", ARGUMENTS);
    w.ok("popcorn-cc", "arguments.c -o arguments")?;
    for rest in ["--help", "-h", "--trace", "--isa vax", "x --help"] {
        let outcome = w.ok("popcorn", &format!("run arguments {rest}"))?;
        let expected = rest.replace(' ', "\n") + "\n";
        ensure!(outcome.stdout == expected.as_bytes(), "{rest}: {outcome:?}");
        ensure!(outcome.stderr.is_empty(), "{rest}: {outcome:?}");
    }
    Ok(())
}

/// Passes points with a second thread beside it, then alone.
const BESIDE: &str = r#"
#include <pthread.h>
static void *other(void *n) { return (char *)n + down(100); }
static void beside(void)
{
	pthread_t t;
	void *result;
	for (int i = 0; i < 20; i++) {
		if (pthread_create(&t, 0, other, 0))
			abort();
		down(100);
		pthread_join(t, &result);
	}
}
"#;

#[test]
fn a_program_with_threads_hops() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    let at = DOWN.find("int main").unwrap_or_default();
    let main = DOWN[at..].replace("unsigned sum", "beside(); unsigned sum");
    w.file("beside.c", &format!("{}{BESIDE}{main}", &DOWN[..at]));
    w.ok("popcorn-cc", "-O2 beside.c -o beside")?;
    let printed = w.ok("popcorn", "run beside")?.stdout;
    for isa in DEFAULT.iter().filter(|i| missing_emulator(i).is_none()) {
        let line = format!(
            "run --isa {} --hop every=50,max=9,isas=self beside",
            isa.name
        );
        let outcome = w.ok("popcorn", &line)?;
        ensure!(outcome.stdout == printed, "{outcome:?}");
        ensure!(outcome.stderr.is_empty(), "{outcome:?}");
        let outcome = w.ok("popcorn", &line.replace("run", "run --trace"))?;
        ensure!(outcome.stdout == printed, "{outcome:?}");
        ensure!(outcome.stderr.contains("2 threads stood"), "{outcome:?}");
        ensure!(hops(&outcome.stderr) == 9, "{outcome:?}");
    }
    Ok(())
}

const PAGES: &str = r#"
#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#ifdef PAGESIZE
#define CONSTANT PAGESIZE
#else
#define CONSTANT 0
#endif
int main(void) { printf("%ld %d\n", sysconf(_SC_PAGESIZE), CONSTANT); }
"#;

/// A program's pages are the largest of its ISAs', wherever it runs; a kernel's may be smaller, not larger. The emulator
/// plays a kernel with other pages.
#[test]
fn a_kernel_with_larger_pages_than_the_program_is_refused_by_name() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("pages.c", PAGES);
    w.ok("popcorn-cc", "pages.c -o small")?;
    w.ok(
        "popcorn-cc",
        &format!("pages.c -o large --popcorn-isas={}", every_isa(",")),
    )?;
    let (small, large) = (page_size(DEFAULT), page_size(ALL));
    ensure!(w.ok("popcorn", "run small")?.stdout == format!("{small} {small}\n").into_bytes());
    ensure!(w.ok("popcorn", "run large")?.stdout == format!("{large} 0\n").into_bytes());
    let emulated = |isa: &&&Isa| isa.id != BASE.id && missing_emulator(isa).is_none();
    let Some(isa) = DEFAULT.iter().find(emulated) else {
        return Ok(());
    };
    for (program, size) in [("small", small), ("large", large)] {
        for kernel in [small, large, 2 * large] {
            let mut command = w.command("popcorn", &format!("run --isa {} {program}", isa.name));
            command.env("QEMU_PAGESIZE", kernel.to_string());
            let output = command.output()?;
            let said = String::from_utf8_lossy(&output.stderr);
            let refused = format!(
                "popcorn: error: this kernel has pages of {kernel} bytes; the program was linked for pages of at most {size}\n"
            );
            ensure!(
                output.status.success() == (kernel <= size),
                "{program} {kernel}: {output:?}"
            );
            ensure!(
                kernel <= size || said == refused,
                "{program} {kernel}: {said}"
            );
        }
    }
    Ok(())
}
