//! What is entered, and how: a program for an ISA, by itself or under an emulator, with the program's arguments and
//! environment and some variables of ours.

use crate::base::path::{PathBuffer, of_descriptor};
use crate::base::text::Message;
use crate::kernel::memory::List;
use crate::kernel::{Errno, errno, process};
use crate::program::arguments::initial;

/// The emulator, and the target's ELF file.
pub struct Command<'a> {
    path: &'a PathBuffer,
    /// Addresses of C strings, and a null pointer.
    arguments: List<u64>,
    environment: List<u64>,
}

/// What is entered.
pub struct Target<'a> {
    pub emulator: Option<&'a PathBuffer>,
    /// The path of the descriptor that the ELF file is open on.
    pub file: &'a PathBuffer,
}

/// The path by which a descriptor is entered.
pub fn file_of(fd: i32) -> PathBuffer {
    of_descriptor(fd)
}

/// A variable of ours, with the zero byte at its end.
pub fn variable(name: &str, value: &dyn core::fmt::Display) -> Message {
    Message::of(format_args!("{name}={value}\0"))
}

impl<'a> Command<'a> {
    pub fn new(target: &Target<'a>, variables: &'a [Message]) -> Result<Self, Errno> {
        const NO_ROOM: Errno = Errno(errno::E2BIG);
        let Target { emulator, file } = *target;
        let path = emulator.unwrap_or(file);
        let c_string = |path: &PathBuffer| match path.as_c_str() {
            Ok(path) => Ok(path.as_ptr() as u64),
            Err(_) => Err(Errno(errno::ENAMETOOLONG)),
        };
        let mut arguments = List::with_room(initial().args().count() + 8)?;
        let mut environment = List::with_room(initial().env().count() + variables.len() + 1)?;
        let address = |text: &[u8]| text.as_ptr() as u64;
        let mut args = initial().args().map(address);
        let mut fits = true;
        if emulator.is_some() {
            let file = c_string(file)?;
            let name = args.next().unwrap_or(file);
            fits &= arguments.extend(&[c_string(path)?, c"-0".as_ptr() as u64, name, file]);
        }
        args.for_each(|a| fits &= arguments.push(a));
        fits &= arguments.push(0);
        initial()
            .visible_env()
            .for_each(|e| fits &= environment.push(address(e)));
        variables
            .iter()
            .for_each(|v| fits &= environment.push(address(v.as_bytes())));
        fits &= environment.push(0);
        let command = Self {
            path,
            arguments,
            environment,
        };
        if fits { Ok(command) } else { Err(NO_ROOM) }
    }

    /// Becomes it; returns only if that fails.
    pub fn execute(&self) -> Errno {
        let Ok(path) = self.path.as_c_str() else {
            return Errno(errno::ENAMETOOLONG);
        };
        let (arguments, environment) = (self.arguments.as_slice(), self.environment.as_slice());
        // SAFETY: C strings that live as long as this does, and both vectors end with a null pointer.
        unsafe { process::execute(path, arguments.as_ptr(), environment.as_ptr()) }
    }
}
