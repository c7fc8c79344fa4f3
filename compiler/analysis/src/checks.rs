//! Checks on a compiled plan that need no quantifier: everything is decided on the piecewise form.

use crate::codes;
use price_diagnostics::{Diagnostic, Span};
use price_ir::Plan;

/// All findings about a plan. `cliffs` are the prices that say `allow cliffs`.
pub fn check(plan: &Plan, rule_spans: &[Span], name: Span, cliffs: &[String]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if let Err(errors) = price_ir::scale::scales(plan) {
        for error in errors {
            found.push(
                Diagnostic::error(codes::TOO_WIDE, "128 bits may not be enough for this price")
                    .at(name, error.to_string())
                    .help("declare a bound on the meter (`at most 10bn calls per month`), or use fewer decimals"),
            );
        }
    }
    let _ = (rule_spans, cliffs);
    found
}
