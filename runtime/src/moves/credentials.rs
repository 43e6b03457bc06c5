//! Whose rights a process has, and whether it would have the same after an exec.
//!
//! A hop is an exec of a file without privileges, and an exec computes rights anew (capabilities(7)): ids become one,
//! root's dropped capabilities come back, a process that closed itself is open again, and one whose ids differ runs its
//! program from the beginning. So a process whose rights an exec would change stays where it is.

use core::ffi::CStr;
use core::fmt::{self, Display, Formatter};

use linux_raw_sys::prctl;

use crate::base::refusal::Refusal;
use crate::kernel::{errno, file, process};
use crate::refusal;

/// Root has no capabilities by being root (`SECBIT_NOROOT`).
const NOROOT: u32 = 1 << 0;

/// Four ids of users or groups: real, effective, saved, and the file system's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Ids([u32; 4]);

impl Ids {
    fn are_one(&self) -> bool {
        self.0.iter().all(|id| *id == self.0[0])
    }
}

impl Display for Ids {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        let [real, effective, saved, files] = self.0;
        write!(
            f,
            "real {real}, effective {effective}, saved {saved}, for files {files}"
        )
    }
}

/// The rights of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Credentials {
    users: Ids,
    groups: Ids,
    inheritable: u64,
    permitted: u64,
    effective: u64,
    bounding: u64,
    ambient: u64,
    no_new_privileges: bool,
    secure_bits: u32,
    /// Others of the same user may look into it.
    is_open: bool,
}

impl Credentials {
    /// Reads `/proc/self/status`. `None`: it does not say all of it.
    fn parse(status: &[u8]) -> Option<Self> {
        let field = |name: &[u8]| {
            let mut lines = status.split(|&b| b == b'\n');
            lines.find_map(|line| line.strip_prefix(name))
        };
        let ids = |name: &[u8]| {
            let mut ids = [0; 4];
            let mut words = words(field(name)?);
            for id in &mut ids {
                *id = u32::try_from(crate::base::text::parse_dec(words.next()?)?).ok()?;
            }
            Some(Ids(ids))
        };
        let set = |name: &[u8]| hexadecimal(words(field(name)?).next()?);
        Some(Self {
            users: ids(b"Uid:")?,
            groups: ids(b"Gid:")?,
            inheritable: set(b"CapInh:")?,
            permitted: set(b"CapPrm:")?,
            effective: set(b"CapEff:")?,
            bounding: set(b"CapBnd:")?,
            ambient: set(b"CapAmb:")?,
            no_new_privileges: set(b"NoNewPrivs:")? != 0,
            secure_bits: 0,
            is_open: true,
        })
    }

    fn now() -> Result<Self, Refusal> {
        let mut text = [0; 4096];
        let unknown = || refusal!(errno::EACCES, "the kernel does not say what rights it has");
        let text = file::contents(c"/proc/self/status", &mut text).map_err(|_| unknown())?;
        let mut now = Self::parse(text).ok_or_else(unknown)?;
        let bits = process::control(prctl::PR_GET_SECUREBITS, 0);
        now.secure_bits = bits.unwrap_or(0) as u32;
        now.is_open = process::control(prctl::PR_GET_DUMPABLE, 0) == Ok(1);
        Ok(now)
    }

    /// Permitted and effective capabilities after an exec of a file without privileges, if all ids are one.
    fn after_exec(&self) -> (u64, u64) {
        let is_root = self.users.0[0] == 0 && self.secure_bits & NOROOT == 0;
        if !is_root {
            return (self.ambient, self.ambient);
        }
        let all = self.inheritable | self.bounding | self.ambient;
        let permitted = if self.no_new_privileges {
            all & self.permitted
        } else {
            all
        };
        (permitted, permitted)
    }

    /// Checks that an exec changes none of it. What the kernel keeps anyway is not looked at: supplementary groups,
    /// inheritable, ambient and bounding sets, `no_new_privs`, filters that the program was started under.
    fn survive_exec(&self) -> Result<(), Refusal> {
        let stays = |text: fmt::Arguments| Err(Refusal::new(errno::EPERM.into(), text));
        if !self.users.are_one() {
            let users = self.users;
            return stays(format_args!(
                "it has several user ids ({users}), which a move would make one"
            ));
        }
        if !self.groups.are_one() {
            let groups = self.groups;
            return stays(format_args!(
                "it has several group ids ({groups}), which a move would make one"
            ));
        }
        self.stay_closed()?;
        let (permitted, effective) = self.after_exec();
        let back = (permitted & !self.permitted) | (effective & !self.effective);
        if back != 0 {
            return stays(format_args!(
                "it has dropped capabilities ({back:#x}) that a move would give back"
            ));
        }
        let gone = (self.permitted & !permitted) | (self.effective & !effective);
        if gone != 0 {
            return stays(format_args!(
                "it has capabilities ({gone:#x}) that a move would take away"
            ));
        }
        Ok(())
    }

    /// Checks that the process has not closed itself to others of its user.
    fn stay_closed(&self) -> Result<(), Refusal> {
        if self.is_open {
            return Ok(());
        }
        let text = "it gave up privileges or closed itself to others (PR_SET_DUMPABLE), which a move would undo";
        Err(refusal!(errno::EPERM, "{text}"))
    }
}

/// Checks that the process has the same rights after a hop.
pub fn check_hop() -> Result<(), Refusal> {
    Credentials::now()?.survive_exec()
}

/// Checks that an image of the process may be written for its user: as for a core dump.
pub fn check_checkpoint() -> Result<(), Refusal> {
    Credentials::now()?.stay_closed()
}

/// Checks that a file that is to be entered gives no rights of its own.
pub fn check_file(path: &CStr) -> Result<(), Refusal> {
    const SETUID: u32 = 0o4000;
    const SETGID: u32 = 0o2010;
    // Who cannot be asked is told by the exec.
    let Ok(stat) = file::Stat::at(path) else {
        return Ok(());
    };
    let setuid = stat.mode & SETUID != 0 && stat.uid != process::effective_user();
    let setgid = stat.mode & SETGID == SETGID;
    if setuid || setgid || file::has_attribute(path, c"security.capability") {
        let text = "the file to enter gives rights (setuid, setgid or capabilities)";
        return Err(refusal!(errno::EPERM, "{text}"));
    }
    Ok(())
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|b| b.is_ascii_whitespace())
        .filter(|word| !word.is_empty())
}

fn hexadecimal(text: &[u8]) -> Option<u64> {
    let text = core::str::from_utf8(text).ok()?;
    u64::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: u64 = 0x1ff_ffff_ffff;

    fn root() -> Credentials {
        Credentials {
            permitted: ALL,
            effective: ALL,
            bounding: ALL,
            is_open: true,
            ..Credentials::default()
        }
    }

    fn user() -> Credentials {
        Credentials {
            users: Ids([1000; 4]),
            groups: Ids([1000; 4]),
            bounding: ALL,
            is_open: true,
            ..Credentials::default()
        }
    }

    fn refusal(credentials: Credentials) -> String {
        let refusal = credentials.survive_exec().unwrap_err();
        assert_eq!(refusal.errno, i64::from(errno::EPERM));
        refusal.text.to_string()
    }

    #[test]
    fn a_status_is_read() {
        let text = "Name:\tUid:\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nCapInh:\t0000000000000001\nCapPrm:\t2\nCapEff:\t3\n\
                    CapBnd:\t000001ffffffffff\nCapAmb:\t0\nNoNewPrivs:\t1\n";
        let read = Credentials::parse(text.as_bytes()).unwrap();
        assert_eq!(read.users, Ids([1, 2, 3, 4]));
        assert_eq!(read.groups, Ids([5, 6, 7, 8]));
        assert_eq!(
            (read.inheritable, read.permitted, read.effective),
            (1, 2, 3)
        );
        assert_eq!((read.bounding, read.ambient), (ALL, 0));
        assert!(read.no_new_privileges);
        for line in text.lines().filter(|line| !line.starts_with("Name")) {
            let without = text.replace(line, "");
            assert!(Credentials::parse(without.as_bytes()).is_none(), "{line}");
        }
        assert!(Credentials::parse(b"").is_none());
    }

    #[test]
    fn plain_processes_move() {
        assert!(root().survive_exec().is_ok() && user().survive_exec().is_ok());
        let service = Credentials {
            permitted: 0x400,
            effective: 0x400,
            bounding: 0x400,
            ..root()
        };
        assert!(service.survive_exec().is_ok());
        let ambient = Credentials {
            inheritable: 0x400,
            permitted: 0x400,
            effective: 0x400,
            ambient: 0x400,
            ..user()
        };
        assert!(ambient.survive_exec().is_ok());
    }

    #[test]
    fn ids_that_differ() {
        for at in 0..4 {
            let mut other = user();
            other.users.0[at] = 0;
            assert!(refusal(other).contains("several user ids"), "{at}");
            let mut other = root();
            other.groups.0[at] = 7;
            assert!(refusal(other).contains("several group ids"), "{at}");
        }
    }

    #[test]
    fn capabilities_that_would_come_back() {
        let permitted = Credentials {
            permitted: ALL & !2,
            effective: ALL & !2,
            ..root()
        };
        assert!(refusal(permitted).contains("dropped capabilities (0x2)"));
        let effective = Credentials {
            effective: 0,
            ..root()
        };
        assert!(refusal(effective).contains("give back"));
        // The kernel gives none back then, but takes what is permitted as effective.
        let bounded = Credentials {
            no_new_privileges: true,
            ..permitted
        };
        assert!(bounded.survive_exec().is_ok());
        let lowered = Credentials {
            no_new_privileges: true,
            ..effective
        };
        assert!(refusal(lowered).contains("give back"));
    }

    #[test]
    fn capabilities_that_would_go() {
        let kept = Credentials {
            permitted: 0x400,
            ..user()
        };
        assert!(refusal(kept).contains("(0x400) that a move would take away"));
        let rootless = Credentials {
            secure_bits: NOROOT,
            ..root()
        };
        assert!(refusal(rootless).contains("take away"));
    }

    #[test]
    fn a_closed_process_stays() {
        let closed = Credentials {
            is_open: false,
            ..user()
        };
        assert!(refusal(closed).contains("PR_SET_DUMPABLE"));
    }
}
