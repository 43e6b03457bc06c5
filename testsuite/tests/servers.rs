//! Servers with all their threads and processes: Redis, memcached with libevent and nginx, unmodified from the
//! distribution's sources; and one of ours with Rust's tokio and hyper, `rust-threads`.
//!
//! * `NAME/ISA`: it serves as that ISA;
//! * `NAME/moves`: it serves while all its processes move around the ISAs, once a second.
//!
//! No question fails, and nothing that was written is lost. Only with `POPCORN_LONG`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Trial};
use popcorn_testsuite::distribution;
use popcorn_testsuite::process;
use popcorn_testsuite::projects::{copy, folder, kept, step};
use popcorn_testsuite::rust::Cargo;
use popcorn_testsuite::server::{Ask, Connection, Server, clients};
use popcorn_testsuite::toolchain;
use popcorn_testsuite::trials::{Shared, describe, share, trial};
use popcorn_toolchains::DEFAULT;

/// A server: how it is built, started and asked.
struct Recipe {
    name: &'static str,
    build: fn(&Path) -> Result<()>,
    /// Its program below the folder of the build.
    program: &'static str,
    /// Its arguments for a port and a directory, in which it may write what it needs.
    arguments: fn(u16, &Path) -> Result<Vec<String>>,
    ask: Ask,
    /// What else asks it meanwhile, for so long.
    load: Option<fn(u16, Duration) -> Result<()>>,
    /// Seconds of questions while it moves.
    seconds: u64,
}

const SERVERS: &[Recipe] = &[
    Recipe {
        name: "redis",
        build: build_redis,
        program: "redis/src/redis-server",
        arguments: |port, _| {
            let port = port.to_string();
            let words = [
                "--port",
                &port,
                "--io-threads",
                "3",
                "--io-threads-do-reads",
            ];
            let more = ["yes", "--appendonly", "yes", "--save", ""];
            Ok(words.into_iter().chain(more).map(str::to_owned).collect())
        },
        ask: ask_redis,
        load: Some(redis_benchmark),
        seconds: 60,
    },
    Recipe {
        name: "memcached",
        build: build_memcached,
        program: "memcached/memcached",
        arguments: |port, _| {
            let port = port.to_string();
            let words = ["-p", &port, "-t", "3", "-u", "root", "-U", "0"];
            Ok(words.into_iter().map(str::to_owned).collect())
        },
        ask: ask_memcached,
        load: None,
        seconds: 20,
    },
    Recipe {
        name: "nginx",
        build: build_nginx,
        program: "nginx/objs/nginx",
        arguments: configure_nginx,
        ask: ask_nginx,
        load: None,
        seconds: 20,
    },
    Recipe {
        name: "tokio",
        build: build_tokio,
        program: "serve",
        arguments: |port, _| Ok(vec![port.to_string()]),
        ask: ask_tokio,
        load: None,
        seconds: 20,
    },
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They would take each other's time.
    arguments.test_threads.get_or_insert(1);
    let mut trials = Vec::new();
    if std::env::var_os("POPCORN_LONG").is_some() {
        for recipe in SERVERS {
            add(recipe, &mut trials);
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn add(recipe: &'static Recipe, trials: &mut Vec<Trial>) {
    let built = Arc::new(Shared::new());
    for isa in DEFAULT {
        let built = built.clone();
        let lack = toolchain::missing().or_else(|| toolchain::missing_emulator(isa));
        let name = format!("{}/{}", recipe.name, isa.name);
        trials.push(trial(name, lack, move || {
            let server = recipe.start(&built, isa.name)?;
            clients(server.port, 3, Duration::from_secs(3), recipe.ask)
        }));
    }
    let lack = toolchain::missing().or_else(|| {
        let mut isas = DEFAULT.iter();
        isas.find_map(|isa| toolchain::missing_emulator(isa))
    });
    trials.push(trial(format!("{}/moves", recipe.name), lack, move || {
        let mut server = recipe.start(&built, toolchain::host().name)?;
        let time = Duration::from_secs(recipe.seconds);
        server.moves_under(Duration::from_secs(1), |port| {
            thread::scope(|scope| {
                let more = scope.spawn(|| recipe.load.map_or(Ok(()), |load| load(port, time)));
                clients(port, 3, time, recipe.ask)?;
                more.join().expect("no panic")
            })
        })
    }));
}

impl Recipe {
    fn start(&self, built: &Shared<PathBuf>, isa: &str) -> Result<Server> {
        let dir = share(built, || {
            kept(&folder(&format!("server-{}", self.name)), self.build)
        })?;
        let program = dir.join(self.program);
        Server::start(|port, here| {
            let mut command = Command::new(toolchain::tool("popcorn"));
            command.args(["run", "--isa", isa]).arg(&program);
            command.args((self.arguments)(port, here)?);
            Ok(command)
        })
    }
}

fn compiler() -> String {
    toolchain::tool("popcorn-cc").display().to_string()
}

/// A copy of a package's sources in `dir`.
fn sources(package: &str, dir: &Path) -> Result<PathBuf> {
    let here = dir.join(package);
    copy(&distribution::source(package)?, &here)?;
    Ok(here)
}

fn build_redis(dir: &Path) -> Result<()> {
    let redis = sources("redis", dir)?;
    let mut make = Command::new("make");
    make.args([
        "-C",
        "src",
        "-j2",
        "MALLOC=libc",
        "OPTIMIZATION=-O2",
        "redis-server",
    ]);
    make.arg(format!("CC={}", compiler()));
    step(&mut make, &redis).map(drop)
}

fn build_memcached(dir: &Path) -> Result<()> {
    let libevent = sources("libevent", dir)?;
    let prefix = dir.join("prefix").display().to_string();
    let cc = format!("CC={}", compiler());
    let mut configure = Command::new("./configure");
    configure.args(["--disable-shared", "--disable-openssl", "--disable-samples"]);
    configure.args(["--disable-libevent-regress", "--prefix", &prefix, &cc]);
    step(&mut configure, &libevent)?;
    step(Command::new("make").args(["-j2", "install"]), &libevent)?;
    let memcached = sources("memcached", dir)?;
    let mut configure = Command::new("./configure");
    configure.arg(format!("--with-libevent={prefix}")).arg(&cc);
    step(configure.arg("--disable-docs"), &memcached)?;
    step(Command::new("make").args(["-j2", "memcached"]), &memcached).map(drop)
}

fn build_nginx(dir: &Path) -> Result<()> {
    let nginx = sources("nginx", dir)?;
    let mut configure = Command::new("./configure");
    configure.arg(format!("--with-cc={}", compiler()));
    // Warnings are errors, and clang has one about a macro of musl's.
    configure.arg("--with-cc-opt=-Wno-sign-compare");
    // These want libraries.
    configure.args([
        "--without-http_rewrite_module",
        "--without-http_gzip_module",
    ]);
    step(&mut configure, &nginx)?;
    step(Command::new("make").arg("-j2"), &nginx).map(drop)
}

fn build_tokio(dir: &Path) -> Result<()> {
    let source = toolchain::root().join("testsuite/rust-threads");
    let program = Cargo::popcorn(&source, "popcorn").release("serve")?;
    fs::copy(program, dir.join("serve"))?;
    Ok(())
}

/// Two workers, and a file of 100,000 bytes.
fn configure_nginx(port: u16, dir: &Path) -> Result<Vec<String>> {
    fs::create_dir_all(dir.join("logs"))?;
    fs::write(dir.join("page"), page())?;
    let here = dir.display();
    let user = if popcorn_testsuite::nobody::is_root() {
        "user root root;"
    } else {
        ""
    };
    let text = format!(
        "{user} daemon off; worker_processes 2; pid {here}/pid; error_log {here}/errors;\n\
         events {{ worker_connections 64; }}\n\
         http {{ access_log off; root {here}; keepalive_requests 20;\n\
         server {{ listen 127.0.0.1:{port}; }} }}\n"
    );
    fs::write(dir.join("conf"), text)?;
    let words = [format!("{here}/"), format!("{here}/conf")];
    let [prefix, conf] = words;
    Ok(vec!["-p".into(), prefix, "-c".into(), conf])
}

fn page() -> Vec<u8> {
    (0..100_000_u32).map(|i| (i % 251) as u8).collect()
}

/// A counter of the client's own, which no move may set back, and a value that is read again.
fn ask_redis(connection: &mut Connection, client: usize, question: u64) -> Result<()> {
    connection.say(&format!("INCR counter{client}\r\n"))?;
    connection.expect(&format!(":{}", question + 1))?;
    let (key, value) = (question % 500, format!("{question:0>60}"));
    connection.say(&format!(
        "SET key{client}.{key} {value}\r\nGET key{client}.{key}\r\n"
    ))?;
    connection.expect("+OK")?;
    connection.expect("$60")?;
    connection.expect(&value)
}

/// Redis's own client. It ends with 1 when a question fails.
fn redis_benchmark(port: u16, time: Duration) -> Result<()> {
    let start = std::time::Instant::now();
    while start.elapsed() < time {
        let mut command = Command::new("redis-benchmark");
        let port = port.to_string();
        command.args(["-p", &port, "-n", "2000", "-c", "10", "--csv"]);
        command.args([
            "-t",
            "set,get,incr,lpush,rpop,sadd,hset,zadd,lrange_100,mset",
        ]);
        let outcome = process::run(&mut command, "", time * 10)?;
        let is_right = outcome.status.success() && !outcome.timed_out;
        ensure!(is_right, "redis-benchmark: {}", describe(&outcome));
    }
    Ok(())
}

fn ask_memcached(connection: &mut Connection, client: usize, question: u64) -> Result<()> {
    if question == 0 {
        connection.say(&format!("set counter{client} 0 0 1\r\n0\r\n"))?;
        connection.expect("STORED")?;
    }
    connection.say(&format!("incr counter{client} 1\r\n"))?;
    connection.expect(&(question + 1).to_string())?;
    let (key, value) = (question % 500, format!("{question:0>60}"));
    connection.say(&format!(
        "set key{client}.{key} 0 0 60\r\n{value}\r\nget key{client}.{key}\r\n"
    ))?;
    connection.expect("STORED")?;
    connection.expect(&format!("VALUE key{client}.{key} 0 60"))?;
    connection.expect(&value)?;
    connection.expect("END")
}

/// Some questions over one connection, then over another.
fn ask_nginx(connection: &mut Connection, _: usize, _: u64) -> Result<()> {
    let body = http_get(connection, "page")?;
    ensure!(body == page(), "the page is not as it was");
    Ok(())
}

fn ask_tokio(connection: &mut Connection, client: usize, question: u64) -> Result<()> {
    let n = client as u64 * 1_000 + question % 10_000;
    let body = http_get(connection, &n.to_string())?;
    let right = format!("{}\n", n * (n + 1) / 2);
    ensure!(body == right.as_bytes(), "{n}: {body:?}");
    Ok(())
}

/// Asks for a page, and connects again where the server wants that.
fn http_get(connection: &mut Connection, path: &str) -> Result<Vec<u8>> {
    connection.say(&format!("GET /{path} HTTP/1.1\r\nHost: here\r\n\r\n"))?;
    connection.expect("HTTP/1.1 200 OK")?;
    let mut length = None;
    let mut closes = false;
    loop {
        let line = connection.line()?.to_lowercase();
        match line.split_once(": ") {
            Some(("content-length", n)) => length = Some(n.parse()?),
            Some(("connection", how)) => closes = how == "close",
            _ if line.is_empty() => break,
            _ => {}
        }
    }
    let body = connection.bytes(length.context("no length")?)?;
    if closes {
        *connection = connection.again()?;
    }
    Ok(body)
}
