//! What a customer may do now: entitlements, what is held of them, and budgets.
//!
//! A reservation holds a quantity of an entitlement until it is committed, released, or its time is
//! over. What was granted is a fact in the log: it is not taken back by usage that comes late, and a
//! replay does not decide it again.
//!
//! *Invariant:* of a hard limit no more is granted than `limit − used − held`.
//! *Invariant:* `0 ≤ committed ≤ held`, and a hold ends once: committed, released, or by its time.

mod ask;
mod check;
mod decide;
mod entry;
mod holds;
mod touched;

pub use ask::{EnforceCommand, OnFailure, Policy, Reserve};
pub use check::{Checked, Feature, FeatureKind, HoldView, NotChecked, SPEND};
pub use entry::{EnforceEntry, kind};
pub(crate) use holds::Enforcement;
pub use touched::Change;
pub(crate) use touched::Touched;
