//! What is erased is gone, and nothing else is another.

use crate::{DAY, Host, JANUARY_20, Maker, call, compiled, usage};
use price_core::erasure::What;
use price_core::{Answer, Command, Once, Subscribed};
use price_ingest::Fate;
use price_sim::Rng;
use price_store::frame::Frame;

fn erase(what: What) -> Command {
    Command::Erase { tenant: "t".into(), what, reason: "asked by the person".into() }
}

fn account(name: &str) -> What {
    What::Account(name.into())
}

impl Host {
    /// Does in the log what a host does in its files.
    fn carry_out(&mut self) {
        for pending in self.machine.pending_erasures() {
            for (at, (kind, recorded_at, payload)) in self.log.iter_mut().enumerate() {
                let (seq, kind, recorded_at) = (at as u64 + 1, *kind, *recorded_at);
                let (prev_hash, lag, erased) = ([0; 16], 0, false);
                let frame = Frame { seq, shard: 0, kind, recorded_at, prev_hash, lag, erased, payload };
                if let Some(without) = pending.redact(&frame) {
                    assert_eq!(without.len(), payload.len(), "entry {seq}");
                    let again = pending.redact(&Frame { payload: &without, ..frame });
                    assert!(again.is_none_or(|again| again == without), "entry {seq} is another a second time");
                    *payload = without;
                }
            }
        }
    }

    /// Whether the log has a text anywhere.
    fn holds(&self, text: &str) -> bool {
        self.log.iter().any(|(_, _, payload)| payload.windows(text.len()).any(|part| part == text.as_bytes()))
    }

    fn texts(&self, account: &str) -> Vec<String> {
        self.machine.recorded("t", account, None, 100).into_iter().map(|of| of.record).collect()
    }
}

fn secret(id: &str, account: &str, path: &str) -> String {
    call(id, account, "2026-01-05T09:00:00Z").replace("\"/\"", &format!("\"{path}\""))
}

#[test]
fn what_nothing_reads_is_gone_from_everywhere() {
    let mut host = Host::with(crate::CALLS, "api", &["a", "b"]);
    let once = Once { tenant: "t".into(), key: "k".into(), print: [1; 16] };
    let misfit = secret("3", "a", "/ada/lovelace").replace("\"path\"", "\"pith\"");
    host.one(JANUARY_20, usage(secret("1", "a", "/ada/lovelace")));
    host.one(JANUARY_20, usage(secret("2", "b", "/ada/lovelace/too")));
    host.one(JANUARY_20, Command::Once { once, commands: vec![usage(misfit)] });
    host.one(JANUARY_20, Command::Replace { tenant: "t".into(), record: secret("1", "a", "/ada/lovelace/again") });
    let before = (host.invoice("a", "2026-01-15"), host.invoice("b", "2026-01-15"));
    let Answer::Accepted { seq } = host.one(JANUARY_20, erase(account("a"))) else { panic!("it is erased") };
    // At once for everybody who asks, whatever the files hold.
    assert!(host.texts("a").iter().all(|text| text.contains("\"path\":\"\"")), "{:?}", host.texts("a"));
    assert!(host.texts("b")[0].contains("lovelace"), "another account");
    let path = host.machine.path("t", "s", "1");
    assert!(!format!("{path:?}").contains("lovelace"), "{path:?}");
    let rejects = host.machine.rejects("t", 0, 10);
    assert_eq!((rejects.len(), rejects[0].record.as_str(), rejects[0].message.as_str()), (1, "{}", ""));
    let again = Command::Retry { tenant: "t".into(), reject: rejects[0].seq, record: None };
    assert!(matches!(host.one(JANUARY_20, again), Answer::Refused { code: "S003", .. }));
    assert_eq!(before, (host.invoice("a", "2026-01-15"), host.invoice("b", "2026-01-15")));
    let view = &host.machine.erasures("t")[0];
    assert_eq!((view.seq, view.events, view.said.fields["request"]["path"]), (seq, 2, Fate::Text));
    let old = host.replayed();
    assert!(host.holds("/ada/lovelace\""));
    host.carry_out();
    assert!(host.holds("/ada/lovelace/too") && !host.holds("/ada/lovelace\"") && !host.holds("/ada/lovelace/again"));
    assert!(!host.holds("pith"), "what was refused, and why");
    let new = host.replayed();
    assert_eq!((host.machine.root(), old.root()), (new.root(), new.root()));
}

#[test]
fn an_erased_event_that_comes_again_is_the_same() {
    let mut host = Host::with(crate::CALLS, "api", &["a", "b"]);
    let first = secret("1", "a", "/ada");
    let Answer::Accepted { seq } = host.one(JANUARY_20, usage(first.clone())) else { panic!("it fits") };
    host.one(JANUARY_20, usage(secret("2", "b", "/b")));
    host.one(JANUARY_20, erase(What::Event { source: "s".into(), id: "1".into() }));
    host.carry_out();
    let mut again = host.replayed();
    let next = host.log.len() as u64 + 1;
    let sent = [first, secret("1", "a", ""), secret("1", "b", "/other"), secret("2", "b", "/other")].map(usage);
    let one = host.machine.decide(next, JANUARY_20 + DAY, &sent).expect("decided");
    let other = again.decide(next, JANUARY_20 + DAY, &sent).expect("decided");
    assert_eq!(one, other, "what was replayed from erased files decides the same");
    assert_eq!(one.answers[..3], [const { Answer::Duplicate { seq: 0 } }; 3].map(|_| Answer::Duplicate { seq }));
    assert!(matches!(one.answers[3], Answer::Conflict { .. }), "an event that was not erased");
    assert_eq!(host.machine.root(), again.root());
}

#[test]
fn what_is_not_there_is_not_erased() {
    let mut host = Host::with(crate::CALLS, "api", &["a"]);
    let none =
        [account("nobody"), What::Event { source: "s".into(), id: "9".into() }, What::Reject(99), What::Reject(1)];
    for what in none {
        let answer = host.one(JANUARY_20, erase(what.clone()));
        assert!(matches!(answer, Answer::Refused { code: "S037", .. }), "{what:?}: {answer:?}");
    }
    let long = Command::Erase { tenant: "t".into(), what: account("a"), reason: "x".repeat(2_000) };
    assert!(matches!(host.one(JANUARY_20, long), Answer::Refused { code: "S010", .. }));
    assert!(host.machine.erasures("t").is_empty());
}

#[test]
fn what_any_version_reads_stays() {
    let source = "use std.units (call)
use std.currencies (USD)

event request { path: text optional, user: text, device: text optional, size: number, fast: flag, note: text }
meter calls = count of request where path = \"/paid\" in calls
meter users = unique of request.user in calls

plan api {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-even to cents
  price calls on calls = $1.00 per call
  price users on users = $1.00 per call
  late events accepted for 3 days then next period
}
";
    let mut host = Host::empty();
    let artefact = compiled(source, "api");
    host.one(0, Command::Publish { tenant: "t".into(), artefact });
    let subscription = Subscribed { account: "a".into(), plan: "api".into(), from: None, until: None, pool: None };
    host.one(0, Command::Subscribe { tenant: "t".into(), subscription });
    let record = r#"{"specversion":"1.0","source":"s","id":"1","type":"request","subject":"a","time":"2026-01-05T09:00:00Z","mail":"ada@example.com","data":{"path":"/paid","user":"ada","device":"ada's","size":7,"fast":false,"note":"ada!"}}"#;
    assert!(matches!(host.one(JANUARY_20, usage(record.into())), Answer::Accepted { .. }));
    host.one(JANUARY_20, erase(account("a")));
    let left = r#"{"specversion":"1.0","source":"s","id":"1","type":"request","subject":"a","time":"2026-01-05T09:00:00Z","data":{"path":"/paid","user":"ada","size":0,"fast":true,"note":""}}"#;
    assert_eq!(host.texts("a"), [left]);
    let root = host.machine.root();
    host.carry_out();
    assert_eq!(host.replayed().root(), root);
    // A version that reads what is gone finds it empty, and so does a replay.
    let artefact = compiled(&source.replace("request.user", "request.note"), "api");
    host.one(JANUARY_20, Command::Publish { tenant: "t".into(), artefact });
    assert_eq!(host.machine.root(), host.replayed().root());
}

#[test]
fn histories_with_erasures_are_replayed_to_the_same_state() {
    for seed in 0..40 {
        let mut rng = Rng::new(seed);
        let maker = Maker::new(&mut rng);
        let mut host = Host::with(maker.source, maker.plan, &["a", "b"]);
        let mut at = JANUARY_20;
        for _ in 0..40 {
            at += rng.below(2 * DAY as u64) as i64;
            let mut group = maker.group(&mut rng);
            if rng.chance(250) {
                group.push(erase(match rng.below(3) {
                    0 => account(["a", "b", "nobody"][rng.below(3) as usize]),
                    1 => What::Event { source: "s".into(), id: rng.below(80).to_string() },
                    _ => What::Reject(rng.between(1, host.log.len() as u64)),
                }));
            }
            host.decide(at, &group);
            if rng.chance(200) {
                let mut other = Host { machine: host.replayed(), log: host.log.clone() };
                assert_eq!(host.machine.root(), other.machine.root(), "seed {seed}, files of before");
                other.carry_out();
                host = Host { machine: other.replayed(), log: other.log };
                assert_eq!(host.machine.root(), other.machine.root(), "seed {seed}, files of after");
                host.machine.erased(host.log.len() as u64);
            }
        }
    }
}
