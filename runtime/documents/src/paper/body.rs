//! The body of a document, read back: the parts that a page shows.

use serde::Deserialize;
use std::borrow::Cow;

type Text<'b> = Cow<'b, str>;

#[derive(Deserialize)]
pub(super) struct Body<'b> {
    #[serde(borrow)]
    pub(super) account: Text<'b>,
    #[serde(borrow, default)]
    pub(super) allowances: Vec<Allowance<'b>>,
    #[serde(borrow)]
    pub(super) currency: Text<'b>,
    #[serde(borrow)]
    pub(super) due: Text<'b>,
    #[serde(borrow)]
    pub(super) lines: Vec<Line<'b>>,
    #[serde(borrow, default)]
    pub(super) payment: Option<Payment<'b>>,
    #[serde(borrow)]
    pub(super) period: Days<'b>,
    #[serde(borrow)]
    pub(super) plan: Text<'b>,
    #[serde(borrow)]
    pub(super) served: Days<'b>,
    #[serde(borrow)]
    pub(super) total: Text<'b>,
}

#[derive(Deserialize)]
pub(super) struct Days<'b> {
    #[serde(borrow)]
    pub(super) from: Text<'b>,
    #[serde(borrow)]
    pub(super) until: Text<'b>,
}

impl Days<'_> {
    /// `2026-01-01 to 2026-01-31`: both are included.
    pub(super) fn words(&self) -> String {
        let last = self.until.parse::<price_value::Date>().map(|day| day.add_days(-1).to_string());
        let last = last.unwrap_or_else(|_| self.until.to_string());
        if last == self.from { last } else { format!("{} to {last}", self.from) }
    }
}

#[derive(Deserialize)]
pub(super) struct Line<'b> {
    #[serde(borrow)]
    pub(super) amount: Text<'b>,
    #[serde(borrow)]
    pub(super) cells: Vec<Cell<'b>>,
    #[serde(borrow, default)]
    pub(super) corrects: Option<Days<'b>>,
    #[serde(borrow, default)]
    pub(super) currency: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) gross: Text<'b>,
    #[serde(borrow)]
    pub(super) kind: Text<'b>,
    #[serde(borrow, default)]
    pub(super) ledger: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) name: Text<'b>,
    #[serde(borrow, default)]
    pub(super) paid: Vec<Paid<'b>>,
    #[serde(borrow, default)]
    pub(super) product: Option<Text<'b>>,
    #[serde(borrow, default)]
    pub(super) quantity: Option<Quantity<'b>>,
    #[serde(borrow)]
    pub(super) rule: Rule<'b>,
    #[serde(borrow)]
    pub(super) steps: Vec<Step<'b>>,
}

#[derive(Deserialize)]
pub(super) struct Paid<'b> {
    #[serde(borrow)]
    pub(super) amount: Text<'b>,
    #[serde(borrow)]
    pub(super) by: Text<'b>,
}

#[derive(Deserialize)]
pub(super) struct Quantity<'b> {
    #[serde(borrow)]
    pub(super) unit: Text<'b>,
    #[serde(borrow)]
    pub(super) value: Text<'b>,
}

#[derive(Deserialize)]
pub(super) struct Rule<'b> {
    #[serde(borrow, default)]
    file: Option<Text<'b>>,
    #[serde(default)]
    line: Option<u32>,
}

impl Rule<'_> {
    /// `acme.price:12`.
    pub(super) fn place(&self) -> Option<String> {
        Some(format!("{}:{}", self.file.as_ref()?, self.line?))
    }
}

#[derive(Deserialize)]
pub(super) struct Step<'b> {
    #[serde(borrow)]
    pub(super) change: Text<'b>,
    #[serde(borrow)]
    pub(super) label: Text<'b>,
}

#[derive(Deserialize)]
pub(super) struct Cell<'b> {
    #[serde(borrow)]
    pub(super) amount: Text<'b>,
    #[serde(borrow)]
    pub(super) covered: Text<'b>,
    #[serde(borrow)]
    pub(super) labels: Vec<Label<'b>>,
    #[serde(borrow)]
    pub(super) quantity: Text<'b>,
    #[serde(borrow)]
    pub(super) tiers: Vec<Tier<'b>>,
}

#[derive(Deserialize)]
pub(super) struct Label<'b> {
    #[serde(borrow)]
    pub(super) label: Text<'b>,
}

#[derive(Deserialize)]
pub(super) struct Tier<'b> {
    #[serde(borrow)]
    pub(super) amount: Text<'b>,
    #[serde(borrow)]
    pub(super) quantity: Text<'b>,
    #[serde(borrow)]
    pub(super) rate: Text<'b>,
}

#[derive(Deserialize)]
pub(super) struct Allowance<'b> {
    #[serde(borrow)]
    pub(super) carried_in: Text<'b>,
    #[serde(borrow)]
    pub(super) carried_out: Text<'b>,
    #[serde(borrow)]
    pub(super) forfeited: Text<'b>,
    #[serde(borrow)]
    pub(super) granted: Text<'b>,
    #[serde(borrow)]
    pub(super) name: Text<'b>,
    #[serde(borrow)]
    pub(super) unit: Text<'b>,
    #[serde(borrow)]
    pub(super) used: Text<'b>,
}

#[derive(Deserialize)]
pub(super) struct Payment<'b> {
    #[serde(borrow)]
    pub(super) balances: Vec<Balance<'b>>,
    #[serde(borrow)]
    pub(super) commitments: Vec<Commitment<'b>>,
}

#[derive(Deserialize)]
pub(super) struct Balance<'b> {
    #[serde(borrow)]
    pub(super) closed: Text<'b>,
    #[serde(borrow)]
    pub(super) currency: Text<'b>,
    #[serde(borrow)]
    pub(super) expired: Text<'b>,
    #[serde(borrow)]
    pub(super) granted: Text<'b>,
    #[serde(borrow)]
    pub(super) name: Text<'b>,
    #[serde(borrow)]
    pub(super) opened: Text<'b>,
    #[serde(borrow)]
    pub(super) topped_up: Text<'b>,
    #[serde(borrow)]
    pub(super) used: Text<'b>,
}

#[derive(Deserialize)]
pub(super) struct Commitment<'b> {
    #[serde(borrow)]
    pub(super) amount: Text<'b>,
    #[serde(borrow)]
    pub(super) excess: Text<'b>,
    #[serde(borrow)]
    pub(super) from: Text<'b>,
    #[serde(borrow)]
    pub(super) name: Text<'b>,
    #[serde(borrow)]
    pub(super) total: Text<'b>,
    #[serde(borrow, default)]
    pub(super) until: Option<Text<'b>>,
}
