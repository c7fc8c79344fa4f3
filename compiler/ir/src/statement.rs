//! What payment says: who paid which line, what balances hold, what commitments count, every
//! movement as an entry of a double-entry ledger, and what revenue came of it.

use crate::funds::CurrencyIx;
use price_value::{Date, Rational};

/// Payment in one period. Part of the invoice's body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Payment {
    /// Every balance, in text order.
    pub balances: Vec<Statement>,
    /// Every commitment that is counted, in text order.
    pub commitments: Vec<CommitmentStatus>,
    /// Every movement, in order.
    pub ledger: Vec<Entry>,
    /// Interim invoices, in order; the invoice asks for the rest.
    pub interim: Vec<InterimInvoice>,
    /// In the plan's currency.
    pub revenue: Revenue,
    /// Lines in other currencies that no source paid and no rate converts, summed by currency.
    pub unpaid: Vec<(CurrencyIx, Rational)>,
}

/// A balance in one period. `opened + restated + granted + topped_up + rolled_in − used − expired −
/// clawed_back = closed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Declared name.
    pub name: String,
    /// Currency it holds.
    pub holds: CurrencyIx,
    /// At the period's start; negative in overdraft.
    pub opened: Rational,
    /// What became known in the period of the time before it.
    pub restated: Rational,
    /// By grants.
    pub granted: Rational,
    /// By top-ups. Each is a request to pay; this settlement takes all of them as paid.
    pub topped_up: Rational,
    /// Carried over from ending lots.
    pub rolled_in: Rational,
    /// Paid, less what came back.
    pub used: Rational,
    /// Gone with their lots, rolled over or not.
    pub expired: Rational,
    /// Taken back.
    pub clawed_back: Rational,
    /// At the period's end.
    pub closed: Rational,
    /// Lots that had something in the period, in the order they are spent.
    pub lots: Vec<LotStatement>,
}

impl Statement {
    /// A balance that holds nothing and did nothing.
    pub fn empty(name: &str, holds: CurrencyIx) -> Statement {
        Statement {
            name: name.to_owned(),
            holds,
            opened: Rational::ZERO,
            restated: Rational::ZERO,
            granted: Rational::ZERO,
            topped_up: Rational::ZERO,
            rolled_in: Rational::ZERO,
            used: Rational::ZERO,
            expired: Rational::ZERO,
            clawed_back: Rational::ZERO,
            closed: Rational::ZERO,
            lots: Vec::new(),
        }
    }
}

/// One lot at a period's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotStatement {
    /// Name of its grant, with its day: `promo`, `top-up`.
    pub name: String,
    /// The day it came.
    pub came: Date,
    /// First day on which it is gone.
    pub gone: Option<Date>,
    /// How much it was.
    pub amount: Rational,
    /// What is left.
    pub left: Rational,
    /// What the whole of it cost, in the plan's currency.
    pub cost: Rational,
}

/// A commitment at the end of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitmentStatus {
    /// Declared name.
    pub name: String,
    /// The stretch that is going on (or has just ended).
    pub from: Date,
    /// First day after it; none for the whole of an open term.
    pub until: Option<Date>,
    /// What was promised for the stretch.
    pub amount: Rational,
    /// Counted in this period.
    pub counted: Rational,
    /// Counted in the stretch so far, true-ups and what was carried into it included.
    pub total: Rational,
    /// True-ups of this period: day and shortfall.
    pub true_ups: Vec<(Date, Rational)>,
    /// What the stretch that ended in this period carries on.
    pub excess: Rational,
}

/// A movement: `amount` from one account to another, on a day. Never negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Day.
    pub day: Date,
    /// What happened.
    pub kind: EntryKind,
    /// Currency.
    pub currency: CurrencyIx,
    /// How much, above zero.
    pub amount: Rational,
    /// The account that gains: debited.
    pub debit: Account,
    /// The account that gives: credited.
    pub credit: Account,
}

/// What a movement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// A lot came.
    Grant,
    /// A lot came because the balance was low.
    TopUp,
    /// A lot paid.
    Use,
    /// A payment went back.
    Return,
    /// What was left of a lot is gone.
    Expire,
    /// A new lot of what was left of another.
    Rollover,
    /// What was left of a lot was taken back.
    Clawback,
    /// The invoice asks for something.
    Invoice,
    /// Revenue moves from deferred to earned.
    Recognise,
    /// What rounding left.
    Round,
    /// What closed periods should have moved.
    Restate,
}

impl EntryKind {
    /// The word in ledgers.
    pub fn word(self) -> &'static str {
        match self {
            EntryKind::Grant => "grant",
            EntryKind::TopUp => "top-up",
            EntryKind::Use => "use",
            EntryKind::Return => "return",
            EntryKind::Expire => "expire",
            EntryKind::Rollover => "rollover",
            EntryKind::Clawback => "clawback",
            EntryKind::Invoice => "invoice",
            EntryKind::Recognise => "recognise",
            EntryKind::Round => "round",
            EntryKind::Restate => "restate",
        }
    }
}

/// An account of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// What invoices ask for (asset).
    Receivable,
    /// What was paid outside these invoices (asset).
    Cash,
    /// What instalments of a balance will still ask for (asset).
    Unbilled {
        /// Balance.
        balance: String,
    },
    /// What blocked usage owes in a currency that no invoice asks for (asset).
    Blocked,
    /// A lot of a balance (liability, in its own currency).
    Lot {
        /// Balance.
        balance: String,
        /// Name of the lot.
        lot: String,
    },
    /// What a balance was overdrawn (asset, in its own currency).
    Overdraft {
        /// Balance.
        balance: String,
    },
    /// Virtual units that were given out (equity, in their currency).
    Issued {
        /// Balance.
        balance: String,
    },
    /// Virtual units that lines took (equity, in their currency).
    Spent {
        /// Line.
        line: String,
    },
    /// Money received for lots that are not used up (liability).
    Deferred {
        /// Balance.
        balance: String,
    },
    /// What was given away with lots and is not used yet (asset): granted less its cost.
    Promotion {
        /// Balance.
        balance: String,
    },
    /// What promotions took off revenue (contra income).
    PromotionUsed {
        /// Balance.
        balance: String,
    },
    /// Earned by a line (income).
    Income {
        /// Line.
        line: String,
    },
    /// Earned because a lot was not used (income).
    Breakage {
        /// Balance.
        balance: String,
    },
    /// What rounding left (income or expense).
    Rounding,
}

/// What a customer may do at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntitlementUse {
    /// Declared name.
    pub name: String,
    /// Unit of the quantities.
    pub unit: String,
    /// The text of an entitlement that is one.
    pub text: Option<String>,
    /// The limit in the window, what was carried into it included; none unless metered.
    pub limit: Option<Rational>,
    /// Used in the window so far.
    pub used: Rational,
    /// Beyond the limit requests are refused, not only told.
    pub hard: bool,
    /// Whether a request may go ahead.
    pub allowed: bool,
}

/// An invoice inside a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterimInvoice {
    /// The day the unbilled amount reached the threshold.
    pub day: Date,
    /// How much it asks for.
    pub amount: Rational,
}

/// Revenue of one period, in the plan's currency (IFRS 15, ASC 606: a promise to let spend is
/// performed as it is spent, and what is never spent is recognised when it goes).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Revenue {
    /// From lines that the invoice asks for, and from lots as they were used.
    pub earned: Rational,
    /// From lots that went unused.
    pub breakage: Rational,
    /// Paid for and not yet used, at the period's end.
    pub deferred: Rational,
    /// The same at its start.
    pub deferred_before: Rational,
}
