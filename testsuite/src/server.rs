//! Servers under load: a test starts one, clients ask it without pause and check every answer, and meanwhile it moves.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use popcorn_toolchains::DEFAULT;

use crate::process;
use crate::toolchain;
use crate::trials::tail;

/// Longer than any server needs for its start or an answer, moves included.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server under way; it ends when this is dropped.
pub struct Server {
    child: Child,
    pub port: u16,
    dir: tempfile::TempDir,
}

impl Server {
    /// Starts the command that `make` gives for a port and an empty directory, and waits until it answers.
    pub fn start(make: impl FnOnce(u16, &Path) -> Result<Command>) -> Result<Server> {
        let dir = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = fs::File::create(dir.path().join("log"))?;
        let mut command = make(port, dir.path())?;
        let child = command
            .current_dir(&dir)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{command:?}"))?;
        let mut server = Server { child, port, dir };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            server.lives()?;
            ensure!(start.elapsed() < PATIENCE, "no answer; {}", server.log());
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// It has not ended.
    fn lives(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("the server has ended, {status}; {}", self.log()),
            None => Ok(()),
        }
    }

    fn log(&self) -> String {
        let text = fs::read(self.dir.path().join("log")).unwrap_or_default();
        format!("it said:\n{}", tail(&String::from_utf8_lossy(&text)))
    }

    /// It and its children, such as workers.
    fn processes(&self) -> Vec<u32> {
        let pid = self.pid();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        let children = children.split_whitespace().filter_map(|c| c.parse().ok());
        [pid].into_iter().chain(children).collect()
    }

    /// Moves all its processes to the next ISA, again and again, until the load is over; how often.
    fn move_around(&mut self, pause: Duration, is_over: &AtomicBool) -> Result<usize> {
        let mut moves = 0;
        for isa in DEFAULT.iter().cycle().skip(1) {
            for pid in self.processes() {
                let mut migrate = Command::new(toolchain::tool("popcorn"));
                let pid = pid.to_string();
                migrate.args(["migrate", &pid, "--to", isa.name, "--timeout", "60"]);
                let outcome = process::run(&mut migrate, "", PATIENCE * 2)?;
                let said = || format!("move {moves} to {}: {}", isa.name, outcome.stderr);
                ensure!(outcome.status.success(), "{}; {}", said(), self.log());
                moves += 1;
            }
            self.lives()?;
            thread::sleep(pause);
            if is_over.load(Ordering::Relaxed) {
                break;
            }
        }
        Ok(moves)
    }

    /// Runs `load`, which asks and checks, while the server moves; then the server has to live.
    pub fn moves_under(
        &mut self,
        pause: Duration,
        load: impl FnOnce(u16) -> Result<()> + Send,
    ) -> Result<()> {
        let is_over = AtomicBool::new(false);
        let port = self.port;
        let (loaded, moves) = thread::scope(|scope| {
            let loader = scope.spawn(|| {
                let result = load(port);
                is_over.store(true, Ordering::Relaxed);
                result
            });
            let moves = self.move_around(pause, &is_over);
            (loader.join().expect("no panic"), moves)
        });
        let moves = moves?;
        loaded.with_context(|| self.log())?;
        self.lives()?;
        ensure!(moves > 2, "only {moves} moves");
        println!("{moves} moves");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for pid in self.processes().into_iter().rev() {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
        }
        let _ = self.child.wait();
    }
}

/// A client's connection, line by line.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub fn new(port: u16) -> Result<Connection> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream: BufReader::new(stream),
        })
    }

    /// Another one to the same server.
    pub fn again(&self) -> Result<Connection> {
        Connection::new(self.stream.get_ref().peer_addr()?.port())
    }

    pub fn say(&mut self, text: &str) -> Result<()> {
        Ok(self.stream.get_mut().write_all(text.as_bytes())?)
    }

    /// The next line without its end.
    pub fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.stream.read_line(&mut line)? > 0, "connection closed");
        Ok(line.trim_end().to_owned())
    }

    pub fn bytes(&mut self, count: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The next line has to be this one.
    pub fn expect(&mut self, right: &str) -> Result<()> {
        let line = self.line()?;
        ensure!(line == right, "`{line}`, not `{right}`");
        Ok(())
    }
}

/// How a client asks: its connection, its number, the number of the question.
pub type Ask = fn(&mut Connection, usize, u64) -> Result<()>;

/// Some clients at once, each of which asks one question after the other for so long.
pub fn clients(port: u16, count: usize, time: Duration, ask: Ask) -> Result<()> {
    let client = |number: usize| -> Result<u64> {
        let mut connection = Connection::new(port)?;
        let start = Instant::now();
        let mut asked = 0;
        while start.elapsed() < time {
            ask(&mut connection, number, asked)
                .with_context(|| format!("client {number}, question {asked}"))?;
            asked += 1;
        }
        Ok(asked)
    };
    thread::scope(|scope| {
        let all: Vec<_> = (0..count).map(|n| scope.spawn(move || client(n))).collect();
        for one in all {
            let asked = one.join().expect("no panic")?;
            ensure!(asked > 0, "a client never got an answer");
        }
        Ok(())
    })
}
