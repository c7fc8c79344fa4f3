//! Two engines, one meaning: the same answers on random rows, or the smallest description of where
//! they differ.
//!
//! The first engine is believed and exact. The second may refuse a plan, and may answer
//! [`Fault::Overflow`] where numbers are huge or a product of two run-time factors, or a posting,
//! may need more bits than it has; every other difference is a mismatch. Callers hold the share
//! of such answers down with [`Compared`].

use crate::rng::Rng;
use crate::rows::batch;
use price_ir::batch::NULL;
use price_ir::func::Part;
use price_ir::kernel::{SKIPPED, TAKEN};
use price_ir::text::run::fault_word;
use price_ir::{Batch, Charge, Column, EventIx, Fault, FieldType, Fold, Kernel, LineIx, MapOut, Plan, SinkIx};
use price_ir::{CellRule, EventCharge, Expr, KeySource, Sink, UsageCharge, text};
use price_value::Rational;
use std::fmt;

/// What was compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compared {
    /// Plans that both engines compiled.
    pub plans: u64,
    /// Plans that the second engine refused.
    pub refused: u64,
    /// Rows, charges and positions with the same answer.
    pub same: u64,
    /// Those among them that were amounts or values, not faults or rows filtered out.
    pub values: u64,
    /// Rows that the fused path of the second engine rated.
    pub rated: u64,
    /// Answers of the second engine that were an overflow of huge numbers.
    pub overflowed: u64,
}

/// Two engines differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Seed of the case: `PRICE_SEED` replays it alone.
    pub seed: u64,
    /// The plan as text.
    pub plan: String,
    /// The question as a `; run:` comment that expects the first engine's answer.
    pub row: String,
    /// What the second engine answered.
    pub found: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "engines differ; replay with PRICE_SEED={}\n{}; run: {}\n; found: {}",
            self.seed, self.plan, self.row, self.found
        )
    }
}

impl std::error::Error for Mismatch {}

/// Compares two engines on a plan: up to 40 rows of each event, and what they come to.
pub fn compare(
    plan: &Plan,
    believed: &dyn Kernel,
    other: &dyn Kernel,
    (seed, rng): (u64, &mut Rng),
    compared: &mut Compared,
) -> Result<(), Box<Mismatch>> {
    let mut case = Case { seed, plan, a: believed, b: other, compared };
    for event in 0..plan.events.len() {
        let event = EventIx(event as u32);
        let rows = *rng.pick(&[0, 1, 40, 40, 40]);
        let batch = batch(rng, plan, event, rows);
        for (index, sink) in plan.sinks.iter().enumerate().filter(|(_, sink)| sink.event == event) {
            case.map(rng, SinkIx(index as u32), &batch)?;
            if let Fold::Charge(charge) = &sink.fold {
                case.positions(rng, SinkIx(index as u32), charge, &batch)?;
            }
        }
        for (index, line) in plan.lines.iter().enumerate() {
            if let Charge::Usage(usage) = &line.charge
                && plan.sinks[usage.sink.ix()].event == event
            {
                case.charges(rng, LineIx(index as u32), usage)?;
                case.rate(rng, LineIx(index as u32), usage, &batch)?;
            }
        }
    }
    Ok(())
}

struct Case<'a> {
    seed: u64,
    plan: &'a Plan,
    a: &'a dyn Kernel,
    b: &'a dyn Kernel,
    compared: &'a mut Compared,
}

type Same = Result<(), Box<Mismatch>>;

impl Case<'_> {
    fn differ(&self, question: String, expected: String, found: String) -> Same {
        let plan = text::print(self.plan);
        Err(Box::new(Mismatch { seed: self.seed, plan, row: format!("{question} -> {expected}"), found }))
    }

    fn map(&mut self, rng: &mut Rng, sink_ix: SinkIx, batch: &Batch) -> Same {
        let sink = &self.plan.sinks[sink_ix.ix()];
        let regimes: Vec<u32> = match &sink.fold {
            Fold::Charge(charge) if charge.rules.regimes.len() > 1 || rng.chance(50) => {
                let count = charge.rules.regimes.len() as u64;
                (0..batch.rows).map(|_| rng.below(count) as u32).collect()
            }
            _ => Vec::new(),
        };
        let (mut a, mut b) = (MapOut::default(), MapOut::default());
        // What was in the buffer before must not show.
        b.status.extend([TAKEN; 3]);
        self.a.map(sink_ix, batch, &regimes, &mut a);
        self.b.map(sink_ix, batch, &regimes, &mut b);
        let question = |row: usize| {
            let regime = regimes.get(row).copied().unwrap_or_default();
            format!("map sink{} {}", sink_ix.0, print_row(self.plan, batch, row, regime))
        };
        if a.status.len() != b.status.len() || b.cell.len() != a.cell.len() || b.value.len() != a.value.len() {
            let question = format!("map sink{} over {} rows", sink_ix.0, batch.rows);
            return self.differ(question, format!("{} entries", a.status.len()), b.status.len().to_string());
        }
        let labels = a.status.len() / batch.rows.max(1);
        let multiplies = multiplies(sink);
        for entry in 0..a.status.len() {
            let answer = |out: &MapOut| match out.status[entry] {
                TAKEN => format!("taken {} {}", out.cell[entry], out.value[entry]),
                status => status_word(status),
            };
            let same =
                (a.status[entry], a.cell[entry], a.value[entry]) == (b.status[entry], b.cell[entry], b.value[entry]);
            if same {
                self.compared.same += 1;
                self.compared.values += u64::from(a.status[entry] == TAKEN);
            } else if b.status[entry] == Fault::Overflow as u8 && (multiplies || huge_row(batch, entry / labels)) {
                self.compared.overflowed += 1;
            } else {
                let which = format!("entry {}: ", entry % labels);
                return self.differ(question(entry / labels), which.clone() + &answer(&a), which + &answer(&b));
            }
        }
        Ok(())
    }

    fn answers(
        &mut self,
        a: Result<Rational, Fault>,
        b: Result<Rational, Fault>,
        huge: bool,
        question: impl FnOnce() -> String,
    ) -> Same {
        let print = |answer: &Result<Rational, Fault>| match answer {
            Ok(amount) => amount.to_string(),
            Err(fault) => fault_word(*fault).to_string(),
        };
        if a == b {
            self.compared.same += 1;
            self.compared.values += u64::from(a.is_ok());
        } else if b == Err(Fault::Overflow) && huge {
            self.compared.overflowed += 1;
        } else {
            return self.differ(question(), print(&a), print(&b));
        }
        Ok(())
    }

    fn charges(&mut self, rng: &mut Rng, line: LineIx, usage: &UsageCharge) -> Same {
        let sink = &self.plan.sinks[usage.sink.ix()];
        let divided = matches!(sink.fold, Fold::Average(_) | Fold::Mean(_) | Fold::Slotted { .. });
        let divided = divided || usage.scale.is_some();
        for _ in 0..30 {
            let function = rng.below(usage.rules.functions.len() as u64) as u32;
            let divisor = if divided && rng.chance(80) { *rng.pick(&[1, 3, 86_400, 2_678_400, 2_674_800]) } else { 1 };
            let near = (rng.bound() * Rational::from(divisor) / &sink.quantum).floor();
            let mut raw = match rng.below(10) {
                0 => 0,
                1 => i128::from(rng.any() >> 1),
                2 => i128::from(rng.any()) << rng.below(50),
                3..=6 => near.to_i128().unwrap_or_default() + i128::from(rng.below(3)) - 1,
                _ => i128::from(rng.below(1_000_000)),
            };
            if rng.chance(20) {
                raw = -raw;
            }
            let quantity = Rational::int(raw) * &sink.quantum;
            let huge = raw.abs() >= 1 << 45 || sink.bound.as_ref().is_some_and(|bound| quantity.abs() > *bound);
            let a = self.a.charge(line, function, raw, divisor);
            let b = self.b.charge(line, function, raw, divisor);
            let line = line.0;
            self.answers(a, b, huge, || format!("charge line{line} function {function} of {quantity} over {divisor}"))?;
        }
        Ok(())
    }

    fn positions(&mut self, rng: &mut Rng, sink: SinkIx, charge: &EventCharge, batch: &Batch) -> Same {
        let (quantum, other) = (self.a.measure_quantum(sink), self.b.measure_quantum(sink));
        if quantum != other {
            return self.differ(format!("quantum sink{}", sink.0), quantum.to_string(), other.to_string());
        }
        if batch.rows == 0 {
            return Ok(());
        }
        let labels = self.labels(sink);
        let multiplies = multiplies(&self.plan.sinks[sink.ix()]);
        for _ in 0..15 {
            let function = rng.below(charge.rules.functions.len() as u64) as u32;
            let entry = rng.below((batch.rows * labels) as u64) as usize;
            let near = (rng.bound() / &quantum).floor().to_i128().unwrap_or_default();
            let measure = match rng.below(8) {
                0 => 0,
                1 => i128::from(rng.any() >> 1),
                _ => near + i128::from(rng.below(3)) - 1,
            };
            let measure = i64::try_from(measure).unwrap_or(i64::MAX);
            let measure = if rng.chance(15) { -measure } else { measure };
            let a = self.a.position(sink, function, batch, entry, measure);
            let b = self.b.position(sink, function, batch, entry, measure);
            let huge = multiplies || measure.abs() >= 1 << 45 || huge_row(batch, entry / labels);
            let plan = self.plan;
            self.answers(a, b, huge, || {
                let row = print_row(plan, batch, entry / labels, 0);
                let of = Rational::from(measure) * &quantum;
                format!("position sink{} function {function} {row} entry {} of {of}", sink.0, entry % labels)
            })?;
        }
        Ok(())
    }

    /// Entries per row.
    fn labels(&self, sink: SinkIx) -> usize {
        let keys = &self.plan.sinks[sink.ix()].keys;
        let family = keys.iter().find(|key| matches!(key.source, KeySource::Family(_)));
        family.map_or(1, |key| self.plan.dimensions[key.dim.ix()].labels.len())
    }

    /// The fused path against mapping and charging row by row.
    fn rate(&mut self, rng: &mut Rng, line: LineIx, usage: &UsageCharge, batch: &Batch) -> Same {
        let sink = &self.plan.sinks[usage.sink.ix()];
        let size = self.plan.cells(sink).unwrap_or(1);
        let accounts = 3;
        let base: Vec<u32> = (0..batch.rows).map(|_| rng.below(accounts) as u32 * size as u32).collect();
        let before: Vec<i64> = (0..size * accounts as usize).map(|_| rng.below(3) as i64 * 10).collect();
        let mut cells = before.clone();
        let (mut posted, mut status) = (vec![7; batch.rows], vec![9; batch.rows]);
        if !self.b.rate(line, batch, &base, &mut cells, &mut posted, &mut status) {
            return Ok(());
        }
        let mut mapped = MapOut::default();
        self.a.map(usage.sink, batch, &[], &mut mapped);
        let denominator = self.b.posting_denominator(line).unwrap_or(1);
        let mut expected = before;
        for row in 0..batch.rows {
            let cell = base[row] as usize + mapped.cell[row] as usize;
            let answer = match mapped.status[row] {
                TAKEN => self.posting(line, usage, mapped.cell[row], expected[cell], mapped.value[row]),
                other => Err(other),
            };
            let found = match status[row] {
                TAKEN => Ok(Rational::new(posted[row].into(), denominator)),
                other => Err(other),
            };
            let print = |answer: &Result<Rational, u8>| match answer {
                Ok(amount) => amount.to_string(),
                Err(status) => status_word(*status),
            };
            let wide = |total: i64| {
                let function = match usage.rules.regimes[0].cells[mapped.cell[row] as usize] {
                    CellRule::Function(function) => function,
                    CellRule::NotSold => return false,
                };
                let amount = self.a.charge(line, function, total.into(), 1).unwrap_or_default();
                (amount.abs() * Rational::int(denominator)) >= Rational::int(1 << 62)
            };
            let totals = [expected[cell], expected[cell].saturating_add(mapped.value[row])];
            let huge = multiplies(sink)
                || huge_row(batch, row)
                || totals.iter().any(|total| total.unsigned_abs() >= 1 << 45 || wide(*total))
                || sink.bound.as_ref().is_some_and(|bound| {
                    totals.iter().any(|total| (Rational::from(*total) * &sink.quantum).abs() > *bound)
                });
            if answer == found {
                self.compared.rated += 1;
                if answer.is_ok() {
                    expected[cell] += mapped.value[row];
                }
            } else if found == Err(Fault::Overflow as u8) && huge {
                self.compared.overflowed += 1;
            } else {
                let question = format!(
                    "rate line{} {} (row {row}, cell at {})",
                    line.0,
                    print_row(self.plan, batch, row, 0),
                    expected[cell]
                );
                return self.differ(question, print(&answer), print(&found));
            }
            if status[row] != TAKEN && posted[row] != 0 {
                let question = format!("rate line{} (row {row})", line.0);
                return self.differ(question, "nothing posted".into(), posted[row].to_string());
            }
        }
        match expected == cells {
            true => Ok(()),
            false => self.differ(format!("rate line{}", line.0), format!("{expected:?}"), format!("{cells:?}")),
        }
    }

    /// `F(before + raw) − F(before)` in the first regime, or the status of the row.
    fn posting(&self, line: LineIx, usage: &UsageCharge, cell: u32, before: i64, raw: i64) -> Result<Rational, u8> {
        let function = match usage.rules.regimes[0].cells[cell as usize] {
            CellRule::Function(function) => function,
            CellRule::NotSold => return Err(Fault::NotSold as u8),
        };
        let after = before.checked_add(raw).ok_or(Fault::Overflow as u8)?;
        let charge = |raw: i64| self.a.charge(line, function, raw.into(), 1).map_err(|fault| fault as u8);
        Ok(charge(after)? - charge(before)?)
    }
}

/// The word of a row's status.
pub fn status_word(status: u8) -> String {
    let faults = [Fault::Overflow, Fault::NotSold, Fault::NegativeQuantity, Fault::NotExact, Fault::Missing];
    match status {
        SKIPPED => "skipped".into(),
        TAKEN => "taken".into(),
        _ => faults.iter().find(|fault| **fault as u8 == status).map_or("unknown".into(), |f| fault_word(*f).into()),
    }
}

/// Whether some value of the sink's rows is a product of two that are not constants.
fn multiplies(sink: &Sink) -> bool {
    let mut found = false;
    sink.visit(&mut |part| {
        let Part::Expr(Expr::Mul(a, b)) = part else { return };
        found |= a.as_const().is_none() && b.as_const().is_none();
    });
    found
}

/// Whether a number of the row is so large that bounded engines may give up.
fn huge_row(batch: &Batch, row: usize) -> bool {
    let huge = |value: i64| value != NULL && value.unsigned_abs() >= 1 << 40;
    batch.columns.iter().any(|column| match column {
        Column::Int(values) => huge(values[row]),
        Column::Family(labels) => labels.iter().any(|values| huge(values[row])),
        _ => false,
    })
}

/// A row as in a `; run:` comment.
fn print_row(plan: &Plan, batch: &Batch, row: usize, regime: u32) -> String {
    let number = |value: i64, decimals: u8| match value {
        NULL => "null".to_string(),
        value => (Rational::from(value) * Rational::pow10(-i32::from(decimals))).to_string(),
    };
    let mut parts = Vec::new();
    for (index, field) in plan.events[batch.event.ix()].fields.iter().enumerate() {
        let value = match (&batch.columns[index], &field.ty) {
            (Column::Int(values), FieldType::Number(ty)) => number(values[row], ty.decimals),
            (Column::Family(labels), FieldType::Family(_, ty)) => {
                let labels: Vec<_> = labels.iter().map(|values| number(values[row], ty.decimals)).collect();
                format!("[{}]", labels.join(", "))
            }
            (Column::Label(values), _) if values[row] != u32::MAX => values[row].to_string(),
            (Column::Text(values), _) => format!("{:?}", values[row]),
            (Column::Flag(values), _) if values[row] < 2 => ["no", "yes"][values[row] as usize].to_string(),
            _ => "null".to_string(),
        };
        parts.push(format!("f{index} = {value}"));
    }
    for (calendar, labels) in batch.calendars.iter().enumerate().filter(|(_, labels)| !labels.is_empty()) {
        parts.push(format!("cal{calendar} = {}", labels[row]));
    }
    if regime != 0 {
        parts.push(format!("regime = {regime}"));
    }
    format!("{{ {} }}", parts.join(", "))
}

const _: () = assert!(SKIPPED == 0 && TAKEN == 1, "faults begin behind the two words of a row");
