//! The last words of a process.

use super::{file, nr, process, system_call};
use crate::base::text::Message;

/// Prints a line on standard error.
pub fn print(message: &Message) {
    use core::fmt::Write;
    let mut line = message.clone();
    let _ = line.write_str("\n");
    let _ = file::write(file::STDERR, line.as_bytes());
}

/// Prints the message and ends the process with status 125.
pub fn fatal(message: &Message) -> ! {
    print(message);
    process::exit(125)
}

/// Ends the process as `abort` does.
pub fn abort() -> ! {
    let _ = process::kill(process::id(), super::sys::SIGABRT);
    loop {
        system_call!(nr::EXIT_GROUP, 134);
    }
}

/// `say!("…", …)`: a line on standard error.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => {
        $crate::kernel::fatal::print(&$crate::base::text::Message::of(format_args!($($text)*)))
    };
}

/// `fatal!("…", …)`: `popcorn: error: …` on standard error, and the end of the process with status 125.
#[macro_export]
macro_rules! fatal {
    ($($text:tt)*) => {
        $crate::kernel::fatal::fatal(&$crate::base::text::Message::of(
            format_args!("popcorn: error: {}", format_args!($($text)*)),
        ))
    };
}
