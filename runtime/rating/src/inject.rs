//! Quantities and levels that do not come from rows: `given` lines of tests, and the levels that
//! were held before a plan took over.

use crate::cells::CellAt;
use crate::layout::regime_on;
use crate::levels::{Held, Holder, Part};
use crate::rater::{InjectError, Rater, When};
use price_ir::{BalanceIx, CellRule, Charge, Cond, DimIx, KeyIx, Sink, SinkIx};
use price_value::{Date, Period, Rational, Timestamp};
use serde::{Deserialize, Serialize};

/// What a balance held when its subject came from another system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpeningLot {
    /// What is left of it, in the balance's currency; above zero.
    pub units: Rational,
    /// What was paid for that, in the plan's currency; zero for what was given away.
    pub cost: Rational,
    /// First day on which it is gone.
    pub gone: Option<Date>,
}

/// Where a given quantity goes in one sink.
struct Target {
    sink: SinkIx,
    at: CellAt,
    /// The cell of what holds the level; the dimension that is not named otherwise.
    part: Result<CellAt, DimIx>,
    codes: Vec<u32>,
}

impl Rater {
    /// Adds an aggregated quantity, in the meter's display unit, to every sink of a meter whose
    /// scope holds for `labels` (dimension and label). For an average the quantity is the
    /// average, for `unique` a count of texts not seen otherwise, for `max` a candidate; for
    /// `last`, percentiles and means the latest given counts.
    ///
    /// Every dimension that some price depends on has to be named.
    pub fn inject(
        &mut self,
        account: &str,
        period: &Period,
        meter: &str,
        labels: &[(&str, &str)],
        quantity: &Rational,
        when: When,
    ) -> Result<(), InjectError> {
        let targets = self.targets(meter, labels)?;
        let account = self.accounts.account(account);
        let billed = self.accounts.accounts[account as usize].billed;
        let period = self.period_of(period.from);
        let index = self.time.index(&period);
        let served = self.accounts.billed[billed as usize].served.days_in(period.from, period.until);
        let first = served.first().map_or(period.start.0, |(day, _)| self.time.zone.start_of(*day).0);
        let instants: Vec<i64> = match when {
            When::Sometime => vec![first],
            When::At(at) if period.contains(at) => vec![at.0],
            When::At(_) => return Err(InjectError::OutsidePeriod(period)),
            When::Each(window) => {
                let within = crate::period::Stretch { from: first, until: period.end.0 };
                let windows = self.time.windows(window, within);
                windows.into_iter().map(|w| w.from.max(first)).collect()
            }
        };
        let plan = self.plan.clone();
        for (target, at) in targets.iter().flat_map(|t| instants.iter().map(move |at| (t, at))) {
            let sold = plan.lines.iter().all(|line| match &line.charge {
                Charge::Usage(usage) if usage.sink == target.sink => {
                    let date = if usage.split_period { self.time.date(*at) } else { period.until.add_days(-1) };
                    regime_on(&usage.rules, date).cells[target.at.cell as usize] != CellRule::NotSold
                }
                _ => true,
            });
            if !sold {
                return Err(InjectError::NotSold { meter: meter.into() });
            }
        }
        let slot = self.slots.slot(billed, index);
        for target in targets {
            let sink = &plan.sinks[target.sink.ix()];
            let raw = quantity / &sink.quantum;
            self.see_labels(target.sink, billed, &target.codes);
            for at in &instants {
                let cells = &mut self.sinks[target.sink.ix()].cells;
                let slice = cells.slicing.at(&self.time, &period, *at);
                let lane = cells.lane(slot, slice.from);
                cells.give(lane, target.at, &raw, &sink.fold);
                if self.layout.sinks[target.sink.ix()].accounts {
                    let own = self.whose.entry((slot, target.sink.0)).or_default();
                    *own.entry(account).or_default() += &raw;
                }
            }
        }
        self.memo.forget(billed);
        Ok(())
    }

    /// Sets the level that a meter's cell holds from `at` on, as if an event had said so (cut-over
    /// from another system). Levels that are finer than the meter keeps are refused.
    pub fn open_level(
        &mut self,
        account: &str,
        meter: &str,
        labels: &[(&str, &str)],
        level: &Rational,
        at: Timestamp,
    ) -> Result<(), InjectError> {
        let targets = self.targets(meter, labels)?;
        let account = self.accounts.account(account);
        let billed = self.accounts.accounts[account as usize].billed;
        let plan = self.plan.clone();
        let period = self.time.at(at.0);
        self.slots.slot(billed, period);
        for target in targets {
            let sink = &plan.sinks[target.sink.ix()];
            if !self.layout.sinks[target.sink.ix()].level {
                return Err(InjectError::NoLevel { meter: meter.into() });
            }
            let raw = level / &sink.quantum;
            let value = raw.to_i128().and_then(|v| i64::try_from(v).ok());
            let value = value.ok_or_else(|| InjectError::NotExact { meter: meter.into() })?;
            self.see_labels(target.sink, billed, &target.codes);
            // A level of all labels together would be that of none.
            let part = target.part.map_err(|dim| InjectError::MissingDimension {
                meter: meter.into(),
                dimension: plan.dimensions[dim.ix()].name.clone(),
            })?;
            let served = &self.accounts.billed[billed as usize].instants;
            let state = &mut self.sinks[target.sink.ix()];
            let value = state.levels.sum(billed, target.at, Part { account, at: part }, value);
            state.levels.set(
                &mut state.cells,
                &mut self.time,
                &mut self.slots,
                Holder { fold: &sink.fold, billed, served },
                Held { at: target.at, value, since: at.0 },
            );
        }
        self.memo.forget(billed);
        Ok(())
    }

    /// Puts a lot into a balance on the first day its subject is served: what another system left
    /// (cut-over). Its cost was paid there.
    pub fn open_balance(&mut self, account: &str, balance: &str, lot: OpeningLot) -> Result<(), InjectError> {
        let at = self.plan.funds.balances.iter().position(|b| b.name == balance);
        let at = at.ok_or_else(|| InjectError::NoBalance { balance: balance.into() })?;
        let account = self.accounts.account(account);
        let billed = self.accounts.accounts[account as usize].billed;
        let dead = lot.gone.zip(self.accounts.since(billed)).is_some_and(|(gone, first)| gone <= first);
        if !lot.units.is_positive() || lot.cost.is_negative() || dead {
            return Err(InjectError::BadLot { balance: balance.into() });
        }
        self.opened.entry(billed).or_default().push((BalanceIx(at as u32), lot));
        self.memo.forget(billed);
        Ok(())
    }

    /// The sinks of a meter that labels reach, with the cell in each.
    fn targets(&mut self, meter: &str, labels: &[(&str, &str)]) -> Result<Vec<Target>, InjectError> {
        let plan = self.plan.clone();
        let mut known = vec![false; labels.len()];
        let mut out = Vec::new();
        let mut any = false;
        for (index, sink) in plan.sinks.iter().enumerate().filter(|(_, s)| s.meter == meter && !meter.is_empty()) {
            any = true;
            let codes = self.codes(sink, labels, &mut known)?;
            let missing = |key: KeyIx| InjectError::MissingDimension {
                meter: meter.into(),
                dimension: plan.dimensions[sink.keys[key.ix()].dim.ix()].name.clone(),
            };
            if !holds(&sink.scope, &codes).map_err(missing)? {
                continue;
            }
            for (place, key) in sink.keys.iter().enumerate() {
                if key.in_cell && codes[place].is_none() {
                    return Err(missing(KeyIx(place as u32)));
                }
            }
            let sink_ix = SinkIx(index as u32);
            let (at, open) = self.cell_at(sink_ix, &codes);
            let part = match sink.parts {
                None => Ok(at),
                Some(parts) => {
                    let codes = self.codes(&plan.sinks[parts.ix()], labels, &mut known)?;
                    let keys = plan.sinks[parts.ix()].keys.iter().zip(&codes);
                    let lacks = keys.filter(|(key, code)| key.in_cell && code.is_none()).map(|(key, _)| key.dim).next();
                    lacks.map_or_else(|| Ok(self.cell_at(parts, &codes).0), Err)
                }
            };
            out.push(Target { sink: sink_ix, at, part, codes: open });
        }
        if !any {
            return Err(InjectError::UnknownMeter(meter.into()));
        }
        if let Some(index) = known.iter().position(|k| !k) {
            return Err(InjectError::UnknownDimension { meter: meter.into(), dimension: labels[index].0.into() });
        }
        Ok(out)
    }

    /// The labels of a sink's keys among those that are named, and which of the names it knows.
    fn codes(
        &mut self,
        sink: &Sink,
        labels: &[(&str, &str)],
        known: &mut [bool],
    ) -> Result<Vec<Option<u32>>, InjectError> {
        let plan = self.plan.clone();
        let mut codes = Vec::with_capacity(sink.keys.len());
        for key in &sink.keys {
            let dimension = &plan.dimensions[key.dim.ix()];
            let given = labels.iter().position(|(name, _)| *name == dimension.name);
            let Some(given) = given else {
                codes.push(None);
                continue;
            };
            known[given] = true;
            let label = labels[given].1;
            let code = match dimension.size() {
                Some(_) => dimension.code(label),
                None => self.labels.intern(key.dim, label),
            };
            codes.push(Some(code.ok_or_else(|| InjectError::UnknownLabel {
                dimension: dimension.name.clone(),
                label: label.into(),
            })?));
        }
        Ok(codes)
    }

    /// The cell of some labels of a sink's keys, and its open labels.
    fn cell_at(&mut self, sink: SinkIx, codes: &[Option<u32>]) -> (CellAt, Vec<u32>) {
        let shape = &mut self.sinks[sink.ix()].cells.shape;
        let code = |key: &KeyIx| codes[key.ix()].unwrap_or(0);
        let digits: Vec<u32> = shape.closed.iter().map(|(key, ..)| code(key)).collect();
        let open: Vec<u32> = shape.open.iter().map(|(key, ..)| code(key)).collect();
        (CellAt { cell: shape.cell(&digits), open: shape.combo(&open) }, open)
    }
}

/// Whether a condition on labels holds; the key whose label it lacks otherwise.
fn holds(cond: &Cond, codes: &[Option<u32>]) -> Result<bool, KeyIx> {
    match cond {
        Cond::Label(key, labels) => {
            let code = codes[key.ix()].ok_or(*key)?;
            Ok(labels.contains(&code))
        }
        Cond::All(parts) => {
            for part in parts {
                if !holds(part, codes)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Cond::Any(parts) => {
            for part in parts {
                if holds(part, codes)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Cond::Not(part) => Ok(!holds(part, codes)?),
        // Scopes hold labels only (verified).
        _ => Ok(true),
    }
}
