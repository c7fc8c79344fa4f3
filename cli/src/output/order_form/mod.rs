//! An order form for a contract, plan or rate card: what it says, as tables and facts to sign.

mod funds;
mod words;

use crate::output::sheet_html::{paragraphs, plain, read};
use price_documents::order::{OrderForm, Part, Section, Table};
use price_driver::{Sheet, SheetPrice, quantity};
use price_ir::{Bound, DiscountOff, EntitlementValue, LineIx, Plan, Rollover};
use price_value::Window;
use words::{days, per};

/// The form.
pub fn form(sheet: &Sheet, plan: &Plan) -> OrderForm {
    let teller = Teller { sheet, plan };
    let name = plain(&sheet.name);
    let version = sheet.version.map(|version| format!(", version {version}")).unwrap_or_default();
    let party = |of: fn(&price_ir::Parties) -> &Option<String>| {
        plan.parties.as_ref().and_then(|parties| of(parties).clone()).unwrap_or_default()
    };
    let sections = [
        teller.fees(),
        teller.prices(),
        teller.included(),
        teller.reductions(),
        teller.commitments(),
        teller.wallets(),
        teller.payers(),
        teller.entitlements(),
        teller.rest(),
    ];
    OrderForm {
        title: format!("Order form: {name}{version}"),
        lead: paragraphs(&sheet.docs),
        parties: vec![
            ("Provider".to_owned(), party(|parties| &parties.seller)),
            ("Customer".to_owned(), party(|parties| &parties.buyer)),
        ],
        facts: teller.facts(),
        sections: sections.into_iter().filter(|section| !section.parts.is_empty()).collect(),
        notes: vec![format!(
            "Amounts are in {} and without taxes. What is agreed is {} {}: the number changes when what it means does.",
            plan.currency.code, sheet.kind, sheet.hash
        )],
    }
}

struct Teller<'a> {
    sheet: &'a Sheet,
    plan: &'a Plan,
}

fn section(title: &str, parts: Vec<Part>) -> Section {
    Section { title: title.to_owned(), parts }
}

fn words(head: &[&str], rows: Vec<Vec<String>>) -> Option<Part> {
    let head = head.iter().map(|cell| (*cell).to_owned()).collect();
    (!rows.is_empty()).then(|| Part::Table(Table { caption: String::new(), head, rows, words: true }))
}

impl Teller<'_> {
    /// Term, billing, money; who the parties are stands above.
    fn facts(&self) -> Vec<(String, String)> {
        let named = ["Seller", "Customer"];
        let facts = self.sheet.facts.iter().filter(|(name, _)| !named.contains(&name.as_str()));
        let mut facts: Vec<(String, String)> = facts.map(|(name, value)| (name.clone(), read(value))).collect();
        // A contract holds from its first day to its last.
        let term = facts.iter().find(|(name, _)| name == "Term").map(|(_, days)| days.clone());
        facts.retain(|(name, days)| name != "Effective" || term.as_ref() != Some(days));
        let renews = self.plan.parties.as_ref().and_then(|parties| parties.renews);
        if let (Some(every), Some(at)) = (renews, facts.iter().position(|(name, _)| name == "Term")) {
            if let Some(run) = &self.sheet.first_run {
                facts[at].1.clone_from(run);
            }
            facts.insert(at + 1, ("Renews".to_owned(), format!("each time for a {every}, until it is ended")));
        }
        facts
    }

    /// The words of the author above a statement.
    fn docs(&self, kind: &str, name: &str) -> Vec<Part> {
        let term = self.sheet.terms.iter().find(|term| term.kind == kind && term.name == name);
        term.map(|term| paragraphs(&term.docs)).unwrap_or_default().into_iter().map(Part::Text).collect()
    }

    fn lines(&self, of: &[LineIx]) -> String {
        let priced = self.plan.lines.iter().filter(|line| !line.rebate).count();
        if of.len() >= priced && priced > 1 {
            return "all prices and fees".to_owned();
        }
        let names: Vec<String> = of.iter().map(|at| plain(&self.plan.lines[at.ix()].name)).collect();
        names.join(", ")
    }

    fn fees(&self) -> Section {
        let rows = self.sheet.fees.iter();
        let rows = rows.map(|(name, amount, often, _)| vec![plain(name), read(amount), often.clone()]).collect();
        let mut parts: Vec<Part> = words(&["Fee", "Amount", "Due"], rows).into_iter().collect();
        for (name, _, _, docs) in self.sheet.fees.iter().filter(|(_, _, _, docs)| !docs.is_empty()) {
            parts.push(Part::Text(format!("{}: {}", plain(name), docs.replace('\n', " "))));
        }
        section("Fixed fees", parts)
    }

    fn prices(&self) -> Section {
        section("Prices by usage", self.sheet.prices.iter().flat_map(price).collect())
    }

    fn included(&self) -> Section {
        let rows = self.plan.allowances.iter().map(|rule| {
            let of: Vec<LineIx> = rule.covers.iter().map(|covers| covers.line).collect();
            let mut lines = of.clone();
            lines.dedup();
            let granted = match (rule.times, &rule.events) {
                (Some(sink), _) => {
                    let sink = &self.plan.sinks[sink.ix()];
                    format!("{} for each {} of {}", quantity(&rule.quantity, &rule.unit), sink.unit, plain(&sink.meter))
                }
                (None, Some(_)) => format!("the first {}", quantity(&rule.quantity, &rule.unit)),
                (None, None) => quantity(&rule.quantity, &rule.unit),
            };
            let rest = match &rule.rollover {
                None => "expires".to_owned(),
                Some(Rollover { at_most, windows }) => format!(
                    "up to {} carried over for {windows} {}{}",
                    quantity(at_most, &rule.unit),
                    rule.per,
                    if *windows == 1 { "" } else { "s" }
                ),
            };
            vec![plain(&rule.name), read(&granted), per(rule.per), self.lines(&lines), read(&rest)]
        });
        let table = words(&["Included", "Quantity", "Granted", "For", "Unused"], rows.collect());
        let mut parts: Vec<Part> = table.into_iter().collect();
        for rule in &self.plan.allowances {
            parts.extend(self.docs("included", &rule.name));
        }
        section("Included usage", parts)
    }

    fn reductions(&self) -> Section {
        let money = |amount| read(&self.plan.currency.format(amount));
        let mut rows = Vec::new();
        for discount in &self.plan.discounts {
            let off = match &discount.off {
                DiscountOff::Share(share) => {
                    format!("{}% off", share * &price_value::Rational::int(100))
                }
                DiscountOff::Amount(amount) => format!("{} off per {}", money(amount), self.plan.billing.every),
            };
            let part = if discount.cells.iter().any(Option::is_some) { ", in part" } else { "" };
            rows.push(vec![
                format!("Discount {}", plain(&discount.name)),
                off,
                self.lines(&discount.scope) + part,
                days(&discount.during),
            ]);
        }
        for (line, less) in self.plan.lines.iter().filter_map(|line| match &line.charge {
            price_ir::Charge::Usage(usage) if !usage.less.is_empty() => Some((line, usage)),
            _ => None,
        }) {
            let unit = &self.plan.sinks[less.sink.ix()].unit;
            for one in &less.less {
                let free = format!("{} free", read(&quantity(&one.quantity, unit)));
                rows.push(vec![format!("Discount {}", plain(&one.name)), free, plain(&line.name), days(&one.during)]);
            }
        }
        for group in &self.plan.clamps {
            let (kind, side) = match group.clamp.bound {
                Bound::Floor => ("Minimum", "at least"),
                Bound::Ceiling => ("Cap", "at most"),
            };
            let amount = format!("{side} {} per {}", money(&group.clamp.amount), group.clamp.per);
            rows.push(vec![kind.to_owned(), amount, self.lines(&group.scope), days(&group.clamp.during)]);
        }
        let mut parts: Vec<Part> = words(&["What", "How much", "Of", "Days"], rows).into_iter().collect();
        for discount in &self.plan.discounts {
            parts.extend(self.docs("discount", &discount.name));
        }
        section("Discounts, minimums and caps", parts)
    }

    fn entitlements(&self) -> Section {
        let rows = self.plan.funds.entitlements.iter().map(|rule| {
            let value = match &rule.value {
                EntitlementValue::Flag(true) => "yes".to_owned(),
                EntitlementValue::Flag(false) => "no".to_owned(),
                EntitlementValue::Text(text) => text.clone(),
                EntitlementValue::Metered { unit, limit, per: window, hard, .. } => {
                    let beyond = if *hard { "requests beyond are refused" } else { "more is charged" };
                    let window = match window {
                        Window::Never => String::new(),
                        window => format!(" per {window}"),
                    };
                    format!("{}{window}; {beyond}", read(&quantity(limit, unit)))
                }
            };
            vec![plain(&rule.name), value, days(&rule.during)]
        });
        section("What the service allows", words(&["What", "Allowed", "Days"], rows.collect()).into_iter().collect())
    }

    /// What happens at the edges of periods, in the words of the source.
    fn rest(&self) -> Section {
        let mut parts = Vec::new();
        if let Some(late) = &self.plan.late {
            let then = if late.then_rejected { "is not charged" } else { "is charged with the next period" };
            let days = late.grace_days;
            parts.push(Part::Text(format!(
                "Usage that is reported up to {days} day{} after the end of a period is part of that period; what comes later {then}.",
                if days == 1 { "" } else { "s" }
            )));
        }
        let partial: Vec<&str> =
            self.sheet.terms.iter().filter(|t| t.kind == "partial periods").map(|t| &*t.text).collect();
        if !partial.is_empty() {
            parts.push(Part::Text("In a period that is served in part:".to_owned()));
            parts.push(Part::Words(partial.join("\n")));
        }
        section("Partial periods and late usage", parts)
    }
}

fn price(price: &SheetPrice) -> Vec<Part> {
    let mut parts = vec![Part::Heading(plain(&price.name))];
    parts.extend(paragraphs(&price.docs).into_iter().map(Part::Text));
    for table in &price.tables {
        let rows = table.rows.iter().map(|row| row.iter().map(|cell| read(cell)).collect()).collect();
        let head = table.head.iter().map(|cell| read(cell)).collect();
        parts.push(Part::Table(Table { caption: table.title.clone(), head, rows, words: false }));
    }
    parts.extend(price.source.iter().map(|source| Part::Words(source.clone())));
    parts.extend(price.notes.iter().map(|note| Part::Text(read(note))));
    parts
}
