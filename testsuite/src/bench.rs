//! Figures that have a file of their own.

pub mod rust;
