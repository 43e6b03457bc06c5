//! A thread: what it has outside memory.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::*};

use popcorn_metadata::image::State;

use crate::incarnation;
use crate::kernel::process::{self, Name};
use crate::kernel::{errno, nr, system_call};
use crate::program::thread_ids;

unsafe extern "C" {
    #[cfg(not(test))]
    fn popcorn_tls_dsp() -> u64;
    #[cfg(not(test))]
    fn popcorn_tls_set_dsp(dsp: u64);
    #[cfg(not(test))]
    fn popcorn_tls_self() -> u64;
    fn popcorn_tls_set_reentry(frame: u64);
    fn popcorn_tls_take_reentry() -> u64;
    #[cfg(not(test))]
    fn popcorn_tls_kept() -> *mut Kept;
    #[cfg(not(test))]
    fn popcorn_tls_kept_of(pthread: u64) -> *mut Kept;
    fn __popcorn_thread_pointer(pthread: u64) -> u64;
    fn __popcorn_libc_tid(pthread: u64) -> *const AtomicU32;
    fn __popcorn_libc_restored();
    fn __popcorn_fp_get() -> i64;
    fn __popcorn_fp_set(word: i64);
}

/// A thread of the program: the address of its `struct pthread`.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handle(pub u64);

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
    /// What it has of this incarnation (`stack::local`): the arrival sets it anew.
    local: u64,
    /// Bytes of its native stack, if it is not the first thread.
    native_size: u64,
    /// Its id as the kernel has it: the arrival sets it anew.
    id: AtomicU32,
    /// Not 0: it stands still for a stop, so it need not be kicked.
    stands: AtomicU32,
    /// The processors that it may run on, noted when it stops.
    processors: [u64; PROCESSORS / 64],
}

/// A thread may run on so many processors that a move keeps which.
const PROCESSORS: usize = 1024;

/// Notes where the calling thread may run, which those that are made anew on the other side do not inherit.
pub fn note_processors() {
    if thread_ids::processors_are_chosen() {
        // SAFETY: this thread's own variable.
        let processors = unsafe { &mut (*kept()).processors };
        processors.fill(0);
        let at = processors.as_mut_ptr();
        system_call!(nr::SCHED_GETAFFINITY, 0, PROCESSORS / 8, at);
    }
}

fn restore_processors() {
    if thread_ids::processors_are_chosen() {
        // SAFETY: this thread's own variable.
        let processors = unsafe { &(*kept()).processors };
        // What is not there is not chosen.
        system_call!(
            nr::SCHED_SETAFFINITY,
            0,
            PROCESSORS / 8,
            processors.as_ptr()
        );
    }
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
    /// Its id as the program knows it.
    pub id: u32,
    /// It is the one that the process began with.
    pub is_first: bool,
    /// Its floating-point environment, in libc's neutral form.
    pub floating_point: i64,
    /// What `ps` shows.
    pub name: Name,
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
    // SAFETY: zeros are a thread that told nothing.
    Box::leak(Box::new(unsafe { core::mem::zeroed::<Kept>() }))
}

#[cfg(test)]
unsafe fn popcorn_tls_self() -> u64 {
    0
}

#[cfg(test)]
unsafe fn popcorn_tls_dsp() -> u64 {
    0
}

#[cfg(test)]
unsafe fn popcorn_tls_set_dsp(_: u64) {}

#[cfg(test)]
unsafe fn popcorn_tls_kept_of(_: u64) -> *mut Kept {
    // SAFETY: as above.
    unsafe { popcorn_tls_kept() }
}

fn kept() -> *mut Kept {
    // SAFETY: the address of a thread-local variable.
    unsafe { popcorn_tls_kept() }
}

/// The calling thread.
pub fn own() -> Handle {
    // SAFETY: reads a thread-local variable.
    Handle(unsafe { popcorn_tls_self() })
}

/// Whether the calling thread is the one that the process began with.
pub fn is_first() -> bool {
    // SAFETY: this thread's own variable.
    unsafe { (*kept()).native_size == 0 }
}

/// What the calling thread has of this incarnation.
#[inline(always)]
pub fn local() -> u64 {
    // SAFETY: this thread's own variable.
    unsafe { (*kept()).local }
}

pub fn set_local(local: u64) {
    // SAFETY: as above.
    unsafe { (*kept()).local = local }
}

/// The calling thread is about to end: it has the list of threads, and libc does not know its id any more.
pub fn set_ending() {
    // SAFETY: this thread's own variable.
    unsafe { (*kept()).stands.store(ENDING, Relaxed) }
}

/// Whether it is.
pub fn is_ending() -> bool {
    // SAFETY: as above.
    unsafe { (*kept()).stands.load(Relaxed) == ENDING }
}

/// Of a thread that stands: it will not go anywhere.
const ENDING: u32 = 2;

/// The calling thread stands still for a stop, or goes on.
pub fn set_stands(stands: bool) {
    // SAFETY: this thread's own variable.
    unsafe { (*kept()).stands.store(stands.into(), Relaxed) }
}

impl Handle {
    fn kept(self) -> *mut Kept {
        // SAFETY: computes an address.
        unsafe { popcorn_tls_kept_of(self.0) }
    }

    /// What a thread that stands still, or is being made, has of this incarnation.
    pub fn local(self) -> u64 {
        // SAFETY: it stands still.
        unsafe { (*self.kept()).local }
    }

    pub fn set_local(self, local: u64) {
        // SAFETY: as above.
        unsafe { (*self.kept()).local = local }
    }

    /// Bytes of the native stack of a thread that stands still.
    pub fn native_size(self) -> u64 {
        // SAFETY: as above.
        unsafe { (*self.kept()).native_size }
    }

    /// For a thread that is being made: what the kernel is told in `clone`, and how large its native stack is.
    pub fn set_up(self, clear_tid: u64, native_size: u64) {
        // SAFETY: it does not run yet.
        let kept = unsafe { &mut *self.kept() };
        (kept.clear_tid, kept.native_size) = (clear_tid, native_size);
    }

    /// Where the kernel is to write the thread's id.
    pub fn kernel_id_at(self) -> u64 {
        // SAFETY: computes an address.
        unsafe { &raw const (*self.kept()).id as u64 }
    }

    /// Its id as the kernel has it.
    pub fn kernel_id(self) -> i32 {
        // SAFETY: an atomic of a thread that is in libc's list.
        unsafe { (*self.kept()).id.load(Relaxed) as i32 }
    }

    pub fn set_kernel_id(self, id: i32) {
        // SAFETY: as above.
        unsafe { (*self.kept()).id.store(id as u32, Relaxed) }
    }

    /// Whether it stands still for a stop.
    pub fn stands(self) -> bool {
        // SAFETY: as above.
        unsafe { (*self.kept()).stands.load(Relaxed) != 0 }
    }

    /// Its id as the program knows it: 0 as long as it has none.
    pub fn id(self) -> u32 {
        // SAFETY: libc's thread; only its own word changes.
        unsafe { (*__popcorn_libc_tid(self.0)).load(Acquire) }
    }

    pub fn set_id(self, id: u32) {
        // SAFETY: as above.
        unsafe { (*__popcorn_libc_tid(self.0)).store(id, Release) }
    }
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
    let kept = unsafe { &mut *kept() };
    kept.clear_tid = args[0] as u64;
    let id = crate::kernel::call(nr::SET_TID_ADDRESS, args) as u32;
    kept.id.store(id, Relaxed);
    thread_ids::to_program(id).into()
}

/// In a forked child: its one thread has another id.
pub fn forked() {
    thread_ids::forked();
    // SAFETY: this thread's own variables.
    let kept = unsafe { &mut *kept() };
    kept.id.store(process::thread_id() as u32, Relaxed);
    kept.native_size = 0;
}

/// Has the kernel forget the list of robust mutexes: an exec would take the thread for one that ends.
pub fn forget_robust_list() {
    // SAFETY: as above.
    if unsafe { (*kept()).robust_list } != 0 {
        system_call!(nr::SET_ROBUST_LIST, 0, LIST_HEAD);
    }
}

/// Tells it again.
pub fn tell_robust_list() {
    // SAFETY: as above.
    let list = unsafe { (*kept()).robust_list };
    if list != 0 {
        // qemu-user has no such call; libc was told so at start.
        system_call!(nr::SET_ROBUST_LIST, list, LIST_HEAD);
    }
}

/// Bytes of `struct robust_list_head`.
const LIST_HEAD: i64 = 24;

/// The program's `set_robust_list`. An emulator knows no such call; a thread that ends goes through its list itself, in
/// libc, so the list serves the program all the same.
pub fn set_robust_list(args: [i64; 6]) -> i64 {
    // SAFETY: as above.
    unsafe { (*kept()).robust_list = args[0] as u64 };
    match crate::kernel::call(nr::SET_ROBUST_LIST, args) {
        result if result == -i64::from(errno::ENOSYS) && args[1] == LIST_HEAD => 0,
        result => result,
    }
}

/// The program's `get_robust_list`.
pub fn get_robust_list(args: [i64; 6]) -> i64 {
    let result = crate::kernel::call(nr::GET_ROBUST_LIST, args);
    if result != -i64::from(errno::ENOSYS) || args[0] != 0 {
        return result;
    }
    // SAFETY: the program's places, and this thread's own variable.
    unsafe {
        (args[1] as *mut u64).write_unaligned((*kept()).robust_list);
        (args[2] as *mut i64).write_unaligned(LIST_HEAD);
    }
    0
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
        let (own, kept) = (own(), unsafe { &*kept() });
        Self {
            pthread: own.0,
            dsp: dsp(),
            mask,
            altstack: [
                kept.alternate_stack.low,
                kept.alternate_stack.flags,
                kept.alternate_stack.size,
            ],
            clear_tid: kept.clear_tid,
            robust_list: kept.robust_list,
            id: own.id(),
            is_first: is_first(),
            // SAFETY: libc's accessor.
            floating_point: unsafe { __popcorn_fp_get() },
            name: process::name().unwrap_or_default(),
        }
    }

    /// What the thread pointer is to be.
    ///
    /// # Safety
    /// The program's memory is in place.
    pub unsafe fn pointer(&self) -> u64 {
        // SAFETY: libc's layout of a thread is in memory, by contract.
        unsafe { __popcorn_thread_pointer(self.pthread) }
    }

    /// The calling thread becomes this one; its thread pointer is set. Tells the kernel again what it was told before
    /// the exec.
    pub fn become_it(&self) {
        let id = process::thread_id();
        Handle(self.pthread).set_kernel_id(id);
        // It may have stood for another that stopped the program.
        set_stands(false);
        if self.clear_tid != 0 {
            system_call!(nr::SET_TID_ADDRESS, self.clear_tid);
        }
        tell_robust_list();
        restore_processors();
        // SAFETY: libc's accessor.
        unsafe { __popcorn_fp_set(self.floating_point) };
        if self.name[0] != 0 && process::name() != Ok(self.name) {
            process::set_name(&self.name);
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
            id: saved.id,
            is_first: saved.is_first != 0,
            floating_point: saved.floating_point as i64,
            name: {
                let words = [saved.name.to_le_bytes(), saved.name_rest.to_le_bytes()];
                let mut name = Name::default();
                name.copy_from_slice(words.as_flattened());
                name
            },
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
            id: self.id,
            is_first: self.is_first.into(),
            floating_point: self.floating_point as u64,
            name: u64::from_le_bytes(array(&self.name[..8])),
            name_rest: u64::from_le_bytes(array(&self.name[8..])),
        }
    }
}

fn array(bytes: &[u8]) -> [u8; 8] {
    bytes.try_into().unwrap_or_default()
}

/// The process was restored.
pub fn tell_libc_of_restore() {
    // SAFETY: libc's variable is in memory.
    unsafe { __popcorn_libc_restored() };
}
