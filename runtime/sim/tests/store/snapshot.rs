//! Checkpoints survive crashes as a whole; damage falls back and is told.

use price_sim::run::{Found, World, all};
use price_sim::{Faults, Rng};
use price_store::StoreError;
use price_store::disk::Disk;
use price_store::snapshot::{Blobs, Snapshot, Snapshots, Stand};
use std::sync::Arc;

fn stand(seq: u64) -> Stand {
    Stand { applied_seq: seq, root: *blake(seq).first_chunk().expect("32 bytes") }
}

fn blake(seq: u64) -> Vec<u8> {
    Rng::new(seq).bytes(32)
}

/// Writes checkpoints until something fails; every state that was ever written is in `states`,
/// and the number of the last acknowledged is returned.
fn work(
    snapshots: &mut Snapshots,
    rng: &mut Rng,
    states: &mut Vec<Snapshot>,
    acked: &mut usize,
) -> Result<(), StoreError> {
    let mut blobs: Blobs = states[*acked].blobs.clone();
    for _ in 0..rng.between(1, 12) {
        let mut changed = Blobs::new();
        for _ in 0..rng.below(5) {
            let len = rng.below(900) as usize;
            changed.insert(format!("blob {}", rng.below(9)).into_bytes(), rng.bytes(len));
        }
        let removed: Vec<Vec<u8>> =
            blobs.keys().filter(|name| !changed.contains_key(*name) && rng.chance(100)).cloned().collect();
        blobs.retain(|name, _| !removed.contains(name));
        blobs.extend(changed.clone());
        let stand = stand(states.len() as u64);
        states.push(Snapshot { stand, blobs: blobs.clone() });
        let tried = states.len() - 1;
        if snapshots.wants_whole() || rng.chance(200) {
            snapshots.write(stand, &blobs)?;
        } else {
            snapshots.write_changes(stand, &changed, &removed)?;
        }
        *acked = tried;
    }
    Ok(())
}

fn empty() -> Snapshot {
    Snapshot { stand: stand(0), blobs: Blobs::new() }
}

pub fn crashes(world: &mut World) -> Found {
    let mut states = vec![empty()];
    let mut acked = 0;
    for _ in 0..world.rng.between(1, 5) {
        let mut faults = Faults { stop_at: world.rng.between(1, 80), ..Faults::default() };
        match world.rng.below(6) {
            0 => faults.write_error = 30,
            1 => faults.sync_error = 30,
            2 => faults.capacity = world.rng.between(4, 30) << 10,
            3 => faults.stop_in_flush = 100,
            _ => {}
        }
        world.disk.set_faults(faults);
        if let Ok((mut snapshots, ..)) = Snapshots::open(Arc::new(world.disk.clone())) {
            let _ = work(&mut snapshots, &mut world.rng, &mut states, &mut acked);
        }
        world.disk.set_faults(Faults::default());
        if world.rng.chance(200) {
            world.disk.kill()
        } else {
            world.disk.power_loss()
        }
        let (_, found, unusable) = Snapshots::open(Arc::new(world.disk.clone())).map_err(|e| e.to_string())?;
        if !unusable.is_empty() {
            return Err(format!("after a crash there is {unusable:?}"));
        }
        let found = found.unwrap_or_else(empty);
        let seq = found.stand.applied_seq as usize;
        if seq < acked {
            return Err(format!("checkpoint {acked} was written, and {seq} is found"));
        }
        if found != states[seq] {
            return Err(format!("checkpoint {seq} holds something else"));
        }
        acked = seq;
    }
    Ok(())
}

pub fn damage(world: &mut World) -> Found {
    let (mut states, mut acked) = (vec![empty()], 0);
    let disk = world.disk.clone();
    let open = || Snapshots::open(Arc::new(disk.clone())).map_err(|e| e.to_string());
    work(&mut open()?.0, &mut world.rng, &mut states, &mut acked).map_err(|e| e.to_string())?;
    let names = disk.list().map_err(|e| e.to_string())?;
    let name = &names[world.rng.below(names.len() as u64) as usize];
    let size = disk.contents(name).unwrap_or_default().len() as u64;
    let byte = world.rng.below(size);
    if world.rng.chance(700) {
        disk.flip(name, byte, world.rng.below(8) as u8);
    } else {
        disk.scribble(name, byte, &world.rng.bytes(200));
    }
    let (mut snapshots, found, unusable) = open()?;
    let newest = found.unwrap_or_else(empty);
    if newest != states[newest.stand.applied_seq as usize] {
        return Err(format!("with {name} damaged, something else is found"));
    }
    if newest.stand.applied_seq < acked as u64 && unusable.is_empty() {
        return Err("nobody is told of the damage".into());
    }
    // Work goes on from what was found.
    acked = newest.stand.applied_seq as usize;
    work(&mut snapshots, &mut world.rng, &mut states, &mut acked).map_err(|e| e.to_string())?;
    let (_, found, unusable) = open()?;
    let found = found.unwrap_or_else(empty);
    if found != states[acked] || !unusable.is_empty() {
        return Err(format!("after new checkpoints {} is found, {unusable:?}", found.stand.applied_seq));
    }
    Ok(())
}

#[test]
fn a_checkpoint_that_was_written_is_found_after_any_crash() {
    all(0..1500, crashes);
}

#[test]
fn a_damaged_checkpoint_falls_back() {
    all(0..1500, damage);
}
