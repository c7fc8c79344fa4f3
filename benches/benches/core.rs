//! The event runtime without sockets: events decided and made durable, and a log replayed, beside
//! the same work written by hand.
//!
//! ```sh
//! cargo bench -p price-benches --bench core
//! EVENTS=10000000 ACCOUNTS=100000 cargo bench -p price-benches --bench core
//! ```

// Ratios and times are printed, nothing is charged by them.
#![allow(clippy::float_arithmetic)]

use price_core::{Answer, Command, Machine, Subscribed};
use price_driver::{MemoryWorld, Workspace, artefact};
use price_jit::JitFactory;
use price_store::disk::FileDisk;
use price_store::index::{Index, Keys};
use price_store::log::{Log, Options};
use price_store::{Entry, limits};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

/// That of `price`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PLAN: &str = "use std.units (call)
use std.currencies (USD)

dimension region = us | eu | asia

event request { region: region, calls: call }
meter calls = sum of request.calls by region

plan api {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-even to cents
  price calls on calls by region {
    graduated per call {
      up to 100 calls   $0.010
      up to 1k calls    $0.008
      up to 10k calls   $0.006
      beyond            $0.004
    }
  }
  late events accepted for 3 days then next period
}
";

/// Events in one group, as a bulk request has them.
const BATCH: usize = 1_000;
/// 2026-01-20T00:00:00Z in microseconds.
const NOW: i64 = 1_768_867_200_000_000;

fn env(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// Numbers that look random and are the same in every run.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

fn record(rng: &mut Lcg, number: usize, accounts: u64) -> String {
    let (account, region, calls) = (rng.below(accounts), ["us", "eu", "asia"][rng.below(3) as usize], rng.below(9) + 1);
    let second = rng.below(19 * 86_400);
    let (day, hour, minute, second) = (second / 86_400 + 1, second / 3_600 % 24, second / 60 % 60, second % 60);
    let mut text = String::with_capacity(208);
    let _ = write!(
        text,
        "{{\"specversion\":\"1.0\",\"type\":\"request\",\"source\":\"gateway-7\",\"id\":\"{number:016x}\",\
         \"time\":\"2026-01-{day:02}T{hour:02}:{minute:02}:{second:02}Z\",\"subject\":\"account-{account:06}\",\
         \"data\":{{\"region\":\"{region}\",\"calls\":{calls}}}}}"
    );
    text
}

fn machine(disk: Arc<FileDisk>) -> Machine {
    let keys = Keys::new([7; 32]);
    let index = Index::reset(disk, &keys, Default::default()).expect("an index");
    Machine::new(Arc::new(JitFactory), index, keys)
}

fn resident_mb() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = pages.split(' ').nth(1).and_then(|p| p.parse().ok()).unwrap_or(0.0);
    pages * 4096.0 / 1e6
}

/// Bytes of a log that hold something.
fn used(log: &Log) -> u64 {
    let sealed: u64 = log.sealed().iter().map(|segment| segment.bytes).sum();
    let mut payloads = 0;
    let mut scan = log.scan(log.sealed().last().map_or(1, |last| last.last_seq + 1)).expect("a scan");
    while let Some(group) = scan.next().expect("a group") {
        let frames = group.frames().map(|frame| price_store::frame::frame_bytes(frame.payload.len()) as u64);
        payloads += frames.sum::<u64>();
    }
    sealed + payloads
}

fn say(what: &str, events: usize, started: Instant) -> f64 {
    let seconds = started.elapsed().as_secs_f64();
    println!("{what:<44} {:>10.0} events/s  {:>7.0} ns/event", events as f64 / seconds, seconds * 1e9 / events as f64);
    seconds
}

/// The same by hand: parse, find repeats, add up, durable in groups.
fn by_hand(batches: &[Vec<String>], dir: &std::path::Path) -> (f64, u64) {
    use std::io::Write;
    #[derive(serde::Deserialize)]
    struct Data<'t> {
        region: &'t str,
        calls: u64,
    }
    #[derive(serde::Deserialize)]
    struct Event<'t> {
        source: &'t str,
        id: &'t str,
        subject: &'t str,
        time: &'t str,
        data: Data<'t>,
    }
    let mut file = std::fs::File::create(dir.join("by-hand")).expect("a file");
    let (mut seen, mut cells) = (HashSet::<u128>::new(), HashMap::<String, [u64; 3]>::new());
    let started = Instant::now();
    let mut bytes = Vec::new();
    for batch in batches {
        bytes.clear();
        for text in batch {
            let event: Event<'_> = serde_json::from_str(text).expect("an event");
            let mut hasher = blake3::Hasher::new();
            hasher.update(event.source.as_bytes()).update(event.id.as_bytes());
            let key = u128::from_le_bytes(hasher.finalize().as_bytes()[..16].try_into().expect("16 bytes"));
            if !seen.insert(key) || !event.time.starts_with("2026-01") {
                continue;
            }
            bytes.extend_from_slice(text.as_bytes());
            let cell = match cells.get_mut(event.subject) {
                Some(cell) => cell,
                None => cells.entry(event.subject.to_owned()).or_default(),
            };
            cell[["us", "eu", "asia"].iter().position(|r| *r == event.data.region).expect("a region")] +=
                event.data.calls;
        }
        file.write_all(&bytes).expect("written");
        file.sync_data().expect("durable");
    }
    let seconds = say("by hand, durable", batches.len() * BATCH, started);
    (seconds, cells["account-000000"].iter().sum())
}

fn main() {
    let (events, accounts) = (env("EVENTS", 1_000_000), env("ACCOUNTS", 100_000));
    if let Some(dir) = std::env::var_os("REPLAY") {
        return replay(std::path::Path::new(&dir), events);
    }
    let world = MemoryWorld::new().with("plan.price", PLAN);
    let workspace = Workspace::load(&world, &["plan.price".to_owned()]).expect("it loads");
    let compiled = workspace.compile(&workspace.subject(Some("api")).expect("the plan")).expect("it compiles");
    let artefact = artefact(&compiled).expect("it is written");
    let mut rng = Lcg(1);
    let batches: Vec<Vec<String>> = (0..events / BATCH)
        .map(|at| (0..BATCH).map(|row| record(&mut rng, at * BATCH + row, accounts as u64)).collect())
        .collect();
    let bytes: usize = batches.iter().flatten().map(String::len).sum();
    println!("{events} events of {} bytes, {accounts} accounts, groups of {BATCH}", bytes / events.max(1));

    let dir = tempfile::tempdir().expect("a folder");
    let disk = |name: &str| Arc::new(FileDisk::open(&dir.path().join(name)).expect("a disk"));
    let (hand, calls) = by_hand(&batches, dir.path());

    let options = Options { segment_bytes: limits::SEGMENT_BYTES_DEFAULT, at_least: 0 };
    let mut log = Log::create(disk("log"), [7; 16], options).expect("a log");
    let mut served = machine(disk("index"));
    served.read_from(log.entries(), price_core::limits::AT_HAND_BYTES);
    let tenant = || "t".to_owned();
    let mut setup = vec![Command::Publish { tenant: tenant(), artefact }];
    setup.extend((0..accounts).map(|n| {
        let (account, plan) = (format!("account-{n:06}"), "api".to_owned());
        Command::Subscribe {
            tenant: tenant(),
            subscription: Subscribed { account, plan, from: None, until: None, pool: None },
        }
    }));
    let step = |machine: &mut Machine, log: &mut Log, commands: &[Command]| {
        let decided = machine.decide(log.next_seq(), NOW, commands).expect("decided");
        assert!(decided.answers.iter().all(|a| matches!(a, Answer::Accepted { .. })), "{:?}", decided.answers[0]);
        let entries: Vec<Entry<'_>> = decided
            .entries
            .iter()
            .map(|(kind, payload)| Entry { shard: 0, kind: *kind, recorded_at: NOW, payload })
            .collect();
        log.append(&entries).expect("appended");
        log.sync().expect("durable");
    };
    let (before, started) = (resident_mb(), Instant::now());
    setup.chunks(BATCH).for_each(|commands| step(&mut served, &mut log, commands));
    say("subscriptions", accounts, started);
    println!("  resident: {:.0} bytes a subscription", (resident_mb() - before) * 1e6 / accounts as f64);

    let mut waiting: Vec<Vec<Command>> = batches
        .iter()
        .map(|batch| batch.iter().map(|r| Command::Usage { tenant: tenant(), record: r.clone(), set: None }).collect())
        .collect();
    drop(batches);
    let started = Instant::now();
    for commands in waiting.drain(..) {
        step(&mut served, &mut log, &commands);
    }
    let seconds = say("decided, rated and durable", events, started);
    println!("  {:.2} of by hand", hand / seconds);
    println!("  on disk: {:.0} bytes of log an event", used(&log) as f64 / events as f64);
    let root = served.root();
    let day = "2026-01-20".parse().expect("a day");
    let invoice = served.invoice("t", "account-000000", day).expect("an invoice").invoice;
    let counted = invoice.lines[0].quantity.as_ref().expect("a quantity").0.clone();
    assert_eq!(counted, price_value::Rational::from(calls as i64), "the same usage as by hand");
    drop((served, log));

    // In a process of its own, so that its memory is that of a server which has just started.
    let program = std::env::current_exe().expect("this program");
    let replay = std::process::Command::new(program)
        .env("REPLAY", dir.path())
        .env("HAND", hand.to_string())
        .env("EVENTS", events.to_string())
        .output()
        .expect("it runs");
    let (said, failed) = (String::from_utf8_lossy(&replay.stdout), String::from_utf8_lossy(&replay.stderr));
    assert!(replay.status.success(), "{failed}");
    let (figures, found) = said.rsplit_once("root ").expect("a root");
    assert_eq!(found.trim(), format!("{root:?}"), "the same state");
    print!("{figures}");
}

/// Replays a log, makes a checkpoint and takes it up.
fn replay(dir: &std::path::Path, events: usize) {
    let hand: f64 = std::env::var("HAND").ok().and_then(|text| text.parse().ok()).expect("seconds");
    let disk = |name: &str| Arc::new(FileDisk::open(&dir.join(name)).expect("a disk"));
    let options = Options { segment_bytes: limits::SEGMENT_BYTES_DEFAULT, at_least: 0 };
    let log = Log::open(disk("log"), options).expect("a log");
    let before = resident_mb();
    let started = Instant::now();
    let mut replayed = machine(disk("index2"));
    replayed.read_from(log.entries(), price_core::limits::AT_HAND_BYTES);
    let mut scan = log.scan(1).expect("a scan");
    while let Some(group) = scan.next().expect("a group") {
        for frame in group.frames() {
            replayed.replay(&frame).expect("replayed");
        }
        while let Some(job) = replayed.index_job() {
            replayed.adopt(job.run(log.durable()).expect("sealed")).expect("adopted");
        }
    }
    replayed.settle().expect("settled");
    drop(scan);
    let seconds = say("replayed from the log", events, started);
    println!("  {:.2} of by hand", hand / seconds);
    println!("  resident: {:.0} bytes an event", (resident_mb() - before) * 1e6 / events as f64);

    if let Some(job) = replayed.index_seal() {
        replayed.adopt(job.run(log.durable()).expect("sealed")).expect("adopted");
    }
    let files = std::fs::read_dir(dir.join("index2")).expect("the index");
    let bytes: u64 = files.filter_map(|file| file.ok()?.metadata().ok()).map(|file| file.len()).sum();
    println!("  ids, sealed: {:.1} bytes each on disk", bytes as f64 / events as f64);
    let started = Instant::now();
    let blobs = replayed.checkpoint(0);
    let bytes: usize = blobs.iter().map(|(_, bytes)| bytes.len()).sum();
    say("a checkpoint made", events, started);
    println!("  {:.1} bytes an event", bytes as f64 / events as f64);
    let root = replayed.root();
    drop(replayed);
    let blobs = blobs.into_iter().collect();
    let started = Instant::now();
    let keys = Keys::new([7; 32]);
    let index = Index::open(disk("index2"), &keys, Default::default(), log.durable()).expect("an index");
    let mut resumed = Machine::resume(Arc::new(JitFactory), index, keys, &blobs).expect("resumed");
    resumed.read_from(log.entries(), price_core::limits::AT_HAND_BYTES);
    say("and taken up", events, started);
    assert_eq!(resumed.root(), root, "the same state");
    println!("root {root:?}");
}
