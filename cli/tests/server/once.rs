//! Writes with an `Idempotency-Key`.

use crate::{Answer, Place, Server, event, text};

fn keyed(server: &Server, method: &str, path: &str, content: &str, key: &str, body: &[u8]) -> Answer {
    server.send_with(method, path, &[("content-type", content), ("idempotency-key", key)], body)
}

fn call(id: &str, account: &str) -> String {
    format!(
        r#"{{"source":"s","id":"{id}","type":"request","account":"{account}","time":"2026-03-05T00:00:00Z","path":"/"}}"#
    )
}

/// Method, address, content type, body, and the status that it is answered with.
type Write = (&'static str, String, &'static str, Vec<u8>, u16);

const JSON: &str = "application/json";

#[test]
fn every_write_is_carried_out_once_and_answered_the_same_also_after_a_kill() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    server.ingest(&[call("1", "acme"), call("2", "acme"), call("3", "nobody")]);
    server.post("/v1/events?set=import", JSON, &call("4", "acme"));
    let reject = server.get("/v1/rejects").json()["rejects"][0]["seq"].as_u64().expect("a reject");
    let writes: Vec<Write> = vec![
        ("POST", "/v1/plans".into(), "application/octet-stream", place.plan(), 201),
        ("POST", "/v1/subscriptions".into(), JSON, br#"{"account":"globex","plan":"cloud"}"#.to_vec(), 201),
        ("POST", "/v1/subscriptions".into(), JSON, br#"{"account":"globex","plan":"cloud"}"#.to_vec(), 409),
        (
            "POST",
            "/v1/subscriptions".into(),
            JSON,
            br#"[{"account":"hooli","plan":"cloud"},{"account":"acme","plan":"cloud"}]"#.to_vec(),
            200,
        ),
        ("PUT", "/v1/events".into(), JSON, call("1", "globex").into_bytes(), 200),
        ("POST", "/v1/events/void".into(), JSON, br#"{"source":"s","id":"2"}"#.to_vec(), 200),
        ("POST", "/v1/events/void".into(), JSON, br#"{"source":"s","id":"2"}"#.to_vec(), 404),
        ("POST", "/v1/backfills/import/revert".into(), JSON, Vec::new(), 200),
        ("POST", format!("/v1/rejects/{reject}/retry"), JSON, call("3", "acme").into_bytes(), 200),
        ("POST", "/v1/rejects/1/retry".into(), JSON, Vec::new(), 404),
    ];
    let send = |server: &Server, at: usize| {
        let (method, path, content, body, status) = &writes[at];
        let answer = keyed(server, method, path, content, &format!("write-{at}"), body);
        assert_eq!(answer.status, *status, "{method} {path}: {}", answer.body);
        let again = answer.header("idempotency-replayed").is_some_and(|value| value == "true");
        (answer.body, again)
    };
    let first: Vec<String> = (0..writes.len())
        .map(|at| {
            let (body, again) = send(&server, at);
            assert!(!again, "{body}");
            body
        })
        .collect();
    // Another version: the first answer to a publication stays what it was.
    server.publish(&place.compiled(&crate::PLAN.replace("$0.10\n", "$0.09\n")));
    let applied = |server: &Server| server.get("/v1/accounts/acme/invoice?on=2026-03-05").json()["as_of_entry"].clone();
    let (entries, metrics) = (applied(&server), server.get("/metrics").body);
    let counted = |metrics: &str| -> Vec<String> {
        metrics.lines().filter(|line| line.starts_with("price_events_total")).map(str::to_owned).collect()
    };
    for (at, body) in first.iter().enumerate() {
        assert_eq!(send(&server, at), (body.clone(), true));
    }
    assert_eq!(applied(&server), entries, "nothing is written");
    assert_eq!(counted(&server.get("/metrics").body), counted(&metrics), "nothing is counted");
    server.kill();
    let server = place.serve();
    for (at, body) in first.iter().enumerate() {
        assert_eq!(send(&server, at), (body.clone(), true), "after a restart");
    }
    assert_eq!(applied(&server), entries);
    assert!(server.stop().success());
    let verified = place.run(&["store", "verify", "--data", "data"]);
    assert!(verified.status.success(), "{}", text(&verified.stdout));
}

#[test]
fn a_key_is_of_one_request_and_well_formed() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    server.ingest(&[call("1", "acme"), call("2", "acme")]);
    let void = |key: &str, id: &str| {
        let body = format!(r#"{{"source":"s","id":"{id}"}}"#);
        let answer = keyed(&server, "POST", "/v1/events/void", JSON, key, body.as_bytes());
        (answer.status, if answer.status == 200 { String::new() } else { answer.code() })
    };
    assert_eq!(void("k", "1"), (200, String::new()));
    assert_eq!(void("\"k\"", "1"), (200, String::new()), "in quotation marks it is the same");
    assert_eq!(void("k", "2"), (422, "S028".into()));
    let put = keyed(&server, "PUT", "/v1/events", JSON, "k", call("2", "acme").as_bytes());
    assert_eq!((put.status, put.code().as_str()), (422, "S028"), "at another address");
    for wrong in ["", "a b", "\"\"", "a\"b", &"k".repeat(256)] {
        assert_eq!(void(wrong, "2"), (400, "S027".into()), "{wrong}");
    }
    let twice = [("content-type", JSON), ("idempotency-key", "a"), ("idempotency-key", "b")];
    let answer = server.send_with("POST", "/v1/events/void", &twice, br#"{"source":"s","id":"2"}"#);
    assert_eq!((answer.status, answer.code().as_str()), (400, "S027"));
    // What cannot be read leaves the key free.
    let broken = keyed(&server, "POST", "/v1/events/void", JSON, "free", b"{");
    assert_eq!((broken.status, broken.code().as_str()), (400, "S007"));
    assert_eq!(void("free", "2"), (200, String::new()));
    let many: Vec<String> = (0..1_001).map(|n| call(&n.to_string(), "acme")).collect();
    let answer = keyed(&server, "PUT", "/v1/events", "application/x-ndjson", "many", many.join("\n").as_bytes());
    assert_eq!((answer.status, answer.code().as_str()), (413, "S005"));
    // Events are known by source and id.
    let sent = |n: usize| keyed(&server, "POST", "/v1/events", JSON, "k", event(n, &["acme"]).as_bytes()).json();
    assert_eq!((&sent(5_000)["accepted"], &sent(5_001)["accepted"]), (&1.into(), &1.into()));
}

#[test]
fn keys_of_requests_are_those_of_a_tenant_and_roles_come_first() {
    let place = Place::new();
    let key = |name: &str, role: &str, tenant: &str| {
        let made = place.run(&["keys", "add", "--data", "data", name, "--role", role, "--tenant", tenant]);
        assert!(made.status.success(), "{}", text(&made.stderr));
        text(&made.stdout).trim().to_owned()
    };
    let (one, two, reader) = (key("a", "admin", "one"), key("b", "admin", "two"), key("c", "read", "one"));
    let mut server = place.serve();
    let plan = place.plan();
    let publish = |server: &Server| keyed(server, "POST", "/v1/plans", "application/octet-stream", "k", &plan);
    server.key = Some(one.clone());
    let first = publish(&server);
    server.key = Some(two);
    let other = publish(&server);
    assert_eq!((first.status, other.status), (201, 201));
    assert!(other.header("idempotency-replayed").is_none());
    assert_ne!(first.json()["seq"], other.json()["seq"]);
    server.key = Some(reader);
    assert_eq!((publish(&server).status, publish(&server).code().as_str()), (403, "S002"));
    server.key = None;
    assert_eq!(publish(&server).status, 401);
    server.key = Some(one);
    assert_eq!(publish(&server).body, first.body);
}
