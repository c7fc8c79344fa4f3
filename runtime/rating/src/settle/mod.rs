//! From cells to an invoice.

/// Why there is no invoice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettleError {
    /// The subject is not served on any day of the period.
    #[error("`{subject}` is not served in {period}")]
    NotServed {
        /// Billed subject.
        subject: String,
        /// Billing period.
        period: String,
    },
    /// A function has no value.
    #[error("`{line}`: {fault}")]
    Fault {
        /// Line.
        line: String,
        /// What the engine says.
        fault: price_ir::Fault,
    },
    /// More labels than `any text at most N` allows.
    #[error("`{subject}` has more than {max} labels of `{dimension}`")]
    TooManyLabels {
        /// Billed subject.
        subject: String,
        /// Dimension.
        dimension: String,
        /// The declared limit.
        max: u32,
    },
    /// More values than a cell keeps.
    #[error("`{sink}` has more than {max} values in one cell")]
    TooManyValues {
        /// Meter.
        sink: String,
        /// The limit.
        max: usize,
    },
}
