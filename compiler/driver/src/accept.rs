//! `price test --accept`: amounts in place of `?`.

use crate::fix::splice;
use crate::testing::{Outcome, TestReport};
use crate::workspace::Workspace;
use price_diagnostics::{Edit, FileId, Span};
use std::collections::BTreeMap;

/// A file with amounts filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The file.
    pub file: FileId,
    /// Its text with the amounts.
    pub after: String,
    /// How many were filled in.
    pub amounts: usize,
}

/// The files in which a `?` can be filled in from these reports. Tests that fail otherwise are
/// left alone: their amounts are not to be trusted.
#[must_use]
pub fn accept(workspace: &Workspace, reports: &[TestReport]) -> Vec<Accepted> {
    let mut edits: BTreeMap<FileId, Vec<Edit>> = BTreeMap::new();
    for report in reports.iter().filter(|report| report.outcome == Outcome::Pending) {
        let text = &workspace.source(report.file).text;
        for (span, amount) in &report.fills {
            if let Some(span) = question_mark(text, *span) {
                edits.entry(report.file).or_default().push(Edit { span, replacement: amount.clone() });
            }
        }
    }
    let write = |(file, edits): (FileId, Vec<Edit>)| {
        let amounts = edits.len();
        Accepted { file, after: splice(&workspace.source(file).text, edits), amounts }
    };
    edits.into_iter().map(write).collect()
}

/// The `?` inside a span: the last one, which stands where the amount belongs.
#[must_use]
pub fn question_mark(text: &str, span: Span) -> Option<Span> {
    let inside = text.get(span.start as usize..span.end as usize)?;
    let at = span.start + u32::try_from(inside.rfind('?')?).ok()?;
    Some(Span::new(span.file, at, at + 1))
}
