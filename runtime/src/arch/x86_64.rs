//! Linux on x86-64: the base ABI itself.

use super::port::{CloneOrder, HandlerReturn, Port, Stat, Vdso};
use super::signal_frame::SignalFrame;

pub static PORT: Port = Port {
    isa: "x86_64",
    generic: false,
    stat: Stat::Generic,
    clone: CloneOrder::CtidTls,
    open_flags: &[],
    handler_return: HandlerReturn::Restorer,
    vdso: Vdso::USUAL,
    // `struct rt_sigframe` without its first word, which the handler's return has popped.
    signal_frame: SignalFrame {
        context: 0,
        mask: 296,
        result: reg(13),
        sp: reg(15),
        pc: reg(16),
        link: None,
        tagged: None,
        saved: &[reg(11), reg(10), reg(4), reg(5), reg(6), reg(7)],
    },
};

/// ucontext is first, general registers are at 40 (`struct sigcontext_64`: r8-r15, di, si, bp, bx, dx, ax,
/// cx, sp, ip).
const fn reg(n: u16) -> u16 {
    40 + 8 * n
}
