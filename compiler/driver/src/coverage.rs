//! What the tests of a plan reach, in its own terms: tiers entered, cells priced, boundaries hit
//! on both sides, overrides applied, allowances drawn, wallets and commitments that paid or counted.

use crate::explain::quantity;
use crate::limits::COVERAGE_CELLS;
use price_ir::{
    BalanceKind, CellDetail, CellRule, Charge, Expr, Fold, Invoice, Ladder, Line, Plan, RuleIx, Rules, Sink,
};
use price_value::Rational;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Reached.
    pub met: usize,
    /// There are.
    pub all: usize,
}

impl Tally {
    fn add(&mut self, met: bool) {
        self.met += usize::from(met);
        self.all += 1;
    }

    /// Sum of two.
    #[must_use]
    pub fn plus(self, other: Tally) -> Tally {
        Tally { met: self.met + other.met, all: self.all + other.all }
    }

    /// Whole per cent reached, rounded down; 100 where there is nothing to reach.
    #[must_use]
    pub fn percent(self) -> usize {
        (self.met * 100).checked_div(self.all).unwrap_or(100)
    }
}

/// Coverage of one line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineCoverage {
    /// Name of the line; of an allowance, wallet or commitment for its draws.
    pub name: String,
    /// Tiers that some usage entered.
    pub tiers: Tally,
    /// Cells with usage.
    pub cells: Tally,
    /// Bounds of tiers that some usage met exactly and some other went beyond.
    pub boundaries: Tally,
    /// Overrides that priced some usage.
    pub overrides: Tally,
    /// Whether the line, or allowance, was used at all.
    pub used: Tally,
    /// What was not reached, as phrases.
    pub missing: Vec<String>,
}

impl LineCoverage {
    /// All counts of the line together.
    #[must_use]
    pub fn total(&self) -> Tally {
        self.used.plus(self.tiers).plus(self.cells).plus(self.boundaries).plus(self.overrides)
    }
}

/// Coverage of one rate card or plan.
#[derive(Debug, Clone)]
pub struct Coverage {
    plan: Arc<Plan>,
    seen: BTreeMap<String, Seen>,
    drawn: BTreeSet<String>,
    /// Wallets and prepaid commitments that paid.
    paid: BTreeSet<String>,
    /// Postpaid commitments towards which something counted.
    counted: BTreeSet<String>,
}

/// What tests did with a line.
#[derive(Debug, Clone, Default)]
struct Seen {
    cells: BTreeSet<usize>,
    /// Function and lower bound of tiers.
    entered: BTreeSet<(u32, Rational)>,
    /// Function and quantity.
    reached: BTreeSet<(u32, Rational)>,
    rules: BTreeSet<u32>,
    used: bool,
}

impl Coverage {
    /// Nothing reached yet.
    #[must_use]
    pub fn new(plan: &Arc<Plan>) -> Coverage {
        let (seen, drawn, paid, counted) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Coverage { plan: plan.clone(), seen, drawn, paid, counted }
    }

    /// Name of the subject.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.plan.name
    }

    /// Counts what one invoice reached.
    pub fn observe(&mut self, invoice: &Invoice) {
        let plan = self.plan.clone();
        for line in &invoice.lines {
            let Some(declared) = plan.lines.iter().find(|l| l.name == line.name) else { continue };
            let seen = self.seen.entry(line.name.clone()).or_default();
            seen.used = true;
            let Some((rules, sink)) = rules(&plan, declared) else { continue };
            let regime = rules.regimes.iter().rposition(|r| r.from.is_none_or(|from| from < invoice.period.until));
            for cell in line.cells.iter().filter(|cell| !cell.quantity.is_zero() || cell.events > 0) {
                seen.rules.extend(cell.rules.iter().map(|rule| rule.0));
                let Some(index) = cell_index(&plan, sink, cell) else { continue };
                seen.cells.insert(index);
                let rule = rules.regimes.get(regime.unwrap_or(0)).and_then(|regime| regime.cells.get(index));
                let Some(CellRule::Function(function)) = rule else { continue };
                // Bounds are told for one unit of what they are multiples of.
                let one = |at: &Rational| match &cell.scale {
                    Some(scale) => at.checked_div(scale).unwrap_or_default(),
                    None => at.clone(),
                };
                seen.entered.extend(cell.tiers.iter().map(|tier| (*function, one(&tier.from))));
                seen.reached.insert((*function, one(&cell.quantity)));
                seen.reached.insert((*function, one(&(&cell.quantity - &cell.covered))));
            }
        }
        for allowance in invoice.allowances.iter().filter(|allowance| allowance.used.is_positive()) {
            self.drawn.insert(allowance.name.clone());
        }
        let Some(payment) = &invoice.payment else { return };
        self.paid.extend(payment.balances.iter().filter(|b| b.used.is_positive()).map(|b| b.name.clone()));
        let counted = payment.commitments.iter().filter(|c| c.counted.is_positive());
        self.counted.extend(counted.map(|c| c.name.clone()));
    }

    /// The counts, line by line in the order of the invoice; then allowances, and who pays.
    #[must_use]
    pub fn lines(&self) -> Vec<LineCoverage> {
        let nothing = Seen::default();
        let mut lines: Vec<&Line> = self.plan.lines.iter().collect();
        lines.sort_by_key(|line| (line.order, &line.name));
        let mut all: Vec<LineCoverage> =
            lines.into_iter().map(|line| self.line(line, self.seen.get(&line.name).unwrap_or(&nothing))).collect();
        for allowance in &self.plan.allowances {
            let mut of = LineCoverage { name: format!("allowance {}", allowance.name), ..LineCoverage::default() };
            of.used.add(self.drawn.contains(&allowance.name));
            if of.used.met == 0 {
                of.missing.push("never drawn".to_owned());
            }
            all.push(of);
        }
        let source = |kind: &str, name: &str, met: bool, missing: &str| {
            let mut of = LineCoverage { name: format!("{kind} {name}"), ..LineCoverage::default() };
            of.used.add(met);
            if !met {
                of.missing.push(missing.to_owned());
            }
            of
        };
        for balance in &self.plan.funds.balances {
            let kind = match balance.kind {
                BalanceKind::Wallet => "wallet",
                BalanceKind::Commitment => "commitment",
            };
            all.push(source(kind, &balance.name, self.paid.contains(&balance.name), "never paid"));
        }
        for rule in &self.plan.funds.commitments {
            all.push(source("commitment", &rule.name, self.counted.contains(&rule.name), "nothing counted towards it"));
        }
        all
    }

    /// All counts together.
    #[must_use]
    pub fn total(&self) -> Tally {
        self.lines().iter().fold(Tally::default(), |sum, line| sum.plus(line.total()))
    }

    fn line(&self, line: &Line, seen: &Seen) -> LineCoverage {
        let mut of = LineCoverage { name: line.name.clone(), ..LineCoverage::default() };
        of.used.add(seen.used);
        if !seen.used {
            of.missing.push("never charged".to_owned());
        }
        let Some((rules, sink)) = rules(&self.plan, line) else { return of };
        self.cells(rules, sink, seen, &mut of);
        for (number, function) in (0u32..).zip(&rules.functions) {
            let bounds = bounds(&function.amount);
            if bounds.len() < 2 {
                continue;
            }
            for (index, bound) in bounds.iter().enumerate() {
                let entered = seen.entered.contains(&(number, bound.clone()));
                of.tiers.add(entered);
                if !entered && seen.used {
                    of.missing.push(match index {
                        0 => format!("tier up to {}", quantity(&bounds[1], &sink.unit)),
                        _ => format!("tier above {}", quantity(bound, &sink.unit)),
                    });
                }
                if index > 0 {
                    let met = seen.reached.contains(&(number, bound.clone()));
                    of.boundaries.add(met && entered);
                    if !met && seen.used {
                        of.missing.push(format!("exactly {}", quantity(bound, &sink.unit)));
                    }
                }
            }
        }
        let is_override =
            |rule: &RuleIx| self.plan.rules.get(rule.ix()).is_some_and(|r| r.title.starts_with("override"));
        let overrides: BTreeSet<u32> =
            rules.functions.iter().flat_map(|f| &f.rules).filter(|rule| is_override(rule)).map(|rule| rule.0).collect();
        for rule in overrides {
            let met = seen.rules.contains(&rule);
            of.overrides.add(met);
            if !met {
                of.missing.push(self.plan.rules[rule as usize].title.clone());
            }
        }
        of
    }

    fn cells(&self, rules: &Rules, sink: &Sink, seen: &Seen, of: &mut LineCoverage) {
        let count = rules.regimes.first().map_or(0, |regime| regime.cells.len());
        if !(2..=COVERAGE_CELLS).contains(&count) {
            return;
        }
        for index in 0..count {
            let sold = rules.regimes.iter().any(|r| matches!(r.cells.get(index), Some(CellRule::Function(_))));
            if !sold {
                continue;
            }
            let met = seen.cells.contains(&index);
            of.cells.add(met);
            if !met && seen.used {
                of.missing.push(cell_name(&self.plan, sink, index));
            }
        }
    }
}

/// The rules of a price, and the quantity it reads.
fn rules<'p>(plan: &'p Plan, line: &'p Line) -> Option<(&'p Rules, &'p Sink)> {
    match &line.charge {
        Charge::Usage(usage) => Some((&usage.rules, &plan.sinks[usage.sink.ix()])),
        Charge::Events(sink) => match &plan.sinks[sink.ix()] {
            sink @ Sink { fold: Fold::Charge(charge), .. } => Some((&charge.rules, sink)),
            _ => None,
        },
        _ => None,
    }
}

/// Lower bounds of the tiers of a function, in the line's quantity.
fn bounds(amount: &Expr) -> Vec<Rational> {
    let mut found: Option<(&Expr, &Ladder)> = None;
    amount.walk(&mut |expr| {
        if let (Expr::Ladder(inner, ladder), None) = (expr, found) {
            found = Some((inner, ladder));
        }
    });
    let Some((inner, ladder)) = found else { return Vec::new() };
    let factor = inner.at(&Rational::ONE).ok().filter(Rational::is_positive).unwrap_or(Rational::ONE);
    ladder.pieces.iter().map(|piece| &piece.from / &factor).collect()
}

/// The closed keys of a sink's cells with their sizes.
fn closed<'p>(plan: &'p Plan, sink: &'p Sink) -> impl DoubleEndedIterator<Item = (&'p price_ir::Dimension, usize)> {
    let keys = sink.keys.iter().filter(|key| key.in_cell).map(|key| &plan.dimensions[key.dim.ix()]);
    keys.filter_map(|dimension| dimension.size().map(|size| (dimension, size as usize)))
}

fn cell_index(plan: &Plan, sink: &Sink, cell: &CellDetail) -> Option<usize> {
    closed(plan, sink).try_fold(0, |index, (dimension, size)| {
        let (_, label) = cell.labels.iter().find(|(name, _)| *name == dimension.name)?;
        Some(index * size + dimension.code(label)? as usize)
    })
}

fn cell_name(plan: &Plan, sink: &Sink, mut index: usize) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (dimension, size) in closed(plan, sink).rev() {
        let label = dimension.labels.get(index % size.max(1)).map_or("", String::as_str);
        parts.push(format!("{} {label}", dimension.name));
        index /= size.max(1);
    }
    parts.reverse();
    parts.join(", ")
}
