//! Help, completions, manual pages, colours: what the program says about itself.

use crate::{CARD, Place};

const VERBS: [&str; 11] =
    ["new", "check", "fmt", "fix", "test", "rate", "explain", "build", "completions", "man", "version"];

#[test]
fn the_first_screen_is_short_and_has_examples() {
    let ran = Place::new().run(&[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    insta::assert_snapshot!("first_screen", ran.out);
}

#[test]
fn help_of_every_verb() {
    let place = Place::new();
    let mut all = place.run(&["--help"]).out;
    for verb in VERBS {
        let ran = place.run(&[verb, "--help"]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{verb}");
        all.push_str(&format!("\n======== {verb}\n{}", ran.out));
    }
    insta::assert_snapshot!("help", all);
}

#[test]
fn completions_know_every_verb_and_flag() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = place.run(&["completions", shell]);
        assert_eq!(ran.code, 0, "{shell}");
        for word in VERBS.iter().chain(&["error-on-warning", "rated-events"]) {
            assert!(ran.out.contains(word), "{shell}: {word}");
        }
    }
    insta::assert_snapshot!("completions_fish", place.run(&["completions", "fish"]).out);
}

#[test]
fn manual_pages_are_written_for_every_verb() {
    let place = Place::new();
    let ran = place.run(&["man", "pages"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    for verb in VERBS {
        assert!(place.read(&format!("pages/price-{verb}.1")).contains(".TH"), "{verb}");
    }
    insta::assert_snapshot!("man_check", place.read("pages/price-check.1"));
}

#[test]
fn usage_errors_end_with_two_and_suggest() {
    let place = Place::new();
    let ran = place.run(&["chekc"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("check"), "{}", ran.err);
    let ran = place.run(&["check", "--output-formt", "json"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--output-format"), "{}", ran.err);
}

#[test]
fn colours_are_asked_for_or_for_terminals() {
    let place = Place::new();
    place.file("bad.price", "plan a {\n  fee x = $1,000.00 once\n}\n");
    let colours = |args: &[&str], env: &[(&str, &str)]| {
        let mut all = vec!["check", "bad.price"];
        all.extend(args);
        place.run_with(&all, "", env).out.contains('\u{1b}')
    };
    assert!(!colours(&[], &[]));
    assert!(colours(&["--color", "always"], &[]));
    assert!(colours(&["--color", "always"], &[("NO_COLOR", "1")]), "the flag wins");
    assert!(colours(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colours(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(colours(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "")]), "empty counts as not set");
    assert!(!colours(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn version_for_people_and_programs() {
    let place = Place::new();
    assert!(place.run(&["version"]).out.starts_with("price "));
    let json = place.run(&["version", "--output-format", "json"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["format_version"], "1.0");
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn pages_of_codes() {
    let place = Place::new();
    let ran = place.run(&["explain", "p104"]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.starts_with("# P104"), "{}", ran.out);
    let ran = place.run(&["explain", "P184"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("did you mean"), "{}", ran.err);
}

#[test]
fn the_project_file_is_read_and_checked() {
    let place = Place::new();
    place
        .file("price.toml", "output-format = \"concise\"\n")
        .file("bad.price", "plan a {\n  fee x = $1,000.00 once\n}\n");
    let ran = place.run(&["check"]);
    assert!(ran.out.starts_with("bad.price:2:"), "{}", ran.out);
    let ran = place.run(&["check", "--output-format", "json"]);
    assert!(ran.out.starts_with('{'), "flags win: {}", ran.out);
    let ran = place.run_with(&["check"], "", &[("PRICE_OUTPUT_FORMAT", "github")]);
    assert!(ran.out.starts_with("::error"), "the environment wins over the file: {}", ran.out);
    place.file("price.toml", "output-fromat = \"concise\"\n");
    let ran = place.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("did you mean `output-format`?"), "{}", ran.err);
}

#[test]
fn modules_are_found_from_the_root_of_the_project() {
    let place = Place::new();
    place
        .file("price.toml", "")
        .file("lib/card.price", CARD)
        .file("plans/a_test.price", "use lib.card (api, calls)\nuse std.units (call)\nuse std.currencies (USD)\n\ntest \"ten\" for ratecard api in 2026-03 {\n  given calls 10 calls\n  expect calls $1.00\n}\n");
    let ran = place.run(&["test", "plans"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("1 passed"), "{}", ran.err);
}
