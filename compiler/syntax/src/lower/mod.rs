//! From the lossless tree to the typed tree.
//!
//! Says only what the grammar cannot: dates that do not exist, ladders without an end, words
//! said twice. Never fails: what is missing in a node with a finding becomes a [`ast::Bad`].
//!
//! A node that the grammar accepted has the parts the grammar demands; the few look-ups that
//! could still miss give [`None`], and the line becomes a bad one.

mod body;
mod declare;
mod expr;
mod funds;
mod literal;
mod price;
mod test;

use crate::Spans;
use crate::ast;
use crate::grammar::Rule;
use crate::identity::Identities;
use crate::limits;
use crate::tree::{Node, Tree};
use price_diagnostics::{Diagnostic, FileId, ItemId, Span};
use std::sync::Arc;

/// Lowers a whole file; `known` are the findings so far, which mark items as recovered.
pub(crate) fn lower(
    file: FileId,
    tree: &Tree,
    known: &[Diagnostic],
    spans: Spans,
) -> (ast::SourceFile, Vec<Diagnostic>) {
    let mut errors: Vec<u32> = known
        .iter()
        .filter(|finding| finding.is_error())
        .filter_map(Diagnostic::primary_span)
        .map(|span| span.start)
        .collect();
    errors.sort_unstable();
    let mut lower = Lower { file, spans, base: 0, item: ItemId::FILE, diagnostics: Vec::new(), met_mistake: false };
    let mut identities = Identities::default();
    let root = tree.root();
    let mut items = Vec::new();
    let mut origins = Vec::new();
    let mut docs: Vec<Node<'_>> = Vec::new();
    for node in root.parts() {
        if node.is(Rule::doc) {
            docs.push(node);
            continue;
        }
        let start = docs.first().map_or(node.start(), |doc| doc.start());
        let id = if spans == Spans::Erased { ItemId::FILE } else { identities.of(node.read()) };
        (lower.base, lower.item) = match spans {
            Spans::RelativeToItem => (start, id),
            Spans::Absolute | Spans::Erased => (0, ItemId::FILE),
        };
        lower.met_mistake = false;
        let kind = lower.item(node);
        let first = errors.partition_point(|at| *at < start);
        let known_inside = errors.get(first).is_some_and(|at| *at <= node.end());
        items.push(Arc::new(ast::Item {
            id,
            docs: lower.docs(&docs),
            kind,
            recovered: known_inside || lower.met_mistake,
            span: lower.span(node),
        }));
        origins.push(lower.base);
        docs.clear();
    }
    (lower.base, lower.item) = (0, ItemId::FILE);
    let source = ast::SourceFile { file, items, origins, span: lower.span(root) };
    (source, lower.diagnostics)
}

struct Lower {
    file: FileId,
    spans: Spans,
    /// What offsets are counted from.
    base: u32,
    /// The item they are counted in.
    item: ItemId,
    /// With spans from the start of the file.
    diagnostics: Vec<Diagnostic>,
    /// Whether the item being lowered holds something unreadable or reported.
    met_mistake: bool,
}

impl Lower {
    /// The span that goes into the tree.
    fn span(&self, node: Node<'_>) -> Span {
        self.range(node.start(), node.end())
    }

    fn range(&self, start: u32, end: u32) -> Span {
        match self.spans {
            Spans::Erased => Span::new(self.file, 0, 0),
            Spans::Absolute | Spans::RelativeToItem => {
                Span::new(self.file, start.saturating_sub(self.base), end.saturating_sub(self.base)).of(self.item)
            }
        }
    }

    /// The span that goes into a finding.
    fn place(&self, node: Node<'_>) -> Span {
        Span::new(self.file, node.start(), node.end())
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.met_mistake |= diagnostic.is_error();
        if self.diagnostics.len() <= limits::FINDINGS {
            self.diagnostics.push(diagnostic);
        }
    }

    fn docs(&self, nodes: &[Node<'_>]) -> ast::Docs {
        let line = |node: &Node<'_>| {
            let text = node.read().trim_start_matches('#');
            ast::DocLine { text: text.strip_prefix(' ').unwrap_or(text).trim_end().to_owned(), span: self.span(*node) }
        };
        ast::Docs { lines: nodes.iter().map(line).collect() }
    }

    fn bad(&mut self, node: Node<'_>) -> ast::Bad {
        self.met_mistake = true;
        let text = node.read();
        let mut words = text.split_whitespace().map(|word| {
            let length = crate::words::word_length(word);
            let at = word.as_ptr() as usize - text.as_ptr() as usize;
            let start = node.start() + u32::try_from(at).unwrap_or(0);
            let end = start + u32::try_from(length).unwrap_or(0);
            (length > 0).then(|| ast::Name { text: word[..length].to_owned(), span: self.range(start, end) })
        });
        ast::Bad { word: words.next().flatten(), name: words.next().flatten(), span: self.span(node) }
    }

    /// Walks the lines of a block: documentation is collected and handed to the next line.
    fn lines<'t, T>(
        &mut self,
        block: Node<'t>,
        is_line: impl Fn(Rule) -> bool,
        mut each: impl FnMut(&mut Self, ast::Docs, Node<'t>) -> T,
    ) -> Vec<T> {
        let mut docs = Vec::new();
        let mut out = Vec::new();
        for node in block.parts() {
            match node.rule() {
                Some(Rule::doc) => docs.push(node),
                Some(Rule::open) => {}
                Some(rule) if is_line(rule) => {
                    let above = self.docs(&docs);
                    docs.clear();
                    out.push(each(self, above, node));
                }
                _ => {}
            }
        }
        out
    }

    fn item(&mut self, node: Node<'_>) -> ast::ItemKind {
        self.known_item(node).unwrap_or_else(|| ast::ItemKind::Bad(self.bad(node)))
    }

    fn known_item(&mut self, node: Node<'_>) -> Option<ast::ItemKind> {
        use ast::ItemKind as Kind;
        Some(match node.rule()? {
            Rule::use_item => Kind::Use(self.use_item(node)?),
            Rule::let_item => Kind::Let(self.let_item(node)?),
            Rule::currency_item => Kind::Currency(self.currency_item(node)?),
            Rule::unit_item => Kind::Unit(self.unit_item(node)?),
            Rule::dimension_item => Kind::Dimension(self.dimension_item(node)?),
            Rule::bucket_item => Kind::Dimension(self.bucket_item(node)?),
            Rule::calendar_item => Kind::Calendar(self.calendar_item(node)?),
            Rule::holidays_item => Kind::Holidays(self.holidays_item(node)?),
            Rule::event_item => Kind::Event(self.event_item(node)?),
            Rule::meter_item => Kind::Meter(self.meter_item(node)?),
            Rule::formula_item => Kind::Formula(self.formula_item(node)?),
            Rule::ratecard_item => Kind::RateCard(self.ratecard_item(node)?),
            Rule::plan_item => Kind::Plan(self.plan_item(node)?),
            Rule::contract_item => Kind::Contract(self.contract_item(node)?),
            Rule::amendment_item => Kind::Amendment(self.amendment_item(node)?),
            Rule::test_item => Kind::Test(self.test_item(node)?),
            Rule::test_table_item => Kind::TestTable(self.test_table_item(node)?),
            Rule::assert_item => Kind::Assert(self.assert_item(node)?),
            _ => return None,
        })
    }
}
