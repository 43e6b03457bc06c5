//! Very many moves of one process: it grows in nothing, and a move takes as long at the end as in the beginning.
//!
//! A few hundred moves; 100,000 with `POPCORN_LONG` set.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use popcorn_testsuite::process;
use popcorn_testsuite::workspace::Workspace;
use popcorn_toolchains::BASE;

/// Moves at nearly every turn of its loop, and tells ten times what it has: kilobytes of memory, maps, descriptors, and
/// milliseconds of processor time.
const SOAK: &str = r#"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char text[1 << 16];
static char *block;
static double some = 0.5;

static long memory(void)
{
	int fd = open("/proc/self/statm", O_RDONLY);
	text[read(fd, text, 100)] = 0;
	close(fd);
	return atol(strchr(text, ' ')) * 4;
}

static long maps(void)
{
	int fd = open("/proc/self/maps", O_RDONLY);
	long lines = 0, n;
	while ((n = read(fd, text, sizeof text)) > 0)
		for (long i = 0; i < n; i++)
			lines += text[i] == '\n';
	close(fd);
	return lines;
}

static long descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	long count = 0;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static long milliseconds(void)
{
	struct rusage use;
	getrusage(RUSAGE_SELF, &use);
	return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000
		+ (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1000;
}

int main(int argc, char **argv)
{
	volatile long turns = argc > 1 ? atol(argv[1]) : 0;
	block = malloc(100000);
	memset(block, 5, 100000);
	for (volatile long i = 1; i <= turns; i++) {
		char *fresh = malloc(1000 + i % 5000);
		memset(fresh, 1, 1000);
		some += fresh[999];
		free(fresh);
		if (i % (turns / 10) == 0) {
			printf("%ld %ld %ld %ld\n", memory(), maps(), descriptors(), milliseconds());
			fflush(stdout);
		}
	}
	return some == 0.5 + (double)turns && block[99999] == 5 ? 0 : 1;
}
"#;

struct Sample {
    memory: i64,
    maps: i64,
    descriptors: i64,
    time: i64,
}

impl Sample {
    fn parse(line: &str) -> Option<Sample> {
        let mut numbers = line.split(' ').map(|word| word.parse().ok());
        let mut next = || numbers.next().flatten();
        Some(Sample {
            memory: next()?,
            maps: next()?,
            descriptors: next()?,
            time: next()?,
        })
    }
}

/// So many moves to `isas`.
fn soak(isas: &str, moves: u64) -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    // Some points are passed: the one right behind a move through an exec.
    let turns = 2 * moves;
    w.file("soak.c", SOAK)
        .ok("popcorn-cc", "-O2 soak.c -o soak")?;
    let line = format!("run --trace --hop every=1,isas={isas} soak {turns}");
    let limit = Duration::from_secs(60 + turns / 20);
    let outcome = process::run(&mut w.command("popcorn", &line), "", limit)?;
    let last = outcome.stderr.lines().last().unwrap_or_default().to_owned();
    ensure!(outcome.status.success(), "{}: {last}", outcome.status);
    let hop = last.strip_prefix("popcorn: hop ");
    let hops: u64 = hop
        .and_then(|rest| rest.split(' ').next()?.parse().ok())
        .with_context(|| last.clone())?;
    ensure!(hops >= moves, "{hops} moves in {turns} turns");

    let printed = String::from_utf8(outcome.stdout)?;
    let samples: Vec<Sample> = printed.lines().filter_map(Sample::parse).collect();
    ensure!(samples.len() == 10, "{printed}");
    // Records change places from move to move, so there may be a map more at every other sample.
    let (early, late) = samples.split_at(5);
    let most = |of: &[Sample], what: fn(&Sample) -> i64| of.iter().map(what).max();
    let grows = |what, by| most(late, what) > most(early, what).map(|most| most + by);
    ensure!(!grows(|s| s.memory, 512), "memory:\n{printed}");
    ensure!(!grows(|s| s.maps, 0), "maps:\n{printed}");
    ensure!(!grows(|s| s.descriptors, 0), "descriptors:\n{printed}");
    // A tenth in the middle of others' load may take half as long again, not twice as long, and a short one says nothing.
    let tenth = |i: usize| samples[i].time - samples[i - 1].time;
    if tenth(1) > 1000 {
        ensure!(tenth(9) < 2 * tenth(1), "time:\n{printed}");
    }
    Ok(())
}

fn moves(short: u64) -> u64 {
    match std::env::var_os("POPCORN_LONG") {
        Some(_) => 100_000,
        None => short,
    }
}

#[test]
fn moves_through_an_exec() -> Result<()> {
    soak(BASE.name, moves(200))
}

#[test]
fn moves_in_place() -> Result<()> {
    soak("self", moves(5000))
}
