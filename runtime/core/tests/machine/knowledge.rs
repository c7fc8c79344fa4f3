//! What comes to be known late: usage, and plans.

use crate::{CALLS, DAY, Host, JANUARY_20, call, compiled, usage};
use price_core::{Answer, Command, Subscribed};

#[test]
fn usage_that_comes_after_its_period_closed_is_on_the_next_invoice() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    host.one(JANUARY_20, usage(call("1", "a", "2026-01-05T09:00:00Z")));
    // 3 February: January is open.
    host.one(JANUARY_20 + 14 * DAY, usage(call("2", "a", "2026-01-06T09:00:00Z")));
    assert_eq!(host.total("a", "2026-01-05"), "2");
    // 9 February: it is closed.
    host.one(JANUARY_20 + 20 * DAY, usage(call("3", "a", "2026-01-07T09:00:00Z")));
    assert_eq!(host.total("a", "2026-01-05"), "2");
    let february = host.invoice("a", "2026-02-05");
    assert_eq!(february.total.to_string(), "1");
    assert_eq!(february.lines[0].corrects.map(|period| period.to_string()), Some("2026-01".into()));
    // Taken back in March, it is carried by March, and February stays.
    host.one(JANUARY_20 + 50 * DAY, Command::Void { tenant: "t".into(), source: "s".into(), id: "1".into() });
    assert_eq!(host.total("a", "2026-01-05"), "2");
    assert_eq!(host.total("a", "2026-02-05"), "1");
    assert_eq!(host.total("a", "2026-03-05"), "-1");
}

#[test]
fn what_is_taken_back_late_comes_back_even_if_it_was_all_there_was() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    host.one(JANUARY_20, usage(call("1", "a", "2026-01-05T09:00:00Z")));
    host.one(JANUARY_20 + 14 * DAY, usage(call("2", "a", "2026-02-02T09:00:00Z")));
    // 11 March: January is closed, and nothing of it is left.
    host.one(JANUARY_20 + 50 * DAY, Command::Void { tenant: "t".into(), source: "s".into(), id: "1".into() });
    let totals = ["2026-01-05", "2026-02-05", "2026-03-05", "2026-04-05"].map(|day| host.total("a", day));
    assert_eq!(totals, ["1", "1", "-1", "0"]);
}

#[test]
fn what_becomes_known_of_an_account_that_left_is_owed_too() {
    let mut host = Host::with(CALLS, "api", &[]);
    let subscription = Subscribed {
        account: "a".into(),
        plan: "api".into(),
        from: None,
        until: Some("2026-02-01".parse().expect("a date")),
        pool: None,
    };
    host.one(0, Command::Subscribe { tenant: "t".into(), subscription });
    host.one(JANUARY_20, usage(call("1", "a", "2026-01-05T09:00:00Z")));
    // 11 March.
    host.one(JANUARY_20 + 50 * DAY, usage(call("2", "a", "2026-01-06T09:00:00Z")));
    assert_eq!(host.total("a", "2026-01-05"), "1");
    let march = host.invoice("a", "2026-03-05");
    assert_eq!((march.total.to_string(), march.due.to_string(), march.lines.len()), ("1".into(), "1".into(), 1));
    for day in ["2026-02-05", "2026-04-05"] {
        assert!(host.machine.invoice("t", "a", day.parse().expect("a date")).is_err());
    }
}

#[test]
fn a_plan_that_refuses_late_usage_refuses_it() {
    let source = CALLS.replace("then next period", "then rejected");
    let mut host = Host::with(&source, "api", &["a"]);
    let record = call("1", "a", "2026-01-05T09:00:00Z");
    assert!(matches!(host.one(JANUARY_20, usage(record.clone())), Answer::Accepted { .. }));
    // 3 February, and 4 February.
    let in_time = host.one(JANUARY_20 + 15 * DAY - 1, usage(call("2", "a", "2026-01-06T09:00:00Z")));
    assert!(matches!(in_time, Answer::Accepted { .. }), "{in_time:?}");
    let late = host.one(JANUARY_20 + 15 * DAY, usage(call("3", "a", "2026-01-06T09:00:00Z")));
    assert!(matches!(&late, Answer::Rejected { code, .. } if code == "R034"), "{late:?}");
    let replaced = Command::Replace { tenant: "t".into(), record: call("1", "a", "2026-01-07T09:00:00Z") };
    let late = host.one(JANUARY_20 + 15 * DAY, replaced);
    assert!(matches!(&late, Answer::Rejected { code, .. } if code == "R034"), "{late:?}");
    // What is there already is a duplicate at any time.
    assert!(matches!(host.one(JANUARY_20 + 90 * DAY, usage(record)), Answer::Duplicate { .. }));
    assert_eq!((host.total("a", "2026-01-05"), host.total("a", "2026-02-05")), ("2".into(), "0".into()));
    assert_eq!(host.machine.root(), host.replayed().root());
}

#[test]
fn a_plan_is_what_is_known_of_it() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    host.one(JANUARY_20, usage(call("1", "a", "2026-01-05T09:00:00Z")));
    let dearer = compiled(&CALLS.replace("$1.00", "$2.00"), "api");
    // Published on 9 February, it is what January should have been: the difference is February's.
    let answer = host.one(JANUARY_20 + 20 * DAY, Command::Publish { tenant: "t".into(), artefact: dearer });
    assert!(matches!(answer, Answer::Accepted { .. }), "{answer:?}");
    assert_eq!(host.total("a", "2026-01-05"), "1");
    assert_eq!(host.total("a", "2026-02-05"), "1");
    assert_eq!(host.machine.plans("t").len(), 2);
    // Another event type would not fit what counts; another zone would move its periods.
    let other = compiled(&CALLS.replace("request", "hit"), "api");
    let refused = host.one(JANUARY_20 + 21 * DAY, Command::Publish { tenant: "t".into(), artefact: other });
    assert!(matches!(refused, Answer::Refused { code: "S013", .. }), "{refused:?}");
    let moved = compiled(&CALLS.replace("UTC", "Europe/Berlin"), "api");
    let refused = host.one(JANUARY_20 + 21 * DAY, Command::Publish { tenant: "t".into(), artefact: moved });
    assert!(matches!(refused, Answer::Refused { code: "S012", .. }), "{refused:?}");
    let refused = host.one(0, Command::Publish { tenant: "t".into(), artefact: vec![1, 2, 3] });
    assert!(matches!(refused, Answer::Refused { code: "S011", .. }), "{refused:?}");
    assert_eq!(host.machine.plans("t").len(), 2);
}

#[test]
fn accounts_come_onto_plans_once_and_before_or_after_their_usage() {
    let mut host = Host::with(CALLS, "api", &[]);
    let subscribe = |from: Option<&str>, until: Option<&str>, plan: &str| Command::Subscribe {
        tenant: "t".into(),
        subscription: Subscribed {
            account: "a".into(),
            plan: plan.into(),
            from: from.map(|d| d.parse().expect("a date")),
            until: until.map(|d| d.parse().expect("a date")),
            pool: None,
        },
    };
    assert!(matches!(host.one(0, subscribe(None, None, "other")), Answer::Refused { code: "S019", .. }));
    let january = subscribe(Some("2026-01-01"), Some("2026-02-01"), "api");
    assert!(matches!(host.one(0, january.clone()), Answer::Accepted { .. }));
    assert!(matches!(host.one(0, january), Answer::Refused { code: "S020", .. }));
    host.one(JANUARY_20, usage(call("1", "a", "2026-01-05T09:00:00Z")));
    // More days after usage: what was folded stays.
    assert!(matches!(host.one(0, subscribe(Some("2026-03-01"), None, "api")), Answer::Accepted { .. }));
    host.one(JANUARY_20 + 50 * DAY, usage(call("2", "a", "2026-03-05T09:00:00Z")));
    assert_eq!((host.total("a", "2026-01-05"), host.total("a", "2026-03-05")), ("1".into(), "1".into()));
    assert_eq!(host.machine.accounts("t", "", None, 10).len(), 2);
}
