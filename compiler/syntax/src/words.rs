//! The closed lists of words that may start a line, block by block.
//!
//! Completion offers them, and the finding for an unknown word names the nearest one.

/// A place in a file with a word list of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Block {
    /// Outside of all braces.
    File,
    /// `ratecard`, `plan`, `contract`.
    Body,
    /// `price`, `rebate`, `override price`.
    Price,
    /// `graduated`, `volume`, `stairstep`; buckets of a dimension.
    Tiers,
    /// `table`, `test table`: rows, no words.
    Table,
    /// `commitment`.
    Commitment,
    /// `wallet`.
    Wallet,
    /// `waterfall`.
    Waterfall,
    /// `amendment`.
    Amendment,
    /// `test`.
    Test,
    /// Lines that start with a name of the author's: events, calendars, assertions.
    Free,
}

/// The words that start an item.
pub const ITEMS: &[&str] = &[
    "amendment",
    "assert",
    "calendar",
    "contract",
    "currency",
    "dimension",
    "event",
    "formula",
    "holidays",
    "let",
    "meter",
    "plan",
    "ratecard",
    "test",
    "unit",
    "use",
];

/// The words that start a statement of a rate card, plan or contract.
pub const STATEMENTS: &[&str] = &[
    "allowance",
    "attribute",
    "based",
    "billing",
    "buyer",
    "cap",
    "commitment",
    "currency",
    "discount",
    "effective",
    "entitlement",
    "fee",
    "invoice",
    "late",
    "ledger",
    "let",
    "minimum",
    "override",
    "pause",
    "price",
    "prices",
    "product",
    "prorate",
    "rebate",
    "rounding",
    "seller",
    "source",
    "tag",
    "term",
    "timezone",
    "wallet",
    "waterfall",
];

/// The words that start a line of a price block.
pub const PRICE_LINES: &[&str] = &[
    "allow",
    "at",
    "derive",
    "discount",
    "flat",
    "free",
    "graduated",
    "measure",
    "only",
    "ratchet",
    "rate",
    "round",
    "split",
    "stairstep",
    "table",
    "tiers",
    "volume",
];

impl Block {
    /// The words that may start a line here, in alphabetical order.
    #[must_use]
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Block::File => ITEMS,
            Block::Body => STATEMENTS,
            Block::Price => PRICE_LINES,
            Block::Tiers => &["beyond", "up"],
            Block::Commitment => &[
                "already",
                "amount",
                "counts",
                "covered",
                "excess",
                "free",
                "invoiced",
                "overage",
                "shortfall",
                "true-up",
                "unused",
            ],
            Block::Wallet => {
                &["clawback", "grant", "holds", "overdraft", "pays", "precise", "rollover", "shared", "spend", "top-up"]
            }
            Block::Waterfall => &["finally", "first", "then"],
            Block::Amendment => &["add", "extend", "remove", "set"],
            Block::Test => &["expect", "given"],
            Block::Table | Block::Free => &[],
        }
    }
}

/// Words that may not be names, because they may follow an amount or a name.
pub const RESERVED: &[&str] = &[
    "and", "at", "beyond", "by", "each", "even", "flat", "for", "free", "from", "in", "is", "less", "not", "of", "on",
    "or", "per", "plus", "rounded", "then", "through", "to", "until", "where",
];

/// Length of the word at the start of a text, with inner `-`; zero if there is none.
pub(crate) fn word_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    if !bytes.first().is_some_and(u8::is_ascii_alphabetic) {
        return 0;
    }
    let inside = |at: usize| bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let mut at = 1;
    while inside(at) || (bytes.get(at) == Some(&b'-') && inside(at + 1)) {
        at += 1;
    }
    at
}

/// Whether a line starts an item.
///
/// With `surely`, words that also start statements do not count, and a name must follow.
pub(crate) fn starts_item(line: &str, surely: bool) -> bool {
    let word = &line[..word_length(line)];
    if !ITEMS.contains(&word) || (surely && STATEMENTS.contains(&word)) {
        return false;
    }
    let rest = &line[word.len()..];
    let after = rest.trim_start_matches([' ', '\t']);
    after.len() < rest.len() && after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '"' || c == '$')
}

/// The word of a list that was probably meant; none if nothing is near.
pub(crate) fn nearest<'w>(word: &str, list: &[&'w str]) -> Option<&'w str> {
    // A very long word is no misspelling, and comparing it would cost its square.
    if word.len() > 40 {
        return None;
    }
    let lower = word.to_lowercase();
    let allowed = (word.len() / 3).clamp(1, 3);
    list.iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, candidate), *candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}
