//! A start takes up the newest checkpoint, and whatever is wrong with one costs time, not truth.

use crate::{Place, Server, event};
use std::path::PathBuf;

const ACCOUNTS: [&str; 3] = ["acme", "globex", "initech"];

/// Entries after which a checkpoint is made here.
const OFTEN: &str = "checkpoint-entries = 100\n";

fn invoices(server: &Server) -> Vec<String> {
    ACCOUNTS.iter().map(|account| server.invoice(account, "2026-03-15")).collect()
}

/// Entries that a server replayed when it started.
fn replayed(server: &Server) -> u64 {
    let metrics = server.get("/metrics").body;
    let count = metrics.lines().find_map(|line| line.strip_prefix("price_replayed_entries "));
    count.and_then(|count| count.parse().ok()).expect("a number")
}

fn files(place: &Place, directory: &str, named: &str) -> Vec<PathBuf> {
    let all = std::fs::read_dir(place.path(directory)).expect("a folder");
    let mut found: Vec<PathBuf> = all.map(|entry| entry.expect("an entry").path()).collect();
    found.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(named)));
    found.sort();
    found
}

fn flip(path: &PathBuf) {
    let mut bytes = std::fs::read(path).expect("it is read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).expect("it is written");
}

#[test]
fn a_start_reads_what_came_after_the_checkpoint_and_knows_all_of_it() {
    let place = Place::new();
    place.file("often.toml", OFTEN);
    drop(place.ready(&ACCOUNTS));
    let serve = || place.serve_with(&["--config", "often.toml"]);
    let sent: Vec<String> = (0..900).map(|number| event(number, &ACCOUNTS)).collect();
    let (early, late) = sent.split_at(700);
    let mut server = serve();
    for records in early.chunks(60) {
        assert_eq!(server.ingest(records)["accepted"], records.len());
    }
    // What is known of single events is kept too.
    let of = |number: usize| serde_json::from_str::<serde_json::Value>(&early[number]).expect("an event");
    let void = serde_json::json!({ "source": of(10)["source"], "id": of(10)["id"] }).to_string();
    assert_eq!(server.post("/v1/events/void", "application/json", &void).status, 200);
    let (known, entries) = (invoices(&server), replayed(&server) + 701);
    assert!(server.stop().success());

    // Stopped in good order: nothing is left to replay but what came after the last checkpoint.
    server = serve();
    let resumed = replayed(&server);
    assert!(resumed < 100, "{resumed} entries were replayed");
    assert!(server.get("/metrics").body.lines().any(|line| line.starts_with("price_checkpoint_entry ")));
    assert_eq!(invoices(&server), known);
    let again = server.ingest(&early[..300]);
    assert_eq!((&again["accepted"], &again["duplicates"]), (&0.into(), &300.into()), "{again}");
    assert_eq!(server.post("/v1/events/void", "application/json", &void).code(), "S016");
    for records in late.chunks(50) {
        assert_eq!(server.ingest(records)["accepted"], records.len());
    }
    let known = invoices(&server);
    server.kill();

    // Killed: the checkpoint may be older, the end of the log is replayed.
    server = serve();
    assert!(replayed(&server) < entries + 200, "some checkpoint was taken up");
    assert_eq!(invoices(&server), known);
    assert!(server.stop().success());

    // Damage, and an index that is gone: all of the log is read.
    files(&place, "data/checkpoints", "checkpoint-").iter().for_each(flip);
    server = serve();
    assert!(replayed(&server) > 900, "{}", server.said());
    assert!(server.said().contains("is not used"), "{}", server.said());
    assert_eq!(invoices(&server), known);
    assert!(server.stop().success());
    std::fs::remove_dir_all(place.path("data/index")).expect("it is removed");
    server = serve();
    assert!(replayed(&server) > 900, "{}", server.said());
    assert_eq!(invoices(&server), known);
    assert!(server.stop().success());

    // And without all that is derived.
    std::fs::remove_dir_all(place.path("data/checkpoints")).expect("it is removed");
    server = serve();
    assert!(replayed(&server) > 900, "{}", server.said());
    assert_eq!(invoices(&server), known);
}

#[test]
fn a_checkpoint_of_another_log_is_not_taken_up() {
    let (one, other) = (Place::new(), Place::new());
    for place in [&one, &other] {
        place.file("often.toml", OFTEN);
        drop(place.ready(&ACCOUNTS));
    }
    let fill = |place: &Place, from: usize| {
        let server = place.serve_with(&["--config", "often.toml"]);
        let sent: Vec<String> = (from..from + 300).map(|number| event(number, &ACCOUNTS)).collect();
        assert_eq!(server.ingest(&sent)["accepted"], 300);
        let known = invoices(&server);
        assert!(server.stop().success());
        known
    };
    fill(&one, 0);
    let known = fill(&other, 5_000);
    std::fs::remove_dir_all(other.path("data/checkpoints")).expect("it is removed");
    std::fs::rename(one.path("data/checkpoints"), other.path("data/checkpoints")).expect("it is moved");
    let server = other.serve_with(&["--config", "often.toml"]);
    assert!(server.said().contains("it is of another log"), "{}", server.said());
    assert_eq!(invoices(&server), known);
}
