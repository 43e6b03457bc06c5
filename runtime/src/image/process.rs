//! What else the kernel keeps for a process and a checkpoint has to: program, arguments, working directory, timers,
//! masks, pending signals.

use popcorn_metadata::image::{Checkpoint, Process, Timer, kind};

use crate::base::path::{PATH_MAX, PathBuffer};
use crate::base::refusal::Refusal;
use crate::base::text::Bytes;
use crate::image::queued::{Queued, is_queued};
use crate::image::sink::Sink;
use crate::kernel::memory::List;
use crate::kernel::signal::{self, MIGRATE_SIGNAL};
use crate::kernel::{clock, errno, file, process, sys};
use crate::program::{arguments, identity};
use crate::refusal;

/// Bytes of all paths and arguments that an image has room for.
const TEXT: usize = 1 << 20;
/// Interval timers are 0 to 2.
const TIMERS: usize = 3;

/// The sections of an image that this module fills.
pub struct ProcessState {
    text: List<u8>,
    process: Process,
    timers: [Timer; TIMERS],
    queued: Queued,
}

impl ProcessState {
    /// Gathers all there is. All signals are blocked.
    pub fn gather() -> Result<Self, Refusal> {
        if process::has_children() {
            // The kernel tells children only to their parent.
            return Err(refusal!(errno::EBUSY, "it has child processes"));
        }
        let text = List::with_room(TEXT)
            .map_err(|_| refusal!(errno::ENOMEM, "no memory for the process image"))?;
        let mut state = Self {
            text,
            process: Process::default(),
            timers: [Timer::default(); TIMERS],
            queued: Queued::take()?,
        };
        // The process goes on with them.
        state.queued.give_back();
        state.texts()?;
        state.process = Process {
            umask: process::umask(),
            pending: signal::pending() & !state.queued.of_timers(),
            pid: process::id() as u64,
            time: clock::date(),
            ..state.process
        };
        for (which, timer) in (0..).zip(&mut state.timers) {
            let (value, interval) = process::interval_timer(which);
            *timer = Timer {
                which,
                value,
                interval,
            };
        }
        Ok(state)
    }

    fn texts(&mut self) -> Result<(), Refusal> {
        let mut link = [0; PATH_MAX];
        let program = identity::program_path(&mut link);
        if program.is_empty() {
            let text = "the path of the program's own file cannot be read";
            return Err(refusal!(errno::ENOENT, "{text}"));
        }
        (self.process.program, self.process.program_length) = self.add(program)?;
        let directory = file::read_link(c"/proc/self/cwd", &mut link);
        if directory.is_empty() || directory.ends_with(b" (deleted)") {
            let text = "its working directory has been removed";
            return Err(refusal!(errno::ENOENT, "{text}"));
        }
        (self.process.directory, self.process.directory_length) = self.add(directory)?;
        self.process.arguments = self.text.as_slice().len() as u32;
        for argument in arguments::initial().args() {
            self.add(argument)?;
            self.add(b"\0")?;
        }
        self.process.arguments_length = self.text.as_slice().len() as u32 - self.process.arguments;
        Ok(())
    }

    /// Appends a text; its offset and length.
    fn add(&mut self, bytes: &[u8]) -> Result<(u32, u32), Refusal> {
        let at = self.text.as_slice().len();
        if !self.text.extend(bytes) {
            let text = "its paths and arguments are too long";
            return Err(refusal!(errno::E2BIG, "{text}"));
        }
        Ok((at as u32, bytes.len() as u32))
    }

    /// Writes the sections.
    pub fn write(&self, out: &mut Sink) -> Result<(), Refusal> {
        let (texts, text) = (Process::SIZE as u32, self.text.as_slice());
        let process = Process {
            program: self.process.program + texts,
            directory: self.process.directory + texts,
            arguments: self.process.arguments + texts,
            ..self.process
        };
        out.open(kind::PROCESS, (Process::SIZE + text.len()) as u64)?;
        out.put(&process.to_bytes())?;
        out.put(text)?;
        out.close();
        let set = || self.timers.iter().filter(|timer| timer.value != 0);
        out.open(kind::TIMERS, (set().count() * Timer::SIZE) as u64)?;
        set().try_for_each(|timer| out.put(&timer.to_bytes()))?;
        out.close();
        out.add(kind::QUEUED, self.queued.bytes())?;
        Ok(())
    }
}

/// Gives a restored process its working directory and file creation mask.
pub fn restore(checkpoint: &Checkpoint) -> Result<(), Refusal> {
    let path = checkpoint.directory();
    let entered = PathBuffer::from_bytes(path)
        .ok()
        .and_then(|name| process::change_directory(name.as_c_str().ok()?).ok());
    if entered.is_none() {
        return Err(refusal!(
            errno::ENOENT,
            "its working directory {} cannot be entered",
            Bytes(&path[..path.len().min(300)])
        ));
    }
    process::set_umask(checkpoint.process.umask);
    Ok(())
}

/// Sets the timers again, and sends the signals that were pending. All signals are blocked.
pub fn restore_signals(checkpoint: &Checkpoint) {
    for timer in checkpoint.timers() {
        process::set_interval_timer(timer.which, timer.value, timer.interval);
    }
    let pid = process::id();
    for number in (1..=sys::_NSIG).filter(|&number| number != MIGRATE_SIGNAL && !is_queued(number))
    {
        if signal::contains(checkpoint.process.pending, number) {
            let _ = process::kill(pid, number);
        }
    }
}
