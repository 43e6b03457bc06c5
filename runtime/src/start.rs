//! From the kernel's first instruction to `main`.
//!
//! The kernel's stack stays as it was, as the record of how this incarnation was started: the program
//! gets a copy of its arguments, environment and auxiliary vector in the window.

use crate::cell::Global;
use crate::maps::PAGE;
use crate::syscall::{forward, nr};
use crate::text::die;
use crate::{arch, config, kept, memory, poll, restore, stacks};

/// What the kernel put on the stack at the start of this incarnation.
#[derive(Clone, Copy)]
pub struct Initial {
    argc: usize,
    argv: *const *const u8,
    envp: *const *const u8,
    auxv: *const [u64; 2],
}

#[unsafe(link_section = ".popcorn.private.initial")]
static INITIAL: Global<Initial> = Global::new(Initial {
    argc: 0,
    argv: core::ptr::null(),
    envp: core::ptr::null(),
    auxv: core::ptr::null(),
});

/// Variables of ours that the program does not see.
pub const INTERNAL: [&[u8]; 4] = [RESUME, PROG, HOST, ELF];
/// Descriptor of the image to go on from.
pub const RESUME: &[u8] = b"POPCORN_RESUME=";
/// Descriptor of the program's file, which has every ISA's image.
pub const PROG: &[u8] = b"POPCORN_PROG=";
/// Name of the ISA of the machine itself, under the emulator if there is one.
pub const HOST: &[u8] = b"POPCORN_HOST=";
/// Descriptor of the file that this incarnation was started from, to be closed.
pub const ELF: &[u8] = b"POPCORN_ELF=";

impl Initial {
    fn read(sp: *const u64) -> Self {
        // SAFETY: the kernel's layout (psABI, section 3.4.1): argc, argv, null, envp, null, auxv.
        unsafe {
            let argc = *sp as usize;
            let argv = sp.add(1).cast::<*const u8>();
            let envp = argv.add(argc + 1);
            let mut end = envp;
            while !(*end).is_null() {
                end = end.add(1);
            }
            Self {
                argc,
                argv,
                envp,
                auxv: end.add(1).cast(),
            }
        }
    }

    pub fn args(&self) -> impl Iterator<Item = &'static [u8]> + use<> {
        let Self { argc, argv, .. } = *self;
        // SAFETY: as the kernel laid it out; nobody writes there.
        (0..argc).map(move |i| unsafe { c_bytes(*argv.add(i)) })
    }

    pub fn env(&self) -> impl Iterator<Item = &'static [u8]> + use<> {
        let envp = self.envp;
        // SAFETY: as above; ends at the null pointer.
        (0..).map_while(move |i| unsafe {
            let at = *envp.add(i);
            (!at.is_null()).then(|| c_bytes(at))
        })
    }

    fn auxv(&self) -> impl Iterator<Item = [u64; 2]> + use<> {
        let auxv = self.auxv;
        // SAFETY: as above; ends at AT_NULL.
        (0..).map_while(move |i| unsafe {
            let pair = *auxv.add(i);
            (pair[0] != 0).then_some(pair)
        })
    }

    /// The value of a variable, given as `NAME=`. A program with more rights than whoever started it
    /// listens to none.
    pub fn var(&self, name: &[u8]) -> Option<&'static [u8]> {
        if self
            .auxv()
            .any(|[tag, value]| tag == AT_SECURE && value != 0)
        {
            return None;
        }
        self.env().find_map(|entry| entry.strip_prefix(name))
    }
}

/// How this incarnation was started.
pub fn initial() -> Initial {
    // SAFETY: written once, before anything else runs.
    unsafe { *INITIAL.get() }
}

/// The bytes of a C string, without its end.
///
/// # Safety
/// `at` points to a string that lives as long as the incarnation.
pub unsafe fn c_bytes(at: *const u8) -> &'static [u8] {
    // SAFETY: by contract.
    unsafe { core::ffi::CStr::from_ptr(at.cast()).to_bytes() }
}

/// Called by `_start` with the kernel's stack pointer.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __popcorn_start(sp: *const u64) -> ! {
    let initial = Initial::read(sp);
    // SAFETY: nothing else runs yet.
    unsafe { *INITIAL.get() = initial };
    config::start(&initial);
    match initial.var(RESUME) {
        Some(fd) => restore::begin(fd),
        None => fresh(&initial),
    }
}

/// A program that begins at its beginning.
fn fresh(initial: &Initial) -> ! {
    let Some(copy) = Copied::new(initial) else {
        die("out of memory for the arguments and the environment");
    };
    kept::note_given();
    poll::start(initial);
    // SAFETY: libc's entry points, as docs/abi.md section 9 has them.
    unsafe {
        __popcorn_libc_init(copy.envp, copy.argv0);
        stacks::start();
        let main = __popcorn_libc_main as *const () as u64;
        let (argc, argv, envp) = (copy.argc as u64, copy.argv as u64, copy.envp as u64);
        arch::__popcorn_bottom(stacks::native_top(), main, argc, argv, envp)
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

const AT_HWCAP: u64 = 16;
const AT_PLATFORM: u64 = 15;
const AT_BASE_PLATFORM: u64 = 24;
const AT_SECURE: u64 = 23;
const AT_RANDOM: u64 = 25;
const AT_HWCAP2: u64 = 26;
const AT_EXECFN: u64 = 31;
const AT_SYSINFO: u64 = 32;
const AT_SYSINFO_EHDR: u64 = 33;
const AT_PAGESZ: u64 = 6;
/// Numbers above are of one ISA (cache shapes, stack sizes).
const AT_LAST: u64 = 31;

/// Which auxiliary entries the program sees: those that mean the same on every ISA.
fn kept(tag: u64) -> bool {
    tag <= AT_LAST
        && !matches!(
            tag,
            AT_HWCAP | AT_HWCAP2 | AT_PLATFORM | AT_BASE_PLATFORM | AT_SYSINFO | AT_SYSINFO_EHDR
        )
}

fn visible(entry: &[u8]) -> bool {
    !INTERNAL.iter().any(|name| entry.starts_with(name))
}

impl Copied {
    fn new(initial: &Initial) -> Option<Self> {
        const WORD: usize = 8;
        let (mut words, mut bytes) = (1, 16);
        for text in initial.args().chain(initial.env().filter(|e| visible(e))) {
            words += 1;
            bytes += text.len() + 1;
        }
        words += 2;
        for [tag, value] in initial.auxv().filter(|&[tag, _]| kept(tag)) {
            words += 2;
            if tag == AT_EXECFN {
                // SAFETY: the kernel's string.
                bytes += unsafe { c_bytes(value as *const u8) }.len() + 1;
            }
        }
        words += 2;
        let length = words * WORD + bytes;
        let flags = memory::MAP_PRIVATE | memory::MAP_ANONYMOUS;
        let block = memory::mmap([0, length as i64, 3, flags, -1, 0]);
        if block < 0 {
            return None;
        }
        let mut out = Writer {
            word: block as *mut u64,
            byte: (block as usize + words * WORD) as *mut u8,
        };
        out.word(initial.argc as u64);
        let argv = out.word;
        for arg in initial.args() {
            out.text(arg);
        }
        out.word(0);
        let envp = out.word;
        for entry in initial.env().filter(|e| visible(e)) {
            out.text(entry);
        }
        out.word(0);
        for [tag, value] in initial.auxv().filter(|&[tag, _]| kept(tag)) {
            out.word(tag);
            match tag {
                // SAFETY: the kernel's string.
                AT_EXECFN => out.text(unsafe { c_bytes(value as *const u8) }),
                // SAFETY: the kernel's 16 random bytes.
                AT_RANDOM => out.raw(unsafe { &*(value as *const [u8; 16]) }),
                AT_PAGESZ => out.word(PAGE),
                _ => out.word(value),
            }
        }
        // The two words of AT_NULL are zero already.
        let argv = argv.cast::<*const u8>().cast_const();
        Some(Self {
            argc: initial.argc,
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

/// Ends the process as `abort` does.
pub fn abort() -> ! {
    const SIGABRT: i64 = 6;
    let pid = forward(nr::GETPID, [0; 6]);
    forward(nr::KILL, [pid, SIGABRT, 0, 0, 0, 0]);
    loop {
        forward(nr::EXIT_GROUP, [134, 0, 0, 0, 0, 0]);
    }
}
