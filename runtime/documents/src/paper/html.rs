//! A page to send, to read and to print.

use super::{Paper, RowKind};
use crate::page::page;
use maud::{Markup, html};

const STYLE: &str = "
@page { size: A4; margin: 18mm 16mm 20mm; }
* { box-sizing: border-box; }
body { margin: 0; background: #eef0f2; color: #1c2024; font: 14px/1.5 system-ui, -apple-system, 'Segoe UI', 'Noto Sans', sans-serif; }
main { max-width: 52rem; margin: 2rem auto; padding: 3rem; background: #fff; box-shadow: 0 1px 4px #0002; }
header { display: flex; justify-content: space-between; gap: 2rem; flex-wrap: wrap; }
address { font-style: normal; }
address div:first-of-type { font-weight: 600; }
.from { color: #3d4650; }
.to { margin-top: 2.5rem; }
.label { color: #66707a; font-size: .8rem; font-weight: 400; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 2.5rem 0 1rem; }
h2 { font-size: 1rem; margin: 2rem 0 .4rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.25rem; margin: 0; align-content: start; }
dt { color: #66707a; }
dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .6rem; text-align: right; vertical-align: top; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-bottom: 1.5px solid #1c2024; font-weight: 600; white-space: nowrap; }
tr.line td { border-top: 1px solid #dde1e5; }
tr.line td:first-child { font-weight: 600; }
tr.part td { padding-top: 0; color: #535c65; font-size: .9rem; }
tr.part td:first-child { padding-left: 1rem; }
.lines { margin-top: 1.75rem; }
td .label { display: block; }
tr td:nth-child(n+2) { white-space: nowrap; }
.totals { margin-left: auto; width: min(22rem, 100%); margin-top: .75rem; border-top: 1.5px solid #1c2024; }
.totals tr:last-child { font-weight: 700; font-size: 1.1rem; }
.totals tr:last-child td { border-top: 1px solid #dde1e5; }
.block td { border-top: 1px solid #dde1e5; }
footer { margin-top: 2.5rem; padding-top: .75rem; border-top: 1px solid #dde1e5; color: #66707a; font-size: .78rem; overflow-wrap: anywhere; }
footer p { margin: .25rem 0; }
@media (max-width: 40rem) { main { margin: 0; padding: 1.25rem; } }
@media print {
  body { background: #fff; font-size: 10pt; }
  main { margin: 0; padding: 0; max-width: none; box-shadow: none; }
  thead { display: table-header-group; }
  tr, .totals, .block { break-inside: avoid; }
}
";

/// A page that needs nothing but itself.
pub fn html(paper: &Paper) -> String {
    page(&paper.language, &paper.title, STYLE, &body(paper))
}

fn body(paper: &Paper) -> Markup {
    html! {
        header {
            address.from { @for line in paper.seller.lines() { div { (line) } } }
            dl { @for (name, value) in &paper.facts { dt { (name) } dd { (value) } } }
        }
        address.to {
            span.label { "For" }
            @for line in paper.buyer.lines() { div { (line) } }
        }
        h1 { (paper.title) }
        @if !paper.lines.is_empty() || !paper.totals.is_empty() { (charges(paper)) }
        @for block in &paper.blocks {
            section.block {
                h2 { (block.title) }
                div.scroll {
                    table {
                        thead { tr { @for head in &block.head { th scope="col" { (head) } } } }
                        tbody { @for row in &block.rows { tr { @for cell in row { td { (cell) } } } } }
                    }
                }
            }
        }
        footer { @for note in &paper.notes { p { (note) } } }
    }
}

/// The lines and what they come to.
fn charges(paper: &Paper) -> Markup {
    html! {
        div.scroll {
            table.lines {
                thead {
                    tr {
                        th scope="col" { "Description" }
                        th scope="col" { "Quantity" }
                        th scope="col" { "Rate" }
                        th scope="col" { "Amount (" (paper.currency) ")" }
                    }
                }
                tbody {
                    @for row in &paper.lines {
                        tr class=(match row.kind { RowKind::Line => "line", RowKind::Part => "part" }) {
                            td { (row.text) @if !row.note.is_empty() { span.label { (row.note) } } }
                            td { (row.quantity) }
                            td { (row.rate) }
                            td { (row.amount) }
                        }
                    }
                    @if paper.lines.is_empty() { tr.line { td colspan="4" { "Nothing was charged." } } }
                }
            }
        }
        table.totals {
            tbody { @for (name, value) in &paper.totals { tr { td { (name) } td { (value) } } } }
        }
    }
}
