//! Paths: as long as the kernel takes them, and never cut.

use core::ffi::CStr;
use core::fmt;

/// Bytes of the longest path, its end included (`PATH_MAX`).
pub const PATH_MAX: usize = 4096;

/// The path would be longer than the kernel takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

/// A path under construction.
pub struct PathBuffer {
    /// Zero from `len` on.
    bytes: [u8; PATH_MAX],
    len: usize,
    /// Something did not fit, or held a zero byte.
    broken: bool,
}

impl Default for PathBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl PathBuffer {
    pub const fn new() -> Self {
        Self {
            bytes: [0; PATH_MAX],
            len: 0,
            broken: false,
        }
    }

    /// The path that these bytes are.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TooLong> {
        let mut path = Self::new();
        path.push(bytes);
        path.as_c_str()?;
        Ok(path)
    }

    /// Appends. What does not fit makes the whole path unusable.
    pub fn push(&mut self, bytes: &[u8]) -> &mut Self {
        match self.bytes[..PATH_MAX - 1].get_mut(self.len..self.len + bytes.len()) {
            Some(room) if !bytes.contains(&0) => {
                room.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            _ => self.broken = true,
        }
        self
    }

    /// For the kernel.
    pub fn as_c_str(&self) -> Result<&CStr, TooLong> {
        if self.broken {
            return Err(TooLong);
        }
        CStr::from_bytes_with_nul(&self.bytes[..=self.len]).map_err(|_| TooLong)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl fmt::Write for PathBuffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        if self.broken { Err(fmt::Error) } else { Ok(()) }
    }
}

/// `/proc/self/fd/<fd>`.
pub fn of_descriptor(fd: i32) -> PathBuffer {
    use fmt::Write;
    let mut path = PathBuffer::new();
    let _ = write!(path, "/proc/self/fd/{fd}");
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_whole_or_an_error() {
        let mut path = PathBuffer::new();
        path.push(&[b'a'; PATH_MAX - 1]);
        assert_eq!(path.as_c_str().unwrap().count_bytes(), PATH_MAX - 1);
        path.push(b"b");
        assert_eq!(path.as_c_str(), Err(TooLong));
        assert!(PathBuffer::from_bytes(b"a\0b").is_err());
        assert_eq!(of_descriptor(7).as_c_str(), Ok(c"/proc/self/fd/7"));
    }
}
