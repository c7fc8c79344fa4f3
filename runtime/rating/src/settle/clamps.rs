//! Floors and ceilings: of one line, then of groups of lines.
//!
//! A bound per window shorter than the period applies to each window of a line that is computed
//! in such windows, else as many times over as the period has served windows. A bound per longer
//! window counts what earlier periods of the window had: a ceiling stops when it is reached, a
//! floor is due in the window's last served period. A line below the floor of a group is not
//! lifted: the rest is a line of its own. A ceiling lowers lines in proportion to what they have.

use super::Settlement;
use super::chain::Running;
use super::item::Item;
use crate::rater::Rater;
use crate::split::{by_name, by_weight};
use price_ir::{Bound, Line, LineClamp, LineKind, Proration, Step};
use price_value::{Date, Rational, Span};
use std::collections::BTreeMap;

/// A ceiling that rounding may not break: the items it counts and what they may add up to.
pub(super) struct Promise {
    pub(super) items: Vec<usize>,
    pub(super) most: Rational,
}

/// A clamp's amount in this period.
struct Limit {
    amount: Rational,
    /// Whether the clamp counts what earlier periods had, in the window that began then.
    long: Option<Option<Date>>,
    /// Whether a floor is due now.
    due: bool,
}

impl Rater {
    /// The clamps of one line. Rebates are clamped before they are negated.
    pub(super) fn clamp_line(&self, s: &mut Settlement<'_>, item: &mut Item, line: &Line) {
        let Some(index) = item.line else { return };
        for (place, clamp) in line.clamps.iter().enumerate() {
            let Some(limit) = self.limit(s, clamp) else { continue };
            let per_window = self.time.shorter(clamp.per) && self.windowed(line) == Some(clamp.per);
            if per_window {
                self.clamp_windows(s, item, clamp);
                continue;
            }
            let key = (index.0, place as u32);
            let before = limit.long.map_or(Rational::ZERO, |window| {
                self.running(s).map_or(Rational::ZERO, |r| Running::of(&r.clamps, &key, window))
            });
            let exact = item.exact();
            let change = change(clamp, &limit, &before, &exact, item.used || before.is_positive());
            item.step(Step { label: self.label(clamp), change, rule: Some(clamp.rule) }, None);
            if let Some(window) = limit.long {
                s.after.running.clamps.insert(key, (window, before + item.exact()));
            }
        }
    }

    fn windowed(&self, line: &Line) -> Option<price_value::Window> {
        match &line.charge {
            price_ir::Charge::Usage(usage) => Some(usage.window),
            _ => None,
        }
    }

    /// A clamp of every window on its own.
    fn clamp_windows(&self, s: &Settlement<'_>, item: &mut Item, clamp: &LineClamp) {
        let mut windows: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        if clamp.bound == Bound::Floor && !clamp.if_used {
            // Windows without usage pay the floor, too.
            let days = self.accounts.billed[s.billed as usize].served.days_in(s.period.from, s.period.until);
            for (from, until) in days {
                let stretch = crate::period::Stretch {
                    from: self.time.zone.start_of(from).0,
                    until: self.time.zone.start_of(until).0,
                };
                for window in self.time.windows(clamp.per, stretch) {
                    windows.entry(window.from.max(s.period.start.0)).or_default();
                }
            }
        }
        for (place, cell) in item.cells.iter().enumerate() {
            windows.entry(cell.window.unwrap_or(s.period.start.0)).or_default().push(place);
        }
        let mut total = Rational::ZERO;
        for (_, cells) in windows {
            let exact: Rational = cells.iter().map(|c| &item.cells[*c].exact).sum();
            let used = cells.iter().any(|c| !item.cells[*c].detail.quantity.is_zero());
            let limit = Limit { amount: clamp.amount.clone(), long: None, due: s.whole() };
            let change = change(clamp, &limit, &Rational::ZERO, &exact, used);
            item.spread(&change, &cells);
            total += &change;
        }
        if !total.is_zero() {
            item.steps.push(Step { label: self.label(clamp), change: total, rule: Some(clamp.rule) });
        }
    }

    /// Minimums and caps in order. Minimums add items; the ceilings are given back for rounding.
    pub(super) fn clamp_groups(&self, s: &mut Settlement<'_>, items: &mut Vec<Item>) -> Vec<Promise> {
        let mut promises = Vec::new();
        for (index, group) in self.plan.clamps.iter().enumerate() {
            let clamp = &group.clamp;
            let Some(limit) = self.limit(s, clamp) else { continue };
            let counted: Vec<usize> = (0..items.len())
                .filter(|i| match (&items[*i].line, &items[*i].lifts) {
                    (Some(line), _) => group.scope.contains(line),
                    // A minimum of some of these lines counts as one of them.
                    (None, Some((scope, _))) => scope.iter().all(|line| group.scope.contains(line)),
                    (None, None) => false,
                })
                .collect();
            let total: Rational = counted.iter().map(|i| items[*i].exact()).sum();
            let used = counted.iter().any(|i| items[*i].used);
            let key = index as u32;
            let before = limit.long.map_or(Rational::ZERO, |window| {
                self.running(s).map_or(Rational::ZERO, |r| Running::of(&r.groups, &key, window))
            });
            let change = change(clamp, &limit, &before, &total, used || before.is_positive());
            if let Some(window) = limit.long {
                s.after.running.groups.insert(key, (window, &before + &total + &change));
            }
            match clamp.bound {
                Bound::Floor if change.is_positive() => {
                    let lifts = Some((group.scope.clone(), &total + &change));
                    let item = Item::extra(LineKind::Minimum, &group.name, group.order, clamp.rule, change);
                    items.push(Item { lifts, ..item });
                }
                Bound::Floor => {}
                Bound::Ceiling => {
                    let most = (&limit.amount - &before).max(Rational::ZERO);
                    if change.is_negative() {
                        self.lower(items, &counted, &most, clamp);
                    }
                    promises.push(Promise { items: counted, most });
                }
            }
        }
        promises
    }

    /// Lowers the positive ones of some items until all of them add up to `most`.
    fn lower(&self, items: &mut [Item], counted: &[usize], most: &Rational, clamp: &LineClamp) {
        let exact: Vec<Rational> = counted.iter().map(|i| items[*i].exact()).collect();
        let below: Rational = exact.iter().filter(|e| e.is_negative()).sum();
        let weights: Vec<Rational> = exact.iter().map(|e| e.clone().max(Rational::ZERO)).collect();
        let room = (most - &below).max(Rational::ZERO);
        let names: Vec<&str> = counted.iter().map(|i| items[*i].name.as_str()).collect();
        let step = &self.plan.rounding.rounding.step;
        let shares = by_name(&names, &weights, |weights| by_weight(&room, weights, step));
        for ((i, weight), share) in counted.iter().zip(&weights).zip(shares) {
            if weight.is_positive() {
                let label = format!("cap at {}", self.plan.currency.format(&clamp.amount));
                let change = share - weight;
                items[*i].step(Step { label, change, rule: Some(clamp.rule) }, None);
            }
        }
    }

    fn label(&self, clamp: &LineClamp) -> String {
        let side = if clamp.bound == Bound::Floor { "at least" } else { "at most" };
        format!("{side} {}", self.plan.currency.format(&clamp.amount))
    }

    /// What a clamp comes to in this period; none where it does not apply.
    fn limit(&self, s: &Settlement<'_>, clamp: &LineClamp) -> Option<Limit> {
        let served = &self.accounts.billed[s.billed as usize].served;
        let applies = served.within(&clamp.during);
        let daily = clamp.prorate == Proration::Daily;
        let in_period = applies.count(s.period.from, s.period.until);
        // What is due at the end of a longer window is due in a pause, too.
        let here = if self.time.longer(clamp.per) {
            applies.hull(&self.time.zone, &s.period).is_some()
        } else {
            in_period > 0
        };
        if !here || (!daily && !covers_start(&clamp.during, s)) {
            return None;
        }
        let share = |served: i64, days: i64| Rational::new(served.into(), days.max(1).into());
        if self.time.longer(clamp.per) {
            let window = self.time.window_of(clamp.per, s.period.from);
            let mut amount = clamp.amount.clone();
            let mut end = None;
            if let Some(window) = window {
                end = Some(window.until);
                if daily {
                    amount = amount * share(applies.count(window.from, window.until), window.days());
                }
            }
            let last_day = match (applies.until(), end) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            let due = s.whole() && last_day.is_some_and(|day| day <= s.period.until);
            return Some(Limit { amount, long: Some(window.map(|w| w.from)), due });
        }
        let amount = if self.time.shorter(clamp.per) {
            let count: Rational = applies
                .days_in(s.period.from, s.period.until)
                .into_iter()
                .flat_map(|(from, until)| self.time.day_windows(clamp.per, from, until))
                .map(|w| if daily { share(applies.count(w.from, w.until), w.days()) } else { Rational::ONE })
                .sum();
            &clamp.amount * &count
        } else if daily {
            &clamp.amount * &share(in_period, s.period.days())
        } else {
            clamp.amount.clone()
        };
        Some(Limit { amount, long: None, due: s.whole() })
    }
}

/// A whole clamp applies to the periods whose first day it covers.
fn covers_start(during: &Span, s: &Settlement<'_>) -> bool {
    during.contains(s.period.from)
}

/// How far a clamp moves an amount.
fn change(clamp: &LineClamp, limit: &Limit, before: &Rational, exact: &Rational, used: bool) -> Rational {
    let bound = &limit.amount - before;
    match clamp.bound {
        Bound::Floor if !limit.due || (clamp.if_used && !used) => Rational::ZERO,
        Bound::Floor => (&bound - exact).max(Rational::ZERO),
        Bound::Ceiling => (bound.max(Rational::ZERO) - exact).min(Rational::ZERO),
    }
}
