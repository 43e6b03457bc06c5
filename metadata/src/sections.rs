//! The sections that parts of Popcorn know by name: each once, with who writes it and who reads it.
//!
//! Those that end in a dot are prefixes: the name of a function, a variable or an ISA follows.

/// In objects: the object of another ISA. Written by the passes (`lower`) and where assembly is packed (`driver`),
/// excluded from links; read by the aligner. `llvm-objcopy --dump-section` shows it.
pub const OBJECT: &str = ".popcorn.obj.";

/// In programs: the image for another ISA, a whole static ELF file, not loaded. Written by the aligner's last step
/// ([`package`](crate::package)); read by the runtime before a hop and by `popcorn extract`.
pub const IMAGE: &str = ".popcorn.image.";

/// In programs: build id and ISAs. Written and read by [`package`](crate::package); `popcorn inspect` shows it.
pub const NOTE: &str = ".note.popcorn";

/// In objects and programs: what records hold, by function, not loaded. Written by the passes (`frames/info`) and
/// merged by the aligner; read by `popcorn inspect`. Format: `info`.
pub const INFO: &str = ".popcorn.info";

/// In images: the stack map. Written by the aligner's last step in place of the unwind tables that lie there during the
/// link; read by the runtime's walk. Format: [`stackmap`](crate::stackmap).
pub const STACKMAP: &str = ".popcorn.stackmap";

/// In objects: state of one incarnation, which no image of a process holds. Written by the runtime
/// (`base/statics.rs`); one output section of the aligner's.
pub const PRIVATE: &str = ".popcorn.private";

/// In objects: resume clones. Written by the passes (`frames`); laid out by the aligner in a segment of its own.
pub const CLONE: &str = ".text.popcorn.resume.";

/// In objects: descriptors of functions ([`record`](crate::record)). Written by the passes (`frames`); kept by the
/// aligner as long as their function.
pub const DESCRIPTOR: &str = ".rodata.popcorn.desc.";

/// In objects: thread-local variables that some ISA reaches in one instruction. Written by the runtime's and libc's C;
/// the aligner puts them first.
pub const NEAR_TLS: &str = ".tdata.popcorn.";

/// What the names of all sections of ours have in them.
pub const OURS: &str = ".popcorn.";
