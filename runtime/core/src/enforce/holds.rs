//! What is held.

use super::Policy;
use super::entry::{Budget, EnforceEntry, Granted};
use crate::planted::{self, Bug};
use price_value::Rational;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How long an ended reservation is remembered, in microseconds: its id is not given out again
/// within a day.
const REMEMBERED: i64 = 24 * 3_600 * 1_000_000;

/// A reservation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Hold {
    pub(super) granted: Granted,
    /// Its entry.
    pub(super) seq: u64,
    /// What is still held.
    pub(super) held: Rational,
    /// What was used, once it is over.
    pub(super) committed: Option<Rational>,
    /// Ended by a commit or a release.
    pub(super) over: bool,
}

impl Hold {
    /// Whether it holds something at an instant, in microseconds.
    pub(super) fn holds(&self, now: i64) -> bool {
        !self.over && (now < self.granted.until || planted::is(Bug::HoldForever))
    }
}

/// Who a quantity is held of: plan, billed subject, feature.
type Of = (String, String, String);

/// What is held, and the rules of asking, of one tenant.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Enforcement {
    pub(super) policy: Policy,
    /// By billed subject: the amount, and whether it is hard.
    pub(super) budgets: BTreeMap<String, (Rational, bool)>,
    holds: BTreeMap<String, Hold>,
    by_feature: BTreeMap<Of, BTreeSet<String>>,
    /// When reservations may be forgotten.
    ends: BTreeSet<(i64, String)>,
}

impl Enforcement {
    pub(super) fn hold(&self, id: &str) -> Option<&Hold> {
        self.holds.get(id)
    }

    /// Whose answers an entry changes; none for everybody's.
    pub(super) fn billed_of(&self, entry: &EnforceEntry) -> Option<String> {
        match entry {
            EnforceEntry::Held(granted) => Some(granted.billed.clone()),
            EnforceEntry::Committed(ended) | EnforceEntry::Released(ended) => {
                self.holds.get(&ended.id).map(|hold| hold.granted.billed.clone())
            }
            EnforceEntry::Budget(budget) => Some(budget.billed.clone()),
            EnforceEntry::Policy(_) => None,
        }
    }

    /// How many are known.
    pub(super) fn len(&self) -> usize {
        self.holds.len()
    }

    /// Reservations of a feature that hold something.
    pub(super) fn active<'e>(
        &'e self,
        plan: &str,
        billed: &str,
        feature: &str,
        now: i64,
    ) -> impl Iterator<Item = &'e Hold> + use<'e> {
        let of = (plan.to_owned(), billed.to_owned(), feature.to_owned());
        let ids = self.by_feature.get(&of).into_iter().flatten();
        ids.filter_map(|id| self.holds.get(id)).filter(move |hold| hold.holds(now))
    }

    /// Carries out an entry, decided now or replayed, recorded at a time in microseconds.
    pub(crate) fn carry_out(&mut self, seq: u64, recorded_at: i64, entry: &EnforceEntry) {
        self.forget(recorded_at);
        match entry {
            EnforceEntry::Held(granted) => self.grant(seq, granted.clone()),
            EnforceEntry::Committed(ended) => {
                if let Some(hold) = self.holds.get_mut(&ended.id) {
                    let used = amount(&ended.amount);
                    assert!(!hold.over && !used.is_negative() && used <= hold.held, "a hold ends once, within it");
                    hold.committed = Some(used);
                    self.end(&ended.id);
                }
            }
            EnforceEntry::Released(ended) => {
                if let Some(hold) = self.holds.get_mut(&ended.id) {
                    let given = amount(&ended.amount);
                    assert!(!hold.over && !given.is_negative() && given <= hold.held, "no more than is held");
                    hold.held -= &given;
                    if hold.held.is_zero() {
                        self.end(&ended.id);
                    }
                }
            }
            EnforceEntry::Policy(policy) => self.policy = policy.clone(),
            EnforceEntry::Budget(Budget { billed, amount: Some(limit), hard }) => {
                self.budgets.insert(billed.clone(), (amount(limit), *hard));
            }
            EnforceEntry::Budget(Budget { billed, amount: None, .. }) => {
                self.budgets.remove(billed);
            }
        }
    }

    fn grant(&mut self, seq: u64, granted: Granted) {
        let id = granted.reserve.id.clone();
        let of = (granted.plan.clone(), granted.billed.clone(), granted.reserve.feature.clone());
        self.by_feature.entry(of).or_default().insert(id.clone());
        self.ends.insert((granted.until.saturating_add(REMEMBERED), id.clone()));
        let held = amount(&granted.reserve.amount);
        self.holds.insert(id, Hold { granted, seq, held, committed: None, over: false });
    }

    fn end(&mut self, id: &str) {
        let Some(hold) = self.holds.get_mut(id) else { return };
        hold.over = true;
        let granted = &hold.granted;
        let of = (granted.plan.clone(), granted.billed.clone(), granted.reserve.feature.clone());
        if let Some(ids) = self.by_feature.get_mut(&of) {
            ids.remove(id);
            if ids.is_empty() {
                self.by_feature.remove(&of);
            }
        }
    }

    /// Drops what ended long ago.
    fn forget(&mut self, now: i64) {
        while let Some((at, id)) = self.ends.first().cloned().filter(|(at, _)| *at <= now) {
            self.end(&id);
            self.holds.remove(&id);
            self.ends.remove(&(at, id));
        }
    }

    /// All of it, in order.
    pub(crate) fn digest(&self, put: &mut impl FnMut(&[u8])) {
        put(&serde_json::to_vec(&self.policy).unwrap_or_default());
        for (billed, (amount, hard)) in &self.budgets {
            put(billed.as_bytes());
            put(format!("{amount} {hard}").as_bytes());
        }
        for (id, hold) in &self.holds {
            put(id.as_bytes());
            put(&hold.seq.to_le_bytes());
            put(&hold.granted.until.to_le_bytes());
            put(format!("{} {:?} {}", hold.held, hold.committed, hold.over).as_bytes());
        }
    }
}

/// An amount of an entry. What is not one was never written.
fn amount(text: &str) -> Rational {
    text.parse().unwrap_or(Rational::ZERO)
}
