//! Fees: once, or for every window, in advance or in arrears.
//!
//! A window's stretch is its served days on which the fee applies. In advance it is due on the
//! stretch's first day, in arrears on its last; the invoice of the period that holds that day
//! has the fee. A stretch shorter than its window is charged by days where the fee is prorated
//! daily, whole otherwise; in months of thirty days all months are alike. Fees per hour are charged for every hour that begins in the stretch.

use super::Settlement;
use super::item::Item;
use crate::period::Stretch;
use crate::rater::Rater;
use crate::subscription::Served;
use price_ir::{Fee, FeeSchedule, LineIx, LineKind, Proration, Step};
use price_value::{Date, Period, Rational, Window};

/// What a window contributes.
struct Due {
    /// The day on which it is due.
    day: Date,
    /// As the fee counts days.
    served: i64,
    days: i64,
}

impl Rater {
    pub(super) fn fee(&self, s: &Settlement<'_>, index: LineIx, fee: &Fee) -> Item {
        let line = &self.plan.lines[index.ix()];
        let mut item = Item::new(LineKind::Fee, index, line);
        let applies = self.accounts.billed[s.billed as usize].served.within(&fee.during);
        let period = &self.looked_at(s);
        let (count, dues) = match fee.per {
            FeeSchedule::Once => {
                let first = applies.from().or(self.first_day(s.billed)).unwrap_or(period.from);
                let due = period.from <= first && first < period.until && applies.count(first, period.until) > 0;
                (i128::from(due), Vec::new())
            }
            FeeSchedule::Each(Window::Hour) => {
                let stretches = applies.days_in(period.from, period.until).into_iter();
                let hours = stretches.map(|(from, until)| {
                    let days = Period::between(&self.time.zone, from, until);
                    let within = Stretch { from: days.start.0, until: days.end.0 };
                    self.time.windows(Window::Hour, within).len() as i128
                });
                (hours.sum(), Vec::new())
            }
            FeeSchedule::Each(window) => {
                let dues = self.dues(window, (fee.in_advance, line.prorate), &applies, s, period);
                (dues.len() as i128, dues)
            }
        };
        item.gross = match dues.is_empty() {
            true => fee.amount_on(period.from) * &Rational::int(count),
            false => dues.iter().map(|due| fee.amount_on(due.day)).sum(),
        };
        item.rest = item.gross.clone();
        item.used = count > 0;
        if line.prorate != Proration::Never {
            let (served, days) = dues.iter().fold((0, 0), |(s, d), due| (s + due.served, d + due.days));
            if served != days {
                let missing = |due: &Due| Rational::new(i128::from(due.served - due.days), due.days.into());
                let change: Rational = dues.iter().map(|due| fee.amount_on(due.day) * &missing(due)).sum();
                let label = format!("prorated {served}/{days} days");
                item.step(Step { label, change, rule: Some(line.rule) }, None);
            }
        }
        item
    }

    /// The period as far as it is looked at, whole days.
    pub(super) fn looked_at(&self, s: &Settlement<'_>) -> Period {
        match s.upto {
            None => s.period,
            Some(upto) => Period::between(&self.time.zone, s.period.from, self.time.date(upto - 1).add_days(1)),
        }
    }

    /// The windows that fall due in this period.
    fn dues(
        &self,
        window: Window,
        (in_advance, prorate): (bool, Proration),
        applies: &Served,
        s: &Settlement<'_>,
        period: &Period,
    ) -> Vec<Due> {
        let windows: Vec<(Date, Date)> = match window {
            // The whole term is one stretch; without an end it is never due in arrears.
            Window::Term | Window::Never => {
                let first = applies.from().or(self.first_day(s.billed)).unwrap_or(period.from);
                let last = applies.until().unwrap_or(first.add_days(150_000));
                vec![(first, last)]
            }
            _ => {
                let days = self.time.day_windows(window, period.from, period.until);
                days.iter().map(|w| (w.from, w.until)).collect()
            }
        };
        let length = |from: Date, until: Date| match prorate {
            Proration::DailyInMonthsOf30 => from.days_until_30(until),
            Proration::Daily | Proration::Never => from.days_until(until),
        };
        let due = |(from, until): (Date, Date)| {
            let stretches = applies.days_in(from, until);
            let day = match in_advance {
                true => stretches.first()?.0,
                false => stretches.last()?.1.add_days(-1),
            };
            let here = period.from <= day && day < period.until;
            let served = stretches.iter().map(|(f, u)| length(*f, *u)).sum();
            here.then_some(Due { day, served, days: length(from, until).max(1) })
        };
        windows.into_iter().filter_map(due).collect()
    }
}
