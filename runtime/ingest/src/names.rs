//! Texts numbered in order of first sight.
//!
//! The numbers depend on the order of reading and never reach an output: whatever is printed or
//! sorted goes by the text.

use hashbrown::DefaultHashBuilder;
use indexmap::IndexSet;

/// A growing table of texts.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// The hash is seeded anew in every process, for names are what anybody sends.
    seen: IndexSet<Box<str>, DefaultHashBuilder>,
    last: u32,
}

impl Names {
    /// The number of `text`, new if need be; `None` when `max` texts are reached.
    pub(crate) fn intern(&mut self, text: &str, max: usize) -> Option<u32> {
        // Usage often comes in stretches of one account.
        if self.seen.get_index(self.last as usize).is_some_and(|t| &**t == text) {
            return Some(self.last);
        }
        let code = match self.seen.get_index_of(text) {
            Some(code) => code,
            None if self.seen.len() >= max => return None,
            None => self.seen.insert_full(text.into()).0,
        };
        self.last = code as u32;
        Some(self.last)
    }

    /// The text of a number.
    ///
    /// # Panics
    /// When the number is not of this table.
    pub fn text(&self, code: u32) -> &str {
        &self.seen[code as usize]
    }

    /// The number of a text, if it was seen.
    pub fn code(&self, text: &str) -> Option<u32> {
        self.seen.get_index_of(text).map(|at| at as u32)
    }

    /// All texts, in order of their numbers.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.seen.iter().map(|t| &**t)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// For each number its place among the texts in byte order.
    pub(crate) fn ranks(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.seen.len() as u32).collect();
        order.sort_unstable_by(|a, b| self.text(*a).cmp(self.text(*b)));
        let mut ranks = vec![0; order.len()];
        for (rank, code) in order.into_iter().enumerate() {
            ranks[code as usize] = rank as u32;
        }
        ranks
    }
}
