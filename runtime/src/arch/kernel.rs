//! How the Linux ports differ, as plain data: one row per ISA, in the order of `popcorn_toolchains::ALL`.

/// Facts about one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel {
    /// Numbers and `struct stat` of `asm-generic`, without the calls that the `*at` forms replaced.
    pub generic: bool,
    /// Each bit of the base ABI's open flags that has another value here: (base, here).
    pub open_flags: &'static [(i64, i64)],
    /// `struct sigaction` has an `sa_restorer` field (and `SA_RESTORER` a meaning).
    pub restorer: bool,
}

/// x86-64: the base ABI itself.
const BASE: Kernel = Kernel {
    generic: false,
    open_flags: &[],
    restorer: true,
};

/// AArch64 (`arch/arm64/include/uapi/asm/fcntl.h`): O_DIRECT, O_LARGEFILE, O_DIRECTORY, O_NOFOLLOW.
const ARM: Kernel = Kernel {
    generic: true,
    open_flags: &[
        (0o40000, 0o200000),
        (0o100000, 0o400000),
        (0o200000, 0o40000),
        (0o400000, 0o100000),
    ],
    restorer: true,
};

/// RISC-V: plain `asm-generic`; the return from handlers goes through the vDSO.
const RISCV: Kernel = Kernel {
    generic: true,
    open_flags: &[],
    restorer: false,
};

static KERNELS: [Kernel; 3] = [BASE, ARM, RISCV];

const _: () = assert!(KERNELS.len() == popcorn_toolchains::ALL.len());

/// The port underneath.
pub fn kernel() -> &'static Kernel {
    &KERNELS[usize::from(super::isa().id)]
}

impl Kernel {
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
    use super::*;

    #[test]
    fn open_flags_round_trip() {
        for kernel in &KERNELS {
            for bits in 0..16 {
                let flags = (bits << 14) | 0o2000000 | 0o102;
                assert_eq!(kernel.open_flags_out(kernel.open_flags_in(flags)), flags);
            }
        }
        // O_DIRECTORY | O_CLOEXEC, the flags of opendir.
        assert_eq!(ARM.open_flags_in(0o200000 | 0o2000000), 0o40000 | 0o2000000);
        assert_eq!(RISCV.open_flags_in(0o200000), 0o200000);
    }
}
