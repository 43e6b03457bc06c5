//! Why something is not done: an error number for the program and a text for people.

use super::text::Message;

/// Nothing has changed; this is why.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// As `popcorn_migrate` reports it: positive.
    pub errno: i64,
    pub text: Message,
}

impl Refusal {
    pub fn new(errno: i64, text: core::fmt::Arguments) -> Self {
        Self {
            errno,
            text: Message::of(text),
        }
    }
}

/// `refusal!(errno, "…", …)`.
#[macro_export]
macro_rules! refusal {
    ($errno:expr, $($text:tt)*) => {
        $crate::base::refusal::Refusal::new(i64::from($errno), format_args!($($text)*))
    };
}
