//! The table every ISA fills in.

/// How a call leaves its return address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnAddress {
    /// On the stack, in the word below the caller's stack pointer.
    OnStack,
    /// In this link register (DWARF number), which a prologue saves like any other.
    Link(u16),
}

/// A register that a callee preserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// DWARF number.
    pub dwarf: u16,
    /// Assembler name.
    pub name: &'static str,
}

/// How `__popcorn_poll` is called: it keeps (nearly) all registers, so that a poll not taken costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollCall {
    /// By this calling convention (LLVM's number; 15 is `preserve_all`).
    Convention(u32),
    /// By inline assembly, where LLVM has no such convention.
    Assembly {
        /// The call.
        text: &'static str,
        /// Where the result is, and which registers are lost.
        constraints: &'static str,
    },
}

/// A variable that one instruction gets at, where LLVM takes three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortcut {
    /// Its symbol. It may be thread-local.
    pub symbol: &'static str,
    /// Inline assembly that loads it into `$0`.
    pub load: &'static str,
    /// Inline assembly that stores `$0` into it; `None`: it is done the ordinary way.
    pub store: Option<&'static str>,
}

/// Facts about one instruction set.
#[derive(Debug)]
pub struct Isa {
    /// Position in [`ALL`]; written into images and stack maps.
    pub id: u16,
    /// The only spelling anywhere: command lines, section names, messages.
    pub name: &'static str,
    /// LLVM target triple for lowering.
    pub triple: &'static str,
    /// LLVM data layout for lowering.
    pub data_layout: &'static str,
    /// LLVM CPU name.
    pub cpu: &'static str,
    /// LLVM feature string.
    pub features: &'static str,
    /// LLVM's command-line options for its back end: what it does by itself and the others do not, or what the ABI rules
    /// out.
    pub back_end_options: &'static [&'static str],
    /// Value of the `target-abi` module flag, where the back end reads one.
    pub target_abi: Option<&'static str>,
    /// `e_machine` (ELF).
    pub elf_machine: u16,
    /// `-m` emulation name for the linker.
    pub linker_emulation: &'static str,
    /// Byte pattern for padding between functions: a trap instruction.
    pub trap: &'static [u8],
    /// Bytes of a page of memory, as most of its kernels have it. A program's pages are the largest of its ISAs'.
    pub page_size: u64,
    /// DWARF number of the stack pointer.
    pub sp: u16,
    /// DWARF number of the frame pointer.
    pub fp: u16,
    /// Where the return address is.
    pub ra: ReturnAddress,
    /// Callee-saved registers, in the order in which the runtime's assembly stores them; the frame
    /// pointer is among them.
    pub callee_saved: &'static [Saved],
    /// How `__popcorn_poll` is called.
    pub poll_call: PollCall,
    /// Whether the psABI has 32-bit integers sign-extended, whatever their signedness, when they are passed or
    /// returned in registers (RISC-V psABI, *Integer Calling Convention*).
    pub extends_ints: bool,
    /// Whether LLVM's code for "less or greater" raises no exception for quiet NaNs. On RISC-V it takes two
    /// comparisons by size, which do.
    pub quiet_inequality: bool,
    /// Variables that compiled code gets at faster than LLVM's code model has it.
    pub shortcuts: &'static [Shortcut],
    /// Emulator for hosts of another ISA: a qemu-user program name.
    pub emulator: &'static str,
}

/// Bytes of a page of memory in programs of these ISAs, whichever they run on: a map of memory has to be one of
/// pages wherever the program goes.
pub fn page_size(isas: &[&Isa]) -> u64 {
    isas.iter()
        .map(|isa| isa.page_size)
        .fold(LEAST_PAGE, u64::max)
}

/// The smallest page that there is.
pub const LEAST_PAGE: u64 = 4096;

/// The alignment of segments in linked files: no page is larger.
pub const SEGMENT: u64 = 0x1_0000;

impl Isa {
    /// Position of a DWARF register number in [`callee_saved`](Self::callee_saved).
    pub fn callee_saved_index(&self, dwarf: u16) -> Option<usize> {
        self.callee_saved.iter().position(|r| r.dwarf == dwarf)
    }
}
