//! The parser that pest makes from `grammar.pest`.

// One variant per rule; the rules are described in the grammar itself.
#![allow(missing_docs)]

/// The generated parser.
#[derive(pest_derive::Parser)]
#[grammar = "grammar.pest"]
pub(crate) struct Grammar;
