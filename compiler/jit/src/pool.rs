//! Constants and tables that compiled code reads: words behind one base address.
//!
//! Tables are data, not instructions, so that a plan of many tiers and cells compiles as fast as
//! one of few. The pool is filled while code is made and never changes after.

use std::collections::HashMap;

/// Words, each addressed by its byte offset from the base.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    words: Vec<u64>,
    known: HashMap<Vec<u64>, u64>,
}

impl Pool {
    /// Places words and gives their byte offset; equal tables are kept once.
    pub fn place(&mut self, words: Vec<u64>) -> u64 {
        if let Some(offset) = self.known.get(&words) {
            return *offset;
        }
        let offset = (self.words.len() * 8) as u64;
        self.words.extend_from_slice(&words);
        self.known.insert(words, offset);
        offset
    }

    /// The words, for good.
    pub fn finish(self) -> Box<[u64]> {
        self.words.into_boxed_slice()
    }
}

/// Appends a number as one word, or as two with the low word first.
pub(crate) fn push(words: &mut Vec<u64>, value: i128, wide: bool) {
    words.push(value as u64);
    if wide {
        words.push((value >> 64) as u64);
    }
}
