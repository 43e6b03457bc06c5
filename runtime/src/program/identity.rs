//! Which program this is, in which process, on which machine.

use core::sync::atomic::{AtomicI32, Ordering::Relaxed};

use popcorn_metadata::environment;
use popcorn_toolchains::{ALL, Isa};

use crate::arch;
use crate::base::path::of_descriptor;
use crate::base::refusal::Refusal;
use crate::base::text::parse_dec;
use crate::kernel::{errno, file, process};
use crate::program::arguments::Initial;
use crate::{incarnation, refusal};

unsafe extern "C" {
    static __popcorn_build_id: [u8; 16];
}

/// Where our descriptors begin, out of the way of the program's.
pub const HIGH: i32 = 500;

incarnation! {
    /// The descriptor of the running program's file, which the program cannot close; -1: none.
    static PROGRAM_FD: AtomicI32 = AtomicI32::new(-1);
    /// The process these books are about. A child that shares our memory until it execs (`posix_spawn`) is
    /// another one: what it tells its kernel is not written down.
    static PID: AtomicI32 = AtomicI32::new(0);
    /// Id of the machine's own ISA, or -1 if it is none of ours.
    static HOST: AtomicI32 = AtomicI32::new(-1);
}

/// This program's build.
pub fn build_id() -> [u8; 16] {
    // SAFETY: the linker's constant.
    unsafe { core::ptr::read_volatile(&raw const __popcorn_build_id) }
}

/// Address of [`build_id`], the same in every image of this build.
pub fn build_id_address() -> u64 {
    &raw const __popcorn_build_id as u64
}

/// Looks an ISA up by the bytes of its name.
pub fn isa_named(name: &[u8]) -> Option<&'static Isa> {
    ALL.iter().copied().find(|isa| isa.name.as_bytes() == name)
}

/// Takes in what belongs to this incarnation.
pub fn start(initial: &Initial) {
    own_process();
    let host = match initial.var(environment::HOST) {
        Some(name) => isa_named(name),
        None => machine(),
    };
    HOST.store(host.map_or(-1, |isa| isa.id.into()), Relaxed);
    if let Some(fd) = initial.var(environment::PROGRAM).and_then(parse_dec) {
        set_program_fd(fd as i32);
    }
    if let Some(fd) = initial.var(environment::ELF).and_then(parse_dec) {
        file::close(fd as i32);
    }
}

/// Begins the books of this process, at its start or in a forked child.
pub fn own_process() {
    PID.store(process::id(), Relaxed);
}

/// Whether the caller is the process that the books are about.
pub fn is_own_process() -> bool {
    PID.load(Relaxed) == process::id()
}

/// The ISA whose programs the machine runs without an emulator.
pub fn host() -> Option<&'static Isa> {
    u16::try_from(HOST.load(Relaxed)).ok().and_then(Isa::by_id)
}

/// Whether an emulator runs this incarnation.
pub fn is_emulated() -> bool {
    host().is_none_or(|host| host.id != arch::isa().id)
}

/// What `uname` says, in a process that no emulator runs: then it is the ISA we were compiled for,
/// whatever the kernel's personality calls it. Under an emulator the first incarnation is told.
fn machine() -> Option<&'static Isa> {
    let mut names = [[0; 65]; 6];
    isa_named(process::machine(&mut names)).or(Some(arch::isa()))
}

/// The descriptor of the running program's file, or -1.
pub fn program_fd() -> i32 {
    PROGRAM_FD.load(Relaxed)
}

pub fn set_program_fd(fd: i32) {
    PROGRAM_FD.store(fd, Relaxed);
}

/// Path of the file that [`program_fd`] is open on; empty if there is none.
pub fn program_path(link: &mut [u8]) -> &[u8] {
    match of_descriptor(program_fd()).as_c_str() {
        Ok(path) => file::read_link(path, link),
        Err(_) => &[],
    }
}

/// The file that carries all images; opened when first needed and kept.
pub fn program_file() -> Result<i32, Refusal> {
    let known = program_fd();
    if known >= 0 {
        return Ok(known);
    }
    let flags = file::O_RDONLY | file::O_CLOEXEC;
    let opened = file::open(c"/proc/self/exe", flags, 0)
        .map_err(|e| refusal!(errno::ENOENT, "the program's own file cannot be read: {e}"))?;
    let high = opened
        .moved_up(HIGH)
        .map_err(|_| refusal!(errno::EMFILE, "no file descriptor is free"))?
        .into_raw();
    set_program_fd(high);
    Ok(high)
}
