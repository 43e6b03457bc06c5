//! What the `popcorn` command does, one file per subcommand.

pub mod exe;
pub mod extract;
pub mod hop;
pub mod host;
pub mod inspect;
pub mod migrate;
pub mod run;
