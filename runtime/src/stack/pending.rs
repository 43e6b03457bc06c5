//! Signals that wait for one thread: an exec drops them, and they wait for the same thread on the other side.

use crate::kernel::memory::List;
use crate::kernel::process;
use crate::kernel::signal::{self, Information, MIGRATE_SIGNAL, Set, bit};
use crate::program::identity;
use crate::say;

/// A thread with more of them loses the others.
const ROOM: usize = 1 << 10;

/// Signals of the calling thread, in the order in which they arrive.
pub struct Pending(Option<List<Information>>);

impl Pending {
    pub const NONE: Self = Self(None);

    /// Takes those of the calling thread. All signals are blocked.
    pub fn take() -> Self {
        // Mostly there are none, of the thread's or the process's.
        if signal::pending() & !bit(MIGRATE_SIGNAL) == 0 {
            return Self::NONE;
        }
        let mut list = None;
        while let own @ 1.. = own()
            && let Some(information) = signal::take(own)
        {
            if list.is_none() {
                list = List::with_room(ROOM).ok();
            }
            let kept = list.as_mut().is_some_and(|list| list.push(information));
            if !kept {
                let number = information.number();
                say!("popcorn: signal {number} was pending for a thread and is lost");
            }
        }
        Self(list)
    }

    /// Those that an image has of a thread.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (all, _) = bytes.as_chunks::<{ size_of::<Information>() }>();
        let mut list = List::with_room(all.len()).ok().filter(|_| !all.is_empty());
        for information in all.iter().map(Information::from_bytes) {
            // There is room for all.
            let _ = list.as_mut().is_some_and(|list| list.push(information));
        }
        Self(list)
    }

    pub fn as_slice(&self) -> &[Information] {
        self.0.as_ref().map_or(&[], List::as_slice)
    }

    /// They wait for the calling thread again.
    pub fn give_back(&mut self) {
        if let Some(list) = self.0.take() {
            list.as_slice().iter().for_each(queue);
        }
    }
}

/// What waits for the calling thread alone. An emulator holds what waits for the process for one of its threads.
fn own() -> Set {
    let all = match identity::is_emulated() {
        false => process::pending_for_thread(),
        true => Some(signal::pending()),
    };
    all.unwrap_or(0) & !bit(MIGRATE_SIGNAL)
}

/// It waits for the calling thread.
pub fn queue(information: &Information) {
    if let Err(error) = signal::queue_for_thread(information) {
        let number = information.number();
        say!("popcorn: signal {number} was pending for a thread and is lost: {error}");
    }
}
