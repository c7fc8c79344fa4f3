//! What a customer may do: the same quantities as the bill's, against limits.
//!
//! A metered entitlement counts all cells of a meter in a window. What a window leaves may add to
//! the next one's limit. Gate and invoice ask the same function, so they cannot disagree.
//!
//! Nothing that happens after the billing period that is asked about counts, however long the
//! window: an invoice is a function of what happened until its period's end.

use crate::acc::Reading;
use crate::limits::CHAIN_MAX;
use crate::period::Stretch;
use crate::rater::Rater;
use crate::settle::SettleError;
use price_ir::{EntitlementUse, EntitlementValue, SinkIx};
use price_value::{Rational, Timestamp, Window};

impl Rater {
    /// The entitlements of a billed subject in the windows that hold an instant, as far as rows say.
    pub fn entitlements(&mut self, subject: &str, at: Timestamp) -> Result<Vec<EntitlementUse>, SettleError> {
        let billed = self.accounts.resolve(subject);
        self.entitlements_of(billed, at)
    }

    /// When the window ends in which an entitlement is counted at an instant, in nanoseconds;
    /// [`i64::MAX`] where it does not, or has none.
    pub fn entitled_until(&self, name: &str, at: Timestamp) -> i64 {
        let day = self.time.date(at.0);
        let mut all = self.plan.funds.entitlements.iter().filter(|e| e.name == name && e.during.contains(day));
        match all.next().map(|entitlement| &entitlement.value) {
            Some(EntitlementValue::Metered { per, .. }) => self.entitled_window(*per, at).until,
            _ => i64::MAX,
        }
    }

    /// When the local day ends that holds an instant, in nanoseconds.
    pub fn day_until(&self, at: Timestamp) -> i64 {
        self.time.window_at(Window::Day, at.0).until
    }

    pub(crate) fn entitlements_of(&mut self, billed: u32, at: Timestamp) -> Result<Vec<EntitlementUse>, SettleError> {
        let plan = self.plan.clone();
        let day = self.time.date(at.0);
        let mut out = Vec::new();
        for entitlement in plan.funds.entitlements.iter().filter(|e| e.during.contains(day)) {
            let mut used = EntitlementUse {
                name: entitlement.name.clone(),
                unit: String::new(),
                text: None,
                limit: None,
                used: Rational::ZERO,
                hard: true,
                allowed: true,
            };
            match &entitlement.value {
                EntitlementValue::Flag(yes) => used.allowed = *yes,
                EntitlementValue::Text(text) => used.text = Some(text.clone()),
                EntitlementValue::Metered { sink, unit, limit, per, hard, rollover } => {
                    let window = self.entitled_window(*per, at);
                    let so_far = Stretch { until: window.until.min(self.period_at(at).end.0), ..window };
                    let mut most = limit.clone();
                    if let Some(rollover) = rollover {
                        most += &self.left_over(billed, *sink, *per, (limit, rollover), window)?;
                    }
                    used.used = self.counted(billed, *sink, so_far)?;
                    used.allowed = !*hard || used.used < most;
                    (used.unit, used.hard, used.limit) = (unit.clone(), *hard, Some(most));
                }
            }
            out.push(used);
        }
        Ok(out)
    }

    /// The window that holds an instant; everything, for windows without bounds of their own.
    fn entitled_window(&self, per: Window, at: Timestamp) -> Stretch {
        self.time.window_at(per, at.0)
    }

    /// The quantity of a sink in a window, all cells together. Slices nest in windows.
    fn counted(&mut self, billed: u32, sink: SinkIx, window: Stretch) -> Result<Rational, SettleError> {
        let plan = self.plan.clone();
        let rule = &plan.sinks[sink.ix()];
        let used = self.slots.periods(billed).map(|period| self.time.period(period));
        let ends = used.map(|period| (period.start.0, period.end.0)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let Some((first, last)) = ends else { return Ok(Rational::ZERO) };
        let (mut total, until) = (Reading::default(), window.until.min(last));
        let mut at = self.period_at(Timestamp(window.from.max(first)));
        for _ in 0..CHAIN_MAX {
            if at.start.0 < until {
                for read in self.read(sink, billed, &at).into_iter().filter(|read| window.holds(read.slice)) {
                    total.merge(&read.reading.settle_average(&rule.fold, at.seconds()), &rule.fold);
                }
            }
            if at.end.0 >= until {
                return Ok(total.raw(&rule.fold, 1) * &rule.quantum);
            }
            at = self.time.billing.next(&self.time.zone, &at);
        }
        let subject = self.accounts.billed[billed as usize].name.clone();
        Err(SettleError::TooFarBack { subject, max: CHAIN_MAX })
    }

    /// What the window before left, as far as it may be carried.
    fn left_over(
        &mut self,
        billed: u32,
        sink: SinkIx,
        per: Window,
        (limit, rollover): (&Rational, &Rational),
        window: Stretch,
    ) -> Result<Rational, SettleError> {
        let Some(first) = self.first_day(billed) else { return Ok(Rational::ZERO) };
        if window.from <= self.time.zone.start_of(first).0 {
            return Ok(Rational::ZERO);
        }
        let before = self.entitled_window(per, Timestamp(window.from - 1));
        let used = self.counted(billed, sink, before)?;
        Ok((limit - &used).max(Rational::ZERO).min(rollover.clone()))
    }
}
