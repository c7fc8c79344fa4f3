//! `price ingest`: each event once, whatever happens in between.

use crate::{Place, event, program, text};
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

fn lines(from: usize, to: usize) -> String {
    (from..to).map(|n| event(n, &["acme"]) + "\n").collect()
}

#[test]
fn a_file_is_sent_once_and_gone_on_with() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    let url = format!("http://{}", server.address);
    place.file("usage.ndjson", &lines(0, 2_500));
    let ingest = || {
        let ran = place.run(&["ingest", "usage.ndjson", "--url", &url]);
        assert!(ran.status.success(), "{}", text(&ran.stderr));
        text(&ran.stderr)
    };
    assert!(ingest().contains("Sent 2_500 events: 2_500 accepted"), "first");
    assert!(ingest().contains("Going on behind line 2500\nSent 0 events"), "nothing new");
    place.file("usage.ndjson", &(lines(0, 2_600) + "\n\n"));
    let said = ingest();
    assert!(said.contains("Sent 100 events: 100 accepted, 0 already there"), "{said}");
    std::fs::remove_file(place.path("usage.ndjson.position")).expect("it is there");
    let said = ingest();
    assert!(said.contains("Sent 2_600 events: 0 accepted, 2_600 already there"), "{said}");
    // Another file under the old name is not taken for the one that was sent.
    place.file("usage.ndjson", &lines(5_000, 8_000));
    let ran = place.run(&["ingest", "usage.ndjson", "--url", &url]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(text(&ran.stderr).contains("the file begins otherwise"), "{}", text(&ran.stderr));
    place.file("usage.ndjson", "x");
    assert!(text(&place.run(&["ingest", "usage.ndjson", "--url", &url]).stderr).contains("shorter"));
}

#[test]
fn what_is_refused_is_shown_and_what_is_no_json_stops() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    let url = format!("http://{}", server.address);
    place.file("usage.ndjson", &format!("{}{}\n", lines(0, 3), event(9, &["nobody"])));
    let ran = place.run(&["ingest", "usage.ndjson", "--url", &url, "--strict"]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(text(&ran.stderr).contains("line 4: rejected R031"), "{}", text(&ran.stderr));
    place.file("broken.ndjson", &format!("{}{{\"id\":\n", lines(10, 13)));
    let ran = place.run(&["ingest", "broken.ndjson", "--url", &url, "--batch", "3"]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(text(&ran.stderr).contains("lines 4 to 4 were not taken: S007"), "{}", text(&ran.stderr));
    place.file("broken.ndjson", &lines(10, 15));
    let ran = place.run(&["ingest", "broken.ndjson", "--url", &url]);
    assert!(text(&ran.stderr).contains("Sent 2 events: 2 accepted"), "mended, it goes on: {}", text(&ran.stderr));
    for (args, code) in
        [(["ingest", "-", "--url", "https://localhost"], "C083"), (["ingest", "missing.ndjson", "--url", &url], "C003")]
    {
        let ran = place.run(&args);
        assert!(ran.status.code() == Some(2) && text(&ran.stderr).contains(code), "{}", text(&ran.stderr));
    }
}

#[test]
fn csv_and_parquet_are_sent_as_what_they_hold() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    let url = format!("http://{}", server.address);
    let ingest = |file: &str| {
        let ran = place.run(&["ingest", file, "--url", &url]);
        assert!(ran.status.success(), "{}", text(&ran.stderr));
        text(&ran.stderr)
    };
    let call = |id: &str, path: &str| format!("{id},s,request,acme,2026-03-05T00:00:00Z,{path}\n");
    let header = "id,source,type,account,time,path\n";
    let csv = format!("{header}{}{}3,s\n{}", call("1", "/a"), call("2", "\"/a,\n/b\""), call("4", "/c"));
    place.file("usage.csv", &csv);
    let said = ingest("usage.csv");
    assert!(said.contains("line 5: not sent: it has 2 fields where the header has 6"), "{said}");
    assert!(said.contains("Sent 4 events: 3 accepted, 0 already there, 0 in conflict, 1 refused"), "{said}");
    // It goes on behind what was sent, under the header that it has.
    place.file("usage.csv", &(csv + &call("5", "/d")));
    for (name, text_of, told) in [
        ("list.json", "[\n {\"id\":\"1\"}\n]\n".to_owned(), "C080"),
        ("wrong.csv", "id;type\n1;request\n".to_owned(), "no column is called `type`; separated by `,`"),
        ("open.csv", format!("{header}1,\"s\n{}", call("2", "/").repeat(30_000)), "begins at line 2"),
    ] {
        place.file(name, &text_of);
        let ran = place.run(&["ingest", name, "--url", &url]);
        assert!(ran.status.code() == Some(2) && text(&ran.stderr).contains(told), "{name}: {}", text(&ran.stderr));
    }
    let said = ingest("usage.csv");
    assert!(said.contains("Going on behind line 6\nSent 1 event: 1 accepted"), "{said}");
}

/// A program that ends with its test.
struct Follower(std::process::Child);

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_file_that_grows_is_followed_through_a_restart() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    let address = server.address.to_string();
    place.file("usage.ndjson", &lines(0, 100));
    let mut follower = program();
    follower.args(["ingest", "usage.ndjson", "--follow", "--url", &format!("http://{address}")]);
    follower.current_dir(place.path("")).stderr(Stdio::null());
    let follower = Follower(follower.spawn().expect("it starts"));
    let count = |server: &crate::Server| -> u64 {
        let invoice = server.get("/v1/accounts/acme/invoice?on=2026-03-01").json();
        let lines = invoice["invoice"]["lines"].as_array().cloned().unwrap_or_default();
        let calls = lines.into_iter().find(|line| line["name"] == "calls");
        calls.and_then(|line| line["quantity"]["value"].as_str()?.parse().ok()).unwrap_or(0)
    };
    let expected = |to: usize| (0..to).filter(|n| event(*n, &["acme"]).contains("request")).count() as u64;
    let wait = |server: &crate::Server, to: usize| {
        let started = Instant::now();
        while count(server) != expected(to) {
            assert!(started.elapsed() < Duration::from_secs(20), "{} of {}", count(server), expected(to));
            std::thread::sleep(Duration::from_millis(30));
        }
    };
    wait(&server, 100);
    let mut file = std::fs::OpenOptions::new().append(true).open(place.path("usage.ndjson")).expect("it is there");
    // A line that is half written is not sent.
    let next = event(100, &["acme"]);
    write!(file, "{}", &next[..20]).expect("written");
    std::thread::sleep(Duration::from_millis(400));
    writeln!(file, "{}", &next[20..]).expect("written");
    wait(&server, 101);
    server.kill();
    write!(file, "{}", lines(101, 200)).expect("written");
    std::thread::sleep(Duration::from_millis(500));
    let server = crate::Server::start(&place.path(""), &["--listen", &address]);
    wait(&server, 200);
    drop(follower);
}

#[test]
fn without_a_server_it_gives_up_after_a_while() {
    let place = Place::new();
    place.file("usage.ndjson", &lines(0, 3));
    let ran = place.run(&["ingest", "usage.ndjson", "--url", "http://127.0.0.1:9", "--patience", "1"]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(text(&ran.stderr).contains("C084"), "{}", text(&ran.stderr));
    assert!(!place.path("usage.ndjson.position").exists());
}
