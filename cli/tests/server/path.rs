//! The path of an event, from its record to the lines of its plan.

use crate::{Dice, Place, Server, event, text};
use price_value::Rational;
use serde_json::Value;
use std::collections::BTreeMap;

const ACCOUNTS: [&str; 2] = ["acme", "globex"];

fn path(server: &Server, id: &str) -> Value {
    let answer = server.get(&format!("/v1/events/path?source=s&id={id}"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

fn number(value: &Value) -> Rational {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn what_events_add_sums_to_the_line() {
    let place = Place::new();
    let server = place.ready(&ACCOUNTS);
    let mut events: Vec<String> = (0..400).map(|n| event(n, &ACCOUNTS)).collect();
    Dice::new(3).shuffle(&mut events);
    server.ingest(&events);
    let mut sums: BTreeMap<String, Rational> = BTreeMap::new();
    let (mut tiers, mut not) = (BTreeMap::<String, Rational>::new(), 0);
    for id in 0..400 {
        let view = path(&server, &id.to_string());
        let billed = view["billed"].as_str().expect("a name").to_owned();
        for line in view["lines"].as_array().expect("lines") {
            if line["attributed"] == false {
                assert!(line["amount"].is_null() && line["reason"].is_string(), "{line}");
                assert!(["storage", "peak"].iter().any(|name| line["name"] == *name), "{line}");
                not += 1;
                continue;
            }
            assert_eq!((&line["name"], &line["meter"]), (&"calls".into(), &"calls".into()));
            *sums.entry(billed.clone()).or_default() += &number(&line["amount"]);
            for tier in line["cells"].as_array().expect("cells").iter().flat_map(|c| c["tiers"].as_array()).flatten() {
                let from = tier["from"].as_str().expect("a number");
                *tiers.entry(format!("{billed} from {from}")).or_default() += &number(&tier["quantity"]);
            }
        }
    }
    assert!(not > 100, "{not}");
    for account in ACCOUNTS {
        let invoice = server.get(&format!("/v1/accounts/{account}/invoice?on=2026-03-15")).json();
        let lines = invoice["invoice"]["lines"].as_array().expect("lines");
        let calls = lines.iter().find(|line| line["name"] == "calls").expect("calls");
        assert_eq!(sums[account], number(&calls["exact"]), "{account}");
        let shown = calls["cells"][0]["tiers"].as_array().expect("tiers");
        assert_eq!(shown.len(), 2, "both tiers are used");
        for tier in shown {
            let from = tier["from"].as_str().expect("a number");
            assert_eq!(tiers[&format!("{account} from {from}")], number(&tier["quantity"]));
        }
    }
    // The same after a restart.
    let before = server.get("/v1/events/path?source=s&id=7").body;
    assert!(server.stop().success());
    assert_eq!(place.serve().get("/v1/events/path?source=s&id=7").body, before);
}

#[test]
fn the_source_is_named_and_what_was_drawn() {
    let plan = "use std.units (call)
use std.currencies (USD)

event request { path: text }
meter calls = count of request in calls

plan cloud {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-even to cents
  allowance bundle = 2 calls per month on calls draw as used
  price calls on calls {
    graduated per call {
      up to 1 call $1.00
      beyond       $0.50
    }
    tiers count net usage
  }
  waterfall {
    first   allowance bundle
    finally invoice
  }
  prorate bundle never
  late events accepted for 3650 days then next period
}
";
    let place = Place::new();
    let server = place.serve();
    server.publish(&place.compiled(plan));
    server.post("/v1/subscriptions", "application/json", r#"{"account":"acme","plan":"cloud"}"#);
    let call = |n: u32| {
        format!(
            r#"{{"source":"s","id":"{n}","type":"request","account":"acme","time":"2026-03-{n:02}T00:00:00Z","path":"/"}}"#
        )
    };
    server.ingest(&(1..=5).rev().map(call).collect::<Vec<_>>());
    let added = |n: u32| {
        let view = path(&server, &n.to_string());
        let line = view["lines"][0].clone();
        let drawn = view["allowances"][0]["drawn"].as_str().unwrap_or("0").to_owned();
        (
            line["amount"].as_str().expect("an amount").to_owned(),
            line["cells"][0]["covered"].as_str().expect("text").to_owned(),
            drawn,
        )
    };
    let all: Vec<(String, String, String)> = (1..=5).map(added).collect();
    let expected = [("0", "1", "1"), ("0", "1", "1"), ("1", "0", "0"), ("0.5", "0", "0"), ("0.5", "0", "0")];
    assert_eq!(all, expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));
    let view = path(&server, "4");
    let rule = &view["lines"][0]["rule"];
    assert_eq!((&rule["file"], &rule["line"]), (&"plan.price".into(), &13.into()));
    assert!(rule["excerpt"].as_str().is_some_and(|text| text.starts_with("price calls on calls {")), "{rule}");
    assert_eq!(path(&server, "1")["allowances"][0]["name"], "bundle");
}

#[test]
fn only_readers_of_the_tenant_see_it_and_only_what_was_accepted() {
    let place = Place::new();
    let key = |name: &str, role: &str, tenant: &str| {
        let made = place.run(&["keys", "add", "--data", "data", name, "--role", role, "--tenant", tenant]);
        assert!(made.status.success(), "{}", text(&made.stderr));
        text(&made.stdout).trim().to_owned()
    };
    let (admin, ingest, other) = (key("a", "admin", "one"), key("b", "ingest", "one"), key("c", "read", "two"));
    let mut server = place.serve();
    server.key = Some(admin);
    server.publish(&place.plan());
    server.post("/v1/subscriptions", "application/json", r#"{"account":"acme","plan":"cloud"}"#);
    let records = [event(1, &["acme"]), event(2, &["nobody"])];
    assert_eq!(server.ingest(&records)["accepted"], 1);
    assert_eq!(path(&server, "1")["state"]["status"], "current");
    let ask = |server: &Server, query: &str| {
        let answer = server.get(&format!("/v1/events/path?{query}"));
        (answer.status, answer.code())
    };
    let none = (404, "S003".to_owned());
    assert_eq!(ask(&server, "source=s&id=2"), none, "a reject was not accepted");
    assert_eq!(ask(&server, "source=s&id=3"), none);
    assert_eq!(ask(&server, "source=s"), (400, "S024".to_owned()));
    assert_eq!(ask(&server, "source=s&id=1&day=2"), (400, "S024".to_owned()));
    server.key = Some(ingest);
    assert_eq!(ask(&server, "source=s&id=1"), (403, "S002".to_owned()));
    server.key = Some(other);
    assert_eq!(ask(&server, "source=s&id=1"), none, "another tenant's");
    server.key = None;
    assert_eq!(ask(&server, "source=s&id=1"), (401, "S001".to_owned()));
}
