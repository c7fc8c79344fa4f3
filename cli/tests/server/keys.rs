//! Who may do what.

use crate::{Place, text};

fn key(place: &Place, args: &[&str]) -> String {
    let made = place.run(&[&["keys", "add", "--data", "data"], args].concat());
    assert!(made.status.success(), "{}", text(&made.stderr));
    text(&made.stdout).trim().to_owned()
}

#[test]
fn keys_open_what_their_roles_say_for_their_tenant_only() {
    let place = Place::new();
    let admin = key(&place, &["boss", "--role", "admin", "--tenant", "one"]);
    let ingest = key(&place, &["gateway", "--role", "ingest", "--tenant", "one"]);
    let other = key(&place, &["other", "--role", "admin", "--tenant", "two"]);
    let ended = key(&place, &["old", "--role", "admin", "--until", "2020-01-01"]);
    let mut server = place.serve();
    assert!(!server.said().contains("no API keys"), "{}", server.said());
    let record =
        r#"{"source":"s","id":"1","type":"request","account":"acme","time":"2026-03-01T00:00:00Z","path":"/"}"#;
    let (most, last) = admin.split_at(admin.len() - 1);
    let almost = format!("{most}{}", if last == "0" { '1' } else { '0' });
    for wrong in [None, Some("pk_1_2".to_owned()), Some(ended), Some(almost)] {
        server.key = wrong;
        let answer = server.get("/v1/plans");
        assert_eq!((answer.status, answer.code().as_str()), (401, "S001"));
        assert_eq!(answer.header("www-authenticate").as_deref(), Some("Bearer"));
        assert_eq!(answer.header("content-type").as_deref(), Some("application/problem+json"));
    }
    assert_eq!(server.get("/livez").status, 200, "whether it lives is no secret");
    server.key = Some(admin);
    server.publish(&place.plan());
    let subscribed = server.post("/v1/subscriptions", "application/json", r#"{"account":"acme","plan":"cloud"}"#);
    assert_eq!(subscribed.status, 201);
    server.key = Some(ingest.clone());
    assert_eq!(server.post("/v1/events", "application/json", record).json()["accepted"], 1);
    for path in ["/v1/accounts", "/v1/accounts/acme/invoice", "/v1/rejects", "/v1/postings", "/v1/events?id=1&source=s"]
    {
        assert_eq!((server.get(path).status, server.get(path).code().as_str()), (403, "S002"), "{path}");
    }
    assert_eq!(server.send("POST", "/v1/plans", Some("application/octet-stream"), b"x").status, 403);
    place.file("usage.ndjson", &format!("{record}\n"));
    place.file("key", &format!("{ingest}\n"));
    place.file("wrong", "pk_0_0\n");
    let url = format!("http://{}", server.address);
    let sent = |file: &str| {
        let ran = place.run(&["ingest", "usage.ndjson", "--url", &url, "--key-file", file]);
        (ran.status.code(), text(&ran.stderr))
    };
    let (code, said) = sent("wrong");
    assert!(code == Some(2) && said.contains("S001"), "{said}");
    let (code, said) = sent("key");
    assert!(code == Some(0) && said.contains("1 already there"), "{said}");
    server.key = Some(other);
    assert_eq!(server.get("/v1/plans").json()["plans"].as_array().map(Vec::len), Some(0));
    assert_eq!(server.get("/v1/accounts/acme/invoice").status, 404, "another tenant's is not there");
    assert_eq!(server.get("/v1/events?source=s&id=1").status, 404);
    assert_eq!(server.post("/v1/events/void", "application/json", r#"{"source":"s","id":"1"}"#).status, 404);
    // A key that is removed is refused by the server that runs.
    let removed = place.run(&["keys", "remove", "gateway", "--data", "data"]);
    assert!(removed.status.success(), "{}", text(&removed.stderr));
    server.key = Some(ingest);
    let started = std::time::Instant::now();
    while server.post("/v1/events", "application/json", record).status != 401 {
        assert!(started.elapsed() < std::time::Duration::from_secs(5), "the key is still taken");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let listed = text(&place.run(&["keys", "list", "--data", "data"]).stdout);
    assert!(listed.contains("boss one admin") && !listed.contains("gateway") && !listed.contains("pk_"), "{listed}");
}

#[test]
fn an_address_that_guesses_has_to_wait() {
    let place = Place::new();
    let admin = key(&place, &["boss", "--role", "admin"]);
    let mut server = place.serve();
    server.key = Some("pk_0_0".to_owned());
    let statuses: Vec<u16> = (0..110).map(|_| server.get("/v1/plans").status).collect();
    assert!(statuses[..90].iter().all(|status| *status == 401), "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429));
    let answer = server.get("/v1/plans");
    assert_eq!((answer.status, answer.code().as_str()), (429, "S022"));
    assert!(answer.header("retry-after").is_some());
    server.key = Some(admin);
    assert_eq!(server.get("/v1/plans").status, 200, "a good key gets in: behind a proxy all have one address");
}

#[test]
fn without_keys_only_this_machine_is_served() {
    let place = Place::new();
    let refused = place.run(&["serve", "--data", "data", "--listen", "0.0.0.0:0"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("price keys add"), "{}", text(&refused.stderr));
    let refused = place.run(&["serve", "--data", "data", "--listen", "0.0.0.0:0", "--insecure-no-auth"]);
    assert_eq!(refused.status.code(), Some(2));
    let server = place.serve();
    assert!(server.said().contains("no API keys"), "{}", server.said());
    for (host, origin, status) in [
        ("localhost", "", 200),
        ("127.0.0.1:80", "", 200),
        ("evil.example", "", 403),
        ("localhost", "origin: http://evil.example\r\n", 403),
        ("localhost", "origin: http://localhost\r\n", 200),
    ] {
        let said = server
            .raw(format!("GET /v1/plans HTTP/1.1\r\nhost: {host}\r\n{origin}connection: close\r\n\r\n").as_bytes());
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{host} {origin}: {said}");
    }
}
