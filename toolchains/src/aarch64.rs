//! AArch64: AAPCS64 (registers: section 6.1) and DWARF for the Arm 64-bit Architecture (section 4.1).
//!
//! Peculiar here: only the low 64 bits of v8-v15 are callee-saved; two words lie between the thread
//! pointer and the TLS image; O_DIRECTORY and three other open flags have numbers of their own.

use crate::isa::{Isa, PollCall, ReturnAddress, Saved};

pub static ISA: Isa = Isa {
    id: 1,
    name: "aarch64",
    triple: "aarch64-unknown-linux-musl",
    data_layout: "e-m:e-p270:32:32-p271:32:32-p272:64:64-i8:8:32-i16:16:32-i64:64-i128:128-n32:64-S128-Fn32",
    cpu: "generic",
    features: "+v8a,+fp-armv8,+neon",
    back_end_options: &["-aarch64-enable-global-merge=false"],
    target_abi: None,
    elf_machine: 183,
    linker_emulation: "aarch64linux",
    trap: &[0x20, 0x00, 0x20, 0xd4],
    page_size: 4096,
    sp: 31,
    fp: 29,
    ra: ReturnAddress::Link(30),
    callee_saved: &[
        Saved {
            dwarf: 19,
            name: "x19",
        },
        Saved {
            dwarf: 20,
            name: "x20",
        },
        Saved {
            dwarf: 21,
            name: "x21",
        },
        Saved {
            dwarf: 22,
            name: "x22",
        },
        Saved {
            dwarf: 23,
            name: "x23",
        },
        Saved {
            dwarf: 24,
            name: "x24",
        },
        Saved {
            dwarf: 25,
            name: "x25",
        },
        Saved {
            dwarf: 26,
            name: "x26",
        },
        Saved {
            dwarf: 27,
            name: "x27",
        },
        Saved {
            dwarf: 28,
            name: "x28",
        },
        Saved {
            dwarf: 29,
            name: "x29",
        },
        Saved {
            dwarf: 72,
            name: "d8",
        },
        Saved {
            dwarf: 73,
            name: "d9",
        },
        Saved {
            dwarf: 74,
            name: "d10",
        },
        Saved {
            dwarf: 75,
            name: "d11",
        },
        Saved {
            dwarf: 76,
            name: "d12",
        },
        Saved {
            dwarf: 77,
            name: "d13",
        },
        Saved {
            dwarf: 78,
            name: "d14",
        },
        Saved {
            dwarf: 79,
            name: "d15",
        },
    ],
    poll_call: PollCall::Convention(15),
    extends_ints: false,
    quiet_inequality: true,
    shortcuts: &[],
    emulator: "qemu-aarch64",
};
