//! What `/proc/self/fdinfo` says of a descriptor: a line for each fact.

use crate::base::text::Message;
use crate::kernel::memory::List;
use crate::kernel::{Result, file};

/// The text.
pub struct Details(List<u8>);

impl Details {
    pub fn of(fd: i32) -> Result<Self> {
        let mut text = List::with_room(4096)?;
        let path = Message::of(format_args!("/proc/self/fdinfo/{fd}\0"));
        let path = core::ffi::CStr::from_bytes_with_nul(path.as_bytes()).unwrap_or(c"");
        let info = file::open(path, file::O_RDONLY | file::O_CLOEXEC, 0)?;
        while text.fill(4096, |room| file::read(info.get(), room))? > 0 {}
        Ok(Self(text))
    }

    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.0.as_slice().split(|&b| b == b'\n')
    }

    /// What stands behind a name.
    fn field(&self, name: &[u8]) -> Option<&[u8]> {
        self.lines().find_map(|line| line.strip_prefix(name))
    }

    /// A number, or numbers in brackets, with their base: the `n`th.
    pub fn number(&self, name: &[u8], base: u32, n: usize) -> Option<u64> {
        let digit = |b: &u8| char::from(*b).is_digit(base);
        let words = self.field(name)?.split(|b| !digit(b));
        let mut words = words.filter(|word| !word.is_empty());
        parse(words.nth(n)?, base)
    }
}

/// A number in some base.
pub fn parse(digits: &[u8], base: u32) -> Option<u64> {
    u64::from_str_radix(core::str::from_utf8(digits).ok()?, base).ok()
}
