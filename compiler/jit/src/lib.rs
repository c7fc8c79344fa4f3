//! The fast engine: a plan as machine code over whole numbers.
//!
//! [`Jit`] answers exactly as the reference engine does, from code made once per plan. It keeps
//! no state and rounds nowhere the plan does not say; what 128 bits cannot hold is a fault of
//! the row, or is computed exactly the slow way. The only crate with `unsafe`: in `code` (calls
//! into compiled code and the memory it lives in) and `divide` (called from it).
//!
//! Invariant: compiled code never traps and never unwinds. Its pages are never writable and
//! executable at once, and are freed with the last `Arc` of the kernel.

mod code;
mod columns;
mod divide;
mod emit;
mod error;
mod groups;
mod kernel;
mod pool;
mod shape;

pub use error::CompileError;
pub use kernel::{Jit, JitFactory};
