//! The textual form: one form for every plan, and errors with their place for everything else.

use price_ir::text::{parse, print};
use price_ir::verify;

const WHOLE: &str = include_str!("plans/whole.ir");

#[test]
fn a_plan_with_everything_reads_verifies_and_prints_as_it_was() {
    let parsed = parse(WHOLE).unwrap();
    assert_eq!(verify(&parsed.plan), Ok(()));
    assert_eq!(print(&parsed.plan), WHOLE);
}

#[test]
fn an_error_has_its_place() {
    for (broken, place) in [
        (WHOLE.replace("decimals 2", "decimals two"), "line 2, column 27: expected a whole number"),
        (WHOLE.replace("rule1 \"over", "rule2 \"over"), "line 11, column 1: expected `rule1`"),
        (WHOLE.replace("by-key(k1,", "by-kez(k1,"), "line 36, column 12: expected an expression"),
        (WHOLE.replace("\"whole\" version", "\"whole version"), "line 1, column 6: the quotes do not end well"),
        (WHOLE.replace("half-even", "half-odd"), "line 5, column 17: expected one of: half-up, half-even, up, down"),
        (WHOLE.replace("[0*2]", "[0*20000000]"), "line 50, column 26: more than 1000000 items"),
        (WHOLE.replace("months [6, 7, 8]", "months [17]"), "line 13, column 20: expected numbers from 1 to 16"),
        (format!("{WHOLE}§"), "line 83, column 1: this character has no meaning here"),
        ("".into(), "line 1, column 1: expected one of: plan, ratecard, contract"),
    ] {
        assert_eq!(parse(&broken).unwrap_err().to_string(), place);
    }
}

#[test]
fn no_prefix_of_a_text_is_a_crash() {
    for end in (0..WHOLE.len()).step_by(7).filter(|end| WHOLE.is_char_boundary(*end)) {
        let _ = parse(&WHOLE[..end]);
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = |call: &str, inner: &str| format!("{}{inner}{}", call.repeat(100_000), ")".repeat(100_000));
    let (value, filter) = ("by-key(k1, f0, or-else(f0, 0.5))", "label(k0, [0])");
    for text in [
        WHOLE.replace(value, &deep("add(", "f0")),
        WHOLE.replace(value, &deep("if(always, 1, ", "f0")),
        WHOLE.replace(filter, &deep("not(", "always")),
        WHOLE.replace(filter, &deep("any(always, ", "always")),
    ] {
        assert!(parse(&text).unwrap_err().message.contains("inside one another"));
    }
}

#[test]
fn run_comments_are_kept_with_their_lines() {
    let parsed = parse(&format!("{WHOLE}; a comment\n  ; run: quantum sink1 -> 60\n")).unwrap();
    assert_eq!(parsed.runs, [(84, "quantum sink1 -> 60".to_string())]);
}
