//! `JUnit` XML: one suite per file, one failed case per finding.

use super::place::{Place, Places, long_message};
use crate::{Diagnostic, Severity};
use std::fmt::Write as _;

type Case<'d> = (&'d Diagnostic, Option<Place>);

pub(super) fn write(diagnostics: &[&Diagnostic], places: &mut Places<'_>) -> String {
    let mut suites: Vec<(String, Vec<Case<'_>>)> = Vec::new();
    for diagnostic in diagnostics {
        let place = diagnostic.primary_span().map(|span| places.of(span));
        let file = place.as_ref().map_or_else(|| "price".to_owned(), |place| place.file.clone());
        match suites.last_mut() {
            Some((name, cases)) if *name == file => cases.push((diagnostic, place)),
            _ => suites.push((file, vec![(diagnostic, place)])),
        }
    }
    let is_failure = |diagnostic: &Diagnostic| diagnostic.severity != Severity::Info;
    let failures = |cases: &[Case<'_>]| cases.iter().filter(|(d, _)| is_failure(d)).count();
    let total: usize = suites.iter().map(|(_, cases)| failures(cases)).sum();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"price check\" tests=\"{}\" failures=\"{total}\">", diagnostics.len());
    for (file, cases) in &suites {
        let (tests, failed) = (cases.len(), failures(cases));
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failed}\" errors=\"0\">",
            escape(file)
        );
        for (diagnostic, place) in cases {
            case(&mut out, file, diagnostic, place.as_ref());
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn case(out: &mut String, file: &str, diagnostic: &Diagnostic, place: Option<&Place>) {
    let (code, severity) = (diagnostic.code.as_str(), diagnostic.severity.as_str());
    let position = place.map_or_else(String::new, |place| format!(":{}:{}", place.line, place.column));
    let name = escape(&format!("{code} {file}{position}"));
    let _ = writeln!(out, "    <testcase name=\"{name}\" classname=\"{}\">", escape(file));
    let _ = writeln!(out, "      <properties><property name=\"severity\" value=\"{severity}\"/></properties>");
    let text = escape(&format!("{file}{position}: {}", long_message(diagnostic)));
    if diagnostic.severity == Severity::Info {
        let _ = writeln!(out, "      <system-out>{text}</system-out>");
    } else {
        let message = escape(&diagnostic.message);
        let _ = writeln!(out, "      <failure type=\"{code}\" message=\"{message}\">{text}</failure>");
    }
    out.push_str("    </testcase>\n");
}

/// Escapes text for XML 1.0; characters it cannot hold become U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
