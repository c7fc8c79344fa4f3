//! What a careless or hostile client sends, and that others do not notice.

use crate::{Place, Server, read_all};
use std::io::Write;
use std::time::{Duration, Instant};

const NDJSON: &str = "application/x-ndjson";

fn rss_kib(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("the process is there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// The number behind the name of a metric.
fn metric(server: &Server, name: &str) -> u64 {
    let text = server.get("/metrics").body;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name} in {text}"));
    line.trim().parse().expect("a number")
}

#[test]
fn bodies_that_are_too_large_are_not_held() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    // What says that it is too large is answered before it is sent.
    let head = "POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 5000000\r\n\r\n";
    let said = server.raw(head.as_bytes());
    assert!(said.starts_with("HTTP/1.1 413 ") && said.contains("\"code\":\"S005\""), "{said}");
    // Streams without an announced end are cut, and what came of them is not kept: together they are
    // more than 256 MiB, of which an allocator may hold some for the next ones.
    let before = rss_kib(&server);
    let mut chunk = b"10000\r\n".to_vec();
    chunk.extend(std::iter::repeat_n(b' ', 0x10000));
    chunk.extend_from_slice(b"\r\n");
    for _ in 0..64 {
        let mut stream = server.connect();
        let head = "POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).expect("sent");
        let mut sent = 0u64;
        while sent < 1 << 30 && stream.write_all(&chunk).is_ok() {
            sent += 0x10000;
        }
        assert!(sent < 64 << 20, "{sent} bytes were taken");
    }
    let grown = rss_kib(&server).saturating_sub(before);
    assert!(grown < 128 << 10, "memory grew by {grown} KiB");
    let many = "{}\n".repeat(10_001);
    let answer = server.post("/v1/events", NDJSON, &many);
    assert_eq!((answer.status, answer.code().as_str()), (413, "S005"));
    let long = format!(r#"{{"id":"1","type":"request","account":"acme","x":"{}"}}"#, "x".repeat(300 << 10));
    let answer = server.post("/v1/events", "application/json", &long).json();
    assert_eq!((&answer["rejected"], &answer["results"][0]["code"]), (&1.into(), &"S010".into()));
    assert_eq!(metric(&server, "price_log_entries_total "), 2, "nothing of all this is kept");
}

#[test]
fn heads_that_are_too_large_or_never_end_are_cut() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    let long = format!("GET /v1/plans HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(40 << 10));
    let said = server.raw(long.as_bytes());
    assert!(said.starts_with("HTTP/1.1 431 "), "{said}");
    let said = server.raw(long.replace(&"x".repeat(40 << 10), &"x".repeat(100 << 10)).as_bytes());
    assert!(said.starts_with("HTTP/1.1 431 "), "{said}");
    let many: String = (0..200).map(|n| format!("x{n}: y\r\n")).collect();
    let said = server.raw(format!("GET /v1/plans HTTP/1.1\r\nhost: localhost\r\n{many}\r\n").as_bytes());
    assert!(said.starts_with("HTTP/1.1 431 "), "{said}");
    // Hundreds of connections that send a byte now and then, and as many that say nothing.
    let started = Instant::now();
    let mut slow: Vec<_> = (0..300).map(|_| server.connect()).collect();
    let idle: Vec<_> = (0..300).map(|_| server.connect()).collect();
    for (at, byte) in b"GET /v1/plans HTT".iter().enumerate() {
        for stream in &mut slow {
            let _ = stream.write_all(&[*byte]);
        }
        let asked = Instant::now();
        assert_eq!(server.get("/v1/plans").status, 200);
        assert!(asked.elapsed() < Duration::from_secs(1), "others wait after {at} bytes");
        if started.elapsed() > Duration::from_secs(9) {
            break;
        }
        std::thread::sleep(Duration::from_millis(600));
    }
    while metric(&server, "price_connections ") > 20 {
        assert!(started.elapsed() < Duration::from_secs(20), "they are still open");
        std::thread::sleep(Duration::from_millis(200));
    }
    drop((slow, idle));
    assert_eq!(server.get("/v1/plans").status, 200);
}

#[test]
fn texts_that_readers_understand_differently_are_refused_as_a_whole() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    let before = metric(&server, "price_log_entries_total ");
    let good = r#"{"source":"s","id":"1","type":"request","account":"acme","time":"2026-03-01T00:00:00Z","path":"/"}"#;
    let with = |extra: &str| good.replace("\"path\":\"/\"", extra);
    for bad in [
        with(&format!("\"path\":{}1{}", "[".repeat(80), "]".repeat(80))),
        with("\"path\":\"a\",\"path\":\"b\""),
        with(&format!("\"path\":{}", "9".repeat(100_000))),
        with("\"path\":1e400"),
        with("\"path\":\"\\ud800\""),
        with("\"path\":NaN"),
        good.replace("\"id\":\"1\"", "\"id\":\"a\\u0000\""),
        good.replace("\"id\":\"1\"", &format!("\"id\":\"{}\"", "x".repeat(600))),
        format!("{good} trailing"),
        "null".to_owned(),
        "[1]".to_owned(),
        String::new(),
    ] {
        for (content, body) in [("application/json", bad.clone()), (NDJSON, format!("{good}\n{bad}\n{good}x"))] {
            let answer = server.post("/v1/events", content, &body);
            let short: String = bad.chars().take(80).collect();
            assert_eq!((answer.status, answer.code().as_str()), (400, "S007"), "{content} {short}: {}", answer.body);
            assert_eq!(answer.header("content-type").as_deref(), Some("application/problem+json"));
        }
    }
    let answer = server.send("POST", "/v1/events", Some("application/json"), b"{\"id\":\"\xff\"}");
    assert_eq!(answer.status, 400);
    assert_eq!(metric(&server, "price_log_entries_total "), before, "nothing was kept");
}

#[test]
fn forms_that_are_not_understood_are_refused() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    let good = r#"{"source":"s","id":"1","type":"request","account":"acme","time":"2026-03-01T00:00:00Z","path":"/"}"#;
    for content in ["text/plain", "application/json; charset=utf-16", "application/cloudevents+avro"] {
        assert_eq!(server.post("/v1/events", content, good).code(), "S006", "{content}");
    }
    assert_eq!(server.send("POST", "/v1/events", None, good.as_bytes()).status, 415);
    let head = |extra: &str, body: &str| {
        format!(
            "POST /v1/events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n{extra}\r\n{body}",
            body.len()
        )
    };
    let said = server.raw(head("content-type: application/json\r\ncontent-encoding: gzip\r\n", good).as_bytes());
    assert!(said.starts_with("HTTP/1.1 415 "), "{said}");
    let event = "ce-specversion: 1.0\r\nce-id: 7\r\nce-source: s\r\nce-type: request\r\nce-subject: acme\r\nce-time: 2026-03-01T00:00:00Z\r\ncontent-type: application/json\r\n";
    let said = server.raw(head(event, r#"{"path":"/"}"#).as_bytes());
    assert!(said.starts_with("HTTP/1.1 200 ") && said.contains("\"accepted\":1"), "{said}");
    for (content, body, accepted) in [
        (
            "application/cloudevents+json; charset=utf-8",
            r#"{"specversion":"1.0","source":"s","id":"8","type":"request","subject":"acme","time":"2026-03-01T00:00:00Z","data":{"path":"/"}}"#,
            1,
        ),
        ("application/cloudevents-batch+json", "[]", 0),
        ("application/json;charset=utf-8", good, 1),
    ] {
        let answer = server.post("/v1/events", content, body);
        assert_eq!((answer.status, &answer.json()["accepted"]), (200, &accepted.into()), "{content}: {}", answer.body);
    }
    assert_eq!(server.send("DELETE", "/v1/events", None, b"").code(), "S004");
    assert_eq!(server.get("/v2/events").code(), "S003");
    assert_eq!(server.get("/v1/accounts?limit=0").code(), "S024");
    assert_eq!(server.get("/v1/accounts?lim=1").code(), "S024");
    assert_eq!(server.get("/v1/accounts/acme/invoice?on=yesterday").code(), "S024");
    assert_eq!(server.get("/v1/accounts/nobody/invoice").code(), "S003");
    let page = server.get("/problems/S007");
    assert!(page.body.starts_with("# S007: "), "{}", page.body);
}

#[test]
fn one_request_is_never_two() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    let inner = "GET /v1/plans HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let answers = |said: &str| said.matches("HTTP/1.1 ").count();
    let chunked = format!("0\r\n\r\n{inner}");
    let length = format!("content-length: {}\r\n", chunked.len());
    for (heads, body) in [
        (format!("{length}transfer-encoding: chunked\r\n"), chunked.as_str()),
        (format!("transfer-encoding: chunked\r\n{length}"), &chunked),
        ("content-length: 5\r\ncontent-length: 6\r\n".to_owned(), "{\"a\":1"),
        ("content-length: +5\r\n".to_owned(), "{\"a\":"),
        ("transfer-encoding: chunked, identity\r\n".to_owned(), &chunked),
        ("transfer-encoding: xchunked\r\n".to_owned(), &chunked),
        ("transfer-encoding : chunked\r\n".to_owned(), &chunked),
    ] {
        let said = server.raw(
            format!(
                "POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{heads}\r\n{body}"
            )
            .as_bytes(),
        );
        assert!(said.starts_with("HTTP/1.1 400 "), "{heads}: {said}");
        assert_eq!(answers(&said), 1, "{heads}: {said}");
    }
    // Requests one behind the other are answered one behind the other.
    let said = server.raw(format!("{inner}GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n{inner}").as_bytes());
    assert_eq!(answers(&said), 3, "{said}");
    let (plans, live) = (said.find("\"plans\"").expect("plans"), said.find("ok\n").expect("live"));
    assert!(plans < live);
}

#[test]
fn a_full_queue_turns_away_and_loses_nothing() {
    let place = Place::new();
    place.file("server.toml", "queue-requests = 1\n");
    let server = place.serve_with(&["--config", "server.toml"]);
    server.publish(&place.plan());
    server.post("/v1/subscriptions", "application/json", r#"{"account":"acme","plan":"cloud"}"#);
    let answered = std::thread::scope(|scope| {
        let send = |at: usize| {
            let server = &server;
            scope.spawn(move || {
                let one = |n: usize| {
                    let id = at * 100 + n;
                    let record = format!(r#"{{"source":"s","id":"{id}","type":"request","account":"acme","time":"2026-03-01T00:00:00Z","path":"/"}}"#);
                    let answer = server.post("/v1/events", "application/json", &record);
                    if answer.status == 503 {
                        assert_eq!((answer.code().as_str(), answer.header("retry-after").as_deref()), ("S008", Some("1")));
                    } else {
                        assert_eq!(answer.status, 200, "{}", answer.body);
                    }
                    answer.status
                };
                (0..40).map(one).collect::<Vec<u16>>()
            })
        };
        let running: Vec<_> = (0..16).map(send).collect();
        running.into_iter().flat_map(|thread| thread.join().expect("it sends")).collect::<Vec<u16>>()
    });
    let taken = answered.iter().filter(|status| **status == 200).count() as u64;
    let turned = answered.len() as u64 - taken;
    assert!(turned > 0 && taken > 0, "{taken} taken, {turned} turned away");
    assert_eq!(metric(&server, "price_queue_full_total "), turned);
    assert_eq!(metric(&server, "price_events_total{result=\"accepted\"} "), taken);
    let quantity =
        server.get("/v1/accounts/acme/invoice?on=2026-03-01").json()["invoice"]["lines"][0]["quantity"]["value"]
            .clone();
    assert_eq!(quantity, taken.to_string());
}

#[test]
fn a_body_that_breaks_off_is_nothing() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    for _ in 0..20 {
        let mut stream = server.connect();
        let record =
            r#"{"source":"s","id":"1","type":"request","account":"acme","time":"2026-03-01T00:00:00Z","path":"/"}"#;
        write!(stream, "POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: {NDJSON}\r\ncontent-length: 4000\r\n\r\n{record}\n{record}\n").expect("sent");
        stream.shutdown(std::net::Shutdown::Write).expect("half closed");
        let said = read_all(&mut stream);
        assert!(!said.contains("200 OK"), "{said}");
    }
    assert_eq!(server.get("/v1/events?source=s&id=1").status, 404);
}

#[test]
fn connections_leave_files_for_the_log() {
    let place = Place::new();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "ulimit -n 200; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_price")]);
    let server = Server::start_by(shell, &place.path(""), &[]);
    server.publish(&place.plan());
    let idle: Vec<_> = (0..400).map(|_| server.connect()).collect();
    // On the connection that is open already.
    let open = metric(&server, "price_connections ");
    assert!((50..=104).contains(&open), "{open} connections");
    let subscribed = server.post("/v1/subscriptions", "application/json", r#"{"account":"acme","plan":"cloud"}"#);
    assert_eq!(subscribed.status, 201, "{}", subscribed.body);
    drop(idle);
}
