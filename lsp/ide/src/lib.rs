//! What an editor asks about a workspace, answered as plain data.
//!
//! [`Ide`] holds the texts as the editor has them and the database that `price check` uses too.
//! Answers are spans in bytes and texts; nothing here knows the protocol, a socket or a disk:
//! files that are not open come through the driver's [`World`](price_driver::World).
//!
//! *Invariant:* names are found in the lossless tree by the rule they stand in (`names`), so that
//! every question about a name — what it is, where it is used, what it may be called — has one
//! answer.

mod actions;
mod changed;
mod complete;
mod curve;
mod extract;
mod folding;
mod hints;
mod hover;
mod ide;
mod imports;
mod invoices;
mod lenses;
pub mod limits;
mod lines;
mod linked;
mod links;
mod names;
mod navigate;
mod overlay;
mod past;
mod picture;
mod placed;
mod plans;
mod rename;
mod rows;
mod signature;
mod snippets;
mod symbols;
mod tests;
mod tokens;
mod usage;

pub use actions::Action;
pub use complete::{Completion, CompletionKind};
pub use curve::{CurveChart, CurvePiece, PriceCurve};
pub use folding::Fold;
pub use hints::Hint;
pub use hover::Hover;
pub use ide::{Ide, TextEdit};
pub use invoices::{InvoiceLine, Invoiced, NoInvoice, Refusal};
pub use lenses::{Lens, LensKind};
pub use lines::{Encoding, LineIndex, Position};
pub use links::Link;
pub use names::{Def, DefKind};
pub use navigate::{Call, Reference};
pub use past::{Compared, Since};
pub use placed::is_usage;
pub use rename::RenameError;
pub use signature::Signature;
pub use symbols::Symbol;
pub use tests::{TestCaseReport, TestResult};
pub use tokens::{Token, TokenKind};
