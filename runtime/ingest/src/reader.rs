//! Reads usage from any number of sources into blocks of typed rows.
//!
//! Three steps: decode every source (on several threads, results in order); decide which rows
//! count where several claim one identity; hand the rows out, sorted if the plan needs it. What
//! does not fit the memory budget goes to temporary files, so memory does not grow with the
//! number of events. It does grow with the number of different accounts and labels.

use crate::block::{Block, BlockBuilder, Part, schemas};
use crate::collect::{Rules, Stretch};
use crate::decode::Decoder;
use crate::error::IngestError;
use crate::feed::{Feed, Task};
use crate::format::Format;
use crate::identity::{self, Loser};
use crate::limits::{ACCOUNTS_MAX, EVENT_TYPES_MAX, FILES_MAX, MEMORY_BYTES_DEFAULT};
use crate::mapping::Mapping;
use crate::names::Names;
use crate::order::{Folding, Ranks, RowSorter};
use crate::reject::{Reject, RejectSink};
use crate::render::Render;
use crate::runs::Sorter;
use crate::sorted::{InOrder, in_order};
use crate::source::Source;
use crate::spool::Spool;
use price_ir::Plan;
use price_rating::labels::translate;
use price_rating::{EventSchema, OpenLabels, Order, RejectReason};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// How to read.
#[derive(Debug, Clone)]
pub struct Options {
    /// Format of every source; by name and first bytes when `None`.
    pub format: Option<Format>,
    /// Names in the input.
    pub mapping: Mapping,
    /// Order in which rows are handed out: any, or sorted by time, billed subject (in byte order
    /// of names), source and id.
    pub order: Order,
    /// Pools of accounts, as far as they have one: rows of a pool are sorted together.
    pub pools: BTreeMap<String, String>,
    /// Compare identities. Without it nothing is a duplicate, and rows are handed out while
    /// sources are still being read, if they need not be sorted or are Parquet files sorted by time.
    pub dedupe: bool,
    /// Hand out sources and ids with the rows.
    pub keep_identity: bool,
    /// Stop at the first refused record.
    pub strict: bool,
    /// Event types that are passed over and counted, instead of refused.
    pub passed_over: BTreeSet<String>,
    /// Labels of open dimensions whose numbers are fixed already.
    pub labels: Option<OpenLabels>,
    /// Memory for rows and identities, in bytes; what is beyond goes to temporary files.
    pub memory_bytes: usize,
    /// Directory of temporary files; where the system keeps them when `None`.
    pub temp_dir: Option<PathBuf>,
    /// Threads that decode; 1 decodes on the caller's thread. The result is the same.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            format: None,
            mapping: Mapping::default(),
            order: Order::Commutative,
            pools: BTreeMap::new(),
            dedupe: true,
            keep_identity: false,
            strict: false,
            passed_over: BTreeSet::new(),
            labels: None,
            memory_bytes: MEMORY_BYTES_DEFAULT,
            temp_dir: None,
            threads: thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

/// What the numbers in blocks stand for.
#[derive(Debug, Default)]
pub struct Tables {
    /// Accounts.
    pub accounts: Names,
    /// Labels of open dimensions.
    pub labels: OpenLabels,
    /// Names of the sources.
    pub files: Vec<String>,
}

impl Tables {
    /// A row that whoever rates it refuses, as a reject: the row as JSON, with its file and line.
    /// Source and id are in it if the rows were read with [`Options::keep_identity`].
    pub fn reject(&self, plan: &Plan, part: &Part, row: usize, reason: RejectReason) -> Reject {
        let text = Render { plan, labels: &self.labels }.row(part, row, self.accounts.text(part.accounts[row]));
        Reject::new(&self.files[part.files[row] as usize], part.lines[row], reason, text.as_bytes())
    }
}

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// Bytes of input read.
    pub bytes: u64,
    /// Bytes of all input, where every size is known.
    pub bytes_total: Option<u64>,
    /// Events read (or, when handing out, rows handed out).
    pub events: u64,
}

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reading sources.
    Reading,
    /// Handing out rows.
    Delivering,
}

/// What became of the events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Events read.
    pub events: u64,
    /// Rows handed out.
    pub accepted: u64,
    /// Repeats of an accepted event; they count once.
    pub duplicates: u64,
    /// Events refused because another with the same identity has other content; also in
    /// `rejected`.
    pub conflicts: u64,
    /// Refused events by code.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Events of types that were asked to be passed over.
    pub passed_over: BTreeMap<String, u64>,
    /// Bytes of input.
    pub bytes: u64,
    /// Bytes written to temporary files.
    pub spilled_bytes: u64,
}

impl Summary {
    /// Refused events.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }
}

/// Receives blocks; an error stops the run.
pub type Deliver<'a> = &'a mut dyn FnMut(&Tables, Block) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Sources that are ready to be read.
pub struct Reader {
    rules: Arc<Rules>,
    sources: Vec<Source>,
    options: Options,
    total: Option<u64>,
    schemas: Arc<[EventSchema]>,
}

impl Reader {
    /// Checks that every file is there, and what the options say.
    pub fn open(plan: &Arc<Plan>, sources: Vec<Source>, options: Options) -> Result<Reader, IngestError> {
        let limit = |what, max, mend| Err(IngestError::TooMany { what, max, mend });
        if sources.len() > FILES_MAX {
            return limit("files", FILES_MAX, "join them, or rate in several runs");
        }
        if plan.events.len() > EVENT_TYPES_MAX {
            return limit("event types", EVENT_TYPES_MAX, "split the plan");
        }
        let mut total = Some(0u64);
        for source in &sources {
            let size = source.size()?;
            total = total.zip(size).map(|(a, b)| a + b);
        }
        let rules = Arc::new(Rules {
            plan: plan.clone(),
            mapping: options.mapping.clone(),
            passed_over: options.passed_over.clone(),
            identity: options.dedupe || options.keep_identity || options.order == Order::ByEventTime,
            accounts: true,
            dedupe: options.dedupe,
            recorded: plan.late.is_some(),
            temp_dir: options.temp_dir.clone(),
            files: sources.iter().map(Source::name).collect(),
        });
        Ok(Reader { rules, sources, options, total, schemas: schemas(plan) })
    }

    /// Reads everything: blocks go to `deliver`, refused records to `rejects`.
    pub fn read(
        mut self,
        rejects: &mut dyn RejectSink,
        progress: &mut dyn FnMut(Progress),
        deliver: Deliver<'_>,
    ) -> Result<(Summary, Tables), IngestError> {
        let dir = self.options.temp_dir.clone();
        let memory = self.options.memory_bytes;
        let sorted = self.options.order == Order::ByEventTime;
        let streaming = !self.options.dedupe && (!sorted || in_order(&self.rules, &self.sources, self.options.format));
        let mut stream = InOrder::new(self.schemas.clone());
        let mut run = Run {
            tables: Tables {
                accounts: Names::default(),
                labels: self.options.labels.take().unwrap_or_else(|| OpenLabels::new(&self.rules.plan)),
                files: self.rules.files.clone(),
            },
            summary: Summary::default(),
            rejects,
            strict: self.options.strict,
        };
        let mut spool = Spool::new(memory / 2, dir.clone());
        let mut marks = Sorter::new(memory / 4, dir.clone());
        let mut place = 0u64;
        let total = self.total;
        let sources = std::mem::take(&mut self.sources);
        let keep = self.options.keep_identity;
        let rules = self.rules.clone();
        let dedupe = self.options.dedupe;
        let pools = self.options.pools.clone();
        decode_all(&rules, self.options.format, sources, self.options.threads, &mut |stretch| {
            let block = run.absorb(&rules.plan, stretch, |mut mark| {
                mark.place += place;
                if dedupe { marks.push(mark) } else { Ok(()) }
            })?;
            place += block.rows() as u64;
            let (bytes, events) = (run.summary.bytes, run.summary.events);
            progress(Progress { phase: Phase::Reading, bytes, bytes_total: total, events });
            if !streaming {
                return spool.push(block);
            }
            if !sorted {
                return run.deliver(block, keep, deliver);
            }
            let ranks = Ranks::Names { accounts: &run.tables.accounts, pools: &pools };
            let folding = Folding { plan: &rules.plan, labels: &run.tables.labels, ranks };
            match stream.push(block, &folding)? {
                Some(block) => run.deliver(block, keep, deliver),
                None => Ok(()),
            }
        })?;
        if streaming {
            run.deliver(stream.finish(), keep, deliver)?;
        }
        if !streaming {
            run.summary.spilled_bytes += spool.spilled();
            let losers = identity::losers(marks, memory / 4, dir.clone())?;
            run.summary.duplicates = losers.duplicates;
            run.summary.conflicts = losers.conflicts;
            run.summary.spilled_bytes += losers.spilled;
            let kept = Kept {
                blocks: spool.replay()?,
                losers: losers.rows,
                next: None,
                place: 0,
                schemas: self.schemas.clone(),
            };
            run.hand_out(&self, kept, progress, deliver)?;
        }
        Ok((run.summary, run.tables))
    }
}

/// A run in progress.
struct Run<'a> {
    tables: Tables,
    summary: Summary,
    rejects: &'a mut dyn RejectSink,
    strict: bool,
}

impl Run<'_> {
    fn reject(&mut self, reject: Reject) -> Result<(), IngestError> {
        *self.summary.rejected.entry(reject.reason.code()).or_default() += 1;
        self.rejects.reject(&reject).map_err(IngestError::Write)?;
        if self.strict { Err(IngestError::Refused(Box::new(reject))) } else { Ok(()) }
    }

    /// Takes over what a stretch found, giving its numbers the meaning they have in the run.
    fn absorb(
        &mut self,
        plan: &Plan,
        stretch: Stretch,
        mut mark: impl FnMut(identity::Mark) -> Result<(), IngestError>,
    ) -> Result<Block, IngestError> {
        self.summary.events += stretch.events;
        self.summary.bytes += stretch.bytes;
        for (name, count) in stretch.passed_over {
            *self.summary.passed_over.entry(name).or_default() += count;
        }
        for reject in stretch.rejects {
            self.reject(reject)?;
        }
        let mut accounts = Vec::with_capacity(stretch.accounts.len());
        for text in stretch.accounts.iter() {
            let mend = "rate in several runs, one per group of accounts";
            let too_many = IngestError::TooMany { what: "accounts", max: ACCOUNTS_MAX, mend };
            accounts.push(self.tables.accounts.intern(text, ACCOUNTS_MAX).ok_or(too_many)?);
        }
        let open = plan.dimensions.iter().any(|d| d.size().is_none());
        let maps = if open {
            let mend = "a label that is different on every event is an identifier; declare it as text";
            let too_many = IngestError::TooMany { what: "labels", max: price_rating::limits::OPEN_LABELS_MAX, mend };
            Some(self.tables.labels.absorb(&stretch.labels).ok_or(too_many)?)
        } else {
            None
        };
        let mut block = stretch.block;
        for part in &mut block.parts {
            part.accounts.iter_mut().for_each(|a| *a = accounts[*a as usize]);
            if let Some(maps) = &maps {
                translate(plan, &mut part.batch, maps);
            }
        }
        stretch.marks.into_iter().try_for_each(&mut mark)?;
        Ok(block)
    }

    fn deliver(&mut self, mut block: Block, keep_identity: bool, deliver: Deliver<'_>) -> Result<(), IngestError> {
        if block.rows() == 0 {
            return Ok(());
        }
        if !keep_identity {
            block.forget_identity();
        }
        self.summary.accepted += block.rows() as u64;
        deliver(&self.tables, block).map_err(IngestError::Stopped)
    }

    /// Hands out the rows that count, in the order that is asked for.
    fn hand_out(
        &mut self,
        reader: &Reader,
        mut kept: Kept,
        progress: &mut dyn FnMut(Progress),
        deliver: Deliver<'_>,
    ) -> Result<(), IngestError> {
        let options = &reader.options;
        let plan = &reader.rules.plan;
        let keep = options.keep_identity;
        let mut report = |run: &Run<'_>| {
            let (bytes, events) = (run.summary.bytes, run.summary.accepted);
            progress(Progress { phase: Phase::Delivering, bytes, bytes_total: Some(bytes), events });
        };
        if options.order == Order::Commutative {
            while let Some((block, conflicts)) = kept.next()? {
                self.conflicts(plan, conflicts)?;
                self.deliver(block, keep, deliver)?;
                report(self);
            }
            return Ok(());
        }
        // The tables are complete: they move aside so that the order may refer to them.
        let tables = std::mem::take(&mut self.tables);
        let folding = Folding {
            plan,
            labels: &tables.labels,
            ranks: Ranks::Places {
                groups: groups(&tables.accounts, &options.pools),
                accounts: tables.accounts.ranks(),
            },
        };
        let mut sorter =
            RowSorter::new(&folding, reader.schemas.clone(), options.memory_bytes / 2, options.temp_dir.clone());
        while let Some((block, conflicts)) = kept.next()? {
            for (part, row) in conflicts {
                self.conflict(plan, &tables, &part, row)?;
            }
            sorter.push(block)?;
        }
        let spilled = sorter.finish(|mut block| {
            if !keep {
                block.forget_identity();
            }
            self.summary.accepted += block.rows() as u64;
            deliver(&tables, block).map_err(IngestError::Stopped)?;
            report(self);
            Ok(())
        })?;
        self.summary.spilled_bytes += spilled;
        drop(folding);
        self.tables = tables;
        Ok(())
    }

    fn conflicts(&mut self, plan: &Plan, conflicts: Conflicts) -> Result<(), IngestError> {
        if conflicts.is_empty() {
            return Ok(());
        }
        let tables = std::mem::take(&mut self.tables);
        let result = conflicts.iter().try_for_each(|(part, row)| self.conflict(plan, &tables, part, *row));
        self.tables = tables;
        result
    }

    fn conflict(&mut self, plan: &Plan, tables: &Tables, part: &Part, row: usize) -> Result<(), IngestError> {
        let (source, id) = part.identity(row);
        let reason = RejectReason::Differs { source_name: source.into(), id: id.into() };
        self.reject(tables.reject(plan, part, row, reason))
    }
}

/// Place of each account's pool, or of itself, among all of them by name.
fn groups(accounts: &Names, pools: &BTreeMap<String, String>) -> Vec<u32> {
    if pools.is_empty() {
        return accounts.ranks();
    }
    let billed: Vec<&str> = accounts.iter().map(|a| pools.get(a).map_or(a, String::as_str)).collect();
    let mut names = billed.clone();
    names.sort_unstable();
    names.dedup();
    billed.iter().map(|name| names.partition_point(|n| n < name) as u32).collect()
}

/// Rows that were taken out because they conflict.
type Conflicts = Vec<(Part, usize)>;

/// Blocks without the rows that do not count.
struct Kept {
    blocks: crate::spool::Replay,
    losers: crate::runs::Sorted<Loser>,
    next: Option<Loser>,
    place: u64,
    schemas: Arc<[EventSchema]>,
}

impl Kept {
    /// The next block, and the conflicting rows that were taken out of it.
    fn next(&mut self) -> Result<Option<(Block, Conflicts)>, IngestError> {
        let Some(block) = self.blocks.next().transpose()? else { return Ok(None) };
        let from = self.place;
        self.place += block.rows() as u64;
        let mut out = Vec::new();
        loop {
            if self.next.is_none() {
                self.next = self.losers.next().transpose()?;
            }
            match self.next {
                Some(loser) if loser.place < self.place => out.push(loser),
                _ => break,
            }
            self.next = None;
        }
        if out.is_empty() {
            return Ok(Some((block, Vec::new())));
        }
        let mut kept = BlockBuilder::new(self.schemas.clone());
        let mut conflicts = Vec::new();
        let mut losers = out.into_iter().peekable();
        for (place, (part, row)) in (from..).zip(block.places()) {
            let part = &block.parts[part as usize];
            match losers.next_if(|l| l.place == place) {
                None => kept.push_from(part, row as usize),
                Some(loser) if loser.conflict => {
                    let mut one = Part::new(self.schemas[part.batch.event.ix()].batch());
                    one.push_from(part, row as usize);
                    conflicts.push((one, 0));
                }
                Some(_) => {}
            }
        }
        Ok(Some((kept.take(), conflicts)))
    }
}

type Results = Receiver<Result<Stretch, IngestError>>;

/// Decodes all sources; `take` gets the stretches in the order of the input.
fn decode_all(
    rules: &Arc<Rules>,
    format: Option<Format>,
    sources: Vec<Source>,
    threads: usize,
    take: &mut dyn FnMut(Stretch) -> Result<(), IngestError>,
) -> Result<(), IngestError> {
    let mut feed = Feed::new(rules.clone(), format, sources);
    if threads <= 1 {
        let mut decoder = Decoder::new(rules.clone());
        while let Some(task) = feed.next()? {
            take(decoder.decode(task)?)?;
        }
        return Ok(());
    }
    thread::scope(|scope| {
        let (tasks, results): (Vec<SyncSender<Task>>, Vec<Results>) = (0..threads)
            .map(|_| {
                let (task_in, tasks) = sync_channel(2);
                let (result_in, results) = sync_channel(2);
                let rules = rules.clone();
                scope.spawn(move || {
                    let mut decoder = Decoder::new(rules);
                    for task in tasks {
                        if result_in.send(decoder.decode(task)).is_err() {
                            return;
                        }
                    }
                });
                (task_in, results)
            })
            .unzip();
        // Tasks go round: the n-th result comes from worker n mod threads, so order is kept.
        let cut = scope.spawn(move || {
            let mut sent = 0;
            while let Some(task) = feed.next()? {
                // Nobody takes it where the run stopped already, and then nobody asks why.
                if tasks[sent % threads].send(task).is_err() {
                    break;
                }
                sent += 1;
            }
            Ok(sent)
        });
        let mut taken = 0;
        while let Ok(stretch) = results[taken % threads].recv() {
            take(stretch?)?;
            taken += 1;
        }
        // What came before an error of the feed was counted, and its own errors came first.
        match cut.join() {
            Ok(Ok(sent)) if sent == taken => Ok(()),
            Ok(Err(error)) => Err(error),
            _ => Err(bug()),
        }
    })
}

fn bug() -> IngestError {
    IngestError::Bug { file: "the input".into(), problem: "a decoding thread ended".into() }
}
