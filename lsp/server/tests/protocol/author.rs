//! The first quarter of an hour: an empty file, a plan from a snippet, three mistakes, their fixes, a test.

use crate::{Session, at, range_of, uri};
use serde_json::{Value, json};

/// The plan as the snippet leaves it, with a fee and a price; nothing is imported, an amount is written as
/// at home, and what part of a month costs is not said.
const DRAFT: &str = "event request { size: call }
meter calls = sum of request.size in calls

plan starter {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-up to cents

  fee base = $10,50 per month in advance
  price usage on calls = $0.01 per call
  late events accepted for 3 days then next period
}
";

fn fixes(session: &mut Session, text: &str, needle: &str) -> Vec<Value> {
    let params = json!({
        "textDocument": { "uri": uri("starter.price") },
        "range": range_of(text, needle),
        "context": { "diagnostics": [], "only": ["quickfix"] },
    });
    session.ask("textDocument/codeAction", params).as_array().expect("a list").clone()
}

#[test]
fn what_is_typed_first_becomes_a_plan() {
    let capabilities = json!({ "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } } });
    let mut session = Session::with(&[], capabilities, json!({}));
    session.open("starter.price", "plan");
    let found = session.about("textDocument/completion", "starter.price", &json!({ "line": 0, "character": 4 }));
    let mut found = found.as_array().expect("a list").clone();
    found.sort_by_key(|item| item["sortText"].as_str().map(str::to_owned));
    // The statement with its places, and then the word alone; each once.
    let first: Vec<(&Value, &Value)> = found.iter().take(2).map(|item| (&item["label"], &item["kind"])).collect();
    assert_eq!(first, [(&json!("plan"), &json!(15)), (&json!("plan"), &json!(14))], "{found:?}");
    assert_eq!(found.iter().filter(|item| item["label"] == "plan").count(), 2);
    session.replace("starter.price", 2, "assert");
    let found = session.about("textDocument/completion", "starter.price", &json!({ "line": 0, "character": 6 }));
    assert!(found.as_array().is_some_and(|all| all.iter().any(|item| item["kind"] == 15)), "{found}");
}

#[test]
fn every_mistake_of_a_first_plan_has_a_fix() {
    let mut session = Session::new(&[]);
    session.open("starter.price", DRAFT);
    let mut text = DRAFT.to_owned();
    let mut version = 1;
    let mut met = Vec::new();
    // As an author does: the first finding, and the first thing that is offered for it.
    for _ in 0..12 {
        let told = session.findings("starter.price", |told| told["version"] == version);
        let Some(first) = told["diagnostics"].as_array().and_then(|all| all.iter().find(|one| one["severity"] == 1))
        else {
            break;
        };
        let (code, range) = (first["code"].as_str().expect("a code").to_owned(), first["range"].clone());
        let params = json!({
            "textDocument": { "uri": uri("starter.price") },
            "range": range,
            "context": { "diagnostics": [first], "only": ["quickfix"] },
        });
        let offered = session.ask("textDocument/codeAction", params);
        let action = offered.as_array().and_then(|all| all.first()).unwrap_or_else(|| panic!("nothing mends {first}"));
        text = applied(&text, &action["edit"]["changes"][uri("starter.price")]);
        met.push(code);
        version += 1;
        session.replace("starter.price", version, &text);
    }
    assert!(met.len() >= 3, "{met:?}");
    assert!(text.contains("$10.50") && text.contains("use std.units (call)") && text.contains("prorate"), "{text}");
    // A test whose amount is filled in, and the curve.
    text.push_str(
        "\ntest \"a hundred calls\" for plan starter in 2026-01 {\n  given calls 100 calls\n  expect total ?\n}\n",
    );
    session.replace("starter.price", version + 1, &text);
    let params = json!({
        "textDocument": { "uri": uri("starter.price") },
        "range": range_of(&text, "expect total ?"),
        "context": { "diagnostics": [] },
    });
    let offered = session.ask("textDocument/codeAction", params);
    let fill = offered
        .as_array()
        .expect("a list")
        .iter()
        .find(|action| action["title"] == "write the amounts that are computed");
    let text = applied(&text, &fill.expect("it is offered")["edit"]["changes"][uri("starter.price")]);
    assert!(text.contains("\n  expect total $11.50\n"), "{text}");
    let curve = session.about("price/curve", "starter.price", &at(&text, "usage on", 1));
    assert_eq!(curve["curves"][0]["pieces"][0]["slope"], "0.01");
    assert!(fixes(&mut session, &text, "plan starter").is_empty());
}

/// A text after edits; every position is in ASCII here.
fn applied(text: &str, edits: &Value) -> String {
    let offset = |place: &Value| {
        let number = |key: &str| usize::try_from(place[key].as_u64().expect("a number")).expect("small");
        let before: usize = text.split_inclusive('\n').take(number("line")).map(str::len).sum();
        before + number("character")
    };
    let mut all: Vec<(usize, usize, &str)> = edits
        .as_array()
        .expect("edits")
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            (offset(&range["start"]), offset(&range["end"]), edit["newText"].as_str().expect("a text"))
        })
        .collect();
    all.sort_unstable();
    let mut done = text.to_owned();
    for (start, end, new) in all.into_iter().rev() {
        done.replace_range(start..end, new);
    }
    done
}

#[test]
fn a_unit_that_was_forgotten_is_offered_though_a_meter_has_its_name() {
    let text = DRAFT.replace("size: call", "path: text").replace("sum of request.size in", "count of request in");
    let mut session = Session::new(&[]);
    session.open("starter.price", &text);
    let told = session.findings("starter.price", |told| told["version"] == 1);
    let found = told["diagnostics"].as_array().and_then(|all| all.iter().find(|one| one["severity"] == 1));
    assert_eq!(found.map(|one| &one["code"]), Some(&json!("P201")), "{told}");
    let offered = fixes(&mut session, &text, "calls\n");
    assert_eq!(
        offered.first().map(|fix| &fix["title"]),
        Some(&json!("import it: `use std.units (call)`")),
        "{offered:?}"
    );
}
