//! Rebates on a meter that give back more than its prices charge.
//!
//! Decided exactly for usage of one combination of labels, on every day on which something
//! changes. Whatever could only raise the total and has no curve is taken to do so: what is
//! reported is a usage whose total is below zero.

use super::Checks;
use super::show;
use crate::codes;
use price_diagnostics::Diagnostic;
use price_ir::{
    Bound, CellRule, Charge, Cond, Curve, DiscountOff, Expr, Key, Line, LineIx, Plan, Regime, Rules, Sink, UsageCharge,
};
use price_value::{Date, Rational};
use std::collections::BTreeSet;

/// Most combinations of labels that are looked at.
const MOST_CELLS: usize = 4_096;

/// A line on the meter.
type Peer<'a> = (LineIx, &'a Line, &'a UsageCharge);

impl Checks<'_> {
    pub(super) fn given_back(&mut self) {
        let plan = self.plan;
        let mut told: BTreeSet<&str> = BTreeSet::new();
        for line in plan.lines.iter().filter(|line| line.rebate) {
            let Charge::Usage(usage) = &line.charge else { continue };
            let sink = &plan.sinks[usage.sink.ix()];
            if told.contains(sink.meter.as_str()) {
                continue;
            }
            let peers = peers(plan, line, usage);
            let lifted =
                |at: LineIx| plan.clamps.iter().any(|c| c.clamp.bound == Bound::Floor && c.scope.contains(&at));
            if peers.iter().all(|(_, peer, _)| peer.rebate) || peers.iter().any(|(at, ..)| lifted(*at)) {
                continue;
            }
            let Some((quantity, value)) = below(plan, &peers) else { continue };
            told.insert(&sink.meter);
            let alone = plan
                .lines
                .iter()
                .enumerate()
                .all(|(at, other)| other.rebate || peers.iter().any(|(peer, ..)| peer.ix() == at));
            let message = format!("the rebate `{}` gives back more than is charged for `{}`", line.name, sink.meter);
            let unit = if sink.unit.is_empty() { String::new() } else { format!(" {}", sink.unit) };
            let label = format!("{}{unit}: {} in all", show(&quantity), self.money(&value));
            let finding = match alone {
                true => Diagnostic::error(codes::NEGATIVE, message),
                false => Diagnostic::warning(codes::NEGATIVE, message).note("what else is charged may make up for it"),
            };
            let help = "write a smaller rebate, or `at most` an amount into it";
            self.found.push(finding.at(self.span(line.rule), label).help(help));
        }
    }
}

/// The lines on the meter of a rebate that begin anew when it does.
fn peers<'a>(plan: &'a Plan, rebate: &Line, own: &UsageCharge) -> Vec<Peer<'a>> {
    let meter = &plan.sinks[own.sink.ix()].meter;
    let lines = plan.lines.iter().enumerate();
    let peers = lines.filter_map(|(at, line)| match &line.charge {
        Charge::Usage(usage) if plan.sinks[usage.sink.ix()].meter == *meter && line.currency == rebate.currency => {
            Some((LineIx(at as u32), line, usage))
        }
        _ => None,
    });
    // Another rebate that may be of other usage, or of another window, is taken for none.
    let beside = |(_, line, usage): &Peer<'_>| {
        let all = plan.sinks[usage.sink.ix()].scope == Cond::Always;
        !line.rebate || usage.sink == own.sink || (all && usage.window == own.window)
    };
    peers.filter(beside).collect()
}

/// A quantity whose total is below zero, and that total.
fn below(plan: &Plan, peers: &[Peer<'_>]) -> Option<(Rational, Rational)> {
    let window = peers.iter().find(|(_, line, _)| line.rebate).map(|(_, _, usage)| usage.window)?;
    let mut dims: Vec<&Key> = Vec::new();
    for key in peers.iter().flat_map(|(_, _, usage)| closed(plan, &plan.sinks[usage.sink.ix()])) {
        if !dims.iter().any(|d| same(d, key)) {
            dims.push(key);
        }
    }
    let size = |key: &&Key| plan.dimensions[key.dim.ix()].labels.len().max(1);
    let cells: usize = dims.iter().map(size).try_fold(1usize, |all, n| all.checked_mul(n))?;
    if cells > MOST_CELLS {
        return None;
    }
    let mut days: BTreeSet<Option<Date>> = BTreeSet::from([None]);
    for (_, line, usage) in peers {
        days.extend(usage.rules.regimes.iter().map(|regime| regime.from));
        days.extend(line.clamps.iter().flat_map(|c| [c.during.from, c.during.until]));
    }
    days.extend(plan.discounts.iter().flat_map(|d| [d.during.from, d.during.until]));
    for day in days {
        'cells: for cell in 0..cells {
            let mut labels = vec![0; dims.len()];
            let mut rest = cell;
            for (at, key) in dims.iter().enumerate().rev() {
                labels[at] = rest % size(key);
                rest /= size(key);
            }
            let label = |key: &Key| dims.iter().position(|d| same(d, key)).map_or(0, |at| labels[at]);
            let mut total = Vec::new();
            let (mut charged, mut returned) = (false, false);
            for peer in peers {
                let (_, line, usage) = peer;
                if usage.window != window || usage.scale.is_some() || !usage.across.is_each() {
                    continue 'cells;
                }
                match amount(plan, peer, day, &label) {
                    Added::Nothing => {}
                    Added::Unknown => continue 'cells,
                    Added::Amount(amount) => {
                        charged |= !line.rebate;
                        returned |= line.rebate;
                        total.push(amount);
                    }
                }
            }
            if !charged || !returned {
                continue;
            }
            let Some(curve) = Curve::of(&Expr::Add(total)) else { continue };
            let Some((at, _)) = curve.below_zero() else { continue };
            let sink = &plan.sinks[peers[0].2.sink.ix()];
            // A quantity that can be, and that a person would name.
            let whole = at.ceil();
            let step = (&at / &sink.quantum).ceil() * &sink.quantum;
            let found = [whole, step].into_iter().find(|q| curve.at(q).is_negative());
            let Some(at) = found.filter(|at| sink.bound.as_ref().is_none_or(|bound| at <= bound)) else { continue };
            let value = curve.at(&at);
            return Some((at, value));
        }
    }
    None
}

/// What a line adds to the total of a cell.
enum Added {
    Amount(Expr),
    /// It does not sell the cell.
    Nothing,
    /// More than a curve says.
    Unknown,
}

fn amount(plan: &Plan, peer: &Peer<'_>, day: Option<Date>, label: &dyn Fn(&Key) -> usize) -> Added {
    let (at, line, usage) = peer;
    let keys = closed(plan, &plan.sinks[usage.sink.ix()]);
    let cell = keys.fold(0, |cell, key| cell * plan.dimensions[key.dim.ix()].labels.len().max(1) + label(key));
    let Some(CellRule::Function(function)) = regime(&usage.rules, day).cells.get(cell).copied() else {
        return Added::Nothing;
    };
    let mut amount = usage.rules.functions[function as usize].amount.clone();
    let holds = |during: &price_value::Span| match day {
        Some(day) => during.contains(day),
        None => during.from.is_none(),
    };
    for clamp in line.clamps.iter().filter(|clamp| holds(&clamp.during)) {
        let bound = Expr::Const(clamp.amount.clone());
        amount = match (clamp.bound, clamp.per == usage.window) {
            (Bound::Floor, true) => Expr::Max(vec![amount, bound]),
            (Bound::Ceiling, true) => Expr::Min(vec![amount, bound]),
            // Bounds of other windows: one that may raise the total makes it uncertain.
            (Bound::Floor, false) if !line.rebate => return Added::Unknown,
            (Bound::Ceiling, false) if line.rebate => return Added::Unknown,
            _ => continue,
        };
    }
    for discount in plan.discounts.iter().filter(|discount| holds(&discount.during)) {
        let Some(place) = discount.scope.iter().position(|other| other == at) else { continue };
        let mask = discount.cells.get(place).and_then(|mask| mask.as_ref());
        let touched = mask.is_none_or(|mask| mask.get(cell).copied().unwrap_or(false));
        match &discount.off {
            DiscountOff::Share(share) if touched => {
                amount = crate::fold::scale(&(Rational::ONE - share), amount);
            }
            DiscountOff::Amount(_) if touched && line.rebate => return Added::Unknown,
            _ => {}
        }
    }
    Added::Amount(if line.rebate {
        Expr::Mul(Box::new(Expr::Const(Rational::int(-1))), Box::new(amount))
    } else {
        amount
    })
}

/// The rules that hold on a day; without one, those before the first date.
pub(super) fn regime(rules: &Rules, day: Option<Date>) -> &Regime {
    let at = rules.regimes.iter().rposition(|regime| regime.from <= day).unwrap_or(0);
    &rules.regimes[at]
}

/// The keys that number a sink's cells.
pub(super) fn closed<'a>(plan: &'a Plan, sink: &'a Sink) -> impl Iterator<Item = &'a Key> {
    sink.keys.iter().filter(|key| key.in_cell && plan.dimensions[key.dim.ix()].size().is_some())
}

fn same(a: &Key, b: &Key) -> bool {
    a.dim == b.dim && a.source == b.source
}
