//! What a cell keeps: mergeable accumulators, one kind per fold.
//!
//! Merging the accumulators of two disjoint stretches of time gives that of both, so a month can
//! be read from its days and a year from its months.

use price_ir::{Fold, SlotFold};
use price_value::Rational;
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Hashes of texts; only their number is ever read.
pub(crate) type Hashes = hashbrown::HashSet<u128, FxBuildHasher>;

/// The state of one cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Acc {
    /// Σ value, or rows.
    Sum(i128),
    /// Σ raw amount and events.
    Charge(i128, u64),
    /// Amounts the host priced.
    Priced(Box<Priced>),
    /// Greatest.
    Max(i64),
    /// Least.
    Min(i64),
    /// Latest.
    Last(i64),
    /// Hashes of texts.
    Unique(#[serde(with = "crate::saved::hashes")] Hashes),
    /// Value times nanoseconds.
    Integral(i128),
    /// All values, unsorted.
    Values(Vec<i64>),
    /// Σ value and rows.
    Mean(i128, u64),
    /// Per slot: folded value and rows.
    Slots(BTreeMap<u32, (i128, u64)>),
}

/// Events of a charge that is split or covered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Priced {
    /// Σ amounts.
    pub(crate) amount: Rational,
    /// Σ measures, in the measure's unit.
    pub(crate) measure: Rational,
    /// Σ covered parts of the measures.
    pub(crate) covered: Rational,
    /// Events that began in the cell.
    pub(crate) events: u64,
}

impl Acc {
    /// Adds what happened later (for [`Acc::Last`]: the other's value wins).
    pub(crate) fn merge(&mut self, later: &Acc, inner: Option<SlotFold>) {
        match (self, later) {
            (Acc::Sum(a), Acc::Sum(b)) | (Acc::Integral(a), Acc::Integral(b)) => *a += b,
            (Acc::Charge(a, n), Acc::Charge(b, m)) | (Acc::Mean(a, n), Acc::Mean(b, m)) => {
                *a += b;
                *n += m;
            }
            (Acc::Priced(a), Acc::Priced(b)) => {
                a.amount += &b.amount;
                a.measure += &b.measure;
                a.covered += &b.covered;
                a.events += b.events;
            }
            (Acc::Max(a), Acc::Max(b)) => *a = *b.max(a),
            (Acc::Min(a), Acc::Min(b)) => *a = *b.min(a),
            (Acc::Last(a), Acc::Last(b)) => *a = *b,
            (Acc::Unique(a), Acc::Unique(b)) => a.extend(b),
            (Acc::Values(a), Acc::Values(b)) => a.extend(b),
            (Acc::Slots(a), Acc::Slots(b)) => {
                for (slot, (value, rows)) in b {
                    match a.get_mut(slot) {
                        Some(cell) => fold_slot(inner.unwrap_or(SlotFold::Sum), cell, *value, *rows),
                        None => {
                            a.insert(*slot, (*value, *rows));
                        }
                    }
                }
            }
            _ => unreachable!("cells of one sink keep one kind of state"),
        }
    }
}

/// Adds a row, or the aggregate of several, to a slot.
pub(crate) fn fold_slot(inner: SlotFold, cell: &mut (i128, u64), value: i128, rows: u64) {
    match inner {
        SlotFold::Sum | SlotFold::Average | SlotFold::Count => cell.0 += value,
        SlotFold::Max => cell.0 = cell.0.max(value),
        SlotFold::Min => cell.0 = cell.0.min(value),
    }
    cell.1 += rows;
}

/// A cell as a reader sees it: state from rows, and quantities given directly.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Reading {
    pub(crate) acc: Option<Acc>,
    /// In raw units, any rational.
    pub(crate) given: Option<Rational>,
}

impl Reading {
    /// Adds what came later.
    pub(crate) fn merge(&mut self, later: &Reading, fold: &Fold) {
        match (&mut self.acc, &later.acc) {
            (Some(a), Some(b)) => a.merge(b, inner(fold)),
            (None, Some(b)) => self.acc = Some(b.clone()),
            _ => {}
        }
        if let Some(more) = &later.given {
            self.give(more, fold);
        }
    }

    /// Adds a quantity given directly.
    pub(crate) fn give(&mut self, raw: &Rational, fold: &Fold) {
        self.given = Some(match self.given.take() {
            Some(old) => combine(fold, old, raw.clone()),
            None => raw.clone(),
        });
    }

    /// An average of this period as a plain number, so that it can be added to other periods'.
    pub(crate) fn settle_average(self, fold: &Fold, seconds: i64) -> Reading {
        match self.acc {
            Some(Acc::Integral(_)) => Reading { given: Some(self.raw(fold, seconds)), acc: None },
            _ => self,
        }
    }

    /// The aggregate in raw units (times the sink's quantum: the quantity); zero without usage.
    /// `seconds` is the length of the billing period.
    pub(crate) fn raw(&self, fold: &Fold, seconds: i64) -> Rational {
        let own = self.acc.as_ref().map(|acc| value(acc, fold, seconds));
        match (own, &self.given) {
            (Some(own), Some(given)) => combine(fold, own, given.clone()),
            (Some(own), None) => own,
            (None, Some(given)) => given.clone(),
            (None, None) => Rational::ZERO,
        }
    }
}

fn inner(fold: &Fold) -> Option<SlotFold> {
    if let Fold::Slotted { inner, .. } = fold { Some(*inner) } else { None }
}

/// Two aggregates of disjoint sets of rows, as far as numbers alone can say.
fn combine(fold: &Fold, a: Rational, b: Rational) -> Rational {
    match fold {
        Fold::Max(..) | Fold::Slotted { outer: SlotFold::Max, .. } => a.max(b),
        Fold::Min(..) | Fold::Slotted { outer: SlotFold::Min, .. } => a.min(b),
        Fold::Last(_) | Fold::Percentile(..) | Fold::Mean(_) => b,
        _ => a + b,
    }
}

fn value(acc: &Acc, fold: &Fold, seconds: i64) -> Rational {
    match acc {
        Acc::Sum(sum) | Acc::Charge(sum, _) => Rational::int(*sum),
        Acc::Priced(priced) => priced.amount.clone(),
        Acc::Max(v) | Acc::Min(v) | Acc::Last(v) => Rational::from(*v),
        Acc::Unique(texts) => Rational::int(texts.len() as i128),
        Acc::Integral(sum) => {
            Rational::new(*sum, i128::from(seconds.max(1)) * i128::from(price_value::time::NANOS_PER_SECOND))
        }
        Acc::Mean(_, 0) => Rational::ZERO,
        Acc::Mean(sum, rows) => Rational::new(*sum, i128::from(*rows)),
        Acc::Values(values) => match fold {
            Fold::Percentile(percent, _) => Rational::from(nearest_rank(values, *percent)),
            _ => Rational::ZERO,
        },
        Acc::Slots(slots) => {
            let Fold::Slotted { outer, inner, .. } = fold else { return Rational::ZERO };
            let of = |(value, rows): &(i128, u64)| match inner {
                SlotFold::Average => Rational::new(*value, i128::from((*rows).max(1))),
                SlotFold::Count => Rational::int(i128::from(*rows)),
                _ => Rational::int(*value),
            };
            let values = slots.values().map(of);
            match outer {
                SlotFold::Sum => values.sum(),
                SlotFold::Count => Rational::int(slots.len() as i128),
                SlotFold::Max => values.max().unwrap_or_default(),
                SlotFold::Min => values.min().unwrap_or_default(),
                SlotFold::Average => values.sum::<Rational>() / Rational::int(slots.len().max(1) as i128),
            }
        }
    }
}

/// The value at rank `ceil(percent · n / 100)`, counted from 1.
fn nearest_rank(values: &[i64], percent: u8) -> i64 {
    let mut sorted = values.to_vec();
    let rank = (sorted.len() * usize::from(percent)).div_ceil(100).max(1);
    let (_, value, _) = sorted.select_nth_unstable(rank - 1);
    *value
}

#[cfg(test)]
mod tests {
    use super::*;
    use price_ir::Expr;

    fn read(acc: Acc, fold: &Fold) -> String {
        Reading { acc: Some(acc), given: None }.raw(fold, 1).to_string()
    }

    #[test]
    fn a_percentile_is_the_value_of_the_nearest_rank() {
        // 100 samples: 94 at 10, 5 at 80, 1 at 900.
        let values = [vec![10; 94], vec![80; 5], vec![900]].concat();
        assert_eq!(read(Acc::Values(values), &Fold::Percentile(95, Expr::Arg)), "80");
        assert_eq!(read(Acc::Values(vec![7]), &Fold::Percentile(1, Expr::Arg)), "7");
    }

    #[test]
    fn merging_gives_the_aggregate_of_both() {
        let pairs = [
            (Fold::Count, Acc::Sum(3), Acc::Sum(4), "7"),
            (Fold::Mean(Expr::Arg), Acc::Mean(10, 2), Acc::Mean(1, 1), "11/3"),
            (
                Fold::Unique(price_ir::FieldIx(0)),
                Acc::Unique([1, 2].into_iter().collect()),
                Acc::Unique([2, 3].into_iter().collect()),
                "3",
            ),
            (Fold::Last(Expr::Arg), Acc::Last(5), Acc::Last(2), "2"),
            (Fold::Max(Expr::Arg, price_ir::Held::Amount), Acc::Max(12), Acc::Max(40), "40"),
        ];
        for (fold, mut a, b, both) in pairs {
            a.merge(&b, None);
            assert_eq!(read(a, &fold), both);
        }
    }

    #[test]
    fn the_peak_of_means_divides_inside_the_slot() {
        let fold = Fold::Slotted { outer: SlotFold::Max, inner: SlotFold::Average, seconds: 900, value: Expr::Arg };
        let slots = [(0, (30, 3)), (1, (25, 2)), (2, (12, 1))].into();
        assert_eq!(read(Acc::Slots(slots), &fold), "12.5");
    }
}
