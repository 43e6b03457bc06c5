//! Arriving: a new incarnation takes over memory, kernel state and stack from a process image.
//!
//! Runs on the kernel's stack. The data segment, where most statics live, is overwritten midway, so
//! what happens until then uses locals and statics of the incarnation only. Each stage consumes the one before.

use popcorn_metadata::image::checkpoint::RECORDS_AT;
use popcorn_metadata::image::{
    Checkpoint, Fd, Hop, Image, ImageError, Map as SavedMap, Records, Section, kind,
};
use popcorn_metadata::origin::Origin;
use popcorn_toolchains::{BASE, Isa};

use crate::base::refusal::Refusal;
use crate::base::text::parse_dec;
use crate::image::{memory, objects, open_files, process as saved_process, queued};
use crate::kernel::file::{self, OwnedFd};
use crate::kernel::memory::Block;
use crate::kernel::{Errno, clock, errno, process, signal, sys};
use crate::moves::report::{self, Arrival};
use crate::moves::{points, request};
use crate::program::alone::Alone;
use crate::program::arguments::Initial;
use crate::program::stop::Parked;
use crate::program::thread::{Handle, Thread};
use crate::program::{
    alternate_stack, attributes, dispositions, identity, limits, signal_descriptors, thread,
    thread_ids, timers, trace, window,
};
use crate::stack::local::Local;
use crate::stack::pending::Pending;
use crate::stack::records::Record;
use crate::stack::{begin, resume};
use crate::{arch, fatal, refusal, step};

/// Resumes from the image in the descriptor that `POPCORN_RESUME` names. Before an exec everything was checked, so
/// what fails here is an image from elsewhere, or a machine out of memory.
pub fn resume(initial: &Initial, alone: Alone, fd: &[u8]) -> ! {
    let arrived = Arriving::open(fd)
        .and_then(Arriving::map)
        .and_then(Mapped::fill)
        .and_then(|filled| filled.become_thread(initial, alone))
        .and_then(Threaded::rebuild);
    match arrived {
        Ok(never) => match never {},
        Err(refusal) => fatal!("cannot resume: {}", refusal.text),
    }
}

enum Never {}

fn damaged() -> Refusal {
    refusal!(errno::ENOEXEC, "the image is damaged")
}

/// An image that was read and checked.
struct Arriving {
    /// `CLOCK_MONOTONIC` when it began, nanoseconds.
    began: u64,
    fd: OwnedFd,
    /// The image's bytes, outside the window. `image` and `checkpoint` refer to them.
    bytes: Block,
    image: Image<'static>,
    checkpoint: Option<Checkpoint<'static>>,
}

impl Arriving {
    fn open(fd: &[u8]) -> Result<Self, Refusal> {
        let began = clock::now();
        let Some(fd) = parse_dec(fd) else {
            let text = "POPCORN_RESUME is not a descriptor";
            return Err(refusal!(errno::EBADF, "{text}"));
        };
        // SAFETY: whoever started this incarnation opened it for us.
        let fd = unsafe { OwnedFd::from_raw(fd as i32) };
        let not_mapped = |e: Errno| refusal!(e.0, "the image cannot be mapped: {e}");
        let bytes = file::mapped(fd.get()).map_err(not_mapped)?;
        // SAFETY: mapped until the last stage has done with it; the file's own length.
        let image: &'static [u8] = unsafe {
            let length = file::Stat::of(fd.get()).map_err(not_mapped)?.size;
            core::slice::from_raw_parts(bytes.start() as *const u8, length as usize)
        };
        let image = check(image)?;
        let checkpoint = match image.find(kind::PROCESS) {
            Some(_) => Some(Checkpoint::read(image).map_err(|_| damaged())?),
            None => None,
        };
        Ok(Self {
            began,
            fd,
            bytes,
            image,
            checkpoint,
        })
    }

    fn need(&self, kind: u32) -> Result<&'static [u8], Refusal> {
        self.image.find(kind).ok_or_else(|| {
            let name = kind::name(kind);
            refusal!(errno::ENOEXEC, "the image lacks its section {name}")
        })
    }

    fn maps(&self) -> Result<impl Iterator<Item = SavedMap> + use<>, Refusal> {
        let maps = self.need(kind::MAPS)?.chunks_exact(SavedMap::SIZE);
        Ok(maps.filter_map(SavedMap::from_bytes))
    }

    /// Makes room for the program's memory. Of a checkpoint, its descriptors are there first: they keep shared maps.
    fn map(mut self) -> Result<Mapped, Refusal> {
        if let Some(checkpoint) = &self.checkpoint {
            self.fd = become_process(checkpoint, self.fd)?;
        }
        for (map, has_contents) in self.maps_to_fill()? {
            memory::make(&map, has_contents)?;
        }
        self.maps()?.for_each(|map| memory::made(&map));
        Ok(Mapped(self))
    }

    fn memory(&self) -> impl Iterator<Item = Section> + use<> {
        self.image.sections().filter(|s| s.kind == kind::MEMORY)
    }

    /// The maps, and whether a section of memory lies in them. Both are sorted, but for the data segment's sections,
    /// which are the last.
    fn maps_to_fill(&self) -> Result<impl Iterator<Item = (SavedMap, bool)> + use<>, Refusal> {
        let mut sections = self.memory().peekable();
        Ok(self.maps()?.map(move |map| {
            while sections.next_if(|s| s.address < map.start).is_some() {}
            let next = sections.peek();
            let filled = next.is_some_and(|s| s.address - map.start < map.length);
            (map, filled)
        }))
    }
}

/// A checked image of this very build.
fn check(bytes: &'static [u8]) -> Result<Image<'static>, Refusal> {
    let not = |text: &str| refusal!(errno::ENOEXEC, "{text}");
    let image = Image::parse(bytes).map_err(|error| match error {
        ImageError::Magic | ImageError::Truncated => not("not a process image"),
        ImageError::Version(_) => not("a process image of another version"),
        _ => damaged(),
    })?;
    if image.header().build_id != identity::build_id() {
        return Err(not("the image is of another build of this program"));
    }
    image.verify().map_err(|_| damaged())?;
    Ok(image)
}

/// The program's memory is mapped, empty.
struct Mapped(Arriving);

impl Mapped {
    /// Gives memory its contents. From here on it is the program's, statics in the data segment included.
    fn fill(self) -> Result<Filled, Refusal> {
        let Self(arriving) = self;
        for section in arriving.memory() {
            // SAFETY: the image says that this memory is the program's; no reference leads into it.
            unsafe { memory::fill(arriving.fd.get(), &section)? };
        }
        for (map, had_contents) in arriving.maps_to_fill()? {
            memory::protect(&map, had_contents)?;
        }
        memory::advise_again();
        Ok(Filled(arriving))
    }
}

/// Memory is the program's again.
struct Filled(Arriving);

impl Filled {
    /// Makes this the thread that the process began with, and gives the kernel what it forgot in the exec.
    fn become_thread(self, initial: &Initial, mut alone: Alone) -> Result<Threaded, Refusal> {
        let Self(arriving) = self;
        let threads = Threads::of(&arriving.image).ok_or_else(damaged)?;
        // SAFETY: memory is in place.
        unsafe { arch::__popcorn_set_thread_pointer(threads.of_this().pointer()) };
        thread::set_ready();
        let no_memory = |e: Errno| refusal!(e.0, "no memory for its threads: {e}");
        thread_ids::start(threads.count() as usize).map_err(no_memory)?;
        Local::start().map_err(|e| refusal!(e.0, "no memory for the first thread: {e}"))?;
        if arriving.checkpoint.is_some() {
            // Before a hop's exec they are blocked already; whoever restores does not.
            signal::set_mask(signal::ALL);
        }
        if let Some(first) = &threads.first {
            first.become_it();
            alternate_stack::restore();
            thread_ids::add(first.id, process::thread_id() as u32).map_err(no_memory)?;
            alone.set_mask(first.mask);
        } else {
            // It only makes the others.
            alone.set_mask(signal::ALL);
        }
        dispositions::reinstall(&mut alone);
        attributes::restore(&mut alone);
        points::start();
        // A signal may have come during the exec, and another asker while the first was served.
        request::look();
        match &arriving.checkpoint {
            Some(checkpoint) => {
                objects::note_pairs(checkpoint);
                open_files::note_given_again(&mut alone, checkpoint);
                window::note_files();
                thread::tell_libc_of_restore();
                trace::start(initial);
            }
            None => {
                let marked = arriving.need(kind::FDS)?.get(8..).unwrap_or_default();
                for saved in marked.chunks_exact(Fd::SIZE).filter_map(Fd::from_bytes) {
                    file::keep_on_exec(saved.fd, false);
                }
            }
        }
        file::keep_on_exec(identity::program_fd(), false);
        Ok(Threaded {
            arriving,
            threads,
            alone,
        })
    }
}

/// The threads of an image.
struct Threads {
    image: Image<'static>,
    /// The one that the process began with, if it has not ended.
    first: Option<Thread>,
    /// Any.
    any: Thread,
}

impl Threads {
    fn of(image: &Image<'static>) -> Option<Self> {
        let mut all = image.threads().map(|saved| Thread::from_saved(&saved));
        Some(Self {
            image: *image,
            any: all.next()?,
            first: image
                .threads()
                .find(|saved| saved.is_first != 0)
                .map(|saved| Thread::from_saved(&saved)),
        })
    }

    fn count(&self) -> u32 {
        self.image.threads().count() as u32
    }

    /// The one whose variables the kernel's first thread has.
    fn of_this(&self) -> &Thread {
        self.first.as_ref().unwrap_or(&self.any)
    }

    /// Those that are still to be made.
    fn others(&self) -> impl Iterator<Item = Thread> + use<> {
        let all = self.image.threads().filter(|saved| saved.is_first == 0);
        all.map(|saved| Thread::from_saved(&saved))
    }
}

/// Takes over from a checkpoint what an exec would have kept. The image's descriptor may move.
fn become_process(checkpoint: &Checkpoint, image: OwnedFd) -> Result<OwnedFd, Refusal> {
    let mut ours = [image.into_raw(), identity::program_file()?];
    saved_process::restore(checkpoint)?;
    open_files::reopen(checkpoint, &mut ours)?;
    identity::set_program_fd(ours[1]);
    // SAFETY: ours, as it was before.
    Ok(unsafe { OwnedFd::from_raw(ours[0]) })
}

/// The first thread is there, but for its stack.
struct Threaded {
    arriving: Arriving,
    threads: Threads,
    alone: Alone,
}

impl Threaded {
    /// Makes the other threads, rebuilds all stacks from their records, and goes on.
    fn rebuild(mut self) -> Result<Never, Refusal> {
        let arriving = &self.arriving;
        let hop = Hop::from_bytes(arriving.need(kind::HOP)?).ok_or_else(damaged)?;
        let outermost = match &self.threads.first {
            Some(first) => Some(records(Local::own(), &arriving.image, first.pthread)?),
            None => None,
        };
        let arrival = Arrival {
            origin: Origin::from_number(hop.requester).ok_or_else(damaged)?,
            number: hop.sequence,
            from: Isa::by_id(hop.from as u16).unwrap_or(BASE),
            threads: self.threads.count(),
            stop: hop.stop,
            frames: hop.frames,
            bytes: hop.bytes,
            times: match arriving.checkpoint {
                Some(_) => [arriving.began; 3],
                None => [hop.capture_begin, hop.capture_end, arriving.began],
            },
        };
        report::note(&mut self.alone, arrival);
        if let Some(checkpoint) = &arriving.checkpoint {
            saved_process::restore_signals(checkpoint);
        }
        let process = arriving.image.find_of(kind::QUEUED, 0);
        queued::restore(process.unwrap_or_default());
        if let Some(first) = &self.threads.first {
            pending(&arriving.image, first).give_back();
        }
        signal_descriptors::restore();
        limits::restore();
        self.make_others()?;
        let arriving = &self.arriving;
        timers::restore(&mut self.alone, arriving.checkpoint.is_none());
        let ready = (clock::now() - arriving.began) / 1_000;
        let (maps, threads) = (arriving.maps()?.count(), self.threads.count());
        step!("memory in {maps} maps and {threads} threads were there after {ready} us");
        let Self {
            arriving,
            mut alone,
            ..
        } = self;
        let Arriving { fd, bytes, .. } = arriving;
        drop((fd, bytes));
        match outermost {
            Some(outermost) => resume::enter(outermost, alone, report::done),
            None => {
                alone.wait_for_others();
                report::done(&mut alone);
                drop(alone);
                process::exit_thread()
            }
        }
    }

    /// Makes the other threads, which rebuild their stacks at once and then wait.
    fn make_others(&mut self) -> Result<(), Refusal> {
        let others = self.threads.others().count() as u32;
        self.alone.arrive_with(others);
        let cannot = |e: Errno| refusal!(e.0, "its threads cannot be made: {e}");
        for thread in self.threads.others() {
            let handle = Handle(thread.pthread);
            let local = begin::take(handle.native_size()).map_err(cannot)?;
            let outermost = records(local, &self.arriving.image, thread.pthread)?;
            (local.handle, local.argument) = (handle, outermost as u64);
            local.pending = pending(&self.arriving.image, &thread);
            local.thread = Some(thread);
            // SAFETY: the thread's memory is in place.
            let id = unsafe {
                let pointer = thread.pointer();
                begin::start(local, arrive, THREAD, pointer, thread.clear_tid)
            };
            let added = id.and_then(|id| thread_ids::add(thread.id, id as u32));
            added.map_err(cannot)?;
        }
        Ok(())
    }
}

/// What a thread shares with the others: as libc has it.
const THREAD: i64 = (sys::CLONE_VM
    | sys::CLONE_FS
    | sys::CLONE_FILES
    | sys::CLONE_SIGHAND
    | sys::CLONE_THREAD
    | sys::CLONE_SYSVSEM
    | sys::CLONE_SETTLS
    | sys::CLONE_PARENT_SETTID
    | sys::CLONE_CHILD_CLEARTID
    | sys::CLONE_DETACHED) as i64;

/// The first function of a thread that was made anew.
extern "C" fn arrive(local: &'static mut Local) -> i32 {
    let Some(thread) = local.thread.take() else {
        fatal!("internal error: a thread that nobody is");
    };
    thread.become_it();
    alternate_stack::restore();
    local.pending.give_back();
    let parked = Parked::arriving(thread.mask);
    resume::enter_parked(local.argument as *const Record, parked)
}

/// Signals that wait for a thread.
fn pending(image: &Image<'static>, thread: &Thread) -> Pending {
    Pending::from_bytes(
        image
            .find_of(kind::QUEUED, thread.pthread)
            .unwrap_or_default(),
    )
}

/// Copies a thread's records to a buffer of this incarnation and links them there; returns the outermost.
fn records(
    local: &mut Local,
    image: &Image<'static>,
    pthread: u64,
) -> Result<*const Record, Refusal> {
    let contents = image.find_of(kind::RECORDS, pthread).unwrap_or_default();
    let head = Records::from_bytes(contents);
    let bytes = contents.get(RECORDS_AT..).unwrap_or_default();
    let head = head
        .filter(|h| h.length == bytes.len() as u64)
        .ok_or_else(|| refusal!(errno::ENOEXEC, "the image's frame records are damaged"))?;
    let start = local.capture.arriving(head.length)?;
    local.native.expect(head.length);
    // SAFETY: the buffer is larger; the descriptors are this build's constants.
    unsafe {
        core::ptr::copy_nonoverlapping(bytes.as_ptr(), start as *mut u8, bytes.len());
        let mut record = start as *mut Record;
        let mut inner = core::ptr::null_mut();
        for _ in 0..head.frames {
            (*record).next = inner;
            inner = record;
            record = (record as u64 + Record::size(record)) as *mut Record;
        }
        Ok(inner)
    }
}
