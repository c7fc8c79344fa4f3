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
    /// An intermediate value left 128 bits, or a raw value left 64 bits.
    #[error("a value is too large to be computed exactly")]
    Overflow = 2,
    /// Usage in a cell marked `n/a`.
    #[error("this combination is not sold")]
    NotSold = 3,
    /// A negative quantity where the price has tiers, flats or floors.
    #[error("a negative quantity cannot be priced by tiers")]
    NegativeQuantity = 4,
    /// The value is not a multiple of the sink's quantum.
    #[error("the value has more decimals than the meter keeps")]
    NotExact = 5,
    /// A required field is missing.
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
    /// Dates of regimes are judged by the host: `regime[row]` is the index into the event
    /// charge's regimes (pass an empty slice for sinks that are not event charges, or when
    /// there is only one regime).
    fn map(&self, sink: SinkIx, batch: &Batch, regime: &[u32], out: &mut MapOut);

    /// The exact amount of a usage line's function at an aggregated quantity.
    ///
    /// `function` indexes the line's [`crate::Rules::functions`]; the quantity is
    /// `raw · quantum / divisor` (`divisor` is 1 except for averages and means, above zero).
    fn charge(&self, line: LineIx, function: u32, raw: i128, divisor: i64) -> Result<Rational, Fault>;

    /// The exact amount of an event charge's function at a position of the measure of one row,
    /// before `post`: used by hosts for `split` and covered measures.
    fn position(&self, sink: SinkIx, function: u32, batch: &Batch, row: usize, measure: i64)
    -> Result<Rational, Fault>;

    /// Quantity of one raw step of the measure of an event charge, in its `measure_unit`.
    fn measure_quantum(&self, sink: SinkIx) -> Rational;

    /// Rates a whole batch of a commutative usage line in one pass: for each row, in order,
    /// `cells[base[row] + cell] += raw` and `posted[row] = F(after) − F(before)` as an integer
    /// over [`Kernel::posting_denominator`]. Returns `false`, having done nothing, when the
    /// engine has no fused path for the line (then the host maps and charges).
    ///
    /// `base[row]` is the first cell of the row's account; `status` as in [`MapOut`].
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
