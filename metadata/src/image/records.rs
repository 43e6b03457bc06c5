//! The fixed-size records of a process image, each with its byte diagram.

use crate::bytes::record;

/// Bit of [`Fd::fd_flags`]: whoever restores the process is to give it this descriptor.
pub const FD_GIVEN: u32 = 2;
/// Bit of [`Fd::fd_flags`]: it is the runtime's own, and keeps a shared map.
pub const FD_KEEPER: u32 = 4;

record! {
    /// One entry of the section table.
    pub struct Section[48] {
        /// One of [`kind`](super::kind).
        0 => kind: u32,
        /// Bits of [`flag`](super::flag).
        4 => flags: u32,
        /// Where the contents belong in memory (memory sections), else 0.
        8 => address: u64,
        /// Bytes they have there; what `file_length` lacks is zero.
        16 => length: u64,
        /// Where the contents lie in the image, bytes.
        24 => offset: u64,
        /// Bytes they have in the image.
        32 => file_length: u64,
        /// [`checksum`](super::checksum) of the contents, if [`CHECKED`](super::flag::CHECKED).
        40 => checksum: u64,
    }
}

record! {
    /// The frame records of the captured stack. The records themselves are memory of the window.
    pub struct Records[40] {
        /// Address of the outermost record: the one to resume.
        0 => outermost: u64,
        /// Address of the innermost record.
        8 => innermost: u64,
        /// Address of the buffer they lie in.
        16 => start: u64,
        /// Bytes of the buffer in use.
        24 => length: u64,
        /// Number of records.
        32 => frames: u64,
    }
}

record! {
    /// What a thread has outside memory.
    pub struct State[96] {
        /// Address of its `struct pthread`.
        0 => self_: u64,
        /// Data-stack pointer.
        8 => dsp: u64,
        /// Signal mask, one bit per signal from bit 0 for signal 1.
        16 => signal_mask: u64,
        /// Alternate signal stack, as `sigaltstack` has it: address, or 0.
        24 => altstack: u64,
        /// See there: `SS_*`.
        32 => altstack_flags: u64,
        /// See there: bytes.
        40 => altstack_size: u64,
        /// Address of the word that the kernel clears when the thread ends, or 0.
        48 => clear_tid: u64,
        /// Head of its list of robust mutexes, or 0.
        56 => robust_list: u64,
        /// Its id, as the program knows it.
        64 => id: u32,
        /// 1: the thread that the process began with.
        68 => is_first: u32,
        /// Floating-point environment: libc's neutral word.
        72 => floating_point: u64,
        /// Its name as `ps` shows it: the first eight bytes.
        80 => name: u64,
        /// The other eight.
        88 => name_rest: u64,
    }
}

record! {
    /// One mapping of the window.
    pub struct Map[48] {
        /// First address.
        0 => start: u64,
        /// Bytes.
        8 => length: u64,
        /// `PROT_*`.
        16 => prot: u32,
        /// What the kernel was told of it: the runtime's own bits.
        20 => flags: u32,
        /// Descriptor to map it from again, or -1: it is anonymous memory.
        24 => fd: i32,
        /// What the runtime keeps it for (its own numbers).
        28 => role: u32,
        /// Offset in the file it was mapped from, bytes.
        32 => offset: u64,
        /// Address to grow down from or the mark within a region, by role.
        40 => mark: u64,
    }
}

record! {
    /// One open descriptor. A hop lists only those that are to be close-on-exec again.
    pub struct Fd[48] {
        /// Its number.
        0 => fd: i32,
        /// Open flags (`F_GETFL`), base-ABI numbers.
        4 => flags: u32,
        /// Descriptor flags (`F_GETFD`), [`FD_GIVEN`] and [`FD_KEEPER`].
        8 => fd_flags: u32,
        /// File type bits (`S_IFMT`).
        12 => mode: u32,
        /// File offset, bytes.
        16 => offset: u64,
        /// Offset of its path from the start of the section's contents.
        24 => path: u32,
        /// Bytes of the path, no terminator; 0 if it has none.
        28 => path_length: u32,
        /// A lower descriptor in the list that shares this one's offset and flags (`dup`), or -1.
        32 => same_as: i32,
        /// The [`Object`](super::Object) that it is open on, by its place plus one; 0: what its path leads to.
        36 => object: u32,
    }
}

record! {
    /// One signal disposition: the kernel's `sigaction` of the base ABI.
    pub struct Signal[40] {
        /// Signal number.
        0 => number: u64,
        /// Handler address, 0 for `SIG_DFL`, 1 for `SIG_IGN`.
        8 => handler: u64,
        /// `SA_*`.
        16 => flags: u64,
        /// Restorer, if `SA_RESTORER`.
        24 => restorer: u64,
        /// Signals blocked while the handler runs.
        32 => mask: u64,
    }
}

record! {
    /// The hop itself, for the trace line and whoever asked.
    pub struct Hop[64] {
        /// This hop's number, from 1.
        0 => sequence: u64,
        /// Id of the ISA left.
        8 => from: u32,
        /// Id of the ISA entered.
        12 => to: u32,
        /// Frames captured.
        16 => frames: u64,
        /// Bytes of the image.
        24 => bytes: u64,
        /// When the capture began, `CLOCK_MONOTONIC` nanoseconds.
        32 => capture_begin: u64,
        /// When the last record was complete.
        40 => capture_end: u64,
        /// Who asked: an [`Origin`](crate::origin::Origin).
        48 => requester: u64,
        /// How long it took until all threads stood, nanoseconds.
        56 => stop: u64,
    }
}

record! {
    /// What a checkpoint says of its process; the texts follow, at offsets from the start of the section's
    /// contents.
    pub struct Process[64] {
        /// Process id it had.
        0 => pid: u64,
        /// When it was taken, seconds since 1970.
        8 => time: u64,
        /// Signals that were pending, one bit per signal from bit 0 for signal 1.
        16 => pending: u64,
        /// File creation mask.
        24 => umask: u32,
        /// Offset and bytes of the path of its program.
        28 => program: u32,
        /// See there.
        32 => program_length: u32,
        /// Offset and bytes of the path of its working directory.
        36 => directory: u32,
        /// See there.
        40 => directory_length: u32,
        /// Offset and bytes of its arguments, each with a zero byte at its end.
        44 => arguments: u32,
        /// See there.
        48 => arguments_length: u32,
    }
}

record! {
    /// One interval timer (`setitimer`) that was set.
    pub struct Timer[24] {
        /// `ITIMER_*`.
        0 => which: u64,
        /// Microseconds until it expires.
        8 => value: u64,
        /// Microseconds from one expiry to the next, or 0.
        16 => interval: u64,
    }
}
