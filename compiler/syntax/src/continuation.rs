//! What may come next in a line that is being written.

use crate::expected;
use crate::grammar::{Grammar, Rule};
use crate::mistakes::Context;
use crate::tree::Node;
use crate::words::Block;
use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};

/// What may come next.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Continuation {
    /// Words and signs of the language, sorted.
    pub words: Vec<String>,
    /// Whether an amount may come.
    pub amount: bool,
}

/// The block whose lines a cursor writes: the innermost one around it, the file itself outside of
/// all braces. `chain` is what [`crate::Tree::at`] gives.
#[must_use]
pub fn block_around<'t>(chain: &[Node<'t>], offset: u32) -> Option<Node<'t>> {
    let opened = |node: &&Node<'t>| {
        let brace = node.children().find(|child| child.is(Rule::open) || (child.text() == "{"));
        brace.is_some_and(|brace| brace.end() <= offset)
    };
    let block = |node: &&Node<'t>| !matches!(node.rule(), None | Some(Rule::bad | Rule::object));
    chain.iter().rev().filter(block).find(opened).copied().or(chain.first().copied())
}

/// The words that may start a line of a block.
#[must_use]
pub fn first_words(block: Node<'_>) -> &'static [&'static str] {
    Context::inside(block).block.words()
}

/// Whether a text is one whole line or statement of a block.
#[must_use]
pub fn is_whole(block: Node<'_>, text: &str) -> bool {
    Grammar::parse(Context::inside(block).probe, text.trim()).is_ok()
}

/// What may follow a line of a block that was written so far. Nothing where that is not a beginning
/// of a line.
#[must_use]
pub fn continuation(block: Node<'_>, line: &str) -> Continuation {
    let context = Context::inside(block);
    // A sign that no rule takes: what was expected in its place is what may come.
    let probe = format!("{} \u{1}", line.trim_end());
    let Err(error) = Grammar::parse(context.probe, &probe) else { return Continuation::default() };
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let ErrorVariant::ParsingError { positives, .. } = error.variant else { return Continuation::default() };
    if probe.get(at..).is_none_or(|rest| !rest.trim_start().starts_with('\u{1}')) {
        return Continuation::default();
    }
    let phrases = expected::phrases(&positives);
    let said = phrases.iter().filter_map(|phrase| phrase.strip_prefix('`')?.strip_suffix('`'));
    // Messages name the usual ones only.
    let all = positives.iter().flat_map(|rule| match rule {
        Rule::frequency => &["hourly", "daily", "weekly", "monthly", "quarterly", "yearly"][..],
        Rule::period_word => &["hour", "day", "week", "month", "quarter", "year"],
        Rule::aggregate => &["sum", "count", "max", "min", "last", "unique", "average", "percentile"],
        _ => &[],
    });
    let words: std::collections::BTreeSet<&str> = said.chain(all.copied()).collect();
    let amount = phrases.iter().any(|phrase| phrase == "an amount" || phrase == "a price");
    let start = line.trim().is_empty() && context.block != Block::File;
    let own = |word: &&str| !start || context.block.words().contains(word);
    Continuation { words: words.into_iter().filter(own).map(str::to_owned).collect(), amount }
}

#[cfg(test)]
mod tests {
    use super::*;
    use price_diagnostics::FileId;

    fn after(text: &str) -> Vec<String> {
        let at = text.find('|').unwrap();
        let tree = crate::parse(FileId(0), &text.replace('|', "")).tree;
        let offset = u32::try_from(at).unwrap();
        let chain = tree.at(offset);
        let block = block_around(&chain, offset).unwrap();
        let line = &text[text[..at].rfind('\n').map_or(0, |at| at + 1)..at];
        continuation(block, line).words
    }

    #[test]
    fn a_line_goes_on_with_what_the_grammar_takes_there() {
        assert_eq!(
            after("plan a {\n  billing |\n}\n"),
            ["daily", "hourly", "monthly", "quarterly", "weekly", "yearly"]
        );
        assert!(after("plan a {\n  prices from b |\n}\n").contains(&"locked".to_owned()));
        assert_eq!(
            after("plan a {\n  waterfall {\n    finally |\n  }\n}\n"),
            ["allowance", "block", "commitment", "invoice", "overage", "wallet"]
        );
        assert!(after("meter a = |\n").contains(&"sum".to_owned()));
        assert!(after("plan a {\n  nonsense here |\n}\n").is_empty());
    }
}
