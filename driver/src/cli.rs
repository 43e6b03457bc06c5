//! What the `popcorn` command does, one file per subcommand.

pub mod checkpoint;
pub mod exe;
pub mod extract;
pub mod hop;
pub mod host;
pub mod image;
pub mod inspect;
pub mod interrupt;
pub mod launch;
pub mod migrate;
pub mod peer;
pub mod report;
pub mod request;
pub mod restore;
pub mod run;
pub mod sysroot;
pub mod values;
