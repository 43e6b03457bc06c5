//! Frame records and descriptors (docs/abi.md, section 7): what the passes' code writes and the runtime reads.
//!
//! A record is 16-byte aligned:
//!
//! ```text
//!  0  ptr  descriptor   the function's, same address on all ISAs   (stored by the runtime)
//!  8  ptr  next         next inner record, null for the innermost   (stored by the runtime)
//! 16  u32  site         index of the site within the function       (zeroed by the runtime, then the low
//!                       1 or 4 bytes stored by the pad)
//! 20  u32  reserved     0                                            (zeroed by the runtime)
//! 24  u64  frame        CFA of the captured frame, for backtraces   (stored by the runtime)
//! 32  ...  live values, one offset per value for all sites of the function, naturally aligned
//! ```
//!
//! A descriptor is a constant global:
//!
//! ```text
//!  0  ptr  resume       T resume(ptr rec): returns what the function returns
//!  8  ptr  function
//! 16  u32  size         bytes of a record, header included, multiple of 16
//! 20  u32  sites
//! 24  ptr  name         NUL-terminated
//! 32  ptr  info         null (what a record holds stands in section `.popcorn.info`)
//! ```

/// Offsets in a record, bytes.
pub mod header {
    pub const DESCRIPTOR: usize = 0;
    pub const NEXT: usize = 8;
    pub const SITE: usize = 16;
    pub const RESERVED: usize = 20;
    pub const FRAME: usize = 24;
    /// Bytes of the header: where the first value lies.
    pub const SIZE: usize = 32;
}

/// Offsets in a descriptor, bytes.
pub mod descriptor {
    pub const RESUME: usize = 0;
    pub const FUNCTION: usize = 8;
    pub const RECORD_SIZE: usize = 16;
    pub const SITES: usize = 20;
    pub const NAME: usize = 24;
    pub const INFO: usize = 32;
    /// Bytes of a descriptor.
    pub const SIZE: usize = 40;
}

/// Alignment of a record, bytes.
pub const ALIGN: u64 = 16;
/// Bytes of the largest record.
pub const LARGEST: u64 = 1 << 20;
