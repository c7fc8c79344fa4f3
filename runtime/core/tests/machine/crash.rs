//! The machine on a log whose disk loses what was not flushed: whatever was acknowledged is there
//! afterwards, and the state is that of the entries that are there.

use crate::{JANUARY_20, Maker, first, machine};
use price_core::{Answer, Command, Machine, Subscribed};
use price_sim::disk::Faults;
use price_sim::run::{Found, World, all};
use price_store::Entry;
use price_store::log::{Log, Options};
use std::collections::BTreeMap;
use std::sync::Arc;

const OPTIONS: Options = Options { segment_bytes: 1 << 20, at_least: 0 };

/// The commands that every history begins with.
fn beginning(maker: &Maker) -> Vec<Command> {
    let tenant = || String::from("t");
    let mut commands = vec![Command::Publish { tenant: tenant(), artefact: first(maker.plan == "disk").clone() }];
    for account in ["a", "b"] {
        let (account, plan) = (account.to_owned(), maker.plan.to_owned());
        let subscription = Subscribed { account, plan, from: None, until: None, pool: None };
        commands.push(Command::Subscribe { tenant: tenant(), subscription });
    }
    commands
}

/// A machine from what a log holds.
fn reopened(log: &Log) -> Result<Machine, String> {
    let mut machine = machine();
    let mut scan = log.scan(1).map_err(|e| e.to_string())?;
    while let Some(group) = scan.next().map_err(|e| e.to_string())? {
        for frame in group.frames() {
            machine.replay(&frame).map_err(|e| e.to_string())?;
        }
    }
    machine.settle().map_err(|e| e.to_string())?;
    Ok(machine)
}

fn run(world: &mut World) -> Found {
    let maker = Maker::new(&mut world.rng);
    let disk = Arc::new(world.disk.clone());
    let mut log = Log::create(disk.clone(), [3; 16], OPTIONS).map_err(|e| e.to_string())?;
    let mut state = machine();
    // The root after each entry that ended a group, and the last entry that was acknowledged.
    let mut roots: BTreeMap<u64, [u8; 32]> = BTreeMap::from([(0, state.root())]);
    let mut acknowledged = 0;
    let mut accepted: Vec<u64> = Vec::new();
    let mut at = JANUARY_20;
    let mut unsent = Some(beginning(&maker));
    for _ in 0..world.rng.between(2, 4) {
        let faults = Faults {
            stop_at: world.rng.between(1, 120),
            sync_error: if world.rng.chance(200) { 20 } else { 0 },
            ..Faults::default()
        };
        world.disk.set_faults(faults);
        for _ in 0..40 {
            at += 3_600_000_000;
            // A client that got no answer sends the same again.
            let commands = unsent.take().unwrap_or_else(|| maker.group(&mut world.rng));
            let decided = state.decide(log.next_seq(), at, &commands).map_err(|e| e.to_string())?;
            unsent = Some(commands);
            let entries: Vec<Entry<'_>> = decided
                .entries
                .iter()
                .map(|(kind, payload)| Entry { shard: 0, kind: *kind, recorded_at: at, payload })
                .collect();
            let Ok(range) = log.append(&entries) else { break };
            if !range.is_empty() {
                roots.insert(range.end - 1, state.root());
            }
            let Ok(durable) = log.sync() else { break };
            acknowledged = durable;
            accepted.extend(decided.answers.iter().filter_map(|answer| match answer {
                Answer::Accepted { seq } => Some(*seq),
                _ => None,
            }));
            unsent = None;
        }
        drop(log);
        world.disk.set_faults(Faults::default());
        if world.rng.chance(700) {
            world.disk.power_loss()
        } else {
            world.disk.kill()
        }
        log = Log::open(disk.clone(), OPTIONS).map_err(|e| format!("after a crash: {e}"))?;
        let last = log.durable();
        if last < acknowledged {
            return Err(format!("entry {acknowledged} was acknowledged, and {last} is the last"));
        }
        if let Some(lost) = accepted.iter().find(|seq| **seq > last) {
            return Err(format!("entry {lost} was acknowledged and is lost"));
        }
        state = reopened(&log)?;
        match roots.get(&last) {
            Some(root) if *root == state.root() => {}
            Some(_) => return Err(format!("the state after entry {last} is another one")),
            None => return Err(format!("entry {last} ends no group")),
        }
        roots.retain(|seq, _| *seq <= last);
    }
    Ok(())
}

#[test]
fn what_is_acknowledged_survives_every_crash() {
    all(0..80, run);
}
