//! Quotas of tenants, as their clients meet them.

use crate::{Answer, Place, Server, event, text};

fn key(place: &Place, tenant: &str) -> String {
    let made = place.run(&["keys", "add", "--data", "data", tenant, "--role", "admin", "--tenant", tenant]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    text(&made.stdout).trim().to_owned()
}

fn seconds(answer: &Answer) -> u64 {
    answer.header("retry-after").expect("when to send it again").parse().expect("a number")
}

fn send(server: &Server, from: usize, count: usize) -> Answer {
    let lines: Vec<String> = (from..from + count).map(|n| event(n, &["acme"])).collect();
    server.post("/v1/events", "application/x-ndjson", &lines.join("\n"))
}

#[test]
fn a_tenant_beyond_its_quota_waits_and_another_does_not() {
    let place = Place::new();
    // So little that time does not matter: what is used up takes minutes to come back.
    place.file(
        "server.toml",
        "[tenant.storm]\nevents = 1\n[tenant.heavy]\nbytes = 100\n[tenant.streams]\nstreams = 1\n",
    );
    let keys = ["storm", "calm", "heavy", "streams"].map(|tenant| key(&place, tenant));
    let [storm, calm, heavy, streams] = keys;
    let mut server = place.serve_with(&["--config", "server.toml"]);
    let plan = place.plan();
    for key in [&storm, &calm] {
        server.key = Some(key.clone());
        server.publish(&plan);
        server.post("/v1/subscriptions", "application/json", r#"{"account":"acme","plan":"cloud"}"#);
    }
    server.key = Some(storm);
    let first = send(&server, 0, 1_000);
    assert_eq!((first.status, &first.json()["accepted"]), (200, &1_000.into()), "taken as a whole");
    let mut refused = 0;
    for n in 0..50 {
        let answer = send(&server, 1_000 + n, 1);
        assert_eq!((answer.status, answer.code().as_str()), (429, "S031"), "{}", answer.body);
        assert!((900..=1_000).contains(&seconds(&answer)), "{}", seconds(&answer));
        refused += 1;
    }
    assert_eq!(server.get("/v1/plans").status, 200, "what is no event is answered");
    server.key = Some(calm);
    for n in 0..50 {
        assert_eq!(send(&server, n, 1).status, 200, "another tenant notices nothing");
    }
    server.key = Some(heavy);
    let published = server.send("POST", "/v1/plans", Some("application/octet-stream"), &plan);
    assert_eq!(published.status, 201, "{}", published.body);
    let answer = server.get("/v1/plans");
    assert_eq!((answer.status, answer.code().as_str()), (429, "S031"));
    server.key = Some(streams);
    let open = |server: &Server| {
        use std::io::{Read, Write};
        let mut stream = server.connect();
        let key = server.key.as_deref().unwrap_or_default();
        write!(stream, "GET /v1/postings HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n\r\n")
            .expect("sent");
        let mut head = [0; 12];
        stream.read_exact(&mut head).expect("an answer");
        (stream, text(&head))
    };
    let (held, head) = open(&server);
    assert_eq!((head.as_str(), open(&server).1.as_str()), ("HTTP/1.1 200", "HTTP/1.1 429"));
    drop(held);
    let metrics = server.get("/metrics").body;
    for line in [
        format!("price_quota_refused_total{{what=\"events\"}} {refused}"),
        "price_quota_refused_total{what=\"bytes\"} 1".to_owned(),
        "price_quota_refused_total{what=\"streams\"} 1".to_owned(),
        "price_quota_refused_total{what=\"requests\"} 0".to_owned(),
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} in {metrics}");
    }
}

#[test]
fn requests_are_let_in_by_the_second() {
    let place = Place::new();
    place.file("server.toml", "[quota]\nrequests = 20\n");
    let server = place.serve_with(&["--config", "server.toml"]);
    let started = std::time::Instant::now();
    let answers: Vec<u16> = (0..200).map(|_| server.get("/v1/plans").status).collect();
    let most = 20 * (started.elapsed().as_secs() as usize + 2);
    let let_in = answers.iter().filter(|status| **status == 200).count();
    assert!((20..=most).contains(&let_in), "{let_in} of {most}");
    assert!(answers.iter().all(|status| matches!(status, 200 | 429)));
    assert_eq!(server.get("/readyz").status, 200, "what asks for no key is never refused");
}
