//! Looking for what is to be told.

use super::ask::{Endpoint, NotifyCommand};
use super::entry::{Noticed, NotifyEntry};
use super::{Notice, NoticeKind};
use crate::command::Answer;
use crate::enforce::{Change, Checked};
use crate::entry::Entry;
use crate::group::{Given, Group, Made, Refusal};
use crate::limits;
use crate::machine::{Machine, Tenant};
use price_value::{Date, Rational, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;

/// Shares of a limit that are told, in percent; the whole is told as reached.
const SHARES: [i128; 2] = [50, 80];

/// Something to tell, before it is known whether it was told already.
struct Found {
    kind: NoticeKind,
    of: String,
    mark: String,
    until: i64,
    data: serde_json::Value,
}

impl Machine {
    /// A command about notices.
    pub(crate) fn notify(&mut self, group: &mut Group, tenant: &str, ask: &NotifyCommand) {
        let seq = group.next();
        let given = match self.notify_entry(tenant, seq, ask) {
            Ok(entry) => {
                self.carry_out_notice(seq, group.recorded_at, tenant, &entry);
                group.entries.push(Made::Entry(Entry::Notify(tenant.to_owned(), entry)));
                Answer::Accepted { seq }
            }
            Err((code, message)) => Answer::Refused { code, message },
        };
        group.answers.push(Given::Now(given));
    }

    /// Carries out an entry about notices, decided now or replayed.
    pub(crate) fn carry_out_notice(&mut self, seq: u64, recorded_at: i64, tenant: &str, entry: &NotifyEntry) {
        let number = self.tenants.number_or(tenant, Tenant::default);
        let tenant = self.tenants.at_mut(number);
        let now = tenant.time(recorded_at);
        let notifying = &mut tenant.notifying;
        match entry {
            NotifyEntry::Endpoint(endpoint) => {
                notifying.endpoints.insert(endpoint.id.clone(), endpoint.clone());
                // What holds now is told to who listens from now on.
                let all: Vec<String> = tenant
                    .books
                    .iter()
                    .flat_map(|(_, book)| book.subjects.iter().map(|(b, _)| b.to_string()))
                    .collect();
                notifying.waiting.extend(all);
            }
            NotifyEntry::Removed(id) => {
                notifying.endpoints.remove(id);
            }
            NotifyEntry::Notice(noticed) => {
                notifying.told.retain(|(.., until)| *until > now);
                let Noticed { notice, billed, of, mark, until } = noticed.clone();
                notifying.told.insert((billed, of, mark, until));
                notifying.keep(seq, notice);
            }
        }
    }

    fn notify_entry(&mut self, name: &str, seq: u64, ask: &NotifyCommand) -> Result<NotifyEntry, Refusal> {
        let number = self.tenants.number_or(name, Tenant::default);
        let known = &self.tenants.at(number).notifying.endpoints;
        match ask {
            NotifyCommand::Endpoint(endpoint) => {
                if endpoint.url.len() > limits::URL_BYTES || endpoint.id.len() > limits::ENDPOINT_BYTES {
                    return Err(("S060", format!("an address has at most {} bytes", limits::URL_BYTES)));
                }
                let amounts = &endpoint.balance_below;
                if amounts.len() > limits::FEATURES || amounts.values().any(|text| text.parse::<Rational>().is_err()) {
                    return Err(("S060", "`balance_below` names an amount for each wallet".into()));
                }
                let old = known.get(&endpoint.id);
                if old.is_none() && known.len() >= limits::ENDPOINTS {
                    return Err(("S018", format!("a tenant has at most {} endpoints", limits::ENDPOINTS)));
                }
                // A new one is told what comes after it.
                let after = old.map_or(seq, |old| old.after);
                Ok(NotifyEntry::Endpoint(Endpoint { after, ..endpoint.clone() }))
            }
            NotifyCommand::Remove { id } => match known.contains_key(id) {
                true => Ok(NotifyEntry::Removed(id.clone())),
                false => Err(("S061", format!("there is no endpoint `{id}`"))),
            },
        }
    }

    /// Takes note of whose state changed; looked at by the next [`crate::Command::Look`].
    pub fn look_at<'c>(&mut self, changes: impl IntoIterator<Item = &'c Change>) {
        for change in changes {
            let Some(tenant) = self.tenants.get_mut(&change.tenant) else { continue };
            if !tenant.notifying.listens() {
                continue;
            }
            match &change.billed {
                Some(billed) => {
                    tenant.notifying.waiting.insert(billed.to_string());
                }
                None => {
                    let books = tenant.books.iter();
                    let all: Vec<String> =
                        books.flat_map(|(_, b)| b.subjects.iter().map(|(b, _)| b.to_string())).collect();
                    tenant.notifying.waiting.extend(all);
                }
            }
        }
    }

    /// Takes note of everybody whose tenant wants to know; after a start.
    pub fn look_at_all(&mut self) {
        let all: Vec<Change> =
            self.tenants.iter().map(|(name, _)| Change { tenant: name.clone(), billed: None }).collect();
        self.look_at(&all);
    }

    /// Whether somebody is to be looked at.
    pub fn looks(&self) -> bool {
        self.tenants.iter().any(|(_, tenant)| !tenant.notifying.waiting.is_empty() && tenant.notifying.listens())
    }

    /// Looks for what is to be told, as much as is done at once; whether there is more.
    pub(crate) fn look(&mut self, group: &mut Group) -> bool {
        let mut room = limits::LOOKED_TOGETHER;
        let names: Vec<String> = self.tenants.iter().map(|(name, _)| name.to_string()).collect();
        for name in names {
            while let Some(tenant) = self.tenants.get_mut(&name).filter(|tenant| tenant.notifying.listens()) {
                if room == 0 {
                    return !tenant.notifying.waiting.is_empty();
                }
                let Some(billed) = tenant.notifying.waiting.pop_first() else { break };
                room -= 1;
                let now = tenant.time(group.recorded_at);
                for found in self.found(&name, &billed, group.recorded_at, now) {
                    let Some(tenant) = self.tenants.get(&name) else { continue };
                    let told = (billed.clone(), found.of.clone(), found.mark.clone(), found.until);
                    if tenant.notifying.told.contains(&told) {
                        continue;
                    }
                    let notice = Notice { kind: found.kind, at: now, data: found.data, endpoint: None };
                    let (of, mark, until) = (found.of, found.mark, found.until);
                    let noticed = Noticed { notice, billed: billed.clone(), of, mark, until };
                    let (seq, entry) = (group.next(), NotifyEntry::Notice(noticed));
                    self.carry_out_notice(seq, group.recorded_at, &name, &entry);
                    group.entries.push(Made::Entry(Entry::Notify(name.clone(), entry)));
                }
            }
        }
        false
    }

    /// What is to be told of a billed subject now.
    fn found(&mut self, tenant: &str, billed: &str, recorded_at: i64, now: i64) -> Vec<Found> {
        let mut all = Vec::new();
        // A pool or a contract is asked by one of its accounts.
        let account = self.account_of(tenant, billed);
        if let Some(account) = account
            && let Ok(checked) = self.check(tenant, &account, recorded_at)
        {
            thresholds(&checked, &mut all);
        }
        let below: BTreeMap<String, Rational> = self
            .tenants
            .get(tenant)
            .into_iter()
            .flat_map(|tenant| tenant.notifying.endpoints.values())
            .flat_map(|endpoint| &endpoint.balance_below)
            .filter_map(|(wallet, text)| Some((wallet.clone(), text.parse().ok()?)))
            .fold(BTreeMap::new(), |mut all, (wallet, amount): (String, Rational)| {
                let known = all.entry(wallet).or_insert_with(|| amount.clone());
                *known = known.clone().max(amount);
                all
            });
        self.balances(tenant, billed, now, &below, &mut all);
        all
    }

    /// An account that is billed under a name.
    fn account_of(&mut self, tenant: &str, billed: &str) -> Option<String> {
        let tenant = self.tenants.get_mut(tenant)?;
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

    /// Balances that are low, and top-ups that are due, on the invoice that forms.
    fn balances(
        &mut self,
        tenant: &str,
        billed: &str,
        now: i64,
        below: &BTreeMap<String, Rational>,
        all: &mut Vec<Found>,
    ) {
        let Some(tenant) = self.tenants.get_mut(tenant) else { return };
        let numbers: Vec<u32> = (0..tenant.books.len() as u32).collect();
        for number in numbers {
            let book = tenant.books.at_mut(number);
            let funded = !book.version().plan().funds.is_empty();
            if !funded || book.subjects.get(billed).is_none() {
                continue;
            }
            let day: Date = book.version().zone.local(Timestamp(now.saturating_mul(1_000))).0;
            let period = book.period(day);
            let until = period.end.0.div_euclid(1_000);
            let Ok((invoice, version)) = book.invoice(billed, &period) else { continue };
            let plan = book.versions[version].plan().clone();
            for balance in invoice.payment.iter().flat_map(|payment| &payment.balances) {
                let unit = plan.currency_at(balance.holds).0.code.clone();
                if let Some(least) = below.get(&balance.name).filter(|least| balance.closed < **least) {
                    let data = json!({
                        "account": billed, "wallet": balance.name, "currency": unit,
                        "left": balance.closed.to_string(), "below": least.to_string(),
                    });
                    let mark = format!("below {least}");
                    all.push(Found { kind: NoticeKind::BalanceLow, of: balance.name.clone(), mark, until, data });
                }
                if !balance.topped_up.is_zero() {
                    let data = json!({
                        "account": billed, "wallet": balance.name, "currency": unit,
                        "topped_up": balance.topped_up.to_string(),
                    });
                    let mark = format!("topped up {}", balance.topped_up);
                    all.push(Found { kind: NoticeKind::TopUpDue, of: balance.name.clone(), mark, until, data });
                }
            }
        }
    }

    /// Notices of a tenant after an entry, in order: of documents, and of what was looked for.
    pub fn notices(&self, tenant: &str, after: u64, limit: usize) -> Vec<(u64, Notice)> {
        let Some(tenant) = self.tenants.get(tenant) else { return Vec::new() };
        let told = &tenant.notifying.recent;
        let from = told.partition_point(|(seq, _)| *seq <= after);
        let told = told.iter().skip(from).take(limit).cloned();
        let mut all: Vec<(u64, Notice)> = told.collect();
        all.extend(tenant.billing.notices(after, limit));
        all.sort_by_key(|(seq, _)| *seq);
        all.truncate(limit);
        all
    }

    /// Where notices of a tenant go, by id.
    pub fn endpoints(&self, tenant: &str) -> Vec<Endpoint> {
        let all = self.tenants.get(tenant).into_iter().flat_map(|tenant| tenant.notifying.endpoints.values());
        all.cloned().collect()
    }

    /// Tenants that have endpoints.
    pub fn notified(&self) -> Vec<String> {
        let with = self.tenants.iter().filter(|(_, tenant)| !tenant.notifying.endpoints.is_empty());
        with.map(|(name, _)| name.to_string()).collect()
    }
}

/// Limits of which a share is used.
fn thresholds(checked: &Checked, all: &mut Vec<Found>) {
    for feature in &checked.features {
        let Some(limit) = feature.limit.as_ref().filter(|limit| limit.is_positive()) else { continue };
        let until = feature.resets.unwrap_or(i64::MAX);
        let data = |percent: i128| {
            json!({
                "account": checked.billed, "feature": feature.name, "unit": feature.unit, "percent": percent as i64,
                "limit": limit.to_string(), "used": feature.used.to_string(), "hard": feature.hard,
            })
        };
        let of = feature.name.clone();
        let used = |percent: i128| &feature.used * &Rational::int(100) >= limit * &Rational::int(percent);
        if used(100) {
            let (kind, mark) = (NoticeKind::EntitlementReached, "100".to_owned());
            all.push(Found { kind, of, mark, until, data: data(100) });
        } else if let Some(percent) = SHARES.into_iter().rev().find(|percent| used(*percent)) {
            let (kind, mark) = (NoticeKind::UsageThreshold, percent.to_string());
            all.push(Found { kind, of, mark, until, data: data(percent) });
        }
    }
}
