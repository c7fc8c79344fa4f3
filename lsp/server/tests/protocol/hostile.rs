//! What breaks servers: names that change their meaning, files that go away behind one's back, two roots
//! with the same names, characters that count twice.

use crate::{LIST, PLAN, Session, at, range_of, uri};
use serde_json::{Value, json};

fn renamed(session: &mut Session, path: &str, place: &Value, to: &str) -> Result<Value, String> {
    let params = json!({ "textDocument": { "uri": uri(path) }, "position": place, "newName": to });
    let id = session.begin("textDocument/rename", params);
    let answer = session.answer(id);
    match answer["error"]["message"].as_str() {
        Some(why) => Err(why.to_owned()),
        None => Ok(answer["result"]["changes"].clone()),
    }
}

const FORMULA: &str = "use std.units (call)
use std.currencies (USD)

let floor = $0.01
let other = $0.02
event request { size: call }
meter calls = sum of request.size in calls

formula blended(list: rate, part: rate) = max(list * 50%, part, floor per call)

plan team {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-up to cents
  price usage on calls = blended($0.09 per call, $0.03 per call)
  fee base = $1.00 per month in advance
  prorate base never
  late events accepted for 3 days then next period
}

test \"one call\" for plan team in 2026-01 {
  given calls 1 call
  expect usage $0.05
}
";

#[test]
fn a_rename_changes_no_meaning() {
    let mut session = Session::new(&[("t.price", FORMULA)]);
    session.open("t.price", FORMULA);
    assert!(session.codes("t.price", 1).iter().all(|code| code == "P902"), "{:?}", session.codes("t.price", 1));
    let mut to = |needle: &str, name: &str| renamed(&mut session, "t.price", &at(FORMULA, needle, 0), name);
    // A parameter would hide what the formula names beside it, or be two.
    let why = to("list: rate", "floor").expect_err("hidden");
    assert!(why.contains("would mean something else") && why.contains("line 9"), "{why}");
    let why = to("part: rate", "list").expect_err("two of them");
    assert!(why.contains("would mean something else"), "{why}");
    // A name of the module would be hidden by the parameter.
    let why = to("floor = $0.01", "part").expect_err("hidden");
    assert!(why.contains("would mean something else"), "{why}");
    assert!(to("floor = $0.01", "other").expect_err("taken").contains("already the name"));
    // What fits is done, and the text is what it was before the next question.
    for name in ["lowest", "total_of_all", "f"] {
        let edits = to("floor = $0.01", name).expect("free");
        assert_eq!(edits[uri("t.price")].as_array().map(Vec::len), Some(2), "{edits}");
    }
    let edits = to("list: rate", "dear").expect("free");
    assert_eq!(edits[uri("t.price")].as_array().map(Vec::len), Some(2), "{edits}");
    let why = to("floor = $0.01", &"x".repeat(1 << 20)).expect_err("too long");
    assert!(why.contains("cannot be a name") && why.len() < 300, "{}", why.len());
    session.replace("t.price", 2, FORMULA);
    session.codes("t.price", 2);
}

#[test]
fn an_alias_is_not_given_twice() {
    let mut session = Session::new(&[("list.price", LIST), ("team.price", PLAN)]);
    session.open("team.price", PLAN);
    let place = at(PLAN, "prices_2026 following", 1);
    for taken in ["calls", "region", "team"] {
        let why = renamed(&mut session, "team.price", &place, taken).expect_err(taken);
        assert!(why.contains("already the name of"), "{taken}: {why}");
    }
    assert!(renamed(&mut session, "team.price", &place, "card").is_ok());
}

#[test]
fn findings_follow_files_that_go_away() {
    let start = [("list.price", LIST), ("team.price", PLAN), ("bad.price", "let a = b\n")];
    let mut session = Session::new(&start);
    session.open("team.price", PLAN);
    let some = |told: &Value| told["diagnostics"].as_array().is_some_and(|all| !all.is_empty());
    let none = |told: &Value| told["diagnostics"].as_array().is_some_and(Vec::is_empty);
    session.findings("bad.price", some);
    session.findings("team.price", none);
    // One is deleted, another has a new name: what was said of both is taken back.
    let now = [("prices.price", LIST), ("team.price", PLAN), ("worse.price", "let a = b\n")];
    session.replace_disk(&now, &["list.price", "prices.price", "bad.price", "worse.price"]);
    session.findings("bad.price", none);
    session.findings("worse.price", some);
    session.findings("team.price", some);
    session.replace_disk(&[("prices.price", LIST), ("team.price", PLAN)], &["worse.price"]);
    session.findings("worse.price", none);
    // The last files of a folder, one of them still open.
    session.replace_disk(&[], &["prices.price", "team.price"]);
    session.findings("team.price", some);
    session.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri("team.price") } }));
    session.findings("team.price", none);
    assert_eq!(session.ask("workspace/symbol", json!({ "query": "" })), json!([]));
    session.replace_disk(&start, &["list.price", "team.price", "bad.price"]);
    session.findings("bad.price", some);
}

#[test]
fn editors_that_watch_nothing_are_told_at_the_next_save() {
    let watches = json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } });
    for (capabilities, fresh) in [(json!({}), true), (watches, false)] {
        let mut session = Session::with(&[("list.price", LIST), ("team.price", PLAN)], capabilities, json!({}));
        session.open("team.price", PLAN);
        session.codes("team.price", 1);
        session.replace_disk(&[("team.price", PLAN)], &[]);
        session.tell("textDocument/didSave", json!({ "textDocument": { "uri": uri("team.price") } }));
        let found = session.about("textDocument/definition", "team.price", &at(PLAN, "calls, seats", 1));
        assert_eq!(found.is_null(), fresh, "{found}");
    }
}

#[test]
fn findings_of_a_text_without_a_place_go_with_it() {
    let mut session = Session::new(&[("t.price", "let a = 1\n")]);
    let address = "untitled:Untitled-1";
    let document = json!({ "uri": address, "languageId": "price", "version": 1, "text": "let a = b\n" });
    session.tell("textDocument/didOpen", json!({ "textDocument": document }));
    let told = |session: &mut Session, empty: bool| loop {
        let found = session.findings.get(address).and_then(|told| told["diagnostics"].as_array());
        if found.is_some_and(|all| all.is_empty() == empty) {
            return;
        }
        session.next_message();
    };
    told(&mut session, false);
    session.tell("textDocument/didClose", json!({ "textDocument": { "uri": address } }));
    told(&mut session, true);
    assert!(session.findings.keys().all(|address| !address.starts_with("file:///untitled")));
}

#[test]
fn roots_with_modules_of_one_name_are_apart() {
    let other = LIST.replace("$0.010", "$9.000");
    let mut session = Session::new(&[
        ("list.price", LIST),
        ("team.price", PLAN),
        ("../v/list.price", &other),
        ("../v/team.price", PLAN),
    ]);
    let folder = json!({ "uri": "file:///v", "name": "v" });
    session.tell("workspace/didChangeWorkspaceFolders", json!({ "event": { "added": [folder], "removed": [] } }));
    let document = |root: &str, name: &str| json!({ "uri": format!("file:///{root}/{name}") });
    for root in ["w", "v"] {
        let place = json!({ "textDocument": document(root, "team.price"), "position": at(PLAN, "calls, seats", 1) });
        let found = session.ask("textDocument/definition", place.clone());
        assert_eq!(found["uri"], format!("file:///{root}/list.price"));
        let mut params = place;
        params["newName"] = json!("requests");
        let edits = session.ask("textDocument/rename", params);
        let files: Vec<&String> = edits["changes"].as_object().expect("files").keys().collect();
        assert_eq!(files.len(), 2, "{files:?}");
        assert!(files.iter().all(|file| file.starts_with(&format!("file:///{root}/"))), "{files:?}");
        let place = json!({ "textDocument": document(root, "list.price"), "position": at(LIST, "price calls", 7) });
        let curve = session.ask("price/curve", place);
        let first = &curve["curves"][0]["pieces"][0]["slope"];
        assert_eq!(first, if root == "w" { "0.01" } else { "9" }, "{curve}");
    }
    session.tell("workspace/didChangeWorkspaceFolders", json!({ "event": { "added": [], "removed": [folder] } }));
    let place = json!({ "textDocument": document("v", "team.price"), "position": at(PLAN, "calls, seats", 1) });
    assert!(session.ask("textDocument/definition", place).is_null(), "it is no longer open");
}

#[test]
fn characters_that_count_twice_shift_nothing() {
    let text = "use std.currencies (USD)\nlet tea = $3.00 # 𝄞𝄞\nlet \u{1d11e} = 1\nlet b = tea * 2 # 𝄞 tea\n";
    let mut session = Session::new(&[("t.price", text)]);
    session.open("t.price", text);
    // Behind them, in the middle of one, and far beyond the line.
    let change = |session: &mut Session, version: i32, from: (u32, u32), to: (u32, u32), text: &str| {
        let place = |(line, character): (u32, u32)| json!({ "line": line, "character": character });
        let document = json!({ "uri": uri("t.price"), "version": version });
        let range = json!({ "start": place(from), "end": place(to) });
        let params = json!({ "textDocument": document, "contentChanges": [{ "range": range, "text": text }] });
        session.tell("textDocument/didChange", params);
    };
    change(&mut session, 2, (1, 18), (1, 22), "x");
    change(&mut session, 3, (2, 5), (2, 6), "t");
    change(&mut session, 4, (3, 18), (3, 4_000_000_000), "y");
    // Backwards, as some editors count a selection.
    change(&mut session, 5, (3, 0), (2, 0), "");
    change(&mut session, 6, (4_000_000_000, 4_000_000_000), (4_000_000_000, 4_000_000_000), "let c = tea\n");
    let symbols = session.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri("t.price") } }));
    let names: Vec<&str> = symbols.as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
    assert!(names.starts_with(&["tea"]) && names.contains(&"b"), "{symbols}");
    let edits = renamed(&mut session, "t.price", &json!({ "line": 1, "character": 5 }), "coffee").expect("free");
    let first = &edits[uri("t.price")][0]["range"];
    assert_eq!(*first, range_of(text, "tea"));
}
