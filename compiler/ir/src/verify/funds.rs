//! Balances, commitments, the waterfall, entitlements, and the currencies they are in.

use super::Verifier;
use crate::funds::{
    Age, Balance, BalanceKind, Carry, Commitment, Cost, CurrencyIx, EntitlementValue, Expiry, Finally, GrantAmount,
    GrantWhen, Shortfall, StepLength, TopUpAmount,
};
use crate::limits;
use crate::plan::{Charge, Fold, LineIx, SinkIx};
use price_value::{Rational, Window};

impl Verifier<'_> {
    pub(super) fn funds(&mut self) {
        let plan = self.plan;
        self.count("plan", "currencies", plan.foreign.len(), limits::FOREIGN_CURRENCIES);
        for (currency, rounding) in &plan.foreign {
            self.text("currency", &currency.code);
            if currency.decimals > limits::DECIMALS {
                self.say(&currency.code, format_args!("has more than {} decimals", limits::DECIMALS));
            }
            self.rounding("rounding", &rounding.rounding);
        }
        let codes = plan.foreign.iter().map(|(c, _)| c.code.as_str()).chain([plan.currency.code.as_str()]);
        self.unique("currencies", codes);
        if let Some(parties) = &plan.parties {
            self.count("contract", "accounts", parties.accounts.len(), limits::LIST);
            parties.accounts.iter().for_each(|account| self.text("contract", account));
            self.unique("accounts", parties.accounts.iter().map(String::as_str));
            self.span("term", &parties.term);
            self.count("contract", "pauses", parties.pauses.len(), limits::LIST);
            for pause in &parties.pauses {
                self.span("pause", pause);
                if pause.from.is_none() || pause.until.is_none() {
                    self.say("contract", "a pause begins and ends");
                }
            }
            if parties.pauses.windows(2).any(|pair| pair[0].until >= pair[1].from) {
                self.say("contract", "pauses are in order and apart");
            }
        }
        for line in &plan.lines {
            let at = format!("line {}", line.name);
            self.currency(&at, line.currency);
            self.count(&at, "tags", line.about.tags.len(), limits::LIST);
            let about = &line.about;
            about.tags.iter().chain(&about.product).chain(&about.ledger).for_each(|text| self.text(&at, text));
            if let Charge::Fee(fee) = &line.charge
                && let Some(level) = fee.level
            {
                self.level(&at, level);
            }
        }
        let funds = &plan.funds;
        self.count("plan", "balances", funds.balances.len(), limits::SOURCES);
        self.count("plan", "commitments", funds.commitments.len(), limits::SOURCES);
        self.count("plan", "waterfalls", funds.waterfall.len(), limits::LIST);
        self.count("plan", "entitlements", funds.entitlements.len(), limits::LIST);
        let names = funds.balances.iter().map(|b| b.name.as_str());
        self.unique("sources of payment", names.chain(funds.commitments.iter().map(|c| c.name.as_str())));
        funds.balances.iter().for_each(|balance| self.balance(balance));
        for (index, commitment) in funds.commitments.iter().enumerate() {
            self.commitment(index, commitment);
        }
        self.waterfall();
        for conversion in &funds.conversions {
            let at = "conversion";
            self.currency(at, conversion.currency);
            self.positive(at, "its rate", &conversion.rate);
            self.rule(at, conversion.rule);
        }
        if let Some(interim) = &funds.interim {
            self.positive("interim", "its amount", &interim.at);
            self.rule("interim", interim.rule);
        }
        for entitlement in &funds.entitlements {
            let at = format!("entitlement {}", entitlement.name);
            self.text(&at, &entitlement.name);
            self.span(&at, &entitlement.during);
            self.rule(&at, entitlement.rule);
            match &entitlement.value {
                EntitlementValue::Flag(_) => {}
                EntitlementValue::Text(text) => self.length(&at, text),
                EntitlementValue::Metered { sink, unit, limit, rollover, .. } => {
                    self.index(&at, "sink", sink.0, plan.sinks.len());
                    self.length(&at, unit);
                    self.not_negative(&at, "its limit", limit);
                    rollover.iter().for_each(|most| self.not_negative(&at, "its rollover", most));
                }
            }
        }
    }

    fn waterfall(&mut self) {
        let funds = &self.plan.funds;
        let mut before = None;
        for (index, waterfall) in funds.waterfall.iter().enumerate() {
            let at = "waterfall";
            self.rule(at, waterfall.rule);
            if (index == 0) != waterfall.from.is_none() || (index > 1 && waterfall.from <= before) {
                self.say(at, "the first stretch has no start, and starts increase");
            }
            before = waterfall.from;
            let mut seen = std::collections::BTreeSet::new();
            for step in &waterfall.steps {
                self.index(at, "balance", step.0, funds.balances.len());
                if !seen.insert(step) {
                    self.say(at, "a source is named twice");
                }
            }
            let overage = funds.balances.iter().any(|b| b.overage.is_some())
                || funds.commitments.iter().any(|c| c.overage.is_some());
            if waterfall.finally == Finally::Overage && !overage {
                self.say(at, "no commitment says what overage costs");
            }
        }
        if funds.waterfall.is_empty() && !funds.balances.is_empty() {
            self.say("waterfall", "the order of payment is missing");
        }
    }

    fn currency(&mut self, at: &str, currency: CurrencyIx) {
        self.index(at, "currency", currency.0, self.plan.foreign.len() + 1);
    }

    /// A level that grants and fees count: one value, the last.
    fn level(&mut self, at: &str, sink: SinkIx) {
        if self.index(at, "sink", sink.0, self.plan.sinks.len()) {
            let sink = &self.plan.sinks[sink.ix()];
            if !matches!(sink.fold, Fold::Last(_)) || sink.keys.iter().any(|key| key.in_cell) {
                self.say(at, "what it counts is a last level without cells");
            }
        }
    }

    fn paid_lines(&mut self, at: &str, lines: &[LineIx], currency: CurrencyIx) {
        self.scope(at, lines);
        for line in lines {
            if self.plan.lines.get(line.ix()).is_some_and(|l| l.currency != currency) {
                self.say(at, format_args!("line {} is in another currency", line.0));
            }
        }
    }

    fn balance(&mut self, balance: &Balance) {
        let at = format!("balance {}", balance.name);
        self.text(&at, &balance.name);
        self.currency(&at, balance.holds);
        self.paid_lines(&at, &balance.pays, balance.holds);
        self.not_negative(&at, "its overdraft", &balance.overdraft);
        balance.precise.iter().for_each(|precise| self.rounding(&at, precise));
        self.positive(&at, "its rate", &balance.rate);
        balance.overage.iter().for_each(|overage| self.not_negative(&at, "its overage", overage));
        self.span(&at, &balance.during);
        self.rule(&at, balance.rule);
        if let Some(rollover) = &balance.rollover {
            self.not_negative(&at, "its rollover", &rollover.at_least);
            match &rollover.at_most {
                Carry::Amount(most) | Carry::ShareOfRest(most) => self.not_negative(&at, "its rollover", most),
            }
            self.age(&at, rollover.lasts);
        }
        self.count(&at, "grants", balance.grants.len(), limits::LIST);
        for grant in &balance.grants {
            self.text(&at, &grant.name);
            self.calendar_days(&at, grant.prorate);
            self.rule(&at, grant.rule);
            match &grant.amount {
                GrantAmount::Fixed(amount) => self.not_negative(&at, "a grant", amount),
                GrantAmount::PerUnit { level, amount, round } => {
                    self.level(&at, *level);
                    self.not_negative(&at, "a grant", amount);
                    round.iter().for_each(|round| self.rounding(&at, round));
                    if !matches!(grant.when, GrantWhen::Each(_)) {
                        self.say(&at, "a grant per unit comes each window");
                    }
                }
                GrantAmount::Shortfall(commitment) => {
                    self.index(&at, "commitment", commitment.0, self.plan.funds.commitments.len());
                }
            }
            match grant.when {
                GrantWhen::Step { every, .. } | GrantWhen::Every(every) => self.age(&at, every),
                GrantWhen::TrueUp if !matches!(grant.amount, GrantAmount::Shortfall(_)) => {
                    self.say(&at, "only a shortfall comes with a true-up");
                }
                GrantWhen::Each(Window::Hour) if balance.kind == BalanceKind::Wallet => {
                    self.say(&at, "a wallet is granted daily at the most");
                }
                _ => {}
            }
            self.expiry(&at, grant.expires);
            match &grant.cost {
                Cost::Free => {}
                Cost::AlreadyPaid(sum) | Cost::Invoiced(sum) => self.not_negative(&at, "a cost", sum),
                Cost::Instalments { every, count, amount } => {
                    self.not_negative(&at, "a cost", amount);
                    self.age(&at, *every);
                    if *count as usize > limits::LIST {
                        self.say(&at, "too many instalments");
                    }
                }
            }
        }
        if let Some(top_up) = &balance.top_up {
            match &top_up.amount {
                TopUpAmount::Fixed(amount) => self.positive(&at, "its top-up", amount),
                TopUpAmount::Target(target) => {
                    self.positive(&at, "its target", target);
                    if *target <= top_up.below {
                        self.say(&at, "the target of a top-up is above the bound that asks for it");
                    }
                }
            }
            self.not_negative(&at, "the cost of a top-up", &top_up.unit_cost);
            self.literal(&at, &top_up.below);
            self.expiry(&at, top_up.expires);
            self.rule(&at, top_up.rule);
            if top_up.at_most.0 == 0 || top_up.at_most.0 as usize > limits::TOP_UPS {
                self.say(&at, format_args!("top-ups are 1 to {} in a window", limits::TOP_UPS));
            }
        }
    }

    fn commitment(&mut self, index: usize, commitment: &Commitment) {
        let at = format!("commitment {}", commitment.name);
        self.text(&at, &commitment.name);
        self.paid_lines(&at, &commitment.counts, crate::funds::OWN);
        self.span(&at, &commitment.during);
        self.rule(&at, commitment.rule);
        self.count(&at, "steps", commitment.steps.len(), limits::LIST);
        if commitment.steps.is_empty() {
            self.say(&at, "it has no amount");
        }
        for (place, step) in commitment.steps.iter().enumerate() {
            self.not_negative(&at, "its amount", &step.amount);
            match step.lasts {
                StepLength::Age(age) => self.age(&at, age),
                StepLength::Term if place + 1 == commitment.steps.len() && !commitment.repeats => {}
                StepLength::Term => self.say(&at, "nothing follows the whole term"),
            }
        }
        for balance in &commitment.except_paid_by {
            self.index(&at, "balance", balance.0, self.plan.funds.balances.len());
        }
        if commitment.beyond.iter().any(|other| other.ix() >= index) {
            self.say(&at, "it sees only what earlier commitments left");
        }
        if let Some(true_up) = &commitment.true_up {
            self.age(&at, true_up.every);
            self.not_negative(&at, "the share of a true-up", &true_up.share);
            if true_up.share > Rational::ONE {
                self.say(&at, "a true-up is to 100% at the most");
            }
        }
        if let Shortfall::Credited(balance) = commitment.shortfall {
            self.index(&at, "balance", balance.0, self.plan.funds.balances.len());
        }
        if let crate::funds::Excess::RollsOver { up_to, lasts } = &commitment.excess {
            self.not_negative(&at, "its excess", up_to);
            self.age(&at, *lasts);
        }
        commitment.overage.iter().for_each(|overage| self.not_negative(&at, "its overage", overage));
    }

    fn age(&mut self, at: &str, age: Age) {
        if age.count == 0 || age.count > limits::AGE {
            self.say(at, format_args!("a length is 1 to {}", limits::AGE));
        }
    }

    fn expiry(&mut self, at: &str, expiry: Expiry) {
        if let Expiry::After(age) = expiry {
            self.age(at, age);
        }
    }
}
