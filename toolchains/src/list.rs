//! The list of ISAs.

use crate::isa::Isa;
use crate::{aarch64, loongarch64, riscv64, x86_64};

/// Every ISA the toolchain lowers to. The position in this list is [`Isa::id`].
pub const ALL: &[&Isa] = &[
    &x86_64::ISA,
    &aarch64::ISA,
    &riscv64::ISA,
    &loongarch64::ISA,
];

/// The ISAs that a program has unless it names others: the first of [`ALL`].
pub const DEFAULT: &[&Isa] = ALL.split_at(3).0;

/// The ISA whose ABI all IR is written in, and whose ELF files carry the others.
pub const BASE: &Isa = &x86_64::ISA;

impl Isa {
    /// Looks an ISA up by its [`name`](Self::name).
    pub fn by_name(name: &str) -> Option<&'static Isa> {
        ALL.iter().copied().find(|isa| isa.name == name)
    }

    /// Looks an ISA up by its [`id`](Self::id).
    pub fn by_id(id: u16) -> Option<&'static Isa> {
        ALL.get(usize::from(id)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::{LEAST_PAGE, SEGMENT, page_size};

    /// A large page is for those who ask for an ISA that has them.
    #[test]
    fn programs_have_small_pages_by_default() {
        assert_eq!(page_size(DEFAULT), LEAST_PAGE);
        let largest = ALL.iter().map(|isa| isa.page_size).max();
        assert_eq!(Some(page_size(ALL)), largest);
    }

    #[test]
    fn tables_are_consistent() {
        for (i, isa) in ALL.iter().enumerate() {
            assert_eq!(usize::from(isa.id), i, "{}", isa.name);
            assert!(isa.page_size.is_power_of_two(), "{}", isa.name);
            assert!(
                (LEAST_PAGE..=SEGMENT).contains(&isa.page_size),
                "{}",
                isa.name
            );
            assert!(isa.callee_saved_index(isa.fp).is_some(), "{}", isa.name);
            assert!(isa.callee_saved_index(isa.sp).is_none(), "{}", isa.name);
            for (j, r) in isa.callee_saved.iter().enumerate() {
                assert_eq!(
                    isa.callee_saved_index(r.dwarf),
                    Some(j),
                    "{} {}",
                    isa.name,
                    r.name
                );
            }
            assert_eq!(Isa::by_name(isa.name).map(|i| i.id), Some(isa.id));
        }
    }
}
