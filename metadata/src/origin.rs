//! Who asked for a move or an image: a number in the image, and the runtime's to act on.

/// Who asked for a move or an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Origin {
    /// `POPCORN_HOP`.
    Schedule = 0,
    /// `popcorn migrate`, through its request file.
    Command = 1,
    /// `popcorn_migrate`, in the program.
    Program = 2,
    /// `popcorn checkpoint`, through its request file: an image is to be written.
    Checkpoint = 3,
    /// `popcorn restore`: a process comes out of an image.
    Restore = 4,
}

impl Origin {
    /// The inverse of `as u64`.
    pub fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::Schedule,
            1 => Self::Command,
            2 => Self::Program,
            3 => Self::Checkpoint,
            4 => Self::Restore,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let known = (0..10).filter_map(Origin::from_number);
        let numbers: Vec<u64> = known.map(|origin| origin as u64).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
    }
}
