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
        secrets: vec![Secret { text: "whsec_x".into(), until: None }],
        after: 0,
    });
    Command::Notify { tenant: "t".into(), ask }
}

impl Host {
    fn look(&mut self, at: i64) {
        let changes = self.machine.changes();
        self.machine.look_at(&changes);
        while self.one(at, Command::Look) == (Answer::Ticked { more: true }) {}
        assert!(!self.machine.looks());
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
    assert!(!host.machine.looks());
    let remove = |id: &str| Command::Notify { tenant: "t".into(), ask: NotifyCommand::Remove { id: id.into() } };
    assert!(matches!(host.one(JANUARY_20, remove("f")), Answer::Refused { code: "S061", .. }));
    assert!(matches!(host.one(JANUARY_20, remove("e")), Answer::Accepted { .. }));
    assert!(host.machine.endpoints("t").is_empty() && host.machine.notified().is_empty());
    assert_eq!(host.replayed().root(), host.machine.root());
}
