//! A simulator that cannot find a fault somebody planted proves nothing.

use crate::{beside, damage, erase, index, log, snapshot};
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
        Bug::TrustNames,
        Bug::RetrySync,
    ] {
        found(bug, 2000, log::crashes);
    }
    found(Bug::NoChecksum, 200, damage::flips);
    found(Bug::CutWithoutLooking, 200, damage::flips);
    found(Bug::CopyWhatIsWhole, 200, beside::copies);
    found(Bug::EraseInPlace, 400, erase::crashes);
    found(Bug::EraseUnflushed, 400, erase::crashes);
}

#[test]
fn faults_of_the_index_are_found() {
    found(Bug::SealTooMuch, 400, index::crashes);
    found(Bug::ForgetDirSync, 400, index::crashes);
    found(Bug::NoBlockChecksum, 400, index::damage);
}

#[test]
fn faults_of_checkpoints_are_found() {
    let bugs =
        [Bug::ForgetDirSync, Bug::TrustNames, Bug::SnapshotInPlace, Bug::SnapshotUnflushed, Bug::SnapshotRemoveFirst];
    for bug in bugs {
        found(bug, 1500, snapshot::crashes);
    }
    found(Bug::SnapshotUnchecked, 400, snapshot::damage);
}
