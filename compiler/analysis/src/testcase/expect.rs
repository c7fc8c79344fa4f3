//! What a test expects.

use super::{Builder, Expect, ExpectTarget, Seen};
use crate::codes;
use crate::declare::calendar::date_of;
use crate::report;
use crate::types::Typer;
use price_diagnostics::{Diagnostic, Span};
use price_syntax::ast::{self, ExpectSubject};
use price_value::Rational;

impl Builder<'_> {
    pub(super) fn expect(&mut self, seen: &Seen, expect: &ast::Expect, span: Span) -> Option<Expect> {
        let ast::Expect::Amount { subject, filter, amount, on } = expect else {
            return Some(Expect {
                target: ExpectTarget::Refused,
                labels: Vec::new(),
                amount: None,
                amount_span: span,
                on: None,
                span,
            });
        };
        let target = self.target(seen, subject)?;
        let dated = matches!(target, ExpectTarget::Balance(_) | ExpectTarget::Shortfall(_));
        if let (Some(date), false) = (on, dated) {
            let message = "only balances and true-ups are asked for at a day";
            self.report(Diagnostic::error(codes::NOT_HERE, message).at(date.span, ""));
            return None;
        }
        let on = on.as_ref().and_then(date_of);
        let labels = match filter {
            None => Vec::new(),
            Some(filter) => self.cell_labels(seen, &target, filter)?,
        };
        let (amount, amount_span) = match amount {
            None => (None, span),
            Some(e) => (Some(self.expected(seen, &target, e)?), e.span),
        };
        Some(Expect { target, labels, amount, amount_span, on, span })
    }

    pub(super) fn target(&mut self, seen: &Seen, subject: &ExpectSubject) -> Option<ExpectTarget> {
        let plan = seen.lowered.plan.clone()?;
        match subject {
            ExpectSubject::Line(path) => {
                let first = path.segments.first()?;
                if first.text == "total" && path.segments.len() == 1 && !plan.lines.iter().any(|l| l.name == "total") {
                    return Some(ExpectTarget::Total);
                }
                if !plan.lines.iter().any(|l| l.name == first.text) {
                    let finding = report::unknown(
                        codes::TEST_NAME,
                        &format!("line of `{}`", seen.name),
                        &first.text,
                        first.span,
                        plan.lines.iter().map(|l| l.name.as_str()).chain(["total"]),
                    );
                    self.report(finding);
                    return None;
                }
                match path.segments.get(1).map(|s| s.text.as_str()) {
                    None => Some(ExpectTarget::Line(first.text.clone())),
                    Some("gross") => Some(ExpectTarget::Gross(first.text.clone())),
                    Some("exact") => Some(ExpectTarget::Exact(first.text.clone())),
                    Some("corrected") => Some(ExpectTarget::Corrected(first.text.clone())),
                    Some(other) => {
                        let span = path.segments[1].span;
                        self.report(report::unknown(
                            codes::TEST_NAME,
                            "stage of a line",
                            other,
                            span,
                            ["gross", "exact", "corrected"],
                        ));
                        None
                    }
                }
            }
            ExpectSubject::Minimum { index, span } => {
                let name = match index {
                    Some(n) if n.text != "1" => format!("minimum {}", n.text),
                    _ => "minimum".to_string(),
                };
                if plan.clamps.iter().any(|c| c.name == name) {
                    return Some(ExpectTarget::Minimum(name));
                }
                let message = format!("`{}` has no such minimum", seen.name);
                self.report(Diagnostic::error(codes::TEST_NAME, message).at(*span, ""));
                None
            }
            ExpectSubject::Invoice(what) => {
                self.stage("invoice", what, "due")?;
                Some(ExpectTarget::Due)
            }
            ExpectSubject::Allowance { path, what } => {
                let name = path.last()?;
                self.stage("allowance", what, "left")?;
                if plan.allowances.iter().any(|a| a.name == name.text) {
                    return Some(ExpectTarget::AllowanceLeft(name.text.clone()));
                }
                let finding = report::unknown(
                    codes::TEST_NAME,
                    "allowance",
                    &name.text,
                    name.span,
                    plan.allowances.iter().map(|a| a.name.as_str()),
                );
                self.report(finding);
                None
            }
            ExpectSubject::Entitlement { path, what } => {
                let name = path.last()?;
                let limited =
                    |e: &&price_ir::Entitlement| matches!(e.value, price_ir::EntitlementValue::Metered { .. });
                if !plan.funds.entitlements.iter().any(|e| e.name == name.text) {
                    let known = plan.funds.entitlements.iter().filter(limited).map(|e| e.name.as_str());
                    let finding = report::unknown(codes::TEST_NAME, "entitlement", &name.text, name.span, known);
                    self.report(finding);
                    return None;
                }
                if !plan.funds.entitlements.iter().filter(limited).any(|e| e.name == name.text) {
                    let message = format!("`{}` is no limit, so nothing of it is used or left", name.text);
                    self.report(Diagnostic::error(codes::TEST_NAME, message).at(name.span, ""));
                    return None;
                }
                let name = name.text.clone();
                match what.text.as_str() {
                    "left" => Some(ExpectTarget::EntitlementLeft(name)),
                    "used" => Some(ExpectTarget::EntitlementUsed(name)),
                    other => {
                        let known = ["left", "used"];
                        let finding =
                            report::unknown(codes::TEST_NAME, "amount of an entitlement", other, what.span, known);
                        self.report(finding.help("write `left` or `used`"));
                        None
                    }
                }
            }
            ExpectSubject::Wallet(path) => {
                let name = path.last()?;
                if plan.funds.balances.iter().any(|b| b.name == name.text) {
                    return Some(ExpectTarget::Balance(name.text.clone()));
                }
                let known = plan.funds.balances.iter().map(|b| b.name.as_str());
                let finding = report::unknown(codes::TEST_NAME, "wallet", &name.text, name.span, known);
                self.report(finding);
                None
            }
            ExpectSubject::Commitment { path, what } => {
                let name = path.last()?;
                if plan.funds.balances.iter().any(|b| b.name == name.text) {
                    self.stage("prepaid commitment", what, "left")?;
                    return Some(ExpectTarget::Balance(name.text.clone()));
                }
                if !plan.funds.commitments.iter().any(|c| c.name == name.text) {
                    let known = plan.funds.commitments.iter().map(|c| c.name.as_str());
                    let finding = report::unknown(codes::TEST_NAME, "commitment", &name.text, name.span, known);
                    self.report(finding);
                    return None;
                }
                let name = name.text.clone();
                match what.text.as_str() {
                    "counted" => Some(ExpectTarget::Counted(name)),
                    "shortfall" => Some(ExpectTarget::Shortfall(name)),
                    "excess" => Some(ExpectTarget::Excess(name)),
                    other => {
                        let known = ["counted", "shortfall", "excess"];
                        let finding =
                            report::unknown(codes::TEST_NAME, "amount of a commitment", other, what.span, known);
                        self.report(finding);
                        None
                    }
                }
            }
        }
    }

    /// Reports a word behind `invoice` or an allowance that is not the one there is.
    pub(super) fn stage(&mut self, of: &str, said: &ast::Name, known: &'static str) -> Option<()> {
        if said.text == known {
            return Some(());
        }
        let what = format!("amount of an {of}");
        self.report(
            report::unknown(codes::TEST_NAME, &what, &said.text, said.span, [known]).help(format!("write `{known}`")),
        );
        None
    }

    pub(super) fn cell_labels(
        &mut self,
        seen: &Seen,
        target: &ExpectTarget,
        filter: &ast::Expr,
    ) -> Option<Vec<(String, Vec<String>)>> {
        let plan = seen.lowered.plan.clone()?;
        let name = match target {
            ExpectTarget::Line(name) | ExpectTarget::Gross(name) | ExpectTarget::Exact(name) => name,
            _ => {
                let message = "only a line has cells";
                self.report(Diagnostic::error(codes::TEST_NAME, message).at(filter.span, ""));
                return None;
            }
        };
        let line = plan.lines.iter().find(|l| l.name == *name)?;
        let sink = match &line.charge {
            price_ir::Charge::Usage(usage) => Some(usage.sink),
            price_ir::Charge::Events(sink) => Some(*sink),
            _ => None,
        };
        let dims: Vec<&price_ir::Dimension> = sink
            .map(|s| {
                let keys = &plan.sinks[s.ix()].keys;
                keys.iter().filter(|k| k.in_cell).map(|k| &plan.dimensions[k.dim.ix()]).collect()
            })
            .unwrap_or_default();
        let mut found: Vec<(String, Vec<String>)> = Vec::new();
        let mut stack = vec![filter];
        while let Some(e) = stack.pop() {
            let (subject, labels) = match &e.kind {
                ast::ExprKind::And(a, b) => {
                    stack.extend([&**b, &**a]);
                    continue;
                }
                ast::ExprKind::Is { subject, negated: false, label } => (subject, std::slice::from_ref(label)),
                ast::ExprKind::In { subject, negated: false, labels } => (subject, labels.as_slice()),
                _ => {
                    let message = "cells are named by their labels: `where region is eu`";
                    self.report(Diagnostic::error(codes::TEST_DIMENSIONS, message).at(e.span, ""));
                    return None;
                }
            };
            let ast::ExprKind::Path(path) = &subject.kind else { return None };
            let Some(dim) = dims.iter().find(|d| path.last().is_some_and(|n| n.text == d.name)) else {
                let names: Vec<&str> = dims.iter().map(|d| d.name.as_str()).collect();
                let what = format!("dimension of `{name}`");
                self.report(report::unknown(codes::TEST_NAME, &what, &path.text(), path.span, names));
                return None;
            };
            for label in labels {
                if dim.size().is_some() && dim.code(&label.text).is_none() {
                    let what = format!("label of `{}`", dim.name);
                    let all = dim.labels.iter().map(String::as_str);
                    self.report(report::unknown(codes::UNKNOWN_LABEL, &what, &label.text, label.span, all));
                    return None;
                }
            }
            found.push((dim.name.clone(), labels.iter().map(|l| l.text.clone()).collect()));
        }
        Some(found)
    }

    pub(super) fn expected(&mut self, seen: &Seen, target: &ExpectTarget, e: &ast::Expr) -> Option<Rational> {
        let plan = seen.lowered.plan.clone()?;
        if let ExpectTarget::AllowanceLeft(name) = target {
            let allowance = plan.allowances.iter().find(|a| a.name == *name)?;
            let line = &plan.lines[allowance.covers.first()?.line.ix()];
            let _ = line;
            let meter = seen.lowered.meters.values().find(|m| m.unit == allowance.unit).cloned();
            let value = self.scoped(|scope| Typer::new(scope).constant(e));
            if value.is_error() {
                return None;
            }
            let factor = meter.map_or(Rational::ONE, |m| m.factor.clone());
            return Some(value.expr.as_const().cloned()? / factor);
        }
        if let ExpectTarget::EntitlementLeft(name) | ExpectTarget::EntitlementUsed(name) = target {
            let meter = seen.lowered.meters.get(name)?;
            let value = self.scoped(|scope| Typer::new(scope).constant(e));
            if value.is_error() {
                return None;
            }
            if value.ty != meter.ty {
                let message = "this does not measure what the entitlement counts";
                self.report(Diagnostic::error(codes::UNIT_MISMATCH, message).at(e.span, value.ty.to_string()));
                return None;
            }
            return Some(value.expr.as_const().cloned()? / &meter.factor);
        }
        let at = match target {
            ExpectTarget::Balance(name) => plan.funds.balances.iter().find(|b| b.name == *name).map(|b| b.holds),
            ExpectTarget::Line(name)
            | ExpectTarget::Gross(name)
            | ExpectTarget::Exact(name)
            | ExpectTarget::Corrected(name) => plan.lines.iter().find(|l| l.name == *name).map(|l| l.currency),
            _ => None,
        };
        let currency = at.map_or(&plan.currency, |at| plan.currency_at(at).0);
        self.scoped(|scope| Typer::new(scope).money(e, &currency.code))
    }
}
