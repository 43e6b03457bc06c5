//! The one signal handler that the kernel knows: it runs for every handler of the program, and for the request to move.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::arch::interrupted::Frame;
use crate::arch::user_context::{Pushed, UserContext};
use crate::incarnation;
use crate::kernel::signal::{self, Action, Information, MIGRATE_SIGNAL, SIG_DFL, SIG_IGN, bit};
use crate::kernel::{process, sys};
use crate::program::{actions, alternate_stack, thread, timers, waiting};

/// Signals whose default is to be ignored.
const IGNORED: signal::Set =
    bit(sys::SIGCHLD) | bit(sys::SIGURG) | bit(sys::SIGWINCH) | bit(sys::SIGCONT);

type Handler = extern "C" fn(i32, &mut Information, &mut UserContext);
type OnRequest = extern "C" fn();

incarnation! {
    /// What a request calls, as an address.
    static ON_REQUEST: AtomicU64 = AtomicU64::new(0);
}

/// The kernel's disposition for one of the program's: the same, but that a handler is ours.
pub fn for_kernel(action: Action) -> Action {
    let handler = match action.handler {
        no_handler @ ..=SIG_IGN => no_handler,
        _ => address(),
    };
    Action {
        handler,
        flags: action.flags | u64::from(sys::SA_SIGINFO | sys::SA_RESTORER),
        // One place to return to, so that the unwinder knows a handler's frame.
        restorer: restorer(),
        mask: action.mask & !bit(MIGRATE_SIGNAL),
    }
}

/// Has requests to move call `f`, in a signal handler.
pub fn listen(f: OnRequest) -> crate::kernel::Result<()> {
    ON_REQUEST.store(f as *const () as u64, Relaxed);
    let action = Action {
        handler: address(),
        flags: (sys::SA_RESTART | sys::SA_SIGINFO | sys::SA_RESTORER).into(),
        restorer: restorer(),
        mask: 0,
    };
    signal::action(MIGRATE_SIGNAL, Some(action)).map(drop)
}

/// Whether the kernel's disposition runs a handler of the program.
pub fn is_ours(kernels: Action) -> bool {
    kernels.handler == address()
}

#[cfg(not(test))]
fn address() -> u64 {
    __popcorn_signal_entry as *const () as u64
}

#[cfg(not(test))]
fn restorer() -> u64 {
    crate::arch::restorer()
}

/// The tests have no thread-local variables of ours, so no handler.
#[cfg(test)]
fn address() -> u64 {
    SIG_IGN + 1
}

/// The tests have no assembly.
#[cfg(test)]
fn restorer() -> u64 {
    0
}

/// From the kernel, on a stack of its choice, which the unwinder knows by where this function returns to.
#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn __popcorn_signal_entry(signal: u32, information: *mut Information, context: u64) {
    // SAFETY: this is the handler that the kernel called.
    let frame = &mut unsafe { Frame::of(context) };
    if signal == MIGRATE_SIGNAL {
        // SAFETY: the kernel's.
        let is_request = unsafe { !(*information).is_between_threads() };
        return request(frame, is_request);
    }
    let action = actions::due(signal);
    match action.handler {
        SIG_IGN => {}
        SIG_DFL => by_default(signal),
        handler => {
            thread::count_handler();
            // SAFETY: the kernel's.
            let about = unsafe { &*information };
            if !is_of_instruction(about) && waiting::note(frame, about, action) {
                return;
            }
            // SAFETY: the program's handler, by the base ABI; what the kernel has given us for it.
            unsafe {
                let handler = core::mem::transmute::<u64, Handler>(handler);
                run(handler, signal, &mut *information, Pushed::at(context));
            }
        }
    }
}

/// Calls a handler of the program, with a context of the base ABI.
fn run(handler: Handler, signal: u32, information: &mut Information, mut pushed: Pushed) {
    timers::identify(information);
    let (here, interrupted) = (&raw const pushed as u64, pushed.stack_pointer());
    let blocks_ours = *pushed.mask() & bit(MIGRATE_SIGNAL);
    let stack = pushed.with_base(information.fault_address(), |context| {
        let begun = alternate_stack::begin(here, interrupted, &mut context.stack);
        handler(signal as i32, information, context);
        alternate_stack::end(begun, context.stack)
    });
    *pushed.stack() = stack;
    // The program may have put any mask there.
    *pushed.mask() = *pushed.mask() & !bit(MIGRATE_SIGNAL) | blocks_ours;
}

/// Whether the interrupted instruction itself raised the signal, so that it cannot wait.
fn is_of_instruction(about: &Information) -> bool {
    const SIGNALS: signal::Set = bit(sys::SIGSEGV)
        | bit(sys::SIGBUS)
        | bit(sys::SIGFPE)
        | bit(sys::SIGILL)
        | bit(sys::SIGTRAP)
        | bit(sys::SIGSYS);
    signal::contains(SIGNALS, about.number()) && about.code() > 0
}

/// The thread is to pass a point: for a request, or because another stops the program, which has raised the flag.
fn request(frame: &mut Frame, is_request: bool) {
    if thread::is_ready() {
        waiting::request(frame);
    }
    let f = ON_REQUEST.load(Relaxed);
    if is_request && f != 0 {
        // SAFETY: `listen` has stored it.
        let f = unsafe { core::mem::transmute::<u64, OnRequest>(f) };
        f();
    }
}

/// The program took its handler away between the signal and this. What the kernel would have done happens when this
/// returns, since the signal was not blocked when it came.
#[cold]
fn by_default(signal: u32) {
    if signal::contains(IGNORED, signal) {
        return;
    }
    if signal::action(signal, Some(Action::DEFAULT)).is_ok() {
        let _ = signal::send_to_thread(process::id(), process::thread_id(), signal);
    }
}
