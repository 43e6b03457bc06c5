//! Linux on AArch64: `asm-generic`, but for four open flags.

use super::port::{CloneOrder, HandlerReturn, Port, Stat, Vdso};
use super::signal_frame::SignalFrame;

pub static PORT: Port = Port {
    isa: "aarch64",
    generic: true,
    stat: Stat::Generic,
    clone: CloneOrder::TlsCtid,
    // `arch/arm64/include/uapi/asm/fcntl.h`: O_DIRECT, O_LARGEFILE, O_DIRECTORY, O_NOFOLLOW.
    open_flags: &[
        (0o40000, 0o200000),
        (0o100000, 0o400000),
        (0o200000, 0o40000),
        (0o400000, 0o100000),
    ],
    handler_return: HandlerReturn::Restorer,
    // It has no `getcpu`.
    vdso: Vdso {
        clock: b"__kernel_clock_gettime",
        cpu: b"__kernel_getcpu",
    },
    signal_frame: SignalFrame {
        context: 128,
        mask: 128 + 40,
        result: x(0),
        sp: x(31),
        pc: x(32),
        link: Some(x(30)),
        tagged: None,
        saved: &[
            x(19),
            x(20),
            x(21),
            x(22),
            x(23),
            x(24),
            x(25),
            x(26),
            x(27),
            x(28),
            x(29),
            d(8),
            d(9),
            d(10),
            d(11),
            d(12),
            d(13),
            d(14),
            d(15),
        ],
    },
};

/// siginfo (128 bytes), then ucontext, whose `struct sigcontext` is at 176: fault address, 31 registers,
/// sp, pc, pstate.
const fn x(n: u16) -> u16 {
    128 + 176 + 8 + 8 * n
}

/// At 288 of `struct sigcontext` the vector registers, after 16 bytes of header.
const fn d(n: u16) -> u16 {
    128 + 176 + 288 + 16 + 16 * n
}
