//! The curve of a price, as data for a picture: exact numbers as texts.

use crate::ide::Ide;
use crate::names::DefKind;
use crate::plans;
use price_diagnostics::FileId;
use price_ir::Curve;
use price_value::{Currency, Rational, Rounding, RoundingMode};

/// A straight piece of a curve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurvePiece {
    /// Above this quantity.
    pub from: String,
    /// What is paid just above it.
    pub value: String,
    /// What each more costs.
    pub slope: String,
}

/// The price of one kind of cells from one day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceCurve {
    /// The cells and the day; empty where it holds everywhere.
    pub title: String,
    /// What no usage costs.
    pub at_zero: String,
    /// The pieces, the first from 0.
    pub pieces: Vec<CurvePiece>,
    /// Quantities and totals to draw: every edge from both sides, and beyond the last.
    pub points: Vec<(String, String)>,
}

/// What can be drawn of a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurveChart {
    /// Its name.
    pub name: String,
    /// The unit of the quantity.
    pub unit: String,
    /// The code of the currency.
    pub currency: String,
    /// A curve for each rule in force; none for rules that are not made of straight pieces.
    pub curves: Vec<PriceCurve>,
    /// What holds the line of the price, whatever its curves come to: `at most $2_000.00 per month`.
    pub bounds: Vec<String>,
}

/// A price and what each of its rules in force costs.
pub(crate) struct Priced {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) currency: Currency,
    /// The cells and the day of a rule; its curve, where it is made of straight pieces.
    pub(crate) rules: Vec<(String, Option<Curve>)>,
    /// What holds its line besides.
    pub(crate) bounds: Vec<String>,
}

impl Ide {
    /// The price whose name stands at an offset, with at most so many cells of a rule named.
    pub(crate) fn priced_at(&self, file: FileId, offset: u32, cells: usize) -> Option<Priced> {
        let (def, _) = self.def_at(file, offset)?;
        if def.kind != DefKind::Price {
            return None;
        }
        let plan = self.plan_around(&def, file, offset)?;
        let line = plans::line(&plan, &def.name)?;
        let (usage, sink) = plans::usage(&plan, line)?;
        let rule = |held: &plans::InForce<'_>| {
            let mut title = crate::hover::shortened(&held.cells, cells);
            if let Some(day) = held.from {
                title = if title.is_empty() { format!("from {day}") } else { format!("{title}, from {day}") };
            }
            (title, plans::curve(held.function))
        };
        let rules = plans::in_force(&plan, sink, &usage.rules).iter().map(rule).collect();
        let (currency, _) = plan.currency_at(line.currency);
        let bounds = crate::hover::bounds(&plan, line);
        Some(Priced { name: def.name, unit: sink.unit.clone(), currency: currency.clone(), rules, bounds })
    }

    /// The curves of the price whose name stands at an offset.
    #[must_use]
    pub fn price_curve(&self, file: FileId, offset: u32) -> Option<CurveChart> {
        let Priced { name, unit, currency, rules, bounds } = self.priced_at(file, offset, 4)?;
        let curves = rules.into_iter().filter_map(|(title, curve)| Some(drawn(title, &curve?))).collect();
        Some(CurveChart { name, unit, currency: currency.code.to_string(), curves, bounds })
    }
}

fn drawn(title: String, curve: &Curve) -> PriceCurve {
    let mut points = vec![(Rational::ZERO, curve.at_zero.clone())];
    for (at, piece) in curve.pieces.iter().enumerate() {
        if at > 0 {
            points.push((piece.from.clone(), curve.pieces[at - 1].at(&piece.from)));
        }
        points.push((piece.from.clone(), piece.value.clone()));
    }
    if let Some(last) = curve.pieces.last() {
        let end = if last.from.is_zero() { Rational::int(100) } else { &last.from * &Rational::new(3, 2) };
        points.push((end.clone(), last.at(&end)));
    }
    points.dedup();
    PriceCurve {
        title,
        at_zero: decimal(&curve.at_zero),
        pieces: curve
            .pieces
            .iter()
            .map(|piece| CurvePiece {
                from: decimal(&piece.from),
                value: decimal(&piece.value),
                slope: decimal(&piece.slope),
            })
            .collect(),
        points: points.iter().map(|(quantity, total)| (decimal(quantity), decimal(total))).collect(),
    }
}

/// A number for a picture: exact where it ends within 12 decimals, cut there otherwise.
fn decimal(value: &Rational) -> String {
    match value.decimals() {
        Some(decimals) if decimals <= 12 => value.to_decimal_string(0).unwrap_or_default(),
        _ => {
            let cut = Rounding { mode: RoundingMode::Down, step: Rational::pow10(-12) };
            cut.apply(value).to_decimal_string(0).unwrap_or_default()
        }
    }
}
