//! The source of a plan: carried by what is published, shown to who may read, and no part of what it means.

use crate::{PLAN, Place, text};
use serde_json::Value;

fn source(server: &crate::Server, hash: &str) -> crate::Answer {
    server.get(&format!("/v1/plans/{hash}/source"))
}

fn built(place: &Place, args: &[&str]) -> Vec<u8> {
    let built = place.run(&[&["build", "plan.price", "-o", "plan.pricec"][..], args].concat());
    assert!(built.status.success(), "{}", text(&built.stderr));
    std::fs::read(place.path("plan.pricec")).expect("the plan is there")
}

#[test]
fn a_plan_is_shown_as_it_is_written() {
    let place = Place::new();
    place.file("other.price", &PLAN.replace("plan cloud", "plan elsewhere"));
    place.file("plan.price", PLAN);
    let server = place.serve();
    let bare = built(&place, &["--without-source"]);
    let carries = |bytes: &[u8]| bytes.windows(14).any(|bytes| bytes == b"event request ");
    assert!(!carries(&bare) && carries(&built(&place, &[])));
    server.publish(&bare);
    let plans = server.get("/v1/plans").json();
    let hash = plans["plans"][0]["hash"].as_str().expect("a hash").to_owned();
    let version = || server.get(&format!("/v1/plans/{hash}")).json();
    assert_eq!(version()["source"], false);
    let refused = source(&server, &hash);
    assert_eq!((refused.status, refused.code().as_str()), (404, "S057"), "{}", refused.body);
    assert_eq!(source(&server, "0").code(), "S003");

    // The same meaning with its text: known from then on, with the lines that the rules name.
    server.publish(&built(&place, &[]));
    let found = source(&server, &hash);
    assert_eq!(found.status, 200, "{}", found.body);
    let found: Value = found.json();
    let files = found["files"].as_array().expect("files");
    assert_eq!((files.len(), &files[0]["file"], &files[0]["text"]), (1, &"plan.price".into(), &PLAN.into()));
    assert_eq!((&found["name"], &found["hash"]), (&"cloud".into(), &hash.as_str().into()));
    let version = version();
    assert_eq!(version["source"], true);
    let lines: Vec<&str> = PLAN.lines().collect();
    for rule in version["rules"].as_array().expect("rules") {
        let line = rule["line"].as_u64().expect("a line") as usize;
        assert!(rule["excerpt"].as_str().expect("text").starts_with(lines[line - 1].trim()), "{rule}");
    }
    // The log has it: it is there after a restart.
    assert!(server.stop().success());
    assert_eq!(source(&place.serve(), &hash).json(), found);
}
