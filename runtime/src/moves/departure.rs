//! From a migration point to the other side: the capture is begun, and what follows it.

use crate::arch::{self, Context};
use crate::base::refusal::Refusal;
use crate::base::statics::Slot;
use crate::image::write::Journey;
use crate::moves::order::Move;
use crate::moves::report::{self, Arrival};
use crate::moves::{hop, outcome, schedule};
use crate::program::alone::Alone;
use crate::stack::capture;
use crate::stack::capturing::Stopped;
use crate::stack::local::Local;
use crate::stack::resume;
use crate::{fatal, incarnation};

incarnation! {
    static UNDER_WAY: Slot<Option<Move>> = Slot::new(None);
}

/// Begins at a poll whose caller has `context`: the record for that caller to fill.
pub fn begin(context: &Context, mut alone: Alone, wanted: Move) -> Result<u64, (Alone, Refusal)> {
    UNDER_WAY.with(&mut alone, |under_way| *under_way = Some(wanted));
    alone.capture_others();
    capture::begin(context, alone, wanted.is_timed(), go)
}

/// Every frame is a record: moves, or goes on here.
fn go(mut stopped: Stopped) -> ! {
    let wanted = UNDER_WAY.with(&mut stopped.alone, Option::take);
    let Some(wanted) = wanted else {
        fatal!("internal error: a capture for a move that nobody asked for");
    };
    stopped.alone.wait_for_others();
    let sequence = schedule::count_hop();
    match wanted.exec() {
        Some(to) => {
            let journey = Journey {
                sequence,
                origin: wanted.origin as u64,
                to,
            };
            let refusal = hop::go(&mut stopped, &journey);
            schedule::uncount_hop();
            outcome::refused(wanted, &refusal);
        }
        None if wanted.is_timed() => {
            let [begin, end] = stopped.own.times();
            let totals = stopped.totals();
            let arrival = Arrival {
                origin: wanted.origin,
                number: sequence,
                from: arch::isa(),
                threads: stopped.alone.others() + 1,
                stop: stopped.alone.took(),
                frames: totals.frames,
                bytes: totals.bytes,
                times: [begin, end, end],
            };
            report::note(&mut stopped.alone, arrival);
        }
        None => {}
    }
    let Stopped { mut alone, own } = stopped;
    alone.rebuild_others();
    Local::own().native.expect(own.bytes());
    resume::enter(own.outermost(), alone, report::done)
}
