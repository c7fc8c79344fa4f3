//! The owned, typed syntax tree of one file.
//!
//! It holds what was written, in the order in which it was written, and nothing that had to
//! be looked up: whether `5 USD` is money or a quantity is decided where names are known.
//! Every node carries its span; a comparison of two trees therefore also compares places,
//! unless both were made with [`crate::Spans::Erased`].

// Nodes are stored in vectors and matched by shape all over the analysis; a box per node
// would cost more in every pattern than the bytes it saves.
#![allow(clippy::large_enum_variant)]

mod body;
mod declare;
mod expr;
mod funds;
mod item;
mod literal;
mod name;
mod price;
mod test;

pub use body::*;
pub use declare::*;
pub use expr::*;
pub use funds::*;
pub use item::*;
pub use literal::*;
pub use name::*;
pub use price::*;
pub use test::*;
