//! What depends on the CPU underneath. Per ISA an assembly file and a [`Port`], the facts of its Linux.

mod aarch64;
pub mod interrupted;
mod loongarch64;
pub mod port;
mod riscv64;
pub mod signal_frame;
pub mod user_context;
mod x86_64;

use core::sync::atomic::AtomicU32;

use popcorn_toolchains::{ALL, Isa};

use port::Port;

/// Every port, in the order of [`ALL`].
static PORTS: [&Port; ALL.len()] = [
    &x86_64::PORT,
    &aarch64::PORT,
    &riscv64::PORT,
    &loongarch64::PORT,
];

const _: () = {
    let mut i = 0;
    while i < ALL.len() {
        let (isa, port) = (ALL[i], PORTS[i]);
        assert!(same(isa.name.as_bytes(), port.isa.as_bytes()) && isa.id as usize == i);
        assert!(isa.callee_saved.len() == port.signal_frame.registers());
        i += 1;
    }
};

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

/// The registers of one activation as assembly saves and loads them: the caller's stack pointer at the
/// call, the address it goes on at, two argument registers for landing pads, and the callee-saved
/// registers in the order of `Isa::callee_saved`.
#[repr(C)]
#[derive(Clone)]
pub struct Context {
    pub sp: u64,
    pub pc: u64,
    pub args: [u64; 2],
    pub regs: [u64; 24],
}

const _: () = {
    assert!(core::mem::offset_of!(Context, sp) == 0);
    assert!(core::mem::offset_of!(Context, pc) == 8);
    assert!(core::mem::offset_of!(Context, args) == 16);
    assert!(core::mem::offset_of!(Context, regs) == 32);
    assert!(core::mem::size_of::<Context>() == 224);
    let mut i = 0;
    while i < ALL.len() {
        assert!(ALL[i].callee_saved.len() <= 24);
        i += 1;
    }
};

/// Bytes of code in `__popcorn_call_vdso`, on every ISA.
const CALL_VDSO_SIZE: u64 = 256;

/// Bytes of code in `__popcorn_bottom`, on every ISA.
pub const BOTTOM_SIZE: u64 = 64;

unsafe extern "C" {
    static __popcorn_isa_id: u64;
    pub fn __popcorn_raw_syscall(n: i64, a: i64, b: i64, c: i64, d: i64, e: i64, f: i64) -> i64;
    /// Calls `function` of the kernel's, and notes its caller's context in `caller` until it has returned.
    pub fn __popcorn_call_vdso(function: u64, a: i64, b: i64, caller: *mut *mut Context) -> i64;
    fn __popcorn_waiting_syscall(
        n: i64,
        a: i64,
        b: i64,
        c: i64,
        d: i64,
        e: i64,
        f: i64,
        word: *const AtomicU32,
    ) -> i64;
    static __popcorn_waiting_places: interrupted::Places;
    pub fn __popcorn_bottom(stack_top: u64, function: u64, a: u64, b: u64, c: u64) -> !;
    pub fn __popcorn_set_thread_pointer(value: u64);
    pub fn __popcorn_sigreturn();
}

/// The id of the ISA this incarnation runs on: its place in [`ALL`].
#[cfg(not(test))]
#[inline(always)]
fn running() -> u64 {
    // SAFETY: a constant that the assembly file defines.
    unsafe { core::ptr::read_volatile(&raw const __popcorn_isa_id) }
}

/// The tests' ISA is the base ISA.
#[cfg(test)]
#[inline(always)]
fn running() -> u64 {
    popcorn_toolchains::BASE.id.into()
}

/// The ISA this incarnation runs on.
#[inline(always)]
pub fn isa() -> &'static Isa {
    ALL[running() as usize]
}

/// The Linux port of the ISA that this incarnation runs on.
#[inline(always)]
pub fn port() -> &'static Port {
    // SAFETY: the id is that of a port in the list: each ISA's assembly has its own.
    unsafe { PORTS.get_unchecked(running() as usize) }
}

/// As [`raw_syscall`], of a call that waits for nothing: no signal ends it, so it is not made again.
///
/// # Safety
/// As safe as the call that the number names.
#[inline(always)]
pub unsafe fn uninterrupted_syscall(n: i64, a: [i64; 6]) -> i64 {
    // SAFETY: by contract.
    #[cfg(not(test))]
    unsafe {
        __popcorn_raw_syscall(n, a[0], a[1], a[2], a[3], a[4], a[5])
    }
    #[cfg(test)]
    // SAFETY: by contract.
    unsafe {
        raw_syscall(n, a)
    }
}

/// A system call with the CPU's own number and layouts.
///
/// # Safety
/// As safe as the call that the number names.
#[inline(always)]
pub unsafe fn raw_syscall(n: i64, a: [i64; 6]) -> i64 {
    // SAFETY: by contract.
    #[cfg(not(test))]
    loop {
        // SAFETY: by contract.
        let result = unsafe { __popcorn_raw_syscall(n, a[0], a[1], a[2], a[3], a[4], a[5]) };
        // A request's signal has interrupted it.
        if result != KICKED {
            return result;
        }
    }
    #[cfg(test)]
    {
        let result: i64;
        // SAFETY: by contract; the kernel's convention (psABI section A.2.1).
        unsafe {
            core::arch::asm!("syscall", inlateout("rax") n => result, in("rdi") a[0], in("rsi") a[1],
                in("rdx") a[2], in("r10") a[3], in("r8") a[4], in("r9") a[5], out("rcx") _, out("r11") _)
        };
        result
    }
}

/// What [`waiting_syscall`] returns of a call that it did not make, or that is to be made again: no result and no
/// error of the kernel's.
pub const KICKED: i64 = -4096;

/// A system call that may wait, with the CPU's own number and layouts: none, but [`KICKED`], once the word is not zero.
/// A signal handler that changes the word says so by [`interrupted`], so that none comes too late.
///
/// # Safety
/// As safe as the call that the number names.
#[inline(always)]
pub unsafe fn waiting_syscall(n: i64, a: [i64; 6], word: &AtomicU32) -> i64 {
    // SAFETY: by contract.
    #[cfg(not(test))]
    unsafe {
        __popcorn_waiting_syscall(n, a[0], a[1], a[2], a[3], a[4], a[5], word)
    }
    #[cfg(test)]
    {
        let _ = word;
        // SAFETY: by contract.
        unsafe { raw_syscall(n, a) }
    }
}

/// Where signal handlers return to, where the kernel asks.
pub fn restorer() -> u64 {
    __popcorn_sigreturn as *const () as u64 + 4
}

/// Whether `pc` is in `__popcorn_call_vdso`.
pub fn is_call_vdso(pc: u64) -> bool {
    pc.wrapping_sub(__popcorn_call_vdso as *const () as u64) < CALL_VDSO_SIZE
}

/// Whether `address` is a return address into the lowest frame.
#[inline(always)]
pub fn is_bottom(address: u64) -> bool {
    let start = __popcorn_bottom as *const () as u64;
    address.wrapping_sub(start) <= BOTTOM_SIZE
}
