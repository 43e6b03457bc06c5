//! Signals: masks, dispositions, what is pending.

use super::{Result, check, errno, nr, sys, system_call};
use crate::arch::port;

/// The signal of `popcorn migrate`. It is the runtime's: a program neither sees nor changes it.
pub const MIGRATE_SIGNAL: u32 = popcorn_metadata::request::SIGNAL;

pub const SIG_DFL: u64 = 0;
pub const SIG_IGN: u64 = 1;
/// Signals are 1 to 64.
pub const SIGNALS: usize = 65;
/// Bytes of a set of signals.
const SET: usize = 8;

/// `si_code` of what a POSIX timer sends.
const SI_TIMER: i32 = -2;

/// A set of signals: bit 0 is signal 1.
pub type Set = u64;
pub const ALL: Set = u64::MAX;

/// `struct kernel_sigaction` of the base ABI.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    pub handler: u64,
    pub flags: u64,
    pub restorer: u64,
    pub mask: Set,
}

impl Action {
    pub const DEFAULT: Self = Self {
        handler: SIG_DFL,
        flags: 0,
        restorer: 0,
        mask: 0,
    };
    pub const IGNORE: Self = Self {
        handler: SIG_IGN,
        ..Self::DEFAULT
    };

    /// Whether it runs a handler.
    pub fn has_handler(&self) -> bool {
        self.handler > SIG_IGN
    }

    /// The words of this port's structure.
    fn to_port(self, restorer: bool) -> [u64; 4] {
        if restorer {
            [self.handler, self.flags, self.restorer, self.mask]
        } else {
            // qemu-user has the mask behind a restorer on every ISA: it finds one there.
            let flags = self.flags & !u64::from(sys::SA_RESTORER);
            [self.handler, flags, self.mask, self.mask]
        }
    }

    fn from_port(words: [u64; 4], restorer: bool) -> Self {
        let [handler, flags, c, d] = words;
        let (restorer, mask) = if restorer { (c, d) } else { (0, c) };
        Self {
            handler,
            flags,
            restorer,
            mask,
        }
    }
}

/// Installs or queries a disposition; the one before.
pub fn action(signal: u32, new: Option<Action>) -> Result<Action> {
    let restorer = port().restorer();
    let new = new.map(|action| action.to_port(restorer));
    let mut old = [0u64; 4];
    let at = new
        .as_ref()
        .map_or(core::ptr::null(), |words| words.as_ptr());
    check(system_call!(
        nr::RT_SIGACTION,
        signal,
        at,
        old.as_mut_ptr(),
        SET
    ))?;
    Ok(Action::from_port(old, restorer))
}

/// Sets this thread's signal mask; the one before.
pub fn set_mask(mask: Set) -> Set {
    let mut old = 0;
    system_call!(
        nr::RT_SIGPROCMASK,
        sys::SIG_SETMASK,
        &raw const mask,
        &raw mut old,
        SET
    );
    old
}

/// This thread's signal mask.
pub fn mask() -> Set {
    let mut old = 0;
    system_call!(nr::RT_SIGPROCMASK, sys::SIG_SETMASK, 0, &raw mut old, SET);
    old
}

/// A program's set without the signal of requests, which it can neither block nor wait for.
pub fn without_request(set: Set) -> Set {
    set & !(1 << (popcorn_metadata::request::SIGNAL - 1))
}

/// Unblocks the signal of requests.
pub fn let_request_in() {
    let request: Set = !without_request(ALL);
    system_call!(
        nr::RT_SIGPROCMASK,
        sys::SIG_UNBLOCK,
        &raw const request,
        0,
        SET
    );
}

/// Signals that are pending.
pub fn pending() -> Set {
    let mut pending = 0;
    system_call!(nr::RT_SIGPENDING, &raw mut pending, SET);
    pending
}

/// `siginfo_t` of the base ABI, which is the same on every port for signals that processes send.
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub struct Information([u64; 16]);

impl Information {
    /// Whether a thread of this process sent it to another.
    pub fn is_between_threads(&self) -> bool {
        const SI_TKILL: i32 = -6;
        self.0[1] as i32 == SI_TKILL && self.0[2] as i32 == system_call!(nr::GETPID) as i32
    }

    /// The signal's number.
    pub fn number(&self) -> u32 {
        self.0[0] as u32
    }

    /// Whether a POSIX timer has sent it.
    pub fn is_of_timer(&self) -> bool {
        self.0[1] as i32 == SI_TIMER
    }

    /// The number of that timer.
    pub fn timer(&self) -> i32 {
        self.0[2] as i32
    }

    pub fn set_timer(&mut self, id: i32) {
        self.0[2] = self.0[2] >> 32 << 32 | u64::from(id as u32);
    }

    /// What was given to send with it.
    pub fn value(&self) -> u64 {
        self.0[3]
    }

    /// The address that a fault concerns, or 0.
    pub fn fault_address(&self) -> u64 {
        let from_kernel = (self.0[1] as i32) > 0;
        match self.number() {
            sys::SIGSEGV | sys::SIGBUS if from_kernel => self.0[2],
            _ => 0,
        }
    }

    /// Where it comes from: above 0 from the kernel.
    pub fn code(&self) -> i32 {
        self.0[1] as i32
    }

    pub fn from_bytes(bytes: &[u8; 128]) -> Self {
        let (words, _) = bytes.as_chunks::<8>();
        let mut all = [0; 16];
        for (to, from) in all.iter_mut().zip(words) {
            *to = u64::from_le_bytes(*from);
        }
        Self(all)
    }
}

/// All of them as they lie in memory.
pub fn bytes_of(all: &[Information]) -> &[u8] {
    // SAFETY: plain words.
    unsafe { core::slice::from_raw_parts(all.as_ptr().cast(), size_of_val(all)) }
}

/// Takes one signal of the set that is blocked and pending, the lowest and oldest, if there is one.
pub fn take(set: Set) -> Option<Information> {
    let mut information = Information([0; 16]);
    let now = [0u64; 2];
    let out = information.0.as_mut_ptr();
    loop {
        let set = &raw const set;
        match system_call!(nr::RT_SIGTIMEDWAIT, set, out, now.as_ptr(), SET) {
            1.. => return Some(information),
            error if error == -i64::from(errno::EINTR) => {}
            _ => return None,
        }
    }
}

/// Sends a signal to one thread of a process.
pub fn send_to_thread(process: i32, thread: i32, signal: u32) -> Result<()> {
    check(system_call!(nr::TGKILL, process, thread, signal)).map(drop)
}

/// Queues a signal for this thread, with all that it says.
pub fn queue_for_thread(information: &Information) -> Result<()> {
    let (process, number) = (system_call!(nr::GETPID), information.number());
    let (thread, words) = (system_call!(nr::GETTID), information.0.as_ptr());
    check(system_call!(
        nr::RT_TGSIGQUEUEINFO,
        process,
        thread,
        number,
        words
    ))
    .map(drop)
}

/// Queues a signal for this process, with all that it says.
pub fn queue(information: &Information) -> Result<()> {
    let (process, number) = (system_call!(nr::GETPID), information.number());
    let words = information.0.as_ptr();
    check(system_call!(nr::RT_SIGQUEUEINFO, process, number, words)).map(drop)
}

/// Takes a signal back that is blocked and pending, if it is.
pub fn discard(signal: u32) {
    let _ = take(1 << (signal - 1));
}

/// The set of one signal.
pub const fn bit(signal: u32) -> Set {
    1 << (signal - 1)
}

/// Whether a set holds a signal.
pub fn contains(set: Set, signal: u32) -> bool {
    set >> (signal - 1) & 1 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_of_the_ports() {
        let restorer = u64::from(sys::SA_RESTORER);
        let action = Action {
            handler: 0x1000,
            flags: restorer | 4,
            restorer: 0x2000,
            mask: 0xff,
        };
        assert_eq!(action.to_port(true), [0x1000, restorer | 4, 0x2000, 0xff]);
        assert_eq!(Action::from_port(action.to_port(true), true), action);
        assert_eq!(action.to_port(false), [0x1000, 4, 0xff, 0xff]);
        let back = Action::from_port([0x1000, 4, 0xff, 0], false);
        assert_eq!((back.handler, back.mask), (0x1000, 0xff));
    }
}
