//! What the names in a text mean.
//!
//! A name is found in the lossless tree by the rule it stands in ([`role`](role::role)), and its
//! declaration in the typed trees of the files that are compiled together (`declared`).

mod declared;
mod resolve;
mod role;

pub(crate) use declared::{Scope, body, head};
pub(crate) use resolve::occurrences;
pub(crate) use role::Role;

use price_diagnostics::{FileId, Span};

/// The kinds of things that have names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DefKind {
    /// A file.
    Module,
    /// `let`.
    Constant,
    /// `currency`.
    Currency,
    /// `unit`, and its other spellings.
    Unit,
    /// `dimension`.
    Dimension,
    /// `calendar`.
    Calendar,
    /// `holidays`.
    Holidays,
    /// A value of a dimension.
    Label,
    /// `event`.
    Event,
    /// A field of an event.
    Field,
    /// `meter`.
    Meter,
    /// `formula`.
    Formula,
    /// A parameter of a formula.
    Parameter,
    /// `ratecard`.
    RateCard,
    /// `plan`.
    Plan,
    /// `contract`.
    Contract,
    /// `price` and `rebate`.
    Price,
    /// `fee`.
    Fee,
    /// `allowance`.
    Allowance,
    /// `discount`.
    Discount,
    /// `commitment`.
    Commitment,
    /// `wallet`.
    Wallet,
    /// A named grant of a wallet.
    Grant,
    /// `entitlement`.
    Entitlement,
    /// `test` and `test table`; it has a title, not a name.
    Test,
    /// `assert`; it has a title, not a name.
    Assertion,
    /// `amendment`; it has a number, not a name.
    Amendment,
}

impl DefKind {
    /// The word for it, without an article.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            DefKind::Module => "module",
            DefKind::Constant => "constant",
            DefKind::Currency => "currency",
            DefKind::Unit => "unit",
            DefKind::Dimension => "dimension",
            DefKind::Calendar => "calendar",
            DefKind::Holidays => "holidays",
            DefKind::Label => "label",
            DefKind::Event => "event",
            DefKind::Field => "field",
            DefKind::Meter => "meter",
            DefKind::Formula => "formula",
            DefKind::Parameter => "parameter",
            DefKind::RateCard => "rate card",
            DefKind::Plan => "plan",
            DefKind::Contract => "contract",
            DefKind::Price => "price",
            DefKind::Fee => "fee",
            DefKind::Allowance => "allowance",
            DefKind::Discount => "discount",
            DefKind::Commitment => "commitment",
            DefKind::Wallet => "wallet",
            DefKind::Grant => "grant",
            DefKind::Entitlement => "entitlement",
            DefKind::Test => "test",
            DefKind::Assertion => "assertion",
            DefKind::Amendment => "amendment",
        }
    }

    /// Whether it is a statement of a rate card, plan or contract that an invoice, a statement or
    /// another statement names.
    #[must_use]
    pub fn is_statement(self) -> bool {
        use DefKind::{Allowance, Commitment, Discount, Entitlement, Fee, Price, Wallet};
        matches!(self, Price | Fee | Allowance | Discount | Commitment | Wallet | Entitlement)
    }
}

/// A declared name: where it stands tells it from all others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Def {
    /// What it is.
    pub kind: DefKind,
    /// The name as it is declared.
    pub name: String,
    /// File of the declaration.
    pub file: FileId,
    /// The name in the declaration; empty at the start for a module.
    pub span: Span,
    /// Position among the file's items of the one that declares it or that it stands in.
    pub item: usize,
}
