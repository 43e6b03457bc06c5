//! Text without an allocator: messages, trace lines, answers to requests.

use core::fmt::{self, Write};

/// Bytes of the longest message.
const ROOM: usize = 512;

/// A message under construction. What does not fit is cut off and shown as `...`: messages are for people; what a
/// program reads is never put together here.
#[derive(Clone)]
pub struct Message {
    bytes: [u8; ROOM],
    len: usize,
}

impl Default for Message {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(&Bytes(self.as_bytes()), f)
    }
}

impl Message {
    pub const fn new() -> Self {
        Self {
            bytes: [0; ROOM],
            len: 0,
        }
    }

    pub fn of(text: fmt::Arguments) -> Self {
        let mut message = Self::new();
        // What does not fit is cut off.
        let _ = message.write_fmt(text);
        message
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// The text, without a character that was cut in two.
    pub fn as_str(&self) -> &str {
        let valid = self.as_bytes().utf8_chunks().next();
        valid.map_or("", |chunk| chunk.valid())
    }

    fn push(&mut self, bytes: &[u8]) {
        const CUT: &[u8] = b"...";
        let room = ROOM - self.len;
        let fits = bytes.len().min(room);
        self.bytes[self.len..self.len + fits].copy_from_slice(&bytes[..fits]);
        self.len += fits;
        if fits < bytes.len() {
            self.bytes[ROOM - CUT.len()..].copy_from_slice(CUT);
        }
    }
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

/// Bytes that are most likely text, in a message: paths, names. What is not UTF-8 is shown as `?`.
pub struct Bytes<'a>(pub &'a [u8]);

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_str("?")?;
            }
        }
        Ok(())
    }
}

/// Nanoseconds, shown as milliseconds with three decimals.
pub struct Millis(pub u64);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let micros = self.0 / 1_000;
        write!(f, "{}.{:03}", micros / 1_000, micros % 1_000)
    }
}

/// `.0 / .1` with one decimal, rounded down.
pub struct Tenths(pub u64, pub u64);

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let tenths = self.0 / (self.1 / 10).max(1);
        write!(f, "{}.{}", tenths / 10, tenths % 10)
    }
}

/// Reads a decimal number; all of `text` must be digits.
pub fn parse_dec(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |value, &b| {
        let digit = b.checked_sub(b'0').filter(|&d| d < 10)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// The bytes of a C string, without its end.
///
/// # Safety
/// `at` points to a string that lives as long as the incarnation.
pub unsafe fn c_bytes(at: *const u8) -> &'static [u8] {
    // SAFETY: by contract.
    unsafe { core::ffi::CStr::from_ptr(at.cast()).to_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let shown = |text: fmt::Arguments| Message::of(text).to_string();
        let tenths = (Tenths(1_250_000, 1_000_000), Tenths(99_999, 1_000_000));
        assert_eq!(shown(format_args!("{} {}", tenths.0, tenths.1)), "1.2 0.0");
        let millis = (Millis(17_054_999), Millis(999));
        assert_eq!(
            shown(format_args!("{} {}", millis.0, millis.1)),
            "17.054 0.000"
        );
        assert_eq!(parse_dec(b"042"), Some(42));
        assert_eq!(parse_dec(b""), None);
        assert_eq!(parse_dec(b"4x"), None);
        assert_eq!(parse_dec(b"99999999999999999999"), None);
    }

    #[test]
    fn long_messages_show_that_they_are_cut() {
        let long = "abcdef".repeat(200);
        let message = Message::of(format_args!("{long}"));
        assert_eq!(message.as_bytes().len(), ROOM);
        assert!(message.as_bytes().ends_with(b"..."));
        let bytes = Message::of(format_args!("{}", Bytes(b"a\xffb")));
        assert_eq!(bytes.as_bytes(), b"a?b");
    }
}
