//! Granting, committing, giving back.

use super::ask::{EnforceCommand, Reserve};
use super::check::{FeatureKind, NotChecked};
use super::entry::{Budget, Ended, EnforceEntry, Granted};
use crate::command::Answer;
use crate::entry::Entry;
use crate::group::{Given, Group, Made, Refusal};
use crate::limits;
use crate::machine::{Machine, Tenant};
use crate::planted::{self, Bug};
use price_value::Rational;

/// What a command comes to.
enum Outcome {
    Entry(EnforceEntry),
    /// The same was carried out before, as this entry.
    Before(u64),
}

impl Machine {
    /// A command about enforcement.
    pub(crate) fn enforce(&mut self, group: &mut Group, tenant: &str, ask: &EnforceCommand) {
        let seq = group.next();
        let now = self.tenants.get(tenant).map_or(group.recorded_at, |tenant| tenant.time(group.recorded_at));
        let given = match self.enforced(tenant, now, ask) {
            Ok(Outcome::Entry(entry)) => {
                self.carry_out_enforcement(seq, tenant, group.recorded_at, &entry);
                group.entries.push(Made::Entry(Entry::Enforce(tenant.to_owned(), entry)));
                Answer::Accepted { seq }
            }
            Ok(Outcome::Before(seq)) => Answer::Duplicate { seq },
            Err((code, message)) => Answer::Refused { code, message },
        };
        group.answers.push(Given::Now(given));
    }

    /// Carries out an entry about enforcement, decided now or replayed.
    pub(crate) fn carry_out_enforcement(&mut self, seq: u64, tenant: &str, recorded_at: i64, entry: &EnforceEntry) {
        let number = self.tenants.number_or(tenant, Tenant::default);
        let tenant = self.tenants.at_mut(number);
        let now = tenant.time(recorded_at);
        tenant.enforcement.carry_out(seq, now, entry);
        if let Some(billed) = tenant.enforcement.billed_of(entry) {
            self.touched.held(number, &billed);
        } else {
            self.touched.tenant(number);
        }
    }

    fn enforced(&mut self, tenant: &str, now: i64, ask: &EnforceCommand) -> Result<Outcome, Refusal> {
        match ask {
            EnforceCommand::Reserve(reserve) => self.reserve(tenant, now, reserve),
            EnforceCommand::Commit { id, amount, event } => {
                if let Some((source, key)) = event
                    && !self.counts(self.key(tenant, source, key))
                {
                    return Err(("S046", "the event of the commit does not count, so the hold stays".into()));
                }
                let (ended, before) = self.ended(tenant, now, id, amount.as_deref(), true)?;
                Ok(before.map_or(Outcome::Entry(EnforceEntry::Committed(ended)), Outcome::Before))
            }
            EnforceCommand::Release { id, amount } => {
                let (ended, before) = self.ended(tenant, now, id, amount.as_deref(), false)?;
                Ok(before.map_or(Outcome::Entry(EnforceEntry::Released(ended)), Outcome::Before))
            }
            EnforceCommand::Policy(policy) => {
                let long = policy.features.keys().any(|name| name.len() > limits::FEATURE_BYTES);
                if policy.features.len() > limits::FEATURES || long {
                    let (most, bytes) = (limits::FEATURES, limits::FEATURE_BYTES);
                    return Err(("S010", format!("a policy names at most {most} features of {bytes} bytes")));
                }
                Ok(Outcome::Entry(EnforceEntry::Policy(policy.clone())))
            }
            EnforceCommand::Budget { billed, amount, hard } => {
                if billed.is_empty() || billed.len() > limits::IDENTITY_BYTES {
                    return Err(("S010", format!("an account has 1 to {} bytes", limits::IDENTITY_BYTES)));
                }
                let amount = amount.as_deref().map(above_zero).transpose()?.map(|amount| amount.to_string());
                Ok(Outcome::Entry(EnforceEntry::Budget(Budget { billed: billed.clone(), amount, hard: *hard })))
            }
        }
    }

    fn reserve(&mut self, name: &str, now: i64, reserve: &Reserve) -> Result<Outcome, Refusal> {
        if reserve.id.is_empty() || reserve.id.len() > limits::HOLD_BYTES {
            return Err(("S044", format!("the id of a reservation has 1 to {} bytes", limits::HOLD_BYTES)));
        }
        if !(1..=limits::HOLD_SECONDS).contains(&reserve.seconds) {
            return Err(("S044", format!("a reservation holds for 1 to {} seconds", limits::HOLD_SECONDS)));
        }
        let amount = above_zero(&reserve.amount)?;
        if let Some(hold) = self.tenants.get(name).and_then(|tenant| tenant.enforcement.hold(&reserve.id)) {
            let same = hold.granted.reserve == *reserve;
            return match same {
                true => Ok(Outcome::Before(hold.seq)),
                false => Err(("S042", format!("`{}` is the id of another reservation", reserve.id))),
            };
        }
        let checked = self.check(name, &reserve.account, now).map_err(|error| match error {
            NotChecked::Unknown(_) | NotChecked::NotServed(..) => ("S040", error.to_string()),
            NotChecked::Settle(_) => ("S025", error.to_string()),
        })?;
        let Some(feature) = checked.features.iter().find(|feature| feature.name == reserve.feature) else {
            let names: Vec<&str> = checked.features.iter().map(|feature| feature.name.as_str()).collect();
            let known = if names.is_empty() { "it has none".to_owned() } else { names.join(", ") };
            let message =
                format!("`{}` of `{}` has no feature `{}`; {known}", checked.plan, reserve.account, reserve.feature);
            return Err(("S040", message));
        };
        if feature.kind == FeatureKind::Text {
            return Err(("S044", format!("`{}` is a text: nothing of it can be held", feature.name)));
        }
        if !feature.allows(Some(&amount)) {
            let message = match feature.left() {
                Some(left) => format!(
                    "{amount} of `{}` are not left: the limit is {}, {} are used and {} held, which leaves {}",
                    feature.name,
                    feature.limit.clone().unwrap_or_default(),
                    feature.used,
                    feature.held,
                    left.max(Rational::ZERO),
                ),
                None => format!("`{}` may not be used", feature.name),
            };
            return Err(("S041", message));
        }
        let number = self.tenants.number(name).unwrap_or_default();
        if self.tenants.at(number).enforcement.len() >= limits::HOLDS {
            return Err(("S045", format!("a tenant has at most {} reservations", limits::HOLDS)));
        }
        let until = now.saturating_add(i64::from(reserve.seconds) * 1_000_000);
        let (billed, plan) = (checked.billed, checked.plan);
        Ok(Outcome::Entry(EnforceEntry::Held(Granted { reserve: reserve.clone(), billed, plan, until })))
    }

    /// The end of a hold, or of a part of it; and the entry, where the same was carried out before.
    fn ended(
        &self,
        name: &str,
        now: i64,
        id: &str,
        amount: Option<&str>,
        commit: bool,
    ) -> Result<(Ended, Option<u64>), Refusal> {
        let hold = self.tenants.get(name).and_then(|tenant| tenant.enforcement.hold(id));
        let hold = hold.ok_or_else(|| ("S043", format!("there is no reservation `{id}`, or it ended long ago")))?;
        let wanted = amount.map(not_negative).transpose()?;
        if hold.over {
            // The same commit again is answered as it was.
            let used = hold.committed.as_ref();
            if commit && used.is_some() && wanted.as_ref().is_none_or(|wanted| Some(wanted) == used) {
                return Ok((Ended { id: id.into(), amount: String::new() }, Some(hold.seq)));
            }
            if !commit && used.is_none() && wanted.is_none() {
                return Ok((Ended { id: id.into(), amount: String::new() }, Some(hold.seq)));
            }
            return Err(("S043", format!("the reservation `{id}` is over")));
        }
        if !hold.holds(now) {
            return Err(("S043", format!("the time of the reservation `{id}` is over; what it held was given back")));
        }
        let wanted = wanted.unwrap_or_else(|| hold.held.clone());
        if wanted > hold.held && !planted::is(Bug::CommitBeyond) {
            return Err(("S044", format!("the reservation `{id}` holds {}, not {wanted}", hold.held)));
        }
        Ok((Ended { id: id.into(), amount: wanted.to_string() }, None))
    }
}

fn not_negative(text: &str) -> Result<Rational, Refusal> {
    let amount: Option<Rational> = (text.len() <= limits::AMOUNT_BYTES).then(|| text.parse().ok()).flatten();
    amount.filter(|amount| !amount.is_negative()).ok_or_else(|| ("S044", format!("`{}` is no amount", short(text))))
}

fn above_zero(text: &str) -> Result<Rational, Refusal> {
    let amount = not_negative(text)?;
    if amount.is_zero() { Err(("S044", "the amount has to be above zero".into())) } else { Ok(amount) }
}

fn short(text: &str) -> String {
    text.chars().take(limits::AMOUNT_BYTES).collect()
}
