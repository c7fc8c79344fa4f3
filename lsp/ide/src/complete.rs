//! What may be written next.
//!
//! Words come from the grammar: whatever it would take next. Names come from the role that a
//! stand-in would have in that place, found by reading the item again with the stand-in and an
//! end that makes the line whole.

use crate::ide::Ide;
use crate::limits;
use crate::names::{Def, DefKind, Role, Scope, occurrences};
use crate::symbols::closeness;
use price_diagnostics::{FileId, Span};
use price_syntax::Rule;
use price_syntax::ast::ItemKind;
use price_syntax::tree::Node;

/// What a completion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CompletionKind {
    /// A name.
    Name(DefKind),
    /// A statement with its places to fill. It stands above the word alone: who knows the language types on.
    Snippet,
    /// A word of the language.
    Keyword,
}

/// Something that may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What is shown.
    pub label: String,
    /// What it is.
    pub kind: CompletionKind,
    /// A few words more.
    pub detail: String,
    /// What it replaces.
    pub span: Span,
    /// What is written; with `${1:place}` in snippets.
    pub text: String,
    /// The declaration, for what is said about it when it is looked at.
    pub def: Option<Def>,
    /// A further edit: the import of the name.
    pub import: Option<crate::ide::TextEdit>,
}

/// A name that nobody writes.
const STAND_IN: &str = "zzstandinzz";

/// Ends that make a line whole behind a name.
const ENDS: &[&str] = &[
    "",
    " {",
    " = $1",
    " $1",
    " locked",
    " = $1 per month",
    " 1 x",
    " is x",
    " in 2026-01 {",
    ": 1",
    " | 1",
    " = 1 x per month on x",
    " at $1",
    " as x",
    " to x",
    " x",
    ")",
    " { }",
    " effective 2026-01-01 {",
    " per month on x",
    " on x",
];

impl Ide {
    /// What may stand at an offset.
    #[must_use]
    pub fn complete(&self, file: FileId, offset: u32, snippets: bool) -> Vec<Completion> {
        let text = self.text(file);
        let Some(before) = text.get(..offset as usize) else { return Vec::new() };
        let word = word_before(before);
        // A number is not the beginning of a name.
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            return Vec::new();
        }
        let start = before.len() - word.len();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = &before[line_start..start];
        if in_text_or_comment(line) {
            return Vec::new();
        }
        let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        let span = Span::new(file, at(start), offset);
        let mut all = Vec::new();
        self.with_tree(file, |tree| {
            // Looked at from the start of the line: what is being written may not be readable yet.
            let probe = at(line_start + (line.len() - line.trim_start().len()).min(line.len()));
            let chain = tree.at(probe.min(at(line_start)).max(at(line_start.saturating_sub(1))));
            let Some(block) = price_syntax::block_around(&chain, at(line_start)) else { return };
            let next = price_syntax::continuation(block, line);
            let first = line.trim().is_empty();
            let words: Vec<String> = if first {
                price_syntax::first_words(block).iter().map(|word| (*word).to_owned()).collect()
            } else {
                next.words
            };
            for found in words {
                let snippet = first.then(|| crate::snippets::of(block.rule(), &found)).flatten().filter(|_| snippets);
                if let Some((detail, text)) = snippet {
                    all.push(Completion {
                        label: found.clone(),
                        kind: CompletionKind::Snippet,
                        detail: detail.to_owned(),
                        span,
                        text: text.to_owned(),
                        def: None,
                        import: None,
                    });
                }
                all.push(keyword(found, span));
            }
        });
        for def in self.names_for(file, start, offset as usize) {
            all.push(Completion {
                label: def.name.clone(),
                kind: CompletionKind::Name(def.kind),
                detail: def.kind.word().to_owned(),
                span,
                text: if def.kind == DefKind::Label { quoted(&def.name) } else { def.name.clone() },
                def: Some(def),
                import: None,
            });
        }
        all.retain(|item| closeness(word, &item.label).is_some());
        all.sort_by_key(|item| {
            (
                closeness(word, &item.label),
                !matches!(item.kind, CompletionKind::Name(_)),
                item.label.to_lowercase(),
                item.kind,
            )
        });
        all.dedup_by(|a, b| a.label == b.label && a.kind == b.kind);
        all.truncate(limits::COMPLETIONS);
        all
    }

    /// What is said about a completion when it is looked at.
    #[must_use]
    pub fn completion_docs(&self, def: &Def) -> String {
        self.hover(def.file, def.span.start).map(|hover| hover.markdown).unwrap_or_default()
    }

    /// The names that may stand between two offsets.
    fn names_for(&self, file: FileId, start: usize, end: usize) -> Vec<Def> {
        let text = self.text(file);
        // The item alone: the rest of the file says nothing about this line.
        let tree = self.ast(file);
        let item = tree.items.iter().rposition(|item| (item.span.start as usize) <= start);
        let from = item.map_or(0, |at| tree.items[at].span.start as usize);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at);
        let next = item.and_then(|at| tree.items.get(at + 1)).map_or(text.len(), |next| next.span.start as usize);
        // The line opens a block that goes on below: its end has to do so, too.
        let opens = text[end..line_end].trim_end().ends_with('{');
        let whole_lines: Vec<String> = self.with_tree(file, |tree| {
            let offset = u32::try_from(line_start).unwrap_or(u32::MAX);
            let Some(block) = price_syntax::block_around(&tree.at(offset), offset) else { return Vec::new() };
            let line = &text[line_start..start];
            let written = ENDS.iter().map(|ending| match (opens, ending.strip_suffix(" {")) {
                (true, Some(ending)) => (ending, true),
                (true, None) => (*ending, true),
                (false, Some(ending)) => (ending, true),
                (false, None) => (*ending, false),
            });
            let fits = written.filter_map(|(ending, block_follows)| {
                let line = format!("{line}{STAND_IN}{ending}");
                let closed = if block_follows { format!("{line} {{\n}}") } else { line };
                price_syntax::is_whole(block, &closed).then_some(closed)
            });
            fits.collect()
        });
        for line in whole_lines {
            let place = line_start - from.min(line_start) + line.find(STAND_IN).unwrap_or(0);
            let mut whole = text[from.min(line_start)..line_start].to_owned();
            // A brace that stays open in the text is not closed here either.
            whole.push_str(if opens { line.trim_end_matches("\n}") } else { &line });
            whole.push_str(&text[line_end..next.max(line_end)]);
            let parse = price_syntax::parse(file, &whole);
            let mut found = None;
            occurrences(&parse.tree, &mut |chain, occurrence| {
                let leaf = occurrence.leaf;
                let hit = leaf.start() as usize <= place && place < leaf.end() as usize;
                if hit && !chain.iter().any(|node| node.is(Rule::bad)) {
                    found = Some(self.fitting(file, item, chain, occurrence.role));
                }
            });
            if let Some(found) = found {
                return found;
            }
        }
        Vec::new()
    }

    /// The names that have a role in a place.
    fn fitting(&self, file: FileId, item: Option<usize>, chain: &[Node<'_>], role: Role) -> Vec<Def> {
        let plain = |kinds: &[DefKind]| self.visible(file, Scope::Plain, kinds);
        let units = || self.visible(file, Scope::Unit, &[]);
        let events = || self.visible(file, Scope::Event, &[]);
        let lines = || {
            let subject = item.and_then(|item| self.subject(file, item));
            subject.map(|subject| self.statements(subject.file, subject.item)).unwrap_or_default()
        };
        let dimensions = || {
            let mut all = plain(&[DefKind::Dimension, DefKind::Calendar]);
            for event in events() {
                all.extend(self.fields(&event).into_iter().filter(|field| self.as_dimension(field.clone()).is_some()));
            }
            all
        };
        // Behind a dot: what is inside of what stands in front.
        let path = chain.len().checked_sub(2).map(|at| chain[at]).filter(|node| node.is(Rule::path));
        if let (Some(path), Some(leaf)) = (path, chain.last())
            && path.start() != leaf.start()
        {
            return self.members(file, path, leaf.start(), role);
        }
        match role {
            Role::Declares(_) | Role::Alias | Role::Tag => Vec::new(),
            Role::Module => self
                .together(file)
                .into_iter()
                .filter(|other| *other != file)
                .map(|other| self.module_def(other))
                .collect(),
            Role::Imported => {
                let used = chain.iter().rev().find(|node| node.is(Rule::use_item));
                let module =
                    used.and_then(|used| used.part(Rule::path)).and_then(|path| self.module(file, path.read()));
                module.map(|module| self.declared(module).into_iter().map(|(_, def)| def).collect()).unwrap_or_default()
            }
            Role::Unit => units(),
            Role::Measure => [units(), plain(&[DefKind::Currency])].concat(),
            Role::FieldType => [units(), plain(&[DefKind::Currency, DefKind::Dimension])].concat(),
            Role::Event => events(),
            Role::Priced => {
                let each = chain.iter().rev().any(|node| node.is(Rule::price_target) && node.has(Rule::kw_each));
                if each { events() } else { plain(&[DefKind::Meter]) }
            }
            Role::Column => [plain(&[DefKind::Meter]), lines()].concat(),
            Role::Dimension => dimensions(),
            Role::Item => self.items_for(file, chain),
            Role::Statement => {
                let all = lines();
                match fund_word(chain) {
                    Some(kind) => all.into_iter().filter(|def| def.kind == kind).collect(),
                    None => all,
                }
            }
            Role::Grant => lines().into_iter().filter(|def| def.kind == DefKind::Grant).collect(),
            Role::Label => {
                // The stand-in's places are of the item alone.
                let dimension = self.dimension_of(file, item, chain);
                dimension.map(|dimension| self.all_labels(&dimension)).unwrap_or_default()
            }
            Role::Binding => {
                let given = chain.iter().rev().find_map(|node| match node.rule() {
                    Some(Rule::given_event) => node.part(Rule::path),
                    Some(Rule::price_stmt) => node.part(Rule::price_target)?.part(Rule::path),
                    _ => None,
                });
                let event = given.and_then(|path| self.named(file, Scope::Event, path.read()));
                event.map(|event| self.fields(&event)).unwrap_or_default()
            }
            Role::Expression => {
                let condition = chain.iter().any(|n| matches!(n.rule(), Some(Rule::where_expr | Rule::price_filter)));
                let mut all = plain(&[DefKind::Constant, DefKind::Formula]);
                all.extend(if condition { dimensions() } else { lines() });
                if let Some(formula) = item.and_then(|item| self.formula_parameters(file, item)) {
                    all.extend(formula);
                }
                all
            }
        }
    }

    /// What may stand behind a dot.
    fn members(&self, file: FileId, path: Node<'_>, until: u32, role: Role) -> Vec<Def> {
        let front: Vec<&str> = path.parts().take_while(|part| part.start() < until).map(Node::read).collect();
        if role == Role::Module {
            let prefix = format!("{}.", front.join("."));
            let modules = self.together(file).into_iter().map(|other| self.module_def(other));
            let below = modules.filter_map(|def| {
                let rest = def.name.strip_prefix(&prefix)?.to_owned();
                Some(Def { name: rest, ..def })
            });
            let mut all: Vec<Def> = below.collect();
            if let Some(module) = self.module(file, &front.join(".")) {
                all.extend(self.declared(module).into_iter().map(|(_, def)| def));
            }
            return all;
        }
        let Some(first) = front.first() else { return Vec::new() };
        let def = self
            .named(file, Scope::Event, first)
            .filter(|_| matches!(role, Role::Event | Role::Expression | Role::Priced));
        let Some(def) = def.or_else(|| self.named(file, Scope::Plain, first)) else { return Vec::new() };
        match def.kind {
            DefKind::Event => self.fields(&def),
            DefKind::Module => self.declared(def.file).into_iter().map(|(_, def)| def).collect(),
            DefKind::RateCard | DefKind::Plan | DefKind::Contract => self.statements(def.file, def.item),
            _ => Vec::new(),
        }
    }

    fn items_for(&self, file: FileId, chain: &[Node<'_>]) -> Vec<Def> {
        use DefKind as K;
        let kinds: &[DefKind] = chain
            .iter()
            .rev()
            .find_map(|node| {
                Some(match node.rule()? {
                    Rule::subject => match node.parts().next()?.read() {
                        "plan" => &[K::Plan][..],
                        "ratecard" => &[K::RateCard],
                        _ => &[K::Contract],
                    },
                    Rule::amendment_item => &[K::Contract],
                    Rule::prices_stmt | Rule::less => &[K::RateCard],
                    Rule::based_stmt => &[K::Plan],
                    Rule::currency_stmt | Rule::conversion_stmt | Rule::holds => &[K::Currency],
                    Rule::use_item => &[K::Currency],
                    Rule::slot_except => &[K::Holidays],
                    Rule::call => &[K::Formula],
                    Rule::fee_stmt | Rule::amount_of | Rule::grant_level | Rule::given | Rule::quantifier => {
                        &[K::Meter]
                    }
                    _ => return None,
                })
            })
            .unwrap_or(&[]);
        self.visible(file, Scope::Plain, kinds)
    }

    /// The names of a scope in a file, of some kinds; of all for an empty list.
    fn visible(&self, file: FileId, scope: Scope, kinds: &[DefKind]) -> Vec<Def> {
        let names = self.in_scope(file).into_iter().filter(|(of, _)| *of == scope);
        let defs = names.filter_map(|(_, name)| self.named(file, scope, &name).map(|def| (name, def)));
        let fits = |kind: DefKind| kinds.is_empty() || kinds.contains(&kind);
        defs.filter(|(_, def)| fits(def.kind)).map(|(name, def)| Def { name, ..def }).collect()
    }

    fn formula_parameters(&self, file: FileId, item: usize) -> Option<Vec<Def>> {
        let tree = self.ast(file);
        let ItemKind::Formula(formula) = &tree.items.get(item)?.kind else { return None };
        let def = |param: &price_syntax::ast::Param| Def {
            kind: DefKind::Parameter,
            name: param.name.text.clone(),
            file,
            span: param.name.span,
            item,
        };
        Some(formula.params.iter().map(def).collect())
    }
}

/// The fund that is named by the word in front: `wallet …`.
fn fund_word(chain: &[Node<'_>]) -> Option<DefKind> {
    let around = chain.iter().rev().find(|node| {
        matches!(
            node.rule(),
            Some(
                Rule::source
                    | Rule::expect_fund
                    | Rule::grant_when
                    | Rule::change
                    | Rule::step_change
                    | Rule::override_stmt
            )
        )
    })?;
    let word =
        around.parts().find(|part| part.read() != "remove" && part.read() != "from" && part.read() != "override")?;
    Some(match word.read() {
        "allowance" => DefKind::Allowance,
        "wallet" => DefKind::Wallet,
        "commitment" => DefKind::Commitment,
        "entitlement" => DefKind::Entitlement,
        "discount" => DefKind::Discount,
        "fee" => DefKind::Fee,
        "price" => DefKind::Price,
        _ => return None,
    })
}

fn keyword(word: String, span: Span) -> Completion {
    Completion {
        text: word.clone(),
        label: word,
        kind: CompletionKind::Keyword,
        detail: String::new(),
        span,
        def: None,
        import: None,
    }
}

/// The word, or its beginning, at the end of a text.
pub(crate) fn word_before(text: &str) -> &str {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    &text[text.trim_end_matches(inside).len()..]
}

/// A label as it is written.
fn quoted(label: &str) -> String {
    let word = label.starts_with(|c: char| c.is_ascii_alphabetic())
        && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if word { label.to_owned() } else { format!("\"{label}\"") }
}

/// Whether a place is inside a text or a comment.
fn in_text_or_comment(line: &str) -> bool {
    let mut quoted = false;
    let mut escaped = false;
    for sign in line.chars() {
        match sign {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '#' if !quoted => return true,
            _ => {}
        }
    }
    quoted
}
