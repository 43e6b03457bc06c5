//! Processes.

use core::ffi::CStr;

use super::{Errno, Result, check, errno, nr, signal, sys, system_call};

/// Id of this process.
pub fn id() -> i32 {
    system_call!(nr::GETPID) as i32
}

/// Id of this thread.
pub fn thread_id() -> i32 {
    system_call!(nr::GETTID) as i32
}

pub fn exit(status: i32) -> ! {
    loop {
        system_call!(nr::EXIT_GROUP, status);
    }
}

pub fn kill(pid: i32, signal: u32) -> Result<()> {
    check(system_call!(nr::KILL, pid, signal)).map(drop)
}

/// Ends this thread.
pub fn exit_thread() -> ! {
    loop {
        system_call!(nr::EXIT, 0);
    }
}

/// Whether there is such a process, as far as this one may know.
pub fn exists(pid: i32) -> bool {
    kill(pid, 0) != Err(Errno(errno::ESRCH))
}

/// 0 in the child, the child's id in the parent.
pub fn fork() -> Result<i32> {
    check(system_call!(nr::FORK)).map(|pid| pid as i32)
}

/// Starts a child that shares our memory until it execs or ends, and runs `first` with `argument`; returns then. Where
/// an emulator makes it a child with memory of its own, nobody waits.
///
/// # Safety
/// `top` is the end of a stack that nobody else uses; `argument` is what `first` takes.
pub unsafe fn spawn<T>(
    first: extern "C" fn(*const T) -> i32,
    top: *mut u8,
    argument: *const T,
) -> Result<i32> {
    let flags = i64::from(sys::CLONE_VM | sys::CLONE_VFORK | sys::SIGCHLD);
    // SAFETY: by contract.
    let id = unsafe {
        __clone(
            first as *const (),
            top as u64,
            flags,
            argument as u64,
            0,
            0,
            0,
        )
    };
    check(id).map(|id| id as i32)
}

unsafe extern "C" {
    /// libc's, in assembly: the child may not return on our stack.
    #[cfg(not(test))]
    fn __clone(
        first: *const (),
        top: u64,
        flags: i64,
        argument: u64,
        id_at: u64,
        thread_pointer: u64,
        clear_id_at: u64,
    ) -> i64;
}

#[cfg(test)]
unsafe fn __clone(_: *const (), _: u64, _: i64, _: u64, _: u64, _: u64, _: u64) -> i64 {
    -i64::from(errno::ENOSYS)
}

/// What `clone` is to make, with libc's flags.
pub struct NewThread {
    pub flags: i64,
    /// Where its stack begins.
    pub top: u64,
    /// Where the kernel writes its id, and where it clears a word when the thread has ended.
    pub id_at: u64,
    pub clear_id_at: u64,
    pub thread_pointer: u64,
}

/// Starts a thread that runs `first` with `argument`; its id.
///
/// # Safety
/// Stack, thread pointer and addresses are the thread's own.
pub unsafe fn start_thread<T>(
    new: &NewThread,
    first: extern "C" fn(&'static mut T) -> i32,
    argument: u64,
) -> Result<i32> {
    let first = first as *const ();
    // SAFETY: by contract.
    let id = unsafe {
        __clone(
            first,
            new.top,
            new.flags,
            argument,
            new.id_at,
            new.thread_pointer,
            new.clear_id_at,
        )
    };
    check(id).map(|id| id as i32)
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Status(u32),
    Signal(u32),
    /// Nobody keeps it: the program ignores its children's ends.
    Unknown,
}

/// Waits for a child to end.
pub fn await_end(pid: i32) -> Ended {
    let mut status = 0u32;
    loop {
        match system_call!(nr::WAIT4, pid, &raw mut status, 0, 0) {
            result if result == -i64::from(errno::EINTR) => {}
            ..0 => return Ended::Unknown,
            _ if status & 0x7f == 0 => return Ended::Status(status >> 8 & 0xff),
            _ => return Ended::Signal(status & 0x7f),
        }
    }
}

/// Whether a child has ended that nobody has waited for.
pub fn has_ended_child() -> bool {
    // siginfo_t: signal, error, code, and for a child its id behind a word of padding.
    let mut info = [0u32; 32];
    let options = sys::WNOHANG | sys::WEXITED | sys::WNOWAIT;
    let waited = system_call!(nr::WAITID, sys::P_ALL, 0, info.as_mut_ptr(), options);
    waited == 0 && info[4] != 0
}

/// Bytes of this process's address space; 0 if the kernel does not say.
pub fn size() -> u64 {
    memory(b"VmSize:")
}

/// Bytes of it that are in memory.
pub fn resident() -> u64 {
    memory(b"VmRSS:")
}

/// A figure of `/proc/self/status`, which are in KiB.
fn memory(name: &[u8]) -> u64 {
    let mut text = [0; 4096];
    let text = super::file::contents(c"/proc/self/status", &mut text).unwrap_or_default();
    let mut lines = text.split(|&b| b == b'\n');
    let figure = lines.find_map(|line| line.strip_prefix(name));
    let digits = figure.and_then(|figure| {
        let mut words = figure.split(|b| b.is_ascii_whitespace());
        words.find(|word| !word.is_empty())
    });
    digits.and_then(crate::base::text::parse_dec).unwrap_or(0) << 10
}

/// Signals that are pending for this thread and not for its process, if the kernel says.
pub fn pending_for_thread() -> Option<signal::Set> {
    let mut text = [0; 4096];
    let text = super::file::contents(c"/proc/thread-self/status", &mut text).ok()?;
    let mut lines = text.split(|&b| b == b'\n');
    let digits = lines.find_map(|line| line.strip_prefix(b"SigPnd:\t"))?;
    digits.iter().try_fold(0, |set, &digit| {
        let digit = char::from(digit).to_digit(16)?;
        Some(set << 4 | signal::Set::from(digit))
    })
}

/// Waits for a child to end.
pub fn wait_for(pid: i32) {
    while system_call!(nr::WAIT4, pid, 0, 0, 0) == -i64::from(errno::EINTR) {}
}

/// Whether there is a child of any kind, ended or not.
pub fn has_children() -> bool {
    const WALL: u32 = 0x4000_0000;
    let mut info = [0u64; 16];
    let options = sys::WNOHANG | sys::WEXITED | sys::WNOWAIT | WALL;
    system_call!(nr::WAITID, sys::P_ALL, 0, info.as_mut_ptr(), options) != -i64::from(errno::ECHILD)
}

/// `execve`: returns only if it failed.
///
/// # Safety
/// `arguments` and `environment` are vectors of C strings, each with a null pointer at its end.
pub unsafe fn execute(path: &CStr, arguments: *const u64, environment: *const u64) -> Errno {
    let result = system_call!(nr::EXECVE, path.as_ptr(), arguments, environment);
    Errno(result.unsigned_abs() as u32)
}

/// Effective user id.
pub fn effective_user() -> u32 {
    system_call!(nr::GETEUID) as u32
}

/// The soft limit on a resource, if the kernel says.
pub fn limit(resource: u32) -> Option<u64> {
    let mut limit = [0u64; 2];
    check(system_call!(
        nr::PRLIMIT64,
        0,
        resource,
        0,
        limit.as_mut_ptr()
    ))
    .ok()?;
    Some(limit[0])
}

/// Soft and hard limit on a resource, if the kernel says.
pub fn limits(resource: u32) -> Option<[u64; 2]> {
    let mut limits = [0u64; 2];
    check(system_call!(
        nr::PRLIMIT64,
        0,
        resource,
        0,
        limits.as_mut_ptr()
    ))
    .ok()?;
    Some(limits)
}

pub fn set_limits(resource: u32, limits: [u64; 2]) {
    system_call!(nr::PRLIMIT64, 0, resource, limits.as_ptr(), 0);
}

/// `prctl(option)` that returns its answer.
pub fn control(option: u32, argument: u64) -> Result<i64> {
    check(system_call!(nr::PRCTL, option, argument, 0, 0, 0))
}

/// An attribute that `prctl(option)` returns, or with `written` writes.
pub fn attribute(option: u32, written: bool) -> Result<u64> {
    let mut word = 0i32;
    if written {
        check(system_call!(nr::PRCTL, option, &raw mut word))?;
        return Ok(word as u64);
    }
    control(option, 0).map(|value| value as u64)
}

/// The name of a thread as `ps` shows it, with its end.
pub type Name = [u8; 16];

/// This thread's name.
pub fn name() -> Result<Name> {
    let mut name = [0; 16];
    check(system_call!(
        nr::PRCTL,
        linux_raw_sys::prctl::PR_GET_NAME,
        name.as_mut_ptr()
    ))?;
    Ok(name)
}

pub fn set_name(name: &Name) {
    system_call!(nr::PRCTL, linux_raw_sys::prctl::PR_SET_NAME, name.as_ptr());
}

/// `personality(2)`, if the kernel says.
pub fn personality() -> Option<u64> {
    const ASK: u32 = u32::MAX;
    check(system_call!(nr::PERSONALITY, ASK))
        .ok()
        .map(|flags| flags as u64)
}

pub fn set_personality(flags: u64) {
    system_call!(nr::PERSONALITY, flags);
}

/// Registers for one of `membarrier`'s kinds again.
pub fn register_membarrier(command: u64) {
    system_call!(nr::MEMBARRIER, command, 0, 0);
}

/// Whether orphans of this process's descendants become its children.
pub fn adopts_orphans() -> bool {
    let mut adopts = 0i32;
    system_call!(
        nr::PRCTL,
        linux_raw_sys::prctl::PR_GET_CHILD_SUBREAPER,
        &raw mut adopts
    );
    adopts != 0 || id() == 1
}

/// The file creation mask.
pub fn umask() -> u32 {
    let mask = system_call!(nr::UMASK, 0);
    system_call!(nr::UMASK, mask);
    mask as u32
}

pub fn set_umask(mask: u32) {
    system_call!(nr::UMASK, mask);
}

pub fn change_directory(path: &CStr) -> Result<()> {
    check(system_call!(nr::CHDIR, path.as_ptr())).map(drop)
}

/// What `uname` calls the machine; empty if it does not say.
pub fn machine(names: &mut [[u8; 65]; 6]) -> &[u8] {
    if system_call!(nr::UNAME, names.as_mut_ptr()) < 0 {
        return b"";
    }
    let machine = &names[4];
    let end = machine.iter().position(|&b| b == 0).unwrap_or(65);
    &machine[..end]
}

/// An interval timer: microseconds until it expires, and from then on.
pub fn interval_timer(which: u64) -> (u64, u64) {
    let mut words = [0u64; 4];
    system_call!(nr::GETITIMER, which, words.as_mut_ptr());
    let [interval_s, interval, value_s, value] = words;
    (
        value_s * 1_000_000 + value,
        interval_s * 1_000_000 + interval,
    )
}

pub fn set_interval_timer(which: u64, value: u64, interval: u64) {
    const SECOND: u64 = 1_000_000;
    let words = [
        interval / SECOND,
        interval % SECOND,
        value / SECOND,
        value % SECOND,
    ];
    system_call!(nr::SETITIMER, which, words.as_ptr(), 0);
}

/// Whether two descriptors of this process are one open file, if the kernel says.
pub fn is_same_file(a: i32, b: i32) -> Option<bool> {
    const KCMP_FILE: i64 = 0;
    let pid = id();
    match system_call!(nr::KCMP, pid, pid, KCMP_FILE, a, b) {
        order @ 0.. => Some(order == 0),
        _ => None,
    }
}
