//! Lines of text without an allocator: messages, trace lines, reply files.

/// A line under construction. What does not fit is cut off.
#[derive(Debug, Clone)]
pub struct Line {
    bytes: [u8; 512],
    len: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

impl Line {
    pub const fn new() -> Self {
        Self {
            bytes: [0; 512],
            len: 0,
        }
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        for &b in bytes {
            if self.len < self.bytes.len() {
                self.bytes[self.len] = b;
                self.len += 1;
            }
        }
        self
    }

    pub fn str(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub fn dec(&mut self, value: u64) -> &mut Self {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = value;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.bytes(&digits[at..])
    }

    /// Nanoseconds as milliseconds with three decimals.
    pub fn millis(&mut self, nanoseconds: u64) -> &mut Self {
        let micros = nanoseconds / 1_000;
        self.dec(micros / 1_000).str(".");
        for unit in [100, 10, 1] {
            self.dec(micros / unit % 10);
        }
        self
    }

    pub fn hex(&mut self, value: u64) -> &mut Self {
        self.str("0x");
        let digits = (64 - value.leading_zeros()).div_ceil(4).max(1);
        for i in (0..digits).rev() {
            let nibble = (value >> (4 * i)) as usize & 15;
            self.bytes(&b"0123456789abcdef"[nibble..nibble + 1]);
        }
        self
    }

    /// `value / unit` with one decimal, rounded down.
    pub fn tenths(&mut self, value: u64, unit: u64) -> &mut Self {
        let tenths = value / (unit / 10).max(1);
        self.dec(tenths / 10).str(".").dec(tenths % 10)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// The text followed by a zero byte, for paths. Cuts the last byte of a full line.
    pub fn as_c_str(&mut self) -> *const u8 {
        self.len = self.len.min(self.bytes.len() - 1);
        self.bytes[self.len] = 0;
        self.bytes.as_ptr()
    }

    /// Writes the line and a newline to standard error, in one call.
    pub fn print(&mut self) {
        self.len = self.len.min(self.bytes.len() - 1);
        self.str("\n");
        crate::syscall::forward(
            crate::syscall::nr::WRITE,
            [2, self.bytes.as_ptr() as i64, self.len as i64, 0, 0, 0],
        );
    }
}

/// Prints the line and ends the process with status 125.
pub fn fatal(mut line: Line) -> ! {
    line.print();
    loop {
        crate::syscall::forward(crate::syscall::nr::EXIT_GROUP, [125, 0, 0, 0, 0, 0]);
    }
}

/// [`fatal`] with a fixed text.
pub fn die(text: &str) -> ! {
    let mut line = Line::new();
    line.str("popcorn: error: ").str(text);
    fatal(line)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(build: impl Fn(&mut Line)) -> String {
        let mut line = Line::new();
        build(&mut line);
        String::from_utf8(line.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn numbers() {
        assert_eq!(
            shown(|l| {
                l.dec(0).str(" ").dec(u64::MAX);
            }),
            "0 18446744073709551615"
        );
        assert_eq!(
            shown(|l| {
                l.hex(0).str(" ").hex(0x10_0000_0000);
            }),
            "0x0 0x1000000000"
        );
        assert_eq!(
            shown(|l| {
                l.tenths(1_250_000, 1_000_000)
                    .str(" ")
                    .tenths(99_999, 1_000_000);
            }),
            "1.2 0.0"
        );
        assert_eq!(
            shown(|l| {
                l.millis(17_054_999).str(" ").millis(999);
            }),
            "17.054 0.000"
        );
        assert_eq!(parse_dec(b"042"), Some(42));
        assert_eq!(parse_dec(b""), None);
        assert_eq!(parse_dec(b"4x"), None);
        assert_eq!(parse_dec(b"99999999999999999999"), None);
    }

    #[test]
    fn long_lines_are_cut() {
        let mut line = Line::new();
        for _ in 0..200 {
            line.str("abcdef");
        }
        assert_eq!(line.as_bytes().len(), 512);
        line.as_c_str();
        assert_eq!(line.as_bytes().len(), 511);
    }
}
