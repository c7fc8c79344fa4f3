//! `price ingest`: usage from a file to a server, each event once.

mod position;
mod sender;

use crate::Exit;
use crate::args::IngestArgs;
use crate::output::money::plain;
use crate::paths::count;
use crate::shell::Shell;
use crate::trouble::Trouble;
use position::Position;
use sender::{Reply, Sender};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

/// Bytes of one request; the server takes more.
const BATCH_BYTES: usize = 3 << 20;
/// Bytes of one line.
const LINE_BYTES: u64 = 1 << 20;
/// Refusals that are shown.
const SHOWN: u64 = 10;
/// How often a file is looked at that may grow.
const LOOK: Duration = Duration::from_millis(300);

pub fn run(args: &IngestArgs, shell: &mut Shell) -> Result<Exit, Trouble> {
    let sender = Sender::new(args)?;
    let mut run = Run { args, sender, tally: Tally::default(), position: Position::default(), file: None };
    if args.file == "-" {
        if args.follow || args.position.is_some() {
            return Err(Trouble::new("C080", "standard input has no position, and ends when it ends")
                .help("write the usage to a file to follow it or to go on from where it was"));
        }
        run.all(&mut BufReader::new(std::io::stdin()), shell)?;
    } else {
        let path = args.position.clone().unwrap_or_else(|| PathBuf::from(format!("{}.position", args.file)));
        let mut file = File::open(&args.file).map_err(|error| Trouble::read(&args.file, error))?;
        run.position = Position::find(&path, &mut file, &args.file)?;
        if run.position.offset > 0 {
            shell.note(format!("Going on behind line {}", run.position.lines));
        }
        file.seek(SeekFrom::Start(run.position.offset)).map_err(|error| Trouble::read(&args.file, error))?;
        run.file = Some(path);
        run.all(&mut BufReader::new(file), shell)?;
    }
    let Tally { accepted, duplicates, conflicts, rejected } = run.tally;
    shell.note(format!(
        "Sent {}: {} accepted, {} already there, {} in conflict, {} refused",
        count((accepted + duplicates + conflicts + rejected) as usize, "event"),
        group(accepted),
        group(duplicates),
        group(conflicts),
        group(rejected)
    ));
    Ok(if args.strict && conflicts + rejected > 0 { Exit::Findings } else { Exit::Clean })
}

fn group(number: u64) -> String {
    price_value::currency::group(&number.to_string())
}

#[derive(Default)]
struct Tally {
    accepted: u64,
    duplicates: u64,
    conflicts: u64,
    rejected: u64,
}

/// Lines that are sent together.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// Line of each record.
    lines: Vec<u64>,
    /// Bytes of the input that it covers, and lines.
    covers: u64,
    through: u64,
}

struct Run<'a> {
    args: &'a IngestArgs,
    sender: Sender,
    tally: Tally,
    position: Position,
    /// Where the position is kept.
    file: Option<PathBuf>,
}

impl Run<'_> {
    fn all(&mut self, input: &mut impl BufRead, shell: &mut Shell) -> Result<(), Trouble> {
        let mut batch = Batch { through: self.position.lines, ..Batch::default() };
        let mut line = Vec::new();
        loop {
            let room = LINE_BYTES - line.len() as u64;
            let read = input.by_ref().take(room).read_until(b'\n', &mut line);
            read.map_err(|error| Trouble::read(&self.args.file, error))?;
            let whole = line.ends_with(b"\n");
            if line.len() as u64 == LINE_BYTES && !whole {
                let message =
                    format!("line {} of `{}` is longer than 1 MiB", batch.through + 1, plain(&self.args.file));
                return Err(Trouble::new("C081", message).help("is it NDJSON, one event on a line?"));
            }
            // A line without an end may still grow while a file is followed.
            if !whole && self.args.follow {
                self.send(&mut batch, shell)?;
                std::thread::sleep(LOOK);
                continue;
            }
            if line.is_empty() {
                break;
            }
            self.add(&mut batch, &line);
            line.clear();
            if batch.lines.len() >= self.args.batch as usize || batch.bytes.len() >= BATCH_BYTES {
                self.send(&mut batch, shell)?;
            }
        }
        self.send(&mut batch, shell)
    }

    fn add(&self, batch: &mut Batch, line: &[u8]) {
        batch.covers += line.len() as u64;
        batch.through += 1;
        let text = line.trim_ascii();
        if !text.is_empty() {
            batch.bytes.extend_from_slice(text);
            batch.bytes.push(b'\n');
            batch.lines.push(batch.through);
        }
    }

    fn send(&mut self, batch: &mut Batch, shell: &mut Shell) -> Result<(), Trouble> {
        if batch.covers == 0 {
            return Ok(());
        }
        if !batch.lines.is_empty() {
            let reply = self.sender.send(&batch.bytes, &batch.lines, shell)?;
            self.count(&reply, &batch.lines, shell);
        }
        self.position.pass(batch.covers, batch.through);
        if let Some(path) = &self.file {
            self.position.keep(path)?;
        }
        *batch = Batch { through: batch.through, ..Batch::default() };
        Ok(())
    }

    fn count(&mut self, reply: &Reply, lines: &[u64], shell: &mut Shell) {
        let tally = &mut self.tally;
        for (result, line) in reply.results.iter().zip(lines) {
            let slot = match result.status.as_str() {
                "accepted" => &mut tally.accepted,
                "duplicate" => &mut tally.duplicates,
                "conflict" => &mut tally.conflicts,
                _ => &mut tally.rejected,
            };
            *slot += 1;
            let refused = tally.conflicts + tally.rejected;
            if matches!(result.status.as_str(), "conflict" | "rejected") && refused <= SHOWN {
                let code = result.code.as_deref().map_or(String::new(), |code| format!(" {code}"));
                let why = result.message.as_deref().unwrap_or_default();
                shell.note(plain(&format!("line {line}: {}{code}: {why}", result.status)));
            }
        }
    }
}
