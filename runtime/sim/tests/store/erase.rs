//! Something is erased from a log that goes on, beside crashes and backups.

use crate::log::{Kept, group, options, read, salt};
use price_sim::run::{Found, World, all};
use price_sim::{Faults, Rng, SimDisk};
use price_store::log::{Log, Manifest, Options, durable, erase, erased_through, export, restore, said_erased, verify};
use price_store::{Entry, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What stands in place of what was erased.
fn gone(payload: &[u8]) -> Vec<u8> {
    vec![b' '; payload.len()]
}

/// What the log holds, and what is to be erased from it.
#[derive(Default)]
struct Model {
    kept: Vec<Kept>,
    durable: u64,
    /// By entry: whether its segment was said to be done.
    asked: BTreeMap<u64, bool>,
}

impl Model {
    /// What a log that is made of a backup holds. Only a whole one has to be without what was erased.
    fn restored(&self, backup: &SimDisk, target: SimDisk, options: Options, whole: bool) -> Found {
        let said = |e: StoreError| e.to_string();
        if Manifest::read(backup).map_err(said)?.segments.is_empty() {
            // Nothing was known to be durable.
            return Ok(());
        }
        restore(backup, &target).map_err(said)?;
        verify(&target).map_err(said)?;
        let restored = Log::open(Arc::new(target.clone()), options).map_err(said)?;
        if restored.durable() > self.durable {
            return Err("the backup holds more than the log".into());
        }
        self.compare(&read(&restored, 1)?, restored.durable(), whole)?;
        verify(&target).map(drop).map_err(said)
    }

    fn compare(&self, found: &[Kept], entries: u64, whole: bool) -> Found {
        if found.len() as u64 != entries {
            return Err(format!("{} entries are found, and {entries} were kept", found.len()));
        }
        for ((seq, found), kept) in (1..).zip(found).zip(&self.kept) {
            let asked = self.asked.get(&seq);
            let erased = found.payload == gone(&kept.payload) && asked.is_some();
            if whole && asked == Some(&true) && !erased {
                return Err(format!("entry {seq} was erased, and is there"));
            }
            if found != kept && !erased {
                return Err(format!("entry {seq} is another"));
            }
        }
        Ok(())
    }
}

fn append(world: &mut World, log: &mut Log, model: &mut Model) -> Result<(), StoreError> {
    for _ in 0..world.rng.between(1, 12) {
        let mut group = group(&mut world.rng, world.clock.now());
        // What was never written looks like nothing, and what was erased is spaces.
        group.iter_mut().for_each(Kept::no_zeros);
        let appended = log.append(&group.iter().map(Kept::entry).collect::<Vec<Entry<'_>>>());
        if !matches!(appended, Err(StoreError::NoRoom { .. })) {
            model.kept.extend(group);
        }
        appended?;
    }
    model.durable = log.sync()?;
    Ok(())
}

fn erases(rng: &mut Rng, disk: &SimDisk, log: &mut Log, model: &mut Model) -> Result<(), StoreError> {
    let wanted = (0..rng.between(1, 6)).map(|_| rng.between(1, model.durable.max(2) - 1)).collect::<Vec<_>>();
    log.seal()?;
    let sealed = log.sealed().to_vec();
    model.asked.extend(
        wanted.iter().filter(|seq| !model.asked.contains_key(seq)).map(|seq| (*seq, false)).collect::<Vec<_>>(),
    );
    for segment in sealed {
        let asked = model.asked.clone();
        let mut redact =
            |frame: &price_store::frame::Frame<'_>| asked.contains_key(&frame.seq).then(|| gone(frame.payload));
        if let Some(erased) = erase(disk, &segment, &mut redact)? {
            log.renew(erased);
        }
        let of = segment.first_seq..segment.last_seq + 1;
        model.asked.range_mut(of).for_each(|(_, done)| *done = true);
    }
    said_erased(disk, log.durable())
}

/// After a crash every entry is what it was, or what it became; and what was said to be erased is.
pub fn crashes(world: &mut World) -> Found {
    let said = |e: StoreError| e.to_string();
    let options = options(&mut world.rng);
    let disk = world.disk.clone();
    let salt = salt(&mut world.rng);
    let mut log = Log::create(Arc::new(disk.clone()), salt, options).map_err(said)?;
    let (mut model, backup) = (Model::default(), world.another_disk());
    for _ in 0..world.rng.between(1, 5) {
        append(world, &mut log, &mut model).map_err(said)?;
        let mut faults = Faults { stop_at: world.rng.between(1, 150), ..Faults::default() };
        match world.rng.below(6) {
            0 => faults.sync_error = 30,
            1 => faults.capacity = world.rng.between(20, 400) << 10,
            2 | 3 => faults.stop_in_flush = 80,
            _ => {}
        }
        let crash = world.rng.chance(600);
        if crash {
            disk.set_faults(faults);
        }
        let done = erases(&mut world.rng, &disk, &mut log, &mut model);
        disk.set_faults(Faults::default());
        if done.is_ok() && erased_through(&disk).map_err(said)? != log.durable() {
            return Err("how far it was erased is not remembered".into());
        }
        if !crash {
            done.map_err(said)?;
            model.compare(&read(&log, 1)?, model.durable, true)?;
            let mut payload = Vec::new();
            for seq in 1..=log.durable() {
                log.entries().read(seq, &mut payload).map_err(said)?;
                let kept = &model.kept[seq as usize - 1].payload;
                if payload != if model.asked.contains_key(&seq) { gone(kept) } else { kept.clone() } {
                    return Err(format!("entry {seq} is another by itself"));
                }
            }
        }
        let chain = log.chain();
        drop(log);
        if world.rng.chance(700) {
            world.disk.power_loss()
        } else {
            world.disk.kill()
        }
        log = Log::open(Arc::new(disk.clone()), options).map_err(said)?;
        if log.durable() != model.durable || (!crash && log.chain() != chain) {
            return Err(format!("it goes on at {}, and {} were durable", log.durable(), model.durable));
        }
        model.compare(&read(&log, 1)?, model.durable, true)?;
        let verified = verify(&disk).map_err(said)?;
        if verified.chain != log.chain() {
            return Err("the chain is another".into());
        }
        if world.rng.chance(400) {
            // A backup that breaks off is the one of before, or some of both.
            backup.set_faults(Faults { stop_at: world.rng.between(1, 40), ..Faults::default() });
            let _ = export(&disk, &durable(&disk, None).map_err(said)?, &backup);
            backup.set_faults(Faults::default());
            backup.power_loss();
            let target = world.another_disk();
            model.restored(&backup, target, options, false)?;
        }
        export(&disk, &durable(&disk, None).map_err(said)?, &backup).map_err(said)?;
        let target = world.another_disk();
        model.restored(&backup, target, options, true)?;
    }
    Ok(())
}

#[test]
fn what_is_erased_is_gone_and_the_rest_is_as_it_was() {
    all(0..800, crashes);
}
