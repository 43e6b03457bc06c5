//! The layout: an address for every aligned section, the same on all ISAs.
//!
//! Pure: sizes and alignments in, addresses out. A section takes the largest size and alignment that
//! any ISA gives it. From here on no aligned symbol moves.

use crate::class::{Class, Rank};
use popcorn_metadata::symbols::linker;

/// Where the image begins, and the ELF header in it.
pub const IMAGE_BASE: u64 = 0x0100_0000;
/// Bytes kept for ELF and program headers before the first function.
pub const HEADERS: u64 = 0x1000;
/// Alignment of segments: the largest page size there is.
pub const SEGMENT: u64 = popcorn_toolchains::isa::SEGMENT;
/// The image ends below this: addresses in it fit into 31 bits.
pub const IMAGE_END: u64 = 0x8000_0000;
/// Smallest alignment of the TLS image.
pub const TLS_ALIGN: u64 = 16;
/// Bytes at the start of `.rodata` for the build id.
pub const BUILD_ID: u64 = 16;

/// One section to place.
#[derive(Debug, Clone)]
pub struct Item<'a> {
    /// Where it goes; an aligned class.
    pub class: Class,
    /// Order within the class.
    pub rank: Rank<'a>,
    /// Bytes: the largest of all ISAs.
    pub size: u64,
    /// Alignment: the largest of all ISAs.
    pub align: u64,
}

/// The extent of an output section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// First address.
    pub address: u64,
    /// Bytes.
    pub size: u64,
    /// Largest alignment in it.
    pub align: u64,
}

impl Extent {
    /// The address after it.
    pub fn end(&self) -> u64 {
        self.address + self.size
    }
}

/// The solved layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// By item: its address.
    pub addresses: Vec<u64>,
    /// Items in the order of the image.
    pub order: Vec<usize>,
    /// Extents, in the order of [`Class::ALIGNED`].
    pub extents: [Extent; Class::ALIGNED.len()],
    /// Address, alignment of the TLS image and its size in memory.
    pub tls: Extent,
    /// Where each ISA's own sections begin.
    pub isa_only_start: u64,
    /// Symbols that the linker defines, with their values.
    pub symbols: Vec<(String, u64)>,
}

/// The image would not fit below 2 GiB: the address it reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge(pub u64);

impl Layout {
    /// The extent of an aligned class.
    pub fn extent(&self, class: Class) -> Extent {
        let n = Class::ALIGNED.iter().position(|&c| c == class);
        n.map(|n| self.extents[n]).unwrap_or_default()
    }
}

/// Lays items out.
///
/// # Errors
/// [`TooLarge`].
pub fn solve(items: &[Item<'_>]) -> Result<Layout, TooLarge> {
    // No sum below can overflow after this.
    if let Some(item) = items.iter().find(|i| i.size.max(i.align) > IMAGE_END) {
        return Err(TooLarge(item.size.max(item.align)));
    }
    let mut order: Vec<usize> = (0..items.len()).collect();
    // Stable: what is equal keeps the order of the inputs.
    order.sort_by(|&a, &b| (items[a].class, &items[a].rank).cmp(&(items[b].class, &items[b].rank)));
    let mut addresses = vec![0; items.len()];
    let mut extents = [Extent::default(); Class::ALIGNED.len()];
    let tls_align = items
        .iter()
        .filter(|i| matches!(i.class, Class::Tdata | Class::Tbss))
        .map(|i| i.align)
        .fold(TLS_ALIGN, u64::max);
    let mut at = IMAGE_BASE + HEADERS;
    let mut after_tdata = 0;
    for (n, class) in Class::ALIGNED.into_iter().enumerate() {
        let mine = |&&i: &&usize| items[i].class == class;
        let align = order.iter().filter(mine).map(|&i| items[i].align);
        let mut align = align.fold(1, u64::max);
        let starts_segment = matches!(
            class,
            Class::Cold | Class::Rodata | Class::Data | Class::State
        );
        match class {
            Class::Tdata | Class::Tbss => align = tls_align,
            // The runtime copies these ranges by words and pages.
            Class::Text | Class::Rodata | Class::Bss | Class::StateBss => align = align.max(16),
            _ => {}
        }
        if starts_segment {
            at = at.next_multiple_of(SEGMENT);
        }
        if class == Class::Tbss {
            // Takes no addresses: what follows it begins where `.tdata` ended.
            after_tdata = at;
        }
        at = at.next_multiple_of(align);
        let start = at;
        if class == Class::Rodata {
            at += BUILD_ID;
        }
        for &i in order.iter().filter(mine) {
            at = at.next_multiple_of(items[i].align.max(1));
            addresses[i] = at;
            at += items[i].size;
            if at > IMAGE_END {
                return Err(TooLarge(at));
            }
        }
        extents[n] = Extent {
            address: start,
            size: at - start,
            align,
        };
        if class == Class::Tbss {
            at = after_tdata;
        }
    }
    let isa_only_start = at.next_multiple_of(SEGMENT);
    let mut layout = Layout {
        addresses,
        order,
        extents,
        tls: Extent::default(),
        isa_only_start,
        symbols: Vec::new(),
    };
    let (tdata, tbss) = (layout.extent(Class::Tdata), layout.extent(Class::Tbss));
    let start = if tdata.size == 0 {
        tbss.address
    } else {
        tdata.address
    };
    layout.tls = Extent {
        address: start,
        size: tbss.end() - start,
        align: tls_align,
    };
    layout.symbols = symbols(&layout, items, tdata.size);
    Ok(layout)
}

/// The symbols of docs/abi.md, section 3, and the customary ones.
fn symbols(layout: &Layout, items: &[Item<'_>], tls_filesz: u64) -> Vec<(String, u64)> {
    let extent = |class| layout.extent(class);
    let data = extent(Class::Data).address;
    let data_end = extent(Class::Bss).end().max(extent(Class::Data).end());
    let private_end = extent(Class::StateBss)
        .end()
        .max(extent(Class::State).end());
    let mut out: Vec<(String, u64)> = [
        (linker::IMAGE_START, IMAGE_BASE),
        (linker::BUILD_ID, extent(Class::Rodata).address),
        (linker::DATA_START, data),
        (linker::DATA_END, data_end),
        (linker::PRIVATE_START, extent(Class::State).address),
        (linker::PRIVATE_END, private_end),
        (linker::TLS_START, layout.tls.address),
        (linker::TLS_FILESZ, tls_filesz),
        (linker::TLS_MEMSZ, layout.tls.size),
        (linker::TLS_ALIGN, layout.tls.align),
        ("__ehdr_start", IMAGE_BASE),
        ("__executable_start", IMAGE_BASE),
        ("etext", extent(Class::Text).end()),
        ("_etext", extent(Class::Text).end()),
        ("edata", extent(Class::Data).end()),
        ("_edata", extent(Class::Data).end()),
        ("__bss_start", extent(Class::Bss).address),
        ("_end", data_end),
        ("end", data_end),
        // RISC-V's global pointer: never used, as relaxation is off, but start-up code may load it.
        ("__global_pointer$", data + 0x800),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    for (kind, name) in ["preinit", "init", "fini"].into_iter().enumerate() {
        let mine = |rank: &Rank<'_>| matches!(rank, Rank::Array(k, _) if usize::from(*k) == kind);
        let (start, end) = bounds(layout, items, mine);
        out.push((format!("__{name}_array_start"), start));
        out.push((format!("__{name}_array_end"), end));
    }
    let mut last = None;
    for &i in &layout.order {
        if let Rank::Gathered(name) = items[i].rank
            && last != Some(name)
        {
            last = Some(name);
            let (start, end) = bounds(layout, items, |rank| *rank == Rank::Gathered(name));
            out.push((format!("__start_{name}"), start));
            out.push((format!("__stop_{name}"), end));
        }
    }
    out
}

/// First and last address of the items of a rank; if there are none, an empty range in `.rodata`.
fn bounds(layout: &Layout, items: &[Item<'_>], mine: impl Fn(&Rank<'_>) -> bool) -> (u64, u64) {
    let empty = layout.extent(Class::Rodata).address;
    let mut all = layout.order.iter().filter(|&&i| mine(&items[i].rank));
    let Some(&first) = all.next() else {
        return (empty, empty);
    };
    let last = *all.next_back().unwrap_or(&first);
    (
        layout.addresses[first],
        layout.addresses[last] + items[last].size,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(class: Class, size: u64, align: u64) -> Item<'static> {
        Item {
            class,
            rank: Rank::Plain,
            size,
            align,
        }
    }

    fn symbol(layout: &Layout, name: &str) -> u64 {
        layout.symbols.iter().find(|(n, _)| n == name).unwrap().1
    }

    #[test]
    fn nothing() {
        let layout = solve(&[]).unwrap();
        assert_eq!(symbol(&layout, linker::TLS_MEMSZ), 0);
        assert_eq!(symbol(&layout, linker::TLS_ALIGN), 16);
        assert_eq!(
            symbol(&layout, "__init_array_start"),
            symbol(&layout, "__init_array_end")
        );
        assert_eq!(symbol(&layout, linker::DATA_START) % SEGMENT, 0);
    }

    #[test]
    fn arrays_come_first_by_priority_and_in_input_order() {
        let mut items = Vec::new();
        for rank in [
            Rank::Plain,
            Rank::Array(1, u32::MAX),
            Rank::Array(2, 5),
            Rank::Array(1, 101),
            Rank::Gathered("zed"),
            Rank::Array(1, u32::MAX),
        ] {
            items.push(Item {
                rank,
                ..item(Class::Rodata, 8, 8)
            });
        }
        let layout = solve(&items).unwrap();
        assert_eq!(layout.order, [3, 1, 5, 2, 4, 0]);
        let start = symbol(&layout, "__init_array_start");
        assert_eq!(start, layout.extent(Class::Rodata).address + BUILD_ID);
        assert_eq!(symbol(&layout, "__init_array_end"), start + 24);
        assert_eq!(
            symbol(&layout, "__stop_zed") - symbol(&layout, "__start_zed"),
            8
        );
    }

    #[test]
    fn zeroed_tls_takes_no_addresses() {
        let items = [
            item(Class::Tdata, 3, 1),
            item(Class::Tbss, 100, 64),
            item(Class::Data, 8, 8),
        ];
        let layout = solve(&items).unwrap();
        assert_eq!(layout.tls.align, 64);
        assert_eq!(layout.tls.address % 64, 0);
        assert_eq!(layout.addresses[1], layout.tls.address + 64);
        assert_eq!(layout.tls.size, 164);
        assert_eq!(
            layout.addresses[2],
            layout.tls.address.next_multiple_of(SEGMENT)
        );
    }

    #[test]
    fn too_large_is_an_error() {
        assert!(solve(&[item(Class::Bss, u64::MAX, 8)]).is_err());
        assert!(solve(&[item(Class::Text, 1, 1 << 63), item(Class::Bss, 1, 1)]).is_err());
        assert!(solve(&[item(Class::Bss, 1 << 31, 8)]).is_err());
    }

    proptest! {
        #[test]
        fn layouts_are_sound(
            sizes in prop::collection::vec((0usize..9, 0u64..5000, 0u32..13, 0u8..4), 0..120)
        ) {
            let items: Vec<Item> = sizes.iter().map(|&(class, size, align, rank)| Item {
                class: Class::ALIGNED[class],
                rank: match rank {
                    0 => Rank::Array(1, 7),
                    1 => Rank::Gathered("g"),
                    _ => Rank::Plain,
                },
                size,
                align: 1 << align,
            }).collect();
            let layout = solve(&items).unwrap();
            prop_assert_eq!(&layout, &solve(&items).unwrap());
            for (item, &address) in items.iter().zip(&layout.addresses) {
                prop_assert_eq!(address % item.align, 0);
                let extent = layout.extent(item.class);
                prop_assert!(extent.address <= address && address + item.size <= extent.end());
                prop_assert_eq!(extent.address % item.align, 0);
            }
            // Neither items nor outputs overlap; zeroed TLS lives in the block, not in the image.
            let mut spans: Vec<(u64, u64)> = items.iter().zip(&layout.addresses)
                .filter(|(i, _)| i.class != Class::Tbss && i.size > 0)
                .map(|(i, &a)| (a, a + i.size)).collect();
            spans.sort();
            prop_assert!(spans.windows(2).all(|w| w[0].1 <= w[1].0));
            prop_assert!(spans.iter().all(|s| s.1 <= layout.isa_only_start));
            let mut tls: Vec<(u64, u64)> = items.iter().zip(&layout.addresses)
                .filter(|(i, _)| matches!(i.class, Class::Tdata | Class::Tbss) && i.size > 0)
                .map(|(i, &a)| (a, a + i.size)).collect();
            tls.sort();
            prop_assert!(tls.windows(2).all(|w| w[0].1 <= w[1].0));
            prop_assert!(tls.iter().all(|t| layout.tls.address <= t.0 && t.1 <= layout.tls.end()));
        }
    }
}
