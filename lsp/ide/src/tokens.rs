//! What each piece of a text is, for colours.

use crate::ide::Ide;
use crate::names::{DefKind, occurrences};
use price_diagnostics::{FileId, Span};
use price_syntax::Rule;
use price_syntax::tree::Kind;
use std::collections::BTreeMap;

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A word of the language.
    Keyword,
    /// An amount, a date, a number.
    Number,
    /// A text in quotes.
    String,
    /// A comment.
    Comment,
    /// A documentation line.
    Documentation,
    /// A sign that computes or compares.
    Operator,
    /// A name.
    Name(DefKind),
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Where; never across a line end.
    pub span: Span,
    /// What.
    pub kind: TokenKind,
    /// Whether it declares the name.
    pub declares: bool,
    /// Whether the name is of the standard library.
    pub standard: bool,
}

impl Ide {
    /// The pieces of a file that have a kind, in text order, without overlaps.
    #[must_use]
    pub fn tokens(&self, file: FileId) -> Vec<Token> {
        let parse = self.parse(file);
        let tree = &parse.tree;
        let mut names: BTreeMap<u32, (DefKind, bool, bool)> = BTreeMap::new();
        occurrences(tree, &mut |chain, occurrence| {
            if let Some(def) = self.resolve(file, chain, occurrence) {
                let span = Span::new(file, occurrence.leaf.start(), occurrence.leaf.end());
                names.insert(span.start, (def.kind, def.span == span, self.is_standard(def.file)));
            }
        });
        let mut tokens = Vec::new();
        for leaf in tree.root().leaves() {
            let span = Span::new(file, leaf.start(), leaf.end());
            if span.is_empty() {
                continue;
            }
            let plain = |kind| Some(Token { span, kind, declares: false, standard: false });
            let token = match leaf.kind() {
                Kind::Comment => plain(TokenKind::Comment),
                Kind::Sign if matches!(leaf.text(), ".." | "\\") => plain(TokenKind::Operator),
                Kind::Sign | Kind::Space | Kind::Newline => None,
                Kind::Rule(rule) => match names.get(&span.start) {
                    Some((kind, declares, standard)) => {
                        Some(Token { span, kind: TokenKind::Name(*kind), declares: *declares, standard: *standard })
                    }
                    None => of_rule(rule).and_then(plain),
                },
            };
            tokens.extend(token);
        }
        tokens
    }
}

fn of_rule(rule: Rule) -> Option<TokenKind> {
    Some(match rule {
        Rule::doc => TokenKind::Documentation,
        Rule::string => TokenKind::String,
        Rule::number
        | Rule::percent
        | Rule::money
        | Rule::date
        | Rule::clock
        | Rule::offset
        | Rule::year
        | Rule::month
        | Rule::quarter
        | Rule::thirty_days
        | Rule::day_name
        | Rule::month_name => TokenKind::Number,
        Rule::label => TokenKind::Name(DefKind::Label),
        Rule::add_op | Rule::mul_op | Rule::compare_op | Rule::minus | Rule::star | Rule::todo => TokenKind::Operator,
        Rule::mode | Rule::not_sold | Rule::symbol => TokenKind::Keyword,
        rule if format!("{rule:?}").starts_with("kw_") => TokenKind::Keyword,
        _ => return None,
    })
}
