//! Invoices of the usage of a file: beside it, or where the project says.

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
    assert_eq!(title(&mut session), "2 invoices of 2026-03: $49.09 (1 record refused: usage/team.ndjson:1011)");
    let place = at(&plan, "plan team", 0);
    let found = session.about("price/invoices", "team.price", &place);
    assert_eq!(found["period"], json!({ "from": "2026-03-01", "until": "2026-04-01" }));
    assert_eq!((&found["currency"], &found["total"], &found["refused"]), (&json!("USD"), &json!("$49.09"), &json!(1)));
    let acme = &found["invoices"][0];
    assert_eq!((&acme["account"], &acme["total"]), (&json!("acme"), &json!("$29.00")));
    assert_eq!(acme["lines"][0], json!({ "name": "calls", "quantity": "1_000 calls", "amount": "$9.00" }));
    let arguments = json!([{ "textDocument": { "uri": uri("team.price") }, "position": place }]);
    session.ask("workspace/executeCommand", json!({ "command": "price.showInvoices", "arguments": arguments }));
    let why = "`region` is `mars`, which is not a label of the dimension `region`; known: us, eu";
    let refused = format!("not counted: usage/team.ndjson:1011: {why}");
    assert_eq!(session.shown, [format!("2026-03: acme $29.00 + initech $20.09 = $49.09\n{refused}")]);
    assert_eq!(found["refusals"], json!([{ "file": "usage/team.ndjson", "line": 1011, "why": why }]));
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
    assert_eq!(files(&usage), "no invoice: the usage is more than 20000 events; `price rate` takes any");
    assert_eq!(files(&long), "no invoice: the usage is of more than 1100 days; `price rate` takes any");
    assert_eq!(files(&many), "no invoice: the usage is of more than 100 accounts; `price rate` takes any");
    assert_eq!(files(""), "no invoice: no event counts");
    let refused = files("{\n\u{1}\n");
    assert!(refused.starts_with("no invoice: no event counts, 2 records refused: usage/team.ndjson:1: "), "{refused}");
    let large = format!("{{\"x\":\"{}\"}}\n", "x".repeat(4 << 20));
    assert_eq!(
        files(&large),
        "no invoice: `usage/team.ndjson` is larger than 4 MB, too large to be rated while you type; `price rate` takes any"
    );
}

/// The same calls as CSV.
fn table(account: &str, day: &str, number: usize) -> String {
    let row = |id: usize| format!("s,{account}-{day}-{id},request,{account},{day}T12:00:00Z,eu\n");
    "source,id,type,account,time,region\n".to_owned() + &(0..number).map(row).collect::<String>()
}

#[test]
fn a_project_says_where_its_usage_lies() {
    let (first, second) = (calls("acme", "2026-03-02", 500), table("acme", "2026-03-03", 501));
    let twice = calls("acme", "2026-03-02", 10);
    let all = [
        ("march/a.ndjson", first.as_str()),
        ("march/b.csv", &second),
        // The same events once more.
        ("march/again.ndjson", &twice),
        ("usage/team.ndjson", &twice),
        ("team.ndjson", &twice),
    ];
    let said = |project: &str| {
        let mut files = vec![("list.price", LIST), ("team.price", PLAN), ("price.toml", project)];
        files.extend(all);
        let mut session = Session::new(&files);
        session.open("team.price", PLAN);
        let title = title(&mut session);
        title.contains("invoice").then_some(title)
    };
    for (project, expected) in [
        ("usage = [\"march/*\"]", "invoice of 2026-03: $29.01"),
        ("usage = [\"march/a.ndjson\", \"**/b.csv\"]", "invoice of 2026-03: $29.01"),
        ("usage = \"march/b.csv\"", "invoice of 2026-03: $24.51"),
        ("usage = \"{file}.ndjson\"", "invoice of 2026-03: $20.09"),
        ("usage = \"*/{name}.*\"", "invoice of 2026-03: $20.09"),
        // Without the setting: beside the file, and in `usage`.
        ("", "invoice of 2026-03: $20.09"),
        ("usage = \"april/*.csv\"", "no invoice: no file is called `april/*.csv`, as `price.toml` says"),
        (
            "usage = \"../other/*.csv\"",
            "no invoice: `../other/*.csv` in `usage` leads out of the folders that are open",
        ),
        (
            "usage = 5",
            "no invoice: `price.toml`: `usage` is a path or a list of paths, such as [\"usage/{file}.ndjson\"]",
        ),
    ] {
        assert_eq!(said(project).as_deref(), Some(expected), "{project}");
    }
    // Where the path has a name in it, plans without usage have no line.
    assert_eq!(said("usage = \"april/{name}.csv\""), None);
    assert_eq!(said("usage = []"), None);
    let title = said("usage = \"=").expect("a line");
    assert!(title.starts_with("no invoice: `price.toml` is not valid TOML"), "{title}");
}

#[test]
fn usage_of_a_project_is_that_of_all_its_plans() {
    let other = "use std.units (call)\nuse std.currencies (USD)\n\nevent message { size: call }\n";
    let message =
        "{\"type\":\"message\",\"id\":\"m\",\"account\":\"acme\",\"time\":\"2026-03-02T00:00:00Z\",\"size\":3}\n";
    let unknown = message.replace("message", "nothing");
    let usage = calls("acme", "2026-03-02", 1) + message + &unknown;
    let files =
        [("list.price", LIST), ("team.price", PLAN), ("other.price", other), ("price.toml", "usage = \"all.ndjson\"")];
    let mut session = Session::new(&[&files[..], &[("all.ndjson", usage.as_str())]].concat());
    session.open("team.price", PLAN);
    // What another plan counts is passed over, and what nobody knows is not.
    assert_eq!(title(&mut session), "invoice of 2026-03: $20.01 (1 record refused: all.ndjson:3)");
    // A card that plans are built on is not a plan.
    session.open("list.price", LIST);
    assert_eq!(lens(&mut session, "list.price"), None);
}

#[test]
fn usage_that_is_too_much_is_named() {
    let files = |project: &str, usage: &[(&str, &str)]| {
        let files = [&[("list.price", LIST), ("team.price", PLAN), ("price.toml", project)], usage].concat();
        let mut session = Session::new(&files);
        session.open("team.price", PLAN);
        title(&mut session)
    };
    let half = format!("{{\"x\":\"{}\"}}\n", "x".repeat(3 << 20));
    assert_eq!(
        files("usage = \"u/*\"", &[("u/a.ndjson", &half), ("u/b.ndjson", &half)]),
        "no invoice: with `u/b.ndjson`, the 2 files of usage are larger than 4 MB, too large to be rated while you type; `price rate` takes any"
    );
    let many: Vec<(String, String)> =
        (0..=200).map(|at| (format!("u/{at}.csv"), table("a", "2026-03-02", 1))).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(
        files("usage = \"u/*\"", &many),
        "no invoice: the paths in `usage` lead to more than 200 files; name fewer"
    );
    assert_eq!(
        files("usage = \"u.parquet\"", &[("u.parquet", "PAR1")]),
        "no invoice: `u.parquet` is Parquet, which is not rated while you type; `price rate` takes it"
    );
    // A list in one line holds as many events as any other file.
    let list = calls("acme", "2026-03-02", 20_001).replace("\"source\":\"s\",", "").replace("\"acme-2026-03-02-", "\"");
    let list = format!("[{}]", list.trim_end().replace('\n', ","));
    assert_eq!(
        files("usage = \"u.json\"", &[("u.json", &list)]),
        "no invoice: the usage is more than 20000 events; `price rate` takes any"
    );
}

#[test]
fn usage_is_followed_wherever_it_lies() {
    let capabilities = json!({ "workspace": { "codeLens": { "refreshSupport": true } } });
    let project = ("price.toml", "usage = \"march/{file}*.csv\"");
    let usage = table("acme", "2026-03-02", 1);
    let more = table("acme", "2026-03-02", 1_001);
    let start = [("list.price", LIST), ("team.price", PLAN), project, ("march/team-1.csv", usage.as_str())];
    let mut session = Session::with(&start, capabilities, json!({}));
    let watches = |glob: &'static str| {
        move |watched: &std::collections::BTreeMap<String, Vec<String>>| {
            watched.iter().any(|(id, globs)| id != "files" && *globs == [glob])
        }
    };
    session.until_watched(watches("**/march/*.csv"));
    session.open("team.price", PLAN);
    assert_eq!(title(&mut session), "invoice of 2026-03: $20.01");
    // Another file of it changes, and then the project says something else.
    let now = [("list.price", LIST), ("team.price", PLAN), project, ("march/team-1.csv", more.as_str())];
    session.replace_disk(&now, &["march/team-1.csv"]);
    session.until_asked("workspace/codeLens/refresh");
    assert_eq!(title(&mut session), "invoice of 2026-03: $29.01");
    let ndjson = calls("acme", "2026-04-02", 1);
    let project = ("price.toml", "usage = \"{name}.ndjson\"");
    session.replace_disk(
        &[("list.price", LIST), ("team.price", PLAN), project, ("team.ndjson", &ndjson)],
        &["price.toml"],
    );
    session.until_watched(watches("**/*.ndjson"));
    assert_eq!(title(&mut session), "invoice of 2026-04: $20.01");
    session.until_watched(|watched| watched.len() == 2);
    // What is open counts as it stands in the editor.
    session.asked.clear();
    session.open("team.ndjson", &calls("acme", "2026-04-02", 1_001));
    session.until_asked("workspace/codeLens/refresh");
    assert_eq!(title(&mut session), "invoice of 2026-04: $29.01");
    session.replace("team.ndjson", 2, &calls("acme", "2026-05-02", 1));
    assert_eq!(title(&mut session), "invoice of 2026-05: $20.01");
    session.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri("team.ndjson") } }));
    assert_eq!(title(&mut session), "invoice of 2026-04: $20.01");
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
