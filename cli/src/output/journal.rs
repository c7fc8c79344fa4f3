//! The ledger as a plain-text journal that hledger and its relatives read.
//!
//! One transaction a movement, invoice by invoice, in order of days within each. Accounts and
//! commodities are declared at the end, so that strict checks pass and nothing has to be kept.

use crate::output::money::plain;
use price_ingest::write::exact_text;
use price_ir::{Account, Entry, EntryKind, Invoice, OWN, Plan};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What the transactions of many invoices named.
#[derive(Default)]
pub struct Journal {
    accounts: BTreeSet<String>,
    /// Code and decimals.
    commodities: BTreeMap<String, u8>,
}

impl Journal {
    /// The transactions of one invoice.
    pub fn add(&mut self, invoice: &Invoice, plan: &Plan) -> String {
        let mut out = String::new();
        match &invoice.payment {
            Some(payment) => payment.ledger.iter().for_each(|entry| self.entry(entry, invoice, plan, &mut out)),
            None => {
                let day = invoice.served.until.add_days(-1);
                for line in invoice.lines.iter().filter(|line| !line.amount.is_zero()) {
                    let income = Account::Income { line: line.name.clone() };
                    let (debit, credit) = match line.amount.is_negative() {
                        false => (Account::Receivable, income),
                        true => (income, Account::Receivable),
                    };
                    let (kind, currency, amount) = (EntryKind::Invoice, OWN, line.amount.abs());
                    self.entry(&Entry { day, kind, currency, amount, debit, credit }, invoice, plan, &mut out);
                }
            }
        }
        out
    }

    fn entry(&mut self, entry: &Entry, invoice: &Invoice, plan: &Plan, out: &mut String) {
        let currency = plan.currency_at(entry.currency).0;
        self.commodities.insert(currency.code.clone(), currency.decimals);
        let (debit, credit) = (name(&entry.debit, invoice, plan), name(&entry.credit, invoice, plan));
        let amount = exact_text(&entry.amount, currency.decimals.into());
        let code = commodity(&currency.code);
        let (day, what, account) = (entry.day, entry.kind.word(), segment(&invoice.account));
        // Two spaces end the name of an account.
        let _ =
            writeln!(out, "{day} {what} | {account}\n    {debit}  {amount} {code}\n    {credit}  -{amount} {code}\n");
        self.accounts.extend([debit, credit]);
    }

    /// The declarations of everything that was named.
    pub fn declarations(&self) -> String {
        let mut out = String::new();
        for (code, decimals) in &self.commodities {
            let point =
                if *decimals == 0 { ".".to_owned() } else { format!(".{}", "0".repeat(usize::from(*decimals))) };
            let _ = writeln!(out, "commodity 1000{point} {}", commodity(code));
        }
        for account in &self.accounts {
            let _ = writeln!(out, "account {account}");
        }
        out
    }
}

/// Letters stand as they are; anything else needs quotes.
fn commodity(code: &str) -> String {
    if code.chars().all(char::is_alphabetic) { code.to_owned() } else { format!("\"{}\"", code.replace('"', "_")) }
}

/// A part of an account's name: nothing that ends one.
fn segment(text: &str) -> String {
    let clean: String =
        plain(text).chars().map(|c| if matches!(c, ':' | ';' | '|' | '\t') { '_' } else { c }).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn name(account: &Account, invoice: &Invoice, plan: &Plan) -> String {
    let own = segment(&invoice.account);
    let ledger = |line: &str| {
        let about = plan.lines.iter().find(|l| l.name == line).and_then(|l| l.about.ledger.clone());
        segment(about.as_deref().unwrap_or(line))
    };
    match account {
        Account::Receivable => format!("assets:receivable:{own}"),
        Account::Cash => format!("assets:cash:{own}"),
        Account::Unbilled { balance } => format!("assets:unbilled:{own}:{}", segment(balance)),
        Account::Blocked => format!("assets:blocked:{own}"),
        Account::Overdraft { balance } => format!("assets:overdraft:{own}:{}", segment(balance)),
        Account::Promotion { balance } => format!("assets:promotion:{own}:{}", segment(balance)),
        Account::Lot { balance, lot } => format!("liabilities:balance:{own}:{}:{}", segment(balance), segment(lot)),
        Account::Deferred { balance } => format!("liabilities:deferred:{own}:{}", segment(balance)),
        Account::Issued { balance } => format!("equity:issued:{own}:{}", segment(balance)),
        Account::Spent { line } => format!("equity:spent:{own}:{}", segment(line)),
        Account::Income { line } => format!("revenues:{}", ledger(line)),
        Account::PromotionUsed { balance } => format!("revenues:promotion:{}", segment(balance)),
        Account::Breakage { balance } => format!("revenues:breakage:{}", segment(balance)),
        Account::Rounding => "revenues:rounding".to_owned(),
    }
}
