//! Static scales: every price as whole numbers over denominators known before the first event.
//!
//! [`scales`] proves, from the ranges of columns and the declared bounds of quantities, how many
//! bits each value needs, and gives every expression its whole-number form ([`Scaled`]). Where 128 bits
//! cannot be proved enough it names the literal to blame instead; nothing is left to overflow
//! at run time except products of two run-time factors and totals beyond their declared bound,
//! which engines check. It evaluates nothing: see `price-jit` for code made from these forms.

mod error;
mod ints;
mod ladder;
mod layout;
mod lower;
mod posting;
mod scaled;

pub use error::ScaleError;
pub use ints::WIDEST;
pub use layout::{Layout, LineLayout, SinkLayout, layout};
pub use posting::{Posting, PostingLadder, PostingPiece};
pub use scaled::*;

use crate::func::Expr;
use crate::plan::{
    Charge, DimensionKind, Event, EventCharge, FieldIx, Fold, KeySource, Line, Plan, Sink, SlotFold, UsageCharge,
};
use error::blame;
use ints::Trouble;
use lower::{COLUMN, Quantity, lower};
use price_value::Rational;

/// The whole-number forms of a plan.
#[derive(Debug, Clone)]
pub struct Scales {
    /// One per sink of the plan.
    pub sinks: Vec<SinkScale>,
    /// One per line of the plan; `None` where the line prices no meter.
    pub lines: Vec<Option<LineScale>>,
}

/// What a sink computes from one row.
#[derive(Debug, Clone)]
pub struct SinkScale {
    /// The meter's own condition.
    pub filter: Test,
    /// The condition that comes from prices.
    pub scope: Test,
    /// Per key: its buckets, where it is bucketed.
    pub buckets: Vec<Option<Buckets>>,
    /// The value that is folded.
    pub value: SinkValue,
}

/// The value of one row.
#[derive(Debug, Clone)]
pub enum SinkValue {
    /// 1.
    Count,
    /// 0, if the field is there.
    Unique(FieldIx),
    /// A number.
    Number(Box<Raw>),
    /// The price of the event.
    Charge(Box<ChargeScale>),
}

/// The price of one event.
#[derive(Debug, Clone)]
pub struct ChargeScale {
    /// The measure, where there is one: what `Arg` is in `amounts`.
    pub measure: Option<Scaled>,
    /// The measure in quanta, where the host prices it; `amounts` is then empty.
    pub hosted: Option<Raw>,
    /// Per function: the amount after `post`.
    pub amounts: Vec<Raw>,
    /// Per function: the amount before `post` at a position, `Arg` being a 64-bit number of
    /// [`ChargeScale::quantum`]s.
    pub positions: Vec<Scaled>,
    /// Quantity of one step of the measure: [`crate::Kernel::measure_quantum`].
    pub quantum: Rational,
}

/// A price on a meter.
#[derive(Debug, Clone)]
pub struct LineScale {
    /// Per function: its amount.
    pub functions: Vec<Scaled>,
    /// Denominator of all its amounts (before the run-time divisor).
    pub denominator: Rational,
    /// Quantity of one raw step.
    pub quantum: Rational,
    /// The forms hold for raw totals of at most this magnitude: the declared bound of the meter,
    /// else what its fold can reach within 128 bits.
    pub raw_limit: i128,
    /// And for divisors from 1 to this.
    pub divisor_limit: i64,
    /// Whether the limit is the author's.
    pub bounded: bool,
    /// Whether some function needs more than 64 bits within the limit.
    pub wide: bool,
    /// Amounts as differences of totals, where the functions allow it.
    pub posting: Option<Posting>,
}

/// The quantum of an event charge's measure: `1 / D`, with `D` its [`Expr::denominator`]; 1
/// without a measure, `None` where `D` needs more than 126 bits.
pub fn measure_quantum(event: &Event, charge: &EventCharge) -> Option<Rational> {
    match &charge.measure {
        Some(measure) => Some(Rational::new(1, measure.denominator(event, 1)?)),
        None => Some(Rational::ONE),
    }
}

/// The largest amount or quantity that every value of an expression over rows of `event` is a
/// whole multiple of, as far as the expression shows; `None` where it has no static scale.
pub fn step(event: &Event, expr: &Expr) -> Option<Rational> {
    lower(Some(event), None).expr(expr).ok().map(|scaled| scaled.step)
}

/// The whole-number forms of a plan, or every place where 128 bits cannot be proved enough.
///
/// The plan is verified: references to fields, keys and functions hold.
pub fn scales(plan: &Plan) -> Result<Scales, Vec<ScaleError>> {
    let mut errors = Vec::new();
    let mut keep = |result: Result<_, ScaleError>| result.map_err(|e| errors.push(e)).ok();
    let sinks: Vec<_> = plan.sinks.iter().filter_map(|sink| keep(sink_scale(plan, sink))).collect();
    let mut lines = Vec::with_capacity(plan.lines.len());
    for line in &plan.lines {
        match &line.charge {
            Charge::Usage(usage) => match line_scale(plan, line, usage) {
                Ok(scale) => lines.push(Some(scale)),
                Err(error) => errors.push(error),
            },
            _ => lines.push(None),
        }
    }
    if errors.is_empty() { Ok(Scales { sinks, lines }) } else { Err(errors) }
}

fn sink_scale(plan: &Plan, sink: &Sink) -> Result<SinkScale, ScaleError> {
    let event = &plan.events[sink.event.ix()];
    let place = |what: &str| format!("{} ({what})", sink.name);
    let fresh = || lower(Some(event), None);
    let test = |cond, what| {
        fresh().test(cond).map_err(|t| blame(place(what), t, |f| cond.walk(&mut |e| error::literals(e, f))))
    };
    let filter = test(&sink.filter, "where")?;
    let scope = test(&sink.scope, "scope")?;
    let mut buckets = Vec::with_capacity(sink.keys.len());
    for key in &sink.keys {
        buckets.push(match (&key.source, &plan.dimensions[key.dim.ix()].kind) {
            (KeySource::Bucket(value), DimensionKind::Buckets { bounds }) => {
                Some(fresh().buckets(value, bounds).map_err(|t| blame(place("by"), t, |f| error::walk(value, f)))?)
            }
            _ => None,
        });
    }
    let value = match &sink.fold {
        Fold::Count => SinkValue::Count,
        Fold::Unique(field) => SinkValue::Unique(*field),
        Fold::Charge(charge) => SinkValue::Charge(Box::new(charge_scale(event, sink, charge)?)),
        Fold::Sum(value)
        | Fold::Max(value, _)
        | Fold::Min(value, _)
        | Fold::Last(value)
        | Fold::Average(value)
        | Fold::Percentile(_, value)
        | Fold::Mean(value)
        | Fold::Slotted { value, .. } => {
            let mut low = fresh();
            let raw = low.expr(value).and_then(|of| low.raw(of, &sink.quantum));
            SinkValue::Number(Box::new(raw.map_err(|t| blame(place("value"), t, |f| error::walk(value, f)))?))
        }
    };
    Ok(SinkScale { filter, scope, buckets, value })
}

fn charge_scale(event: &Event, sink: &Sink, charge: &EventCharge) -> Result<ChargeScale, ScaleError> {
    let place = |what: &str| format!("{} ({what})", sink.name);
    let quantum = measure_quantum(event, charge).ok_or_else(|| {
        let measure = charge.measure.iter();
        blame(place("measure"), Trouble::Wide(127), |f| measure.for_each(|m| error::walk(m, f)))
    })?;
    let mut measure = None;
    if let Some(expr) = &charge.measure {
        let scaled = lower(Some(event), None).expr(expr);
        measure = Some(scaled.map_err(|t| blame(place("measure"), t, |f| error::walk(expr, f)))?);
    }
    let mut hosted = None;
    if let (true, Some(of)) = (charge.priced_by_host(), &measure) {
        let raw = lower(Some(event), None).raw(of.clone(), &quantum);
        hosted = Some(raw.map_err(|t| blame(place("measure"), t, |_| {}))?);
    }
    let whole = measure.as_ref().map(|m| Quantity { step: m.step.clone(), range: m.range(), divisor: None });
    let position =
        measure.as_ref().map(|_| Quantity { step: quantum.clone(), range: (-COLUMN, COLUMN), divisor: None });
    let (mut amounts, mut positions) = (Vec::new(), Vec::new());
    for function in &charge.rules.functions {
        let blamed = |t| {
            blame(place("amount"), t, |f| {
                error::walk(&function.amount, f);
                error::post_literals(&charge.post, f);
            })
        };
        positions.push(lower(Some(event), position.clone()).expr(&function.amount).map_err(blamed)?);
        if hosted.is_none() {
            let mut low = lower(Some(event), whole.clone());
            let amount = low.expr(&function.amount).and_then(|amount| low.posted(charge, amount));
            amounts.push(amount.and_then(|amount| low.raw(amount, &sink.quantum)).map_err(blamed)?);
        }
    }
    Ok(ChargeScale { measure, hosted, amounts, positions, quantum })
}

/// Least and greatest raw total to try, greatest first, and the greatest divisor.
fn limits(sink: &Sink, scaled: bool) -> (Vec<i128>, Option<i64>) {
    let year = 366 * 86_400;
    let averaged = |fold: SlotFold| fold == SlotFold::Average;
    let divisor = match &sink.fold {
        // The quantity is that of one unit of the scale: `q / s`.
        _ if scaled => Some(1 << 32),
        Fold::Average(_) => Some(year),
        Fold::Mean(_) => Some(1 << 32),
        Fold::Slotted { outer, inner, .. } if averaged(*outer) || averaged(*inner) => Some(1 << 32),
        _ => None,
    };
    let most = match &sink.bound {
        Some(bound) if !scaled => {
            let raw = (bound.abs() / &sink.quantum).ceil().to_i128().unwrap_or(1 << 88).clamp(1, 1 << 88);
            vec![raw.saturating_mul(divisor.unwrap_or(1).into()).min(1 << 88)]
        }
        _ if divisor.is_some() => vec![1 << 88, 1 << 79, COLUMN],
        _ => vec![COLUMN],
    };
    (most, divisor)
}

fn line_scale(plan: &Plan, line: &Line, usage: &UsageCharge) -> Result<LineScale, ScaleError> {
    let sink = &plan.sinks[usage.sink.ix()];
    let (candidates, divisor) = limits(sink, usage.scale.is_some());
    let mut failure = None;
    for raw_limit in candidates {
        match functions(line, usage, sink, raw_limit, divisor) {
            Err(error) => failure = Some(error),
            Ok(functions) => {
                let step = ints::common_of(functions.iter().map(|f| &f.step).chain([&Rational::ONE]));
                return Ok(LineScale {
                    wide: functions.iter().any(|f| f.wide || !f.is_narrow()),
                    functions,
                    denominator: step.denom().into(),
                    quantum: sink.quantum.clone(),
                    raw_limit,
                    divisor_limit: divisor.unwrap_or(1),
                    bounded: sink.bound.is_some() && usage.scale.is_none(),
                    posting: if usage.scale.is_none() && usage.across.is_each() && usage.ratchet.is_none() {
                        posting::posting(usage, &sink.quantum)
                    } else {
                        None
                    },
                });
            }
        }
    }
    Err(failure.unwrap_or_else(|| ScaleError::empty(&line.name)))
}

fn functions(
    line: &Line,
    usage: &UsageCharge,
    sink: &Sink,
    limit: i128,
    divisor: Option<i64>,
) -> Result<Vec<Scaled>, ScaleError> {
    if !sink.quantum.is_positive() {
        return Err(ScaleError::empty(&line.name));
    }
    let arg = Quantity { step: sink.quantum.clone(), range: (-limit, limit), divisor };
    let lowered = usage.rules.functions.iter().map(|function| {
        lower(None, Some(arg.clone()))
            .expr(&function.amount)
            .map_err(|t| blame(line.name.clone(), t, |f| error::walk(&function.amount, f)))
    });
    lowered.collect()
}
