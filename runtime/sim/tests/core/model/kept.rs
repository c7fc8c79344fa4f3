//! What requests under a key were answered, and tokens that were ended.

use price_core::{Answer, EndedTokens};
use std::collections::BTreeMap;

/// Microseconds for which an answer is kept.
const DAY: i64 = 86_400_000_000;
/// Microseconds for which a token is good.
const HOUR: i64 = 3_600_000_000;

/// By key: when it was carried out, the print, and the answers.
#[derive(Clone, Default)]
pub struct Keys(BTreeMap<String, (i64, u8, Vec<Answer>)>);

impl Keys {
    pub fn known(&self, key: &str, at: i64) -> Option<(u8, &[Answer])> {
        self.0.get(key).filter(|(then, ..)| at - then < DAY).map(|(_, print, answers)| (*print, answers.as_slice()))
    }

    pub fn put(&mut self, at: i64, key: &str, print: u8, answers: &[Answer]) {
        self.0.insert(key.to_owned(), (at, print, answers.to_vec()));
    }

    /// Messages may quote what is erased.
    pub fn erase(&mut self) {
        for answer in self.0.values_mut().flat_map(|(_, _, answers)| answers) {
            if let Answer::Rejected { message, .. } = answer {
                *message = " ".repeat(message.len());
            }
        }
    }

    pub fn all(&self, at: i64) -> impl Iterator<Item = (&str, u8, &[Answer])> {
        let known = self.0.iter().filter(move |(_, (then, ..))| at - then < DAY);
        known.map(|(key, (_, print, answers))| (key.as_str(), *print, answers.as_slice()))
    }
}

/// When what was ended, in microseconds.
#[derive(Clone, Default)]
pub struct Tokens(BTreeMap<EndedTokens, i64>);

impl Tokens {
    pub fn accept(&mut self, at: i64, ended: &EndedTokens) {
        self.0.retain(|_, before| at < *before + HOUR);
        if *ended == EndedTokens::All {
            self.0.clear();
        }
        self.0.insert(ended.clone(), at);
    }

    /// Whether a token is no longer good that was made at an instant.
    pub fn is_ended(&self, subject: &str, id: &str, made: i64) -> bool {
        let over = |ended: &EndedTokens, before: i64| match ended {
            EndedTokens::All => made <= before,
            EndedTokens::Subject(of) => of == subject && made <= before,
            EndedTokens::Token(of) => of == id,
        };
        self.0.iter().any(|(ended, before)| over(ended, *before))
    }
}
