//! A small picture of a price, for a hover.

use crate::curve::Priced;
use crate::ide::Ide;
use crate::limits::{PICTURE_BYTES, PICTURE_CURVES};
use price_diagnostics::FileId;
use price_ir::Curve;
use price_plot::{Chart, Series, View};

/// Width and height in pixels: what a hover has room for.
const SIZE: (u32, u32) = (440, 250);

impl Ide {
    /// The total of the price at an offset against its quantity, as SVG. Nothing for a price that a
    /// sentence tells (one rate for everything), for more curves than are told apart, and for
    /// pictures beyond the limit.
    #[must_use]
    pub fn picture(&self, file: FileId, offset: u32) -> Option<String> {
        let Priced { name: title, unit, currency, rules, .. } = self.priced_at(file, offset, 2)?;
        if rules.len() > PICTURE_CURVES {
            return None;
        }
        let series = |(label, curve): (String, Option<Curve>)| Some(Series { label, curve: curve? });
        let series: Vec<Series> = rules.into_iter().map(series).collect::<Option<_>>()?;
        let straight = |series: &Series| series.curve.pieces.len() < 2 && series.curve.at_zero.is_zero();
        if series.iter().all(straight) {
            return None;
        }
        let chart = Chart { title, unit, currency, view: View::Total, series, up_to: None };
        price_plot::svg(&chart, SIZE.0, SIZE.1).ok().filter(|svg| svg.len() <= PICTURE_BYTES)
    }
}
