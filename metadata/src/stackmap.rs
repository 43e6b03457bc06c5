//! The stack map: from a return address to its capture pad and to its caller's frame.
//!
//! One per ISA, at `__popcorn_stackmap` in the linked image; all numbers little-endian. Code lies below
//! 2 GiB, so addresses take four bytes.
//!
//! ```text
//!  0  [u8; 8]   magic "POPSTACK"
//!  8  u32       version
//! 12  u16       isa: id
//! 14  u16       0
//! 16  [u8; 16]  build id
//! 32  u64       length: bytes of the whole table, so that it can be bounded from its address alone
//! 40  u32       offset of the regions          44  u32  their number
//! 48  u32       offset of the page index       52  u32  its number of slots
//! 56  u32       offset of the rows             60  u32  their number
//! 64  u32       offset of the rules            68  u32  their length in bytes
//! 72  u32       functions with a frame entry   76  u32  instrumented ones among them
//! 80  u32       call-site ranges with a pad    84  u32  0
//! 88  u32       offset of the descriptors     92  u32  their number
//!
//! region    u32 start, u32 end, u32 first slot of the page index, u32 0
//! slot      u32 number of the row in force where a 256-byte page of a region begins;
//!           one slot more than pages, the last names the region's last row
//! row       u32 start, u32 pad (0: none), u24 rule in units of 8 bytes (all ones: none), u8 flags
//! descriptor  u32 start of a function or resume clone, u32 its descriptor (0: none)
//! rule      i32 CFA offset, u8 flags (bit 0: CFA counts from FP; bit 1: RA is saved),
//!           u8 number of saved registers, u16 0,
//!           if RA is saved: i32 its offset from the CFA, u32 0,
//!           for each saved register: i32 offset from the CFA, u32 index in `Isa::callee_saved`
//! ```
//!
//! A row covers code from its start to the next row's start. Return addresses are looked up at their
//! value minus one: a call may be the last instruction of its function.

use crate::bytes::{array_at, range, u16_at, u32_at, u64_at};
use core::fmt;

/// First bytes of a stack map.
pub const MAGIC: [u8; 8] = *b"POPSTACK";
/// Version of this format. A reader refuses any other.
pub const VERSION: u32 = 2;
/// [`Entry::flags`]: the pad also takes a longjmp.
pub const TAKES_LONGJMP: u16 = 1;
/// [`Entry::flags`]: code of an instrumented function.
pub const INSTRUMENTED: u16 = 2;

const REGION: usize = 16;
const ROW: usize = 12;
const DESCRIPTOR: usize = 8;
/// Bytes of code to a slot of the page index: a power of two, about five rows' worth.
const PAGE: u64 = 256;
const NO_RULE: u32 = 0xff_ffff;
const RULE_FP: u8 = 1;
const RULE_RA: u8 = 2;

/// Why bytes are not a stack map this program can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// Not a stack map at all.
    Magic,
    /// A stack map of another version of the format: that version.
    Version(u32),
    /// A table lies outside the bytes, or the bytes end early.
    Truncated,
    /// This row is out of order, or names a rule that is not there.
    Row(u32),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => write!(f, "not a stack map"),
            Self::Version(v) => write!(f, "stack map of version {v}, this program reads {VERSION}"),
            Self::Truncated => write!(f, "the stack map is truncated"),
            Self::Row(n) => write!(f, "row {n} of the stack map is damaged"),
        }
    }
}

impl core::error::Error for Error {}

/// What [`StackMap`] counts for dumps and `popcorn inspect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Functions that have a frame entry.
    pub functions: u32,
    /// Those among them that are instrumented.
    pub instrumented: u32,
    /// Call-site ranges that have a pad.
    pub pads: u32,
}

/// A stack map in memory.
#[derive(Debug, Clone, Copy)]
pub struct StackMap<'a> {
    bytes: &'a [u8],
    regions: &'a [u8],
    index: &'a [u8],
    rows: &'a [u8],
    rules: &'a [u8],
    descriptors: &'a [u8],
    build_id: &'a [u8; 16],
    isa: u16,
}

/// What is in force at a return address.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Absolute address of the capture pad of the call, if it has one.
    pub pad: Option<u64>,
    /// [`TAKES_LONGJMP`], [`INSTRUMENTED`].
    pub flags: u16,
    /// Where the caller's registers are.
    pub rule: Rule<'a>,
}

/// How to get from a frame to its caller's.
#[derive(Debug, Clone, Copy)]
pub struct Rule<'a> {
    cfa_offset: i32,
    flags: u8,
    ra: i32,
    saved: &'a [u8],
}

impl<'a> StackMap<'a> {
    /// Bytes of the whole table that begins with `header`, from its first 40 bytes.
    ///
    /// # Errors
    /// [`Error::Magic`], [`Error::Version`], or [`Error::Truncated`] for fewer bytes.
    pub fn length(header: &[u8]) -> Result<u64, Error> {
        if array_at(header, 0).ok_or(Error::Truncated)? != MAGIC {
            return Err(Error::Magic);
        }
        match u32_at(header, 8).ok_or(Error::Truncated)? {
            VERSION => u64_at(header, 32).ok_or(Error::Truncated),
            other => Err(Error::Version(other)),
        }
    }

    /// Checks the header and the extent of each table. Costs the same for a map of any size; rows and
    /// rules are checked as they are read, or all of them by [`validate`](Self::validate).
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let bytes = range(bytes, 0, Self::length(bytes)?).ok_or(Error::Truncated)?;
        let table = |at: usize, size: usize| -> Option<&'a [u8]> {
            let count = u64::from(u32_at(bytes, at + 4)?);
            range(bytes, u32_at(bytes, at)?.into(), count * size as u64)
        };
        let parse = || -> Option<Self> {
            Some(Self {
                bytes,
                regions: table(40, REGION)?,
                index: table(48, 4)?,
                rows: table(56, ROW)?,
                rules: table(64, 1)?,
                descriptors: table(88, DESCRIPTOR)?,
                build_id: bytes.get(16..32)?.try_into().ok()?,
                isa: u16_at(bytes, 12)?,
            })
        };
        parse().ok_or(Error::Truncated)
    }

    /// The build the map belongs to.
    pub fn build_id(&self) -> &'a [u8; 16] {
        self.build_id
    }

    /// Id of the ISA the map belongs to.
    pub fn isa(&self) -> u16 {
        self.isa
    }

    /// The whole table.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len() / ROW
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What the map counts.
    pub fn counts(&self) -> Counts {
        let at = |at| u32_at(self.bytes, at).unwrap_or(0);
        Counts {
            functions: at(72),
            instrumented: at(76),
            pads: at(80),
        }
    }

    /// The entry in force at `addr`: a return address minus one. `None` if no frame entry covers it.
    #[inline]
    pub fn lookup(&self, addr: u64) -> Option<Entry<'a>> {
        let row = self.find(addr)?;
        self.entry(row)
    }

    /// Number of the row in force at `addr`.
    #[inline]
    fn find(&self, addr: u64) -> Option<usize> {
        for region in self.regions.chunks_exact(REGION) {
            let start = u64::from(u32_at(region, 0)?);
            if addr < start || addr >= u64::from(u32_at(region, 4)?) {
                continue;
            }
            let page = ((addr - start) / PAGE) as usize;
            let slot = (u32_at(region, 8)? as usize)
                .checked_add(page)?
                .checked_mul(4)?;
            let mut low = u32_at(self.index, slot)? as usize;
            let mut high = (u32_at(self.index, slot + 4)? as usize).min(self.len().checked_sub(1)?);
            // The row is in low..=high, and low starts at or before `addr`.
            while low < high {
                let middle = (low + high).div_ceil(2);
                if u64::from(self.start(middle)?) <= addr {
                    low = middle;
                } else {
                    high = middle - 1;
                }
            }
            return Some(low);
        }
        None
    }

    #[inline]
    fn start(&self, row: usize) -> Option<u32> {
        u32_at(self.rows, row * ROW)
    }

    #[inline]
    fn entry(&self, row: usize) -> Option<Entry<'a>> {
        let row = self.rows.get(row * ROW..)?;
        let pad = u32_at(row, 4)?;
        let word = u32_at(row, 8)?;
        let rule = word & 0xff_ffff;
        if rule == NO_RULE {
            return None;
        }
        Some(Entry {
            pad: (pad != 0).then_some(pad.into()),
            flags: (word >> 24) as u16,
            rule: Rule::read(self.rules, rule as usize * 8)?,
        })
    }

    /// Address of the descriptor of the function, or the function of the resume clone, whose code `addr` is.
    #[inline]
    pub fn descriptor(&self, addr: u64) -> Option<u64> {
        let start = |n: usize| u32_at(self.descriptors, n * DESCRIPTOR).map(u64::from);
        let (mut low, mut high) = (0, self.descriptors.len() / DESCRIPTOR);
        // Those before `low` start at or before `addr`, those from `high` on do not.
        while low < high {
            let middle = low.midpoint(high);
            if start(middle)? <= addr {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let found = u32_at(self.descriptors, low.checked_sub(1)? * DESCRIPTOR + 4)?;
        (found != 0).then_some(found.into())
    }

    /// Checks every row, rule and slot: rows sorted, rules there, the index leading to what a plain
    /// search finds.
    ///
    /// # Errors
    /// [`Error::Row`] for the first row that is wrong, [`Error::Truncated`] for a table that is.
    pub fn validate(&self) -> Result<(), Error> {
        for n in 0..self.len() {
            let bad = Error::Row(n as u32);
            let start = self.start(n).ok_or(bad)?;
            if n > 0 && self.start(n - 1).ok_or(bad)? >= start {
                return Err(bad);
            }
            let word = u32_at(self.rows, n * ROW + 8).ok_or(bad)? & 0xff_ffff;
            if word != NO_RULE && Rule::read(self.rules, word as usize * 8).is_none() {
                return Err(bad);
            }
            let inside = self
                .regions
                .chunks_exact(REGION)
                .any(|r| (u32_at(r, 0)..u32_at(r, 4)).contains(&Some(start)));
            if inside && self.find(start.into()) != Some(n) {
                return Err(bad);
            }
        }
        Ok(())
    }

    /// Every row: its start and, if it has a rule, its entry.
    pub fn rows(&self) -> impl Iterator<Item = (u64, Option<Entry<'a>>)> + '_ {
        (0..self.len()).filter_map(|n| Some((self.start(n)?.into(), self.entry(n))))
    }
}

impl<'a> Rule<'a> {
    #[inline]
    fn read(rules: &'a [u8], at: usize) -> Option<Self> {
        let rule = rules.get(at..)?;
        let head: [u8; 8] = array_at(rule, 0)?;
        let flags = head[4];
        let (ra, skip) = if flags & RULE_RA != 0 {
            (u32_at(rule, 8)? as i32, 16)
        } else {
            (0, 8)
        };
        Some(Self {
            cfa_offset: u32_at(&head, 0)? as i32,
            flags,
            ra,
            saved: rule.get(skip..skip + usize::from(head[5]) * 8)?,
        })
    }

    /// Whether the CFA counts from the frame pointer; otherwise from the stack pointer.
    #[inline]
    pub fn cfa_is_fp(&self) -> bool {
        self.flags & RULE_FP != 0
    }

    /// CFA minus that register, bytes. The caller's stack pointer is the CFA.
    #[inline]
    pub fn cfa_offset(&self) -> i64 {
        self.cfa_offset.into()
    }

    /// The registers that this frame has saved: position in `Isa::callee_saved`, offset from the CFA in
    /// bytes. All others still hold the caller's values.
    #[inline]
    pub fn saved(&self) -> impl Iterator<Item = (usize, i64)> + 'a {
        self.saved
            .chunks_exact(8)
            .filter_map(|s| Some((u32_at(s, 4)? as usize, i64::from(u32_at(s, 0)? as i32))))
    }

    /// Offset from the CFA of the slot that holds the return address, bytes. `None`: it still is in the
    /// link register.
    #[inline]
    pub fn ra_offset(&self) -> Option<i64> {
        (self.flags & RULE_RA != 0).then_some(self.ra.into())
    }
}

impl fmt::Display for Rule<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = if self.cfa_is_fp() { "fp" } else { "sp" };
        write!(f, "cfa={base}{:+}", self.cfa_offset)?;
        match self.ra_offset() {
            Some(at) => write!(f, " ra@{at:+}")?,
            None => write!(f, " ra=link")?,
        }
        for (index, at) in self.saved() {
            write!(f, " r{index}@{at:+}")?;
        }
        Ok(())
    }
}

/// The text dump: a header line, then one line per row.
impl fmt::Display for StackMap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = self.counts();
        write!(f, "stack map version {VERSION} isa {} build ", self.isa)?;
        for b in self.build_id {
            write!(f, "{b:02x}")?;
        }
        writeln!(
            f,
            " rows {} functions {} instrumented {} pads {}",
            self.len(),
            c.functions,
            c.instrumented,
            c.pads
        )?;
        for (start, entry) in self.rows() {
            write!(f, "{start:#010x}")?;
            let Some(entry) = entry else {
                writeln!(f, " -")?;
                continue;
            };
            if let Some(pad) = entry.pad {
                write!(f, " pad={pad:#x}")?;
            }
            if entry.flags & TAKES_LONGJMP != 0 {
                write!(f, " longjmp")?;
            }
            if entry.flags & INSTRUMENTED != 0 {
                write!(f, " instrumented")?;
            }
            writeln!(f, " {}", entry.rule)?;
        }
        Ok(())
    }
}

#[cfg(feature = "std")]
pub use writer::{RowData, RuleData, TooLarge, write};

#[cfg(feature = "std")]
mod writer {
    use super::*;
    use std::collections::HashMap;

    /// A rule to write.
    #[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
    pub struct RuleData {
        /// Whether the CFA counts from FP.
        pub cfa_is_fp: bool,
        /// CFA minus SP or FP, bytes.
        pub cfa_offset: i32,
        /// Offset of the saved return address from the CFA; `None`: in the link register.
        pub ra: Option<i32>,
        /// Saved registers: index in `Isa::callee_saved`, offset from the CFA.
        pub saved: Vec<(u8, i32)>,
    }

    /// A row to write.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct RowData {
        /// First address it covers.
        pub start: u32,
        /// Its pad, 0 for none.
        pub pad: u32,
        /// Flags of [`Entry::flags`].
        pub flags: u8,
        /// `None`: no frame entry covers this code.
        pub rule: Option<RuleData>,
    }

    /// More rules than the format can number.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct TooLarge;

    impl fmt::Display for TooLarge {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "too many unwind rules for one stack map")
        }
    }

    impl std::error::Error for TooLarge {}

    const HEADER: usize = 96;
    /// Code this far apart is in regions of its own, so that the page index does not cover data.
    const GAP: u64 = 1 << 16;

    /// Writes a stack map. `rows` are sorted by `start`, no two the same; the last one has no rule and
    /// ends the map. Neighbours that say the same are joined. `descriptors` are pairs of a function's start
    /// and its descriptor, 0 for none, sorted likewise.
    ///
    /// # Errors
    /// [`TooLarge`].
    pub fn write(
        isa: u16,
        build_id: &[u8; 16],
        counts: Counts,
        rows: &[RowData],
        descriptors: &[(u32, u32)],
    ) -> Result<Vec<u8>, TooLarge> {
        let mut rows: Vec<&RowData> = rows.iter().collect();
        rows.dedup_by(|b, a| (a.pad, a.flags, &a.rule) == (b.pad, b.flags, &b.rule));

        let mut rules = Vec::new();
        let mut known: HashMap<&RuleData, u32> = HashMap::new();
        let mut row_bytes = Vec::with_capacity(rows.len() * ROW);
        for row in &rows {
            let rule = match &row.rule {
                None => NO_RULE,
                Some(rule) => *known.entry(rule).or_insert_with(|| {
                    let at = rules.len() / 8;
                    write_rule(&mut rules, rule);
                    at as u32
                }),
            };
            if rules.len() / 8 >= NO_RULE as usize {
                return Err(TooLarge);
            }
            row_bytes.extend(row.start.to_le_bytes());
            row_bytes.extend(row.pad.to_le_bytes());
            row_bytes.extend((rule | u32::from(row.flags) << 24).to_le_bytes());
        }
        let (regions, index) = page_index(&rows);

        let mut out = vec![0; HEADER];
        out[0..8].copy_from_slice(&MAGIC);
        out[8..12].copy_from_slice(&VERSION.to_le_bytes());
        out[12..14].copy_from_slice(&isa.to_le_bytes());
        out[16..32].copy_from_slice(build_id);
        let mut descriptors = descriptors.to_vec();
        descriptors.dedup_by_key(|(_, descriptor)| *descriptor);
        let descriptors: Vec<u8> = descriptors
            .iter()
            .flat_map(|(start, descriptor)| {
                [start.to_le_bytes(), descriptor.to_le_bytes()].concat()
            })
            .collect();
        let tables = [
            (40, &regions, REGION),
            (48, &index, 4),
            (56, &row_bytes, ROW),
            (64, &rules, 1),
            (88, &descriptors, DESCRIPTOR),
        ];
        for (at, table, size) in tables {
            let offset = u32::try_from(out.len()).map_err(|_| TooLarge)?;
            out[at..at + 4].copy_from_slice(&offset.to_le_bytes());
            let count = u32::try_from(table.len() / size).map_err(|_| TooLarge)?;
            out[at + 4..at + 8].copy_from_slice(&count.to_le_bytes());
            out.extend(table);
            out.resize(out.len().next_multiple_of(8), 0);
        }
        for (at, count) in [
            (72, counts.functions),
            (76, counts.instrumented),
            (80, counts.pads),
        ] {
            out[at..at + 4].copy_from_slice(&count.to_le_bytes());
        }
        let length = out.len() as u64;
        out[32..40].copy_from_slice(&length.to_le_bytes());
        Ok(out)
    }

    fn write_rule(out: &mut Vec<u8>, rule: &RuleData) {
        out.extend(rule.cfa_offset.to_le_bytes());
        let flags = (u8::from(rule.cfa_is_fp) * RULE_FP) | (u8::from(rule.ra.is_some()) * RULE_RA);
        out.extend([flags, rule.saved.len() as u8, 0, 0]);
        if let Some(ra) = rule.ra {
            out.extend(ra.to_le_bytes());
            out.extend([0; 4]);
        }
        for &(index, offset) in &rule.saved {
            out.extend(offset.to_le_bytes());
            out.extend(u32::from(index).to_le_bytes());
        }
    }

    /// Regions and page index over sorted rows.
    fn page_index(rows: &[&RowData]) -> (Vec<u8>, Vec<u8>) {
        let (mut regions, mut index) = (Vec::new(), Vec::<u8>::new());
        let mut first = 0;
        while first < rows.len() {
            // A region ends where code ends for long, or with the last row.
            let mut last = first;
            while last + 1 < rows.len() {
                let wide = u64::from(rows[last + 1].start) - u64::from(rows[last].start) > GAP;
                if rows[last].rule.is_none() && wide {
                    break;
                }
                last += 1;
            }
            let (start, end) = (rows[first].start, rows[last].start);
            if end > start {
                regions.extend(
                    [start, end, (index.len() / 4) as u32, 0]
                        .map(u32::to_le_bytes)
                        .concat(),
                );
                let mut row = first;
                let mut page = u64::from(start);
                while page < u64::from(end) {
                    while row < last && u64::from(rows[row + 1].start) <= page {
                        row += 1;
                    }
                    index.extend((row as u32).to_le_bytes());
                    page += PAGE;
                }
                index.extend((last as u32).to_le_bytes());
            }
            first = last + 1;
        }
        (regions, index)
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(start: u32, pad: u32, flags: u8, rule: Option<RuleData>) -> RowData {
        RowData {
            start,
            pad,
            flags,
            rule,
        }
    }

    fn rule(cfa_offset: i32) -> Option<RuleData> {
        Some(RuleData {
            cfa_is_fp: cfa_offset % 3 == 0,
            cfa_offset,
            ra: (cfa_offset % 2 == 0).then_some(-8),
            saved: (0..cfa_offset as u8 % 4)
                .map(|i| (i, -16 - 8 * i32::from(i)))
                .collect(),
        })
    }

    fn sample() -> Vec<u8> {
        let rows = [
            row(0x100_0000, 0, 2, rule(8)),
            row(0x100_0004, 0x100_0020, 3, rule(30)),
            row(0x100_0010, 0, 2, rule(30)),
            row(0x100_0040, 0, 0, None),
            row(0x300_0000, 0, 0, rule(17)),
            row(0x300_1000, 0, 0, None),
        ];
        write(
            1,
            b"0123456789abcdef",
            Counts {
                functions: 2,
                instrumented: 1,
                pads: 1,
            },
            &rows,
            &[
                (0x100_0000, 0x200_0000),
                (0x300_0000, 0),
                (0x300_0800, 0x200_0000),
            ],
        )
        .unwrap()
    }

    #[test]
    fn dump() {
        let bytes = sample();
        let map = StackMap::parse(&bytes).unwrap();
        map.validate().unwrap();
        let expected = "\
stack map version 2 isa 1 build 30313233343536373839616263646566 rows 6 functions 2 instrumented 1 pads 1
0x01000000 instrumented cfa=sp+8 ra@-8
0x01000004 pad=0x1000020 longjmp instrumented cfa=fp+30 ra@-8 r0@-16 r1@-24
0x01000010 instrumented cfa=fp+30 ra@-8 r0@-16 r1@-24
0x01000040 -
0x03000000 cfa=sp+17 ra=link r0@-16
0x03001000 -
";
        assert_eq!(map.to_string(), expected);
    }

    #[test]
    fn edges() {
        let bytes = sample();
        let map = StackMap::parse(&bytes).unwrap();
        assert_eq!(map.lookup(0x100_000f).unwrap().pad, Some(0x100_0020));
        assert_eq!(map.lookup(0x100_0010).unwrap().pad, None);
        assert_eq!(map.lookup(0x300_0fff).unwrap().rule.cfa_offset(), 17);
        for outside in [0, 0xff_ffff, 0x100_0040, 0x200_0000, 0x300_1000, u64::MAX] {
            assert!(map.lookup(outside).is_none(), "{outside:#x}");
        }
        assert_eq!(map.descriptor(0xff_ffff), None);
        assert_eq!(map.descriptor(0x100_0000), Some(0x200_0000));
        assert_eq!(map.descriptor(0x2ff_ffff), Some(0x200_0000));
        assert_eq!(map.descriptor(0x300_07ff), None);
        assert_eq!(map.descriptor(0x300_0800), Some(0x200_0000));
        let length = bytes.len() as u64;
        assert_eq!(StackMap::length(&bytes[..40]), Ok(length));
        assert_eq!(
            StackMap::parse(&bytes[..bytes.len() - 1]).unwrap_err(),
            Error::Truncated
        );
    }

    proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(
            steps in prop::collection::vec((1u32..2000, 0u32..3, 0u8..4, -1i32..9, 0u32..40), 1..200),
            probes in prop::collection::vec(0u32..1_200_000, 50),
        ) {
            let mut at = 0x100_0000;
            let mut rows = Vec::new();
            for (step, pad, flags, offset, gap) in steps {
                rows.push(row(at, pad, flags, (offset >= 0).then(|| rule(offset)).flatten()));
                at += if gap == 0 { 0x20000 } else { step };
            }
            rows.push(row(at, 0, 0, None));
            let bytes = write(0, &[0; 16], Counts::default(), &rows, &[]).unwrap();
            let map = StackMap::parse(&bytes).unwrap();
            map.validate().unwrap();
            for probe in probes {
                let addr = 0x100_0000 + probe;
                let expected = rows.iter().rev().find(|r| r.start <= addr).filter(|r| r.rule.is_some());
                let got = map.lookup(addr.into());
                prop_assert_eq!(got.is_some(), expected.is_some());
                if let (Some(got), Some(expected)) = (got, expected) {
                    let rule = expected.rule.as_ref().unwrap();
                    prop_assert_eq!(got.pad.unwrap_or(0), u64::from(expected.pad));
                    prop_assert_eq!(got.flags, u16::from(expected.flags));
                    prop_assert_eq!(got.rule.cfa_is_fp(), rule.cfa_is_fp);
                    prop_assert_eq!(got.rule.cfa_offset(), i64::from(rule.cfa_offset));
                    prop_assert_eq!(got.rule.ra_offset(), rule.ra.map(i64::from));
                    let saved: Vec<_> = got.rule.saved().collect();
                    let wanted: Vec<_> = rule.saved.iter().map(|&(i, o)| (usize::from(i), i64::from(o))).collect();
                    prop_assert_eq!(saved, wanted);
                }
            }
        }

        #[test]
        fn hostile_bytes_do_not_panic(at in 0usize..400, value: u8, cut in 0usize..600, addr in 0xff_f000u64..0x100_1000) {
            let mut bytes = sample();
            let at = at % bytes.len();
            bytes[at] = value;
            bytes.truncate(cut.max(at + 1));
            if let Ok(map) = StackMap::parse(&bytes) {
                let _ = map.validate();
                let _ = map.lookup(addr);
                let _ = map.descriptor(addr);
                let _ = map.to_string();
            }
        }
    }
}
