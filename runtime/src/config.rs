//! What the environment asks of the runtime, and where this incarnation is.

use core::sync::atomic::{AtomicI32, Ordering::Relaxed};

use popcorn_toolchains::{ALL, Isa};

use crate::arch;
use crate::start::{self, Initial};
use crate::syscall::{forward, nr, state};
use crate::text::{Line, die, fatal, parse_dec};

/// `POPCORN_HOP`: moves of its own accord, for tests. Program state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hops {
    /// At every so many migration points; 0: never.
    pub every: u64,
    /// At most so many hops.
    pub max: u64,
    /// Ids of the ISAs to go round; empty: capture and resume in the same process.
    pub cycle: [u8; 8],
    pub cycle_len: u8,
}

impl Hops {
    pub const NONE: Self = Self {
        every: 0,
        max: u64::MAX,
        cycle: [0; 8],
        cycle_len: 0,
    };

    /// Reads `every=N[,max=M],isas=a:b:c` or `…,isas=self`. The error is the part that is wrong.
    pub fn parse(text: &[u8]) -> Result<Self, &[u8]> {
        let mut hops = Self::NONE;
        // After `isas=`, the rest is its value.
        for part in text.split(|&b| b == b',') {
            let at = part.iter().position(|&b| b == b'=').ok_or(part)?;
            let (name, value) = (&part[..at], &part[at + 1..]);
            match name {
                b"every" => hops.every = parse_dec(value).filter(|&n| n > 0).ok_or(part)?,
                b"max" => hops.max = parse_dec(value).ok_or(part)?,
                b"isas" if value == b"self" => hops.cycle_len = 0,
                b"isas" => {
                    for name in value.split(|&b| b == b':') {
                        let isa = isa_named(name).ok_or(name)?;
                        let slot = hops.cycle.get_mut(usize::from(hops.cycle_len));
                        *slot.ok_or(part)? = isa.id as u8;
                        hops.cycle_len += 1;
                    }
                }
                _ => return Err(part),
            }
        }
        if hops.every == 0 {
            return Err(text);
        }
        Ok(hops)
    }

    /// Where to go next from `here`: the ISA after `here` in the cycle, or its first. `None`: stay in
    /// this process.
    pub fn next(&self, here: &Isa) -> Option<&'static Isa> {
        let cycle = &self.cycle[..usize::from(self.cycle_len)];
        let at = cycle.iter().position(|&id| u16::from(id) == here.id);
        let next = at.map_or(0, |i| (i + 1) % cycle.len());
        cycle.get(next).and_then(|&id| Isa::by_id(id.into()))
    }
}

/// Looks an ISA up by the bytes of its name.
pub fn isa_named(name: &[u8]) -> Option<&'static Isa> {
    ALL.iter().copied().find(|isa| isa.name.as_bytes() == name)
}

/// Id of the machine's own ISA, or -1 if it is none of ours.
#[unsafe(link_section = ".popcorn.private.host")]
static HOST: AtomicI32 = AtomicI32::new(-1);

/// The ISA whose programs the machine runs without an emulator.
pub fn host() -> Option<&'static Isa> {
    u16::try_from(HOST.load(Relaxed)).ok().and_then(Isa::by_id)
}

/// Takes in what belongs to this incarnation.
pub fn start(initial: &Initial) {
    state::own_process();
    let host = match initial.var(start::HOST) {
        Some(name) => isa_named(name),
        None => machine(),
    };
    HOST.store(host.map_or(-1, |isa| isa.id.into()), Relaxed);
    if let Some(fd) = initial.var(start::PROG).and_then(parse_dec) {
        state::set_program_fd(fd as i32);
    }
    if let Some(fd) = initial.var(start::ELF).and_then(parse_dec) {
        forward(nr::CLOSE, [fd as i64, 0, 0, 0, 0, 0]);
    }
}

/// Takes in what belongs to the program, at its beginning.
pub fn fresh(initial: &Initial) -> Hops {
    state::set_tracing(initial.var(b"POPCORN_TRACE=") == Some(b"1"));
    let Some(text) = initial.var(b"POPCORN_HOP=").filter(|t| !t.is_empty()) else {
        return Hops::NONE;
    };
    Hops::parse(text).unwrap_or_else(|part| {
        let mut line = Line::new();
        line.str("popcorn: error: POPCORN_HOP: cannot make sense of `")
            .bytes(part)
            .str("`; expected every=N[,max=M],isas=A:B:C or isas=self");
        fatal(line)
    })
}

/// What `uname` says, in a process that no emulator runs: then it is the ISA we were compiled for,
/// whatever the kernel's personality calls it. Under an emulator the first incarnation is told.
fn machine() -> Option<&'static Isa> {
    const FIELD: usize = 65;
    let mut names = [[0u8; FIELD]; 6];
    if forward(nr::UNAME, [names.as_mut_ptr() as i64, 0, 0, 0, 0, 0]) < 0 {
        die("uname failed");
    }
    let machine = &names[4];
    let end = machine.iter().position(|&b| b == 0).unwrap_or(FIELD);
    isa_named(&machine[..end]).or(Some(arch::isa()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops() {
        let hops = Hops::parse(b"every=7,isas=self").unwrap();
        assert_eq!((hops.every, hops.max, hops.cycle_len), (7, u64::MAX, 0));
        assert!(hops.next(popcorn_toolchains::BASE).is_none());
        let names: Vec<&str> = ALL.iter().map(|i| i.name).collect();
        let text = format!("every=3,max=2,isas={}", names.join(":"));
        let hops = Hops::parse(text.as_bytes()).unwrap();
        assert_eq!((hops.max, hops.cycle_len), (2, 3));
        assert_eq!(hops.next(ALL[0]).unwrap().id, 1);
        assert_eq!(hops.next(ALL[2]).unwrap().id, 0);
        let other = Hops::parse(format!("every=1,isas={}", names[1]).as_bytes()).unwrap();
        assert_eq!(other.next(ALL[0]).unwrap().id, 1);
        assert_eq!(Hops::parse(b"every=0,isas=self"), Err(&b"every=0"[..]));
        assert_eq!(Hops::parse(b"every=1,isas=z80"), Err(&b"z80"[..]));
        assert_eq!(Hops::parse(b"isas=self"), Err(&b"isas=self"[..]));
        assert_eq!(Hops::parse(b"evry=1"), Err(&b"evry=1"[..]));
    }
}
