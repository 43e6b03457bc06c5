//! Linux on RISC-V: plain `asm-generic`; the return from handlers goes through the vDSO.

use super::port::{CloneOrder, HandlerReturn, Port, Stat, Vdso};
use super::signal_frame::SignalFrame;

pub static PORT: Port = Port {
    isa: "riscv64",
    generic: true,
    stat: Stat::Generic,
    clone: CloneOrder::TlsCtid,
    open_flags: &[],
    // li a7, 139; ecall
    handler_return: HandlerReturn::Kernel([0x08b0_0893, 0x0000_0073]),
    vdso: Vdso::USUAL,
    signal_frame: SignalFrame {
        context: 128,
        mask: 128 + 40,
        result: x(10),
        sp: x(2),
        pc: x(0),
        link: Some(x(1)),
        tagged: None,
        saved: &[
            x(8),
            x(9),
            x(18),
            x(19),
            x(20),
            x(21),
            x(22),
            x(23),
            x(24),
            x(25),
            x(26),
            x(27),
            f(8),
            f(9),
            f(18),
            f(19),
            f(20),
            f(21),
            f(22),
            f(23),
            f(24),
            f(25),
            f(26),
            f(27),
        ],
    },
};

/// siginfo (128 bytes), then ucontext, whose registers are at 176: pc, x1-x31.
const fn x(n: u16) -> u16 {
    128 + 176 + 8 * n
}

/// Behind those, f0-f31.
const fn f(n: u16) -> u16 {
    128 + 176 + 256 + 8 * n
}
