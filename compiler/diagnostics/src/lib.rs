//! What the compiler says to people and to machines: one type for every finding,
//! one registry of codes, one renderer per output format.
//!
//! Refuses to know how a finding came about: no syntax tree, no types, no files.
//! A finding is plain data, so it can be stored in a query, compared and printed later.

mod code;
pub mod codes;
mod diagnostic;
pub mod render;
mod span;

pub use code::Code;
pub use diagnostic::{Diagnostic, Edit, Fix, Label, Severity, sort};
pub use render::{Format, RenderOptions, Sources, render};
pub use span::{FileId, ItemId, Span};
