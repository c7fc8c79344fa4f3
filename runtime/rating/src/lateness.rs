//! Usage that came to be known after its period was closed.
//!
//! A period closes when the grace of `late events accepted for 3 days` ends. What is recorded
//! before that belongs to its invoice; what is recorded later is posted as a difference on the
//! invoice of the period that is open then, or is refused where the contract says so.

use price_ir::{LatePolicy, Plan};
use price_value::{Date, Period, Schedule, Timestamp, Zone};
use std::collections::BTreeMap;

/// When the periods of a plan close.
#[derive(Debug, Clone)]
pub struct Closing {
    zone: Zone,
    billing: Schedule,
    policy: LatePolicy,
    /// The period that was asked for last.
    last: Option<Period>,
}

/// What is known of usage that came too late for its own invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Late {
    /// First day of the period whose invoice is the first to know it.
    pub since: Date,
    /// The day on which the last invoice without it was closed.
    pub entered: Date,
}

impl Late {
    /// What came to be known on a day, such as an amendment.
    pub fn on(day: Date) -> Late {
        Late { since: day, entered: day }
    }
}

impl Closing {
    /// `None` where the plan says nothing of late usage, or its zone is unknown.
    pub fn of(plan: &Plan) -> Option<Closing> {
        let (zone, policy) = (Zone::get(&plan.zone)?, plan.late.clone()?);
        Some(Closing { zone, billing: plan.billing.clone(), policy, last: None })
    }

    /// Whether late usage is refused.
    pub fn refuses(&self) -> bool {
        self.policy.then_rejected
    }

    /// The day on which a period closes: usage recorded from its beginning on is late.
    pub fn day(&self, period: &Period) -> Date {
        period.until.add_days(self.grace())
    }

    fn grace(&self) -> i32 {
        i32::try_from(self.policy.grace_days).unwrap_or(i32::MAX)
    }

    /// The period of an instant.
    pub fn period(&mut self, happened: Timestamp) -> Period {
        match self.last {
            Some(period) if period.contains(happened) => period,
            _ => *self.last.insert(self.billing.period_at(&self.zone, happened)),
        }
    }

    /// Whether usage came too late, and which invoice is the first to know it.
    pub fn late(&mut self, happened: Timestamp, recorded: Timestamp) -> Option<Late> {
        let own = self.period(happened);
        if recorded < self.zone.start_of(self.day(&own)) {
            return None;
        }
        let grace = self.grace();
        // The period that holds the day this long before is still open, and the one before it is not.
        let open = self.billing.period_of(&self.zone, self.zone.local(recorded).0.add_days(-grace));
        Some(Late { since: open.from, entered: open.from.add_days(grace) })
    }
}

/// One state of knowledge: a plan, and the usage that was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Since when; none for what was known from the start.
    pub since: Option<Late>,
    /// Position of the plan among those that came to be known one after another.
    pub plan: usize,
}

impl State {
    /// Whether usage was known then.
    pub fn knows(&self, late: Option<Late>) -> bool {
        late.is_none_or(|late| self.since.is_some_and(|since| late.since <= since.since))
    }
}

/// The states of knowledge in order: one from the start, one for each day on which another plan
/// was signed, one for each invoice that is the first to know some late usage.
pub fn states(signed: &[Date], late: impl IntoIterator<Item = Late>) -> Vec<State> {
    let mut days: BTreeMap<Date, Date> = BTreeMap::new();
    let both = signed.iter().map(|day| Late::on(*day)).chain(late);
    for Late { since, entered } in both {
        let day = days.entry(since).or_insert(entered);
        *day = (*day).max(entered);
    }
    let plan = |since: Date| signed.iter().filter(|day| **day <= since).count();
    let later =
        days.into_iter().map(|(since, entered)| State { since: Some(Late { since, entered }), plan: plan(since) });
    std::iter::once(State { since: None, plan: 0 }).chain(later).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use price_value::Window;

    #[test]
    fn the_invoice_that_is_open_then_is_the_first_to_know() {
        let mut closing = Closing {
            zone: Zone::get("Europe/Berlin").unwrap(),
            billing: Schedule { every: Window::Month, day: 1, month: 1 },
            policy: LatePolicy { grace_days: 3, then_rejected: false },
            last: None,
        };
        let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
        let happened = at("2026-01-31T23:30:00+01:00");
        let mut late =
            |recorded: &str| closing.late(happened, at(recorded)).map(|l| (l.since.to_string(), l.entered.to_string()));
        assert_eq!(late("2026-01-31T23:31:00+01:00"), None);
        assert_eq!(late("2026-02-03T23:59:59+01:00"), None);
        let february = Some(("2026-02-01".to_owned(), "2026-02-04".to_owned()));
        assert_eq!(late("2026-02-04T00:00:00+01:00"), february);
        assert_eq!(late("2026-03-03T23:59:59+01:00"), february);
        assert_eq!(late("2026-03-04T00:00:00+01:00"), Some(("2026-03-01".into(), "2026-03-04".into())));
        assert_eq!(late("2026-07-20T00:00:00+02:00"), Some(("2026-07-01".into(), "2026-07-04".into())));
    }
}
