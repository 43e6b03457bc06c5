//! `popcorn run`: what its options make a program do.

use anyhow::{Result, ensure};
use popcorn_testsuite::toolchain::missing_emulator;
use popcorn_testsuite::trials::hops;
use popcorn_testsuite::workspace::Workspace;
use popcorn_toolchains::{ALL, BASE};

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
fn a_program_with_threads_says_once_that_it_does_not_hop() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    let at = DOWN.find("int main").unwrap_or_default();
    let main = DOWN[at..].replace("unsigned sum", "beside(); unsigned sum");
    w.file("beside.c", &format!("{}{BESIDE}{main}", &DOWN[..at]));
    w.ok("popcorn-cc", "-O2 beside.c -o beside")?;
    let printed = w.ok("popcorn", "run beside")?.stdout;
    for isa in ALL.iter().filter(|i| missing_emulator(i).is_none()) {
        let line = format!(
            "run --isa {} --hop every=50,max=9,isas=self beside",
            isa.name
        );
        let outcome = w.ok("popcorn", &line)?;
        ensure!(outcome.stdout == printed, "{outcome:?}");
        let said =
            "popcorn: the program has 2 threads: it does not hop while there is more than one\n";
        ensure!(outcome.stderr == said, "{outcome:?}");
        let outcome = w.ok("popcorn", &line.replace("run", "run --trace"))?;
        ensure!(outcome.stdout == printed, "{outcome:?}");
        // Once it is alone it makes up for it.
        ensure!(hops(&outcome.stderr) == 9, "{outcome:?}");
    }
    Ok(())
}
