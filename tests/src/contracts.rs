//! Contracts from source through readers, engines and payment, for laws that hold of all of them.

use crate::generate::contract;
use price_driver::{MemoryWorld, Workspace};
use price_ingest::{Forget, Options, Reader, Source};
use price_ir::{Account, CurrencyIx, Invoice, KernelFactory, OWN};
use price_rating::{Late, Rater, Stage, restate};
use price_value::{Date, Rational};
use std::collections::BTreeMap;

/// A compiled contract, in every state of knowledge.
pub struct Contract {
    known: Vec<price_driver::Known>,
}

impl Contract {
    /// Compiles the contract of that name. The error is every finding.
    pub fn new(text: &str, name: &str) -> Result<Contract, String> {
        let workspace = Workspace::load(&MemoryWorld::new().with("main.price", text), &["main.price".to_owned()])
            .map_err(|e| e.to_string())?;
        let errors = workspace.check().into_iter().filter(price_diagnostics::Diagnostic::is_error);
        let errors: Vec<String> = errors.map(|d| format!("{} {}", d.code, d.message)).collect();
        if !errors.is_empty() {
            return Err(errors.join("\n"));
        }
        let subject = workspace.subject(Some(name)).map_err(|e| e.to_string())?;
        Ok(Contract { known: workspace.compile_known(&subject).map_err(|e| e.to_string())? })
    }

    /// Hash of the meaning as it is known.
    pub fn hash(&self) -> String {
        self.known.last().map_or(String::new(), |known| known.compiled.hash.to_string())
    }

    /// The invoices of the year's first five months over NDJSON. With `closing`, everything is
    /// closed once after each part, as a runtime does that looks at drafts.
    pub fn invoices(&self, engine: &dyn KernelFactory, parts: &[Vec<String>]) -> Result<Vec<Invoice>, String> {
        let mut stages = Vec::new();
        for known in &self.known {
            let kernel = engine.compile(&known.compiled.plan).map_err(|e| e.to_string())?;
            let mut rater = Rater::new(kernel).map_err(|e| e.to_string())?;
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    for (subject, period) in due(&rater) {
                        rater.close(&subject, &period).map_err(|e| e.to_string())?;
                    }
                }
                read(&mut rater, part)?;
            }
            stages.push(Stage { rater, known: known.since.map(Late::on) });
        }
        let due = stages.last().map(|stage| due(&stage.rater)).unwrap_or_default();
        let mut invoices = Vec::new();
        for (subject, period) in due {
            invoices.push(restate(&mut stages, &subject, &period).map_err(|e| e.to_string())?.invoice);
        }
        Ok(invoices)
    }
}

fn due(rater: &Rater) -> Vec<(String, price_value::Period)> {
    rater.due(Date::new(2026, 1, 1), Date::new(2026, 6, 1))
}

/// Reads usage as the program does: repeats found by identity, rows in the order the plan needs.
fn read(rater: &mut Rater, lines: &[String]) -> Result<(), String> {
    let plan = rater.plan().clone();
    let mut options = Options { order: rater.order(), threads: 1, ..Options::default() };
    // A contract reads the events of its prices and no others.
    let foreign = contract::EVENTS.iter().filter(|name| !plan.events.iter().any(|event| event.name == **name));
    options.passed_over.extend(foreign.map(|name| (*name).to_owned()));
    if let Some(parties) = &plan.parties {
        options.pools.extend(parties.accounts.iter().map(|account| (account.clone(), plan.name.clone())));
    }
    let bytes = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>().into_bytes();
    let reader =
        Reader::open(&plan, vec![Source::Bytes("usage.ndjson".into(), bytes)], options).map_err(|e| e.to_string())?;
    let mut faults = 0;
    let (summary, _) = reader
        .read(&mut Forget, &mut |_| {}, &mut |tables, block| {
            for mut part in block.parts {
                let accounts: Vec<u32> =
                    part.accounts.iter().map(|account| rater.subject(tables.accounts.text(*account)).0).collect();
                faults += rater.push(&mut part.batch, &accounts).len();
            }
            Ok(())
        })
        .map_err(|e| e.to_string())?;
    if faults > 0 || !summary.rejected.is_empty() {
        return Err(format!("{faults} rows and {:?} were refused", summary.rejected));
    }
    Ok(())
}

/// What of conservation does not hold of an account's invoices, in order of time.
pub fn unbalanced(invoices: &[Invoice]) -> Option<String> {
    for invoice in invoices {
        let at = |what: &str| Some(format!("{what} in {}", invoice.period));
        let own = || invoice.lines.iter().filter(|line| line.currency == OWN);
        let lines: Rational = own().map(|line| &line.amount).sum();
        let paid: Rational = own().flat_map(|line| &line.paid).map(|(_, paid)| paid).sum();
        let Some(payment) = &invoice.payment else {
            if lines != invoice.due {
                return at("lines and due");
            }
            continue;
        };
        let asked: Rational = &invoice.due + &payment.interim.iter().map(|i| &i.amount).sum::<Rational>();
        if lines != &paid + &asked {
            return at("lines, paid and due");
        }
        let mut moved: BTreeMap<(CurrencyIx, &Account), Rational> = BTreeMap::new();
        for entry in &payment.ledger {
            if !entry.amount.is_positive() {
                return at("a movement of nothing");
            }
            *moved.entry((entry.currency, &entry.debit)).or_default() -= &entry.amount;
            *moved.entry((entry.currency, &entry.credit)).or_default() += &entry.amount;
        }
        let receivable: Rational =
            moved.iter().filter(|((_, account), _)| matches!(account, Account::Receivable)).map(|(_, sum)| sum).sum();
        if -receivable != asked {
            return at("what the ledger asks for and the invoice");
        }
        for balance in &payment.balances {
            let b = balance;
            let closed = &b.opened + &b.restated + &b.granted + &b.topped_up + &b.rolled_in
                - &b.used
                - &b.expired
                - &b.clawed_back;
            let held = moved.iter().filter(|((_, account), _)| match account {
                Account::Lot { balance, .. } | Account::Overdraft { balance } => *balance == b.name,
                _ => false,
            });
            if closed != b.closed || held.map(|(_, sum)| sum).sum::<Rational>() != &b.closed - &b.opened {
                return at(&format!("the statement of {}", b.name));
            }
            if b.lots.iter().any(|lot| lot.left.is_negative() || lot.left > lot.amount) {
                return at(&format!("a lot of {}", b.name));
            }
        }
    }
    for pair in invoices.windows(2) {
        if let (Some(before), Some(after)) = (&pair[0].payment, &pair[1].payment) {
            let opens = before.balances.iter().zip(&after.balances).all(|(a, b)| a.closed == b.opened);
            if !opens || before.revenue.deferred != after.revenue.deferred_before {
                return Some(format!("what {} opens with", pair[1].period));
            }
        }
    }
    None
}

/// What a statement says that its invoice does not.
pub fn misstated(contract: &Contract, invoices: &[Invoice]) -> Option<String> {
    let compiled = &contract.known.last()?.compiled;
    for invoice in invoices {
        let at = |what: &str| Some(format!("{what} in the statement of {}", invoice.period));
        let body = price_documents::invoice(invoice, &compiled.plan, &compiled.source_map);
        let Ok(statement) = price_documents::statement(&body).and_then(|said| Ok(serde_json::to_value(said)?)) else {
            return at("nothing");
        };
        let number = |value: &serde_json::Value| value.as_str().and_then(|text| text.parse::<Rational>().ok());
        let all = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
        for wallet in all(&statement["wallets"]) {
            let moved: Option<Vec<Rational>> =
                all(&wallet["movements"]).iter().map(|of| number(&of["amount"])).collect();
            let sum = moved.map(|moved| moved.iter().sum::<Rational>());
            if sum.and_then(|sum| Some(number(&wallet["opened"])? + sum)) != number(&wallet["closed"]) {
                return at("a wallet");
            }
            if all(&wallet["movements"]).last().is_some_and(|last| number(&last["left"]) != number(&wallet["closed"])) {
                return at("what is left");
            }
        }
        let revenue = &statement["revenue"];
        let days = all(&revenue["days"]);
        for name in ["earned", "breakage"] {
            let sum: Rational = days.iter().filter_map(|day| number(&day[name])).sum();
            if number(&revenue[name]).is_some_and(|all| all != sum) {
                return at(&format!("days of `{name}`"));
            }
        }
        let last = days.last().map_or(&revenue["deferred_before"], |day| &day["deferred"]);
        if number(last) != number(&revenue["deferred"]) {
            return at("what is deferred");
        }
    }
    None
}
