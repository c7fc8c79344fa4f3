//! Requests with a key: carried out once, answered the same.

use crate::{CALLS, DAY, Host, JANUARY_20, call, usage};
use price_core::{Answer, Command, Once};

fn once(key: &str, print: u8, commands: Vec<Command>) -> Command {
    Command::Once { once: Once { tenant: "t".into(), key: key.into(), print: [print; 16] }, commands }
}

fn void(id: &str) -> Command {
    Command::Void { tenant: "t".into(), source: "s".into(), id: id.into() }
}

fn told(answers: Vec<Answer>, again: bool) -> Answer {
    Answer::Once { answers, again }
}

#[test]
fn the_first_answers_are_given_again_also_after_a_replay() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    host.one(JANUARY_20, usage(call("1", "a", "2026-01-05T09:00:00Z"))); // 3
    let replace = |path: &str| {
        let record = call("1", "a", "2026-01-05T09:00:00Z").replace("\"/\"", &format!("\"{path}\""));
        Command::Replace { tenant: "t".into(), record }
    };
    let commands = vec![replace("/a"), void("1"), void("1"), usage(call("2", "nobody", "2026-01-05T09:00:00Z"))];
    let first = host.one(JANUARY_20, once("k", 1, commands.clone()));
    let Answer::Once { answers, again: false } = first else { panic!("{first:?}") };
    assert_eq!(answers[..2], [Answer::Accepted { seq: 4 }, Answer::Accepted { seq: 5 }]);
    assert!(matches!(&answers[2], Answer::Refused { code: "S016", .. }), "{answers:?}");
    assert!(matches!(&answers[3], Answer::Rejected { seq: 6, .. }), "{answers:?}");
    assert_eq!(host.log.len(), 7, "and what was answered");
    let mut again = host.replayed();
    assert_eq!(again.root(), host.machine.root());
    assert_eq!(host.one(JANUARY_20 + DAY - 1, once("k", 1, commands.clone())), told(answers.clone(), true));
    assert_eq!(host.log.len(), 7, "nothing is written");
    let decided = again.decide(8, JANUARY_20 + DAY - 1, &[once("k", 1, commands.clone())]).expect("decided");
    assert_eq!((decided.answers, decided.entries.len()), (vec![told(answers, true)], 0));
    let other = host.one(JANUARY_20, once("k", 2, vec![void("9")]));
    assert!(matches!(other, Answer::Refused { code: "S028", .. }), "{other:?}");
    // After a day the key is new.
    let later = host.one(JANUARY_20 + DAY, once("k", 2, vec![void("9")]));
    assert!(matches!(later, Answer::Once { again: false, .. }), "{later:?}");
    assert_eq!(host.replayed().root(), host.machine.root());
}

#[test]
fn a_key_counts_within_its_group_and_its_tenant() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    let event = || usage(call("1", "a", "2026-01-05T09:00:00Z"));
    let mut elsewhere = once("k", 2, vec![void("1")]);
    if let Command::Once { once, .. } = &mut elsewhere {
        once.tenant = "u".into();
    }
    let group =
        [event(), once("k", 1, vec![event(), event()]), event(), once("k", 1, vec![event(), event()]), elsewhere];
    let answers = host.decide(JANUARY_20, &group);
    let twice = vec![Answer::Duplicate { seq: 3 }, Answer::Duplicate { seq: 3 }];
    assert_eq!(answers[0], Answer::Accepted { seq: 3 });
    assert_eq!(answers[1], told(twice.clone(), false));
    assert_eq!((&answers[2], &answers[3]), (&Answer::Duplicate { seq: 3 }, &told(twice, true)));
    assert!(matches!(&answers[4], Answer::Once { again: false, .. }), "{:?}", answers[4]);
    assert_eq!(host.replayed().root(), host.machine.root());
}

#[test]
fn equal_events_of_one_request_count_once() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    let event = || usage(call("1", "a", "2026-01-05T09:00:00Z"));
    let first = host.one(JANUARY_20, once("k", 1, vec![event(), event()]));
    assert_eq!(first, told(vec![Answer::Accepted { seq: 3 }, Answer::Duplicate { seq: 3 }], false));
    assert_eq!(host.total("a", "2026-01-05"), "1");
}

#[test]
fn a_reject_is_sent_again_once() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    let rejected = host.one(JANUARY_20, usage(call("1", "b", "2026-01-05T09:00:00Z")));
    let Answer::Rejected { seq, .. } = rejected else { panic!("{rejected:?}") };
    let retry = |record: Option<String>| Command::Retry { tenant: "t".into(), reject: seq, record };
    let mended = call("1", "a", "2026-01-05T09:00:00Z");
    assert!(matches!(host.one(JANUARY_20, retry(None)), Answer::Rejected { .. }));
    let accepted = host.one(JANUARY_20, once("k", 1, vec![retry(Some(mended.clone()))]));
    assert_eq!(
        host.one(JANUARY_20, once("k", 1, vec![retry(Some(mended))])),
        match accepted {
            Answer::Once { answers, again: false } => told(answers, true),
            other => panic!("{other:?}"),
        }
    );
    let unknown = Command::Retry { tenant: "t".into(), reject: 1, record: None };
    assert!(matches!(host.one(JANUARY_20, unknown), Answer::Refused { code: "S003", .. }));
}

#[test]
fn long_messages_are_cut_the_first_time_too() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    let named = call("1", "a", "2026-01-05T09:00:00Z").replace("request", &"ä".repeat(2_000));
    let first = host.one(JANUARY_20, once("k", 1, vec![usage(named.clone())]));
    let Answer::Once { answers, .. } = first else { panic!("{first:?}") };
    assert!(matches!(&answers[0], Answer::Rejected { message, .. } if message.len() < 1_100), "{answers:?}");
    assert_eq!(host.one(JANUARY_20, once("k", 1, vec![usage(named)])), told(answers, true));
}

#[test]
fn what_strikes_by_itself_has_no_key() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    let inner = vec![once("k", 1, Vec::new()), Command::Tick, Command::Look];
    let Answer::Once { answers, .. } = host.one(JANUARY_20, once("k", 1, inner)) else { panic!("it is carried out") };
    assert!(answers.iter().all(|answer| matches!(answer, Answer::Refused { code: "S010", .. })), "{answers:?}");
    assert_eq!(host.replayed().root(), host.machine.root());
}
