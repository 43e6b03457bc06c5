//! How this incarnation was started: what the kernel put on its stack. The program has a copy of its own in the
//! window (`start`).

use linux_raw_sys::auxvec::{AT_PAGESZ, AT_PHDR, AT_PHNUM, AT_SECURE, AT_SYSINFO_EHDR};
use popcorn_metadata::environment::INTERNAL;

use crate::base::statics::Slot;
use crate::base::text::c_bytes;
use crate::incarnation;

/// The kernel's vectors.
#[derive(Clone, Copy)]
pub struct Initial {
    argc: usize,
    argv: *const *const u8,
    envp: *const *const u8,
    auxv: *const [u64; 2],
}

incarnation! {
    static INITIAL: Slot<Initial> = Slot::new(Initial {
        argc: 0,
        argv: core::ptr::null(),
        envp: core::ptr::null(),
        auxv: core::ptr::null(),
    });
}

impl Initial {
    /// Reads the kernel's stack, and keeps it for [`initial`].
    ///
    /// # Safety
    /// `sp` is the stack pointer that the kernel started the program with; nothing else runs yet.
    pub unsafe fn take(sp: *const u64) -> Self {
        // SAFETY: the kernel's layout (psABI, section 3.4.1): argc, argv, null, envp, null, auxv.
        let initial = unsafe {
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
        };
        // SAFETY: by contract.
        unsafe { *INITIAL.get() = initial };
        initial
    }

    pub fn args(&self) -> impl Iterator<Item = &'static [u8]> + use<> {
        let Self { argc, argv, .. } = *self;
        // SAFETY: as the kernel laid it out; nobody writes there.
        (0..argc).map(move |i| unsafe { c_bytes(*argv.add(i)) })
    }

    /// The environment's entries, ours included, as the kernel has them.
    fn entries(&self) -> impl Iterator<Item = *const u8> + use<> {
        let envp = self.envp;
        // SAFETY: as above; ends at the null pointer.
        (0..).map_while(move |i| unsafe {
            let at = *envp.add(i);
            (!at.is_null()).then_some(at)
        })
    }

    /// All of the environment, ours included.
    pub fn env(&self) -> impl Iterator<Item = &'static [u8]> + use<> {
        // SAFETY: the kernel's strings; nobody writes there.
        self.entries().map(|at| unsafe { c_bytes(at) })
    }

    /// The program's environment.
    pub fn visible_env(&self) -> impl Iterator<Item = &'static [u8]> + use<> {
        // SAFETY: as above.
        let is = |at: *const u8, name: &str| unsafe { value(at, name) }.is_some();
        let is_ours = move |at: *const u8| INTERNAL.iter().any(|name| is(at, name));
        let visible = self.entries().filter(move |&at| !is_ours(at));
        // SAFETY: as above.
        visible.map(|at| unsafe { c_bytes(at) })
    }

    pub fn auxv(&self) -> impl Iterator<Item = [u64; 2]> + use<> {
        let auxv = self.auxv;
        // SAFETY: as above; ends at AT_NULL.
        (0..).map_while(move |i| unsafe {
            let pair = *auxv.add(i);
            (pair[0] != 0).then_some(pair)
        })
    }

    /// Bytes of a page of the kernel's memory.
    pub fn page_size(&self) -> u64 {
        self.auxiliary(AT_PAGESZ)
    }

    /// The program headers in memory: address and number.
    pub fn program_headers(&self) -> (u64, u64) {
        (self.auxiliary(AT_PHDR), self.auxiliary(AT_PHNUM))
    }

    /// Where the kernel put code of its own; 0: nowhere.
    pub fn vdso(&self) -> u64 {
        self.auxiliary(AT_SYSINFO_EHDR)
    }

    /// An entry of the auxiliary vector; 0: there is none.
    fn auxiliary(&self, wanted: u32) -> u64 {
        let mut auxv = self.auxv();
        auxv.find_map(|[tag, value]| (tag == u64::from(wanted)).then_some(value))
            .unwrap_or_default()
    }

    /// Whether the program runs with more rights than whoever started it (setuid, setgid, file capabilities): it
    /// listens to nobody then.
    pub fn is_secure(&self) -> bool {
        self.auxv()
            .any(|[tag, value]| tag == u64::from(AT_SECURE) && value != 0)
    }

    /// The value of a variable; none in a program with more rights than whoever started it.
    pub fn var(&self, name: &str) -> Option<&'static [u8]> {
        if self.is_secure() {
            return None;
        }
        // SAFETY: the kernel's strings; nobody writes there.
        self.entries().find_map(|at| unsafe { value(at, name) })
    }
}

/// What stands behind `NAME=`, if the entry is that variable's. Reads no further than the two agree.
///
/// # Safety
/// `entry` is a C string that lives as long as the incarnation.
unsafe fn value(entry: *const u8, name: &str) -> Option<&'static [u8]> {
    // SAFETY: by contract; the string has not ended before.
    unsafe {
        let differs = |(i, b): (usize, u8)| *entry.add(i) != b;
        if name.bytes().chain([b'=']).enumerate().any(differs) {
            return None;
        }
        Some(c_bytes(entry.add(name.len() + 1)))
    }
}

/// How this incarnation was started.
pub fn initial() -> Initial {
    // SAFETY: written once, before anything else runs.
    unsafe { *INITIAL.get() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_by_name() {
        // SAFETY: a C string.
        let of =
            |entry: &'static core::ffi::CStr, name| unsafe { value(entry.as_ptr().cast(), name) };
        assert_eq!(of(c"NAME=a=b", "NAME"), Some(&b"a=b"[..]));
        assert_eq!(of(c"NAME=", "NAME"), Some(&b""[..]));
        assert_eq!(of(c"NAME", "NAME"), None);
        assert_eq!(of(c"NAMES=a", "NAME"), None);
        assert_eq!(of(c"", "NAME"), None);
    }
}
