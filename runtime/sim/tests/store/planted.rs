//! A simulator that cannot find a fault somebody planted proves nothing.

use crate::{damage, log};
use price_sim::run::{Found, World, search};
use price_store::planted::{Bug, choose};

fn found(bug: Bug, seeds: u64, run: fn(&mut World) -> Found) {
    choose(Some(bug));
    let failure = search(0..seeds, run);
    choose(None);
    let failure = failure.unwrap_or_else(|| panic!("{bug:?} is not found within {seeds} seeds"));
    println!("{bug:?}: {failure}");
    assert!(run(&mut World::new(failure.seed)).is_ok(), "seed {} fails without {bug:?} too", failure.seed);
}

#[test]
fn faults_of_the_log_are_found() {
    for bug in [
        Bug::SkipSync,
        Bug::AckBeforeSync,
        Bug::ForgetDirSync,
        Bug::KeepUncommitted,
        Bug::LeaveTail,
        Bug::TrustFound,
        Bug::RetrySync,
    ] {
        found(bug, 2000, log::crashes);
    }
    found(Bug::NoChecksum, 200, damage::flips);
    found(Bug::CutWithoutLooking, 200, damage::flips);
}
