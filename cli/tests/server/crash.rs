//! The server is killed while it takes usage, again and again. What it acknowledged is there, once.
//!
//! How often and under which load is set by the environment, see [`Storm::of_environment`];
//! `docs/internals/crashes.md` has the command and what a run of it found.

use crate::{Dice, Place, Server, event, rated};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const ACCOUNTS: [&str; 3] = ["acme", "globex", "initech"];

/// How the server is treated.
#[derive(Debug, Clone, Copy)]
struct Storm {
    /// Kills.
    rounds: usize,
    /// Clients that send at a time.
    clients: usize,
    /// New events of a request.
    batch: usize,
    /// The longest time from ready to the kill, in milliseconds.
    load_millis: u64,
    /// After so many seconds no further round begins.
    seconds: u64,
}

impl Storm {
    const SHORT: Storm = Storm { rounds: 20, clients: 3, batch: 150, load_millis: 280, seconds: u64::MAX };

    /// Five hundred kills, but for what the environment says otherwise.
    fn of_environment() -> Storm {
        let said = |name: &str| {
            let value = std::env::var(name).ok()?;
            Some(value.parse::<u64>().unwrap_or_else(|_| panic!("{name} is a number, not `{value}`")).max(1))
        };
        Storm {
            rounds: said("PRICE_KILLS").map_or(500, |n| n as usize),
            clients: said("PRICE_KILL_CLIENTS").map_or(Storm::SHORT.clients, |n| n as usize),
            batch: said("PRICE_KILL_BATCH").map_or(Storm::SHORT.batch, |n| n as usize),
            load_millis: said("PRICE_KILL_LOAD_MS").unwrap_or(Storm::SHORT.load_millis),
            seconds: said("PRICE_KILL_SECONDS").unwrap_or(Storm::SHORT.seconds),
        }
    }
}

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
fn client(server: &Server, journal: &Mutex<Journal>, next: &AtomicUsize, batch: usize, seed: u64) {
    let mut dice = Dice::new(seed);
    loop {
        let again = journal.lock().expect("held shortly").open.pop();
        let batch = again.unwrap_or_else(|| {
            let first = next.fetch_add(batch, Relaxed);
            let old = |_| if dice.below(5) == 0 { Some(dice.below(first + batch)) } else { None };
            let repeats: Vec<usize> = (0..batch).filter_map(old).collect();
            (first..first + batch).chain(repeats).collect()
        });
        match send(server, &batch) {
            Some(seqs) => journal.lock().expect("held shortly").acknowledged.extend(seqs),
            None => return journal.lock().expect("held shortly").open.push(batch),
        }
    }
}

/// Kills it, and compares everything that was acknowledged; prints what it took.
fn weather(storm: Storm) {
    let place = Place::new();
    // Checkpoints are made, and killed in the making, all the time.
    place.file("storm.toml", "checkpoint-entries = 700\n");
    drop(place.ready(&ACCOUNTS));
    let journal = Arc::new(Mutex::new(Journal::default()));
    let next = AtomicUsize::new(0);
    let mut dice = Dice::new(7);
    let (started, mut recoveries, mut checked) = (Instant::now(), Vec::new(), 0);
    for round in 0..storm.rounds {
        if round > 0 && started.elapsed() > Duration::from_secs(storm.seconds) {
            break;
        }
        let server = place.serve_with(&["--config", "storm.toml"]);
        // The first start follows a kill as well, of a server that had taken no usage.
        recoveries.push(server.took);
        // All that was acknowledged in the round before is found, under the same numbers.
        let before: Vec<(usize, u64)> = journal.lock().expect("held shortly").acknowledged[checked..].to_vec();
        for known in before.chunks(2_000) {
            let numbers: Vec<usize> = known.iter().map(|(number, _)| *number).collect();
            assert_eq!(send(&server, &numbers).expect("it answers"), known, "round {round}");
        }
        checked += before.len();
        let pid = server.pid().to_string();
        let wait = Duration::from_millis(30 + dice.below(storm.load_millis.saturating_sub(30).max(1) as usize) as u64);
        std::thread::scope(|scope| {
            for at in 0..storm.clients {
                let (server, journal, next) = (&server, &journal, &next);
                let seed = (round * storm.clients + at) as u64;
                scope.spawn(move || client(server, journal, next, storm.batch, seed));
            }
            std::thread::sleep(wait);
            let killed = std::process::Command::new("kill").args(["-KILL", &pid]).status().expect("kill runs");
            assert!(killed.success());
        });
        server.kill();
    }
    let server = place.serve_with(&["--config", "storm.toml"]);
    recoveries.push(server.took);
    let kills = recoveries.len() - 1;
    let open = std::mem::take(&mut journal.lock().expect("held shortly").open);
    for batch in open {
        let seqs = send(&server, &batch).expect("it answers");
        journal.lock().expect("held shortly").acknowledged.extend(seqs);
    }
    let sent = next.load(Relaxed);
    recoveries.sort();
    let millis = |of: Option<&Duration>| of.map_or(0, Duration::as_millis);
    println!(
        "{kills} kills, {sent} events, {checked} acknowledgements checked, {} s in all; from start to ready: \
         min {} ms, median {} ms, max {} ms",
        started.elapsed().as_secs(),
        millis(recoveries.first()),
        millis(recoveries.get(recoveries.len() / 2)),
        millis(recoveries.last()),
    );
    assert!(checked > 0, "nothing was acknowledged between two kills: give it more time, PRICE_KILL_LOAD_MS");
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
}

#[test]
fn twenty_kills_lose_nothing_and_double_nothing() {
    weather(Storm::SHORT);
}

#[test]
#[ignore = "takes many minutes; `docs/internals/crashes.md` has the command"]
fn five_hundred_kills_lose_nothing_and_double_nothing() {
    weather(Storm::of_environment());
}
