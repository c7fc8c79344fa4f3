//! What one period leaves to the next: lots, and totals of windows longer than a period.
//!
//! A plan that carries nothing is settled period by period on its own. For the others earlier
//! periods are settled first, and what they left is remembered until more rows arrive.

use super::SettleError;
use crate::cells::CellAt;
use crate::funds::FundsState;
use crate::limits::CHAIN_MAX;
use crate::lots::Lots;
use crate::period::Stretch;
use crate::rater::Rater;
use price_ir::Invoice;
use price_value::{Date, Period, Rational};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a settled period leaves.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Carried {
    /// Per allowance: the last window so far and what is left in it.
    pub(crate) lots: Vec<Option<(Stretch, Lots)>>,
    /// Totals of windows that go on.
    pub(crate) running: Running,
    /// Balances and commitments.
    pub(crate) funds: FundsState,
}

/// Totals inside windows longer than a billing period, with the window's first day.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Running {
    /// Covered quantity by line and cell.
    pub(crate) covered: BTreeMap<(u32, CellAt), (Option<Date>, Rational)>,
    /// Amount after a line's clamp, by line and clamp.
    pub(crate) clamps: BTreeMap<(u32, u32), (Option<Date>, Rational)>,
    /// Amount of a group after its clamp.
    pub(crate) groups: BTreeMap<u32, (Option<Date>, Rational)>,
}

impl Running {
    /// A total of the window that began on `from`; zero if the one kept is of another window.
    pub(crate) fn of<K: Ord>(map: &BTreeMap<K, (Option<Date>, Rational)>, key: &K, from: Option<Date>) -> Rational {
        map.get(key).filter(|(window, _)| *window == from).map(|(_, total)| total.clone()).unwrap_or_default()
    }
}

/// What settled periods left, by billed subject and first day.
#[derive(Debug, Default)]
pub(crate) struct Memo(FxHashMap<u32, BTreeMap<Date, Arc<Carried>>>);

impl Memo {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn forget(&mut self, billed: u32) {
        self.0.remove(&billed);
    }

    fn latest_before(&self, billed: u32, date: Date) -> Option<(Date, Arc<Carried>)> {
        let (from, carried) = self.0.get(&billed)?.range(..date).next_back()?;
        Some((*from, carried.clone()))
    }

    fn keep(&mut self, billed: u32, date: Date, carried: Arc<Carried>) {
        self.0.entry(billed).or_default().insert(date, carried);
    }
}

impl Rater {
    /// Settles a period after all earlier ones it depends on.
    pub(crate) fn settle_chain(&mut self, billed: u32, period: Period) -> Result<Invoice, SettleError> {
        if !self.layout.chained {
            return Ok(self.settle(billed, period, None)?.0);
        }
        let first = self.first_day(billed).map(|day| self.period_of(day));
        // Before the first period nothing is carried, and nothing of it is kept: an invoice does not
        // depend on which others were asked for.
        let Some(first) = first.filter(|first| first.from <= period.from) else {
            return Ok(self.settle(billed, period, None)?.0);
        };
        let (mut at, mut before) = match self.memo.latest_before(billed, period.from) {
            Some((from, carried)) => {
                let known = self.period_of(from);
                (self.time.billing.next(&self.time.zone, &known), Some(carried))
            }
            None => (first, None),
        };
        for _ in 0..CHAIN_MAX {
            let settled = self.settle(billed, at, before.as_deref());
            if at.from >= period.from {
                let (invoice, carried) = settled?;
                self.memo.keep(billed, at.from, Arc::new(carried));
                return Ok(invoice);
            }
            match settled {
                Ok((_, carried)) => {
                    let carried = Arc::new(carried);
                    self.memo.keep(billed, at.from, carried.clone());
                    before = Some(carried);
                }
                // Nothing is served and nothing changes; what was carried goes on.
                Err(SettleError::NotServed { .. }) => {}
                Err(other) => return Err(other),
            }
            at = self.time.billing.next(&self.time.zone, &at);
        }
        let subject = self.accounts.billed[billed as usize].name.clone();
        Err(SettleError::TooFarBack { subject, max: CHAIN_MAX })
    }

    /// Periods of a subject that end by a day, from its first one on, in order.
    pub(crate) fn periods_until(&mut self, subject: &str, until: Date) -> Vec<Period> {
        let billed = self.accounts.resolve(subject);
        let Some(first) = self.first_day(billed) else { return Vec::new() };
        let (billing, zone) = (&self.time.billing, &self.time.zone);
        let all = std::iter::successors(Some(self.period_of(first)), |p| Some(billing.next(zone, p)));
        all.take(CHAIN_MAX).take_while(|p| p.until <= until).collect()
    }

    /// [`Rater::close`], or nothing where the subject is not served.
    pub(crate) fn closed(&mut self, subject: &str, period: &Period) -> Result<Option<Invoice>, SettleError> {
        match self.close(subject, period) {
            Ok(invoice) => Ok(Some(invoice)),
            Err(SettleError::NotServed { .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }
}
