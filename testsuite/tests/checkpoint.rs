//! `popcorn checkpoint` and `popcorn restore`: an image taken on one ISA goes on on any, as often as one
//! likes, and the process it was taken of never notices.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use popcorn_testsuite::process;
use popcorn_testsuite::running::Running;
use popcorn_testsuite::workspace::Workspace;
use popcorn_toolchains::{ALL, BASE, Isa};

/// Works at the bottom of a recursion on a heap, two files with offsets and a signal handler; looks at
/// its arguments and environment, and for children and `SIGCHLD` that it never had.
const WORK: &str = r#"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct node { struct node *next; int value; };
static struct node *list;
static volatile sig_atomic_t handled, children;
static void on_usr1(int s) { handled++; }
static void on_child(int s) { children++; }

static int sum(void)
{
	int n = 0;
	for (struct node *p = list; p; p = p->next) n += p->value;
	return n;
}

static void round_of(int i, int *place, FILE *in, int log, char **argv)
{
	char line[64], note[32];
	struct node *node = malloc(sizeof *node);
	node->next = list;
	node->value = i;
	list = node;
	*place += i;
	if (!fgets(line, sizeof line, in)) strcpy(line, "none\n");
	write(log, note, sprintf(note, "note %d\n", i));
	raise(SIGUSR1);
	int alone = waitpid(-1, 0, WNOHANG | __WALL) == -1 && errno == ECHILD;
	printf("%d sum %d place %d handled %d children %d alone %d at %ld umask %o %s %s %s", i, sum(), *place,
		handled, children, alone, (long)lseek(log, 0, SEEK_CUR), umask(022), argv[1], getenv("WORK"), line);
	usleep(10000);
}

static int deep(int n, int *place, FILE *in, int log, char **argv)
{
	int here = n;
	if (n) return deep(n - 1, &here, in, log, argv) + here;
	for (int i = 0; i < 60; i++) round_of(i, &here, in, log, argv);
	return here + *place;
}

int main(int argc, char **argv)
{
	int zero = 0;
	char all[4096];
	setvbuf(stdout, 0, _IOLBF, 0);
	umask(022);
	signal(SIGUSR1, on_usr1);
	signal(SIGCHLD, on_child);
	setenv("WORK", "in the environment", 1);
	FILE *in = fopen("input", "r");
	int log = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0600);
	int result = deep(300, &zero, in, log, argv);
	ssize_t length = pread(log, all, sizeof all, 0);
	unsigned hash = 0;
	for (ssize_t i = 0; i < length; i++) hash = hash * 31 + all[i];
	printf("end %d %zd %u\n", result, length, hash);
	return 42;
}
"#;

/// Prints a line, does `BODY`, and then counts until its input ends.
const BODY: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char c;
	int pair[2];
	struct pollfd in = {0, POLLIN, 0};
	setvbuf(stdout, 0, _IOLBF, 0);
	BODY
	for (int i = 0; ; i++) {
		printf("%d x 210\n", i);
		if (poll(&in, 1, 10) > 0 && read(0, &c, 1) == 0)
			return 42;
	}
}
"#;

/// A workspace with `prog`, which does `body` first.
fn body(body: &str) -> Result<Option<Workspace>> {
    let Some(w) = Workspace::new() else {
        return Ok(None);
    };
    w.file(
        "prog.c",
        &BODY
            .replacen("BODY", "", 0)
            .replace("\tBODY\n", &format!("\t{body}\n")),
    )
    .ok("popcorn-cc", "-O1 prog.c -o prog")?;
    Ok(Some(w))
}

/// A workspace with `work` and its input, and what it prints by itself.
fn work() -> Result<Option<(Workspace, String)>> {
    let Some(w) = Workspace::new() else {
        return Ok(None);
    };
    let input: String = (0..60).map(|i| format!("line {i}\n")).collect();
    w.file("work.c", WORK)
        .file("input", &input)
        .ok("popcorn-cc", "-O2 work.c -o work")?;
    let outcome = process::run(
        Command::new(w.path("work"))
            .args(["argument", "log"])
            .current_dir(w.path("")),
        "",
        Duration::from_secs(60),
    )?;
    ensure!(outcome.status.code() == Some(42), "{}", outcome.status);
    let said = String::from_utf8(outcome.stdout)?;
    ensure!(said.lines().count() == 61, "{said}");
    Ok(Some((w, said)))
}

/// Starts `work` as an ISA and lets it print some lines, which are returned.
fn start_work(w: &Workspace, isa: &Isa) -> Result<(Running, String)> {
    let line = format!("run --isa {} ./work argument log-{}", isa.name, isa.name);
    let mut running = Running::spawn(&mut w.command("popcorn", &line))?;
    let mut said = String::new();
    for _ in 0..5 {
        said.push_str(&running.text()?);
    }
    Ok((running, said))
}

/// Restores an image and wants the end of `expected`; how much of it.
fn restore(w: &Workspace, isa: &Isa, image: &str, expected: &str) -> Result<usize> {
    let outcome = w.run("popcorn", &format!("restore --isa {} {image}", isa.name))?;
    let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
    ensure!(
        outcome.status.code() == Some(42),
        "{image} on {}: {}\n{}",
        isa.name,
        outcome.status,
        outcome.stderr
    );
    ensure!(
        expected.ends_with(&said) && said.lines().count() < 58 && said.lines().count() > 5,
        "{image} on {} printed:\n{said}",
        isa.name
    );
    Ok(said.len())
}

/// From every ISA to every ISA.
fn from(isa: &'static Isa) -> Result<()> {
    let Some((w, expected)) = work()? else {
        return Ok(());
    };
    let (running, mut said) = start_work(&w, isa)?;
    let pid = running.pid();
    let outcome = w.ok("popcorn", &format!("checkpoint {pid} -o image"))?;
    let told = String::from_utf8_lossy(&outcome.stdout).into_owned();
    ensure!(
        told.contains(&format!("as {}: 303 frames", isa.name)) && told.contains("pause"),
        "{told}"
    );
    // It goes on as if nothing had been.
    let (rest, status) = running.rest()?;
    said.push_str(&rest);
    ensure!(
        status.code() == Some(42) && said == expected,
        "{status}\n{said}"
    );
    let lengths: Vec<usize> = ALL
        .iter()
        .chain([&BASE])
        .map(|to| restore(&w, to, "image", &expected))
        .collect::<Result<_>>()?;
    // Each begins where the image does.
    ensure!(lengths.windows(2).all(|w| w[0] == w[1]), "{lengths:?}");
    Ok(())
}

#[test]
fn from_the_first_isa_to_each() -> Result<()> {
    from(ALL[0])
}

#[test]
fn from_the_second_isa_to_each() -> Result<()> {
    from(ALL[1])
}

#[test]
fn from_the_third_isa_to_each() -> Result<()> {
    from(ALL[2])
}

/// What a stopped process printed and what the restored one prints is the whole, and nothing twice.
#[test]
fn a_stopped_process_is_in_its_image_only() -> Result<()> {
    let Some((w, expected)) = work()? else {
        return Ok(());
    };
    for (isa, to) in [(ALL[0], ALL[1]), (ALL[2], ALL[0])] {
        let (running, mut said) = start_work(&w, isa)?;
        let pid = running.pid();
        let line = format!("checkpoint --stop {pid}");
        let told = String::from_utf8(w.ok("popcorn", &line)?.stdout)?;
        ensure!(told.contains("it stopped"), "{told}");
        let (rest, status) = running.rest()?;
        ensure!(!status.success(), "{status}");
        said.push_str(&rest);
        let image = format!("work.{pid}.popcorn");
        let length = restore(&w, to, &image, &expected)?;
        ensure!(said == expected[..expected.len() - length], "{said}");
    }
    Ok(())
}

/// A restored process is like any other: it can be checkpointed and moved.
#[test]
fn a_restored_process_is_checkpointed_again() -> Result<()> {
    let Some((w, expected)) = work()? else {
        return Ok(());
    };
    let (running, _) = start_work(&w, ALL[0])?;
    w.ok(
        "popcorn",
        &format!("checkpoint --stop {} -o 0", running.pid()),
    )?;
    for (i, isa) in [ALL[1], ALL[0], ALL[2]].iter().enumerate() {
        let line = format!("restore --isa {} {i}", isa.name);
        let mut running = Running::spawn(&mut w.command("popcorn", &line))?;
        running.text()?;
        let pid = running.pid();
        w.ok("popcorn", &format!("checkpoint --stop {pid} -o {}", i + 1))?;
        drop(running);
    }
    restore(&w, ALL[1], "3", &expected)?;
    let mut running = Running::spawn(&mut w.command("popcorn", "restore 3"))?;
    running.text()?;
    let line = format!("migrate {} --to {}", running.pid(), ALL[2].name);
    w.ok("popcorn", &line)?;
    let (rest, status) = running.rest()?;
    ensure!(
        status.code() == Some(42) && expected.ends_with(&rest),
        "{rest}"
    );
    Ok(())
}

#[test]
fn untouched_memory_costs_nothing() -> Result<()> {
    let Some(w) =
        body("char *p = calloc(1, 1 << 30); p[5000] = 1; p[1 << 29] = 1; p[1 << 28] = 0;")?
    else {
        return Ok(());
    };
    let mut running = Running::start(&w, "prog")?;
    w.ok("popcorn", &format!("checkpoint {} -o image", running.pid()))?;
    let length = fs::metadata(w.path("image"))?.len();
    ensure!(length < 100_000, "{length} bytes");
    running.line()?;
    running.finish()
}

/// What cannot be opened again is refused by number, and the process goes on.
#[test]
fn descriptors_that_cannot_be_kept() -> Result<()> {
    for (open, texts) in [
        (
            "pipe(pair); dup2(pair[0], 77); close(pair[0]); close(pair[1]);",
            ["descriptor 77 is a pipe", "opened again"],
        ),
        (
            "socketpair(AF_UNIX, SOCK_STREAM, 0, pair); dup2(pair[0], 78); close(pair[0]); close(pair[1]);",
            ["descriptor 78 is a socket", "opened again"],
        ),
        (
            "dup2(eventfd(0, 0), 79); close(3);",
            ["descriptor 79 is no file", "eventfd"],
        ),
        (
            "dup2(open(\"gone\", O_CREAT | O_RDWR, 0600), 80); close(3); unlink(\"gone\");",
            ["descriptor 80 is a deleted file", "gone"],
        ),
        (
            "dup2(open(\"old\", O_CREAT | O_RDWR, 0600), 81); close(3); link(\"old\", \"new\"); unlink(\"old\");",
            ["descriptor 81 is ", "another name now"],
        ),
        (
            "dup2(memfd_create(\"m\", 0), 82); close(3);",
            ["descriptor 82 is a memory file", "memfd:m"],
        ),
        (
            "if (!fork()) { prctl(PR_SET_PDEATHSIG, SIGKILL); close(1); pause(); }",
            ["child processes", "not checkpointed"],
        ),
        (
            "mmap(0, 4096, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0);",
            ["shared memory", "not checkpointed"],
        ),
        (
            "chdir(mkdtemp(strdup(\"dirXXXXXX\"))); { char d[4096]; rmdir(getcwd(d, sizeof d)); }",
            ["working directory", "removed"],
        ),
    ] {
        let Some(w) = body(&format!("#include <sys/stat.h>\n\t{open}"))? else {
            return Ok(());
        };
        let mut running = Running::spawn(Command::new(w.path("prog")).current_dir(w.path("")))?;
        running.line()?;
        let line = format!("checkpoint {} -o image", running.pid());
        w.refused("popcorn", &line, &texts)?;
        let before = running.line()?.0;
        let after = running.line()?.0;
        ensure!(after == before + 1, "{after} after {before}");
        let stopped = line.replace("checkpoint", "checkpoint --stop");
        w.refused("popcorn", &stopped, &texts)?;
        running.line()?;
        running.finish()?;
    }
    Ok(())
}

/// A copy of standard output is whoever restores' standard output; two descriptors of one open file
/// still share their offset; the third stays close-on-exec.
#[test]
fn duplicates_stay_duplicates() -> Result<()> {
    let Some(w) = body(
        "int out = dup(1), a = open(\"file\", O_CREAT | O_RDWR, 0600), b = dup(a); \
         fcntl(b, F_SETFD, FD_CLOEXEC); int alone = open(\"file\", O_RDONLY);",
    )?
    else {
        return Ok(());
    };
    let text = fs::read_to_string(w.path("prog.c"))?.replace(
        "return 42;",
        "{ write(a, \"abc\", 3); dprintf(out, \"%d %d %d %d\\n\", (int)lseek(b, 0, SEEK_CUR), \
         (int)lseek(alone, 0, SEEK_CUR), fcntl(a, F_GETFD), fcntl(b, F_GETFD)); return 42; }",
    );
    w.file("prog.c", &text)
        .ok("popcorn-cc", "-O1 prog.c -o prog")?;
    let mut running = Running::spawn(Command::new(w.path("prog")).current_dir(w.path("")))?;
    running.line()?;
    w.ok(
        "popcorn",
        &format!("checkpoint --stop {} -o image", running.pid()),
    )?;
    for isa in ALL {
        let outcome = w.run("popcorn", &format!("restore --isa {} image", isa.name))?;
        let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
        ensure!(
            said.ends_with("3 0 0 1\n"),
            "{}: {said}{}",
            isa.name,
            outcome.stderr
        );
    }
    Ok(())
}
