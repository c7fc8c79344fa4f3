//! What is held, and of how much.

use super::{Model, Tenant, Wanted};
use price_core::enforce::{EnforceCommand, Policy, Reserve, SPEND};
use price_value::Rational;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
pub struct Hold {
    pub reserve: Reserve,
    pub billed: String,
    pub seq: u64,
    pub held: Rational,
    pub committed: Option<Rational>,
    pub over: bool,
    /// In microseconds.
    pub until: i64,
}

impl Hold {
    pub fn holds(&self, now: i64) -> bool {
        !self.over && now < self.until
    }
}

/// What is held of a tenant's accounts, and the rules of asking.
#[derive(Clone, Default)]
pub struct Holds {
    pub all: BTreeMap<String, Hold>,
    pub budgets: BTreeMap<String, (Rational, bool)>,
    pub policy: Policy,
    /// What the invoice that forms comes to, where a budget is asked for next.
    pub spent: Option<Rational>,
}

/// A limit, whether it is hard, and what is used; without a limit whether it is allowed at all.
pub enum Feature {
    Limit(Rational, bool, Option<Rational>),
    Flag(bool),
    Text,
}

const DAY: i64 = 86_400_000_000;

fn amount(text: &str) -> Option<Rational> {
    text.parse().ok().filter(|amount: &Rational| !amount.is_negative())
}

impl Holds {
    pub fn held(&self, billed: &str, feature: &str, now: i64) -> Rational {
        let of = |hold: &&Hold| hold.billed == billed && hold.reserve.feature == feature && hold.holds(now);
        self.all.values().filter(of).map(|hold| &hold.held).sum()
    }

    fn end(&self, now: i64, id: &str, wanted: Option<&str>, commit: bool) -> Wanted {
        let Some(hold) = self.all.get(id) else { return Wanted::Refused };
        let Some(wanted) = wanted.map_or(Some(None), |text| amount(text).map(Some)) else { return Wanted::Refused };
        let again = match &hold.committed {
            Some(used) => commit && wanted.as_ref().is_none_or(|wanted| wanted == used),
            None => !commit && wanted.is_none(),
        };
        match (hold.over, hold.holds(now)) {
            (true, _) if again => Wanted::Duplicate(hold.seq),
            (false, true) if wanted.is_none_or(|wanted| wanted <= hold.held) => Wanted::Accepted,
            _ => Wanted::Refused,
        }
    }

    /// Carries out a command that was accepted. `now` is the time of the tenant.
    pub fn accept(&mut self, seq: u64, now: i64, billed: Option<String>, ask: &EnforceCommand) {
        self.all.retain(|_, hold| now < hold.until + DAY);
        match ask {
            EnforceCommand::Reserve(reserve) => {
                let held = amount(&reserve.amount).unwrap_or_default();
                let (billed, until) = (billed.unwrap_or_default(), now + i64::from(reserve.seconds) * 1_000_000);
                let hold = Hold { reserve: reserve.clone(), billed, seq, held, committed: None, over: false, until };
                self.all.insert(reserve.id.clone(), hold);
            }
            EnforceCommand::Commit { id, amount: used, .. } => {
                if let Some(hold) = self.all.get_mut(id) {
                    hold.committed = Some(used.as_deref().and_then(amount).unwrap_or_else(|| hold.held.clone()));
                    hold.over = true;
                }
            }
            EnforceCommand::Release { id, amount: given } => {
                if let Some(hold) = self.all.get_mut(id) {
                    hold.held -= &given.as_deref().and_then(amount).unwrap_or_else(|| hold.held.clone());
                    hold.over = hold.held.is_zero();
                }
            }
            EnforceCommand::Policy(policy) => self.policy = policy.clone(),
            EnforceCommand::Budget { billed, amount: None, .. } => {
                self.budgets.remove(billed);
            }
            EnforceCommand::Budget { billed, amount: Some(text), hard } => {
                self.budgets.insert(billed.clone(), (amount(text).unwrap_or_default(), *hard));
            }
        }
    }
}

impl Model {
    /// What a feature of an account is at an instant, with who is billed; none where it has none, or
    /// is not served.
    pub fn feature(&self, tenant: &Tenant, account: &str, name: &str, now: i64) -> Option<(String, Feature)> {
        let billed = self.served(tenant, account, now)?;
        let version = tenant.version?;
        let feature = match name {
            "sso" => Feature::Flag(true),
            "audit" => Feature::Flag(false),
            "support" => Feature::Text,
            "calls" => {
                let (limits, hard) = self.plan.limit?;
                let used = self.used(tenant, &billed, now);
                Feature::Limit(Rational::from(limits[version]), hard, Some(used))
            }
            SPEND => {
                let (limit, hard) = tenant.holds.budgets.get(&billed)?;
                Feature::Limit(limit.clone(), *hard, tenant.holds.spent.clone())
            }
            _ => return None,
        };
        Some((billed, feature))
    }

    pub(super) fn enforced(&self, tenant: &Tenant, now: i64, ask: &EnforceCommand) -> Wanted {
        let when = |accepted| if accepted { Wanted::Accepted } else { Wanted::Refused };
        match ask {
            EnforceCommand::Reserve(reserve) => self.reserved(tenant, now, reserve),
            EnforceCommand::Commit { event: Some((_, id)), .. } if !tenant.counts(id) => Wanted::Refused,
            EnforceCommand::Commit { id, amount, .. } => tenant.holds.end(now, id, amount.as_deref(), true),
            EnforceCommand::Release { id, amount } => tenant.holds.end(now, id, amount.as_deref(), false),
            EnforceCommand::Policy(_) => Wanted::Accepted,
            EnforceCommand::Budget { amount: text, .. } => {
                when(text.as_deref().is_none_or(|text| amount(text).is_some_and(|amount| amount.is_positive())))
            }
        }
    }

    fn reserved(&self, tenant: &Tenant, now: i64, reserve: &Reserve) -> Wanted {
        let Some(wanted) = amount(&reserve.amount).filter(Rational::is_positive) else { return Wanted::Refused };
        if reserve.seconds == 0 || reserve.seconds > 7 * 86_400 {
            return Wanted::Refused;
        }
        if let Some(hold) = tenant.holds.all.get(&reserve.id) {
            return if hold.reserve == *reserve { Wanted::Duplicate(hold.seq) } else { Wanted::Refused };
        }
        let Some((billed, feature)) = self.feature(tenant, &reserve.account, &reserve.feature, now) else {
            return Wanted::Refused;
        };
        match feature {
            Feature::Limit(_, true, None) => Wanted::Either,
            Feature::Limit(limit, true, Some(used)) => {
                let left = &limit - &used - &tenant.holds.held(&billed, &reserve.feature, now);
                if wanted <= left { Wanted::Accepted } else { Wanted::Refused }
            }
            Feature::Limit(_, false, _) | Feature::Flag(true) => Wanted::Accepted,
            Feature::Flag(false) | Feature::Text => Wanted::Refused,
        }
    }
}
