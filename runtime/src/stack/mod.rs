//! The native stack: walking it, capturing it into records, resuming it from them, jumping out of it.
//!
//! Nothing here knows why: whoever begins a capture or a resume says what follows.

pub mod begin;
pub mod capture;
pub mod capturing;
pub mod jump;
pub mod local;
pub mod native;
pub mod pending;
pub mod records;
pub mod resume;
pub mod resuming;
pub mod walk;
