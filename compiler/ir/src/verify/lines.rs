//! Lines, and what is done to them: allowances, discounts, clamps, attributions.

use super::Verifier;
use super::func::Reads;
use crate::limits;
use crate::plan::{
    Across, Allowance, AllowanceIx, Bound, Charge, Covers, Discount, DiscountOff, DrawOrder, Fold, Line, LineClamp,
    LineIx, Proration, Ratchet, SinkIx, TierScale, UsageCharge,
};
use price_value::{Rational, Window};
use std::collections::BTreeSet;

impl<'p> Verifier<'p> {
    pub(super) fn lines(&mut self) {
        let plan = self.plan;
        self.count("plan", "lines", plan.lines.len(), limits::LIST);
        self.count("plan", "allowances", plan.allowances.len(), limits::LIST);
        self.count("plan", "discounts", plan.discounts.len(), limits::LIST);
        self.count("plan", "clamps", plan.clamps.len(), limits::LIST);
        self.count("plan", "attributions", plan.attributions.len(), limits::LIST);
        self.unique("lines", plan.lines.iter().map(|l| l.name.as_str()));
        for (index, line) in plan.lines.iter().enumerate() {
            self.line(&format!("line {}", line.name), index, line);
        }
        if !self.findings.is_empty() {
            return;
        }
        self.unique("allowances", plan.allowances.iter().map(|a| a.name.as_str()));
        for allowance in &plan.allowances {
            self.allowance(allowance);
        }
        if self.findings.is_empty() {
            self.coverage();
        }
        for discount in &plan.discounts {
            self.discount(discount);
        }
        for clamp in &plan.clamps {
            let at = format!("clamp {}", clamp.name);
            self.text(&at, &clamp.name);
            self.scope(&at, &clamp.scope);
            self.clamp(&at, &clamp.clamp);
        }
        for attribution in &plan.attributions {
            let at = "attribution";
            self.index(at, "line", attribution.line.0, plan.lines.len());
            self.scope(at, &attribution.with);
            if self.index(at, "sink", attribution.by.0, plan.sinks.len()) {
                let sink = &plan.sinks[attribution.by.ix()];
                if attribution.accounts {
                    if !matches!(sink.fold, Fold::Sum(_) | Fold::Count) {
                        self.say(at, "only sums and counts are told apart by account");
                    }
                } else if sink.keys.iter().filter(|key| key.in_cell).count() != 1 {
                    self.say(at, "its sink has the dimension as its only key in the cell");
                }
            }
        }
    }

    /// Months of thirty days are those of fixed fees.
    pub(super) fn calendar_days(&mut self, at: &str, prorate: Proration) {
        if prorate == Proration::DailyInMonthsOf30 {
            self.say(at, "only a fee without a level counts months of thirty days");
        }
    }

    fn line(&mut self, at: &str, index: usize, line: &'p Line) {
        self.rule(at, line.rule);
        if !matches!(&line.charge, Charge::Fee(fee) if fee.level.is_none()) {
            self.calendar_days(at, line.prorate);
        }
        match &line.charge {
            Charge::Fee(fee) => {
                self.literal(at, &fee.amount);
                fee.changes.iter().for_each(|(_, amount)| self.literal(at, amount));
                self.count(at, "changes", fee.changes.len(), limits::LIST);
                if !fee.changes.is_sorted_by(|a, b| a.0 < b.0) {
                    self.say(at, "changes of a fee are in order");
                }
                self.span(at, &fee.during);
            }
            Charge::Usage(usage) => self.usage(at, usage),
            Charge::Events(sink) => {
                if self.index(at, "sink", sink.0, self.plan.sinks.len()) {
                    match &self.plan.sinks[sink.ix()].fold {
                        Fold::Charge(charge) => self.covered_by(at, &charge.covered_by),
                        _ => self.say(at, "its sink is not a price on each event"),
                    }
                }
            }
            Charge::Share { of, amount, .. } => {
                self.scope(at, of);
                if of.is_empty() || of.iter().any(|other| other.ix() >= index) {
                    self.say(at, "a share is of earlier lines");
                }
                self.function(at, Reads::Quantity, amount);
            }
        }
        self.count(at, "clamps", line.clamps.len(), 64);
        line.clamps.iter().for_each(|clamp| self.clamp(at, clamp));
        if !line.clamps.is_sorted_by_key(|clamp| clamp.bound == Bound::Ceiling) {
            self.say(at, "floors come before ceilings");
        }
    }

    fn usage(&mut self, at: &str, usage: &'p UsageCharge) {
        if !self.index(at, "sink", usage.sink.0, self.plan.sinks.len()) {
            return;
        }
        let sink = &self.plan.sinks[usage.sink.ix()];
        if matches!(sink.fold, Fold::Charge(_)) {
            self.say(at, "its sink holds money of single events");
        }
        self.rules(at, &usage.rules, Reads::Quantity, sink);
        if usage.across != Across::Each {
            self.across(at, usage);
        }
        if let Some(scale) = usage.scale {
            self.scale(at, usage, scale);
        }
        if let Some(ratchet) = &usage.ratchet {
            self.ratchet(at, usage, ratchet);
        }
        self.covered_by(at, &usage.covered_by);
        self.count(at, "usage discounts", usage.less.len(), limits::LIST);
        for less in &usage.less {
            self.text(at, &less.name);
            self.not_negative(at, "a discounted quantity", &less.quantity);
            self.span(at, &less.during);
            self.rule(at, less.rule);
        }
    }

    /// What the bounds of tiers are multiples of.
    fn across(&mut self, at: &str, usage: &UsageCharge) {
        if !usage.covered_by.is_empty() || !usage.less.is_empty() || usage.scale.is_some() {
            self.say(at, "cells that depend on each other are not covered and not scaled");
        }
        let adds = self.plan.sinks.get(usage.sink.ix()).is_some_and(|s| matches!(s.fold, Fold::Sum(_) | Fold::Count));
        if usage.across == Across::Total && !adds {
            self.say(at, "only sums and counts have a total over cells");
        }
    }

    fn ratchet(&mut self, at: &str, usage: &UsageCharge, ratchet: &Ratchet) {
        if !ratchet.share.is_positive() || ratchet.share > Rational::ONE {
            self.say(at, "a ratchet holds a share above zero and at most one");
        }
        if ratchet.periods == 0 || ratchet.periods > limits::RATCHET_PERIODS {
            self.say(at, format_args!("a ratchet looks back on 1 to {} periods", limits::RATCHET_PERIODS));
        }
        let alone = usage.covered_by.is_empty() && usage.less.is_empty() && usage.scale.is_none();
        if !alone || usage.across != Across::Each || usage.window != self.plan.billing.every {
            self.say(at, "a ratchet holds a quantity of one billing period that nothing else changes");
        }
    }

    fn scale(&mut self, at: &str, usage: &UsageCharge, scale: TierScale) {
        if !usage.rules.functions.iter().all(|function| function.amount.stretches()) {
            self.say(at, "tiers that are scaled start at nothing and are connected");
        }
        match scale {
            TierScale::Seconds if matches!(usage.window, Window::Term | Window::Never) => {
                self.say(at, "tiers are scaled by the length of a window that has one");
            }
            TierScale::Seconds => {}
            TierScale::Sink(by) => {
                if !self.index(at, "sink", by.0, self.plan.sinks.len()) {
                    return;
                }
                let keys = |sink: SinkIx| self.plan.sinks[sink.ix()].keys.iter().filter(|key| key.in_cell);
                let own: BTreeSet<_> = keys(usage.sink).map(|key| key.dim.0).collect();
                if !keys(by).all(|key| own.contains(&key.dim.0)) {
                    self.say(at, "tiers are scaled by a quantity of the line's own dimensions");
                }
                if matches!(self.plan.sinks[by.ix()].fold, Fold::Charge(_)) {
                    self.say(at, "tiers are scaled by a quantity, not by money of single events");
                }
                if usage.window != self.plan.billing.every {
                    self.say(at, "tiers are scaled by a quantity of the billing period");
                }
            }
        }
    }

    fn covered_by(&mut self, at: &str, allowances: &[AllowanceIx]) {
        if !allowances.is_sorted_by(|a, b| a < b) {
            self.say(at, "allowances are in the order of the waterfall, each of them once");
        }
        for allowance in allowances {
            self.index(at, "allowance", allowance.0, self.plan.allowances.len());
        }
    }

    fn clamp(&mut self, at: &str, clamp: &LineClamp) {
        self.not_negative(at, "a floor or ceiling", &clamp.amount);
        self.calendar_days(at, clamp.prorate);
        self.span(at, &clamp.during);
        self.rule(at, clamp.rule);
    }

    /// Lines, each of them once.
    pub(super) fn scope(&mut self, at: &str, lines: &[LineIx]) {
        self.count(at, "lines", lines.len(), limits::LIST);
        let mut seen = BTreeSet::new();
        for line in lines {
            self.index(at, "line", line.0, self.plan.lines.len());
            if !seen.insert(line) {
                self.say(at, format_args!("line {} is named twice", line.0));
            }
        }
    }

    fn allowance(&mut self, allowance: &Allowance) {
        let at = format!("allowance {}", allowance.name);
        self.not_negative(&at, "its quantity", &allowance.quantity);
        self.length(&at, &allowance.unit);
        self.calendar_days(&at, allowance.prorate);
        self.rule(&at, allowance.rule);
        if let Some(rollover) = &allowance.rollover {
            self.not_negative(&at, "its rollover", &rollover.at_most);
            if rollover.windows == 0 {
                self.say(&at, "a rollover may be used for at least one window");
            }
        }
        if let Some(sink) = allowance.times {
            self.times(&at, allowance, sink);
        }
        if let Some(events) = &allowance.events {
            events.up_to.iter().for_each(|most| self.not_negative(&at, "what it covers", most));
            let priced = |c: &Covers| match self.plan.lines.get(c.line.ix()) {
                Some(line) => matches!(line.charge, Charge::Events(_)),
                None => true,
            };
            if !allowance.covers.iter().all(priced) {
                self.say(&at, "what counts events covers prices on each event");
            }
            if events.up_to.is_some() && allowance.covers.len() > 1 {
                self.say(&at, "an amount of free events is of one line");
            }
            if allowance.draw != DrawOrder::AsUsed {
                self.say(&at, "events are covered as they happen");
            }
        }
        self.count(&at, "covered lines", allowance.covers.len(), limits::LIST);
        let mut seen = BTreeSet::new();
        for covers in &allowance.covers {
            self.positive(&at, "its factor", &covers.factor);
            if !seen.insert(covers.line) {
                self.say(&at, format_args!("it covers line {} twice", covers.line.0));
            }
            if self.index(&at, "line", covers.line.0, self.plan.lines.len()) {
                self.mask(&at, covers.line, covers.cells.as_deref());
            }
        }
    }

    /// What says how often a quantity is granted is known at the end of the billing period.
    fn times(&mut self, at: &str, allowance: &Allowance, sink: SinkIx) {
        if !self.index(at, "sink", sink.0, self.plan.sinks.len()) {
            return;
        }
        let sink = &self.plan.sinks[sink.ix()];
        if sink.keys.iter().any(|key| key.in_cell) || matches!(sink.fold, Fold::Charge(_)) {
            self.say(at, "it is granted for a quantity without cells");
        }
        if allowance.per != self.plan.billing.every || allowance.rollover.is_some() {
            self.say(at, "a measured grant is for one billing period, and its rest is lost");
        }
        let by_event = |covers: &Covers| {
            let line = self.plan.lines.get(covers.line.ix());
            line.is_some_and(|line| matches!(line.charge, Charge::Events(_)))
        };
        if allowance.draw == DrawOrder::AsUsed || allowance.covers.iter().any(by_event) {
            self.say(at, "a measured grant is not drawn event by event");
        }
    }

    /// A line names the allowances that cover it, and they name the line.
    fn coverage(&mut self) {
        let plan = self.plan;
        let mut named = BTreeSet::new();
        for (line, at) in plan.lines.iter().zip(0..) {
            named.extend(self.covers_of(line).iter().map(|allowance| (*allowance, LineIx(at))));
        }
        let mut covered = BTreeSet::new();
        for (allowance, at) in plan.allowances.iter().zip(0..) {
            covered.extend(allowance.covers.iter().map(|covers| (AllowanceIx(at), covers.line)));
        }
        for (allowance, line) in named.symmetric_difference(&covered) {
            let (allowance, line) = (&plan.allowances[allowance.ix()].name, &plan.lines[line.ix()].name);
            self.say(
                format_args!("allowance {allowance}"),
                format_args!("it and line {line} do not both say whether it covers the line"),
            );
        }
    }

    fn covers_of(&self, line: &'p Line) -> &'p [AllowanceIx] {
        match &line.charge {
            Charge::Usage(usage) => &usage.covered_by,
            Charge::Events(sink) => match &self.plan.sinks[sink.ix()].fold {
                Fold::Charge(charge) => &charge.covered_by,
                _ => &[],
            },
            Charge::Fee(_) | Charge::Share { .. } => &[],
        }
    }

    fn sink_of(&self, line: LineIx) -> Option<SinkIx> {
        match &self.plan.lines[line.ix()].charge {
            Charge::Usage(usage) => Some(usage.sink),
            Charge::Events(sink) => Some(*sink),
            Charge::Fee(_) | Charge::Share { .. } => None,
        }
    }

    /// A mask over the cells of a line.
    fn mask(&mut self, at: &str, line: LineIx, mask: Option<&[bool]>) {
        let Some(mask) = mask else { return };
        self.spend_cells(mask.len());
        let cells = self.sink_of(line).and_then(|sink| self.plan.cells(&self.plan.sinks[sink.ix()]));
        if cells != Some(mask.len()) {
            self.say(at, format_args!("a mask over {} cells for line {}", mask.len(), line.0));
        }
    }

    fn discount(&mut self, discount: &Discount) {
        let at = format!("discount {}", discount.name);
        self.text(&at, &discount.name);
        self.span(&at, &discount.during);
        self.rule(&at, discount.rule);
        let before = self.findings.len();
        self.scope(&at, &discount.scope);
        if discount.cells.len() != discount.scope.len() {
            self.say(&at, "it has one mask per line");
        }
        if self.findings.len() == before {
            for (line, mask) in discount.scope.iter().zip(&discount.cells) {
                self.mask(&at, *line, mask.as_deref());
            }
        }
        match &discount.off {
            DiscountOff::Share(share) => {
                self.not_negative(&at, "its share", share);
                if *share > Rational::ONE {
                    self.say(&at, "it takes off more than all");
                }
            }
            DiscountOff::Amount(amount) => self.not_negative(&at, "its amount", amount),
        }
    }
}
