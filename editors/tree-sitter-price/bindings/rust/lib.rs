//! The tree-sitter grammar of `.price`: highlighting, folding and indentation in editors.
//!
//! The language itself is read by `price-syntax`; this is the approximation that editors want,
//! generated from `grammar.js`.

// The one call of generated C.
#![allow(unsafe_code)]

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_price() -> *const ();
}

/// The grammar.
// SAFETY: the generated parser gives a pointer to a constant, for ever.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_price) };

/// Which pieces of a tree have which colour.
pub const HIGHLIGHTS: &str = include_str!("../../queries/highlights.scm");
