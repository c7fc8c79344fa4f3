//! Expressions: amounts, rates, shares, conditions.

use super::{Label, Moment, Money, Name, Number, Path, Percent, Quantity, Text};
use price_diagnostics::Span;

/// An expression; parentheses leave no trace but the shape of the tree.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where, without surrounding parentheses.
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ExprKind {
    /// `42`.
    Number(Number),
    /// `$0.002`.
    Money(Money),
    /// `12.5%`, `25 bps`.
    Percent(Percent),
    /// `50k calls`, `240 CREDIT`.
    Quantity(Quantity),
    /// `2026-01-31`, `2026-01-31 09:00`.
    Moment(Moment),
    /// `"business hours"`.
    Text(Text),
    /// `ceiling`, `list.storage`.
    Path(Path),
    /// `rate tokens.input`: the price of one unit of a cell.
    RateOf(Path),
    /// `max(a, b)`, `blended($0.09 per GB)`.
    Call {
        /// The function or formula.
        function: Name,
        /// The arguments, at least one.
        args: Vec<Expr>,
    },
    /// `-x`; a sign directly in front of a number belongs to the number.
    Neg(Box<Expr>),
    /// `a + b`.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// `$3.00 per 1M tokens`; binds tighter than `*`.
    Per {
        /// The amount.
        value: Box<Expr>,
        /// What it is for.
        per: Per,
    },
    /// `2.9% of amount`, `3% of storage, egress after discounts`.
    PercentOf {
        /// The share.
        percent: Percent,
        /// What it is a share of.
        base: Scope,
        /// Whether discounts are off the base already, if said.
        stage: Option<DiscountStage>,
    },
    /// `x or else 0 tokens`: a value for what was not sent.
    OrElse {
        /// The optional value.
        value: Box<Expr>,
        /// What to take if it is absent.
        fallback: Box<Expr>,
    },
    /// `a <= b`.
    Compare {
        /// The operator.
        op: CompareOp,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// `region is eu`, `region is not eu`.
    Is {
        /// The dimension or field.
        subject: Box<Expr>,
        /// Whether `not` was written.
        negated: bool,
        /// The value.
        label: Label,
    },
    /// `region in eu, us`, `region not in eu, us`.
    In {
        /// The dimension or field.
        subject: Box<Expr>,
        /// Whether `not` was written.
        negated: bool,
        /// The values, at least one.
        labels: Vec<Label>,
    },
    /// `not x`.
    Not(Box<Expr>),
    /// `a and b`.
    And(Box<Expr>, Box<Expr>),
    /// `a or b`.
    Or(Box<Expr>, Box<Expr>),
}

/// Arithmetic.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
}

/// Comparison.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CompareOp {
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// `per 1M tokens`, `per started 10k operations`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Per {
    /// Whether a begun block counts as a whole one.
    pub started: bool,
    /// Size of the block in `unit`; one if not written.
    pub count: Option<Number>,
    /// The unit; a period word (`month`) or any declared unit.
    pub unit: Name,
    /// Where, `per` included.
    pub span: Span,
}

/// Which lines something applies to.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Scope {
    /// Everything or the listed ones.
    pub kind: ScopeKind,
    /// Where.
    pub span: Span,
}

/// Everything or the listed ones.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ScopeKind {
    /// `all`.
    All,
    /// `storage, egress`; never empty.
    Names(Vec<Path>),
    /// `tagged compute`.
    Tagged(Name),
}

/// Where in the order of adjustments a line is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DiscountStage {
    /// `before discounts`.
    Before,
    /// `after discounts`.
    After,
}

/// How a remainder is treated.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RoundingMode {
    /// `half-up`: ties away from zero.
    HalfUp,
    /// `half-even`: ties to the even neighbour.
    HalfEven,
    /// `up`: away from zero.
    Up,
    /// `down`: toward zero.
    Down,
}

/// `half-up to cents`, `up to €0.0001`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Rounding {
    /// How.
    pub mode: RoundingMode,
    /// To what.
    pub to: RoundTarget,
    /// Where.
    pub span: Span,
}

/// The grid values are rounded to.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum RoundTarget {
    /// `cents`: the minor unit of the currency.
    Cents(Span),
    /// `$0.0001`, `0.0001 CREDIT`, `60 seconds`.
    Amount(Expr),
}
