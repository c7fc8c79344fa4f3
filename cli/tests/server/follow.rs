//! Readers of postings that break off, are slow, or come late get every posting once.

use crate::{Place, Server};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

fn call(id: usize, path: &str) -> String {
    format!(
        r#"{{"source":"s","id":"{id}","type":"request","account":"acme","time":"2026-03-05T00:00:00Z","path":"{path}"}}"#
    )
}

/// A stream of postings.
struct Stream(BufReader<TcpStream>);

impl Stream {
    /// Once the head has been read, nothing is missed.
    fn open(server: &Server, query: &str, headers: &str) -> Stream {
        let mut stream = TcpStream::connect(server.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time");
        let key = server.key.as_ref().map_or(String::new(), |key| format!("authorization: Bearer {key}\r\n"));
        write!(stream, "GET /v1/postings{query} HTTP/1.1\r\nhost: localhost\r\n{key}{headers}\r\n").expect("sent");
        let mut lines = BufReader::new(stream);
        let (mut line, mut head) = (String::new(), String::new());
        while line != "\r\n" {
            line.clear();
            assert!(lines.read_line(&mut line).expect("a head") > 0, "no answer");
            head.push_str(&line);
        }
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        Stream(lines)
    }

    /// Entry and id of the next posting.
    fn next(&mut self) -> (u64, String) {
        let (mut entry, mut idle, mut line) = (0, 0, String::new());
        loop {
            line.clear();
            assert!(self.0.read_line(&mut line).expect("a posting") > 0, "the stream ended");
            // A comment is sent where there is nothing to tell for a while.
            idle += u32::from(line.starts_with(':'));
            assert!(idle < 3, "nothing more comes");
            assert!(!line.starts_with("event:") || line.trim() == "event: posting", "{line}");
            if let Some(id) = line.strip_prefix("id: ") {
                entry = id.trim().parse().expect("a number");
            } else if let Some(data) = line.strip_prefix("data: ") {
                let posting: serde_json::Value = serde_json::from_str(data).expect("JSON");
                // The number stands before its data or behind it.
                let seq = posting["seq"].as_u64().expect("a number");
                assert!(entry == 0 || entry == seq);
                return (seq, posting["event"]["id"].as_str().expect("an id").to_owned());
            }
        }
    }

    fn take(&mut self, count: usize) -> Vec<(u64, String)> {
        (0..count).map(|_| self.next()).collect()
    }
}

fn ids(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| n.to_string()).collect()
}

fn names(postings: &[(u64, String)]) -> Vec<String> {
    postings.iter().map(|(_, id)| id.clone()).collect()
}

#[test]
fn a_reader_that_breaks_off_goes_on_where_it_was() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    let mut reader = Stream::open(&server, "", "");
    server.ingest(&(0..10).map(|n| call(n, "/")).collect::<Vec<_>>());
    let first = reader.take(4);
    assert_eq!(names(&first), ids(0..4));
    drop(reader);
    server.ingest(&(10..20).map(|n| call(n, "/")).collect::<Vec<_>>());
    let resume = |server: &Server, from: u64| Stream::open(server, "?after=1", &format!("last-event-id: {from}\r\n"));
    let mut reader = resume(&server, first[3].0);
    server.ingest(&(20..25).map(|n| call(n, "/")).collect::<Vec<_>>());
    let more = reader.take(21);
    assert_eq!(names(&more), ids(4..25), "what was missed, then what comes");
    // Also from a server that was killed meanwhile.
    server.kill();
    let server = place.serve();
    let mut reader = resume(&server, more[7].0);
    server.ingest(&(25..30).map(|n| call(n, "/")).collect::<Vec<_>>());
    assert_eq!(names(&reader.take(18)), ids(12..30));
    let mut all = Stream::open(&server, "?after=0&account=acme", "");
    assert_eq!(names(&all.take(30)), ids(0..30), "and from the beginning");
    let last = more[20].0;
    for (path, headers, status, code) in [
        (format!("/v1/postings?after={}", last + 1_000), None, 409, "S030"),
        ("/v1/postings".to_owned(), Some(("last-event-id", "x")), 400, "S024"),
        ("/v1/postings?after=-1".to_owned(), None, 400, "S024"),
    ] {
        let answer = server.send_with("GET", &path, headers.as_slice(), b"");
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{path}");
    }
}

#[test]
fn readers_that_break_off_all_the_time_miss_nothing_and_get_nothing_twice() {
    const EVENTS: usize = 600;
    let place = Place::new();
    let server = place.ready(&["acme"]);
    std::thread::scope(|scope| {
        let server = &server;
        for writer in 0..3 {
            scope.spawn(move || {
                for batch in 0..EVENTS / 3 / 5 {
                    let from = writer * (EVENTS / 3) + batch * 5;
                    server.ingest(&(from..from + 5).map(|n| call(n, "/")).collect::<Vec<_>>());
                }
            });
        }
        for reader in 1..=3 {
            scope.spawn(move || {
                let (mut last, mut got) = (0, Vec::new());
                while got.len() < EVENTS {
                    let piece = (reader * 37).min(EVENTS - got.len());
                    let postings = Stream::open(server, &format!("?after={last}"), "").take(piece);
                    last = postings.last().map_or(last, |posting| posting.0);
                    got.extend(postings);
                }
                assert!(got.windows(2).all(|pair| pair[0].0 < pair[1].0), "in the order of the log, each once");
                let mut found: Vec<usize> = got.iter().map(|(_, id)| id.parse().expect("a number")).collect();
                found.sort_unstable();
                assert_eq!(found, (0..EVENTS).collect::<Vec<_>>());
            });
        }
    });
}

#[test]
fn a_reader_that_is_too_slow_gets_the_rest_from_the_log() {
    const EVENTS: usize = 40_000;
    let place = Place::new();
    let server = place.ready(&["acme"]);
    let mut reader = Stream::open(&server, "", "");
    // More than sockets and the server hold for it.
    let long = "x".repeat(1_000);
    for batch in 0..EVENTS / 1_000 {
        server.ingest(&(batch * 1_000..(batch + 1) * 1_000).map(|n| call(n, &long)).collect::<Vec<_>>());
    }
    assert_eq!(names(&reader.take(EVENTS)), ids(0..EVENTS));
    let metrics = server.get("/metrics").body;
    let caught = metrics.lines().find_map(|line| line.strip_prefix("price_postings_caught_up_total "));
    assert!(caught.expect("the metric").parse::<u64>().expect("a number") > 0, "it was behind");
    // And goes on with what comes.
    server.ingest(&[call(EVENTS, "/")]);
    assert_eq!(reader.next().1, EVENTS.to_string());
}

#[test]
fn a_stream_shows_one_tenant_from_the_log_and_as_it_comes() {
    let place = Place::new();
    let key = |tenant: &str| {
        let made = place.run(&["keys", "add", "--data", "data", tenant, "--role", "admin", "--tenant", tenant]);
        crate::text(&made.stdout).trim().to_owned()
    };
    let (one, two) = (key("one"), key("two"));
    let mut server = place.serve();
    let plan = place.plan();
    for (at, key) in [&one, &two].into_iter().enumerate() {
        server.key = Some(key.clone());
        server.publish(&plan);
        server.post("/v1/subscriptions", "application/json", r#"{"account":"acme","plan":"cloud"}"#);
        server.ingest(&[call(at, "/")]);
    }
    server.key = Some(one.clone());
    let mut reader = Stream::open(&server, "?after=0", "");
    server.key = Some(two);
    server.ingest(&[call(2, "/")]);
    server.key = Some(one);
    assert_eq!(reader.next().1, "0");
    // What the other tenant sent is not there: the next one is our own.
    server.ingest(&[call(3, "/")]);
    assert_eq!(reader.next().1, "3");
}
