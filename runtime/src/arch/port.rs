//! How the Linux ports differ, as plain data. One `Port` per ISA, in the file of the ISA's name.

use super::signal_frame::SignalFrame;

/// Facts about one kernel port.
#[derive(Debug)]
pub struct Port {
    /// Name of the ISA: [`popcorn_toolchains::Isa::name`].
    pub isa: &'static str,
    /// Numbers and structures of `asm-generic`, without the calls that the `*at` forms replaced; else the
    /// base ABI's.
    pub generic: bool,
    /// How a file's status is asked for, where the base ABI's way is not there.
    pub stat: Stat,
    /// The order of `clone`'s last two arguments.
    pub clone: CloneOrder,
    /// Each bit of the base ABI's open flags that has another value here: (base, here).
    pub open_flags: &'static [(i64, i64)],
    /// Where signal handlers return to.
    pub handler_return: HandlerReturn,
    /// What the kernel's own code in the process (vDSO) calls its functions.
    pub vdso: Vdso,
    /// What the kernel pushes before it calls a signal handler.
    pub signal_frame: SignalFrame,
}

/// How a port of `asm-generic` is asked for a file's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stat {
    /// By `fstat` and `newfstatat`, with the `struct stat` of `asm-generic`.
    Generic,
    /// By `statx`: the others are not there.
    Statx,
}

/// The order of `clone`'s last two arguments (the kernel's `CONFIG_CLONE_BACKWARDS`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloneOrder {
    /// Where the thread's id is cleared, then the thread pointer: as in the base ABI.
    CtidTls,
    /// The thread pointer first.
    TlsCtid,
}

/// Names of functions in the kernel's own code. They take the base ABI's arguments.
#[derive(Debug, Clone, Copy)]
pub struct Vdso {
    /// `clock_gettime`.
    pub clock: &'static [u8],
    /// `getcpu`.
    pub cpu: &'static [u8],
}

impl Vdso {
    /// The names that most ports have.
    pub const USUAL: Self = Self {
        clock: b"__vdso_clock_gettime",
        cpu: b"__vdso_getcpu",
    };
}

/// Where signal handlers return to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandlerReturn {
    /// `struct sigaction` has an `sa_restorer` field (and `SA_RESTORER` a meaning).
    Restorer,
    /// To code of the kernel's, which begins with these two instructions.
    Kernel([u32; 2]),
}

impl Port {
    /// Whether `struct sigaction` has an `sa_restorer` field.
    pub fn restorer(&self) -> bool {
        self.handler_return == HandlerReturn::Restorer
    }

    /// Base-ABI open flags in this port's values.
    pub fn open_flags_in(&self, flags: i64) -> i64 {
        self.open_flags
            .iter()
            .fold(self.clear(flags, |p| p.0), |out, &(base, here)| {
                if flags & base != 0 { out | here } else { out }
            })
    }

    /// This port's open flags in base-ABI values.
    pub fn open_flags_out(&self, flags: i64) -> i64 {
        self.open_flags
            .iter()
            .fold(self.clear(flags, |p| p.1), |out, &(base, here)| {
                if flags & here != 0 { out | base } else { out }
            })
    }

    fn clear(&self, flags: i64, side: impl Fn(&(i64, i64)) -> i64) -> i64 {
        self.open_flags.iter().fold(flags, |f, p| f & !side(p))
    }
}

#[cfg(test)]
mod tests {
    use super::super::PORTS;

    #[test]
    fn open_flags_round_trip() {
        // O_DIRECTORY | O_CLOEXEC, the flags of opendir.
        let opendir = 0o200000 | 0o2000000;
        for port in PORTS {
            for bits in 0..16 {
                let flags = (bits << 14) | 0o2000000 | 0o102;
                assert_eq!(port.open_flags_out(port.open_flags_in(flags)), flags);
            }
            let expected = match port.open_flags {
                [] => opendir,
                _ => 0o40000 | 0o2000000,
            };
            assert_eq!(port.open_flags_in(opendir), expected, "{}", port.isa);
        }
    }
}
