//! What the editor shows about the name under the pointer, as Markdown.

use crate::ide::Ide;
use crate::limits::{HOVER_CELLS, HOVER_TIERS};
use crate::names::{Def, DefKind, Scope};
use crate::plans::{self, InForce};
use price_analysis::env::{Entity, event_key, unit_key};
use price_diagnostics::{FileId, Span};
use price_driver::{quantity, rate};
use price_ir::{Bound, Charge, Line, Plan, Sink};
use price_syntax::ast::ItemKind;
use price_value::Rational;
use std::fmt::Write;

/// Text about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// The name.
    pub span: Span,
    /// Markdown.
    pub markdown: String,
}

impl Ide {
    /// What there is to say about the name at an offset.
    #[must_use]
    pub fn hover(&self, file: FileId, offset: u32) -> Option<Hover> {
        let (def, span) = self.def_at(file, offset)?;
        let mut text = String::new();
        let declaration = self.declaration_text(&def, def.file == file && def.span == span);
        if !declaration.is_empty() {
            let _ = write!(text, "```price\n{declaration}\n```\n");
        }
        let docs = self.docs(&def);
        if !docs.is_empty() {
            let _ = write!(text, "\n{docs}\n");
        }
        let facts = self.facts(&def, file, offset);
        if !facts.is_empty() {
            let _ = write!(text, "\n{facts}");
        }
        if def.file != file && !self.is_standard(def.file) {
            let _ = write!(text, "\n*{}*\n", self.workspace().source(def.file).name);
        }
        if text.is_empty() {
            let _ = write!(text, "{} `{}`", def.kind.word(), def.name);
        }
        Some(Hover { span, markdown: text.trim().to_owned() })
    }

    /// The text that declares something: its line, or the whole of it where that is short and not what the
    /// reader looks at anyway.
    fn declaration_text(&self, def: &Def, here: bool) -> String {
        const LINES: usize = 12;
        let text = self.text(def.file);
        if def.kind == DefKind::Module {
            return String::new();
        }
        let span = self.declaration_span(def);
        let whole = text.get(span.start as usize..span.end as usize).unwrap_or_default();
        let start = text[..span.start as usize].rfind('\n').map_or(0, |at| at + 1);
        let indent = span.start as usize - start;
        let body = matches!(def.kind, DefKind::RateCard | DefKind::Plan | DefKind::Contract);
        if body || here || whole.lines().count() > LINES {
            let first = whole.lines().next().unwrap_or_default();
            return first.trim_end_matches('{').trim_end().to_owned();
        }
        let strip = |line: &str| {
            let spaces = line.len() - line.trim_start_matches(' ').len();
            line[spaces.min(indent)..].to_owned()
        };
        let lines: Vec<String> =
            whole.lines().enumerate().map(|(at, line)| if at == 0 { line.to_owned() } else { strip(line) }).collect();
        lines.join("\n")
    }

    /// Where the item, statement or field stands that declares something.
    pub(crate) fn declaration_span(&self, def: &Def) -> Span {
        use price_syntax::Rule;
        let parse = self.parse(def.file);
        let chain = parse.tree.at(def.span.start);
        let around = chain.iter().rev().find(|node| {
            let Some(rule) = node.rule() else { return false };
            match def.kind {
                DefKind::Label => rule == Rule::bucket || rule == Rule::slot || rule == Rule::dimension_item,
                DefKind::Field => rule == Rule::field,
                DefKind::Parameter => rule == Rule::formula_item,
                DefKind::Grant => rule == Rule::grant,
                _ => {
                    let name = format!("{rule:?}");
                    name.ends_with("_stmt") || name.ends_with("_item")
                }
            }
        });
        around.map_or(def.span, |node| Span::new(def.file, node.start(), node.end()))
    }

    /// The `##` lines above a declaration.
    fn docs(&self, def: &Def) -> String {
        let tree = self.ast(def.file);
        let Some(item) = tree.items.get(def.item) else { return String::new() };
        if item.name().is_some_and(|name| name.span == def.span) {
            return item.docs.text();
        }
        let of_stmt = crate::names::body(&item.kind)
            .iter()
            .find(|stmt| crate::names::head(&stmt.kind).is_some_and(|(_, name)| name.span == def.span));
        if let Some(stmt) = of_stmt {
            return stmt.docs.text();
        }
        match &item.kind {
            ItemKind::Event(event) => {
                let field = event.fields.iter().find_map(|entry| match entry {
                    price_syntax::ast::EventEntry::Field(field) if field.name.span == def.span => Some(field),
                    _ => None,
                });
                field.map(|field| field.docs.text()).unwrap_or_default()
            }
            ItemKind::Unit(unit) if unit.aliases.iter().any(|name| name.span == def.span) => item.docs.text(),
            _ => String::new(),
        }
    }

    fn facts(&self, def: &Def, file: FileId, offset: u32) -> String {
        let env = self.env(def.file);
        let entity = |key: &str| env.names.get(key);
        match def.kind {
            DefKind::Module => {
                let names: Vec<String> =
                    self.declared(def.file).into_iter().map(|(_, def)| format!("`{}`", def.name)).collect();
                format!("module `{}`: {}\n", def.name, shortened(&names, 24))
            }
            DefKind::Unit => match entity(&unit_key(&def.name)) {
                Some(Entity::Unit(unit)) if unit.factor != Rational::ONE => {
                    format!("1 {} = {} {}\n", def.name, quantity(&unit.factor, ""), unit.dims)
                }
                Some(Entity::Unit(unit)) => format!("a base unit, measures {}\n", unit.dims),
                _ => String::new(),
            },
            DefKind::Currency => match entity(&def.name) {
                Some(Entity::Currency(currency)) => {
                    let kind = if currency.is_virtual { "a virtual currency" } else { "a currency" };
                    format!(
                        "{kind} with {} decimals, written `{}`\n",
                        currency.decimals,
                        currency.format(&Rational::ONE)
                    )
                }
                _ => String::new(),
            },
            DefKind::Dimension | DefKind::Calendar => {
                let labels: Vec<String> =
                    self.all_labels(def).into_iter().map(|label| format!("`{}`", label.name)).collect();
                match labels.is_empty() {
                    true => String::new(),
                    false => format!("{} labels: {}\n", labels.len(), shortened(&labels, 24)),
                }
            }
            DefKind::Meter => match entity(&def.name) {
                Some(Entity::Meter(meter)) => {
                    let mut text = format!("measured in **{}**", meter.unit);
                    let by: Vec<String> =
                        meter.keys.iter().take(meter.by).map(|key| format!("`{}`", key.name)).collect();
                    if !by.is_empty() {
                        let _ = write!(text, ", kept apart by {}", by.join(", "));
                    }
                    let _ = write!(text, ", from events `{}`", meter.event.name);
                    if let Some(bound) = &meter.bound {
                        let _ = write!(text, ", at most {}", quantity(bound, &meter.unit));
                    }
                    text + "\n"
                }
                _ => String::new(),
            },
            DefKind::Event => match entity(&event_key(&def.name)) {
                Some(Entity::Event(event)) => format!("{} fields\n", event.fields.len()),
                _ => String::new(),
            },
            DefKind::Constant => match entity(&def.name) {
                Some(Entity::Let(value)) => format!("type {}\n", value.ty),
                _ => String::new(),
            },
            DefKind::Price | DefKind::Fee => self.price_facts(def, file, offset),
            DefKind::Wallet | DefKind::Commitment | DefKind::Allowance => self.fund_facts(def),
            DefKind::Plan | DefKind::Contract | DefKind::RateCard => self.body_facts(def),
            _ => String::new(),
        }
    }

    fn body_facts(&self, def: &Def) -> String {
        let Some(plan) = self.plan_of(def) else { return "has errors\n".to_owned() };
        let mut text = format!("{} in {}", price_count(plan.lines.len(), "line"), plan.currency.code);
        if !plan.funds.balances.is_empty() {
            let _ = write!(text, ", {}", price_count(plan.funds.balances.len(), "wallet or commitment"));
        }
        let layers: Vec<String> =
            self.layers(def.file, def.item).iter().map(|layer| format!("`{}`", layer.name)).collect();
        if !layers.is_empty() {
            let _ = write!(text, "; under it {}", layers.join(", "));
        }
        text + "\n"
    }

    fn fund_facts(&self, def: &Def) -> String {
        let Some(plan) = self.plan_of(def) else { return String::new() };
        let Some(balance) = plan.funds.balances.iter().find(|balance| balance.name == def.name) else {
            return String::new();
        };
        let lines: Vec<String> = balance.pays.iter().map(|line| format!("`{}`", plan.lines[line.ix()].name)).collect();
        match lines.is_empty() {
            true => String::new(),
            false => format!("pays for {}\n", shortened(&lines, 16)),
        }
    }

    /// The shape of a price, its tiers with what they begin at, and its total at each edge. In a
    /// contract that changes it, the rules in force there.
    fn price_facts(&self, def: &Def, file: FileId, offset: u32) -> String {
        let Some(plan) = self.plan_around(def, file, offset) else { return String::new() };
        let Some(line) = plans::line(&plan, &def.name) else { return String::new() };
        let mut text = String::new();
        match plans::usage(&plan, line) {
            Some((usage, sink)) => {
                let all = plans::in_force(&plan, sink, &usage.rules);
                for held in all.iter().take(HOVER_CELLS) {
                    text += &rule_facts(&plan, sink, held);
                }
                if all.len() > HOVER_CELLS {
                    let _ = write!(text, "\n… and {} more rules\n", all.len() - HOVER_CELLS);
                }
            }
            None => match &line.charge {
                Charge::Fee(fee) => {
                    let when = if fee.in_advance { "in advance" } else { "in arrears" };
                    let _ = writeln!(text, "{} {when}", plan.currency.format(&fee.amount));
                }
                Charge::Events(_) => text.push_str("charged on each event\n"),
                _ => {}
            },
        }
        for bound in bounds(&plan, line) {
            let _ = write!(text, "\n{bound}\n");
        }
        text
    }
}

/// What holds a line, whatever its tiers come to: `at most $2_000.00 per month`.
pub(crate) fn bounds(plan: &Plan, line: &Line) -> Vec<String> {
    let (currency, _) = plan.currency_at(line.currency);
    let mut said = Vec::new();
    for clamp in &line.clamps {
        let side = if clamp.bound == Bound::Floor { "at least" } else { "at most" };
        said.push(format!("{side} {} per {}", currency.format(&clamp.amount), clamp.per));
    }
    said
}

/// One rule: where it holds, its shape, its tiers.
fn rule_facts(plan: &Plan, sink: &Sink, held: &InForce<'_>) -> String {
    let mut text = String::new();
    let mut head: Vec<String> = Vec::new();
    if !held.cells.is_empty() {
        head.push(shortened(&held.cells, 6));
    }
    head.extend(held.from.map(|day| format!("from {day}")));
    if held.function.rules.len() > 1 {
        let by = held.function.rules.last().and_then(|rule| plan.rules.get(rule.ix()));
        head.extend(by.map(|rule| format!("`{}` in {}", rule.title, rule.within)));
    }
    let Some(curve) = plans::curve(held.function) else {
        if !head.is_empty() {
            let _ = write!(text, "\n**{}**: ", head.join(", "));
        }
        text.push_str("charged in steps\n");
        return text;
    };
    let currency = &plan.currency;
    let unit = if sink.unit.is_empty() { "unit" } else { &sink.unit };
    let jumps = curve.pieces.iter().enumerate().find_map(|(at, piece)| {
        let before = if at == 0 { curve.at_zero.clone() } else { curve.pieces[at - 1].at(&piece.from) };
        (before != piece.value).then(|| (piece.from.clone(), &piece.value - &before))
    });
    let shape = match (&curve.pieces[..], &jumps) {
        ([only], None) => format!("linear, {} per {unit}", rate(&only.slope, currency)),
        (_, None) => "rises without jumps".to_owned(),
        (_, Some((at, by))) if by.is_negative() => {
            format!("falls by {} above {}", currency.format(&by.abs()), quantity(at, unit))
        }
        (_, Some((at, by))) => format!("jumps by {} above {}", currency.format(by), quantity(at, unit)),
    };
    let place = if head.is_empty() { String::new() } else { format!("**{}**: ", head.join(", ")) };
    let _ = write!(text, "\n{place}{shape}\n");
    if curve.pieces.len() < 2 {
        return text;
    }
    let _ =
        write!(text, "\n| above | up to | each more | total at the end | average |\n| --: | --: | --: | --: | --: |\n");
    for (at, piece) in curve.pieces.iter().take(HOVER_TIERS).enumerate() {
        let end = curve.pieces.get(at + 1).map(|next| &next.from);
        let total = end.map(|end| piece.at(end));
        let average = end.zip(total.as_ref()).and_then(|(end, total)| total.checked_div(end));
        let shown = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            quantity(&piece.from, ""),
            shown(end.map(|end| quantity(end, ""))),
            rate(&piece.slope, currency),
            shown(total.map(|total| currency.format(&total))),
            shown(average.map(|average| rate(&average, currency))),
        );
    }
    text
}

fn price_count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// A list, cut where it is long.
pub(crate) fn shortened(all: &[String], most: usize) -> String {
    match all.len().checked_sub(most) {
        None | Some(0) => all.join(", "),
        Some(more) => format!("{}, … and {more} more", all[..most].join(", ")),
    }
}

impl Ide {
    /// The names that a module's file puts in scope, with the sort of each.
    pub(crate) fn in_scope(&self, file: FileId) -> Vec<(Scope, String)> {
        let env = self.env(file);
        let split = |key: &String| match key.split_once(' ') {
            Some(("unit", name)) => (Scope::Unit, name.to_owned()),
            Some(("event", name)) => (Scope::Event, name.to_owned()),
            _ => (Scope::Plain, key.clone()),
        };
        env.names.keys().map(split).collect()
    }
}
