//! Drafts of a period that ended: told to who wants them, for each that is billed, a few at a time.

use crate::{CALLS, DAY, Host, JANUARY_20, call, compiled, usage};
use price_core::billing::{BillingCommand, Finalising, Settings};
use price_core::notify::{Endpoint, NoticeKind, NotifyCommand, Secret};
use price_core::{Answer, Command};

const FEBRUARY_1: i64 = JANUARY_20 + 12 * DAY;
const FEBRUARY_4: i64 = JANUARY_20 + 15 * DAY;

fn listens(kinds: &[NoticeKind]) -> Command {
    let endpoint = Endpoint {
        id: "e".into(),
        url: "https://example.com/hook".into(),
        kinds: kinds.iter().copied().collect(),
        balance_below: [].into(),
        usage_percent: [].into(),
        secrets: vec![Secret { text: "whsec_x".into(), until: None }],
        after: 0,
        since: 0,
    };
    Command::Notify { tenant: "t".into(), ask: NotifyCommand::Endpoint(endpoint) }
}

fn used(account: &str, id: &str, time: &str) -> Command {
    usage(call(id, account, time))
}

impl Host {
    fn strike(&mut self, at: i64) {
        while self.one(at, Command::Tick) == (Answer::Ticked { more: true }) {}
        assert!(self.machine.due_at() > at);
    }

    /// Entry, account and total of the drafts that are to be told.
    fn drafts(&self) -> Vec<(u64, String, String)> {
        let all = self.machine.notices("t", 0, 10_000).into_iter();
        let drafts = all.filter(|(_, notice)| notice.kind == NoticeKind::InvoiceDrafted);
        let text = |of: &serde_json::Value| of.as_str().unwrap_or_default().to_owned();
        drafts.map(|(seq, of)| (seq, text(&of.data["account"]), text(&of.data["total"]))).collect()
    }

    fn drafted(&self) -> Vec<String> {
        self.drafts().into_iter().map(|(_, account, total)| format!("{account} {total}")).collect()
    }

    fn is_replayed(&self) {
        let again = self.replayed();
        assert_eq!(again.root(), self.machine.root());
        assert_eq!(again.notices("t", 0, 10_000), self.machine.notices("t", 0, 10_000));
    }
}

#[test]
fn who_has_an_invoice_to_come_is_told_of_it_when_the_period_ends() {
    let mut host = Host::with(CALLS, "api", &["b", "a", "idle"]);
    host.strike(JANUARY_20);
    host.one(JANUARY_20, listens(&[NoticeKind::InvoiceDrafted, NoticeKind::InvoiceFinalised]));
    host.one(JANUARY_20, used("a", "1", "2026-01-05T09:00:00Z"));
    host.decide(JANUARY_20, &["2", "3"].map(|id| used("b", id, "2026-01-06T09:00:00Z")));
    host.strike(FEBRUARY_1 - 1);
    assert!(host.drafts().is_empty());
    host.strike(FEBRUARY_1);
    assert_eq!(host.drafted(), ["a 1.00", "b 2.00"], "nobody is told of nothing");
    let (seq, ..) = host.drafts()[1].clone();
    let notice = host.machine.notice("t", seq).expect("it is at hand");
    let said = serde_json::json!({
        "account": "b", "plan": "api", "period": { "from": "2026-01-01", "until": "2026-02-01" },
        "closes": "2026-02-04", "currency": "USD", "total": "2.00", "due": "2.00",
    });
    assert_eq!((notice.data, notice.at), (said, FEBRUARY_1));
    assert_eq!(host.machine.noticed_before("t", FEBRUARY_1), host.drafts()[0].0 - 1);
    // Once, also where usage of the period comes in its grace.
    host.one(FEBRUARY_1 + DAY, used("idle", "4", "2026-01-07T09:00:00Z"));
    host.strike(FEBRUARY_4 - 1);
    assert_eq!(host.drafts().len(), 2);
    host.is_replayed();
    // What is issued is no draft any more.
    host.strike(FEBRUARY_4);
    assert!(host.drafts().is_empty());
    let told: Vec<&str> = host.machine.notices("t", 0, 100).iter().map(|(_, of)| of.kind.word()).collect();
    assert_eq!(told, ["invoice.finalised"; 3]);
    host.is_replayed();
}

#[test]
fn a_thousand_are_told_a_few_at_a_time_and_once_whenever_the_process_ends() {
    let accounts: Vec<String> = (0..1_000).map(|n| format!("a{n:04}")).collect();
    let names: Vec<&str> = accounts.iter().map(String::as_str).collect();
    let mut host = Host::with(CALLS, "api", &names);
    host.strike(JANUARY_20);
    host.one(JANUARY_20, listens(&[]));
    let all: Vec<Command> = names.iter().map(|name| used(name, name, "2026-01-05T09:00:00Z")).collect();
    host.decide(JANUARY_20, &all);
    let mut turns = 0;
    loop {
        let before = host.log.len();
        let answer = host.one(FEBRUARY_1, Command::Tick);
        assert!(host.log.len() - before <= 256, "{}", host.log.len() - before);
        if answer == (Answer::Ticked { more: false }) {
            break;
        }
        turns += 1;
        // Others are served between, and the process may end.
        let id = format!("late {turns}");
        assert!(matches!(host.one(FEBRUARY_1, used("a0999", &id, "2026-02-01T00:00:00Z")), Answer::Accepted { .. }));
        host.machine = host.replayed();
    }
    assert!(turns >= 3, "{turns}");
    let told: Vec<String> = host.drafts().into_iter().map(|(_, account, _)| account).collect();
    assert_eq!(told, accounts);
    host.is_replayed();
}

#[test]
fn what_nobody_wants_or_what_is_closed_at_once_is_not_told() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    host.strike(JANUARY_20);
    host.one(JANUARY_20, listens(&[NoticeKind::InvoiceFinalised]));
    host.one(JANUARY_20, used("a", "1", "2026-01-05T09:00:00Z"));
    host.strike(FEBRUARY_1);
    host.one(FEBRUARY_1, listens(&[]));
    host.strike(FEBRUARY_1 + 1);
    assert!(host.drafts().is_empty(), "it was over before somebody wanted to know");
    // The server was down over the end of February and its grace.
    host.one(FEBRUARY_4, used("a", "2", "2026-02-03T09:00:00Z"));
    host.strike(FEBRUARY_4 + 60 * DAY);
    let told: Vec<&str> = host.machine.notices("t", 0, 100).iter().map(|(_, of)| of.kind.word()).collect();
    assert_eq!(told, ["invoice.finalised"; 2]);
    host.is_replayed();
}

#[test]
fn what_waits_for_approval_is_told_also_without_a_grace() {
    let plan = CALLS.replace(
        "late events accepted for 3 days then next period",
        "late events accepted for 0 days then next period",
    );
    let mut host = Host::empty();
    host.one(JANUARY_20, Command::Publish { tenant: "t".into(), artefact: compiled(&plan, "api") });
    let settings = Settings { finalising: Finalising::Approved, ..Settings::default() };
    let ask = BillingCommand::Settings(settings);
    host.one(JANUARY_20, Command::Billing { tenant: "t".into(), ask });
    host.one(JANUARY_20, listens(&[]));
    let subscription =
        price_core::Subscribed { account: "a".into(), plan: "api".into(), from: None, until: None, pool: None };
    host.one(JANUARY_20, Command::Subscribe { tenant: "t".into(), subscription });
    host.one(JANUARY_20, used("a", "1", "2026-01-20T00:00:00Z"));
    host.strike(FEBRUARY_1);
    assert_eq!(host.drafted(), ["a 1.00"]);
    host.strike(FEBRUARY_1 + 40 * DAY);
    assert_eq!(host.drafted(), ["a 1.00"], "nothing was used in February");
    host.is_replayed();
}
