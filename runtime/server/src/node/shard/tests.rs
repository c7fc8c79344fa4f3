//! Over a disk whose flushes and room a test decides.

use super::*;
use crate::node::queue::Found;
use price_core::{Answer, Command, Subscribed};
use price_driver::{MemoryWorld, Workspace, artefact};
use price_store::disk::{Disk, DiskFile, FileDisk, SyncFailed};
use price_store::index::{Index, Keys};
use price_store::log::{Log, Options};
use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU8};
use std::time::Instant;
use tokio::sync::oneshot;

/// What a disk does instead of its work.
const WORKS: u8 = 0;
const HANGS: u8 = 1;
const FAILS: u8 = 2;

/// A disk whose flushes and room a test decides.
#[derive(Clone)]
struct Fickle {
    disk: Arc<FileDisk>,
    flush: Arc<AtomicU8>,
    full: Arc<AtomicBool>,
}

struct FickleFile {
    file: Arc<dyn DiskFile>,
    of: Fickle,
}

impl Fickle {
    fn file(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(FickleFile { file, of: self.clone() })
    }
}

impl Disk for Fickle {
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.open(name).map(|file| self.file(file))
    }
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.create(name).map(|file| self.file(file))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }
    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }
    fn sync_dir(&self) -> Result<(), SyncFailed> {
        self.disk.sync_dir()
    }
}

impl DiskFile for FickleFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }
    fn alloc(&self, size: u64) -> io::Result<()> {
        match self.of.full.load(Relaxed) {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => self.file.alloc(size),
        }
    }
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        self.file.read_at(into, at)
    }
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.file.write_at(bytes, at)
    }
    fn sync_data(&self) -> Result<(), SyncFailed> {
        while self.of.flush.load(Relaxed) == HANGS {
            std::thread::sleep(Duration::from_millis(1));
        }
        match self.of.flush.load(Relaxed) {
            FAILS => Err(SyncFailed(io::Error::other("the disk is gone"))),
            _ => self.file.sync_data(),
        }
    }
}

const PLAN: &str = "use std.units (call)
use std.currencies (USD)
event request { path: text }
meter calls = count of request in calls
plan api {
  currency USD
  timezone \"UTC\"
  billing monthly on day 1
  rounding each line half-even to cents
  price calls on calls = $0.50 per call
  late events accepted for 3 days then next period
}
";

struct Bench {
    disk: Fickle,
    queue: Arc<Queue>,
    metrics: Arc<Metrics>,
    posted: broadcast::Sender<Arc<Posted>>,
    thread: Option<std::thread::JoinHandle<()>>,
    _dir: tempfile::TempDir,
}

/// A shard with a plan and an account, over segments of so many bytes.
fn bench(segment_bytes: u64) -> Bench {
    let dir = tempfile::tempdir().expect("a folder");
    let held = Arc::new(FileDisk::open(&dir.path().join("log")).expect("a folder"));
    let disk = Fickle { disk: held, flush: Arc::default(), full: Arc::default() };
    let log = Log::create(Arc::new(disk.clone()), [3; 16], Options { segment_bytes, at_least: 0 }).expect("a log");
    let keys = Keys::new([7; 32]);
    let index_disk = Arc::new(FileDisk::open(&dir.path().join("index")).expect("a folder"));
    let index = Index::reset(index_disk, &keys, Default::default()).expect("an index");
    let machine = Machine::new(Arc::new(price_interp::InterpFactory), index, keys);
    let metrics = Arc::new(Metrics::default());
    let queue = Arc::new(Queue::new(100, 1 << 20, metrics.clone()));
    let (posted, _) = broadcast::channel(16);
    let mut shard = Shard::new(
        Opened { log, machine, recorded_at: 0, upkeep: Upkeep::new(metrics.clone(), None, None, 1) },
        queue.clone(),
        Arc::default(),
        metrics.clone(),
        posted.clone(),
    );
    // Segments are made when they are needed, so that a test decides whether there is room.
    shard.prepare_nothing();
    let thread = Some(std::thread::spawn(move || shard.run()));
    let bench = Bench { disk, queue, metrics, posted, thread, _dir: dir };
    let world = MemoryWorld::new().with("plan.price", PLAN);
    let workspace = Workspace::load(&world, &["plan.price".to_owned()]).expect("it loads");
    let subject = workspace.subject(Some("api")).expect("the plan is there");
    let artefact = artefact(&workspace.compile(&subject).expect("it compiles")).expect("it can be written");
    let tenant = || String::from("t");
    let subscription = Subscribed { account: "a".into(), plan: "api".into(), from: None, until: None, pool: None };
    let set_up =
        vec![Command::Publish { tenant: tenant(), artefact }, Command::Subscribe { tenant: tenant(), subscription }];
    let answers = bench.write(set_up).blocking_recv().expect("it answers");
    assert_eq!(answers, [Answer::Accepted { seq: 1 }, Answer::Accepted { seq: 2 }]);
    bench
}

impl Bench {
    fn write(&self, commands: Vec<Command>) -> oneshot::Receiver<Vec<Answer>> {
        let (reply, answer) = oneshot::channel();
        self.queue.push("t", Work::Write { commands, reply }, 1).expect("room");
        answer
    }

    fn event(&self, id: u64) -> oneshot::Receiver<Vec<Answer>> {
        let record = format!(
            r#"{{"source":"s","id":"{id}","type":"request","account":"a","time":"2026-03-01T00:00:00Z","path":"/"}}"#
        );
        self.write(vec![Command::Usage { tenant: "t".into(), record, set: None }])
    }

    fn applied(&self) -> oneshot::Receiver<u64> {
        let (reply, answer) = oneshot::channel();
        let ask = move |machine: &mut Machine| -> Found {
            let applied = machine.applied();
            Box::new(move || reply.send(applied).expect("it is waited for"))
        };
        self.queue.push("t", Work::Read(Box::new(ask)), 1).expect("room");
        answer
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // A test that fails while a flush hangs ends all the same.
        self.disk.flush.store(WORKS, Relaxed);
        self.disk.full.store(false, Relaxed);
        self.queue.close();
        let ended = self.thread.take().map(std::thread::JoinHandle::join);
        assert!(ended.is_none_or(|ended| ended.is_ok()));
    }
}

/// Long enough for a shard to answer that would.
const WHILE: Duration = Duration::from_millis(100);

#[test]
fn no_answer_leaves_before_the_flush_has_returned() {
    let bench = bench(1 << 20);
    let mut followed = bench.posted.subscribe();
    bench.disk.flush.store(HANGS, Relaxed);
    let (mut written, mut asked) = (bench.event(1), bench.applied());
    std::thread::sleep(WHILE);
    // Decided while the one before is flushed: it is not answered sooner, though it writes nothing.
    let mut repeated = bench.event(1);
    std::thread::sleep(WHILE);
    assert!(repeated.try_recv().is_err(), "an answer that rests on what is not durable");
    assert!(written.try_recv().is_err(), "an answer");
    assert!(asked.try_recv().is_err(), "what is asked sees the same");
    assert!(followed.try_recv().is_err(), "a posting");
    assert_eq!(bench.metrics.durable.load(Relaxed), 2);
    bench.disk.flush.store(WORKS, Relaxed);
    assert_eq!(written.blocking_recv(), Ok(vec![Answer::Accepted { seq: 3 }]));
    assert_eq!(asked.blocking_recv(), Ok(3));
    assert_eq!(repeated.blocking_recv(), Ok(vec![Answer::Duplicate { seq: 3 }]));
    assert_eq!(followed.blocking_recv().map(|posted| posted.seq), Ok(3));
}

#[test]
fn a_group_waits_for_room_and_is_decided_once() {
    let bench = bench(16 << 10);
    bench.disk.full.store(true, Relaxed);
    let mut last = None;
    for id in 0..1_000 {
        let mut answer = bench.event(id);
        let deadline = Instant::now() + Duration::from_secs(5);
        let answered = loop {
            match answer.try_recv() {
                Ok(answers) => break Some(answers),
                Err(_) if bench.metrics.no_room.load(Relaxed) == 1 || Instant::now() > deadline => break None,
                Err(_) => std::thread::sleep(Duration::from_millis(1)),
            }
        };
        match answered {
            Some(answers) => assert_eq!(answers, [Answer::Accepted { seq: id + 3 }]),
            None => {
                last = Some((id, answer));
                break;
            }
        }
    }
    let (id, mut answer) = last.expect("the segment ends");
    assert_eq!(bench.metrics.no_room.load(Relaxed), 1);
    assert!(answer.try_recv().is_err());
    bench.disk.full.store(false, Relaxed);
    assert_eq!(answer.blocking_recv(), Ok(vec![Answer::Accepted { seq: id + 3 }]));
    assert_eq!(bench.event(id).blocking_recv(), Ok(vec![Answer::Duplicate { seq: id + 3 }]));
    assert_eq!(bench.metrics.no_room.load(Relaxed), 0);
}

/// Runs in a process of its own, by the test below.
#[test]
#[ignore = "ends its process; the test below runs it"]
fn with_a_flush_that_fails() {
    let bench = bench(1 << 20);
    bench.disk.flush.store(FAILS, Relaxed);
    let answer = bench.event(1).blocking_recv();
    println!("answered {answer:?}");
    std::process::exit(0);
}

#[test]
fn a_flush_that_fails_ends_the_process_without_an_answer() {
    use std::os::unix::process::ExitStatusExt;
    let program = std::env::current_exe().expect("this program");
    let name = "node::shard::tests::with_a_flush_that_fails";
    let args = ["--exact", name, "--ignored", "--nocapture"];
    let ran = std::process::Command::new(program).args(args).output().expect("it runs");
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    // 6 is SIGABRT.
    assert_eq!(ran.status.signal(), Some(6), "{out}{err}");
    assert!(err.contains("the disk is gone") && !out.contains("answered"), "{out}{err}");
}
