//! A hop to another ISA: check everything, write the image, become the other program.
//!
//! Until `execve` has succeeded nothing is torn down: every failure leaves the process as it was.

use core::sync::atomic::{AtomicI32, AtomicI64, Ordering::Relaxed};

use popcorn_metadata::elf::Elf;
use popcorn_toolchains::{BASE, Isa};

use crate::capture::Capture;
use crate::cell::Global;
use crate::maps::Kind;
use crate::start::{self, INTERNAL, initial};
use crate::syscall::{forward, nr, state};
use crate::text::Line;
use crate::{config, descriptors, image, memory, request};

const AT_FDCWD: i64 = -100;
const O_CLOEXEC: i64 = 0o2000000;
const MFD_CLOEXEC: i64 = 1;
/// Where our descriptors begin, out of the way of the program's.
pub const HIGH: i64 = 500;

/// What [`prepare`] found. The target's ELF file is a descriptor, the emulator a path.
struct Plan {
    elf: i64,
    /// The descriptor is a copy of ours, not the program's file.
    copied: bool,
    emulator: Option<Line>,
}

#[unsafe(link_section = ".popcorn.private.plan")]
static PLAN: Global<Option<Plan>> = Global::new(None);

/// Program state: the floating-point environment in libc's neutral form.
static FP: AtomicI64 = AtomicI64::new(0);
/// Errno of the last refusal, for `popcorn_migrate`.
#[unsafe(link_section = ".popcorn.private.refusal")]
static REFUSAL: AtomicI32 = AtomicI32::new(0);

unsafe extern "C" {
    static __popcorn_build_id: [u8; 16];
    fn __popcorn_fp_get() -> i64;
    fn __popcorn_fp_set(word: i64);
}

/// This program's build.
pub fn build_id() -> [u8; 16] {
    // SAFETY: the linker's constant.
    unsafe { core::ptr::read_volatile(&raw const __popcorn_build_id) }
}

/// Makes the floating-point environment program state.
pub fn keep_fp() {
    // SAFETY: libc's accessor.
    FP.store(unsafe { __popcorn_fp_get() }, Relaxed);
}

/// Sets the floating-point environment as it was before the hop.
pub fn restore_fp() {
    // SAFETY: libc's accessor.
    unsafe { __popcorn_fp_set(FP.load(Relaxed)) }
}

fn refusal(text: &str) -> Line {
    let mut line = Line::new();
    line.str(text);
    line
}

/// The errno that goes with the last refusal of [`prepare`].
pub fn errno() -> i64 {
    REFUSAL.load(Relaxed).into()
}

/// Checks that a move to `to` can be made, and gets ready what it needs.
pub fn prepare(to: &'static Isa) -> Result<(), Line> {
    REFUSAL.store(crate::syscall::EBUSY as i32, Relaxed);
    drop_plan();
    check_state()?;
    REFUSAL.store(crate::syscall::ENOENT as i32, Relaxed);
    let program = program_file()?;
    let emulator = match config::host() {
        Some(host) if host.id == to.id => None,
        _ => Some(find_emulator(to)?),
    };
    let (elf, copied) = target_file(program, to)?;
    // SAFETY: one thread.
    unsafe {
        *PLAN.get() = Some(Plan {
            elf,
            copied,
            emulator,
        });
    }
    Ok(())
}

/// Checks that the process has nothing that stays behind: what an exec destroys, or others share.
pub fn check_state() -> Result<(), Line> {
    if state::timers() > 0 {
        return Err(refusal(
            "the program has POSIX timers, which an exec destroys",
        ));
    }
    let shared = memory::with_table(|t| t.maps().iter().any(|m| m.kind == Kind::Shared));
    if shared {
        return Err(refusal("the program has shared memory"));
    }
    Ok(())
}

/// Forgets what [`prepare`] made.
fn drop_plan() {
    // SAFETY: one thread.
    if let Some(plan) = unsafe { PLAN.get().take() }
        && plan.copied
    {
        close(plan.elf);
    }
}

fn close(fd: i64) {
    forward(nr::CLOSE, [fd, 0, 0, 0, 0, 0]);
}

/// The file that carries all images; opened when first needed and kept.
pub fn program_file() -> Result<i64, Line> {
    let known = state::program_fd();
    if known >= 0 {
        return Ok(known.into());
    }
    let path = c"/proc/self/exe".as_ptr() as i64;
    let fd = forward(nr::OPENAT, [AT_FDCWD, path, O_CLOEXEC, 0, 0, 0]);
    if fd < 0 {
        return Err(refusal("the program's own file cannot be read"));
    }
    let high = state::duplicate_high(fd, HIGH);
    close(fd);
    if high < 0 {
        return Err(refusal("no file descriptor is free"));
    }
    state::set_program_fd(high as i32);
    Ok(high)
}

/// A whole file, mapped for reading outside the window.
struct Mapped {
    at: i64,
    length: u64,
}

impl Mapped {
    fn new(fd: i64) -> Option<Self> {
        const SEEK_END: i64 = 2;
        const SEEK_SET: i64 = 0;
        let length = forward(nr::LSEEK, [fd, 0, SEEK_END, 0, 0, 0]);
        forward(nr::LSEEK, [fd, 0, SEEK_SET, 0, 0, 0]);
        if length <= 0 {
            return None;
        }
        let call = [0, length, memory::PROT_READ, memory::MAP_PRIVATE, fd, 0];
        let at = forward(nr::MMAP, call);
        (at >= 0).then_some(Self {
            at,
            length: length as u64,
        })
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: mapped until dropped.
        unsafe { core::slice::from_raw_parts(self.at as *const u8, self.length as usize) }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        forward(nr::MUNMAP, [self.at, self.length as i64, 0, 0, 0, 0]);
    }
}

/// The target's ELF file as a descriptor, and whether it is a copy: the program's file itself is the
/// base ISA's. Its machine and build id are checked.
fn target_file(program: i64, to: &Isa) -> Result<(i64, bool), Line> {
    let file =
        Mapped::new(program).ok_or_else(|| refusal("the program's own file cannot be read"))?;
    let damaged = || refusal("the program's own file is not a program");
    let whole = Elf::parse(file.bytes()).map_err(|_| damaged())?;
    if to.id == BASE.id {
        check(&whole, to)?;
        return Ok((program, false));
    }
    let mut name = Line::new();
    name.str(".popcorn.image.").str(to.name);
    let section = whole.find(name.as_bytes()).map(|(_, section)| section);
    let contents = section.and_then(|s| whole.contents(&s)).ok_or_else(|| {
        let mut reason = Line::new();
        reason
            .str("the program carries no image for ")
            .str(to.name)
            .str("; link it with --popcorn-isas");
        reason
    })?;
    check(&Elf::parse(contents).map_err(|_| damaged())?, to)?;
    let path = c"popcorn-program".as_ptr() as i64;
    let copy = forward(nr::MEMFD_CREATE, [path, MFD_CLOEXEC, 0, 0, 0, 0]);
    let high = state::duplicate_high(copy, HIGH);
    close(copy);
    if high < 0 || image::write_all(high, contents, 0).is_err() {
        close(high);
        return Err(refusal("no memory for the target's program"));
    }
    Ok((high, true))
}

/// The target must be for that ISA, of this very build: `__popcorn_build_id` has one address.
fn check(elf: &Elf, to: &Isa) -> Result<(), Line> {
    let mut reason = Line::new();
    if elf.machine != to.elf_machine {
        reason
            .str("the image for ")
            .str(to.name)
            .str(" is for another machine");
        return Err(reason);
    }
    let address = &raw const __popcorn_build_id as u64;
    let found = elf.segments().find_map(|s| {
        let offset = address
            .checked_sub(s.address)
            .filter(|o| o + 16 <= s.file_size)?;
        popcorn_metadata::bytes::array_at::<16>(elf.bytes, (s.offset + offset) as usize)
    });
    if found != Some(build_id()) {
        reason
            .str("the image for ")
            .str(to.name)
            .str(" is of another build");
        return Err(reason);
    }
    Ok(())
}

/// The emulator for `to`: named by the request, by `POPCORN_QEMU_<ISA>`, or found on PATH.
fn find_emulator(to: &Isa) -> Result<Line, Line> {
    let mut variable = Line::new();
    variable.str("POPCORN_QEMU_");
    for &b in to.name.as_bytes() {
        variable.bytes(&[b.to_ascii_uppercase()]);
    }
    variable.str("=");
    let named = request::emulator().or_else(|| initial().var(variable.as_bytes()));
    if let Some(path) = named.filter(|p| !p.is_empty()) {
        let mut found = Line::new();
        found.bytes(path);
        if is_executable(&mut found) {
            return Ok(found);
        }
        let mut reason = Line::new();
        reason
            .str("the emulator ")
            .bytes(path)
            .str(" cannot be run");
        return Err(reason);
    }
    let path = initial()
        .var(b"PATH=")
        .unwrap_or(b"/usr/local/bin:/usr/bin:/bin");
    for folder in path.split(|&b| b == b':') {
        let mut found = Line::new();
        found.bytes(folder).str("/").str(to.emulator);
        if is_executable(&mut found) {
            return Ok(found);
        }
    }
    let mut reason = Line::new();
    reason
        .str("no emulator for ")
        .str(to.name)
        .str(": ")
        .str(to.emulator)
        .str(" is not on PATH");
    Err(reason)
}

fn is_executable(path: &mut Line) -> bool {
    const X_OK: i64 = 1;
    let at = path.as_c_str() as i64;
    forward(nr::FACCESSAT, [AT_FDCWD, at, X_OK, 0, 0, 0]) == 0
}

/// Everything is captured and `prepare` has succeeded: moves, or returns the reason why not with the
/// process as it was.
pub fn go(capture: &Capture, to: &Isa) -> Line {
    keep_fp();
    let reason = transfer(capture, to);
    drop_plan();
    reason
}

fn transfer(capture: &Capture, to: &Isa) -> Line {
    // SAFETY: one thread; taken out so that nothing else refers to it.
    let Some(plan) = (unsafe { PLAN.get().as_mut() }) else {
        return refusal("nothing was prepared");
    };
    let Some(mut on_exec) = descriptors::OnExec::list(&[plan.elf, state::program_fd().into()])
    else {
        return refusal("the open descriptors cannot be listed");
    };
    let path = c"popcorn-image".as_ptr() as i64;
    let made = forward(nr::MEMFD_CREATE, [path, MFD_CLOEXEC, 0, 0, 0, 0]);
    let fd = state::duplicate_high(made, HIGH);
    close(made);
    if fd < 0 {
        return refusal("no memory for the process image");
    }
    let reason = match image::write(fd, capture, to, on_exec.descriptors()) {
        Err(reason) => reason,
        Ok(()) => {
            for ours in [fd, plan.elf, state::program_fd().into()] {
                descriptors::keep_on_exec(ours, true);
            }
            on_exec.keep(true);
            let error = exec(plan, fd);
            on_exec.keep(false);
            for ours in [plan.elf, state::program_fd().into()] {
                descriptors::keep_on_exec(ours, false);
            }
            let mut reason = Line::new();
            reason
                .str("execve failed: error ")
                .dec(error.unsigned_abs());
            reason
        }
    };
    close(fd);
    reason
}

/// Words of a vector under construction, in memory of its own.
struct Vector {
    at: *mut u64,
    len: usize,
}

impl Vector {
    fn push(&mut self, word: u64) {
        // SAFETY: `exec` mapped enough.
        unsafe { *self.at.add(self.len) = word };
        self.len += 1;
    }
}

/// Becomes the target; returns the error if that fails.
fn exec(plan: &mut Plan, image: i64) -> i64 {
    let start = initial();
    let count = start.args().count() + start.env().count() + 16;
    let bytes = (count * 8) as u64;
    let block = memory::private(bytes, memory::PROT_READ | memory::PROT_WRITE);
    if block < 0 {
        return block;
    }
    let mut vector = Vector {
        at: block as *mut u64,
        len: 0,
    };
    let mut file = Line::new();
    file.str("/proc/self/fd/").dec(plan.elf as u64);
    let file = file.as_c_str() as u64;
    let path = match &mut plan.emulator {
        None => file,
        Some(emulator) => emulator.as_c_str() as u64,
    };
    let mut args = start.args().map(|a| a.as_ptr() as u64);
    if plan.emulator.is_some() {
        vector.push(path);
        vector.push(c"-0".as_ptr() as u64);
        vector.push(args.next().unwrap_or(file));
        vector.push(file);
    }
    args.for_each(|a| vector.push(a));
    vector.push(0);

    let envp = vector.len;
    let program_env = |e: &&[u8]| !INTERNAL.iter().any(|name| e.starts_with(name));
    for entry in start.env().filter(program_env) {
        vector.push(entry.as_ptr() as u64);
    }
    let number = |name: &[u8], fd: i64| {
        let mut entry = Line::new();
        entry.bytes(name).dec(fd as u64);
        entry
    };
    let mut ours = [
        number(start::RESUME, image),
        number(start::PROG, state::program_fd().into()),
        Line::new(),
        number(start::ELF, plan.elf),
    ];
    ours[2]
        .bytes(start::HOST)
        .str(config::host().map_or("unknown", |isa| isa.name));
    let count = if plan.copied { 4 } else { 3 };
    for entry in &mut ours[..count] {
        vector.push(entry.as_c_str() as u64);
    }
    vector.push(0);
    // SAFETY: inside the block.
    let envp = unsafe { vector.at.add(envp) } as i64;
    let error = forward(nr::EXECVE, [path as i64, block, envp, 0, 0, 0]);
    forward(nr::MUNMAP, [block, bytes as i64, 0, 0, 0, 0]);
    error
}
