//! A little usage rated by the reference engine, in every state of knowledge, within the
//! limits of an editor.

use crate::invoices::{Invoiced, NoInvoice, Refusal, States};
use crate::limits::{USAGE_DAYS, USAGE_EVENTS, USAGE_INVOICES, USAGE_REFUSED};
use crate::placed::UsageFile;
use price_ingest::{Block, IngestError, Options, Part, Reader, Reject, RejectSink, Source, Tables, UNSAID};
use price_interp::InterpFactory;
use price_ir::{Kernel, KernelFactory, Plan};
use price_rating::{Closing, Late, Rater, RejectReason, Stage, State, restate, states};
use price_value::{Date, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Nanoseconds of a day.
const DAY: i64 = 86_400 * 1_000_000_000;

/// Rates the usage and closes the period of its last event for every account that owes then.
pub(crate) fn rate(known: &States, usage: &[UsageFile], foreign: &BTreeSet<String>) -> Result<Invoiced, NoInvoice> {
    let Some((_, last)) = known.last() else { return Err(NoInvoice::Faulty) };
    let mut now = read(last, None, usage, foreign)?;
    let refusals = std::mem::take(&mut now.refusals);
    let (Some(end), plan) = (now.last, last) else {
        return Err(NoInvoice::Nothing(now.refused, refusals.into_iter().next()));
    };
    let signed: Vec<Date> = known.iter().filter_map(|(since, _)| *since).collect();
    let mut states = states(&signed, now.late);
    if states.len().saturating_mul(now.rows) > USAGE_EVENTS {
        return Err(NoInvoice::TooMuch);
    }
    let since = states.pop().and_then(|state| state.since);
    let mut stages = Vec::new();
    for state in states {
        let Some((_, plan)) = known.get(state.plan) else { continue };
        let read = read(plan, Some(state), usage, foreign)?;
        stages.push(Stage { rater: read.rater, known: state.since });
    }
    let period = now.rater.period_at(end);
    let mut due = now.rater.due(Some(period.from), Some(period.until));
    due.retain(|(_, other)| *other == period);
    if due.len() > USAGE_INVOICES {
        return Err(NoInvoice::TooManyAccounts);
    }
    stages.push(Stage { rater: now.rater, known: since });
    let mut invoices = Vec::new();
    for (subject, period) in due {
        let closed = restate(&mut stages, &subject, &period);
        invoices.push(closed.map_err(|error| NoInvoice::Failed(error.to_string()))?.invoice);
    }
    match invoices.is_empty() {
        true => Err(NoInvoice::Nothing(now.refused, refusals.into_iter().next())),
        false => Ok(Invoiced { period, currency: plan.currency.clone(), invoices, refused: now.refused, refusals }),
    }
}

/// One reading of the usage.
struct Read {
    rater: Rater,
    /// When the last event happened.
    last: Option<Timestamp>,
    /// Invoices that are the first to know some late usage.
    late: BTreeSet<Late>,
    /// Events that were handed out.
    rows: usize,
    refused: u64,
    /// The first of them.
    refusals: Vec<Refusal>,
}

/// The first refusals of a reader; all of them are counted by it.
#[derive(Default)]
struct First(Vec<Refusal>);

impl RejectSink for First {
    fn reject(&mut self, reject: &Reject) -> std::io::Result<()> {
        if self.0.len() < USAGE_REFUSED {
            let why = reject.reason.to_string();
            self.0.push(Refusal { file: reject.file.clone(), line: reject.line, why });
        }
        Ok(())
    }
}

/// Reads what was known in a state, or everything.
fn read(
    plan: &Arc<Plan>,
    state: Option<State>,
    usage: &[UsageFile],
    foreign: &BTreeSet<String>,
) -> Result<Read, NoInvoice> {
    let failed = |why: String| NoInvoice::Failed(why);
    let kernel: Arc<dyn Kernel> = InterpFactory.compile(plan).map_err(failed)?;
    let rater = Rater::new(kernel).map_err(|error| failed(error.to_string()))?;
    let mut options = Options { threads: 1, order: rater.order(), passed_over: foreign.clone(), ..Options::default() };
    if let Some(parties) = &plan.parties {
        options.pools.extend(parties.accounts.iter().map(|account| (account.clone(), plan.name.clone())));
    }
    let source = |file: &UsageFile| Source::Bytes(file.name.clone(), file.bytes.to_vec());
    let reader = Reader::open(plan, usage.iter().map(source).collect(), options);
    let reader = reader.map_err(|error| failed(error.to_string()))?;
    let mut taken = Taken {
        open: plan.dimensions.iter().any(|dimension| dimension.size().is_none()),
        closing: Closing::of(plan),
        state,
        span: None,
        read: Read { rater, last: None, late: BTreeSet::new(), rows: 0, refused: 0, refusals: Vec::new() },
    };
    let mut deliver = |tables: &Tables, block: Block| {
        taken.block(tables, block).map_err(|why| -> Box<dyn std::error::Error + Send + Sync> { Box::new(why) })
    };
    let mut first = First::default();
    match reader.read(&mut first, &mut |_| {}, &mut deliver) {
        Ok((summary, _)) => {
            taken.read.refused += summary.rejected_total();
            first.0.append(&mut taken.read.refusals);
            first.0.truncate(USAGE_REFUSED);
            taken.read.refusals = first.0;
            Ok(taken.read)
        }
        Err(IngestError::Stopped(why)) => Err(match why.downcast::<NoInvoice>() {
            Ok(why) => *why,
            Err(why) => failed(why.to_string()),
        }),
        Err(error) => Err(failed(error.to_string())),
    }
}

impl std::error::Error for NoInvoice {}

/// Rows on their way into cells.
struct Taken {
    open: bool,
    closing: Option<Closing>,
    state: Option<State>,
    /// The first and the last instant so far.
    span: Option<(i64, i64)>,
    read: Read,
}

impl Taken {
    fn block(&mut self, tables: &Tables, block: Block) -> Result<(), NoInvoice> {
        if self.open {
            self.read.rater.labels().absorb(&tables.labels);
        }
        for part in parts(block, self.read.rater.interleaves()) {
            self.read.rows += part.rows();
            if self.read.rows > USAGE_EVENTS {
                return Err(NoInvoice::TooMuch);
            }
            for at in &part.batch.happened {
                let (first, last) = self.span.unwrap_or((*at, *at));
                self.span = Some((first.min(*at), last.max(*at)));
            }
            if self.span.is_some_and(|(first, last)| last.saturating_sub(first) / DAY > USAGE_DAYS) {
                return Err(NoInvoice::TooLong);
            }
            self.part(tables, part);
        }
        Ok(())
    }

    fn part(&mut self, tables: &Tables, mut part: Part) {
        if !part.recorded.is_empty() {
            let kept = self.sift(tables, &part);
            if kept.len() < part.rows() {
                part = part.select(&kept);
            }
        }
        if part.rows() == 0 {
            return;
        }
        let rater = &mut self.read.rater;
        let accounts: Vec<u32> =
            part.accounts.iter().map(|account| rater.subject(tables.accounts.text(*account)).0).collect();
        let faults = rater.push(&mut part.batch, &accounts);
        let refused: BTreeSet<u32> = faults.iter().map(|fault| fault.row).collect();
        for fault in faults {
            self.refuse(tables, &part, fault.row as usize, &fault.reason);
        }
        let taken = (0..).zip(&part.batch.happened).filter(|(row, _)| !refused.contains(row));
        let last = taken.map(|(_, at)| Timestamp(*at)).max();
        self.read.last = self.read.last.max(last);
    }

    /// Counts a row that does not count.
    fn refuse(&mut self, tables: &Tables, part: &Part, row: usize, reason: &RejectReason) {
        self.read.refused += 1;
        if self.read.refusals.len() < USAGE_REFUSED {
            let file = part.files.get(row).and_then(|file| tables.files.get(*file as usize));
            self.read.refusals.push(Refusal {
                file: file.cloned().unwrap_or_default(),
                line: part.lines.get(row).copied().unwrap_or_default(),
                why: reason.to_string(),
            });
        }
    }

    /// The rows that were known; those that came too late to be known at all are refused.
    fn sift(&mut self, tables: &Tables, part: &Part) -> Vec<u32> {
        let mut kept = Vec::with_capacity(part.rows());
        let Some(mut closing) = self.closing.take() else { return (0..).take(part.rows()).collect() };
        for (row, happened) in (0u32..).zip(&part.batch.happened) {
            let recorded = part.recorded(row as usize);
            let happened = Timestamp(*happened);
            let late = (recorded != UNSAID).then(|| closing.late(happened, Timestamp(recorded))).flatten();
            if late.is_some() && closing.refuses() {
                let period = closing.period(happened);
                let reason = RejectReason::TooLate { period: period.from, closed: closing.day(&period) };
                self.refuse(tables, part, row as usize, &reason);
            } else if self.state.is_none_or(|state| state.knows(late)) {
                self.read.late.extend(late);
                kept.push(row);
            }
        }
        self.closing = Some(closing);
        kept
    }
}

/// The block part by part; where event types must interleave as they happened, in stretches of
/// one type each.
fn parts(block: Block, interleave: bool) -> Vec<Part> {
    if !interleave || block.parts.len() < 2 {
        return block.parts;
    }
    let places: Vec<(u16, u32)> = block.places().collect();
    let stretch = |chunk: &[(u16, u32)]| {
        let (part, _) = chunk.first()?;
        let rows: Vec<u32> = chunk.iter().map(|(_, row)| *row).collect();
        Some(block.parts.get(usize::from(*part))?.select(&rows))
    };
    places.chunk_by(|a, b| a.0 == b.0).filter_map(stretch).collect()
}
