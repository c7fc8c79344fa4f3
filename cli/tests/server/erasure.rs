//! What is erased is nowhere in the data directory, and everything else is as it was.

use crate::{Place, Server, text};
use std::path::Path;
use std::time::{Duration, Instant};

fn request(id: usize, account: &str, path: &str) -> String {
    format!(
        "{{\"source\":\"s\",\"id\":\"{id}\",\"type\":\"request\",\"account\":\"{account}\",\"time\":\"2026-03-{:02}T09:00:00Z\",\"path\":\"{path}\"}}",
        1 + id % 28
    )
}

/// Files below a folder that hold a text.
fn holding(dir: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if memchr::memmem::find(&std::fs::read(&path).expect("a file"), text.as_bytes()).is_some() {
            found.push(path.display().to_string());
        }
    }
    found
}

impl Server {
    fn erase(&self, what: &str) -> u64 {
        let body = format!("{{{what},\"reason\":\"asked for\"}}");
        let answer = self.post("/v1/erasures", "application/json", &body);
        assert_eq!(answer.status, 202, "{}", answer.body);
        let seq = answer.json()["seq"].as_u64().expect("a number");
        assert_eq!(answer.header("location"), Some(format!("/v1/erasures/{seq}")));
        seq
    }

    /// Waits until the files are without it.
    fn erased(&self, seq: u64) {
        let started = Instant::now();
        while self.get(&format!("/v1/erasures/{seq}")).json()["done"] != true {
            assert!(started.elapsed() < Duration::from_secs(90), "it is not erased: {}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn a_person_is_erased_from_answers_files_and_backups() {
    let place = Place::new();
    let server = place.ready(&["acme", "ada"]);
    let secret = "/home/lovelace";
    let of = |id: usize| match id % 3 {
        0 => request(id, "ada", &format!("{secret}/{id}")),
        _ => request(id, "acme", "/public"),
    };
    server.ingest(&(0..600).map(of).collect::<Vec<_>>());
    let misfit = request(9_001, "ada", secret).replace("path", "paths");
    assert_eq!(server.ingest(&[misfit])["rejected"], 1);
    let exported = place.run(&["store", "export", "--data", "data", "--to", "backup"]);
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    assert!(!holding(&place.path("backup"), secret).is_empty());
    let invoices = |server: &Server| ["acme", "ada"].map(|account| server.invoice(account, "2026-03-15"));
    let before = invoices(&server);

    let seq = server.erase("\"account\":\"ada\"");
    let events = server.get("/v1/accounts/ada/events?limit=1000");
    assert!(events.body.contains("\"id\":\"3\"") && !events.body.contains("lovelace"), "at once");
    assert!(!server.get("/v1/rejects").body.contains("lovelace"));
    assert!(!server.get("/v1/events/path?source=s&id=3").body.contains("lovelace"));
    server.erased(seq);
    let erasure = server.get(&format!("/v1/erasures/{seq}")).json();
    assert_eq!((&erasure["events"], &erasure["fields"]["request"]["path"]), (&200.into(), &"text".into()), "{erasure}");
    assert_eq!(server.get("/v1/erasures").json()["erasures"][0], erasure);
    assert_eq!(invoices(&server), before);
    assert_eq!(server.ingest(&[of(3), request(3, "ada", "/other"), of(4)])["duplicates"], 3);
    // Text that is erased has no line in any file: not in the log, nor in a checkpoint.
    let started = Instant::now();
    while !holding(&place.path("data"), secret).is_empty() {
        assert!(started.elapsed() < Duration::from_secs(30), "{:?}", holding(&place.path("data"), secret));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(holding(&place.path("data"), "/public").iter().any(|file| file.ends_with(".seg")));
    let verified = place.run(&["store", "verify", "--data", "data"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
    let exported = place.run(&["store", "export", "--data", "data", "--to", "backup"]);
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    assert_eq!(holding(&place.path("backup"), secret), [""; 0], "its copy is replaced");

    // All of the log is read again, of the server and of its backup.
    assert!(server.stop().success());
    std::fs::remove_dir_all(place.path("data/checkpoints")).expect("it is there");
    let server = place.serve();
    assert_eq!(invoices(&server), before);
    assert!(server.get(&format!("/v1/erasures/{seq}")).json()["done"] == true);
    assert_eq!(server.ingest(&[of(3), request(3, "ada", "/other")])["duplicates"], 2);
    server.kill();
    let restored = place.run(&["store", "restore", "--from", "backup", "--data", "again"]);
    assert!(restored.status.success(), "{}", text(&restored.stderr));
    std::fs::remove_dir_all(place.path("data")).expect("it is there");
    std::fs::rename(place.path("again"), place.path("data")).expect("it is moved");
    let server = place.serve();
    assert_eq!(invoices(&server), before);
    server.erased(seq);
}

#[test]
fn a_backup_of_before_is_erased_again_and_a_kill_keeps_nothing_back() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    let secret = "/home/lovelace";
    server.ingest(&(0..50).map(|id| request(id, "acme", secret)).collect::<Vec<_>>());
    let one = server.erase("\"event\":{\"source\":\"s\",\"id\":\"7\"}");
    server.erased(one);
    let unfit = server.ingest(&["{\"account\":\"x\",\"note\":\"lovelace too\"}".into()]);
    let reject = unfit["results"][0]["seq"].as_u64().expect("a number");
    // The next pass has to wait, and the process does not.
    let all = server.erase("\"account\":\"acme\"");
    let other = server.erase(&format!("\"reject\":{reject}"));
    server.kill();
    assert!(!holding(&place.path("data"), secret).is_empty());
    let server = place.serve();
    server.erased(all);
    server.erased(other);
    let started = Instant::now();
    while !holding(&place.path("data"), "lovelace").is_empty() {
        assert!(started.elapsed() < Duration::from_secs(30), "{:?}", holding(&place.path("data"), "lovelace"));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(server.get("/v1/accounts/acme/events?limit=1000").json()["events"].as_array().map(Vec::len), Some(50));
}

#[test]
fn erasing_asks_for_one_thing_a_reason_and_the_role() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    let code = |body: &str| {
        let answer = server.post("/v1/erasures", "application/json", body);
        (answer.status, answer.code())
    };
    assert_eq!(code("{\"account\":\"acem\",\"reason\":\"x\"}"), (404, "S037".into()));
    assert_eq!(code("{\"account\":\"acme\",\"reject\":1,\"reason\":\"x\"}"), (400, "S024".into()));
    assert_eq!(code("{\"account\":\"acme\",\"reason\":\" \"}"), (400, "S024".into()));
    assert_eq!(code("{\"reason\":\"x\"}"), (400, "S024".into()));
    assert_eq!(code("{\"account\":\"acme\"}"), (400, "S007".into()));
    assert_eq!(server.get("/v1/erasures/1").code(), "S003");
    let key = ("idempotency-key", "k1");
    let body = b"{\"account\":\"acme\",\"reason\":\"x\"}";
    let headers = [key, ("content-type", "application/json")];
    let first = server.send_with("POST", "/v1/erasures", &headers, body);
    let again = server.send_with("POST", "/v1/erasures", &headers, body);
    assert_eq!((first.status, first.body), (202, again.body));
    assert!(again.head.contains("idempotency-replayed: true"), "{}", again.head);
}
