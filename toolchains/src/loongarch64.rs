//! LoongArch 64 with the lp64d ABI: *ELF psABI for the LoongArch Architecture* (registers: *Register Convention*) and
//! *DWARF for the LoongArch Architecture* (numbers).
//!
//! Peculiar here: kernels have pages of 16 KiB, so every map of a program that is to run here is made of such pages,
//! on all its ISAs; `ra` is `r1`, `sp` `r3` and the frame pointer `r22`; the thread pointer is an ordinary register,
//! `r2`, and points at the TLS image itself; conditions of floating-point comparisons lie in registers of their own;
//! linker relaxation would move code after it was laid out, so it is off; 128-bit vectors are an extension that not
//! every CPU has, and code is compiled without.

use crate::isa::{Isa, PollCall, ReturnAddress, Saved};

pub static ISA: Isa = Isa {
    id: 3,
    name: "loongarch64",
    triple: "loongarch64-unknown-linux-musl",
    data_layout: "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128",
    cpu: "generic-la64",
    features: "+64bit,+f,+d,+ual,-lsx,-relax",
    back_end_options: &[],
    target_abi: Some("lp64d"),
    elf_machine: 258,
    linker_emulation: "elf64loongarch",
    trap: &[0x00, 0x00, 0x2a, 0x00],
    page_size: 16384,
    sp: 3,
    fp: 22,
    ra: ReturnAddress::Link(1),
    callee_saved: &[
        Saved {
            dwarf: 22,
            name: "fp",
        },
        Saved {
            dwarf: 23,
            name: "s0",
        },
        Saved {
            dwarf: 24,
            name: "s1",
        },
        Saved {
            dwarf: 25,
            name: "s2",
        },
        Saved {
            dwarf: 26,
            name: "s3",
        },
        Saved {
            dwarf: 27,
            name: "s4",
        },
        Saved {
            dwarf: 28,
            name: "s5",
        },
        Saved {
            dwarf: 29,
            name: "s6",
        },
        Saved {
            dwarf: 30,
            name: "s7",
        },
        Saved {
            dwarf: 31,
            name: "s8",
        },
        Saved {
            dwarf: 56,
            name: "fs0",
        },
        Saved {
            dwarf: 57,
            name: "fs1",
        },
        Saved {
            dwarf: 58,
            name: "fs2",
        },
        Saved {
            dwarf: 59,
            name: "fs3",
        },
        Saved {
            dwarf: 60,
            name: "fs4",
        },
        Saved {
            dwarf: 61,
            name: "fs5",
        },
        Saved {
            dwarf: 62,
            name: "fs6",
        },
        Saved {
            dwarf: 63,
            name: "fs7",
        },
    ],
    // The back end takes `preserve_all` for the ordinary convention: callers would lose what they keep in registers.
    poll_call: PollCall::Assembly {
        text: "bl __popcorn_poll",
        constraints: "={$r4},~{$r1},~{memory}",
    },
    extends_ints: true,
    quiet_inequality: true,
    shortcuts: &[],
    emulator: "qemu-loongarch64",
};
