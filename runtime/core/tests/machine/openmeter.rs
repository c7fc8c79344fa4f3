//! What dashboards ask: usage by windows and labels, the latest events, tokens of browsers.

use crate::{DAY, Host, JANUARY_20, call, compiled, usage};
use price_core::{
    Answer, Command, EndedTokens, RecentQuery, Subscribed, UsageError, UsageQuery, UsageRow, Wanted, WindowSize,
};
use price_value::Zone;
use std::collections::BTreeSet;

/// Prices that read one meter in parts which overlap, labels by prefix, and different texts.
const MODELS: &str = "use std.units (token, byte, GB)
use std.currencies (USD)

dimension model = small | large
dimension kind = input | output

event prompt { m: model, user: text, tokens: token by kind }
event put { bytes: byte }
meter tokens = sum of prompt.tokens by model, kind
meter users = unique of prompt.user in users
meter stored = sum of put.bytes in GB

unit user, users

plan models {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-even to cents
  price small on tokens where model is small = $0.01 per token
  price output on tokens where kind is output = $0.02 per token
  price stored on stored = $0.10 per GB
  price users on users = $1.00 per user
  late events accepted for 3650 days then next period
}
";

/// The same meter in steps of another size.
const COARSE: &str = "use std.units (byte, GB)
use std.currencies (USD)

event put { bytes: GB }
meter stored = sum of put.bytes in GB

plan coarse {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-even to cents
  price stored on stored = $0.10 per GB
  late events accepted for 3650 days then next period
}
";

fn set(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn rows(host: &Host, query: &UsageQuery) -> Vec<UsageRow> {
    host.machine.used("t", query).unwrap_or_else(|error| panic!("{error}"))
}

fn values(host: &Host, query: &UsageQuery) -> Vec<String> {
    rows(host, query).iter().map(|row| row.value.to_string()).collect()
}

fn prompt(id: u32, account: &str, model: &str, user: &str, input: u32, output: u32) -> Command {
    usage(format!(
        r#"{{"source":"s","id":"{id}","type":"prompt","account":"{account}","time":"2026-01-{:02}T09:30:00Z","m":"{model}","user":"{user}","tokens":{{"input":{input},"output":{output}}}}}"#,
        10 + id
    ))
}

fn models() -> Host {
    let mut host = Host::with(MODELS, "models", &["a", "b"]);
    let answers = host.decide(
        JANUARY_20,
        &[
            prompt(1, "a", "small", "ann", 10, 3),
            prompt(2, "a", "large", "bob", 100, 7),
            prompt(3, "b", "small", "ann", 1, 0),
        ],
    );
    assert!(answers.iter().all(|answer| matches!(answer, Answer::Accepted { .. })), "{answers:?}");
    host
}

#[test]
fn what_two_prices_read_counts_once() {
    let host = models();
    // Output of the small model is in both prices; input of the large one in none.
    assert_eq!(values(&host, &UsageQuery::whole("tokens")), ["21"]);
    let by = UsageQuery { group_by: vec!["model".into(), "kind".into()], ..UsageQuery::whole("tokens") };
    let found: Vec<(String, String, String)> = rows(&host, &by)
        .into_iter()
        .map(|row| {
            let label = |name: &str| row.group[name].clone().unwrap_or_default();
            (label("model"), label("kind"), row.value.to_string())
        })
        .collect();
    let wanted = [("large", "output", "7"), ("small", "input", "11"), ("small", "output", "3")];
    assert_eq!(found, wanted.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));
}

#[test]
fn labels_go_by_dimension_or_field_and_others_are_errors() {
    let host = models();
    for name in ["model", "m"] {
        let of = |wanted| UsageQuery { labels: vec![(name.to_owned(), wanted)], ..UsageQuery::whole("tokens") };
        assert_eq!(values(&host, &of(Wanted::OneOf(set(&["small"])))), ["14"], "{name}");
        assert_eq!(values(&host, &of(Wanted::NoneOf(set(&["small"])))), ["7"], "{name}");
        assert_eq!(values(&host, &of(Wanted::OneOf(set(&["none"])))), [] as [&str; 0], "{name}");
    }
    let wrong = UsageQuery { group_by: vec!["color".into()], ..UsageQuery::whole("tokens") };
    let error = host.machine.used("t", &wrong).expect_err("no such label");
    assert_eq!(error.to_string(), "`tokens` has no label `color`; known: kind, m, model, user");
    assert_eq!(host.machine.used("t", &UsageQuery::whole("nothing")), Err(UsageError::Unknown("nothing".into())));
}

#[test]
fn different_texts_are_counted_in_each_window_and_account() {
    let host = models();
    assert_eq!(values(&host, &UsageQuery::whole("users")), ["2"]);
    let days = UsageQuery { window: Some(WindowSize::Day), ..UsageQuery::whole("users") };
    assert_eq!(values(&host, &days), ["1", "1", "1"]);
    let own = UsageQuery { accounts: Some(set(&["b"])), by_account: true, ..UsageQuery::whole("users") };
    assert_eq!(rows(&host, &own).iter().map(|row| row.account.as_deref()).collect::<Vec<_>>(), [Some("b")]);
    let nobody = UsageQuery { accounts: Some(set(&[])), ..UsageQuery::whole("users") };
    assert!(rows(&host, &nobody).is_empty());
}

#[test]
fn plans_that_count_in_other_steps_add_up_and_other_units_do_not() {
    let mut host = models();
    host.one(0, Command::Publish { tenant: "t".into(), artefact: compiled(COARSE, "coarse") });
    let place = |account: &str, plan: &str| Command::Subscribe {
        tenant: "t".into(),
        subscription: Subscribed { account: account.into(), plan: plan.into(), from: None, until: None, pool: None },
    };
    host.one(0, place("c", "coarse"));
    let put = |id: &str, account: &str, bytes: &str| {
        let time = "2026-01-05T00:00:00Z";
        usage(format!(
            r#"{{"source":"s","id":"{id}","type":"put","account":"{account}","time":"{time}","bytes":{bytes}}}"#
        ))
    };
    let answers = host.decide(JANUARY_20, &[put("p1", "a", "500000000"), put("p2", "c", "2")]);
    assert!(answers.iter().all(|answer| matches!(answer, Answer::Accepted { .. })), "{answers:?}");
    assert_eq!(values(&host, &UsageQuery::whole("stored")), ["2.5"]);
    let other = COARSE.replace("plan coarse", "plan other").replace("sum of put.bytes in GB", "count of put in puts");
    let other = other.replace("event put", "unit put, puts\n\nevent put").replace("per GB", "per put");
    host.one(0, Command::Publish { tenant: "t".into(), artefact: compiled(&other, "other") });
    let error = host.machine.used("t", &UsageQuery::whole("stored")).expect_err("no sum");
    assert!(matches!(error, UsageError::Differs(..)), "{error}");
}

#[test]
fn windows_go_by_the_local_clock() {
    let mut host = Host::with(crate::CALLS, "api", &["a"]);
    let times = ["2026-01-01T00:10:00Z", "2026-01-01T00:40:00Z", "2026-01-01T18:40:00Z"];
    for (id, time) in times.iter().enumerate() {
        host.one(JANUARY_20, usage(call(&id.to_string(), "a", time)));
    }
    let in_zone = |zone: &str, window| UsageQuery {
        zone: Zone::get(zone).expect("a zone"),
        window: Some(window),
        ..UsageQuery::whole("calls")
    };
    // An hour of India begins at half past one of UTC.
    assert_eq!(values(&host, &in_zone("Asia/Kolkata", WindowSize::Hour)), ["1", "1", "1"]);
    assert_eq!(values(&host, &in_zone("UTC", WindowSize::Hour)), ["2", "1"]);
    assert_eq!(values(&host, &in_zone("Asia/Kolkata", WindowSize::Day)), ["2", "1"]);
    assert_eq!(values(&host, &in_zone("America/New_York", WindowSize::Month)), ["2", "1"]);
    let from = UsageQuery { from: Some(1_767_227_400_000_000_000), ..UsageQuery::whole("calls") };
    assert_eq!(values(&host, &from), ["2"], "from half past midnight on");
}

#[test]
fn usage_depends_on_no_order_and_comes_back_with_the_log() {
    let by = UsageQuery { group_by: vec!["model".into()], by_account: true, ..UsageQuery::whole("tokens") };
    let host = models();
    let mut other = Host::with(MODELS, "models", &["b", "a"]);
    let events = [
        prompt(3, "b", "small", "ann", 1, 0),
        prompt(2, "a", "large", "bob", 100, 7),
        prompt(1, "a", "small", "ann", 10, 3),
    ];
    for event in events {
        other.one(JANUARY_20, event);
    }
    assert_eq!(rows(&host, &by), rows(&other, &by));
    assert_eq!(host.replayed().used("t", &by), Ok(rows(&host, &by)));
    other.one(JANUARY_20, Command::Void { tenant: "t".into(), source: "s".into(), id: "2".into() });
    assert_eq!(values(&other, &UsageQuery::whole("tokens")), ["14"]);
}

#[test]
fn levels_have_no_value_window_by_window() {
    let host = Host::with(crate::LEVELS, "disk", &["a"]);
    for meter in ["storage", "peak"] {
        assert!(
            matches!(host.machine.used("t", &UsageQuery::whole(meter)), Err(UsageError::NotAdditive(..))),
            "{meter}"
        );
    }
}

#[test]
fn the_latest_events_come_page_by_page() {
    let accounts: Vec<String> = (0..30).map(|n| format!("a{n:02}")).collect();
    let names: Vec<&str> = accounts.iter().map(String::as_str).collect();
    let mut host = Host::with(crate::CALLS, "api", &names);
    for n in 0..90 {
        let time = format!("2026-01-01T{:02}:00:00Z", n * 7 % 24);
        host.one(JANUARY_20, usage(call(&n.to_string(), names[n % 30], &time)));
    }
    host.one(JANUARY_20 + 1, usage(call("wrong", "nobody", "2026-01-01T00:00:00Z")));
    let whole = host.machine.recent("t", &RecentQuery::default(), 1_000).expect("few");
    assert_eq!(whole.len(), 91);
    assert!(whole.is_sorted_by(|a, b| (a.at, a.seq) > (b.at, b.seq)), "the latest first");
    assert!(whole[0].wrong.is_some(), "what did not fit goes by when it came");
    let (mut pages, mut behind) = (Vec::new(), None);
    loop {
        let asked = RecentQuery { behind, ..RecentQuery::default() };
        let page = host.machine.recent("t", &asked, 7).expect("few");
        let Some(last) = page.last() else { break };
        behind = Some((last.at, last.seq));
        pages.extend(page);
    }
    assert_eq!(pages, whole);
    let own = RecentQuery { accounts: Some(set(&["a07", "nobody"])), ..RecentQuery::default() };
    assert_eq!(host.machine.recent("t", &own, 100).expect("few").len(), 4);
    let fitting = RecentQuery { ids: Some(set(&["5", "wrong"])), fits: Some(true), ..RecentQuery::default() };
    assert_eq!(host.machine.recent("t", &fitting, 100).expect("few").len(), 1);
    assert_eq!(host.machine.recent("other", &RecentQuery::default(), 100), Ok(Vec::new()));
}

#[test]
fn accounts_are_found_by_what_stands_for_their_names() {
    let host = Host::with(crate::CALLS, "api", &["a", "b"]);
    let hash = price_core::account_hash("b");
    assert_eq!(host.machine.account_hashed("t", hash).as_deref(), Some("b"));
    assert_eq!(host.replayed().account_hashed("t", hash).as_deref(), Some("b"));
    assert_eq!((host.machine.account_hashed("t", hash ^ 1), host.machine.account_hashed("u", hash)), (None, None));
    assert_eq!(host.machine.account_names("t", 1, 5), (vec!["b".to_owned()], 2));
}

#[test]
fn ended_tokens_stay_ended_through_a_replay() {
    let mut host = Host::with(crate::CALLS, "api", &["a"]);
    let end = |ended| Command::EndTokens { tenant: "t".into(), ended };
    host.one(JANUARY_20, end(EndedTokens::Token("T1".into())));
    host.one(JANUARY_20 + 10, end(EndedTokens::Subject("a".into())));
    let replayed = host.replayed();
    assert_eq!(replayed.root(), host.machine.root());
    for machine in [&host.machine, &replayed] {
        assert!(machine.is_token_ended("t", "b", "T1", JANUARY_20 - 5));
        assert!(!machine.is_token_ended("t", "b", "T2", JANUARY_20 - 5), "another subject");
        assert!(machine.is_token_ended("t", "a", "T2", JANUARY_20 + 10));
        assert!(!machine.is_token_ended("t", "a", "T3", JANUARY_20 + 11), "made later");
        assert!(!machine.is_token_ended("u", "a", "T2", JANUARY_20), "another tenant");
    }
    host.one(JANUARY_20 + 20, end(EndedTokens::All));
    assert!(host.machine.is_token_ended("t", "c", "T9", JANUARY_20 + 20));
    let before = host.machine.root();
    host.one(JANUARY_20 + DAY, end(EndedTokens::Token("T4".into())));
    assert!(!host.machine.is_token_ended("t", "c", "T9", JANUARY_20 + 20), "it has ended by itself");
    assert_ne!(before, host.machine.root());
    assert_eq!(host.replayed().root(), host.machine.root());
}
