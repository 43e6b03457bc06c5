//! What needs nothing: text without an allocator, paths, refusals, the two kinds of statics.

pub mod path;
pub mod refusal;
pub mod statics;
pub mod text;
