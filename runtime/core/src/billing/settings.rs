//! How the documents of a tenant are numbered, issued and corrected.

use crate::limits;
use serde::{Deserialize, Serialize};

/// See the module. What is left out keeps its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What numbers of invoices begin with.
    pub invoice_prefix: String,
    /// What numbers of credit and debit notes begin with.
    pub note_prefix: String,
    /// Where differences of closed periods go.
    pub corrections: Corrections,
    /// Whether periods are closed by the clock alone.
    pub finalising: Finalising,
    /// Whether an invoice without an amount is issued.
    pub issue_empty: bool,
}

/// Where differences of closed periods go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Corrections {
    /// Lines of the invoice of the period in which they became known.
    NextInvoice,
    /// Credit and debit notes of their own, one for each period that they correct.
    Notes,
}

/// Whether periods are closed by the clock alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finalising {
    /// As soon as their grace is over.
    Automatic,
    /// Once somebody approves them, and their grace is over.
    Approved,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            invoice_prefix: "INV-".into(),
            note_prefix: "CN-".into(),
            corrections: Corrections::NextInvoice,
            finalising: Finalising::Automatic,
            issue_empty: false,
        }
    }
}

impl Settings {
    /// What is wrong with them.
    pub(crate) fn problem(&self) -> Option<String> {
        for (name, prefix) in [("invoice_prefix", &self.invoice_prefix), ("note_prefix", &self.note_prefix)] {
            let fits = !prefix.is_empty() && prefix.len() <= limits::NUMBER_PREFIX_BYTES;
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            if !fits || !prefix.bytes().all(plain) {
                let most = limits::NUMBER_PREFIX_BYTES;
                return Some(format!("`{name}` has 1 to {most} letters, digits, `-`, `_` or `.`"));
            }
        }
        // A number is a prefix and digits: where one prefix and digits begin the other, two numbers could be one.
        let (a, b) = (&self.invoice_prefix, &self.note_prefix);
        let digits = |rest: Option<&str>| rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
        let same = digits(a.strip_prefix(b.as_str())) || digits(b.strip_prefix(a.as_str()));
        same.then(|| "invoices and notes need prefixes that differ in more than digits at the end".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_short_plain_and_apart() {
        let with = |invoice: &str, note: &str| Settings {
            invoice_prefix: invoice.into(),
            note_prefix: note.into(),
            ..Settings::default()
        };
        for good in [("INV-", "CN-"), ("2026.", "2026.C"), ("A1-", "A")] {
            assert_eq!(with(good.0, good.1).problem(), None, "{good:?}");
        }
        for bad in [("", "C"), ("I", "I"), ("A", "A1"), ("A/", "C"), ("ü", "C"), (&"x".repeat(33), "C")] {
            assert!(with(bad.0, bad.1).problem().is_some(), "{bad:?}");
        }
    }
}
