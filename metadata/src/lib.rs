//! The formats that compiler and runtime share: stack map, process image.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
