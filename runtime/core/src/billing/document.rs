//! What was issued.

use price_value::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// What a period comes to.
    Invoice,
    /// Less than was asked for.
    CreditNote,
    /// More than was asked for.
    DebitNote,
}

impl DocumentKind {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            DocumentKind::Invoice => "invoice",
            DocumentKind::CreditNote => "credit-note",
            DocumentKind::DebitNote => "debit-note",
        }
    }
}

/// Why it was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The period closed.
    Close,
    /// The period closed in which differences of earlier ones became known.
    Differences,
    /// The facts of a closed period changed.
    Restated,
    /// Somebody gave credit.
    Credit,
}

/// What stands around the body of a document: everything that is no function of the facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// Its number.
    pub number: String,
    /// What the number begins with: the series it is of.
    pub prefix: String,
    /// What it is.
    pub kind: DocumentKind,
    /// Why it was issued.
    pub cause: Cause,
    /// The plan.
    pub plan: String,
    /// Who is billed.
    pub billed: String,
    /// First day of the period it was issued for.
    pub from: Date,
    /// First day after it.
    pub until: Date,
    /// Number of the document that it corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<String>,
    /// Local day on which it was issued.
    pub issued: Date,
    /// Day by which it is to be paid, where the contract says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payable: Option<Date>,
    /// The last entry that it knows.
    pub cutoff: u64,
    /// What the plan means.
    pub hash: String,
    /// The release that made it.
    pub engine: String,
    /// Currency of its amounts.
    pub currency: String,
    /// Its total.
    pub total: String,
    /// What is left to pay after balances paid their part.
    pub due: String,
    /// What was said when credit was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Something that is contested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// The line; none for the whole document.
    pub line: Option<String>,
    /// Why.
    pub reason: String,
    /// Entry with which it began.
    pub since: u64,
    /// How it ended, and the entry.
    pub settled: Option<(String, u64)>,
}

/// A document with what became of it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Document {
    /// Its entry.
    pub(crate) seq: u64,
    /// When it was recorded, in microseconds.
    pub(crate) recorded_at: i64,
    pub(crate) issued: Issued,
    pub(crate) hash: [u8; 32],
    pub(crate) disputes: Vec<Dispute>,
    /// What others call it: a payment, a tax invoice.
    pub(crate) references: BTreeMap<String, String>,
}

impl Document {
    pub(crate) fn new(seq: u64, recorded_at: i64, issued: Issued, body: &str) -> Document {
        let hash = *blake3::hash(body.as_bytes()).as_bytes();
        Document { seq, recorded_at, issued, hash, disputes: Vec::new(), references: BTreeMap::new() }
    }

    pub(crate) fn digest(&self, put: &mut impl FnMut(&[u8])) {
        put(&self.seq.to_le_bytes());
        put(&serde_json::to_vec(&self.issued).unwrap_or_default());
        put(&self.hash);
        put(&serde_json::to_vec(&self.disputes).unwrap_or_default());
        for (name, text) in &self.references {
            put(name.as_bytes());
            put(text.as_bytes());
        }
    }
}
