//! Tests and assertions.

use super::{Bad, Date, Docs, Expr, Label, Moment, Name, Number, Path, Period, PeriodWord, Text};
use price_diagnostics::Span;

/// What a test or an assertion is about.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Subject {
    /// Its kind.
    pub kind: SubjectKind,
    /// Its name.
    pub path: Path,
    /// Where.
    pub span: Span,
}

/// The kinds of subjects.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SubjectKind {
    /// `plan`
    Plan,
    /// `ratecard`
    RateCard,
    /// `contract`
    Contract,
}

/// Usage in, expected lines out.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Test {
    /// What it shows.
    pub title: Text,
    /// What it is about.
    pub subject: Subject,
    /// When.
    pub period: Period,
    /// Its statements.
    pub body: Vec<TestStmt>,
}

/// A statement of a test.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TestStmt {
    /// The `##` lines above.
    pub docs: Docs,
    /// What it is.
    pub kind: TestStmtKind,
    /// Where.
    pub span: Span,
}

/// The statements of a test.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TestStmtKind {
    /// `given api_calls 1.25M calls where tier is plus on 2026-01-04`.
    Given {
        /// The meter.
        meter: Path,
        /// How much.
        amount: Expr,
        /// In which cell.
        filter: Option<Expr>,
        /// When, if said.
        when: Option<GivenWhen>,
    },
    /// `given event call on 2026-03-04 10:00 { zone: world, duration: 61 seconds }`.
    GivenEvent {
        /// The event.
        event: Path,
        /// When it happened.
        at: Moment,
        /// When it came to be known, if said.
        recorded: Option<Moment>,
        /// Its fields.
        fields: Vec<FieldValue>,
    },
    /// `expect storage $2_044.40`.
    Expect(Expect),
    /// Not readable; reported.
    Bad(Bad),
}

/// When given usage happens.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum GivenWhen {
    /// `on 2026-01-04 09:00`.
    On(Moment),
    /// `each month`.
    Each(PeriodWord),
}

/// `zone: world`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FieldValue {
    /// The field, or the label inside an object.
    pub name: Label,
    /// Its value.
    pub value: GivenValue,
    /// Where.
    pub span: Span,
}

/// The value of a field of a given event.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum GivenValue {
    /// `61 seconds`, `$19.99`, `$0.0125 per token`.
    Amount(Expr),
    /// `eu-mobile`, `"text"`, `yes`.
    Label(Label),
    /// `2026-01-31`, `2026-01-31 09:00`.
    Moment(Moment),
    /// `{ input: 1_200 tokens, output: 300 tokens }`.
    Object(Vec<FieldValue>),
}

/// `expect ...`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Expect {
    /// `expect refused`.
    Refused,
    /// `expect storage where region is eu $2_044.40 on 2026-01-31`.
    Amount {
        /// Of what.
        subject: ExpectSubject,
        /// In which cells.
        filter: Option<Expr>,
        /// How much; none for `?`, which `price test --accept` fills in.
        amount: Option<Expr>,
        /// When, if not at the end.
        on: Option<Date>,
    },
}

/// What an amount is expected of.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ExpectSubject {
    /// A line or a stage of one: `storage`, `storage.gross`, `total`.
    Line(Path),
    /// `minimum`, `minimum 2`: the lines that minimums make, in the order of the text.
    Minimum {
        /// Which one, from 1.
        index: Option<Number>,
        /// Where.
        span: Span,
    },
    /// `invoice due`.
    Invoice(Name),
    /// `allowance free_egress left`.
    Allowance {
        /// Which one.
        path: Path,
        /// `left`.
        what: Name,
    },
    /// `wallet migration`.
    Wallet(Path),
    /// `entitlement reports left`.
    Entitlement {
        /// Which one.
        path: Path,
        /// `left`, `used`.
        what: Name,
    },
    /// `commitment annual shortfall`.
    Commitment {
        /// Which one.
        path: Path,
        /// `counted`, `shortfall`, ...
        what: Name,
    },
}

/// Inputs and outputs as columns.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TestTable {
    /// What it shows.
    pub title: Text,
    /// What it is about.
    pub subject: Subject,
    /// When.
    pub period: Period,
    /// The first line.
    pub columns: Vec<TestColumn>,
    /// The other lines.
    pub rows: Vec<TestTableEntry>,
}

/// The heading of a column.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TestColumn {
    /// `given` or `expect`, if written.
    pub role: Option<ColumnRole>,
    /// Of what; a plain name is a [`ExpectSubject::Line`] also where it is an input.
    pub subject: ExpectSubject,
    /// Where.
    pub span: Span,
}

/// Whether a column goes in or comes out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ColumnRole {
    /// `given`
    Given,
    /// `expect`
    Expect,
}

/// One line of a test table.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TestTableEntry {
    /// A case; the number of cells is not checked against the header here.
    Row {
        /// The `##` lines above.
        docs: Docs,
        /// The cells.
        cells: Vec<TestCell>,
        /// Where.
        span: Span,
    },
    /// Not readable; reported.
    Bad(Bad),
}

/// One cell of a test table.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TestCell {
    /// `50k calls`, `$0.00`.
    Amount(Expr),
    /// `eu`.
    Label(Label),
    /// `?`, which `price test --accept` fills in.
    Unknown(Span),
}

/// A property for all usage.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Assert {
    /// What it claims.
    pub title: Text,
    /// What it is about.
    pub subject: AssertSubject,
    /// For which usage.
    pub quantifiers: Vec<Quantifier>,
    /// All must hold.
    pub predicates: Vec<PredicateStmt>,
}

/// What an assertion is about.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum AssertSubject {
    /// `for plan starter`.
    One(Subject),
    /// `comparing extras to extras_2025`.
    Comparing {
        /// The first.
        new: Path,
        /// The second.
        old: Path,
    },
}

/// For which usage an assertion is claimed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Quantifier {
    /// `for all egress in 0 GB .. 500 TB`.
    Meter {
        /// The meter.
        meter: Path,
        /// The least value.
        from: Expr,
        /// The greatest value.
        to: Expr,
        /// Where.
        span: Span,
    },
    /// `for all usage`.
    Usage(Span),
    /// `for all cells`.
    Cells(Span),
}

/// One predicate.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PredicateStmt {
    /// The `##` lines above.
    pub docs: Docs,
    /// What it claims.
    pub kind: Predicate,
    /// Where.
    pub span: Span,
}

/// The closed list of predicates.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Predicate {
    /// `total never decreases`.
    NeverDecreases(Path),
    /// `total never jumps by more than $0.01`.
    NeverJumps {
        /// The line.
        line: Path,
        /// The greatest jump.
        more_than: Expr,
    },
    /// `moved rises at most 3%`.
    RisesAtMost {
        /// The line.
        line: Path,
        /// By how much.
        at_most: Expr,
    },
    /// `moved falls at most 3%`.
    FallsAtMost {
        /// The line.
        line: Path,
        /// By how much.
        at_most: Expr,
    },
    /// `storage <= list.storage`.
    Holds(Expr),
    /// Not readable; reported.
    Bad(Bad),
}
