//! Findings for what the grammar could not read.
//!
//! The grammar takes an unreadable line as a `bad` node and goes on. Here each such node is
//! looked at again: first for the mistakes people make most, then by parsing the line a second
//! time alone, which tells what was expected where.
//!
//! Invariant: a node that already holds a finding from the pass before gets none here.

use crate::expected;
use crate::grammar::{Grammar, Rule};
use crate::limits;
use crate::tree::{Node, Tree};
use crate::words::{self, Block};
use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use price_diagnostics::{Code, Diagnostic, FileId, Fix, Span};

/// Adds a finding for everything unreadable in a tree.
pub(crate) fn explain(file: FileId, tree: &Tree, out: &mut Vec<Diagnostic>) {
    let mut known: Vec<(u32, u32)> = out
        .iter()
        .filter(|finding| finding.is_error())
        .filter_map(Diagnostic::primary_span)
        .map(|span| (span.start, span.end))
        .collect();
    known.sort_unstable();
    let explainer = Explainer { file, tree, known };
    for parent in tree.iter().filter(|node| !node.is_leaf()) {
        let mut previous: Option<Node<'_>> = None;
        let mut told_until = 0;
        let mut parts = parent.parts().peekable();
        while let Some(child) = parts.next() {
            if out.len() > limits::FINDINGS {
                return;
            }
            let next = parts.peek().copied();
            let unreadable = matches!(child.rule(), Some(Rule::bad | Rule::stray | Rule::leftover));
            if unreadable
                && child.start() >= told_until
                && !explainer.is_known(child)
                && let Some((finding, until)) = explainer.finding(parent, previous, child, next)
            {
                out.push(finding);
                told_until = until;
            }
            previous = Some(child);
        }
    }
}

struct Explainer<'t> {
    file: FileId,
    tree: &'t Tree,
    /// Where findings are already; sorted.
    known: Vec<(u32, u32)>,
}

impl Explainer<'_> {
    fn is_known(&self, node: Node<'_>) -> bool {
        let first = self.known.partition_point(|(start, _)| *start < node.start());
        let inside = self.known.get(first).is_some_and(|(start, _)| *start <= node.end());
        // The last one before may still reach into the node.
        let before = first.checked_sub(1).and_then(|at| self.known.get(at));
        inside || before.is_some_and(|(_, end)| *end > node.start())
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let clip = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Span::new(self.file, clip(start), clip(end))
    }

    fn finding(
        &self,
        parent: Node<'_>,
        previous: Option<Node<'_>>,
        node: Node<'_>,
        next: Option<Node<'_>>,
    ) -> Option<(Diagnostic, u32)> {
        let start = node.start() as usize;
        let text = node.read();
        let place = Line { start, text };
        if node.is(Rule::stray) {
            return Some((self.stray(place), node.end()));
        }
        if node.is(Rule::leftover) {
            return Some((self.leftover(place), node.end()));
        }
        if let Some(found) = self.brace_below(previous, node, next, place) {
            return Some(found);
        }
        if let Some(finding) = self.test_without_table(parent, node, place) {
            // Said once for all rows.
            return Some((finding, parent.end()));
        }
        let context = Context::of(parent, node);
        let finding = self
            .wrong_word(context, place)
            .or_else(|| self.table_bars(context, place))
            .or_else(|| self.lower_bound(context, place))
            .or_else(|| self.tiers_behind_equals(place))
            .unwrap_or_else(|| self.second_parse(context, place));
        Some((finding, node.end()))
    }

    fn stray(&self, line: Line<'_>) -> Diagnostic {
        let span = self.span(line.start, line.start + 1);
        Diagnostic::error(Code("P114"), "this brace closes nothing").at(span, "").fix(Fix::replace(
            "take it out",
            span,
            "",
            false,
        ))
    }

    fn leftover(&self, line: Line<'_>) -> Diagnostic {
        let span = self.span(line.start, line.start + line.text.len());
        Diagnostic::error(Code("P132"), "something follows the end of a block")
            .at(span, "")
            .help("put it on a line of its own")
    }

    /// A head without a brace, and the brace on the line below.
    fn brace_below(
        &self,
        previous: Option<Node<'_>>,
        node: Node<'_>,
        next: Option<Node<'_>>,
        line: Line<'_>,
    ) -> Option<(Diagnostic, u32)> {
        let below = if line.text.starts_with('{') {
            // The head above was readable without its block, or there is none.
            node
        } else {
            next.filter(|next| next.is(Rule::bad) && next.read().starts_with('{'))?
        };
        let head_end =
            if below == node { previous.map_or(line.start, |head| head.end() as usize) } else { node.end() as usize };
        let brace = below.start() as usize;
        let span = self.span(brace, brace + 1);
        let gap = self.span(head_end, brace);
        let only_space = self.tree.text()[head_end..brace].trim().is_empty();
        let mut finding =
            Diagnostic::error(Code("P133"), "an opening brace stands at the end of the line it belongs to")
                .at(span, "");
        if only_space && head_end < brace {
            finding = finding.fix(Fix::replace("move it up", gap, " ", true));
        }
        Some((finding, below.end()))
    }

    /// Rows in a `test` that should be a `test table`.
    fn test_without_table(&self, parent: Node<'_>, node: Node<'_>, line: Line<'_>) -> Option<Diagnostic> {
        if !parent.is(Rule::test_item) || !line.text.contains('|') {
            return None;
        }
        let row = self.span(node.start() as usize, node.end() as usize);
        let word = parent.part(Rule::kw_test)?;
        let after = self.span(word.end() as usize, word.end() as usize);
        let finding = Diagnostic::error(Code("P112"), "a row of a table stands in a `test`").at(row, "");
        Some(finding.help("rows stand in a `test table`").fix(Fix::replace(
            "write `test table`",
            after,
            " table",
            true,
        )))
    }

    fn wrong_word(&self, context: Context, line: Line<'_>) -> Option<Diagnostic> {
        let word = line.word();
        let list = context.block.words();
        if word.is_empty() || list.is_empty() || list.contains(&word) {
            return None;
        }
        let span = self.span(line.start, line.start + word.len());
        if context.block != Block::File && words::starts_item(line.text, true) {
            return Some(
                Diagnostic::error(Code("P136"), format!("`{word}` starts an item, and stands inside a block"))
                    .at(span, "")
                    .help("items stand outside of all braces, at the start of a line"),
            );
        }
        let unknown = Diagnostic::error(Code("P111"), format!("no line can start with `{word}` here")).at(span, "");
        if let Some(meant) = synonym(context.block, word) {
            return Some(unknown.help(format!("write `{meant}`")).fix(Fix::replace(
                format!("write `{meant}`"),
                span,
                meant,
                false,
            )));
        }
        if let Some(near) = words::nearest(word, list) {
            return Some(unknown.help(format!("did you mean `{near}`?")).fix(Fix::replace(
                format!("write `{near}`"),
                span,
                near,
                false,
            )));
        }
        if context.block == Block::File && words::STATEMENTS.contains(&word) {
            return Some(unknown.help(format!("`{word}` stands inside a `ratecard`, a `plan` or a `contract`")));
        }
        // A line of a price block may also be a charge that starts with a name.
        if context.block == Block::Price {
            return None;
        }
        let choices: Vec<String> = list.iter().map(|word| format!("`{word}`")).collect();
        Some(unknown.help(format!("lines here start with {}", or_list(&choices))))
    }

    /// `| a | b |`, as tables are written elsewhere.
    fn table_bars(&self, context: Context, line: Line<'_>) -> Option<Diagnostic> {
        let inner = line.text.strip_prefix('|');
        let inner = if context.block == Block::Table { inner? } else { return None };
        let trimmed = inner.trim().trim_end_matches('|').trim_end();
        let span = self.span(line.start, line.start + line.text.len());
        Some(Diagnostic::error(Code("P137"), "a row has no bar at its ends").at(span, "").fix(Fix::replace(
            "take out the outer bars",
            span,
            trimmed,
            true,
        )))
    }

    /// `0 .. 100 calls $0.50`, `100 calls $0.50`: a tier that does not say `up to`.
    fn lower_bound(&self, context: Context, line: Line<'_>) -> Option<Diagnostic> {
        if context.probe != Rule::probe_tier && context.probe != Rule::probe_bucket {
            return None;
        }
        let starts = line.text.starts_with(|c: char| c.is_ascii_digit() || "$€£¥".contains(c));
        if !starts {
            return None;
        }
        let span = self.span(line.start, line.start + line.text.len());
        let finding = Diagnostic::error(Code("P135"), "a tier is written with its upper bound: `up to`").at(span, "");
        let alone = format!("up to {}", line.text);
        if Grammar::parse(context.probe, &alone).is_ok() {
            let before = self.span(line.start, line.start);
            return Some(finding.fix(Fix::replace("write `up to`", before, "up to ", false)));
        }
        Some(finding.note("the lower bound is where the tier above ends"))
    }

    /// `price x on m = graduated per call {`: tiers stand inside the braces of the price.
    fn tiers_behind_equals(&self, line: Line<'_>) -> Option<Diagnostic> {
        let (head, rest) = line.text.split_once(" = ")?;
        let words = ["graduated", "volume", "stairstep", "table"];
        let word = words.into_iter().find(|word| rest.trim_start().starts_with(word) && head.contains(" on "))?;
        let at = line.start + line.text.len() - rest.trim_start().len();
        let span = self.span(at, at + word.len());
        let head = head.trim_end();
        let finding = Diagnostic::error(Code("P112"), format!("`{word}` stands inside the braces of a price"));
        Some(finding.at(span, "").help(format!("write `{head} {{`, and `{}` on the line below", first_line(rest))))
    }

    fn second_parse(&self, context: Context, line: Line<'_>) -> Diagnostic {
        let whole = self.span(line.start, line.start + line.text.len());
        let unreadable = || Diagnostic::error(Code("P112"), "this line cannot be read").at(whole, "");
        let Err(error) = Grammar::parse(context.probe, line.text) else {
            return unreadable();
        };
        let at = match error.location {
            InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
        };
        let ErrorVariant::ParsingError { positives, .. } = error.variant else {
            return unreadable();
        };
        let rest = &line.text[at..];
        let found = token(rest);
        let start = line.start + at;
        let span = self.span(start, start + found.len());
        if let Some(finding) = missing_per(&positives, line, at, found, span) {
            return finding;
        }
        let wants_name = !positives.is_empty()
            && positives.iter().all(|rule| matches!(rule, Rule::name | Rule::path | Rule::names | Rule::scope));
        if wants_name && words::RESERVED.contains(&found) {
            return Diagnostic::error(Code("P134"), format!("`{found}` is a word of the language, not a name"))
                .at(span, "")
                .help("choose another name");
        }
        let after = &rest[found.len()..];
        if found == "-" && !after.starts_with(' ') && at > 0 {
            return Diagnostic::error(Code("P124"), "a minus between two values needs spaces around it")
                .at(span, "")
                .note("names may hold `-`, so `a-b` is one name")
                .fix(Fix::replace("put a space behind it", span, "- ", true));
        }
        let phrases = expected::phrases(&expected::without_operators(&positives));
        let nothing_known = phrases.is_empty();
        let expected = expected::either(phrases);
        if found.is_empty() {
            let message = format!("the line ends where {expected} was expected");
            return Diagnostic::error(Code("P112"), message).at(span, "here");
        }
        let message = if nothing_known {
            format!("`{found}` was not expected here")
        } else {
            format!("expected {expected}, found `{found}`")
        };
        let finding = Diagnostic::error(Code("P112"), message).at(span, "");
        if line.text.matches('(').count() > line.text.matches(')').count() {
            return finding.note("a parenthesis is not closed in this line");
        }
        finding
    }
}

fn missing_per(positives: &[Rule], line: Line<'_>, at: usize, found: &str, span: Span) -> Option<Diagnostic> {
    let wants_per = positives
        .iter()
        .any(|rule| matches!(rule, Rule::per | Rule::per_period | Rule::per_window | Rule::kw_per | Rule::usage_bound));
    let before = line.text[..at].trim_end();
    let amount = before.split_whitespace().next_back().unwrap_or_default();
    let is_amount = amount.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit() || "$€£¥".contains(c));
    let finding = Diagnostic::error(Code("P116"), "`per` is missing between an amount and what it is for");
    if !wants_per {
        return None;
    }
    if found == "/" {
        return Some(finding.at(span, "").fix(Fix::replace("write `per`", span, "per", true)));
    }
    let is_period = crate::ast::PeriodWord::from_word(found.trim_end_matches('s')).is_some();
    let is_name = found.starts_with(|c: char| c.is_ascii_alphabetic()) && !words::RESERVED.contains(&found);
    let starts_clause = matches!(found, "once" | "rounded" | "plus" | "total" | "whole" | "prorated" | "if" | "on");
    if !(is_period || (is_name && is_amount && !starts_clause)) {
        return None;
    }
    Some(finding.at(span, "").fix(Fix::replace(format!("write `per {found}`"), span.before(), "per ", true)))
}

/// Where a line stands, and its text as the grammar saw it.
#[derive(Clone, Copy)]
struct Line<'t> {
    start: usize,
    text: &'t str,
}

impl<'t> Line<'t> {
    fn word(self) -> &'t str {
        &self.text[..words::word_length(self.text)]
    }
}

/// A block as its lines are read.
#[derive(Clone, Copy)]
pub(crate) struct Context {
    /// Its list of words.
    pub(crate) block: Block,
    /// The rule that reads one line of the block.
    pub(crate) probe: Rule,
}

impl Context {
    /// The block that a node stands in.
    fn of(parent: Node<'_>, node: Node<'_>) -> Self {
        let inside = Self::inside(parent);
        // A brace of its own in a table is not a row.
        if node.read().starts_with('{') { Self { block: Block::Free, ..inside } } else { inside }
    }

    /// The block that a node is.
    pub(crate) fn inside(parent: Node<'_>) -> Self {
        let (block, probe) = match parent.rule() {
            Some(Rule::body) => (Block::Body, Rule::probe_stmt),
            Some(Rule::price_block) => (Block::Price, Rule::probe_price),
            Some(Rule::tiers) if parent.has(Rule::grid_head) => (Block::Table, Rule::probe_grid_row),
            Some(Rule::tiers) => (Block::Tiers, Rule::probe_tier),
            Some(Rule::bucket_item) => (Block::Tiers, Rule::probe_bucket),
            Some(Rule::table) if parent.has(Rule::matrix_head) => (Block::Table, Rule::probe_matrix_row),
            Some(Rule::table) if parent.has(Rule::list_head) => (Block::Table, Rule::probe_list_row),
            Some(Rule::table) => (Block::Table, Rule::probe_table_head),
            Some(Rule::test_table_item) if parent.has(Rule::case_head) => (Block::Table, Rule::probe_case_row),
            Some(Rule::test_table_item) => (Block::Table, Rule::probe_case_head),
            Some(Rule::commitment_stmt) => (Block::Commitment, Rule::probe_commitment),
            Some(Rule::ramp) => (Block::Free, Rule::probe_ramp),
            Some(Rule::wallet_stmt) => (Block::Wallet, Rule::probe_wallet),
            Some(Rule::waterfall_stmt) => (Block::Waterfall, Rule::probe_waterfall),
            Some(Rule::amendment_item) => (Block::Amendment, Rule::probe_change),
            Some(Rule::test_item) => (Block::Test, Rule::probe_test),
            Some(Rule::assert_item) => (Block::Free, Rule::probe_predicate),
            Some(Rule::event_item) => (Block::Free, Rule::probe_field),
            Some(Rule::calendar_item) => (Block::Free, Rule::probe_slot),
            Some(Rule::holidays_item) => (Block::Free, Rule::probe_holiday),
            _ => (Block::File, Rule::probe_item),
        };
        Self { block, probe }
    }
}

/// Words from other tools that people write first.
fn synonym(block: Block, word: &str) -> Option<&'static str> {
    let lower = word.to_lowercase();
    match (block, lower.as_str()) {
        (Block::Tiers, "above" | "over" | "else" | "rest" | "remaining" | "thereafter" | "unlimited") => Some("beyond"),
        (Block::Tiers, "upto" | "until" | "to" | "below" | "first") => Some("up to"),
        (Block::Waterfall, "last" | "else" | "otherwise" | "lastly") => Some("finally"),
        (Block::Waterfall, "next" | "second") => Some("then"),
        (Block::File, "import" | "include") => Some("use"),
        (Block::File, "const" | "var") => Some("let"),
        (Block::File, "rate_card" | "pricelist" | "rates" | "card") => Some("ratecard"),
        (Block::File, "metric") => Some("meter"),
        (Block::Body, "included" | "quota") => Some("allowance"),
        (Block::Body, "charge" | "rate") => Some("price"),
        (Block::Body, "floor") => Some("minimum"),
        (Block::Body, "ceiling" | "maximum" | "limit") => Some("cap"),
        (Block::Body, "feature") => Some("entitlement"),
        (Block::Price, "tiered") => Some("graduated"),
        (Block::Price, "min" | "minimum") => Some("at least"),
        (Block::Price, "max" | "maximum" | "cap") => Some("at most"),
        (Block::Test, "when" | "usage") => Some("given"),
        (Block::Test, "assert" | "then" | "should") => Some("expect"),
        _ => None,
    }
}

/// The word, number or sign at the start of a text.
fn token(text: &str) -> &str {
    let word = words::word_length(text);
    if word > 0 {
        return &text[..word];
    }
    if text.starts_with('#') || text.starts_with('\n') {
        return "";
    }
    let inside = |c: char| c.is_alphanumeric() || "_.$€£¥%".contains(c);
    let length: usize = text.chars().take_while(|c| inside(*c)).map(char::len_utf8).sum();
    if length > 0 {
        return &text[..length];
    }
    text.chars().next().map_or("", |c| &text[..c.len_utf8()])
}

fn or_list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

/// The first line of a text, without space around it.
fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim()
}
