//! What a page for people shows of an invoice or a note: made from the bytes that were issued, so that
//! a page says what they say whenever it is made.
//!
//! HTML and PDF are drawn from the same [`Paper`].

mod body;
mod html;
mod letterhead;
mod number;
mod rows;

pub use html::html;
pub use letterhead::{Letterhead, Party};
pub use rows::{Block, Row, RowKind};

pub(crate) use number::amount;
pub(crate) use rows::{BALANCES, words};

use body::Body;
use rows::{blocks, lines};

/// What stands around the body of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// `Invoice`, `Credit note`, `Debit note`, or `Draft of an invoice`.
    pub title: String,
    /// Its number; none of a draft.
    pub number: Option<String>,
    /// Day on which it was issued.
    pub issued: Option<String>,
    /// Day by which it is to be paid.
    pub payable: Option<String>,
    /// Number of the document that it corrects.
    pub corrects: Option<String>,
    /// Why it was issued, where somebody said.
    pub reason: Option<String>,
    /// What the plan means.
    pub plan_hash: Option<String>,
    /// BLAKE3 of the body.
    pub body_hash: Option<String>,
}

/// Why a body cannot be shown.
#[derive(Debug, thiserror::Error)]
#[error("this is not the body of an invoice: {0}")]
pub struct NotABody(#[from] serde_json::Error);

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// `Invoice INV-000001`.
    pub title: String,
    /// Who asks.
    pub seller: Party,
    /// Who pays.
    pub buyer: Party,
    /// What is known of the document: a name and a value each.
    pub facts: Vec<(String, String)>,
    /// Currency of the amounts.
    pub currency: String,
    /// The lines, with what they are made of. Without lines and totals, a page has no table of them.
    pub lines: Vec<Row>,
    /// Total, what balances paid, what is left to pay; the last is what matters.
    pub totals: Vec<(String, String)>,
    /// Balances, commitments, allowances.
    pub blocks: Vec<Block>,
    /// Said below: terms, the contract, the rules.
    pub notes: Vec<String>,
    /// Language of the page.
    pub language: String,
}

impl Paper {
    /// What a page shows of a body, as [`crate::invoice`] writes it.
    pub fn new(body: &str, envelope: &Envelope, letterhead: &Letterhead) -> Result<Paper, NotABody> {
        let body: Body<'_> = serde_json::from_str(body)?;
        let mut facts = Vec::new();
        let mut fact = |name: &str, value: Option<&String>| {
            facts.extend(value.map(|value| (name.to_owned(), value.clone())));
        };
        fact("Number", envelope.number.as_ref());
        fact("Issued", envelope.issued.as_ref());
        fact("Payable by", envelope.payable.as_ref());
        fact("Corrects", envelope.corrects.as_ref());
        fact("Reason", envelope.reason.as_ref());
        facts.push(("Period".into(), body.period.words()));
        if body.served.from != body.period.from || body.served.until != body.period.until {
            facts.push(("Served".into(), body.served.words()));
        }
        facts.push(("Account".into(), body.account.to_string()));
        facts.push(("Plan".into(), body.plan.to_string()));
        let mut totals = vec![("Total".to_owned(), number::amount(&body.total))];
        let paid = number::less(&body.total, &body.due);
        if paid.as_ref().is_some_and(|paid| paid.contains(|c: char| ('1'..='9').contains(&c))) {
            totals.extend(paid.map(|paid| ("Paid from balances".to_owned(), format!("−{}", number::amount(&paid)))));
        }
        totals.push((format!("To pay ({})", body.currency), number::amount(&body.due)));
        let mut notes = letterhead.terms.clone();
        let rules = body.lines.iter().filter_map(|line| Some((line.name.as_ref(), line.rule.place()?)));
        let rules: Vec<String> = rules.map(|(name, place)| format!("{name}: {place}")).collect();
        if !rules.is_empty() {
            notes.push(format!("Where each line stands in the contract: {}.", rules.join("; ")));
        }
        notes.extend(envelope.plan_hash.as_ref().map(|hash| format!("Contract {hash}.")));
        notes.extend(envelope.body_hash.as_ref().map(|hash| format!("Contents {hash} (BLAKE3).")));
        let title = match &envelope.number {
            Some(number) => format!("{} {number}", envelope.title),
            None => envelope.title.clone(),
        };
        Ok(Paper {
            title,
            seller: letterhead.seller.clone(),
            buyer: letterhead.buyer(&body.account),
            facts,
            currency: body.currency.to_string(),
            lines: lines(&body),
            totals,
            blocks: blocks(&body),
            notes,
            language: letterhead.language.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
