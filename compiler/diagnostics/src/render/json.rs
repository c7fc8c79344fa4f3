//! One object with everything, for programs. Keys are sorted; additions raise the minor version.

use super::Counts;
use super::place::{Place, Places};
use crate::{Diagnostic, Span};
use serde::Serialize;

#[derive(Serialize)]
struct Report<'d> {
    diagnostics: Vec<Finding<'d>>,
    format_version: &'static str,
    summary: Counts,
}

#[derive(Serialize)]
struct Finding<'d> {
    code: &'static str,
    fixes: Vec<Fix<'d>>,
    help: Option<&'d str>,
    labels: Vec<Label<'d>>,
    location: Option<Location>,
    message: &'d str,
    notes: &'d [String],
    severity: &'static str,
}

#[derive(Serialize)]
struct Fix<'d> {
    edits: Vec<Edit<'d>>,
    safe: bool,
    title: &'d str,
}

#[derive(Serialize)]
struct Edit<'d> {
    location: Location,
    replacement: &'d str,
}

#[derive(Serialize)]
struct Label<'d> {
    location: Location,
    message: &'d str,
    primary: bool,
}

/// Lines and columns from 1, columns in characters; bytes from 0; ends excluded.
#[derive(Serialize)]
struct Location {
    column: usize,
    end_byte: u32,
    end_column: usize,
    end_line: usize,
    file: String,
    line: usize,
    start_byte: u32,
}

pub(super) fn write(diagnostics: &[&Diagnostic], places: &mut Places<'_>) -> String {
    let summary = Counts::of(diagnostics.iter().copied());
    pretty(&Report { diagnostics: findings(diagnostics, places), format_version: "1.0", summary })
}

/// One line of a stream.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'d> {
    Version { format_version: &'static str },
    Diagnostic(Finding<'d>),
    Summary(Counts),
}

/// A stream: the version first, then a line for each finding, then the counts.
pub(super) fn write_lines(diagnostics: &[&Diagnostic], places: &mut Places<'_>) -> String {
    let mut lines = vec![Line::Version { format_version: "1.0" }];
    lines.extend(findings(diagnostics, places).into_iter().map(Line::Diagnostic));
    lines.push(Line::Summary(Counts::of(diagnostics.iter().copied())));
    // Our own structures hold strings and numbers only; they always serialise.
    lines.iter().map(|line| serde_json::to_string(line).unwrap_or_default() + "\n").collect()
}

fn findings<'d>(diagnostics: &[&'d Diagnostic], places: &mut Places<'_>) -> Vec<Finding<'d>> {
    let mut locate = |span: Span| {
        let Place { file, line, column, end_line, end_column } = places.of(span);
        Location { column, end_byte: span.end, end_column, end_line, file, line, start_byte: span.start }
    };
    let mut findings = Vec::new();
    for diagnostic in diagnostics {
        let mut labels = Vec::new();
        for label in &diagnostic.labels {
            labels.push(Label { location: locate(label.span), message: &label.message, primary: label.primary });
        }
        let mut fixes = Vec::new();
        for fix in &diagnostic.fixes {
            let edits = fix.edits.iter();
            let edits =
                edits.map(|edit| Edit { location: locate(edit.span), replacement: &edit.replacement }).collect();
            fixes.push(Fix { edits, safe: fix.safe, title: &fix.title });
        }
        findings.push(Finding {
            code: diagnostic.code.as_str(),
            fixes,
            help: diagnostic.help.as_deref(),
            labels,
            location: diagnostic.primary_span().map(&mut locate),
            message: &diagnostic.message,
            notes: &diagnostic.notes,
            severity: diagnostic.severity.as_str(),
        });
    }
    findings
}

/// Indented JSON with a newline at the end.
pub(super) fn pretty(value: &impl Serialize) -> String {
    // Our own structures hold strings and numbers only; they always serialise.
    let mut out = serde_json::to_string_pretty(value).unwrap_or_default();
    out.push('\n');
    out
}
