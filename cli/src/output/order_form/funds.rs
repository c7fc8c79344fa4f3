//! Commitments, wallets and who pays first.

use super::words::{age, amount, cost, days, every, expiry, when};
use super::{Teller, section, words};
use crate::output::sheet_html::{plain, read};
use price_documents::order::{Part, Section};
use price_ir::{Balance, BalanceKind, Carry, Commitment, Excess, Finally, Shortfall, StepLength, TopUpAmount};
use price_value::Rational;

/// Per cent of a share.
fn percent(share: &Rational) -> String {
    format!("{}%", share * &Rational::int(100))
}

impl Teller<'_> {
    pub(super) fn commitments(&self) -> Section {
        let mut parts = Vec::new();
        let prepaid = |balance: &&Balance| balance.kind == BalanceKind::Commitment;
        for balance in self.plan.funds.balances.iter().filter(prepaid) {
            parts.push(Part::Heading(format!("{}, prepaid", plain(&balance.name))));
            parts.extend(self.docs("commitment", &balance.name));
            parts.push(Part::Facts(self.prepaid(balance)));
        }
        for commitment in &self.plan.funds.commitments {
            parts.push(Part::Heading(format!("{}, postpaid", plain(&commitment.name))));
            parts.extend(self.docs("commitment", &commitment.name));
            parts.push(Part::Facts(self.postpaid(commitment)));
        }
        section("Commitments", parts)
    }

    fn prepaid(&self, balance: &Balance) -> Vec<(String, String)> {
        let mut facts = Vec::new();
        let mut fact = |name: &str, value: String| facts.push((name.to_owned(), read(&value)));
        for grant in &balance.grants {
            let name = if balance.grants.len() == 1 { "Amount".to_owned() } else { plain(&grant.name) };
            fact(&name, format!("{}, {}", amount(self.plan, grant, balance.holds), when(grant.when)));
            fact("Costs", cost(self.plan, &grant.cost));
            fact("Expires", expiry(grant.expires));
        }
        fact("Pays for", self.lines(&balance.pays));
        if balance.rate != Rational::ONE {
            fact("Covers at", format!("{} of contract prices", percent(&balance.rate)));
        }
        if let Some(overage) = &balance.overage {
            fact("Beyond it", format!("{} of contract prices", percent(overage)));
        }
        fact(
            "Unused",
            match &balance.rollover {
                None => "expires".to_owned(),
                Some(rule) => {
                    let most = match &rule.at_most {
                        Carry::ShareOfRest(share) => format!("{} of what is left", percent(share)),
                        Carry::Amount(amount) => self.plan.currency_at(balance.holds).0.format(amount),
                    };
                    format!("up to {most} is carried over for {}", age(rule.lasts))
                }
            },
        );
        if balance.during.from.is_some() || balance.during.until.is_some() {
            fact("Days", days(&balance.during));
        }
        facts
    }

    fn postpaid(&self, rule: &Commitment) -> Vec<(String, String)> {
        let money = |amount: &Rational| self.plan.currency.format(amount);
        let mut facts = Vec::new();
        let mut fact = |name: &str, value: String| facts.push((name.to_owned(), read(&value)));
        for (at, step) in rule.steps.iter().enumerate() {
            let length = match step.lasts {
                StepLength::Term => "for the term".to_owned(),
                StepLength::Age(length) if rule.repeats => every(length),
                StepLength::Age(length) => format!("for {}", age(length)),
            };
            let name = if rule.steps.len() == 1 { "Amount".to_owned() } else { format!("Step {}", at + 1) };
            fact(&name, format!("{}, {length}", money(&step.amount)));
        }
        fact("Counts", self.lines(&rule.counts));
        if let Some(true_up) = &rule.true_up {
            let kind = if true_up.cumulative { ", cumulative" } else { "" };
            fact("Trued up", format!("{} to {} of the amount{kind}", every(true_up.every), percent(&true_up.share)));
        }
        fact(
            "Shortfall",
            match rule.shortfall {
                Shortfall::Forfeited => "is charged at the end".to_owned(),
                Shortfall::Ignored => "is not charged".to_owned(),
                Shortfall::Credited(into) => {
                    format!("is charged, and credited to {}", plain(&self.plan.funds.balances[into.ix()].name))
                }
            },
        );
        if let Excess::RollsOver { up_to, lasts } = &rule.excess {
            fact(
                "Excess",
                format!("counts in the next stretch, up to {} of the amount, for {}", percent(up_to), age(*lasts)),
            );
        }
        if let Some(overage) = &rule.overage {
            fact("Beyond it", format!("{} of contract prices", percent(overage)));
        }
        if rule.during.from.is_some() || rule.during.until.is_some() {
            fact("Days", days(&rule.during));
        }
        facts
    }

    pub(super) fn wallets(&self) -> Section {
        let mut parts = Vec::new();
        for wallet in self.plan.funds.balances.iter().filter(|balance| balance.kind == BalanceKind::Wallet) {
            let (currency, _) = self.plan.currency_at(wallet.holds);
            parts.push(Part::Heading(plain(&wallet.name)));
            parts.extend(self.docs("wallet", &wallet.name));
            let mut facts = vec![("Holds".to_owned(), currency.code.to_string())];
            facts.push(("Pays for".to_owned(), self.lines(&wallet.pays)));
            if wallet.overdraft.is_positive() {
                facts.push(("Overdraft".to_owned(), format!("up to {}", read(&currency.format(&wallet.overdraft)))));
            }
            if let Some(top_up) = &wallet.top_up {
                let added = match &top_up.amount {
                    TopUpAmount::Fixed(amount) => currency.format(amount),
                    TopUpAmount::Target(target) => format!("up to {}", currency.format(target)),
                };
                let each = self.plan.currency.format(&top_up.unit_cost);
                let (count, window) = top_up.at_most;
                let text = format!(
                    "{added} at {each} for each {}, when it holds less than {}; at most {count} per {window}",
                    currency.code,
                    currency.format(&top_up.below)
                );
                facts.push(("Top-up".to_owned(), read(&text)));
            }
            parts.push(Part::Facts(facts));
            let rows = wallet.grants.iter().map(|grant| {
                let cells = [
                    plain(&grant.name),
                    amount(self.plan, grant, wallet.holds),
                    when(grant.when),
                    cost(self.plan, &grant.cost),
                    expiry(grant.expires),
                ];
                cells.iter().map(|cell| read(cell)).collect()
            });
            parts.extend(words(&["Grant", "Amount", "When", "Costs", "Expires"], rows.collect()));
        }
        section("Wallets", parts)
    }

    pub(super) fn payers(&self) -> Section {
        let mut parts = Vec::new();
        for waterfall in &self.plan.funds.waterfall {
            let included = (!self.plan.allowances.is_empty()).then(|| "Included usage".to_owned());
            let balances = waterfall.steps.iter().map(|at| plain(&self.plan.funds.balances[at.ix()].name));
            let mut all: Vec<String> = included.into_iter().chain(balances).collect();
            all.push(match waterfall.finally {
                Finally::Invoice => "the invoice".to_owned(),
                Finally::Overage => "the invoice, at overage prices".to_owned(),
                Finally::Block => "nobody: usage beyond is refused".to_owned(),
            });
            let from = waterfall.from.map(|day| format!("From {day}: ")).unwrap_or_default();
            if !waterfall.steps.is_empty() {
                parts.push(Part::Text(format!("{from}{}.", all.join(", then "))));
            }
        }
        section("Who pays first", parts)
    }
}
