//! What the bounds of a line's tiers are multiples of in one period: see [`TierScale`].

use super::{SettleError, Settlement};
use crate::acc::Reading;
use crate::cells::CellAt;
use crate::rater::Rater;
use price_ir::{SinkIx, TierScale, UsageCharge};
use price_value::{Rational, time::NANOS_PER_SECOND};
use std::collections::BTreeMap;

/// Dimension and label, sorted.
type Labels = Vec<(String, String)>;

/// The scale of every cell and window of a line.
pub(super) enum Scales {
    /// Bounds are constants.
    None,
    /// The length of the window.
    Seconds,
    /// A quantity for the labels of some of the line's dimensions.
    Quantity { dimensions: Vec<String>, by_labels: BTreeMap<Labels, Rational> },
}

impl Rater {
    /// The scales of a line, as far as the period is looked at.
    pub(super) fn scales(&mut self, s: &Settlement<'_>, usage: &UsageCharge) -> Result<Scales, SettleError> {
        let sink = match usage.scale {
            None => return Ok(Scales::None),
            Some(TierScale::Seconds) => return Ok(Scales::Seconds),
            Some(TierScale::Sink(sink)) => sink,
        };
        let plan = self.plan.clone();
        let dims = plan.sinks[sink.ix()].keys.iter().filter(|key| key.in_cell).map(|key| key.dim);
        let dimensions = dims.map(|dim| plan.dimensions[dim.ix()].name.clone()).collect();
        let measured = self.measured(s, sink)?;
        let by_labels = measured.into_iter().map(|(at, quantity)| {
            let mut labels = self.labels_of(sink, at, None);
            labels.sort();
            (labels, quantity)
        });
        Ok(Scales::Quantity { dimensions, by_labels: by_labels.collect() })
    }

    /// The quantity of every cell of a sink over the whole period, in its unit.
    pub(super) fn measured(
        &mut self,
        s: &Settlement<'_>,
        sink: SinkIx,
    ) -> Result<BTreeMap<CellAt, Rational>, SettleError> {
        let plan = self.plan.clone();
        let rule = &plan.sinks[sink.ix()];
        let mut readings: BTreeMap<CellAt, Reading> = BTreeMap::new();
        for read in self.read_whole(s, sink)? {
            readings.entry(read.at).or_default().merge(&read.reading, &rule.fold);
        }
        let seconds = s.period.seconds();
        Ok(readings.into_iter().map(|(at, reading)| (at, reading.raw(&rule.fold, seconds) * &rule.quantum)).collect())
    }

    /// The scale of a cell of a line in a window (the first instant of one shorter than the
    /// period).
    pub(super) fn scale_of(
        &self,
        s: &Settlement<'_>,
        usage: &UsageCharge,
        scales: &Scales,
        at: CellAt,
        window: Option<i64>,
    ) -> Option<Rational> {
        match scales {
            Scales::None => None,
            Scales::Seconds => {
                let stretch = self.time.window_at(usage.window, window.unwrap_or(s.period.start.0));
                Some(Rational::new((stretch.until - stretch.from).into(), NANOS_PER_SECOND.into()))
            }
            Scales::Quantity { dimensions, by_labels } => {
                let mut labels = self.labels_of(usage.sink, at, None);
                labels.retain(|(dimension, _)| dimensions.contains(dimension));
                labels.sort();
                Some(by_labels.get(&labels).cloned().unwrap_or_default())
            }
        }
    }
}
