//! What an editor relies on besides the answers.

use crate::{Session, at, uri};
use serde_json::{Value, json};

const TEXT: &str = "use std.currencies (USD)\n\nlet ä€𝄞 = 3\nlet price_of_tea = $3.00\nlet twice = price_of_tea * 2\n";

#[test]
fn positions_are_counted_as_agreed() {
    let text =
        "use std.currencies (USD)\nuse std.units (call)\nlet a = \"ä€𝄞\"\nlet b = $3.00 # ä€𝄞\nlet c = b * 2 # ä€𝄞 b\n";
    for (offered, agreed, width) in [
        (json!(["utf-16"]), "utf-16", 1),
        (json!(["utf-8", "utf-16"]), "utf-8", 1),
        (json!(["utf-32"]), "utf-32", 1),
        (Value::Null, "utf-16", 1),
    ] {
        let capabilities = json!({ "general": { "positionEncodings": offered } });
        let mut session = Session::with(&[("t.price", text)], capabilities, json!({}));
        assert_eq!(session.hello["capabilities"]["positionEncoding"], agreed);
        session.open("t.price", text);
        let found = session.about("textDocument/definition", "t.price", &json!({ "line": 4, "character": 8 }));
        assert_eq!(found["range"]["start"], json!({ "line": 3, "character": 4 }));
        let tokens =
            session.ask("textDocument/semanticTokens/full", json!({ "textDocument": { "uri": uri("t.price") } }));
        let lengths: Vec<u64> =
            tokens["data"].as_array().expect("numbers").chunks(5).filter_map(|t| t[2].as_u64()).collect();
        let of_text = match agreed {
            "utf-8" => 11,
            "utf-16" => 6,
            _ => 5,
        };
        assert!(lengths.contains(&of_text), "{agreed}: {lengths:?} {width}");
    }
}

#[test]
fn edits_in_part_add_up() {
    let mut session = Session::new(&[("t.price", TEXT)]);
    session.open("t.price", "let a = 1\nlet b = €2\n");
    let mut change = |version: i32, from: (u32, u32), to: (u32, u32), text: &str| {
        let range =
            json!({ "start": { "line": from.0, "character": from.1 }, "end": { "line": to.0, "character": to.1 } });
        let document = json!({ "uri": uri("t.price"), "version": version });
        session.tell(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [{ "range": range, "text": text }] }),
        );
    };
    change(2, (1, 10), (1, 10), "5");
    change(3, (0, 4), (0, 5), "first");
    change(4, (0, 13), (1, 0), "\nlet c = first\n");
    let symbols = session.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri("t.price") } }));
    let names: Vec<&str> =
        symbols.as_array().expect("a list").iter().filter_map(|symbol| symbol["name"].as_str()).collect();
    assert_eq!(names, ["first", "c", "b"]);
    let found = session.about("textDocument/definition", "t.price", &json!({ "line": 1, "character": 9 }));
    assert_eq!(found["range"]["start"], json!({ "line": 0, "character": 4 }));
}

#[test]
fn three_thousand_keystrokes_are_seen_in_order() {
    let mut session = Session::new(&[]);
    session.open("t.price", "let a = 1\n");
    for number in 2..3_000 {
        session.replace("t.price", number, &format!("let a{number} = 1\n"));
    }
    let symbols = session.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri("t.price") } }));
    assert_eq!(symbols[0]["name"], "a2999");
}

#[test]
fn a_request_that_is_cancelled_is_answered_so() {
    let mut session = Session::new(&[("t.price", TEXT)]);
    session.open("t.price", TEXT);
    let ids: Vec<i64> = (0..100)
        .map(|_| {
            session.begin("textDocument/semanticTokens/full", json!({ "textDocument": { "uri": uri("t.price") } }))
        })
        .collect();
    let last = *ids.last().expect("one");
    session.tell("$/cancelRequest", json!({ "id": last }));
    let answers: Vec<Value> = ids.iter().map(|id| session.answer(*id)).collect();
    assert!(answers[..99].iter().all(|answer| answer["result"]["data"].is_array()));
    let cancelled = &answers[99];
    assert!(cancelled["error"]["code"] == -32800 || cancelled["result"]["data"].is_array(), "{cancelled}");
}

#[test]
fn broken_and_huge_files_are_survived() {
    let mut session = Session::new(&[("t.price", TEXT)]);
    let deep = format!("let a = {}1{}\n", "(".repeat(5_000), ")".repeat(5_000));
    let huge = "# a line of some length that says nothing at all\n".repeat(200_000);
    for (version, text) in
        (1..).zip(["", "{{{{", "plan", "plan p {", "\u{0}\u{1}\u{fffd}", "\"", "price on on on\n}}}", &deep, &huge])
    {
        if version == 1 {
            session.open("t.price", text);
        } else {
            session.replace("t.price", version, text);
        }
        let document = json!({ "textDocument": { "uri": uri("t.price") } });
        for method in ["documentSymbol", "foldingRange", "semanticTokens/full", "codeLens", "documentLink"] {
            session.ask(&format!("textDocument/{method}"), document.clone());
        }
        for character in [0, 3, 9_999] {
            let place = json!({ "line": 0, "character": character });
            for method in ["hover", "definition", "completion", "documentHighlight", "signatureHelp"] {
                session.about(&format!("textDocument/{method}"), "t.price", &place);
            }
        }
        session.ask(
            "textDocument/formatting",
            json!({ "textDocument": { "uri": uri("t.price") }, "options": { "tabSize": 2, "insertSpaces": true } }),
        );
    }
    session.replace("t.price", 99, TEXT);
    let found = session.about("textDocument/definition", "t.price", &at(TEXT, "= price_of_tea", 4));
    assert_eq!(found["range"]["start"], at(TEXT, "price_of_tea", 0));
}

#[test]
fn editors_may_ask_for_findings_themselves() {
    let mut session = Session::with(&[("t.price", "let a = b\n")], json!({}), json!({ "diagnostics": "pull" }));
    assert!(session.hello["capabilities"]["diagnosticProvider"]["workspaceDiagnostics"] == true);
    session.open("t.price", "let a = b\n");
    let report = session.ask("textDocument/diagnostic", json!({ "textDocument": { "uri": uri("t.price") } }));
    assert_eq!(report["kind"], "full");
    assert_eq!(report["items"].as_array().map(Vec::len), Some(1), "{report}");
    let report = session.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
    assert_eq!(report["items"][0]["uri"], uri("t.price"));
    assert!(session.findings.is_empty(), "nothing is sent unasked");
}

#[test]
fn texts_without_a_place_and_files_that_come_are_known() {
    let mut session = Session::new(&[("t.price", TEXT)]);
    let document = json!({ "uri": "untitled:Untitled-1", "languageId": "price", "version": 1, "text": "let a = b\n" });
    session.tell("textDocument/didOpen", json!({ "textDocument": document }));
    let symbols =
        session.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": "untitled:Untitled-1" } }));
    assert_eq!(symbols[0]["name"], "a");
    // A module that another one is waiting for.
    session.open("user.price", "use other (tea)\nlet b = tea\n");
    assert!(!session.codes("user.price", 1).is_empty());
    session.open("other.price", "use std.currencies (USD)\nlet tea = $1.00\n");
    let told = session.findings("user.price", |told| told["diagnostics"].as_array().is_some_and(Vec::is_empty));
    assert_eq!(told["version"], 1);
    session.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri("other.price") } }));
    session.findings("user.price", |told| told["diagnostics"].as_array().is_some_and(|all| !all.is_empty()));
}

#[test]
fn folders_come_and_go() {
    let mut session = Session::new(&[("t.price", TEXT), ("../v/new.price", "let fresh = 1\n")]);
    let folder = json!({ "uri": "file:///v", "name": "v" });
    session.tell("workspace/didChangeWorkspaceFolders", json!({ "event": { "added": [folder], "removed": [] } }));
    assert_eq!(session.ask("workspace/symbol", json!({ "query": "fresh" }))[0]["name"], "fresh");
    session.tell("workspace/didChangeWorkspaceFolders", json!({ "event": { "added": [], "removed": [folder] } }));
    assert_eq!(session.ask("workspace/symbol", json!({ "query": "fresh" })).as_array().map(Vec::len), Some(0));
}

#[test]
fn a_session_ends_at_the_word_or_with_its_stream() {
    // The server's request to watch files is not answered in either.
    let mut session = Session::new(&[("t.price", TEXT)]);
    session.open("t.price", TEXT);
    assert_eq!(session.ask("shutdown", Value::Null), Value::Null);
    session.tell("exit", Value::Null);
    session.ends(false);
    let session = Session::new(&[("t.price", TEXT)]);
    session.ends(true);
}
