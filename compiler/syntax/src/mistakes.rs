//! Findings for what the grammar could not read.
use crate::tree::Tree;
use price_diagnostics::{Diagnostic, FileId};

pub(crate) fn explain(_file: FileId, _tree: &Tree, _out: &mut Vec<Diagnostic>) {}
