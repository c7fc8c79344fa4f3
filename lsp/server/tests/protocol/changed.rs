//! Prices that are others than at the last revision.

use crate::{Head, LIST, PLAN, Session, uri};
use serde_json::{Value, json};

fn session(list: &str, plan: &str, options: Value) -> (Session, Head) {
    let head = Head::new(&[("list.price", list), ("team.price", plan)]);
    let files = [("list.price", LIST), ("team.price", PLAN)];
    let mut session = Session::since(&files, Some(head.clone()), json!({}), options);
    session.open("list.price", LIST);
    session.open("team.price", PLAN);
    (session, head)
}

/// What lines above the text say that are there without asking.
fn said(session: &mut Session, path: &str) -> Vec<String> {
    let lenses = session.ask("textDocument/codeLens", json!({ "textDocument": { "uri": uri(path) } }));
    let shown = lenses.as_array().expect("a list").iter();
    let of = |lens: &Value| {
        let command = &lens["command"];
        (command["command"] == "price.showDiff").then(|| command["title"].as_str().expect("a title").to_owned())
    };
    shown.filter_map(of).collect()
}

#[test]
fn prices_that_changed_say_how_as_one_types() {
    let (mut session, _) = session(LIST, PLAN, json!({}));
    assert!(said(&mut session, "list.price").is_empty());
    let replaced = |from: &str, to: &str| LIST.replace(from, to);
    let mut version = 1;
    let mut after = |session: &mut Session, text: &str| {
        version += 1;
        session.replace("list.price", version, text);
        said(session, "list.price")
    };
    assert_eq!(after(&mut session, &replaced("$0.010", "$0.012")), ["dearer than HEAD by up to $2.00"]);
    assert_eq!(
        after(&mut session, &replaced("$0.005", "$0.006")),
        ["dearer than HEAD by $0.001 for each more above 10_000 calls"]
    );
    assert_eq!(
        after(&mut session, &replaced("$0.008", "$0.007")),
        ["cheaper than HEAD by up to $9.00 above 1_000 calls"]
    );
    assert_eq!(
        after(&mut session, &replaced("graduated", "volume")),
        ["cheaper than HEAD by up to $32.00 above 1_000 calls"]
    );
    // A price per token is as small.
    assert_eq!(
        after(&mut session, &replaced("up to 1k calls  $0.010", "up to 1k calls  $0.01000001")),
        ["dearer than HEAD by up to $0.00001"]
    );
    // What a plan takes from the card stands above the plan.
    assert_eq!(said(&mut session, "team.price").len(), 1);
    assert!(after(&mut session, &replaced("$0.010", "$0.010 # as ever")).is_empty());
    assert!(said(&mut session, "team.price").is_empty());
}

#[test]
fn what_is_new_and_what_a_plan_changes_itself() {
    let old = PLAN.replace("$20.00", "$15.00").replace("for 3 days", "for 5 days");
    let (mut session, head) = session(LIST, &old, json!({}));
    assert_eq!(
        said(&mut session, "team.price"),
        ["late usage is treated otherwise since HEAD", "dearer than HEAD by $5.00"]
    );
    let two = format!(
        "{PLAN}\n{}",
        PLAN[PLAN.find("plan team").unwrap_or(0)..PLAN.find("test ").unwrap_or(0)].replace("team", "other")
    );
    session.replace("team.price", 2, &two);
    assert_eq!(said(&mut session, "team.price").last().map(String::as_str), Some("new since HEAD"));
    session.replace("team.price", 3, &PLAN.replace("less 10%", "less ten"));
    assert!(said(&mut session, "team.price").is_empty(), "errors are said elsewhere");
    // A commit is seen when the editor says that files have changed, or when one saves.
    session.replace("team.price", 4, PLAN);
    head.commit(&[("list.price", LIST), ("team.price", PLAN)]);
    session.tell("textDocument/didSave", json!({ "textDocument": { "uri": uri("team.price") } }));
    assert!(said(&mut session, "team.price").is_empty());
    let read = head.read();
    session.tell("textDocument/didSave", json!({ "textDocument": { "uri": uri("team.price") } }));
    said(&mut session, "team.price");
    assert_eq!(head.read(), read, "the same commit is not loaded again");
    head.commit(&[("list.price", LIST)]);
    session.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    assert!(said(&mut session, "team.price").is_empty(), "a new file has no lines that say so");
}

#[test]
fn changes_are_asked_for_with_any_revision() {
    let old = LIST.replace("$0.010", "$0.008");
    let (mut session, head) = session(&old, PLAN, json!({ "compareWith": "" }));
    assert!(said(&mut session, "list.price").is_empty(), "turned off");
    let document = json!({ "uri": uri("list.price") });
    let found = session.ask("price/diff", json!({ "textDocument": document }));
    assert_eq!(found["revision"], "HEAD");
    let subject = &found["subjects"][0];
    assert_eq!(
        (&subject["kind"], &subject["name"], &subject["version"]),
        (&json!("ratecard"), &json!("list"), &json!(1))
    );
    assert_eq!(subject["change"], "changed");
    assert_eq!(subject["lines"][0], json!({ "name": "calls", "said": ["any calls: dearer, most +$2.00 at 1_000"] }));
    assert_eq!(subject["range"]["start"]["line"], 12);
    let found = session.ask("price/diff", json!({ "textDocument": document, "revision": "v9" }));
    assert_eq!(found["why"], "there is no revision `v9`");
    let arguments = json!([{ "textDocument": document }]);
    session.ask("workspace/executeCommand", json!({ "command": "price.showDiff", "arguments": arguments }));
    assert_eq!(session.shown, ["calls: any calls: dearer, most +$2.00 at 1_000"]);
    head.commit(&[("list.price", &format!("{}\n{LIST}", LIST.replace("list version 1", "other version 1")))]);
    let found = session.ask("price/diff", json!({ "textDocument": document }));
    let changes: Vec<&str> =
        found["subjects"].as_array().expect("a list").iter().filter_map(|one| one["change"].as_str()).collect();
    assert_eq!(changes.last(), Some(&"removed"), "{found}");
}

#[test]
fn without_a_repository_nothing_is_compared() {
    let mut session = Session::new(&[("list.price", LIST)]);
    session.open("list.price", LIST);
    assert!(said(&mut session, "list.price").is_empty());
    let found = session.ask("price/diff", json!({ "textDocument": { "uri": uri("list.price") } }));
    assert_eq!(found["why"], "there is no repository here");
}
