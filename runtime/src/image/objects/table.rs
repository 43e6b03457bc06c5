//! The table of objects under construction, as it goes into an image.

use popcorn_metadata::image::{Item, Object, kind};

use crate::base::refusal::Refusal;
use crate::image::descriptor::Descriptor;
use crate::image::sink::Sink;
use crate::kernel::memory::List;
use crate::kernel::{Errno, Result, errno};

/// Where an object is, and by which descriptor it was found first.
#[derive(Clone, Copy)]
struct Place {
    inode: (u64, u64),
    fd: i32,
}

/// The objects, and their items.
pub struct Table {
    objects: List<Object>,
    places: List<Place>,
    items: List<u8>,
}

impl Table {
    pub fn new() -> Result<Self> {
        Ok(Self {
            objects: List::with_room(64)?,
            places: List::with_room(64)?,
            items: List::with_room(1 << 14)?,
        })
    }

    /// The object of a file that is in the table.
    pub fn find(&self, inode: (u64, u64)) -> Option<u32> {
        let places = self.places.as_slice().iter();
        let found = (0..).zip(places).find(|(_, place)| place.inode == inode);
        found.map(|(n, _)| n)
    }

    /// Adds an object; items that are added next are its own.
    pub fn add(&mut self, descriptor: &Descriptor, object: Object) -> Result<u32> {
        let place = self.objects.as_slice().len() as u32;
        let items = self.items.as_slice().len() as u32;
        let object = Object { items, ..object };
        self.objects.append(&[object])?;
        let at = Place {
            inode: descriptor.place(),
            fd: descriptor.fd,
        };
        self.places.append(&[at])?;
        Ok(place)
    }

    /// Adds an item to an object. If others were added since, its items are copied behind those.
    pub fn item(&mut self, place: u32, tag: u32, parts: &[&[u8]]) -> Result<()> {
        let Some(object) = self.objects.as_mut_slice().get_mut(place as usize) else {
            return Ok(());
        };
        let end = self.items.as_slice().len() as u32;
        if object.items + object.length != end {
            let own = object.items as usize..(object.items + object.length) as usize;
            object.items = end;
            self.items.append_own(own)?;
        }
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if end as u64 + length as u64 > u64::from(u32::MAX / 2) {
            return Err(Errno(errno::E2BIG));
        }
        let mut add = |bytes: &[u8]| {
            object.length += bytes.len() as u32;
            self.items.append(bytes)
        };
        add(&Item::head(tag, length as u32))?;
        parts.iter().try_for_each(|part| add(part))?;
        add(&[0; 8][..length.next_multiple_of(8) - length])
    }

    pub fn objects(&self) -> &[Object] {
        self.objects.as_slice()
    }

    pub fn object_mut(&mut self, place: u32) -> Option<&mut Object> {
        self.objects.as_mut_slice().get_mut(place as usize)
    }

    /// A descriptor that is open on an object.
    pub fn descriptor(&self, place: u32) -> i32 {
        self.places
            .as_slice()
            .get(place as usize)
            .map_or(-1, |place| place.fd)
    }

    /// The inode of an object.
    pub fn inode(&self, place: u32) -> (u64, u64) {
        self.places
            .as_slice()
            .get(place as usize)
            .map_or((0, 0), |place| place.inode)
    }

    /// Writes the section.
    pub fn write(&self, out: &mut Sink) -> core::result::Result<(), Refusal> {
        let (objects, items) = (self.objects.as_slice(), self.items.as_slice());
        let records = (8 + objects.len() * Object::SIZE) as u32;
        out.open(kind::OBJECTS, u64::from(records) + items.len() as u64)?;
        out.put(&(objects.len() as u64).to_le_bytes())?;
        for object in objects {
            let items = object.items + records;
            out.put(&Object { items, ..*object }.to_bytes())?;
        }
        out.put(items)?;
        out.close();
        Ok(())
    }
}
