//! What becomes of a move that is not made: whoever asked is told.

use popcorn_metadata::origin::Origin;

use crate::base::refusal::Refusal;
use crate::base::text::Message;
use crate::kernel::errno;
use crate::moves::order::Move;
use crate::moves::{ask, request, schedule};
use crate::program::trace;
use crate::say;

/// The move is still to be made, at a later point.
pub fn deferred(wanted: Move, reason: &Message) {
    match wanted.origin {
        Origin::Command | Origin::Checkpoint => request::reply_deferred(reason),
        Origin::Program => ask::failed(errno::EBUSY.into()),
        Origin::Schedule | Origin::Restore => {}
    }
    tell(wanted, "deferred", reason);
}

/// The move will not be made.
pub fn refused(wanted: Move, refusal: &Refusal) {
    match wanted.origin {
        Origin::Command | Origin::Checkpoint => request::reply_refused(&refusal.text),
        Origin::Program => ask::failed(refusal.errno),
        Origin::Schedule => schedule::postpone(),
        Origin::Restore => {}
    }
    tell(wanted, "refused", &refusal.text);
}

fn tell(wanted: Move, verdict: &str, reason: &Message) {
    if !trace::on() {
        return;
    }
    let to = wanted.to.map_or("self", |isa| isa.name);
    match wanted.origin {
        Origin::Checkpoint => say!("popcorn: checkpoint is {verdict}: {reason}"),
        _ => say!("popcorn: move to {to} is {verdict}: {reason}"),
    }
}
