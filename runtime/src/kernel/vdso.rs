//! The kernel's own code in the process (vDSO): what time it is, and on which CPU, without entering the kernel.
//!
//! Where it lies is told to each incarnation anew, and an emulator may have none; the kernel is asked then. It is C of
//! this CPU's convention, checks no pointer as a system call does (the program's own calls by number never come here),
//! lies outside the image, and the stack map knows nothing of it. So while a thread is in it the context
//! that it was called with is noted: `longjmp` out of a signal handler goes on from there.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::{nr, system_call};
use crate::arch;
use crate::base::text::c_bytes;
use crate::incarnation;

incarnation! {
    /// Where the kernel put its code; 0: there is none.
    static START: AtomicU64 = AtomicU64::new(0);
    /// Its functions: 0 is not looked up yet. The first is read by the short way in `tls.c`.
    #[cfg_attr(not(test), unsafe(export_name = "popcorn_vdso_clock"))]
    static CLOCK: AtomicU64 = AtomicU64::new(0);
    static CPU: AtomicU64 = AtomicU64::new(0);
}

/// In place of a function that is not there.
const NONE: u64 = 1;

/// Takes what the auxiliary vector says.
pub fn start(address: u64) {
    START.store(address, Relaxed);
}

/// `clock_gettime`: 0, or `-errno`. Libc's functions of time use it by `__popcorn_clock_gettime`, which is in `tls.c` and
/// calls this where the function is not known, or not there, or in use further down the stack.
#[inline(never)]
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn popcorn_clock_gettime(clock: i64, time: i64) -> i64 {
    outside(&CLOCK, arch::port().vdso.clock, clock, time)
        .unwrap_or_else(|| system_call!(nr::CLOCK_GETTIME, clock, time))
}

/// `getcpu`: 0, or `-errno`.
#[cfg_attr(not(test), unsafe(export_name = "__popcorn_getcpu"))]
pub extern "C" fn getcpu(cpu: i64, node: i64) -> i64 {
    let name = arch::port().vdso.cpu;
    outside(&CPU, name, cpu, node).unwrap_or_else(|| system_call!(nr::GETCPU, cpu, node, 0))
}

/// Calls a function of the kernel's, if it can be.
#[inline(always)]
fn outside(function: &AtomicU64, name: &[u8], a: i64, b: i64) -> Option<i64> {
    let code = match function.load(Relaxed) {
        0 => look_up(function, name),
        code => code,
    };
    if code == NONE {
        return None;
    }
    // SAFETY: the kernel's function of that name, which takes a number and a pointer or two pointers, and returns an
    // `int`. A handler that comes in between while a caller is noted finds it, and asks the kernel.
    unsafe {
        let caller = popcorn_tls_vdso_caller();
        if !(*caller).is_null() {
            return None;
        }
        Some(arch::__popcorn_call_vdso(code, a, b, caller))
    }
}

#[cold]
#[inline(never)]
fn look_up(function: &AtomicU64, name: &[u8]) -> u64 {
    let found = match START.load(Relaxed) {
        0 => None,
        // SAFETY: as the auxiliary vector says; the kernel's file is whole.
        start => unsafe { find(start, name) },
    };
    let code = found.unwrap_or(NONE);
    function.store(code, Relaxed);
    code
}

/// Bytes that `__popcorn_call_vdso` takes of the stack, its return address last, on every ISA.
const CALL_FRAME: u64 = 240;

unsafe extern "C" {
    fn popcorn_tls_vdso_caller() -> *mut *mut arch::Context;
}

/// The context that this thread called the kernel's code with, if it is in it; it no longer is.
pub fn leave() -> Option<arch::Context> {
    // SAFETY: the context lies in the frame of a call that has not returned.
    unsafe {
        let caller = popcorn_tls_vdso_caller();
        let mut context = (*caller).as_ref().cloned()?;
        context.sp = *caller as u64 + CALL_FRAME;
        context.pc = *((context.sp - 8) as *const u64);
        *caller = core::ptr::null_mut();
        Some(context)
    }
}

/// `Elf64_Phdr`.
#[repr(C)]
struct Segment {
    kind: u32,
    flags: u32,
    offset: u64,
    address: u64,
    physical: u64,
    file_size: u64,
    memory_size: u64,
    align: u64,
}

/// `Elf64_Sym`.
#[repr(C)]
struct Symbol {
    name: u32,
    info: u8,
    other: u8,
    section: u16,
    value: u64,
    size: u64,
}

const _: () = assert!(size_of::<Segment>() == 56 && size_of::<Symbol>() == 24);

/// The address of a function in the ELF file at `start`.
///
/// # Safety
/// A shared object lies there as the kernel maps it, readable and whole.
unsafe fn find(start: u64, wanted: &[u8]) -> Option<u64> {
    const PT_LOAD: u32 = 1;
    const PT_DYNAMIC: u32 = 2;
    const DT_HASH: u64 = 4;
    const DT_STRTAB: u64 = 5;
    const DT_SYMTAB: u64 = 6;
    const DT_GNU_HASH: u64 = 0x6fff_fef5;

    // SAFETY: by contract, as the ELF specification lays it out.
    unsafe {
        let segments = (start + *((start + 32) as *const u64)) as *const Segment;
        let count = usize::from(*((start + 56) as *const u16));
        let segments = core::slice::from_raw_parts(segments, count);
        let load = segments.iter().find(|s| s.kind == PT_LOAD)?;
        let dynamic = segments.iter().find(|s| s.kind == PT_DYNAMIC)?;
        let base = start.wrapping_add(load.offset).wrapping_sub(load.address);

        let (mut hash, mut gnu_hash, mut strings, mut symbols) = (None, None, None, None);
        let mut entry = (start + dynamic.offset) as *const [u64; 2];
        while (*entry)[0] != 0 {
            let [tag, value] = *entry;
            let at = Some(base.wrapping_add(value));
            match tag {
                DT_HASH => hash = at,
                DT_GNU_HASH => gnu_hash = at,
                DT_STRTAB => strings = at,
                DT_SYMTAB => symbols = at,
                _ => {}
            }
            entry = entry.add(1);
        }
        let count = match (hash, gnu_hash) {
            (Some(hash), _) => *((hash + 4) as *const u32),
            (None, Some(hash)) => gnu_count(hash as *const u32),
            (None, None) => return None,
        };
        let symbols = core::slice::from_raw_parts(symbols? as *const Symbol, count as usize);
        let strings = strings?;
        let named = |s: &&Symbol| {
            s.section != 0 && c_bytes((strings + u64::from(s.name)) as *const u8) == wanted
        };
        Some(base.wrapping_add(symbols.iter().find(named)?.value))
    }
}

/// The number of symbols, which a GNU hash table does not say: one more than the last of the chain that begins last.
///
/// # Safety
/// `table` is a `DT_GNU_HASH` table.
unsafe fn gnu_count(table: *const u32) -> u32 {
    // SAFETY: by contract: buckets, first symbol, filter words of 8 bytes, shift, filter, buckets, chains.
    unsafe {
        let [buckets, first, words, _] = *table.cast::<[u32; 4]>();
        let bucket = table.add(4 + 2 * words as usize);
        let chain = bucket.add(buckets as usize);
        let last = (0..buckets as usize).map(|i| *bucket.add(i)).max();
        let Some(mut symbol) = last.filter(|&symbol| symbol >= first) else {
            return first;
        };
        while *chain.add((symbol - first) as usize) & 1 == 0 {
            symbol += 1;
        }
        symbol + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the test's own process.
    fn vdso() -> Option<u64> {
        const AT_SYSINFO_EHDR: u64 = linux_raw_sys::auxvec::AT_SYSINFO_EHDR as u64;
        let auxv = std::fs::read("/proc/self/auxv").unwrap();
        let word = |bytes: &[u8]| u64::from_ne_bytes(bytes.try_into().unwrap());
        auxv.chunks(16)
            .find(|pair| word(&pair[..8]) == AT_SYSINFO_EHDR)
            .map(|pair| word(&pair[8..]))
    }

    #[test]
    fn the_clock_is_found_and_goes_right() {
        let Some(start) = vdso() else { return };
        // SAFETY: the kernel's file.
        let code = unsafe { find(start, arch::port().vdso.clock) }.expect("a clock");
        let mut time = [0u64; 2];
        let before = super::super::clock::date();
        // SAFETY: clock_gettime.
        let result = unsafe {
            let function: extern "C" fn(i32, *mut [u64; 2]) -> i32 = core::mem::transmute(code);
            function(0, &raw mut time)
        };
        let after = super::super::clock::date();
        assert_eq!(result, 0);
        // The kernel's coarse second may be behind for a tick.
        assert!(before <= time[0] + 1 && time[0] <= after + 1);
        // SAFETY: as above.
        assert_eq!(unsafe { find(start, b"no_such_function") }, None);
    }

    #[test]
    fn a_gnu_hash_table_counts_its_symbols() {
        // Two buckets, first symbol 1, one filter word; chains 1-2 and 3-5.
        let table = [2, 1, 1, 6, 0, 0, 1, 3, 10, 21, 30, 40, 51];
        // SAFETY: such a table.
        assert_eq!(unsafe { gnu_count(table.as_ptr()) }, 6);
        let empty = [1, 4, 1, 6, 0, 0, 0];
        // SAFETY: likewise.
        assert_eq!(unsafe { gnu_count(empty.as_ptr()) }, 4);
    }
}
