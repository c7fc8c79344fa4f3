//! Adds up what events are worth to a meter.

use super::gather::OfPlan;
use super::label::{From, from, label};
use super::meter::Joins;
use super::window::Windows;
use super::{UsageError, UsageQuery, UsageRow, Wanted};
use crate::archive::{Archive, Texts};
use crate::book::Judge;
use crate::limits;
use hashbrown::HashSet;
use price_ir::kernel::TAKEN;
use price_ir::{Column, Fold, MapOut, Sink};
use price_value::Rational;
use std::collections::BTreeMap;

/// Events that are judged together.
const TOGETHER: usize = 4_096;

/// Window, account, labels.
type Key = (i64, i64, Option<String>, Vec<Option<String>>);

/// Steps of one plan, or how many.
#[derive(Default)]
struct Steps {
    value: i128,
    count: u64,
    /// Hashes of texts.
    texts: HashSet<u128>,
}

/// The same over all plans, in the unit of the meter.
struct Total {
    value: Rational,
    count: u64,
    texts: HashSet<u128>,
}

pub(super) struct Tally<'q> {
    query: &'q UsageQuery,
    joins: Joins,
    totals: BTreeMap<Key, Total>,
}

impl<'q> Tally<'q> {
    pub(super) fn new(query: &'q UsageQuery, joins: Joins) -> Tally<'q> {
        Tally { query, joins, totals: BTreeMap::new() }
    }

    /// Adds the events of a plan.
    pub(super) fn add(&mut self, of: &OfPlan, archive: &Archive) -> Result<(), UsageError> {
        let plan = of.kernel.plan().clone();
        let find = |name: &String| from(&plan, &of.sinks, name, &self.query.meter);
        let group: Vec<From> = self.query.group_by.iter().map(find).collect::<Result<_, _>>()?;
        let wanted: Vec<(From, &Wanted)> =
            self.query.labels.iter().map(|(name, wanted)| Ok((find(name)?, wanted))).collect::<Result<_, _>>()?;
        let mut judge = Judge::new(of.kernel.clone());
        let mut windows = Windows::new(self.query);
        let mut sums: Vec<BTreeMap<Key, Steps>> = of.sinks.iter().map(|_| BTreeMap::new()).collect();
        let (mut out, mut seen, mut rows) = (MapOut::default(), Seen::default(), 0);
        let mut texts = Texts::default();
        for some in of.events.chunks(TOGETHER) {
            texts.clear();
            archive.read(some.iter().map(|(_, _, seq)| *seq), &mut texts);
            if let Some(fault) = archive.fault() {
                return Err(UsageError::Unreadable(fault.to_owned()));
            }
            for mut part in judge.parts((0..some.len()).map(|at| texts.get(at))) {
                judge.calendars(&mut part.batch);
                let batch = &part.batch;
                seen.begin(batch.rows);
                for (sums, at) in sums.iter_mut().zip(&of.sinks) {
                    let sink = &plan.sinks[at.ix()];
                    if sink.event != batch.event {
                        continue;
                    }
                    of.kernel.map(*at, batch, &[], &mut out);
                    let each = out.status.len() / batch.rows.max(1);
                    for entry in (0..out.status.len()).filter(|entry| out.status[*entry] == TAKEN) {
                        let place = (entry / each.max(1), entry % each.max(1));
                        // Of a family: a label of which nothing was used.
                        let nothing = each > 1 && out.value[entry] == 0 && self.joins == Joins::Sum;
                        if nothing || !seen.first(place, each) {
                            continue;
                        }
                        let find = |from: From| label(&plan, judge.open(), batch, from, place);
                        if !wanted.iter().all(|(from, wanted)| wanted.holds(find(*from))) {
                            continue;
                        }
                        let (happened, account, _) = &some[part.lines[place.0] as usize - 1];
                        let (start, end) = windows.of(*happened);
                        let account = self.query.by_account.then(|| of.accounts[*account as usize].clone());
                        let labels = group.iter().map(|from| find(*from).map(str::to_owned)).collect();
                        let steps = sums.entry((start, end, account, labels)).or_insert_with(|| {
                            rows += 1;
                            Steps::default()
                        });
                        steps.add(self.joins, out.value[entry]);
                        if let Some(text) = text(sink, batch, &judge, place.0) {
                            steps.texts.insert(text);
                        }
                    }
                    if rows > limits::USAGE_ROWS {
                        return Err(UsageError::TooMuch);
                    }
                }
            }
        }
        for (sums, at) in sums.into_iter().zip(&of.sinks) {
            let quantum = &plan.sinks[at.ix()].quantum;
            sums.into_iter().for_each(|(key, steps)| self.put(key, steps, quantum));
        }
        if self.totals.len() > limits::USAGE_ROWS {
            return Err(UsageError::TooMuch);
        }
        Ok(())
    }

    fn put(&mut self, key: Key, steps: Steps, quantum: &Rational) {
        let more = Total { value: Rational::int(steps.value) * quantum, count: steps.count, texts: steps.texts };
        match self.totals.get_mut(&key) {
            None => {
                self.totals.insert(key, more);
            }
            Some(total) => {
                total.count += more.count;
                total.texts.extend(more.texts);
                let was = std::mem::take(&mut total.value);
                total.value = match self.joins {
                    Joins::Max => was.max(more.value),
                    Joins::Min => was.min(more.value),
                    Joins::Sum | Joins::Mean | Joins::Unique => was + more.value,
                };
            }
        }
    }

    pub(super) fn rows(self) -> Vec<UsageRow> {
        let row = |((from, until, account, labels), total): (Key, Total)| {
            let value = match self.joins {
                Joins::Sum | Joins::Max | Joins::Min => total.value,
                Joins::Mean => total.value / Rational::int(i128::from(total.count.max(1))),
                Joins::Unique => Rational::int(total.texts.len() as i128),
            };
            let group = self.query.group_by.iter().cloned().zip(labels).collect();
            UsageRow { from, until, account, group, value }
        };
        self.totals.into_iter().map(row).collect()
    }
}

impl Steps {
    fn add(&mut self, joins: Joins, value: i64) {
        let value = i128::from(value);
        // 64 bits of a million events fit.
        self.value = match joins {
            Joins::Sum | Joins::Mean => self.value + value,
            Joins::Unique => 0,
            Joins::Max | Joins::Min if self.count == 0 => value,
            Joins::Max => self.value.max(value),
            Joins::Min => self.value.min(value),
        };
        self.count += 1;
    }
}

/// What counts different texts: 128 bits that stand for the text of a row, which mean the same in
/// every plan.
fn text(sink: &Sink, batch: &price_ir::Batch, judge: &Judge, row: usize) -> Option<u128> {
    let Fold::Unique(field) = &sink.fold else { return None };
    let hash = |bytes: &[u8]| {
        let hash = blake3::hash(bytes);
        hash.as_bytes().first_chunk::<16>().map(|bytes| u128::from_le_bytes(*bytes))
    };
    match &batch.columns[field.ix()] {
        Column::Int(values) => hash(&values[row].to_le_bytes()),
        Column::Family(_) => None,
        _ => {
            let plan = judge.plan();
            let from = label_of(sink, plan, *field)?;
            hash(label(plan, judge.open(), batch, from, (row, 0))?.as_bytes())
        }
    }
}

fn label_of(sink: &Sink, plan: &price_ir::Plan, field: price_ir::FieldIx) -> Option<From> {
    use price_ir::FieldType::{Flag, Label, LabelFrom, Text};
    match &plan.events[sink.event.ix()].fields[field.ix()].ty {
        Label(dim) | LabelFrom(dim, _) => Some(From::Column(field, Some(*dim))),
        Text | Flag => Some(From::Column(field, None)),
        _ => None,
    }
}

/// What was counted: prices of one meter may take the same event, which counts once.
#[derive(Default)]
struct Seen {
    /// Labels of families, or the whole row.
    labels: Vec<HashSet<usize>>,
    rows: Vec<bool>,
}

impl Seen {
    fn begin(&mut self, rows: usize) {
        self.rows.clear();
        self.rows.resize(rows, false);
        self.labels.clear();
    }

    /// Whether an entry is seen for the first time; `each` are the entries of a row.
    fn first(&mut self, (row, entry): (usize, usize), each: usize) -> bool {
        if self.rows[row] {
            return false;
        }
        if each <= 1 {
            self.rows[row] = true;
            return self.labels.get(row).is_none_or(HashSet::is_empty);
        }
        if self.labels.len() <= row {
            self.labels.resize_with(row + 1, HashSet::new);
        }
        self.labels[row].insert(entry)
    }
}
