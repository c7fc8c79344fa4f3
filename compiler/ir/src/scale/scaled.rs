//! Expressions over whole numbers: what a [`crate::Expr`] becomes once its scale is known.

use crate::func::Order;
use crate::plan::{FieldIx, KeyIx};
use price_value::{Rational, RoundingMode};

/// An expression as a whole number `n`: its value is `n · step`, or `n · step / p` where
/// [`Scaled::divided`], with `p` the divisor of the quantity known only at run time.
///
/// Invariant: for every input inside the declared ranges `lo ≤ n ≤ hi`, and no intermediate of
/// this node leaves 64 bits unless [`Scaled::wide`], nor ever [`super::WIDEST`] bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scaled {
    /// How `n` is found.
    pub op: Op,
    /// Value of one; above zero.
    pub step: Rational,
    /// The value is still to be divided by the run-time divisor.
    pub divided: bool,
    /// Least `n`.
    pub lo: i128,
    /// Greatest `n`.
    pub hi: i128,
    /// An operand, an intermediate or the result may need more than 64 bits.
    pub wide: bool,
}

/// The operations of a [`Scaled`] expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// A literal.
    Const(i128),
    /// A column of numbers; missing is a fault.
    Field(FieldIx),
    /// A column of numbers times the first factor, or the second where the row has none.
    OrElse(FieldIx, i128, i128),
    /// The column of the entry's label in a family; missing is zero.
    Family(FieldIx),
    /// The priced quantity.
    Arg,
    /// Times a constant.
    Times(Box<Scaled>, i128),
    /// Times the run-time divisor.
    TimesDivisor(Box<Scaled>),
    /// Sum of parts on one step.
    Sum(Vec<Scaled>),
    /// Product of two run-time factors.
    Product(Box<Scaled>, Box<Scaled>),
    /// The value as it is; outside `lo..=hi` the row is [`crate::Fault::Overflow`].
    Guard(Box<Scaled>),
    /// The least of parts on one step.
    Min(Vec<Scaled>),
    /// The greatest of parts on one step.
    Max(Vec<Scaled>),
    /// `n · mul / (div · p)` rounded to a whole number, `p` only where the operand is divided.
    Divide {
        /// What is divided.
        of: Box<Scaled>,
        /// Factor, above zero.
        mul: i128,
        /// Divisor, above zero.
        div: i128,
        /// Direction.
        mode: RoundingMode,
    },
    /// A ladder over whole numbers.
    Ladder(Box<Scaled>, Rungs),
    /// One of two.
    If(Box<Test>, Box<Scaled>, Box<Scaled>),
    /// One per label of a key; arms are on one step.
    ByKey(KeyIx, Vec<Scaled>),
    /// The second, with the first as its [`Op::Amount`]: the steps after one event's amount.
    Post(Box<Scaled>, Box<Scaled>),
    /// The amount before the first of those steps.
    Amount,
    /// At least the constant, on the same step, where the measure (`Arg`) or [`Op::Amount`] is
    /// above zero.
    Floor(Box<Scaled>, i128),
}

/// A condition over whole numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Always.
    Always,
    /// The label of a key is one of these (sorted).
    Label(KeyIx, Vec<u32>),
    /// A text equals a constant.
    Text(FieldIx, String),
    /// A flag is true.
    Flag(FieldIx),
    /// A field is present.
    Present(FieldIx),
    /// Two numbers on one step compare so.
    Compare(Box<Scaled>, Order, Box<Scaled>),
    /// All, as far as the first that does not hold.
    All(Vec<Test>),
    /// Any, as far as the first that holds.
    Any(Vec<Test>),
    /// Not.
    Not(Box<Test>),
}

/// A ladder whose argument is a whole number `n`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rungs {
    /// What becomes of a negative argument.
    pub negative: Negative,
    /// Factor of the argument before it is compared with `bound · p`; 1 for undivided arguments.
    pub fine: i128,
    /// Value at exactly zero (times `p` where the result is divided).
    pub at_zero: i128,
    /// In order of `bound`, the first at 0. The last with `bound · p < n · fine` applies.
    pub rungs: Vec<Rung>,
}

/// One piece: `slope · m + value · p`, with `m` the argument, or a count of started steps times `p`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// Exclusive lower bound.
    pub bound: i128,
    /// Change per one of `m`.
    pub slope: i128,
    /// The line's value at `m = 0`.
    pub value: i128,
    /// Counts started steps.
    pub steps: Option<Steps>,
}

/// `m = ceil((n · mul − offset · p) / (div · p))`, always above zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps {
    /// Factor of the argument.
    pub mul: i128,
    /// Subtracted.
    pub offset: i128,
    /// Divisor, above zero.
    pub div: i128,
}

/// What a ladder makes of a negative argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Negative {
    /// There is none.
    Never,
    /// `F(−q) = −F(q)`.
    Mirror,
    /// [`crate::Fault::NegativeQuantity`].
    Refuse,
}

/// An expression whose value is wanted as a whole number of quanta: `n · mul / div`, a fault
/// where that is not whole ([`crate::Fault::NotExact`]) or leaves 64 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// The value.
    pub of: Scaled,
    /// Factor, above zero.
    pub mul: i128,
    /// Divisor, above zero.
    pub div: i128,
    /// `n · mul` may need more than 64 bits.
    pub wide: bool,
}

/// Buckets over whole numbers: the label is the number of bounds below the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buckets {
    /// The bucketed value.
    pub of: Scaled,
    /// Inclusive upper bounds, increasing.
    pub bounds: Vec<i128>,
}

/// Whether every value of a range fits 64 bits, the mark of a missing number excluded.
pub fn narrow(lo: i128, hi: i128) -> bool {
    lo > i128::from(i64::MIN) && hi <= i128::from(i64::MAX)
}

impl Scaled {
    /// Whether `n` fits 64 bits.
    pub fn is_narrow(&self) -> bool {
        narrow(self.lo, self.hi)
    }

    /// The denominator of every value (before the run-time divisor).
    pub fn denominator(&self) -> Rational {
        self.step.denom().into()
    }

    /// Number of operations, rungs not counted: what machine code costs.
    pub fn size(&self) -> usize {
        1 + match &self.op {
            Op::Const(_) | Op::Field(_) | Op::OrElse(..) | Op::Family(_) | Op::Arg | Op::Amount => 0,
            Op::Times(a, _)
            | Op::TimesDivisor(a)
            | Op::Guard(a)
            | Op::Divide { of: a, .. }
            | Op::Ladder(a, _)
            | Op::Floor(a, _) => a.size(),
            Op::Product(a, b) | Op::Post(a, b) => a.size() + b.size(),
            Op::Sum(parts) | Op::Min(parts) | Op::Max(parts) | Op::ByKey(_, parts) => {
                parts.iter().map(Scaled::size).sum()
            }
            Op::If(test, a, b) => test.size() + a.size() + b.size(),
        }
    }
}

impl Test {
    /// Number of operations.
    pub fn size(&self) -> usize {
        1 + match self {
            Test::Compare(a, _, b) => a.size() + b.size(),
            Test::All(parts) | Test::Any(parts) => parts.iter().map(Test::size).sum(),
            Test::Not(part) => part.size(),
            _ => 0,
        }
    }
}
