//! The words of a line and the space between them.

use crate::grammar::Rule;
use crate::tree::{Kind, Node};

/// One word or sign, with what decides about the space in front of it.
pub(super) struct Token {
    text: String,
    rule: Option<Rule>,
    parent: Rule,
    /// Whether the line was broken in front of it; only inside parentheses.
    breaks: bool,
    is_comment: bool,
}

/// The tokens of a node up to and including the opening brace of `block`, or all of them.
pub(super) fn of(node: Node<'_>, block: Option<Node<'_>>) -> Vec<Token> {
    let mut collector = Collector { block, tokens: Vec::new(), breaks: false, done: false };
    collector.node(node, node.rule().unwrap_or(Rule::file));
    // A comma in front of a closing sign is left over from a list that was one longer.
    let mut tokens = collector.tokens;
    let closes = |token: &Token| matches!(token.text.as_str(), ")" | "}");
    let trailing: Vec<bool> = tokens
        .iter()
        .enumerate()
        .map(|(at, token)| token.text == "," && tokens.get(at + 1).is_some_and(closes))
        .collect();
    let mut keep = trailing.iter().map(|trailing| !trailing);
    tokens.retain(|_| keep.next().unwrap_or(true));
    tokens
}

/// The tokens of some children of a node.
pub(super) fn of_parts<'t>(parent: Node<'t>, parts: &[Node<'t>]) -> Vec<Token> {
    let mut collector = Collector { block: None, tokens: Vec::new(), breaks: false, done: false };
    for part in parts {
        collector.node(*part, parent.rule().unwrap_or(Rule::file));
    }
    collector.tokens
}

struct Collector<'t> {
    block: Option<Node<'t>>,
    tokens: Vec<Token>,
    breaks: bool,
    done: bool,
}

impl<'t> Collector<'t> {
    fn node(&mut self, node: Node<'t>, parent: Rule) {
        if self.done {
            return;
        }
        if node.is_leaf() {
            self.leaf(node, parent);
            return;
        }
        let rule = node.rule().unwrap_or(parent);
        let is_block = self.block == Some(node);
        for child in in_order(node) {
            self.node(child, rule);
            if is_block && child.is(Rule::open) {
                self.done = true;
                return;
            }
        }
    }

    fn leaf(&mut self, node: Node<'t>, parent: Rule) {
        let is_comment = node.kind() == Kind::Comment;
        if node.is_trivia() && !is_comment {
            self.breaks |= node.text().contains('\n');
            return;
        }
        let text = if node.is(Rule::percent) {
            // `25  bps`
            node.text().split_whitespace().collect::<Vec<_>>().join(" ")
        } else {
            node.text().trim_end().to_owned()
        };
        let breaks = std::mem::take(&mut self.breaks);
        self.tokens.push(Token { text, rule: node.rule(), parent, breaks, is_comment });
        // Nothing can follow a comment on its line.
        self.breaks = is_comment;
    }
}

/// The children of a node in the order in which they are written.
fn in_order(node: Node<'_>) -> Vec<Node<'_>> {
    let mut children: Vec<Node<'_>> = node.children().collect();
    let rank = |child: &Node<'_>| match (node.rule(), child.rule()) {
        // `12 months after` is written `after 12 months`.
        (Some(Rule::expiry_late), Some(Rule::kw_after)) => 0,
        // The options of a meter and of an allowance come in any order and leave in this one.
        (Some(Rule::meter_item), Some(Rule::in_unit)) => 2,
        (Some(Rule::meter_item), Some(Rule::by_names)) => 3,
        (Some(Rule::meter_item), Some(Rule::where_expr)) => 4,
        (Some(Rule::meter_item), Some(Rule::usage_bound)) => 5,
        (Some(Rule::allowance_stmt), Some(Rule::rollover)) => 2,
        (Some(Rule::allowance_stmt), Some(Rule::sharing)) => 3,
        (Some(Rule::allowance_stmt), Some(Rule::draw)) => 4,
        (Some(Rule::allowance_stmt), Some(Rule::partial)) => 5,
        _ => 1,
    };
    let reorders = matches!(node.rule(), Some(Rule::expiry_late | Rule::meter_item | Rule::allowance_stmt));
    if reorders {
        // Only space lies between the options, and space is written anew.
        children.retain(|child| !child.is_trivia());
        children.sort_by_key(rank);
    }
    children
}

/// Fills the column behind the first word, where the words of a block are a closed list.
pub(super) fn pad_first_word(node: Node<'_>, tokens: &mut [Token]) {
    let width = match node.rule() {
        Some(
            Rule::seller_stmt
            | Rule::buyer_stmt
            | Rule::term_stmt
            | Rule::pause_stmt
            | Rule::source_stmt
            | Rule::timezone_stmt
            | Rule::currency_stmt
            | Rule::billing_stmt
            | Rule::effective_stmt
            | Rule::rounding_stmt
            | Rule::commitment_amount
            | Rule::commitment_counts
            | Rule::true_up
            | Rule::shortfall
            | Rule::excess
            | Rule::overage
            | Rule::invoiced
            | Rule::unused
            | Rule::covered_at
            | Rule::clawback
            | Rule::balance_rollover
            | Rule::holds
            | Rule::pays_for
            | Rule::grant
            | Rule::top_up
            | Rule::overdraft
            | Rule::spend
            | Rule::shared
            | Rule::precise,
        ) => 9,
        Some(Rule::waterfall_step) => 7,
        _ => return,
    };
    // `pays for` is one word in two.
    if node.is(Rule::pays_for) {
        if let Some(second) = tokens.get_mut(1) {
            second.text = format!("{:<4}", second.text);
        }
        return;
    }
    if let Some(first) = tokens.first_mut() {
        first.text = format!("{:<width$}", first.text);
    }
}

/// The tokens as lines; more than one only if the author broke the line inside parentheses.
pub(super) fn lines(tokens: &[Token]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut before: Option<&Token> = None;
    for token in tokens {
        if token.breaks && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        } else if let Some(before) = before {
            line.push_str(gap(before, token));
        }
        line.push_str(&token.text);
        before = Some(token);
    }
    lines.push(line);
    lines
}

/// The tokens on one line; none if a comment stands between them.
pub(super) fn one_line(tokens: &[Token]) -> Option<String> {
    let mut line = String::new();
    let mut before: Option<&Token> = None;
    for token in tokens {
        if token.is_comment {
            return None;
        }
        if let Some(before) = before {
            line.push_str(gap(before, token));
        }
        line.push_str(&token.text);
        before = Some(token);
    }
    Some(line)
}

fn gap(before: &Token, after: &Token) -> &'static str {
    if after.is_comment {
        return "  ";
    }
    let ranges = [Rule::month_range, Rule::day_range, Rule::clock_range];
    let tight_range = |token: &Token| token.text == ".." && ranges.contains(&token.parent);
    let calls = matches!(after.parent, Rule::call | Rule::formula_item) && after.rule == Some(Rule::lparen);
    let tight = matches!(after.text.as_str(), "," | ")" | ":")
        || before.text == "("
        || before.rule == Some(Rule::minus)
        || before.parent == Rule::path && after.text == "."
        || before.text == "." && before.parent == Rule::path
        || tight_range(before)
        || tight_range(after)
        || calls;
    if tight { "" } else { " " }
}
