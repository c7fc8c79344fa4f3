//! Where the rules of a plan stand in the source.
//!
//! Not part of the plan's meaning: two plans with the same hash may have different maps. It is
//! for messages and explanations only; nothing is computed from it.

use crate::plan::RuleIx;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The places of a plan's rules.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SourceMap {
    /// By [`RuleIx`]; `None` for rules that the compiler added. May be shorter than the rules.
    pub places: Vec<Option<Place>>,
}

/// A place in the source.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Path of the file as the project names it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The source lines of the rule, as they stand there.
    pub excerpt: String,
}

impl SourceMap {
    /// The place of a rule.
    pub fn get(&self, rule: RuleIx) -> Option<&Place> {
        self.places.get(rule.ix())?.as_ref()
    }
}

impl fmt::Display for Place {
    /// `plans/storage.price:22`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
