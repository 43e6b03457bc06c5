//! The command lines.
#![forbid(unsafe_code)]
