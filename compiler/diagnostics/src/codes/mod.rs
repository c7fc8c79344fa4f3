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

/// What a code is about: its letter, and for findings in source the first digit of its number.
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
    /// R: usage that is set aside.
    Usage,
    /// A: compiled plans that cannot be written or loaded.
    Artefacts,
    /// I: files of usage that stop a run.
    Reading,
    /// L: source files that cannot be loaded, plans that cannot be found.
    Loading,
    /// S: requests to a server that it does not carry out.
    Server,
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
            Category::Usage => "Usage",
            Category::Artefacts => "Artefacts",
            Category::Reading => "Reading",
            Category::Loading => "Loading",
            Category::Server => "Server",
        }
    }

    const fn of(code: &str) -> Self {
        match (code.as_bytes()[0], code.as_bytes()[1]) {
            (b'R', _) => Category::Usage,
            (b'A', _) => Category::Artefacts,
            (b'I', _) => Category::Reading,
            (b'L', _) => Category::Loading,
            (b'S', _) => Category::Server,
            (_, b'0') => Category::File,
            (_, b'1') => Category::Syntax,
            (_, b'2') => Category::Names,
            (_, b'3') => Category::Types,
            (_, b'4') => Category::Choices,
            (_, b'5') => Category::Prices,
            (_, b'6') => Category::Funds,
            (_, b'7') => Category::Time,
            (_, b'8') => Category::Claims,
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
    code!("A001", Error, false, "not a compiled plan"),
    code!("A002", Error, false, "a compiled plan of another format"),
    code!("A003", Error, false, "a compiled plan that is cut off"),
    code!("A004", Error, false, "a compiled plan that was altered"),
    code!("A005", Error, false, "a compiled plan that is too large"),
    code!("A006", Error, false, "a compiled plan that cannot be read"),
    code!("A007", Error, false, "a hash that does not match its plan"),
    code!("A008", Error, false, "a compiled plan that is not valid"),
    code!("A009", Error, false, "a file that cannot be read"),
    code!("I001", Error, false, "a file of usage that cannot be read"),
    code!("I002", Error, false, "a file of no known format"),
    code!("I003", Error, false, "a compressed file"),
    code!("I004", Error, false, "a header that cannot be used"),
    code!("I005", Error, false, "a document that breaks off"),
    code!("I006", Error, false, "a Parquet file that cannot be read"),
    code!("I007", Error, false, "a column that cannot be used exactly"),
    code!("I008", Error, false, "a temporary file that fails"),
    code!("I009", Error, false, "a temporary file that was damaged"),
    code!("I010", Error, false, "a limit of the run"),
    code!("I011", Error, false, "a mapping that cannot be used"),
    code!("I012", Error, false, "a line of subscriptions that cannot be used"),
    code!("I013", Error, false, "an output that cannot be written"),
    code!("I014", Error, false, "a run that was stopped"),
    code!("I015", Error, false, "a fault of this program"),
    code!("L001", Error, false, "a path that is not there"),
    code!("L002", Error, false, "a file that is not source"),
    code!("L003", Error, false, "a folder without source"),
    code!("L004", Error, false, "a source file that cannot be read"),
    code!("L005", Error, false, "a seed file that is not text"),
    code!("L006", Error, false, "a seed file that is too large"),
    code!("L007", Error, false, "more files than are compiled together"),
    code!("L008", Error, false, "a price.lock that cannot be read"),
    code!("L020", Error, false, "nothing to compile"),
    code!("L021", Error, false, "a subject that is not there"),
    code!("L022", Error, false, "several subjects to choose from"),
    code!("L023", Error, false, "a subject with errors"),
    code!("L024", Error, false, "a fault of the compiler"),
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
    code!("P201", Error, true, "a name that nothing declares"),
    code!("P202", Error, false, "a name declared twice"),
    code!("P203", Error, true, "a module or item that `use` does not find"),
    code!("P204", Error, false, "modules that import each other in a circle"),
    code!("P205", Error, true, "a name of another kind than needed"),
    code!("P206", Error, false, "a definition that needs itself"),
    code!("P207", Error, true, "a seed file that cannot be used"),
    code!("P208", Error, true, "a label that the dimension does not have"),
    code!("P209", Error, true, "an override of something that is not there"),
    code!("P301", Error, false, "types that do not fit"),
    code!("P302", Error, false, "units that do not convert"),
    code!("P303", Error, false, "amounts in different currencies"),
    code!("P304", Error, true, "an amount without its unit"),
    code!("P305", Error, false, "a product or quotient without a meaning"),
    code!("P306", Error, false, "a division by a value known only at run time"),
    code!("P307", Error, true, "a dimension that the usage does not carry"),
    code!("P308", Error, false, "an aggregation that does not fit its field"),
    code!("P309", Error, false, "an optional field used without `or else`"),
    code!("P310", Error, false, "a statement that has no meaning here"),
    code!("P311", Error, false, "a formula with the wrong number of values"),
    code!("P312", Error, true, "a number outside what is allowed"),
    code!("P401", Error, true, "no rounding is stated"),
    code!("P403", Error, true, "no time zone is stated"),
    code!("P404", Error, true, "no billing period is stated"),
    code!("P405", Error, true, "a billing day that some months lack"),
    code!("P406", Error, true, "what a partial period does is not stated"),
    code!("P407", Error, true, "net or gross is not stated"),
    code!("P408", Error, false, "splitting at a price boundary is not stated"),
    code!("P409", Error, true, "late usage is not stated"),
    code!("P410", Error, false, "the flat part of a covered event is not stated"),
    code!("P411", Error, false, "the order of payment is not stated"),
    code!("P412", Error, false, "the order in which an allowance is drawn is not stated"),
    code!("P413", Error, true, "before or after discounts is not stated"),
    code!("P414", Error, false, "no currency is stated"),
    code!("P415", Error, false, "a rate change inside a period is not stated"),
    code!("P416", Error, false, "a condition on what is counted together"),
    code!("P417", Error, true, "when a fee is charged is not stated"),
    code!("P418", Error, true, "a wallet, grant or commitment leaves something open"),
    code!("P419", Error, true, "an amendment that reaches back does not say so"),
    code!("P420", Error, false, "numbers that do not fit 128 bits"),
    code!("P421", Error, true, "a rounding to something that is not a step of the value"),
    code!("P422", Error, false, "a locked card that has changed"),
    code!("P423", Warning, false, "a locked card that is not in price.lock"),
    code!("P424", Warning, false, "time zones by other rules than those of price.lock"),
    code!("P425", Warning, false, "prices whose source was not looked at for too long"),
    code!("P501", Error, false, "tiers out of order"),
    code!("P502", Error, false, "combinations without a price, or with two"),
    code!("P503", Error, false, "two overrides for one cell and date"),
    code!("P504", Warning, false, "the total falls when usage grows"),
    code!("P506", Error, false, "a price below zero"),
    code!("P507", Error, false, "a bound that crosses another one or never binds"),
    code!("P508", Warning, false, "an override dearer than what it overrides"),
    code!("P509", Warning, false, "a limit that keeps a tier or an allowance out of reach"),
    code!("P601", Error, false, "a source that can never pay"),
    code!("P602", Error, false, "top-ups without a limit"),
    code!("P603", Warning, false, "a falling price that a wallet pays as it is used"),
    code!("P701", Error, false, "a calendar that leaves time uncovered"),
    code!("P801", Error, true, "a test that names something its subject does not have"),
    code!("P802", Error, false, "a given that leaves a dimension open"),
    code!("P803", Error, true, "a claim that does not hold"),
    code!("P804", Warning, false, "a claim that cannot be decided"),
    code!("P901", Error, false, "a part of the language that this version cannot execute"),
    code!("P902", Warning, true, "a comment that allows nothing"),
    code!("P903", Warning, false, "a comment that cannot be read"),
    code!("R001", Error, false, "a field is missing"),
    code!("R002", Error, false, "not a number"),
    code!("R003", Error, false, "more decimals than the field declares"),
    code!("R004", Error, false, "a negative number"),
    code!("R005", Error, false, "a number too large for its field"),
    code!("R006", Error, false, "a unit the field does not accept"),
    code!("R007", Error, false, "a label its dimension does not have"),
    code!("R008", Error, false, "not a text"),
    code!("R009", Error, false, "not true or false"),
    code!("R010", Error, false, "not an object keyed by labels"),
    code!("R011", Error, false, "a text that is too long"),
    code!("R012", Error, false, "a field that is not declared"),
    code!("R013", Error, false, "a field that is given twice"),
    code!("R014", Error, false, "a field that is looked up"),
    code!("R015", Error, false, "too many different labels"),
    code!("R020", Error, false, "a record that cannot be read"),
    code!("R021", Error, false, "an event the plan does not have"),
    code!("R022", Error, false, "an attribute that every event needs"),
    code!("R023", Error, false, "a time that is not an instant"),
    code!("R024", Error, false, "the same identity with other content"),
    code!("R030", Error, false, "usage outside the days of the plan"),
    code!("R031", Error, false, "usage without a subscription"),
    code!("R032", Error, false, "an event out of order"),
    code!("R033", Error, false, "an event too far from the one before"),
    code!("R034", Error, false, "usage that came after its period was closed"),
    code!("R040", Error, false, "usage of something that is not sold"),
    code!("R041", Error, false, "a quantity below zero"),
    code!("R042", Error, false, "a value that is not exact"),
    code!("R043", Error, false, "a value that is missing"),
    code!("R044", Error, false, "an amount beyond 128 bits"),
    code!("S001", Error, false, "a request without a key that counts"),
    code!("S002", Error, false, "a key that may not do this"),
    code!("S003", Error, false, "something that is not there"),
    code!("S004", Error, false, "a method that does not fit"),
    code!("S005", Error, false, "a request that is too large"),
    code!("S006", Error, false, "a form that is not understood"),
    code!("S007", Error, false, "a body that cannot be read"),
    code!("S008", Error, false, "a server that has more to do than it takes on"),
    code!("S009", Error, false, "a server that is not ready"),
    code!("S010", Error, false, "a record that is too large"),
    code!("S011", Error, false, "a plan that cannot be used"),
    code!("S012", Error, false, "a plan that does not go on from the one in force"),
    code!("S013", Error, false, "usage that does not fit a new plan"),
    code!("S014", Error, false, "an event to replace that is not there"),
    code!("S015", Error, false, "an event that was taken back"),
    code!("S016", Error, false, "an event to take back that does not count"),
    code!("S017", Error, false, "a backfill that is not there"),
    code!("S018", Error, false, "a limit of a tenant"),
    code!("S019", Error, false, "a plan that is not in force"),
    code!("S020", Error, false, "an account that is taken on these days"),
    code!("S021", Error, false, "a contract that names its accounts"),
    code!("S022", Error, false, "too many wrong keys"),
    code!("S023", Error, false, "a request that came too slowly"),
    code!("S024", Error, false, "a parameter that does not fit"),
    code!("S025", Error, false, "a period that cannot be settled"),
    code!("S026", Error, false, "a fault of this program"),
    code!("S027", Error, false, "a key of a request that is not understood"),
    code!("S028", Error, false, "a key that is of another request"),
    code!("S040", Error, false, "a feature that a plan does not have"),
    code!("S041", Error, false, "more than is left"),
    code!("S042", Error, false, "the id of another reservation"),
    code!("S043", Error, false, "a reservation that is over"),
    code!("S044", Error, false, "a reservation that does not fit"),
    code!("S045", Error, false, "too many reservations"),
    code!("S046", Error, false, "a commit whose event was not taken"),
    code!("S050", Error, false, "settings of billing that do not fit"),
    code!("S051", Error, false, "a document that was not issued"),
    code!("S052", Error, false, "credit that does not fit"),
    code!("S053", Error, false, "a line that a document does not have"),
    code!("S054", Error, false, "a dispute that is open already, or not open"),
    code!("S055", Error, false, "a test clock that cannot be set"),
    code!("S056", Error, false, "too many closed periods"),
    code!("S060", Error, false, "an endpoint that cannot be told"),
    code!("S061", Error, false, "an endpoint that is not there"),
    code!("S070", Error, false, "something that a plan says"),
    code!("S071", Error, false, "a meter without a value window by window"),
];
