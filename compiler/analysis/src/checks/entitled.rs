//! Tiers and allowances that a limit on their meter keeps out of reach.

use super::{Checks, show};
use crate::codes;
use price_diagnostics::Diagnostic;
use price_ir::{Charge, Entitlement, EntitlementValue, Expr, Fold, SinkIx, UsageCharge};
use price_value::{Rational, Span, Window};

/// The most that a meter counts in a window, as an entitlement has it.
struct Most<'p> {
    entitlement: &'p Entitlement,
    sink: SinkIx,
    per: Window,
    quantity: Rational,
    unit: &'p str,
}

/// Windows nest in this order: what is at most so much in one is so in all that lie within it.
fn rank(window: Window) -> u8 {
    match window {
        Window::Hour => 0,
        Window::Day => 1,
        Window::Month => 2,
        Window::Quarter => 3,
        Window::Year => 4,
        Window::Term | Window::Never => 5,
    }
}

impl Checks<'_> {
    /// Only a limit that blocks, and always, keeps anything out of reach.
    pub(super) fn behind_limits(&mut self) {
        let plan = self.plan;
        for entitlement in plan.funds.entitlements.iter().filter(|e| e.during == Span::default()) {
            let EntitlementValue::Metered { sink, unit, limit, per, hard: true, rollover } = &entitlement.value else {
                continue;
            };
            // Parts and shorter stretches of these are no more than the whole.
            let shrinks = match &plan.sinks[sink.ix()].fold {
                Fold::Count | Fold::Unique(_) | Fold::Max(..) => false,
                Fold::Sum(value) => self.can_fall(*sink, value),
                _ => true,
            };
            if shrinks {
                continue;
            }
            let quantity = limit + rollover.as_ref().unwrap_or(&Rational::ZERO);
            let most = Most { entitlement, sink: *sink, per: *per, quantity, unit };
            self.tiers_behind(&most);
            self.allowances_behind(&most);
        }
    }

    /// Whether a sum may be less than one of its parts.
    fn can_fall(&self, sink: SinkIx, value: &Expr) -> bool {
        let fields = &self.plan.events[self.plan.sinks[sink.ix()].event.ix()].fields;
        let mut signed = false;
        value.walk(&mut |e| {
            if let Expr::Field(field) | Expr::OrElse(field, _) | Expr::Family(field) = e {
                signed |= match &fields[field.ix()].ty {
                    price_ir::FieldType::Number(number) | price_ir::FieldType::Family(_, number) => number.signed,
                    _ => false,
                };
            }
        });
        signed
    }

    fn counts(&self, usage: &UsageCharge, most: &Most<'_>) -> bool {
        let (own, limited) = (&self.plan.sinks[usage.sink.ix()], &self.plan.sinks[most.sink.ix()]);
        own.meter == limited.meter && own.event == limited.event && own.unit == limited.unit
    }

    fn tiers_behind(&mut self, most: &Most<'_>) {
        for line in &self.plan.lines {
            let Charge::Usage(usage) = &line.charge else { continue };
            if usage.scale.is_some() || !self.counts(usage, most) || rank(usage.window) > rank(most.per) {
                continue;
            }
            for function in &usage.rules.functions {
                let mut starts: Vec<Rational> = Vec::new();
                function.amount.walk(&mut |e| {
                    if let Expr::Ladder(of, ladder) = e
                        && **of == Expr::Arg
                    {
                        starts.extend(ladder.pieces.iter().map(|piece| piece.from.clone()));
                    }
                });
                starts.retain(|start| start.is_positive() && *start >= most.quantity);
                let Some(first) = starts.into_iter().min() else { continue };
                let rule = function.rules.first().copied().unwrap_or(line.rule);
                let message = format!("a tier of `{}` is never reached", line.name);
                self.keeps_out(message, rule, format!("the tier above {} {}", show(&first), most.unit), most);
                break;
            }
        }
    }

    fn allowances_behind(&mut self, most: &Most<'_>) {
        for allowance in &self.plan.allowances {
            if allowance.times.is_some() || allowance.events.is_some() || rank(allowance.per) > rank(most.per) {
                continue;
            }
            let out = |cover: &price_ir::Covers| match &self.plan.lines[cover.line.ix()].charge {
                Charge::Usage(usage) => self.counts(usage, most) && allowance.quantity > &most.quantity * &cover.factor,
                _ => false,
            };
            if allowance.covers.is_empty() || !allowance.covers.iter().all(out) {
                continue;
            }
            let message = format!("a part of the allowance `{}` can never be used", allowance.name);
            let label = format!("{} {} are included", show(&allowance.quantity), allowance.unit);
            self.keeps_out(message, allowance.rule, label, most);
        }
    }

    fn keeps_out(&mut self, message: String, rule: price_ir::RuleIx, label: String, most: &Most<'_>) {
        let limit = format!("blocks at {} {}", show(&most.quantity), most.unit);
        self.found.push(
            Diagnostic::warning(codes::BEHIND_LIMIT, message)
                .at(self.span(rule), label)
                .also(self.span(most.entitlement.rule), limit)
                .help("raise the limit, or write `then allow` if it is only told"),
        );
    }
}
