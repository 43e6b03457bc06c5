//! The frame that the kernel pushes before it calls a signal handler: where, from the stack pointer that
//! the handler returns with, the interrupted registers lie. Offsets in bytes.

/// Offsets of the interrupted registers.
#[derive(Debug)]
pub struct SignalFrame {
    /// `ucontext_t`, which a handler's third argument points to.
    pub context: u16,
    /// The signal mask to return with.
    pub mask: u16,
    /// The register with a system call's result.
    pub result: u16,
    pub sp: u16,
    pub pc: u16,
    /// The link register, where calls leave the return address in one.
    pub link: Option<u16>,
    /// In the order of `Isa::callee_saved`.
    pub saved: &'static [u16],
    /// Where those of `Isa::callee_saved` are that follow `saved`'s.
    pub tagged: Option<Tagged>,
}

/// Registers in one of a list of records behind the others. A record is a header (u32 magic number, u32 bytes to the
/// next record, padding) and contents; the last has the magic number 0.
#[derive(Debug)]
pub struct Tagged {
    /// Offset of the first record.
    pub start: u16,
    /// Bytes of a header.
    pub header: u16,
    /// Kinds of records that hold the registers, of which a frame has one at most: magic number, bytes from one
    /// register to the next. A process that never used the registers has none, and nothing in them.
    pub kinds: &'static [(u32, u16)],
    /// Their numbers, which begin with 0 right behind the header.
    pub registers: &'static [u16],
}

impl SignalFrame {
    /// How many registers it describes.
    pub const fn registers(&self) -> usize {
        match &self.tagged {
            None => self.saved.len(),
            Some(tagged) => self.saved.len() + tagged.registers.len(),
        }
    }

    /// The callee-saved registers of the frame at `base`, in the order of `Isa::callee_saved`.
    ///
    /// # Safety
    /// A frame of this port's kernel is there.
    pub unsafe fn saved(&self, base: u64, registers: &mut [u64]) {
        // SAFETY: by contract.
        let word = |offset: u64| unsafe { *((base + offset) as *const u64) };
        let (first, rest) = registers.split_at_mut(self.saved.len());
        for (register, &offset) in first.iter_mut().zip(self.saved) {
            *register = word(offset.into());
        }
        let Some(tagged) = &self.tagged else { return };
        let mut at = u64::from(tagged.start);
        loop {
            let (magic, size) = (word(at) as u32, word(at) >> 32);
            if let Some((_, step)) = tagged.kinds.iter().find(|kind| kind.0 == magic) {
                for (register, &number) in rest.iter_mut().zip(tagged.registers) {
                    let offset = tagged.header + step * number;
                    *register = word(at + u64::from(offset));
                }
                return;
            }
            if magic == 0 || size == 0 {
                return;
            }
            at += size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: SignalFrame = SignalFrame {
        context: 0,
        mask: 0,
        result: 0,
        sp: 8,
        pc: 0,
        link: None,
        saved: &[16, 8],
        tagged: Some(Tagged {
            start: 24,
            header: 16,
            kinds: &[(7, 8), (8, 16)],
            registers: &[1, 2],
        }),
    };

    fn saved(words: &[u64]) -> [u64; 4] {
        let mut registers = [0; 4];
        // SAFETY: the tests' frames end with a record of number 0, or hold the registers.
        unsafe { FRAME.saved(words.as_ptr() as u64, &mut registers) };
        registers
    }

    #[test]
    fn registers_in_tagged_records() {
        let record = |magic: u64, size: u64| size << 32 | magic;
        // Behind a record of another kind.
        let other = [1, 2, 3, record(9, 24), 0, 99, record(7, 40), 0, 10, 11, 12];
        assert_eq!(saved(&other), [3, 2, 11, 12]);
        let wide = [1, 2, 3, record(8, 64), 0, 10, 0, 11, 0, 12, 0];
        assert_eq!(saved(&wide), [3, 2, 11, 12]);
        let none = [1, 2, 3, record(9, 24), 0, 99, record(0, 0)];
        assert_eq!(saved(&none), [3, 2, 0, 0]);
    }
}
