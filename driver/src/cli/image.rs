//! An image file: read, checked, and matched with its program.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use popcorn_metadata::image::{Checkpoint, Image, ImageError, MAGIC};
use popcorn_metadata::package::Package;

use crate::cli::exe::Exe;
use crate::error::{Error, Result};

/// The file, whole.
pub struct ImageFile {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl ImageFile {
    /// Reads a file.
    pub fn open(path: &Path) -> Result<ImageFile> {
        let bytes = fs::read(path).map_err(Error::io(path))?;
        Ok(ImageFile {
            path: path.to_owned(),
            bytes,
        })
    }

    /// Whether a file looks like an image.
    pub fn is_one(path: &Path) -> bool {
        use std::io::Read;
        let mut magic = [0; MAGIC.len()];
        let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic));
        read.is_ok() && magic == MAGIC
    }

    /// The image, checked.
    pub fn checkpoint(&self) -> Result<Checkpoint<'_>> {
        Image::parse(&self.bytes)
            .and_then(Checkpoint::read)
            .map_err(|e| self.error(e))
    }

    /// Names the file, and says what to do.
    fn error(&self, error: ImageError) -> Error {
        let help = match error {
            ImageError::Magic => "`popcorn checkpoint` writes images",
            ImageError::Version(_) | ImageError::Unknown(_) => {
                "restore it with the version of popcorn that wrote it"
            }
            ImageError::Unchecked(_) => "this is the image of a hop, not a checkpoint",
            _ => "the file was cut or changed after it was written; use another copy",
        };
        Error::usage(format!("{}: {error}", self.path.display()), help)
    }

    /// The program that the image is of: the one named, or the one recorded.
    pub fn program(&self, checkpoint: &Checkpoint<'_>, named: Option<&Path>) -> Result<Exe> {
        let recorded = path(checkpoint.program());
        let place = named.unwrap_or(&recorded);
        let exe = Exe::open(&place.canonicalize().map_err(|e| {
            let what = format!(
                "{}: its program {} cannot be read: {e}",
                self.path.display(),
                place.display()
            );
            Error::usage(what, "name the program with --program")
        })?)?;
        let package = Package::parse(&exe.bytes).map_err(|e| exe.error(e))?;
        let (found, wanted) = (package.build_id(), checkpoint.image().header().build_id);
        if found == wanted {
            return Ok(exe);
        }
        Err(Error::usage(
            format!(
                "{}: {} is another build of the program (build id {}, the image is of {})",
                self.path.display(),
                exe.path.display(),
                hex(&found),
                hex(&wanted)
            ),
            "name the very program that was running with --program",
        ))
    }
}

/// Bytes of an image as a path.
pub fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

/// A build id as text.
pub fn hex(id: &[u8]) -> String {
    id.iter().map(|b| format!("{b:02x}")).collect()
}
