//! Commands that are no events: plans, accounts, and what is taken back.

use crate::book::{Book, TakenBack, Version};
use crate::command::{Answer, Command, Subscribed};
use crate::entry::{Entry, Named, Placed, Published, Reverted};
use crate::group::{Given, Group, Made, Refusal};
use crate::limits;
use crate::machine::{Machine, Place, Seat, Tenant};
use crate::past::How;
use price_ir::Plan;
use price_rating::{SetupError, Subscription};
use price_value::{Timestamp, Zone};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Machine {
    /// Everything that is no event.
    pub(crate) fn control(&mut self, group: &mut Group, command: &Command) {
        let seq = group.next();
        let made = match command {
            Command::Erase { tenant, what, reason } => {
                self.erasing(tenant, what, reason).map(|erasing| Entry::Erase(Box::new(erasing)))
            }
            Command::Void { tenant, source, id } => {
                Ok(Entry::Void(Named { tenant: tenant.clone(), source: source.clone(), id: id.clone() }))
            }
            Command::Revert { tenant, set } => Ok(Entry::Revert(Reverted { tenant: tenant.clone(), set: set.clone() })),
            Command::Publish { tenant, artefact } => {
                Ok(Entry::Publish(Published { tenant: tenant.clone(), artefact: artefact.clone(), signer: None }))
            }
            Command::PublishSigned { tenant, artefact, signer } => Ok(Entry::Publish(Published {
                tenant: tenant.clone(),
                artefact: artefact.clone(),
                signer: Some(signer.clone()),
            })),
            Command::Subscribe { tenant, subscription } => {
                Ok(Entry::Subscribe(Placed { tenant: tenant.clone(), subscription: subscription.clone() }))
            }
            Command::EndTokens { tenant, ended } => Ok(Entry::EndTokens(tenant.clone(), ended.clone())),
            Command::Usage { .. }
            | Command::Replace { .. }
            | Command::Retry { .. }
            | Command::Billing { .. }
            | Command::Enforce { .. }
            | Command::Notify { .. }
            | Command::Look
            | Command::Tick
            | Command::Once { .. } => Err(("S010", "an event is no control command".into())),
        };
        match made.and_then(|entry: Entry| self.apply(seq, group.recorded_at, &entry).map(|()| entry)) {
            Ok(entry) => {
                group.answers.push(Given::Now(Answer::Accepted { seq }));
                group.entries.push(Made::Entry(entry));
            }
            Err((code, message)) => group.answers.push(Given::Now(Answer::Refused { code, message })),
        }
    }

    /// Carries out an entry that is no event. Nothing changes where it is refused.
    pub(crate) fn apply(&mut self, seq: u64, recorded_at: i64, entry: &Entry) -> Result<(), Refusal> {
        match entry {
            Entry::Void(named) => {
                let key = self.keys.key(named.tenant.as_bytes(), named.source.as_bytes(), named.id.as_bytes());
                if !self.counts(key.0) {
                    return Err(("S016", "no event that counts has this source and id".into()));
                }
                let at = self.time_of(&named.tenant, recorded_at);
                self.take_back(&named.tenant, &[key.0], at, (seq, How::Voided));
                Ok(())
            }
            Entry::Revert(reverted) => {
                let keys = self.tenants.get_mut(&reverted.tenant).and_then(|t| t.sets.remove(&reverted.set));
                let Some(keys) = keys else {
                    return Err(("S017", format!("there is no backfill called `{}`", reverted.set)));
                };
                let at = self.time_of(&reverted.tenant, recorded_at);
                self.take_back(&reverted.tenant, &keys, at, (seq, How::Reverted));
                let set: Arc<str> = reverted.set.as_str().into();
                keys.iter().for_each(|key| self.past.name(*key, &set));
                Ok(())
            }
            Entry::Publish(published) => {
                let at = self.time_of(&published.tenant, recorded_at);
                self.due = None;
                let done = self.publish(seq, at, published);
                self.changed(&published.tenant);
                done
            }
            Entry::Subscribe(placed) => {
                let at = self.time_of(&placed.tenant, recorded_at);
                self.due = None;
                let done = self.subscribe(&placed.tenant, at, &placed.subscription);
                self.changed(&placed.tenant);
                done
            }
            Entry::Reject(reject) => {
                self.keep_reject(seq, recorded_at, reject.clone());
                Ok(())
            }
            Entry::Erase(erasing) => {
                self.erase(seq, recorded_at, erasing);
                Ok(())
            }
            Entry::EndTokens(tenant, ended) => self.end_tokens(recorded_at, tenant, ended),
            Entry::Answered(answered) => {
                self.remember(recorded_at, answered);
                Ok(())
            }
            Entry::Notify(tenant, entry) => {
                self.carry_out_notice(seq, recorded_at, tenant, entry);
                Ok(())
            }
            Entry::Enforce(tenant, entry) => {
                self.carry_out_enforcement(seq, tenant, recorded_at, entry);
                Ok(())
            }
            Entry::Billing(tenant, entry) => {
                self.carry_out_billing(seq, recorded_at, tenant, entry);
                Ok(())
            }
            Entry::Usage(_) | Entry::Replace(_) => Err(("S010", "an event is no control entry".into())),
        }
    }

    /// Anything of a tenant may be answered otherwise.
    pub(crate) fn changed(&mut self, tenant: &str) {
        if let Some(number) = self.tenants.number(tenant) {
            self.touched.tenant(number);
        }
    }

    /// The time at which something of a tenant is recorded.
    fn time_of(&self, tenant: &str, recorded_at: i64) -> i64 {
        self.tenants.get(tenant).map_or(recorded_at, |tenant| tenant.time(recorded_at))
    }

    fn take_back(&mut self, tenant: &str, keys: &[u128], recorded_at: i64, (by, how): (u64, How)) {
        let Some(tenant) = self.tenants.number(tenant) else { return };
        let mut by_book: BTreeMap<(u32, u32), Vec<TakenBack>> = BTreeMap::new();
        for key in keys {
            let Some(place) = self.place(tenant, *key) else { continue };
            self.changed.spent.insert(*key);
            self.past.put(*key, place, by, how);
            let Place { tenant, book, billed, happened, seq } = place;
            by_book.entry((tenant, book)).or_default().push(TakenBack { billed, happened, seq });
        }
        for ((tenant, number), events) in by_book {
            let book = self.tenants.at_mut(tenant).books.at_mut(number);
            book.take_back(&events, recorded_at.saturating_mul(1_000));
            if book.looks_again() {
                self.due = None;
            }
            events.iter().for_each(|event| self.touched.usage(tenant, number, event.billed));
        }
    }

    fn publish(&mut self, seq: u64, recorded_at: i64, published: &Published) -> Result<(), Refusal> {
        if published.tenant.is_empty() || published.tenant.len() > limits::TENANT_BYTES {
            return Err(("S018", format!("the name of a tenant has 1 to {} bytes", limits::TENANT_BYTES)));
        }
        let since = |zone: &Zone| zone.local(Timestamp(recorded_at.saturating_mul(1_000))).0;
        let version = Version::of(&*self.factory, (&published.artefact, published.signer.as_deref()), seq, since)
            .map_err(|problem| ("S011", problem))?;
        let plan = version.plan().clone();
        let tenant = self.tenants.number_or(&published.tenant, Tenant::default);
        let tenant = self.tenants.at_mut(tenant);
        let number = if let Some(number) = tenant.books.number(&plan.name) {
            let book = tenant.books.at_mut(number);
            let old = book.version().plan();
            if (&old.zone, &old.billing, &old.currency, old.kind)
                != (&plan.zone, &plan.billing, &plan.currency, plan.kind)
            {
                let message =
                    "a plan keeps its time zone, billing periods, currency and kind; publish it under another name";
                return Err(("S012", message.into()));
            }
            let said = |plan: &Plan| plan.late.clone();
            let other = said(old) != said(&plan);
            let refused = book.publish(version).map_err(setup)?;
            if let Some((seq, reason)) = refused.iter().next() {
                let message =
                    format!("{} events that count do not fit it, the first is {seq}: {reason}", refused.len());
                return Err(("S013", message));
            }
            // With another grace other usage counts as late: what was issued is looked at again, and what
            // was not because all of it was late.
            if other {
                let again = tenant.billing.issued_for(&plan.name);
                let used = book.used_in_closed();
                book.closes_again(again.into_iter().chain(used));
            }
            number
        } else {
            if tenant.books.len() >= limits::PLANS {
                return Err(("S018", format!("a tenant has at most {} plans", limits::PLANS)));
            }
            let mut book = Book::new(version, self.archive.clone()).map_err(setup)?;
            book.closes_from(recorded_at.saturating_mul(1_000));
            let term = plan.parties.as_ref().map(|parties| parties.term).unwrap_or_default();
            // A contract whose term began in closed periods owes its fees for them.
            if let Some(closed) = book.closed_periods(term.from, term.until) {
                book.closes_again(closed.into_iter().map(|from| (plan.name.clone(), from)));
            } else {
                return Err(too_many_closed());
            }
            tenant.books.number_or(&plan.name, || book)
        };
        // The accounts of a contract are its own.
        if let Some(parties) = &plan.parties {
            let alone = parties.accounts.is_empty().then(|| plan.name.clone());
            for account in parties.accounts.iter().cloned().chain(alone) {
                let member = tenant.books.at_mut(number).member(&account);
                let seats = tenant.seats(&account);
                seats.retain(|seat| seat.book != number);
                seats.push(Seat { book: number, member, days: parties.term });
            }
        }
        Ok(())
    }

    fn subscribe(&mut self, tenant: &str, recorded_at: i64, wanted: &Subscribed) -> Result<(), Refusal> {
        let tenant = self.tenants.get_mut(tenant);
        let found = tenant.and_then(|tenant| tenant.books.number(&wanted.plan).map(|number| (tenant, number)));
        let Some((tenant, number)) = found else {
            return Err(("S019", format!("there is no plan called `{}`; publish it first", wanted.plan)));
        };
        let days = price_value::Span { from: wanted.from, until: wanted.until };
        let mut others = tenant.accounts.get(&wanted.account).into_iter().flatten();
        if let Some(seat) = others.find(|seat| seat.days.overlaps(&days)) {
            let other = tenant.books.name(seat.book);
            return Err(("S020", format!("`{}` is on `{other}` on some of these days", wanted.account)));
        }
        if tenant.accounts.len() >= limits::ACCOUNTS {
            return Err(("S018", format!("a tenant has at most {} accounts", limits::ACCOUNTS)));
        }
        let book = tenant.books.at_mut(number);
        if book.version().plan().parties.is_some() {
            return Err(("S021", format!("`{}` is a contract: it names its accounts itself", wanted.plan)));
        }
        let subscription = Subscription {
            account: wanted.account.clone(),
            from: wanted.from,
            until: wanted.until,
            pool: wanted.pool.clone(),
        };
        let closed = book.closed_periods(wanted.from, wanted.until).ok_or_else(too_many_closed)?;
        let mut again = closed.into_iter().map(|from| (subscription.billed().to_owned(), from)).collect::<Vec<_>>();
        // What was issued for other days of theirs, and for later ones: balances go on from month to month.
        let first = wanted.from.map(|from| book.period(from).from);
        let issued = tenant.billing.issued_to(&wanted.plan, subscription.billed());
        let later = issued.filter(|of| first.is_none_or(|first| first <= *of));
        again.extend(later.map(|from| (subscription.billed().to_owned(), from)));
        let placed = book.version().zone.local(Timestamp(recorded_at.saturating_mul(1_000))).0;
        book.subscribe(subscription, placed).map_err(setup)?;
        book.closes_again(again);
        let member = book.member(&wanted.account);
        tenant.seats(&wanted.account).push(Seat { book: number, member, days });
        Ok(())
    }
}

fn too_many_closed() -> Refusal {
    let most = limits::CLOSED_PERIODS;
    ("S056", format!("more than {most} periods since that day are closed; say a later `from`"))
}

fn setup(error: SetupError) -> Refusal {
    ("S020", error.to_string())
}
