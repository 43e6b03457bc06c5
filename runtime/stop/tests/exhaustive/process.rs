//! A process as the protocol's surroundings: threads that compute, wait in calls, create each other, handle signals, fork
//! and end, and a kernel that delivers. What threads do for a stop is the protocol's own machines, step by step.

use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::sync::atomic::Ordering;

use popcorn_stop::{
    Action, Captured, Collect, CollectWhole, Commit, Committed, Failure, Forked, Gather, Gathered,
    Leave, Machine, Outcome, Phase, Point, Rebuild, Rebuilding, Rebuilt, Refuse, Release, Role,
    Stand, State, Step, Stood, Stopped, Who, Whole, Word,
};

use crate::faults::{Fault, Kind};
use crate::graph::{Model, SURROUNDINGS};

/// What a thread of the program does, one after the other; at the end it waits for ever in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// Computes for ever, with points.
    Spin,
    /// Waits in a call that no kick ends; it returns at some time.
    Leaf,
    /// Creates a thread with the next script of the setup.
    Create,
    /// Ends.
    Exit,
    /// Forks: the child goes on with the rest of the script.
    Fork,
    /// Runs a handler on top of computing code; there it passes points.
    Handler,
    /// Likewise; the handler never ends.
    Stay,
    /// Asks for a move by a call, which is a point.
    Ask,
    /// Ends the process.
    ExitGroup,
}

/// What a scenario is.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Scripts of the threads that there are at first, and of those that are created.
    pub first: Vec<&'static [Op]>,
    pub created: Vec<&'static [Op]>,
    pub requests: u8,
    /// How often the coordinator's wait may time out, and how often it kicks again before it gives up.
    pub timeouts: u8,
    pub rounds: u8,
    /// How many moves may fail after all threads were captured.
    pub failures: u8,
    /// The flag is up at first, for nothing.
    pub flag: bool,
    /// A request may stay unmet: it was deferred, and the coordinator waits in a call then.
    pub defers: bool,
    /// A thread in a handler refuses at once; else it goes on, to answer later.
    pub refuses: bool,
    pub fault: Fault,
}

/// One of the protocol's machines under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Running {
    Point(Point),
    Gather(Gather),
    Commit(Commit),
    Collect(Collect),
    Rebuild(Rebuild),
    CollectWhole(CollectWhole),
    Release(Release),
    Stand(Stand),
    Refuse(Refuse),
    Captured(Captured),
    Rebuilt(Rebuilt),
    Leave(Leave),
    Forked(Forked),
}

/// How a machine ended.
enum Ended {
    Role(Role),
    Gathered(Result<Gathered, (Failure, Release)>),
    Committed(Committed),
    Stopped(Stopped),
    Rebuilding(Rebuilding),
    Whole(Whole),
    Stood(Stood),
    Unit,
}

impl Running {
    fn name(&self) -> &'static str {
        match self {
            Self::Point(_) => "Point",
            Self::Gather(_) => "Gather",
            Self::Commit(_) => "Commit",
            Self::Collect(_) => "Collect",
            Self::Rebuild(_) => "Rebuild",
            Self::CollectWhole(_) => "CollectWhole",
            Self::Release(_) => "Release",
            Self::Stand(_) => "Stand",
            Self::Refuse(_) => "Refuse",
            Self::Captured(_) => "Captured",
            Self::Rebuilt(_) => "Rebuilt",
            Self::Leave(_) => "Leave",
            Self::Forked(_) => "Forked",
        }
    }

    fn step(&mut self, word: &Memory, outcome: Outcome) -> Step<Ended> {
        let unit = |()| Ended::Unit;
        match self {
            Self::Point(m) => m.step(word, outcome).map(Ended::Role),
            Self::Gather(m) => m.step(word, outcome).map(Ended::Gathered),
            Self::Commit(m) => m.step(word, outcome).map(Ended::Committed),
            Self::Collect(m) => m.step(word, outcome).map(Ended::Stopped),
            Self::Rebuild(m) => m.step(word, outcome).map(Ended::Rebuilding),
            Self::CollectWhole(m) => m.step(word, outcome).map(Ended::Whole),
            Self::Release(m) => m.step(word, outcome).map(unit),
            Self::Stand(m) => m.step(word, outcome).map(Ended::Stood),
            Self::Refuse(m) => m.step(word, outcome).map(unit),
            Self::Captured(m) => m.step(word, outcome).map(unit),
            Self::Rebuilt(m) => m.step(word, outcome).map(unit),
            Self::Leave(m) => m.step(word, outcome).map(unit),
            Self::Forked(m) => m.step(word, outcome).map(unit),
        }
    }
}

/// The word, for one step.
struct Memory {
    bits: Cell<u32>,
    /// It was looked at.
    used: Cell<bool>,
    machine: &'static str,
    fault: Fault,
}

impl Word for Memory {
    fn load(&self, _: Ordering) -> u32 {
        self.used.set(true);
        self.bits.get()
    }

    fn compare_exchange(
        &self,
        current: u32,
        new: u32,
        _: Ordering,
        _: Ordering,
    ) -> Result<u32, u32> {
        if self.bits.get() != current {
            return Err(self.bits.get());
        }
        if !self.fault.loses_store(self.machine, current, new) {
            self.bits.set(new);
        }
        Ok(current)
    }

    fn fence(&self, _: Ordering) {}
}

/// Where a thread comes back to after a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Back {
    Program,
    Handler(u8, bool),
    /// It makes its call again.
    Call,
    /// It tries again to take the list of threads.
    List,
}

impl Back {
    fn after_refusal(self) -> Self {
        match self {
            Self::Handler(times, true) => Self::Handler(times - 1, true),
            back => back,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Doing {
    /// Between two points, before the script's next operation.
    Program,
    /// It passes at most so many points more. Or it never ends, and refuses at most so often.
    Handler(u8, bool),
    /// A call that waits: has tested whether it was kicked, which is a state of its own only if that is not exact; is
    /// in the kernel.
    CallEnter,
    CallWait,
    Leaf,
    /// A machine is under way, and gets this outcome.
    Machine(Running, Outcome, Back),
    /// It has used the word, and will do this.
    Acting(Running, Action, Back),
    /// It sleeps until it is woken.
    Asleep(Running, Who, bool, Back),
    /// The coordinator takes the list of threads.
    Locking(Running, Back),
    /// All others stand.
    Gathered(Gathered, Back),
    /// All others stand, and have captured their stacks: the process is its own.
    Alone(Stopped, Back),
    /// Wants the list of threads, to create one or to end; has it; ends, and still has it.
    WantList,
    HasList,
    Dying,
    Dead,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Thread {
    script: &'static [Op],
    doing: Doing,
    /// A kick is pending; a kick has been delivered since the last look.
    kick: bool,
    kicked: bool,
    /// It was coordinator, and not all came.
    deferred: bool,
}

impl Thread {
    fn new(script: &'static [Op]) -> Self {
        Self {
            script,
            doing: Doing::Program,
            kick: false,
            kicked: false,
            deferred: false,
        }
    }

    fn is_alive(&self) -> bool {
        self.doing != Doing::Dead
    }

    /// Whether signals are delivered.
    fn hears(&self) -> bool {
        matches!(
            self.doing,
            Doing::Program | Doing::Handler(..) | Doing::CallEnter | Doing::CallWait | Doing::Leaf
        )
    }

    /// The machine under way, if there is one.
    fn running(&self) -> Option<&Running> {
        match &self.doing {
            Doing::Machine(running, ..)
            | Doing::Acting(running, ..)
            | Doing::Asleep(running, ..) => Some(running),
            _ => None,
        }
    }

    /// Whether it is not kicked, since it says that it stands.
    fn stands(&self) -> bool {
        matches!(self.running(), Some(Running::Stand(_)))
    }

    /// Whether it can run nothing of the program until the coordinator lets it.
    fn is_stopped(&self) -> bool {
        matches!(
            self.running(),
            Some(Running::Captured(_) | Running::Rebuilt(_))
        )
    }

    /// Whether it relies on nothing else running.
    fn is_alone(&self) -> bool {
        let rebuilds = matches!(
            self.running(),
            Some(Running::Rebuild(_) | Running::CollectWhole(_))
        );
        rebuilds || matches!(self.doing, Doing::Alone(..))
    }

    fn return_to(&mut self, back: Back, inexact: bool) {
        // Signals are let in: what is pending is delivered at once.
        self.kicked |= core::mem::take(&mut self.kick);
        self.doing = match back {
            Back::Program => Doing::Program,
            Back::Handler(points, stays) => Doing::Handler(points, stays),
            Back::Call => return self.call(inexact),
            Back::List => Doing::WantList,
        };
    }

    /// Makes a call that waits, if it was not kicked.
    fn call(&mut self, inexact: bool) {
        if core::mem::take(&mut self.kicked) {
            self.reach_point(Back::Call);
        } else if inexact {
            self.doing = Doing::CallEnter;
        } else {
            self.doing = Doing::CallWait;
        }
    }

    fn begin(&mut self, running: Running, back: Back) {
        self.doing = Doing::Machine(running, Outcome::Done, back);
    }

    fn reach_point(&mut self, back: Back) {
        self.begin(Running::Point(Point::REACHED), back);
    }
}

/// Adds a step: what it is, and what it changes.
type Add<'a> = dyn FnMut(&'static str, &dyn Fn(&mut Process)) + 'a;

/// A process.
#[derive(Debug, Clone)]
pub struct Process {
    setup: &'static Setup,
    word: u32,
    flag: bool,
    /// Requests that were sent and that no thread has heard of; that were heard of and not met.
    sent: u8,
    wanted: u8,
    to_send: u8,
    timeouts: u8,
    failures: u8,
    forks: u8,
    /// Who has the list of threads, and whether those who wait for it are sent to points.
    list: Option<(u8, bool)>,
    threads: Vec<Thread>,
    /// Moved away, or ended.
    over: bool,
}

impl Hash for Process {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.word, self.flag, self.sent, self.wanted).hash(hasher);
        (self.to_send, self.timeouts, self.failures, self.forks).hash(hasher);
        (self.list, &self.threads, self.over).hash(hasher);
    }
}

impl Process {
    pub fn new(setup: &'static Setup) -> Self {
        Self {
            setup,
            word: State::IDLE.to_bits(),
            flag: setup.flag,
            sent: 0,
            wanted: 0,
            to_send: setup.requests,
            timeouts: setup.timeouts,
            failures: setup.failures,
            forks: 0,
            list: None,
            threads: setup.first.iter().map(|&s| Thread::new(s)).collect(),
            over: false,
        }
    }

    fn phase(&self) -> Phase {
        State::from_bits(self.word).phase
    }

    /// The steps of one thread.
    fn thread_steps(&self, me: usize, out: &mut Vec<(u8, &'static str, Self)>) {
        let thread = &self.threads[me];
        let mut add = |label: &'static str, change: &dyn Fn(&mut Self)| {
            let mut next = self.clone();
            change(&mut next);
            out.push((me as u8, label, next));
        };
        match &thread.doing {
            Doing::Program => {
                if self.flag {
                    add("is at a point", &|p| {
                        p.threads[me].reach_point(Back::Program)
                    });
                }
                self.operation(me, &mut add);
            }
            &Doing::Handler(points, stays) => {
                let passes = points > 0 && (!stays || self.phase() == Phase::Gather);
                if self.flag && passes {
                    add("is at a point of a handler", &|p| {
                        p.threads[me].reach_point(Back::Handler(points - u8::from(!stays), stays));
                    });
                }
                if stays {
                    return;
                }
                add("ends its handler", &|p| {
                    let flag = p.flag;
                    let thread = &mut p.threads[me];
                    thread.kicked |= flag;
                    thread.doing = Doing::Program;
                });
            }
            Doing::CallEnter => add("enters the kernel", &|p| {
                p.threads[me].doing = Doing::CallWait;
            }),
            Doing::Leaf => add("returns from a call without frame", &|p| {
                p.threads[me].doing = Doing::Program;
            }),
            Doing::Machine(running, outcome, back) => {
                let (running, outcome, back) = (running.clone(), *outcome, *back);
                add(running.name(), &|p| {
                    p.machine(me, running.clone(), outcome, back)
                });
            }
            Doing::Acting(running, action, back) => {
                let (running, action, back) = (running.clone(), *action, *back);
                add(Kind::of(action).name(), &|p| {
                    p.act(me, running.clone(), action, back)
                });
            }
            Doing::Locking(running, back) if self.list.is_none() => {
                let (running, back) = (running.clone(), *back);
                add("takes the list's lock", &|p| {
                    p.list = Some((me as u8, false));
                    let others = Outcome::Others(p.others());
                    p.threads[me].doing = Doing::Machine(running.clone(), others, back);
                });
            }
            Doing::Gathered(gathered, back) => {
                let (gathered, back) = (gathered.clone(), *back);
                add("decides to go ahead", &|p| {
                    let commit = Commit::new(gathered.clone());
                    p.threads[me].begin(Running::Commit(commit), back);
                });
                if self.failures > 0 {
                    add("decides not to go ahead", &|p| {
                        p.failures -= 1;
                        p.wanted -= 1;
                        p.threads[me].begin(Running::Release(gathered.clone().into()), back);
                    });
                }
            }
            Doing::Alone(stopped, back) => {
                let (stopped, back) = (stopped.clone(), *back);
                add("moves the process", &|p| p.over = true);
                if self.failures > 0 {
                    add("fails to move the process", &|p| {
                        p.failures -= 1;
                        p.wanted -= 1;
                        p.threads[me].begin(Running::Rebuild(Rebuild::new(stopped.clone())), back);
                    });
                }
            }
            Doing::WantList => match self.list {
                None => add("takes the list of threads", &|p| {
                    p.list = Some((me as u8, false));
                    p.threads[me].doing = Doing::HasList;
                }),
                Some((_, true)) => add("is sent to a point", &|p| {
                    p.threads[me].reach_point(Back::List);
                }),
                Some((_, false)) => {}
            },
            Doing::HasList => add("creates or ends", &|p| p.with_list(me)),
            Doing::Dying => add("is gone for the kernel", &|p| {
                p.list = None;
                p.threads[me].doing = Doing::Dead;
            }),
            Doing::Asleep(..) | Doing::CallWait | Doing::Locking(..) | Doing::Dead => {}
        }
    }

    /// The next operation of a thread's script.
    fn operation(&self, me: usize, add: &mut Add) {
        let inexact = self.setup.fault == Fault::Inexact;
        let Some(&op) = self.threads[me].script.first() else {
            return add("makes its last call", &|p| p.threads[me].call(inexact));
        };
        let mut to = |label, doing: Doing| {
            add(label, &|p| {
                let thread = &mut p.threads[me];
                if !matches!(op, Op::Create | Op::Exit) {
                    thread.script = &thread.script[1..];
                }
                thread.doing = doing.clone();
            });
        };
        match op {
            Op::Spin => {}
            Op::Leaf => to("makes a call without frame", Doing::Leaf),
            Op::Create => to("wants to create a thread", Doing::WantList),
            // With all signals blocked: what it has heard before is its own to meet.
            Op::Exit if self.flag && !self.setup.fault.skips_last_point() => {
                add("wants to end, and passes a point", &|p| {
                    p.threads[me].reach_point(Back::List)
                });
            }
            Op::Exit => to("wants to end", Doing::WantList),
            Op::Handler => to("begins a handler", Doing::Handler(2, false)),
            // It refuses as often as there can be stops before the coordinator waits in a call.
            Op::Stay => to("begins a handler", Doing::Handler(4, true)),
            Op::Ask => add("asks for a move", &|p| {
                p.wanted += 1;
                let thread = &mut p.threads[me];
                thread.script = &thread.script[1..];
                thread.reach_point(Back::Program);
            }),
            Op::Fork => {
                add("forks", &|p| {
                    let thread = &mut p.threads[me];
                    thread.script = &thread.script[1..];
                });
                add("forks: its child", &|p| {
                    let script = &p.threads[me].script[1..];
                    p.forks += 1;
                    // Nothing but this thread is there; the list's lock is freed by libc; requests are for the parent.
                    p.threads = vec![Thread::new(script)];
                    (p.list, p.flag, p.sent, p.wanted) = (None, false, 0, 0);
                    p.to_send = p.setup.requests;
                    p.threads[0].begin(Running::Forked(Forked), Back::Program);
                });
            }
            Op::ExitGroup => add("ends the process", &|p| p.over = true),
        }
    }

    fn others(&self) -> u32 {
        self.threads.iter().filter(|t| t.is_alive()).count() as u32 - 1
    }

    /// With the list of threads.
    fn with_list(&mut self, me: usize) {
        let op = self.threads[me].script[0];
        let thread = &mut self.threads[me];
        thread.script = &thread.script[1..];
        if op == Op::Create {
            thread.return_to(Back::Program, false);
            let nth = self.threads.len() - self.setup.first.len();
            self.threads.push(Thread::new(self.setup.created[nth]));
            self.list = None;
        } else {
            // The kernel lets go of the list when the thread is gone.
            thread.doing = Doing::Dying;
        }
    }

    /// A machine's steps up to where the word or something outside is used, once.
    fn machine(&mut self, me: usize, mut running: Running, mut outcome: Outcome, back: Back) {
        loop {
            let memory = Memory {
                bits: Cell::new(self.word),
                used: Cell::new(false),
                machine: running.name(),
                fault: self.setup.fault,
            };
            let step = running.step(&memory, outcome);
            self.word = memory.bits.get();
            match step {
                Step::Next if memory.used.get() => {
                    self.threads[me].doing = Doing::Machine(running, Outcome::Done, back);
                }
                Step::Next => {
                    outcome = Outcome::Done;
                    continue;
                }
                Step::Do(action) if memory.used.get() => {
                    self.threads[me].doing = Doing::Acting(running, action, back);
                }
                Step::Do(action) => self.act(me, running, action, back),
                Step::End(end) => self.end(me, &running, end, back),
            }
            return;
        }
    }

    fn act(&mut self, me: usize, running: Running, action: Action, back: Back) {
        let lost = self.setup.fault.loses_action(running.name(), action);
        let done = |running| Doing::Machine(running, Outcome::Done, back);
        self.threads[me].doing = match action {
            Action::Wait {
                value,
                who,
                bounded,
            } if value == self.word || lost => Doing::Asleep(running, who, bounded, back),
            Action::LockThreads if !lost => Doing::Locking(running, back),
            Action::LockThreads => Doing::Machine(running, Outcome::Others(self.others()), back),
            Action::AskWanted => {
                Doing::Machine(running, Outcome::Wanted(self.wanted > 0 && !lost), back)
            }
            _ => done(running),
        };
        if lost {
            return;
        }
        match action {
            Action::Wake(whom) => {
                for thread in &mut self.threads {
                    if let Doing::Asleep(running, who, _, back) = &thread.doing
                        && *who == whom
                    {
                        thread.doing = Doing::Machine(running.clone(), Outcome::Done, *back);
                    }
                }
            }
            Action::UnlockThreads => self.list = None,
            Action::CallWaiting => self.list = Some((me as u8, true)),
            Action::RaiseFlag => self.flag = true,
            Action::LowerFlag => self.flag = false,
            Action::Kick => {
                for (other, thread) in self.threads.iter_mut().enumerate() {
                    thread.kick |= other != me && thread.is_alive() && !thread.stands();
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, me: usize, running: &Running, end: Ended, back: Back) {
        let refuses = self.setup.refuses;
        let inexact = self.setup.fault == Fault::Inexact;
        let in_handler = matches!(back, Back::Handler(..));
        let thread = &mut self.threads[me];
        match end {
            // It cannot stop here itself.
            Ended::Role(Role::Coordinate) if in_handler => thread.return_to(back, inexact),
            Ended::Role(Role::Coordinate) => {
                thread.begin(Running::Gather(Gather::new(self.setup.rounds)), back);
            }
            Ended::Role(Role::Stand) if in_handler && refuses => {
                thread.begin(Running::Refuse(Refuse::NOW), back);
            }
            Ended::Role(Role::Stand) if in_handler => thread.return_to(back, inexact),
            Ended::Role(Role::Stand) => thread.begin(Running::Stand(Stand::READY), back),
            Ended::Role(Role::GoOn) => thread.return_to(back, inexact),
            Ended::Stood(Stood::Leave) => thread.begin(Running::Leave(Leave::new()), back),
            Ended::Gathered(Ok(gathered)) => thread.doing = Doing::Gathered(gathered, back),
            Ended::Gathered(Err((failure, release))) => {
                thread.deferred = failure != Failure::Busy;
                thread.begin(Running::Release(release), back);
            }
            Ended::Committed(committed) => {
                thread.begin(Running::Collect(Collect::new(committed)), back);
            }
            Ended::Stopped(stopped) => thread.doing = Doing::Alone(stopped, back),
            Ended::Rebuilding(rebuilding) => {
                thread.begin(Running::CollectWhole(CollectWhole::new(rebuilding)), back);
            }
            Ended::Whole(whole) => thread.begin(Running::Release(whole.into()), back),
            Ended::Stood(Stood::TooLate) => thread.reach_point(back),
            Ended::Stood(Stood::Capture) => {
                thread.begin(Running::Captured(Captured::DONE), back);
            }
            Ended::Unit => match running {
                Running::Captured(_) => thread.begin(Running::Rebuilt(Rebuilt::DONE), back),
                Running::Rebuilt(_) => thread.begin(Running::Leave(Leave::new()), back),
                // What is wanted was deferred; or else something else may be wanted.
                Running::Release(_) if !core::mem::take(&mut thread.deferred) => {
                    thread.reach_point(back);
                }
                Running::Refuse(_) => thread.return_to(back.after_refusal(), inexact),
                Running::Release(_) if self.setup.defers => thread.return_to(Back::Call, inexact),
                _ => thread.return_to(back, inexact),
            },
        }
    }

    /// Steps of the kernel, and of whoever asks.
    fn kernel_steps(&self, out: &mut Vec<(u8, &'static str, Self)>) {
        if self.to_send > 0 {
            let mut next = self.clone();
            next.to_send -= 1;
            next.sent += 1;
            out.push((SURROUNDINGS, "a request is sent", next));
        }
        for (me, thread) in self.threads.iter().enumerate() {
            let mut deliver = |request: bool| {
                let mut next = self.clone();
                let thread = &mut next.threads[me];
                thread.kicked = true;
                if thread.doing == Doing::CallWait {
                    thread.kicked = false;
                    thread.reach_point(Back::Call);
                }
                if request {
                    next.sent -= 1;
                    next.wanted += 1;
                    next.flag = true;
                } else {
                    thread.kick = false;
                }
                // Delivery is the kernel's duty, so it is the thread's own step.
                out.push((
                    me as u8,
                    if request {
                        "hears a request"
                    } else {
                        "is kicked"
                    },
                    next,
                ));
            };
            if thread.hears() && self.sent > 0 {
                deliver(true);
            }
            if thread.hears() && thread.kick {
                deliver(false);
            }
            if let Doing::Asleep(running, _, true, back) = &thread.doing
                && self.timeouts > 0
            {
                let mut next = self.clone();
                next.timeouts -= 1;
                next.threads[me].doing = Doing::Machine(running.clone(), Outcome::TimedOut, *back);
                out.push((SURROUNDINGS, "the time is over", next));
            }
        }
    }
}

impl Model for Process {
    fn steps(&self, out: &mut Vec<(u8, &'static str, Self)>) {
        if self.over {
            return;
        }
        for me in 0..self.threads.len() {
            self.thread_steps(me, out);
        }
        self.kernel_steps(out);
    }

    fn broken(&self) -> Option<String> {
        if self.over {
            return None;
        }
        let alone = self.threads.iter().position(Thread::is_alone)?;
        let runs = |thread: &Thread| thread.is_alive() && !thread.is_stopped();
        for (other, thread) in self.threads.iter().enumerate() {
            if other != alone && runs(thread) {
                return Some(format!(
                    "thread {alone} has the process, but thread {other} does not stand"
                ));
            }
        }
        match &self.threads[alone].doing {
            Doing::Alone(stopped, _) if stopped.others() != self.others() => Some(format!(
                "thread {alone} has the process, and counts {} others",
                stopped.others()
            )),
            _ => None,
        }
    }

    fn stuck(&self) -> Option<String> {
        if self.over {
            return None;
        }
        let wanted = if self.setup.defers { 0 } else { self.wanted };
        if self.sent + wanted + self.to_send > 0 && self.threads.iter().any(Thread::is_alive) {
            return Some("a request is not met".to_owned());
        }
        if self.phase() != Phase::Idle || self.word != State::IDLE.to_bits() {
            return Some(format!(
                "the word ends as {:?}",
                State::from_bits(self.word)
            ));
        }
        if self.list.is_some() {
            return Some("the list's lock is not free".to_owned());
        }
        let rests = |thread: &Thread| match &thread.doing {
            Doing::Program => thread.script.first() == Some(&Op::Spin),
            doing => matches!(
                doing,
                Doing::CallWait | Doing::Dead | Doing::Handler(_, true)
            ),
        };
        let restless = self.threads.iter().position(|thread| !rests(thread))?;
        Some(format!(
            "thread {restless} goes no further: {:?}",
            self.threads[restless].doing
        ))
    }
}
