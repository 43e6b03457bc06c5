//! A thread: what it has outside memory.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use popcorn_metadata::image::State;

use crate::incarnation;
use crate::kernel::{errno, nr, system_call};

unsafe extern "C" {
    fn popcorn_tls_dsp() -> u64;
    fn popcorn_tls_set_dsp(dsp: u64);
    fn popcorn_tls_self() -> u64;
    fn popcorn_tls_set_reentry(frame: u64);
    fn popcorn_tls_take_reentry() -> u64;
    #[cfg(not(test))]
    fn popcorn_tls_kept() -> *mut Kept;
    fn __popcorn_thread_pointer(pthread: u64) -> u64;
    fn __popcorn_libc_set_tid(tid: i64);
}

/// What the runtime keeps of a thread. Thread-local (`tls.c`), so program state.
#[repr(C)]
struct Kept {
    /// What it told the kernel and an exec forgets: addresses as the program gave them, 0: never.
    clear_tid: u64,
    robust_list: u64,
    /// Its signal mask while a frame is handed over, and whether there is one.
    reentry_mask: u64,
    has_reentry_mask: u64,
    /// How many of the program's handlers have begun on it.
    handlers: u64,
    alternate_stack: AlternateStack,
}

/// A thread's alternate signal stack.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct AlternateStack {
    /// As the program gave it; `size` is 0 if there is none.
    pub low: u64,
    pub flags: u64,
    pub size: u64,
    /// Native memory in its place: address and bytes. The incarnation's.
    pub native: [u64; 2],
}

incarnation! {
    /// There are thread-local variables.
    static READY: AtomicBool = AtomicBool::new(false);
}

/// From here on there are thread-local variables.
pub fn set_ready() {
    READY.store(true, Relaxed);
}

/// Whether there are thread-local variables: a request may come before.
pub fn is_ready() -> bool {
    READY.load(Relaxed)
}

/// The thread that stops to be captured, or goes on.
#[derive(Debug, Clone, Copy)]
pub struct Thread {
    /// Its `struct pthread`, which leads to its thread-local variables.
    pub pthread: u64,
    /// Its data-stack pointer.
    pub dsp: u64,
    /// Its signal mask.
    pub mask: u64,
    /// Its alternate signal stack, as `sigaltstack` has it: address, flags, size.
    pub altstack: [u64; 3],
    /// The word that the kernel clears when it ends, or 0.
    pub clear_tid: u64,
    /// The head of its list of robust mutexes, or 0.
    pub robust_list: u64,
}

/// Number of threads of the program.
#[cfg(not(test))]
pub fn count() -> i64 {
    unsafe extern "C" {
        fn __popcorn_libc_threads() -> i64;
    }
    // SAFETY: reads libc's count.
    unsafe { __popcorn_libc_threads() }
}

#[cfg(test)]
pub fn count() -> i64 {
    1
}

/// Tests have no data stack.
#[cfg(test)]
pub fn dsp() -> u64 {
    0
}

#[cfg(test)]
pub fn set_dsp(_: u64) {}

/// This thread's data-stack pointer.
#[cfg(not(test))]
pub fn dsp() -> u64 {
    // SAFETY: reads a thread-local variable.
    unsafe { popcorn_tls_dsp() }
}

#[cfg(not(test))]
pub fn set_dsp(dsp: u64) {
    // SAFETY: writes a thread-local variable.
    unsafe { popcorn_tls_set_dsp(dsp) }
}

/// Leaves the frame that the function called next goes on from.
pub fn set_reentry(frame: u64) {
    // SAFETY: writes a thread-local variable.
    unsafe { popcorn_tls_set_reentry(frame) }
}

/// Takes it; there is none afterwards.
pub fn take_reentry() -> u64 {
    // SAFETY: reads and writes a thread-local variable.
    unsafe { popcorn_tls_take_reentry() }
}

/// The tests have no `tls.c`.
#[cfg(test)]
unsafe fn popcorn_tls_kept() -> *mut Kept {
    Box::leak(Box::new(Kept {
        clear_tid: 0,
        robust_list: 0,
        reentry_mask: 0,
        has_reentry_mask: 0,
        handlers: 0,
        alternate_stack: AlternateStack::default(),
    }))
}

fn kept() -> *mut Kept {
    // SAFETY: the address of a thread-local variable.
    unsafe { popcorn_tls_kept() }
}

/// Keeps the signal mask while a frame is handed over.
pub fn set_reentry_mask(mask: Option<u64>) {
    // SAFETY: this thread's own variables.
    let kept = unsafe { &mut *kept() };
    kept.has_reentry_mask = mask.is_some().into();
    kept.reentry_mask = mask.unwrap_or(0);
}

/// Takes it; there is none afterwards.
pub fn take_reentry_mask() -> Option<u64> {
    // SAFETY: this thread's own variables.
    let kept = unsafe { &mut *kept() };
    (core::mem::take(&mut kept.has_reentry_mask) != 0).then_some(kept.reentry_mask)
}

/// Its alternate signal stack, for `alternate_stack`.
#[allow(clippy::mut_from_ref, reason = "there is no argument")]
pub fn alternate_stack() -> &'static mut AlternateStack {
    // SAFETY: this thread's own variable, whose users hold no second reference.
    unsafe { &mut (*kept()).alternate_stack }
}

/// A handler of the program begins.
pub fn count_handler() {
    // SAFETY: this thread's own variable; a handler that begins in between counts itself.
    unsafe { (*kept()).handlers += 1 };
}

/// The program's `set_tid_address`.
pub fn set_tid_address(args: [i64; 6]) -> i64 {
    // SAFETY: this thread's own variable.
    unsafe { (*kept()).clear_tid = args[0] as u64 };
    crate::kernel::call(nr::SET_TID_ADDRESS, args)
}

/// The program's `set_robust_list`.
pub fn set_robust_list(args: [i64; 6]) -> i64 {
    // SAFETY: as above.
    unsafe { (*kept()).robust_list = args[0] as u64 };
    crate::kernel::call(nr::SET_ROBUST_LIST, args)
}

/// The program's `arch_prctl`: the thread pointer can be read. Whoever sets another leaves libc and the runtime.
pub fn control(args: [i64; 6]) -> i64 {
    const SET_GS: i64 = 0x1001;
    const SET_FS: i64 = 0x1002;
    const GET_FS: i64 = 0x1003;
    const GET_GS: i64 = 0x1004;
    const EFAULT: i64 = errno::EFAULT as i64;
    const EINVAL: i64 = errno::EINVAL as i64;
    let [what, argument, ..] = args;
    match what {
        GET_FS | GET_GS if argument == 0 => -EFAULT,
        GET_FS | GET_GS => {
            let value = if what == GET_FS { pointer() } else { 0 };
            // SAFETY: the program's word.
            unsafe { (argument as *mut u64).write_unaligned(value) };
            0
        }
        SET_FS if argument as u64 == pointer() => 0,
        SET_GS if argument == 0 => 0,
        _ => -EINVAL,
    }
}

/// The thread pointer in the base ABI.
#[cfg(not(test))]
fn pointer() -> u64 {
    // SAFETY: reads a thread-local variable.
    unsafe { popcorn_tls_self() }
}

#[cfg(test)]
fn pointer() -> u64 {
    0
}

impl Thread {
    /// The calling thread, which is to go on with this signal mask.
    pub fn current(mask: u64) -> Self {
        // SAFETY: this thread's own variables.
        let (pthread, kept) = unsafe { (popcorn_tls_self(), &*kept()) };
        Self {
            pthread,
            dsp: dsp(),
            mask,
            altstack: [
                kept.alternate_stack.low,
                kept.alternate_stack.flags,
                kept.alternate_stack.size,
            ],
            clear_tid: kept.clear_tid,
            robust_list: kept.robust_list,
        }
    }

    /// Makes the calling thread this one: sets the thread pointer, and tells the kernel again what it was told
    /// before the exec.
    ///
    /// # Safety
    /// The program's memory is in place.
    pub unsafe fn become_it(&self) {
        // SAFETY: libc's layout of a thread is in memory, by contract.
        unsafe {
            let pointer = __popcorn_thread_pointer(self.pthread);
            crate::arch::__popcorn_set_thread_pointer(pointer);
        }
        set_ready();
        if self.clear_tid != 0 {
            system_call!(nr::SET_TID_ADDRESS, self.clear_tid);
        }
        if self.robust_list != 0 {
            // qemu-user has no such call; libc was told so at start.
            const LIST_HEAD: usize = 24;
            system_call!(nr::SET_ROBUST_LIST, self.robust_list, LIST_HEAD);
        }
    }

    pub fn from_saved(saved: &State) -> Self {
        Self {
            pthread: saved.self_,
            dsp: saved.dsp,
            mask: saved.signal_mask,
            altstack: [saved.altstack, saved.altstack_flags, saved.altstack_size],
            clear_tid: saved.clear_tid,
            robust_list: saved.robust_list,
        }
    }

    pub fn to_saved(self) -> State {
        State {
            self_: self.pthread,
            dsp: self.dsp,
            signal_mask: self.mask,
            altstack: self.altstack[0],
            altstack_flags: self.altstack[1],
            altstack_size: self.altstack[2],
            clear_tid: self.clear_tid,
            robust_list: self.robust_list,
        }
    }
}

/// The calling thread's id has changed: it was restored in another process.
pub fn tell_libc_of_new_id() {
    let id = crate::kernel::process::thread_id();
    // SAFETY: libc's thread is in memory.
    unsafe { __popcorn_libc_set_tid(id.into()) };
}
