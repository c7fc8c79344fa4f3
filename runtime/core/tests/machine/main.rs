//! The machine as a host sees it.

// Helpers of one test binary: their names say what they are.
#![allow(missing_docs)]

mod billing;
mod corrections;
mod crash;
mod drafts;
mod enforce;
mod erasure;
mod ingest;
mod knowledge;
mod notify;
mod once;
mod openmeter;
mod path;
mod replay;

use price_core::{Answer, Command, Machine, Once, Subscribed};
use price_driver::{MemoryWorld, Workspace, artefact};
use price_interp::InterpFactory;
use price_ir::Invoice;
use price_sim::{Rng, SimClock, SimDisk};
use price_store::index::{Index, Keys, Options};
use std::sync::{Arc, LazyLock};

/// A plan whose invoices depend on no order.
pub const CALLS: &str = "use std.units (call)
use std.currencies (USD)

event request { path: text }
meter calls = count of request in calls

plan api {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-even to cents
  price calls on calls {
    graduated per call {
      up to 3 calls $1.00
      beyond $0.50
    }
  }
  late events accepted for 3 days then next period
}
";

/// A plan with a level: events of an account are folded in the order in which they happened.
pub const LEVELS: &str = "use std.units (byte, GB, GB-month)
use std.currencies (USD)

event capacity { bytes: level byte }
meter storage = average of capacity.bytes in GB-month
meter peak = max of capacity.bytes in GB

plan disk {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-even to cents
  price storage on storage = $0.10 per GB-month
  price peak on peak = $0.01 per GB
  late events accepted for 3 days then next period
}
";

/// A day in microseconds.
pub const DAY: i64 = 86_400_000_000;
/// 2026-01-20T00:00:00Z in microseconds.
pub const JANUARY_20: i64 = 1_768_867_200_000_000;

pub fn compiled(source: &str, name: &str) -> Vec<u8> {
    let world = MemoryWorld::new().with("plan.price", source);
    let workspace = Workspace::load(&world, &["plan.price".to_owned()]).expect("it loads");
    let subject = workspace.subject(Some(name)).expect("the plan is there");
    let compiled = workspace.compile(&subject).unwrap_or_else(|error| panic!("{error:?}"));
    artefact(&compiled).expect("it can be written")
}

/// A machine with the log that a host would keep.
pub struct Host {
    pub machine: Machine,
    /// Kind, time and bytes of each entry.
    pub log: Vec<(u16, i64, Vec<u8>)>,
}

pub fn machine() -> Machine {
    let keys = Keys::new([7; 32]);
    let disk = Arc::new(SimDisk::new(Rng::new(1), SimClock::at(0)));
    let index = Index::open(disk, &keys, Options::default(), 0).expect("an empty index");
    Machine::new(Arc::new(InterpFactory), index, keys)
}

impl Host {
    pub fn empty() -> Host {
        Host { machine: machine(), log: Vec::new() }
    }

    /// A host with a plan and accounts on it.
    pub fn with(source: &str, plan: &str, accounts: &[&str]) -> Host {
        let mut host = Host::empty();
        let artefact = compiled(source, plan);
        host.one(0, Command::Publish { tenant: "t".into(), artefact });
        for account in accounts {
            let (account, plan) = ((*account).to_owned(), plan.to_owned());
            let subscription = Subscribed { account, plan, from: None, until: None, pool: None };
            let answer = host.one(0, Command::Subscribe { tenant: "t".into(), subscription });
            assert!(matches!(answer, Answer::Accepted { .. }), "{answer:?}");
        }
        host
    }

    pub fn decide(&mut self, at: i64, commands: &[Command]) -> Vec<Answer> {
        let first = self.log.len() as u64 + 1;
        let decided = self.machine.decide(first, at, commands).expect("the index answers");
        assert_eq!(decided.answers.len(), commands.len());
        self.log.extend(decided.entries.into_iter().map(|(kind, bytes)| (kind, at, bytes)));
        decided.answers
    }

    pub fn one(&mut self, at: i64, command: Command) -> Answer {
        self.decide(at, &[command]).remove(0)
    }

    pub fn invoice(&mut self, subject: &str, day: &str) -> Invoice {
        let day = day.parse().expect("a date");
        self.machine.invoice("t", subject, day).expect("it is billed").invoice
    }

    /// The total of an invoice as text.
    pub fn total(&mut self, subject: &str, day: &str) -> String {
        self.invoice(subject, day).total.to_string()
    }

    /// A machine made from the log alone.
    pub fn replayed(&self) -> Machine {
        let mut machine = machine();
        for (at, (kind, recorded_at, payload)) in self.log.iter().enumerate() {
            let frame = price_store::frame::Frame {
                seq: at as u64 + 1,
                shard: 0,
                kind: *kind,
                recorded_at: *recorded_at,
                prev_hash: [0; 16],
                lag: 0,
                erased: false,
                payload,
            };
            machine.replay(&frame).expect("it can be replayed");
        }
        machine.settle().expect("it can be settled");
        machine
    }
}

pub fn usage(record: String) -> Command {
    Command::Usage { tenant: "t".into(), record, set: None }
}

pub fn call(id: &str, account: &str, time: &str) -> String {
    format!(r#"{{"source":"s","id":"{id}","type":"request","account":"{account}","time":"{time}","path":"/"}}"#)
}

pub fn level(id: &str, account: &str, time: &str, gb: u64) -> String {
    let bytes = gb * 1_000_000_000;
    format!(r#"{{"source":"s","id":"{id}","type":"capacity","account":"{account}","time":"{time}","bytes":{bytes}}}"#)
}

/// Makes commands of every kind, many of which are refused.
pub struct Maker {
    pub source: &'static str,
    pub plan: &'static str,
    levels: bool,
}

impl Maker {
    pub fn new(rng: &mut Rng) -> Maker {
        let levels = rng.chance(500);
        let (source, plan) = if levels { (LEVELS, "disk") } else { (CALLS, "api") };
        Maker { source, plan, levels }
    }

    pub fn group(&self, rng: &mut Rng) -> Vec<Command> {
        let one = |_| match rng.below(8) {
            0 => {
                // Some keys come again, with the same request or with another.
                let (key, print) = (rng.below(20).to_string(), [rng.below(2) as u8; 16]);
                let commands = (0..rng.between(1, 4)).map(|_| self.command(rng)).collect();
                Command::Once { once: Once { tenant: "t".into(), key, print }, commands }
            }
            _ => self.command(rng),
        };
        (0..4).map(one).collect()
    }

    fn command(&self, rng: &mut Rng) -> Command {
        let id = rng.below(80).to_string();
        let account = ["a", "b", "nobody"][rng.below(3) as usize];
        let time = format!("2026-{:02}-{:02}T{:02}:00:00Z", rng.between(1, 4), rng.between(1, 28), rng.below(24));
        let record = if self.levels { level(&id, account, &time, rng.below(90)) } else { call(&id, account, &time) };
        let tenant = || String::from("t");
        match rng.below(12) {
            0 => Command::Void { tenant: tenant(), source: "s".into(), id },
            1 => Command::Replace { tenant: tenant(), record },
            2 => Command::Usage { tenant: tenant(), record, set: Some("set".into()) },
            3 if rng.chance(200) => Command::Revert { tenant: tenant(), set: "set".into() },
            4 if rng.chance(200) => Command::Publish { tenant: tenant(), artefact: second(self.levels).clone() },
            5 => usage(record.replace("2026-", "20x6-")),
            _ => usage(record),
        }
    }
}

/// Another version of a plan, compiled once.
fn second(levels: bool) -> &'static Vec<u8> {
    static CALLS_2: LazyLock<Vec<u8>> = LazyLock::new(|| compiled(&CALLS.replace("$0.50", "$0.25"), "api"));
    static LEVELS_2: LazyLock<Vec<u8>> = LazyLock::new(|| compiled(&LEVELS.replace("$0.01", "$0.02"), "disk"));
    if levels { &LEVELS_2 } else { &CALLS_2 }
}

/// The first version of a plan, compiled once.
pub fn first(levels: bool) -> &'static Vec<u8> {
    static CALLS_1: LazyLock<Vec<u8>> = LazyLock::new(|| compiled(CALLS, "api"));
    static LEVELS_1: LazyLock<Vec<u8>> = LazyLock::new(|| compiled(LEVELS, "disk"));
    if levels { &LEVELS_1 } else { &CALLS_1 }
}
