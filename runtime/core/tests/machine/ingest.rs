//! Events in: what is accepted, and that nothing depends on how they came.

use crate::{CALLS, Host, JANUARY_20, LEVELS, call, level, usage};
use price_core::{Answer, Command};
use price_sim::Rng;

#[test]
fn each_event_gets_its_own_answer() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    let first = host.log.len() as u64 + 1;
    let answers = host.decide(
        JANUARY_20,
        &[
            usage(call("1", "a", "2026-01-05T09:00:00Z")),
            usage(call("1", "a", "2026-01-05T09:00:00Z")),
            usage(call("1", "a", "2026-01-06T09:00:00Z")),
            usage(call("2", "nobody", "2026-01-05T09:00:00Z")),
            usage(call("3", "a", "yesterday")),
            usage("{".into()),
            usage(call("4", "a", "2026-01-05T09:00:00Z").replace("request", "request2")),
            usage(call("", "a", "2026-01-05T09:00:00Z")),
            usage(call("5", "a", "2026-01-05T10:00:00Z")),
        ],
    );
    let code = |answer: &Answer| match answer {
        Answer::Rejected { code, .. } => code.clone(),
        other => format!("{other:?}"),
    };
    assert_eq!(answers[0], Answer::Accepted { seq: first });
    assert_eq!(answers[1], Answer::Duplicate { seq: first });
    assert_eq!(answers[2], Answer::Conflict { first, seq: first + 1 });
    let codes: Vec<String> = answers[3..8].iter().map(code).collect();
    assert_eq!(codes, ["R031", "R023", "R020", "R021", "R022"]);
    assert_eq!(answers[8], Answer::Accepted { seq: first + 7 });
    assert_eq!(host.total("a", "2026-01-05"), "2");
    // The same again, in another group.
    assert_eq!(host.one(JANUARY_20, usage(call("1", "a", "2026-01-05T09:00:00Z"))), Answer::Duplicate { seq: first });
    let conflict = host.one(JANUARY_20, usage(call("1", "a", "2026-01-06T09:00:00Z")));
    assert!(matches!(conflict, Answer::Conflict { first: of, .. } if of == first), "{conflict:?}");
    // The order of keys and an extension change no content.
    let turned = r#"{"path":"/","time":"2026-01-05T09:00:00Z","account":"a","type":"request","id":"1","source":"s"}"#;
    assert_eq!(host.one(JANUARY_20, usage(turned.into())), Answer::Duplicate { seq: first });
    let rejects = host.machine.rejects("t", 0, 100);
    assert_eq!(rejects.len(), 7);
    assert_eq!(host.machine.rejects("t", rejects[4].seq, 1)[0].seq, rejects[5].seq);
    // A rejected event can be sent again once it is mended: its id is not spent.
    let mended = host.one(JANUARY_20, usage(call("3", "a", "2026-01-05T11:00:00Z")));
    assert!(matches!(mended, Answer::Accepted { .. }), "{mended:?}");
    assert_eq!(host.total("a", "2026-01-05"), "3");
}

#[test]
fn an_event_that_is_mended_in_the_group_of_its_reject_counts() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    let first = host.log.len() as u64 + 1;
    let good = call("1", "a", "2026-01-05T09:00:00Z");
    let bad = good.replace("request", "request2");
    let answers = host.decide(JANUARY_20, &[usage(bad.clone()), usage(good.clone()), usage(good.clone()), usage(bad)]);
    assert!(matches!(&answers[0], Answer::Rejected { seq, .. } if *seq == first), "{answers:?}");
    assert_eq!(answers[1], Answer::Accepted { seq: first + 1 });
    assert_eq!(answers[2], Answer::Duplicate { seq: first + 1 });
    assert_eq!(answers[3], Answer::Conflict { first: first + 1, seq: first + 2 });
    assert_eq!(host.total("a", "2026-01-05"), "1");
    assert_eq!(host.machine.root(), host.replayed().root());
}

#[test]
fn any_order_and_any_grouping_give_the_same_invoice() {
    for (source, plan) in [(CALLS, "api"), (LEVELS, "disk")] {
        let mut events: Vec<String> = Vec::new();
        for n in 0..120u64 {
            let account = ["a", "b", "c"][(n % 3) as usize];
            let time = format!("2026-01-{:02}T{:02}:{:02}:00Z", n % 28 + 1, n * 7 % 24, n * 13 % 60);
            events.push(match plan {
                "api" => call(&n.to_string(), account, &time),
                _ => level(&n.to_string(), account, &time, n * 37 % 101),
            });
        }
        let mut known = None;
        for seed in 0..6 {
            let mut rng = Rng::new(seed);
            let mut host = Host::with(source, plan, &["a", "b", "c"]);
            let mut shuffled = events.clone();
            shuffled.extend(events.iter().filter(|_| rng.chance(300)).cloned().collect::<Vec<_>>());
            for at in (1..shuffled.len()).rev() {
                shuffled.swap(at, rng.below(at as u64 + 1) as usize);
            }
            let mut rest = shuffled.as_slice();
            while !rest.is_empty() {
                let size = (rng.between(1, 40) as usize).min(rest.len());
                let commands: Vec<Command> = rest[..size].iter().map(|event| usage(event.clone())).collect();
                for answer in host.decide(JANUARY_20, &commands) {
                    assert!(matches!(answer, Answer::Accepted { .. } | Answer::Duplicate { .. }), "{answer:?}");
                }
                rest = &rest[size..];
            }
            let invoices: Vec<_> = ["a", "b", "c"].iter().map(|a| host.invoice(a, "2026-01-31")).collect();
            assert!(!invoices[0].total.is_zero());
            assert_eq!(known.get_or_insert_with(|| invoices.clone()), &invoices, "seed {seed} of {plan}");
        }
    }
}

#[test]
fn a_pool_is_billed_for_its_accounts() {
    let mut host = Host::with(CALLS, "api", &[]);
    for account in ["x", "y"] {
        let subscription = price_core::Subscribed {
            account: account.into(),
            plan: "api".into(),
            from: Some("2026-01-10".parse().expect("a date")),
            until: None,
            pool: Some("both".into()),
        };
        host.one(0, Command::Subscribe { tenant: "t".into(), subscription });
    }
    host.decide(
        JANUARY_20,
        &[
            usage(call("1", "x", "2026-01-12T09:00:00Z")),
            usage(call("2", "y", "2026-01-12T09:00:00Z")),
            usage(call("3", "x", "2026-01-05T09:00:00Z")),
        ],
    );
    assert_eq!(host.total("both", "2026-01-12"), "2");
    assert_eq!(host.invoice("x", "2026-01-12").account, "both");
    assert_eq!(host.machine.rejects("t", 0, 9)[0].code, "R031");
}
