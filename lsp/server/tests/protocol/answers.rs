//! One test for each feature, as an editor asks for it.

use crate::{Session, at, range_of, uri};
use serde_json::{Value, json};

/// A card and a plan on it, in two modules.
pub const LIST: &str = "use std.units (call, seat)
use std.currencies (USD)

dimension region = us | eu

## Calls as they are made.
event request { region: region }
event seat_change { count: level seat }
meter calls = count of request by region in calls
meter seats = max of seat_change.count

## What everyone pays.
ratecard list version 1 {
  currency  USD
  timezone  \"UTC\"
  effective from 2026-01-01
  rounding  each line half-up to cents

  ## Cheaper by the thousand.
  price calls on calls {
    graduated per call {
      up to 1k calls  $0.010
      up to 10k calls $0.008
      beyond          $0.005
    }
  }
}
";
/// A plan on the card.
pub const PLAN: &str = "use list
use list (list as prices_2026, calls, seats, region)
use std.units (call, seat)
use std.currencies (USD)

plan team {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-up to cents
  prices   from prices_2026 following
  override price calls less 10%
  fee      base = $20.00 per month in advance
  prorate  base never
  late     events accepted for 3 days then next period
}

test \"a thousand and one\" for plan team in 2026-03 {
  given calls 1_001 calls where region is eu
  expect base  $20.00
  expect total ?
}
";

fn session() -> Session {
    let mut session = Session::new(&[("list.price", LIST), ("team.price", PLAN)]);
    session.open("list.price", LIST);
    session.open("team.price", PLAN);
    session
}

fn document(path: &str) -> Value {
    json!({ "textDocument": { "uri": uri(path) } })
}

#[test]
fn findings_come_as_one_types_and_go() {
    let mut session = session();
    let broken = PLAN.replace("$20.00 per month", "$20,00 per month");
    session.replace("team.price", 2, &broken);
    let told = session.findings("team.price", |told| told["version"] == 2);
    let found = &told["diagnostics"][0];
    assert_eq!(found["severity"], 1);
    assert_eq!(found["range"]["start"]["line"], 12);
    assert!(found["codeDescription"]["href"].as_str().is_some_and(|page| page.ends_with(".md")), "{found}");
    session.replace("team.price", 3, PLAN);
    assert!(session.codes("team.price", 3).is_empty());
}

#[test]
fn what_one_file_does_to_another_is_told_there() {
    let mut session = session();
    session.replace("list.price", 2, &LIST.replace("price calls on", "price requests on"));
    let told = session.findings("team.price", |told| told["diagnostics"].as_array().is_some_and(|all| !all.is_empty()));
    assert!(told.to_string().contains("calls"), "{told}");
}

#[test]
fn fixes_are_offered_and_mend() {
    let mut session = session();
    let broken = PLAN.replace("$20.00 per month in", "$20,000 per month in");
    session.replace("team.price", 2, &broken);
    let told = session.findings("team.price", |told| told["version"] == 2);
    let range = told["diagnostics"][0]["range"].clone();
    let mut params = document("team.price");
    params["range"] = range;
    params["context"] = json!({ "diagnostics": told["diagnostics"] });
    let actions = session.ask("textDocument/codeAction", params);
    let first = &actions[0];
    assert_eq!(first["kind"], "quickfix");
    assert_eq!(first["diagnostics"][0]["code"], told["diagnostics"][0]["code"]);
    let edits = first["edit"]["changes"][uri("team.price")].as_array().expect("edits");
    assert!(!edits.is_empty() && !edits[0]["newText"].as_str().is_some_and(|text| text.contains(',')), "{edits:?}");
}

#[test]
fn what_is_asked_for_is_computed_and_written() {
    let mut session = session();
    let mut params = document("team.price");
    params["range"] = range_of(PLAN, "expect total");
    params["context"] = json!({ "diagnostics": [] });
    let actions = session.ask("textDocument/codeAction", params);
    let action =
        actions.as_array().expect("a list").iter().find(|a| a["title"] == "write the amounts that are computed");
    // 20 + (1,000 × 0.010 + 1 × 0.008) × 0.9 = 29.0072
    assert_eq!(action.expect("it is offered")["edit"]["changes"][uri("team.price")][0]["newText"], "$29.01");
}

#[test]
fn a_name_tells_what_it_is() {
    let mut session = session();
    let hover = session.about("textDocument/hover", "list.price", &at(LIST, "price calls on", 8));
    let text = hover["contents"]["value"].as_str().expect("a text");
    assert!(
        text.contains("Cheaper by the thousand.") && text.contains("| 1_000 | 10_000 | $0.008 | $82.00 |"),
        "{text}"
    );
    let hover = session.about("textDocument/hover", "team.price", &at(PLAN, "given calls", 8));
    let text = hover["contents"]["value"].as_str().expect("a text");
    assert!(text.contains("measured in **calls**") && text.contains("`region`"), "{text}");
    let hover = session.about("textDocument/hover", "list.price", &at(LIST, "per call", 6));
    assert!(hover["contents"]["value"].as_str().is_some_and(|text| text.contains("base unit")), "{hover}");
    assert_eq!(session.about("textDocument/hover", "list.price", &at(LIST, "graduated", 2)), Value::Null);
}

#[test]
fn a_price_in_a_plan_is_the_one_in_force_there() {
    let mut session = session();
    let hover = session.about("textDocument/hover", "team.price", &at(PLAN, "override price calls", 16));
    let text = hover["contents"]["value"].as_str().expect("a text");
    assert!(text.contains("$0.009") && text.contains("override price calls"), "{text}");
}

#[test]
fn definitions_are_found_across_modules() {
    let mut session = session();
    let mut ask = |text: &str, path: &str, needle: &str, inside| {
        session.about("textDocument/definition", path, &at(text, needle, inside))
    };
    for (needle, inside, to) in [
        ("prices_2026 following", 2, "list version"),
        ("override price calls", 16, "calls on calls"),
        ("given calls", 7, "calls = count"),
        ("region is eu", 2, "region = us"),
        ("is eu", 4, "eu\n"),
        ("for plan team", 10, "team {"),
    ] {
        let (text, path) = if needle == "for plan team" { (PLAN, "team.price") } else { (LIST, "list.price") };
        let found = ask(PLAN, "team.price", needle, inside);
        assert_eq!((&found["uri"], &found["range"]["start"]), (&json!(uri(path)), &at(text, to, 0)), "{needle}");
    }
    let found = ask(PLAN, "team.price", "call, seat", 1);
    let library = found["uri"].as_str().expect("an address");
    assert!(library.ends_with("/std/units.price"), "{library}");
    let path = library.strip_prefix("file://").expect("a file");
    assert!(std::fs::read_to_string(path).is_ok_and(|text| text.contains("unit call")), "{path}");
}

#[test]
fn every_use_is_found_and_renamed() {
    let mut session = session();
    let place = at(LIST, "meter calls", 8);
    let mut params = document("list.price");
    params["position"] = place.clone();
    params["context"] = json!({ "includeDeclaration": true });
    let found = session.ask("textDocument/references", params.clone());
    let places: Vec<(String, Value)> = found
        .as_array()
        .expect("a list")
        .iter()
        .map(|place| (place["uri"].as_str().expect("an address").to_owned(), place["range"]["start"].clone()))
        .collect();
    let expected = [
        (uri("list.price"), at(LIST, "calls = count", 0)),
        (uri("list.price"), at(LIST, "calls {", 0)),
        (uri("team.price"), at(PLAN, "calls, seats", 0)),
        (uri("team.price"), at(PLAN, "calls 1_001", 0)),
    ];
    assert_eq!(places, expected, "the price of the same name is another thing");
    params["newName"] = json!("requests");
    let renamed = session.ask("textDocument/rename", params.clone());
    let edits: usize =
        renamed["changes"].as_object().expect("files").values().map(|all| all.as_array().map_or(0, Vec::len)).sum();
    assert_eq!(edits, 4);
    for (name, why) in
        [("per", "cannot be a name"), ("seats", "already the name of a meter"), ("9x", "cannot be a name")]
    {
        params["newName"] = json!(name);
        let id = session.begin("textDocument/rename", params.clone());
        let answer = session.answer(id);
        assert!(answer["error"]["message"].as_str().is_some_and(|said| said.contains(why)), "{answer}");
    }
    let place = at(PLAN, "(call, seat)", 2);
    let id = session.begin(
        "textDocument/prepareRename",
        json!({ "textDocument": { "uri": uri("team.price") }, "position": place }),
    );
    assert!(session.answer(id)["error"]["message"].as_str().is_some_and(|said| said.contains("standard library")));
    // An alias is a name of its file alone.
    let place = at(PLAN, "prices_2026 following", 1);
    let renamed = session.ask(
        "textDocument/rename",
        json!({ "textDocument": { "uri": uri("team.price") }, "position": place, "newName": "card" }),
    );
    assert_eq!(renamed["changes"].as_object().map(|files| files.len()), Some(1));
    assert_eq!(renamed["changes"][uri("team.price")].as_array().map(Vec::len), Some(2));
}

#[test]
fn uses_in_one_file_are_marked() {
    let mut session = session();
    let marked = session.about("textDocument/documentHighlight", "list.price", &at(LIST, "event request", 8));
    assert_eq!(marked.as_array().map(Vec::len), Some(2), "{marked}");
    assert_eq!(marked[0]["kind"], 3);
}

fn labels(answer: &Value) -> Vec<String> {
    let all = answer.as_array().expect("a list").iter();
    all.map(|item| item["label"].as_str().expect("a label").to_owned()).collect()
}

#[test]
fn completion_offers_what_fits_and_nothing_else() {
    let mut session = session();
    let mut version = 1;
    let mut complete = |line: &str, instead: &str, text: &str, path: &str| {
        version += 1;
        let typed = text.replace(line, instead.split('|').next().unwrap_or_default());
        let cursor = instead.split('|').next().unwrap_or_default();
        session.replace(path, version, &typed);
        let place = at(&typed, cursor, cursor.len());
        labels(&session.about("textDocument/completion", path, &place))
    };
    let override_line = "  override price calls less 10%\n";
    let of_plan = |instead: &str, complete: &mut dyn FnMut(&str, &str, &str, &str) -> Vec<String>| {
        complete(override_line, instead, PLAN, "team.price")
    };
    assert_eq!(of_plan("  override price |", &mut complete), ["calls"]);
    assert_eq!(of_plan("  price extra on |", &mut complete), ["calls", "seats", "each"]);
    assert_eq!(of_plan("  allowance a = 3 |", &mut complete)[..5], ["call", "calls", "seat", "seats", "USD"]);
    assert_eq!(of_plan("  currency |", &mut complete), ["USD"]);
    assert!(of_plan("  wa|", &mut complete).starts_with(&["wallet".to_owned(), "waterfall".to_owned()]));
    assert_eq!(of_plan("  billing |", &mut complete), ["daily", "hourly", "monthly", "quarterly", "weekly", "yearly"]);
    assert_eq!(of_plan("  # not |", &mut complete), Vec::<String>::new());
    assert_eq!(of_plan("  timezone \"|", &mut complete), Vec::<String>::new());
    let given = "  given calls 1_001 calls where region is eu\n";
    assert_eq!(complete(given, "  given |", PLAN, "team.price"), ["calls", "seats", "event"]);
    assert_eq!(complete(given, "  given calls 3 calls where region is |", PLAN, "team.price"), ["eu", "us", "not"]);
    let expect = "  expect total ?\n";
    assert_eq!(complete(expect, "  expect ba|", PLAN, "team.price")[0], "base");
    assert_eq!(
        complete("use list (list as prices_2026, calls, seats, region)\n", "use list (|", PLAN, "team.price"),
        ["calls", "list", "region", "request", "seat_change", "seats"]
    );
    assert_eq!(
        complete("event seat_change { count: level seat }", "event seat_change { count: level se|", LIST, "list.price"),
        ["seat", "seats"]
    );
    assert_eq!(
        complete("meter seats = max of seat_change.count", "meter seats = max of seat_change.|", LIST, "list.price"),
        ["count"]
    );
}

#[test]
fn a_completion_says_more_when_it_is_looked_at() {
    let mut session = session();
    let typed = PLAN.replace("  override price calls less 10%\n", "  price extra on ");
    session.replace("team.price", 2, &typed);
    let answer = session.about("textDocument/completion", "team.price", &at(&typed, "price extra on ", 15));
    let resolved = session.ask("completionItem/resolve", answer[0].clone());
    assert!(resolved["documentation"]["value"].as_str().is_some_and(|text| text.contains("measured in")), "{resolved}");
}

#[test]
fn symbols_are_a_tree_and_are_found_by_letters() {
    let mut session = session();
    let symbols = session.ask("textDocument/documentSymbol", document("list.price"));
    let names: Vec<&str> =
        symbols.as_array().expect("a list").iter().filter_map(|symbol| symbol["name"].as_str()).collect();
    assert_eq!(names, ["region", "request", "seat_change", "calls", "seats", "list"]);
    assert_eq!(symbols[5]["children"][0]["name"], "calls");
    // Editors tell tests from claims by it.
    let symbols = session.ask("textDocument/documentSymbol", document("team.price"));
    let last = symbols.as_array().and_then(|all| all.last()).expect("a test");
    assert_eq!((&last["kind"], &last["detail"]), (&json!(6), &json!("test of team")));
    let found = session.ask("workspace/symbol", json!({ "query": "tm" }));
    assert_eq!(found[0]["name"], "team");
}

#[test]
fn formatting_is_that_of_the_command_line() {
    let mut session = session();
    let ugly = PLAN
        .replace("  currency USD", "    currency   USD")
        .replace("given calls 1_001 calls", "given   calls 1_001 calls");
    session.replace("team.price", 2, &ugly);
    let mut params = document("team.price");
    params["options"] = json!({ "tabSize": 2, "insertSpaces": true });
    let edits = session.ask("textDocument/formatting", params.clone());
    assert!(edits.as_array().is_some_and(|edits| edits.len() >= 2), "{edits}");
    params["range"] = range_of(&ugly, "    currency   USD");
    let edits = session.ask("textDocument/rangeFormatting", params);
    assert_eq!(edits.as_array().map(Vec::len), Some(1), "{edits}");
    assert_eq!(edits[0]["range"]["start"]["line"], 6);
}

#[test]
fn folds_selections_and_links() {
    let mut session = session();
    let folds = session.ask("textDocument/foldingRange", document("list.price"));
    let starts: Vec<i64> =
        folds.as_array().expect("a list").iter().filter_map(|fold| fold["startLine"].as_i64()).collect();
    assert_eq!(starts, [12, 19, 20]);
    let mut params = document("list.price");
    params["positions"] = json!([at(LIST, "$0.008", 2)]);
    let selection = session.ask("textDocument/selectionRange", params);
    assert_eq!(selection[0]["range"], range_of(LIST, "$0.008"));
    let mut parents = 0;
    let mut current = &selection[0];
    while let Some(parent) = current.get("parent").filter(|parent| !parent.is_null()) {
        (current, parents) = (parent, parents + 1);
    }
    assert!(parents >= 4, "{selection}");
    let seeds = "use std.units (call)\ndimension zone from csv \"zones.csv\"\n";
    session.open("zone.price", seeds);
    let links = session.ask("textDocument/documentLink", document("zone.price"));
    assert_eq!(links[0]["target"], uri("zones.csv"));
    assert_eq!(links[0]["range"], range_of(seeds, "zones.csv"));
}

#[test]
fn tokens_whole_in_part_and_as_a_difference() {
    let mut session = session();
    let legend = session.hello["capabilities"]["semanticTokensProvider"]["legend"]["tokenTypes"].clone();
    let full = session.ask("textDocument/semanticTokens/full", document("list.price"));
    let data = full["data"].as_array().expect("numbers").clone();
    assert_eq!(data.len() % 5, 0);
    assert_eq!(legend[usize::try_from(data[3].as_u64().expect("a number")).expect("small")], "keyword", "`use`");
    let mut params = document("list.price");
    params["range"] = range_of(LIST, "event request { region: region }");
    let part = session.ask("textDocument/semanticTokens/range", params);
    let kinds: Vec<&Value> = part["data"]
        .as_array()
        .expect("numbers")
        .chunks(5)
        .map(|token| &legend[usize::try_from(token[3].as_u64().unwrap_or(0)).unwrap_or(0)])
        .collect();
    assert_eq!(kinds, ["keyword", "event", "property", "enum"]);
    session.replace("list.price", 2, &LIST.replace("up to 1k calls", "up to 2k calls  "));
    let mut params = document("list.price");
    params["previousResultId"] = full["resultId"].clone();
    let delta = session.ask("textDocument/semanticTokens/full/delta", params);
    assert!(delta["edits"].as_array().is_some_and(|edits| edits.len() == 1), "{delta}");
    let sent = delta["edits"][0]["data"].as_array().map_or(0, Vec::len);
    assert!(sent < data.len() / 4, "{sent} of {}", data.len());
}

#[test]
fn hints_say_where_tiers_begin_and_what_their_ends_cost() {
    let mut session = session();
    let mut params = document("list.price");
    params["range"] = range_of(LIST, LIST);
    let hints = session.ask("textDocument/inlayHint", params.clone());
    let said: Vec<&str> = hints.as_array().expect("a list").iter().filter_map(|hint| hint["label"].as_str()).collect();
    assert_eq!(said, ["$10.00", "from 1_000: $82.00", "from 10_000"]);
    session.tell("workspace/didChangeConfiguration", json!({ "settings": { "price": { "inlayHints": false } } }));
    assert_eq!(session.ask("textDocument/inlayHint", params), Value::Null);
}

#[test]
fn lenses_run_tests_and_show_who_is_concerned() {
    let mut session = session();
    let lenses = session.ask("textDocument/codeLens", document("list.price"));
    let said: Vec<&str> =
        lenses.as_array().expect("a list").iter().filter_map(|lens| lens["command"]["title"].as_str()).collect();
    assert_eq!(said, ["1 plan or contract uses this", "show curve"]);
    let lenses = session.ask("textDocument/codeLens", document("team.price"));
    let last = lenses.as_array().and_then(|all| all.last()).expect("a lens").clone();
    let resolved = session.ask("codeLens/resolve", last.clone());
    assert_eq!(resolved["command"]["title"], "? amounts to fill in");
    session.replace("team.price", 2, &PLAN.replace("expect total ?", "expect total $1.00"));
    let resolved = session.ask("codeLens/resolve", last.clone());
    assert_eq!(resolved["command"]["title"], "✗ expected $1.00, got $29.01");
    session.replace("team.price", 3, &PLAN.replace("expect total ?", "expect total $29.01"));
    assert_eq!(session.ask("codeLens/resolve", last)["command"]["title"], "✓ passes");
}

#[test]
fn commands_run_tests_and_draw_curves() {
    let mut session = session();
    session.replace("team.price", 2, &PLAN.replace("expect total ?", "expect total $1.00"));
    let ran = session.ask("price/runTests", json!({ "uri": uri("team.price") }));
    assert_eq!(ran["tests"][0]["outcome"], "failed");
    assert_eq!(ran["tests"][0]["failures"][0]["message"], "expected $1.00, got $29.01");
    let curve = session.about("price/curve", "list.price", &at(LIST, "price calls on", 7));
    assert_eq!((&curve["unit"], &curve["currency"]), (&json!("calls"), &json!("USD")));
    assert_eq!(curve["curves"][0]["points"], json!([["0", "0"], ["1000", "10"], ["10000", "82"], ["15000", "107"]]));
    assert_eq!(curve["bounds"], json!([]));
    let arguments = json!([{ "uri": uri("team.price") }]);
    let ran = session.ask("workspace/executeCommand", json!({ "command": "price.runTests", "arguments": arguments }));
    assert_eq!(ran["tests"].as_array().map(Vec::len), Some(1));
    assert_eq!(session.shown, ["0 of 1 tests pass"]);
    let status = session.ask("price/status", json!(null));
    assert_eq!(status["files"], 2);
    let capped = LIST.replace(
        "      beyond          $0.005\n    }\n",
        "      beyond          $0.005\n    }\n    at most $50.00 per month\n",
    );
    session.open("list.price", &capped);
    let curve = session.about("price/curve", "list.price", &at(&capped, "price calls on", 7));
    assert_eq!(curve["bounds"], json!(["at most $50.00 per month"]));
}

#[test]
fn who_uses_a_price_and_what_it_uses() {
    let mut session = session();
    let items = session.about("textDocument/prepareCallHierarchy", "list.price", &at(LIST, "meter calls", 7));
    let calls = session.ask("callHierarchy/incomingCalls", json!({ "item": items[0] }));
    let users: Vec<&str> =
        calls.as_array().expect("a list").iter().filter_map(|call| call["from"]["name"].as_str()).collect();
    assert_eq!(users, ["calls", "a thousand and one"]);
    let items = session.about("textDocument/prepareCallHierarchy", "team.price", &at(PLAN, "plan team", 6));
    let calls = session.ask("callHierarchy/outgoingCalls", json!({ "item": items[0] }));
    let used: Vec<&str> =
        calls.as_array().expect("a list").iter().filter_map(|call| call["to"]["name"].as_str()).collect();
    assert_eq!(used, ["list", "calls"]);
}

#[test]
fn a_ladder_is_turned_and_its_edges_become_a_test() {
    let plan = "use std.units (call)\nuse std.currencies (USD)\n\nevent request { path: text }\nmeter calls = count of request in calls\n\nplan p {\n  currency USD\n  timezone \"UTC\"\n  billing  monthly on day 1\n  rounding each line half-up to cents\n  price usage on calls {\n    graduated per call {\n      up to 1k calls $0.01\n      beyond         $0.02\n    }\n  }\n  late events accepted for 3 days then next period\n}\n";
    let mut session = Session::new(&[("p.price", plan)]);
    session.open("p.price", plan);
    let mut ask = |needle: &str| {
        let mut params = document("p.price");
        params["range"] = range_of(plan, needle);
        params["context"] = json!({ "diagnostics": [] });
        session.ask("textDocument/codeAction", params)
    };
    let turned = ask("graduated");
    assert_eq!(turned[0]["edit"]["changes"][uri("p.price")][0]["newText"], "volume");
    let table = ask("usage");
    let text = table[0]["edit"]["changes"][uri("p.price")][0]["newText"].as_str().expect("a text").to_owned();
    assert!(
        text.contains("test table \"the edges of usage\" for plan p") && text.contains("1_001 calls | ?"),
        "{text}"
    );
    session.replace("p.price", 2, &format!("{}{text}\n", plan.trim_end()));
    assert!(session.codes("p.price", 2).is_empty());
    let ran = session.ask("price/runTests", json!({ "uri": uri("p.price") }));
    assert_eq!(ran["tests"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_formula_shows_its_parameters() {
    let text = "use std.currencies (USD)\n\nformula half(price: USD, share: ratio) = price * share\n\nlet a = half($1.00, 50%)\n";
    let mut session = Session::new(&[("f.price", text)]);
    session.open("f.price", text);
    let help = session.about("textDocument/signatureHelp", "f.price", &at(text, "$1.00, ", 7));
    assert_eq!(help["signatures"][0]["label"], "half(price: USD, share: ratio)");
    assert_eq!(help["activeParameter"], 1);
}
