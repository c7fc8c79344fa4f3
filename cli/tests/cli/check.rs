//! `check`, `fmt` and `fix`.

use crate::{CARD, Place};
use serde_json::Value;

const COMMA: &str = "use std.currencies (USD)\n\nplan a {\n  currency USD\n  timezone \"UTC\"\n  billing  monthly on day 1\n  rounding each line half-up to cents\n\n  fee x = $1,000.00 once\n  late events accepted for 3 days then rejected\n}\n";

#[test]
fn a_clean_file_says_little() {
    let place = Place::new();
    place.file("card.price", CARD);
    let ran = place.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert!(ran.err.starts_with("Checked 1 file in "), "{}", ran.err);
    assert_eq!(place.run(&["check", "-q"]).err, "");
}

#[test]
fn findings_go_to_standard_output_with_code_one() {
    let place = Place::new();
    place.file("a.price", COMMA);
    let ran = place.run(&["check", "a.price"]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!("check_full", ran.out);
    assert!(ran.err.contains("1 error"), "{}", ran.err);
    assert_eq!(place.run(&["check", "--exit-zero"]).code, 0);
}

#[test]
fn every_format_of_findings() {
    let place = Place::new();
    place.file("a.price", COMMA);
    let run = |format: &str| place.run(&["check", "--output-format", format]).out;
    assert!(run("concise").starts_with("a.price:9:"), "{}", run("concise"));
    let json: Value = serde_json::from_str(&run("json")).expect("JSON");
    assert_eq!(json["diagnostics"][0]["code"], "P104");
    let stream = run("json-lines");
    let lines: Vec<Value> = stream.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines[0]["type"], "version");
    assert_eq!(lines[1]["code"], "P104");
    assert_eq!(lines[2]["type"], "summary");
    assert!(run("github").starts_with("::error title=price (P104),file=a.price,line=9"), "{}", run("github"));
    assert!(serde_json::from_str::<Value>(&run("gitlab")).expect("JSON")[0]["fingerprint"].is_string());
    assert!(run("junit").starts_with("<?xml"));
    assert_eq!(serde_json::from_str::<Value>(&run("sarif")).expect("JSON")["version"], "2.1.0");
    let ran = place.run(&["check", "--output-format", "json", "--output-file", "found.json"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(place.read("found.json").contains("P104"));
}

#[test]
fn standard_input_is_a_file_called_dash() {
    let ran = Place::new().run_with(&["check", "-", "--output-format", "concise"], COMMA, &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.starts_with("-:9:"), "{}", ran.out);
}

#[test]
fn missing_files_are_trouble_with_code_two() {
    let place = Place::new();
    for path in ["nowhere.price", "nowhere"] {
        let ran = place.run(&["check", path]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        assert!(ran.err.contains("L001") && ran.err.contains(path) && ran.err.contains("help"), "{}", ran.err);
    }
    place.file("notes.txt", "x");
    assert!(place.run(&["check", "notes.txt"]).err.contains("L002"));
    assert!(place.run(&["check"]).err.contains("L003"));
}

#[test]
fn a_file_that_is_not_text_is_a_finding() {
    let place = Place::new();
    std::fs::write(place.path().join("a.price"), [b'a', 0xff]).expect("written");
    let ran = place.run(&["check", "--output-format", "concise"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("P001"), "{}", ran.out);
    assert_eq!(place.run(&["fmt", "--check"]).code, 1);
}

const VOLUME: &str = "\
use std.units (user)
use std.currencies (USD)

event login { user: text }
meter active = unique of login.user in users

ratecard team {
  currency USD
  rounding each line half-even to cents

  price users on active {
    volume per user {
      up to 100 users $12.00
      beyond          $10.00
    }
  }
}
";

#[test]
fn warnings_are_errors_only_when_asked() {
    let place = Place::new();
    place.file("card.price", &format!("{CARD}# price: allow(P504) reason=\"old\"\nlet a = $1.00\n"));
    let ran = place.run(&["check", "--output-format", "concise"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("P902"), "{}", ran.out);
    assert_eq!(place.run(&["check", "--error-on-warning"]).code, 1);
    assert!(place.run(&["fix"]).out.contains("P902"));
    assert!(!place.read("card.price").contains("allow"));
}

#[test]
fn a_reason_allows_a_warning() {
    let place = Place::new();
    place.file("card.price", VOLUME);
    let before = place.run(&["check", "--output-format", "concise"]);
    assert!(before.out.contains("P504"), "{}", before.out);
    let allowed = VOLUME.replace("  price users", "  # price: allow(P504) reason=\"agreed\"\n  price users");
    place.file("card.price", &allowed);
    let after = place.run(&["check", "--output-format", "concise"]);
    assert_eq!((after.code, after.out.as_str()), (0, ""), "{}", after.err);
}

#[test]
fn formatting_is_checked_shown_and_done() {
    let place = Place::new();
    place.file("a.price", &CARD.replace("  currency USD", "currency   USD"));
    let ran = place.run(&["fmt", "--check"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, "a.price\n"), "{}", ran.err);
    let ran = place.run(&["fmt", "--check", "--diff"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("-currency   USD") && ran.out.contains("+  currency "), "{}", ran.out);
    assert_eq!(place.run(&["fmt"]).code, 0);
    let ran = place.run(&["fmt", "--check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    let text = place.read("a.price");
    let ran = place.run_with(&["fmt", "-"], &text, &[]);
    assert_eq!((ran.code, ran.out.as_str()), (0, text.as_str()));
}

#[test]
fn certain_mistakes_are_mended() {
    let place = Place::new();
    place.file("a.price", COMMA);
    let ran = place.run(&["fix", "--dry-run"]);
    assert!(ran.out.contains("+  fee x = $1_000.00 once"), "{}{}", ran.out, ran.err);
    assert!(place.read("a.price").contains("$1,000.00"));
    let ran = place.run(&["fix"]);
    assert!(ran.out.starts_with("a.price: P104"), "{}", ran.out);
    assert!(place.read("a.price").contains("$1_000.00"));
}
