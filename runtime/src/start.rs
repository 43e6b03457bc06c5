//! From the kernel's first instruction to `main`, or to where the program was.
//!
//! The kernel's stack stays as it was, as the record of how this incarnation was started: the program
//! gets a copy of its arguments, environment and auxiliary vector in the window.

use linux_raw_sys::auxvec;
use popcorn_metadata::environment;

use crate::base::path::PATH_MAX;
use crate::base::text::{c_bytes, parse_dec};
use crate::image::open_files;
use crate::kernel::memory::{self, page};
use crate::kernel::vdso;
use crate::moves::{arrival, points, request, schedule, trial};
use crate::program::alone::Alone;
use crate::program::arguments::Initial;
use crate::program::{attributes, data_stack, identity, longest_gap, thread, trace, window};
use crate::stack::local::Local;
use crate::{arch, fatal};

/// Called by `_start` with the kernel's stack pointer.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __popcorn_start(sp: *const u64) -> ! {
    // SAFETY: as the kernel started the program; nothing else runs yet.
    let (initial, alone) = unsafe { (Initial::take(sp), Alone::at_start()) };
    if let Err(refusal) = memory::start(initial.page_size()) {
        fatal!("{}", refusal.text);
    }
    vdso::start(initial.vdso());
    #[cfg(feature = "faults")]
    faults(&initial);
    identity::start(&initial);
    if let Some(fd) = initial.var(environment::TRIAL).and_then(parse_dec) {
        trial::report(fd as i32);
    }
    // First of all, and before the process has its name: whoever asks takes that as a sign of it.
    request::listen();
    match initial.var(environment::RESUME) {
        Some(fd) => arrival::resume(&initial, alone, fd),
        None => fresh(&initial, alone),
    }
}

/// What is to fail in this incarnation.
#[cfg(feature = "faults")]
fn faults(initial: &Initial) {
    let arrives = initial.var(environment::RESUME).is_some();
    let arrival = arrives.then(|| initial.var(environment::FAULT_ARRIVAL));
    crate::kernel::faults::start(arrival, initial.var(environment::FAULT));
}

/// A program that begins at its beginning.
fn fresh(initial: &Initial, mut alone: Alone) -> ! {
    let Some(copy) = Copied::new(initial) else {
        fatal!("out of memory for the arguments and the environment");
    };
    if initial.var(environment::PROGRAM).is_some() {
        attributes::start();
    }
    open_files::note_given(&mut alone);
    trace::start(initial);
    schedule::start(&mut alone, initial);
    longest_gap::start(&mut alone, initial);
    points::start();
    alone.begin_program();
    // SAFETY: libc's entry points, as docs/abi.md section 9 has them.
    unsafe {
        __popcorn_libc_init(copy.envp, copy.argv0);
        thread::set_ready();
        let local = Local::start()
            .unwrap_or_else(|error| fatal!("no memory for the first thread: {error}"));
        let top = local.native.top();
        data_stack::start();
        let main = __popcorn_libc_main as *const () as u64;
        let (argc, argv, envp) = (copy.argc as u64, copy.argv as u64, copy.envp as u64);
        arch::__popcorn_bottom(top, main, argc, argv, envp)
    }
}

unsafe extern "C" {
    fn __popcorn_libc_init(envp: *const *const u8, argv0: *const u8);
    fn __popcorn_libc_main(argc: i32, argv: *const *const u8, envp: *const *const u8) -> !;
}

/// The copy in the window, in the kernel's layout.
struct Copied {
    argc: usize,
    argv: *const *const u8,
    argv0: *const u8,
    envp: *const *const u8,
}

/// Numbers above are of one ISA (cache shapes, stack sizes).
const LAST: u32 = auxvec::AT_EXECFN;

/// Which auxiliary entries the program sees: those that mean the same on every ISA.
fn is_kept(tag: u64) -> bool {
    use auxvec::{AT_BASE_PLATFORM, AT_HWCAP, AT_HWCAP2, AT_PLATFORM, AT_SYSINFO_EHDR};
    /// `AT_SYSINFO` of 32-bit ISAs.
    const SYSINFO: u32 = 32;
    let ours = [
        AT_HWCAP,
        AT_HWCAP2,
        AT_PLATFORM,
        AT_BASE_PLATFORM,
        SYSINFO,
        AT_SYSINFO_EHDR,
    ];
    u32::try_from(tag).is_ok_and(|tag| tag <= LAST && !ours.contains(&tag))
}

impl Copied {
    fn new(initial: &Initial) -> Option<Self> {
        const WORD: usize = 8;
        const EXECFN: u64 = auxvec::AT_EXECFN as u64;
        const RANDOM: u64 = auxvec::AT_RANDOM as u64;
        const PAGESZ: u64 = auxvec::AT_PAGESZ as u64;
        let mut link = [0; PATH_MAX];
        let own = identity::program_path(&mut link);
        // What an exec of the program's file would say, in place of what whoever started it runs.
        let file_name = |value: u64| match own {
            // SAFETY: the kernel's string.
            [] => unsafe { c_bytes(value as *const u8) },
            own => own,
        };
        let (mut words, mut bytes) = (1, 16);
        for text in initial.args().chain(initial.visible_env()) {
            words += 1;
            bytes += text.len() + 1;
        }
        words += 2;
        for [tag, value] in initial.auxv().filter(|&[tag, _]| is_kept(tag)) {
            words += 2;
            if tag == EXECFN {
                bytes += file_name(value).len() + 1;
            }
        }
        words += 2;
        let length = words * WORD + bytes;
        let prot = i64::from(memory::PROT_READ | memory::PROT_WRITE);
        let flags = i64::from(memory::MAP_PRIVATE | memory::MAP_ANONYMOUS);
        let block = window::mmap([0, length as i64, prot, flags, -1, 0]);
        if block < 0 {
            return None;
        }
        let mut out = Writer {
            word: block as *mut u64,
            byte: (block as usize + words * WORD) as *mut u8,
        };
        out.word(initial.args().count() as u64);
        let argv = out.word;
        for arg in initial.args() {
            out.text(arg);
        }
        out.word(0);
        let envp = out.word;
        for entry in initial.visible_env() {
            out.text(entry);
        }
        out.word(0);
        for [tag, value] in initial.auxv().filter(|&[tag, _]| is_kept(tag)) {
            out.word(tag);
            match tag {
                EXECFN => out.text(file_name(value)),
                // SAFETY: the kernel's 16 random bytes.
                RANDOM => out.raw(unsafe { &*(value as *const [u8; 16]) }),
                PAGESZ => out.word(page()),
                _ => out.word(value),
            }
        }
        // The two words of AT_NULL are zero already.
        let argv = argv.cast::<*const u8>().cast_const();
        Some(Self {
            argc: initial.args().count(),
            argv,
            // SAFETY: argv ends with a null pointer, so it has a first word.
            argv0: unsafe { *argv },
            envp: envp.cast::<*const u8>().cast_const(),
        })
    }
}

struct Writer {
    word: *mut u64,
    byte: *mut u8,
}

impl Writer {
    fn word(&mut self, value: u64) {
        // SAFETY: `Copied::new` counted the words.
        unsafe {
            *self.word = value;
            self.word = self.word.add(1);
        }
    }

    /// Copies the bytes and enters a pointer to them.
    fn raw(&mut self, bytes: &[u8]) {
        self.word(self.byte as u64);
        // SAFETY: `Copied::new` counted the bytes.
        unsafe {
            core::ptr::copy_nonoverlapping(bytes.as_ptr(), self.byte, bytes.len());
            self.byte = self.byte.add(bytes.len());
        }
    }

    fn text(&mut self, text: &[u8]) {
        self.raw(text);
        // SAFETY: as above; the page came zeroed, so the string has its end.
        self.byte = unsafe { self.byte.add(1) };
    }
}
