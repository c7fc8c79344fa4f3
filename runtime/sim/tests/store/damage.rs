//! Bits that change and sectors that vanish: noticed, or without consequence.

use crate::log::{Kept, group, options, read, salt};
use price_sim::SimDisk;
use price_sim::run::{Found, World, all};
use price_store::log::{Log, Manifest, Options, export, repair, restore, verify};
use price_store::{Entry, StoreError};
use std::sync::Arc;

/// A log of some groups, all flushed.
fn build(world: &mut World, mark: bool) -> Result<(Vec<Kept>, Options), StoreError> {
    let options = options(&mut world.rng);
    let mut log = Log::create(Arc::new(world.disk.clone()), salt(&mut world.rng), options)?;
    let mut kept = Vec::new();
    for _ in 0..world.rng.between(1, 40) {
        let mut group = group(&mut world.rng, world.clock.now());
        group.iter_mut().for_each(Kept::no_zeros);
        log.append(&group.iter().map(Kept::entry).collect::<Vec<Entry<'_>>>())?;
        kept.extend(group);
        if world.rng.chance(700) {
            log.sync()?;
        }
        if world.rng.chance(50) {
            log.mark()?;
        }
    }
    log.sync()?;
    if mark {
        log.mark()?;
    }
    Ok((kept, options))
}

/// What an operator gets from the log: everything, or an error that says what to do.
enum Answer {
    Whole(Vec<Kept>),
    Refused(StoreError),
}

fn ask(disk: &SimDisk, options: Options) -> Result<Answer, String> {
    match Log::open(Arc::new(disk.clone()), options) {
        Err(e @ (StoreError::Damaged { .. } | StoreError::Foreign { .. })) => Ok(Answer::Refused(e)),
        Err(e) => Err(format!("opening: {e}")),
        Ok(log) => {
            let mut scan = log.scan(1).map_err(|e| e.to_string())?;
            loop {
                match scan.next() {
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(e @ StoreError::Damaged { .. }) => return Ok(Answer::Refused(e)),
                    Err(e) => return Err(format!("scanning: {e}")),
                }
            }
            Ok(Answer::Whole(read(&log, 1)?))
        }
    }
}

fn segment(world: &mut World) -> (String, u64) {
    use price_store::disk::Disk;
    let names: Vec<String> =
        world.disk.list().unwrap_or_default().into_iter().filter(|n| n.ends_with(".seg")).collect();
    let name = names[world.rng.below(names.len() as u64) as usize].clone();
    let bytes = world.disk.contents(&name).unwrap_or_default();
    (name, bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last as u64 + 1))
}

pub fn flips(world: &mut World) -> Found {
    let mark = world.rng.chance(500);
    let (kept, options) = build(world, mark).map_err(|e| e.to_string())?;
    let (name, used) = segment(world);
    let (byte, bit) = (world.rng.below(used), world.rng.below(8) as u8);
    world.disk.flip(&name, byte, bit);
    let verified = verify(&world.disk.clone());
    match ask(&world.disk.clone(), options)? {
        Answer::Whole(found) if found == kept => Ok(()),
        Answer::Whole(found) if kept.starts_with(&found) => {
            Err(format!("bit {bit} of byte {byte} of {name}: {} of {} events are left", found.len(), kept.len()))
        }
        Answer::Whole(_) => Err(format!("bit {bit} of byte {byte} of {name}: other events are read")),
        Answer::Refused(e) => {
            if verified.is_ok() {
                return Err(format!("verify sees nothing, but: {e}"));
            }
            mended(world, &kept, options)
        }
    }
}

/// After a repair the log opens with a first part, and the rest is told.
fn mended(world: &mut World, kept: &[Kept], options: Options) -> Found {
    let disk = world.disk.clone();
    let lost = match repair(&disk) {
        Ok(Some(lost)) => lost,
        Ok(None) => return Err("repair sees no damage".into()),
        Err(StoreError::Foreign { .. }) => return Ok(()),
        Err(e) => return Err(format!("repairing: {e}")),
    };
    let found = match Log::open(Arc::new(disk.clone()), options) {
        Ok(log) => read(&log, 1)?,
        Err(StoreError::Missing) if lost.last_seq == 0 => Vec::new(),
        Err(e) => return Err(format!("opening after a repair: {e}")),
    };
    if found != kept[..lost.last_seq as usize] {
        return Err("a repaired log holds something else than was appended".into());
    }
    if lost.readable.iter().any(|seq| *seq <= lost.last_seq) || lost.files.is_empty() {
        return Err(format!("a repair says {lost:?}"));
    }
    match repair(&disk) {
        Ok(None) | Err(StoreError::Missing) => Ok(()),
        other => Err(format!("a second repair: {other:?}")),
    }
}

fn vanished(world: &mut World) -> Found {
    let (kept, options) = build(world, true).map_err(|e| e.to_string())?;
    let (name, used) = segment(world);
    let from = world.rng.below(used) / 512 * 512;
    let bytes = if world.rng.chance(500) { 512 } else { 4096 };
    world.disk.zero(&name, from, bytes);
    // A mark of 96 bytes ends the last segment. What vanished together with the end of the log
    // cannot be told from what was never written.
    let with_end = from + bytes > used.saturating_sub(96);
    match ask(&world.disk.clone(), options)? {
        Answer::Whole(found) if found == kept || (with_end && kept.starts_with(&found)) => Ok(()),
        Answer::Whole(_) => Err(format!("{bytes} bytes of {name} vanished at {from} of {used}, unnoticed")),
        Answer::Refused(_) => mended(world, &kept, options),
    }
}

/// A block lands in another place, or is replaced by noise.
fn misplaced(world: &mut World) -> Found {
    let (kept, options) = build(world, true).map_err(|e| e.to_string())?;
    let (name, used) = segment(world);
    let (from, from_used) = segment(world);
    let grain = if world.rng.chance(500) { 512 } else { 4096 };
    let noise = world.rng.chance(300);
    let at = world.rng.below(used) / 512 * 512;
    let source = world.rng.below(from_used) / 512 * 512;
    let bytes = match noise {
        true => world.rng.bytes(grain),
        false => world.disk.contents(&from).unwrap_or_default().into_iter().skip(source as usize).take(grain).collect(),
    };
    world.disk.scribble(&name, at, &bytes);
    let with_end = at + grain as u64 > used.saturating_sub(96);
    match ask(&world.disk.clone(), options)? {
        Answer::Whole(found) if found == kept || (with_end && kept.starts_with(&found)) => Ok(()),
        Answer::Whole(_) => Err(format!("{grain} bytes landed in {name} at {at} of {used}, unnoticed")),
        Answer::Refused(_) => mended(world, &kept, options),
    }
}

#[test]
fn no_misplaced_block_of_a_log_gives_a_wrong_answer() {
    all(0..700, misplaced);
}

#[test]
fn no_changed_bit_of_a_log_gives_a_wrong_answer() {
    all(0..1500, flips);
}

#[test]
fn no_vanished_sector_of_a_log_gives_a_wrong_answer() {
    all(0..700, vanished);
}

fn backups(world: &mut World) -> Found {
    let said = |e: StoreError| e.to_string();
    let (kept, options) = build(world, false).map_err(said)?;
    let mut log = Log::open(Arc::new(world.disk.clone()), options).map_err(said)?;
    let backup = world.another_disk();
    if world.rng.chance(500) {
        export(&world.disk, log.sealed(), &backup).map_err(said)?;
    }
    log.seal().map_err(said)?;
    export(&world.disk, log.sealed(), &backup).map_err(said)?;
    let manifest = Manifest::read(&backup).map_err(said)?;
    if world.rng.chance(300) {
        let seq = world.rng.below(kept.len() as u64 + 1);
        let forgotten = log.forget(&manifest, seq).map_err(said)?;
        let first = log.first_seq();
        let log = Log::open(Arc::new(world.disk.clone()), options).map_err(said)?;
        verify(&world.disk).map_err(said)?;
        if first > seq + 1 || log.first_seq() != first || read(&log, first)? != kept[first as usize - 1..] {
            return Err(format!("after {forgotten} segments were removed, something else is there"));
        }
    }
    let damaged = world.rng.chance(500);
    if damaged {
        let name = manifest.segments[world.rng.below(manifest.segments.len() as u64) as usize].file();
        let size = backup.contents(&name).unwrap_or_default().len() as u64;
        backup.flip(&name, world.rng.below(size), 3);
    }
    let target = world.another_disk();
    match restore(&backup, &target) {
        Err(StoreError::Backup { .. }) if damaged => match Log::open(Arc::new(target), options) {
            Err(StoreError::Backup { .. }) => Ok(()),
            _ => Err("half a restore is taken for a log".into()),
        },
        Ok(last) if !damaged && last as usize == kept.len() => {
            let mut log = Log::open(Arc::new(target.clone()), options).map_err(said)?;
            if read(&log, 1)? != kept {
                return Err("a restored log holds something else".into());
            }
            log.append(&[Entry { shard: 0, kind: 1, recorded_at: 0, payload: b"more" }]).map_err(said)?;
            log.sync().map_err(said)?;
            verify(&target).map_err(said)?;
            Ok(())
        }
        other => Err(format!("restoring says {other:?}")),
    }
}

#[test]
fn a_backup_is_restored_whole_or_refused() {
    all(0..200, backups);
}
