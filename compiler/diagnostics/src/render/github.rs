//! Workflow commands, which GitHub shows beside the changed lines.

use super::place::{Place, Places, long_message};
use crate::{Diagnostic, Severity};
use std::fmt::Write as _;

pub(super) fn write(diagnostics: &[&Diagnostic], places: &mut Places<'_>) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let command = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let _ = write!(out, "::{command} title=price ({})", diagnostic.code);
        if let Some(span) = diagnostic.primary_span() {
            let Place { file, line, column, end_line, end_column } = places.of(span);
            let _ = write!(out, ",file={},line={line}", property(&file));
            // Columns are refused when the range spans lines.
            if end_line == line {
                let _ = write!(out, ",col={column},endLine={end_line},endColumn={end_column}");
            } else {
                let _ = write!(out, ",endLine={end_line}");
            }
        }
        let _ = writeln!(out, "::{}", data(&long_message(diagnostic)));
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
