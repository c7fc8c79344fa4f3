//! What a customer may do: limits, reservations, budgets.

use crate::{DAY, Host, JANUARY_20, compiled, usage};
use price_core::enforce::{Checked, EnforceCommand, Feature, NotChecked, OnFailure, Policy, Reserve, SPEND};
use price_core::{Answer, Command, Subscribed};
use price_sim::Rng;
use price_value::Rational;

const REPORTS: &str = "use std.currencies (USD)

unit report, reports
unit export, exports

event report_made { name: text }
event export_made { name: text }
meter reports = count of report_made in reports
meter exports = count of export_made in exports

plan team {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-even to cents
  entitlement sso = yes
  entitlement audit = no
  entitlement support = \"business hours\"
  entitlement reports = 10 reports per month then block
  entitlement exports = 3 exports per month then allow
  price reports on reports = $2.00 per report
  price exports on exports = $1.00 per export
  late events accepted for 3 days then next period
}
";

const SECOND: i64 = 1_000_000;

fn made(id: &str, kind: &str, time: &str) -> Command {
    usage(format!(
        "{{\"type\":\"{kind}_made\",\"source\":\"s\",\"id\":\"{id}\",\"time\":\"{time}\",\"account\":\"a\",\"name\":\"x\"}}"
    ))
}

fn enforce(ask: EnforceCommand) -> Command {
    Command::Enforce { tenant: "t".into(), ask }
}

fn reserve(id: &str, feature: &str, amount: &str, seconds: u32) -> Command {
    let (account, feature) = ("a".to_owned(), feature.to_owned());
    enforce(EnforceCommand::Reserve(Reserve { id: id.into(), account, feature, amount: amount.into(), seconds }))
}

fn commit(id: &str, amount: Option<&str>) -> Command {
    enforce(EnforceCommand::Commit { id: id.into(), amount: amount.map(str::to_owned), event: None })
}

fn release(id: &str, amount: Option<&str>) -> Command {
    enforce(EnforceCommand::Release { id: id.into(), amount: amount.map(str::to_owned) })
}

fn code(answer: Answer) -> &'static str {
    match answer {
        Answer::Refused { code, .. } => code,
        Answer::Accepted { .. } => "accepted",
        Answer::Duplicate { .. } => "again",
        other => panic!("{other:?}"),
    }
}

fn feature<'c>(checked: &'c Checked, name: &str) -> &'c Feature {
    checked.features.iter().find(|feature| feature.name == name).expect("it has it")
}

impl Host {
    fn check(&mut self, at: i64) -> Checked {
        self.machine.check("t", "a", at).expect("it is served")
    }

    /// Used, held and left.
    fn reports(&mut self, at: i64) -> [String; 3] {
        let checked = self.check(at);
        let feature = feature(&checked, "reports");
        [&feature.used, &feature.held, &feature.left().expect("a limit")].map(ToString::to_string)
    }
}

fn texts(numbers: [i64; 3]) -> [String; 3] {
    numbers.map(|number| number.to_string())
}

#[test]
fn what_the_contract_says_is_what_may_be_done() {
    let mut host = Host::with(REPORTS, "team", &["a"]);
    let at = JANUARY_20;
    host.decide(at, &["1", "2", "3"].map(|id| made(id, "export", "2026-01-05T00:00:00Z")));
    let checked = host.check(at);
    assert_eq!((checked.plan.as_str(), checked.as_of), ("team", host.log.len() as u64));
    assert!(feature(&checked, "sso").allows(None) && !feature(&checked, "audit").allows(None));
    assert_eq!(feature(&checked, "support").text.as_deref(), Some("business hours"));
    let exports = feature(&checked, "exports");
    assert!(exports.allows(None) && exports.left() == Some(Rational::ZERO), "a soft limit is only told");
    let reports = feature(&checked, "reports");
    assert!(reports.allows(Some(&Rational::int(10))) && !reports.allows(Some(&Rational::int(11))));
    // The window of the month ends on 1 February.
    assert_eq!(reports.resets, Some(at + 12 * DAY));
    // A new version holds from the next question on.
    let changed = REPORTS.replace("10 reports", "2 reports").replace("sso = yes", "sso = no");
    host.one(at, Command::Publish { tenant: "t".into(), artefact: compiled(&changed, "team") });
    let checked = host.check(at);
    assert!(!feature(&checked, "sso").allows(None));
    assert!(!feature(&checked, "reports").allows(Some(&Rational::int(3))));
    assert_eq!(host.machine.check("t", "b", at), Err(NotChecked::Unknown("b".into())));
    let until = Some("2026-01-10".parse().unwrap());
    let subscription = Subscribed { account: "b".into(), plan: "team".into(), from: None, until, pool: None };
    host.one(at, Command::Subscribe { tenant: "t".into(), subscription });
    assert!(matches!(host.machine.check("t", "b", at), Err(NotChecked::NotServed(..))));
}

#[test]
fn holds_lower_what_is_left_until_they_end() {
    let mut host = Host::with(REPORTS, "team", &["a"]);
    let at = JANUARY_20;
    assert_eq!(code(host.one(at, reserve("1", "reports", "6", 60))), "accepted");
    assert_eq!(code(host.one(at, reserve("1", "reports", "6", 60))), "again");
    assert_eq!(code(host.one(at, reserve("1", "reports", "5", 60))), "S042");
    assert_eq!(host.reports(at), texts([0, 6, 4]));
    assert_eq!(code(host.one(at, reserve("2", "reports", "5", 60))), "S041");
    assert_eq!(code(host.one(at, reserve("2", "reports", "4", 30))), "accepted");
    // Given back in parts, then all of it.
    assert_eq!(code(host.one(at, release("1", Some("7")))), "S044");
    assert_eq!(code(host.one(at, release("1", Some("2")))), "accepted");
    assert_eq!(host.reports(at), texts([0, 8, 2]));
    // The time of the second is over.
    assert_eq!(host.reports(at + 30 * SECOND), texts([0, 4, 6]));
    assert_eq!(host.machine.hold("t", "2", at + 30 * SECOND).unwrap().status, "expired");
    assert_eq!(code(host.one(at + 30 * SECOND, commit("2", None))), "S043");
    assert_eq!(code(host.one(at + 30 * SECOND, reserve("3", "reports", "6", 60))), "accepted");
    assert_eq!(code(host.one(at + 40 * SECOND, commit("1", Some("5")))), "S044");
    let group = [made("u", "report", "2026-01-20T00:00:40Z"), commit("1", Some("1"))];
    assert!(host.decide(at + 40 * SECOND, &group).iter().all(|a| matches!(a, Answer::Accepted { .. })));
    assert_eq!(host.reports(at + 40 * SECOND), texts([1, 6, 3]));
    assert_eq!(code(host.one(at + 41 * SECOND, commit("1", Some("1")))), "again");
    assert_eq!(code(host.one(at + 41 * SECOND, release("1", None))), "S043");
    assert_eq!(host.machine.hold("t", "1", at).unwrap().status, "committed");
    // A commit that names an event is carried out only if that counts.
    let event = Some(("s".to_owned(), "nobody".to_owned()));
    let ask = EnforceCommand::Commit { id: "3".into(), amount: None, event };
    assert_eq!(code(host.one(at + 42 * SECOND, enforce(ask))), "S046");
    for (id, feature, amount, seconds, wanted) in [
        ("4", "nothing", "1", 60, "S040"),
        ("4", "support", "1", 60, "S044"),
        ("4", "audit", "1", 60, "S041"),
        ("4", "reports", "0", 60, "S044"),
        ("4", "reports", "-1", 60, "S044"),
        ("4", "reports", "1e9", 60, "S044"),
        ("4", "reports", "1", 0, "S044"),
        ("", "reports", "1", 60, "S044"),
    ] {
        assert_eq!(code(host.one(at, reserve(id, feature, amount, seconds))), wanted, "{feature} {amount}");
    }
    assert_eq!(code(host.one(at, commit("none", None))), "S043");
    assert_eq!(host.replayed().root(), host.machine.root());
    // A day after its end nothing is known of it.
    host.one(at + 2 * DAY, reserve("9", "reports", "1", 1));
    assert!(host.machine.hold("t", "1", at + 2 * DAY).is_none());
    assert_eq!(host.replayed().root(), host.machine.root());
}

#[test]
fn a_budget_counts_what_the_invoice_says() {
    let mut host = Host::with(REPORTS, "team", &["a"]);
    let at = JANUARY_20;
    host.decide(at, &["1", "2"].map(|id| made(id, "report", "2026-01-05T00:00:00Z")));
    let budget = |amount: Option<&str>| {
        let amount = amount.map(str::to_owned);
        enforce(EnforceCommand::Budget { billed: "a".into(), amount, hard: true })
    };
    assert_eq!(code(host.one(at, budget(Some("-5")))), "S044");
    host.one(at, budget(Some("5.00")));
    let checked = host.check(at);
    let spend = feature(&checked, SPEND);
    assert_eq!((spend.used.to_string(), spend.unit.as_str(), spend.resets), ("4".into(), "USD", Some(at + 12 * DAY)));
    assert!(spend.allows(Some(&Rational::ONE)) && !spend.allows(Some(&Rational::int(2))));
    host.one(at, budget(None));
    assert!(host.check(at).features.iter().all(|feature| feature.name != SPEND));
    let features = [("sso".to_owned(), OnFailure::Closed)].into();
    host.one(at, enforce(EnforceCommand::Policy(Policy { features, ..Policy::default() })));
    let checked = host.check(at);
    assert_eq!(feature(&checked, "sso").on_failure, OnFailure::Closed);
    assert_eq!(feature(&checked, "audit").on_failure, OnFailure::Open);
    assert_eq!(host.replayed().root(), host.machine.root());
}

#[test]
fn changes_are_told_to_whoever_watches() {
    let mut host = Host::with(REPORTS, "team", &["a", "b"]);
    assert!(host.machine.changes().is_empty());
    host.machine.watch(true);
    host.one(JANUARY_20, made("1", "report", "2026-01-05T00:00:00Z"));
    host.one(JANUARY_20, reserve("r", "reports", "1", 60));
    let told: Vec<_> = host.machine.changes().into_iter().map(|c| (c.tenant.to_string(), c.billed)).collect();
    assert_eq!(told, [("t".to_owned(), Some("a".into()))]);
    host.one(JANUARY_20, Command::Void { tenant: "t".into(), source: "s".into(), id: "1".into() });
    assert_eq!(host.machine.changes().len(), 1);
    host.one(JANUARY_20, Command::Publish { tenant: "t".into(), artefact: compiled(REPORTS, "team") });
    assert_eq!(host.machine.changes().first().map(|c| c.billed.clone()), Some(None));
    assert!(host.machine.changes().is_empty());
}

/// Whatever is asked in whatever order: a hard limit is never exceeded by what was granted, holds end once,
/// and a log from any crash is the same state.
#[test]
fn no_more_is_granted_than_there_is() {
    for seed in 0..60 {
        let mut rng = Rng::new(seed);
        let mut host = Host::with(REPORTS, "team", &["a"]);
        let (mut at, mut events) = (JANUARY_20, 0);
        let mut used_by_commits = Rational::ZERO;
        for _ in 0..60 {
            at += i64::try_from(rng.below(20)).unwrap() * SECOND;
            let id = rng.below(8).to_string();
            let amount = (rng.below(5) + 1).to_string();
            let answer = match rng.below(5) {
                0 | 1 => host.one(at, reserve(&id, "reports", &amount, rng.below(40) as u32 + 1)),
                2 => {
                    // Usage and the end of its hold come together.
                    let before = host.machine.hold("t", &id, at).filter(|hold| hold.status == "held");
                    if before.is_some_and(|hold| hold.held >= Rational::ONE) {
                        events += 1;
                        used_by_commits += &Rational::ONE;
                        let event = made(&events.to_string(), "report", "2026-01-20T00:00:00Z");
                        host.decide(at, &[event, commit(&id, Some("1"))]).remove(1)
                    } else {
                        host.one(at, commit(&id, None))
                    }
                }
                3 => host.one(at, release(&id, Some(&amount))),
                _ => host.one(at, release(&id, None)),
            };
            code(answer);
            let checked = host.check(at);
            let reports = feature(&checked, "reports");
            assert!(!reports.left().expect("a limit").is_negative(), "seed {seed}");
            assert_eq!(reports.used, used_by_commits, "seed {seed}");
        }
        assert_eq!(host.replayed().root(), host.machine.root(), "seed {seed}");
    }
}
