//! One pass over the usage for one plan: rows into cells, ready to be closed into invoices.

use crate::args::{Engine, UsageArgs};
use crate::events::bills::Share;
use crate::events::inputs;
use crate::events::progress::Bar;
use crate::events::rejects::Rejects;
use crate::trouble::Trouble;
use price_driver::Known;
use price_ingest::{Block, Order, Part, Reader, Reject, RejectSink, Source, SubscriptionRow, Summary, Tables, UNSAID};
use price_ir::{Invoice, Kernel, KernelFactory, Plan};
use price_rating::limits::CLOSINGS_MAX;
use price_rating::{Closing, Late, Rater, RejectReason, Restated, SettleError, Stage, State, restate, states};
use price_value::{Date, Period, Timestamp, Zone};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The engine asked for, over a plan.
pub fn kernel(engine: Engine, plan: &Arc<Plan>) -> Result<Arc<dyn Kernel>, Trouble> {
    let made = match engine {
        Engine::Jit => price_jit::JitFactory.compile(plan),
        Engine::Interp => price_interp::InterpFactory.compile(plan),
    };
    made.map_err(|problem| {
        Trouble::new("C050", format!("`{}` cannot be turned into machine code", plan.name))
            .cause(problem)
            .help("`--engine interp` runs any plan, slowly")
    })
}

/// Everything one pass needs.
pub struct Pass<'a> {
    /// The plan, in every state of knowledge.
    pub known: &'a [Known],
    /// Command line.
    pub args: &'a UsageArgs,
    /// Names of the sources.
    pub names: &'a [String],
    /// Rows of the subscriptions file that are on this plan; `None` without a file.
    pub subscriptions: Option<Vec<SubscriptionRow>>,
    /// Accounts of the subscriptions file that are on other plans only.
    pub elsewhere: BTreeSet<String>,
    /// Event types that only other plans of this run know.
    pub foreign: BTreeSet<String>,
    /// Rows sorted by time, with source and id.
    pub ordered: bool,
    /// Only accounts of this share.
    pub share: Option<Share>,
}

/// Sees rows before they are counted; the kept rows of one part with their accounts.
pub type Watch<'w> = &'w mut dyn FnMut(&mut Rater, &Tables, &mut Part, &[u32]) -> Result<(), Trouble>;

/// Cells, and what was read.
pub struct Rated {
    /// Hold the cells, in every state of knowledge; at least one.
    stages: Vec<Stage>,
    /// The plan of each.
    plans: Vec<usize>,
    /// What was read.
    pub summary: Summary,
    /// Rows that were rated.
    pub rated: u64,
    /// Rows of accounts that are not asked for, or on other plans.
    pub skipped: u64,
}

impl Rated {
    /// The rater of what is known.
    pub fn rater(&mut self) -> &mut Rater {
        let last = self.stages.len() - 1;
        &mut self.stages[last].rater
    }

    /// The invoice of a period as it was known when the period closed, and the position of its
    /// plan among those of the pass.
    pub fn close(&mut self, subject: &str, period: &Period) -> Result<(Invoice, usize), SettleError> {
        let Restated { invoice, stage } = restate(&mut self.stages, subject, period)?;
        Ok((invoice, self.plans[stage]))
    }

    /// Periods to close, of the accounts asked for.
    pub fn due(&self, args: &UsageArgs, span: Option<(Date, Date)>) -> Vec<(String, Period)> {
        let Some(last) = self.stages.last() else { return Vec::new() };
        let mut due = last.rater.due(span.map(|s| s.0), span.map(|s| s.1));
        if !args.account.is_empty() {
            due.retain(|(subject, _)| args.account.contains(subject));
        }
        due
    }
}

/// The refused, written by the reader and by the rater at the same time.
struct Shared<'r>(&'r RefCell<&'r mut Rejects>);

impl RejectSink for Shared<'_> {
    fn reject(&mut self, reject: &Reject) -> std::io::Result<()> {
        self.0.borrow_mut().reject(reject)
    }
}

/// What becomes of the rows of an account.
const UNKNOWN: u32 = u32::MAX;
const SKIP: u32 = u32::MAX - 1;

/// Reads everything and folds it, once for each state of knowledge. What is refused, shown and
/// watched is that of the last.
pub fn rate(pass: &Pass<'_>, rejects: &mut Rejects, bar: &mut Bar, watch: Watch<'_>) -> Result<Rated, Trouble> {
    let Some(last) = pass.known.last() else {
        return Err(Trouble::new("C051", "nothing is known of this plan"));
    };
    let signed: Vec<Date> = pass.known.iter().filter_map(|known| known.since).collect();
    let stdin = pass.names.iter().any(|name| name == "-");
    if !signed.is_empty() && stdin {
        return Err(once("a retroactive amendment"));
    }
    let Read { rater, summary, rated, skipped, late } = read(pass, last, None, rejects, bar, watch)?;
    if !late.is_empty() && stdin {
        return Err(once("usage that came late"));
    }
    if late.len() > CLOSINGS_MAX {
        let message = format!("usage came late for more than {CLOSINGS_MAX} invoices");
        return Err(Trouble::new("C054", message).help("all of it is read once more for each; rate it year by year"));
    }
    let mut states = states(&signed, late);
    let now = states.pop().and_then(|state| state.since);
    let (mut stages, mut plans) = (Vec::new(), Vec::new());
    for state in states {
        let mut quiet = Rejects::create(None, 1)?;
        let known = &pass.known[state.plan];
        let read = read(pass, known, Some(state), &mut quiet, &mut Bar::new(false), &mut |_, _, _, _| Ok(()))?;
        stages.push(Stage { rater: read.rater, known: state.since });
        plans.push(state.plan);
    }
    stages.push(Stage { rater, known: now });
    plans.push(pass.known.len() - 1);
    Ok(Rated { stages, plans, summary, rated, skipped })
}

/// Standard input cannot be read again.
fn once(what: &str) -> Trouble {
    let message = format!("standard input can be read once, and {what} rates all usage again");
    Trouble::new("C044", message).help("write the usage to a file")
}

/// One reading of the usage.
struct Read {
    rater: Rater,
    summary: Summary,
    rated: u64,
    skipped: u64,
    /// Invoices that are the first to know some late usage.
    late: BTreeSet<Late>,
}

/// Reads what was known in a state, or everything.
fn read(
    pass: &Pass<'_>,
    known: &Known,
    state: Option<State>,
    rejects: &mut Rejects,
    bar: &mut Bar,
    watch: Watch<'_>,
) -> Result<Read, Trouble> {
    let plan = &known.compiled.plan;
    let mut rater = Rater::new(kernel(pass.args.engine, plan)?).map_err(setup)?;
    subscribe(&mut rater, plan, pass.subscriptions.as_deref())?;
    let mut options = inputs::options(pass.args)?;
    options.order = if pass.ordered { Order::ByEventTime } else { rater.order() };
    options.keep_identity = pass.ordered;
    options.passed_over.extend(pass.foreign.iter().cloned());
    options.pools = pools(pass.subscriptions.as_deref());
    if let Some(parties) = &plan.parties {
        options.pools.extend(parties.accounts.iter().map(|account| (account.clone(), plan.name.clone())));
    }
    let wanted: BTreeSet<&str> = pass.args.account.iter().map(String::as_str).collect();
    let pools = options.pools.clone();
    let skips = |account: &str| {
        let billed = pools.get(account).map_or(account, String::as_str);
        let asked = wanted.is_empty() || wanted.contains(account) || wanted.contains(billed);
        !asked || pass.elsewhere.contains(account) || pass.share.is_some_and(|share| !share.holds(billed))
    };
    let reader = Reader::open(plan, inputs::sources(pass.names), options)?;
    let open = plan.dimensions.iter().any(|dimension| dimension.size().is_none());
    let shared = RefCell::new(rejects);
    let mut subjects: Vec<u32> = Vec::new();
    let (mut rated, mut skipped) = (0u64, 0u64);
    let mut late: BTreeSet<Late> = BTreeSet::new();
    let mut closing = Closing::of(plan);
    let strict = pass.args.strict;
    let mut deliver = |tables: &Tables, block: Block| -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        if open {
            rater.labels().absorb(&tables.labels);
        }
        for mut part in stretches(block, pass.ordered || rater.interleaves()) {
            let mut accounts = Vec::with_capacity(part.rows());
            for account in &part.accounts {
                let at = *account as usize;
                if subjects.len() <= at {
                    subjects.resize(tables.accounts.len().max(at + 1), UNKNOWN);
                }
                if subjects[at] == UNKNOWN {
                    let name = tables.accounts.text(*account);
                    subjects[at] = if skips(name) { SKIP } else { rater.subject(name).0 };
                }
                accounts.push(subjects[at]);
            }
            if accounts.contains(&SKIP) {
                let kept: Vec<u32> = (0u32..).zip(&accounts).filter(|(_, a)| **a != SKIP).map(|(row, _)| row).collect();
                skipped += (accounts.len() - kept.len()) as u64;
                accounts.retain(|account| *account != SKIP);
                part = part.select(&kept);
            }
            if let (Some(closing), false) = (&mut closing, part.recorded.is_empty()) {
                let mut sieve = Sieve { closing, state, late: &mut late };
                let (kept, refusals) = sieve.sift(tables, &part);
                for reject in refusals {
                    shared.borrow_mut().reject(&reject)?;
                    if strict {
                        return Err(Box::new(price_ingest::IngestError::Refused(Box::new(reject))));
                    }
                }
                if kept.len() < part.rows() {
                    accounts = kept.iter().map(|row| accounts[*row as usize]).collect();
                    part = part.select(&kept);
                }
            }
            if part.rows() == 0 {
                continue;
            }
            watch(&mut rater, tables, &mut part, &accounts)?;
            let faults = rater.push(&mut part.batch, &accounts);
            rated += (part.rows() - faults.len()) as u64;
            for fault in faults {
                let row = fault.row as usize;
                let reject = refused(tables, &part, row, fault.reason);
                shared.borrow_mut().reject(&reject)?;
                if strict {
                    return Err(Box::new(price_ingest::IngestError::Refused(Box::new(reject))));
                }
            }
        }
        Ok(())
    };
    let read = reader.read(&mut Shared(&shared), &mut |progress| bar.update(&progress), &mut deliver);
    bar.finish();
    let (summary, _) = read.map_err(unwrap)?;
    Ok(Read { rater, summary, rated, skipped, late })
}

/// Tells usage that came late from the rest.
struct Sieve<'s> {
    closing: &'s mut Closing,
    state: Option<State>,
    late: &'s mut BTreeSet<Late>,
}

impl Sieve<'_> {
    /// The rows that were known, and refusals of those that came too late to be.
    fn sift(&mut self, tables: &Tables, part: &Part) -> (Vec<u32>, Vec<Reject>) {
        let (mut kept, mut refused_rows) = (Vec::with_capacity(part.rows()), Vec::new());
        for row in 0..part.rows() {
            let (happened, recorded) = (Timestamp(part.batch.happened[row]), part.recorded(row));
            let late = (recorded != UNSAID).then(|| self.closing.late(happened, Timestamp(recorded))).flatten();
            match late {
                Some(_) if self.closing.refuses() => {
                    let period = self.closing.period(happened);
                    let reason = RejectReason::TooLate { period: period.from, closed: self.closing.day(&period) };
                    refused_rows.push(refused(tables, part, row, reason));
                }
                late if self.state.is_none_or(|state| state.knows(late)) => {
                    self.late.extend(late);
                    kept.push(row as u32);
                }
                _ => {}
            }
        }
        (kept, refused_rows)
    }
}

/// The strict refusal of a row, from inside the error that carried it out of the reader.
fn unwrap(error: price_ingest::IngestError) -> Trouble {
    match error {
        price_ingest::IngestError::Stopped(inner) => match inner.downcast::<price_ingest::IngestError>() {
            Ok(inner) => (*inner).into(),
            Err(inner) => price_ingest::IngestError::Stopped(inner).into(),
        },
        error => error.into(),
    }
}

/// The block part by part; where event types must interleave as they happened, in stretches of
/// one type each.
fn stretches(block: Block, interleave: bool) -> Vec<Part> {
    if !interleave || block.parts.len() < 2 {
        return block.parts;
    }
    let mut out: Vec<Part> = Vec::new();
    let places: Vec<(u16, u32)> = block.places().collect();
    for chunk in places.chunk_by(|a, b| a.0 == b.0) {
        let Some((part, _)) = chunk.first() else { continue };
        let rows: Vec<u32> = chunk.iter().map(|(_, row)| *row).collect();
        out.push(block.parts[usize::from(*part)].select(&rows));
    }
    out
}

fn refused(tables: &Tables, part: &Part, row: usize, reason: RejectReason) -> Reject {
    let file = part.files.get(row).and_then(|file| tables.files.get(*file as usize)).map_or("", String::as_str);
    let account = part.accounts.get(row).map_or("", |account| tables.accounts.text(*account));
    let at = Timestamp(part.batch.happened.get(row).copied().unwrap_or_default());
    let record = serde_json::json!({ "account": account, "time": at.to_string() }).to_string();
    Reject::new(file, part.lines.get(row).copied().unwrap_or_default(), reason, record.as_bytes())
}

fn setup(error: price_rating::SetupError) -> Trouble {
    Trouble::new("C051", error.to_string()).help("check the subscriptions file")
}

fn pools(rows: Option<&[SubscriptionRow]>) -> BTreeMap<String, String> {
    let pooled = rows.unwrap_or_default().iter().filter_map(|row| Some((row.account.clone(), row.pool.clone()?)));
    pooled.collect()
}

fn subscribe(rater: &mut Rater, plan: &Plan, rows: Option<&[SubscriptionRow]>) -> Result<(), Trouble> {
    let Some(rows) = rows else { return Ok(()) };
    let zone = Zone::get(&plan.zone).unwrap_or_else(Zone::utc);
    for row in rows {
        rater.subscribe(&row.subscription()).map_err(setup)?;
    }
    for row in rows {
        for (wallet, lot) in &row.balances {
            rater.open_balance(&row.account, wallet, lot.clone()).map_err(|error| {
                Trouble::new("C053", format!("line {} of the subscriptions: {error}", row.line))
                    .help("name the column balance_WALLET, with balance_WALLET[cost] beside it")
            })?;
        }
        for level in &row.opening {
            let Some(from) = row.from else {
                let message = format!("line {}: an opening level needs a start date", row.line);
                return Err(Trouble::new("C052", message).help("fill in the column `start`"));
            };
            let labels: Vec<(&str, &str)> = level.labels.iter().map(|(d, l)| (d.as_str(), l.as_str())).collect();
            let opened = rater.open_level(&row.account, &level.meter, &labels, &level.level, zone.start_of(from));
            opened.map_err(|error| {
                Trouble::new("C053", format!("line {} of the subscriptions: {error}", row.line))
                    .help("name the column opening_METER, or opening_METER[dimension=label] for each cell")
            })?;
        }
    }
    Ok(())
}

/// The rows of a subscriptions file.
pub fn read_subscriptions(path: &str) -> Result<Vec<SubscriptionRow>, Trouble> {
    price_ingest::read_subscriptions(Source::named(path), None).map_err(|problems| {
        let mut lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let more = lines.len().saturating_sub(10);
        lines.truncate(10);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        let code = problems.first().map_or("I012", |problem| problem.code());
        Trouble::new(code, lines.join("\n")).help("mend the file; nothing was rated")
    })
}
