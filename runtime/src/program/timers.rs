//! POSIX timers. An exec deletes them: what they were is program state, and they are made again. Their numbers are the
//! program's: the kernel's of the first time, whatever it calls them later.

use crate::base::refusal::Refusal;
use crate::base::statics::{Slot, Travels};
use crate::kernel::lock::Lock;
use crate::kernel::signal::{self, Information};
use crate::kernel::{self, clock, errno, nr, sys, system_call};
use crate::program::alone::Alone;
use crate::program::{actions, identity, thread_ids};
use crate::{refusal, say};

/// A program with more of them stays.
const MOST: usize = 256;
/// qemu-user has no more.
const MOST_EMULATED: usize = 32;
/// What the program's calls say of a timer that the kernel does not have.
const NO_TIMER: i64 = -(errno::EINVAL as i64);

/// `struct sigevent`, as the kernel reads it.
#[repr(C)]
#[derive(Clone, Copy)]
struct Event {
    value: u64,
    signal: i32,
    notify: i32,
    thread: i32,
    unused: [i32; 11],
}

const _: () = assert!(size_of::<Event>() == 64);

impl Event {
    /// With the thread as the kernel knows it.
    fn for_kernel(self) -> Self {
        let thread = match self.notify == sys::SIGEV_THREAD_ID as i32 {
            true => thread_ids::to_kernel(self.thread as u32) as i32,
            false => self.thread,
        };
        Self { thread, ..self }
    }
}

#[derive(Clone, Copy)]
struct Timer {
    in_use: bool,
    /// The program's number.
    id: i32,
    /// The kernel's.
    kernels: i32,
    clock: i32,
    event: Event,
    /// It was set to a date.
    is_date: bool,
    /// As it was noted, in nanoseconds; `to_go` is 0 if it was not set.
    interval: u64,
    to_go: u64,
    /// When that is, by its own clock, and what `CLOCK_MONOTONIC` was.
    due: u64,
    noted: u64,
    /// What `timer_getoverrun` says until its next signal, or -1: ask the kernel.
    overrun: i32,
}

struct Table {
    timers: [Timer; MOST],
    /// Timers that found no room here.
    others: usize,
}

const NONE: Timer = Timer {
    in_use: false,
    id: 0,
    kernels: 0,
    clock: 0,
    event: Event {
        value: 0,
        signal: 0,
        notify: 0,
        thread: 0,
        unused: [0; 11],
    },
    is_date: false,
    interval: 0,
    to_go: 0,
    due: 0,
    noted: 0,
    overrun: 0,
};

static TABLE: Travels<Slot<Table>> = Travels::new(Slot::new(Table {
    timers: [NONE; MOST],
    others: 0,
}));
/// Held by whoever makes or deletes one.
static LOCK: Travels<Lock> = Travels::new(Lock::new());

fn table() -> &'static mut Table {
    // SAFETY: plain words. Who adds or removes a timer holds the lock; what else is written is one timer's, as the program
    // uses it from one thread at a time, or means little.
    unsafe { TABLE.get() }
}

fn in_use() -> impl Iterator<Item = &'static mut Timer> {
    table().timers.iter_mut().filter(|timer| timer.in_use)
}

fn find(id: i64) -> Option<&'static mut Timer> {
    in_use().find(|timer| i64::from(timer.id) == id)
}

fn locked<R>(f: impl FnOnce() -> R) -> R {
    actions::undisturbed(|| {
        let _held = LOCK.hold();
        f()
    })
}

/// The program's `timer_create`, `timer_settime`, `timer_gettime`, `timer_getoverrun`, `timer_delete`.
pub fn timer(n: i64, args: [i64; 6]) -> i64 {
    if n == nr::TIMER_CREATE {
        return create(args);
    }
    let [id, b, c, d, ..] = args;
    let Some(timer) = find(i64::from(id as i32)) else {
        return match table().others {
            0 => NO_TIMER,
            _ => kernel::call(n, args),
        };
    };
    let kernels = timer.kernels;
    if kernels < 0 {
        return NO_TIMER;
    }
    match n {
        nr::TIMER_DELETE => locked(|| {
            timer.in_use = false;
            system_call!(n, kernels)
        }),
        nr::TIMER_GETOVERRUN if timer.overrun >= 0 => timer.overrun.into(),
        nr::TIMER_SETTIME => {
            let result = system_call!(n, kernels, b, c, d);
            if result == 0 {
                timer.is_date = b & i64::from(sys::TIMER_ABSTIME) != 0;
            }
            result
        }
        _ => system_call!(n, kernels, b, c, d),
    }
}

fn create([clock, event, id, ..]: [i64; 6]) -> i64 {
    if !identity::is_own_process() {
        return system_call!(nr::TIMER_CREATE, clock, event, id);
    }
    locked(|| {
        let mut kernels = 0i32;
        let event_at = event as *const Event;
        let kernels_event = match event != 0 && thread_ids::is_any_translated() {
            // SAFETY: the program's structure.
            true => Some(unsafe { event_at.read_unaligned() }.for_kernel()),
            false => None,
        };
        let for_kernel = kernels_event.as_ref().map_or(event_at, |event| event);
        let made = system_call!(nr::TIMER_CREATE, clock, for_kernel, &raw mut kernels);
        if made < 0 {
            return made;
        }
        let all = table();
        let mine = free_id(kernels);
        let event = if event == 0 {
            // What the kernel has taken. The number is its own there.
            Event {
                value: mine as u64,
                signal: sys::SIGALRM as i32,
                notify: sys::SIGEV_SIGNAL as i32,
                ..NONE.event
            }
        } else {
            // SAFETY: the kernel has read it. Behind `thread` there may be nothing.
            unsafe {
                Event {
                    value: (&raw const (*event_at).value).read_unaligned(),
                    signal: (&raw const (*event_at).signal).read_unaligned(),
                    notify: (&raw const (*event_at).notify).read_unaligned(),
                    thread: (&raw const (*event_at).thread).read_unaligned(),
                    ..NONE.event
                }
            }
        };
        let mine = match all.timers.iter_mut().find(|timer| !timer.in_use) {
            Some(timer) => {
                *timer = Timer {
                    in_use: true,
                    id: mine,
                    kernels,
                    clock: clock as i32,
                    event,
                    overrun: -1,
                    ..NONE
                };
                mine
            }
            None => {
                all.others += 1;
                kernels
            }
        };
        // SAFETY: the program's word.
        unsafe { (id as *mut i32).write_unaligned(mine) };
        0
    })
}

/// The kernel's number, or the next that the program has no timer of.
fn free_id(mut id: i32) -> i32 {
    while find(id.into()).is_some() {
        id += 1;
    }
    id
}

/// A child has none of its parent's.
pub fn forked() {
    let table = table();
    if table.others > 0 || in_use().next().is_some() {
        table.others = 0;
        in_use().for_each(|timer| timer.in_use = false);
    }
}

/// The program's `rt_sigtimedwait`.
pub fn sigtimedwait(args: [i64; 6]) -> i64 {
    received(args, kernel::call(nr::RT_SIGTIMEDWAIT, args))
}

/// The program's `rt_sigtimedwait` has returned `result`.
pub fn received(args: [i64; 6], result: i64) -> i64 {
    if result > 0 && args[1] != 0 {
        // SAFETY: the program's structure, which the kernel has filled.
        identify(unsafe { &mut *(args[1] as *mut Information) });
    }
    result
}

/// A signal is about to be seen by the program: one of a timer gets the number that the program knows.
pub fn identify(information: &mut Information) {
    if information.is_of_timer() {
        rename(information);
    }
}

#[cold]
fn rename(information: &mut Information) {
    let (number, kernels) = (information.number() as i32, information.timer());
    let value = information.value();
    let mut same = in_use().filter(|t| t.event.signal == number && t.event.value == value);
    // Emulators know a timer by another number than their host, whose signal says its own. One that waited over a hop has
    // the number of before.
    let exact = in_use().find(|t| t.kernels == kernels && t.event.signal == number);
    if let Some(timer) = exact.or_else(|| same.next()) {
        timer.overrun = -1;
        information.set_timer(timer.id);
    }
}

/// The signals that timers send, of those that wait in the kernel one of a kind: an exec drops those that a timer has
/// sent.
pub fn signals() -> signal::Set {
    in_use()
        .filter(|timer| timer.event.notify != sys::SIGEV_NONE as i32)
        .map(|timer| signal::bit(timer.event.signal as u32))
        .fold(0, |all, one| all | one)
}

/// Checks that all can be made again.
pub fn check(is_emulated: bool) -> Result<(), Refusal> {
    let count = in_use().count();
    if table().others > 0 {
        return Err(refusal!(
            errno::EBUSY,
            "the program has more than {MOST} POSIX timers"
        ));
    }
    if is_emulated && count > MOST_EMULATED {
        return Err(refusal!(
            errno::EBUSY,
            "the program has {count} POSIX timers, and emulators have {MOST_EMULATED}"
        ));
    }
    Ok(())
}

/// Notes when each is due. No signal of theirs is pending: the kernel says so only then.
pub fn note(_alone: &mut Alone) {
    for timer in in_use() {
        let mut times = [0u64; 4];
        let kernels = timer.kernels;
        system_call!(nr::TIMER_GETTIME, kernels, times.as_mut_ptr());
        timer.interval = nanoseconds(times[0], times[1]);
        timer.to_go = nanoseconds(times[2], times[3]);
        timer.due = now_of(timer.clock) + timer.to_go;
        timer.noted = clock::now();
        if timer.overrun < 0 {
            timer.overrun = system_call!(nr::TIMER_GETOVERRUN, kernels) as i32;
        }
    }
}

/// Makes all of them again. `continues`: the clocks are those of before.
pub fn restore(_alone: &mut Alone, continues: bool) {
    for timer in in_use() {
        let mut kernels = -1i32;
        let event = timer.event.for_kernel();
        let event = &raw const event;
        let made = system_call!(nr::TIMER_CREATE, timer.clock, event, &raw mut kernels);
        timer.kernels = if made < 0 { -1 } else { kernels };
        if made < 0 {
            say!(
                "popcorn: POSIX timer {} could not be made again: error {}",
                timer.id,
                -made
            );
        } else if timer.to_go != 0 {
            set(timer, continues);
        }
    }
}

fn set(timer: &Timer, continues: bool) {
    let is_clock = |clock: u32| timer.clock == clock as i32;
    let follows_dates = is_clock(sys::CLOCK_REALTIME);
    let never_set = is_clock(sys::CLOCK_MONOTONIC) || is_clock(sys::CLOCK_BOOTTIME);
    // A date of a clock that has begun anew means nothing.
    let keeps_date = continues || follows_dates;
    let (flags, value) = if keeps_date && (timer.is_date || never_set) {
        (sys::TIMER_ABSTIME, timer.due)
    } else if follows_dates && continues {
        let gone = clock::now() - timer.noted;
        (0, timer.to_go.saturating_sub(gone))
    } else {
        (0, timer.to_go)
    };
    let words =
        [timer.interval, value.max(1)].map(|all| [all / 1_000_000_000, all % 1_000_000_000]);
    let kernels = timer.kernels;
    system_call!(nr::TIMER_SETTIME, kernels, flags, words.as_ptr(), 0);
}

fn now_of(clock: i32) -> u64 {
    let mut now = [0u64; 2];
    system_call!(nr::CLOCK_GETTIME, clock, now.as_mut_ptr());
    nanoseconds(now[0], now[1])
}

fn nanoseconds(seconds: u64, rest: u64) -> u64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}
