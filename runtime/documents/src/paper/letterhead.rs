//! Who sends documents, and to whom: what a contract does not know.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Somebody on a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Party {
    /// Name.
    pub name: String,
    /// Address, a line each.
    pub address: Vec<String>,
    /// Tax id, as it is to be printed.
    pub tax_id: Option<String>,
    /// Where to write to.
    pub email: Option<String>,
}

impl Party {
    /// All of it, a line each.
    pub fn lines(&self) -> Vec<&str> {
        let own = std::iter::once(self.name.as_str()).chain(self.address.iter().map(String::as_str));
        own.chain(self.tax_id.as_deref()).chain(self.email.as_deref()).filter(|line| !line.is_empty()).collect()
    }
}

/// See the module. What is left out is not printed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Letterhead {
    /// Who sends them.
    pub seller: Party,
    /// Who gets them, by account.
    pub buyers: BTreeMap<String, Party>,
    /// Said at the end, a paragraph each.
    pub terms: Vec<String>,
    /// Language of the texts, as in `en`.
    pub language: String,
}

impl Default for Letterhead {
    fn default() -> Letterhead {
        let (seller, buyers, terms) = (Party::default(), BTreeMap::new(), Vec::new());
        Letterhead { seller, buyers, terms, language: "en".into() }
    }
}

impl Letterhead {
    /// Who gets the documents of an account: at least its name.
    pub fn buyer(&self, account: &str) -> Party {
        let unnamed = || Party { name: account.to_owned(), ..Party::default() };
        self.buyers.get(account).cloned().unwrap_or_else(unnamed)
    }
}
