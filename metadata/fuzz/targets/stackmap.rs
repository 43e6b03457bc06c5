//! The reader of stack maps: whatever the bytes, an error or a value, soon and in little memory.
#![no_main]

use libfuzzer_sys::fuzz_target;
use popcorn_metadata::stackmap::{MAGIC, StackMap, VERSION};

fn read(bytes: &[u8]) {
    let _ = StackMap::length(bytes);
    let Ok(map) = StackMap::parse(bytes) else {
        return;
    };
    let _ = (map.validate(), map.counts(), map.len());
    for (start, entry) in map.rows().take(64) {
        if let Some(entry) = entry {
            std::hint::black_box((entry.rule.to_string(), entry.rule.saved().count()));
        }
        for address in [start, start.wrapping_sub(1), start + 300] {
            std::hint::black_box((map.lookup(address).is_some(), map.descriptor(address)));
        }
    }
    for address in [0, 0x100_0000, u64::from(u32::MAX), u64::MAX] {
        std::hint::black_box((map.lookup(address).is_some(), map.descriptor(address)));
    }
}

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    let mut bytes = bytes.to_vec();
    let length = bytes.len() as u64;
    if bytes.len() >= 40 {
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[32..40].copy_from_slice(&length.to_le_bytes());
        read(&bytes);
    }
});
