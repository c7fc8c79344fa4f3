//! The reference engine: a plan evaluated with exact rationals, step by step as the plan says.
//!
//! Slow and obviously right. It keeps nothing between calls, optimises nothing and cannot
//! overflow; where another engine differs, this one is believed. Reads rows, never accounts,
//! files or clocks.

mod cell;
mod charge;
mod cond;
mod engine;
mod entry;
mod expr;
mod fold;

pub use engine::{Interp, InterpFactory};
