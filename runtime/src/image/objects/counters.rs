//! What only counts: `eventfd`, `timerfd`, `signalfd`.

use popcorn_metadata::image::Object;
use popcorn_metadata::image::objects::{object, state};

use super::details::Details;
use super::table::Table;
use super::trouble::{Result, cannot};
use crate::arch;
use crate::image::descriptor::Descriptor;
use crate::kernel::{clock, file, object as kernel};
use crate::program::identity;

/// The kernel does not say what it should.
fn silent<T>() -> Result<T> {
    cannot("of a kind of which this kernel does not tell")
}

pub fn event(table: &mut Table, descriptor: &Descriptor) -> Result<u32> {
    let fd = descriptor.fd;
    let details = Details::of(fd)?;
    let count = details
        .number(b"eventfd-count:", 16, 0)
        .map_or_else(silent, Ok)?;
    let told = details
        .number(b"eventfd-semaphore:", 10, 0)
        .map(|is| is != 0);
    let semaphore = told.unwrap_or_else(|| takes_one(fd, count));
    Ok(table.add(
        descriptor,
        Object {
            kind: object::EVENT,
            state: if semaphore { state::SEMAPHORE } else { 0 },
            a: count,
            ..Object::default()
        },
    )?)
}

/// Whether a read takes one from a counter, or all: tries it, and gives back what it took.
fn takes_one(fd: i32, count: u64) -> bool {
    let add = |n: u64| n == 0 || file::write(fd, &n.to_le_bytes()).is_ok();
    let whole = count.max(2);
    add(whole - count);
    let mut taken = [0; 8];
    let _ = file::read(fd, &mut taken);
    let taken = u64::from_le_bytes(taken);
    let mut left = whole - taken;
    while left > count {
        // A semaphore: one each.
        let _ = file::read(fd, &mut [0; 8]);
        left -= 1;
    }
    add(count - left);
    taken == 1
}

pub fn timer(table: &mut Table, descriptor: &Descriptor) -> Result<u32> {
    const REALTIME: [u64; 2] = [0, 8];
    const ABSOLUTE: u64 = 1;
    const CANCELLED_BY_SET: u64 = 2;
    let fd = descriptor.fd;
    kernel::count_expiries(fd);
    let details = Details::of(fd)?;
    let number = |name: &[u8], n| {
        let number = details.number(name, 10, n);
        number.map_or_else(silent, Ok)
    };
    let time =
        |name: &[u8]| -> Result<u64> { Ok(number(name, 0)? * 1_000_000_000 + number(name, 1)?) };
    let (clock, flags) = (number(b"clockid:", 0)?, number(b"settime flags:", 0)?);
    let (left, interval) = (time(b"it_value:")?, time(b"it_interval:")?);
    // One that repeats and shows nothing left has just expired.
    let left = if left == 0 && interval != 0 { 1 } else { left };
    let absolute = REALTIME.contains(&clock) && flags & ABSOLUTE != 0 && left != 0;
    let mut bits = 0;
    if absolute {
        bits |= state::ABSOLUTE;
    }
    if flags & CANCELLED_BY_SET != 0 {
        bits |= state::CANCELLED_BY_SET;
    }
    Ok(table.add(
        descriptor,
        Object {
            kind: object::TIMER,
            state: bits,
            a: clock,
            b: if absolute {
                clock::date_nanoseconds() + left
            } else {
                left
            },
            c: interval,
            d: number(b"ticks:", 0)?,
            ..Object::default()
        },
    )?)
}

pub fn signals(table: &mut Table, descriptor: &Descriptor) -> Result<u32> {
    let fd = descriptor.fd;
    let details = Details::of(fd)?;
    let mask = details.number(b"sigmask:", 16, 0).map_or_else(silent, Ok)?;
    let emulated = identity::host().is_none_or(|host| host.id != arch::isa().id);
    Ok(table.add(
        descriptor,
        Object {
            kind: object::SIGNALS,
            a: if emulated { from_host(mask) } else { mask },
            ..Object::default()
        },
    )?)
}

/// A mask of an emulator's host as its program has it: real-time signals, from 32 on, are two numbers lower.
fn from_host(mask: u64) -> u64 {
    const FIRST: u32 = 31;
    let low = mask & ((1 << FIRST) - 1);
    low | mask >> FIRST >> 2 << FIRST
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::{AsRawFd, FromRawFd};

    #[test]
    fn counters_stay_as_they_are() {
        for (flags, semaphore) in [(0, false), (1, true)] {
            for count in [0u64, 1, 2, 7] {
                let event = kernel::event_counter(flags).unwrap();
                // SAFETY: handed over.
                let mut event = unsafe { std::fs::File::from_raw_fd(event.into_raw()) };
                event.write_all(&count.to_le_bytes()).unwrap();
                assert_eq!(takes_one(event.as_raw_fd(), count), semaphore);
                let details = Details::of(event.as_raw_fd()).unwrap();
                assert_eq!(details.number(b"eventfd-count:", 16, 0), Some(count));
            }
        }
    }

    #[test]
    fn masks_of_hosts() {
        assert_eq!(from_host(1 << 9 | 1 << 41), 1 << 9 | 1 << 39);
    }
}
