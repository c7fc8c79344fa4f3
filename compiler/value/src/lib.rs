//! The exact values every other crate speaks in: rationals, rounding, currencies, time.
//!
//! Nothing here knows the language, files or clocks. No floating point, no silent rounding:
//! an operation either is exact or names the [`Rounding`] it applies.

pub mod currency;
pub mod rational;
pub mod rounding;
pub mod split;
pub mod time;

pub use currency::Currency;
pub use rational::{ParseRationalError, Rational};
pub use rounding::{Rounding, RoundingMode};
pub use split::largest_remainder;
pub use time::{Date, Period, Schedule, Span, Timestamp, Window, Zone, time_zone_rules};
