//! Attributes of the process that an exec, or an emulator, forgets: noted in program state when the program stops, and
//! given back where it goes on. docs/abi.md has the whole list, with what an exec keeps by itself.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use linux_raw_sys::prctl;

use crate::base::statics::{Slot, Travels};
use crate::kernel::process;
use crate::kernel::{self, errno, nr, sys};
use crate::program::alone::Alone;
use crate::program::identity;

/// An attribute that is a number, known to `prctl`.
struct Number {
    get: u32,
    set: u32,
    /// The kernel writes it to where an argument points, in place of returning it.
    written: bool,
}

const fn number(get: u32, set: u32, written: bool) -> Number {
    Number { get, set, written }
}

/// An exec clears the first, and emulators do not know the second. The others are for a process that is restored.
const NUMBERS: [Number; 5] = [
    number(prctl::PR_GET_KEEPCAPS, prctl::PR_SET_KEEPCAPS, false),
    ADOPTS_ORPHANS,
    number(prctl::PR_GET_PDEATHSIG, prctl::PR_SET_PDEATHSIG, true),
    number(prctl::PR_GET_TIMERSLACK, prctl::PR_SET_TIMERSLACK, false),
    number(
        prctl::PR_GET_NO_NEW_PRIVS,
        prctl::PR_SET_NO_NEW_PRIVS,
        false,
    ),
];
const ADOPTS_ORPHANS: Number = number(
    prctl::PR_GET_CHILD_SUBREAPER,
    prctl::PR_SET_CHILD_SUBREAPER,
    true,
);

impl Number {
    /// `None` if the kernel, or the emulator, does not say.
    fn now(&self) -> Option<u64> {
        process::attribute(self.get, self.written).ok()
    }
}

#[derive(Clone, Copy)]
struct Attributes {
    personality: Option<u64>,
    numbers: [Option<u64>; NUMBERS.len()],
}

static NOTED: Travels<Slot<Attributes>> = Travels::new(Slot::new(Attributes {
    personality: None,
    numbers: [None; NUMBERS.len()],
}));
/// The program made itself a process that adopts orphans, or undid it.
static ADOPTS: Travels<AtomicBool> = Travels::new(AtomicBool::new(false));
/// Commands by which the program registered for `membarrier`.
static REGISTERED: Travels<AtomicU64> = Travels::new(AtomicU64::new(0));

/// Those of `membarrier`'s commands, each a bit, that register.
const REGISTER: u64 = {
    use sys::membarrier_cmd::*;
    MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED as u64
        | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED as u64
        | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE as u64
        | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ as u64
};

/// The program's `membarrier`.
pub fn membarrier(args: [i64; 6]) -> i64 {
    let result = kernel::call(nr::MEMBARRIER, args);
    let command = args[0] as u32 as u64;
    if result == 0 && command.is_power_of_two() {
        REGISTERED.fetch_or(command & REGISTER, Relaxed);
    }
    result
}

/// The program's `prctl`.
pub fn control(args: [i64; 6]) -> i64 {
    /// Whose arguments are addresses of the kernel's idea of the process, or of code: not the program's.
    const OF_THE_INCARNATION: [u32; 2] = [prctl::PR_SET_MM, prctl::PR_SET_SYSCALL_USER_DISPATCH];
    const PR_SPEC_DISABLE_NOEXEC: i64 = prctl::PR_SPEC_DISABLE_NOEXEC as i64;
    let option = args[0] as u32;
    if OF_THE_INCARNATION.contains(&option) {
        return -i64::from(errno::EINVAL);
    }
    if option == prctl::PR_SET_SPECULATION_CTRL && args[2] == PR_SPEC_DISABLE_NOEXEC {
        // For code until the next exec, which a move would be: as kernels say that do not have it.
        return -i64::from(errno::ERANGE);
    }
    let result = kernel::call(nr::PRCTL, args);
    if option == ADOPTS_ORPHANS.set && result == 0 {
        ADOPTS.store(args[1] != 0, Relaxed);
    }
    result
}

/// In a forked child: forgets what it did not inherit.
pub fn forked() {
    ADOPTS.store(false, Relaxed);
}

/// Whether orphans of this process's descendants become its children.
pub fn adopts_orphans() -> bool {
    ADOPTS.load(Relaxed) || process::adopts_orphans()
}

/// At the start of a program from a descriptor: gives the process the name that an exec of the file would have.
pub fn start() {
    let mut link = [0; crate::base::path::PATH_MAX];
    let path = identity::program_path(&mut link);
    let file = path.rsplit(|&b| b == b'/').next().unwrap_or_default();
    if file.is_empty() {
        return;
    }
    let mut name = [0; 16];
    let length = file.len().min(name.len() - 1);
    name[..length].copy_from_slice(&file[..length]);
    process::set_name(&name);
}

/// Before an image is written: asks the kernel.
pub fn note(alone: &mut Alone) {
    NOTED.with(alone, |noted| {
        noted.personality = process::personality().or(noted.personality);
        for (number, known) in NUMBERS.iter().zip(&mut noted.numbers) {
            *known = if number.get == ADOPTS_ORPHANS.get {
                Some(ADOPTS.load(Relaxed).into())
            } else {
                number.now().or(*known)
            };
        }
    });
}

/// On the other side: what has become another is set again. A kernel that refuses knows no such attribute.
pub fn restore(alone: &mut Alone) {
    let noted = NOTED.read(alone);
    if let (Some(before), Some(now)) = (noted.personality, process::personality())
        && before != now
    {
        process::set_personality(before);
    }
    for (number, known) in NUMBERS.iter().zip(noted.numbers) {
        if let (Some(before), Some(now)) = (known, number.now())
            && before != now
        {
            let _ = process::control(number.set, before);
        }
    }
    let registered = REGISTERED.load(Relaxed);
    let bits = (0..u64::BITS).map(|bit| registered & 1 << bit);
    bits.filter(|&command| command != 0)
        .for_each(process::register_membarrier);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_registrations_are_remembered() {
        use sys::membarrier_cmd::*;
        let call = |command| membarrier([command as i64, 0, 0, 0, 0, 0]);
        call(MEMBARRIER_CMD_QUERY);
        call(MEMBARRIER_CMD_GLOBAL);
        assert_eq!(REGISTERED.load(Relaxed), 0);
        if call(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0 {
            assert_eq!(REGISTERED.load(Relaxed), 16);
        }
    }
}
