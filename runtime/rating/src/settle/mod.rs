//! From cells to an invoice.
//!
//! Order inside a period: quantities; usage discounts and allowances; price functions cell by
//! cell; floors and ceilings of the line; discounts in text order; shares of other lines;
//! minimums and caps, inner scope first; proration; rounding. Every change is a
//! [`price_ir::Step`], so that an invoice can be explained from itself.

mod attribute;
pub(crate) mod chain;
mod clamps;
mod discounts;
mod draws;
mod fees;
pub(crate) mod item;
mod level_fee;
mod names;
mod quantities;
mod ratchet;
mod rounding;
mod scale;
pub(crate) mod tiers;
mod usage;
pub(crate) mod walk;

use crate::rater::Rater;
use chain::{Carried, Running};
use item::Item;
use price_ir::{AllowanceUse, Charge, Fault, Invoice, Line, LineIx, LineKind, Proration, SinkIx, Step};
use price_value::{Period, Rational, Timestamp};
use std::cell::RefCell;
use walk::Walk;

/// Why there is no invoice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettleError {
    /// The subject is not served on any day of the period.
    #[error("`{subject}` is not served in {period}")]
    NotServed {
        /// Billed subject.
        subject: String,
        /// Billing period.
        period: String,
    },
    /// A function has no value.
    #[error("`{line}`: {fault}")]
    Fault {
        /// Line.
        line: String,
        /// What the engine says.
        fault: Fault,
    },
    /// More labels than `any text at most N` allows.
    #[error("`{subject}` has more than {max} labels of `{dimension}`")]
    TooManyLabels {
        /// Billed subject.
        subject: String,
        /// Dimension.
        dimension: String,
        /// The declared limit.
        max: u32,
    },
    /// More values than a cell keeps.
    #[error("`{sink}` has more than {max} values in one cell")]
    TooManyValues {
        /// Meter.
        sink: String,
        /// The limit.
        max: usize,
    },
    /// Something is carried over more periods than one settlement goes back through.
    #[error("`{subject}` began more than {max} periods ago; what it carried cannot be followed that far")]
    TooFarBack {
        /// Billed subject.
        subject: String,
        /// The limit.
        max: usize,
    },
}

/// A subject's period while it is being settled.
pub(crate) struct Settlement<'a> {
    pub(crate) billed: u32,
    pub(crate) period: Period,
    /// First to last served day.
    pub(crate) hull: Period,
    /// What earlier periods left.
    pub(crate) before: Option<&'a Carried>,
    /// What this one leaves.
    pub(crate) after: Carried,
    /// Only what happened before this instant counts, and what is due with the period's end is
    /// not due yet. None: the whole period.
    pub(crate) upto: Option<i64>,
    /// What looks at earlier instants of the period have read.
    pub(crate) walk: Option<&'a RefCell<Walk>>,
}

impl<'a> Settlement<'a> {
    /// The same period as it stood at an instant that is not before those that `walk` has seen.
    pub(crate) fn until<'b>(&self, upto: i64, walk: &'b RefCell<Walk>) -> Settlement<'b>
    where
        'a: 'b,
    {
        Settlement { after: Carried::default(), upto: Some(upto), walk: Some(walk), ..*self }
    }

    /// Whether the period is looked at as a whole, with what is due at its end.
    pub(crate) fn whole(&self) -> bool {
        self.upto.is_none()
    }
}

impl Rater {
    /// The invoice of one billed subject (account or pool) for one period. May be asked again,
    /// and before the period's last row: the answer is a function of the rows so far.
    ///
    /// A subject without usage has an invoice too: fees and minimums do not need any.
    pub fn close(&mut self, subject: &str, period: &Period) -> Result<Invoice, SettleError> {
        let billed = self.accounts.resolve(subject);
        let period = self.period_of(period.from);
        for (index, dimension) in self.plan.dimensions.iter().enumerate() {
            if let price_ir::DimensionKind::Open { at_most } = dimension.kind
                && self.label_count.get(&(billed, index as u32)).is_some_and(|count| *count > at_most)
            {
                return Err(SettleError::TooManyLabels {
                    subject: subject.into(),
                    dimension: dimension.name.clone(),
                    max: at_most,
                });
            }
        }
        self.settle_chain(billed, period)
    }

    /// Settles one period on top of what earlier ones left.
    pub(crate) fn settle(
        &mut self,
        billed: u32,
        period: Period,
        before: Option<&Carried>,
    ) -> Result<(Invoice, Carried), SettleError> {
        let subject = &self.accounts.billed[billed as usize];
        let Some(hull) = subject.served.hull(&self.time.zone, &period) else {
            return Err(SettleError::NotServed { subject: subject.name.clone(), period: period.to_string() });
        };
        if let Some(at) = self.sinks.iter().position(|sink| sink.levels.overflown(billed)) {
            let line = self.plan.sinks[at].name.clone();
            return Err(SettleError::Fault { line, fault: Fault::Overflow });
        }
        let mut s = Settlement { billed, period, hull, before, after: Carried::default(), upto: None, walk: None };
        let (mut items, allowances) = self.evaluate(&mut s)?;
        self.attribute(&s, &mut items);
        let mut paid = None;
        if !self.plan.funds.is_empty() {
            let settled = self.pay(&s, &mut items)?;
            s.after.funds = settled.state;
            paid = Some((settled.due, Box::new(settled.payment)));
        }
        items.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
        let lines: Vec<_> = items.into_iter().filter(Item::shows).map(Item::into_line).collect();
        let total: Rational = lines.iter().filter(|l| l.currency == price_ir::OWN).map(|l| &l.amount).sum();
        let (due, payment) = match paid {
            Some((due, payment)) => (due, Some(payment)),
            None => (total.clone(), None),
        };
        let invoice = Invoice {
            account: self.accounts.billed[billed as usize].name.clone(),
            period,
            served: hull,
            due,
            total,
            lines,
            allowances,
            payment,
            entitlements: self.entitlements_of(billed, Timestamp(hull.end.0 - 1))?,
        };
        Ok((invoice, s.after))
    }

    /// The lines of a period with their rounded amounts, and what allowances did.
    pub(crate) fn evaluate(&mut self, s: &mut Settlement<'_>) -> Result<(Vec<Item>, Vec<AllowanceUse>), SettleError> {
        let plan = self.plan.clone();
        let mut works = self.usage_works(s)?;
        let allowances = self.draw(s, &mut works)?;
        self.carry_covered(s, &works);
        let mut items: Vec<Option<Item>> = plan.lines.iter().map(|_| None).collect();
        let late = |line: &Line, items: &[Option<Item>]| match &line.charge {
            Charge::Share { of, after_discounts, .. } => *after_discounts || of.iter().any(|l| items[l.ix()].is_none()),
            _ => false,
        };
        // Lines whose base is known before discounts, then discounts, then shares of what is left.
        for (index, line) in plan.lines.iter().enumerate() {
            if !late(line, &items) {
                items[index] = Some(self.item(s, LineIx(index as u32), &mut works, &items)?);
            }
        }
        let mut spent = vec![Rational::ZERO; plan.discounts.len()];
        let early: Vec<bool> = items.iter().map(Option::is_some).collect();
        self.discount(s, &mut items, &early, &mut spent);
        for (index, line) in plan.lines.iter().enumerate() {
            if items[index].is_none() {
                debug_assert!(matches!(line.charge, Charge::Share { .. }));
                items[index] = Some(self.item(s, LineIx(index as u32), &mut works, &items)?);
            }
        }
        let rest: Vec<bool> = early.iter().map(|e| !e).collect();
        self.discount(s, &mut items, &rest, &mut spent);
        let mut items: Vec<Item> = items.into_iter().flatten().collect();
        let caps = self.clamp_groups(s, &mut items);
        for item in &mut items {
            self.prorate(s, item);
        }
        self.round(&mut items, &caps);
        Ok((items, allowances))
    }

    /// One line up to its own floors and ceilings.
    fn item(
        &mut self,
        s: &mut Settlement<'_>,
        index: LineIx,
        works: &mut [Option<quantities::Work>],
        items: &[Option<Item>],
    ) -> Result<Item, SettleError> {
        let plan = self.plan.clone();
        let line = &plan.lines[index.ix()];
        let fault = |fault| SettleError::Fault { line: line.name.clone(), fault };
        let mut item = match &line.charge {
            Charge::Fee(fee) => match fee.level {
                Some(level) => self.level_fee(s, index, fee, level),
                None => self.fee(s, index, fee),
            },
            Charge::Usage(usage) => {
                let work = works[index.ix()].take().unwrap_or_default();
                self.usage_item(s, index, usage, work).map_err(fault)?
            }
            Charge::Events(sink) => self.events_item(s, index, *sink),
            Charge::Share { of, after_discounts, amount } => {
                let known = of.iter().filter_map(|l| items[l.ix()].as_ref());
                let base: Rational = known.map(|i| if *after_discounts { i.exact() } else { i.before.clone() }).sum();
                let mut item = Item::new(LineKind::Share, index, line);
                item.rest = amount.at(&base).map_err(fault)?;
                item.used = !item.rest.is_zero();
                item.gross = item.rest.clone();
                item
            }
        };
        self.clamp_line(s, &mut item, line);
        if line.rebate {
            item.negate();
        }
        item.before = item.exact();
        Ok(item)
    }

    /// The amounts of events, cell by cell.
    fn events_item(&mut self, s: &Settlement<'_>, index: LineIx, sink: SinkIx) -> Item {
        let plan = self.plan.clone();
        let reads = self.read_upto(s, sink);
        usage::events(self, s, Item::new(LineKind::Events, index, &plan.lines[index.ix()]), sink, reads)
    }

    /// A line that scales with the days of a partial period. Fees did that window by window.
    fn prorate(&self, s: &Settlement<'_>, item: &mut Item) {
        let Some(line) = item.line else { return };
        let line = &self.plan.lines[line.ix()];
        if line.prorate == Proration::Never || matches!(line.charge, Charge::Fee(_)) {
            return;
        }
        let (served, days) = (self.served_days(s), s.period.days());
        if served == days {
            return;
        }
        let exact = item.exact();
        let change = &exact * &Rational::new(i128::from(served - days), i128::from(days.max(1)));
        item.step(Step { label: format!("prorated {served}/{days} days"), change, rule: Some(line.rule) }, None);
    }

    /// The cells of a sink in the period, as far as it is looked at.
    fn read_upto(&mut self, s: &Settlement<'_>, sink: SinkIx) -> Vec<crate::cells::Read> {
        let (Some(upto), Some(walk)) = (s.upto, s.walk) else { return self.read(sink, s.billed, &s.period) };
        let mut walk = walk.borrow_mut();
        if !walk.knows(sink) {
            let all = self.read(sink, s.billed, &s.period);
            walk.enter(sink, all, walk::merges(&self.plan, &self.time, sink, &s.period));
        }
        walk.upto(sink, &self.plan.sinks[sink.ix()].fold, upto)
    }

    /// Days of the period on which the subject is served.
    fn served_days(&self, s: &Settlement<'_>) -> i64 {
        self.accounts.billed[s.billed as usize].served.count(s.period.from, s.period.until)
    }

    fn running<'a>(&self, s: &Settlement<'a>) -> Option<&'a Running> {
        s.before.map(|carried| &carried.running)
    }
}
