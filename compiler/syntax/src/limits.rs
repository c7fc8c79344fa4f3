//! Every limit on what is read, in one place.
//!
//! They protect the recursive parts behind the grammar (lowering, comparing, dropping) and keep
//! the time for hostile input proportional to its length. Reaching one is a finding with a code.

/// Bytes of one file (P010).
pub const FILE_BYTES: usize = 8 * 1024 * 1024;
/// Bytes of one line (P011).
pub const LINE_BYTES: usize = 8 * 1024;
/// Open `{` and `(` at one place (P012).
pub const NESTING: usize = 100;
/// Digits of one number, the point and `_` not counted (P013).
pub const NUMBER_DIGITS: usize = 40;
/// Operators, calls and `per` in one expression (P014); also bounds the depth of its tree.
pub const EXPRESSION_OPERATORS: usize = 200;
/// Lines inside one pair of parentheses; beyond it the parenthesis counts as not closed.
pub const PAREN_LINES: usize = 200;
/// Findings of one file that are told; more are announced (P015).
pub const FINDINGS: usize = 500;
/// Replacements in one fix; beyond it the fix is left to the formatter.
pub const EDITS: usize = 10_000;
