//! The prices of a plan as a rate card of their own, which other plans can be built on.

use crate::actions::Action;
use crate::ide::{Ide, TextEdit};
use crate::names::Scope;
use price_diagnostics::{FileId, Span};
use price_syntax::ast::{Docs, ItemKind, Plan, PriceTarget, Stmt, StmtKind};

impl Ide {
    /// On the name of a plan, or of a price in it: a card in front of the plan with its prices, and
    /// the plan built on it. Shares of other lines stay, as do prices that use a `let` of the plan.
    pub(crate) fn extract_card(&self, file: FileId, within: Span) -> Option<Action> {
        let item = self.item_at(file, within.start)?;
        let tree = self.ast(file);
        let item = tree.items.get(item)?;
        let ItemKind::Plan(plan) = &item.kind else { return None };
        let here = plan.name.span.touches(within.start) || plan.body.iter().any(|stmt| names(stmt, within.start));
        // Prices of two cards, or of a plan below, could not be told from what moves.
        let built = |stmt: &Stmt| matches!(stmt.kind, StmtKind::PricesFrom(_) | StmtKind::BasedOn(_));
        if item.recovered || !here || plan.body.iter().any(built) {
            return None;
        }
        let moved: Vec<&Stmt> = plan.body.iter().filter(|stmt| self.may_move(file, plan, stmt)).collect();
        let first = moved.first()?;
        let of = |wanted: fn(&StmtKind) -> bool| {
            let found = plan.body.iter().filter(move |stmt| wanted(&stmt.kind));
            found.map(|stmt| self.written(stmt.span)).collect::<Vec<&str>>()
        };
        let head =
            [of(|kind| matches!(kind, StmtKind::Currency(_))), of(|kind| matches!(kind, StmtKind::Rounding { .. }))];
        if head.iter().any(Vec::is_empty) {
            return None;
        }
        let name = self.free_name(file, &format!("{}_prices", plan.name.text))?;
        let mut card = format!("ratecard {name} version 1 {{\n");
        for line in head.iter().flatten() {
            card.push_str(&format!("  {line}\n"));
        }
        let mut edits = Vec::new();
        for stmt in &moved {
            let span = self.whole_lines(file, &stmt.docs, stmt.span);
            card.push_str(&format!("\n{}\n", self.written(span).trim_matches(['\n', '\r'])));
            let text = match stmt.span == first.span {
                true => format!("{}prices from {name} following\n", self.indent(file, stmt.span.start)),
                false => String::new(),
            };
            edits.push(TextEdit { span: self.with_line_feed(span), text });
        }
        card.push_str("}\n\n");
        let before = self.whole_lines(file, &item.docs, item.span).start;
        edits.insert(0, TextEdit { span: Span::new(file, before, before), text: card });
        let title = format!("move its prices into a rate card `{name}`");
        Some(Action { title, mends: None, safe: false, extracts: true, edits })
    }

    fn may_move(&self, file: FileId, plan: &Plan, stmt: &Stmt) -> bool {
        let StmtKind::Price(price) = &stmt.kind else { return false };
        if matches!(price.target, PriceTarget::Lines) {
            return false;
        }
        let text = self.written(stmt.span);
        let own = plan.body.iter().filter_map(|stmt| match &stmt.kind {
            StmtKind::Let(decl) => Some(decl.name.text.as_str()),
            _ => None,
        });
        let words = |text: &str| -> Vec<String> {
            text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').map(str::to_owned).collect()
        };
        let used = words(text);
        let lets: Vec<&str> = own.collect();
        // The statement is alone on its lines, so that whole lines can move.
        let alone = self.indent(file, stmt.span.start).trim().is_empty();
        alone && !lets.iter().any(|name| used.iter().any(|word| word == name))
    }

    fn free_name(&self, file: FileId, wanted: &str) -> Option<String> {
        /// Names that are tried.
        const TRIES: usize = 20;
        let numbered = (2..TRIES).map(|number| format!("{wanted}_{number}"));
        std::iter::once(wanted.to_owned()).chain(numbered).find(|name| self.named(file, Scope::Plain, name).is_none())
    }

    fn written(&self, span: Span) -> &str {
        self.text(span.file).get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// What stands in front of an offset in its line.
    fn indent(&self, file: FileId, offset: u32) -> &str {
        let before = self.text(file).get(..offset as usize).unwrap_or_default();
        &before[before.rfind('\n').map_or(0, |at| at + 1)..]
    }

    /// From the start of the first comment above something to the end of its last line.
    fn whole_lines(&self, file: FileId, docs: &Docs, span: Span) -> Span {
        let first = docs.lines.first().map_or(span.start, |line| line.span.start);
        let text = self.text(file);
        let mut start = text[..first as usize].rfind('\n').map_or(0, |at| at + 1);
        while let Some(above) = text[..start].strip_suffix('\n') {
            let line = above.rfind('\n').map_or(0, |at| at + 1);
            if !above[line..].trim_start().starts_with('#') {
                break;
            }
            start = line;
        }
        Span::new(file, u32::try_from(start).unwrap_or(first), self.line_end(file, span.end))
    }

    /// The span with the line feed behind it, and an empty line after that.
    fn with_line_feed(&self, span: Span) -> Span {
        let text = self.text(span.file);
        let mut end = span.end as usize;
        for _ in 0..2 {
            let rest = &text[end..];
            let blank = rest.len() - rest.trim_start_matches([' ', '\r']).len();
            if !rest[blank..].starts_with('\n') {
                break;
            }
            end += blank + 1;
        }
        Span::new(span.file, span.start, u32::try_from(end).unwrap_or(span.end))
    }
}

fn names(stmt: &Stmt, at: u32) -> bool {
    matches!(&stmt.kind, StmtKind::Price(price) if price.name.span.touches(at))
}
