//! Closing a period: invoices issued and durable, beside the same four charges written by hand; and
//! one invoice made anew from what was known when.
//!
//! ```sh
//! cargo bench -p price-benches --bench invoices
//! ACCOUNTS=10000 cargo bench -p price-benches --bench invoices
//! ```

// Ratios and times are printed, nothing is charged by them.
#![allow(clippy::float_arithmetic)]

use price_core::billing::DocumentFilter;
use price_core::{Answer, Command, Machine, Subscribed};
use price_driver::{MemoryWorld, Workspace, artefact};
use price_jit::JitFactory;
use price_store::disk::FileDisk;
use price_store::index::{Index, Keys};
use price_store::log::{Log, Options};
use price_store::{Entry, limits};
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

/// That of `price`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Four charges: a fee, a tiered price, a flat price, a share.
const PLAN: &str = "use std.units (call, GB)
use std.currencies (USD)

event request { calls: call, size: GB }
meter calls = sum of request.calls
meter traffic = sum of request.size

plan api {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-even to cents
  fee platform = $20.00 per month in arrears
  prorate platform never
  price calls on calls {
    graduated per call {
      up to 100 calls   $0.010
      up to 1k calls    $0.008
      beyond            $0.004
    }
  }
  price traffic on traffic = $0.09 per GB
  price support = 10% of calls, traffic after discounts
  late events accepted for 3 days then next period
}
";

/// 2026-01-20 and 2026-02-04, 00:00 UTC, in microseconds.
const JANUARY_20: i64 = 1_768_867_200_000_000;
const FEBRUARY_4: i64 = JANUARY_20 + 15 * DAY;
const DAY: i64 = 86_400_000_000;
const BATCH: usize = 1_000;
/// Events of the account that is settled anew.
const LARGE: usize = 10_000;

fn env(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn calls(account: usize) -> u64 {
    (account as u64 * 7_919) % 2_000 + 1
}

fn record(account: &str, id: usize, calls: u64, day: u32) -> String {
    format!(
        "{{\"type\":\"request\",\"source\":\"g\",\"id\":\"{id}\",\"time\":\"2026-01-{day:02}T10:00:00Z\",\
         \"account\":\"{account}\",\"calls\":{calls},\"size\":3}}"
    )
}

struct Host {
    machine: Machine,
    log: Log,
}

impl Host {
    fn step(&mut self, at: i64, commands: &[Command]) -> Vec<Answer> {
        let decided = self.machine.decide(self.log.next_seq(), at, commands).expect("decided");
        let entry = |(kind, payload): &'_ (u16, Vec<u8>)| (*kind, payload.clone());
        let made: Vec<(u16, Vec<u8>)> = decided.entries.iter().map(entry).collect();
        let entries: Vec<Entry<'_>> =
            made.iter().map(|(kind, payload)| Entry { shard: 0, kind: *kind, recorded_at: at, payload }).collect();
        self.log.append(&entries).expect("appended");
        self.log.sync().expect("durable");
        decided.answers
    }

    fn accepted(&mut self, at: i64, commands: &[Command]) {
        let answers = self.step(at, commands);
        assert!(answers.iter().all(|a| matches!(a, Answer::Accepted { .. })), "{:?}", answers[0]);
    }
}

/// The same charges in integers, written as text and flushed as often.
fn by_hand(accounts: usize, path: &std::path::Path) -> (f64, u64) {
    let mut file = std::fs::File::create(path).expect("a file");
    let started = Instant::now();
    let (mut text, mut sum) = (String::new(), 0);
    for account in 0..accounts {
        // Thousandths of a dollar, then cents.
        let n = calls(account);
        let tiers = n.min(100) * 10 + n.saturating_sub(100).min(900) * 8 + n.saturating_sub(1_000) * 4;
        let cents = |parts: u64, of: u64| {
            let (whole, rest) = (parts / of, 2 * (parts % of));
            whole + u64::from(rest > of || (rest == of && whole % 2 == 1))
        };
        let (usage, traffic) = (cents(tiers, 10), 27);
        // A tenth of what was not rounded yet.
        let support = cents(tiers + 270, 100);
        let total = 2_000 + usage + traffic + support;
        sum += total;
        let _ = writeln!(
            text,
            "{{\"number\":\"INV-{:06}\",\"account\":\"account-{account:06}\",\"platform\":\"20.00\",\
             \"calls\":\"{}.{:02}\",\"traffic\":\"0.27\",\"support\":\"{}.{:02}\",\"total\":\"{}.{:02}\"}}",
            account + 1,
            usage / 100,
            usage % 100,
            support / 100,
            support % 100,
            total / 100,
            total % 100
        );
        if account % 256 == 255 {
            file.write_all(text.as_bytes()).expect("written");
            file.sync_data().expect("durable");
            text.clear();
        }
    }
    file.write_all(text.as_bytes()).expect("written");
    file.sync_data().expect("durable");
    (started.elapsed().as_secs_f64(), sum)
}

fn main() {
    let accounts = env("ACCOUNTS", 100_000);
    let world = MemoryWorld::new().with("plan.price", PLAN);
    let workspace = Workspace::load(&world, &["plan.price".to_owned()]).expect("it loads");
    let compiled = workspace.compile(&workspace.subject(Some("api")).expect("the plan")).expect("it compiles");
    let artefact = artefact(&compiled).expect("it is written");
    let dir = tempfile::tempdir().expect("a folder");
    let disk = |name: &str| Arc::new(FileDisk::open(&dir.path().join(name)).expect("a disk"));
    let keys = Keys::new([7; 32]);
    let index = Index::reset(disk("index"), &keys, Default::default()).expect("an index");
    let options = Options { segment_bytes: limits::SEGMENT_BYTES_DEFAULT, at_least: 0 };
    let mut host = Host {
        machine: Machine::new(Arc::new(JitFactory), index, keys),
        log: Log::create(disk("log"), [7; 16], options).expect("a log"),
    };
    let tenant = || "t".to_owned();
    let name = |n: usize| format!("account-{n:06}");
    let mut setup = vec![Command::Publish { tenant: tenant(), artefact }];
    setup.extend((0..=accounts).map(|n| Command::Subscribe {
        tenant: tenant(),
        subscription: Subscribed {
            account: name(n),
            plan: "api".into(),
            from: Some("2026-01-01".parse().expect("a day")),
            until: None,
            pool: None,
        },
    }));
    setup.chunks(BATCH).for_each(|commands| host.accepted(JANUARY_20, commands));
    let usage = |record: String| Command::Usage { tenant: tenant(), record, set: None };
    let sent: Vec<Command> = (0..accounts).map(|n| usage(record(&name(n), n, calls(n), 5))).collect();
    sent.chunks(BATCH).for_each(|commands| host.accepted(JANUARY_20, commands));
    // One account that is settled anew later on.
    let large: Vec<Command> =
        (0..LARGE).map(|n| usage(record(&name(accounts), accounts + n, 1, 1 + n as u32 % 28))).collect();
    large.chunks(BATCH).for_each(|commands| host.accepted(JANUARY_20, commands));

    let (hand, sum) = by_hand(accounts, &dir.path().join("by-hand"));
    let started = Instant::now();
    while host.step(FEBRUARY_4, &[Command::Tick]) == [Answer::Ticked { more: true }] {}
    let seconds = started.elapsed().as_secs_f64();
    let issued = host.machine.documents("t", &DocumentFilter::default(), usize::MAX);
    assert_eq!(issued.len(), accounts + 1);
    let cents = |text: &str| text.replace('.', "").parse::<u64>().expect("an amount");
    let ours: u64 = issued.iter().filter(|d| d.issued.billed != name(accounts)).map(|d| cents(&d.issued.total)).sum();
    assert_eq!(ours, sum, "the same amounts");
    let minute = |seconds: f64| accounts as f64 / seconds * 60.0;
    println!("{accounts} invoices of four charges, equal in amount");
    println!("by hand, durable           {hand:>8.3} s {:>12.0} invoices a minute", minute(hand));
    println!("closed, issued, durable    {seconds:>8.3} s {:>12.0} invoices a minute", minute(seconds));
    println!("of the loop by hand        {:>8.3}", hand / seconds);

    // Late usage of January: the invoice of February is made from two states of knowledge.
    host.accepted(FEBRUARY_4 + DAY, &[usage(record(&name(accounts), accounts + LARGE, 1, 9))]);
    let day = "2026-02-10".parse().expect("a day");
    let mut times: Vec<f64> = (0..9)
        .map(|_| {
            let started = Instant::now();
            let invoice = host.machine.invoice("t", &name(accounts), day).expect("an invoice").invoice;
            assert!(invoice.lines.iter().any(|line| line.corrects.is_some()));
            started.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("a month of {LARGE} events restated: median {:.2} ms of {} rounds", times[times.len() / 2], times.len());
}
