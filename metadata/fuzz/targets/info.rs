//! The reader of frame tables: whatever the bytes, an error or a value, soon and in little memory.
#![no_main]

use libfuzzer_sys::fuzz_target;
use popcorn_metadata::info::{Info, MAGIC, VERSION, write};

fn read(bytes: &[u8]) {
    let Ok(info) = Info::parse(bytes) else {
        return;
    };
    for (descriptor, function) in info.functions().take(16) {
        if let Ok(function) = function {
            std::hint::black_box(write(&[(descriptor, function)]));
        }
        let _ = info.find(descriptor);
    }
}

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    let mut bytes = bytes.to_vec();
    let length = bytes.len() as u64;
    if bytes.len() >= 24 {
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[16..24].copy_from_slice(&length.to_le_bytes());
        read(&bytes);
    }
});
