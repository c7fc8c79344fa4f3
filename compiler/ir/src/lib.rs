//! The plan IR: what a compiled plan *is*, shared by every engine, check and tool.
//!
//! A price is a piecewise-affine function of aggregated usage ([`func::Ladder`]), a line is a
//! function of cells, an invoice is a function of a set of facts. This crate defines those
//! shapes, their textual form, their verifier, their static scales and the artefact that
//! carries them. It evaluates nothing about events: see `price-interp` and `price-jit`.

pub mod artefact;
pub mod batch;
pub mod bill;
pub mod curve;
pub mod form;
pub mod func;
pub mod funds;
pub mod hash;
pub mod kernel;
pub mod limits;
pub mod plan;
mod quantity;
pub mod rows;
pub mod scale;
pub mod signature;
mod source_map;
pub mod statement;
pub mod text;
mod verify;

pub use artefact::{Artefact, ArtefactError};
pub use batch::{Batch, Column};
pub use bill::{Bill, OneUsage, Unknown};
pub use curve::{Curve, Straight, Stretch};
pub use form::{Forms, Linear, Node};
pub use func::{Cond, Expr, Ladder, LadderKind, Piece};
pub use funds::*;
pub use hash::{FORM as HASH_FORM, MeaningHash};
pub use kernel::{Fault, Kernel, KernelFactory, MapOut};
pub use plan::*;
pub use quantity::Position;
pub use rows::*;
pub use source_map::{Place, SourceFile, SourceMap};
pub use statement::*;
pub use verify::verify;
