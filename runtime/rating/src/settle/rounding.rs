//! The one rounding of an invoice: each line, each cell, or each tier.
//!
//! What is finer than the rounded thing gets whole steps by largest remainder, so that details
//! add up to what they are details of. A minimum ends on its amount, and a cap is not passed,
//! whatever the lines round to.

use super::clamps::Promise;
use super::item::{Item, WorkCell};
use crate::rater::Rater;
use crate::split::{apportion, by_name, scale};
use price_ir::{LineRounding, RoundingScope};
use price_value::{Rational, Rounding};

impl Rater {
    pub(super) fn round(&self, items: &mut [Item], caps: &[Promise]) {
        let plan = self.plan.clone();
        let rounding = &plan.rounding.rounding;
        for item in items.iter_mut() {
            let LineRounding { each, rounding } = plan.currency_at(item.currency).1;
            match each {
                RoundingScope::Line => item.amount = rounding.apply(&item.exact()),
                RoundingScope::Cell => {
                    item.cells.iter_mut().for_each(|c| c.detail.amount = rounding.apply(&c.exact));
                    item.amount = rounding.apply(&item.rest) + sum_of(&item.cells);
                }
                RoundingScope::Tier => {
                    item.cells.iter_mut().for_each(|c| round_tiers(c, rounding));
                    item.amount = rounding.apply(&item.rest) + sum_of(&item.cells);
                }
            }
        }
        for index in 0..items.len() {
            let Some((scope, total)) = items[index].lifts.clone() else { continue };
            if !items[index].steps.is_empty() {
                continue;
            }
            let counts = |other: &Item| match (&other.line, &other.lifts) {
                (Some(line), _) => scope.contains(line),
                // Only minimums that came before: those of narrower scope.
                (None, Some((inner, _))) => inner.len() < scope.len() && inner.iter().all(|l| scope.contains(l)),
                (None, None) => false,
            };
            let counted: Rational = items.iter().filter(|i| counts(i)).map(|i| &i.amount).sum();
            let untouched = items.iter().filter(|i| counts(i)).map(Item::exact).sum::<Rational>();
            if untouched + items[index].exact() == total {
                items[index].amount = (rounding.apply(&total) - counted).max(Rational::ZERO);
            }
        }
        for cap in caps {
            hold(items, cap, rounding);
        }
        for item in items.iter_mut() {
            let rounding = &plan.currency_at(item.currency).1.rounding;
            let total = &item.amount - &rounding.apply(&item.rest);
            if item.cells.is_empty() || sum_of(&item.cells) == total {
                continue;
            }
            let exact: Vec<Rational> = item.cells.iter().map(|c| c.exact.clone()).collect();
            let names: Vec<_> = item.cells.iter().map(WorkCell::name).collect();
            let shares = by_name(&names, &exact, |exact| apportion(&total, exact, &rounding.step));
            for (cell, share) in item.cells.iter_mut().zip(shares) {
                cell.detail.amount = share;
            }
        }
    }
}

fn sum_of(cells: &[WorkCell]) -> Rational {
    cells.iter().map(|c| &c.detail.amount).sum()
}

/// Tiers become amounts of their own. What changed the cell after its function changes them in
/// proportion.
fn round_tiers(cell: &mut WorkCell, rounding: &Rounding) {
    if cell.detail.tiers.is_empty() {
        cell.detail.amount = rounding.apply(&cell.exact);
        return;
    }
    let exact: Vec<Rational> = cell.detail.tiers.iter().map(|t| t.exact.clone()).collect();
    for (tier, exact) in cell.detail.tiers.iter_mut().zip(scale(&cell.exact, &exact)) {
        tier.amount = rounding.apply(&exact);
    }
    cell.detail.amount = cell.detail.tiers.iter().map(|t| &t.amount).sum();
}

/// Takes back what rounding put above a cap, a step at a time from the items it raised most, of
/// equals from the first by name.
fn hold(items: &mut [Item], cap: &Promise, rounding: &Rounding) {
    let step = &rounding.step;
    let most = (&cap.most / step).floor() * step;
    let total: Rational = cap.items.iter().map(|i| &items[*i].amount).sum();
    let exact: Rational = cap.items.iter().map(|i| items[*i].exact()).sum();
    if total <= most || exact > cap.most {
        return;
    }
    let mut raised: Vec<(Rational, usize)> = cap
        .items
        .iter()
        .filter(|i| items[**i].amount.is_positive())
        .map(|i| (&items[*i].amount - &items[*i].exact(), *i))
        .collect();
    raised.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| items[a.1].name.cmp(&items[b.1].name)));
    let mut over = total - most;
    for (_, index) in raised.into_iter().cycle().take(cap.items.len() * 2) {
        if !over.is_positive() {
            break;
        }
        items[index].amount -= step;
        over -= step;
    }
}
