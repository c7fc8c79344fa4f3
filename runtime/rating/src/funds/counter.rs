//! A commitment that is counted: stretches, true-ups, excess.
//!
//! Counts are exact; a shortfall is rounded where it becomes a line.

use crate::limits::STRETCHES_MAX;
use price_ir::{Age, Commitment, Excess, StepLength};
use price_value::{Date, Rational};

/// The stretch a day lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// Which step of the commitment.
    pub(crate) step: usize,
    pub(crate) from: Date,
    /// First day after it; none for an open term.
    pub(crate) until: Option<Date>,
}

/// What is counted of one commitment.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Counter {
    /// First day of the stretch that is going on.
    pub(crate) stretch: Option<Date>,
    /// Lines counted in it.
    pub(crate) counted: Rational,
    /// Counted since the last true-up.
    pub(crate) since: Rational,
    /// True-ups in it.
    pub(crate) trued: Rational,
    /// Carried into it from the one before.
    pub(crate) carried: Rational,
    /// Of what was carried, what a true-up needed: it stays applied.
    pub(crate) applied: Rational,
    /// First day on which what was carried no longer counts.
    pub(crate) carried_until: Option<Date>,
    /// Amount beyond the stretch's amount that was surcharged so far.
    pub(crate) surcharged: Rational,
}

/// The stretch that holds a day, counted from a first day.
pub(crate) fn stretch_on(rule: &Commitment, first: Date, term_end: Option<Date>, day: Date) -> Option<Stretch> {
    if day < first {
        return None;
    }
    // The day a step began on, and how often it has been repeated: lengths are counted from
    // there, so that stretches that begin on a 31st do not drift.
    let (mut began, mut times, mut step) = (first, 0, 0);
    for _ in 0..STRETCHES_MAX {
        let at = |times| match rule.steps[step].lasts {
            StepLength::Age(age) => Some(age.after(began, times)),
            StepLength::Term => term_end,
        };
        let from = if times == 0 { began } else { at(times)? };
        let until = at(times + 1);
        if until.is_none_or(|until| day < until) {
            return Some(Stretch { step, from, until });
        }
        if step + 1 < rule.steps.len() {
            (began, step) = (until?, step + 1);
        } else if rule.repeats {
            times += 1;
        } else {
            return None;
        }
    }
    None
}

/// The number of the true-up window (from 1) whose last day this is, if it is one's.
pub(crate) fn window_ending(every: Age, from: Date, day: Date) -> Option<u32> {
    let next = day.add_days(1);
    let ends = (1..=STRETCHES_MAX as u32).map(|n| (n, every.after(from, n)));
    ends.take_while(|(_, end)| *end <= next).find(|(_, end)| *end == next).map(|(n, _)| n)
}

impl Counter {
    /// Begins another stretch; what the one before had beyond its amount goes on as the rule says.
    /// Gives what is carried.
    pub(crate) fn begin(&mut self, rule: &Commitment, before: Option<&Rational>, stretch: &Stretch) -> Rational {
        let mut next = Counter { stretch: Some(stretch.from), ..Counter::default() };
        if let (Excess::RollsOver { up_to, lasts }, Some(amount)) = (&rule.excess, before) {
            let beyond = (self.total() - amount).max(Rational::ZERO);
            next.carried = beyond.min(up_to * amount);
            next.carried_until = Some(lasts.after(stretch.from, 1));
        }
        let carried = next.carried.clone();
        *self = next;
        carried
    }

    /// Everything that counts in the stretch.
    pub(crate) fn total(&self) -> Rational {
        &self.counted + &self.trued + &self.carried
    }

    /// What is short of a target that is due by now: of everything in the stretch, or of what came
    /// since the last true-up. What was carried helps as far as it is needed, and only once.
    pub(crate) fn short(&mut self, target: &Rational, cumulative: bool) -> Rational {
        let (own, free) = match cumulative {
            true => (&self.counted + &self.trued, self.carried.clone()),
            false => (self.since.clone(), &self.carried - &self.applied),
        };
        let need = (target - &own).max(Rational::ZERO);
        let helps = need.clone().min(free);
        self.applied = match cumulative {
            true => helps.clone().max(self.applied.clone()),
            false => &self.applied + &helps,
        };
        need - helps
    }

    /// What was carried stops to count, but for what true-ups already needed of it.
    pub(crate) fn forget_carried(&mut self, day: Date) {
        if self.carried_until.is_some_and(|until| until <= day) {
            self.carried = self.applied.clone();
            self.carried_until = None;
        }
    }
}
