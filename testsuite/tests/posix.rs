//! The Open POSIX Test Suite, as the distribution has it: what passes with musl's own build passes here, too.
//!
//! A trial is a way to run and a group of tests, which are those of one function:
//!
//! * `ISA/interfaces/NAME`: from start to end as that ISA;
//! * `in-place/interfaces/NAME`: captured and resumed in place at each of the first 3,000 migration points;
//! * `around/interfaces/NAME`: moving around all ISAs;
//! * `compile/definitions/NAME`: tests of headers, which have nothing to run.
//!
//! Tests run as a user without rights (some would set the machine's clock). One that fails is run again, since some
//! measure time on a machine that has other things to do. `real/posix-exceptions` lists what is left out, and what does not
//! pass; of the latter a test that does pass is a failure of the list. All but a few groups only with `POPCORN_LONG`.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Trial};
use popcorn_testsuite::directories::public_directory;
use popcorn_testsuite::distribution;
use popcorn_testsuite::exceptions::{Exceptions, Fate};
use popcorn_testsuite::nobody::is_root;
use popcorn_testsuite::projects::{folder, kept};
use popcorn_testsuite::slots::Slots;
use popcorn_testsuite::toolchain;
use popcorn_testsuite::trials::{Shared, hops, share, tail, trial};
use popcorn_toolchains::DEFAULT;
use tempfile::TempDir;

/// Seconds that a test may take; those that take longer by themselves are left out by name.
const LIMIT: Duration = Duration::from_secs(45);
/// Runs of a test before it has failed.
const TRIES: u32 = 3;
/// Groups that run without `POPCORN_LONG`: quick ones, of all sorts.
const SHORT: &[&str] = &[
    "interfaces/mmap",
    "interfaces/pthread_barrier_wait",
    "interfaces/pthread_key_create",
    "interfaces/sigaltstack",
    "interfaces/sigqueue",
];
/// Flags for both compilers. Some tests use names of headers that they do not include.
const FLAGS: &[&str] = &[
    "-std=gnu99",
    "-O2",
    "-w",
    "-D_GNU_SOURCE",
    "-D_POSIX_C_SOURCE=200112L",
    "-include",
    "fcntl.h",
    "-include",
    "stdlib.h",
    "-include",
    "sys/resource.h",
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Most of the time tests sleep.
    arguments.test_threads.get_or_insert(8);
    match trials() {
        Ok(trials) => libtest_mimic::run(&arguments, trials).exit_code(),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn trials() -> Result<Vec<Trial>> {
    let lack = toolchain::missing().or_else(lacks_oracle);
    if let Some(reason) = lack {
        return Ok(vec![trial("posix", Some(reason), || Ok(()))]);
    }
    let long = std::env::var_os("POPCORN_LONG").is_some();
    let suite = Arc::new(Suite::new()?);
    let mut ways = vec![Way::Compile];
    ways.extend(DEFAULT.iter().map(|isa| Way::As(isa.name)));
    ways.extend([Way::InPlace, Way::Around]);
    let mut trials = Vec::new();
    for (name, tests) in groups(&suite.source)? {
        if !long && !SHORT.contains(&name.as_str()) {
            continue;
        }
        let group = Arc::new(Group {
            name: name.clone(),
            suite: suite.clone(),
            tests,
            expected: OnceLock::new(),
            built: OnceLock::new(),
            turn: Mutex::new(()),
        });
        let compiles_only = name.starts_with("definitions/");
        for (turn, &way) in ways.iter().enumerate() {
            if matches!(way, Way::Compile) != compiles_only {
                continue;
            }
            let group = group.clone();
            let name = format!("{}/{name}", way.name());
            let test = trial(name, way.lack(), move || group.check(way));
            trials.push((turn, test));
        }
    }
    // Those of one group far from each other, since they take turns.
    trials.sort_by_key(|(turn, _)| *turn);
    let mut trials: Vec<_> = trials.into_iter().map(|(_, trial)| trial).collect();
    trials.push(trial("exceptions", None, move || {
        suite.exceptions.exist(&suite.source)
    }));
    Ok(trials)
}

fn lacks_oracle() -> Option<String> {
    let found = Command::new("musl-gcc").arg("--version").output().is_ok();
    (!found).then(|| "musl-gcc is not installed: run `make deps`".to_owned())
}

/// All tests, by group: `interfaces/NAME` and `definitions/NAME`.
fn groups(source: &Path) -> Result<BTreeMap<String, Vec<Test>>> {
    let mut groups = BTreeMap::<String, Vec<Test>>::new();
    let root = source.join("conformance");
    let mut folders = vec![root.join("interfaces"), root.join("definitions")];
    while let Some(dir) = folders.pop() {
        for entry in fs::read_dir(&dir)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inner = path.strip_prefix(&root)?.with_extension("");
            let name = inner.to_str().context("a name")?.to_owned();
            // Numbered ones are tests; others belong to them.
            let file = name.rsplit('/').next().unwrap_or_default();
            let is_test = file.starts_with(|c: char| c.is_ascii_digit()) && file.contains('-');
            if !is_test || path.extension().is_none_or(|e| e != "c") {
                continue;
            }
            let is_run = has_main(&fs::read(&path)?);
            let group: Vec<_> = name.split('/').take(2).collect();
            let tests = groups.entry(group.join("/")).or_default();
            tests.push(Test { name, path, is_run });
        }
    }
    for tests in groups.values_mut() {
        tests.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(groups)
}

/// Whether a source defines `main`. Some are not in UTF-8.
fn has_main(source: &[u8]) -> bool {
    source.windows(6).any(|w| w == b" main(" || w == b" main ")
}

/// One test: a program, or a file that has to compile.
struct Test {
    /// `interfaces/FUNCTION/NUMBER`.
    name: String,
    path: PathBuf,
    is_run: bool,
}

impl Test {
    fn file(&self) -> String {
        self.name.replace('/', ".")
    }
}

/// How tests are run.
#[derive(Clone, Copy)]
enum Way {
    Compile,
    As(&'static str),
    InPlace,
    Around,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Way::Compile => "compile",
            Way::As(isa) => isa,
            Way::InPlace => "in-place",
            Way::Around => "around",
        }
    }

    fn lack(self) -> Option<String> {
        let mut isas = DEFAULT.iter().filter(|isa| match self {
            Way::As(name) => isa.name == name,
            Way::Around => true,
            Way::Compile | Way::InPlace => false,
        });
        isas.find_map(|isa| toolchain::missing_emulator(isa))
    }

    /// The options of `popcorn run`.
    fn options(self) -> Vec<String> {
        match self {
            Way::Compile => vec![],
            Way::As(isa) => vec!["--isa".into(), isa.into()],
            Way::InPlace => vec![
                "--trace".into(),
                "--hop".into(),
                "every=1,max=3000,isas=self".into(),
            ],
            Way::Around => vec![
                "--trace".into(),
                "--hop".into(),
                format!("every=1,max=6,isas={}", toolchain::all_isas(":")),
            ],
        }
    }

    fn is_a_move(self) -> bool {
        matches!(self, Way::InPlace | Way::Around)
    }
}

/// What all groups share.
struct Suite {
    source: PathBuf,
    exceptions: Exceptions,
    compilers: Slots,
    /// `popcorn`, where every user may run it.
    tools: TempDir,
}

impl Suite {
    fn new() -> Result<Suite> {
        let tools = public_directory()?;
        fs::copy(toolchain::tool("popcorn"), tools.path().join("popcorn"))?;
        let list = toolchain::root().join("testsuite/real/posix-exceptions");
        Ok(Suite {
            source: distribution::source("posixtestsuite")?,
            exceptions: Exceptions::parse(&fs::read_to_string(list)?)?,
            compilers: Slots::new(2),
            tools,
        })
    }

    /// Compiles a test; whether that worked.
    fn compile(&self, compiler: &mut Command, test: &Test, dir: &Path) -> Result<bool> {
        let _slot = self.compilers.take();
        compiler
            .args(FLAGS)
            .arg("-I")
            .arg(self.source.join("include"));
        if !test.is_run {
            compiler.arg("-c");
        }
        compiler
            .arg(&test.path)
            .arg("-o")
            .arg(dir.join(test.file()));
        if test.is_run {
            compiler.args(["-lpthread", "-lrt", "-lm"]);
        }
        let output = compiler.output().with_context(|| format!("{compiler:?}"))?;
        let log = dir.join(test.file() + ".log");
        fs::write(log, [&output.stdout[..], &output.stderr].concat())?;
        Ok(output.status.success())
    }

    /// Runs a test's program in an empty directory, as a user without rights.
    fn run(&self, program: &Path, way: Option<Way>) -> Result<Ran> {
        let dir = public_directory()?;
        fs::set_permissions(&dir, Permissions::from_mode(0o777))?;
        let here = dir.path().join("test");
        // By another process: a child that starts meanwhile must not have it open for writing.
        toolchain::compile(Command::new("cp").args([program, &here]))?;
        let mut command = match way {
            None => Command::new(&here),
            Some(way) => {
                let mut command = Command::new(self.tools.path().join("popcorn"));
                command.arg("run").args(way.options()).arg(&here);
                command
            }
        };
        let output = dir.path().join("output");
        let file = File::create(&output)?;
        if is_root() {
            command.uid(user(&dir)).gid(user(&dir));
        }
        let mut child = command
            .current_dir(&dir)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .process_group(0)
            .spawn()?;
        let start = Instant::now();
        let mut timed_out = false;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if start.elapsed() > LIMIT {
                timed_out = true;
                child.kill()?;
                break child.wait()?;
            }
            thread::sleep(Duration::from_millis(20));
        };
        // Some leave children, or names.
        let group = format!("-{}", child.id());
        let _ = Command::new("kill")
            .args(["-9", "--", &group])
            .stderr(Stdio::null())
            .status();
        if is_root() {
            remove_shared_memory(user(&dir))?;
        }
        let printed = String::from_utf8_lossy(&fs::read(&output)?).into_owned();
        Ok(Ran {
            passed: status.success() && !timed_out,
            how: if timed_out {
                "timed out".into()
            } else {
                status.to_string()
            },
            printed,
        })
    }
}

/// A user for one run, who has nothing and is nobody else.
fn user(dir: &TempDir) -> u32 {
    let sum = dir.path().as_os_str().as_encoded_bytes().iter();
    60_000 + sum.fold(0, |n: u32, &b| (n * 31 + u32::from(b)) % 5_000)
}

/// Removes what a user has left in shared memory.
fn remove_shared_memory(user: u32) -> Result<()> {
    for entry in fs::read_dir("/dev/shm")? {
        let path = entry?.path();
        // Others remove theirs at the same time.
        if fs::metadata(&path).is_ok_and(|m| m.uid() == user) {
            let _ = fs::remove_file(path);
        }
    }
    Ok(())
}

/// How a run ended.
struct Ran {
    passed: bool,
    how: String,
    printed: String,
}

/// The tests of one function.
struct Group {
    name: String,
    suite: Arc<Suite>,
    tests: Vec<Test>,
    /// For each test, whether musl's build passes.
    expected: Shared<Vec<bool>>,
    built: Shared<PathBuf>,
    /// Its tests share names of semaphores, queues and files.
    turn: Mutex<()>,
}

impl Group {
    fn check(&self, way: Way) -> Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let expected = share(&self.expected, || self.oracle())?;
        let dir = share(&self.built, || self.build())?;
        let mut wrong = Vec::new();
        let mut moved = 0;
        for (test, _) in self
            .tests
            .iter()
            .zip(expected)
            .filter(|(_, passes)| **passes)
        {
            let fate = self.suite.exceptions.of(&test.name, way.name());
            let ran = match fate {
                Fate::LeftOut => continue,
                Fate::Passes => self.run(test, dir, way, TRIES)?,
                Fate::Fails | Fate::Varies => self.run(test, dir, way, 1)?,
            };
            moved += hops(&ran.printed);
            match fate {
                Fate::Passes if !ran.passed => {
                    let printed = tail(&ran.printed);
                    wrong.push(format!("{}: {}\n{printed}", test.name, ran.how));
                }
                Fate::Fails if ran.passed => {
                    wrong.push(format!(
                        "{}: passes; the list says that it fails",
                        test.name
                    ));
                }
                _ => {}
            }
        }
        ensure!(
            wrong.is_empty(),
            "{} fail\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        // In some groups nothing passes a point, or only with threads.
        let has_to_move = way.is_a_move() && SHORT.contains(&self.name.as_str());
        ensure!(moved > 0 || !has_to_move, "it never hopped");
        Ok(())
    }

    fn run(&self, test: &Test, dir: &Path, way: Way, tries: u32) -> Result<Ran> {
        let program = dir.join(test.file());
        let mut ran = Ran {
            passed: program.exists(),
            how: "does not compile".into(),
            printed: String::new(),
        };
        if !ran.passed {
            ran.printed = fs::read_to_string(dir.join(test.file() + ".log"))?;
        } else if test.is_run {
            for _ in 0..tries {
                ran = self.suite.run(&program, Some(way))?;
                if ran.passed {
                    break;
                }
            }
        }
        Ok(ran)
    }

    /// Which tests pass in musl's own build.
    fn oracle(&self) -> Result<Vec<bool>> {
        let dir = public_directory()?;
        let passes = |test: &Test| -> Result<bool> {
            if self.suite.exceptions.leaves_out(&test.name) {
                return Ok(false);
            }
            let mut compiler = Command::new("musl-gcc");
            compiler.arg("-static");
            if !self.suite.compile(&mut compiler, test, dir.path())? {
                return Ok(false);
            }
            let program = dir.path().join(test.file());
            Ok(!test.is_run || self.suite.run(&program, None)?.passed)
        };
        self.tests.iter().map(passes).collect()
    }

    /// The folder with the programs; they are kept until the toolchain is newer.
    fn build(&self) -> Result<PathBuf> {
        let first = self.tests.first().context("a test")?;
        let name = first.name.rsplit_once('/').context("a group")?.0;
        kept(&folder("posix").join(name.replace('/', ".")), |dir| {
            for test in &self.tests {
                let mut compiler = Command::new(toolchain::tool("popcorn-cc"));
                compiler.arg("--popcorn-migration-points=all");
                self.suite.compile(&mut compiler, test, dir)?;
            }
            Ok(())
        })
    }
}
