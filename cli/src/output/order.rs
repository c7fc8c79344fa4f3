//! `price explain FILE --order`: what is done to a period, in the order in which it is done.

use price_driver::Compiled;
use price_ir::{
    Allowance, BalanceKind, Bound, Charge, Commitment, DiscountOff, DrawOrder, Finally, LineClamp, LineIx, Plan,
    Proration, RoundingScope, RuleIx, Shortfall,
};
use std::fmt::Write;

/// The text; one numbered step per kind of operation, only those the plan has.
pub fn render(compiled: &Compiled) -> String {
    let mut teller = Teller { compiled, plan: &compiled.plan, out: String::new(), step: 0 };
    teller.all();
    teller.out
}

struct Teller<'c> {
    compiled: &'c Compiled,
    plan: &'c Plan,
    out: String,
    step: usize,
}

impl Teller<'_> {
    fn all(&mut self) {
        let plan = self.plan;
        let version = plan.version.map_or(String::new(), |v| format!(" version {v}"));
        let _ = writeln!(self.out, "{}{version}: a period's order of operations\n", plan.name);
        self.head("measure", "events become quantities, cell by cell");
        let mut meters: Vec<&str> = plan.sinks.iter().map(|s| s.meter.as_str()).filter(|m| !m.is_empty()).collect();
        meters.sort_unstable();
        meters.dedup();
        for meter in meters {
            self.row(&format!("meter {meter}"), None);
        }
        if !plan.allowances.is_empty() {
            self.head("include", "quantities that cost nothing, in the order of the waterfall");
            for allowance in &plan.allowances {
                self.row(&self.allowance(allowance), Some(allowance.rule));
            }
        }
        self.head("price", "functions of what is left, each line on its own");
        for line in &plan.lines {
            if !matches!(line.charge, Charge::Share { .. }) {
                let what = if line.rebate { "rebate" } else { kind(&line.charge) };
                self.row(&format!("{what} {}", line.name), Some(line.rule));
                for clamp in &line.clamps {
                    self.row(&format!("  {}", self.clamp(clamp)), Some(clamp.rule));
                }
            }
        }
        if !plan.discounts.is_empty() {
            self.head("discount", "in the order written");
            for discount in &plan.discounts {
                let off = match &discount.off {
                    DiscountOff::Share(share) => format!("{}%", percent(share)),
                    DiscountOff::Amount(amount) => plan.currency.format(amount),
                };
                self.row(&format!("{} {off} off {}", discount.name, self.names(&discount.scope)), Some(discount.rule));
            }
        }
        let shares: Vec<_> = plan.lines.iter().filter(|l| matches!(l.charge, Charge::Share { .. })).collect();
        if !shares.is_empty() {
            self.head("share", "lines computed from other lines");
            for line in shares {
                let Charge::Share { of, after_discounts, .. } = &line.charge else { continue };
                let when = if *after_discounts { "after discounts" } else { "before discounts" };
                self.row(&format!("{} from {}, {when}", line.name, self.names(of)), Some(line.rule));
            }
        }
        if !plan.clamps.is_empty() {
            self.head("bound", "minimums and caps, inner scope first; nothing lifts a line above a cap again");
            for group in &plan.clamps {
                let text = format!("{} over {}", self.clamp(&group.clamp), self.names(&group.scope));
                self.row(&text, Some(group.clamp.rule));
            }
        }
        let prorated: Vec<&str> =
            plan.lines.iter().filter(|l| l.prorate != Proration::Never).map(|l| l.name.as_str()).collect();
        if !prorated.is_empty() {
            self.head("prorate", "partial periods, by local calendar days");
            self.row(&prorated.join(", "), None);
        }
        let alike = |l: &&price_ir::Line| l.prorate == Proration::DailyInMonthsOf30;
        let alike: Vec<&str> = plan.lines.iter().filter(alike).map(|l| l.name.as_str()).collect();
        if !alike.is_empty() {
            self.row(&format!("every month counts 30 days for {}", alike.join(", ")), None);
        }
        self.head("round", "once");
        let each = match plan.rounding.each {
            RoundingScope::Line => "each line",
            RoundingScope::Tier => "each tier of each cell",
            RoundingScope::Cell => "each cell",
        };
        let rounding = &plan.rounding.rounding;
        self.row(&format!("{each} {} to {}", rounding.mode, plan.currency.format(&rounding.step)), None);
        for (currency, own) in &plan.foreign {
            self.row(
                &format!("lines in {} {} to {}", currency.code, own.rounding.mode, currency.format(&own.rounding.step)),
                None,
            );
        }
        self.payment();
    }

    fn payment(&mut self) {
        let plan = self.plan;
        let funds = &plan.funds;
        if funds.is_empty() {
            return;
        }
        self.head(
            "pay",
            "day by day: lots that are gone expire, grants come, fees in advance, then what the day added",
        );
        for waterfall in &funds.waterfall {
            let from = waterfall.from.map_or(String::new(), |day| format!(", from {day}"));
            for (place, step) in waterfall.steps.iter().enumerate() {
                let balance = &funds.balances[step.ix()];
                let word = if place == 0 { "first" } else { "then" };
                let what = match balance.kind {
                    BalanceKind::Wallet => "wallet",
                    BalanceKind::Commitment => "commitment",
                };
                let minimum = if balance.minimums { " and minimum" } else { "" };
                let text = format!("{word} {what} {} for {}{minimum}{from}", balance.name, self.names(&balance.pays));
                self.row(&text, Some(balance.rule));
            }
            let finally = match waterfall.finally {
                Finally::Invoice => "finally the invoice",
                Finally::Overage => "finally the invoice, at overage prices",
                Finally::Block => "finally blocked where it is asked for; recorded usage is owed",
            };
            self.row(&format!("{finally}{from}"), Some(waterfall.rule));
        }
        if !funds.commitments.is_empty() {
            self.head("count", "spend towards commitments, and true-ups when their windows end");
            for commitment in &funds.commitments {
                self.row(&self.commitment(commitment), Some(commitment.rule));
            }
        }
    }

    fn commitment(&self, of: &Commitment) -> String {
        let mut text = format!("{} counts {}", of.name, self.names(&of.counts));
        let names = |balances: &[price_ir::BalanceIx]| -> Vec<&str> {
            balances.iter().map(|b| self.plan.funds.balances[b.ix()].name.as_str()).collect()
        };
        if !of.except_paid_by.is_empty() {
            text = format!("{text} except what {} paid", names(&of.except_paid_by).join(", "));
        }
        for other in &of.beyond {
            text = format!("{text}, what {} left", self.plan.funds.commitments[other.ix()].name);
        }
        match of.shortfall {
            Shortfall::Forfeited => text,
            Shortfall::Ignored => format!("{text}; a shortfall is not charged"),
            Shortfall::Credited(into) => {
                format!("{text}; a shortfall is credited to {}", self.plan.funds.balances[into.ix()].name)
            }
        }
    }

    fn head(&mut self, word: &str, what: &str) {
        self.step += 1;
        let _ = writeln!(self.out, "{}. {word}: {what}", self.step);
    }

    fn row(&mut self, text: &str, rule: Option<RuleIx>) {
        let place = rule.and_then(|rule| self.compiled.source_map.get(rule));
        let place = place.map_or(String::new(), |place| format!("  {}:{}", place.file, place.line));
        let _ = writeln!(self.out, "     {text}{place}");
    }

    fn names(&self, lines: &[LineIx]) -> String {
        if lines.len() == self.plan.lines.len() && lines.len() > 1 {
            return "all".to_owned();
        }
        let names: Vec<&str> = lines.iter().map(|line| self.plan.lines[line.ix()].name.as_str()).collect();
        names.join(", ")
    }

    fn clamp(&self, clamp: &LineClamp) -> String {
        let side = if clamp.bound == Bound::Floor { "at least" } else { "at most" };
        format!("{side} {} per {}", self.plan.currency.format(&clamp.amount), clamp.per)
    }

    fn allowance(&self, of: &Allowance) -> String {
        let order = match of.draw {
            DrawOrder::Single => "",
            DrawOrder::ProRata => ", pro rata",
            DrawOrder::CheapestFirst => ", cheapest first",
            DrawOrder::DearestFirst => ", dearest first",
            DrawOrder::AsUsed => ", as used",
        };
        let lines: Vec<LineIx> = of.covers.iter().map(|c| c.line).collect();
        let quantity = crate::output::money::quantity(&of.quantity);
        let times = of.times.map(|by| &self.plan.sinks[by.ix()]);
        let times = times.map_or(String::new(), |by| format!(" for each {} of {}", by.unit, by.meter));
        format!("{}: {quantity} {}{times} per {} of {}{order}", of.name, of.unit, of.per, self.names(&lines))
    }
}

fn kind(charge: &Charge) -> &'static str {
    match charge {
        Charge::Fee(_) => "fee",
        Charge::Events(_) => "price on each event",
        Charge::Usage(_) | Charge::Share { .. } => "price",
    }
}

fn percent(share: &price_value::Rational) -> String {
    crate::output::money::quantity(&(share * &price_value::Rational::int(100)))
}
