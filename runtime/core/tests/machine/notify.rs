//! Who is told what: once in a window, under a number that stays.

use crate::{DAY, Host, JANUARY_20, usage};
use price_core::notify::{Endpoint, NoticeKind, NotifyCommand, Secret};
use price_core::{Answer, Command};

const PREPAID: &str = "use std.currencies (USD)

unit report, reports

event report_made { name: text }
meter reports = count of report_made in reports

plan team {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-even to cents
  entitlement reports = 10 reports per month then block
  price reports on reports = $2.00 per report
  wallet credit {
    holds     USD
    pays for  reports
    grant     $15.00 free each month expires at month end
    overdraft none
  }
  waterfall {
    first   wallet credit
    finally invoice
  }
  late events accepted for 3 days then next period
}
";

fn made(id: u32, time: &str) -> Command {
    usage(format!(
        "{{\"type\":\"report_made\",\"source\":\"s\",\"id\":\"{id}\",\"time\":\"{time}\",\"account\":\"a\",\"name\":\"x\"}}"
    ))
}

fn endpoint(id: &str, kinds: &[NoticeKind]) -> Command {
    let ask = NotifyCommand::Endpoint(Endpoint {
        id: id.into(),
        url: "https://example.com/hook".into(),
        kinds: kinds.iter().copied().collect(),
        balance_below: [("credit".to_owned(), "10".to_owned())].into(),
        ..empty()
    });
    Command::Notify { tenant: "t".into(), ask }
}

fn empty() -> Endpoint {
    Endpoint {
        id: String::new(),
        url: String::new(),
        kinds: [].into(),
        balance_below: [].into(),
        usage_percent: [].into(),
        secrets: vec![Secret { text: "whsec_x".into(), until: None }],
        after: 0,
        since: 0,
    }
}

fn set(of: Endpoint) -> Command {
    Command::Notify { tenant: "t".into(), ask: NotifyCommand::Endpoint(of) }
}

impl Host {
    fn look(&mut self, at: i64) {
        let changes = self.machine.changes();
        self.machine.look_at(&changes);
        while self.one(at, Command::Look) == (Answer::Ticked { more: true }) {}
        assert!(!self.machine.looks(at));
    }

    /// Entry and what it is, of everything that was to be told.
    fn told(&self) -> Vec<(u64, &'static str, String)> {
        let all = self.machine.notices("t", 0, 1_000);
        let about = |data: &serde_json::Value| match (&data["percent"], &data["number"], &data["left"]) {
            (serde_json::Value::Number(percent), ..) => percent.to_string(),
            (_, serde_json::Value::String(number), _) => number.clone(),
            (.., serde_json::Value::String(left)) => left.clone(),
            _ => String::new(),
        };
        all.iter().map(|(seq, notice)| (*seq, notice.kind.word(), about(&notice.data))).collect()
    }
}

#[test]
fn what_is_reached_is_told_once_and_under_the_same_number_after_a_replay() {
    let mut host = Host::with(PREPAID, "team", &["a"]);
    host.machine.watch(true);
    host.one(JANUARY_20, endpoint("e", &[]));
    host.look(JANUARY_20);
    assert!(host.told().iter().all(|(_, kind, _)| *kind == "invoice.drafted"), "of the years before");
    let before = host.told().len();
    for id in 1..=12 {
        host.one(JANUARY_20, made(id, "2026-01-20T00:00:00Z"));
        host.look(JANUARY_20);
        // A second look finds nothing new.
        host.look(JANUARY_20);
    }
    let told = host.told().split_off(before);
    let said: Vec<(&str, &str)> = told.iter().map(|(_, kind, about)| (*kind, about.as_str())).collect();
    assert_eq!(
        said,
        [("balance.low", "9"), ("usage.threshold", "50"), ("usage.threshold", "80"), ("entitlement.reached", "100")]
    );
    let replayed = host.replayed();
    assert_eq!(replayed.notices("t", 0, 1_000), host.machine.notices("t", 0, 1_000));
    assert_eq!(replayed.endpoints("t"), host.machine.endpoints("t"));
    // The next month begins anew, and January's invoice is told with its number.
    let march = JANUARY_20 + 45 * DAY;
    while host.one(march, Command::Tick) == (Answer::Ticked { more: true }) {}
    host.one(march, made(100, "2026-03-05T00:00:00Z"));
    for id in 101..=104 {
        host.one(march, made(id, "2026-03-05T00:00:00Z"));
    }
    host.look(march);
    let told = host.told();
    assert!(told.iter().any(|(_, kind, about)| *kind == "invoice.finalised" && about == "INV-000001"), "{told:?}");
    assert_eq!(told.iter().filter(|(_, kind, about)| *kind == "usage.threshold" && about == "50").count(), 2);
    let mut numbers: Vec<u64> = told.iter().map(|(seq, ..)| *seq).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), told.len(), "each has an entry of its own");
    assert_eq!(host.replayed().root(), host.machine.root());
}

#[test]
fn nothing_is_looked_for_that_nobody_wants() {
    let mut host = Host::with(PREPAID, "team", &["a"]);
    host.machine.watch(true);
    host.one(JANUARY_20, endpoint("e", &[NoticeKind::InvoiceFinalised]));
    host.one(JANUARY_20, made(1, "2026-01-20T00:00:00Z"));
    let changes = host.machine.changes();
    host.machine.look_at(&changes);
    assert!(!host.machine.looks(JANUARY_20));
    let remove = |id: &str| Command::Notify { tenant: "t".into(), ask: NotifyCommand::Remove { id: id.into() } };
    assert!(matches!(host.one(JANUARY_20, remove("f")), Answer::Refused { code: "S061", .. }));
    assert!(matches!(host.one(JANUARY_20, remove("e")), Answer::Accepted { .. }));
    assert!(host.machine.endpoints("t").is_empty() && host.machine.notified().is_empty());
    assert_eq!(host.replayed().root(), host.machine.root());
}

/// What an endpoint is told of: kind, and the amount or the share.
fn told_to(host: &Host, id: &str) -> Vec<String> {
    let of = host.machine.endpoints("t").into_iter().find(|of| of.id == id).expect("it is there");
    let all = host.machine.notices("t", of.after, 1_000).into_iter().map(|(_, notice)| notice);
    let wanted = all.filter(|notice| of.wants(notice));
    wanted.map(|notice| format!("{} {}{}", notice.kind.word(), notice.data["below"], notice.data["percent"])).collect()
}

#[test]
fn each_endpoint_is_told_what_it_asked_for_and_nothing_that_others_did() {
    let mut host = Host::with(PREPAID, "team", &["a"]);
    host.machine.watch(true);
    let kinds = || [NoticeKind::BalanceLow, NoticeKind::UsageThreshold].into();
    let below = |amount: &str| [("credit".to_owned(), amount.to_owned())].into();
    host.one(JANUARY_20, set(Endpoint { id: "rich".into(), kinds: kinds(), balance_below: below("12"), ..empty() }));
    let poor = Endpoint { id: "poor".into(), kinds: kinds(), balance_below: below("4"), ..empty() };
    host.one(JANUARY_20, set(Endpoint { usage_percent: [30, 120].into(), ..poor }));
    host.look(JANUARY_20);
    // 15 $ and 10 reports: 3 of them leave 9 $.
    let some: Vec<Command> = (1..=3).map(|id| made(id, "2026-01-20T00:00:00Z")).collect();
    host.decide(JANUARY_20, &some);
    host.look(JANUARY_20);
    assert_eq!(told_to(&host, "rich"), ["balance.low \"12\"null"]);
    assert_eq!(told_to(&host, "poor"), ["usage.threshold null30"]);
    // From 30 % to 120 % at once: each share is told.
    let more: Vec<Command> = (4..=12).map(|id| made(id, "2026-01-20T00:00:00Z")).collect();
    host.decide(JANUARY_20, &more);
    host.look(JANUARY_20);
    assert_eq!(told_to(&host, "rich")[1..], ["usage.threshold null50", "usage.threshold null80"]);
    assert_eq!(told_to(&host, "poor")[1..], ["usage.threshold null120", "balance.low \"4\"null"]);
    // What is taken back and comes again is told no second time.
    let before = host.told().len();
    let void = Command::Void { tenant: "t".into(), source: "s".into(), id: "12".into() };
    assert!(matches!(host.one(JANUARY_20, void), Answer::Accepted { .. }));
    host.look(JANUARY_20);
    host.one(JANUARY_20, made(13, "2026-01-20T00:00:00Z"));
    host.look(JANUARY_20);
    assert_eq!(host.told().len(), before);
    assert_eq!(host.replayed().root(), host.machine.root());
    for wrong in [vec![0], vec![1_001], (1..=17).collect()] {
        let of = Endpoint { id: "x".into(), usage_percent: wrong.into_iter().collect(), ..empty() };
        assert!(matches!(host.one(JANUARY_20, set(of)), Answer::Refused { code: "S060", .. }));
    }
}

#[test]
fn a_top_up_of_a_period_that_has_ended_is_told() {
    let topped = PREPAID.replace(
        "    grant     $15.00 free each month expires at month end\n",
        "    grant     $15.00 free each month expires at month end\n    top-up    $10.00 when below $5.00 at most 3 per month\n",
    );
    let mut host = Host::with(&topped, "team", &["a"]);
    host.machine.watch(true);
    let kinds = [NoticeKind::TopUpDue].into();
    host.one(JANUARY_20, set(Endpoint { id: "e".into(), kinds, ..empty() }));
    host.look(JANUARY_20);
    // In February, within the grace of January, and nobody looked since.
    let february = JANUARY_20 + 13 * DAY;
    let late: Vec<Command> = (1..=6).map(|id| made(id, "2026-01-31T23:59:59Z")).collect();
    host.decide(february, &late);
    host.look(february);
    let due: Vec<_> = host.machine.notices("t", 0, 1_000).into_iter().map(|(_, notice)| notice).collect();
    let due: Vec<_> = due.iter().filter(|notice| notice.kind == NoticeKind::TopUpDue).collect();
    assert_eq!(due.len(), 1, "{due:?}");
    assert_eq!((&due[0].data["period"]["from"], &due[0].data["topped_up"]), (&"2026-01-01".into(), &"10".into()));
    host.look(february);
    host.machine.look_at_all();
    host.look(february + DAY);
    assert_eq!(host.told().iter().filter(|(_, kind, _)| *kind == "wallet.top_up_due").count(), 1);
    // Who comes later is told nothing of what was due before.
    let kinds = [NoticeKind::TopUpDue].into();
    host.one(february, set(Endpoint { id: "late".into(), kinds, ..empty() }));
    host.look(february + DAY);
    assert!(told_to(&host, "late").is_empty());
}

#[test]
fn nobody_waits_behind_others_who_are_busy() {
    let accounts: Vec<String> = (0..100).map(|n| format!("a{n:03}")).chain(["zoe".to_owned()]).collect();
    let names: Vec<&str> = accounts.iter().map(String::as_str).collect();
    let mut host = Host::with(PREPAID, "team", &names);
    host.machine.watch(true);
    host.one(JANUARY_20, endpoint("e", &[NoticeKind::EntitlementReached]));
    host.look(JANUARY_20);
    let used = |account: &str, id: &str| {
        usage(format!(
            "{{\"type\":\"report_made\",\"source\":\"s\",\"id\":\"{account}-{id}\",\"time\":\"2026-01-20T00:00:00Z\",\"account\":\"{account}\",\"name\":\"x\"}}"
        ))
    };
    let zoe: Vec<Command> = (0..10).map(|id| used("zoe", &id.to_string())).collect();
    host.decide(JANUARY_20, &zoe);
    // The others never stop.
    for round in 0..3 {
        let all: Vec<Command> = names[..100].iter().map(|name| used(name, &round.to_string())).collect();
        host.decide(JANUARY_20, &all);
        let changes = host.machine.changes();
        host.machine.look_at(&changes);
        assert_eq!(host.one(JANUARY_20, Command::Look), Answer::Ticked { more: true });
    }
    let told = host.machine.notices("t", 0, 1_000);
    assert!(told.iter().any(|(_, notice)| notice.data["account"] == "zoe"), "{told:?}");
}

#[test]
fn rejected_events_are_told_together() {
    const MINUTE: i64 = 60_000_000;
    let mut host = Host::with(PREPAID, "team", &["a"]);
    host.machine.watch(true);
    host.one(JANUARY_20, endpoint("e", &[NoticeKind::EventRejected]));
    let wrong = |id: u32| made(id, "2026-01-20T00:00:00Z");
    let nobody = |id: u32| {
        usage(format!(
            "{{\"type\":\"report_made\",\"source\":\"s\",\"id\":\"n{id}\",\"time\":\"2026-01-20T00:00:00Z\",\"account\":\"b\",\"name\":\"x\"}}"
        ))
    };
    assert!(matches!(host.one(JANUARY_20, wrong(1)), Answer::Accepted { .. }));
    assert!(!host.machine.looks(JANUARY_20), "nothing was rejected");
    for id in 0..3 {
        assert!(matches!(host.one(JANUARY_20, nobody(id)), Answer::Rejected { .. }));
    }
    host.look(JANUARY_20);
    host.one(JANUARY_20, nobody(3));
    assert!(!host.machine.looks(JANUARY_20 + MINUTE - 1), "not twice in a minute");
    host.one(JANUARY_20 + MINUTE - 1, Command::Look);
    assert!(host.machine.looks(JANUARY_20 + MINUTE));
    host.look(JANUARY_20 + MINUTE);
    let told = host.machine.notices("t", 0, 1_000);
    let told: Vec<_> = told.iter().filter(|(_, notice)| notice.kind == NoticeKind::EventRejected).collect();
    let counts: Vec<_> = told.iter().map(|(_, notice)| notice.data["count"].as_u64()).collect();
    assert_eq!(counts, [Some(3), Some(1)]);
    let after = told[1].1.data["after"].as_u64().expect("they are at hand");
    assert_eq!(host.machine.rejects("t", after, 10).len(), 1);
    // By number and by instant.
    assert_eq!(host.machine.notice("t", told[0].0).as_ref(), Some(&told[0].1));
    assert_eq!(host.machine.notice("t", told[0].0 + 1), None);
    assert_eq!(host.machine.noticed_before("t", told[1].1.at), told[1].0 - 1);
    assert_eq!(host.machine.noticed_before("t", i64::MAX), host.machine.applied());
    assert_eq!(host.replayed().root(), host.machine.root());
}
