//! The clock of contracts: what is due is issued.

use super::Billing;
use super::closing::Run;
use super::entry::{BillingEntry, Closed, PeriodOf, SlotOf};
use super::issue::{self, Draft};
use super::settings::Finalising;
use crate::book::Book;
use crate::entry::Entry;
use crate::group::{Group, Made};
use crate::limits;
use crate::machine::{Machine, Tenant};
use crate::notify::{self, Noticed, NotifyEntry, Notifying};
use crate::planted::{self, Bug};
use price_value::{Period, Timestamp};

impl Machine {
    /// The instant from which on a [`crate::Command::Tick`] has something to do, in microseconds.
    pub fn due_at(&mut self) -> i64 {
        if let Some(due) = self.due {
            return due;
        }
        let mut first = i64::MAX;
        for (_, tenant) in self.tenants.iter() {
            for (_, book) in tenant.books.iter() {
                let due = tenant.billing.due(book).div_euclid(1_000);
                first = first.min(match tenant.billing.clock {
                    Some(clock) if due <= clock => i64::MIN,
                    Some(_) => i64::MAX,
                    None => due,
                });
            }
        }
        self.due = Some(first);
        first
    }

    /// Issues what is due, as much as is done at once; whether there is more.
    pub(crate) fn tick(&mut self, group: &mut Group) -> bool {
        let mut room = limits::CLOSED_TOGETHER;
        let mut due: Vec<(u32, u32)> = Vec::new();
        for (name, tenant) in self.tenants.iter() {
            let now = tenant.billing.clock.unwrap_or(group.recorded_at).saturating_mul(1_000);
            let books = tenant.books.iter().filter(|(_, book)| tenant.billing.due(book) <= now);
            let number = |name: &str| self.tenants.number(name).expect("it was listed");
            due.extend(books.filter_map(|(plan, _)| Some((number(name), tenant.books.number(plan)?))));
        }
        let mut more = false;
        for (tenant, book) in due {
            let whose = self.tenants.name(tenant).to_string();
            let Tenant { books, billing, notifying, .. } = self.tenants.at_mut(tenant);
            let plan = books.name(book).to_string();
            let now = billing.clock.unwrap_or(group.recorded_at).saturating_mul(1_000);
            let book = books.at_mut(book);
            more |= Close { group, tenant: &whose, plan: &plan, billing, notifying, book, now }.some(&mut room);
        }
        self.due = None;
        more
    }
}

impl Billing {
    /// The instant from which on a plan has something to be issued, in nanoseconds.
    fn due(&self, book: &Book) -> i64 {
        if !book.closes.again.is_empty() {
            return i64::MIN;
        }
        self.ends_at(book).min(self.closes_at(book))
    }

    /// The instant at which the next period of a plan ends and is to be told, in nanoseconds.
    fn ends_at(&self, book: &Book) -> i64 {
        book.ends_at(self.settings.finalising == Finalising::Approved)
    }

    /// Whether a period that ended is neither closed nor to be closed by now: it can be looked at.
    fn is_draft(&self, book: &Book, period: &Period, now: i64) -> bool {
        let approved = self.settings.finalising == Finalising::Automatic
            || self.approved.is_some_and(|until| period.until <= until);
        let over = book.version().zone.start_of(book.closing_day(period)).0 <= now;
        book.closes.until < period.until && !(approved && over)
    }

    /// The instant from which on the next period of a plan is closed, in nanoseconds.
    fn closes_at(&self, book: &Book) -> i64 {
        match self.settings.finalising {
            Finalising::Automatic => book.closes.due,
            Finalising::Approved => {
                let next = book.period(book.closes.until);
                let approved = self.approved.is_some_and(|until| next.until <= until);
                if approved || planted::is(Bug::ApproveNothing) { book.closes.due } else { i64::MAX }
            }
        }
    }
}

/// Closing of one plan.
struct Close<'m> {
    group: &'m mut Group,
    tenant: &'m str,
    plan: &'m str,
    billing: &'m mut Billing,
    notifying: &'m mut Notifying,
    book: &'m mut Book,
    /// In nanoseconds.
    now: i64,
}

impl Close<'_> {
    /// Goes on while there is room; whether there is more to do.
    fn some(&mut self, room: &mut usize) -> bool {
        while self.billing.due(self.book) <= self.now {
            if *room == 0 {
                return true;
            }
            if let Some((billed, from)) = self.book.closes.again.pop_first() {
                *room -= 1;
                let period = self.book.period(from);
                let drafts = issue::again(self.billing, self.plan, self.book, &billed, &period);
                if drafts.is_empty() {
                    self.push(BillingEntry::Same(SlotOf { plan: self.plan.into(), billed, from }));
                }
                self.issue(drafts);
                continue;
            }
            if self.billing.ends_at(self.book) <= self.now {
                *room -= 1;
                self.end();
                continue;
            }
            if self.book.closes.run.is_none() {
                let period = self.book.period(self.book.closes.until);
                let left = self.book.billed_in(&period);
                self.book.closes.run = Some(Run { period, left });
            }
            let Some(run) = &mut self.book.closes.run else { continue };
            let period = run.period;
            match run.left.pop_front() {
                // Done before the process ended the last time.
                Some(billed) if self.billing.has_issued(self.plan, &billed, period.from) => {}
                Some(billed) => {
                    *room -= 1;
                    let drafts = issue::close(self.billing, self.plan, self.book, &billed, &period);
                    self.issue(drafts);
                }
                None => {
                    *room -= 1;
                    self.push(BillingEntry::Closed(Closed { plan: self.plan.into(), until: period.until }));
                }
            }
        }
        false
    }

    /// Tells the next draft of a period that ended, or that there is none any more.
    fn end(&mut self) {
        let period = self.book.period(self.book.closes.ended);
        if self.notifying.wants_drafts() && self.billing.is_draft(self.book, &period, self.now) {
            let mut run = match self.book.closes.drafting.take() {
                Some(run) => run,
                None => {
                    let mut left = self.book.billed_in(&period);
                    // Told before the process ended the last time.
                    left.retain(|billed| self.book.closes.drafted.as_ref().is_none_or(|told| told < billed));
                    Run { period, left }
                }
            };
            let next = run.left.pop_front();
            self.book.closes.drafting = Some(run);
            if let Some(billed) = next {
                if let Some(draft) = issue::draft(self.billing, self.plan, self.book, &billed, &period) {
                    self.tell(&draft);
                }
                return;
            }
        }
        let (plan, from, until) = (self.plan.into(), period.from, period.until);
        self.push(BillingEntry::Ended(PeriodOf { plan, from, until, each: true }));
    }

    fn tell(&mut self, draft: &notify::Draft) {
        let seq = self.group.next();
        let (notice, billed) = (draft.notice(self.now.div_euclid(1_000)), draft.billed.clone());
        // In a run each is told once; what is kept of it is up to whom.
        let (of, mark, until) = (self.plan.to_owned(), draft.period.0.to_string(), i64::MIN);
        let noticed = Noticed { notice, billed, of, mark, until };
        self.book.closes.drafted_to(&noticed.billed);
        self.notifying.keep_draft(seq, &noticed);
        let entry = Entry::Notify(self.tenant.to_owned(), NotifyEntry::Notice(noticed));
        self.group.entries.push(Made::Entry(entry));
    }

    fn issue(&mut self, drafts: Vec<Draft>) {
        let today = self.book.version().zone.local(Timestamp(self.now)).0;
        for draft in drafts {
            let entry = draft.entry(self.billing, today, self.group.next() - 1);
            self.push(entry);
        }
    }

    /// What was decided is carried out as a replay carries it out.
    fn push(&mut self, entry: BillingEntry) {
        let seq = self.group.next();
        let at = (seq, self.now.div_euclid(1_000));
        issue::carry_out(self.billing, self.notifying, Some(self.book), at, &entry);
        self.group.entries.push(Made::Entry(Entry::Billing(self.tenant.to_owned(), entry)));
    }
}
