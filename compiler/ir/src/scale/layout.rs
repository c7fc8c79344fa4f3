//! What a plan keeps and how wide it computes: the report of `price build --show layout`.

use super::{ScaleError, scales};
use crate::plan::{Charge, Fold, Plan, Sink};
use price_value::Rational;
use std::fmt;

/// Sizes and scales of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// One per sink, in plan order.
    pub sinks: Vec<SinkLayout>,
    /// One per price on a meter, in plan order.
    pub lines: Vec<LineLayout>,
    /// Bytes of all cells of one subscription and window at most; `None` where some sink keeps
    /// something per event and declares no bound.
    pub worst_bytes: Option<u128>,
}

/// What a sink keeps per subscription and window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkLayout {
    /// Sink.
    pub name: String,
    /// What is folded: `sum`, `average`, `each event`.
    pub fold: &'static str,
    /// Unit of its quantity.
    pub unit: String,
    /// Quantity of one raw step.
    pub quantum: Rational,
    /// Cells at most: the product of the sizes of the keys' dimensions.
    pub cells: u128,
    /// Bytes of a cell.
    pub bytes_per_cell: u32,
    /// Bytes kept beside the cells for each value that must be kept (percentiles, unique texts).
    pub bytes_per_value: u32,
    /// Values kept at most over all cells, where the author declares it.
    pub values: Option<u128>,
    /// Bytes at most; `None` where values are kept and no bound is declared.
    pub worst_bytes: Option<u128>,
}

/// How a price on a meter is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineLayout {
    /// Line.
    pub name: String,
    /// Different functions over its cells and dates.
    pub functions: usize,
    /// Its amounts are whole numbers over this.
    pub denominator: Rational,
    /// Amounts are divided by the length of the period (or the count of a mean) once more.
    pub divided: bool,
    /// Bits of the integers: 64 or 128.
    pub bits: u8,
    /// Greatest quantity for which that is proved, in the sink's unit.
    pub limit: Rational,
    /// Whether that is the author's `at most`.
    pub declared: bool,
}

/// The layout of a plan, or why it has none.
pub fn layout(plan: &Plan) -> Result<Layout, Vec<ScaleError>> {
    let scales = scales(plan)?;
    let sinks: Vec<SinkLayout> = plan.sinks.iter().map(|sink| sink_layout(plan, sink)).collect();
    let lines = plan.lines.iter().zip(&scales.lines).filter_map(|(line, scale)| {
        let scale = scale.as_ref()?;
        let Charge::Usage(_) = &line.charge else { return None };
        let limit = Rational::int(scale.raw_limit) * &scale.quantum / Rational::from(scale.divisor_limit);
        Some(LineLayout {
            name: line.name.clone(),
            functions: scale.functions.len(),
            denominator: scale.denominator.clone(),
            divided: scale.functions.iter().any(|f| f.divided),
            bits: if scale.wide { 128 } else { 64 },
            limit,
            declared: scale.bounded,
        })
    });
    let lines = lines.collect();
    let worst_bytes = sinks.iter().try_fold(0u128, |sum, sink| Some(sum.saturating_add(sink.worst_bytes?)));
    Ok(Layout { sinks, lines, worst_bytes })
}

fn sink_layout(plan: &Plan, sink: &Sink) -> SinkLayout {
    let (fold, bytes_per_cell, bytes_per_value) = match &sink.fold {
        Fold::Sum(_) => ("sum", 16, 0),
        Fold::Count => ("count", 8, 0),
        Fold::Max(..) => ("max", 8, 0),
        Fold::Min(..) => ("min", 8, 0),
        Fold::Last(_) => ("last", 16, 0),
        // A sorted set of 128-bit fingerprints, and how many there are.
        Fold::Unique(_) => ("unique", 8, 16),
        Fold::Average(_) => ("average", 32, 0),
        Fold::Percentile(..) => ("percentile", 8, 8),
        Fold::Mean(_) => ("mean", 24, 0),
        Fold::Slotted { .. } => ("slots", 32, 0),
        Fold::Charge(_) => ("each event", 16, 0),
    };
    let keys = sink.keys.iter().filter(|key| key.in_cell);
    let cells = keys.fold(1u128, |cells, key| {
        let dimension = &plan.dimensions[key.dim.ix()];
        let labels = match dimension.kind {
            crate::plan::DimensionKind::Open { at_most } => at_most,
            _ => dimension.labels.len() as u32,
        };
        cells.saturating_mul(labels.into())
    });
    let values = match (&sink.fold, &sink.bound) {
        // The bound of a count of texts is the most texts there are.
        (Fold::Unique(_), Some(bound)) => (bound / &sink.quantum).ceil().to_i128().and_then(|n| u128::try_from(n).ok()),
        _ => None,
    };
    let fixed = cells.saturating_mul(bytes_per_cell.into());
    let worst_bytes = match (bytes_per_value, values) {
        (0, _) => Some(fixed),
        (each, Some(values)) => Some(fixed.saturating_add(values.saturating_mul(each.into()))),
        _ => None,
    };
    SinkLayout {
        name: sink.name.clone(),
        fold,
        unit: sink.unit.clone(),
        quantum: sink.quantum.clone(),
        cells,
        bytes_per_cell,
        bytes_per_value,
        values,
        worst_bytes,
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "state per subscription and window")?;
        for sink in &self.sinks {
            let cells = if sink.cells == 1 { "cell" } else { "cells" };
            write!(f, "  {}: {}, {} {cells} of {} bytes", sink.name, sink.fold, sink.cells, sink.bytes_per_cell)?;
            if sink.bytes_per_value > 0 {
                write!(f, " and {} bytes per value", sink.bytes_per_value)?;
            }
            match sink.worst_bytes {
                Some(bytes) => write!(f, ", at most {bytes} bytes")?,
                None => write!(f, ", no bound declared")?,
            }
            writeln!(f, "; counted in {} {}", sink.quantum, sink.unit)?;
        }
        match self.worst_bytes {
            Some(bytes) => writeln!(f, "  together at most {bytes} bytes")?,
            None => writeln!(f, "  together without a bound")?,
        }
        if !self.lines.is_empty() {
            writeln!(f, "amounts")?;
        }
        for line in &self.lines {
            let divided = if line.divided { " and the run-time divisor" } else { "" };
            let whose = if line.declared { "declared" } else { "proved" };
            let functions = if line.functions == 1 { "function" } else { "functions" };
            writeln!(
                f,
                "  {}: {} {functions} over {}{divided}, {} bits up to {} ({whose})",
                line.name, line.functions, line.denominator, line.bits, line.limit
            )?;
        }
        Ok(())
    }
}
