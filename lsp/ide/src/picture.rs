//! A small picture of a price, for a hover.

use crate::ide::Ide;
use crate::limits::{PICTURE_BYTES, PICTURE_CURVES};
use crate::names::DefKind;
use crate::plans;
use price_diagnostics::FileId;
use price_plot::{Chart, Series, View};

/// Width and height in pixels: what a hover has room for.
const SIZE: (u32, u32) = (440, 250);

impl Ide {
    /// The total of the price at an offset against its quantity, as SVG. Nothing for a price that a
    /// sentence tells (one rate for everything), for more curves than are told apart, and for
    /// pictures beyond the limit.
    #[must_use]
    pub fn picture(&self, file: FileId, offset: u32) -> Option<String> {
        let (def, _) = self.def_at(file, offset)?;
        if def.kind != DefKind::Price {
            return None;
        }
        let plan = self.plan_around(&def, file, offset)?;
        let line = plans::line(&plan, &def.name)?;
        let (usage, sink) = plans::usage(&plan, line)?;
        let all = plans::in_force(&plan, sink, &usage.rules);
        if all.len() > PICTURE_CURVES {
            return None;
        }
        let mut series = Vec::new();
        for held in &all {
            let curve = plans::curve(held.function)?;
            let mut label = crate::hover::shortened(&held.cells, 2);
            if let Some(day) = held.from {
                label = if label.is_empty() { format!("from {day}") } else { format!("{label}, from {day}") };
            }
            series.push(Series { label, curve });
        }
        let straight = |series: &Series| series.curve.pieces.len() < 2 && series.curve.at_zero.is_zero();
        if series.iter().all(straight) {
            return None;
        }
        let (currency, _) = plan.currency_at(line.currency);
        let chart = Chart {
            title: def.name,
            unit: sink.unit.clone(),
            currency: currency.clone(),
            view: View::Total,
            series,
            up_to: None,
        };
        price_plot::svg(&chart, SIZE.0, SIZE.1).ok().filter(|svg| svg.len() <= PICTURE_BYTES)
    }
}
