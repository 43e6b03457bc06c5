//! System calls of the program that go to the kernel without further ado: they are the same on every port but for their
//! number, and the runtime keeps nothing of them. They have a short way, since most calls are of these.

use popcorn_metadata::syscalls::{self, Way, nr};

use crate::arch;
use crate::program::trace;

/// Those that programs make often. `entry` looks at none of them, and none waits, so no signal ends one.
const SHORT: &[i64] = &[
    nr::CLOCK_GETTIME,
    nr::GETEGID,
    nr::GETEUID,
    nr::GETGID,
    nr::GETPID,
    nr::GETPPID,
    nr::GETUID,
    nr::LSEEK,
    nr::SCHED_YIELD,
];

/// In place of a number: the call has no short way.
const NONE: u16 = u16::MAX;

/// By the base ABI's number: the number of ports that use `asm-generic`.
static GENERIC: [u16; syscalls::END] = {
    let mut numbers = [NONE; syscalls::END];
    let mut i = 0;
    while i < SHORT.len() {
        let Some(call) = syscalls::row(SHORT[i] as usize) else {
            panic!("a call that has no row");
        };
        let (Way::Same, Some(generic)) = (call.way, call.generic) else {
            panic!("a call that is not the same on every port");
        };
        numbers[SHORT[i] as usize] = generic;
        i += 1;
    }
    numbers
};

/// The CPU's own number of a call that has the short way. Nothing has while refused calls are to be told.
#[inline(always)]
pub fn number(n: i64) -> Option<i64> {
    let generic = *GENERIC.get(usize::try_from(n).ok()?)?;
    if generic == NONE || trace::on() || cfg!(feature = "faults") {
        return None;
    }
    Some(if arch::port().generic {
        generic.into()
    } else {
        n
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_entry_looks_at_has_no_short_way() {
        let entry = include_str!("entry.rs").split("mod tests").next().unwrap();
        let names = entry.split("nr::").skip(1).map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            rest[..end.unwrap_or(rest.len())].to_lowercase()
        });
        let mut looked_at = 0;
        for name in names {
            if let Some(call) = syscalls::all().find(|call| call.name == name) {
                looked_at += 1;
                assert_eq!(number(call.number.into()), None, "{name}");
            }
        }
        assert!(looked_at > 20, "{looked_at}");
        assert_eq!(number(nr::GETPPID), Some(nr::GETPPID));
    }
}
