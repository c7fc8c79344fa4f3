//! Copies that are taken beside a log that is written, and then the power fails.

use crate::log::{Kept, group, options, read, salt};
use price_sim::run::{Found, World, all};
use price_store::log::{Log, Manifest, Options, durable, export, restore, verify, verify_running};
use price_store::{Entry, StoreError};
use std::sync::Arc;

fn write(world: &mut World, log: &mut Log, kept: &mut Vec<Kept>) -> Result<(), StoreError> {
    for _ in 0..world.rng.between(1, 25) {
        match world.rng.below(10) {
            0..5 => {
                let group = group(&mut world.rng, world.clock.now());
                log.append(&group.iter().map(Kept::entry).collect::<Vec<Entry<'_>>>())?;
                kept.extend(group);
            }
            5..8 => drop(log.sync()?),
            8 => drop(log.mark()?),
            _ => log.seal()?,
        }
    }
    Ok(())
}

/// A backup is a part of every log that may be left: the entries that it has, under their numbers.
pub fn copies(world: &mut World) -> Found {
    let said = |e: StoreError| e.to_string();
    let options: Options = options(&mut world.rng);
    let salt = salt(&mut world.rng);
    let mut log = Log::create(Arc::new(world.disk.clone()), salt, options).map_err(said)?;
    let backup = world.another_disk();
    let mut kept = Vec::new();
    for _ in 0..world.rng.between(1, 4) {
        for _ in 0..world.rng.between(1, 4) {
            write(world, &mut log, &mut kept).map_err(said)?;
            let copied = durable(&world.disk, Some(&|| ())).map_err(said)?;
            export(&world.disk, &copied, &backup).map_err(said)?;
            let found = verify_running(&world.disk, &|| ()).map_err(said)?;
            if found.last_seq < log.durable() {
                return Err(format!("it ends at {} beside, and {} is durable", found.last_seq, log.durable()));
            }
        }
        drop(log);
        if world.rng.chance(700) {
            world.disk.power_loss()
        } else {
            world.disk.kill()
        }
        log = Log::open(Arc::new(world.disk.clone()), options).map_err(said)?;
        kept.truncate(log.durable() as usize);
        let target = world.another_disk();
        if Manifest::read(&backup).map_err(said)?.segments.is_empty() {
            // Nothing was known to be durable.
            continue;
        }
        restore(&backup, &target).map_err(said)?;
        verify(&target).map_err(said)?;
        let restored = read(&Log::open(Arc::new(target), options).map_err(said)?, 1)?;
        if !kept.starts_with(&restored) {
            return Err(format!("the backup of {} is no part of the log of {}", restored.len(), kept.len()));
        }
    }
    Ok(())
}

#[test]
fn a_copy_is_a_part_of_every_log_that_may_be_left() {
    all(0..600, copies);
}
