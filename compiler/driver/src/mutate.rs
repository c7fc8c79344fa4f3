//! Small faults put into prices, to see whether the tests notice.
//!
//! A mutant is the text of a file with one change. One that the compiler refuses is noticed; so is
//! one with which some test no longer passes. What is left shows what no test looks at.

use crate::testing::{Outcome, TestRunner};
use crate::workspace::Workspace;
use price_diagnostics::{Diagnostic, Edit, FileId, Span};
use price_ir::KernelFactory;
use price_syntax::tree::Node;
use price_syntax::{Rule, Tree};
use std::sync::Arc;

/// A change of a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// Where.
    pub span: Span,
    /// What is written there.
    pub before: String,
    /// What is written instead; empty where it is taken out.
    pub after: String,
    /// What it is a fault of: `bound`, `ladder`, `rate`.
    pub kind: &'static str,
}

/// What became of the mutants of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mutation {
    /// How many were tried.
    pub tried: usize,
    /// Those that no test noticed.
    pub survivors: Vec<Mutant>,
}

/// The mutants of a file: of statements of rate cards, plans and contracts that some test of the
/// file can see.
fn mutants(file: FileId, tree: &Tree) -> Vec<Mutant> {
    let mut all = Vec::new();
    let mut add = |node: Node<'_>, after: String, kind| {
        let span = Span::new(file, node.start(), node.end());
        let before = node.text().to_owned();
        if after != before {
            all.push(Mutant { span, before, after, kind });
        }
    };
    let bodies = [Rule::ratecard_item, Rule::plan_item, Rule::contract_item, Rule::amendment_item];
    for item in tree.root().parts().filter(|node| node.rule().is_some_and(|rule| bodies.contains(&rule))) {
        for node in item.descendants() {
            match node.rule() {
                Some(Rule::bound) => add(node, larger(node.text()), "bound"),
                Some(Rule::grid_row) => {
                    if let Some(bound) = node.part(Rule::bound) {
                        add(bound, larger(bound.text()), "bound");
                    }
                }
                Some(Rule::kw_graduated) => add(node, "volume".into(), "ladder"),
                Some(Rule::kw_volume) => add(node, "graduated".into(), "ladder"),
                Some(Rule::term) if node.descendants().any(|part| part.is(Rule::money)) => {
                    if let Some(money) = node.descendants().find(|part| part.is(Rule::money)) {
                        add(money, dearer(money.text()), "rate");
                    }
                }
                Some(Rule::override_stmt | Rule::discount_stmt | Rule::cap_stmt | Rule::minimum_stmt) => {
                    add(node, String::new(), "statement");
                }
                Some(Rule::clamp | Rule::price_discount) => add(node, String::new(), "statement"),
                Some(Rule::mode) => {
                    let other = if node.text() == "down" { "up" } else { "down" };
                    add(node, other.into(), "rounding");
                }
                Some(Rule::allowance_stmt) => {
                    if let Some(amount) = node.part(Rule::amount) {
                        add(amount, larger(amount.text()), "allowance");
                    }
                }
                Some(Rule::fee_stmt) => {
                    if let Some(amount) = node.part(Rule::amount) {
                        add(amount, dearer(amount.text()), "fee");
                    }
                }
                _ => {}
            }
        }
    }
    all.sort_by_key(|mutant| (mutant.span.start, mutant.span.end));
    all.dedup_by(|a, b| a.span == b.span && a.after == b.after);
    all
}

/// A quantity or amount with another first digit: `10k calls` becomes `20k calls`.
fn larger(text: &str) -> String {
    let Some(at) = text.find(|c: char| c.is_ascii_digit() && c != '0').or_else(|| text.find('0')) else {
        return text.to_owned();
    };
    let digit = text.as_bytes()[at];
    let other = if digit == b'9' { '8' } else { char::from(digit + 1) };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

/// An amount that is a little another one: its last digit that is not zero.
fn dearer(text: &str) -> String {
    let Some(at) = text.rfind(|c: char| c.is_ascii_digit() && c != '0').or_else(|| text.rfind('0')) else {
        return text.to_owned();
    };
    let digit = text.as_bytes()[at];
    let other = if digit == b'9' { '8' } else { char::from(digit + 1) };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

/// Tries the mutants of a file, at most so many, on one engine; the text is as before afterwards.
pub fn mutate(
    workspace: &mut Workspace,
    file: FileId,
    engine: &Arc<dyn KernelFactory>,
    most: usize,
    progress: &mut dyn FnMut(usize, usize),
) -> Mutation {
    let text = workspace.source(file).text.clone();
    let readable =
        if workspace.source(file).path.ends_with(".md") { price_syntax::blank_prose(&text) } else { text.clone() };
    let tree = price_syntax::parse(file, &readable).tree;
    let mut all = mutants(file, &tree);
    if all.len() > most {
        // Evenly over the file.
        let step = all.len().div_ceil(most);
        all = all.into_iter().step_by(step).collect();
    }
    let mut made = Mutation { tried: all.len(), survivors: Vec::new() };
    for (at, mutant) in all.into_iter().enumerate() {
        progress(at, made.tried);
        let edit = Edit { span: mutant.span, replacement: mutant.after.clone() };
        let changed = crate::fix::splice(&text, vec![edit]);
        workspace.set_text(file, &changed);
        if !noticed(workspace, engine) {
            made.survivors.push(mutant);
        }
    }
    workspace.set_text(file, &text);
    made
}

/// Whether something is wrong with the workspace as it stands: an error, or a test that fails.
fn noticed(workspace: &Workspace, engine: &Arc<dyn KernelFactory>) -> bool {
    if workspace.check().iter().any(Diagnostic::is_error) {
        return true;
    }
    let engines = [engine.clone()];
    let mut runner = TestRunner::new(workspace, &engines);
    for (file, tests) in workspace.tests() {
        for case in &tests.cases {
            if matches!(runner.run(file, case).outcome, Outcome::Failed(_) | Outcome::Differ(_)) {
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_their_neighbours() {
        for (text, other) in [("10k calls", "20k calls"), ("$0.090", "$0.080"), ("900 GB", "800 GB"), ("0", "1")] {
            assert_eq!(larger(text), other);
        }
        for (text, other) in [("$0.090", "$0.080"), ("$15.00", "$16.00"), ("$0.0125", "$0.0126")] {
            assert_eq!(dearer(text), other);
        }
    }
}
