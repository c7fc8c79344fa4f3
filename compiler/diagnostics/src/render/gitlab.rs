//! Code quality report, which GitLab shows in a merge request.

use super::place::{Fingerprints, Places};
use crate::{Diagnostic, Severity};
use serde::Serialize;

#[derive(Serialize)]
struct Issue {
    check_name: &'static str,
    description: String,
    fingerprint: String,
    location: Location,
    severity: &'static str,
}

#[derive(Serialize)]
struct Location {
    lines: Lines,
    path: String,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

pub(super) fn write(diagnostics: &[&Diagnostic], places: &mut Places<'_>) -> String {
    let mut fingerprints = Fingerprints::default();
    let issues: Vec<Issue> = diagnostics
        .iter()
        .map(|diagnostic| {
            let place = diagnostic.primary_span().map(|span| places.of(span));
            let (path, begin, end) = place.map_or((String::new(), 1, 1), |p| (p.file, p.line, p.end_line));
            Issue {
                check_name: diagnostic.code.as_str(),
                description: diagnostic.message.clone(),
                fingerprint: fingerprints.of(diagnostic, places),
                location: Location { lines: Lines { begin, end }, path },
                severity: match diagnostic.severity {
                    Severity::Error => "major",
                    Severity::Warning => "minor",
                    Severity::Info => "info",
                },
            }
        })
        .collect();
    super::json::pretty(&issues)
}
