//! Where the rules of a plan stand, for people: from spans to lines.

use price_diagnostics::{Sources, Span};
use price_ir::{Place, SourceMap};

/// The map of a plan's rules.
pub(crate) fn source_map(sources: &dyn Sources, spans: &[Span]) -> SourceMap {
    SourceMap { places: spans.iter().map(|span| place(sources, *span)).collect(), files: Vec::new() }
}

/// Line, column and lines of a span.
pub(crate) fn place(sources: &dyn Sources, span: Span) -> Option<Place> {
    let text = sources.text(span.file);
    let start = span.start as usize;
    let before = text.get(..start)?;
    let line = before.matches('\n').count() + 1;
    let from = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before[from..].chars().count() + 1;
    let end = (span.end as usize).clamp(start, text.len());
    let until = text.get(end..)?.find('\n').map_or(text.len(), |length| end + length);
    Some(Place {
        file: sources.name(span.file).to_owned(),
        line: u32::try_from(line).ok()?,
        column: u32::try_from(column).ok()?,
        excerpt: text[from..until].trim().to_owned(),
    })
}
