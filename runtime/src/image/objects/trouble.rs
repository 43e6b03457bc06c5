//! Why an object cannot be in an image: small, for what is passed on often.

use crate::base::refusal::Refusal;
use crate::image::descriptor::shown;
use crate::kernel::{Errno, errno};
use crate::refusal;

/// An error of the kernel's, or what it is that cannot be.
pub struct Trouble {
    error: Errno,
    what: &'static str,
}

pub type Result<T> = core::result::Result<T, Trouble>;

impl From<Errno> for Trouble {
    fn from(error: Errno) -> Self {
        Self { error, what: "" }
    }
}

impl Trouble {
    /// The same of one descriptor.
    pub fn with(&self, fd: i32, path: &[u8]) -> Refusal {
        let (error, what, path) = (self.error, self.what, shown(path));
        if what.is_empty() {
            refusal!(
                error.0,
                "descriptor {fd} is {path}, which cannot be looked at: {error}"
            )
        } else {
            refusal!(
                error.0,
                "descriptor {fd} is {what}, {path}: it cannot be opened again"
            )
        }
    }
}

/// What it is cannot be in an image.
pub fn cannot<T>(what: &'static str) -> Result<T> {
    let error = Errno(errno::EBUSY);
    Err(Trouble { error, what })
}
