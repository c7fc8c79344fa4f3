//! `price lock`: a locked card that changes is noticed, and nothing is rated by it.

use crate::Place;

const LIST: &str = "use std.units (call)
use std.currencies (USD)

event request { path: text }
meter calls = count of request in calls

ratecard api version 1 {
  currency USD
  rounding each line half-even to cents
  price calls on calls = $0.010 per call
}
";

const ACME: &str = "use std.currencies (USD)
use list (api, calls)

contract acme with \"Acme\" {
  buyer    \"Acme\" accounts acme
  term     2026-01-01 through 2026-12-31
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-even to cents
  prices from api version 1 locked
  late events accepted for 3 days then next period
}
";

const USAGE: &str =
    r#"{"source":"t","id":"1","type":"request","time":"2026-03-01T09:00:00Z","account":"acme","path":"/"}"#;

fn place() -> Place {
    let place = Place::new();
    for (name, text) in [("price.toml", ""), ("list.price", LIST), ("acme.price", ACME), ("usage.ndjson", USAGE)] {
        place.file(name, text);
    }
    place
}

fn lock(place: &Place) -> String {
    place.read("price.lock")
}

#[test]
fn a_locked_card_that_changes_is_noticed() {
    let place = place();
    let rate = ["rate", "acme.price", "--events", "usage.ndjson", "--in", "2026-03"];
    assert_eq!(place.run(&["check"]).code, 0, "without a lock nothing is asked");
    let ran = place.run(&["lock", "--check"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, "+ api@1 in list: would be pinned\n"), "{}", ran.err);
    assert!(!place.path().join("price.lock").exists());
    let ran = place.run(&["lock"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "+ api@1 in list: pinned\n"), "{}", ran.err);
    let first = lock(&place);
    assert_eq!((place.run(&["check"]).code, place.run(&["lock", "--check"]).code), (0, 0));
    assert_eq!(place.run(&rate).code, 0);

    // What is not meaning may change.
    let remarked = LIST.replace("$0.010", "$0.01").replace("  price", "  # a remark\n  price");
    place.file("list.price", &remarked);
    assert_eq!(place.run(&["check"]).code, 0);

    place.file("list.price", &LIST.replace("$0.010", "$0.011"));
    let ran = place.run(&["check"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("P422") && ran.out.contains("`api` version 1 no longer means"), "{}", ran.out);
    let ran = place.run(&rate);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    let ran = place.run(&["lock"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, "! api@1 in list: no longer means what was locked\n"));
    assert_eq!(lock(&place), first, "a promise is not rewritten unasked");
    let ran = place.run(&["lock", "--update", "apj"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("locked are api@1"), "{}", ran.err);
    let ran = place.run(&["lock", "--update", "api@1"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "~ api@1 in list: pinned anew\n"), "{}", ran.err);
    assert_ne!(lock(&place), first);
    assert_eq!((place.run(&["check"]).code, place.run(&rate).code), (0, 0));
}

#[test]
fn what_nothing_locks_goes_and_what_is_new_is_named() {
    let place = place();
    place.run(&["lock"]);
    place.file("acme.price", &ACME.replace("version 1 locked", "following"));
    let ran = place.run(&["lock"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "- api@1 in list: gone: nothing locks it\n"), "{}", ran.err);
    place.file("acme.price", ACME);
    let ran = place.run(&["check"]);
    assert_eq!(ran.code, 0, "a warning: {}", ran.out);
    assert!(ran.out.contains("P423"), "{}", ran.out);
}

#[test]
fn a_lock_that_cannot_be_read_stops_everything() {
    let place = place();
    for text in ["<<<<<<< ours\n", "form = 2\n", "form = 2\ntime-zones = \"2026a\"\ncolour = 1\n"] {
        place.file("price.lock", text);
        for args in [&["check"][..], &["lock"], &["test"]] {
            let ran = place.run(args);
            assert_eq!(ran.code, 2, "{text}{args:?}: {}{}", ran.out, ran.err);
            assert!(ran.err.contains("L008"), "{}", ran.err);
        }
    }
}
