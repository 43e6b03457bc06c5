//! The readers of process images: whatever the bytes, an error or a value, soon and in little memory.
#![no_main]

use libfuzzer_sys::fuzz_target;
use popcorn_metadata::image::{
    Checkpoint, Header, Image, MAGIC, Section, VERSION, checksum, flag, table_checksum,
};

/// Makes magic, version, length and checksums right, so that the input gets past them.
fn repair(bytes: &mut [u8]) -> Option<()> {
    let length = bytes.len() as u64;
    bytes.get_mut(0..8)?.copy_from_slice(&MAGIC);
    bytes
        .get_mut(8..12)?
        .copy_from_slice(&VERSION.to_le_bytes());
    bytes
        .get_mut(36..40)?
        .copy_from_slice(&(Section::SIZE as u32).to_le_bytes());
    bytes
        .get_mut(48..56)?
        .copy_from_slice(&length.to_le_bytes());
    let header = Header::from_bytes(bytes).ok()?;
    let table = usize::try_from(header.table).ok()?;
    let end = table.checked_add((header.sections as usize).checked_mul(Section::SIZE)?)?;
    bytes.get(table..end)?;
    for at in (table..end).step_by(Section::SIZE) {
        let mut section = Section::from_bytes(&bytes[at..])?;
        let range = usize::try_from(section.offset).ok()..;
        let contents = range
            .start
            .zip(usize::try_from(section.file_length).ok())
            .and_then(|(start, length)| bytes.get(start..start.checked_add(length)?));
        section.checksum = contents.map_or(0, checksum);
        section.flags |= flag::CHECKED;
        let repaired = section.to_bytes();
        bytes[at..at + Section::SIZE].copy_from_slice(&repaired);
    }
    let head = bytes[..Header::SIZE].try_into().ok()?;
    let sum = table_checksum(&head, &bytes[table..end]);
    bytes[56..64].copy_from_slice(&sum.to_le_bytes());
    Some(())
}

fn read(bytes: &[u8]) {
    let Ok(image) = Image::parse(bytes) else {
        return;
    };
    let _ = image.verify();
    let _ = image.to_string();
    let Ok(checkpoint) = Checkpoint::read(image) else {
        return;
    };
    let _ = (checkpoint.program(), checkpoint.directory());
    let count = checkpoint.arguments().count()
        + checkpoint.threads().count()
        + checkpoint.descriptors().count()
        + checkpoint.signals().count()
        + checkpoint.timers().count();
    let objects = &checkpoint.objects;
    let items: usize = (0..)
        .zip(objects.iter().take(64))
        .map(|(n, object)| objects.items(&object).count() + checkpoint.contents_of(n).count())
        .sum();
    std::hint::black_box(items);
    std::hint::black_box(count);
    let mut out = [0; 64];
    for section in checkpoint.memory().take(8) {
        checkpoint.peek(section.address, &mut out);
        checkpoint.peek(section.address.wrapping_sub(32), &mut out);
    }
}

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    let mut bytes = bytes.to_vec();
    if repair(&mut bytes).is_some() {
        read(&bytes);
    }
});
