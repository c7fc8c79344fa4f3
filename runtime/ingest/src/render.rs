//! A typed row as a JSON object again, for rejects and outputs: numbers exactly, in order of the
//! schema.

use crate::block::Part;
use price_ir::batch::NULL;
use price_ir::{Column, DimIx, FieldType, Plan};
use price_rating::OpenLabels;
use price_value::Timestamp;
use serde_json::Value;
use std::fmt::Write;

/// An integer of `decimals` decimals as decimal text.
pub(crate) fn decimal(value: i64, decimals: u8) -> String {
    let digits = format!("{:0width$}", value.unsigned_abs(), width = usize::from(decimals) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(decimals));
    let sign = if value < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// What is needed to name what codes stand for.
#[derive(Clone, Copy)]
pub(crate) struct Render<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) labels: &'a OpenLabels,
}

impl Render<'_> {
    /// The text of a label; `None` where it is missing.
    pub(crate) fn label(&self, dim: DimIx, code: u32) -> Option<&str> {
        let dimension = &self.plan.dimensions[dim.ix()];
        if code == u32::MAX {
            return None;
        }
        match dimension.size() {
            None => Some(self.labels.text(dim, code)),
            Some(_) => dimension.labels.get(code as usize).map(String::as_str),
        }
    }

    /// The row as it could have been sent: numbers are written as numbers with their exact text.
    pub(crate) fn row(&self, part: &Part, row: usize, account: &str) -> String {
        let event = &self.plan.events[part.batch.event.ix()];
        let quoted = |text: &str| Value::from(text).to_string();
        let mut out = format!(
            "{{\"type\":{},\"account\":{},\"time\":\"{}\"",
            quoted(&event.name),
            quoted(account),
            Timestamp(part.batch.happened[row])
        );
        let (source, id) = part.identity(row);
        for (key, text) in [("source", source), ("id", id)] {
            if !text.is_empty() {
                let _ = write!(out, ",\"{key}\":{}", quoted(text));
            }
        }
        out.push_str(",\"data\":{");
        let mut first = true;
        for (field, column) in event.fields.iter().zip(&part.batch.columns) {
            let value = match (column, &field.ty) {
                (Column::Int(v), FieldType::Number(ty)) if v[row] != NULL => decimal(v[row], ty.decimals),
                (Column::Family(labels), FieldType::Family(dim, ty)) => {
                    let entries = labels.iter().enumerate().filter_map(|(code, v)| {
                        Some(format!("{}:{}", quoted(self.label(*dim, code as u32)?), decimal(v[row], ty.decimals)))
                    });
                    format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
                }
                (Column::Label(v), FieldType::Label(dim)) => match self.label(*dim, v[row]) {
                    Some(label) => quoted(label),
                    None => continue,
                },
                (Column::Text(v), _) if !v[row].is_empty() => quoted(&v[row]),
                (Column::Flag(v), _) if v[row] < 2 => (v[row] == 1).to_string(),
                _ => continue,
            };
            let comma = if first { "" } else { "," };
            first = false;
            let _ = write!(out, "{comma}{}:{value}", quoted(&field.name));
        }
        out.push_str("}}");
        out
    }
}
