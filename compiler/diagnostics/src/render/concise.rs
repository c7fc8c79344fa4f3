//! One line each, for logs and for tools that read `file:line:column`.

use super::RenderOptions;
use super::place::Places;
use crate::{Diagnostic, Severity};
use std::fmt::Write as _;

pub(super) fn write(diagnostics: &[&Diagnostic], places: &mut Places<'_>, options: RenderOptions<'_>) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        if let Some(span) = diagnostic.primary_span() {
            let place = places.of(span);
            let _ = write!(out, "{}:{}:{}: ", place.file, place.line, place.column);
        }
        let (on, off) = if options.colour { (colour(diagnostic.severity), "\u{1b}[0m") } else { ("", "") };
        let (severity, code) = (diagnostic.severity.as_str(), diagnostic.code);
        let _ = write!(out, "{on}{severity}[{code}]{off} {}", diagnostic.message);
        if diagnostic.fixes.iter().any(|fix| fix.safe) {
            out.push_str(" [fixable]");
        }
        out.push('\n');
    }
    out
}

fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "\u{1b}[31m",
        Severity::Warning => "\u{1b}[33m",
        Severity::Info => "\u{1b}[34m",
    }
}
