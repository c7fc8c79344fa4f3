//! Crashes anywhere: what was acknowledged is there, and nothing else but whole groups before it.

use price_sim::run::{Found, World, all};
use price_sim::{Faults, Rng, SimDisk};
use price_store::log::{Log, Options, Preparer, repair, verify};
use price_store::{Entry, StoreError};
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug)]
pub struct Kept {
    shard: u16,
    kind: u16,
    at: i64,
    pub payload: Vec<u8>,
}

impl Kept {
    /// Without zeros, so that no sector of it looks as if it was never written.
    pub fn no_zeros(&mut self) {
        self.payload.iter_mut().for_each(|b| *b = (*b).max(1));
    }

    pub fn entry(&self) -> Entry<'_> {
        Entry { shard: self.shard, kind: self.kind, recorded_at: self.at, payload: &self.payload }
    }
}

/// What the log must hold.
#[derive(Default)]
pub struct Model {
    pub kept: Vec<Kept>,
    /// Ends of groups.
    pub ends: Vec<u64>,
    /// Acknowledged.
    pub durable: u64,
}

pub fn group(rng: &mut Rng, now: i64) -> Vec<Kept> {
    let large = rng.chance(100);
    let zeros = rng.chance(50);
    let n = if large { rng.between(1, 2) } else { rng.between(1, 12) };
    let entry = |_| {
        let len = if large { rng.between(500, 2500) } else { rng.below(300) } as usize;
        let payload = if zeros { vec![0; len] } else { rng.bytes(len).into_iter().map(|b| b.max(1)).collect() };
        Kept { shard: rng.below(4) as u16, kind: rng.below(9) as u16, at: now, payload }
    };
    (0..n).map(entry).collect()
}

pub fn options(rng: &mut Rng) -> Options {
    Options { segment_bytes: 4096 * rng.between(3, 8), at_least: 0 }
}

/// All entries from `from` on, as the log tells them.
pub fn read(log: &Log, from: u64) -> Result<Vec<Kept>, String> {
    let mut scan = log.scan(from).map_err(|e| e.to_string())?;
    let (mut out, mut seq) = (Vec::new(), from.max(1));
    while let Some(group) = scan.next().map_err(|e| e.to_string())? {
        for frame in group.frames() {
            if frame.seq != seq {
                return Err(format!("event {} is read where {seq} belongs", frame.seq));
            }
            seq += 1;
            let (shard, kind, at, payload) = (frame.shard, frame.kind, frame.recorded_at, frame.payload.to_vec());
            out.push(Kept { shard, kind, at, payload });
        }
    }
    Ok(out)
}

fn faults(rng: &mut Rng) -> Faults {
    let mut faults = Faults { stop_at: rng.between(1, 250), slow_micros: 50, ..Faults::default() };
    match rng.below(8) {
        0 => faults.write_error = 20,
        1 => faults.sync_error = 30,
        2 => faults.read_error = 50,
        3 => faults.capacity = rng.between(10, 200) << 10,
        4 | 5 => faults.stop_in_flush = 50,
        _ => {}
    }
    faults
}

/// The log after a crash, or none where it was never made.
fn again(disk: &SimDisk, rng: &mut Rng, options: Options) -> Result<Log, String> {
    match Log::open(Arc::new(disk.clone()), options) {
        Ok(log) => Ok(log),
        Err(StoreError::Missing) => {
            Log::create(Arc::new(disk.clone()), salt(rng), options).map_err(|e| format!("creating: {e}"))
        }
        Err(e) => Err(format!("opening: {e}")),
    }
}

pub fn salt(rng: &mut Rng) -> [u8; 16] {
    let mut salt = [0; 16];
    salt.copy_from_slice(&rng.bytes(16));
    salt
}

fn recovered(log: &Log, model: &mut Model) -> Found {
    ends_well(log, model)?;
    if read(log, 1)? != model.kept {
        return Err("the log holds something else than was appended".into());
    }
    Ok(())
}

fn ends_well(log: &Log, model: &mut Model) -> Found {
    let last = log.durable();
    if last < model.durable {
        return Err(format!("event {} was acknowledged, and the log ends at {last}", model.durable));
    }
    if last > 0 && !model.ends.contains(&last) {
        return Err(format!("the log ends at {last}, inside of a group"));
    }
    model.kept.truncate(last as usize);
    model.ends.retain(|end| *end <= last);
    model.durable = last;
    Ok(())
}

/// Works until something fails or nothing is left to do.
fn work(log: &mut Log, preparer: &Preparer, world: &mut World, model: &mut Model) -> Result<(), StoreError> {
    for _ in 0..world.rng.between(1, 60) {
        match world.rng.below(20) {
            0..9 => {
                let group = group(&mut world.rng, world.clock.now());
                let before = model.kept.len();
                let entries: Vec<Entry<'_>> = group.iter().map(Kept::entry).collect();
                let result = log.append(&entries);
                if !matches!(result, Err(StoreError::NoRoom { .. })) {
                    // Also after a failure: the group may be found again or not.
                    model.kept.extend(group.iter().cloned());
                    model.ends.push(model.kept.len() as u64);
                    let range = result?;
                    assert_eq!(range, before as u64 + 1..model.kept.len() as u64 + 1);
                }
            }
            9..16 => model.durable = log.sync()?,
            16 => model.durable = log.mark()?,
            17 => drop(preparer.prepare()),
            18 if world.rng.chance(500) => match log.seal() {
                Ok(()) | Err(StoreError::NoRoom { .. }) => model.durable = log.durable(),
                Err(e) => return Err(e),
            },
            _ => {
                let from = world.rng.below(model.durable + 2);
                if let Ok(found) = read(log, from) {
                    let expected = model.kept[from.max(1) as usize - 1..log.durable() as usize].to_vec();
                    assert_eq!(found.len(), expected.len(), "a scan sees what is durable");
                    assert!(found == expected, "a scan reads what was appended");
                    model.durable = log.durable();
                }
            }
        }
    }
    Ok(())
}

pub fn crashes(world: &mut World) -> Found {
    let options = options(&mut world.rng);
    let mut model = Model::default();
    for _ in 0..world.rng.between(1, 5) {
        world.disk.set_faults(faults(&mut world.rng));
        if let Ok(mut log) = again(&world.disk.clone(), &mut world.rng, options) {
            ends_well(&log, &mut model)?;
            let preparer = log.preparer();
            if let Err(e) = work(&mut log, &preparer, world, &mut model) {
                // A log that failed says the same again; what it acknowledges now would count.
                match log.sync() {
                    Ok(durable) => model.durable = durable,
                    Err(again) if again.to_string() == e.to_string() => {}
                    Err(_) if !matches!(e, StoreError::Fatal(_)) => {}
                    Err(again) => return Err(format!("first `{e}`, then `{again}`")),
                }
            }
        }
        let disk = world.disk.clone();
        disk.set_faults(Faults::default());
        if world.rng.chance(300) {
            // The process dies, starts, is served from the cache, and then the power fails.
            disk.kill();
            let log = again(&disk, &mut world.rng, options)?;
            recovered(&log, &mut model)?;
            if world.rng.chance(500) {
                // The power stays on and the work goes on.
                continue;
            }
        }
        disk.power_loss();
        let log = again(&disk, &mut world.rng, options)?;
        recovered(&log, &mut model)?;
        let verified = verify(&disk).map_err(|e| format!("verifying: {e}"))?;
        if (verified.last_seq, verified.chain, verified.torn_bytes) != (log.durable(), log.chain(), 0) {
            return Err(format!("verify says {verified:?}"));
        }
        if repair(&disk).map_err(|e| e.to_string())?.is_some() {
            return Err("repair found something to mend".into());
        }
    }
    Ok(())
}

#[test]
fn what_was_acknowledged_survives_any_crash() {
    all(0..2000, crashes);
}

#[test]
fn a_seed_replays() {
    let end = |seed| {
        let mut world = World::new(seed);
        crashes(&mut world).expect("a seed that passes");
        (world.rng.number(), world.disk.draw(u64::MAX), world.clock.now())
    };
    assert!((0..50).all(|seed| end(seed) == end(seed)));
}
