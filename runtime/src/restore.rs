//! Arriving: a new incarnation takes over memory, kernel state and stack from a process image.
//!
//! Runs on the kernel's stack. The data segment, where most statics live, is overwritten midway, so
//! what happens until then uses locals and `.popcorn.private` only.

use popcorn_metadata::image::checkpoint::RECORDS_AT;
use popcorn_metadata::image::{
    Checkpoint, Fd, Hop, Image, ImageError, Map as SavedMap, Records, Section, State, kind,
};
use popcorn_toolchains::{BASE, Isa};

use crate::capture::{self, Record, now};
use crate::memory::{
    MAP_ANONYMOUS, MAP_FIXED_NOREPLACE, MAP_NORESERVE, MAP_PRIVATE, PROT_READ, PROT_WRITE,
};
use crate::poll::Asker;
use crate::resume::{self, Arrival};
use crate::syscall::{forward, nr, signals, state};
use crate::text::{Line, fatal, parse_dec};
use crate::{arch, descriptors, hop, kept, poll, stacks, start};

unsafe extern "C" {
    fn __popcorn_thread_pointer(pthread: u64) -> u64;
    fn __popcorn_libc_set_tid(tid: i64);
}

/// Ends the process: before an exec everything was checked, so this is an image from elsewhere, or a
/// machine out of memory.
fn fail(what: &str, detail: &str) -> ! {
    let mut line = Line::new();
    line.str("popcorn: error: cannot resume: ")
        .str(what)
        .str(detail);
    fatal(line)
}

/// Resumes from the image in the descriptor that `POPCORN_RESUME` names.
pub fn begin(fd: &[u8]) -> ! {
    let began = now();
    let Some(fd) = parse_dec(fd) else {
        fail("POPCORN_RESUME is not a descriptor", "");
    };
    let mut fd = fd as i64;
    let bytes = map_file(fd);
    let image = open(bytes);
    let checkpoint = checkpoint(&image);
    let need = |kind: u32| match image.find(kind) {
        Some(contents) => contents,
        None => fail("the image lacks its section ", kind::name(kind)),
    };
    let thread = State::from_bytes(need(kind::STATE));
    let (Some(thread), Some(hop)) = (thread, Hop::from_bytes(need(kind::HOP))) else {
        fail("the image is damaged", "");
    };
    let maps = need(kind::MAPS).chunks_exact(SavedMap::SIZE);
    let maps = || maps.clone().filter_map(SavedMap::from_bytes);
    maps().for_each(|m| map(&m));
    for section in image.sections().filter(|s| s.kind == kind::MEMORY) {
        memory(fd, &section);
    }
    // From here on memory is the program's, statics in .data included.
    for m in maps() {
        let prot = i64::from(m.prot);
        if prot != PROT_READ | PROT_WRITE {
            let call = [m.start as i64, m.length as i64, prot, 0, 0, 0];
            forward(nr::MPROTECT, call);
        }
    }
    // SAFETY: libc's layout of a thread is in memory again.
    unsafe { arch::__popcorn_set_thread_pointer(__popcorn_thread_pointer(thread.self_)) };
    // From here on thread-local variables are there.
    hop::restore_fp();
    state::reinstall();
    signals::reinstall();
    poll::arrive();
    if let Some(checkpoint) = &checkpoint {
        fd = become_process(checkpoint, fd);
    }
    let marked = need(kind::FDS).get(8..).unwrap_or_default();
    // Those of a checkpoint were opened as they are to be.
    let marked = marked.chunks_exact(Fd::SIZE).filter_map(Fd::from_bytes);
    for saved in marked.filter(|_| checkpoint.is_none()) {
        descriptors::keep_on_exec(saved.fd.into(), false);
    }
    descriptors::keep_on_exec(state::program_fd().into(), false);
    stacks::start_native();
    let outermost = records(need(kind::RECORDS));
    resume::note(Arrival {
        asker: Asker::from_number(hop.requester),
        number: hop.sequence,
        from: Isa::by_id(hop.from as u16).unwrap_or(BASE).name,
        frames: hop.frames,
        bytes: hop.bytes,
        times: match checkpoint {
            Some(_) => [began; 3],
            None => [hop.capture_begin, hop.capture_end, began],
        },
    });
    if let Some(checkpoint) = &checkpoint {
        kept::restore_signals(checkpoint);
    }
    let call = [bytes.as_ptr() as i64, bytes.len() as i64, 0, 0, 0, 0];
    forward(nr::MUNMAP, call);
    forward(nr::CLOSE, [fd, 0, 0, 0, 0, 0]);
    resume::enter(outermost, thread.signal_mask)
}

/// The image as a checkpoint, if it is one and not that of a hop.
fn checkpoint(image: &Image<'static>) -> Option<Checkpoint<'static>> {
    image.find(kind::PROCESS)?;
    match Checkpoint::read(*image) {
        Ok(checkpoint) => Some(checkpoint),
        Err(_) => fail("the image is damaged", ""),
    }
}

/// Takes over from a checkpoint what an exec would have kept. The image's descriptor `fd` may move.
fn become_process(checkpoint: &Checkpoint, fd: i64) -> i64 {
    let program = hop::program_file().unwrap_or_else(|reason| fatal(reason));
    let mut ours = [fd, program];
    let done = kept::reopen(checkpoint, &mut ours).and_then(|()| kept::restore_process(checkpoint));
    if let Err(reason) = done {
        let mut line = Line::new();
        line.str("popcorn: error: cannot resume: ")
            .bytes(reason.as_bytes());
        fatal(line)
    }
    state::set_program_fd(ours[1] as i32);
    // SAFETY: libc's thread is in memory again.
    unsafe { __popcorn_libc_set_tid(forward(nr::GETTID, [0; 6])) };
    if start::initial().var(b"POPCORN_TRACE=") == Some(b"1") {
        state::set_tracing(true);
    }
    ours[0]
}

/// The image's bytes, outside the window.
fn map_file(fd: i64) -> &'static [u8] {
    const SEEK_END: i64 = 2;
    let length = forward(nr::LSEEK, [fd, 0, SEEK_END, 0, 0, 0]);
    if length <= 0 {
        fail("POPCORN_RESUME is not an image", "");
    }
    let at = forward(nr::MMAP, [0, length, PROT_READ, MAP_PRIVATE, fd, 0]);
    if at < 0 {
        fail("the image cannot be mapped", "");
    }
    // SAFETY: mapped until `begin` has done with it.
    unsafe { core::slice::from_raw_parts(at as *const u8, length as usize) }
}

/// A checked image of this very build.
fn open(bytes: &'static [u8]) -> Image<'static> {
    let image = match Image::parse(bytes) {
        Ok(image) => image,
        Err(ImageError::Magic | ImageError::Truncated) => fail("not a process image", ""),
        Err(ImageError::Version(_)) => fail("a process image of another version", ""),
        Err(_) => fail("the image is damaged", ""),
    };
    if image.header().build_id != hop::build_id() {
        fail("the image is of another build of this program", "");
    }
    if image.verify().is_err() {
        fail("the image is damaged", "");
    }
    image
}

/// Makes room for one map of the window, writable until its contents are there.
fn map(map: &SavedMap) {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    let (at, length) = (map.start as i64, map.length as i64);
    let call = [at, length, PROT_READ | PROT_WRITE, flags, -1, 0];
    if forward(nr::MMAP, call) != at {
        fail("its addresses are taken, or there is no memory", "");
    }
}

/// Reads one memory section to where it belongs.
fn memory(fd: i64, section: &Section) {
    let mut done = 0;
    while done < section.file_length {
        let at = (section.address + done) as i64;
        let length = (section.file_length - done) as i64;
        let offset = (section.offset + done) as i64;
        match forward(nr::PREAD64, [fd, at, length, offset, 0, 0]) {
            n @ 1.. => done += n as u64,
            _ => fail("memory cannot be filled", ""),
        }
    }
    let zero = section.address + done;
    // SAFETY: the image says that this memory is the program's, and it was mapped for it.
    unsafe { core::ptr::write_bytes(zero as *mut u8, 0, (section.length - done) as usize) };
}

/// Copies the records to a buffer of this incarnation and links them there; returns the outermost.
fn records(contents: &[u8]) -> *const Record {
    let head = Records::from_bytes(contents);
    let bytes = contents.get(RECORDS_AT..).unwrap_or_default();
    let Some(head) = head.filter(|h| h.length == bytes.len() as u64) else {
        fail("the image's frame records are damaged", "");
    };
    let Ok(start) = capture::arriving(head.length) else {
        fail("no address space for frame records", "");
    };
    stacks::expect(head.length);
    // SAFETY: the buffer is larger; the descriptors are this build's constants.
    unsafe {
        core::ptr::copy_nonoverlapping(bytes.as_ptr(), start as *mut u8, bytes.len());
        let mut record = start as *mut Record;
        let mut inner = core::ptr::null_mut();
        for _ in 0..head.frames {
            (*record).next = inner;
            inner = record;
            record = (record as u64 + capture::size(record)) as *mut Record;
        }
        inner
    }
}
