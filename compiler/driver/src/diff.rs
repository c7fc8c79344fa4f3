//! What changes between two plans: for every quantity, by exact arithmetic on curves.
//!
//! Lines are compared by name, each with usage of one meter with one label of each dimension, as
//! [`price_ir::bill`] computes it. What has no curve is said not to be comparable, with the reason.

use price_ir::bill::{bill, combinations, days};
use price_ir::{Bill, Charge, Curve, Fee, Line, MeaningHash, OneUsage, Plan, RuleIx, SinkIx, Stretch};
use price_value::{Date, Rational};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// What changes between two plans.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanDiff {
    /// Whether both mean the same, whatever they look like.
    pub same: bool,
    /// The lines of either, in the order of the new one; `total` last, where lines changed.
    pub lines: Vec<LineDiff>,
    /// What else changed, a sentence each.
    pub others: Vec<String>,
}

/// What changes in a line.
#[derive(Debug, Clone, PartialEq)]
pub struct LineDiff {
    /// Its name.
    pub name: String,
    /// What changes.
    pub change: LineChange,
}

/// What changes in a line.
#[derive(Debug, Clone, PartialEq)]
pub enum LineChange {
    /// Nothing.
    Same,
    /// Only the new plan has it.
    Added,
    /// Only the old plan has it.
    Removed,
    /// A fee of another amount.
    Fee {
        /// Before.
        old: Rational,
        /// From now on.
        new: Rational,
    },
    /// Other amounts, by what usage.
    Amounts(Vec<Region>),
    /// It cannot be compared for all usage, and why.
    Unknown(String),
}

/// Usage for which a line changes in one way.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// The meter.
    pub meter: String,
    /// Its unit.
    pub unit: String,
    /// Labels of the cells; empty where there is nothing to tell apart, or all are alike.
    pub cells: Vec<String>,
    /// From which day on; none where it is so from the start.
    pub from: Option<Date>,
    /// What changes without usage.
    pub at_zero: Rational,
    /// New less old.
    pub stretches: Vec<Stretch>,
}

impl Region {
    /// Whether nothing changes.
    fn is_same(&self) -> bool {
        self.at_zero.is_zero() && self.stretches.iter().all(|stretch| stretch.sign == Ordering::Equal)
    }
}

/// Compares two plans.
#[must_use]
pub fn diff(old: &Plan, new: &Plan) -> PlanDiff {
    if MeaningHash::of(old) == MeaningHash::of(new) {
        return PlanDiff { same: true, lines: Vec::new(), others: Vec::new() };
    }
    let mut lines: Vec<LineDiff> = Vec::new();
    for line in &new.lines {
        let change = match old.lines.iter().find(|other| other.name == line.name) {
            Some(before) => compare(old, new, before, line),
            None => LineChange::Added,
        };
        lines.push(LineDiff { name: line.name.clone(), change });
    }
    for line in &old.lines {
        if !new.lines.iter().any(|other| other.name == line.name) {
            lines.push(LineDiff { name: line.name.clone(), change: LineChange::Removed });
        }
    }
    let meters: BTreeSet<&str> = meters(old).chain(meters(new)).collect();
    let changed = lines.iter().any(|line| line.change != LineChange::Same);
    if changed && new.lines.len() > 1 {
        let mut regions = Vec::new();
        let mut unknown = None;
        for meter in meters {
            match regions_of(old, new, meter, |bill| Some(bill.total.clone())) {
                Ok(found) => regions.extend(found),
                Err(why) => unknown = unknown.or(Some(why)),
            }
        }
        regions.retain(|region| !region.is_same());
        // Where a line has no curve the total has none, and the lines say enough.
        if unknown.is_none() {
            let change = if regions.is_empty() { LineChange::Same } else { LineChange::Amounts(regions) };
            lines.push(LineDiff { name: "total".to_owned(), change });
        }
    }
    PlanDiff { same: false, lines, others: others(old, new) }
}

fn meters(plan: &Plan) -> impl Iterator<Item = &str> {
    plan.sinks.iter().map(|sink| sink.meter.as_str()).filter(|meter| !meter.is_empty())
}

fn compare(old: &Plan, new: &Plan, before: &Line, after: &Line) -> LineChange {
    let meter = |plan: &Plan, line: &Line| match &line.charge {
        Charge::Usage(usage) => Some(plan.sinks[usage.sink.ix()].meter.clone()),
        _ => None,
    };
    match (&before.charge, &after.charge) {
        (Charge::Fee(a), Charge::Fee(b)) => {
            let alike =
                Fee { amount: b.amount.clone(), level: b.level, ..a.clone() } == Fee { level: b.level, ..b.clone() };
            match (alike, a.amount == b.amount) {
                (true, true) => LineChange::Same,
                (true, false) => LineChange::Fee { old: a.amount.clone(), new: b.amount.clone() },
                (false, _) => LineChange::Unknown("the fee is due otherwise".to_owned()),
            }
        }
        (Charge::Usage(_), Charge::Usage(_)) => {
            let (a, b) = (meter(old, before), meter(new, after));
            let (Some(a), Some(b)) = (a, b) else { return LineChange::Same };
            if a != b {
                return LineChange::Unknown(format!("it was on `{a}` and is on `{b}`"));
            }
            if a.is_empty() {
                return LineChange::Unknown("it is charged on each event".to_owned());
            }
            let name = after.name.clone();
            match regions_of(old, new, &a, |bill| bill.line(&name).cloned()) {
                Ok(mut regions) => {
                    regions.retain(|region| !region.is_same());
                    if regions.is_empty() { LineChange::Same } else { LineChange::Amounts(regions) }
                }
                Err(_) if alike(old, new, before, after) => LineChange::Same,
                Err(why) => LineChange::Unknown(why),
            }
        }
        (Charge::Events(a), Charge::Events(b)) if old.sinks[a.ix()].fold == new.sinks[b.ix()].fold => LineChange::Same,
        (Charge::Share { amount: a, .. }, Charge::Share { amount: b, .. }) if a == b => LineChange::Same,
        (Charge::Events(_), Charge::Events(_)) => LineChange::Unknown("it is charged on each event".to_owned()),
        _ => LineChange::Unknown("it is another kind of charge".to_owned()),
    }
}

/// Whether two prices on meters say the same, for those that have no curve. Says no where it is not
/// sure.
fn alike(old: &Plan, new: &Plan, before: &Line, after: &Line) -> bool {
    let bare = |plan: &Plan, line: &Line| {
        let mut line = line.clone();
        line.rule = RuleIx(0);
        line.order = 0;
        line.clamps.iter_mut().for_each(|clamp| clamp.rule = RuleIx(0));
        let Charge::Usage(usage) = &mut line.charge else { return None };
        let sink = plan.sinks[usage.sink.ix()].clone();
        usage.sink = SinkIx(0);
        usage.rules.functions.iter_mut().for_each(|function| function.rules.clear());
        let covered = usage.covered_by.is_empty();
        covered.then_some((line, sink))
    };
    old.dimensions == new.dimensions
        && old.calendars == new.calendars
        && old.events == new.events
        && old.discounts.is_empty()
        && new.discounts.is_empty()
        && old.clamps.is_empty()
        && new.clamps.is_empty()
        && bare(old, before).is_some_and(|before| Some(before) == bare(new, after))
}

type Picked = Option<Result<Curve, price_ir::Unknown>>;

/// Old against new for every combination of labels and every day on which something changes.
fn regions_of(old: &Plan, new: &Plan, meter: &str, pick: impl Fn(&Bill) -> Picked) -> Result<Vec<Region>, String> {
    let cells = combinations(&[new, old], meter).ok_or("there are too many combinations of labels")?;
    let mut all_days: Vec<Option<Date>> = days(old).into_iter().chain(days(new)).collect();
    all_days.sort_unstable();
    all_days.dedup();
    let sink = new.sinks.iter().chain(&old.sinks).find(|sink| sink.meter == meter);
    let unit = sink.map(|sink| sink.unit.clone()).unwrap_or_default();
    let mut regions: Vec<Region> = Vec::new();
    let mut last: Vec<Option<(Rational, Vec<Stretch>)>> = vec![None; cells.len()];
    for (place, day) in all_days.iter().enumerate() {
        for (at, labels) in cells.iter().enumerate() {
            let usage = OneUsage { meter, labels, day: *day };
            let (Some(before), Some(after)) = (pick(&bill(old, &usage)), pick(&bill(new, &usage))) else { continue };
            let (before, after) = match (before, after) {
                (Err(price_ir::Unknown::NotSold(_)), Err(price_ir::Unknown::NotSold(_))) => continue,
                (before, after) => (before.map_err(|why| why.to_string())?, after.map_err(|why| why.to_string())?),
            };
            let difference = after.minus(&before);
            let told = (difference.at_zero.clone(), difference.stretches());
            if last[at].as_ref() == Some(&told) {
                continue;
            }
            last[at] = Some(told.clone());
            let cell: Vec<&str> = labels.iter().map(|(_, label)| label.as_str()).collect();
            let from = day.filter(|_| place > 0);
            let (at_zero, stretches) = told;
            let same = regions.iter_mut().find(|r| r.from == from && r.stretches == stretches && r.at_zero == at_zero);
            match same {
                Some(region) => region.cells.push(cell.join(", ")),
                None => regions.push(Region {
                    meter: meter.to_owned(),
                    unit: unit.clone(),
                    cells: vec![cell.join(", ")],
                    from,
                    at_zero,
                    stretches,
                }),
            }
        }
    }
    for region in &mut regions {
        // All alike: nothing to tell apart.
        if region.cells.len() == cells.len() {
            region.cells.clear();
        }
    }
    Ok(regions)
}

/// What curves do not show.
fn others(old: &Plan, new: &Plan) -> Vec<String> {
    let mut said = Vec::new();
    if old.currency != new.currency {
        said.push(format!("the currency is {} instead of {}", new.currency.code, old.currency.code));
    }
    if old.zone != new.zone {
        said.push(format!("the time zone is {} instead of {}", new.zone, old.zone));
    }
    if old.billing != new.billing {
        said.push("billing periods are others".to_owned());
    }
    if old.rounding != new.rounding {
        said.push("lines are rounded otherwise".to_owned());
    }
    if old.late != new.late {
        said.push("late usage is treated otherwise".to_owned());
    }
    let names = |what: &str, a: Vec<&String>, b: Vec<&String>, said: &mut Vec<String>| {
        let added = b.iter().filter(|name| !a.contains(name)).map(|name| format!("the {what} `{name}` is new"));
        let gone = a.iter().filter(|name| !b.contains(name)).map(|name| format!("the {what} `{name}` is gone"));
        said.extend(added.chain(gone));
    };
    let of = |plan: &'_ Plan| plan.allowances.iter().map(|a| a.name.clone()).collect::<Vec<_>>();
    let (a, b) = (of(old), of(new));
    names("allowance", a.iter().collect(), b.iter().collect(), &mut said);
    let of = |plan: &'_ Plan| plan.discounts.iter().map(|d| d.name.clone()).collect::<Vec<_>>();
    let (a, b) = (of(old), of(new));
    names("discount", a.iter().collect(), b.iter().collect(), &mut said);
    let of = |plan: &'_ Plan| plan.funds.balances.iter().map(|b| b.name.clone()).collect::<Vec<_>>();
    let (a, b) = (of(old), of(new));
    names("wallet", a.iter().collect(), b.iter().collect(), &mut said);
    let of = |plan: &'_ Plan| plan.funds.commitments.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    let (a, b) = (of(old), of(new));
    names("commitment", a.iter().collect(), b.iter().collect(), &mut said);
    let of = |plan: &'_ Plan| plan.funds.entitlements.iter().map(|e| e.name.clone()).collect::<Vec<_>>();
    let (a, b) = (of(old), of(new));
    names("entitlement", a.iter().collect(), b.iter().collect(), &mut said);
    said
}
