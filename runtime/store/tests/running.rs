//! The log of a process that writes it, as another one sees it.

use price_store::disk::{Disk, FileDisk, ReadDisk};
use price_store::log::{self, Log, Manifest, durable, export, restore, verify, verify_running};
use price_store::{Entry, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

const OPTIONS: log::Options = log::Options { segment_bytes: 64 << 10, at_least: 0 };

fn append(log: &mut Log, texts: &[String]) {
    let entries: Vec<Entry<'_>> =
        texts.iter().map(|text| Entry { shard: 0, kind: 1, recorded_at: 5, payload: text.as_bytes() }).collect();
    log.append(&entries).expect("room");
}

fn texts(from: u64, count: u64) -> Vec<String> {
    (from..from + count).map(|seq| format!("event {seq}").repeat(1 + seq as usize % 30)).collect()
}

fn payloads(disk: Arc<dyn Disk>) -> Vec<String> {
    let log = Log::open(disk, OPTIONS).expect("a log");
    let mut scan = log.scan(1).expect("a scan");
    let mut out = Vec::new();
    while let Some(group) = scan.next().expect("a log that is whole") {
        out.extend(group.frames().map(|frame| String::from_utf8_lossy(frame.payload).into_owned()));
    }
    out
}

struct Rig {
    _dirs: [tempfile::TempDir; 2],
    disk: Arc<FileDisk>,
    beside: ReadDisk,
    backup: FileDisk,
    log: Log,
}

fn rig() -> Rig {
    let dirs = [tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory")];
    let disk = Arc::new(FileDisk::open(dirs[0].path()).expect("a disk"));
    let log = Log::create(disk.clone(), [7; 16], OPTIONS).expect("a log");
    let beside = ReadDisk::new(dirs[0].path());
    let backup = FileDisk::open(dirs[1].path()).expect("a disk");
    Rig { _dirs: dirs, disk, beside, backup, log }
}

impl Rig {
    fn export(&self) -> Result<usize, StoreError> {
        export(&self.beside, &durable(&self.beside, None)?, &self.backup)
    }

    /// What a log that is made of the backup holds.
    fn restored(&self) -> Vec<String> {
        let dir = tempfile::tempdir().expect("a directory");
        let disk = Arc::new(FileDisk::open(dir.path()).expect("a disk"));
        restore(&self.backup, &*disk).expect("a restore");
        payloads(disk)
    }
}

#[test]
fn only_what_is_known_to_be_durable_is_copied() {
    let mut rig = rig();
    assert!(durable(&rig.beside, None).expect("a log").is_empty());
    append(&mut rig.log, &texts(1, 10));
    assert!(durable(&rig.beside, None).expect("a log").is_empty(), "it was not flushed");
    rig.log.sync().expect("a flush");
    append(&mut rig.log, &texts(11, 10));
    assert_eq!(rig.export().expect("an export"), 1);
    assert_eq!(rig.restored(), texts(1, 10), "the second group is not known to be durable");
    rig.log.mark().expect("a flush");
    assert_eq!(rig.export().expect("an export"), 1, "the copy is replaced by a longer one");
    assert_eq!(rig.restored(), texts(1, 20));
    assert_eq!(rig.export().expect("an export"), 0);
    for from in (21..1200).step_by(10) {
        append(&mut rig.log, &texts(from, 10));
        rig.log.sync().expect("a flush");
    }
    rig.log.mark().expect("a flush");
    assert!(rig.log.sealed().len() > 1);
    assert_eq!(rig.export().expect("an export"), rig.log.sealed().len() + 1);
    assert_eq!(rig.restored(), texts(1, 1200));
    assert_eq!(verify_running(&rig.beside, &|| ()).expect("a log").last_seq, 1200);
    assert!(rig.beside.create("x").is_err() && rig.beside.remove("lock").is_err());
}

#[test]
fn a_copy_that_broke_off_changes_nothing() {
    let mut rig = rig();
    append(&mut rig.log, &texts(1, 10));
    rig.log.mark().expect("a flush");
    rig.export().expect("an export");
    let segment = "log-0000000000000001.seg";
    rig.backup.create(&format!("{segment}.part")).expect("made").write_at(b"half", 0).expect("written");
    assert_eq!(rig.restored(), texts(1, 10));
    append(&mut rig.log, &texts(11, 10));
    rig.log.mark().expect("a flush");
    // As if it ended between the copy and the manifest.
    let manifest = Manifest::read(&rig.backup).expect("a manifest").to_text();
    rig.export().expect("an export");
    let file = rig.backup.create("manifest.txt").expect("made");
    file.write_at(manifest.as_bytes(), 0).expect("written");
    assert_eq!(rig.restored(), texts(1, 10), "the manifest of before, and a longer copy");
    assert_eq!(rig.export().expect("an export"), 1);
    assert_eq!(rig.restored(), texts(1, 20));
}

#[test]
fn a_log_that_went_another_way_is_not_mixed_with_its_backup() {
    let mut rig = rig();
    append(&mut rig.log, &texts(1, 10));
    rig.log.mark().expect("a flush");
    rig.export().expect("an export");
    // Another log of the same age in the same place.
    let mut other = self::rig();
    append(&mut other.log, &texts(101, 30));
    other.log.mark().expect("a flush");
    let refused = export(&other.beside, &durable(&other.beside, None).expect("a log"), &rig.backup);
    let said = refused.expect_err("it begins otherwise").to_string();
    assert!(said.contains("does not begin as what the backup already holds"), "{said}");
    assert_eq!(rig.restored(), texts(1, 10), "the backup is as it was");
}

#[test]
fn damage_is_damage_and_what_is_being_written_is_not() {
    let mut rig = rig();
    for from in [1, 11, 21] {
        append(&mut rig.log, &texts(from, 10));
        rig.log.sync().expect("a flush");
    }
    let place = rig.log.durable();
    append(&mut rig.log, &texts(31, 3));
    let file = rig.disk.open("log-0000000000000001.seg").expect("a segment");
    let mut bytes = vec![0; 64 << 10];
    file.read_at(&mut bytes, 0).expect("read");
    let end = bytes.iter().rposition(|b| *b != 0).expect("bytes") + 1;
    // Half of the last group, as a reader may see it, and then all of it.
    file.write_at(&[0; 60], end as u64 - 60).expect("written");
    file.write_at(&bytes[end - 20..end], end as u64 - 20).expect("written");
    let looked = AtomicU64::new(0);
    let found = verify_running(&rig.beside, &|| {
        if looked.fetch_add(1, SeqCst) == 3 {
            file.write_at(&bytes[end - 60..end], end as u64 - 60).expect("written");
        }
    });
    assert_eq!(found.expect("no damage").last_seq, place + 3);
    // A byte of the first group: no waiting makes it whole.
    file.write_at(b"!", 4096 + 50).expect("written");
    assert!(matches!(verify_running(&rig.beside, &|| ()), Err(StoreError::Damaged { good: 0, .. })));
    assert!(rig.export().is_err(), "it does not leave out in silence what is damaged");
}

#[test]
fn a_log_under_load_is_looked_at_and_copied() {
    let Rig { _dirs, disk, beside, backup, mut log } = rig();
    let done = AtomicBool::new(false);
    let written = std::thread::scope(|threads| {
        let writer = threads.spawn(|| {
            let mut next = 1;
            while !done.load(SeqCst) && next < 200_000 {
                append(&mut log, &texts(next, 7));
                log.sync().expect("a flush");
                next += 7;
            }
            log.mark().expect("a flush");
            next - 1
        });
        let mut last = 0;
        for _ in 0..30 {
            let found = verify_running(&beside, &std::thread::yield_now).expect("no damage");
            assert!(found.last_seq >= last);
            last = found.last_seq;
            export(&beside, &durable(&beside, Some(&std::thread::yield_now)).expect("a log"), &backup)
                .expect("an export");
        }
        done.store(true, SeqCst);
        writer.join().expect("it writes")
    });
    let held = Manifest::read(&backup).expect("a manifest").segments.last().map_or(0, |s| s.last_seq);
    let dir = tempfile::tempdir().expect("a directory");
    let back = Arc::new(FileDisk::open(dir.path()).expect("a disk"));
    assert_eq!(restore(&backup, &*back).expect("a restore"), held);
    assert_eq!(payloads(back), texts(1, held), "the log up to there");
    assert_eq!(verify(&*disk).expect("a log").last_seq, written);
}
