//! Small helpers for findings: the nearest name, lists of choices.

use crate::codes;
use price_diagnostics::{Code, Diagnostic, Fix, Span};

/// The candidate closest to `name`, if one is close enough to be a slip.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .map(|c| (strsim::damerau_levenshtein(&lower, &c.to_lowercase()), c))
        .filter(|(d, c)| *d <= 1 + c.chars().count().min(name.chars().count()) / 4)
        .min()
        .map(|(_, c)| c)
}

/// "`x` is not known", with the nearest name as a fix.
pub fn unknown<'a>(
    code: Code,
    what: &str,
    name: &str,
    span: Span,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let diagnostic = Diagnostic::error(code, format!("there is no {what} called `{name}`")).at(span, "");
    match nearest(name, candidates) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(Fix::replace(
            format!("write `{near}`"),
            span,
            near,
            false,
        )),
        None => diagnostic,
    }
}

/// A unit of the standard library that is used and not imported.
pub fn not_imported(spelling: &str, unit: &str, span: Span) -> Diagnostic {
    Diagnostic::error(codes::UNKNOWN_NAME, format!("there is no unit called `{spelling}`"))
        .at(span, "")
        .help(format!("import it: `use std.units ({unit})`"))
}

/// Fixes that write one of several statements in front of the first statement of a block.
pub fn choices(mut finding: Diagnostic, before: Option<Span>, indent: usize, statements: &[String]) -> Diagnostic {
    let Some(before) = before else { return finding };
    let at = before.before();
    for statement in statements {
        let text = format!("{statement}\n{}", " ".repeat(indent));
        finding = finding.fix(Fix::replace(format!("write `{statement}`"), at, text, false));
    }
    finding
}

/// Fixes that write one of several words behind something.
pub fn behind(mut finding: Diagnostic, what: Span, words: &[&str]) -> Diagnostic {
    let at = what.after();
    for word in words {
        finding = finding.fix(Fix::replace(format!("write `{word}`"), at, format!(" {word}"), false));
    }
    finding
}

/// `a`, `b` and `c`.
pub fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [rest @ .., last] => {
            let rest: Vec<String> = rest.iter().map(|n| format!("`{n}`")).collect();
            format!("{} and `{last}`", rest.join(", "))
        }
    }
}
