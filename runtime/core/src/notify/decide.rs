//! What is told, and to whom: entries about notices.

use super::ask::{Endpoint, NotifyCommand};
use super::entry::{Noticed, NotifyEntry};
use super::find::Found;
use super::{Notice, NoticeKind};
use crate::command::Answer;
use crate::enforce::Change;
use crate::entry::Entry;
use crate::group::{Given, Group, Made, Refusal};
use crate::limits;
use crate::machine::{Machine, Tenant};
use crate::planted::{self, Bug};
use price_value::Rational;
use std::sync::Arc;

impl Machine {
    /// A command about notices.
    pub(crate) fn notify(&mut self, group: &mut Group, tenant: &str, ask: &NotifyCommand) {
        let seq = group.next();
        let given = match self.notify_entry(tenant, (seq, group.recorded_at), ask) {
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
                if !notifying.listens() {
                    notifying.waiting.clear();
                }
            }
            NotifyEntry::Notice(noticed) if noticed.notice.kind == NoticeKind::InvoiceDrafted => {
                if let Some(book) = tenant.books.get_mut(&noticed.of) {
                    book.closes.drafted_to(&noticed.billed);
                }
                notifying.keep_draft(seq, noticed);
            }
            NotifyEntry::Notice(noticed) => {
                while notifying.told.first().is_some_and(|(until, ..)| *until <= now) {
                    notifying.told.pop_first();
                }
                let Noticed { notice, billed, of, mark, until } = noticed.clone();
                match notice.kind {
                    // Told by their number, and not more often than now and then.
                    NoticeKind::EventRejected => {
                        notifying.rejects_told = mark.parse().unwrap_or(notifying.rejects_told);
                        notifying.rejects_at = recorded_at;
                    }
                    _ if planted::is(Bug::TellAgain) => {}
                    _ => {
                        notifying.told.insert((until, billed, of, mark));
                    }
                }
                notifying.keep(seq, notice);
            }
        }
    }

    /// `at` is the number of the entry and when it is recorded.
    fn notify_entry(&self, name: &str, at: (u64, i64), ask: &NotifyCommand) -> Result<NotifyEntry, Refusal> {
        // Who is refused does not become a tenant.
        let nobody = Tenant::default();
        let tenant = self.tenants.get(name).unwrap_or(&nobody);
        let (now, known) = (tenant.time(at.1), &tenant.notifying.endpoints);
        match ask {
            NotifyCommand::Endpoint(endpoint) => {
                if endpoint.url.len() > limits::URL_BYTES || endpoint.id.len() > limits::ENDPOINT_BYTES {
                    return Err(("S060", format!("an address has at most {} bytes", limits::URL_BYTES)));
                }
                let amounts = &endpoint.balance_below;
                if amounts.len() > limits::FEATURES || amounts.values().any(|text| text.parse::<Rational>().is_err()) {
                    return Err(("S060", "`balance_below` names an amount for each wallet".into()));
                }
                let shares = &endpoint.usage_percent;
                if shares.len() > limits::SHARES || shares.iter().any(|percent| !limits::SHARE.contains(percent)) {
                    let (first, last) = (limits::SHARE.start(), limits::SHARE.end());
                    let most = limits::SHARES;
                    return Err(("S060", format!("`usage_percent` has at most {most} shares from {first} to {last}")));
                }
                let old = known.get(&endpoint.id);
                if old.is_none() && known.len() >= limits::ENDPOINTS {
                    return Err(("S018", format!("a tenant has at most {} endpoints", limits::ENDPOINTS)));
                }
                // A new one is told what comes after it.
                let (after, since) = old.map_or((at.0, now), |old| (old.after, old.since));
                Ok(NotifyEntry::Endpoint(Endpoint { after, since, ..endpoint.clone() }))
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
                Some(_) if planted::is(Bug::ForgetToLook) => {}
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

    /// Whether there is something to look for at an instant, in microseconds.
    pub fn looks(&self, now: i64) -> bool {
        (0..self.tenants.len() as u32).map(|number| self.tenants.at(number)).any(|tenant| {
            let notifying = &tenant.notifying;
            (!notifying.waiting.is_empty() && notifying.listens()) || notifying.rejects_due(tenant.rejected, now)
        })
    }

    /// Looks for what is to be told, as much as is done at once; whether there is more. Tenants take turns,
    /// and so do those whom one of them bills, so that nobody waits for ever behind others who are busy.
    pub(crate) fn look(&mut self, group: &mut Group) -> bool {
        let tenants = self.tenants.len() as u32;
        for number in 0..tenants {
            let found = self.rejects_found(number, group.recorded_at);
            self.tell(group, number, "", found);
        }
        let (mut room, mut idle) = (limits::LOOKED_TOGETHER, 0);
        while room > 0 && idle < tenants {
            let number = self.looked % tenants;
            self.looked = number + 1;
            let notifying = &mut self.tenants.at_mut(number).notifying;
            let Some(billed) = notifying.listens().then(|| notifying.next()).flatten() else {
                idle += 1;
                continue;
            };
            (idle, room) = (0, room - 1);
            let found = self.found(number, &billed, group.recorded_at);
            self.tell(group, number, &billed, found);
        }
        self.looks(group.recorded_at)
    }

    /// Tells what was found and was not told before.
    fn tell(&mut self, group: &mut Group, number: u32, billed: &str, found: impl IntoIterator<Item = Found>) {
        let name: Arc<str> = self.tenants.name(number).clone();
        for Found { kind, of, mark, until, data, endpoint } in found {
            let tenant = self.tenants.at(number);
            let told = (until, billed.to_owned(), of, mark);
            if tenant.notifying.told.contains(&told) {
                continue;
            }
            let (until, billed, of, mark) = told;
            let notice = Notice { kind, at: tenant.time(group.recorded_at), data, endpoint };
            let entry = NotifyEntry::Notice(Noticed { notice, billed, of, mark, until });
            self.carry_out_notice(group.next(), group.recorded_at, &name, &entry);
            group.entries.push(Made::Entry(Entry::Notify(name.to_string(), entry)));
        }
    }

    /// Notices of a tenant after an entry, in order: of documents, of drafts, and of what was looked for.
    pub fn notices(&self, tenant: &str, after: u64, limit: usize) -> Vec<(u64, Notice)> {
        let Some(tenant) = self.tenants.get(tenant) else { return Vec::new() };
        let told = &tenant.notifying.recent;
        let from = told.partition_point(|(seq, _)| *seq <= after);
        let told = told.iter().skip(from).take(limit).cloned();
        let mut all: Vec<(u64, Notice)> = told.collect();
        all.extend(tenant.billing.notices(after, limit));
        let closed = |plan: &str| Some(tenant.books.get(plan)?.closes.until());
        all.extend(tenant.notifying.drafts.after(after, closed).take(limit));
        all.sort_by_key(|(seq, _)| *seq);
        all.truncate(limit);
        all
    }

    /// The notice of an entry, if it is at hand.
    pub fn notice(&self, tenant: &str, seq: u64) -> Option<Notice> {
        let found = self.notices(tenant, seq.saturating_sub(1), 1).pop();
        found.filter(|(at, _)| *at == seq).map(|(_, notice)| notice)
    }

    /// The entry after which the notices of a tenant are that were recorded at an instant (microseconds)
    /// or later.
    pub fn noticed_before(&self, tenant: &str, at: i64) -> u64 {
        let Some(tenant) = self.tenants.get(tenant) else { return self.applied };
        let told = tenant.notifying.recent.iter().find(|(_, notice)| notice.at >= at).map(|(seq, _)| *seq);
        let first =
            told.into_iter().chain(tenant.billing.first_since(at)).chain(tenant.notifying.drafts.first_since(at)).min();
        first.map_or(self.applied, |seq| seq.saturating_sub(1))
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
