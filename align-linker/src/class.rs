//! Where sections go in the image, and in which order.

use popcorn_metadata::sections;

/// Where a section goes, in the order of the image (docs/abi.md, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Functions.
    Text,
    /// Resume clones.
    Cold,
    /// Constants, init and fini arrays.
    Rodata,
    /// Initialised thread-local variables.
    Tdata,
    /// Zeroed thread-local variables.
    Tbss,
    /// Initialised globals.
    Data,
    /// Zeroed globals.
    Bss,
    /// The runtime's state of one incarnation.
    State,
    /// The zeroed part of that.
    StateBss,
    /// Code of one ISA only.
    IsaOnlyText,
    /// Constants of one ISA only.
    IsaOnlyRodata,
    /// The runtime's state that one ISA only has.
    IsaOnlyState,
    /// Language-specific data: read for the stack map, then gone.
    Lsda,
}

impl Class {
    /// The classes whose sections have the same address on every ISA, in image order.
    pub const ALIGNED: [Class; 9] = [
        Class::Text,
        Class::Cold,
        Class::Rodata,
        Class::Tdata,
        Class::Tbss,
        Class::Data,
        Class::Bss,
        Class::State,
        Class::StateBss,
    ];

    /// The output section.
    pub fn output(self) -> &'static str {
        match self {
            Class::Text => ".text",
            Class::Cold => ".text.cold",
            Class::Rodata => ".rodata",
            Class::Tdata => ".tdata",
            Class::Tbss => ".tbss",
            Class::Data => ".data",
            Class::Bss => ".bss",
            Class::State => sections::PRIVATE,
            Class::StateBss => ".popcorn.private.bss",
            Class::IsaOnlyText => ".private.text",
            Class::IsaOnlyRodata => ".private.rodata",
            Class::IsaOnlyState => ".private.data",
            Class::Lsda => sections::STACKMAP,
        }
    }

    /// Whether it holds instructions.
    pub fn is_text(self) -> bool {
        matches!(self, Class::Text | Class::Cold | Class::IsaOnlyText)
    }

    /// Whether it has no bytes in the file.
    pub fn is_zero(self) -> bool {
        matches!(self, Class::Tbss | Class::Bss | Class::StateBss)
    }

    /// Whether sizes, and bytes where there are any, are the same on every ISA.
    pub fn is_neutral(self) -> bool {
        matches!(
            self,
            Class::Rodata | Class::Tdata | Class::Tbss | Class::Data | Class::Bss
        )
    }
}

/// Order within a class: arrays that are walked first, then sections that are gathered by name, then
/// all others as they come.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank<'a> {
    /// `.preinit_array`, `.init_array`, `.fini_array`: which of them, and the priority.
    Array(u8, u32),
    /// A section whose name is a C identifier: `__start_` and `__stop_` of it exist.
    Gathered(&'a str),
    /// Thread-local variables that compiled code expects within reach of the thread pointer.
    Near,
    /// Any other.
    Plain,
}
