//! Writes made-up usage for benchmarks: the same bytes for the same arguments, on any machine.
//!
//! ```text
//! generate_usage --events 1000000 --accounts 1000 --format ndjson --out usage.ndjson
//! ```
//!
//! Events are `transfer { region: us | eu | apac, bytes }` in March 2026, in order of time, each
//! with an id of its own. `--repeats 5` sends five of a hundred events twice, `--shuffle` mixes
//! the order inside stretches, `--cloud-events` writes CloudEvents instead of plain objects.
//! Parquet needs the feature `usage`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

const USAGE: &str = "generate_usage [--events N] [--accounts M] [--seed S] [--repeats PERCENT] [--shuffle] \
                     [--format ndjson|csv|parquet] [--cloud-events] [--out FILE]";

/// 2026-03-01T00:00:00Z in milliseconds.
const START: u64 = 1_772_323_200_000;
/// March 2026 in milliseconds.
const MONTH: u64 = 31 * 86_400_000;
/// Events that `--shuffle` mixes with each other.
const STRETCH: u64 = 4096;

struct Arguments {
    events: u64,
    accounts: u64,
    seed: u64,
    repeats: u64,
    shuffle: bool,
    format: String,
    cloud_events: bool,
    out: Option<String>,
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let mut found = Arguments {
        events: 1_000_000,
        accounts: 1000,
        seed: 1,
        repeats: 0,
        shuffle: false,
        format: "ndjson".into(),
        cloud_events: false,
        out: None,
    };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let mut value = || given.next().ok_or_else(|| format!("{name} needs a value\n{USAGE}"));
        match name.as_str() {
            "--events" => found.events = value()?.parse()?,
            "--accounts" => found.accounts = value()?.parse::<u64>()?.max(1),
            "--seed" => found.seed = value()?.parse()?,
            "--repeats" => found.repeats = value()?.parse()?,
            "--shuffle" => found.shuffle = true,
            "--format" => found.format = value()?,
            "--cloud-events" => found.cloud_events = true,
            "--out" => found.out = Some(value()?),
            _ => return Err(format!("unknown argument {name}\n{USAGE}").into()),
        }
    }
    Ok(found)
}

/// One event; everything about it follows from its number.
struct Event {
    account: u64,
    millis: u64,
    id: u64,
    region: &'static str,
    bytes: u64,
}

/// SplitMix64: every number has its own well-mixed bits, without a state that must be carried.
fn mixed(seed: u64, number: u64) -> u64 {
    let mut z = seed.wrapping_add(number.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Event {
    fn new(arguments: &Arguments, place: u64) -> Event {
        let mut number = place;
        if arguments.shuffle {
            // Steps of an odd number visit each place of a stretch of a power of two once.
            let within = place % STRETCH;
            if place - within + STRETCH <= arguments.events {
                number = place - within + within * 2_654_435_761 % STRETCH;
            }
        }
        if mixed(arguments.seed ^ 1, number) % 100 < arguments.repeats && number > 0 {
            number -= 1;
        }
        let bits = mixed(arguments.seed, number);
        // Few accounts make most of the usage: the smaller of two picks.
        let account = (bits % arguments.accounts).min((bits >> 32) % arguments.accounts);
        let region = ["us", "us", "us", "eu", "eu", "apac"][(bits >> 7) as usize % 6];
        // From bytes to gigabytes, evenly in magnitude.
        let bytes = (mixed(arguments.seed ^ 2, number) >> 34) >> ((bits >> 13) % 28);
        let millis = (u128::from(number) * u128::from(MONTH) / u128::from(arguments.events.max(1))) as u64;
        Event { account, millis: START + millis, id: number, region, bytes }
    }

    fn time(&self, out: &mut String) {
        let in_month = self.millis - START;
        let (day, rest) = (in_month / 86_400_000 + 1, in_month % 86_400_000);
        let (hour, minute, second, millis) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000);
        let _ = write!(out, "2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z");
    }
}

fn text(arguments: &Arguments, csv: bool, mut out: impl Write) -> io::Result<()> {
    let mut line = String::new();
    if csv {
        out.write_all(b"type,account,time,id,region,bytes\n")?;
    }
    for place in 0..arguments.events {
        let event = Event::new(arguments, place);
        let Event { account, id, region, bytes, .. } = event;
        line.clear();
        let _ = match (csv, arguments.cloud_events) {
            (true, _) => write!(line, "transfer,account-{account:06},"),
            (_, true) => write!(
                line,
                "{{\"specversion\":\"1.0\",\"type\":\"transfer\",\"source\":\"edge\",\"subject\":\"account-{account:06}\",\"time\":\""
            ),
            _ => write!(line, "{{\"type\":\"transfer\",\"account\":\"account-{account:06}\",\"time\":\""),
        };
        event.time(&mut line);
        let _ = match (csv, arguments.cloud_events) {
            (true, _) => writeln!(line, ",e-{id:010},{region},{bytes}"),
            (_, true) => {
                writeln!(line, "\",\"id\":\"e-{id:010}\",\"data\":{{\"region\":\"{region}\",\"bytes\":{bytes}}}}}")
            }
            _ => writeln!(line, "\",\"id\":\"e-{id:010}\",\"region\":\"{region}\",\"bytes\":{bytes}}}"),
        };
        out.write_all(line.as_bytes())?;
    }
    out.flush()
}

#[cfg(feature = "usage")]
fn parquet(arguments: &Arguments, out: impl Write + Send + 'static) -> Result<(), Box<dyn Error>> {
    use price_ingest::write::{Cell, Kind, OutputFormat, TableWriter};
    let columns = [
        ("type", Kind::Text),
        ("account", Kind::Text),
        ("time", Kind::Instant),
        ("id", Kind::Text),
        ("region", Kind::Text),
        ("bytes", Kind::Whole),
    ];
    let mut table = TableWriter::create(OutputFormat::Parquet, out, &columns)?;
    for place in 0..arguments.events {
        let event = Event::new(arguments, place);
        let (account, id) = (format!("account-{:06}", event.account), format!("e-{:010}", event.id));
        table.row(&[
            Cell::Text("transfer"),
            Cell::Text(&account),
            Cell::Instant(event.millis as i64 * 1_000_000),
            Cell::Text(&id),
            Cell::Text(event.region),
            Cell::Whole(event.bytes as i64),
        ])?;
    }
    table.finish()?;
    Ok(())
}

#[cfg(not(feature = "usage"))]
fn parquet(_: &Arguments, _: impl Write + Send) -> Result<(), Box<dyn Error>> {
    Err("build with `--features usage` to write Parquet".into())
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments = arguments()?;
    let out: Box<dyn Write + Send> = match &arguments.out {
        Some(path) => Box::new(File::create(path)?),
        None => Box::new(io::stdout()),
    };
    let out = BufWriter::with_capacity(1 << 20, out);
    match arguments.format.as_str() {
        "ndjson" => text(&arguments, false, out)?,
        "csv" => text(&arguments, true, out)?,
        "parquet" => parquet(&arguments, out)?,
        other => return Err(format!("unknown format {other}\n{USAGE}").into()),
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
