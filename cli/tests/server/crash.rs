//! The server is killed while it takes usage, again and again. What it acknowledged is there, once.

use crate::{Dice, Place, Server, event, rated};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const ACCOUNTS: [&str; 3] = ["acme", "globex", "initech"];
const CLIENTS: usize = 3;
const BATCH: usize = 40;

/// What clients know: events that were acknowledged with their entries, and those that were sent.
#[derive(Default)]
struct Journal {
    acknowledged: Vec<(usize, u64)>,
    /// Batches without an answer: they may be there or not, and are sent again.
    open: Vec<Vec<usize>>,
}

fn send(server: &Server, batch: &[usize]) -> Option<Vec<(usize, u64)>> {
    let body: Vec<String> = batch.iter().map(|number| event(*number, &ACCOUNTS)).collect();
    let answer = server.try_send("POST", "/v1/events", Some("application/x-ndjson"), body.join("\n").as_bytes())?;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let json = answer.json();
    let results = json["results"].as_array().expect("a list");
    assert_eq!(results.len(), batch.len());
    let one = |(number, result): (&usize, &serde_json::Value)| {
        let status = result["status"].as_str();
        assert!(matches!(status, Some("accepted" | "duplicate")), "event {number}: {result}");
        (*number, result["seq"].as_u64().expect("a number"))
    };
    Some(batch.iter().zip(results).map(one).collect())
}

/// A client until the connection breaks: first what is open, then new events with old ones between.
fn client(server: &Server, journal: &Mutex<Journal>, next: &AtomicUsize, seed: u64) {
    let mut dice = Dice::new(seed);
    loop {
        let again = journal.lock().expect("held shortly").open.pop();
        let batch = again.unwrap_or_else(|| {
            let first = next.fetch_add(BATCH, Relaxed);
            let old = |_| if dice.below(5) == 0 { Some(dice.below(first + BATCH)) } else { None };
            let repeats: Vec<usize> = (0..BATCH).filter_map(old).collect();
            (first..first + BATCH).chain(repeats).collect()
        });
        match send(server, &batch) {
            Some(seqs) => journal.lock().expect("held shortly").acknowledged.extend(seqs),
            None => return journal.lock().expect("held shortly").open.push(batch),
        }
    }
}

fn rounds(count: usize) {
    let place = Place::new();
    drop(place.ready(&ACCOUNTS));
    let journal = Arc::new(Mutex::new(Journal::default()));
    let next = AtomicUsize::new(0);
    let mut dice = Dice::new(7);
    let (started, mut slowest, mut checked) = (Instant::now(), Duration::ZERO, 0);
    for round in 0..count {
        let server = place.serve();
        slowest = slowest.max(server.took);
        // All that was acknowledged in the round before is found, under the same numbers.
        let before: Vec<(usize, u64)> = journal.lock().expect("held shortly").acknowledged[checked..].to_vec();
        for known in before.chunks(2_000) {
            let numbers: Vec<usize> = known.iter().map(|(number, _)| *number).collect();
            assert_eq!(send(&server, &numbers).expect("it answers"), known, "round {round}");
        }
        checked += before.len();
        let pid = server.pid().to_string();
        let wait = Duration::from_millis(30 + dice.below(250) as u64);
        std::thread::scope(|scope| {
            for at in 0..CLIENTS {
                let (server, journal, next) = (&server, &journal, &next);
                scope.spawn(move || client(server, journal, next, (round * CLIENTS + at) as u64));
            }
            std::thread::sleep(wait);
            let killed = std::process::Command::new("kill").args(["-KILL", &pid]).status().expect("kill runs");
            assert!(killed.success());
        });
        server.kill();
    }
    let server = place.serve();
    let open = std::mem::take(&mut journal.lock().expect("held shortly").open);
    for batch in open {
        let seqs = send(&server, &batch).expect("it answers");
        journal.lock().expect("held shortly").acknowledged.extend(seqs);
    }
    let sent = next.load(Relaxed);
    assert!(sent > count * CLIENTS, "only {sent} events");
    // An old event may have been drawn that only a later batch sends for the first time.
    let numbers: Vec<usize> = (0..sent).collect();
    for batch in numbers.chunks(2_000) {
        send(&server, batch).expect("it answers");
    }
    let records: Vec<String> = numbers.iter().map(|number| event(*number, &ACCOUNTS)).collect();
    let expected = rated(&place, &records);
    let found: Vec<(String, String)> =
        expected.iter().map(|(account, _)| (account.clone(), server.invoice(account, "2026-03-15"))).collect();
    assert_eq!(found, expected);
    assert!(server.stop().success());
    let verified = place.run(&["store", "verify", "--data", "data"]);
    assert!(verified.status.success(), "{}", crate::text(&verified.stdout));
    println!(
        "{count} kills, {sent} events, {} acknowledgements checked, slowest start {} ms, {} s in all",
        checked,
        slowest.as_millis(),
        started.elapsed().as_secs()
    );
}

#[test]
fn twenty_kills_lose_nothing_and_double_nothing() {
    rounds(20);
}

#[test]
#[ignore = "takes many minutes; run it with `cargo test -p price-cli --release --test server -- --ignored kills`"]
fn five_hundred_kills_lose_nothing_and_double_nothing() {
    rounds(500);
}
