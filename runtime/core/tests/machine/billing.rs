//! Periods that close, what is issued for them, and what corrects it.

use crate::{CALLS, DAY, Host, JANUARY_20, call, compiled, usage};
use price_core::billing::{
    BillingCommand, Cause, Corrections, DocumentFilter, DocumentKind, DocumentView, Finalising, PeriodStatus, Settings,
};
use price_core::{Answer, Command, Subscribed};
use price_sim::Rng;

/// A plan with a fee for every period.
const SEATS: &str = "use std.units (call)
use std.currencies (USD)

event request { path: text }
meter calls = count of request in calls

plan seats {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1 net 14 days
  rounding each line half-even to cents
  fee platform = $10.00 per month in advance
  prorate platform daily
  price calls on calls = $1.00 per call
  late events accepted for 3 days then next period
}
";

/// What makes a plan one with a wallet.
const WALLET: &str = "  wallet welcome {
    holds     USD
    pays for  calls
    grant     $5.00 free each month expires at month end
    overdraft none
  }
  waterfall {
    first   wallet welcome
    finally invoice
  }
";

/// 2026-02-04T00:00:00Z: January is closed.
const FEBRUARY_4: i64 = JANUARY_20 + 15 * DAY;
const MARCH_4: i64 = FEBRUARY_4 + 28 * DAY;

fn ask(ask: BillingCommand) -> Command {
    Command::Billing { tenant: "t".into(), ask }
}

fn subscribe(account: &str, plan: &str, from: &str) -> Command {
    let from = Some(from.parse().expect("a date"));
    let subscription = Subscribed { account: account.into(), plan: plan.into(), from, until: None, pool: None };
    Command::Subscribe { tenant: "t".into(), subscription }
}

impl Host {
    /// Lets the clock strike until nothing more is due.
    fn tick(&mut self, at: i64) {
        loop {
            match self.one(at, Command::Tick) {
                Answer::Ticked { more: true } => {}
                answer => break assert_eq!(answer, Answer::Ticked { more: false }),
            }
        }
        assert!(self.machine.due_at() > at);
    }

    fn documents(&self) -> Vec<DocumentView> {
        self.machine.documents("t", &DocumentFilter::default(), usize::MAX)
    }

    /// Number, billed, first day and total of each document.
    fn issued(&self) -> Vec<[String; 4]> {
        let text = |of: DocumentView| [of.issued.number, of.issued.billed, of.issued.from.to_string(), of.issued.total];
        self.documents().into_iter().map(text).collect()
    }

    fn body(&self, number: &str) -> String {
        self.machine.document("t", number).expect("it was issued").body
    }

    fn draft(&mut self, subject: &str, day: &str) -> String {
        let priced = self.machine.invoice("t", subject, day.parse().expect("a date")).expect("it is billed");
        price_documents::invoice(&priced.invoice, &priced.plan, &priced.source_map)
    }

    fn refused(&mut self, command: Command) -> &'static str {
        match self.one(MARCH_4 + 90 * DAY, command) {
            Answer::Refused { code, .. } => code,
            other => panic!("{other:?}"),
        }
    }

    /// A replay of the log is the same state, documents included.
    fn replays(&self) {
        let mut again = self.replayed();
        assert_eq!(again.root(), self.machine.root());
        let all = again.documents("t", &DocumentFilter::default(), usize::MAX);
        assert_eq!(all, self.documents());
        for of in all {
            assert_eq!(again.document("t", &of.issued.number), self.machine.document("t", &of.issued.number));
        }
        again.due_at();
    }
}

#[test]
fn a_period_closes_when_its_grace_is_over_and_its_invoice_stays() {
    let mut host = Host::with(CALLS, "api", &["a", "b", "idle"]);
    let calls = [("1", "a", "2026-01-05T09:00:00Z"), ("2", "b", "2026-01-06T09:00:00Z")];
    host.decide(JANUARY_20, &calls.map(|(id, account, at)| usage(call(id, account, at))));
    host.tick(FEBRUARY_4 - 1);
    assert!(host.documents().is_empty());
    let status = |host: &Host, at| host.machine.period_status("t", "api", "a", "2026-01-01".parse().unwrap(), at);
    assert_eq!(status(&host, JANUARY_20), PeriodStatus::Open);
    assert_eq!(status(&host, FEBRUARY_4 - 1), PeriodStatus::Grace("2026-02-04".parse().unwrap()));

    let draft = host.draft("a", "2026-01-05");
    host.tick(FEBRUARY_4);
    let january = |n: &str, billed: &str| [n.to_owned(), billed.to_owned(), "2026-01-01".to_owned(), "1.00".to_owned()];
    assert_eq!(host.issued(), [january("INV-000001", "a"), january("INV-000002", "b")], "nobody is billed nothing");
    assert_eq!(host.body("INV-000001"), draft);
    assert!(matches!(status(&host, 0), PeriodStatus::Closed(Some(of)) if of.issued.number == "INV-000001"));

    // Late usage is a line of the next invoice; what was issued stays.
    host.one(FEBRUARY_4 + DAY, usage(call("3", "a", "2026-01-07T09:00:00Z")));
    host.tick(MARCH_4);
    assert_eq!(host.body("INV-000001"), draft);
    assert_eq!(host.issued().len(), 3);
    let february: serde_json::Value = serde_json::from_str(&host.body("INV-000003")).unwrap();
    assert_eq!(february["lines"][0]["corrects"]["from"], "2026-01-01");
    assert_eq!(february["total"], "1.00");
    host.replays();
}

#[test]
fn a_month_without_usage_is_billed_whatever_comes_before_it_closes() {
    for early in [true, false] {
        let mut host = Host::empty();
        host.one(JANUARY_20, Command::Publish { tenant: "t".into(), artefact: compiled(SEATS, "seats") });
        let (account, plan) = ("a".to_owned(), "seats".to_owned());
        let subscription = Subscribed { account, plan, from: None, until: None, pool: None };
        host.one(JANUARY_20, Command::Subscribe { tenant: "t".into(), subscription });
        // The first usage is of February, and may come while January is in its grace.
        let first = usage(call("1", "a", "2026-02-02T09:00:00Z"));
        if early {
            host.one(FEBRUARY_4 - DAY, first.clone());
        }
        host.tick(FEBRUARY_4);
        host.one(FEBRUARY_4 + 1, first);
        host.tick(MARCH_4);
        let said = |n: &str, from: &str, total: &str| [n, "a", from, total].map(str::to_owned);
        let both = [said("INV-000001", "2026-01-01", "10.00"), said("INV-000002", "2026-02-01", "11.00")];
        assert_eq!(host.issued(), both, "usage of February came early: {early}");
        host.replays();
    }
}

#[test]
fn differences_can_be_notes_of_their_own() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    let settings = Settings { corrections: Corrections::Notes, note_prefix: "N-".into(), ..Settings::default() };
    host.one(0, ask(BillingCommand::Settings(settings)));
    host.decide(JANUARY_20, &["1", "2"].map(|id| usage(call(id, "a", "2026-01-05T09:00:00Z"))));
    host.tick(FEBRUARY_4);
    host.one(FEBRUARY_4 + DAY, Command::Void { tenant: "t".into(), source: "s".into(), id: "1".into() });
    host.one(FEBRUARY_4 + DAY, usage(call("3", "a", "2026-02-05T09:00:00Z")));
    host.tick(MARCH_4);
    let all = host.documents();
    let said: Vec<_> = all.iter().map(|d| (&*d.issued.number, d.issued.kind, &*d.issued.total)).collect();
    assert_eq!(
        said,
        [
            ("INV-000001", DocumentKind::Invoice, "2.00"),
            ("INV-000002", DocumentKind::Invoice, "1.00"),
            ("N-000001", DocumentKind::CreditNote, "-1.00")
        ]
    );
    assert_eq!((all[2].issued.corrects.as_deref(), all[2].issued.cause), (Some("INV-000001"), Cause::Differences));
    assert_eq!(host.machine.document("t", "INV-000001").unwrap().corrected_by, ["N-000001"]);
    host.replays();
}

#[test]
fn who_is_put_on_a_plan_for_the_past_is_billed_for_it_and_what_changes_is_a_note() {
    let mut host = Host::empty();
    let publish = Command::Publish { tenant: "t".into(), artefact: compiled(SEATS, "seats") };
    host.one(MARCH_4 + DAY, publish);
    host.one(MARCH_4 + DAY, subscribe("a", "seats", "2026-01-16"));
    host.tick(MARCH_4 + DAY);
    let issued = |n: &str, from: &str, total: &str| [n, "a", from, total].map(str::to_owned);
    let mut all = vec![issued("INV-000001", "2026-01-01", "5.16"), issued("INV-000002", "2026-02-01", "10.00")];
    assert_eq!(host.issued(), all);
    assert_eq!(host.documents()[0].issued.payable, Some("2026-03-19".parse().unwrap()));

    // It turns out that it was served for all of January.
    let from = Some("2026-01-01".parse().unwrap());
    let until = Some("2026-01-16".parse().unwrap());
    let subscription = Subscribed { account: "a".into(), plan: "seats".into(), from, until, pool: None };
    let answer = host.one(MARCH_4 + 2 * DAY, Command::Subscribe { tenant: "t".into(), subscription });
    assert!(matches!(answer, Answer::Accepted { .. }), "{answer:?}");
    host.tick(MARCH_4 + 2 * DAY);
    all.push(issued("CN-000001", "2026-01-01", "4.84"));
    assert_eq!(host.issued(), all);
    let note = host.machine.document("t", "CN-000001").unwrap();
    assert_eq!((note.issued.kind, note.issued.cause), (DocumentKind::DebitNote, Cause::Restated));
    assert_eq!(note.issued.corrects.as_deref(), Some("INV-000001"));
    let body: serde_json::Value = serde_json::from_str(&note.body).unwrap();
    assert_eq!((&body["lines"][0]["name"], &body["lines"][0]["amount"]), (&"platform".into(), &"4.84".into()));
    // Looked at again, nothing is left to be corrected.
    host.tick(MARCH_4 + 3 * DAY);
    assert_eq!(host.issued(), all);
    host.replays();
}

#[test]
fn credit_is_given_for_what_was_asked_and_no_more() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    host.decide(JANUARY_20, &["1", "2"].map(|id| usage(call(id, "a", "2026-01-05T09:00:00Z"))));
    host.tick(FEBRUARY_4);
    let credit = |amount: &str, line: &str| {
        let (number, line) = ("INV-000001".to_owned(), line.to_owned());
        ask(BillingCommand::Credit { number, line, amount: amount.into(), reason: "an outage".into() })
    };
    for wrong in ["0", "-1", "0.001", "2.01", "x", "1e1"] {
        assert_eq!(host.refused(credit(wrong, "calls")), "S052", "{wrong}");
    }
    assert_eq!(host.refused(credit("1", "other")), "S053");
    assert!(matches!(host.one(MARCH_4, credit("1.50", "calls")), Answer::Accepted { .. }));
    assert_eq!(host.refused(credit("0.51", "calls")), "S052", "0.50 is left");
    assert!(matches!(host.one(MARCH_4, credit("0.50", "calls")), Answer::Accepted { .. }));
    let notes: Vec<_> = host.documents().into_iter().skip(1).map(|d| (d.issued.number, d.issued.total)).collect();
    assert_eq!(notes, [("CN-000001".into(), "-1.50".into()), ("CN-000002".into(), "-0.50".into())]);
    assert_eq!(host.documents()[1].issued.reason.as_deref(), Some("an outage"));
    // What somebody gave is not taken back by looking again.
    host.one(MARCH_4, subscribe("b", "api", "2026-01-01"));
    host.tick(MARCH_4);
    assert_eq!(host.documents().len(), 3);
    host.replays();
}

#[test]
fn days_since_always_change_what_was_issued_for_other_days() {
    let mut host = Host::empty();
    host.one(JANUARY_20, Command::Publish { tenant: "t".into(), artefact: compiled(SEATS, "seats") });
    host.one(JANUARY_20, subscribe("a", "seats", "2026-01-22"));
    host.tick(FEBRUARY_4);
    assert_eq!(host.issued()[0][3], "3.23");
    let (account, plan) = ("a".to_owned(), "seats".to_owned());
    let until = Some("2026-01-07".parse().unwrap());
    let subscription = Subscribed { account, plan, from: None, until, pool: None };
    host.one(FEBRUARY_4 + DAY, Command::Subscribe { tenant: "t".into(), subscription });
    host.tick(FEBRUARY_4 + DAY);
    assert_eq!(host.issued()[1..], [["CN-000001", "a", "2026-01-01", "1.93"].map(str::to_owned)]);
    host.replays();
}

#[test]
fn days_in_the_past_change_the_balances_of_later_months() {
    let wallet = CALLS.replace("  late events", &format!("{WALLET}  late events"));
    let mut host = Host::empty();
    host.one(JANUARY_20, Command::Publish { tenant: "t".into(), artefact: compiled(&wallet, "api") });
    let place = |from: Option<&str>, until: &str| {
        let (from, until) = (from.map(|day| day.parse().unwrap()), Some(until.parse().unwrap()));
        let subscription = Subscribed { account: "a".into(), plan: "api".into(), from, until, pool: None };
        Command::Subscribe { tenant: "t".into(), subscription }
    };
    host.one(JANUARY_20, place(Some("2026-02-02"), "2026-02-12"));
    host.one(FEBRUARY_4 + 6 * DAY, usage(call("1", "a", "2026-02-09T09:00:00Z")));
    host.tick(MARCH_4);
    let said =
        |host: &Host| host.documents().into_iter().map(|of| [of.issued.total, of.issued.due]).collect::<Vec<_>>();
    assert_eq!(said(&host), [["1.00", "0.00"]], "the wallet pays");
    // Who was there before has no first day in February on which something is granted.
    host.one(MARCH_4, place(None, "2026-01-15"));
    host.tick(MARCH_4);
    assert_eq!(said(&host), [["1.00", "0.00"], ["0.00", "1.00"]]);
    host.replays();
}

#[test]
fn credit_does_not_keep_a_changed_month_from_being_looked_at_again() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    host.one(JANUARY_20, usage(call("1", "a", "2026-01-05T09:00:00Z")));
    host.tick(FEBRUARY_4);
    host.one(FEBRUARY_4 + DAY, usage(call("2", "a", "2026-01-06T09:00:00Z")));
    let longer = Command::Publish { tenant: "t".into(), artefact: compiled(&CALLS.replace("3 days", "9 days"), "api") };
    let (number, line) = ("INV-000001".to_owned(), "calls".to_owned());
    let credit = BillingCommand::Credit { number, line, amount: "0.25".into(), reason: "late".into() };
    let answers = host.decide(FEBRUARY_4 + DAY, &[longer, ask(credit)]);
    assert!(answers.iter().all(|answer| matches!(answer, Answer::Accepted { .. })), "{answers:?}");
    host.tick(FEBRUARY_4 + DAY);
    let totals: Vec<String> = host.documents().into_iter().map(|of| of.issued.total).collect();
    assert_eq!(totals, ["1.00", "-0.25", "1.00"]);
    host.replays();
}

#[test]
fn a_month_that_knew_nothing_is_issued_once_its_usage_is_no_longer_late() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    host.tick(FEBRUARY_4);
    host.one(FEBRUARY_4 + DAY, usage(call("1", "a", "2026-01-06T09:00:00Z")));
    host.tick(MARCH_4);
    let longer = Command::Publish { tenant: "t".into(), artefact: compiled(&CALLS.replace("3 days", "9 days"), "api") };
    host.one(MARCH_4 + DAY, longer);
    host.tick(MARCH_4 + DAY);
    let said = |n: &str, from: &str, total: &str| [n, "a", from, total].map(str::to_owned);
    let first = said("INV-000001", "2026-02-01", "1.00");
    assert_eq!(host.issued()[0], first, "as a difference");
    let rest = [said("INV-000002", "2026-01-01", "1.00"), said("CN-000001", "2026-02-01", "-1.00")];
    assert_eq!(host.issued()[1..], rest);
    host.replays();
}

/// The grace became longer after the month was closed, so usage of it is still in time: it is on a note
/// of that month, and taking it back is on another.
#[test]
fn usage_in_time_of_a_month_that_is_closed_is_on_a_note() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    host.one(JANUARY_20, usage(call("1", "a", "2026-01-05T09:00:00Z")));
    host.tick(FEBRUARY_4);
    let longer = Command::Publish { tenant: "t".into(), artefact: compiled(&CALLS.replace("3 days", "9 days"), "api") };
    host.one(FEBRUARY_4, longer);
    host.tick(FEBRUARY_4);
    host.one(FEBRUARY_4 + DAY, usage(call("2", "a", "2026-01-06T09:00:00Z")));
    host.tick(FEBRUARY_4 + DAY);
    let void = |id: &str| Command::Void { tenant: "t".into(), source: "s".into(), id: id.into() };
    host.one(FEBRUARY_4 + 2 * DAY, void("1"));
    host.tick(FEBRUARY_4 + 2 * DAY);
    let said = |n: &str, total: &str| [n, "a", "2026-01-01", total].map(str::to_owned);
    assert_eq!(host.issued(), [said("INV-000001", "1.00"), said("CN-000001", "1.00"), said("CN-000002", "-1.00")]);
    // Late under the longer grace too: the next invoice has it, and no note.
    host.one(FEBRUARY_4 + 20 * DAY, usage(call("3", "a", "2026-01-07T09:00:00Z")));
    host.tick(FEBRUARY_4 + 20 * DAY);
    assert_eq!(host.issued().len(), 3);
    host.replays();
}

/// The same where the closed month is the one whose invoice is the first to know what came late.
#[test]
fn late_usage_that_a_closed_month_still_knows_is_on_a_note_of_it() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    host.one(JANUARY_20, usage(call("1", "a", "2026-01-05T09:00:00Z")));
    host.tick(FEBRUARY_4);
    host.one(FEBRUARY_4 + 12 * DAY, usage(call("2", "a", "2026-02-06T09:00:00Z")));
    host.tick(MARCH_4);
    let longer = Command::Publish { tenant: "t".into(), artefact: compiled(&CALLS.replace("3 days", "9 days"), "api") };
    host.one(MARCH_4, longer);
    host.tick(MARCH_4);
    // Late for January, and before February closes by the longer grace.
    host.one(MARCH_4 + DAY, Command::Void { tenant: "t".into(), source: "s".into(), id: "1".into() });
    host.tick(MARCH_4 + DAY);
    let said = |n: &str, from: &str, total: &str| [n, "a", from, total].map(str::to_owned);
    let january = said("INV-000001", "2026-01-01", "1.00");
    let february = [said("INV-000002", "2026-02-01", "1.00"), said("CN-000001", "2026-02-01", "-1.00")];
    assert_eq!((host.issued()[0].clone(), &host.issued()[1..]), (january, &february[..]));
    host.replays();
}

/// With another grace, what was late is not: the note for the month that had it as a difference says of
/// which month that was, and the next one finds nothing else to say.
#[test]
fn a_difference_that_is_taken_back_names_the_month_that_it_was_of() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    let longer =
        |days: &str| Command::Publish { tenant: "t".into(), artefact: compiled(&CALLS.replace("3 days", days), "api") };
    host.one(JANUARY_20, usage(call("1", "a", "2026-01-05T09:00:00Z")));
    host.tick(FEBRUARY_4);
    host.one(FEBRUARY_4 + DAY, usage(call("2", "a", "2026-01-06T09:00:00Z")));
    host.tick(MARCH_4);
    let notes = |host: &Host| -> Vec<[String; 3]> {
        let all = host.documents().into_iter().filter(|of| of.issued.cause == Cause::Restated);
        let said = |of: DocumentView| {
            let body: serde_json::Value = serde_json::from_str(&host.body(&of.issued.number)).unwrap();
            assert_eq!(body["lines"].as_array().map(Vec::len), Some(1), "{body}");
            let corrects = body["lines"][0]["corrects"]["from"].as_str().unwrap_or_default().to_owned();
            [of.issued.from.to_string(), corrects, of.issued.total]
        };
        all.map(said).collect()
    };
    let texts = |all: &[[&str; 3]]| all.iter().map(|note| note.map(str::to_owned)).collect::<Vec<_>>();
    host.one(MARCH_4 + DAY, longer("9 days"));
    host.tick(MARCH_4 + DAY);
    let first = texts(&[["2026-01-01", "2026-01-01", "1.00"], ["2026-02-01", "2026-01-01", "-1.00"]]);
    assert_eq!(notes(&host), first);
    // Still in time: nothing changes.
    host.one(MARCH_4 + 2 * DAY, longer("8 days"));
    host.tick(MARCH_4 + 2 * DAY);
    assert_eq!(notes(&host), first);
    host.replays();
}

#[test]
fn documents_are_contested_and_referred_to() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    host.one(JANUARY_20, usage(call("1", "a", "2026-01-05T09:00:00Z")));
    host.tick(FEBRUARY_4);
    let (number, line) = ("INV-000001".to_owned(), Some("calls".to_owned()));
    let dispute = |line: Option<&str>, number: &str| {
        let (number, line) = (number.to_owned(), line.map(str::to_owned));
        ask(BillingCommand::Dispute { number, line, reason: "too many".into() })
    };
    assert_eq!(host.refused(dispute(None, "INV-9")), "S051");
    assert_eq!(host.refused(dispute(Some("x"), "INV-000001")), "S053");
    assert!(matches!(host.one(MARCH_4, dispute(Some("calls"), "INV-000001")), Answer::Accepted { .. }));
    assert_eq!(host.refused(dispute(Some("calls"), "INV-000001")), "S054");
    let contested = DocumentFilter { disputed: true, ..DocumentFilter::default() };
    assert_eq!(host.machine.documents("t", &contested, 9).len(), 1);
    let settle = || BillingCommand::Settle { number: number.clone(), line: line.clone(), outcome: "upheld".into() };
    assert!(matches!(host.one(MARCH_4, ask(settle())), Answer::Accepted { .. }));
    assert_eq!(host.refused(ask(settle())), "S054");
    assert!(host.machine.documents("t", &contested, 9).is_empty());
    let refer =
        |text: &str| BillingCommand::Refer { number: number.clone(), name: "payment".into(), text: text.into() };
    host.one(MARCH_4, ask(refer("pi_1")));
    assert_eq!(host.machine.document("t", "INV-000001").unwrap().references["payment"], "pi_1");
    host.replays();
    host.one(MARCH_4, ask(refer("")));
    assert!(host.machine.document("t", "INV-000001").unwrap().references.is_empty());
}

#[test]
fn a_year_is_walked_through_with_a_test_clock() {
    let mut host = Host::empty();
    let clock = |day: i64| ask(BillingCommand::Clock(JANUARY_20 + day * DAY));
    assert!(matches!(host.one(0, clock(0)), Answer::Accepted { .. }));
    host.one(0, Command::Publish { tenant: "t".into(), artefact: compiled(SEATS, "seats") });
    host.one(0, subscribe("a", "seats", "2026-02-01"));
    for month in 2..=12u32 {
        host.one(0, clock(30 * (i64::from(month) - 1) + 5));
        let at = format!("2026-{month:02}-15T09:00:00Z");
        assert!(matches!(host.one(0, usage(call(&month.to_string(), "a", &at))), Answer::Accepted { .. }));
        host.tick(0);
    }
    host.one(0, clock(400));
    host.tick(0);
    let first: Vec<_> = host.issued().into_iter().take(11).collect();
    for (at, [number, _, from, total]) in first.iter().enumerate() {
        assert_eq!((&**number, &**from), (&*format!("INV-{:06}", at + 1), &*format!("2026-{:02}-01", at + 2)));
        assert_eq!(total, "11.00");
    }
    assert_eq!(host.refused(clock(399)), "S055", "it only goes forward");
    host.replays();
    let mut used = Host::with(CALLS, "api", &[]);
    assert_eq!(used.refused(clock(0)), "S055", "a tenant in use has the time of the world");
}

#[test]
fn periods_may_wait_for_somebody_to_approve_them() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    let settings = Settings { finalising: Finalising::Approved, ..Settings::default() };
    host.one(0, ask(BillingCommand::Settings(settings)));
    host.one(JANUARY_20, usage(call("1", "a", "2026-01-05T09:00:00Z")));
    host.tick(MARCH_4);
    assert!(host.documents().is_empty());
    host.one(MARCH_4, ask(BillingCommand::Approve("2026-02-01".parse().unwrap())));
    host.tick(MARCH_4);
    assert_eq!(host.documents().len(), 1);
    host.replays();
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let mut host = Host::empty();
    let settings = Settings { note_prefix: "INV-0".into(), ..Settings::default() };
    assert_eq!(host.refused(ask(BillingCommand::Settings(settings))), "S050");
    assert_eq!(host.refused(ask(BillingCommand::Retry)), "S051");
    host.one(JANUARY_20, Command::Publish { tenant: "t".into(), artefact: compiled(SEATS, "seats") });
    assert_eq!(host.refused(subscribe("a", "seats", "1800-01-01")), "S056");
}

/// Whatever the order, the groups and the crashes: the same bodies under gapless numbers.
#[test]
fn bodies_are_the_same_for_all_orders_groups_and_crashes() {
    let accounts: Vec<String> = (0..600).map(|n| format!("account-{n:03}")).collect();
    let names: Vec<&str> = accounts.iter().map(String::as_str).collect();
    let mut calls: Vec<Command> = Vec::new();
    for (n, account) in accounts.iter().enumerate() {
        for k in 0..n % 4 {
            calls.push(usage(call(&format!("{n}-{k}"), account, &format!("2026-01-{:02}T09:00:00Z", 5 + k))));
        }
    }
    let mut bodies: Option<Vec<(String, String, String)>> = None;
    for seed in 0..3 {
        let mut rng = Rng::new(seed);
        let mut host = Host::empty();
        host.one(JANUARY_20, Command::Publish { tenant: "t".into(), artefact: compiled(CALLS, "api") });
        let all: Vec<Command> = names.iter().map(|name| subscribe(name, "api", "2026-01-01")).collect();
        host.decide(JANUARY_20, &all);
        let mut left = calls.clone();
        while !left.is_empty() {
            let some = (rng.below(97) as usize + 1).min(left.len());
            let mut group = Vec::new();
            for _ in 0..some {
                let at = rng.below(left.len() as u64) as usize;
                group.push(left.swap_remove(at));
            }
            host.decide(JANUARY_20, &group);
        }
        // Crashes between the parts of a close: what is in the log goes on from there.
        while host.one(FEBRUARY_4, Command::Tick) == (Answer::Ticked { more: true }) {
            host.machine = host.replayed();
        }
        host.replays();
        let all = host.documents();
        let text = |d: &DocumentView| (d.issued.number.clone(), d.issued.billed.clone(), host.body(&d.issued.number));
        let found: Vec<_> = all.iter().map(text).collect();
        assert_eq!(found.len(), 450);
        assert!(found.iter().enumerate().all(|(at, of)| of.0 == format!("INV-{:06}", at + 1)));
        assert_eq!(*bodies.get_or_insert(found.clone()), found);
    }
}
