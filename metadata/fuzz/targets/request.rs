//! Requests, replies and names of files in the folder: whatever is read is written as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use popcorn_metadata::request::{Answer, Name, Request};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = Request::parse(bytes) {
        assert_eq!(request.to_bytes(), bytes);
    }
    if let Ok(answer) = Answer::parse(bytes) {
        assert_eq!(answer.to_string().as_bytes(), bytes);
    }
    if let Some(name) = Name::parse(bytes) {
        assert_eq!(name.to_string().as_bytes(), bytes);
    }
});
