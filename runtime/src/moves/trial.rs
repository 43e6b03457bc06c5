//! An emulator is tried before anything is torn down: a child runs the target's program under it, as far as its first
//! instruction of ours, which reports and ends. What crashes, is for another ISA, or has no room does so there.
//!
//! The child shares our memory until its exec (as vfork's does), so that its cost does not depend on the program's
//! size. That an emulator works is program state: until the file or a limit changes it is not tried again.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use popcorn_metadata::environment;
use popcorn_toolchains::{ALL, Isa};

use crate::arch;
use crate::base::path::PathBuffer;
use crate::base::refusal::Refusal;
use crate::base::statics::Travels;
use crate::base::text::{Bytes, Message};
use crate::kernel::file::{self, OwnedFd, Stat};
use crate::kernel::memory::Block;
use crate::kernel::process::{self, Ended};
use crate::kernel::{Errno, errno, signal, sys};
use crate::moves::command::{Command, Target, variable};
use crate::program::alone::Alone;
use crate::program::identity;
use crate::refusal;

/// An emulator that has worked.
struct Proof {
    /// Of what it depends on; 0: none has worked.
    key: AtomicU64,
    /// The size of its address space when the program began, in bytes.
    size: AtomicU64,
}

static PROOFS: Travels<[Proof; ALL.len()]> = Travels::new(
    [const {
        Proof {
            key: AtomicU64::new(0),
            size: AtomicU64::new(0),
        }
    }; ALL.len()],
);

/// How long a program may take to begin.
const PATIENCE_MILLISECONDS: u32 = 10_000;

/// What the child reports: build, ISA, size of its address space.
const REPORT: usize = 32;

/// In the child: reports into the descriptor that the variable names, and ends.
pub fn report(fd: i32) -> ! {
    let mut report = [0; REPORT];
    report[..16].copy_from_slice(&identity::build_id());
    report[16..24].copy_from_slice(&u64::from(arch::isa().id).to_le_bytes());
    report[24..].copy_from_slice(&process::size().to_le_bytes());
    let _ = file::write(fd, &report);
    process::exit(0)
}

/// The size of the address space of a program of `isa` that has just begun, if one has been tried.
pub fn size_under(isa: &Isa) -> Option<u64> {
    let proof = &PROOFS[usize::from(isa.id)];
    (proof.key.load(Relaxed) != 0).then(|| proof.size.load(Relaxed))
}

/// Makes sure that `emulator` runs the target's program `elf`.
pub fn check(alone: &mut Alone, to: &Isa, emulator: &PathBuffer, elf: i32) -> Result<(), Refusal> {
    let key = key(emulator)?;
    let proof = &PROOFS[usize::from(to.id)];
    if proof.key.load(Relaxed) == key {
        return Ok(());
    }
    let size = run(alone, to, emulator, elf).map_err(|why| {
        let (path, isa) = (Bytes(emulator.as_bytes()), to.name);
        refusal!(
            errno::ENOEXEC,
            "the emulator {path} does not run programs for {isa}: {why}"
        )
    })?;
    proof.size.store(size, Relaxed);
    proof.key.store(key, Relaxed);
    Ok(())
}

/// What its working depends on, in a number that is not 0.
fn key(emulator: &PathBuffer) -> Result<u64, Refusal> {
    const PRIME: u64 = 0x100_0000_01b3;
    let cannot = |e: Errno| refusal!(e.0, "the emulator cannot be looked at: {e}");
    let path = emulator.as_c_str();
    let path = path.map_err(|_| cannot(Errno(errno::ENAMETOOLONG)))?;
    let stat = Stat::at(path).map_err(cannot)?;
    let limit = |resource| process::limit(resource).unwrap_or(0);
    let [seconds, nanoseconds] = stat.changed;
    let all = [
        stat.device,
        stat.inode,
        stat.size,
        seconds,
        nanoseconds,
        limit(sys::RLIMIT_AS),
        limit(sys::RLIMIT_DATA),
        limit(sys::RLIMIT_STACK),
    ];
    let bytes = all.iter().flat_map(|word| word.to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    });
    Ok(hash.max(1))
}

/// What the child needs.
struct Child<'a> {
    command: &'a Command<'a>,
    /// Descriptors that it keeps.
    keeps: [i32; 2],
}

/// The child's first function, on a stack of its own.
extern "C" fn become_target(child: *const Child) -> i32 {
    // SAFETY: the parent waits until this has become another program.
    let child = unsafe { &*child };
    for fd in child.keeps {
        file::keep_on_exec(fd, true);
    }
    let _ = child.command.execute();
    // What a shell says of a file that it cannot run.
    127
}

/// Runs the child; what it said of its size, or why it failed.
fn run(alone: &mut Alone, to: &Isa, emulator: &PathBuffer, elf: i32) -> Result<u64, Message> {
    const STACK: u64 = 1 << 16;
    let cannot = |e: Errno| Message::of(format_args!("it cannot be tried: {e}"));
    let (reader, writer) = file::pipe().map_err(cannot)?;
    let writer = writer.moved_up(identity::HIGH).map_err(cannot)?;
    let file = crate::moves::command::file_of(elf);
    let variables = [variable(environment::TRIAL, &writer.get())];
    let target = Target {
        emulator: Some(emulator),
        file: &file,
    };
    let command = Command::new(&target, &variables).map_err(cannot)?;
    let stack = Block::new(STACK).map_err(cannot)?;
    let child = Child {
        command: &command,
        keeps: [writer.get(), elf],
    };
    let pending = signal::contains(signal::pending(), sys::SIGCHLD);
    // SAFETY: the child runs `become_target` on this stack, and we wait meanwhile.
    let id = unsafe {
        let top = (stack.start() + STACK) as *mut u8;
        process::spawn(become_target, top, &raw const child)
    }
    .map_err(cannot)?;
    drop(writer);
    let said = listen(&reader);
    if said.is_none() {
        // It may not have ended.
        let _ = process::kill(id, sys::SIGKILL);
    }
    let ended = process::await_end(id);
    forget_end(alone, pending);
    match said {
        Some(report) => read(to, &report),
        None => Err(Message::of(match ended {
            Ended::Status(127) => format_args!("it cannot be run"),
            Ended::Status(status) => {
                return Err(Message::of(format_args!("it ended with status {status}")));
            }
            Ended::Signal(sys::SIGKILL) => format_args!("it did not begin, and was ended"),
            Ended::Signal(signal) => {
                return Err(Message::of(format_args!("it ended by signal {signal}")));
            }
            Ended::Unknown => format_args!("it ended before the program began"),
        })),
    }
}

/// Waits for the report, until the other end is closed or time is up.
fn listen(reader: &OwnedFd) -> Option<[u8; REPORT]> {
    let mut report = [0; REPORT];
    if !file::is_readable_within(reader.get(), PATIENCE_MILLISECONDS) {
        return None;
    }
    let length = file::read_to_end(reader.get(), &mut report).ok()?;
    (length == REPORT).then_some(report)
}

fn read(to: &Isa, report: &[u8; REPORT]) -> Result<u64, Message> {
    let word = |at: usize| report[at..at + 8].try_into().map_or(0, u64::from_le_bytes);
    if report[..16] != identity::build_id() || word(16) != u64::from(to.id) {
        return Err(Message::of(format_args!("it ran another program")));
    }
    Ok(word(24))
}

/// The end of the child is not the program's to hear of. Another child may have ended meanwhile, whose signal was none
/// more while ours was pending.
fn forget_end(_alone: &mut Alone, pending: bool) {
    if pending {
        return;
    }
    signal::discard(sys::SIGCHLD);
    if process::has_ended_child() {
        let _ = process::kill(process::id(), sys::SIGCHLD);
    }
}
