//! The event index over a log that crashes: it answers what a map of the log would.

use crate::log::salt;
use price_sim::run::{Found, World, all};
use price_sim::{Faults, Rng, SimDisk};
use price_store::disk::Disk;
use price_store::index::{EventKey, Hit, Index, Keys, Options, Probe};
use price_store::log::{self, Log};
use price_store::{Entry, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An event as the log holds it: which id and which payload.
fn event(payload: &[u8], keys: &Keys) -> (EventKey, u32) {
    let (id, content) = payload.split_at(4);
    (keys.key(b"tenant", b"source", id), keys.payload_hash(content))
}

fn draw(rng: &mut Rng, ids: u64) -> Vec<u8> {
    let id = rng.below(ids) as u32;
    let content = if rng.chance(100) { 1 } else { 0 };
    [&id.to_le_bytes()[..], &[content]].concat()
}

/// What the index should know, in the obvious way.
#[derive(Default)]
struct Naive(BTreeMap<EventKey, Hit>);

impl Naive {
    fn admit(&mut self, key: EventKey, hit: Hit) -> Probe {
        match self.0.get(&key) {
            None => {
                self.0.insert(key, hit);
                Probe::New
            }
            Some(first) if first.payload_hash == hit.payload_hash => Probe::Duplicate(first.seq),
            Some(first) => Probe::Conflict(first.seq),
        }
    }
}

struct Setup {
    keys: Keys,
    options: Options,
    ids: u64,
    log_disk: SimDisk,
    log_options: log::Options,
}

impl Setup {
    fn of(world: &mut World) -> Result<(Setup, Log), StoreError> {
        let mut secret = [0; 32];
        secret.copy_from_slice(&world.rng.bytes(32));
        let options =
            Options { window_events: world.rng.between(5, 400) as usize, fan_in: world.rng.between(2, 4) as usize };
        let log_disk = world.another_disk();
        let log_options = log::Options { segment_bytes: 1 << 16, at_least: 0 };
        let log = Log::create(Arc::new(log_disk.clone()), salt(&mut world.rng), log_options)?;
        let ids = world.rng.between(10, 3000);
        Ok((Setup { keys: Keys::new(secret), options, ids, log_disk, log_options }, log))
    }

    fn log(&self) -> Result<Log, String> {
        Log::open(Arc::new(self.log_disk.clone()), self.log_options).map_err(|e| e.to_string())
    }

    fn index(&self, disk: &SimDisk, log: &Log) -> Result<Index, StoreError> {
        Index::open(Arc::new(disk.clone()), &self.keys, self.options, log.durable())
    }

    /// Offers the log from an event on, and compares every answer.
    fn replay(&self, log: &Log, index: &mut Index, from: u64) -> Result<Naive, String> {
        let mut naive = Naive::default();
        let said = |e: StoreError| e.to_string();
        let mut scan = log.scan(1).map_err(said)?;
        while let Some(group) = scan.next().map_err(said)? {
            for frame in group.frames() {
                let (key, payload_hash) = event(frame.payload, &self.keys);
                let hit = Hit { seq: frame.seq, payload_hash };
                let expected = naive.admit(key, hit);
                if frame.seq >= from {
                    let found = index.admit(key, hit).map_err(said)?;
                    if found != expected {
                        return Err(format!("event {}: the index says {found:?}, a map {expected:?}", frame.seq));
                    }
                }
            }
        }
        Ok(naive)
    }

    /// Every key, and as many that are not there.
    fn compare(&self, index: &Index, naive: &Naive) -> Found {
        for id in 0..2 * self.ids as u32 {
            let key = self.keys.key(b"tenant", b"source", &id.to_le_bytes());
            let found = index.find(key, u64::MAX).map_err(|e| e.to_string())?;
            if found != naive.0.get(&key).copied() {
                return Err(format!("id {id}: the index says {found:?}, a map {:?}", naive.0.get(&key)));
            }
        }
        Ok(())
    }
}

fn work(setup: &Setup, log: &mut Log, index: &mut Index, naive: &mut Naive, rng: &mut Rng) -> Result<(), StoreError> {
    let mut waiting = None;
    for _ in 0..rng.between(1, 60) {
        let group: Vec<Vec<u8>> = (0..rng.between(1, 40)).map(|_| draw(rng, setup.ids)).collect();
        let entries: Vec<Entry<'_>> =
            group.iter().map(|payload| Entry { shard: 0, kind: 1, recorded_at: 0, payload }).collect();
        let range = log.append(&entries)?;
        for (seq, payload) in range.zip(&group) {
            let (key, payload_hash) = event(payload, &setup.keys);
            let hit = Hit { seq, payload_hash };
            let found = index.admit(key, hit)?;
            assert_eq!(found, naive.admit(key, hit), "event {seq}");
        }
        if rng.chance(500) {
            log.sync()?;
        }
        if waiting.is_none() && index.wants_seal() {
            waiting = index.seal();
        }
        if let Some(job) = waiting.take_if(|job| job.ready(log.durable())) {
            index.adopt(job.run(log.durable())?)?;
        }
        if waiting.is_none()
            && rng.chance(300)
            && let Some(job) = index.merge()
        {
            index.adopt(job.run(log.durable())?)?;
        }
    }
    Ok(())
}

pub fn crashes(world: &mut World) -> Found {
    let said = |e: StoreError| e.to_string();
    let (setup, mut log) = Setup::of(world).map_err(said)?;
    for _ in 0..world.rng.between(1, 4) {
        let disk = world.disk.clone();
        disk.set_faults(Faults { stop_at: world.rng.between(1, 400), ..Faults::default() });
        setup.log_disk.set_faults(Faults { stop_at: world.rng.between(1, 400), ..Faults::default() });
        if let Ok(mut index) = setup.index(&disk, &log) {
            let from = index.through() + 1;
            if let Ok(mut naive) = setup.replay(&log, &mut index, from) {
                let _ = work(&setup, &mut log, &mut index, &mut naive, &mut world.rng);
            }
        }
        disk.power_loss();
        setup.log_disk.power_loss();
        log = setup.log()?;
        let mut index = setup.index(&disk, &log).map_err(said)?;
        // From a checkpoint, which may be older than the index.
        let from = world.rng.between(1, index.through() + 1);
        let naive = setup.replay(&log, &mut index, from)?;
        setup.compare(&index, &naive)?;
    }
    Ok(())
}

pub fn damage(world: &mut World) -> Found {
    let said = |e: StoreError| e.to_string();
    let (setup, mut log) = Setup::of(world).map_err(said)?;
    let disk = world.disk.clone();
    let mut index = setup.index(&disk, &log).map_err(said)?;
    work(&setup, &mut log, &mut index, &mut Naive::default(), &mut world.rng).map_err(said)?;
    log.sync().map_err(said)?;
    drop(index);
    let names = disk.list().map_err(|e| e.to_string())?;
    let name = &names[world.rng.below(names.len() as u64) as usize];
    let size = disk.contents(name).unwrap_or_default().len() as u64;
    let byte = world.rng.below(size);
    if world.rng.chance(700) {
        disk.flip(name, byte, world.rng.below(8) as u8);
    } else {
        disk.scribble(name, byte, &world.rng.bytes(600));
    }
    let answers = |index: &mut Index| -> Result<Found, StoreError> {
        let from = index.through() + 1;
        match setup.replay(&log, index, from) {
            Ok(naive) => Ok(setup.compare(index, &naive)),
            Err(problem) => Ok(Err(problem)),
        }
    };
    let told = |problem: &str| problem.contains("delete the event index");
    let found = setup.index(&disk, &log).and_then(|mut index| answers(&mut index));
    match found {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(problem)) if told(&problem) => {}
        Ok(Err(problem)) => return Err(format!("byte {byte} of {name}: {problem}")),
        Err(e) if told(&e.to_string()) => {}
        Err(e) => return Err(format!("byte {byte} of {name}: {e}")),
    }
    let mut index = Index::reset(Arc::new(disk), &setup.keys, setup.options).map_err(said)?;
    answers(&mut index).map_err(said)?
}

#[test]
fn the_index_agrees_with_a_map_after_any_crash() {
    all(0..400, crashes);
}

#[test]
fn a_damaged_index_is_noticed_and_rebuilt() {
    all(0..400, damage);
}
