//! The state is the fold of the log.

use crate::{DAY, Host, JANUARY_20, Maker, call, usage};
use price_core::billing::BillingCommand;
use price_core::notify::NotifyCommand;
use price_core::{Answer, Command, ReplayError};
use price_sim::Rng;

/// A history of a few hundred commands, many of them refused.
fn history(seed: u64) -> Host {
    let mut rng = Rng::new(seed);
    let maker = Maker::new(&mut rng);
    let mut host = Host::with(maker.source, maker.plan, &["a", "b"]);
    let mut at = JANUARY_20;
    for _ in 0..60 {
        at += rng.below(2 * DAY as u64) as i64;
        host.decide(at, &maker.group(&mut rng));
    }
    host
}

#[test]
fn a_replay_of_the_log_gives_the_same_state_and_the_same_invoices() {
    for seed in 0..24 {
        let mut host = history(seed);
        let mut again = host.replayed();
        assert_eq!(host.machine.root(), again.root(), "seed {seed}");
        for account in ["a", "b"] {
            for day in ["2026-01-15", "2026-02-15", "2026-03-15", "2026-04-15"] {
                let invoice = host.invoice(account, day);
                let other = again.invoice("t", account, day.parse().expect("a date")).expect("it is billed");
                assert_eq!(invoice, other.invoice, "seed {seed}, {account} in {day}");
            }
        }
    }
}

#[test]
fn an_account_of_which_all_was_refused_is_nobody() {
    let mut host = Host::with(crate::CALLS, "api", &["a"]);
    let bad = call("1", "a", "2026-01-05T09:00:00Z").replace("request", "request2");
    host.one(JANUARY_20, usage(bad));
    assert_eq!(host.machine.root(), host.replayed().root());
}

#[test]
fn a_tenant_of_whom_all_was_refused_is_nobody() {
    let mut host = Host::with(crate::CALLS, "api", &["a"]);
    let number = "INV-000001".to_owned();
    let refused = [
        Command::Billing { tenant: "x".into(), ask: BillingCommand::Settle { number, line: None, outcome: "".into() } },
        Command::Notify { tenant: "y".into(), ask: NotifyCommand::Remove { id: "none".into() } },
    ];
    for command in refused {
        assert!(matches!(host.one(JANUARY_20, command), Answer::Refused { .. }));
        assert_eq!(host.machine.root(), host.replayed().root());
    }
}

#[test]
fn a_state_decides_as_one_that_was_replayed() {
    let mut host = history(7);
    let mut again = host.replayed();
    let commands: Vec<Command> = (0..80)
        .map(|id| usage(call(&id.to_string(), "a", "2026-02-03T10:00:00Z")))
        .chain((0..80).map(|id| Command::Void { tenant: "t".into(), source: "s".into(), id: id.to_string() }))
        .collect();
    let first = host.log.len() as u64 + 1;
    let one = host.machine.decide(first, JANUARY_20 + 200 * DAY, &commands).expect("decided");
    let other = again.decide(first, JANUARY_20 + 200 * DAY, &commands).expect("decided");
    assert_eq!(one, other);
    assert_eq!(host.machine.root(), again.root());
}

#[test]
fn a_log_that_does_not_fit_is_an_error() {
    let host = history(3);
    let mut machine = crate::machine();
    let frame = |seq, kind, payload| price_store::frame::Frame {
        seq,
        shard: 0,
        kind,
        recorded_at: 0,
        prev_hash: [0; 16],
        lag: 0,
        erased: false,
        payload,
    };
    assert!(matches!(machine.replay(&frame(1, 99, &[])), Err(ReplayError::Entry { seq: 1, .. })));
    let usage = host.log.iter().find(|(kind, ..)| *kind == price_core::entry::kind::USAGE).expect("there is usage");
    assert!(matches!(machine.replay(&frame(1, usage.0, &usage.2)), Err(ReplayError::Diverged { seq: 1, .. })));
}
