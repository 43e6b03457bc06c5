//! x86-64: System V ABI, AMD64 supplement (DWARF numbers: figure 3.36; calls: section 3.2).
//!
//! The base ABI. Peculiar here: `call` pushes the return address, so it is not a register; the thread
//! pointer is the `fs` segment base; TLS lies below it.

use crate::isa::{Isa, PollCall, ReturnAddress, Saved};

pub static ISA: Isa = Isa {
    id: 0,
    name: "x86_64",
    triple: "x86_64-unknown-linux-musl",
    data_layout: "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128",
    cpu: "x86-64",
    features: "",
    // At a landing pad the stack pointer would have to be where it was before the pushes, which no unwind rule says.
    back_end_options: &["-no-x86-call-frame-opt"],
    target_abi: None,
    elf_machine: 62,
    linker_emulation: "elf_x86_64",
    trap: &[0xcc],
    page_size: 4096,
    sp: 7,
    fp: 6,
    ra: ReturnAddress::OnStack,
    callee_saved: &[
        Saved {
            dwarf: 3,
            name: "rbx",
        },
        Saved {
            dwarf: 6,
            name: "rbp",
        },
        Saved {
            dwarf: 12,
            name: "r12",
        },
        Saved {
            dwarf: 13,
            name: "r13",
        },
        Saved {
            dwarf: 14,
            name: "r14",
        },
        Saved {
            dwarf: 15,
            name: "r15",
        },
    ],
    poll_call: PollCall::Convention(15),
    extends_ints: false,
    quiet_inequality: true,
    shortcuts: &[],
    emulator: "qemu-x86_64",
};
