//! The store on real files.

use price_store::disk::{Disk, FileDisk};
use price_store::index::{Hit, Index, Keys, Probe};
use price_store::log::{self, Log, export, restore, verify};
use price_store::snapshot::{Snapshots, Stand};
use price_store::{Entry, StoreError};
use std::io;
use std::sync::Arc;

const OPTIONS: log::Options = log::Options { segment_bytes: 16 << 10, at_least: 0 };

fn entry(payload: &[u8]) -> Entry<'_> {
    Entry { shard: 1, kind: 2, recorded_at: 3, payload }
}

fn payloads(log: &Log, from: u64) -> Vec<Vec<u8>> {
    let mut scan = log.scan(from).expect("a log that is well");
    let mut out = Vec::new();
    while let Some(group) = scan.next().expect("a log that is whole") {
        out.extend(group.frames().map(|frame| frame.payload.to_vec()));
    }
    out
}

#[test]
fn a_log_is_read_as_it_was_written() {
    let dir = tempfile::tempdir().expect("a directory");
    let disk = Arc::new(FileDisk::open(dir.path()).expect("a disk"));
    let texts: Vec<Vec<u8>> = (0..500).map(|i| format!("event {i}").repeat(1 + i % 20).into_bytes()).collect();
    let mut log = Log::create(disk.clone(), [7; 16], OPTIONS).expect("a log");
    let preparer = log.preparer();
    std::thread::scope(|threads| {
        threads.spawn(move || (0..5).try_for_each(|_| preparer.prepare().map(drop)).expect("segments"));
        for (group, seq) in texts.chunks(10).zip((1..).step_by(10)) {
            let entries: Vec<Entry<'_>> = group.iter().map(|text| entry(text)).collect();
            assert_eq!(log.append(&entries).expect("room"), seq..seq + 10);
            assert_eq!(log.durable(), seq - 1);
            assert_eq!(log.sync().expect("a flush"), seq + 9);
        }
    });
    assert_eq!(payloads(&log, 1), texts);
    assert_eq!(payloads(&log, 123), texts[122..]);
    assert!(payloads(&log, 501).is_empty());
    assert!(log.sealed().len() > 3);
    log.mark().expect("a flush");
    let chain = log.chain();
    drop(log);
    let log = Log::open(disk.clone(), OPTIONS).expect("a log");
    assert_eq!((log.durable(), log.chain(), log.cut()), (500, chain, None));
    assert_eq!(payloads(&log, 1), texts);
    let to = tempfile::tempdir().expect("a directory");
    let to = FileDisk::open(to.path()).expect("a disk");
    let copied = export(disk.as_ref(), log.sealed(), &to).expect("an export");
    assert_eq!(copied, log.sealed().len());
    let back = tempfile::tempdir().expect("a directory");
    let back = FileDisk::open(back.path()).expect("a disk");
    let last = restore(&to, &back).expect("a restore");
    assert_eq!(verify(&back).expect("a log").last_seq, last);
}

#[test]
fn a_directory_has_one_owner() {
    let dir = tempfile::tempdir().expect("a directory");
    let first = FileDisk::open(dir.path()).expect("a disk");
    assert_eq!(FileDisk::open(dir.path()).expect_err("in use").kind(), io::ErrorKind::WouldBlock);
    drop(first);
    FileDisk::open(dir.path()).expect("free again");
}

#[test]
fn what_cannot_be_done_says_what_to_do() {
    let dir = tempfile::tempdir().expect("a directory");
    let disk: Arc<dyn Disk> = Arc::new(FileDisk::open(dir.path()).expect("a disk"));
    let text = |e: Result<Log, StoreError>| e.err().map(|e| e.to_string()).unwrap_or_default();
    assert_eq!(text(Log::open(disk.clone(), OPTIONS)), "there is no log here; create one, or restore a backup");
    let mut log = Log::create(disk.clone(), [7; 16], OPTIONS).expect("a log");
    assert_eq!(
        text(Log::create(disk.clone(), [7; 16], OPTIONS)),
        "there is a log here already, `log-0000000000000001.seg`; open it, or choose an empty directory"
    );
    let long = vec![1; 13 << 10];
    assert_eq!(
        log.append(&[entry(&long)]).map_err(|e| e.to_string()),
        Err("a group in bytes of 13464 is more than 12192; append less at once, or use larger segments".into())
    );
    log.append(&[entry(b"one")]).expect("room");
    log.mark().expect("a flush");
    drop(log);
    let short = log::Options { at_least: 2, ..OPTIONS };
    assert!(
        text(Log::open(disk.clone(), short)).starts_with("the log ends at event 1, but event 2 was already applied")
    );
    let file = disk.open("log-0000000000000001.seg").expect("a segment");
    file.write_at(b"!", 4096 + 50).expect("a write");
    assert_eq!(
        text(Log::open(disk, OPTIONS)),
        "`log-0000000000000001.seg` is damaged at byte 4096: at byte 4096, event 1, a frame has a wrong checksum; \
         the log is whole up to event 0. Restore this segment from a backup, or run `repair`, which cuts the log \
         there and keeps the rest aside"
    );
}

#[test]
fn an_index_and_checkpoints_are_found_again() {
    let dirs = [tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory")];
    let [index_disk, disk] = dirs.each_ref().map(|dir| Arc::new(FileDisk::open(dir.path()).expect("a disk")));
    let keys = Keys::new([3; 32]);
    let id = |i: u64| keys.key(b"tenant", b"source", &i.to_le_bytes());
    let mut index = Index::open(index_disk.clone(), &keys, Default::default(), 0).expect("an index");
    for seq in 1..=5000 {
        assert_eq!(index.admit(id(seq), Hit { seq, payload_hash: 9 }).expect("an answer"), Probe::New);
    }
    let job = index.seal().expect("a job");
    assert!(index.seal().is_none() && !job.ready(4999));
    index.adopt(job.run(5000).expect("a run")).expect("adopted");
    drop(index);
    let short = Index::open(index_disk.clone(), &keys, Default::default(), 4999).err().map(|e| e.to_string());
    assert_eq!(
        short.as_deref(),
        Some(
            "`index-manifest` cannot be used: it knows event 5000, and the log ends at 4999; delete the event index and start again, it is rebuilt from the log"
        )
    );
    let mut index = Index::open(index_disk, &keys, Default::default(), 5000).expect("an index");
    assert_eq!((index.through(), index.window_events(), index.sealed_events()), (5000, 0, 5000));
    assert_eq!(index.admit(id(77), Hit { seq: 5001, payload_hash: 9 }).expect("an answer"), Probe::Duplicate(77));
    assert_eq!(index.admit(id(77), Hit { seq: 5002, payload_hash: 8 }).expect("an answer"), Probe::Conflict(77));
    assert_eq!(index.admit(id(0), Hit { seq: 5003, payload_hash: 8 }).expect("an answer"), Probe::New);

    let (mut snapshots, found, _) = Snapshots::open(disk.clone()).expect("a directory");
    assert!(found.is_none() && snapshots.wants_whole());
    let stand = |applied_seq| Stand { applied_seq, root: [1; 32] };
    snapshots.write(stand(10), [("a", vec![1; 100]), ("b", vec![2; 100])]).expect("a checkpoint");
    snapshots.write_changes(stand(20), [("a", "new")], ["b"]).expect("a checkpoint");
    let (snapshots, found, unusable) = Snapshots::open(disk).expect("a directory");
    let found = found.expect("a checkpoint");
    assert_eq!(found.stand, stand(20));
    assert_eq!(found.blobs.into_iter().collect::<Vec<_>>(), [(b"a".to_vec(), b"new".to_vec())]);
    assert!(unusable.is_empty() && !snapshots.wants_whole());
}

#[test]
fn everything_may_move_to_another_thread() {
    fn moves<T: Send>() {}
    moves::<Log>();
    moves::<log::Scan>();
    moves::<log::Preparer>();
    moves::<Index>();
    moves::<price_store::index::Job>();
    moves::<price_store::index::Done>();
    moves::<Snapshots>();
}
