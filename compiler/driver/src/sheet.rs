//! A rate card, plan or contract as a document: what a customer is to read, as plain data.
//!
//! Prices are those in force, with their tiers as tables; everything else is told in the words of
//! the source, which were written to be read.

use crate::compile::SubjectError;
use crate::explain::{quantity, rate};
use crate::in_force::{InForce, in_force};
use crate::workspace::Workspace;
use price_analysis::{Subject, parsed};
use price_diagnostics::{FileId, ItemId};
use price_ir::{Bound, Charge, Curve, FeeSchedule, Line, Plan, Sink, UsageCharge};
use price_syntax::ast::{self, ItemKind, StmtKind};
use std::collections::BTreeMap;

/// A document about one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// `rate card`, `plan`, `contract`.
    pub kind: &'static str,
    /// Its version.
    pub version: Option<u32>,
    /// The `##` lines above it.
    pub docs: String,
    /// Facts as pairs: `currency` and `USD`, `buyer` and a name.
    pub facts: Vec<(String, String)>,
    /// Prices by usage.
    pub prices: Vec<SheetPrice>,
    /// Name, amount, how often and documentation of each fee.
    pub fees: Vec<(String, String, String, String)>,
    /// Everything else, in text order.
    pub terms: Vec<SheetTerm>,
    /// The first run of a term that renews, in the words of the source: `2026-01-01 through 2026-12-31`.
    /// None where an amendment may have moved it.
    pub first_run: Option<String>,
    /// Hash of the meaning, which changes when a price does.
    pub hash: String,
}

/// A price.
#[derive(Debug, Clone, PartialEq)]
pub struct SheetPrice {
    /// Its name.
    pub name: String,
    /// The `##` lines above it.
    pub docs: String,
    /// Unit of its quantity.
    pub unit: String,
    /// Its amounts; none where they have no table.
    pub tables: Vec<SheetTable>,
    /// Its words in the source, where there is no table.
    pub source: Option<String>,
    /// Floors and ceilings.
    pub notes: Vec<String>,
    /// Curves with what they are called, for a picture; empty for plain rates.
    pub curves: Vec<(String, Curve)>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetTable {
    /// What is special about it: a date.
    pub title: String,
    /// Headings.
    pub head: Vec<String>,
    /// Cells.
    pub rows: Vec<Vec<String>>,
}

/// A statement in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetTerm {
    /// `allowance`, `wallet`, `minimum`.
    pub kind: String,
    /// Its name, if it has one.
    pub name: String,
    /// The `##` lines above it.
    pub docs: String,
    /// Its words.
    pub text: String,
}

impl Workspace {
    /// The document about a subject.
    pub fn sheet(&self, subject: &Subject) -> Result<Sheet, SubjectError> {
        let compiled = self.compile(subject)?;
        let plan = &compiled.plan;
        let mut docs = BTreeMap::new();
        let mut texts = BTreeMap::new();
        let mut terms = Vec::new();
        let mut lead = String::new();
        let mut first_run = None;
        let mut waiting = vec![(subject.name.clone(), FileId(subject.file.number(self.db())), subject.item)];
        let mut seen = 0;
        // The subject's own words first, then those of what is under it.
        while let Some((_, file, item)) = waiting.pop() {
            seen += 1;
            if seen > 16 {
                break;
            }
            let tree = parsed(self.db(), self.file(file)).clone();
            let Some(declared) = tree.item(item) else { continue };
            if seen == 1 {
                lead = declared.docs.text();
            }
            let text = &self.source(file).text;
            let words = |span: price_diagnostics::Span| outdented(text, span.start as usize, span.end as usize);
            for stmt in statements(&declared.kind) {
                let (kind, name) = match &stmt.kind {
                    StmtKind::Price(price) => {
                        docs.entry(price.name.text.clone()).or_insert_with(|| stmt.docs.text());
                        texts.entry(price.name.text.clone()).or_insert_with(|| words(stmt.span));
                        continue;
                    }
                    StmtKind::Fee(fee) => {
                        docs.entry(fee.name.text.clone()).or_insert_with(|| stmt.docs.text());
                        continue;
                    }
                    StmtKind::PricesFrom(prices) => {
                        waiting.extend(self.under(file, &prices.card, "ratecard"));
                        continue;
                    }
                    StmtKind::Term { period, renews: Some(_) } if seen == 1 && !self.is_amended(&subject.name) => {
                        first_run = Some(words(period.span));
                        continue;
                    }
                    StmtKind::BasedOn(path) => {
                        waiting.extend(self.under(file, path, "plan"));
                        continue;
                    }
                    StmtKind::Allowance(allowance) => ("included", allowance.name.text.clone()),
                    StmtKind::Discount(discount) => ("discount", discount.name.text.clone()),
                    StmtKind::Minimum(_) => ("minimum", String::new()),
                    StmtKind::Cap(_) => ("cap", String::new()),
                    StmtKind::Wallet(wallet) => ("wallet", wallet.name.text.clone()),
                    StmtKind::Commitment(commitment) => ("commitment", commitment.name.text.clone()),
                    StmtKind::Waterfall(_) => ("who pays first", String::new()),
                    StmtKind::Entitlement(entitlement) => ("entitlement", entitlement.name.text.clone()),
                    StmtKind::Prorate { .. } => ("partial periods", String::new()),
                    StmtKind::LateEvents { .. } => ("late usage", String::new()),
                    _ => continue,
                };
                terms.push(SheetTerm { kind: kind.to_owned(), name, docs: stmt.docs.text(), text: words(stmt.span) });
            }
        }
        let doc = |name: &str| docs.get(name).cloned().unwrap_or_default();
        let mut prices = Vec::new();
        let mut fees = Vec::new();
        for line in &plan.lines {
            match &line.charge {
                Charge::Fee(fee) => {
                    let often = match fee.per {
                        FeeSchedule::Once => "once".to_owned(),
                        FeeSchedule::Each(window) => {
                            format!("per {window}, {}", if fee.in_advance { "in advance" } else { "in arrears" })
                        }
                    };
                    let (currency, _) = plan.currency_at(line.currency);
                    fees.push((line.name.clone(), currency.format(&fee.amount), often, doc(&line.name)));
                }
                Charge::Usage(usage) => {
                    let sink = &plan.sinks[usage.sink.ix()];
                    prices.push(price(plan, line, usage, sink, doc(&line.name), texts.get(&line.name)));
                }
                Charge::Events(_) | Charge::Share { .. } => prices.push(SheetPrice {
                    name: line.name.clone(),
                    docs: doc(&line.name),
                    unit: String::new(),
                    tables: Vec::new(),
                    source: texts.get(&line.name).cloned(),
                    notes: notes(plan, line),
                    curves: Vec::new(),
                }),
            }
        }
        Ok(Sheet {
            name: subject.name.clone(),
            kind: if subject.kind == "ratecard" { "rate card" } else { subject.kind },
            version: subject.version,
            docs: lead,
            facts: facts(plan),
            prices,
            fees,
            terms,
            first_run,
            hash: compiled.hash.to_string(),
        })
    }

    /// Whether an amendment to a contract of this name is there.
    fn is_amended(&self, contract: &str) -> bool {
        self.own().any(|(id, _)| {
            let tree = parsed(self.db(), self.file(id)).clone();
            tree.items.iter().any(|item| match &item.kind {
                ItemKind::Amendment(amendment) => amendment
                    .target
                    .last()
                    .is_some_and(|name| self.alias(id, &name.text).unwrap_or(name.text.clone()) == contract),
                _ => false,
            })
        })
    }

    /// The item that a layer names, by its last part.
    fn under(&self, file: FileId, path: &ast::Path, kind: &str) -> Option<(String, FileId, ItemId)> {
        let name = path.last()?.text.clone();
        let alias = self.alias(file, &name).unwrap_or(name);
        let found = self.own().flat_map(|(id, _)| price_analysis::subjects(self.db(), self.file(id)));
        let fits = found.filter(|s| s.kind == kind && s.name == alias).max_by_key(|s| s.version)?;
        Some((alias, FileId(fits.file.number(self.db())), fits.item))
    }

    /// What a name that was imported as another one is called where it is declared.
    fn alias(&self, file: FileId, name: &str) -> Option<String> {
        let tree = parsed(self.db(), self.file(file)).clone();
        tree.items.iter().find_map(|item| match &item.kind {
            ItemKind::Use(ast::UseDecl::Module { names, alias, path, .. }) => {
                let renamed = names.iter().flatten().find(|n| n.alias.as_ref().is_some_and(|a| a.text == name));
                let whole = alias.as_ref().filter(|alias| alias.text == name).and_then(|_| path.last());
                renamed.map(|n| n.name.text.clone()).or(whole.map(|last| last.text.clone()))
            }
            _ => None,
        })
    }
}

fn statements(kind: &ItemKind) -> &[ast::Stmt] {
    match kind {
        ItemKind::RateCard(card) => &card.body,
        ItemKind::Plan(plan) => &plan.body,
        ItemKind::Contract(contract) => &contract.body,
        _ => &[],
    }
}

/// The lines of a stretch without the indentation of the first.
fn outdented(text: &str, start: usize, end: usize) -> String {
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let indent = start - line;
    let strip = |line: &str| {
        let spaces = line.len() - line.trim_start_matches(' ').len();
        line[spaces.min(indent)..].trim_end().to_owned()
    };
    let lines = text.get(start..end).unwrap_or_default().lines().enumerate();
    let lines: Vec<String> = lines.map(|(at, line)| if at == 0 { line.to_owned() } else { strip(line) }).collect();
    lines.join("\n")
}

fn facts(plan: &Plan) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut add = |name: &str, value: String| facts.push((name.to_owned(), value));
    if let Some(parties) = &plan.parties {
        parties.seller.iter().for_each(|seller| add("Seller", seller.clone()));
        parties.buyer.iter().for_each(|buyer| add("Customer", buyer.clone()));
        if !parties.accounts.is_empty() {
            add("Accounts", parties.accounts.join(", "));
        }
        add("Term", span(&parties.term));
    }
    if plan.effective.from.is_some() || plan.effective.until.is_some() {
        add("Effective", span(&plan.effective));
    }
    add("Currency", plan.currency.code.to_string());
    if plan.kind != price_ir::PlanKind::RateCard {
        add("Time zone", plan.zone.clone());
        let day = if plan.billing.day == 1 { String::new() } else { format!(", on day {}", plan.billing.day) };
        add("Billed", format!("every {}{day}", plan.billing.every));
        plan.net_days.iter().for_each(|days| add("Payable", format!("within {days} days")));
    }
    let rounding = &plan.rounding.rounding;
    add("Rounding", format!("each line {} to {}", rounding.mode, plan.currency.format(&rounding.step)));
    facts
}

fn span(span: &price_value::Span) -> String {
    match (span.from, span.until) {
        (Some(from), Some(until)) => format!("{from} through {}", until.add_days(-1)),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("through {}", until.add_days(-1)),
        (None, None) => "without end".to_owned(),
    }
}

fn notes(plan: &Plan, line: &Line) -> Vec<String> {
    let (currency, _) = plan.currency_at(line.currency);
    let note = |clamp: &price_ir::LineClamp| {
        let side = if clamp.bound == Bound::Floor { "at least" } else { "at most" };
        let used = if clamp.if_used { ", if used" } else { "" };
        format!("{side} {} per {}{used}", currency.format(&clamp.amount), clamp.per)
    };
    line.clamps.iter().map(note).collect()
}

fn price(
    plan: &Plan,
    line: &Line,
    usage: &UsageCharge,
    sink: &Sink,
    docs: String,
    text: Option<&String>,
) -> SheetPrice {
    let held = in_force(plan, sink, &usage.rules);
    let curves: Option<Vec<(&InForce<'_>, Curve)>> =
        held.iter().map(|h| Some((h, Curve::of(&h.function.amount)?))).collect();
    let mut made = SheetPrice {
        name: line.name.clone(),
        docs,
        unit: sink.unit.clone(),
        tables: Vec::new(),
        source: None,
        notes: notes(plan, line),
        curves: Vec::new(),
    };
    let (Some(curves), true) = (curves, usage.scale.is_none() && usage.across.is_each()) else {
        made.source = text.cloned();
        return made;
    };
    let (currency, _) = plan.currency_at(line.currency);
    let unit = if sink.unit.is_empty() { "unit".to_owned() } else { sink.unit.clone() };
    let mut days: Vec<_> = held.iter().map(|h| h.from).collect();
    days.dedup();
    for day in &days {
        // What stays as it was is not told again.
        let known = |h: &InForce<'_>, c: &Curve| {
            curves.iter().any(|(other, curve)| other.from < h.from && other.cells == h.cells && curve == c)
        };
        let fits = |(h, c): &&(&InForce<'_>, Curve)| h.from == *day && !known(h, c);
        let of_day: Vec<&(&InForce<'_>, Curve)> = curves.iter().filter(fits).collect();
        if of_day.is_empty() {
            continue;
        }
        let title = day.map(|day| format!("from {day}")).unwrap_or_default();
        let name = |h: &InForce<'_>| if h.cells.is_empty() { "all".to_owned() } else { h.cells.join("; ") };
        let starts: Vec<_> = of_day[0].1.pieces.iter().map(|p| p.from.clone()).collect();
        let alike = of_day.iter().all(|(_, c)| c.pieces.iter().map(|p| &p.from).eq(starts.iter()) && smooth(c));
        if alike && starts.len() == 1 {
            let rows = of_day.iter().map(|(h, c)| vec![name(h), rate(&c.pieces[0].slope, currency)]).collect();
            made.tables.push(SheetTable { title, head: vec![String::new(), format!("per {unit}")], rows });
        } else if alike {
            let mut head = vec![unit.clone()];
            head.extend(of_day.iter().map(|(h, _)| if h.cells.is_empty() { format!("per {unit}") } else { name(h) }));
            let row = |at: usize| {
                let mut row = vec![range(&starts, at)];
                row.extend(of_day.iter().map(|(_, c)| rate(&c.pieces[at].slope, currency)));
                row
            };
            made.tables.push(SheetTable { title, head, rows: (0..starts.len()).map(row).collect() });
        } else {
            for (h, curve) in of_day {
                let starts: Vec<_> = curve.pieces.iter().map(|p| p.from.clone()).collect();
                let head = vec![unit.clone(), "total at the start".to_owned(), format!("each more {unit}")];
                let row = |at: usize| {
                    let piece = &curve.pieces[at];
                    vec![range(&starts, at), currency.format(&piece.value), rate(&piece.slope, currency)]
                };
                let title =
                    [title.clone(), name(h)].into_iter().filter(|t| !t.is_empty() && t != "all").collect::<Vec<_>>();
                made.tables.push(SheetTable {
                    title: title.join(", "),
                    head,
                    rows: (0..starts.len()).map(row).collect(),
                });
            }
        }
    }
    // The rules that hold last are drawn.
    let last = days.last().copied().flatten();
    let drawn = curves.into_iter().filter(|(h, c)| h.from == last && (c.pieces.len() > 1));
    made.curves =
        drawn.map(|(h, c)| (if h.cells.is_empty() { line.name.clone() } else { h.cells.join("; ") }, c)).collect();
    made
}

/// Whether a curve begins at nothing and nowhere jumps, so that its rates say all.
fn smooth(curve: &Curve) -> bool {
    let joins = |at: usize| {
        let before = if at == 0 { curve.at_zero.clone() } else { curve.pieces[at - 1].at(&curve.pieces[at].from) };
        before == curve.pieces[at].value
    };
    curve.at_zero.is_zero() && (0..curve.pieces.len()).all(joins)
}

/// `up to 100`, `above 100 up to 500`, `above 500`.
fn range(starts: &[price_value::Rational], at: usize) -> String {
    let from = &starts[at];
    match (starts.get(at + 1), from.is_zero()) {
        (Some(to), true) => format!("up to {}", quantity(to, "")),
        (Some(to), false) => format!("above {} up to {}", quantity(from, ""), quantity(to, "")),
        (None, true) => "all".to_owned(),
        (None, false) => format!("above {}", quantity(from, "")),
    }
}
