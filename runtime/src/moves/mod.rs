//! When and where the program moves: what asks for it, and the ways to go.

pub mod arrival;
pub mod ask;
pub mod checkpoint;
pub mod command;
pub mod credentials;
pub mod departure;
pub mod emulator;
pub mod flag;
pub mod hop;
pub mod mailbox;
pub mod order;
pub mod outcome;
pub mod parking;
pub mod points;
pub mod report;
pub mod request;
pub mod room;
pub mod schedule;
pub mod trial;
