//! `POPCORN_HOP`: moves of the program's own accord, for tests.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use popcorn_metadata::environment;
use popcorn_toolchains::Isa;

use crate::arch;
use crate::base::statics::{Slot, Travels};
use crate::base::text::{Bytes, parse_dec};
use crate::fatal;
use crate::program::alone::Alone;
use crate::program::arguments::Initial;
use crate::program::identity::isa_named;

static HOPS: Travels<Slot<Hops>> = Travels::new(Slot::new(Hops::NONE));
/// Migration points passed since the last hop.
static SINCE: Travels<AtomicU64> = Travels::new(AtomicU64::new(0));
/// Hops done, of any kind.
static DONE: Travels<AtomicU64> = Travels::new(AtomicU64::new(0));

/// At the start of a program: takes the schedule from the environment.
pub fn start(alone: &mut Alone, initial: &Initial) {
    let Some(text) = initial.var(environment::HOP).filter(|t| !t.is_empty()) else {
        return;
    };
    match Hops::parse(text) {
        Ok(hops) => HOPS.write(alone, hops),
        Err(part) => fatal!(
            "POPCORN_HOP: cannot make sense of `{}`; expected every=N[,max=M],isas=A:B:C or isas=self",
            Bytes(part)
        ),
    }
}

fn hops() -> Hops {
    // SAFETY: written at the program's start, or by its arrival, before anything else runs.
    unsafe { *HOPS.get() }
}

/// Whether there are more hops to come.
pub fn has_more() -> bool {
    let hops = hops();
    hops.every != 0 && DONE.load(Relaxed) < hops.max
}

/// Counts a migration point; whether there is to be a hop by now, if there is to be one at all.
pub fn is_due() -> bool {
    SINCE.fetch_add(1, Relaxed) + 1 >= hops().every
}

/// Where the next hop goes. `None`: it stays in this process.
pub fn next() -> Option<&'static Isa> {
    hops().next(arch::isa())
}

/// Not again before as many points have passed.
pub fn postpone() {
    SINCE.store(0, Relaxed);
}

/// Counts a hop as done; its number, from 1. Before the image is written, so that it is in there.
pub fn count_hop() -> u64 {
    postpone();
    DONE.fetch_add(1, Relaxed) + 1
}

/// Number of hops done.
pub fn hops_done() -> u64 {
    DONE.load(Relaxed)
}

/// Takes a hop back that did not come about; not tried again before as many points have passed.
pub fn uncount_hop() {
    DONE.fetch_sub(1, Relaxed);
}

/// A schedule.
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

#[cfg(test)]
mod tests {
    use super::*;
    use popcorn_toolchains::ALL;

    #[test]
    fn hops() {
        let hops = Hops::parse(b"every=7,isas=self").unwrap();
        assert_eq!((hops.every, hops.max, hops.cycle_len), (7, u64::MAX, 0));
        assert!(hops.next(popcorn_toolchains::BASE).is_none());
        let names: Vec<&str> = ALL.iter().map(|i| i.name).collect();
        let text = format!("every=3,max=2,isas={}", names.join(":"));
        let hops = Hops::parse(text.as_bytes()).unwrap();
        assert_eq!((hops.max, hops.cycle_len), (2, ALL.len() as u8));
        assert_eq!(hops.next(ALL[0]).unwrap().id, 1);
        assert_eq!(hops.next(ALL[ALL.len() - 1]).unwrap().id, 0);
        let other = Hops::parse(format!("every=1,isas={}", names[1]).as_bytes()).unwrap();
        assert_eq!(other.next(ALL[0]).unwrap().id, 1);
        assert_eq!(Hops::parse(b"every=0,isas=self"), Err(&b"every=0"[..]));
        assert_eq!(Hops::parse(b"every=1,isas=z80"), Err(&b"z80"[..]));
        assert_eq!(Hops::parse(b"isas=self"), Err(&b"isas=self"[..]));
        assert_eq!(Hops::parse(b"evry=1"), Err(&b"evry=1"[..]));
    }
}
