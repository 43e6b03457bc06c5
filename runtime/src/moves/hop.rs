//! A hop to another ISA: check everything, write the image, become the other program.
//!
//! Until `execve` has succeeded nothing is torn down: every failure leaves the process as it was.

use popcorn_metadata::elf::Elf;
use popcorn_metadata::{environment, sections};
use popcorn_toolchains::{BASE, Isa};

use crate::base::path::PathBuffer;
use crate::base::refusal::Refusal;
use crate::base::statics::Slot;
use crate::base::text::{Bytes, Message};
use crate::image::close_on_exec::CloseOnExec;
use crate::image::mapped_files::MappedFiles;
use crate::image::memory;
use crate::image::queued::Queued;
use crate::image::write::{self, Journey};
use crate::kernel::file::OwnedFd;
use crate::kernel::{Errno, errno, file};
use crate::moves::command::{self, Command, variable};
use crate::moves::{credentials, emulator, room, trial};
use crate::program::alone::Alone;
use crate::program::identity::{self, HIGH};
use crate::program::{attributes, process as program, thread, timers};
use crate::stack::capturing::Stopped;
use crate::stack::local::Local;
use crate::stack::pending::Pending;
use crate::{incarnation, refusal, step};

/// What [`prepare`] found.
struct Plan {
    elf: Target,
    emulator: Option<PathBuffer>,
}

/// The target's ELF file.
enum Target {
    /// The program's file itself, which is the base ISA's.
    Program(i32),
    /// A copy of the image that the program's file carries.
    Copy(OwnedFd),
}

impl Target {
    fn fd(&self) -> i32 {
        match self {
            Self::Program(fd) => *fd,
            Self::Copy(fd) => fd.get(),
        }
    }
}

incarnation! {
    static PLAN: Slot<Option<Plan>> = Slot::new(None);
}

/// Checks that a move to `to` can be made, and gets ready what it needs. `emulator`: the one that was named for it.
pub fn prepare(
    alone: &mut Alone,
    to: &'static Isa,
    emulator: Option<&[u8]>,
) -> Result<(), Refusal> {
    forget(alone);
    credentials::check_hop()?;
    check_state(alone)?;
    let program = identity::program_file()?;
    let emulator = match identity::host() {
        Some(host) if host.id == to.id => None,
        _ => Some(emulator::find(to, emulator)?),
    };
    let elf = target_file(program, to)?;
    check_entered(&elf, emulator.as_ref())?;
    if let Some(emulator) = &emulator {
        trial::check(alone, to, emulator, elf.fd())?;
    }
    timers::check(emulator.is_some())?;
    room::check(to, emulator.is_some())?;
    match &emulator {
        Some(path) => step!("{} is to run under {}", to.name, Bytes(path.as_bytes())),
        None => step!("{} is the machine's own", to.name),
    }
    PLAN.with(alone, |plan| *plan = Some(Plan { elf, emulator }));
    Ok(())
}

/// Gives back what was got ready for a move that is not made.
pub fn forget(alone: &mut Alone) {
    PLAN.with(alone, |plan| *plan = None);
}

/// Checks that the process has nothing that stays behind: what an exec destroys, or others share. What can be made
/// again is noted in program state.
pub fn check_state(alone: &mut Alone) -> Result<(), Refusal> {
    attributes::note(alone);
    program::check()?;
    memory::check()
}

/// Checks that what the exec enters gives no rights of its own.
fn check_entered(elf: &Target, emulator: Option<&PathBuffer>) -> Result<(), Refusal> {
    let file = command::file_of(elf.fd());
    let path = emulator.unwrap_or(&file).as_c_str();
    path.map_or(Ok(()), credentials::check_file)
}

/// The target's ELF file. Its machine and build id are checked.
fn target_file(program: i32, to: &Isa) -> Result<Target, Refusal> {
    let file = file::mapped(program)
        .map_err(|e| refusal!(errno::ENOENT, "the program's own file cannot be read: {e}"))?;
    let damaged = || refusal!(errno::ENOEXEC, "the program's own file is not a program");
    let whole = Elf::parse(file.bytes()).map_err(|_| damaged())?;
    if to.id == BASE.id {
        check(&whole, to)?;
        return Ok(Target::Program(program));
    }
    let name = Message::of(format_args!("{}{}", sections::IMAGE, to.name));
    let section = whole.find(name.as_bytes()).map(|(_, section)| section);
    let contents = section.and_then(|s| whole.contents(&s)).ok_or_else(|| {
        refusal!(
            errno::ENOENT,
            "the program carries no image for {}; link it with --popcorn-isas",
            to.name
        )
    })?;
    check(&Elf::parse(contents).map_err(|_| damaged())?, to)?;
    let no_copy = |e: Errno| refusal!(e.0, "no memory for the target's program: {e}");
    let copy = file::memory_file(c"popcorn-program")
        .and_then(|copy| copy.moved_up(HIGH))
        .map_err(no_copy)?;
    file::write_all_at(copy.get(), contents, 0).map_err(no_copy)?;
    Ok(Target::Copy(copy))
}

/// The target must be for that ISA, of this very build: the build id has one address.
fn check(elf: &Elf, to: &Isa) -> Result<(), Refusal> {
    let isa = to.name;
    if elf.machine != to.elf_machine {
        let text = "is for another machine";
        return Err(refusal!(errno::ENOEXEC, "the image for {isa} {text}"));
    }
    let address = identity::build_id_address();
    let found = elf.segments().find_map(|s| {
        let offset = address
            .checked_sub(s.address)
            .filter(|o| o + 16 <= s.file_size)?;
        popcorn_metadata::bytes::array_at::<16>(elf.bytes, (s.offset + offset) as usize)
    });
    if found != Some(identity::build_id()) {
        let text = "is of another build";
        return Err(refusal!(errno::ENOEXEC, "the image for {isa} {text}"));
    }
    Ok(())
}

/// Everything is captured and [`prepare`] has succeeded: moves, or returns the reason why not with the
/// process as it was.
pub fn go(stopped: &mut Stopped, journey: &Journey) -> Refusal {
    let plan = PLAN.with(&mut stopped.alone, Option::take);
    let Some(plan) = plan else {
        return refusal!(errno::EBUSY, "internal error: nothing was prepared");
    };
    thread::note_processors();
    let own = Local::own();
    if stopped.alone.others() != 0 {
        // They wait for this thread, whichever goes on in its place.
        own.pending = Pending::take();
    }
    let queued = match Queued::take() {
        Ok(queued) => queued,
        Err(refusal) => {
            own.pending.give_back();
            return refusal;
        }
    };
    timers::note(&mut stopped.alone);
    let checked = queued.check(plan.emulator.is_some());
    match checked.and_then(|()| transfer(stopped, &plan, journey, &queued)) {
        Ok(never) => match never {},
        Err(refusal) => {
            queued.give_back();
            own.pending.give_back();
            refusal
        }
    }
}

enum Never {}

fn transfer(
    stopped: &Stopped,
    plan: &Plan,
    journey: &Journey,
    queued: &Queued,
) -> Result<Never, Refusal> {
    let (elf, program) = (plan.elf.fd(), identity::program_fd());
    let on_exec = CloseOnExec::list(&[elf, program])?;
    let image = file::memory_file(c"popcorn-image")
        .and_then(|image| image.moved_up(HIGH))
        .map_err(|e| refusal!(e.0, "no memory for the process image: {e}"))?;
    let files = MappedFiles::to_map_again()?;
    let marked = on_exec.descriptors();
    write::hop(image.get(), stopped, journey, marked, queued, &files)?;
    let (bytes, marked) = (file::size(image.get()), marked.len());
    step!("an image of {bytes} bytes; {marked} descriptors are close-on-exec");
    for ours in [image.get(), elf, program] {
        file::keep_on_exec(ours, true);
    }
    on_exec.keep(true);
    // The kernel is not to take the exec for the thread's end.
    thread::forget_robust_list();
    let error = execute(plan, image.get());
    thread::tell_robust_list();
    on_exec.keep(false);
    for ours in [elf, program] {
        file::keep_on_exec(ours, false);
    }
    Err(refusal!(error.0, "execve failed: {error}"))
}

/// Becomes the target; returns the error if that fails.
fn execute(plan: &Plan, image: i32) -> Errno {
    let file = command::file_of(plan.elf.fd());
    let variables = Variables::new(plan, image);
    let target = command::Target {
        emulator: plan.emulator.as_ref(),
        file: &file,
    };
    match Command::new(&target, variables.as_slice()) {
        Ok(command) => command.execute(),
        Err(error) => error,
    }
}

/// The variables that the next incarnation is started with.
struct Variables {
    all: [Message; 4],
    count: usize,
}

impl Variables {
    fn new(plan: &Plan, image: i32) -> Self {
        let host = identity::host().map_or("unknown", |isa| isa.name);
        let elf = plan.elf.fd();
        Self {
            all: [
                variable(environment::RESUME, &image),
                variable(environment::PROGRAM, &identity::program_fd()),
                variable(environment::HOST, &host),
                variable(environment::ELF, &elf),
            ],
            // The program's own file stays open.
            count: match plan.elf {
                Target::Copy(_) => 4,
                Target::Program(_) => 3,
            },
        }
    }

    fn as_slice(&self) -> &[Message] {
        &self.all[..self.count]
    }
}
