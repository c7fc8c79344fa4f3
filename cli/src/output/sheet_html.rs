//! A rate card, plan or contract as a page to send to a customer, and to print.

use maud::{Markup, PreEscaped, html};
use price_driver::{Sheet, SheetPrice, SheetTable, SheetTerm};
use price_plot::{Chart, Series, View};
use price_value::Currency;

/// Prices that one picture holds.
const SERIES: usize = 6;

const STYLE: &str = "
:root { --ink: #1c2024; --soft: #5f6872; --line: #d9dee3; --wash: #f5f7f9; --paper: #fff; --accent: #1f61b0; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --soft: #9aa4ae; --line: #3a424a; --wash: #22272c; --paper: #171a1d; --accent: #7fb2ee; }
  figure { background: #fff; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 3rem 1.5rem 4rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.75rem 0 .75rem; padding-bottom: .35rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .35rem; }
.kind, .note, footer, caption, dt { color: var(--soft); }
.kind { margin: 0 0 1rem; }
.lead { font-size: 1.1rem; max-width: 42rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.5rem; margin: 1.5rem 0 0; }
dd { margin: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 .75rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .3rem; }
th, td { text-align: right; padding: .45rem .75rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
thead th { background: var(--wash); font-weight: 600; }
pre { background: var(--wash); border-left: 3px solid var(--accent); padding: .7rem .9rem; overflow-x: auto; font: 14px/1.5 ui-monospace, SFMono-Regular, Menlo, monospace; margin: .5rem 0 1rem; }
figure { margin: 1rem 0; border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
figure svg { display: block; width: 100%; height: auto; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .75rem; font-size: .85rem; overflow-wrap: anywhere; }
@media print {
  body { font-size: 11pt; background: #fff; color: #000; }
  main { max-width: none; padding: 0; }
  h2, h3 { break-after: avoid; }
  table, figure, pre { break-inside: avoid; }
}
";

/// The page; with pictures of prices that have tiers if asked for.
pub fn page(sheet: &Sheet, currency: &Currency, pictures: bool) -> String {
    let name = plain(&sheet.name);
    let version = sheet.version.map(|version| format!(", version {version}")).unwrap_or_default();
    let body = html! {
        h1 { (name) }
        p .kind { (sheet.kind) (version) }
        @for part in paragraphs(&sheet.docs) { p .lead { (part) } }
        @if !sheet.facts.is_empty() {
            dl { @for (fact, value) in &sheet.facts { dt { (fact) } dd { (value) } } }
        }
        @if !sheet.fees.is_empty() {
            h2 { "Fixed fees" }
            (fees(sheet))
        }
        @if !sheet.prices.is_empty() {
            h2 { "Prices by usage" }
            @for price in &sheet.prices { (self::price(price, currency, pictures)) }
        }
        (terms("Included", sheet, &["included"]))
        (terms("Discounts, minimums and caps", sheet, &["discount", "minimum", "cap"]))
        (terms("Wallets and commitments", sheet, &["wallet", "commitment", "who pays first"]))
        (terms("Entitlements", sheet, &["entitlement"]))
        (terms("Partial periods and late usage", sheet, &["partial periods", "late usage"]))
        footer { "These prices are " code { (sheet.hash) } ": the number changes when what they mean does." }
    };
    price_documents::page("en", &name, STYLE, &body)
}

/// Numbers as customers read them: `50,000`.
pub fn read(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let between = |at: usize| {
        let digit = |at: Option<usize>| at.and_then(|at| letters.get(at)).is_some_and(char::is_ascii_digit);
        digit(at.checked_sub(1)) && digit(Some(at + 1))
    };
    letters.iter().enumerate().map(|(at, c)| if *c == '_' && between(at) { ',' } else { *c }).collect()
}

/// A name as people write it.
pub fn plain(name: &str) -> String {
    let spaced = name.replace(['_', '-'], " ");
    let mut letters = spaced.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

pub fn paragraphs(docs: &str) -> Vec<String> {
    let parts = docs.split("\n\n").map(|part| part.replace('\n', " ").trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

fn fees(sheet: &Sheet) -> Markup {
    html! {
        div .scroll {
            table {
                thead { tr { th { "Fee" } th { "Amount" } th { "Due" } } }
                tbody {
                    @for (name, amount, often, _) in &sheet.fees { tr { td { (plain(name)) } td { (read(amount)) } td { (often) } } }
                }
            }
        }
        @for (name, _, _, docs) in sheet.fees.iter().filter(|(_, _, _, docs)| !docs.is_empty()) {
            p .note { (plain(name)) ": " (docs.replace('\n', " ")) }
        }
    }
}

fn price(price: &SheetPrice, currency: &Currency, pictures: bool) -> Markup {
    html! {
        section {
            h3 { (plain(&price.name)) }
            @for part in paragraphs(&price.docs) { p { (part) } }
            @for table in &price.tables { (self::table(table)) }
            @if let Some(source) = &price.source { pre { (source) } }
            @for note in &price.notes { p .note { (read(note)) } }
            @if let Some(drawn) = picture(price, currency).filter(|_| pictures) {
                figure role="img" aria-label=(format!("{} against {}", plain(&price.name), price.unit)) { (PreEscaped(drawn)) }
            }
        }
    }
}

fn table(table: &SheetTable) -> Markup {
    html! {
        div .scroll {
            table {
                @if !table.title.is_empty() { caption { (table.title) } }
                thead { tr { @for cell in &table.head { th { (cell) } } } }
                tbody { @for row in &table.rows { tr { @for cell in row { td { (read(cell)) } } } } }
            }
        }
    }
}

fn picture(price: &SheetPrice, currency: &Currency) -> Option<String> {
    if price.curves.is_empty() || price.curves.len() > SERIES {
        return None;
    }
    let series = price.curves.iter().map(|(label, curve)| Series { label: label.clone(), curve: curve.clone() });
    let chart = Chart {
        title: plain(&price.name),
        unit: price.unit.clone(),
        currency: currency.clone(),
        view: View::Total,
        series: series.collect(),
        up_to: None,
    };
    price_plot::svg(&chart, 760, 380).ok()
}

fn terms(title: &str, sheet: &Sheet, kinds: &[&str]) -> Markup {
    let found: Vec<&SheetTerm> = sheet.terms.iter().filter(|term| kinds.contains(&term.kind.as_str())).collect();
    html! {
        @if !found.is_empty() {
            h2 { (title) }
            @for term in found {
                @if !term.name.is_empty() { h3 { (plain(&term.name)) } }
                @for part in paragraphs(&term.docs) { p { (part) } }
                pre { (term.text) }
            }
        }
    }
}
