//! RISC-V 64, rv64gc with the lp64d ABI: RISC-V ELF psABI (registers: chapter 1, DWARF numbers: 5).
//!
//! Peculiar here: linker relaxation would move code after it was laid out, so it is off; the thread
//! pointer is an ordinary register, `tp`, and points at the TLS image itself, where the variables that compiled
//! code knows come first; `gp`, which without relaxation nobody uses, is the address of `__popcorn_flag`.

use crate::isa::{Isa, PollCall, ReturnAddress, Saved, Shortcut};

pub static ISA: Isa = Isa {
    id: 2,
    name: "riscv64",
    triple: "riscv64-unknown-linux-musl",
    data_layout: "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128",
    cpu: "generic-rv64",
    features: "+m,+a,+f,+d,+c,-relax",
    back_end_options: &["-riscv-enable-global-merge=false"],
    target_abi: Some("lp64d"),
    elf_machine: 243,
    linker_emulation: "elf64lriscv",
    trap: &[0x02, 0x90],
    page_size: 4096,
    sp: 2,
    fp: 8,
    ra: ReturnAddress::Link(1),
    callee_saved: &[
        Saved {
            dwarf: 8,
            name: "s0",
        },
        Saved {
            dwarf: 9,
            name: "s1",
        },
        Saved {
            dwarf: 18,
            name: "s2",
        },
        Saved {
            dwarf: 19,
            name: "s3",
        },
        Saved {
            dwarf: 20,
            name: "s4",
        },
        Saved {
            dwarf: 21,
            name: "s5",
        },
        Saved {
            dwarf: 22,
            name: "s6",
        },
        Saved {
            dwarf: 23,
            name: "s7",
        },
        Saved {
            dwarf: 24,
            name: "s8",
        },
        Saved {
            dwarf: 25,
            name: "s9",
        },
        Saved {
            dwarf: 26,
            name: "s10",
        },
        Saved {
            dwarf: 27,
            name: "s11",
        },
        Saved {
            dwarf: 40,
            name: "fs0",
        },
        Saved {
            dwarf: 41,
            name: "fs1",
        },
        Saved {
            dwarf: 50,
            name: "fs2",
        },
        Saved {
            dwarf: 51,
            name: "fs3",
        },
        Saved {
            dwarf: 52,
            name: "fs4",
        },
        Saved {
            dwarf: 53,
            name: "fs5",
        },
        Saved {
            dwarf: 54,
            name: "fs6",
        },
        Saved {
            dwarf: 55,
            name: "fs7",
        },
        Saved {
            dwarf: 56,
            name: "fs8",
        },
        Saved {
            dwarf: 57,
            name: "fs9",
        },
        Saved {
            dwarf: 58,
            name: "fs10",
        },
        Saved {
            dwarf: 59,
            name: "fs11",
        },
    ],
    // LLVM's `preserve_most` there keeps no floating-point register, and makes every caller save them all.
    poll_call: PollCall::Assembly {
        text: "call __popcorn_poll",
        constraints: "={x10},~{x1},~{memory}",
    },
    extends_ints: true,
    quiet_inequality: false,
    shortcuts: &[
        Shortcut {
            symbol: "__popcorn_flag",
            load: "lw $0, 0(gp)",
            store: None,
        },
        Shortcut {
            symbol: "__popcorn_dsp",
            load: "ld $0, %tprel_lo(__popcorn_dsp)(tp)",
            store: Some("sd $0, %tprel_lo(__popcorn_dsp)(tp)"),
        },
        Shortcut {
            symbol: "__popcorn_reentry",
            load: "ld $0, %tprel_lo(__popcorn_reentry)(tp)",
            store: Some("sd $0, %tprel_lo(__popcorn_reentry)(tp)"),
        },
    ],
    emulator: "qemu-riscv64",
};
