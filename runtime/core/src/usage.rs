//! How much was used, by windows and labels: what dashboards ask.
//!
//! Each event is judged by the meter of the plan itself, with its filter and its value; only what is
//! asked for is added up here. No price is involved.

use crate::book::Book;
use crate::facts::Fact;
use crate::limits;
use crate::machine::Machine;
use price_ir::kernel::TAKEN;
use price_ir::{Fold, Held, MapOut, SinkIx};
use price_value::{Date, Rational, Schedule, Timestamp, Window, Zone};
use std::collections::{BTreeMap, BTreeSet};

/// Events that are judged together.
const TOGETHER: usize = 4_096;
const MINUTE: i64 = 60_000_000_000;

/// Length of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowSize {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A local day.
    Day,
    /// A local month.
    Month,
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct UsageQuery {
    /// The meter.
    pub meter: String,
    /// First instant, in nanoseconds.
    pub from: Option<i64>,
    /// First instant behind, likewise.
    pub until: Option<i64>,
    /// Windows; none: one for all of it.
    pub window: Option<WindowSize>,
    /// The zone of windows.
    pub zone: Zone,
    /// Only these accounts; all, if empty.
    pub accounts: BTreeSet<String>,
    /// A row for each account.
    pub by_account: bool,
    /// A row for each text of these fields.
    pub group_by: Vec<String>,
    /// Only events whose field has one of these texts.
    pub fields: BTreeMap<String, BTreeSet<String>>,
}

/// A quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// First instant of the window, in nanoseconds.
    pub from: i64,
    /// First instant behind it.
    pub until: i64,
    /// The account, where asked for.
    pub account: Option<String>,
    /// Text of each field, where asked for.
    pub group: BTreeMap<String, Option<String>>,
    /// How much, in the unit of the meter.
    pub value: Rational,
}

/// A meter of the plans of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterView {
    /// Its name.
    pub name: String,
    /// The event that it counts.
    pub event: String,
    /// Its unit.
    pub unit: String,
    /// `sum`, `count`, `max`, `min`, `mean`, `unique`, `last`, `average`, `percentile`, `slots`.
    pub aggregation: &'static str,
    /// Names of its dimensions.
    pub dimensions: Vec<String>,
    /// The plan.
    pub plan: String,
}

/// Why usage cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// No plan has the meter.
    #[error("no plan has a meter `{0}`")]
    Unknown(String),
    /// It cannot be told window by window.
    #[error("`{0}` is {1}, which has no value window by window")]
    NotAdditive(String, &'static str),
    /// Too much.
    #[error(
        "more than {} events or {} rows; ask for less time, or for accounts",
        limits::USAGE_EVENTS,
        limits::USAGE_ROWS
    )]
    TooMuch,
}

/// How values are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joins {
    Sum,
    Max,
    Min,
    Mean,
}

#[derive(Debug, Clone, Copy)]
struct Sum {
    value: i128,
    count: i64,
}

/// Window, account, texts of fields.
type Key = (i64, i64, Option<String>, Vec<Option<String>>);

fn word(fold: &Fold) -> &'static str {
    match fold {
        Fold::Sum(_) => "sum",
        Fold::Count => "count",
        Fold::Max(..) => "max",
        Fold::Min(..) => "min",
        Fold::Last(_) => "last",
        Fold::Unique(_) => "unique",
        Fold::Average(_) => "average",
        Fold::Percentile(..) => "percentile",
        Fold::Mean(_) => "mean",
        Fold::Slotted { .. } => "slots",
        Fold::Charge(_) => "charge",
    }
}

impl Machine {
    /// The meters of the plans of a tenant, by name and plan.
    pub fn meters(&self, tenant: &str) -> Vec<MeterView> {
        let books = self.tenants.get(tenant).into_iter().flat_map(|tenant| tenant.books.iter());
        let mut all: BTreeMap<(String, String), MeterView> = BTreeMap::new();
        for (name, book) in books {
            let plan = book.version().plan();
            for sink in plan.sinks.iter().filter(|sink| !sink.meter.is_empty()) {
                let dimensions = sink.keys.iter().map(|key| plan.dimensions[key.dim.ix()].name.clone());
                let view = || MeterView {
                    name: sink.meter.clone(),
                    event: plan.events[sink.event.ix()].name.clone(),
                    unit: sink.unit.clone(),
                    aggregation: word(&sink.fold),
                    dimensions: Vec::new(),
                    plan: name.to_string(),
                };
                let known = all.entry((sink.meter.clone(), name.to_string())).or_insert_with(view);
                for dimension in dimensions {
                    if !known.dimensions.contains(&dimension) {
                        known.dimensions.push(dimension);
                    }
                }
            }
        }
        all.into_values().collect()
    }

    /// How much was used of a meter, by windows and labels, in the order of windows, accounts, texts.
    pub fn used(&mut self, tenant: &str, query: &UsageQuery) -> Result<Vec<UsageRow>, UsageError> {
        let unknown = || UsageError::Unknown(query.meter.clone());
        let tenant = self.tenants.get_mut(tenant).ok_or_else(unknown)?;
        let mut sums: BTreeMap<Key, Sum> = BTreeMap::new();
        let mut found: Option<(Joins, Rational)> = None;
        let mut room = limits::USAGE_EVENTS;
        let names: Vec<u32> = (0..tenant.books.len() as u32).collect();
        for number in names {
            let book = tenant.books.at_mut(number);
            let sinks = sinks(book, &query.meter);
            let Some(first) = sinks.first() else { continue };
            let sink = &book.version().plan().sinks[first.ix()];
            let joins = match &sink.fold {
                Fold::Sum(_) | Fold::Count => Joins::Sum,
                Fold::Max(_, Held::Amount) => Joins::Max,
                Fold::Min(_, Held::Amount) => Joins::Min,
                Fold::Mean(_) => Joins::Mean,
                other => return Err(UsageError::NotAdditive(query.meter.clone(), word(other))),
            };
            found.get_or_insert((joins, sink.quantum.clone()));
            of_book(book, &sinks, query, joins, &mut sums, &mut room)?;
        }
        let (joins, quantum) = found.ok_or_else(unknown)?;
        let row = |((from, until, account, texts), sum): (Key, Sum)| {
            let raw = Rational::int(sum.value) * &quantum;
            let value = if joins == Joins::Mean { raw / Rational::from(sum.count.max(1)) } else { raw };
            let group = query.group_by.iter().cloned().zip(texts).collect();
            UsageRow { from, until, account, group, value }
        };
        Ok(sums.into_iter().map(row).collect())
    }
}

/// What measures a meter: one that counts all of it, or those of its prices, each a part of it.
fn sinks(book: &Book, meter: &str) -> Vec<SinkIx> {
    let plan = book.version().plan();
    let all = plan.sinks.iter().enumerate().filter(|(_, sink)| sink.meter == meter);
    let all: Vec<(SinkIx, bool)> =
        all.map(|(at, sink)| (SinkIx(at as u32), sink.scope == price_ir::Cond::Always)).collect();
    match all.iter().find(|(_, whole)| *whole) {
        Some((sink, _)) => vec![*sink],
        None => all.into_iter().map(|(sink, _)| sink).collect(),
    }
}

fn of_book(
    book: &mut Book,
    sinks: &[SinkIx],
    query: &UsageQuery,
    joins: Joins,
    sums: &mut BTreeMap<Key, Sum>,
    room: &mut usize,
) -> Result<(), UsageError> {
    let (from, until) = (query.from.unwrap_or(i64::MIN), query.until.unwrap_or(i64::MAX));
    let inside = |fact: &&Fact| (from..until).contains(&fact.happened);
    let mut judge = book.judge();
    let mut out = MapOut::default();
    let mut windows = Windows { query, last: None };
    let wanted: Vec<(&Fact, &str)> = book
        .subjects
        .iter()
        .flat_map(|(_, facts)| facts.counting().filter(inside))
        .map(|fact| (fact, book.member_name(fact.member)))
        .filter(|(_, account)| query.accounts.is_empty() || query.accounts.contains(*account))
        .take(*room + 1)
        .collect();
    *room = room.checked_sub(wanted.len()).ok_or(UsageError::TooMuch)?;
    for some in wanted.chunks(TOGETHER) {
        let parts = judge.parts(some.iter().map(|(fact, _)| &*fact.record));
        for mut part in parts {
            judge.calendars(&mut part.batch);
            for sink in sinks {
                let of = &book.version().plan().sinks[sink.ix()];
                if of.event != part.batch.event {
                    continue;
                }
                judge.kernel().map(*sink, &part.batch, &[], &mut out);
                let each = out.status.len() / part.batch.rows.max(1);
                for row in 0..part.batch.rows {
                    let entries = row * each..(row + 1) * each;
                    let taken: Vec<i64> =
                        entries.filter(|at| out.status[*at] == TAKEN).map(|at| out.value[at]).collect();
                    if taken.is_empty() {
                        continue;
                    }
                    let (fact, account) = some[part.lines[row] as usize - 1];
                    let Some(texts) = texts(&fact.record, query) else { continue };
                    let (start, end) = windows.of(fact.happened);
                    let account = query.by_account.then(|| account.to_owned());
                    let known = sums.len();
                    let sum = sums.entry((start, end, account, texts));
                    let std::collections::btree_map::Entry::Occupied(mut sum) = sum else {
                        if known >= limits::USAGE_ROWS {
                            return Err(UsageError::TooMuch);
                        }
                        let mut first = Sum { value: i128::from(taken[0]), count: 1 };
                        taken[1..].iter().for_each(|value| first.add(joins, *value));
                        sum.or_insert(first);
                        continue;
                    };
                    taken.iter().for_each(|value| sum.get_mut().add(joins, *value));
                }
            }
        }
    }
    Ok(())
}

impl Sum {
    fn add(&mut self, joins: Joins, value: i64) {
        let value = i128::from(value);
        self.count += 1;
        self.value = match joins {
            Joins::Sum | Joins::Mean => self.value.saturating_add(value),
            Joins::Max => self.value.max(value),
            Joins::Min => self.value.min(value),
        };
    }
}

/// The texts of the fields that are asked for; none where the event is not wanted.
fn texts(record: &str, query: &UsageQuery) -> Option<Vec<Option<String>>> {
    if query.group_by.is_empty() && query.fields.is_empty() {
        return Some(Vec::new());
    }
    let record: serde_json::Value = serde_json::from_str(record).ok()?;
    let text = |name: &str| {
        let value = record.get("data").and_then(|data| data.get(name)).or_else(|| record.get(name))?;
        match value {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Null => None,
            other => Some(other.to_string()),
        }
    };
    for (field, wanted) in &query.fields {
        if !text(field).is_some_and(|found| wanted.contains(&found)) {
            return None;
        }
    }
    Some(query.group_by.iter().map(|name| text(name)).collect())
}

/// Windows of events that mostly come in stretches of time.
struct Windows<'q> {
    query: &'q UsageQuery,
    last: Option<(i64, i64)>,
}

impl Windows<'_> {
    fn of(&mut self, at: i64) -> (i64, i64) {
        if let Some((from, until)) = self.last.filter(|(from, until)| *from <= at && at < *until) {
            return (from, until);
        }
        let zone = &self.query.zone;
        let whole = |length: i64| {
            let from = at.div_euclid(length).saturating_mul(length);
            (from, from.saturating_add(length))
        };
        let local = |from: Date, until: Date| (zone.start_of(from).0, zone.start_of(until).0);
        let found = match self.query.window {
            None => (self.query.from.unwrap_or(0), self.query.until.unwrap_or(i64::MAX)),
            Some(WindowSize::Minute) => whole(MINUTE),
            Some(WindowSize::Hour) => whole(60 * MINUTE),
            Some(WindowSize::Day) => {
                let day = zone.local(Timestamp(at)).0;
                local(day, day.add_days(1))
            }
            Some(WindowSize::Month) => {
                let month = Schedule { every: Window::Month, day: 1, month: 1 };
                let period = month.period_at(zone, Timestamp(at));
                local(period.from, period.until)
            }
        };
        self.last = Some(found);
        found
    }
}
