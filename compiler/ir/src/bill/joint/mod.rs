//! What the usage of several meters and labels costs together: the settlement of one period as
//! [`Forms`] of all quantities at once.
//!
//! The same period and the same order of settlement as [`super::bill`]. Each quantity is what one
//! meter counts in one combination of labels; cells that several of them reach have their sum.
//! What depends on how usage falls into events, days or open labels is [`Unknown`].

mod adjust;
mod prices;

use super::{Billing, Item, OneUsage, Unknown, regime};
use crate::curve::Curve;
use crate::form::{Forms, Linear};
use crate::func::Expr;
use crate::funds::OWN;
use crate::plan::{CellRule, Charge, Line, LineIx, Plan};
use price_value::{Date, Rational};

/// A quantity of the usage: what a meter counts in one combination of labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity {
    /// Name of the meter.
    pub meter: String,
    /// Dimension and label, of each closed dimension that a price asks for.
    pub labels: Vec<(String, String)>,
}

/// The usage of a joint bill.
#[derive(Debug, Clone, Copy)]
pub struct JointUsage<'a> {
    /// The quantities; the forms know them by their numbers.
    pub quantities: &'a [Quantity],
    /// The day whose rules hold; none for those before the first date.
    pub day: Option<Date>,
    /// Whether each quantity may be of several labels of a dimension that lists none.
    pub spread: bool,
}

/// The lines and the total of a joint usage.
#[derive(Debug, Clone, PartialEq)]
pub struct JointBill {
    /// By name, in evaluation order; minimums are lines of their own.
    pub lines: Vec<(String, Result<Linear, Unknown>)>,
    /// The sum of all lines in the plan's own currency, with what commitments are short of.
    pub total: Result<Linear, Unknown>,
}

impl JointBill {
    /// The amounts of a line; none if there is no such line.
    pub fn line(&self, name: &str) -> Option<&Result<Linear, Unknown>> {
        self.lines.iter().find(|(line, _)| line == name).map(|(_, amount)| amount)
    }
}

/// Whether a quantity can be measured at all: no price on its meter excludes its labels.
pub fn is_sold(plan: &Plan, quantity: &Quantity, day: Option<Date>) -> bool {
    let usage = OneUsage { meter: &quantity.meter, labels: &quantity.labels, day };
    let billing = Billing { plan, usage: &usage, items: Vec::new() };
    plan.lines.iter().all(|line| {
        let Charge::Usage(charge) = &line.charge else { return true };
        let sink = &plan.sinks[charge.sink.ix()];
        let meant = sink.meter == quantity.meter && billing.in_scope(sink, &sink.scope) == Some(true);
        let cell = billing.cell(sink).and_then(|cell| regime(&charge.rules, day).cells.get(cell));
        !meant || cell != Some(&CellRule::NotSold)
    })
}

/// The lines and the total of a usage, as sums of nodes of `forms`.
pub fn joint(plan: &Plan, usage: &JointUsage<'_>, forms: &mut Forms) -> JointBill {
    let ones: Vec<OneUsage<'_>> = usage
        .quantities
        .iter()
        .map(|quantity| OneUsage { meter: &quantity.meter, labels: &quantity.labels, day: usage.day })
        .collect();
    // No meter is called so; prices on each event have none.
    let none = OneUsage { meter: " ", labels: &[], day: usage.day };
    let billings = ones.iter().map(|one| Billing { plan, usage: one, items: Vec::new() }).collect();
    let day = Billing { plan, usage: &none, items: Vec::new() };
    let mut joint = Joint { plan, usage, billings, day, forms, items: Vec::new(), spent: Vec::new() };
    let mut early = Vec::new();
    let late = |line: &Line, done: &[LineIx]| match &line.charge {
        Charge::Share { of, after_discounts, .. } => *after_discounts || of.iter().any(|at| !done.contains(at)),
        _ => false,
    };
    for (index, line) in plan.lines.iter().enumerate() {
        let at = LineIx(u32::try_from(index).unwrap_or(u32::MAX));
        if !late(line, &early) {
            early.push(at);
            joint.line(at, line);
        }
    }
    joint.discounts(&|at| early.contains(&at));
    for (index, line) in plan.lines.iter().enumerate() {
        let at = LineIx(u32::try_from(index).unwrap_or(u32::MAX));
        if !early.contains(&at) {
            joint.line(at, line);
        }
    }
    joint.discounts(&|at| !early.contains(&at));
    joint.groups();
    joint.finish()
}

/// A line, a minimum, or what a discount or a cap takes off several lines together.
struct Part {
    item: Item<Linear>,
    /// What each cell adds, as long as nothing was done to the line as a whole.
    cells: Option<Vec<(usize, Linear)>>,
    /// Its unknown parts of what was taken off several lines.
    taken: Vec<Linear>,
}

struct Joint<'a, 'f> {
    plan: &'a Plan,
    usage: &'a JointUsage<'a>,
    /// One for each quantity, and one that knows the day only.
    billings: Vec<Billing<'a>>,
    day: Billing<'a>,
    forms: &'f mut Forms,
    items: Vec<Part>,
    /// Discounts of an amount that some lines had.
    spent: Vec<String>,
}

impl Joint<'_, '_> {
    fn line(&mut self, at: LineIx, line: &Line) {
        let mut cells = None;
        let amount = match &line.charge {
            Charge::Fee(fee) => {
                let each: Result<Vec<Curve>, Unknown> =
                    self.billings.iter().chain([&self.day]).map(|billing| billing.fee(line, fee)).collect();
                each.map(|all| Linear::constant(all.first().map_or(Rational::ZERO, |curve| curve.at_zero.clone())))
            }
            Charge::Usage(usage) => match self.usage(at, line, usage) {
                Ok(parts) => {
                    let sum = parts.iter().fold(Linear::default(), |sum, (_, part)| sum.plus(part));
                    cells = Some(parts);
                    Ok(sum)
                }
                Err(why) => Err(why),
            },
            Charge::Events(sink) => {
                let sink = &self.plan.sinks[sink.ix()];
                match self.billings.iter().any(|billing| billing.concerns(sink)) {
                    true => Err(Unknown::Events(line.name.clone())),
                    false => Ok(Linear::default()),
                }
            }
            Charge::Share { of, after_discounts, amount } => self.share(line, of, *after_discounts, amount),
        };
        let (mut amount, clamped) = self.clamps(line, amount);
        if clamped {
            cells = None;
        }
        if line.rebate {
            let back = Rational::int(-1);
            amount = amount.map(|amount| amount.scaled(&back));
            cells = cells.map(|all| all.into_iter().map(|(cell, part)| (cell, part.scaled(&back))).collect());
        }
        let item = Item {
            name: line.name.clone(),
            line: Some(at),
            scope: Vec::new(),
            before: amount.clone(),
            curve: amount,
            alone: None,
            shown: true,
        };
        self.items.push(Part { item, cells, taken: Vec::new() });
    }

    fn share(&self, line: &Line, of: &[LineIx], after: bool, amount: &Expr) -> Result<Linear, Unknown> {
        let mut base = Linear::default();
        for at in of {
            let Some(part) = self.items.iter().find(|part| part.item.line == Some(*at)) else { continue };
            if let (true, Some(why)) = (after, &part.item.alone) {
                return Err(why.clone());
            }
            let amount = if after { &part.item.curve } else { &part.item.before };
            base = base.plus(amount.as_ref().map_err(Clone::clone)?);
        }
        let share = Curve::of(amount).ok_or_else(|| Unknown::Share(line.name.clone()))?;
        if let Some(constant) = base.as_constant() {
            return Ok(Linear::constant(share.at(constant)));
        }
        rate(&share).map(|rate| base.scaled(&rate)).ok_or_else(|| Unknown::Share(line.name.clone()))
    }

    fn finish(mut self) -> JointBill {
        let own = self.items.iter().filter(|part| match part.item.line {
            Some(at) => self.plan.lines[at.ix()].currency == OWN,
            None => true,
        });
        let mut total =
            own.map(|part| part.item.curve.clone()).try_fold(Linear::default(), |sum, amount| Ok(sum.plus(&amount?)));
        if let Some(balance) = self.plan.funds.balances.first() {
            total = Err(Unknown::Funds(balance.name.clone()));
        }
        // What is left of lines in other currencies becomes a line.
        if let Some(conversion) = self.plan.funds.conversions.first() {
            let code = self.plan.currency_at(conversion.currency).0.code.to_string();
            total = total.and(Err(Unknown::Funds(code)));
        }
        let plan = self.plan;
        for commitment in &plan.funds.commitments {
            total = total.and_then(|total| Ok(total.plus(&self.shortfall(commitment)?)));
        }
        let shown = self.items.into_iter().filter(|part| part.item.shown);
        let lines = shown.map(|Part { item, taken, .. }| match (item.alone, taken.as_slice()) {
            (Some(why), []) => (item.name, Err(why)),
            (_, taken) => (item.name, item.curve.map(|own| taken.iter().fold(own, |sum, part| sum.plus(part)))),
        });
        JointBill { lines: lines.collect(), total }
    }
}

/// The rate of a curve that is nothing but a rate.
fn rate(curve: &Curve) -> Option<Rational> {
    match curve.clone().merged().pieces.as_slice() {
        [only] if curve.at_zero.is_zero() && only.value.is_zero() => Some(only.slope.clone()),
        _ => None,
    }
}
