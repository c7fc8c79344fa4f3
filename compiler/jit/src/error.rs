//! Why a plan has no machine code.

use price_ir::scale::ScaleError;

/// A plan that cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// Exact amounts would need more than 128 bits; each names the literal to blame.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Scale(Vec<ScaleError>),
    /// More different formulas than are worth machine code: operations, and the most there may be.
    #[error("the plan has {0} operations in formulas of different shape, more than {1}")]
    TooLarge(usize, usize),
    /// The code generator refused: this machine is not supported, or memory ran out.
    #[error("no machine code: {0}")]
    Generator(String),
}
