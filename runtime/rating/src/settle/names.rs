//! What cells are called on an invoice, and what they are sorted by.

use crate::cells::CellAt;
use crate::rater::Rater;
use price_ir::{DimIx, SinkIx};
use price_value::{Timestamp, Window};

impl Rater {
    /// Dimension and label of a cell, in key order, then its window.
    pub(crate) fn labels_of(&self, sink: SinkIx, at: CellAt, window: Option<(Window, i64)>) -> Vec<(String, String)> {
        let shape = &self.sinks[sink.ix()].cells.shape;
        let dimension = |dim: DimIx| &self.plan.dimensions[dim.ix()];
        let closed = shape.closed.iter().zip(shape.digits(at.cell)).map(|((key, dim, _), digit)| {
            (*key, dimension(*dim).name.clone(), dimension(*dim).labels[digit as usize].clone())
        });
        let open = shape.open.iter().zip(shape.codes(at.open)).map(|((key, dim, _), code)| {
            (*key, dimension(*dim).name.clone(), self.labels.text(*dim, code).to_string())
        });
        let mut keyed: Vec<_> = closed.chain(open).collect();
        keyed.sort_by_key(|(key, ..)| *key);
        let mut out: Vec<(String, String)> = keyed.into_iter().map(|(_, dim, label)| (dim, label)).collect();
        if let Some((window, from)) = window {
            let (date, second) = self.time.zone.local(Timestamp(from));
            let label = match window {
                Window::Hour => format!("{date} {:02}:{:02}", second / 3600, second / 60 % 60),
                _ => date.to_string(),
            };
            out.push((window.to_string(), label));
        }
        out
    }

    /// Open labels of a cell as text: what they are sorted by.
    pub(super) fn open_texts(&self, sink: SinkIx, at: CellAt) -> Vec<String> {
        let shape = &self.sinks[sink.ix()].cells.shape;
        let codes = shape.codes(at.open);
        shape.open.iter().zip(codes).map(|((_, dim, _), code)| self.labels.text(*dim, code).to_string()).collect()
    }
}
