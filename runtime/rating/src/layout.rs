//! What can be known about a plan before the first row: which sinks read which event, how cells
//! are cut in time, what needs order.

use crate::order::{Order, plan_order};
use crate::period::{Slicing, Timeline};
use price_ir::{
    AllowanceIx, CellRule, Charge, DrawOrder, EntitlementValue, Fold, GrantWhen, KeySource, LineIx, Plan, Regime,
    Rules, SinkIx,
};
use price_value::{Date, Window};

/// Static facts about a plan.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) events: Vec<EventLayout>,
    pub(crate) sinks: Vec<SinkLayout>,
    /// Allowances that are drawn while rows arrive.
    pub(crate) live: Vec<bool>,
    /// Whether a period's settlement depends on earlier ones.
    pub(crate) chained: bool,
    /// Whether rows have to be sorted.
    pub(crate) order: Order,
    /// Whether rows of different event types have to be sorted among one another.
    pub(crate) across: bool,
}

/// One event type.
#[derive(Debug, Clone)]
pub(crate) struct EventLayout {
    pub(crate) sinks: Vec<SinkIx>,
    /// Calendars that some key reads.
    pub(crate) calendars: Vec<bool>,
    /// Whether rows of this type have to be sorted.
    pub(crate) ordered: bool,
    /// Whether rows of this type draw allowances.
    covered: bool,
    /// Lines whose rows are priced or covered one by one, in line order.
    pub(crate) stepwise: Vec<(LineIx, SinkIx)>,
}

/// One sink.
#[derive(Debug, Clone)]
pub(crate) struct SinkLayout {
    pub(crate) slicing: Slicing,
    /// Keeps levels.
    pub(crate) level: bool,
    /// First instants of an event charge's regimes but the first.
    pub(crate) regime_cuts: Vec<i64>,
    /// Usage lines that do not sell some of the cells.
    pub(crate) unsold: Vec<Unsold>,
    /// The sink is priced or covered row by row.
    pub(crate) stepwise: bool,
    /// Its quantities are told apart by account.
    pub(crate) accounts: bool,
}

/// Cells a usage line does not sell, by regime.
#[derive(Debug, Clone)]
pub(crate) struct Unsold {
    cuts: Vec<i64>,
    /// Judge by the end of the period, not by the moment.
    pub(crate) at_end: bool,
    masks: Vec<Vec<bool>>,
}

impl Unsold {
    /// Whether the cell is not sold at the instant.
    pub(crate) fn forbids(&self, cell: u32, at: i64) -> bool {
        let regime = self.cuts.partition_point(|cut| *cut <= at);
        self.masks.get(regime).and_then(|mask| mask.get(cell as usize)).copied().unwrap_or(false)
    }
}

/// First instants of all regimes but the first.
pub(crate) fn cuts(rules: &Rules, time: &Timeline) -> Vec<i64> {
    rules.regimes.iter().filter_map(|r| r.from).map(|date| time.zone.start_of(date).0).collect()
}

/// The regime that holds on a day.
pub(crate) fn regime_on(rules: &Rules, date: Date) -> &Regime {
    let after = rules.regimes.partition_point(|r| r.from.is_none_or(|from| from <= date));
    &rules.regimes[after.saturating_sub(1)]
}

impl Layout {
    pub(crate) fn new(plan: &Plan, time: &Timeline) -> Layout {
        let live: Vec<bool> = plan
            .allowances
            .iter()
            .map(|a| {
                a.draw == DrawOrder::AsUsed
                    || a.covers.iter().any(|c| matches!(plan.lines[c.line.ix()].charge, Charge::Events(_)))
            })
            .collect();
        let is_live = |a: &AllowanceIx| live[a.ix()];
        let mut sinks: Vec<SinkLayout> = plan
            .sinks
            .iter()
            .enumerate()
            .map(|(index, sink)| {
                let regime_cuts = match &sink.fold {
                    Fold::Charge(charge) => cuts(&charge.rules, time),
                    _ => Vec::new(),
                };
                let stepwise = matches!(&sink.fold, Fold::Charge(charge) if charge.priced_by_host());
                let slicing = Slicing::default();
                let by_account = |a: &price_ir::Attribution| a.accounts && a.by.ix() == index;
                let accounts = plan.attributions.iter().any(by_account);
                SinkLayout { slicing, level: sink.is_level(), regime_cuts, unsold: Vec::new(), stepwise, accounts }
            })
            .collect();
        let mut stepwise: Vec<(LineIx, SinkIx)> = Vec::new();
        let mut chained = false;
        for (index, line) in plan.lines.iter().enumerate() {
            chained |= line.clamps.iter().any(|c| time.longer(c.per));
            let (sink, covered_by) = match &line.charge {
                Charge::Events(sink) => {
                    if sinks[sink.ix()].stepwise {
                        stepwise.push((LineIx(index as u32), *sink));
                    }
                    continue;
                }
                Charge::Usage(usage) => (usage.sink, &usage.covered_by),
                _ => continue,
            };
            let Charge::Usage(usage) = &line.charge else { continue };
            let slot = &mut sinks[sink.ix()];
            let mut need = |window: Window| {
                if time.shorter(window) {
                    slot.slicing.window = Some(slot.slicing.window.map_or(window, |w| w.min(window)));
                }
            };
            need(usage.window);
            covered_by.iter().for_each(|a| need(plan.allowances[a.ix()].per));
            let cuts = cuts(&usage.rules, time);
            if usage.split_period {
                slot.slicing.cuts.extend(&cuts);
            }
            let mask = |r: &Regime| r.cells.iter().map(|c| *c == CellRule::NotSold).collect::<Vec<_>>();
            let masks: Vec<Vec<bool>> = usage.rules.regimes.iter().map(mask).collect();
            if masks.iter().flatten().any(|unsold| *unsold) {
                slot.unsold.push(Unsold { cuts, at_end: !usage.split_period, masks });
            }
            let additive = matches!(plan.sinks[sink.ix()].fold, Fold::Sum(_) | Fold::Count);
            if additive && covered_by.iter().any(is_live) {
                stepwise.push((LineIx(index as u32), sink));
            }
            let quantities_taken = !covered_by.is_empty() || !usage.less.is_empty();
            chained |= quantities_taken && time.longer(usage.window);
        }
        if !plan.funds.is_empty() {
            // What a day added is paid at its end.
            let grants = plan.funds.balances.iter().flat_map(|b| &b.grants);
            let hourly = grants.into_iter().any(|g| g.when == GrantWhen::Each(Window::Hour));
            let finest = if hourly { Window::Hour } else { Window::Day };
            for sink in &mut sinks {
                sink.slicing.window = Some(sink.slicing.window.map_or(finest, |w| w.min(finest)));
            }
            chained = true;
        }
        for entitlement in &plan.funds.entitlements {
            if let EntitlementValue::Metered { sink, per, .. } = &entitlement.value
                && time.shorter(*per)
            {
                let slicing = &mut sinks[sink.ix()].slicing;
                slicing.window = Some(slicing.window.map_or(*per, |w| w.min(*per)));
            }
        }
        for line in &plan.lines {
            if let Charge::Fee(fee) = &line.charge
                && let Some(level) = fee.level
            {
                let slicing = &mut sinks[level.ix()].slicing;
                slicing.window = Some(slicing.window.map_or(Window::Day, |w| w.min(Window::Day)));
            }
        }
        for sink in &mut sinks {
            sink.slicing.cuts.sort_unstable();
            sink.slicing.cuts.dedup();
        }
        chained |= plan.allowances.iter().any(|a| a.rollover.is_some() || time.longer(a.per));
        chained |= plan.clamps.iter().any(|c| time.longer(c.clamp.per));
        let events: Vec<EventLayout> = (0..plan.events.len())
            .map(|event| {
                let of = |s: &SinkIx| plan.sinks[s.ix()].event.ix() == event;
                let own: Vec<SinkIx> = (0..plan.sinks.len() as u32).map(SinkIx).filter(of).collect();
                let mut calendars = vec![false; plan.calendars.len()];
                for key in own.iter().flat_map(|s| &plan.sinks[s.ix()].keys) {
                    if let KeySource::Calendar(calendar) = key.source {
                        calendars[calendar.ix()] = true;
                    }
                }
                let stepwise: Vec<_> = stepwise.iter().copied().filter(|(_, sink)| of(sink)).collect();
                let covered = stepwise.iter().any(|(line, sink)| match &plan.lines[line.ix()].charge {
                    Charge::Usage(_) => true,
                    _ => matches!(&plan.sinks[sink.ix()].fold, Fold::Charge(c) if !c.covered_by.is_empty()),
                });
                let ordered = covered || own.iter().any(|s| sinks[s.ix()].level);
                EventLayout { sinks: own, calendars, ordered, covered, stepwise }
            })
            .collect();
        let across = events.iter().filter(|e| e.covered).count() > 1;
        Layout { events, sinks, live, chained, order: plan_order(plan), across }
    }
}
