//! What the project's tests share: runners of test files, generators, comparisons of engines.
//!
//! A crate for development; nothing imports it.

pub mod conformance;
pub mod contracts;
pub mod differential;
pub mod examples;
pub mod generate;
pub mod irtest;
pub mod program;
pub mod sources;
