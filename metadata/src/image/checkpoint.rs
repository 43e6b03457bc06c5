//! A checkpoint: an image that a process can be restored from at another time, with everything that a
//! hop leaves to the kernel. The reader checks all there is before anything is made of it.

use super::{
    Contents, Fd, Hop, Image, ImageError, Map, Objects, Process, QUEUED_SIZE, Records, Section,
    Signal, State, Timer, flag, kind, objects,
};
use crate::bytes::range;

/// Where the records begin in the section of that kind, bytes.
pub const RECORDS_AT: usize = 48;

/// First address that is not the program's image any more (docs/abi.md, section 3).
const IMAGE_END: u64 = 1 << 31;

/// One thread of a checkpoint.
#[derive(Debug, Clone, Copy)]
pub struct Thread<'a> {
    /// What it has outside memory.
    pub state: State,
    /// Where its frame records were, and how many there are.
    pub records: Records,
    /// The frame records, innermost first, one after the other.
    pub bytes: &'a [u8],
}

impl<'a> Thread<'a> {
    /// The thread that a state is of.
    fn read(image: &Image<'a>, state: State) -> Option<Self> {
        let contents = image.find_of(kind::RECORDS, state.self_)?;
        let records = Records::from_bytes(contents)?;
        let bytes = contents.get(RECORDS_AT..)?;
        let whole = bytes.len() as u64 == records.length;
        whole.then_some(Self {
            state,
            records,
            bytes,
        })
    }
}

/// A checkpoint, checked.
#[derive(Debug, Clone, Copy)]
pub struct Checkpoint<'a> {
    image: Image<'a>,
    /// When it was taken, and by which ISA.
    pub hop: Hop,
    /// Process id, masks, places of texts.
    pub process: Process,
    /// What it has that no path leads to.
    pub objects: Objects<'a>,
}

impl<'a> Checkpoint<'a> {
    /// Checks checksums, that every section is there and understood, and that no memory lies where no
    /// program's does.
    ///
    /// # Errors
    /// What is wrong with the image.
    pub fn read(image: Image<'a>) -> Result<Self, ImageError> {
        image.verify()?;
        for (n, section) in (0..).zip(image.sections()) {
            if section.flags & flag::CHECKED == 0 {
                return Err(ImageError::Unchecked(n));
            }
            if kind::name(section.kind) == "unknown" && section.flags & flag::OPTIONAL == 0 {
                return Err(ImageError::Unknown(section.kind));
            }
        }
        let need = |kind| image.find(kind).ok_or(ImageError::Missing(kind));
        let bad = ImageError::Malformed;
        let checkpoint = Self {
            image,
            process: Process::from_bytes(need(kind::PROCESS)?).ok_or(bad(kind::PROCESS))?,
            hop: Hop::from_bytes(need(kind::HOP)?).ok_or(bad(kind::HOP))?,
            objects: Objects::read(need(kind::OBJECTS)?).ok_or(bad(kind::OBJECTS))?,
        };
        for (kind, size) in [
            (kind::MAPS, Map::SIZE),
            (kind::SIGNALS, Signal::SIZE),
            (kind::TIMERS, Timer::SIZE),
        ] {
            if !need(kind)?.len().is_multiple_of(size) {
                return Err(bad(kind));
            }
        }
        need(kind::STATE)?;
        need(kind::RECORDS)?;
        checkpoint.check_threads()?;
        let mut queued = image.sections().filter(|s| s.kind == kind::QUEUED);
        if !queued.all(|s| image.contents(&s).len().is_multiple_of(QUEUED_SIZE)) {
            return Err(bad(kind::QUEUED));
        }
        need(kind::FDS)?;
        checkpoint.check_descriptors().ok_or(bad(kind::FDS))?;
        checkpoint.check_contents().ok_or(bad(kind::CONTENTS))?;
        checkpoint.check_texts().ok_or(bad(kind::PROCESS))?;
        checkpoint.check_memory()?;
        Ok(checkpoint)
    }

    /// Every thread has its state and its records, and no records belong to nobody.
    fn check_threads(&self) -> Result<(), ImageError> {
        let bad = ImageError::Malformed;
        let of_kind = |kind| self.image.sections().filter(move |s| s.kind == kind);
        for section in of_kind(kind::STATE) {
            let state = State::from_bytes(self.image.contents(&section));
            let state = state.filter(|state| state.self_ == section.address);
            let state = state.ok_or(bad(kind::STATE))?;
            Thread::read(&self.image, state).ok_or(bad(kind::RECORDS))?;
        }
        if of_kind(kind::STATE).count() != of_kind(kind::RECORDS).count() {
            return Err(bad(kind::RECORDS));
        }
        Ok(())
    }

    fn check_descriptors(&self) -> Option<()> {
        let contents = self.image.find(kind::FDS)?;
        let count = crate::bytes::u64_at(contents, 0)?;
        let length = count.checked_mul(Fd::SIZE as u64)?;
        let records = range(contents, 8, length)?;
        let mut last = -1;
        for fd in records.chunks_exact(Fd::SIZE).filter_map(Fd::from_bytes) {
            let known = fd.same_as < 0 || fd.same_as < fd.fd;
            let object = fd.object == 0 || (fd.object as usize) <= self.objects.count();
            if fd.fd <= last || !known || !object {
                return None;
            }
            range(contents, fd.path.into(), fd.path_length.into())?;
            last = fd.fd;
        }
        Some(())
    }

    /// Contents lie in files among the objects.
    fn check_contents(&self) -> Option<()> {
        for (head, bytes) in self.contents() {
            let file = self.objects.get(head?.object)?;
            let end = head?.offset.checked_add(bytes.len() as u64)?;
            (file.kind == objects::object::FILE && end <= file.a).then_some(())?;
        }
        Some(())
    }

    fn contents(&self) -> impl Iterator<Item = (Option<Contents>, &'a [u8])> + use<'a> {
        let image = self.image;
        let sections = image.sections().filter(|s| s.kind == kind::CONTENTS);
        sections.map(move |section| {
            let bytes = image.contents(&section);
            let behind = bytes.get(Contents::SIZE..).unwrap_or_default();
            (Contents::from_bytes(bytes), behind)
        })
    }

    /// What a file among the objects holds: offsets and bytes.
    pub fn contents_of(&self, object: u32) -> impl Iterator<Item = (u64, &'a [u8])> + use<'a> {
        self.contents().filter_map(move |(head, bytes)| {
            let head = head.filter(|head| head.object == object)?;
            Some((head.offset, bytes))
        })
    }

    fn check_texts(&self) -> Option<()> {
        let contents = self.image.find(kind::PROCESS)?;
        let p = &self.process;
        for (at, length) in [
            (p.program, p.program_length),
            (p.directory, p.directory_length),
            (p.arguments, p.arguments_length),
        ] {
            range(contents, at.into(), length.into())?;
        }
        Some(())
    }

    /// Memory lies in maps or in the program's own data.
    fn check_memory(&self) -> Result<(), ImageError> {
        let bad = ImageError::Malformed;
        let mut end = 0;
        for map in self.maps() {
            let next = map.start.checked_add(map.length);
            let kept = map.fd < 0 || self.has_descriptor(map.fd);
            if map.start < end || map.start < IMAGE_END || next.is_none() || !kept {
                return Err(bad(kind::MAPS));
            }
            end = next.unwrap_or(end);
        }
        for section in self.memory() {
            let last = section.address.saturating_add(section.length);
            let mapped = self.map_at(section.address);
            let inside = last <= IMAGE_END || mapped.is_some_and(|m| last <= m.start + m.length);
            if !inside {
                return Err(bad(kind::MEMORY));
            }
        }
        Ok(())
    }

    /// Whether a descriptor is listed. They are sorted.
    fn has_descriptor(&self, number: i32) -> bool {
        let contents = self.image.find(kind::FDS).unwrap_or_default();
        let count = crate::bytes::u64_at(contents, 0).unwrap_or(0) as usize;
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = (low + high) / 2;
            let at = contents.get(8 + middle * Fd::SIZE..).unwrap_or_default();
            match Fd::from_bytes(at).map(|fd| fd.fd.cmp(&number)) {
                Some(core::cmp::Ordering::Less) => low = middle + 1,
                Some(core::cmp::Ordering::Greater) => high = middle,
                found => return found.is_some(),
            }
        }
        false
    }

    /// The map that an address lies in.
    fn map_at(&self, address: u64) -> Option<Map> {
        let maps = self.image.find(kind::MAPS)?;
        // Maps are sorted: the last that starts at or before the address.
        let (mut low, mut high) = (0, maps.len() / Map::SIZE);
        while low < high {
            let middle = (low + high) / 2;
            let map = Map::from_bytes(maps.get(middle * Map::SIZE..)?)?;
            if map.start <= address {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let map = Map::from_bytes(maps.get(low.checked_sub(1)? * Map::SIZE..)?)?;
        (address - map.start < map.length).then_some(map)
    }

    fn array<T>(
        &self,
        kind: u32,
        size: usize,
        read: fn(&[u8]) -> Option<T>,
    ) -> impl Iterator<Item = T> + use<'a, T> {
        let contents = self.image.find(kind).unwrap_or_default();
        contents.chunks_exact(size).filter_map(read)
    }

    /// The image.
    pub fn image(&self) -> &Image<'a> {
        &self.image
    }

    /// The maps of the window, lowest first.
    pub fn maps(&self) -> impl Iterator<Item = Map> + use<'a> {
        self.array(kind::MAPS, Map::SIZE, Map::from_bytes)
    }

    /// Dispositions that the program set.
    pub fn signals(&self) -> impl Iterator<Item = Signal> + use<'a> {
        self.array(kind::SIGNALS, Signal::SIZE, Signal::from_bytes)
    }

    /// Interval timers that were set.
    pub fn timers(&self) -> impl Iterator<Item = Timer> + use<'a> {
        self.array(kind::TIMERS, Timer::SIZE, Timer::from_bytes)
    }

    /// Open descriptors with their paths, lowest number first.
    pub fn descriptors(&self) -> impl Iterator<Item = (Fd, &'a [u8])> + use<'a> {
        let contents = self.image.find(kind::FDS).unwrap_or_default();
        let count = crate::bytes::u64_at(contents, 0).unwrap_or(0) as usize;
        let records = contents.get(8..).unwrap_or_default();
        records
            .chunks_exact(Fd::SIZE)
            .take(count)
            .filter_map(Fd::from_bytes)
            .map(move |fd| {
                let path = range(contents, fd.path.into(), fd.path_length.into());
                (fd, path.unwrap_or_default())
            })
    }

    fn text(&self, at: u32, length: u32) -> &'a [u8] {
        let contents = self.image.find(kind::PROCESS).unwrap_or_default();
        range(contents, at.into(), length.into()).unwrap_or_default()
    }

    /// Path of the program's file.
    pub fn program(&self) -> &'a [u8] {
        self.text(self.process.program, self.process.program_length)
    }

    /// Path of the working directory.
    pub fn directory(&self) -> &'a [u8] {
        self.text(self.process.directory, self.process.directory_length)
    }

    /// The arguments, the program's name first.
    pub fn arguments(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let all = self.text(self.process.arguments, self.process.arguments_length);
        let all = all.strip_suffix(b"\0").map(|all| all.split(|&b| b == 0));
        all.into_iter().flatten()
    }

    /// Sections of memory, by place in the table.
    pub fn memory(&self) -> impl Iterator<Item = Section> + use<'a> {
        self.image.sections().filter(|s| s.kind == kind::MEMORY)
    }

    /// The threads. There is one at least.
    pub fn threads(&self) -> impl Iterator<Item = Thread<'a>> + use<'a> {
        let image = self.image;
        let threads = image.threads();
        threads.filter_map(move |state| Thread::read(&image, state))
    }

    /// Fills `out` with memory from `address`. False if that is not the program's memory.
    pub fn peek(&self, address: u64, out: &mut [u8]) -> bool {
        let length = out.len() as u64;
        let Some(end) = address.checked_add(length) else {
            return false;
        };
        let mapped = self.map_at(address);
        let known = mapped.is_some_and(|m| end <= m.start + m.length);
        out.fill(0);
        let mut found = known;
        for section in self.memory() {
            let (from, to) = (
                section.address.max(address),
                (section.address + section.length).min(end),
            );
            if from >= to {
                continue;
            }
            found |= section.address <= address && end <= section.address + section.length;
            let contents = self.image.contents(&section);
            for at in from..to {
                if let Some(byte) = contents.get((at - section.address) as usize) {
                    out[(at - address) as usize] = *byte;
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{Header, Item, Object, checksum, table_checksum};

    /// Kind, address, contents.
    type Part = (u32, u64, Vec<u8>);

    fn parts() -> Vec<Part> {
        let map = Map {
            start: 0x20_0000_0000,
            length: 4096,
            prot: 3,
            fd: -1,
            ..Map::default()
        };
        let fd = Fd {
            fd: 3,
            same_as: -1,
            path: 8 + Fd::SIZE as u32,
            path_length: 4,
            ..Fd::default()
        };
        let process = Process {
            arguments: Process::SIZE as u32,
            arguments_length: 4,
            ..Process::default()
        };
        let fds = [&1u64.to_le_bytes()[..], &fd.to_bytes(), b"/tmp"].concat();
        let process = [&process.to_bytes()[..], b"a\0b\0"].concat();
        vec![
            (kind::STATE, 0, State::default().to_bytes().to_vec()),
            (kind::RECORDS, 0, vec![0; RECORDS_AT]),
            (kind::HOP, 0, Hop::default().to_bytes().to_vec()),
            (kind::MAPS, 0, map.to_bytes().to_vec()),
            (kind::FDS, 0, fds),
            (kind::SIGNALS, 0, Vec::new()),
            (kind::PROCESS, 0, process),
            (kind::TIMERS, 0, Vec::new()),
            (kind::OBJECTS, 0, vec![0; 8]),
            (kind::MEMORY, 0x20_0000_0100, b"memory".to_vec()),
        ]
    }

    fn image(parts: &[Part], flags: u32) -> Vec<u8> {
        let mut at = (Header::SIZE + parts.len() * Section::SIZE) as u64;
        let (mut table, mut contents) = (Vec::new(), Vec::new());
        for (kind, address, bytes) in parts {
            let length = bytes.len() as u64;
            let section = Section {
                kind: *kind,
                flags,
                address: *address,
                length,
                offset: at,
                file_length: length,
                checksum: checksum(bytes),
            };
            table.extend(section.to_bytes());
            contents.extend(bytes);
            at += length;
        }
        let mut header = Header {
            isa: 0,
            build_id: [0; 16],
            sections: parts.len() as u32,
            table: Header::SIZE as u64,
            length: at,
            table_checksum: 0,
        };
        header.table_checksum = table_checksum(&header.to_bytes(), &table);
        [&header.to_bytes()[..], &table, &contents].concat()
    }

    fn read(parts: &[Part]) -> Result<(), ImageError> {
        let bytes = image(parts, flag::CHECKED);
        Image::parse(&bytes).and_then(Checkpoint::read).map(drop)
    }

    #[test]
    fn a_sound_one_is_read() {
        let bytes = image(&parts(), flag::CHECKED);
        let checkpoint = Image::parse(&bytes).and_then(Checkpoint::read).unwrap();
        let arguments: Vec<_> = checkpoint.arguments().collect();
        assert_eq!(arguments, [b"a", b"b"]);
        let descriptors: Vec<_> = checkpoint.descriptors().map(|(fd, p)| (fd.fd, p)).collect();
        assert_eq!(descriptors, [(3, &b"/tmp"[..])]);
        let mut out = [1; 8];
        assert!(checkpoint.peek(0x20_0000_00ff, &mut out));
        assert_eq!(&out, b"\0memory\0");
        assert!(!checkpoint.peek(0x20_0000_0fff, &mut out));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for missing in 0..parts().len() - 1 {
            let mut all = parts();
            let (kind, ..) = all.remove(missing);
            assert_eq!(read(&all), Err(ImageError::Missing(kind)));
        }
        let bytes = image(&parts(), 0);
        let unchecked = Image::parse(&bytes).and_then(Checkpoint::read).map(drop);
        assert_eq!(unchecked, Err(ImageError::Unchecked(0)));
        let change = |n: usize, change: fn(&mut Part)| {
            let mut all = parts();
            change(&mut all[n]);
            read(&all)
        };
        let bad = |kind| Err(ImageError::Malformed(kind));
        assert_eq!(change(9, |p| p.1 = 0x30_0000_0000), bad(kind::MEMORY));
        assert_eq!(change(9, |p| p.1 = 0x20_0000_0fff), bad(kind::MEMORY));
        assert_eq!(change(4, |p| p.2[8 + 36] = 1), bad(kind::FDS));
        assert_eq!(change(3, |p| p.2[24..28].fill(0)), bad(kind::MAPS));
        assert_eq!(change(8, |p| p.2[0] = 1), bad(kind::OBJECTS));
        assert_eq!(change(1, |p| p.2.push(0)), bad(kind::RECORDS));
        assert_eq!(change(4, |p| p.2[0] = 0xff), bad(kind::FDS));
        assert_eq!(change(4, |p| p.2[8 + 28] = 0xff), bad(kind::FDS));
        assert_eq!(change(6, |p| p.2[48] = 0xff), bad(kind::PROCESS));
        assert_eq!(change(3, |p| p.2[..8].fill(0)), bad(kind::MAPS));
        assert_eq!(change(5, |p| p.0 = 77), Err(ImageError::Unknown(77)));
    }

    /// The same with a file among its objects, and what that holds.
    fn with_objects() -> Vec<Part> {
        let object = Object {
            kind: objects::object::FILE,
            a: 4,
            items: 8 + Object::SIZE as u32,
            length: 16,
            ..Object::default()
        };
        let head = Item::head(objects::item::PATH, 1);
        let section = [
            &1u64.to_le_bytes()[..],
            &object.to_bytes(),
            &head,
            b"a\0\0\0\0\0\0\0",
        ]
        .concat();
        let contents = [&Contents::default().to_bytes()[..], b"held"].concat();
        let mut all = parts();
        for part in &mut all {
            if part.0 == kind::OBJECTS {
                part.2.clone_from(&section);
            }
        }
        all.push((kind::CONTENTS, 0, contents));
        all
    }

    /// What an enemy may write: checksums are right, and one or two bytes of a section are anything.
    #[test]
    fn hostile_sections_are_read_or_refused() {
        assert_eq!(read(&with_objects()), Ok(()));
        let mut longer = with_objects();
        longer.last_mut().unwrap().2.push(0);
        assert_eq!(read(&longer), Err(ImageError::Malformed(kind::CONTENTS)));
        for place in 0..with_objects().len() {
            let length = with_objects()[place].2.len();
            for at in 0..length {
                for value in [0, 1, 0x7f, 0x80, 0xff] {
                    let mut all = with_objects();
                    all[place].2[at] = value;
                    all[place].2[(at * 7 + 3) % length] ^= value;
                    let bytes = image(&all, flag::CHECKED);
                    let Ok(checkpoint) = Image::parse(&bytes).and_then(Checkpoint::read) else {
                        continue;
                    };
                    for (n, object) in (0..).zip(checkpoint.objects.iter()) {
                        let items = checkpoint.objects.items(&object);
                        let bytes: usize = items.map(|item| item.bytes.len()).sum();
                        let held = checkpoint.contents_of(n);
                        let end = held
                            .map(|(offset, bytes)| offset + bytes.len() as u64)
                            .max();
                        assert!(bytes <= length && end.unwrap_or(0) <= object.a);
                    }
                }
            }
        }
    }
}
