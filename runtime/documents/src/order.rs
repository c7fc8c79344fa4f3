//! An order form: what two parties sign, as plain data and as a page. The same data are drawn as PDF.

use crate::page::page;
use maud::{Markup, html};

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderForm {
    /// `Order form: Northstar`.
    pub title: String,
    /// What it is about, in the words of its author.
    pub lead: Vec<String>,
    /// Who signs: a role and a name; empty where nobody is named yet.
    pub parties: Vec<(String, String)>,
    /// Term, billing, currency: a name and a value each.
    pub facts: Vec<(String, String)>,
    /// What is agreed.
    pub sections: Vec<Section>,
    /// Said below.
    pub notes: Vec<String>,
}

/// A part of the form with a heading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// Heading.
    pub title: String,
    /// What stands under it.
    pub parts: Vec<Part>,
}

/// What a section holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// What the next parts are about.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// A name and a value each.
    Facts(Vec<(String, String)>),
    /// A table.
    Table(Table),
    /// Words of the source, line by line.
    Words(String),
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// What is special about it.
    pub caption: String,
    /// Headings.
    pub head: Vec<String>,
    /// Cells; each row has as many as there are headings.
    pub rows: Vec<Vec<String>>,
    /// Cells are words and stand at the left; else all but the first stand at the right.
    pub words: bool,
}

/// What a party fills in below its name.
pub const SIGNED: [&str; 4] = ["Signature", "Name", "Title", "Date"];

const STYLE: &str = "
@page { size: A4; margin: 18mm 16mm 20mm; }
* { box-sizing: border-box; }
body { margin: 0; background: #eef0f2; color: #1c2024; font: 14px/1.5 system-ui, -apple-system, 'Segoe UI', 'Noto Sans', sans-serif; }
main { max-width: 52rem; margin: 2rem auto; padding: 3rem; background: #fff; box-shadow: 0 1px 4px #0002; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.1rem; margin: 2.25rem 0 .6rem; padding-bottom: .3rem; border-bottom: 1.5px solid #1c2024; }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p { margin: .3rem 0; max-width: 44rem; }
.lead { font-size: 1.05rem; }
.parties { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 1.5rem; margin: 1.75rem 0 1.25rem; }
.label, caption, dt { color: #66707a; }
.label { font-size: .8rem; }
.parties strong, .sign strong { display: block; min-height: 1.5em; border-bottom: 1px solid transparent; }
.parties strong.blank, .sign strong.blank { border-color: #9aa2aa; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.5rem; margin: .4rem 0; }
dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; margin: .4rem 0 .8rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .2rem; }
th, td { padding: .35rem .6rem; text-align: right; vertical-align: top; border-bottom: 1px solid #dde1e5; }
.words th, .words td, th:first-child, td:first-child { text-align: left; }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-bottom: 1.5px solid #1c2024; font-weight: 600; }
pre { margin: .4rem 0 .8rem; padding-left: .8rem; border-left: 2px solid #c3c9cf; font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.signatures { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: 2.5rem; margin-top: 1rem; }
.sign div { display: flex; align-items: flex-end; gap: .6rem; height: 2.6rem; }
.sign div .label { width: 4rem; }
.sign div span:last-child { flex: 1; border-bottom: 1px solid #1c2024; }
footer { margin-top: 2.5rem; padding-top: .75rem; border-top: 1px solid #dde1e5; color: #66707a; font-size: .78rem; overflow-wrap: anywhere; }
@media (max-width: 40rem) { main { margin: 0; padding: 1.25rem; } }
@media print {
  body { background: #fff; font-size: 10pt; }
  main { margin: 0; padding: 0; max-width: none; box-shadow: none; }
  h2, h3, caption { break-after: avoid; }
  thead { display: table-header-group; }
  tr, dl, pre, .sign, .signatures { break-inside: avoid; }
  footer { break-before: avoid; break-inside: avoid; margin-top: 1.25rem; }
}
";

/// A page that needs nothing but itself.
pub fn html(form: &OrderForm) -> String {
    let body = html! {
        h1 { (form.title) }
        @for text in &form.lead { p.lead { (text) } }
        div.parties { @for (role, name) in &form.parties { div { span.label { (role) } (named(name)) } } }
        (facts(&form.facts))
        @for section in &form.sections {
            section {
                h2 { (section.title) }
                @for part in &section.parts { (self::part(part)) }
            }
        }
        section {
            h2 { "Signatures" }
            div.signatures { @for (role, name) in &form.parties { (signature(role, name)) } }
        }
        footer { @for note in &form.notes { p { (note) } } }
    };
    page("en", &form.title, STYLE, &body)
}

/// A name, or a line to write one on.
fn named(name: &str) -> Markup {
    html! { @if name.is_empty() { strong.blank {} } @else { strong { (name) } } }
}

fn facts(facts: &[(String, String)]) -> Markup {
    html! { @if !facts.is_empty() { dl { @for (name, value) in facts { dt { (name) } dd { (value) } } } } }
}

fn part(part: &Part) -> Markup {
    match part {
        Part::Heading(text) => html! { h3 { (text) } },
        Part::Text(text) => html! { p { (text) } },
        Part::Facts(all) => facts(all),
        Part::Words(text) => html! { pre { (text) } },
        Part::Table(table) => html! {
            div.scroll {
                table.words[table.words] {
                    @if !table.caption.is_empty() { caption { (table.caption) } }
                    thead { tr { @for cell in &table.head { th scope="col" { (cell) } } } }
                    tbody { @for row in &table.rows { tr { @for cell in row { td { (cell) } } } } }
                }
            }
        },
    }
}

fn signature(role: &str, name: &str) -> Markup {
    html! {
        div.sign {
            span.label { (role) }
            (named(name))
            @for line in SIGNED { div { span.label { (line) } span {} } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_party_says_is_text() {
        let form = OrderForm {
            title: "<b>".into(),
            parties: vec![("Provider".into(), String::new()), ("Customer".into(), "A & B".into())],
            sections: vec![Section { title: "Prices".into(), parts: vec![Part::Words("<script>".into())] }],
            ..OrderForm::default()
        };
        let page = html(&form);
        assert!(page.contains("<h1>&lt;b&gt;</h1>") && page.contains("&lt;script&gt;") && page.contains("A &amp; B"));
        assert_eq!((page.matches("Signature<").count(), page.matches("strong class=\"blank\"").count()), (2, 2));
    }
}
