//! From a plan and events to invoices, in any order, and again after a restart.

use crate::{Dice, Place, event, rated};

const ACCOUNTS: [&str; 5] = ["acme", "globex", "hooli", "initech", "umbrella"];

#[test]
fn any_order_with_repeats_gives_what_rating_the_file_gives() {
    let events: Vec<String> = (0..10_000).map(|n| event(n, &ACCOUNTS)).collect();
    let place = Place::new();
    place.plan();
    let expected = rated(&place, &events);
    assert_eq!(expected.len(), ACCOUNTS.len());
    for seed in 1..=3 {
        let place = Place::new();
        let server = place.ready(&ACCOUNTS);
        let mut dice = Dice::new(seed);
        let mut sent = events.clone();
        for _ in 0..3_000 {
            sent.push(events[dice.below(events.len())].clone());
        }
        dice.shuffle(&mut sent);
        // Three at a time, so that groups hold several requests.
        let batches: Vec<&[String]> = sent.chunks(500).collect();
        let counts = std::thread::scope(|scope| {
            let send = |from: usize| {
                let mine: Vec<&[String]> = batches.iter().skip(from).step_by(3).copied().collect();
                let server = &server;
                scope.spawn(move || {
                    let counted = mine.into_iter().map(|batch| {
                        let answer = server.ingest(batch);
                        let count = |name: &str| answer[name].as_u64().expect("a count");
                        (count("accepted"), count("duplicates"), count("conflicts") + count("rejected"))
                    });
                    counted.fold((0, 0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1, sum.2 + one.2))
                })
            };
            let running: Vec<_> = (0..3).map(send).collect();
            let done = running.into_iter().map(|thread| thread.join().expect("it sends"));
            done.fold((0, 0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1, sum.2 + one.2))
        });
        assert_eq!(counts, (10_000, 3_000, 0), "each once");
        let all = |server: &crate::Server| -> Vec<(String, String)> {
            ACCOUNTS.iter().map(|account| ((*account).to_owned(), server.invoice(account, "2026-03-15"))).collect()
        };
        let before = all(&server);
        assert_eq!(before, expected, "order {seed}");
        assert!(server.stop().success());
        let server = place.serve();
        assert_eq!(all(&server), before, "after a restart");
        let said = server.last_words();
        assert!(said.contains("Ready after 0 entries behind the checkpoint at 10006"), "{said}");
    }
}

#[test]
fn what_is_taken_back_is_off_the_invoice() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    let total = || server.get("/v1/accounts/acme/invoice?on=2026-03-01").json()["invoice"]["total"].clone();
    let call = |id: &str, day: u32| {
        format!(
            r#"{{"source":"s","id":"{id}","type":"request","account":"acme","time":"2026-03-{day:02}T00:00:00Z","path":"/"}}"#
        )
    };
    server.ingest(&[call("1", 1), call("2", 2)]);
    assert_eq!(total(), "0.50");
    let set = server.post("/v1/events?set=again", "application/x-ndjson", &[call("3", 3), call("4", 4)].join("\n"));
    assert_eq!(set.json()["accepted"], 2);
    assert_eq!(total(), "1.00");
    assert_eq!(server.post("/v1/events/void", "application/json", r#"{"source":"s","id":"1"}"#).status, 200);
    assert_eq!(total(), "0.75");
    let again = server.post("/v1/events/void", "application/json", r#"{"source":"s","id":"1"}"#);
    assert_eq!((again.status, again.code().as_str()), (404, "S016"));
    let moved =
        server.send("PUT", "/v1/events", Some("application/json"), call("2", 31).replace("03-31", "04-01").as_bytes());
    assert_eq!(moved.json()["results"][0]["status"], "accepted", "{}", moved.body);
    assert_eq!(total(), "0.50", "it is in April now");
    assert_eq!(server.send("POST", "/v1/backfills/again/revert", None, b"").status, 200);
    assert_eq!(total(), "0.00");
    assert_eq!(server.send("POST", "/v1/backfills/again/revert", None, b"").code(), "S017");
    assert_eq!(server.get("/v1/events?source=s&id=2").json()["happened"], "2026-04-01T00:00:00Z");
    assert_eq!(server.get("/v1/events?source=s&id=1").status, 404);
}

#[test]
fn what_does_not_fit_is_kept_mended_and_sent_again() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    let record = |id: usize, account: &str| {
        format!(
            r#"{{"source":"s","id":"{id}","type":"request","account":"{account}","time":"2026-03-01T00:00:00Z","path":"/"}}"#
        )
    };
    let answer = server.ingest(&[
        record(0, "acme"),
        record(1, "nobody"),
        record(2, "acme").replace("\"request\"", "\"rquest\""),
        record(3, "nobody"),
    ]);
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&1.into(), &3.into()), "{answer}");
    assert_eq!(answer["results"][1]["code"], "R031");
    let first = server.get("/v1/rejects?limit=2").json();
    assert_eq!(first["rejects"].as_array().expect("a list").len(), 2);
    let second = server.get(&format!("/v1/rejects?limit=2&cursor={}", first["next"].as_str().expect("more"))).json();
    assert_eq!((second["rejects"].as_array().expect("a list").len(), &second["next"]), (1, &serde_json::Value::Null));
    let seq = |n: usize| first["rejects"][n]["seq"].as_u64().expect("a number");
    let subscribed = server.post("/v1/subscriptions", "application/json", r#"{"account":"nobody","plan":"cloud"}"#);
    assert_eq!(subscribed.status, 201, "{}", subscribed.body);
    let retried = server.send("POST", &format!("/v1/rejects/{}/retry", seq(0)), None, b"");
    assert_eq!(retried.json()["status"], "accepted", "{}", retried.body);
    let mended = server.post(&format!("/v1/rejects/{}/retry", seq(1)), "application/json", &record(2, "acme"));
    assert_eq!(mended.json()["status"], "accepted", "{}", mended.body);
    assert_eq!(server.send("POST", "/v1/rejects/1/retry", None, b"").status, 404, "a plan is no reject");
    let conflict = server.ingest(&[record(0, "acme").replace("\"/\"", "\"/other\"")]);
    assert_eq!(
        (&conflict["conflicts"], &conflict["results"][0]["status"]),
        (&1.into(), &"conflict".into()),
        "{conflict}"
    );
}

#[test]
fn accounts_and_plans_are_listed_in_pages() {
    let place = Place::new();
    let server = place.ready(&[]);
    let many: Vec<String> = (0..250).map(|n| format!(r#"{{"account":"a{n:03}","plan":"cloud"}}"#)).collect();
    let answer = server.post("/v1/subscriptions", "application/x-ndjson", &many.join("\n"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/v1/accounts?limit=100{cursor}")).json();
        let names = page["accounts"].as_array().expect("a list").iter();
        seen.extend(names.map(|account| account["account"].as_str().expect("a name").to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, (0..250).map(|n| format!("a{n:03}")).collect::<Vec<_>>());
    let twice = server.post("/v1/subscriptions", "application/json", &many[0]);
    assert_eq!((twice.status, twice.code().as_str()), (409, "S020"));
    let nothing = server.post("/v1/subscriptions", "application/json", r#"{"account":"x","plan":"nothing"}"#);
    assert_eq!((nothing.status, nothing.code().as_str()), (404, "S019"));
    let unknown =
        server.post("/v1/subscriptions", "application/json", r#"{"account":"x","plan":"cloud","form":"2026-01-01"}"#);
    assert_eq!((unknown.status, unknown.code().as_str()), (400, "S007"), "{}", unknown.body);
    assert_eq!(server.get("/v1/plans").json()["plans"][0]["name"], "cloud");
    let altered = server.send("POST", "/v1/plans", Some("application/octet-stream"), b"\x89PRICE");
    assert_eq!((altered.status, altered.code().as_str()), (422, "S011"));
}

#[test]
fn postings_are_told_as_they_are_accepted() {
    use std::io::Write;
    let place = Place::new();
    let server = place.ready(&["acme", "globex"]);
    let mut stream = server.connect();
    write!(stream, "GET /v1/postings?account=acme HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("sent");
    // The stream is open once its head is there.
    while !server.get("/metrics").body.contains("price_posting_streams 1") {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let call = |id: u32, account: &str| {
        format!(
            r#"{{"source":"s","id":"{id}","type":"request","account":"{account}","time":"2026-03-01T00:00:00Z","path":"/"}}"#
        )
    };
    server.ingest(&[call(1, "acme"), call(2, "globex"), call(3, "nobody"), call(4, "acme")]);
    server.ingest(&[call(1, "acme")]);
    let told = crate::read_all(&mut stream);
    let ids: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    assert_eq!(ids, ["4", "7"], "{told}");
    assert!(told.contains("event: posting") && told.contains("content-type: text/event-stream"), "{told}");
    // A server that is told to stop does not wait for a stream that never ends.
    let started = std::time::Instant::now();
    assert!(server.stop().success());
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
}
