//! What is drawn.

use crate::scale::number;
use price_ir::Curve;
use price_value::{Currency, Rational};

/// What is drawn against the quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// The amount for a quantity.
    #[default]
    Total,
    /// What one more costs.
    Marginal,
    /// The amount divided by the quantity.
    Average,
}

impl View {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            View::Total => "total",
            View::Marginal => "each more",
            View::Average => "average",
        }
    }
}

/// One price.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What it is called beside others.
    pub label: String,
    /// Its amounts.
    pub curve: Curve,
}

/// A picture of prices.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Its title.
    pub title: String,
    /// Unit of quantities.
    pub unit: String,
    /// Currency of amounts.
    pub currency: Currency,
    /// What is drawn.
    pub view: View,
    /// The prices, first to last.
    pub series: Vec<Series>,
    /// The greatest quantity; chosen by the bounds of tiers if not given.
    pub up_to: Option<Rational>,
}

/// A stretch without a jump: points to join.
pub(crate) type Run = Vec<(f64, f64)>;

impl Chart {
    /// The greatest quantity.
    pub(crate) fn end(&self) -> f64 {
        if let Some(end) = &self.up_to {
            return number(end).max(f64::MIN_POSITIVE);
        }
        let last = self.series.iter().filter_map(|series| series.curve.pieces.last()).map(|piece| number(&piece.from));
        let last = last.fold(0.0, f64::max);
        if last > 0.0 { last * 1.4 } else { 100.0 }
    }

    /// The runs of a series, each without a jump, up to the end of the picture.
    pub(crate) fn runs(&self, series: &Series) -> Vec<Run> {
        let end = self.end();
        let pieces = &series.curve.pieces;
        let mut runs: Vec<Run> = Vec::new();
        for (at, piece) in pieces.iter().enumerate() {
            let from = number(&piece.from);
            if from >= end {
                break;
            }
            let to = pieces.get(at + 1).map_or(end, |next| number(&next.from)).min(end);
            let (value, slope) = (number(&piece.value), number(&piece.slope));
            let run: Run = match self.view {
                View::Total => vec![(from, value), (to, value + slope * (to - from))],
                View::Marginal => vec![(from, slope), (to, slope)],
                View::Average => {
                    const STEPS: u32 = 48;
                    let first = if from > 0.0 { from } else { end / 400.0 };
                    let place = |step: u32| first + (to - first) * f64::from(step) / f64::from(STEPS);
                    (0..=STEPS).map(place).filter(|q| *q > 0.0).map(|q| (q, (value + slope * (q - from)) / q)).collect()
                }
            };
            let joins = |last: &Run| {
                let before = last.last().map_or(f64::NAN, |(_, y)| *y);
                let after = run.first().map_or(f64::NAN, |(_, y)| *y);
                (before - after).abs() <= 1e-9 * before.abs().max(1.0)
            };
            match runs.last_mut() {
                Some(last) if joins(last) => last.extend(run),
                _ => runs.push(run),
            }
        }
        runs
    }

    /// The bounds of tiers that are on the picture.
    pub(crate) fn edges(&self, series: &Series) -> Vec<(f64, f64)> {
        let end = self.end();
        let mut edges = Vec::new();
        for (at, piece) in series.curve.pieces.iter().enumerate().skip(1) {
            let q = number(&piece.from);
            if q >= end {
                break;
            }
            let y = match self.view {
                View::Total => number(&series.curve.pieces[at - 1].at(&piece.from)),
                View::Marginal => number(&series.curve.pieces[at - 1].slope),
                View::Average => number(&series.curve.pieces[at - 1].at(&piece.from)) / q,
            };
            edges.push((q, y));
        }
        edges
    }

    /// Whether the total falls at some bound of a series, and where.
    pub(crate) fn cliffs(&self, series: &Series) -> Vec<f64> {
        let pieces = &series.curve.pieces;
        let falls = |at: &usize| pieces[*at].value < pieces[at - 1].at(&pieces[*at].from);
        (1..pieces.len()).filter(falls).map(|at| number(&pieces[at].from)).filter(|q| *q < self.end()).collect()
    }

    /// The least and the greatest amount, zero included.
    pub(crate) fn range(&self) -> (f64, f64) {
        let points = self.series.iter().flat_map(|series| self.runs(series)).flatten();
        let (low, high) = points.fold((0.0f64, 0.0f64), |(low, high), (_, y)| (low.min(y), high.max(y)));
        if high > low { (low, high + (high - low) * 0.06) } else { (low, low + 1.0) }
    }
}
