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
    /// A private map of a file: pages that the program wrote travel, and the file is mapped again.
    File = 1,
    /// Memory that an exec destroys and nothing can make again: the process cannot be moved.
    Stays = 2,
    /// A data stack: only what is above its pointer travels.
    DataStack = 3,
    /// A shared map of a file or of a memory file: [`Map::fd`] is mapped again.
    Shared = 4,
    /// Shared memory of System V: [`Map::inode`] is its id. It is attached again.
    Segment = 5,
}

/// Bits of [`Map::marks`].
pub mod mark {
    /// `mlock`.
    pub const LOCKED: u32 = 1;
    /// `mlock2` with `MLOCK_ONFAULT`.
    pub const LOCKED_ON_FAULT: u32 = 2;
    /// `MADV_WIPEONFORK`.
    pub const WIPE_ON_FORK: u32 = 4;
    /// `MADV_DONTFORK`.
    pub const DONT_FORK: u32 = 8;
    /// It is or was executable.
    pub const EXECUTABLE: u32 = 16;
    /// It was attached (`shmat`), but has no id any more.
    pub const SEGMENT: u32 = 32;
}

/// One map: `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Map {
    pub start: u64,
    pub end: u64,
    /// Where it begins in its file, bytes.
    pub offset: u64,
    /// Its file; 0 and 0: none that is known.
    pub device: u64,
    pub inode: u64,
    /// `PROT_*`.
    pub prot: u32,
    pub kind: Kind,
    /// Bits of [`mark`].
    pub marks: u32,
    /// A descriptor of ours that keeps a shared map's file, plus one; 0: none.
    pub keeper: u32,
}

impl Map {
    /// Anonymous memory.
    pub const fn anonymous(start: u64, end: u64, prot: u32) -> Self {
        Self {
            start,
            end,
            offset: 0,
            device: 0,
            inode: 0,
            prot,
            kind: Kind::Anonymous,
            marks: 0,
            keeper: 0,
        }
    }

    /// The descriptor that keeps a shared map's file.
    pub fn fd(&self) -> Option<i32> {
        self.keeper.checked_sub(1).map(|fd| fd as i32)
    }

    /// Whether the program attached it.
    pub fn is_segment(&self) -> bool {
        self.kind == Kind::Segment || self.marks & mark::SEGMENT != 0
    }

    /// Its part from `start` on.
    #[must_use]
    pub fn from(&self, start: u64) -> Self {
        let moved = match self.kind {
            Kind::File | Kind::Shared | Kind::Segment => start - self.start,
            _ => 0,
        };
        Self {
            start,
            offset: self.offset + moved,
            ..*self
        }
    }

    fn continues(&self, next: &Map) -> bool {
        let joined = Map {
            end: next.end,
            ..self.from(self.end)
        };
        joined == *next && !matches!(self.kind, Kind::DataStack | Kind::Stays) && !self.is_segment()
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
    /// Where the maps lie once there are too many for `maps`, and for how many there is room; 0: in `maps`.
    moved: u64,
    room: usize,
}

impl<const N: usize> Default for Table<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Table<N> {
    pub const fn new() -> Self {
        Self {
            maps: [Map::anonymous(0, 0, 0); N],
            len: 0,
            low: 0,
            moved: 0,
            room: 0,
        }
    }

    /// All places.
    fn places(&self) -> &[Map] {
        match self.moved {
            0 => &self.maps,
            // SAFETY: the contract of `move_to`.
            moved => unsafe { core::slice::from_raw_parts(moved as *const Map, self.room) },
        }
    }

    fn places_mut(&mut self) -> &mut [Map] {
        match self.moved {
            0 => &mut self.maps,
            // SAFETY: the contract of `move_to`.
            moved => unsafe { core::slice::from_raw_parts_mut(moved as *mut Map, self.room) },
        }
    }

    pub fn maps(&self) -> &[Map] {
        &self.places()[..self.len]
    }

    /// Whether `more` maps fit. One change adds two at most.
    pub fn has_room(&self, more: usize) -> bool {
        self.len + more <= self.places().len()
    }

    /// Whether the maps lie outside already.
    pub fn has_moved(&self) -> bool {
        self.moved != 0
    }

    /// Moves all maps to memory with places for `room`, more than there are.
    ///
    /// # Safety
    /// The memory at `start` is zero, aligned, program state, and the table's alone from now on.
    pub unsafe fn move_to(&mut self, start: u64, room: usize) {
        // SAFETY: by contract.
        let places = unsafe { core::slice::from_raw_parts_mut(start as *mut Map, room) };
        places[..self.len].copy_from_slice(&self.maps[..self.len]);
        (self.moved, self.room) = (start, room);
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
            let map = self.maps()[i];
            if map.end > end {
                self.open(i + 1, map.from(end))?;
            }
            self.places_mut()[i].end = start;
            i += 1;
        }
        let len = self.len;
        let gone = self.maps()[i..].iter().take_while(|m| m.end <= end).count();
        self.places_mut().copy_within(i + gone..len, i);
        self.len -= gone;
        if let Some(&map) = self.maps().get(i)
            && map.start < end
        {
            self.places_mut()[i] = map.from(end);
        }
        self.low = self.low.min(start.saturating_sub(WINDOW_START));
        Ok(())
    }

    /// Gives every map in `start..end` this protection.
    pub fn protect(&mut self, start: u64, end: u64, prot: u32) -> Result<(), Full> {
        self.change(start, end, |map| map.prot = prot)
    }

    /// Changes the parts of maps that lie in `start..end`.
    pub fn change(&mut self, start: u64, end: u64, change: impl Fn(&mut Map)) -> Result<(), Full> {
        let mut at = start;
        while let Some(&map) = self.maps().get(self.index(at)) {
            let from = map.start.max(at);
            let to = map.end.min(end);
            if from >= to {
                break;
            }
            let part = Map {
                end: to,
                ..map.from(from)
            };
            let mut changed = part;
            change(&mut changed);
            if changed != part {
                let low = self.low;
                self.insert(changed)?;
                self.low = low;
            }
            at = to;
        }
        Ok(())
    }

    /// Notes which file a map is of.
    pub fn note_file(&mut self, index: usize, device: u64, inode: u64) {
        if let Some(map) = self.places_mut().get_mut(index) {
            (map.device, map.inode) = (device, inode);
        }
    }

    /// The maps that reach into `start..end`.
    pub fn within(&self, start: u64, end: u64) -> impl Iterator<Item = &Map> {
        let maps = self.maps()[self.index(start)..].iter();
        maps.take_while(move |m| m.start < end)
    }

    fn open(&mut self, i: usize, map: Map) -> Result<(), Full> {
        if !self.has_room(1) {
            return Err(Full);
        }
        let len = self.len;
        let places = self.places_mut();
        places.copy_within(i..len, i + 1);
        places[i] = map;
        self.len += 1;
        Ok(())
    }

    /// Joins map `i` to the one before, if they are alike.
    fn merge(&mut self, i: usize) {
        let len = self.len;
        if i > 0 && i < len && self.maps()[i - 1].continues(&self.maps()[i]) {
            let places = self.places_mut();
            places[i - 1].end = places[i].end;
            places.copy_within(i + 1..len, i);
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
        Map::anonymous(start, start + pages * PAGE, prot)
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
    fn parts_of_files_know_their_offset() {
        let file = |start, pages, offset| Map {
            kind: Kind::File,
            inode: 7,
            offset: offset * PAGE,
            ..map(start, pages, 3)
        };
        let mut table = Table::<8>::new();
        table.insert(file(0, 4, 10)).unwrap();
        let hole = map(1, 1, 0);
        table.remove(hole.start, hole.end).unwrap();
        assert_eq!(table.maps(), [file(0, 1, 10), file(2, 2, 12)]);
        table.insert(file(1, 1, 9)).unwrap();
        assert_eq!(table.maps().len(), 3);
        table.insert(file(1, 1, 11)).unwrap();
        assert_eq!(table.maps(), [file(0, 4, 10)]);
    }

    #[test]
    fn a_full_table_moves() {
        let mut places = [Map::anonymous(0, 0, 0); 8];
        let mut table = Table::<2>::new();
        table.insert(map(0, 1, 3)).unwrap();
        table.insert(map(4, 1, 3)).unwrap();
        // SAFETY: the array is used by the table alone.
        unsafe { table.move_to(places.as_mut_ptr() as u64, 8) };
        table.insert(map(2, 1, 3)).unwrap();
        assert_eq!(table.maps(), [map(0, 1, 3), map(2, 1, 3), map(4, 1, 3)]);
        assert!(table.has_moved() && table.has_room(5) && !table.has_room(6));
    }

    #[test]
    fn full_is_an_error() {
        let mut table = Table::<2>::new();
        table.insert(map(0, 1, 3)).unwrap();
        assert!(!table.has_room(2));
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
