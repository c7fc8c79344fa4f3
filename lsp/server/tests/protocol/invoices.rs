//! Invoices of usage that lies beside a file.

use crate::{LIST, PLAN, Session, at, uri};
use serde_json::{Value, json};

fn calls(account: &str, day: &str, number: usize) -> String {
    let one = |id: usize| {
        format!(
            "{{\"source\":\"s\",\"id\":\"{account}-{day}-{id}\",\"type\":\"request\",\"account\":\"{account}\",\"time\":\"{day}T12:00:00Z\",\"region\":\"eu\"}}\n"
        )
    };
    (0..number).map(one).collect()
}

fn lens(session: &mut Session, path: &str) -> Option<Value> {
    let lenses = session.ask("textDocument/codeLens", json!({ "textDocument": { "uri": uri(path) } }));
    let wanted = |lens: &&Value| lens.get("command").is_none_or(Value::is_null);
    let lens = lenses.as_array().expect("a list").iter().find(wanted)?.clone();
    Some(session.ask("codeLens/resolve", lens))
}

fn title(session: &mut Session) -> String {
    let lens = lens(session, "team.price").expect("a lens");
    lens["command"]["title"].as_str().expect("a title").to_owned()
}

#[test]
fn the_invoice_of_usage_beside_a_file_follows_what_is_typed() {
    let usage = calls("acme", "2026-02-03", 5) + &calls("acme", "2026-03-02", 1_001);
    let mut session = Session::new(&[("list.price", LIST), ("team.price", PLAN), ("usage/team.ndjson", &usage)]);
    session.open("team.price", PLAN);
    // 20 + (1,000 × 0.010 + 1 × 0.008) × 0.9 = 29.0072, in the last period with usage.
    assert_eq!(title(&mut session), "invoice of 2026-03: $29.01");
    session.replace("team.price", 2, &PLAN.replace("less 10%", "less 50%"));
    assert_eq!(title(&mut session), "invoice of 2026-03: $25.00");
    session.replace("team.price", 3, &PLAN.replace("less 10%", "less ten"));
    assert_eq!(title(&mut session), "no invoice: it has errors");
    session.replace("team.price", 4, PLAN);
    assert_eq!(title(&mut session), "invoice of 2026-03: $29.01");
    let off = json!({ "settings": { "price": { "invoicesInLenses": false } } });
    session.tell("workspace/didChangeConfiguration", off);
    assert!(!title(&mut session).contains("invoice"));
    // A card has no line where the file of usage is another's.
    session.open("list.price", LIST);
    assert_eq!(lens(&mut session, "list.price"), None);
}

#[test]
fn invoices_are_listed_by_account_and_line() {
    let broken =
        "{\"type\":\"request\",\"id\":\"x\",\"account\":\"a\",\"time\":\"2026-03-02T00:00:00Z\",\"region\":\"mars\"}\n";
    let seats =
        "{\"type\":\"seat_change\",\"id\":\"y\",\"account\":\"a\",\"time\":\"2026-03-02T00:00:00Z\",\"count\":3}\n";
    let usage = calls("initech", "2026-03-01", 10) + &calls("acme", "2026-03-02", 1_000) + broken + seats;
    // Events that the file knows and its plan has no price for are not refused.
    let plan = PLAN.replace("use list (", "use list (seat_change, ");
    let mut session = Session::new(&[("list.price", LIST), ("team.price", &plan), ("usage/team.ndjson", &usage)]);
    session.open("team.price", &plan);
    assert_eq!(title(&mut session), "2 invoices of 2026-03: $49.09 (1 record refused)");
    let place = at(&plan, "plan team", 0);
    let found = session.about("price/invoices", "team.price", &place);
    assert_eq!(found["period"], json!({ "from": "2026-03-01", "until": "2026-04-01" }));
    assert_eq!((&found["currency"], &found["total"], &found["refused"]), (&json!("USD"), &json!("$49.09"), &json!(1)));
    let acme = &found["invoices"][0];
    assert_eq!((&acme["account"], &acme["total"]), (&json!("acme"), &json!("$29.00")));
    assert_eq!(acme["lines"][0], json!({ "name": "calls", "quantity": "1_000 calls", "amount": "$9.00" }));
    let arguments = json!([{ "textDocument": { "uri": uri("team.price") }, "position": place }]);
    session.ask("workspace/executeCommand", json!({ "command": "price.showInvoices", "arguments": arguments }));
    assert_eq!(session.shown, ["2026-03: acme $29.00 + initech $20.09 = $49.09"]);
    let nowhere = session.about("price/invoices", "list.price", &json!({ "line": 0, "character": 0 }));
    assert_eq!(nowhere["why"], "there is no usage beside the file");
}

#[test]
fn what_came_late_is_on_the_invoice_that_is_the_first_to_know_it() {
    let late =
        calls("acme", "2026-02-03", 1).replace("\"region\"", "\"recorded_at\":\"2026-03-20T00:00:00Z\",\"region\"");
    let usage = calls("acme", "2026-03-02", 1) + &late.replace("acme-2026", "late-2026");
    let mut session = Session::new(&[("list.price", LIST), ("team.price", PLAN), ("usage/team.ndjson", &usage)]);
    session.open("team.price", PLAN);
    let found = session.about("price/invoices", "team.price", &at(PLAN, "plan team", 0));
    let lines = found["invoices"][0]["lines"].as_array().expect("lines").clone();
    let names: Vec<&str> = lines.iter().filter_map(|line| line["name"].as_str()).collect();
    assert_eq!(names, ["calls", "base", "calls"], "{found}");
}

#[test]
fn usage_beyond_the_limits_is_not_read() {
    let usage = calls("acme", "2026-03-02", 20_001);
    let long = calls("acme", "2020-03-02", 1) + &calls("acme", "2026-03-02", 1);
    let many: String = (0..101).map(|at| calls(&format!("a{at}"), "2026-03-02", 1)).collect();
    let files = |usage: &str| {
        let mut session = Session::new(&[("list.price", LIST), ("team.price", PLAN), ("usage/team.ndjson", usage)]);
        session.open("team.price", PLAN);
        title(&mut session)
    };
    assert_eq!(files(&usage), "no invoice: the usage is more than 4 MB or 20000 events; `price rate` takes any");
    assert_eq!(files(&long), "no invoice: the usage is of more than 1100 days; `price rate` takes any");
    assert_eq!(files(&many), "no invoice: the usage is of more than 100 accounts; `price rate` takes any");
    assert_eq!(files(""), "no invoice: no event counts");
    assert_eq!(files("{\n\u{1}\n"), "no invoice: no event counts, 2 records refused");
}

#[test]
fn editors_that_can_look_again_when_usage_changes() {
    let capabilities = json!({ "workspace": { "codeLens": { "refreshSupport": true } } });
    let usage = calls("acme", "2026-03-02", 1);
    let files = [("list.price", LIST), ("team.price", PLAN), ("usage/team.ndjson", usage.as_str())];
    for (capabilities, asked) in [(capabilities, true), (json!({}), false)] {
        let mut session = Session::with(&files, capabilities, json!({}));
        session.open("team.price", PLAN);
        let changed = json!({ "changes": [{ "uri": uri("usage/team.ndjson"), "type": 2 }] });
        session.tell("workspace/didChangeWatchedFiles", changed);
        if asked {
            session.until_asked("workspace/codeLens/refresh");
        } else {
            title(&mut session);
            assert!(!session.asked.iter().any(|method| method == "workspace/codeLens/refresh"));
        }
    }
}
