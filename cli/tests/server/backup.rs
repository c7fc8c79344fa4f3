//! A server is backed up and looked at while it takes usage.

use crate::{Place, event, text};
use price_core::Machine;
use price_server::home::Home;
use price_store::disk::{Disk, FileDisk};
use price_store::index::Index;
use price_store::log::{Log, Options};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

/// The root of the state after an entry of the log in a data directory, and the last entry there.
fn root(place: &Place, data: &Path, until: Option<u64>) -> ([u8; 32], u64) {
    let scratch = tempfile::tempdir().expect("a folder");
    let keys = Home::new(place.path("data")).secrets().expect("the secrets").keys();
    let index = Arc::new(FileDisk::open(scratch.path()).expect("a disk"));
    let index = Index::reset(index, &keys, Default::default()).expect("an index");
    let mut machine = Machine::new(Arc::new(price_interp::InterpFactory), index, keys);
    let disk: Arc<dyn Disk> = Arc::new(FileDisk::open(&data.join("log")).expect("a log"));
    let log = Log::open(disk, Options::default()).expect("a log");
    let until = until.unwrap_or(log.durable());
    let mut scan = log.scan(1).expect("a scan");
    while let Some(group) = scan.next().expect("a log that is whole") {
        for frame in group.frames().filter(|frame| frame.seq <= until) {
            machine.replay(&frame).expect("it fits");
        }
    }
    machine.settle().expect("it fits");
    (machine.root(), until)
}

#[test]
fn a_backup_taken_under_load_is_the_log_up_to_its_last_entry() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    let (stop, next) = (AtomicBool::new(false), AtomicUsize::new(0));
    let exports = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(SeqCst) {
                    let first = next.fetch_add(50, SeqCst);
                    server.ingest(&(first..first + 50).map(|n| event(n, &["acme"])).collect::<Vec<_>>());
                }
            });
        }
        let mut said = Vec::new();
        for round in 0..4 {
            // As much again was taken since the one before.
            while next.load(SeqCst) < (round + 1) * 400 {
                std::thread::yield_now();
            }
            let verified = place.run(&["store", "verify", "--data", "data"]);
            assert!(verified.status.success(), "{}{}", text(&verified.stdout), text(&verified.stderr));
            let ran = place.run(&["store", "export", "--data", "data", "--to", "backup"]);
            assert!(ran.status.success(), "{}", text(&ran.stderr));
            said.push(text(&ran.stderr));
        }
        let repaired = place.run(&["store", "repair", "--data", "data"]);
        assert!(text(&repaired.stderr).contains("C071"), "what changes the log waits for the server");
        stop.store(true, SeqCst);
        said
    });
    let up_to = |said: &String| {
        let number = said.split("up to entry ").nth(1).and_then(|rest| rest.split_whitespace().next());
        number.and_then(|number| number.parse::<u64>().ok()).unwrap_or_else(|| panic!("{said}"))
    };
    let held: Vec<u64> = exports.iter().map(up_to).collect();
    assert!(held.windows(2).all(|pair| pair[0] < pair[1]), "each holds more than the one before: {held:?}");
    // Nothing that comes after is in it; the disk is gone.
    server.ingest(&(1_000_000..1_000_100).map(|n| event(n, &["acme"])).collect::<Vec<_>>());
    server.kill();
    let ran = place.run(&["store", "restore", "--data", "again", "--from", "backup"]);
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    let (restored, last) = root(&place, &place.path("again"), None);
    assert_eq!(Some(&last), held.last());
    let (whole, end) = root(&place, &place.path("data"), None);
    assert!(end > last && whole != restored);
    assert_eq!(root(&place, &place.path("data"), Some(last)).0, restored, "the same state up to entry {last}");
    // A server starts on it, and what is sent again counts once.
    std::fs::rename(place.path("data"), place.path("lost")).expect("moved");
    std::fs::rename(place.path("again"), place.path("data")).expect("moved");
    let server = place.serve();
    let answer = server.ingest(&(0..100).map(|n| event(n, &["acme"])).collect::<Vec<_>>());
    assert_eq!(answer["duplicates"], 100);
}

#[test]
fn what_a_killed_server_acknowledged_is_in_the_next_backup() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    server.ingest(&(0..40).map(|n| event(n, &["acme"])).collect::<Vec<_>>());
    server.kill();
    let ran = place.run(&["store", "export", "--data", "data", "--to", "backup"]);
    assert!(text(&ran.stderr).contains("up to entry 42"), "{}", text(&ran.stderr));
    // Then it goes on, and the backup with it.
    let server = place.serve();
    server.ingest(&(40..50).map(|n| event(n, &["acme"])).collect::<Vec<_>>());
    assert!(server.stop().success());
    let ran = place.run(&["store", "export", "--data", "data", "--to", "backup"]);
    assert!(text(&ran.stderr).contains("up to entry 52"), "{}", text(&ran.stderr));
    assert!(place.run(&["store", "restore", "--data", "again", "--from", "backup"]).status.success());
    let verified = place.run(&["store", "verify", "--data", "again"]);
    assert!(text(&verified.stdout).contains("up to entry 52"), "{}", text(&verified.stdout));
}
