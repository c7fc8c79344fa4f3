//! Checks on a compiled plan that need no quantifier: decided exactly on the piecewise form.

pub mod dearer;
mod drawn;
mod entitled;
mod given_back;

use crate::codes;
use price_diagnostics::{Diagnostic, Span};
use price_ir::{Bound, Charge, Curve, Fold, Function, GroupClamp, Line, LineClamp, Plan, SinkIx, UsageCharge};
use price_value::{Rational, currency::group};
use std::collections::BTreeSet;

/// All findings about a plan. `cliffs` are the prices that say `allow cliffs`.
pub fn check(plan: &Plan, rule_spans: &[Span], name: Span, cliffs: &[String]) -> Vec<Diagnostic> {
    let mut checks = Checks { plan, rule_spans, name, found: Vec::new() };
    if let Err(errors) = price_ir::scale::scales(plan) {
        for error in errors {
            checks.found.push(
                Diagnostic::error(codes::TOO_WIDE, "128 bits may not be enough for this price")
                    .at(name, error.to_string())
                    .help("declare a bound on the meter (`at most 10bn calls per month`), or use fewer decimals"),
            );
        }
    }
    for line in &plan.lines {
        match &line.charge {
            Charge::Usage(usage) => checks.functions(line, usage, cliffs.contains(&line.name)),
            Charge::Events(sink) => checks.event_amounts(line, *sink),
            Charge::Fee(_) | Charge::Share { .. } => {}
        }
        checks.line_clamps(line);
    }
    checks.rebates();
    checks.given_back();
    checks.drawn();
    checks.group_clamps();
    checks.behind_limits();
    checks.found
}

pub(crate) struct Checks<'a> {
    plan: &'a Plan,
    rule_spans: &'a [Span],
    name: Span,
    found: Vec<Diagnostic>,
}

impl Checks<'_> {
    fn span(&self, rule: price_ir::RuleIx) -> Span {
        self.rule_spans.get(rule.ix()).copied().unwrap_or(self.name)
    }

    fn money(&self, amount: &Rational) -> String {
        self.plan.currency.format(amount)
    }

    /// Amounts per event that are below zero whatever the event says.
    fn event_amounts(&mut self, line: &Line, sink: SinkIx) {
        let Fold::Charge(charge) = &self.plan.sinks[sink.ix()].fold else { return };
        for function in &charge.rules.functions {
            let Some((_, value)) = Curve::of(&function.amount).and_then(|c| c.below_zero()) else { continue };
            let rule = function.rules.last().copied().unwrap_or(line.rule);
            let message = format!("the price of `{}` is below zero", line.name);
            self.found.push(
                Diagnostic::error(codes::NEGATIVE, message)
                    .at(self.span(rule), format!("one event can cost {}", self.money(&value)))
                    .help("write a `rebate` for money that is given back: its line is negative"),
            );
            return;
        }
    }

    fn functions(&mut self, line: &Line, usage: &UsageCharge, cliffs_allowed: bool) {
        let sink = &self.plan.sinks[usage.sink.ix()];
        let unit = if sink.unit.is_empty() { String::new() } else { format!(" {}", sink.unit) };
        // `s · F(q / s)` falls, and is below zero, where `F` is: what holds of one unit holds of all.
        let unit = if usage.scale.is_some() { format!("{unit} for each unit of the scale") } else { unit };
        // One finding per rule, not per cell.
        let mut told: BTreeSet<(&'static str, u32)> = BTreeSet::new();
        for function in &usage.rules.functions {
            let rule = function.rules.last().copied().unwrap_or(line.rule);
            let origin = function.rules.first().copied().unwrap_or(line.rule);
            let Some(curve) = Curve::of(&function.amount) else { continue };
            if let Some((at, value)) = curve.below_zero()
                && told.insert(("negative", rule.0))
            {
                let message = format!("the price of `{}` is below zero", line.name);
                self.found.push(
                    Diagnostic::error(codes::NEGATIVE, message)
                        .at(self.span(rule), format!("{}{unit} cost {}", show(&at), self.money(&value)))
                        .help("write a `rebate` for money that is given back: its line is negative"),
                );
                continue;
            }
            if !cliffs_allowed && !line.rebate {
                self.cliff(line, &curve, &sink.quantum, &unit, origin.0, &mut told);
            }
            let bound = sink.bound.as_ref().filter(|_| usage.scale.is_none());
            self.unreached(line, function, bound, &unit, &mut told);
        }
    }

    fn cliff(
        &mut self,
        line: &Line,
        curve: &Curve,
        quantum: &Rational,
        unit: &str,
        origin: u32,
        told: &mut BTreeSet<(&'static str, u32)>,
    ) {
        let Some((at, before, _)) = curve.first_fall() else { return };
        if !told.insert(("cliff", origin)) {
            return;
        }
        // The next quantity a person would name: one unit more, or one step of a finer meter.
        let one = Rational::ONE;
        let step = if *quantum < one { one } else { quantum.clone() };
        let next = &at.floor() + &step;
        let after = curve.at(&next);
        let mut finding =
            Diagnostic::warning(codes::CLIFF, format!("the total of `{}` falls when usage grows", line.name))
                .at(
                    self.span(price_ir::RuleIx(origin)),
                    format!(
                        "{}{unit} cost {}, {}{unit} cost {}",
                        show(&at),
                        self.money(&before),
                        show(&next),
                        self.money(&after)
                    ),
                )
                .help("use `graduated`, or accept it: write `allow cliffs` into the price");
        if let Some(back) = curve.back_at(&at, &before) {
            finding = finding.note(format!("it is back at {} only at {}{unit}", self.money(&before), show(&back)));
        }
        self.found.push(finding);
    }

    /// Tiers that the declared bound of the meter keeps out of reach.
    fn unreached(
        &mut self,
        line: &Line,
        function: &Function,
        bound: Option<&Rational>,
        unit: &str,
        told: &mut BTreeSet<(&'static str, u32)>,
    ) {
        let Some(bound) = bound else { return };
        let mut starts = Vec::new();
        function.amount.walk(&mut |e| {
            if let price_ir::Expr::Ladder(_, ladder) = e {
                starts.extend(ladder.pieces.iter().map(|p| p.from.clone()));
            }
        });
        starts.sort();
        let Some(first) = starts.into_iter().find(|s| s >= bound && s.is_positive()) else { return };
        let rule = function.rules.first().copied().unwrap_or(line.rule);
        if told.insert(("unreached", rule.0)) {
            self.found.push(
                Diagnostic::warning(codes::TIER_ORDER, format!("a tier of `{}` is never reached", line.name))
                    .at(self.span(rule), format!("the tier above {}{unit}", show(&first)))
                    .note(format!("the meter declares at most {}{unit}", show(bound))),
            );
        }
    }

    fn line_clamps(&mut self, line: &Line) {
        let floors = line.clamps.iter().filter(|c| c.bound == Bound::Floor);
        for floor in floors {
            for ceiling in line.clamps.iter().filter(|c| c.bound == Bound::Ceiling) {
                if conflict(floor, ceiling) {
                    let message = format!("the floor of `{}` is above its ceiling", line.name);
                    let label =
                        format!("at least {}, at most {}", self.money(&floor.amount), self.money(&ceiling.amount));
                    self.found.push(
                        Diagnostic::error(codes::CLAMP_ORDER, message)
                            .at(self.span(line.rule), label)
                            .help("a ceiling below the floor would always win"),
                    );
                }
            }
        }
        let Charge::Usage(usage) = &line.charge else { return };
        if usage.scale.is_some() {
            return;
        }
        let sink = &self.plan.sinks[usage.sink.ix()];
        let one_cell = usage.rules.regimes.len() == 1 && usage.rules.regimes[0].cells.len() == 1;
        let (Some(bound), true) = (&sink.bound, one_cell && usage.rules.functions.len() == 1) else { return };
        let Some(curve) = Curve::of(&usage.rules.functions[0].amount) else { return };
        if curve.first_fall().is_some() {
            return;
        }
        let most = curve.at(bound);
        for clamp in &line.clamps {
            let (useless, what) = match clamp.bound {
                Bound::Ceiling => (most <= clamp.amount, "can never bind"),
                Bound::Floor => (most <= clamp.amount, "always binds"),
            };
            if useless && clamp.per == usage.window {
                let message = format!("the bound of `{}` {what}", line.name);
                let label = format!("{} against a total of at most {}", self.money(&clamp.amount), self.money(&most));
                self.found.push(
                    Diagnostic::warning(codes::CLAMP_ORDER, message).at(self.span(line.rule), label).note(format!(
                        "the meter declares at most {} {}",
                        show(bound),
                        sink.unit
                    )),
                );
            }
        }
    }

    /// Rebates that give back more than their base.
    fn rebates(&mut self) {
        for line in self.plan.lines.iter().filter(|l| l.rebate) {
            let Charge::Share { of, amount, .. } = &line.charge else { continue };
            let Some(curve) = Curve::of(amount) else { continue };
            let one = Rational::ONE;
            if of.iter().all(|l| !self.plan.lines[l.ix()].rebate)
                && curve.pieces.iter().any(|p| p.slope > one || p.value > p.from)
            {
                let message = format!("the rebate `{}` can give back more than it is taken of", line.name);
                self.found.push(
                    Diagnostic::error(codes::NEGATIVE, message)
                        .at(self.span(line.rule), "the total would fall below zero"),
                );
            }
        }
    }

    fn group_clamps(&mut self) {
        let clamps = &self.plan.clamps;
        for floor in clamps.iter().filter(|c| c.clamp.bound == Bound::Floor) {
            for cap in clamps.iter().filter(|c| c.clamp.bound == Bound::Ceiling) {
                let inside = |a: &GroupClamp, b: &GroupClamp| a.scope.iter().all(|l| b.scope.contains(l));
                if inside(floor, cap) && conflict(&floor.clamp, &cap.clamp) {
                    let label = format!("a minimum of {}", self.money(&floor.clamp.amount));
                    let other = format!("a cap of {} on the same lines", self.money(&cap.clamp.amount));
                    self.found.push(
                        Diagnostic::error(codes::CLAMP_ORDER, "a cap is below a minimum")
                            .at(self.span(floor.clamp.rule), label)
                            .also(self.span(cap.clamp.rule), other)
                            .help("both cannot be kept: a cap is a promise that nothing later lifts a line above it"),
                    );
                }
            }
        }
    }
}

/// Whether a floor and a ceiling of the same window and dates cannot both hold.
fn conflict(floor: &LineClamp, ceiling: &LineClamp) -> bool {
    floor.amount > ceiling.amount && floor.per == ceiling.per && floor.during.overlaps(&ceiling.during)
}

/// A quantity for people.
fn show(quantity: &Rational) -> String {
    group(&quantity.to_string())
}
