//! A plan as text that a person can read, write and compare, and back again.
//!
//! ```text
//! plan "demo" {
//!   currency "USD" decimals 2
//!   zone "UTC"
//!   billing month day 1 from 1
//!   rounding line half-up 0.01
//! }
//! rule0 "price calls" in "plan demo"
//! event0 "call" {
//!   f0 "n" number "call" decimals 0
//! }
//! sink0 "calls" event0 unit "call" quantum 1 {
//!   fold sum f0
//! }
//! line0 "calls" rule0 order 0 usage sink0 {
//!   function 0 = ladder(arg, graduated [0 -> 0 + 0.5, 100 -> 50 + 0.3]) by [rule0]
//!   regime start [0]
//! }
//! ; run: map sink0 { f0 = 7 } -> taken 0 7
//! ; run: charge line0 function 0 of 110 -> 53
//! ```
//!
//! Things are numbered as in the plan (`dim0`, `k1`, `f2`) and carry their names in quotes.
//! [`print()`] has one form for every plan and [`parse`] reads it back to the same plan, whether or
//! not the plan is valid: [`crate::verify`] is another step. Comments begin with `;`; those that
//! begin with `; run:` are kept for a test runner ([`run::Run`]). The form is for tests and
//! for reading, not for storage: artefacts are.

mod funds;
mod lex;
mod parse;
mod parse_func;
mod parse_lines;
mod print;
mod print_func;
mod print_lines;
pub mod run;

use crate::plan::Plan;
pub use print::print;
pub use print_func::{print_cond, print_expr};

/// A text file read.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The plan.
    pub plan: Plan,
    /// The `; run:` comments: line number and what follows the colon.
    pub runs: Vec<(u32, String)>,
}

/// Why a text is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct TextError {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong there.
    pub message: String,
}

/// Reads a text of at most [`crate::limits::ARTEFACT_BYTES`] bytes.
pub fn parse(text: &str) -> Result<Parsed, TextError> {
    let plan = parse::plan(text)?;
    let runs = text
        .lines()
        .zip(1..)
        .filter_map(|(line, number)| Some((number, line.trim_start().strip_prefix("; run:")?.trim().to_string())))
        .collect();
    Ok(Parsed { plan, runs })
}
