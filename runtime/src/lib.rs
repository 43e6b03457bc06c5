//! The runtime inside every program: start, capture, hop, resume.
#![cfg_attr(not(test), no_std)]
