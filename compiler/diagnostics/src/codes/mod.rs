//! The registry of codes: one line here and one page in `docs/codes` for each.
//!
//! A page is what `price explain P104` prints. It has the sections Summary, Category, Fixable,
//! Avoid, Prefer, Rationale and Related; tests hold each page to that.
//! A code is never reused for another finding.

use crate::Severity;

/// What is known about a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeInfo {
    /// `P104`.
    pub code: &'static str,
    /// A few words, lower case, without a full stop.
    pub title: &'static str,
    /// What it is about.
    pub category: Category,
    /// How much it weighs.
    pub severity: Severity,
    /// Whether findings of this code may carry a fix.
    pub fixable: bool,
    /// The page, in Markdown.
    pub page: &'static str,
}

/// What a code is about; the first digit of its number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Category {
    /// P0: the file as a whole, its characters and its size.
    File,
    /// P1: how things are written.
    Syntax,
    /// P2: names.
    Names,
    /// P3: types and units.
    Types,
    /// P4: choices that change money and must be written down.
    Choices,
    /// P5: prices that are dead, missing, doubled or falling.
    Prices,
    /// P6: who pays.
    Funds,
    /// P7: time.
    Time,
    /// P8: claims of the author.
    Claims,
    /// P9: everything else.
    Other,
}

impl Category {
    /// The word on the page.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Category::File => "File",
            Category::Syntax => "Syntax",
            Category::Names => "Names",
            Category::Types => "Types",
            Category::Choices => "Choices",
            Category::Prices => "Prices",
            Category::Funds => "Funds",
            Category::Time => "Time",
            Category::Claims => "Claims",
            Category::Other => "Other",
        }
    }

    const fn of(code: &str) -> Self {
        match code.as_bytes()[1] {
            b'0' => Category::File,
            b'1' => Category::Syntax,
            b'2' => Category::Names,
            b'3' => Category::Types,
            b'4' => Category::Choices,
            b'5' => Category::Prices,
            b'6' => Category::Funds,
            b'7' => Category::Time,
            b'8' => Category::Claims,
            _ => Category::Other,
        }
    }
}

/// The entry for a code as written, `P104`.
#[must_use]
pub fn find(code: &str) -> Option<&'static CodeInfo> {
    let at = CODES.binary_search_by(|info| info.code.cmp(code)).ok()?;
    CODES.get(at)
}

macro_rules! code {
    ($code:literal, $severity:ident, $fixable:literal, $title:literal) => {
        CodeInfo {
            code: $code,
            title: $title,
            category: Category::of($code),
            severity: Severity::$severity,
            fixable: $fixable,
            page: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/codes/", $code, ".md")),
        }
    };
}

/// Every code, in order: code, weight, whether it can be mended by a machine, title.
#[rustfmt::skip]
pub const CODES: &[CodeInfo] = &[
    code!("P001", Error, false, "the file is not UTF-8"),
    code!("P002", Warning, true, "the file starts with a byte order mark"),
    code!("P003", Warning, true, "lines end with a carriage return"),
    code!("P004", Warning, true, "a tab is used as space"),
    code!("P005", Error, true, "a letter is composed of two characters"),
    code!("P006", Error, true, "a character that hides or imitates something"),
    code!("P010", Error, false, "the file is too large"),
    code!("P011", Error, false, "a line is too long"),
    code!("P012", Error, false, "braces or parentheses are nested too deeply"),
    code!("P013", Error, false, "a number has too many digits"),
    code!("P014", Error, false, "an expression is too long"),
    code!("P015", Error, false, "there are more findings than are shown"),
    code!("P101", Error, true, "a text is not closed"),
    code!("P102", Error, true, "quotes of another kind"),
    code!("P103", Error, true, "not an escape"),
    code!("P104", Error, true, "a comma inside a number"),
    code!("P105", Error, true, "a suffix that does not say how large a number is"),
    code!("P106", Error, true, "an exponent or another base"),
    code!("P107", Error, true, "no space between a number and its unit"),
    code!("P108", Error, true, "groups of other than three digits"),
    code!("P109", Error, true, "a space in front of `%`"),
    code!("P110", Error, true, "a currency sign in the wrong place"),
    code!("P111", Error, true, "an unknown word at the start of a line"),
    code!("P112", Error, false, "something else was expected"),
    code!("P113", Error, true, "a block is not closed"),
    code!("P114", Error, true, "a brace closes nothing"),
    code!("P115", Error, true, "a semicolon"),
    code!("P116", Error, true, "`per` is missing"),
    code!("P117", Error, true, "a ladder without a last tier"),
    code!("P118", Error, false, "a line after `beyond`"),
    code!("P119", Error, false, "a row of another width than its header"),
    code!("P120", Error, true, "the steps of a waterfall are out of order"),
    code!("P121", Error, true, "a waterfall without an end"),
    code!("P122", Error, false, "a date or time that does not exist"),
    code!("P123", Error, true, "a documentation line behind something"),
    code!("P124", Error, true, "a minus without spaces"),
    code!("P125", Error, true, "no digit in front of the point"),
    code!("P126", Error, true, "an operator of another language"),
    code!("P127", Error, true, "a comment of another language"),
    code!("P128", Error, false, "a range that holds nothing"),
    code!("P129", Error, false, "something is said twice"),
    code!("P130", Error, true, "not a name"),
    code!("P131", Error, false, "a table without a header"),
    code!("P132", Error, false, "something behind the end of a block"),
    code!("P133", Error, true, "an opening brace on a line of its own"),
    code!("P134", Error, false, "a word of the language used as a name"),
    code!("P135", Error, true, "a tier without `up to`"),
    code!("P136", Error, false, "an item inside a block"),
    code!("P137", Error, true, "bars at the ends of a row"),
];
