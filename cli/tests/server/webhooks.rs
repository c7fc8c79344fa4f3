//! Notices: to a receiver that fails, is slow, redirects, and is gone; before and after a crash.

use crate::{Place, Server};
use price_webhooks::sign;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const TEAM: &str = "use std.currencies (USD)

unit report, reports

event report_made { name: text }
meter reports = count of report_made in reports

plan team {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-even to cents
  entitlement reports = 4 reports per month then block
  price reports on reports = $2.00 per report
  late events accepted for 3 days then next period
}
";

/// A request that came.
#[derive(Debug, Clone)]
struct Came {
    headers: BTreeMap<String, String>,
    body: Value,
    text: String,
}

/// A receiver that answers with one status after the other, the last for ever.
struct Receiver {
    url: String,
    came: Arc<Mutex<Vec<Came>>>,
    answers: Arc<Mutex<Vec<&'static str>>>,
}

impl Receiver {
    fn start(answers: &[&'static str]) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let (came, answers) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(answers.to_vec())));
        let (seen, say) = (came.clone(), answers.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
                let mut headers = BTreeMap::new();
                let mut line = String::new();
                while reader.read_line(&mut line).unwrap_or(0) > 2 {
                    if let Some((name, value)) = line.trim().split_once(": ") {
                        headers.insert(name.to_ascii_lowercase(), value.to_owned());
                    }
                    line.clear();
                }
                let length = headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
                let mut body = vec![0; length];
                if reader.read_exact(&mut body).is_err() {
                    continue;
                }
                let text = String::from_utf8(body).expect("text");
                let body = serde_json::from_str(&text).expect("JSON");
                seen.lock().expect("held shortly").push(Came { headers, body, text });
                let answer = {
                    let mut all = say.lock().expect("held shortly");
                    if all.len() > 1 { all.remove(0) } else { all[0] }
                };
                let _ = write!(stream, "HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            }
        });
        Receiver { url, came, answers }
    }

    fn came(&self) -> Vec<Came> {
        self.came.lock().expect("held shortly").clone()
    }

    /// Waits until so much came that something holds.
    fn until(&self, what: &str, holds: impl Fn(&[Came]) -> bool) -> Vec<Came> {
        let started = Instant::now();
        loop {
            let came = self.came();
            if holds(&came) {
                return came;
            }
            assert!(started.elapsed() < Duration::from_secs(30), "waited in vain for {what}: {came:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn kinds(came: &[Came]) -> Vec<&str> {
    came.iter().filter_map(|of| of.body["type"].as_str()).collect()
}

fn team(place: &Place) -> Server {
    place.file("server.toml", "webhooks-internal = true\n");
    let server = place.serve_with(&["--config", "server.toml"]);
    server.send_with("PUT", "/v1/clock", &[("content-type", "application/json")], br#"{"now":"2026-03-05T00:00:00Z"}"#);
    server.publish(&place.compiled(TEAM));
    let body = r#"{"account":"acme","plan":"team","from":"2026-03-01"}"#;
    assert_eq!(server.post("/v1/subscriptions", "application/json", body).status, 201);
    server
}

fn endpoint(server: &Server, wanted: Value) -> Value {
    let made = server.post("/v1/webhooks", "application/json", &wanted.to_string());
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

fn report(server: &Server, id: u32) {
    let event = json!({"source":"s","id":id.to_string(),"type":"report_made","account":"acme","time":"2026-03-05T00:00:00Z","name":"x"});
    let answer = server.post("/v1/events", "application/json", &event.to_string());
    assert_eq!(answer.json()["accepted"], 1, "{}", answer.body);
}

fn clock(server: &Server, now: &str) {
    let body = json!({ "now": now }).to_string();
    let answer = server.send_with("PUT", "/v1/clock", &[("content-type", "application/json")], body.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn notices_are_signed_and_come_once_for_each_thing() {
    let place = Place::new();
    let server = team(&place);
    let receiver = Receiver::start(&["204 No Content"]);
    let made = endpoint(&server, json!({ "url": receiver.url }));
    let secret = made["secret"].as_str().expect("shown once");
    assert!(server.get("/v1/webhooks").json()["webhooks"][0].get("secret").is_none());
    for id in 1..=5 {
        report(&server, id);
    }
    receiver.until("the limit", |came| kinds(came).contains(&"entitlement.reached"));
    clock(&server, "2026-04-01T00:00:00Z");
    let came = receiver.until("a draft", |came| kinds(came).contains(&"invoice.drafted"));
    let draft = came.iter().find(|of| of.body["type"] == "invoice.drafted").expect("it came");
    assert_eq!(
        draft.body["data"],
        json!({
            "account": "acme", "plan": "team", "period": { "from": "2026-03-01", "until": "2026-04-01" },
            "closes": "2026-04-04", "currency": "USD", "total": "10.00", "due": "10.00",
        })
    );
    clock(&server, "2026-04-04T00:00:00Z");
    let came = receiver.until("an invoice", |came| kinds(came).contains(&"invoice.finalised"));
    let invoice = came.iter().find(|of| of.body["type"] == "invoice.finalised").expect("it came");
    assert_eq!(
        (&invoice.body["data"]["number"], &invoice.body["data"]["total"]),
        (&"INV-000001".into(), &"10.00".into())
    );
    for of in &came {
        let (id, seconds) = (&of.headers["webhook-id"], of.headers["webhook-timestamp"].parse().expect("seconds"));
        assert_eq!(sign(secret, id, seconds, &of.text).as_ref(), Ok(&of.headers["webhook-signature"]));
    }
    let ids: std::collections::BTreeSet<&String> = came.iter().map(|of| &of.headers["webhook-id"]).collect();
    assert_eq!(ids.len(), came.len(), "each once");

    // Both secrets sign while one takes the place of the other.
    let id = made["id"].as_str().expect("an id");
    let rotated = server.post(&format!("/v1/webhooks/{id}/rotate"), "application/json", "").json();
    assert_ne!(rotated["secret"], made["secret"]);
    server.post(&format!("/v1/webhooks/{id}/test"), "application/json", "");
    let came = receiver.until("a test", |came| kinds(came).contains(&"test"));
    let test = came.last().expect("it came");
    assert_eq!(test.headers["webhook-signature"].split(' ').count(), 2);
    // Again from the beginning: the same notices under the same ids, but for the draft of what was issued since.
    let before = receiver.came().len();
    let body = r#"{"after_entry":0}"#;
    assert_eq!(server.post(&format!("/v1/webhooks/{id}/replay"), "application/json", body).status, 202);
    let again = receiver.until("a replay", |came| came.len() >= 2 * before - 2);
    let repeated = &again[before..];
    assert!(repeated.iter().all(|of| {
        again[..before]
            .iter()
            .any(|first| first.headers["webhook-id"] == of.headers["webhook-id"] && first.text == of.text)
    }));
    assert_eq!(server.send_with("DELETE", &format!("/v1/webhooks/{id}"), &[], b"").status, 200);
    assert_eq!(server.get("/v1/webhooks").json()["webhooks"], json!([]));
}

#[test]
fn each_account_is_told_of_its_own_draft() {
    let place = Place::new();
    let server = team(&place);
    let receiver = Receiver::start(&["204 No Content"]);
    endpoint(&server, json!({ "url": receiver.url, "types": ["invoice.drafted"] }));
    let accounts: Vec<String> = (0..300).map(|n| format!("c{n:03}")).collect();
    let on = |account: &String| json!({ "account": account, "plan": "team", "from": "2026-03-01" }).to_string();
    let all: Vec<String> = accounts.iter().map(on).collect();
    let answer = server.post("/v1/subscriptions", "application/x-ndjson", &all.join("\n"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let event = |(n, account): (usize, &String)| {
        json!({"source":"s","id":format!("d{n}"),"type":"report_made","account":account,"time":"2026-03-05T00:00:00Z","name":"x"})
            .to_string()
    };
    // One of three uses nothing, and has no invoice to come.
    let used: Vec<String> = accounts.iter().enumerate().filter(|(n, _)| n % 3 > 0).map(event).collect();
    assert_eq!(server.post("/v1/events", "application/x-ndjson", &used.join("\n")).json()["accepted"], 200);
    clock(&server, "2026-04-01T00:00:00Z");
    let came = receiver.until("all drafts", |came| came.len() >= 200);
    let mut told: Vec<&str> = came.iter().filter_map(|of| of.body["data"]["account"].as_str()).collect();
    told.sort_unstable();
    let wanted: Vec<&str> =
        accounts.iter().enumerate().filter(|(n, _)| n % 3 > 0).map(|(_, name)| name.as_str()).collect();
    assert_eq!(told, wanted);
}

#[test]
fn what_fails_is_tried_again_also_after_a_crash() {
    let place = Place::new();
    let receiver = Receiver::start(&["500 Internal Server Error"]);
    {
        let server = team(&place);
        let made = endpoint(&server, json!({ "url": receiver.url, "types": ["entitlement.reached"] }));
        for id in 1..=4 {
            report(&server, id);
        }
        receiver.until("a failure", |came| !came.is_empty());
        let id = made["id"].as_str().expect("an id");
        let told = server.get(&format!("/v1/webhooks/{id}/deliveries")).json();
        assert_eq!(told["waiting"], 1, "{told}");
        // Dropped, it is killed.
    }
    *receiver.answers.lock().expect("held shortly") = vec!["200 OK"];
    let server = place.serve_with(&["--config", "server.toml"]);
    let came = receiver.until("another attempt", |came| came.len() >= 2);
    assert_eq!(came[0].headers["webhook-id"], came[1].headers["webhook-id"]);
    assert_eq!(came[0].text, came[1].text);
    let id = server.get("/v1/webhooks").json()["webhooks"][0]["id"].as_str().expect("an id").to_owned();
    let started = Instant::now();
    while server.get(&format!("/v1/webhooks/{id}/deliveries")).json()["waiting"] != 0 {
        assert!(started.elapsed() < Duration::from_secs(30), "it is not known to be taken");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_endpoint_that_is_gone_is_left_alone_and_a_redirect_is_a_failure() {
    let place = Place::new();
    let server = team(&place);
    let elsewhere = Receiver::start(&["200 OK"]);
    let away: &'static str = format!("302 Found\r\nlocation: {}", elsewhere.url).leak();
    let (moved, gone) = (Receiver::start(&[away]), Receiver::start(&["410 Gone"]));
    let ids: Vec<String> = [&moved, &gone]
        .map(|of| endpoint(&server, json!({ "url": of.url }))["id"].as_str().expect("an id").to_owned())
        .into();
    for id in &ids {
        assert_eq!(server.post(&format!("/v1/webhooks/{id}/test"), "application/json", "").status, 202);
    }
    moved.until("a request", |came| !came.is_empty());
    gone.until("a request", |came| !came.is_empty());
    let started = Instant::now();
    let told = |id: &str| server.get(&format!("/v1/webhooks/{id}/deliveries")).json();
    while told(&ids[1])["disabled"] != true || told(&ids[0])["deliveries"].as_array().is_none_or(Vec::is_empty) {
        assert!(started.elapsed() < Duration::from_secs(30), "{} {}", told(&ids[0]), told(&ids[1]));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(told(&ids[0])["deliveries"][0]["failed"], "answered with 302");
    assert!(elsewhere.came().is_empty(), "a redirect is not followed");
}

#[test]
fn internal_addresses_are_not_asked() {
    let place = Place::new();
    let server = place.serve();
    for url in [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://[::1]:8080/",
        "https://169.254.169.254/",
        "x",
        "https://u@example.com/",
    ] {
        let answer = server.post("/v1/webhooks", "application/json", &json!({ "url": url }).to_string());
        assert_eq!((answer.status, answer.code().as_str()), (422, "S060"), "{url}: {}", answer.body);
    }
    // A name that leads there is found out when it is asked for.
    let made = endpoint(&server, json!({ "url": "https://localtest.invalid/" }));
    let id = made["id"].as_str().expect("an id");
    server.post(&format!("/v1/webhooks/{id}/test"), "application/json", "");
    let started = Instant::now();
    loop {
        let told = server.get(&format!("/v1/webhooks/{id}/deliveries")).json();
        if told["deliveries"].as_array().is_some_and(|all| !all.is_empty()) {
            assert!(told["deliveries"][0]["failed"].is_string(), "{told}");
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{told}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
