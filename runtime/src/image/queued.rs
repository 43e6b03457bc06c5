//! Real-time signals that are pending. They wait in a queue, each with a value; and an emulator knows them by other
//! numbers than its host: a signal that waits over the exec would arrive as another one. So they are taken out of the
//! queue, travel in the image, and are queued again on the other side. Other signals have one number everywhere, and
//! wait in the kernel; but those that POSIX timers send, which an exec drops.

use popcorn_metadata::image::QUEUED_SIZE;

use crate::base::refusal::Refusal;
use crate::kernel::errno;
use crate::kernel::memory::List;
use crate::kernel::signal::{self, Information};
use crate::program::timers;
use crate::{refusal, say};

const _: () = assert!(size_of::<Information>() == QUEUED_SIZE);

/// Signals from here on are queued.
const FIRST: u32 = 32;
/// Emulators have no numbers on their host for those above.
const LAST_EMULATED: u32 = 62;
/// A process with more of them stays.
const ROOM: usize = 1 << 16;

/// Signals out of the queue, in the order in which they arrive.
pub struct Queued(List<Information>);

impl Queued {
    /// Takes all of them. All signals are blocked.
    pub fn take() -> Result<Self, Refusal> {
        let all: signal::Set = signal::ALL << (FIRST - 1) | timers::signals();
        let none_is_pending = signal::pending() & all == 0;
        let room = if none_is_pending { 0 } else { ROOM };
        let list = List::with_room(room);
        let list = list.map_err(|e| refusal!(e.0, "no memory for the pending signals: {e}"))?;
        let mut queued = Self(list);
        while !none_is_pending && let Some(information) = signal::take(all) {
            if !queued.0.push(information) {
                queued.give_back();
                queue(&information);
                return Err(refusal!(errno::EBUSY, "too many signals are pending"));
            }
        }
        Ok(queued)
    }

    /// Checks that they can be queued where the process goes on.
    pub fn check(&self, is_emulated: bool) -> Result<(), Refusal> {
        let unknown = |information: &&Information| information.number() > LAST_EMULATED;
        match self.0.as_slice().iter().find(unknown) {
            Some(information) if is_emulated => Err(refusal!(
                errno::EBUSY,
                "signal {} is pending, which emulators do not have",
                information.number()
            )),
            _ => Ok(()),
        }
    }

    /// Queues them again in this process.
    pub fn give_back(&self) {
        self.0.as_slice().iter().for_each(queue);
    }

    /// Those of them that would wait in the kernel otherwise, one of a kind.
    pub fn of_timers(&self) -> signal::Set {
        let numbers = self.0.as_slice().iter().map(Information::number);
        numbers
            .filter(|&number| !is_queued(number))
            .fold(0, |all, number| all | signal::bit(number))
    }

    /// The section's contents.
    pub fn bytes(&self) -> &[u8] {
        signal::bytes_of(self.0.as_slice())
    }
}

fn queue(information: &Information) {
    if let Err(error) = signal::queue(information) {
        let number = information.number();
        say!("popcorn: signal {number} was pending and is lost: {error}");
    }
}

/// Queues what a section holds. All signals are blocked.
pub fn restore(section: &[u8]) {
    let (all, _) = section.as_chunks::<QUEUED_SIZE>();
    for information in all.iter().map(Information::from_bytes) {
        queue(&information);
    }
}

/// Signals that wait in the kernel, one of a kind, are those below.
pub fn is_queued(number: u32) -> bool {
    number >= FIRST
}
