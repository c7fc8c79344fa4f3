//! The seam between the engines and their hosts.
//!
//! A [`Kernel`] is one compiled plan. `price-interp` implements it with exact rationals,
//! `price-jit` with machine code over integers; a host gets the same integers, amounts and
//! faults from both. Kernels hold no state of accounts and never see the clock.

use crate::batch::Batch;
use crate::plan::{LineIx, Plan, SinkIx};
use price_value::Rational;
use std::sync::Arc;

/// Why a row or a charge has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[repr(u8)]
pub enum Fault {
    /// An intermediate value left 128 bits, or a raw value left 64 bits. An engine over bounded
    /// integers may report it where the exact engine still has a value; it never gives another value.
    #[error("a value is too large to be computed exactly")]
    Overflow = 2,
    /// Usage in a cell marked `n/a`.
    #[error("this combination is not sold")]
    NotSold = 3,
    /// A negative quantity reached a [`crate::Ladder`] that is not odd.
    #[error("a negative quantity cannot be priced by tiers")]
    NegativeQuantity = 4,
    /// The value is not a multiple of the sink's quantum.
    #[error("the value has more decimals than the meter keeps")]
    NotExact = 5,
    /// A number, flag, text or label that was needed is missing. Needed is what evaluation
    /// reaches: see [`Kernel::map`].
    #[error("a required field is missing")]
    Missing = 6,
}

/// Row status: filtered out.
pub const SKIPPED: u8 = 0;
/// Row status: `cell` and `value` are valid. Values from 2 are [`Fault`]s.
pub const TAKEN: u8 = 1;

/// What [`Kernel::map`] says of each row. Sinks with a family key have `rows × labels` entries,
/// label by label within a row (`row * labels + label`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MapOut {
    /// [`SKIPPED`], [`TAKEN`] or a [`Fault`].
    pub status: Vec<u8>,
    /// Cell over the closed keys with `in_cell` (mixed radix, first key most significant).
    pub cell: Vec<u32>,
    /// Raw integer: the folded value divided by the sink's quantum. For [`crate::Fold::Count`]
    /// 1, for [`crate::Fold::Unique`] 0. For [`crate::Fold::Charge`] the raw amount of the
    /// event, unless the charge has a `split` or `covered_by`: then the raw *measure*
    /// (in [`Kernel::measure_quantum`]) and the host prices it with [`Kernel::position`].
    pub value: Vec<i64>,
}

/// One compiled plan, ready to compute.
pub trait Kernel: Send + Sync {
    /// The plan it was compiled from.
    fn plan(&self) -> &Arc<Plan>;

    /// Name of the engine, for reports: `interp` or `jit`.
    fn engine(&self) -> &'static str;

    /// Evaluates one sink over a batch of its event type; clears and fills `out`.
    ///
    /// Per entry, and each step only if the one before it went well: `filter`, `scope` (either
    /// false: [`SKIPPED`], `cell` and `value` 0), labels of the keys with `in_cell` in key order
    /// (open ones too: a missing label is a fault even where the host keeps the cell), the
    /// rule of the cell for event charges ([`Fault::NotSold`]; with `split`, the cell the event
    /// begins in), then the value: fold expression, or measure, function and `post`. The value
    /// must be a multiple of the quantum ([`Fault::NotExact`], judged first) that fits 64 bits
    /// ([`Fault::Overflow`]). An entry with a fault has `cell` and `value` 0.
    ///
    /// Evaluation is lazy: `All` and `Any` stop at the first part that decides, `If` and
    /// `ByKey` evaluate the chosen arm only, everything else goes left to right and the first
    /// fault wins. Missing is: [`crate::batch::NULL`] in `Field`, a flag of 2 in `Flag`, a label that is
    /// `u32::MAX` or not below the size of its closed dimension, an empty text in
    /// [`crate::Fold::Unique`]. `NULL` in a family column is zero; `Text` compares what is there.
    ///
    /// Dates of regimes are judged by the host: `regime[row]` is the index into the event
    /// charge's regimes (pass an empty slice for sinks that are not event charges, or when
    /// there is only one regime).
    fn map(&self, sink: SinkIx, batch: &Batch, regime: &[u32], out: &mut MapOut);

    /// The exact amount of a usage line's function at an aggregated quantity.
    ///
    /// `function` indexes the line's [`crate::Rules::functions`]; the quantity is
    /// `raw · quantum / divisor` (`divisor` is above zero, and 1 except for averages, means, and
    /// lines with a [`crate::TierScale`], whose functions are of the quantity over the scale).
    /// Not negated for rebates. Function and line come from the plan; another kind of line or
    /// an index out of range is a mistake of the host and panics.
    fn charge(&self, line: LineIx, function: u32, raw: i128, divisor: i64) -> Result<Rational, Fault>;

    /// The exact amount of an event charge's function at a position of the measure of one row,
    /// before `post`: used by hosts for `split` and covered measures. `row` is an index into
    /// [`MapOut`] (`row * labels + label` for sinks with a family key); `measure` is in steps of
    /// [`Kernel::measure_quantum`].
    fn position(&self, sink: SinkIx, function: u32, batch: &Batch, row: usize, measure: i64)
    -> Result<Rational, Fault>;

    /// Quantity of one raw step of the measure of an event charge, in its `measure_unit`:
    /// `1 / D`, where `D` is [`crate::Expr::denominator`] of the measure (verified to exist); 1
    /// without a measure.
    fn measure_quantum(&self, sink: SinkIx) -> Rational;

    /// Rates a whole batch of a commutative usage line in one pass: for each row, in order,
    /// `cells[base[row] + cell] += raw` and `posted[row] = F(after) − F(before)` as an integer
    /// over [`Kernel::posting_denominator`]. Returns `false`, having done nothing, when the
    /// engine has no fused path for the line (then the host maps and charges).
    ///
    /// `base[row]` is the first cell of the row's account; `status` as in [`MapOut`]. The
    /// function is that of the first regime; `before` and `after` are the cell's sums, so the
    /// postings of a fresh cell sum to `F(q) − F(0)`. A row that is skipped or whose charge
    /// faults leaves its cell as it was and posts 0. Only for sinks without a family key.
    fn rate(
        &self,
        line: LineIx,
        batch: &Batch,
        base: &[u32],
        cells: &mut [i64],
        posted: &mut [i64],
        status: &mut [u8],
    ) -> bool {
        let _ = (line, batch, base, cells, posted, status);
        false
    }

    /// Denominator of the integers of [`Kernel::rate`], where that path exists.
    fn posting_denominator(&self, line: LineIx) -> Option<i128> {
        let _ = line;
        None
    }
}

/// Makes kernels from plans: how the command line brings the JIT to crates that must not know it.
pub trait KernelFactory: Send + Sync {
    /// Name of the engine.
    fn engine(&self) -> &'static str;

    /// Compiles a verified plan.
    fn compile(&self, plan: &Arc<Plan>) -> Result<Arc<dyn Kernel>, String>;
}
