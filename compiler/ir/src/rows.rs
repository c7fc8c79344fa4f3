//! What rating says: invoices, their lines and the detail behind every amount.
//!
//! An invoice here is the *body*: a pure function of the plan and the accepted facts. Numbers,
//! cutoffs and source positions belong to the envelope and are added by whoever prints it.

use crate::funds::CurrencyIx;
use crate::plan::{About, RuleIx};
use crate::statement::{EntitlementUse, Payment};
use price_value::{Date, Period, Rational};

/// The body of one account's invoice for one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// Billed account or pool.
    pub account: String,
    /// Billing period.
    pub period: Period,
    /// Part of the period the subscription covers.
    pub served: Period,
    /// Lines in invoice order. Lines of zero with no usage are left out.
    pub lines: Vec<InvoiceLine>,
    /// Σ of the amounts of lines in the plan's currency.
    pub total: Rational,
    /// What the invoice asks for: the total less what balances paid and interim invoices asked for.
    pub due: Rational,
    /// Who paid, where the plan has sources of payment.
    pub payment: Option<Box<Payment>>,
    /// Entitlements at the period's last instant.
    pub entitlements: Vec<EntitlementUse>,
    /// Allowances after the period.
    pub allowances: Vec<AllowanceUse>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceLine {
    /// Name of the price, fee, minimum.
    pub name: String,
    /// What the line is.
    pub kind: LineKind,
    /// Priced quantity and its unit, where there is one (Σ over cells).
    pub quantity: Option<(Rational, String)>,
    /// Exact amount of the price functions, before line clamps and discounts.
    pub gross: Rational,
    /// What changed the amount after that, in order.
    pub steps: Vec<Step>,
    /// Exact amount before rounding.
    pub exact: Rational,
    /// Rounded amount: what the customer pays.
    pub amount: Rational,
    /// Cells, in cell order; empty for fees and shares.
    pub cells: Vec<CellDetail>,
    /// Split over a dimension, if the plan attributes this line.
    pub attribution: Vec<(String, Rational)>,
    /// Rule of the source.
    pub rule: RuleIx,
    /// Currency of its amounts.
    pub currency: CurrencyIx,
    /// By which balances it was paid, in order of the waterfall, in its currency. The invoice asks
    /// for the rest.
    pub paid: Vec<(String, Rational)>,
    /// What catalogues and ledgers call it.
    pub about: About,
    /// The closed period of which this line is a difference.
    pub corrects: Option<Period>,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// A fee.
    Fee,
    /// A price on a meter.
    Usage,
    /// A price on each event.
    Events,
    /// A percentage of other lines.
    Share,
    /// The rest up to a minimum.
    Minimum,
    /// What a commitment fell short by.
    TrueUp,
    /// What a grant, an instalment or a top-up of a balance costs.
    Purchase,
    /// What spend beyond a commitment costs more, or spend within it costs less.
    Commitment,
    /// What is left of lines in another currency, at a stated rate.
    Conversion,
    /// What a closed period should have asked for more, or less.
    Adjustment,
}

impl LineKind {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            LineKind::Fee => "fee",
            LineKind::Usage => "usage",
            LineKind::Events => "events",
            LineKind::Share => "share",
            LineKind::Minimum => "minimum",
            LineKind::TrueUp => "true-up",
            LineKind::Purchase => "purchase",
            LineKind::Commitment => "commitment",
            LineKind::Conversion => "conversion",
            LineKind::Adjustment => "adjustment",
        }
    }
}

/// Something that changed an amount after its price function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `at least $50.00`, `less 5% (launch)`, `cap`, `prorated 17/31 days`, `tier rounding`.
    pub label: String,
    /// Exact change.
    pub change: Rational,
    /// Rule of the source, where the step has one.
    pub rule: Option<RuleIx>,
}

/// A cell of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellDetail {
    /// Dimension and label, in key order; open labels and windows included.
    pub labels: Vec<(String, String)>,
    /// Quantity before included amounts, in the line's unit.
    pub quantity: Rational,
    /// Quantity covered by allowances and usage discounts.
    pub covered: Rational,
    /// What the bounds of its tiers were multiples of, where they are no constants.
    pub scale: Option<Rational>,
    /// What lifted the quantity above what was measured.
    pub ratchet: Option<Ratcheted>,
    /// Tiers entered, in order.
    pub tiers: Vec<TierDetail>,
    /// Exact amount of the price function (Σ over cells: the line's `gross`).
    pub exact: Rational,
    /// Amount when cells or tiers are rounded on their own, else the cell's share of the
    /// line's amount (largest remainder).
    pub amount: Rational,
    /// Rules that made the function, outermost last.
    pub rules: Vec<RuleIx>,
    /// Number of events (event charges only).
    pub events: u64,
}

/// An earlier period that a ratchet holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ratcheted {
    /// Quantity that was measured in the period of the invoice.
    pub measured: Rational,
    /// Quantity that was measured in the earlier period.
    pub peak: Rational,
    /// First day of that period.
    pub since: Date,
}

/// A tier of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierDetail {
    /// Exclusive lower bound.
    pub from: Rational,
    /// Inclusive upper bound; `None` beyond the last.
    pub to: Option<Rational>,
    /// Quantity in the tier.
    pub quantity: Rational,
    /// Rate per unit of the line's quantity.
    pub rate: Rational,
    /// Exact amount, flat part included.
    pub exact: Rational,
    /// Rounded amount where tiers are rounded on their own, else equal to `exact`.
    pub amount: Rational,
}

/// An allowance in one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowanceUse {
    /// Declared name.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Granted for this period.
    pub granted: Rational,
    /// Rolled over into it.
    pub carried_in: Rational,
    /// Drawn.
    pub used: Rational,
    /// Rolls over to the next period.
    pub carried_out: Rational,
    /// Neither used nor carried.
    pub forfeited: Rational,
}

/// What one event added to one line: `F(after) − F(before)`, in folding order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Line name.
    pub line: String,
    /// Row index in the batch it came with.
    pub row: u32,
    /// Quantity the event added, in the line's unit.
    pub quantity: Rational,
    /// Exact amount.
    pub exact: Rational,
}
