//! Where the rules of a plan stand in the source.
//!
//! Not part of the plan's meaning: two plans with the same hash may have different maps. It is
//! for messages and explanations only; nothing is computed from it.

use crate::limits;
use crate::plan::RuleIx;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The places of a plan's rules.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SourceMap {
    /// By [`RuleIx`]; `None` for rules that the compiler added. May be shorter than the rules.
    pub places: Vec<Option<Place>>,
    /// The files themselves, by name, where they were asked for: a file that a place names may be missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<SourceFile>,
}

/// A file of the source.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SourceFile {
    /// Path as the project names it, as in [`Place::file`].
    pub name: String,
    /// All of its text.
    pub text: String,
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

    /// What keeps the files from being carried, if anything does.
    pub(crate) fn files_wrong(&self) -> Option<&'static str> {
        let bytes: usize = self.files.iter().map(|file| file.name.len().saturating_add(file.text.len())).sum();
        let wrong_name = |file: &SourceFile| file.name.is_empty() || file.name.len() > limits::TEXT_BYTES;
        if self.files.len() > limits::SOURCE_FILES || bytes > limits::SOURCE_BYTES {
            Some("it carries more of its source than it may")
        } else if self.files.iter().any(wrong_name) || self.files.windows(2).any(|two| two[0].name >= two[1].name) {
            Some("the files of its source are not in order of their names")
        } else {
            None
        }
    }
}

impl fmt::Display for Place {
    /// `plans/storage.price:22`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
