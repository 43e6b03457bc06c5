//! Writing the process image (`popcorn_metadata::image`): into a memory file for a hop, into a file for a
//! checkpoint.

use popcorn_metadata::image::checkpoint::RECORDS_AT;
use popcorn_metadata::image::{Fd, Hop, Records, Signal, State, kind};
use popcorn_toolchains::Isa;

use crate::arch;
use crate::base::refusal::Refusal;
use crate::image::mapped_files::MappedFiles;
use crate::image::memory;
use crate::image::open_files::OpenFiles;
use crate::image::process::ProcessState;
use crate::image::queued::Queued;
use crate::image::sink::Sink;
use crate::kernel::signal;
use crate::program::actions;
use crate::program::thread::Thread;
use crate::stack::capturing::{Captured, Stopped};
use crate::stack::local::Local;
use crate::stack::pending::Pending;

/// The move that an image is written for.
pub struct Journey {
    /// Number of the hop, from 1.
    pub sequence: u64,
    /// The wire value of who asked for it.
    pub origin: u64,
    pub to: &'static Isa,
}

/// Writes the image of this process for a hop.
pub fn hop(
    fd: i32,
    stopped: &Stopped,
    journey: &Journey,
    close_on_exec: &[i32],
    queued: &Queued,
    files: &MappedFiles,
) -> Result<(), Refusal> {
    let mut out = Sink::new(fd, false)?;
    contents(&mut out, stopped, journey, files)?;
    marked_descriptors(&mut out, close_on_exec)?;
    out.add(kind::QUEUED, queued.bytes())?;
    out.finish().map(drop)
}

/// The same for a checkpoint that was begun, with what an exec would keep; the bytes of the image.
pub fn checkpoint(
    mut out: Sink,
    stopped: &mut Stopped,
    journey: &Journey,
    files: &OpenFiles,
    process: &ProcessState,
) -> Result<u64, Refusal> {
    contents(&mut out, stopped, journey, &MappedFiles::to_read()?)?;
    files.write(&mut out)?;
    signals(&mut out, stopped)?;
    process.write(&mut out)?;
    out.finish()
}

fn contents(
    out: &mut Sink,
    stopped: &Stopped,
    journey: &Journey,
    files: &MappedFiles,
) -> Result<(), Refusal> {
    let own = Thread::current(stopped.alone.mask());
    thread(out, &own, stopped.own, &Local::own().pending)?;
    stopped.others().try_for_each(|(handle, captured)| {
        let local = Local::of(handle);
        match &local.thread {
            Some(state) => thread(out, state, captured, &local.pending),
            None => Ok(()),
        }
    })?;
    memory::write(out, files)?;
    let [capture_begin, capture_end] = stopped.own.times();
    let hop = Hop {
        sequence: journey.sequence,
        from: arch::isa().id.into(),
        to: journey.to.id.into(),
        frames: stopped.totals().frames,
        bytes: out.bytes(),
        capture_begin,
        capture_end,
        requester: journey.origin,
        stop: stopped.alone.took(),
    };
    out.add(kind::HOP, &hop.to_bytes())
}

/// What a thread has outside memory, and its stack.
fn thread(
    out: &mut Sink,
    state: &Thread,
    captured: Captured,
    pending: &Pending,
) -> Result<(), Refusal> {
    let of = state.pthread;
    out.open_of(kind::STATE, of, State::SIZE as u64)?;
    out.put(&state.to_saved().to_bytes())?;
    out.close();
    let length = captured.bytes();
    let head = Records {
        outermost: captured.outermost() as u64,
        innermost: captured.innermost() as u64,
        start: captured.innermost() as u64,
        length,
        frames: captured.frames(),
    };
    out.open_of(kind::RECORDS, of, RECORDS_AT as u64 + length)?;
    let mut padded = [0; RECORDS_AT];
    padded[..Records::SIZE].copy_from_slice(&head.to_bytes());
    out.put(&padded)?;
    captured.ranges().try_for_each(|(start, end)| {
        // SAFETY: the records, all complete.
        out.put(unsafe { core::slice::from_raw_parts(start as *const u8, (end - start) as usize) })
    })?;
    out.close();
    let pending = signal::bytes_of(pending.as_slice());
    if pending.is_empty() {
        return Ok(());
    }
    out.open_of(kind::QUEUED, of, pending.len() as u64)?;
    out.put(pending)?;
    out.close();
    Ok(())
}

/// Descriptors that stay open over a hop and are to be marked again.
fn marked_descriptors(out: &mut Sink, marked: &[i32]) -> Result<(), Refusal> {
    out.open(kind::FDS, (8 + marked.len() * Fd::SIZE) as u64)?;
    out.put(&(marked.len() as u64).to_le_bytes())?;
    marked.iter().try_for_each(|&fd| {
        let saved = Fd {
            fd,
            fd_flags: 1,
            same_as: -1,
            ..Fd::default()
        };
        out.put(&saved.to_bytes())
    })
}

/// Dispositions, for readers: the table itself is program state.
fn signals(out: &mut Sink, stopped: &mut Stopped) -> Result<(), Refusal> {
    let mut count = 0;
    actions::each(&mut stopped.alone, |_, _| count += 1);
    out.open(kind::SIGNALS, (count * Signal::SIZE) as u64)?;
    let mut done = Ok(());
    actions::each(&mut stopped.alone, |number, action| {
        let saved = Signal {
            number: number.into(),
            handler: action.handler,
            flags: action.flags,
            restorer: action.restorer,
            mask: action.mask,
        };
        if done.is_ok() {
            done = out.put(&saved.to_bytes());
        }
    });
    done?;
    out.close();
    Ok(())
}
