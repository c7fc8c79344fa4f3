//! Looking for what is to be told.

use super::{Endpoint, NoticeKind};
use crate::enforce::Checked;
use crate::machine::Machine;
use price_value::{Period, Rational, Timestamp};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Something to tell, before it is known whether it was told already.
pub(super) struct Found {
    pub(super) kind: NoticeKind,
    pub(super) of: String,
    pub(super) mark: String,
    pub(super) until: i64,
    pub(super) data: serde_json::Value,
    /// Whom it is told, where not everybody who wants its kind.
    pub(super) endpoint: Option<String>,
}

/// What the endpoints of a tenant want to know, so that nothing else is looked for.
struct Wanted {
    reached: bool,
    /// Shares of limits, in percent.
    shares: BTreeSet<u16>,
    /// Endpoint, wallet, amount.
    below: Vec<(String, String, Rational)>,
    /// Since when somebody is told of top-ups, in microseconds.
    top_ups: Option<i64>,
}

impl Wanted {
    fn of<'e>(endpoints: impl Iterator<Item = &'e Endpoint>) -> Wanted {
        let mut all = Wanted { reached: false, shares: BTreeSet::new(), below: Vec::new(), top_ups: None };
        for endpoint in endpoints {
            all.reached |= endpoint.wants_kind(NoticeKind::EntitlementReached);
            if endpoint.wants_kind(NoticeKind::UsageThreshold) {
                all.shares.extend(endpoint.shares());
            }
            if endpoint.wants_kind(NoticeKind::BalanceLow) {
                let amounts = endpoint.balance_below.iter();
                let amount = |(w, text): (&String, &String)| Some((endpoint.id.clone(), w.clone(), text.parse().ok()?));
                all.below.extend(amounts.filter_map(amount));
            }
            if endpoint.wants_kind(NoticeKind::TopUpDue) {
                all.top_ups = Some(all.top_ups.map_or(endpoint.since, |since| since.min(endpoint.since)));
            }
        }
        all
    }
}

impl Machine {
    /// What is to be told of a billed subject now. `recorded_at` is in microseconds.
    pub(super) fn found(&mut self, tenant: u32, billed: &str, recorded_at: i64) -> Vec<Found> {
        let mut all = Vec::new();
        let wanted = Wanted::of(self.tenants.at(tenant).notifying.endpoints.values());
        // A pool or a contract is asked by one of its accounts.
        if (wanted.reached || !wanted.shares.is_empty())
            && let Some(account) = self.account_of(tenant, billed)
            && let name = self.tenants.name(tenant).clone()
            && let Ok(checked) = self.check(&name, &account, recorded_at)
        {
            thresholds(&checked, &wanted, &mut all);
        }
        if !wanted.below.is_empty() || wanted.top_ups.is_some() {
            let now = self.tenants.at(tenant).time(recorded_at);
            self.balances(tenant, billed, now, &wanted, &mut all);
        }
        all
    }

    /// An account that is billed under a name.
    fn account_of(&mut self, tenant: u32, billed: &str) -> Option<String> {
        let tenant = self.tenants.at_mut(tenant);
        if tenant.accounts.number(billed).is_some() {
            return Some(billed.to_owned());
        }
        let books = tenant.books.iter();
        let mut placed = books.flat_map(|(_, book)| book.placed(billed));
        let pooled = placed.next().map(|(subscription, _)| subscription.account.clone());
        pooled.or_else(|| {
            let parties = tenant.books.get(billed)?.version().plan().parties.clone()?;
            parties.accounts.first().cloned()
        })
    }

    /// Balances that are low, on the invoice that forms; top-ups that are due, on it and on the one before:
    /// events that come late, or just before a period ends, may be what makes one due.
    fn balances(&mut self, tenant: u32, billed: &str, now: i64, wanted: &Wanted, all: &mut Vec<Found>) {
        let tenant = self.tenants.at_mut(tenant);
        for number in 0..tenant.books.len() as u32 {
            let plan = tenant.books.name(number).to_string();
            let book = tenant.books.at_mut(number);
            let funded = !book.version().plan().funds.is_empty();
            if !funded || book.subjects.get(billed).is_none() {
                continue;
            }
            let period = book.period(book.version().zone.local(Timestamp(now.saturating_mul(1_000))).0);
            let before = book.period(period.from.add_days(-1));
            let micros = |period: &Period| period.end.0.div_euclid(1_000);
            let back = wanted.top_ups.is_some_and(|since| since < micros(&before));
            for of in back.then_some(before).into_iter().chain([period]) {
                let Ok((invoice, version)) = book.invoice(billed, &of) else { continue };
                let rules = book.versions[version].plan().clone();
                // It is looked at until the next one ends.
                let until = micros(&book.period(of.until));
                for balance in invoice.payment.iter().flat_map(|payment| &payment.balances) {
                    let data = |more: serde_json::Value| {
                        let mut data = json!({
                            "account": billed, "plan": plan, "wallet": balance.name,
                            "currency": rules.currency_at(balance.holds).0.code,
                            "period": { "from": of.from.to_string(), "until": of.until.to_string() },
                        });
                        if let (Some(data), serde_json::Value::Object(more)) = (data.as_object_mut(), more) {
                            data.extend(more);
                        }
                        data
                    };
                    let named = |(_, wallet, least): &&(String, String, Rational)| {
                        of == period && *wallet == balance.name && balance.closed < *least
                    };
                    for (endpoint, _, least) in wanted.below.iter().filter(named) {
                        all.push(Found {
                            kind: NoticeKind::BalanceLow,
                            of: balance.name.clone(),
                            mark: format!("{endpoint} below {least} in {plan} from {}", of.from),
                            until,
                            data: data(json!({ "left": balance.closed.to_string(), "below": least.to_string() })),
                            endpoint: Some(endpoint.clone()),
                        });
                    }
                    if wanted.top_ups.is_some() && !balance.topped_up.is_zero() {
                        all.push(Found {
                            kind: NoticeKind::TopUpDue,
                            of: balance.name.clone(),
                            mark: format!("topped up {} in {plan} from {}", balance.topped_up, of.from),
                            until,
                            data: data(json!({ "topped_up": balance.topped_up.to_string() })),
                            endpoint: None,
                        });
                    }
                }
            }
        }
    }

    /// Events that were rejected since that was told last, together.
    pub(super) fn rejects_found(&self, tenant: u32, recorded_at: i64) -> Option<Found> {
        let tenant = self.tenants.at(tenant);
        if !tenant.notifying.rejects_due(tenant.rejected, recorded_at) {
            return None;
        }
        let count = tenant.rejected - tenant.notifying.rejects_told;
        let kept = usize::try_from(count).unwrap_or(usize::MAX).min(tenant.rejects.len());
        let mut codes: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, _, reject) in tenant.rejects.iter().rev().take(kept) {
            *codes.entry(&reject.code).or_default() += 1;
        }
        let first = tenant.rejects.get(tenant.rejects.len() - kept);
        let after = first.map(|(seq, ..)| seq.saturating_sub(1));
        Some(Found {
            kind: NoticeKind::EventRejected,
            of: String::new(),
            mark: tenant.rejected.to_string(),
            until: i64::MIN,
            data: json!({ "count": count, "codes": codes, "after": after }),
            endpoint: None,
        })
    }
}

/// Limits of which a share is used. Each share is told once in a window: whoever acts on one of them
/// is told of it, also where usage passes two at once.
fn thresholds(checked: &Checked, wanted: &Wanted, all: &mut Vec<Found>) {
    for feature in &checked.features {
        let Some(limit) = feature.limit.as_ref().filter(|limit| limit.is_positive()) else { continue };
        let until = feature.resets.unwrap_or(i64::MAX);
        let whole = wanted.reached.then_some((NoticeKind::EntitlementReached, 100));
        let shares = wanted.shares.iter().map(|percent| (NoticeKind::UsageThreshold, *percent));
        for (kind, percent) in shares.chain(whole) {
            if &feature.used * &Rational::int(100) < limit * &Rational::int(i128::from(percent)) {
                continue;
            }
            let data = json!({
                "account": checked.billed, "plan": checked.plan, "feature": feature.name, "unit": feature.unit,
                "percent": percent, "limit": limit.to_string(), "used": feature.used.to_string(),
                "hard": feature.hard,
            });
            // Another plan has limits of its own.
            let mark = format!("{} {percent} of {}", kind.word(), checked.plan);
            all.push(Found { kind, of: feature.name.clone(), mark, until, data, endpoint: None });
        }
    }
}
