//! Descriptors that the program marked close-on-exec: they must stay open for a hop, and get their mark back on the
//! other side.

use crate::base::refusal::Refusal;
use crate::kernel::memory::List;
use crate::kernel::{descriptors, errno, file};
use crate::refusal;

/// Descriptors a list has room for; a process with more marked ones stays.
const ROOM: usize = 1 << 16;

/// The program's descriptors that are marked close-on-exec.
pub struct CloseOnExec(List<i32>);

impl CloseOnExec {
    /// Lists them, `ours` left out.
    pub fn list(ours: &[i32]) -> Result<Self, Refusal> {
        let no_list = || refusal!(errno::ENOMEM, "the open descriptors cannot be listed");
        let mut list = List::with_room(ROOM).map_err(|_| no_list())?;
        let complete = descriptors::each(|fd| {
            !file::is_close_on_exec(fd) || ours.contains(&fd) || list.push(fd)
        });
        if complete {
            Ok(Self(list))
        } else {
            Err(no_list())
        }
    }

    /// Their numbers.
    pub fn descriptors(&self) -> &[i32] {
        self.0.as_slice()
    }

    /// Lets all of them stay open over an exec, or marks them again.
    pub fn keep(&self, keep: bool) {
        for &fd in self.descriptors() {
            file::keep_on_exec(fd, keep);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn marked_descriptors_are_found() {
        // std opens everything close-on-exec.
        let file = std::fs::File::open("/dev/null").unwrap();
        let fd = file.as_raw_fd();
        let list = CloseOnExec::list(&[]).unwrap();
        assert!(list.descriptors().contains(&fd));
        let list = CloseOnExec::list(&[fd]).unwrap();
        assert!(!list.descriptors().contains(&fd));
        file::keep_on_exec(fd, true);
        let list = CloseOnExec::list(&[]).unwrap();
        assert!(!list.descriptors().contains(&fd));
    }
}
