//! Fees per unit of a level: seats, licences, devices.
//!
//! In advance a window costs the level of its first day, at its start. Prorated daily, a rise
//! inside the window is charged on its day for the days left, that day included, and a fall is
//! credited with the next window (with the last period of service, if there is no next). In
//! arrears a window costs the mean level of its served days (prorated), or its last level.

use super::Settlement;
use super::item::Item;
use crate::rater::Rater;
use price_ir::{Fee, FeeSchedule, LineIx, LineKind, Proration, SinkIx, Step};
use price_value::{Date, Rational, Window};
use std::collections::BTreeMap;

/// A window of the fee, within the days it is served on.
#[derive(Clone, Copy)]
struct Stretch {
    from: Date,
    until: Date,
    days: i64,
}

impl Stretch {
    /// Its share from a day on.
    fn share(&self, from: Date) -> Rational {
        Rational::new(from.max(self.from).days_until(self.until).into(), self.days.into())
    }
}

impl Rater {
    pub(super) fn level_fee(&mut self, s: &Settlement<'_>, index: LineIx, fee: &Fee, level: SinkIx) -> Item {
        let plan = self.plan.clone();
        let line = &plan.lines[index.ix()];
        let unit = plan.sinks[level.ix()].unit.clone();
        let mut item = Item::new(LineKind::Fee, index, line);
        let FeeSchedule::Each(window) = fee.per else { return item };
        let daily = line.prorate == Proration::Daily;
        let period = self.looked_at(s);
        let stretches = self.stretches(s, fee, window, daily);
        let begins = stretches.first().map_or(period.from, |w| w.from);
        let levels = self.levels(s, level, begins, period.until);
        let at = |day: Date| levels.range(..=day).next_back().map(|(_, l)| l.clone()).unwrap_or_default();
        let changes = |w: Stretch| -> Vec<(Date, Rational)> {
            let days = levels.range(w.from..w.until).map(|(day, _)| *day).filter(|day| *day > w.from);
            days.map(|day| (day, at(day) - at(day.add_days(-1)))).filter(|(_, change)| !change.is_zero()).collect()
        };
        let inside = |day: Date| period.from <= day && day < period.until;
        let mut quantity = Rational::ZERO;
        let label = |day: Date, change: &Rational, left: &Rational| {
            let sign = if change.is_negative() { "" } else { "+" };
            format!("{day}: {sign}{change} {unit}, {left} of the period")
        };
        for (place, w) in stretches.iter().enumerate() {
            if !fee.in_advance {
                let last = w.until.add_days(-1);
                if !inside(last) {
                    continue;
                }
                let held = if daily {
                    let days =
                        std::iter::successors(Some(w.from), |d| Some(d.add_days(1))).take_while(|d| *d < w.until);
                    days.map(at).sum::<Rational>() / Rational::from(w.days)
                } else {
                    at(last)
                };
                item.gross += &(fee.amount_on(last) * &held);
                quantity += &held;
                continue;
            }
            if inside(w.from) {
                let held = at(w.from);
                let share = if daily { w.share(w.from) } else { Rational::ONE };
                item.gross += &(fee.amount_on(w.from) * &held * &share);
                quantity += &held;
            }
            if !daily {
                continue;
            }
            // A fall is credited where the next window begins, or where service ends.
            let credited = stretches.get(place + 1).map_or_else(
                || (self.ends(s, w.until) && s.whole() && inside(w.until.add_days(-1))).then_some(w.until),
                |next| inside(next.from).then_some(next.from),
            );
            for (day, change) in changes(*w) {
                let due = if change.is_negative() { credited.is_some() } else { inside(day) };
                if due {
                    let share = w.share(day);
                    let step = fee.amount_on(w.from) * &change * &share;
                    item.steps.push(Step { label: label(day, &change, &share), change: step, rule: Some(line.rule) });
                }
            }
        }
        item.rest = &item.gross + &item.steps.iter().map(|step| &step.change).sum::<Rational>();
        item.used = !item.gross.is_zero() || !item.steps.is_empty();
        item.quantity = Some((quantity, unit.clone()));
        item
    }

    /// The windows that touch the period and the one before it, within served days; a pause parts
    /// a window that is charged by the day.
    fn stretches(&self, s: &Settlement<'_>, fee: &Fee, window: Window, daily: bool) -> Vec<Stretch> {
        let served = self.accounts.billed[s.billed as usize].served.within(&fee.during);
        let first = self.time.window_of(window, s.period.from).map_or(s.period.from, |w| w.from);
        let before = self.time.window_of(window, first.add_days(-1)).map_or(first, |w| w.from);
        let windows = self.time.day_windows(window, before, s.period.until);
        let cut = |w: &price_value::Period| {
            let mut days = served.days_in(w.from, w.until);
            if !daily && days.len() > 1 {
                days = vec![(days[0].0, days[days.len() - 1].1)];
            }
            let length = w.days().max(1);
            days.into_iter().map(move |(from, until)| Stretch { from, until, days: length })
        };
        windows.iter().flat_map(cut).collect()
    }

    /// Whether service ends on that day.
    fn ends(&self, s: &Settlement<'_>, day: Date) -> bool {
        self.accounts.billed[s.billed as usize].served.until().is_some_and(|until| until <= day)
    }

    /// Levels by day over several periods, as far as this one is looked at.
    fn levels(&mut self, s: &Settlement<'_>, level: SinkIx, from: Date, until: Date) -> BTreeMap<Date, Rational> {
        let mut days = BTreeMap::new();
        let mut at = self.period_of(from);
        while at.from < until {
            days.extend(self.level_by_day(level, s.billed, &at));
            at = self.time.billing.next(&self.time.zone, &at);
        }
        days.split_off(&until);
        days
    }
}
