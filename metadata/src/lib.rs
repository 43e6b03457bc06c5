//! The formats that compiler and runtime share: stack map, process image, packed program.
//!
//! One file per format, with its byte diagram, writer, reader and tests together. Without the feature
//! `std` only what the runtime needs is compiled: readers and the fixed-size records.
#![cfg_attr(not(any(feature = "std", test)), no_std)]
#![forbid(unsafe_code)]

pub mod bytes;
pub mod elf;
pub mod image;
#[cfg(feature = "std")]
pub mod info;
pub mod package;
pub mod request;
pub mod stackmap;
#[cfg(feature = "std")]
pub mod unwind;
