//! `test`.

use crate::{CARD, Place};
use serde_json::Value;

fn tested(body: &str) -> Place {
    let place = Place::new();
    place.file("card.price", &format!("{CARD}\ntest \"twenty\" for ratecard api in 2026-03 {{\n{body}\n}}\n"));
    place
}

#[test]
fn what_holds_passes_on_both_engines() {
    let ran = tested("  given calls 20 calls\n  expect calls $1.50\n  expect total $1.50").run(&["test"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("ok   twenty"), "{}", ran.out);
    assert!(ran.err.contains("1 passed") && ran.err.contains("interp and jit"), "{}", ran.err);
}

#[test]
fn what_does_not_hold_shows_the_way_to_the_amount() {
    let place = tested("  given calls 20 calls\n  expect calls $1.51");
    let ran = place.run(&["test"]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!("test_failure", ran.out);
    let json: Value = serde_json::from_str(&place.run(&["test", "--format", "json"]).out).expect("JSON");
    assert_eq!(json["tests"][0]["failures"][0]["expected"], "$1.51");
    assert_eq!(json["tests"][0]["failures"][0]["got"], "$1.50");
    assert_eq!(json["summary"]["failed"], 1);
    let junit = place.run(&["test", "--format", "junit"]).out;
    assert!(junit.contains("failures=\"1\"") && junit.contains("expected $1.51, got $1.50"), "{junit}");
    let said = place.run(&["test", "--output-format", "junit"]).out;
    assert!(said.starts_with("<?xml") && said.contains("failures=\"1\""), "{said}");
}

#[test]
fn question_marks_are_filled_in_when_accepted() {
    let place = tested("  given calls 20 calls\n  expect calls ?");
    let ran = place.run(&["test"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("--accept"), "{}", ran.err);
    let ran = place.run(&["test", "--accept"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(place.read("card.price").contains("expect calls $1.50"));
    assert_eq!(place.run(&["test"]).code, 0);
}

#[test]
fn a_title_chooses_tests() {
    let place = tested("  given calls 20 calls\n  expect calls $9.99");
    assert_eq!(place.run(&["test", "--run", "^thirty"]).code, 0);
    assert_eq!(place.run(&["test", "--run", "twe"]).code, 1);
    assert_eq!(place.run(&["test", "--run", "("]).code, 2);
}

#[test]
fn coverage_names_what_no_test_reaches() {
    let place = tested("  given calls 5 calls\n  expect calls $0.50");
    let ran = place.run(&["test", "--coverage", "--threshold", "90"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("tier above 10 calls") && ran.out.contains("exactly 10 calls"), "{}", ran.out);
    let place = tested("  given calls 5 calls\n  expect calls $0.50");
    place.file(
        "card_test.price",
        "use card (api, calls)\nuse std.units (call)\nuse std.currencies (USD)\n\n\
         test table \"tiers\" for ratecard api in 2026-03 {\n  given calls | expect calls\n  10 calls | $1.00\n  11 calls | $1.05\n}\n",
    );
    let ran = place.run(&["test", "--coverage", "--threshold", "100"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

#[test]
fn usage_that_must_be_refused() {
    let place = Place::new();
    let card = CARD.replace("event request { path: text }", "event request { path: text, size: call }");
    let case = |expect: &str| {
        format!(
            "{card}\ntest \"bad\" for ratecard api in 2026-03 {{\n  given event request on 2027-01-01 {{ path: a, size: 1 call }}\n  {expect}\n}}\n"
        )
    };
    place.file("card.price", &case("expect refused"));
    let ran = place.run(&["test"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    place.file("card.price", &case("expect total $0.00"));
    let ran = place.run(&["test"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("R031"), "{}", ran.out);
}
