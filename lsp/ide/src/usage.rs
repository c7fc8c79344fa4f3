//! A small file of usage rated by the reference engine, in every state of knowledge, within the
//! limits of an editor.

use crate::invoices::{Invoiced, NoInvoice, States};
use crate::limits::{USAGE_DAYS, USAGE_EVENTS, USAGE_INVOICES};
use price_ingest::{Block, Forget, IngestError, Options, Part, Reader, Source, Tables, UNSAID};
use price_interp::InterpFactory;
use price_ir::{Kernel, KernelFactory, Plan};
use price_rating::{Closing, Late, Rater, Stage, State, restate, states};
use price_value::{Date, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Nanoseconds of a day.
const DAY: i64 = 86_400 * 1_000_000_000;

/// Rates the usage and closes the period of its last event for every account that owes then.
pub(crate) fn rate(
    known: &States,
    name: &str,
    bytes: &[u8],
    foreign: &BTreeSet<String>,
) -> Result<Invoiced, NoInvoice> {
    let Some((_, last)) = known.last() else { return Err(NoInvoice::Faulty) };
    let now = read(last, None, name, bytes, foreign)?;
    let (Some(end), plan) = (now.last, last) else { return Err(NoInvoice::Nothing(now.refused)) };
    let signed: Vec<Date> = known.iter().filter_map(|(since, _)| *since).collect();
    let mut states = states(&signed, now.late);
    if states.len().saturating_mul(bytes.iter().filter(|byte| **byte == b'\n').count()) > USAGE_EVENTS {
        return Err(NoInvoice::TooMuch);
    }
    let since = states.pop().and_then(|state| state.since);
    let mut stages = Vec::new();
    for state in states {
        let Some((_, plan)) = known.get(state.plan) else { continue };
        let read = read(plan, Some(state), name, bytes, foreign)?;
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
        true => Err(NoInvoice::Nothing(now.refused)),
        false => Ok(Invoiced { period, currency: plan.currency.clone(), invoices, refused: now.refused }),
    }
}

/// One reading of the usage.
struct Read {
    rater: Rater,
    /// When the last event happened.
    last: Option<Timestamp>,
    /// Invoices that are the first to know some late usage.
    late: BTreeSet<Late>,
    refused: u64,
}

/// Reads what was known in a state, or everything.
fn read(
    plan: &Arc<Plan>,
    state: Option<State>,
    name: &str,
    bytes: &[u8],
    foreign: &BTreeSet<String>,
) -> Result<Read, NoInvoice> {
    let failed = |why: String| NoInvoice::Failed(why);
    let kernel: Arc<dyn Kernel> = InterpFactory.compile(plan).map_err(failed)?;
    let rater = Rater::new(kernel).map_err(|error| failed(error.to_string()))?;
    let mut options = Options { threads: 1, order: rater.order(), passed_over: foreign.clone(), ..Options::default() };
    if let Some(parties) = &plan.parties {
        options.pools.extend(parties.accounts.iter().map(|account| (account.clone(), plan.name.clone())));
    }
    let reader = Reader::open(plan, vec![Source::Bytes(name.to_owned(), bytes.to_vec())], options);
    let reader = reader.map_err(|error| failed(error.to_string()))?;
    let mut taken = Taken {
        open: plan.dimensions.iter().any(|dimension| dimension.size().is_none()),
        closing: Closing::of(plan),
        state,
        span: None,
        read: Read { rater, last: None, late: BTreeSet::new(), refused: 0 },
    };
    let mut deliver = |tables: &Tables, block: Block| {
        taken.block(tables, block).map_err(|why| -> Box<dyn std::error::Error + Send + Sync> { Box::new(why) })
    };
    match reader.read(&mut Forget, &mut |_| {}, &mut deliver) {
        Ok((summary, _)) => {
            taken.read.refused += summary.rejected_total();
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
            let kept = self.sift(&part);
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
        self.read.refused += faults.len() as u64;
        let refused: BTreeSet<u32> = faults.iter().map(|fault| fault.row).collect();
        let taken = (0..).zip(&part.batch.happened).filter(|(row, _)| !refused.contains(row));
        let last = taken.map(|(_, at)| Timestamp(*at)).max();
        self.read.last = self.read.last.max(last);
    }

    /// The rows that were known; those that came too late to be known at all are refused.
    fn sift(&mut self, part: &Part) -> Vec<u32> {
        let mut kept = Vec::with_capacity(part.rows());
        let Some(closing) = &mut self.closing else { return (0..).take(part.rows()).collect() };
        for (row, happened) in (0u32..).zip(&part.batch.happened) {
            let recorded = part.recorded(row as usize);
            let happened = Timestamp(*happened);
            let late = (recorded != UNSAID).then(|| closing.late(happened, Timestamp(recorded))).flatten();
            if late.is_some() && closing.refuses() {
                self.read.refused += 1;
            } else if self.state.is_none_or(|state| state.knows(late)) {
                self.read.late.extend(late);
                kept.push(row);
            }
        }
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
