//! Objects in, images with equal addresses out.
#![forbid(unsafe_code)]
