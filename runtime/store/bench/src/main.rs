//! The log, the index and the checkpoints against general stores, in one run on one directory.
//!
//! `cargo run --release -- DIRECTORY [EVENTS]`. Prints ratios that mean something and absolute
//! figures that do not; nothing tests them.

use fjall::{Database, KeyspaceCreateOptions, PersistMode};
use price_store::Entry;
use price_store::disk::FileDisk;
use price_store::index::{Hit, Index, Keys, Probe};
use price_store::log::{Log, Options, verify};
use price_store::snapshot::{Snapshots, Stand};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const BATCH: usize = 1000;
const PAYLOAD: usize = 200;
const TABLE: redb::TableDefinition<&[u8], &[u8]> = redb::TableDefinition::new("table");

/// A number that looks like chance.
fn mix(n: u64) -> u64 {
    let z = (n.wrapping_add(0x9E37_79B9_7F4A_7C15) ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB)
}

fn payload(n: u64) -> Vec<u8> {
    (0..PAYLOAD as u64 / 8).flat_map(|i| mix(n * 64 + i).to_le_bytes()).collect()
}

fn key(n: u64) -> [u8; 16] {
    let mut out = [0; 16];
    out[..8].copy_from_slice(&mix(n).to_le_bytes());
    out[8..].copy_from_slice(&mix(!n).to_le_bytes());
    out
}

/// Time that this thread was on a processor, whatever else the machine did.
fn on_processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0))
}

/// Bytes that the process sent to the disk so far.
fn written() -> u64 {
    let text = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    line.and_then(|n| n.parse().ok()).unwrap_or(0)
}

struct Row {
    name: &'static str,
    took: Duration,
    batches: Vec<Duration>,
    bytes: u64,
}

fn timed(name: &'static str, events: u64, mut batch: impl FnMut(u64) -> Result<()>) -> Result<Row> {
    let (start, before) = (Instant::now(), written());
    let mut batches = Vec::new();
    for first in (0..events).step_by(BATCH) {
        let now = Instant::now();
        batch(first)?;
        batches.push(now.elapsed());
    }
    batches.sort_unstable();
    Ok(Row { name, took: start.elapsed(), batches, bytes: written() - before })
}

fn show(events: u64, rows: &[Row]) {
    println!("{:<34} {:>12} {:>9} {:>9} {:>9} {:>7}", "", "events/s", "p50 us", "p99 us", "MB", "ratio");
    let first = rows[0].took.as_micros().max(1);
    for row in rows {
        let at = |permille: usize| row.batches[(row.batches.len() - 1) * permille / 1000].as_micros();
        let rate = u128::from(events) * 1_000_000 / row.took.as_micros().max(1);
        let tenths = row.took.as_micros() * 10 / first;
        println!(
            "{:<34} {:>12} {:>9} {:>9} {:>9} {:>5}.{}",
            row.name,
            rate,
            at(500),
            at(990),
            row.bytes / 1_000_000,
            tenths / 10,
            tenths % 10
        );
    }
    println!();
}

fn fresh(dir: &Path, name: &str) -> Result<PathBuf> {
    let dir = dir.join(name);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir)?;
    Ok(dir)
}

fn ours(dir: &Path, events: u64, with_index: bool) -> Result<Row> {
    let disk = Arc::new(FileDisk::open(&fresh(dir, "log")?)?);
    let mut log = Log::create(disk, [1; 16], Options::default())?;
    let keys = Keys::new([2; 32]);
    let index_disk = Arc::new(FileDisk::open(&fresh(dir, "index")?)?);
    let mut index = Index::open(index_disk, &keys, Default::default(), 0)?;
    let name = if with_index { "log + event index" } else { "log" };
    timed(name, events, |first| {
        let payloads: Vec<Vec<u8>> = (first..first + BATCH as u64).map(payload).collect();
        let entries: Vec<Entry<'_>> =
            payloads.iter().map(|payload| Entry { shard: 0, kind: 1, recorded_at: 0, payload }).collect();
        if with_index {
            for (n, payload) in (first..).zip(&payloads) {
                let id = key(n);
                let hit = Hit { seq: n + 1, payload_hash: keys.payload_hash(payload) };
                assert_eq!(index.admit(keys.key(b"tenant", b"source", &id), hit)?, Probe::New);
            }
        }
        log.append(&entries)?;
        log.sync()?;
        Ok(())
    })
}

fn fjall_row(dir: &Path, events: u64, with_index: bool) -> Result<Row> {
    let db = Database::builder(fresh(dir, "fjall")?).open()?;
    let log = db.keyspace("log", KeyspaceCreateOptions::default)?;
    let index = db.keyspace("index", KeyspaceCreateOptions::default)?;
    timed(if with_index { "fjall, log + key index" } else { "fjall, one table" }, events, |first| {
        let mut batch = db.batch().durability(Some(PersistMode::SyncData));
        for n in first..first + BATCH as u64 {
            if with_index {
                assert!(index.get(key(n))?.is_none());
                batch.insert(&index, key(n), n.to_be_bytes());
            }
            batch.insert(&log, n.to_be_bytes(), payload(n));
        }
        Ok(batch.commit()?)
    })
}

fn redb_row(dir: &Path, events: u64) -> Result<Row> {
    let db = redb::Database::create(fresh(dir, "redb")?.join("db"))?;
    timed("redb, one table", events, |first| {
        let write = db.begin_write()?;
        {
            let mut table = write.open_table(TABLE)?;
            for n in first..first + BATCH as u64 {
                table.insert(&n.to_be_bytes()[..], &payload(n)[..])?;
            }
        }
        Ok(write.commit()?)
    })
}

fn reading(dir: &Path, events: u64) -> Result<()> {
    let now = Instant::now();
    let disk = Arc::new(FileDisk::open(&dir.join("log"))?);
    let log = Log::open(disk.clone(), Options::default())?;
    let opened = now.elapsed();
    let each = |from: Duration| (on_processor() - from).as_nanos() / u128::from(events);
    let from = on_processor();
    let mut scan = log.scan(1)?;
    let mut count = 0;
    while let Some(group) = scan.next()? {
        count += group.frames().map(|frame| u64::from(frame.payload.len() == PAYLOAD)).sum::<u64>();
    }
    assert_eq!(count, events);
    let scanned = each(from);
    let from = on_processor();
    verify(disk.as_ref())?;
    println!(
        "open {} ms; on the processor: scan {scanned} ns/event, verify {} ns/event\n",
        opened.as_millis(),
        each(from)
    );
    Ok(())
}

/// Keys that an index has in many sealed runs, and keys that it has not.
fn probing(dir: &Path, events: u64) -> Result<()> {
    let keys = Keys::new([2; 32]);
    let disk = Arc::new(FileDisk::open(&fresh(dir, "index")?)?);
    let mut index = Index::open(disk, &keys, Default::default(), 0)?;
    let id = |n: u64| keys.key(b"tenant", b"source", &key(n));
    let (mut sealing, mut merging) = (Duration::ZERO, Duration::ZERO);
    for n in 0..events {
        index.admit(id(n), Hit { seq: n + 1, payload_hash: 0 })?;
        if (n + 1).is_multiple_of(events / 20) {
            let now = Instant::now();
            let job = index.seal().ok_or("a job")?;
            index.adopt(job.run(n + 1)?)?;
            sealing += now.elapsed();
            let now = Instant::now();
            while let Some(job) = index.merge() {
                index.adopt(job.run(n + 1)?)?;
                merging += now.elapsed();
            }
        }
    }
    let probes = 200_000.min(events);
    let now = Instant::now();
    for n in 0..probes {
        assert!(index.find(id(events + n), u64::MAX)?.is_none());
    }
    let absent = now.elapsed();
    let now = Instant::now();
    for n in 0..probes {
        assert!(index.find(id(mix(n) % events), u64::MAX)?.is_some());
    }
    println!(
        "index of {events}: seal {} ns/event, merge {} ns/event, absent key {} ns, present key {} ns\n",
        sealing.as_nanos() / u128::from(events),
        merging.as_nanos() / u128::from(events),
        absent.as_nanos() / u128::from(probes),
        now.elapsed().as_nanos() / u128::from(probes)
    );
    Ok(())
}

const BLOBS: u64 = 200_000;
const DIRTY: u64 = 10_000;
const ROUNDS: u64 = 20;

fn blob(n: u64, round: u64) -> Vec<u8> {
    (0..32).flat_map(|i| mix(n * 4096 + round * 64 + i).to_le_bytes()).collect()
}

/// Blobs that changed in a round: one of twenty, anywhere.
fn dirty(round: u64) -> impl Iterator<Item = u64> {
    (0..DIRTY).map(move |i| mix(round * DIRTY + i) % BLOBS)
}

fn checkpoints(dir: &Path) -> Result<()> {
    println!("checkpoints of {BLOBS} blobs of 256 B, {DIRTY} changed each time, {ROUNDS} times");
    let report = |name: &str, first: Duration, rest: Duration, bytes: u64, load: Duration| {
        let each = rest.as_micros() / u128::from(ROUNDS);
        println!(
            "{name:<34} first {:>6} ms, then {each:>8} us and {:>5} kB each, load {:>6} ms",
            first.as_millis(),
            bytes / ROUNDS / 1000,
            load.as_millis()
        );
    };
    let stand = |applied_seq| Stand { applied_seq, root: [0; 32] };
    {
        let disk = Arc::new(FileDisk::open(&fresh(dir, "snapshots")?)?);
        let (mut snapshots, ..) = Snapshots::open(disk.clone())?;
        let now = Instant::now();
        snapshots.write(stand(0), (0..BLOBS).map(|n| (n.to_be_bytes(), blob(n, 0))))?;
        let first = now.elapsed();
        let (now, before) = (Instant::now(), written());
        for round in 1..=ROUNDS {
            let changed = dirty(round).map(|n| (n.to_be_bytes(), blob(n, round)));
            snapshots.write_changes(stand(round), changed, std::iter::empty::<[u8; 8]>())?;
        }
        let (rest, bytes) = (now.elapsed(), written() - before);
        let now = Instant::now();
        let mut slab: Vec<Vec<u8>> = vec![Vec::new(); BLOBS as usize];
        let (_, found, _) = Snapshots::open_into(disk, &mut |name, bytes| {
            let place = name.try_into().map_or(0, u64::from_be_bytes) as usize;
            slab[place] = bytes.unwrap_or_default().to_vec();
        })?;
        assert!(found.is_some() && slab.iter().all(|blob| blob.len() == 256));
        report("checkpoint files", first, rest, bytes, now.elapsed());
    }
    {
        let path = fresh(dir, "redb")?.join("db");
        let db = redb::Database::create(&path)?;
        let write = |blobs: &mut dyn Iterator<Item = (u64, Vec<u8>)>| -> Result<()> {
            let write = db.begin_write()?;
            {
                let mut table = write.open_table(TABLE)?;
                for (n, blob) in blobs {
                    table.insert(&n.to_be_bytes()[..], &blob[..])?;
                }
            }
            Ok(write.commit()?)
        };
        let now = Instant::now();
        write(&mut (0..BLOBS).map(|n| (n, blob(n, 0))))?;
        let first = now.elapsed();
        let (now, before) = (Instant::now(), written());
        for round in 1..=ROUNDS {
            write(&mut dirty(round).map(|n| (n, blob(n, round))))?;
        }
        let (rest, bytes) = (now.elapsed(), written() - before);
        drop(db);
        let now = Instant::now();
        let db = redb::Database::open(&path)?;
        let read = redb::ReadableDatabase::begin_read(&db)?;
        let mut blobs = std::collections::BTreeMap::new();
        for row in redb::ReadableTable::iter(&read.open_table(TABLE)?)? {
            let (name, blob) = row?;
            blobs.insert(name.value().to_vec(), blob.value().to_vec());
        }
        assert_eq!(blobs.len() as u64, BLOBS);
        report("redb", first, rest, bytes, now.elapsed());
    }
    {
        let path = fresh(dir, "fjall")?;
        let (first, rest, bytes);
        {
            let db = Database::builder(&path).open()?;
            let table = db.keyspace("blobs", KeyspaceCreateOptions::default)?;
            let write = |blobs: &mut dyn Iterator<Item = (u64, Vec<u8>)>| -> Result<()> {
                let mut batch = db.batch().durability(Some(PersistMode::SyncData));
                blobs.for_each(|(n, blob)| batch.insert(&table, n.to_be_bytes(), blob));
                Ok(batch.commit()?)
            };
            let now = Instant::now();
            write(&mut (0..BLOBS).map(|n| (n, blob(n, 0))))?;
            first = now.elapsed();
            let (now, before) = (Instant::now(), written());
            for round in 1..=ROUNDS {
                write(&mut dirty(round).map(|n| (n, blob(n, round))))?;
            }
            (rest, bytes) = (now.elapsed(), written() - before);
        }
        let now = Instant::now();
        let db = Database::builder(&path).open()?;
        let table = db.keyspace("blobs", KeyspaceCreateOptions::default)?;
        let mut blobs = std::collections::BTreeMap::new();
        for row in table.iter() {
            let (name, blob) = row.into_inner()?;
            blobs.insert(name.to_vec(), blob.to_vec());
        }
        assert_eq!(blobs.len() as u64, BLOBS);
        report("fjall", first, rest, bytes, now.elapsed());
    }
    Ok(())
}

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let dir = PathBuf::from(words.next().ok_or("a directory to measure in")?);
    let events: u64 = words.next().map_or(Ok(1_000_000), |word| word.parse())?;
    let rows = [ours(&dir, events, true)?, fjall_row(&dir, events, true)?];
    show(events, &rows);
    let rows = [ours(&dir, events, false)?, fjall_row(&dir, events, false)?, redb_row(&dir, events)?];
    show(events, &rows);
    reading(&dir, events)?;
    probing(&dir, 4 * events)?;
    checkpoints(&dir)?;
    for name in ["log", "index", "fjall", "redb", "snapshots"] {
        let _ = std::fs::remove_dir_all(dir.join(name));
    }
    Ok(())
}
