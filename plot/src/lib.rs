//! Pictures of prices: total, marginal and average amount against usage, as SVG, PNG and text.
//!
//! *Invariant:* this is the only crate in which amounts become floating-point numbers, and no
//! amount leaves it but as a place on a picture or a label beside it.

// Places on a picture.
#![allow(clippy::float_arithmetic)]

mod chart;
mod scale;
mod svg;
mod text;

pub use chart::{Chart, Series, View};
pub use svg::{PlotError, png, svg};
pub use text::text;
