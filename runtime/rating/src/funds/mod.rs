//! Who pays the lines of a period.
//!
//! The days of the period are walked through in order. What a day adds to a line is the line's
//! position at its end (the whole settlement, on what had happened by then) less the position
//! before; so discounts, ladders, caps and rounding are those of the period, and a day that lowers
//! a line gives payments back. Floors and minimums are due with the period's last day.

mod books;
mod counter;
mod desk;
mod host;
mod purse;

pub(crate) use desk::FundsState;

use crate::rater::Rater;
use crate::settle::item::Item;
use crate::settle::{SettleError, Settlement};
use books::rate_line;
use desk::{Bill, Desk};
use host::Tick;
use price_ir::{BalanceIx, CommitmentStatus, CurrencyIx, InterimInvoice, LineKind, LotStatement, OWN, Payment, Plan};
use price_value::{Date, Rational, Rounding};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What payment makes of a period.
pub(crate) struct Settled {
    pub(crate) payment: Payment,
    /// What the invoice asks for.
    pub(crate) due: Rational,
    pub(crate) state: FundsState,
}

impl Rater {
    /// Pays the lines of a period. `items` are its lines at the end; they learn who paid them, and
    /// lines that payment makes are added.
    pub(crate) fn pay(&mut self, s: &Settlement<'_>, items: &mut Vec<Item>) -> Result<Settled, SettleError> {
        let plan = self.plan.clone();
        let host = self.host_days(s);
        let served = (host.first, host.last);
        let before = s.before.map(|carried| &carried.funds);
        let opened = self.opened.get(&s.billed).map_or(&[][..], Vec::as_slice);
        let mut desk = Desk::new(plan.clone(), &host, (served, opened), before);
        let fine: Vec<Option<Rounding>> = plan.lines.iter().enumerate().map(|(i, _)| finest(&plan, i)).collect();
        let mut known: BTreeMap<String, Rational> = BTreeMap::new();
        let mut interim: Vec<InterimInvoice> = Vec::new();
        let deferred_before = desk.deferred();
        let walk = RefCell::default();
        for Tick { until, day, opens, closes, hourly, busy } in host.ticks.iter().copied() {
            if opens {
                desk.open(day);
            }
            if hourly {
                desk.open_hour(day);
            }
            if busy {
                let part;
                let now: &[Item] = match until {
                    None => items,
                    Some(until) => {
                        let mut partial = s.until(until, &walk);
                        part = self.evaluate(&mut partial)?.0;
                        &part
                    }
                };
                for (bill, amount) in bills(now, &fine) {
                    let before = known.insert(bill.name.clone(), amount.clone()).unwrap_or_default();
                    desk.charge(&bill, &(amount - before), day);
                }
            }
            if closes {
                desk.close(day);
                self.interim(&mut desk, &mut interim, day);
            }
        }
        Ok(self.settled(s, desk, items, interim, deferred_before))
    }

    /// An invoice of its own where enough is unbilled.
    fn interim(&self, desk: &mut Desk<'_>, interim: &mut Vec<InterimInvoice>, day: Date) {
        let Some(rule) = &self.plan.funds.interim else { return };
        if desk.unasked() >= rule.at {
            let amount = desk.ask_all(day);
            interim.push(InterimInvoice { day, amount });
        }
    }

    /// The end of the period: lines learn who paid, and what is left is asked for.
    fn settled(
        &self,
        s: &Settlement<'_>,
        mut desk: Desk<'_>,
        items: &mut Vec<Item>,
        interim: Vec<InterimInvoice>,
        deferred_before: Rational,
    ) -> Settled {
        let plan = self.plan.clone();
        let last = s.hull.until.add_days(-1);
        let mut foreign: BTreeMap<CurrencyIx, Rational> = BTreeMap::new();
        let mut due = Rational::ZERO;
        for item in items.iter_mut() {
            let Some(bill) = desk.bills.get(&item.name).cloned() else {
                if item.currency == OWN {
                    due += &item.amount;
                }
                continue;
            };
            item.paid = (0..plan.funds.balances.len() as u32)
                .map(|at| (plan.funds.balances[at as usize].name.clone(), bill.paid_by(BalanceIx(at))))
                .filter(|(_, amount)| !amount.is_zero())
                .collect();
            let unpaid = bill.unpaid();
            if item.currency == OWN {
                // A line that a finer balance pays is rounded where it meets the invoice.
                let asked = plan.rounding.rounding.apply(&unpaid);
                desk.ask(&item.name, last);
                let finer = item.line.and_then(|line| finest(&plan, line.ix()));
                item.settle_at(bill.total() - &unpaid + &asked, finer.as_ref());
                due += &asked;
            } else if !unpaid.is_zero() {
                *foreign.entry(item.currency).or_default() += &unpaid;
                desk.books.block(last, item.currency, &item.name, &unpaid);
            }
        }
        let mut add = |kind, name: String, order, rule, amount: Rational| {
            if !amount.is_zero() {
                due += &amount;
                let mut item = Item::extra(kind, &name, order, rule, amount.clone());
                item.amount = amount;
                items.push(item);
            }
        };
        let round = |amount: &Rational| plan.rounding.rounding.apply(amount);
        let mut rates = Vec::new();
        for (at, balance) in plan.funds.balances.iter().enumerate() {
            for what in ["grant", "instalment", "top-up"] {
                let own = desk.purchases.iter().filter(|p| p.balance.ix() == at && p.what == what);
                let amount = own.map(|p| &p.amount).sum();
                add(LineKind::Purchase, format!("{} {what}", balance.name), balance.order, balance.rule, amount);
            }
            // The lines it paid stand at contract prices, and so does what it paid of them: the rate
            // takes its part off both, and asks for nothing.
            let saved = -&desk.saved[at];
            if !saved.is_zero() {
                let mut item = Item::extra(
                    LineKind::Commitment,
                    &rate_line(&balance.name),
                    balance.order,
                    balance.rule,
                    saved.clone(),
                );
                (item.amount, item.paid) = (saved.clone(), vec![(balance.name.clone(), saved)]);
                rates.push(item);
            }
            let over = round(&desk.over_balance[at]);
            let name = format!("{} overage", balance.name);
            desk.books.invoice(last, &name, &over);
            add(LineKind::Commitment, name, balance.order, balance.rule, over);
        }
        for (at, rule) in plan.funds.commitments.iter().enumerate() {
            let own = desk.true_ups.iter().filter(|(c, _, _)| c.ix() == at);
            let amount: Rational = own.map(|(_, _, amount)| amount).sum();
            let name = format!("{} true-up", rule.name);
            if rule.shortfall == price_ir::Shortfall::Forfeited {
                desk.books.invoice(last, &name, &amount);
            }
            add(LineKind::TrueUp, name, rule.order, rule.rule, amount);
            let over = round(&desk.over_commitment[at]);
            let name = format!("{} overage", rule.name);
            desk.books.invoice(last, &name, &over);
            add(LineKind::Commitment, name, rule.order, rule.rule, over);
        }
        for conversion in &plan.funds.conversions {
            let Some(units) = foreign.remove(&conversion.currency) else { continue };
            let name = format!("{} conversion", plan.currency_at(conversion.currency).0.code);
            let amount = round(&(&units * &conversion.rate));
            desk.books.convert(last, conversion.currency, &name, &units, &amount);
            add(LineKind::Conversion, name, conversion.order, conversion.rule, amount);
        }
        items.extend(rates);
        due -= &interim.iter().map(|i| &i.amount).sum::<Rational>();
        let payment = self.statement(desk, s, interim, foreign, deferred_before);
        Settled { payment: payment.0, due, state: payment.1 }
    }

    fn statement(
        &self,
        mut desk: Desk<'_>,
        s: &Settlement<'_>,
        interim: Vec<InterimInvoice>,
        foreign: BTreeMap<CurrencyIx, Rational>,
        deferred_before: Rational,
    ) -> (Payment, FundsState) {
        let last = s.hull.until.add_days(-1);
        for (statement, purse) in desk.statements.iter_mut().zip(&desk.state.purses) {
            statement.closed = purse.balance();
            let shown = |lot: &&purse::Lot| lot.left.is_positive() || lot.came >= s.period.from;
            statement.lots = purse
                .lots
                .iter()
                .filter(shown)
                .map(|lot| LotStatement {
                    name: lot.name.clone(),
                    came: lot.came,
                    gone: lot.gone,
                    amount: lot.amount.clone(),
                    left: lot.left.clone(),
                    cost: lot.cost.clone(),
                })
                .collect();
        }
        let mut commitments = Vec::new();
        for (at, rule) in self.plan.funds.commitments.iter().enumerate() {
            let Some((stretch, amount, excess)) = desk.status(at, last) else { continue };
            let own = desk.true_ups.iter().filter(|(c, _, _)| c.ix() == at);
            commitments.push(CommitmentStatus {
                name: rule.name.clone(),
                from: stretch.from,
                until: stretch.until,
                amount,
                counted: desk.counted[at].clone(),
                total: desk.state.counters[at].total(),
                true_ups: own.map(|(_, day, amount)| (*day, amount.clone())).collect(),
                excess,
            });
        }
        let mut revenue = desk.books.revenue.clone();
        revenue.deferred = desk.deferred();
        revenue.deferred_before = deferred_before;
        let payment = Payment {
            balances: desk.statements,
            commitments,
            ledger: desk.books.entries,
            interim,
            revenue,
            unpaid: foreign.into_iter().collect(),
        };
        (payment, desk.state)
    }
}

/// The lines that are paid, in the order of payment: fees in advance, then the others as they
/// stand on the invoice. Amounts are rounded as the line is, or as finely as a balance that may
/// pay it asks for.
fn bills(items: &[Item], fine: &[Option<Rounding>]) -> Vec<(Bill, Rational)> {
    let mut order: Vec<&Item> = items.iter().collect();
    order.sort_by(|a, b| (!a.ahead, a.order, &a.name).cmp(&(!b.ahead, b.order, &b.name)));
    let bill = |item: &Item| {
        let finer = item.line.and_then(|line| fine[line.ix()].as_ref());
        let amount = finer.map_or_else(|| item.amount.clone(), |rounding| rounding.apply(&item.exact()));
        let lifts = item.lifts.as_ref().map_or_else(Vec::new, |(lines, _)| lines.clone());
        let (name, parts, asked) = (item.name.clone(), Vec::new(), Default::default());
        (Bill { name, line: item.line, lifts, currency: item.currency, parts, asked }, amount)
    };
    order.into_iter().map(bill).collect()
}

/// The finest precision of the balances that may pay a line, if any is finer than its rounding.
fn finest(plan: &Plan, line: usize) -> Option<Rounding> {
    let pays = |b: &&price_ir::Balance| b.pays.iter().any(|l| l.ix() == line);
    let precise = plan.funds.balances.iter().filter(pays).filter_map(|b| b.precise.clone());
    precise.min_by(|a, b| a.step.cmp(&b.step))
}
