//! Who pays, as data: balances, commitments, the waterfall between them, entitlements.
//!
//! A wallet and a prepaid commitment are one thing, a [`Balance`]: a currency, lots with expiry
//! and cost, a scope. A postpaid commitment is a [`Commitment`]: a counter with true-ups. All days
//! are local to the plan's zone; a day named "last" is still inside, a day named "gone" is not.
//!
//! Charges meet balances day by day: what a day added to each line is paid at that day's end, lines
//! in invoice order, each by the waterfall's sources in their order. At a day's start, in this
//! order: lots that are gone that day expire, grants of that day arrive, fees in advance are charged.

use crate::plan::{LineIx, Proration, RuleIx, SinkIx};
use price_value::{Date, Rational, Rounding, Span, Window};
use serde::{Deserialize, Serialize};

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub u32);
        impl $name {
            /// As a slice index.
            pub fn ix(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}
index! {
    /// Index into [`Funds::balances`].
    BalanceIx;
    /// Index into [`Funds::commitments`].
    CommitmentIx;
    /// A currency of the plan: 0 is its own, `n` is [`crate::Plan::foreign`] at `n − 1`.
    CurrencyIx;
}

/// The currency of the plan itself, and of every line unless it says otherwise.
pub const OWN: CurrencyIx = CurrencyIx(0);

/// Everything about payment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Funds {
    /// Wallets and prepaid commitments, in text order.
    pub balances: Vec<Balance>,
    /// Postpaid commitments, in text order.
    pub commitments: Vec<Commitment>,
    /// Consecutive stretches of time; the first has no start. Empty without money sources.
    pub waterfall: Vec<Waterfall>,
    /// What the customer may do.
    pub entitlements: Vec<Entitlement>,
    /// What a unit of another currency costs where it reaches the invoice.
    pub conversions: Vec<Conversion>,
    /// `invoice early at $500.00`: an invoice of its own each time this much is unbilled.
    pub interim: Option<Interim>,
}

impl Funds {
    /// Whether nothing is paid from anywhere but the invoice, and nothing is counted.
    pub fn is_empty(&self) -> bool {
        self.balances.is_empty() && self.commitments.is_empty() && self.conversions.is_empty() && self.interim.is_none()
    }

    /// The waterfall that holds on a day.
    pub fn waterfall_on(&self, day: Date) -> Option<&Waterfall> {
        let after = self.waterfall.partition_point(|w| w.from.is_none_or(|from| from <= day));
        after.checked_sub(1).map(|at| &self.waterfall[at])
    }
}

/// The order of money sources. Allowances are quantities and were drawn before.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Waterfall {
    /// First day; `None` for the first stretch.
    pub from: Option<Date>,
    /// Who pays, in order.
    pub steps: Vec<BalanceIx>,
    /// What happens to the rest.
    pub finally: Finally,
    /// Rule of the source.
    pub rule: RuleIx,
}

/// What no source pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finally {
    /// Goes to the invoice.
    Invoice,
    /// Goes to the invoice, at the overage prices of the commitments that counted it.
    Overage,
    /// Is refused when asked for; recorded usage becomes a receivable.
    Block,
}

/// A wallet or a prepaid commitment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Balance {
    /// Declared name.
    pub name: String,
    /// Declared as.
    pub kind: BalanceKind,
    /// Currency of its lots.
    pub holds: CurrencyIx,
    /// The lines it may pay; all in its currency.
    pub pays: Vec<LineIx>,
    /// It may pay the lines of minimums that count none but these lines. Left out where not, so that
    /// other plans keep their hash.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub minimums: bool,
    /// What comes in.
    pub grants: Vec<Grant>,
    /// Asked for when it runs low.
    pub top_up: Option<TopUp>,
    /// How far below zero it may go; never negative.
    pub overdraft: Rational,
    /// Which lots are spent first. Ties: older first, then in the order of the grants.
    pub spend: SpendOrder,
    /// Draws are rounded to this instead of the lines' own rounding.
    pub precise: Option<Rounding>,
    /// Units drawn per unit of charge at contract prices: 1, or the commitment's own rate. Above zero.
    pub rate: Rational,
    /// What charges beyond it cost, in contract prices: `1.1` for 110%. Used by [`Finally::Overage`].
    pub overage: Option<Rational>,
    /// What an ending lot of a recurring grant leaves to the next window.
    pub rollover: Option<BalanceRollover>,
    /// Days on which it exists.
    pub during: Span,
    /// Rule of the source.
    pub rule: RuleIx,
    /// Order on the invoice of the lines it makes (grants that cost money, top-ups, overage).
    pub order: u32,
}

/// What a balance was declared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BalanceKind {
    /// `wallet`
    Wallet,
    /// `commitment … prepaid`
    Commitment,
}

/// `rollover up to A at least B for N months`: at the end of a grant's window the rest of its lot
/// becomes a lot of `min(at_most, max(rest, at_least))`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BalanceRollover {
    /// Most that is carried.
    pub at_most: Carry,
    /// Least that is carried, in units of the balance; granted if the rest is smaller.
    pub at_least: Rational,
    /// How long the carried lot lives.
    pub lasts: Age,
}

/// A limit on what is carried.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Carry {
    /// Of what is left of the ending lot.
    ShareOfRest(Rational),
    /// Units of the balance.
    Amount(Rational),
}

/// Which lots are spent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpendOrder {
    /// The lot that is gone first; lots without end last.
    ExpiringFirst,
    /// The lot that came first.
    OldestFirst,
}

/// Lots that come into a balance.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Grant {
    /// Name of its lots: `promo`, or `grant 1`.
    pub name: String,
    /// How much.
    pub amount: GrantAmount,
    /// When.
    pub when: GrantWhen,
    /// When what is left goes.
    pub expires: Expiry,
    /// What it costs.
    pub cost: Cost,
    /// A window cut by the customer's first or last day grants its share of days.
    pub prorate: Proration,
    /// The day on which what is left is taken back.
    pub clawback: Option<Date>,
    /// Rule of the source.
    pub rule: RuleIx,
}

/// How much is granted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantAmount {
    /// Units of the balance.
    Fixed(Rational),
    /// `amount` for each unit of a level at the window's start and of each rise inside it, whole
    /// or its share of the days left; a fall takes nothing back. `round` is applied to each grant.
    PerUnit {
        /// The level: a [`crate::Fold::Last`] sink without cells.
        level: SinkIx,
        /// Per unit of the level and window.
        amount: Rational,
        /// Rounding of each grant.
        round: Option<Rounding>,
    },
    /// What true-ups of a commitment came to, on the day of the true-up.
    Shortfall(CommitmentIx),
}

/// When a grant comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantWhen {
    /// On the customer's first day.
    Start,
    /// On a day.
    On(Date),
    /// At the start of each window (aligned with billing), and on the first day.
    Each(Window),
    /// On the customer's first day and every such length after it.
    Every(Age),
    /// At the start of a stretch counted from the customer's first day: the `index`-th (from 0)
    /// of `every`.
    Step {
        /// Length of a stretch.
        every: Age,
        /// Which one.
        index: u32,
    },
    /// On the day of the true-up.
    TrueUp,
}

/// When what is left of a lot goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expiry {
    /// Never.
    Never,
    /// This long after it came.
    After(Age),
    /// First day on which it is gone.
    Gone(Date),
    /// At the end of the window it came in.
    EndOf(Window),
}

/// A calendar length: `6 months`, `90 days`. Months and years end on the last day of a shorter month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Age {
    /// How many, above zero.
    pub count: u32,
    /// Of what.
    pub unit: AgeUnit,
}

impl Age {
    /// The day this long after another, `times` times over.
    pub fn after(self, day: Date, times: u32) -> Date {
        let count = i32::try_from(self.count.saturating_mul(times)).unwrap_or(i32::MAX);
        match self.unit {
            AgeUnit::Days => day.add_days(count),
            AgeUnit::Months => day.add_months(count, day.day()),
            AgeUnit::Years => day.add_months(count.saturating_mul(12), day.day()),
        }
    }
}

/// Unit of an [`Age`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgeUnit {
    /// Calendar days.
    Days,
    /// Calendar months.
    Months,
    /// Calendar years.
    Years,
}

/// What a grant costs. Sums are of the plan's currency and for the whole grant; of
/// [`GrantAmount::PerUnit`] for each unit of the level, shared and rounded as the grant is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cost {
    /// Nothing: promotional.
    Free,
    /// Paid before, outside these invoices.
    AlreadyPaid(Rational),
    /// A line of the invoice on the day of the grant.
    Invoiced(Rational),
    /// A line of the invoice at the start of each window (from the grant on, as long as the lot
    /// lives), this much each time.
    Instalments {
        /// Length.
        every: Age,
        /// How many.
        count: u32,
        /// Each.
        amount: Rational,
    },
}

impl Cost {
    /// The whole cost.
    pub fn total(&self) -> Rational {
        match self {
            Cost::Free => Rational::ZERO,
            Cost::AlreadyPaid(sum) | Cost::Invoiced(sum) => sum.clone(),
            Cost::Instalments { count, amount, .. } => amount * &Rational::int(i128::from(*count)),
        }
    }
}

/// `top-up A for B when below C at most N per month`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TopUp {
    /// What is added.
    pub amount: TopUpAmount,
    /// What one unit of the balance costs, in the plan's currency.
    pub unit_cost: Rational,
    /// Asked for at the moment the balance reaches this and more is to be drawn.
    pub below: Rational,
    /// Also when nothing more is to be drawn (`at or below`).
    pub at_bound: bool,
    /// How often at most in a window.
    pub at_most: (u32, Window),
    /// When what is left of it goes.
    pub expires: Expiry,
    /// Rule of the source.
    pub rule: RuleIx,
}

/// How much a top-up adds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TopUpAmount {
    /// As much.
    Fixed(Rational),
    /// Up to a balance of this.
    Target(Rational),
}

/// A promise to spend that is counted and trued up.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Commitment {
    /// Declared name.
    pub name: String,
    /// Amount of each stretch, counted from the customer's first day. The last one repeats for as
    /// long as the customer stays if `repeats`.
    pub steps: Vec<CommitmentStep>,
    /// The last step holds again and again.
    pub repeats: bool,
    /// The lines it counts.
    pub counts: Vec<LineIx>,
    /// Payments by these balances do not count.
    pub except_paid_by: Vec<BalanceIx>,
    /// It sees only what these left over (each counts no more than its amount).
    pub beyond: Vec<CommitmentIx>,
    /// When it is trued up before a stretch ends.
    pub true_up: Option<TrueUp>,
    /// Where a shortfall goes.
    pub shortfall: Shortfall,
    /// What an excess becomes.
    pub excess: Excess,
    /// What spend above it costs, in contract prices: `1.1` for 110%. Used by [`Finally::Overage`].
    pub overage: Option<Rational>,
    /// Days on which it exists.
    pub during: Span,
    /// Rule of the source.
    pub rule: RuleIx,
    /// Order on the invoice of its true-ups.
    pub order: u32,
}

/// One stretch of a commitment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CommitmentStep {
    /// How long.
    pub lasts: StepLength,
    /// How much, in the plan's currency.
    pub amount: Rational,
}

/// Length of a commitment's stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepLength {
    /// A calendar length.
    Age(Age),
    /// To the end of the customer's term.
    Term,
}

/// `true-up quarterly to 25% cumulative`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TrueUp {
    /// How often, counted from the stretch's start.
    pub every: Age,
    /// The share of the stretch's amount that each window has to reach.
    pub share: Rational,
    /// Shares add up, and an earlier excess counts.
    pub cumulative: bool,
}

/// Whether a shortfall is charged, and where it goes then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shortfall {
    /// It is charged and gone.
    Forfeited,
    /// It is not charged.
    Ignored,
    /// Into a balance, by a grant of [`GrantAmount::Shortfall`].
    Credited(BalanceIx),
}

/// What spend above a stretch's amount becomes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Excess {
    /// Nothing.
    Ignored,
    /// It counts in the next stretch.
    RollsOver {
        /// At most this share of the ending stretch's amount.
        up_to: Rational,
        /// Only towards true-ups this long after the stretch's end.
        lasts: Age,
    },
}

/// `invoice CREDIT at $0.05 per CREDIT`: what is left of lines in that currency becomes a line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Conversion {
    /// From.
    pub currency: CurrencyIx,
    /// Plan currency per unit.
    pub rate: Rational,
    /// Rule of the source.
    pub rule: RuleIx,
    /// Order on the invoice.
    pub order: u32,
}

/// Progressive billing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Interim {
    /// Unbilled amount at which an invoice goes out, above zero.
    pub at: Rational,
    /// Rule of the source.
    pub rule: RuleIx,
}

/// What the customer may do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entitlement {
    /// Declared name.
    pub name: String,
    /// What is granted.
    pub value: EntitlementValue,
    /// Days on which it holds.
    pub during: Span,
    /// Rule of the source.
    pub rule: RuleIx,
}

/// What an entitlement grants.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntitlementValue {
    /// `yes` or `no`.
    Flag(bool),
    /// A text.
    Text(String),
    /// A quantity of a meter per window.
    Metered {
        /// The quantity, all cells together.
        sink: SinkIx,
        /// Unit, for display.
        unit: String,
        /// How much, in the sink's unit; at this much it is reached, beyond it exceeded.
        limit: Rational,
        /// In which window.
        per: Window,
        /// Beyond the limit requests are refused; else it is only told.
        hard: bool,
        /// What an unused rest adds to the next window, at most.
        rollover: Option<Rational>,
    },
}
