//! The protocol on memory as CPUs have it: loom runs the same machines on threads, in all orders, and explores what each
//! load may see.
//!
//! What a thread wrote before it stood has to be there for the coordinator, and what the coordinator wrote has to be there
//! for those that go on: loom finds an access to plain memory that nothing orders, and threads that wait for each other.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicU32, fence};
use loom::sync::{Condvar, Mutex};
use popcorn_stop::{
    Action, Captured, Collect, CollectWhole, Commit, Gather, Leave, Outcome, Point, Rebuild,
    Rebuilt, Release, Role, Stand, Stood, System, Who, Word, run,
};

/// What is wrong with the memory or the futex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// Transitions of the word do not order what was written before them, or what is read after them.
    WeakStores,
    WeakLoads,
    /// Nobody of these is woken.
    Sleeps(Who),
}

struct LoomWord {
    bits: AtomicU32,
    fault: Fault,
}

impl LoomWord {
    fn order(&self, order: Ordering) -> Ordering {
        match (self.fault, order) {
            (Fault::WeakStores, Ordering::AcqRel) => Ordering::Acquire,
            (Fault::WeakLoads, Ordering::AcqRel) => Ordering::Release,
            (Fault::WeakLoads, Ordering::Acquire) => Ordering::Relaxed,
            _ => order,
        }
    }
}

impl Word for LoomWord {
    fn load(&self, order: Ordering) -> u32 {
        self.bits.load(self.order(order))
    }

    fn compare_exchange(
        &self,
        current: u32,
        new: u32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u32, u32> {
        let (success, failure) = (self.order(success), self.order(failure));
        self.bits.compare_exchange(current, new, success, failure)
    }

    fn fence(&self, order: Ordering) {
        fence(order);
    }
}

/// What the kernel knows of kicks: one for each thread, and whether all is done.
struct Kicks {
    kicked: Vec<bool>,
    requests: u32,
}

/// A process of a few threads that wait in calls until they are kicked.
struct Process {
    word: LoomWord,
    futex: Mutex<()>,
    waiting: [Condvar; 3],
    flag: AtomicU32,
    wanted: AtomicU32,
    kicks: Mutex<Kicks>,
    calls: Condvar,
    /// What each thread leaves for the coordinator, and the coordinator for all.
    records: Vec<UnsafeCell<u32>>,
    image: UnsafeCell<u32>,
}

// SAFETY: loom reports an access of the cells that nothing orders.
unsafe impl Sync for Process {}
// SAFETY: as above.
unsafe impl Send for Process {}

/// The process as one of its threads sees it.
struct Thread {
    process: Arc<Process>,
    me: usize,
}

fn place(who: Who) -> usize {
    (who as u32).trailing_zeros() as usize
}

impl System for Thread {
    type Word = LoomWord;

    fn word(&self) -> &LoomWord {
        &self.process.word
    }

    fn act(&self, action: Action) -> Outcome {
        let process = &self.process;
        match action {
            Action::Wait { value, who, .. } => {
                let held = process.futex.lock().unwrap();
                if process.word.bits.load(Ordering::Relaxed) == value {
                    drop(process.waiting[place(who)].wait(held).unwrap());
                }
            }
            Action::Wake(who) if process.word.fault == Fault::Sleeps(who) => {}
            Action::Wake(who) => {
                let _held = process.futex.lock().unwrap();
                process.waiting[place(who)].notify_all();
            }
            Action::LockThreads => return Outcome::Others(process.records.len() as u32 - 1),
            Action::AskWanted => {
                return Outcome::Wanted(process.wanted.load(Ordering::Relaxed) != 0);
            }
            Action::RaiseFlag => process.flag.store(1, Ordering::Relaxed),
            Action::LowerFlag => process.flag.store(0, Ordering::Relaxed),
            Action::Kick => self.kick(),
            Action::UnlockThreads | Action::CallWaiting => {}
        }
        Outcome::Done
    }
}

impl Thread {
    fn kick(&self) {
        let mut kicks = self.process.kicks.lock().unwrap();
        kicks.kicked.fill(true);
        self.process.calls.notify_all();
    }

    /// A call that waits until the thread is kicked. False: the program is over.
    fn call(&self) -> bool {
        let mut kicks = self.process.kicks.lock().unwrap();
        loop {
            if kicks.requests == 0 {
                return false;
            }
            if std::mem::take(&mut kicks.kicked[self.me]) {
                return true;
            }
            kicks = self.process.calls.wait(kicks).unwrap();
        }
    }

    /// A point after a call that was kicked.
    fn point(&self) {
        loop {
            match run(Point::REACHED, self) {
                Role::GoOn => return,
                Role::Coordinate => self.coordinate(),
                Role::Stand => match run(Stand::READY, self) {
                    Stood::TooLate => {}
                    Stood::Leave => return run(Leave::new(), self),
                    Stood::Capture => return self.capture(),
                },
            }
        }
    }

    fn capture(&self) {
        // SAFETY: loom checks.
        self.process.records[self.me].with_mut(|record| unsafe { *record += 1 });
        run(Captured::DONE, self);
        // SAFETY: loom checks.
        self.process
            .image
            .with(|image| unsafe { assert_ne!(*image, 0) });
        run(Rebuilt::DONE, self);
        run(Leave::new(), self);
    }

    /// Meets one request.
    fn coordinate(&self) {
        let process = &self.process;
        let gathered = match run(Gather::new(0), self) {
            Ok(gathered) => gathered,
            Err((_, release)) => return run(release, self),
        };
        let stopped = run(Collect::new(run(Commit::new(gathered), self)), self);
        for (other, record) in process.records.iter().enumerate() {
            // SAFETY: loom checks.
            record.with(|record| unsafe { assert!(other == self.me || *record > 0) });
        }
        // SAFETY: loom checks.
        process.image.with_mut(|image| unsafe { *image += 1 });
        process.wanted.fetch_sub(1, Ordering::Relaxed);
        let whole = run(CollectWhole::new(run(Rebuild::new(stopped), self)), self);
        run(Release::from(whole), self);
        process.kicks.lock().unwrap().requests -= 1;
        process.calls.notify_all();
    }

    fn live(&self, hears_request: bool) {
        if hears_request {
            self.process.wanted.fetch_add(1, Ordering::Relaxed);
            self.process.flag.store(1, Ordering::Relaxed);
            self.process.kicks.lock().unwrap().kicked[self.me] = true;
        }
        while self.call() {
            self.point();
        }
    }
}

/// Threads, of which so many hear a request, in all orders in which at most so many of them are interrupted between two
/// steps.
fn explore(threads: usize, requests: u32, fault: Fault, switches: usize) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(switches);
    model.max_branches = 10_000;
    model.check(move || {
        let process = Arc::new(Process {
            word: LoomWord {
                bits: AtomicU32::new(0),
                fault,
            },
            futex: Mutex::new(()),
            waiting: [Condvar::new(), Condvar::new(), Condvar::new()],
            flag: AtomicU32::new(0),
            wanted: AtomicU32::new(0),
            kicks: Mutex::new(Kicks {
                kicked: vec![false; threads],
                requests,
            }),
            calls: Condvar::new(),
            records: (0..threads).map(|_| UnsafeCell::new(0)).collect(),
            image: UnsafeCell::new(0),
        });
        let thread = |me: usize| Thread {
            process: Arc::clone(&process),
            me,
        };
        let others: Vec<_> = (1..threads)
            .map(|me| {
                let thread = thread(me);
                loom::thread::spawn(move || thread.live((me as u32) < requests))
            })
            .collect();
        thread(0).live(true);
        for other in others {
            other.join().unwrap();
        }
    });
}

/// More in `make test-long`.
fn switches(usual: usize, long: usize) -> usize {
    match std::env::var_os("POPCORN_LONG") {
        Some(_) => long,
        None => usual,
    }
}

#[test]
fn two_threads() {
    explore(2, 1, Fault::None, switches(5, 8));
}

#[test]
fn two_threads_two_requests() {
    explore(2, 2, Fault::None, switches(2, 4));
}

#[test]
fn three_threads() {
    explore(3, 1, Fault::None, switches(1, 2));
}

/// Whether loom finds the fault.
fn finds(fault: Fault) -> bool {
    std::panic::catch_unwind(|| explore(2, 1, fault, 3)).is_err()
}

#[test]
fn weak_memory_is_found() {
    assert!(finds(Fault::WeakStores));
    assert!(finds(Fault::WeakLoads));
}

#[test]
fn lost_wakes_are_found() {
    assert!(finds(Fault::Sleeps(Who::Standing)));
    assert!(finds(Fault::Sleeps(Who::Coordinator)));
}
