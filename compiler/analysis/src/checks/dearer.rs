//! Overrides that are dearer than what they override.
//!
//! The subject is compiled once more without its own overrides, and its prices are compared cell
//! by cell and date by date, as curves. What its own allowances include counts for the overridden
//! price only: they are part of the same offer.

use super::given_back::{closed, regime};
use super::{Checks, show};
use crate::codes;
use price_diagnostics::{Diagnostic, Span};
use price_ir::{
    Allowance, AllowanceIx, CellRule, Charge, Counting, Curve, Fold, Function, Line, LineIx, Plan, RuleIx, Rules, Sink,
};
use price_value::{Date, Rational, Window};
use std::collections::BTreeSet;

/// Findings about the overrides of `plan`; `list` is the same without them. `own` are the names of
/// the layers whose overrides and allowances they are.
pub fn check(plan: &Plan, list: &Plan, own: &[String], rule_spans: &[Span], name: Span) -> Vec<Diagnostic> {
    let mut checks = Checks { plan, rule_spans, name, found: Vec::new() };
    for (index, line) in plan.lines.iter().enumerate() {
        // An override of the layer that has the price is part of that price.
        if own.contains(&plan.rules[line.rule.ix()].within) {
            continue;
        }
        let Some(before) = list.lines.iter().position(|other| other.name == line.name) else { continue };
        let sides =
            Sides { new: Side::of(plan, LineIx(index as u32), &[]), old: Side::of(list, LineIx(before as u32), own) };
        if let (Some(new), Some(old)) = (sides.new, sides.old) {
            checks.dearer(line, &new, &old);
        }
    }
    checks.found
}

struct Sides<'a> {
    new: Option<Side<'a>>,
    old: Option<Side<'a>>,
}

/// A price as one of the two plans has it.
struct Side<'a> {
    plan: &'a Plan,
    line: LineIx,
    sink: &'a Sink,
    rules: &'a Rules,
    covered_by: &'a [AllowanceIx],
    /// Quantities that are free by a discount.
    less: Rational,
    counting: Counting,
    window: Option<Window>,
    unit: &'a str,
    /// Layers whose allowances do not count.
    without: &'a [String],
}

impl<'a> Side<'a> {
    fn of(plan: &'a Plan, line: LineIx, without: &'a [String]) -> Option<Side<'a>> {
        match &plan.lines[line.ix()].charge {
            Charge::Usage(usage) if usage.scale.is_none() && usage.across.is_each() => {
                let sink = &plan.sinks[usage.sink.ix()];
                let own = |rule: RuleIx| without.contains(&plan.rules[rule.ix()].within);
                let less = usage.less.iter().filter(|less| !own(less.rule)).map(|less| &less.quantity).sum();
                Some(Side {
                    plan,
                    line,
                    sink,
                    rules: &usage.rules,
                    covered_by: &usage.covered_by,
                    less,
                    counting: usage.counting,
                    window: Some(usage.window),
                    unit: &sink.unit,
                    without,
                })
            }
            Charge::Events(sink) => {
                let sink = &plan.sinks[sink.ix()];
                let Fold::Charge(charge) = &sink.fold else { return None };
                Some(Side {
                    plan,
                    line,
                    sink,
                    rules: &charge.rules,
                    covered_by: &[],
                    less: Rational::ZERO,
                    counting: charge.counting,
                    window: None,
                    unit: &charge.measure_unit,
                    without,
                })
            }
            _ => None,
        }
    }

    /// What is included in a cell, in the price's unit; none where that is not a constant of each
    /// of its windows.
    fn included(&self, cell: usize) -> Option<Rational> {
        let mut all = self.less.clone();
        for ix in self.covered_by {
            let rule: &Allowance = &self.plan.allowances[ix.ix()];
            if self.without.contains(&self.plan.rules[rule.rule.ix()].within) {
                continue;
            }
            let meant = |mask: &Option<Vec<bool>>| mask.as_ref().is_none_or(|m| m.get(cell).copied().unwrap_or(false));
            let Some(covers) = rule.covers.iter().find(|c| c.line == self.line && meant(&c.cells)) else { continue };
            if rule.times.is_some() || rule.events.is_some() || Some(rule.per) != self.window {
                return None;
            }
            all += &(&rule.quantity / &covers.factor);
        }
        Some(all)
    }

    /// The function of a cell on a day.
    fn function(&self, cell: usize, day: Option<Date>) -> Option<&'a Function> {
        match regime(self.rules, day).cells.get(cell)? {
            CellRule::Function(function) => self.rules.functions.get(*function as usize),
            CellRule::NotSold => None,
        }
    }

    fn labels(&self, cell: usize) -> Vec<(&'a str, &'a str)> {
        let mut rest = cell;
        let keys: Vec<_> = closed(self.plan, self.sink).collect();
        let mut labels: Vec<(&str, &str)> = Vec::new();
        for key in keys.into_iter().rev() {
            let dimension = &self.plan.dimensions[key.dim.ix()];
            let size = dimension.labels.len().max(1);
            labels.push((&dimension.name, dimension.labels.get(rest % size).map_or("", String::as_str)));
            rest /= size;
        }
        labels.reverse();
        labels
    }

    /// The cell that these labels are in.
    fn cell(&self, labels: &[(&str, &str)]) -> Option<usize> {
        closed(self.plan, self.sink).try_fold(0, |cell, key| {
            let dimension = &self.plan.dimensions[key.dim.ix()];
            let (_, label) = labels.iter().find(|(name, _)| *name == dimension.name)?;
            Some(cell * dimension.labels.len().max(1) + dimension.code(label)? as usize)
        })
    }

    fn curve(&self, cell: usize, function: &Function) -> Option<Curve> {
        Some(Curve::of(&function.amount)?.beyond(&self.included(cell)?, self.counting))
    }
}

impl Checks<'_> {
    fn dearer(&mut self, line: &Line, new: &Side<'_>, old: &Side<'_>) {
        let starts = [new.rules, old.rules].into_iter().flat_map(|rules| rules.regimes.iter().map(|r| r.from));
        let days: BTreeSet<Option<Date>> = starts.collect();
        let cells = new.rules.regimes.first().map_or(0, |r| r.cells.len());
        let mut told: BTreeSet<RuleIx> = BTreeSet::new();
        for day in days {
            for cell in 0..cells {
                let labels = new.labels(cell);
                let Some(before) = old.cell(&labels) else { continue };
                let (Some(f), Some(g)) = (new.function(cell, day), old.function(before, day)) else { continue };
                let over = f.rules.iter().rev().find(|rule| self.plan.rules[rule.ix()].title.starts_with("override"));
                let Some(over) = over.filter(|over| !told.contains(over)) else { continue };
                let (Some(ours), Some(theirs)) = (new.curve(cell, f), old.curve(before, g)) else { continue };
                let more = ours.zip(&theirs, |a, b| a - b);
                let Some((from, until)) = more.above_zero() else { continue };
                if new.sink.bound.as_ref().is_some_and(|bound| from >= *bound) {
                    continue;
                }
                told.insert(*over);
                let at = worst(&more, &from, until.as_ref());
                let unit = if new.unit.is_empty() { String::new() } else { format!(" {}", new.unit) };
                let mut place: Vec<String> = labels.iter().map(|(_, label)| (*label).to_string()).collect();
                place.extend(day.map(|day| format!("from {day}")));
                let place = if place.is_empty() { String::new() } else { format!(" ({})", place.join(", ")) };
                let stretch = match until {
                    Some(until) => format!("from {} to {}{unit}", show(&from), show(&until)),
                    None => format!("from {}{unit} on", show(&from)),
                };
                let finding = Diagnostic::warning(
                    codes::DEARER,
                    format!("the override of `{}` is dearer than what it overrides{place}", line.name),
                );
                let label = format!(
                    "dearer {stretch}: {}{unit} cost {} against {}",
                    show(&at),
                    self.money(&ours.at(&at)),
                    self.money(&theirs.at(&at))
                );
                let help = "keep what is free in the price below, or say that it is meant: `# price: allow(P508) reason=\"…\"`";
                self.found.push(finding.at(self.span(*over), label).help(help));
            }
        }
    }
}

/// A quantity of a stretch at which the difference is plain to see: where it is greatest, or one
/// unit above the last bound where it grows for ever.
fn worst(more: &Curve, from: &Rational, until: Option<&Rational>) -> Rational {
    let inside = |q: &Rational| q > from && until.is_none_or(|until| q <= until);
    let mut named: Vec<Rational> = more.pieces.iter().map(|p| p.from.clone()).filter(|q| inside(q)).collect();
    // Bounds of tiers are named; so is a whole number above each.
    let above: Vec<Rational> =
        named.iter().chain([from]).map(|q| q.floor() + &Rational::ONE).filter(|q| inside(q)).collect();
    named.extend(above);
    named.extend(until.map(|until| (from + until) / Rational::int(2)));
    let best = named.into_iter().max_by(|a, b| more.at(a).cmp(&more.at(b)).then_with(|| b.cmp(a)));
    best.unwrap_or_else(|| from + &Rational::ONE)
}
