//! Explores all orders in which the threads of small processes can take the protocol's steps.

mod faults;
mod graph;
mod process;

use faults::Fault;
use process::{Op, Process, Setup};

const MOST: usize = 20_000_000;

fn base() -> Setup {
    Setup {
        first: vec![],
        created: vec![],
        requests: 1,
        timeouts: 0,
        rounds: 0,
        failures: 1,
        flag: false,
        defers: false,
        refuses: false,
        fault: Fault::None,
    }
}

/// Each scenario, with its name. Those of `make test-long` have more threads and events.
fn scenarios(long: bool) -> Vec<(&'static str, Setup)> {
    use Op::{Ask, Create, Exit, ExitGroup, Fork, Handler, Leaf, Spin, Stay};
    let threads = |first: &[&'static [Op]]| Setup {
        first: first.to_vec(),
        ..base()
    };
    let (wait, spin): (&[Op], &[Op]) = (&[], &[Spin]);
    // The smaller come first: each fault that is put in is looked for in them in this order.
    let mut scenarios = vec![
        ("one thread", threads(&[wait])),
        ("two threads", threads(&[spin, wait])),
        (
            "a thread asks for a move",
            Setup {
                requests: 0,
                ..threads(&[&[Ask], spin])
            },
        ),
        (
            "a handler refuses",
            Setup {
                refuses: true,
                ..threads(&[&[Handler], wait])
            },
        ),
        (
            "a handler stays and refuses",
            Setup {
                refuses: true,
                defers: true,
                ..threads(&[&[Stay], wait])
            },
        ),
        ("a fork", threads(&[&[Fork], wait])),
        ("an end", threads(&[&[Exit], wait])),
        (
            "creation",
            Setup {
                created: vec![wait],
                ..threads(&[&[Create]])
            },
        ),
        (
            "two requests",
            Setup {
                requests: 2,
                failures: 2,
                ..threads(&[spin, wait])
            },
        ),
        (
            "two time-outs",
            Setup {
                timeouts: 2,
                ..threads(&[&[Leaf], wait])
            },
        ),
        (
            "kicked again",
            Setup {
                timeouts: 2,
                rounds: 1,
                ..threads(&[&[Leaf], wait])
            },
        ),
        (
            "a flag that is up for nothing",
            Setup {
                flag: true,
                ..threads(&[spin, spin, wait])
            },
        ),
        ("three threads", threads(&[spin, wait, wait])),
        (
            "one creates two",
            Setup {
                created: vec![wait, &[Exit]],
                failures: 0,
                ..threads(&[&[Create, Create]])
            },
        ),
        (
            "a created thread ends",
            Setup {
                created: vec![&[Exit]],
                ..threads(&[&[Create], spin])
            },
        ),
        (
            "a created thread forks",
            Setup {
                created: vec![&[Fork]],
                failures: 0,
                ..threads(&[&[Create]])
            },
        ),
        ("the process ends", threads(&[&[ExitGroup], wait])),
        (
            "a time-out, three threads",
            Setup {
                timeouts: 1,
                failures: 0,
                ..threads(&[&[Leaf], wait, spin])
            },
        ),
    ];
    if long {
        scenarios.extend([
            (
                "two requests, three threads",
                Setup {
                    requests: 2,
                    ..threads(&[wait, wait, wait])
                },
            ),
            (
                "two create",
                Setup {
                    created: vec![wait, wait],
                    failures: 0,
                    ..threads(&[&[Create], &[Create, Exit]])
                },
            ),
            (
                "a handler refuses, three threads",
                Setup {
                    refuses: true,
                    ..threads(&[&[Handler], wait, spin])
                },
            ),
            (
                "two time-outs, three threads",
                Setup {
                    timeouts: 2,
                    ..threads(&[&[Leaf], wait, wait])
                },
            ),
            (
                "two requests, a time-out",
                Setup {
                    requests: 2,
                    failures: 2,
                    timeouts: 1,
                    ..threads(&[wait, spin])
                },
            ),
            (
                "a handler answers later, three threads",
                threads(&[&[Handler], wait, wait]),
            ),
            (
                "creation among others",
                Setup {
                    created: vec![wait],
                    ..threads(&[&[Create], wait])
                },
            ),
            (
                "creation and a time-out",
                Setup {
                    timeouts: 1,
                    created: vec![wait],
                    ..threads(&[&[Create], spin])
                },
            ),
            ("an end, three threads", threads(&[&[Exit], wait, spin])),
            ("a fork, three threads", threads(&[&[Fork], wait, spin])),
        ]);
    }
    scenarios
}

fn explore(mut setup: Setup, fault: Fault) -> Result<graph::Size, String> {
    setup.fault = fault;
    let setup: &'static Setup = Box::leak(Box::new(setup));
    graph::explore(vec![Process::new(setup)], MOST)
}

/// One test, since the faults are put where the exploration without any came by.
///
/// A check that cannot fail is none: whichever action or transition gets lost, some scenario shows it.
#[test]
fn every_order_of_steps_and_every_lost_step() {
    let long = std::env::var_os("POPCORN_LONG").is_some();
    for (name, setup) in scenarios(long) {
        let start = std::time::Instant::now();
        match explore(setup, Fault::None) {
            Ok(size) => println!(
                "{name}: {} states, {} steps, {:.1} s",
                size.states,
                size.steps,
                start.elapsed().as_secs_f64()
            ),
            Err(wrong) => panic!("{name}:\n{wrong}"),
        }
    }
    let mut faults = faults::places();
    faults.extend([Fault::Inexact, Fault::NoLastPoint]);
    let mut missed = Vec::new();
    for fault in faults {
        let found = scenarios(false)
            .into_iter()
            .find_map(|(name, setup)| Some((name, explore(setup, fault).err()?)));
        match found {
            Some((name, wrong)) => {
                let wrong = wrong.lines().last().unwrap_or_default();
                println!("{fault:?}: found by `{name}`: {}", wrong.trim());
            }
            None => missed.push(fault),
        }
    }
    assert!(missed.is_empty(), "not found: {missed:#?}");
}
