//! Threads begin and end: libc makes everything of a thread but its native stack, which is the runtime's.
//!
//! All of this is called by who holds libc's list of threads. Whoever takes the list knows that threads which ended
//! before are gone, so their stacks are free.

use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering::Relaxed};

use crate::kernel::process::NewThread;
use crate::kernel::{Errno, Result, clock, errno, process, signal};
use crate::program::thread::Handle;
use crate::program::{alternate_stack, thread, thread_ids, window};
use crate::stack::local::Local;
use crate::stack::native::Native;
use crate::{arch, incarnation};

incarnation! {
    /// Those of threads that have ended, the last first; their number.
    static FREE: AtomicPtr<Local> = AtomicPtr::new(core::ptr::null_mut());
    static COUNT: AtomicU32 = AtomicU32::new(0);
}

/// Stacks that are kept for threads to come.
const KEPT: u32 = 16;

/// Takes a stack of this size, of a thread that has ended or a new one.
pub fn take(size: u64) -> Result<&'static mut Local> {
    let mut place: *mut *mut Local = FREE.as_ptr();
    // SAFETY: the list is the caller's.
    unsafe {
        while let Some(local) = (*place).as_mut() {
            if local.native.size() == size {
                *place = local.next;
                COUNT.fetch_sub(1, Relaxed);
                return Ok(local);
            }
            place = &raw mut local.next;
        }
    }
    let native = Native::new(size)?;
    Local::new(native).inspect_err(|_| native.unmap())
}

/// Nobody stands on this stack when somebody takes the list of threads next.
fn give_back(local: &mut Local) {
    local.next = FREE.swap(local, Relaxed);
    if COUNT.fetch_add(1, Relaxed) < KEPT {
        return;
    }
    // The oldest goes.
    let mut place: *mut *mut Local = &raw mut local.next;
    // SAFETY: the list is the caller's, and as long.
    unsafe {
        while let Some(next) = (*place).as_mut() {
            if next.next.is_null() {
                *place = core::ptr::null_mut();
                COUNT.fetch_sub(1, Relaxed);
                next.free();
                return;
            }
            place = &raw mut next.next;
        }
    }
}

/// Starts a thread at `first`, on its native stack: what `clone` returns.
///
/// # Safety
/// The thread's memory is in place, and `thread_pointer` is its thread pointer.
pub unsafe fn start(
    local: &mut Local,
    first: extern "C" fn(&'static mut Local) -> i32,
    flags: i64,
    thread_pointer: u64,
    clear_id_at: u64,
) -> Result<i32> {
    local.handle.set_local(local.address());
    let new = NewThread {
        flags,
        top: local.native.top(),
        id_at: local.handle.kernel_id_at(),
        clear_id_at,
        thread_pointer,
    };
    // SAFETY: by contract; the stack is nobody else's.
    unsafe { process::start_thread(&new, first, local.address()) }
}

/// For `pthread_create`: the thread of `handle` begins with `entry(argument)`. Its id, or -errno.
///
/// # Safety
/// libc has made everything else of the thread.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __popcorn_thread_create(
    entry: u64,
    argument: u64,
    flags: i64,
    handle: Handle,
    thread_pointer: u64,
    stack_size: u64,
) -> i64 {
    let size = Native::size_for(stack_size);
    let Ok(local) = thread_ids::reserve().and_then(|()| take(size)) else {
        return -i64::from(errno::EAGAIN);
    };
    (local.entry, local.argument, local.handle) = (entry, argument, handle);
    let clear_id_at = list_lock();
    handle.set_up(clear_id_at, size);
    let mask = signal::set_mask(signal::ALL);
    // SAFETY: by contract.
    let started = unsafe { start(local, begin, flags, thread_pointer, clear_id_at) };
    // There is room for it.
    let id = started.and_then(|id| thread_ids::of_new(id as u32));
    match id {
        Ok(id) => handle.set_id(id),
        Err(_) => give_back(local),
    }
    signal::set_mask(mask);
    id.map_or_else(|Errno(error)| -i64::from(error), i64::from)
}

/// The new thread's first function.
extern "C" fn begin(local: &'static mut Local) -> i32 {
    let kernel = local.handle.kernel_id() as u32;
    if thread_ids::is_taken(kernel) {
        // Whoever made this thread finds another.
        while local.handle.id() == 0 {
            clock::sleep(10_000);
        }
    } else {
        local.handle.set_id(kernel);
    }
    // SAFETY: nothing on this stack is needed any more.
    unsafe { arch::__popcorn_bottom(local.native.top(), local.entry, local.argument, 0, 0) }
}

/// The word that the kernel clears when a thread is gone.
fn list_lock() -> u64 {
    #[cfg(not(test))]
    {
        unsafe extern "C" {
            static __thread_list_lock: AtomicU32;
        }
        &raw const __thread_list_lock as u64
    }
    #[cfg(test)]
    0
}

/// For `pthread_exit`: the thread is about to end. It goes on on its native stack to its last system call.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __popcorn_thread_gone(handle: Handle) {
    thread::set_ending();
    alternate_stack::forget();
    thread_ids::remove(handle.id());
    if handle.native_size() != 0 {
        give_back(Local::of(handle));
    }
}

/// For the end of a detached thread: unmaps the memory that holds its variables, and ends. Nothing from here on may ask
/// for them.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __popcorn_thread_end(base: u64, size: u64) -> ! {
    window::munmap(base, size);
    process::exit_thread()
}
