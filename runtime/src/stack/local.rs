//! What a thread has of this incarnation: its native stack, its records, and what is under way with them. It lies in
//! memory of its own, outside the window; the thread's variables lead to it.

use crate::kernel::Result;
use crate::kernel::memory::{self, Block};
use crate::program::thread::{self, Handle, Thread};
use crate::stack::capturing::Capture;
use crate::stack::native::Native;
use crate::stack::pending::Pending;
use crate::stack::resuming::Resume;

pub struct Local {
    pub native: Native,
    pub capture: Capture,
    pub resume: Resume,
    /// Of a thread that stands still: what it has outside memory.
    pub thread: Option<Thread>,
    /// The same: signals that wait for it.
    pub pending: Pending,
    /// For a thread that begins: where, with which argument, and as which thread.
    pub entry: u64,
    pub argument: u64,
    pub handle: Handle,
    /// In the list of those whose thread has ended.
    pub next: *mut Local,
}

impl Local {
    /// Makes one that nobody has yet. It is never given back.
    pub fn new(native: Native) -> Result<&'static mut Self> {
        let block = Block::new(size_of::<Self>() as u64)?;
        let at = block.start() as *mut Self;
        core::mem::forget(block);
        // SAFETY: the block is as large, and nobody else's.
        unsafe {
            at.write(Self {
                native,
                capture: Capture::NONE,
                resume: Resume::NONE,
                thread: None,
                pending: Pending::NONE,
                entry: 0,
                argument: 0,
                handle: Handle(0),
                next: core::ptr::null_mut(),
            });
            Ok(&mut *at)
        }
    }

    /// The first thread's, with the stack that it is to run on. The thread pointer is set.
    pub fn start() -> Result<&'static mut Self> {
        let local = Self::new(Native::first())?;
        thread::set_local(local.address());
        Ok(local)
    }

    /// Gives back everything that belongs to a thread that is gone.
    pub fn free(&mut self) {
        self.native.unmap();
        self.capture.free();
        memory::unmap(self.address(), size_of::<Self>() as u64);
    }

    pub fn address(&self) -> u64 {
        &raw const *self as u64
    }

    /// The calling thread's.
    #[allow(clippy::mut_from_ref, reason = "it is the calling thread's")]
    #[inline(always)]
    pub fn own() -> &'static mut Self {
        // SAFETY: only its thread uses it, and a coordinator while the thread stands still.
        unsafe { &mut *(thread::local() as *mut Self) }
    }

    /// That of a thread that stands still.
    pub fn of(handle: Handle) -> &'static mut Self {
        // SAFETY: as above.
        unsafe { &mut *(handle.local() as *mut Self) }
    }
}
