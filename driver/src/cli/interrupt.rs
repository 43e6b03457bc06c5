//! Ctrl-C and its like while a request is under way: what was begun is taken back before the command ends.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use crate::error::{Error, Result};

/// The number of the signal that has come.
static CAME: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// From here on those signals that are not ignored only have [`check`] fail.
pub fn watch() -> Result<()> {
    let path = Path::new("/proc/self/status");
    let status = fs::read_to_string(path).map_err(Error::io(path))?;
    let came = CAME.get_or_init(Arc::default);
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        if !in_mask(&status, "SigIgn:", signal as u32) {
            flag::register_usize(signal, came.clone(), signal as usize)
                .map_err(|e| Error::Plain(format!("signal {signal} cannot be caught: {e}")))?;
        }
    }
    Ok(())
}

/// An error if a signal has come.
pub fn check() -> Result<()> {
    match CAME.get().map_or(0, |came| came.load(Relaxed)) {
        0 => Ok(()),
        signal => Err(Error::Interrupted(signal as i32)),
    }
}

/// Ends this process as the signal would have.
pub fn die(signal: i32) -> ! {
    let _ = low_level::emulate_default_handler(signal);
    low_level::exit(128 + signal)
}

/// Whether the mask `name` in a `/proc/PID/status` has `signal`.
pub fn in_mask(status: &str, name: &str, signal: u32) -> bool {
    status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_read_from_the_mask() {
        let status = "Name:\tx\nSigIgn:\t1000\nSigCgt:\t2000000000000001\n";
        assert!(in_mask(status, "SigCgt:", 62) && in_mask(status, "SigCgt:", 1));
        assert!(!in_mask(status, "SigCgt:", 61) && !in_mask(status, "SigCgt:", 13));
        assert!(in_mask(status, "SigIgn:", 13));
        assert!(!in_mask("", "SigCgt:", 62));
    }
}
