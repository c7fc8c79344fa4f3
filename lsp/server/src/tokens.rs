//! Semantic tokens: the legend, and texts as numbers against it.

use crate::state::State;
use price_diagnostics::{FileId, Span};
use price_ide::{DefKind, Token, TokenKind};
use tower_lsp::lsp_types::{
    SemanticToken, SemanticTokenModifier, SemanticTokenType, SemanticTokensEdit, SemanticTokensLegend,
};

/// Types in the order of the legend.
const TYPES: [SemanticTokenType; 15] = [
    SemanticTokenType::KEYWORD,
    SemanticTokenType::NUMBER,
    SemanticTokenType::STRING,
    SemanticTokenType::COMMENT,
    SemanticTokenType::OPERATOR,
    SemanticTokenType::NAMESPACE,
    SemanticTokenType::TYPE,
    SemanticTokenType::ENUM,
    SemanticTokenType::ENUM_MEMBER,
    SemanticTokenType::EVENT,
    SemanticTokenType::PROPERTY,
    SemanticTokenType::VARIABLE,
    SemanticTokenType::FUNCTION,
    SemanticTokenType::PARAMETER,
    SemanticTokenType::CLASS,
];

const DECLARATION: u32 = 1;
const LIBRARY: u32 = 2;
const DOCUMENTATION: u32 = 4;

pub(crate) fn legend() -> SemanticTokensLegend {
    SemanticTokensLegend {
        token_types: TYPES.to_vec(),
        token_modifiers: vec![
            SemanticTokenModifier::DECLARATION,
            SemanticTokenModifier::DEFAULT_LIBRARY,
            SemanticTokenModifier::DOCUMENTATION,
        ],
    }
}

fn type_of(kind: TokenKind) -> (u32, u32) {
    use DefKind as K;
    let (ty, modifiers) = match kind {
        TokenKind::Keyword => (SemanticTokenType::KEYWORD, 0),
        TokenKind::Number => (SemanticTokenType::NUMBER, 0),
        TokenKind::String => (SemanticTokenType::STRING, 0),
        TokenKind::Comment => (SemanticTokenType::COMMENT, 0),
        TokenKind::Documentation => (SemanticTokenType::COMMENT, DOCUMENTATION),
        TokenKind::Operator => (SemanticTokenType::OPERATOR, 0),
        TokenKind::Name(kind) => match kind {
            K::Module => (SemanticTokenType::NAMESPACE, 0),
            K::Unit | K::Currency => (SemanticTokenType::TYPE, 0),
            K::Dimension | K::Calendar | K::Holidays => (SemanticTokenType::ENUM, 0),
            K::Label => (SemanticTokenType::ENUM_MEMBER, 0),
            K::Event => (SemanticTokenType::EVENT, 0),
            K::Field => (SemanticTokenType::PROPERTY, 0),
            K::Meter | K::Constant => (SemanticTokenType::VARIABLE, 0),
            K::Parameter => (SemanticTokenType::PARAMETER, 0),
            K::RateCard | K::Plan | K::Contract | K::Amendment => (SemanticTokenType::CLASS, 0),
            _ => (SemanticTokenType::FUNCTION, 0),
        },
    };
    let at = TYPES.iter().position(|known| *known == ty).unwrap_or(0);
    (u32::try_from(at).unwrap_or(0), modifiers)
}

impl State {
    /// The tokens of a file inside a stretch, each relative to the one before.
    pub(crate) fn semantic_tokens(&self, file: FileId, within: Option<Span>) -> Vec<SemanticToken> {
        let (mut line, mut column) = (0, 0);
        let wanted = |token: &&Token| within.is_none_or(|w| token.span.end > w.start && token.span.start < w.end);
        let tokens = self.ide.tokens(file);
        let mut data = Vec::with_capacity(tokens.len());
        for token in tokens.iter().filter(wanted) {
            let (start, end) = (self.position(file, token.span.start), self.position(file, token.span.end));
            if start.line != end.line {
                continue;
            }
            let (token_type, own) = type_of(token.kind);
            let declares = if token.declares { DECLARATION } else { 0 };
            let library = if token.standard { LIBRARY } else { 0 };
            let delta_line = start.line - line;
            let delta_start = if delta_line == 0 { start.character - column } else { start.character };
            data.push(SemanticToken {
                delta_line,
                delta_start,
                length: end.character - start.character,
                token_type,
                token_modifiers_bitset: own | declares | library,
            });
            (line, column) = (start.line, start.character);
        }
        data
    }
}

/// The one edit between two lists of tokens; offsets are of the flat numbers, five for each.
pub(crate) fn delta(before: &[SemanticToken], after: &[SemanticToken]) -> Vec<SemanticTokensEdit> {
    let front = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let rest = before.len().min(after.len()) - front;
    let back = before.iter().rev().zip(after.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let (removed, added) = (before.len() - front - back, &after[front..after.len() - back]);
    if removed == 0 && added.is_empty() {
        return Vec::new();
    }
    let numbers = |tokens: usize| u32::try_from(tokens * 5).unwrap_or(u32::MAX);
    vec![SemanticTokensEdit { start: numbers(front), delete_count: numbers(removed), data: Some(added.to_vec()) }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(length: u32) -> SemanticToken {
        SemanticToken { delta_line: 0, delta_start: 1, length, token_type: 0, token_modifiers_bitset: 0 }
    }

    #[test]
    fn only_what_changed_is_sent() {
        let of = |lengths: &[u32]| lengths.iter().map(|length| token(*length)).collect::<Vec<_>>();
        for (before, after, start, deleted, added) in
            [(&[1, 2, 3][..], &[1, 9, 3][..], 5, 5, 1), (&[1, 1], &[1, 1, 1], 10, 0, 1), (&[1, 2, 3], &[3], 0, 10, 0)]
        {
            let edits = delta(&of(before), &of(after));
            let [edit] = edits.as_slice() else { panic!("{edits:?}") };
            assert_eq!((edit.start, edit.delete_count), (start, deleted));
            assert_eq!(edit.data.as_ref().map(Vec::len), Some(added));
        }
        assert!(delta(&of(&[1]), &of(&[1])).is_empty());
    }
}
