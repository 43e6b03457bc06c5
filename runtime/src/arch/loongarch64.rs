//! Linux on LoongArch: `asm-generic`, but `fstat` and `newfstatat` came with Linux 6.11 only and `clone` takes its
//! arguments in the base ABI's order; the return from handlers goes through the vDSO.

use super::port::{CloneOrder, HandlerReturn, Port, Stat, Vdso};
use super::signal_frame::{SignalFrame, Tagged};

pub static PORT: Port = Port {
    isa: "loongarch64",
    generic: true,
    stat: Stat::Statx,
    clone: CloneOrder::CtidTls,
    open_flags: &[],
    // ori a7, zero, 139; syscall 0
    handler_return: HandlerReturn::Kernel([0x0382_2c0b, 0x002b_0000]),
    vdso: Vdso::USUAL,
    signal_frame: SignalFrame {
        context: 128,
        mask: 128 + 40,
        result: x(4),
        sp: x(3),
        pc: PC,
        link: Some(x(1)),
        saved: &[
            x(22),
            x(23),
            x(24),
            x(25),
            x(26),
            x(27),
            x(28),
            x(29),
            x(30),
            x(31),
        ],
        // `struct fpu_context`, `lsx_context` or `lasx_context`, whichever registers the process has used: f24-f31 are
        // the low words of the vector registers.
        tagged: Some(Tagged {
            start: PC + 272,
            header: 16,
            kinds: &[(0x4650_5501, 8), (0x5358_0001, 16), (0x4153_5801, 32)],
            registers: &[24, 25, 26, 27, 28, 29, 30, 31],
        }),
    },
};

/// siginfo (128 bytes), then ucontext, whose `struct sigcontext` is at 176: pc, r0-r31, flags.
const PC: u16 = 128 + 176;

const fn x(n: u16) -> u16 {
    PC + 8 + 8 * n
}
