//! `popcorn_migrate` and `popcorn_current_isa`: the program asks for itself.

use core::sync::atomic::{AtomicI32, AtomicI64, Ordering::Relaxed};

use popcorn_toolchains::{ALL, Isa};

use crate::arch;
use crate::base::statics::Travels;
use crate::base::text::c_bytes;
use crate::kernel::errno;
use crate::program::arguments;
use crate::program::identity::isa_named;

/// The ISA that `popcorn_migrate` named, plus one; 0: none.
static ASKED: Travels<AtomicI32> = Travels::new(AtomicI32::new(0));
/// What became of it: 0 or -errno.
static RESULT: Travels<AtomicI64> = Travels::new(AtomicI64::new(0));

/// The ISA that the program asked for.
pub fn wanted() -> Option<&'static Isa> {
    let asked = ASKED.load(Relaxed) - 1;
    u16::try_from(asked).ok().and_then(Isa::by_id)
}

/// The move is not made.
pub fn failed(errno: i64) {
    if ASKED.swap(0, Relaxed) != 0 {
        RESULT.store(-errno, Relaxed);
    }
}

/// The move is made.
pub fn moved() {
    ASKED.store(0, Relaxed);
    RESULT.store(0, Relaxed);
}

/// For `popcorn_migrate`: 1 if the caller is to poll now, 0 if the program is there already, -errno.
///
/// # Safety
/// `name` is a C string or null.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __popcorn_ask(name: *const u8) -> i64 {
    // SAFETY: by contract.
    let name = (!name.is_null()).then(|| unsafe { c_bytes(name) });
    match name.and_then(isa_named) {
        None => -i64::from(errno::EINVAL),
        Some(isa) if isa.id == arch::isa().id => 0,
        // More rights than its user has: an exec would take an emulator and variables of the user's.
        Some(_) if arguments::initial().is_secure() => -i64::from(errno::EPERM),
        Some(isa) => {
            RESULT.store(-i64::from(errno::EBUSY), Relaxed);
            ASKED.store(i32::from(isa.id) + 1, Relaxed);
            1
        }
    }
}

/// What became of it: 0 or -errno.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __popcorn_asked() -> i64 {
    ASKED.store(0, Relaxed);
    RESULT.load(Relaxed)
}

/// The names as C strings: program state may point to them.
static NAMES: [[u8; 16]; ALL.len()] = {
    let mut names = [[0; 16]; ALL.len()];
    let mut i = 0;
    while i < ALL.len() {
        let name = ALL[i].name.as_bytes();
        let mut j = 0;
        while j < name.len() {
            names[i][j] = name[j];
            j += 1;
        }
        i += 1;
    }
    names
};

/// The name of the ISA that the program runs on now.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn popcorn_current_isa() -> *const u8 {
    NAMES[usize::from(arch::isa().id)].as_ptr()
}
