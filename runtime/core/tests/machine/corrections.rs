//! Events that are taken back, replaced, reverted.

use crate::{CALLS, Host, JANUARY_20, LEVELS, call, level, usage};
use price_core::{Answer, Command};

fn void(id: &str) -> Command {
    Command::Void { tenant: "t".into(), source: "s".into(), id: id.into() }
}

fn replace(record: String) -> Command {
    Command::Replace { tenant: "t".into(), record }
}

#[test]
fn an_event_that_is_taken_back_counts_no_more_and_its_id_is_spent() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    let record = call("1", "a", "2026-01-05T09:00:00Z");
    let accepted = host.one(JANUARY_20, usage(record.clone()));
    host.one(JANUARY_20, usage(call("2", "a", "2026-01-05T10:00:00Z")));
    assert!(matches!(host.one(JANUARY_20, void("1")), Answer::Accepted { .. }));
    assert_eq!(host.total("a", "2026-01-05"), "1");
    assert!(matches!(host.one(JANUARY_20, void("1")), Answer::Refused { code: "S016", .. }));
    assert!(matches!(host.one(JANUARY_20, void("9")), Answer::Refused { code: "S016", .. }));
    let Answer::Accepted { seq } = accepted else { panic!("{accepted:?}") };
    assert_eq!(host.one(JANUARY_20, usage(record.clone())), Answer::Duplicate { seq });
    assert!(matches!(host.one(JANUARY_20, replace(record)), Answer::Refused { code: "S015", .. }));
    assert_eq!(host.total("a", "2026-01-05"), "1");
}

#[test]
fn a_replacement_is_as_if_it_had_come_first() {
    let mut host = Host::with(LEVELS, "disk", &["a", "b"]);
    let mut plain = Host::with(LEVELS, "disk", &["a", "b"]);
    let events = [level("1", "a", "2026-01-01T00:00:00Z", 100), level("2", "a", "2026-01-11T00:00:00Z", 10)];
    for event in &events {
        host.one(JANUARY_20, usage(event.clone()));
    }
    let new = level("1", "a", "2026-01-02T00:00:00Z", 50);
    assert!(matches!(host.one(JANUARY_20, replace(new.clone())), Answer::Accepted { .. }));
    plain.one(JANUARY_20, usage(new.clone()));
    plain.one(JANUARY_20, usage(events[1].clone()));
    assert_eq!(host.invoice("a", "2026-01-31"), plain.invoice("a", "2026-01-31"));
    // Sent again, both contents are the event that is there.
    assert!(matches!(host.one(JANUARY_20, usage(new)), Answer::Duplicate { .. }));
    assert!(matches!(host.one(JANUARY_20, usage(events[0].clone())), Answer::Duplicate { .. }));
    let third = level("1", "a", "2026-01-02T00:00:00Z", 51);
    assert!(matches!(host.one(JANUARY_20, usage(third)), Answer::Conflict { .. }));
    // It may go to another account.
    let moved = level("1", "b", "2026-01-02T00:00:00Z", 50);
    assert!(matches!(host.one(JANUARY_20, replace(moved)), Answer::Accepted { .. }));
    assert_eq!(host.invoice("b", "2026-01-31").lines.len(), 2);
    assert_eq!(host.machine.event("t", "s", "1").expect("it counts").account, "b");
    // What does not fit replaces nothing.
    let bad = host.one(JANUARY_20, replace(level("2", "a", "2026-01-11T00:00:00Z", 10).replace("10000000000", "-1")));
    assert!(matches!(bad, Answer::Rejected { .. }), "{bad:?}");
    assert!(host.machine.event("t", "s", "2").is_some());
    assert!(matches!(host.one(JANUARY_20, replace(call("7", "a", "2026-01-01T00:00:00Z"))), Answer::Refused { .. }));
}

#[test]
fn a_backfill_is_reverted_as_one() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    host.one(JANUARY_20, usage(call("1", "a", "2026-01-05T09:00:00Z")));
    for n in 10..20 {
        let record = call(&n.to_string(), "a", "2026-01-06T09:00:00Z");
        host.one(JANUARY_20, Command::Usage { tenant: "t".into(), record, set: Some("import".into()) });
    }
    assert_eq!(host.total("a", "2026-01-05"), "7");
    let revert = Command::Revert { tenant: "t".into(), set: "import".into() };
    assert!(matches!(host.one(JANUARY_20, revert.clone()), Answer::Accepted { .. }));
    assert_eq!(host.total("a", "2026-01-05"), "1");
    assert!(matches!(host.one(JANUARY_20, revert), Answer::Refused { code: "S017", .. }));
}
