//! `price ingest`: usage from a file to a server, each event once.

mod input;
mod position;
mod sender;

use crate::Exit;
use crate::args::IngestArgs;
use crate::output::money::plain;
use crate::paths::count;
use crate::shell::Shell;
use crate::trouble::Trouble;
use input::{Input, Next, Record};
use position::Position;
use sender::{Reply, Sender};
use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

/// Bytes of one request; the server takes more.
const BATCH_BYTES: usize = 3 << 20;
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
        run.all(&mut Input::standard()?, shell)?;
    } else {
        let path = args.position.clone().unwrap_or_else(|| PathBuf::from(format!("{}.position", args.file)));
        let mut file = File::open(&args.file).map_err(|error| Trouble::read(&args.file, error))?;
        run.position = Position::find(&path, &mut file, &args.file)?;
        if run.position.offset > 0 {
            shell.note(format!("Going on behind line {}", run.position.lines));
        }
        run.file = Some(path);
        let Position { offset, lines, .. } = run.position;
        run.all(&mut Input::file(&args.file, file, args.follow, offset, lines)?, shell)?;
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
    fn all(&mut self, input: &mut Input, shell: &mut Shell) -> Result<(), Trouble> {
        let mut batch = Batch { through: self.position.lines, ..Batch::default() };
        loop {
            match input.next()? {
                Next::Record(record) => self.add(&mut batch, record, shell),
                Next::Wait => {
                    self.send(&mut batch, shell)?;
                    std::thread::sleep(LOOK);
                }
                Next::End => return self.send(&mut batch, shell),
            }
            if batch.lines.len() >= self.args.batch as usize || batch.bytes.len() >= BATCH_BYTES {
                self.send(&mut batch, shell)?;
            }
        }
    }

    fn add(&mut self, batch: &mut Batch, record: Record, shell: &mut Shell) {
        batch.covers += record.covers;
        batch.through += record.lines;
        match record.event {
            Ok(Some(text)) => {
                batch.bytes.extend_from_slice(&text);
                batch.bytes.push(b'\n');
                batch.lines.push(batch.through);
            }
            Ok(None) => {}
            // What is no event at all is not sent: nothing could be made of it there.
            Err(problem) => {
                self.tally.rejected += 1;
                if self.tally.conflicts + self.tally.rejected <= SHOWN {
                    shell.note(plain(&format!("line {}: not sent: {problem}", batch.through)));
                }
            }
        }
    }

    fn send(&mut self, batch: &mut Batch, shell: &mut Shell) -> Result<(), Trouble> {
        if batch.through == self.position.lines {
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
