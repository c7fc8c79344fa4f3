//! What a file declares, as a tree; what a workspace declares, by name.

use crate::ide::Ide;
use crate::limits;
use crate::names::{DefKind, body, head};
use price_diagnostics::{FileId, Span};
use price_syntax::ast::{AssertSubject, EventEntry, Item, ItemKind, OverrideTarget, StmtKind};

/// Something a file declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// What it is.
    pub kind: DefKind,
    /// Its name, or its title.
    pub name: String,
    /// A few words more.
    pub detail: String,
    /// The name.
    pub name_span: Span,
    /// The whole of it.
    pub span: Span,
    /// What stands inside it.
    pub children: Vec<Symbol>,
}

impl Ide {
    /// The declarations of a file in text order.
    #[must_use]
    pub fn symbols(&self, file: FileId) -> Vec<Symbol> {
        let tree = self.ast(file);
        (0..tree.items.len()).filter_map(|index| self.item_symbol(file, index)).collect()
    }

    /// One item as a symbol.
    pub(crate) fn item_symbol(&self, file: FileId, index: usize) -> Option<Symbol> {
        let tree = self.ast(file);
        let item = tree.items.get(index)?;
        let (kind, name, name_span, detail) = title(item)?;
        let mut children = Vec::new();
        for stmt in body(&item.kind) {
            if let Some((kind, name)) = head(&stmt.kind) {
                let (name, name_span) = (name.text.clone(), name.span);
                children.push(Symbol {
                    kind,
                    name,
                    detail: kind.word().to_owned(),
                    name_span,
                    span: stmt.span,
                    children: Vec::new(),
                });
            }
        }
        for stmt in body(&item.kind) {
            let StmtKind::Override(over) = &stmt.kind else { continue };
            if let OverrideTarget::Price(path) = &over.target
                && let Some(last) = path.last()
            {
                let (name, detail, name_span) = (path.text(), "override".to_owned(), last.span);
                let kind = DefKind::Price;
                children.push(Symbol { kind, name, detail, name_span, span: stmt.span, children: Vec::new() });
            }
        }
        children.sort_by_key(|child| child.span.start);
        if let ItemKind::Event(event) = &item.kind {
            for entry in &event.fields {
                if let EventEntry::Field(field) = entry {
                    let name = field.name.text.clone();
                    let detail = field.ty.name.text.clone();
                    let (name_span, span) = (field.name.span, field.span);
                    children.push(Symbol { kind: DefKind::Field, name, detail, name_span, span, children: Vec::new() });
                }
            }
        }
        let span = item.span;
        Some(Symbol { kind, name, detail, name_span: within(name_span, span), span, children })
    }

    /// Declarations of all files whose names hold the letters of `query` in their order; the
    /// closest first, at most [`limits::SYMBOLS`].
    #[must_use]
    pub fn search(&self, query: &str) -> Vec<Symbol> {
        let mut found: Vec<(usize, Symbol)> = Vec::new();
        for file in self.files() {
            for symbol in self.symbols(file) {
                let inside = symbol.name.clone();
                for mut child in symbol.children.clone() {
                    child.detail = inside.clone();
                    found.extend(closeness(query, &child.name).map(|rank| (rank, child)));
                }
                found.extend(
                    closeness(query, &symbol.name).map(|rank| (rank, Symbol { children: Vec::new(), ..symbol })),
                );
            }
        }
        found.sort_by(|(a, x), (b, y)| {
            (a, &x.name, x.span.file, x.span.start).cmp(&(b, &y.name, y.span.file, y.span.start))
        });
        found.into_iter().map(|(_, symbol)| symbol).take(limits::SYMBOLS).collect()
    }
}

/// Kind, name and further words of an item.
fn title(item: &Item) -> Option<(DefKind, String, Span, String)> {
    use DefKind as K;
    let named = |kind: K, detail: &str| item.name().map(|name| (kind, name.text.clone(), name.span, detail.to_owned()));
    match &item.kind {
        ItemKind::Let(_) => named(K::Constant, ""),
        ItemKind::Currency(_) => named(K::Currency, ""),
        ItemKind::Unit(_) => named(K::Unit, ""),
        ItemKind::Dimension(_) => named(K::Dimension, ""),
        ItemKind::Calendar(_) => named(K::Calendar, ""),
        ItemKind::Holidays(_) => named(K::Holidays, ""),
        ItemKind::Event(_) => named(K::Event, ""),
        ItemKind::Meter(_) => named(K::Meter, ""),
        ItemKind::Formula(_) => named(K::Formula, ""),
        ItemKind::RateCard(card) => {
            let version = card.version.as_ref().and_then(price_syntax::ast::Number::as_u64);
            named(K::RateCard, &version.map(|v| format!("version {v}")).unwrap_or_default())
        }
        ItemKind::Plan(_) => named(K::Plan, ""),
        ItemKind::Contract(contract) => {
            named(K::Contract, &contract.with.as_ref().map(|text| text.value.clone()).unwrap_or_default())
        }
        ItemKind::Amendment(amendment) => {
            let number = amendment.number.as_u64().unwrap_or(0);
            let name = format!("amendment {number} to {}", amendment.target.text());
            Some((K::Amendment, name, amendment.target.span, String::new()))
        }
        ItemKind::Test(test) => {
            let about = format!("test of {}", test.subject.path.text());
            Some((K::Test, test.title.value.clone(), test.title.span, about))
        }
        ItemKind::TestTable(table) => {
            let about = format!("test of {}", table.subject.path.text());
            Some((K::Test, table.title.value.clone(), table.title.span, about))
        }
        ItemKind::Assert(assert) => {
            let about = match &assert.subject {
                AssertSubject::One(subject) => subject.path.text(),
                AssertSubject::Comparing { new, old } => format!("{} and {}", new.text(), old.text()),
            };
            Some((K::Assertion, assert.title.value.clone(), assert.title.span, format!("claim about {about}")))
        }
        ItemKind::Use(_) | ItemKind::Bad(_) => None,
    }
}

fn within(inner: Span, outer: Span) -> Span {
    if outer.start <= inner.start && inner.end <= outer.end { inner } else { Span { end: outer.start, ..outer } }
}

/// How close a name is to what was typed; smaller is closer, none where letters are missing.
pub(crate) fn closeness(query: &str, name: &str) -> Option<usize> {
    let (query, name) = (query.to_lowercase(), name.to_lowercase());
    if name.starts_with(&query) {
        return Some(0);
    }
    if name.contains(&query) {
        return Some(1);
    }
    let mut letters = name.char_indices();
    let mut last = 0;
    for wanted in query.chars() {
        last = letters.by_ref().find(|(_, letter)| *letter == wanted)?.0;
    }
    Some(2 + last)
}
