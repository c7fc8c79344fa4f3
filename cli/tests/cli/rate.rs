//! `rate` and `explain`.

use crate::{CARD, Place, repository, steady};
use serde_json::Value;

const USAGE: &str = "\
{\"type\":\"request\",\"account\":\"acme\",\"time\":\"2026-03-02T10:00:00Z\",\"id\":\"1\",\"path\":\"/a\"}
{\"type\":\"request\",\"account\":\"acme\",\"time\":\"2026-03-03T10:00:00Z\",\"id\":\"2\",\"path\":\"/b\"}
{\"type\":\"request\",\"account\":\"zeta\",\"time\":\"2026-04-03T10:00:00Z\",\"id\":\"3\",\"path\":\"/b\"}
";

fn place() -> Place {
    let place = Place::new();
    let card = CARD.replace("  currency USD", "  currency USD\n  timezone \"UTC\"\n  billing monthly on day 1");
    place.file("card.price", &card).file("usage.ndjson", USAGE);
    place
}

#[test]
fn an_invoice_on_the_screen() {
    let file = repository("examples/03-object-storage.price");
    let usage = repository("examples/usage/03-object-storage.ndjson");
    let (file, usage) = (file.display().to_string(), usage.display().to_string());
    let place = Place::new();
    let ran = place.run(&["rate", &file, "--events", &usage, "--in", "2026-03"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.lines().all(|line| line.chars().count() <= 80), "{}", ran.out);
    insta::assert_snapshot!("rate_object_storage", ran.out);
    insta::assert_snapshot!("rate_object_storage_summary", steady(&ran.err));
    let interp = place.run(&["rate", &file, "--events", &usage, "--in", "2026-03", "--engine", "interp"]);
    assert_eq!(ran.out, interp.out, "both engines give the same invoices");
}

#[test]
fn invoices_as_json_keep_money_as_text() {
    let ran = place().run(&["rate", "card.price", "--events", "usage.ndjson", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let json: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(json["format_version"], "1.0");
    assert_eq!(json["invoices"][0]["account"], "acme");
    assert_eq!(json["invoices"][0]["total"], "0.20");
    assert_eq!(json["invoices"][0]["lines"][0]["rule"]["file"], "card.price");
    assert_eq!(json["invoices"].as_array().map(Vec::len), Some(2));
    let lines = place().run(&["rate", "card.price", "--events", "usage.ndjson", "--format", "json-lines"]).out;
    assert!(lines.starts_with("{\"type\":\"version\""), "{lines}");
}

#[test]
fn time_and_account_choose_invoices() {
    let place = place();
    let run = |extra: &[&str]| {
        let mut args = vec!["rate", "card.price", "--events", "usage.ndjson", "--format", "csv"];
        args.extend(extra);
        place.run(&args).out.lines().count() - 1
    };
    assert_eq!(run(&[]), 2);
    assert_eq!(run(&["--in", "2026-03"]), 1);
    assert_eq!(run(&["--account", "zeta"]), 1);
    assert_eq!(run(&["--account", "zeta", "--in", "2026-03"]), 0);
    assert_eq!(place.run(&["rate", "card.price", "--events", "usage.ndjson", "--in", "2026-13"]).code, 2);
}

#[test]
fn standard_input_patterns_and_other_names() {
    let place = place();
    place.file("u/1.ndjson", USAGE).file("u/2.ndjson", USAGE);
    let ran = place.run(&["rate", "card.price", "--events", "u/*.ndjson", "--format", "csv"]);
    assert!(ran.err.contains("3 repeats"), "{}", ran.err);
    let ran = place.run_with(&["rate", "card.price", "--events", "-", "--format", "csv"], USAGE, &[]);
    assert_eq!(ran.out.lines().count(), 3, "{}", ran.err);
    let renamed = USAGE.replace("\"account\"", "\"customer\"");
    let args = ["rate", "card.price", "--events", "-", "--map", "account=customer", "--format", "csv"];
    assert_eq!(place.run_with(&args, &renamed, &[]).out.lines().count(), 3);
    let ran = place.run(&["rate", "card.price", "--events", "none/*.ndjson"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
}

#[test]
fn bad_records_are_counted_written_and_do_not_stop_the_run() {
    let place = place();
    let bad = format!(
        "{USAGE}{{\"type\":\"requst\",\"account\":\"acme\",\"time\":\"2026-03-02T10:00:00Z\",\"id\":\"9\"}}\nnot json\n"
    );
    place.file("usage.ndjson", &bad);
    let args = ["rate", "card.price", "--events", "usage.ndjson", "--format", "csv", "--rejects", "bad.ndjson"];
    let ran = place.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out.lines().count(), 3);
    assert!(ran.err.contains("usage.ndjson:4:") && ran.err.contains("2 records refused"), "{}", ran.err);
    assert!(ran.err.contains("Rated 3 events"), "{}", ran.err);
    let rejects = place.read("bad.ndjson");
    let first: Value = serde_json::from_str(rejects.lines().next().expect("a line")).expect("JSON");
    assert_eq!((first["line"].as_u64(), first["code"].as_str()), (Some(4), Some("R021")));
    let mut strict = args.to_vec();
    strict.push("--strict");
    let ran = place.run(&strict);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("R021"), "{}", ran.err);
}

#[test]
fn subscriptions_say_who_is_served_when() {
    let place = place();
    place.file("subs.csv", "account,start,end\nacme,2026-03-03,2026-06-01\nzeta,2026-01-01,\n");
    let args = ["rate", "card.price", "--events", "usage.ndjson", "--subscriptions", "subs.csv", "--in", "2026-03"];
    let ran = place.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("R031 1"), "{}", ran.err);
    place.file("subs.csv", "account,strat\nacme,2026-03-03\n");
    let ran = place.run(&args);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("I012"), "{}", ran.err);
}

#[test]
fn lines_carry_what_catalogues_and_ledgers_call_them() {
    let place = place();
    let card = place.read("card.price");
    let end = card.rfind('}').expect("a block");
    let said = "  tag calls as network\n  product calls = \"API-1\"\n  ledger calls = \"4010 API\"\n";
    place.file("card.price", &format!("{}{said}{}", &card[..end], &card[end..]));
    let args = ["rate", "card.price", "--events", "usage.ndjson", "--format", "json", "--journal", "journal"];
    let ran = place.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let json: Value = serde_json::from_str(&ran.out).expect("JSON");
    let line = &json["invoices"][0]["lines"][0];
    let said = [&line["tags"][0], &line["product"], &line["ledger"]];
    assert_eq!(said, ["network", "API-1", "4010 API"]);
    let journal = place.read("journal");
    assert!(journal.contains("revenues:4010 API"), "{journal}");
}

#[test]
fn a_subscription_brings_what_its_wallets_held() {
    let place = Place::new();
    let read = |path: &str| std::fs::read_to_string(repository(path)).expect("the example");
    place.file("credits.price", &read("examples/07-ai-credits.price"));
    place.file("usage.ndjson", &read("examples/usage/07-ai-credits.ndjson"));
    let rate = |columns: &str, row: &str| {
        place.file("subs.csv", &format!("account,plan,start,{columns}\nstudio,team,2026-05-01,{row}\n"));
        place.run(&[
            "rate",
            "credits.price",
            "--events",
            "usage.ndjson",
            "--subscriptions",
            "subs.csv",
            "--for",
            "team",
        ])
    };
    let ran = rate("balance_bought,balance_bought[cost],balance_bought[expires]", "1000,20.00,2026-05-31");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("51_000.0000 CREDIT granted"), "{}", ran.out);
    let ran = rate("balance_sold,balance_sold[cost]", "1000,20.00");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("C053") && ran.err.contains("line 2"), "{}", ran.err);
    let ran = rate("balance_bought", "1000");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("`balance_bought[cost]` is missing"), "{}", ran.err);
}

#[test]
fn names_in_usage_cannot_steer_the_terminal() {
    let place = place();
    place.file("usage.ndjson", &USAGE.replace("acme", "a\\u001b[2Jb").replace("\"1\"", "\"\\u001b\""));
    let ran = place.run(&["rate", "card.price", "--events", "usage.ndjson"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{:?}{:?}", ran.out, ran.err);
    let args = ["explain", "card.price", "--events", "usage.ndjson", "--in", "2026-03", "--events-behind"];
    let ran = place.run(&args);
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{:?}{:?}", ran.out, ran.err);
}

#[test]
fn each_account_is_rated_on_its_own_plan() {
    let place = place();
    let cheap = place.read("card.price");
    let (_, card) = cheap.split_once("ratecard api").expect("a card");
    let dear = card.replace("$0.10", "$1.00");
    place.file("card.price", &format!("{cheap}\nratecard dear{dear}"));
    place.file("subs.csv", "account,plan\nacme,api\nzeta,dear\n");
    let args = ["rate", "card.price", "--events", "usage.ndjson", "--subscriptions", "subs.csv", "--format", "csv"];
    let ran = place.run(&[&args[..], &["--in", "2026-03..2026-05"][..]].concat());
    assert_eq!(ran.code, 2, "{}", ran.err);
    let ran = place.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let rows: Vec<&str> = ran.out.lines().skip(1).collect();
    assert_eq!(rows.len(), 2, "{}", ran.out);
    assert!(rows[0].starts_with("acme,2026-03") && rows[0].contains(",0.20,"), "{}", ran.out);
    assert!(rows[1].starts_with("zeta,2026-04") && rows[1].contains(",1.00,"), "{}", ran.out);
    let ran = place.run(&["rate", "card.price", "--events", "usage.ndjson"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--for"), "{}", ran.err);
}

#[test]
fn lines_and_rated_events_as_tables() {
    let place = place();
    let ran = place.run(&[
        "rate",
        "card.price",
        "--events",
        "usage.ndjson",
        "--lines",
        "lines.csv",
        "--rated-events",
        "events.csv",
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(place.read("lines.csv").lines().count(), 3, "{}", place.read("lines.csv"));
    let events = place.read("events.csv");
    assert_eq!(events.lines().count(), 4, "{events}");
    assert!(events.lines().nth(1).expect("a row").contains("0.1"), "{events}");
    let ran = place.run(&["rate", "card.price", "--events", "usage.ndjson", "--lines", "lines.xls"]);
    assert_eq!(ran.code, 2);
}

#[test]
fn the_way_to_a_line() {
    let place = place();
    let args = ["explain", "card.price", "--events", "usage.ndjson", "--account", "acme", "--in", "2026-03", "calls"];
    let ran = place.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    insta::assert_snapshot!("explain_line", ran.out);
    let mut with_events = args.to_vec();
    with_events.push("--events-behind");
    let ran = place.run(&with_events);
    assert!(ran.out.contains("usage.ndjson:1") && ran.out.contains("usage.ndjson:2"), "{}{}", ran.out, ran.err);
    let mut unknown = args.to_vec();
    unknown[8] = "cals";
    let ran = place.run(&unknown);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("did you mean `calls`?"), "{}", ran.err);
}

#[test]
fn top_ups_are_said_to_be_taken_as_paid() {
    let file = repository("examples/07-ai-credits.price").display().to_string();
    let usage = repository("examples/usage/07-ai-credits.ndjson").display().to_string();
    let rate = ["rate", &file, "--events", &usage, "--for", "team", "--in", "2026-05", "--format", "json"];
    let ran = Place::new().run(&rate);
    let json: Value = serde_json::from_str(&ran.out).expect("JSON");
    let balances = json["invoices"][0]["payment"]["balances"].as_array().cloned().unwrap_or_default();
    let said: Vec<_> =
        balances.iter().map(|b| (b["topped_up"].as_str(), b["top_ups_taken_as_paid"].as_bool())).collect();
    assert_eq!(said, [(Some("0.0000"), None), (Some("25000.0000"), Some(true))]);
}

#[test]
fn a_line_that_a_finer_wallet_pays_says_both_roundings() {
    let plan = "\
use std.units (call)
use std.currencies (USD)

event batch { size: call }
meter calls = sum of batch.size

plan starter {
  currency  USD
  timezone  \"UTC\"
  billing   monthly on day 1
  rounding  each line half-up to cents
  price calls on calls = $0.0015 per call
  wallet credit {
    holds     USD
    pays for  calls
    grant     $5.00 free on start expires never
    overdraft none
    precise   to $0.0001 half-even
  }
  waterfall {
    first   wallet credit
    finally invoice
  }
  late events accepted for 3 days then next period
}
";
    let usage = "{\"type\":\"batch\",\"account\":\"a\",\"time\":\"2026-03-02T10:00:00Z\",\"id\":\"1\",\"size\":2001}\n";
    let place = Place::new();
    place.file("p.price", plan).file("u.ndjson", usage);
    let ran = place.run(&["explain", "p.price", "--events", "u.ndjson", "--in", "2026-03", "calls"]);
    assert!(ran.out.contains("rounded half-even to $0.0001, invoiced half-up to $0.01"), "{}{}", ran.out, ran.err);
    let ran = place.run(&["rate", "p.price", "--events", "u.ndjson", "--in", "2026-03", "--format", "json"]);
    let json: Value = serde_json::from_str(&ran.out).expect("JSON");
    let line = &json["invoices"][0]["lines"][0];
    assert_eq!((line["amount"].as_str(), line["cells"][0]["amount"].as_str()), (Some("3.0015"), Some("3.0015")));
}

#[test]
fn a_faulty_plan_rates_nothing() {
    let place = place();
    place.file("card.price", &CARD.replace("$0.10", "$0,10"));
    let ran = place.run(&["rate", "card.price", "--events", "usage.ndjson"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("P104"), "{}", ran.err);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_price"))
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_line_of_several_accounts_is_told_apart_to_the_cent() {
    let place = Place::new();
    place.file(
        "initech.price",
        "use std.units (call)
use std.currencies (USD)

event request { path: text }
meter calls = count of request in calls

contract initech with \"Initech\" {
  buyer    \"Initech\" accounts initech-de, initech-fr
  term     2026-01-01 through 2026-12-31
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-up to cents
  price calls on calls {
    stairstep {
      up to 10 calls $10.00
      beyond $20.00
    }
  }
  attribute calls by account
  late events accepted for 3 days then next period
}
",
    );
    let event = |id: u32, account: &str| {
        format!(
            r#"{{"source":"t","id":"{id}","type":"request","time":"2026-03-0{id}T09:00:00Z","account":"{account}","path":"/"}}"#
        )
    };
    let usage = [event(1, "initech-fr"), event(2, "initech-de"), event(3, "initech-fr")].join("\n");
    place.file("usage.ndjson", &usage);
    let args = ["rate", "initech.price", "--events", "usage.ndjson", "--in", "2026-03"];
    let ran = place.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let rows: Vec<Vec<&str>> =
        ran.out.lines().filter(|l| l.contains("of which")).map(|l| l.split_whitespace().collect()).collect();
    assert_eq!(rows, [["of", "which", "initech-de", "$3.33"], ["of", "which", "initech-fr", "$6.67"]], "{}", ran.out);
    let json = place.run(&[&args[..], &["--format", "json"]].concat());
    assert!(json.out.contains(r#"{"amount":"6.67","label":"initech-fr"}"#), "{}", json.out);
}
