//! The table of maps in the window: which address ranges are taken, and what a hop needs to know of
//! each. Pure bookkeeping; [`window`](super::window) makes the system calls.

/// First address of the window.
/// Not lower: valgrind keeps its own memory from 0x10_0000_0000 on.
pub const WINDOW_START: u64 = 0x20_0000_0000;
/// First address after the window.
pub const WINDOW_END: u64 = 0x3f_0000_0000;

/// What backs a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// Private anonymous memory.
    Anonymous = 0,
    /// A private map of a file: travels as memory.
    File = 1,
    /// Shared memory: the process cannot be moved.
    Shared = 2,
    /// A data stack: only what is above its pointer travels.
    DataStack = 3,
}

/// One map: `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Map {
    pub start: u64,
    pub end: u64,
    /// `PROT_*`.
    pub prot: u32,
    pub kind: Kind,
}

impl Map {
    const NONE: Self = Self {
        start: 0,
        end: 0,
        prot: 0,
        kind: Kind::Anonymous,
    };

    fn continues(&self, next: &Map) -> bool {
        self.end == next.start
            && self.prot == next.prot
            && self.kind == next.kind
            && matches!(self.kind, Kind::Anonymous | Kind::File)
    }
}

/// No room in the table, or no gap of that size in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// At most `N` maps, sorted, never overlapping. Neighbours alike are merged.
pub struct Table<const N: usize> {
    maps: [Map; N],
    len: usize,
    /// No gap begins below this offset in the window. An empty table is all zeros, so it costs no file.
    low: u64,
}

impl<const N: usize> Default for Table<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Table<N> {
    pub const fn new() -> Self {
        Self {
            maps: [Map::NONE; N],
            len: 0,
            low: 0,
        }
    }

    pub fn maps(&self) -> &[Map] {
        &self.maps[..self.len]
    }

    /// Whether two more maps fit, as many as one change can add.
    pub fn has_room(&self) -> bool {
        self.len + 2 <= N
    }

    /// Index of the first map that ends after `address`.
    fn index(&self, address: u64) -> usize {
        self.maps().partition_point(|m| m.end <= address)
    }

    /// Whether nothing lies in `start..end`, and that is in the window.
    pub fn is_free(&self, start: u64, end: u64) -> bool {
        start >= WINDOW_START
            && start < end
            && end <= WINDOW_END
            && self
                .maps()
                .get(self.index(start))
                .is_none_or(|m| m.start >= end)
    }

    /// The lowest gap of `length` bytes.
    pub fn find_gap(&mut self, length: u64) -> Result<u64, Full> {
        let mut at = WINDOW_START + self.low;
        let mut first_gap = None;
        for map in &self.maps()[self.index(at)..] {
            if map.start > at && first_gap.is_none() {
                first_gap = Some(at);
            }
            if map.start.saturating_sub(at) >= length {
                break;
            }
            at = map.end;
        }
        self.low = first_gap.unwrap_or(at) - WINDOW_START;
        match WINDOW_END.checked_sub(length) {
            Some(last) if at <= last => Ok(at),
            _ => Err(Full),
        }
    }

    /// Enters a map, in place of whatever was there.
    pub fn insert(&mut self, map: Map) -> Result<(), Full> {
        self.remove(map.start, map.end)?;
        let i = self.index(map.start);
        self.open(i, map)?;
        self.merge(i + 1);
        self.merge(i);
        Ok(())
    }

    /// Takes `start..end` out, cutting maps that reach over its ends.
    pub fn remove(&mut self, start: u64, end: u64) -> Result<(), Full> {
        let mut i = self.index(start);
        if self.maps().get(i).is_some_and(|m| m.start < start) {
            let map = self.maps[i];
            if map.end > end {
                self.open(i + 1, Map { start: end, ..map })?;
            }
            self.maps[i].end = start;
            i += 1;
        }
        let gone = self.maps[i..self.len]
            .iter()
            .take_while(|m| m.end <= end)
            .count();
        self.maps.copy_within(i + gone..self.len, i);
        self.len -= gone;
        if i < self.len && self.maps[i].start < end {
            self.maps[i].start = end;
        }
        self.low = self.low.min(start.saturating_sub(WINDOW_START));
        Ok(())
    }

    /// Gives every map in `start..end` this protection.
    pub fn protect(&mut self, start: u64, end: u64, prot: u32) -> Result<(), Full> {
        let mut at = start;
        while let Some(&map) = self.maps().get(self.index(at)) {
            let from = map.start.max(at);
            let to = map.end.min(end);
            if from >= to {
                break;
            }
            if map.prot != prot {
                let low = self.low;
                self.insert(Map {
                    start: from,
                    end: to,
                    prot,
                    ..map
                })?;
                self.low = low;
            }
            at = to;
        }
        Ok(())
    }

    fn open(&mut self, i: usize, map: Map) -> Result<(), Full> {
        if self.len == N {
            return Err(Full);
        }
        self.maps.copy_within(i..self.len, i + 1);
        self.maps[i] = map;
        self.len += 1;
        Ok(())
    }

    /// Joins map `i` to the one before, if they are alike.
    fn merge(&mut self, i: usize) {
        if i > 0 && i < self.len && self.maps[i - 1].continues(&self.maps[i]) {
            self.maps[i - 1].end = self.maps[i].end;
            self.maps.copy_within(i + 1..self.len, i);
            self.len -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::memory::PAGE;

    fn map(start: u64, pages: u64, prot: u32) -> Map {
        let start = WINDOW_START + start * PAGE;
        Map {
            start,
            end: start + pages * PAGE,
            prot,
            kind: Kind::Anonymous,
        }
    }

    #[test]
    fn neighbours_merge_and_holes_split() {
        let mut table = Table::<8>::new();
        table.insert(map(0, 2, 3)).unwrap();
        table.insert(map(4, 2, 3)).unwrap();
        table.insert(map(2, 2, 3)).unwrap();
        assert_eq!(table.maps(), [map(0, 6, 3)]);
        table
            .protect(map(1, 1, 0).start, map(1, 1, 0).end, 1)
            .unwrap();
        assert_eq!(table.maps(), [map(0, 1, 3), map(1, 1, 1), map(2, 4, 3)]);
        table.remove(map(3, 1, 0).start, map(3, 1, 0).end).unwrap();
        assert_eq!(table.find_gap(PAGE), Ok(map(3, 1, 0).start));
        assert_eq!(table.find_gap(2 * PAGE), Ok(map(6, 1, 0).start));
        assert!(!table.is_free(map(3, 2, 0).start, map(3, 2, 0).end));
        assert!(table.is_free(map(3, 1, 0).start, map(3, 1, 0).end));
    }

    #[test]
    fn full_is_an_error() {
        let mut table = Table::<2>::new();
        table.insert(map(0, 1, 3)).unwrap();
        assert!(!table.has_room());
        table.insert(map(2, 1, 3)).unwrap();
        assert_eq!(table.insert(map(4, 1, 3)), Err(Full));
        assert_eq!(table.find_gap(WINDOW_END), Err(Full));
    }

    /// Against a page-by-page model, over a fixed pseudo-random run.
    #[test]
    fn agrees_with_a_model() {
        const PAGES: usize = 64;
        let mut model = [None::<u32>; PAGES];
        let mut table = Table::<128>::new();
        let mut seed = 1u64;
        let mut random = |n: usize| {
            seed = seed
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (seed >> 33) as usize % n
        };
        for _ in 0..20_000 {
            let start = random(PAGES);
            let pages = 1 + random(PAGES - start);
            let prot = random(3) as u32;
            let m = map(start as u64, pages as u64, prot);
            match random(4) {
                0 => {
                    table.insert(m).unwrap();
                    model[start..start + pages].fill(Some(prot));
                }
                1 => {
                    table.remove(m.start, m.end).unwrap();
                    model[start..start + pages].fill(None);
                }
                2 => {
                    table.protect(m.start, m.end, prot).unwrap();
                    let taken = model[start..start + pages].iter_mut().flatten();
                    taken.for_each(|p| *p = prot);
                }
                _ => {
                    let length = 1 + random(8);
                    let free = (0..).find(|&i| {
                        (i..i + length).all(|p| model.get(p).is_none_or(|p| p.is_none()))
                    });
                    let gap = table.find_gap(length as u64 * PAGE).unwrap();
                    assert_eq!(gap, map(free.unwrap() as u64, 1, 0).start);
                }
            }
            for (i, page) in model.iter().enumerate() {
                let at = map(i as u64, 1, 0).start;
                let found = table.maps().iter().find(|m| m.start <= at && at < m.end);
                assert_eq!(found.map(|m| m.prot), *page);
            }
            assert!(
                table
                    .maps()
                    .windows(2)
                    .all(|w| w[0].end <= w[1].start && !w[0].continues(&w[1]))
            );
        }
    }
}
