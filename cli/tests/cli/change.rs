//! `price prove` and `price diff`: what prices do for all usage, and what a change of them does.

use crate::Place;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};

const HEAD: &str = "use std.units (call)\nuse std.currencies (USD)\n\nevent request { region: text }\nmeter calls = count of request in calls\n\nplan team {\n  currency USD\n  timezone \"UTC\"\n  billing  monthly on day 1\n  rounding each line half-up to cents\n";
const TAIL: &str = "  late events accepted for 3 days then next period\n}\n";

fn plan(price: &str) -> String {
    format!("{HEAD}{price}{TAIL}")
}

const VOLUME: &str = "  price usage on calls {\n    volume per call {\n      up to 1k calls $0.10\n      beyond         $0.08\n    }\n    allow cliffs\n  }\n";
const GRADUATED: &str = "  price usage on calls {\n    graduated per call {\n      up to 1k calls $0.10\n      beyond         $0.08\n    }\n  }\n";
const CLAIMS: &str = "\nassert \"more never costs less\" for plan team for all calls in 0 calls .. 1M calls {\n  total never decreases\n  usage <= $90k\n}\n";

#[test]
fn claims_are_proved_disproved_or_open() {
    let place = Place::new();
    place.file("a.price", &format!("{}{CLAIMS}", plan(VOLUME)));
    let ran = place.run(&["prove", "a.price"]);
    assert_eq!(ran.code, 1);
    let said = &ran.out;
    assert!(said.contains("proved      usage <= $90k"), "{said}");
    assert!(said.contains("disproved   total never decreases  a.price:"), "{said}");
    assert!(said.contains("1_000 calls cost $100.00, and 1_001 calls cost $80.08"), "{said}");
    assert!(ran.err.contains("2 claims: 1 proved, 1 disproved"), "{}", ran.err);
    let json = place.run(&["prove", "a.price", "--output-format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    let claim = &value["files"][0]["assertions"][0]["claims"][0];
    assert_eq!((claim["verdict"].as_str(), claim["usage"].as_str()), (Some("disproved"), Some("1_001 calls")));
    // The counterexample is a test that runs.
    let test = claim["test"].as_str().expect("a test");
    place.file("b.price", &format!("{}\n{test}\n", plan(VOLUME)));
    let tested = place.run(&["test", "b.price", "--accept"]);
    assert!(tested.code == 0, "{}", tested.out);
    let written = place.read("b.price");
    assert!(written.contains("given calls 1_001 calls\n  expect total $80.08"), "{written}");
    place.file("c.price", &format!("{}{CLAIMS}", plan(GRADUATED)));
    assert_eq!(place.run(&["prove", "c.price", "--strict"]).code, 0);
    place.file("d.price", &format!("{}{CLAIMS}", plan("  price usage on calls each day = $0.01 per call\n")));
    assert_eq!(place.run(&["prove", "d.price"]).code, 0);
    assert_eq!(place.run(&["prove", "d.price", "--strict"]).code, 1);
}

#[test]
fn a_change_is_shown_for_every_quantity_and_every_customer() {
    let place = Place::new();
    place.file("old.price", &plan(VOLUME));
    place.file("new.price", &plan(GRADUATED));
    let same = place.run(&["diff", "old.price", "old.price"]);
    assert_eq!(same.out, "plan team: means the same\n");
    let ran = place.run(&["diff", "old.price", "new.price"]);
    let said = &ran.out;
    assert!(ran.code == 0 && said.contains("above 1_000 calls: dearer, most +$20.00 at 1_000"), "{said}");
    assert!(said.contains("above 0 up to 1_000 calls: the same"), "{said}");
    let mut usage = String::new();
    for (account, count) in [("big", 1_500), ("small", 3)] {
        for number in 0..count {
            usage.push_str(&format!(
                "{{\"source\":\"s\",\"id\":\"{account}-{number}\",\"type\":\"request\",\"account\":\"{account}\",\"time\":\"2026-03-02T00:00:00Z\",\"region\":\"x\"}}\n"
            ));
        }
    }
    place.file("usage.ndjson", &usage);
    let ran = place.run(&["diff", "old.price", "new.price", "--events", "usage.ndjson", "--format", "markdown"]);
    let said = &ran.out;
    assert!(said.contains("Invoices: $120.30 → $140.30 (+$20.00, +16.6%); 1 pay more, 1 the same, 0 less"), "{said}");
    assert!(said.contains("| big | $120.00 | $140.00 | +$20.00 (+16.6%) |"), "{said}");
    let json = place.run(&["diff", "old.price", "new.price", "--events", "usage.ndjson", "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    let stretch = &value["subjects"][0]["lines"][0]["regions"][0]["stretches"][1];
    assert_eq!((stretch["way"].as_str(), stretch["most"]["change"].as_str()), (Some("dearer"), Some("20")));
    assert_eq!(value["subjects"][0]["invoices"]["accounts"][0]["change"], "20");
    assert_eq!(place.run(&["diff", "old.price"]).code, 2);
}

/// Makes a repository with one commit of what is there.
fn repository(place: &Place) {
    let git = |args: &[&str]| {
        let ran = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"])
            .args(args)
            .current_dir(place.path())
            .output();
        assert!(ran.expect("git runs").status.success(), "{args:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
}

#[test]
fn a_revision_of_git_is_as_good_as_a_file() {
    let place = Place::new();
    place.file("plans/team.price", &plan(VOLUME));
    repository(&place);
    place.file("plans/team.price", &plan(GRADUATED));
    place.file("plans/other.price", &plan(GRADUATED).replace("plan team", "plan other"));
    let ran = place.run(&["diff", "--since", "main", "plans"]);
    let said = &ran.out;
    assert!(said.contains("dearer, most +$20.00 at 1_000") && said.contains("plan other: new"), "{said}{}", ran.err);
    for (revision, code) in [("nowhere", "C090"), ("--output=x", "C090")] {
        let ran = place.run(&["diff", &format!("--since={revision}"), "plans"]);
        assert!(ran.code == 2 && ran.err.contains(code), "{}", ran.err);
    }
}

#[test]
fn an_editor_says_what_changed_since_the_last_commit() {
    let place = Place::new();
    place.file("plans/team.price", &plan(VOLUME));
    repository(&place);
    place.file("plans/team.price", &plan(GRADUATED));
    let file = format!("file://{}", place.path().join("plans/team.price").display());
    let folder = format!("file://{}", place.path().display());
    let text = plan(GRADUATED);
    let document = json!({ "uri": file, "languageId": "price", "version": 1, "text": text });
    let folders = json!([{ "uri": folder, "name": "w" }]);
    let mut server = Command::new(env!("CARGO_BIN_EXE_price"))
        .arg("lsp")
        .current_dir(place.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = server.stdin.take().expect("an input");
    let mut output = BufReader::new(server.stdout.take().expect("an output"));
    let mut tell = |mut message: Value| {
        message["jsonrpc"] = json!("2.0");
        let body = message.to_string();
        write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("it is sent");
        input.flush().expect("it is sent");
    };
    let mut answer = |id: i64| {
        loop {
            let mut length = 0;
            let mut line = String::new();
            while output.read_line(&mut line).expect("a head") > 0 && line != "\r\n" {
                if let Some(value) = line.strip_prefix("Content-Length: ") {
                    length = value.trim().parse().expect("a length");
                }
                line.clear();
            }
            let mut body = vec![0; length];
            output.read_exact(&mut body).expect("a body");
            let message: Value = serde_json::from_slice(&body).expect("JSON");
            if message["id"] == id && message.get("method").is_none() {
                return message["result"].clone();
            }
        }
    };
    let params = json!({ "capabilities": {}, "workspaceFolders": folders });
    tell(json!({ "id": 1, "method": "initialize", "params": params }));
    answer(1);
    tell(json!({ "method": "initialized", "params": {} }));
    tell(json!({ "method": "textDocument/didOpen", "params": { "textDocument": document } }));
    tell(json!({ "id": 2, "method": "textDocument/codeLens", "params": { "textDocument": { "uri": file } } }));
    let lenses = answer(2).to_string();
    assert!(lenses.contains("dearer than HEAD by up to $20.00"), "{lenses}");
    let asked = json!({ "textDocument": { "uri": file }, "revision": "--output=x" });
    tell(json!({ "id": 3, "method": "price/diff", "params": asked }));
    assert!(answer(3)["why"].as_str().is_some_and(|why| why.contains("is no revision")));
    tell(json!({ "id": 4, "method": "shutdown" }));
    answer(4);
    tell(json!({ "method": "exit" }));
    // The server's own request was never answered, and the stream is open: it ends at the word.
    assert!(server.wait().expect("it ends").success());
}

#[test]
fn a_price_is_drawn_and_written_as_a_page() {
    let place = Place::new();
    place.file("a.price", &plan(GRADUATED));
    place.file("b.price", &plan(VOLUME));
    let ran = place.run(&["plot", "a.price"]);
    assert!(
        ran.code == 0 && ran.out.starts_with("usage: total\n") && ran.out.contains("1.4k calls"),
        "{}{}",
        ran.out,
        ran.err
    );
    let ran = place.run(&["plot", "a.price", "usage", "--against", "b.price", "--up-to", "3k", "-o", "a.svg"]);
    assert!(ran.code == 0 && place.read("a.svg").starts_with("<svg "), "{}", ran.err);
    for (args, code) in [
        (&["plot", "a.price", "usge"][..], "C096"),
        (&["plot", "a.price", "--up-to", "-3"], "error"),
        (&["plot", "a.price", "--only", "x"], "C097"),
        (&["plot", "a.price", "--only", "x=y"], "C094"),
    ] {
        let ran = place.run(args);
        assert!(ran.code == 2 && ran.err.contains(code), "{args:?}: {}", ran.err);
    }
    let page = place.run(&["doc", "a.price"]);
    assert!(page.out.starts_with("<!DOCTYPE html>") && page.out.contains("above 1,000"), "{}{}", page.out, page.err);
    assert!(page.out.contains("<svg ") && !page.out.contains("<script"), "{}", page.out);
    let page = place.run(&["doc", "a.price", "--no-pictures", "-o", "a.html"]);
    assert!(page.code == 0 && !place.read("a.html").contains("<svg "));
    place
        .file("evil.price", &plan(GRADUATED).replace("  price usage", "  ## <script>alert(1)</script>\n  price usage"));
    assert!(place.run(&["doc", "evil.price"]).out.contains("&lt;script&gt;"));
}

#[test]
fn usage_is_found_for_an_amount_and_for_being_even() {
    let place = Place::new();
    place.file("a.price", &plan(GRADUATED));
    place.file("b.price", &plan("  price usage on calls = $0.09 per call\n"));
    for (args, said) in [
        (&["solve", "a.price", "--reaches", "$500"][..], "usage: $500.00 is reached at 6_000 calls\n"),
        (&["solve", "a.price", "--request", "10"][..], "usage: 10 calls cost at most $1.00\n"),
        (&["solve", "a.price", "usage", "--reaches", "50.05"], "usage: $50.05 is reached at 501 calls\n"),
        (
            &["solve", "a.price", "--against", "b.price"],
            "usage: above 0 up to 2_000 calls: the first is dearer, by at most $10.00\nusage: above 2_000 calls: the first is cheaper, by $0.01 more for each\n",
        ),
    ] {
        let ran = place.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (0, said), "{args:?} {}", ran.err);
    }
    let json = place.run(&["solve", "a.price", "--against", "b.price", "--output-format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(value["answers"][0]["at"], serde_json::json!(["2000"]));
    assert_eq!(place.run(&["solve", "a.price"]).code, 2);
    assert!(place.run(&["solve", "a.price", "--reaches", "€5"]).err.contains("C097"));
}

#[test]
fn faults_that_no_test_notices_are_shown() {
    let place = Place::new();
    let few = "\ntest \"few\" for plan team in 2026-03 {\n  given calls 10 calls\n  expect total $1.00\n}\n";
    let edges = "\ntest table \"edges\" for plan team in 2026-03 {\n  calls | total\n  1_000 calls | $100.00\n  1_001 calls | $100.08\n  2_001 calls | $180.08\n}\n";
    place.file("few.price", &format!("{}{few}", plan(GRADUATED)));
    let ran = place.run(&["test", "few.price", "--mutate"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    for said in [
        "`up to 1k calls`",
        "`2k calls` instead of `1k calls`",
        "`volume` instead of `graduated`",
        "`$0.09` instead of `$0.08`",
    ] {
        let expected = said != "`up to 1k calls`";
        assert_eq!(ran.out.contains(said), expected, "{said}: {}", ran.out);
    }
    place.file("edges.price", &format!("{}{few}{edges}", plan(GRADUATED)));
    let ran = place.run(&["test", "edges.price", "--mutate"]);
    assert!(
        !ran.out.contains("graduated") && !ran.out.contains("$0.08") && !ran.out.contains("1k calls"),
        "{}",
        ran.out
    );
    assert!(ran.err.contains("faults: "), "{}", ran.err);
    // The file is as it was.
    assert!(place.read("edges.price").contains("up to 1k calls $0.10"));
}

#[test]
fn past_usage_is_replayed_in_parts_and_goes_on_where_it_stopped() {
    let place = Place::new();
    place.file("old.price", &plan(VOLUME));
    place.file("new.price", &plan(GRADUATED));
    let mut usage = String::new();
    for account in 0..20 {
        for number in 0..100 * account {
            usage.push_str(&format!(
                "{{\"source\":\"s\",\"id\":\"{account}-{number}\",\"type\":\"request\",\"account\":\"a{account:02}\",\"time\":\"2026-03-02T00:00:00Z\",\"region\":\"x\"}}\n"
            ));
        }
    }
    usage.push_str("{\"source\":\"s\",\"id\":\"x\",\"type\":\"unheard-of\",\"account\":\"a01\",\"time\":\"2026-03-02T00:00:00Z\"}\n");
    place.file("usage.ndjson", &usage);
    let replay = ["replay", "new.price", "--against", "old.price", "--events", "usage.ndjson", "--format", "json"];
    let whole = place.run(&replay);
    assert_eq!(whole.code, 0, "{}", whole.err);
    let value: serde_json::Value = serde_json::from_str(&whole.out).expect("JSON");
    let invoices = &value["invoices"];
    // Nine accounts have more than 1,000 calls: each pays $20 more.
    assert_eq!((&invoices["dearer"], &invoices["same"], &invoices["cheaper"]), (&9.into(), &10.into(), &0.into()));
    assert_eq!(invoices["refused"], serde_json::json!({"old": 1, "new": 1}));
    assert_eq!(invoices["accounts"][0]["change"], "20");

    let parts = |file: &str| -> Vec<String> {
        replay.iter().chain(&["--parts", "3", "--state", file]).map(|s| (*s).to_owned()).collect()
    };
    let run = |args: &[String]| place.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(run(&parts("a.state")).out, whole.out);
    // A crash in the middle of writing the fourth part.
    let lines: Vec<String> = place.read("a.state").lines().map(|line| format!("{line}\n")).collect();
    assert_eq!(lines.len(), 7);
    place.file("b.state", &format!("{}{}", lines[..4].concat(), &lines[4][..20]));
    let again = run(&parts("b.state"));
    assert_eq!(again.out, whole.out);
    assert!(again.err.contains("3 parts done before"), "{}", again.err);
    assert_eq!(place.read("b.state").lines().count(), 7);

    place.file("old.price", &plan(GRADUATED));
    let other = run(&parts("a.state"));
    assert!(other.code == 2 && other.err.contains("C131"), "{}", other.err);
    place.file("c.state", "account,total\n");
    assert!(run(&parts("c.state")).err.contains("C130"));
    let alone = place.run(&["replay", "new.price", "--events", "usage.ndjson", "--accounts", "bills.csv"]);
    assert!(alone.out.starts_with("$1_810.00 for 19 accounts\n"), "{}", alone.out);
    assert!(place.read("bills.csv").starts_with("account,new\n"));
}

#[test]
fn invoices_are_written_as_pages() {
    let place = Place::new();
    place.file("a.price", &plan(GRADUATED));
    place.file(
        "usage.ndjson",
        "{\"source\":\"s\",\"id\":\"1\",\"type\":\"request\",\"account\":\"Zoë & Söhne\",\"time\":\"2026-03-02T00:00:00Z\",\"region\":\"x\"}\n",
    );
    place.file("letter.toml", "terms = [\"Danke.\"]\n[seller]\nname = \"Acme <1>\"\n");
    let rate = |more: &[&str]| {
        let args = [&["rate", "a.price", "--events", "usage.ndjson"], more].concat();
        place.run(&args)
    };
    assert!(rate(&["--format", "html"]).err.contains("C120"));
    place.file("wrong.toml", "seler = 1\n");
    assert!(rate(&["--format", "pdf", "--output", "out", "--letterhead", "wrong.toml"]).err.contains("C122"));
    for format in ["html", "pdf"] {
        let ran = rate(&["--format", format, "--output", "out", "--letterhead", "letter.toml"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    let folder = std::fs::read_dir(place.path().join("out")).expect("it is there");
    let mut files: Vec<std::path::PathBuf> = folder.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let [html, pdf] = files.as_slice() else { panic!("{files:?}") };
    let page = std::fs::read_to_string(html).expect("text");
    for text in ["Acme &lt;1&gt;", "Zoë &amp; Söhne", "Danke.", "0.10", "2026-03-01 to 2026-03-31"] {
        assert!(page.contains(text), "{text}");
    }
    let first = std::fs::read(pdf).expect("bytes");
    assert!(first.starts_with(b"%PDF-1."));
    rate(&["--format", "pdf", "--output", "out", "--letterhead", "letter.toml"]);
    assert!(std::fs::read(pdf).expect("bytes") == first, "the same document has the same bytes");
}

#[test]
fn a_project_says_how_much_findings_weigh() {
    let place = Place::new();
    // A volume price falls at its bound: a warning, unless a comment or the project says otherwise.
    let cliff = plan(&VOLUME.replace("    allow cliffs\n", ""));
    place.file("a.price", &cliff);
    let check = || place.run(&["check", "a.price", "--output-format", "concise"]);
    let found = check();
    let code = ["P501", "P502", "P503", "P504", "P506"].into_iter().find(|code| found.out.contains(code));
    let code = code.unwrap_or_else(|| panic!("a finding: {}", found.out));
    assert_eq!(found.code, 0, "{}", found.out);
    place.file("price.toml", &format!("[lints]\n{code} = \"deny\"\n"));
    let denied = check();
    assert!(denied.code == 1 && denied.out.contains("error"), "{}", denied.out);
    place.file("price.toml", &format!("[lints]\n{code} = {{ level = \"allow\", reason = \"our list since 2019\" }}\n"));
    let allowed = check();
    assert!(allowed.code == 0 && !allowed.out.contains(code), "{}", allowed.out);
    place.file("price.toml", &format!("[lints]\n{code} = \"allow\"\n"));
    let wrong = check();
    assert!(wrong.code == 2 && wrong.err.contains("without a reason"), "{}", wrong.err);
    place.file("price.toml", "[lints]\nP104 = \"deny\"\nP9999 = \"warn\"\n");
    assert_eq!(check().code, 2);
}

#[test]
fn a_chart_is_drawn_in_pixels_too() {
    let place = Place::new();
    place.file("a.price", &plan(VOLUME));
    let ran = place.run(&["plot", "a.price", "-o", "a.png"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let bytes = std::fs::read(place.path().join("a.png")).expect("a picture");
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
    // Lines and texts: a white picture of this size has less than half of that.
    assert!(bytes.len() > 8_000, "{} bytes", bytes.len());
    place.run(&["plot", "a.price", "-o", "b.png"]);
    assert!(std::fs::read(place.path().join("b.png")).expect("a picture") == bytes, "the same each time");
}

#[test]
fn an_order_form_says_what_is_signed() {
    let place = Place::new();
    place.file("a.price", &plan(GRADUATED));
    let ran = place.run(&["doc", "a.price", "--order-form"]);
    let said = &ran.out;
    assert!(ran.code == 0 && said.contains("<h1>Order form: Team</h1>"), "{said} {}", ran.err);
    assert!(said.contains("<td>up to 1,000</td><td>$0.10</td>") && said.contains("Signature"), "{said}");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/scenarios");
    let file = format!("{folder}/s11-enterprise-year.price");
    let ran = place.run(&["doc", &file, "--for", "northstar", "--order-form"]);
    let said = &ran.out;
    for text in [
        "<strong>Northstar Labs</strong>",
        "<strong class=\"blank\">",
        "<dd>2026-01-01 through 2026-12-31</dd>",
        "<h3>Year, prepaid</h3>",
        "4 times $75,000.00, every quarter",
        "up to 25% of what is left is carried over for 12 months",
        "$10,000.00",
        "Promotion, then Year, then the invoice.",
    ] {
        assert!(said.contains(text), "{text}: {said}");
    }
    let head = HEAD.split("plan team").next().expect("a head");
    let contract = format!(
        "{head}contract acme with \"A & B\" {{\n  term 2026-01-01 through 2026-12-31 renews yearly\n  currency USD\n  timezone \"UTC\"\n  billing monthly on day 1\n  rounding each line half-up to cents\n  price calls on calls = $0.01 per call\n{TAIL}"
    );
    place.file("contract.price", &contract);
    let said = place.run(&["doc", "contract.price", "--order-form"]).out;
    let renews =
        "<dd>2026-01-01 through 2026-12-31</dd><dt>Renews</dt><dd>each time for a year, until it is ended</dd>";
    assert!(said.contains(renews) && said.contains("A &amp; B"), "{said}");
    let amended =
        "\namendment 1 to acme effective 2026-06-01 signed 2026-05-01 {\n  extend term through 2027-06-30\n}\n";
    place.file("contract.price", &format!("{contract}{amended}"));
    let said = place.run(&["doc", "contract.price", "--order-form"]).out;
    assert!(said.contains("<dd>from 2026-01-01</dd><dt>Renews</dt>"), "{said}");
    let ran = place.run(&["doc", &file, "--for", "northstar", "--order-form", "-o", "a.pdf"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let first = std::fs::read(place.path().join("a.pdf")).expect("a file");
    assert!(first.starts_with(b"%PDF-"));
    place.run(&["doc", &file, "--for", "northstar", "--order-form", "-o", "b.pdf"]);
    assert_eq!(first, std::fs::read(place.path().join("b.pdf")).expect("a file"), "the same bytes each time");
    assert!(place.run(&["doc", "a.price", "-o", "c.pdf"]).err.contains("C097"));
}
