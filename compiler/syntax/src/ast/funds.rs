//! Who pays: allowances, commitments, wallets and the waterfall.

use super::{
    Bad, Date, Docs, Duration, Expr, Frequency, Name, Number, PartialRule, Path, Percent, PeriodWord, RoundTarget,
    Rounding, RoundingMode, Scope, Window,
};
use price_diagnostics::Span;

/// A quantity that is included.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Allowance {
    /// Its name.
    pub name: Name,
    /// How much, `100 calls`; with `of` per unit of that meter, `3 GB per GB`.
    pub amount: Expr,
    /// The meter that says how often it is granted.
    pub of: Option<Path>,
    /// Per which stretch it is granted anew.
    pub window: Option<Window>,
    /// The meter, or the event.
    pub on: Path,
    /// `on each payment`: it counts events, and covers what they measure.
    pub each: bool,
    /// Of what free events measure, how much is free.
    pub up_to: Option<Expr>,
    /// The cells it covers.
    pub filter: Option<Expr>,
    /// What happens to what is left, if said.
    pub rollover: Option<Rollover>,
    /// Whether accounts share it, if said.
    pub sharing: Option<Sharing>,
    /// From which cells it is drawn first, if said.
    pub draw: Option<DrawOrder>,
    /// What a partial period does to it, if said.
    pub partial: Option<PartialRule>,
}

/// What happens to what is left of an allowance.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Rollover {
    /// `rollover none`.
    None,
    /// `rollover up to 20% for 1 month`.
    UpTo {
        /// A share or a quantity.
        limit: Expr,
        /// How long it can be used.
        lasts: Duration,
    },
}

/// Whether the accounts of a contract share a balance.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Sharing {
    /// `pooled`
    Pooled,
    /// `each account`
    EachAccount,
}

/// From which cells an allowance is drawn first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DrawOrder {
    /// `draw pro rata`
    ProRata,
    /// `draw cheapest first`
    CheapestFirst,
    /// `draw dearest first`
    DearestFirst,
    /// `draw as used`
    AsUsed,
}

/// A promise to spend.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Commitment {
    /// Its name.
    pub name: Name,
    /// A counter or a balance, if said.
    pub payment: Option<CommitmentPayment>,
    /// Its statements.
    pub body: Vec<CommitmentStmt>,
}

/// When a commitment is paid.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CommitmentPayment {
    /// `postpaid`: a counter with true-ups.
    Postpaid,
    /// `prepaid`: a balance with an invoice schedule.
    Prepaid,
}

/// A statement of a commitment.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CommitmentStmt {
    /// The `##` lines above.
    pub docs: Docs,
    /// What it is.
    pub kind: CommitmentStmtKind,
    /// Where.
    pub span: Span,
}

/// The statements of a commitment.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum CommitmentStmtKind {
    /// `amount $24k per year`.
    Amount {
        /// How much.
        amount: Expr,
        /// Per which stretch; the term if not written.
        per: Option<PeriodWord>,
    },
    /// `amount { year 1 $240k ... }`.
    Ramp(Vec<RampEntry>),
    /// `counts storage, egress except paid by migration`.
    Counts {
        /// The lines.
        scope: Scope,
        /// The sources whose payments do not count.
        except_paid_by: Vec<Path>,
        /// Other commitments that count the same lines, and how.
        sharing: Vec<(Path, CountSharing)>,
    },
    /// `true-up quarterly to 25% cumulative`.
    TrueUp {
        /// How often.
        every: Frequency,
        /// The share that must be reached.
        to: Percent,
        /// Whether the shares add up.
        cumulative: bool,
    },
    /// What happens to what is missing.
    Shortfall(ShortfallRule),
    /// `excess ignored`, `excess rolls over up to 10% for 90 days`.
    Excess {
        /// What is carried on; nothing if none.
        rolls_over: Option<ExcessRollover>,
    },
    /// `overage at 110% of contract prices`.
    Overage(Percent),
    /// `invoiced quarterly`, `already paid`, `free`.
    Invoiced(Invoiced),
    /// `unused expires`, `unused rolls over up to 25% for 12 months`.
    Unused {
        /// What is carried on; nothing if none.
        rolls_over: Option<ExcessRollover>,
    },
    /// `covered at 80% of contract prices`.
    CoveredAt(Percent),
    /// Not readable; reported.
    Bad(Bad),
}

/// What happens to what a commitment is short of.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ShortfallRule {
    /// `shortfall forfeited`: charged and gone.
    Forfeited,
    /// `shortfall ignored`: not charged.
    Ignored,
    /// `shortfall credited to carryover`: charged, and put into that wallet.
    CreditedTo(Path),
}

/// How two commitments share what both count.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CountSharing {
    /// `not counted by p1`: it sees what the other left.
    NotCounted,
    /// `also counted by p1`: it sees everything.
    AlsoCounted,
}

/// When a prepaid commitment is invoiced.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Invoiced {
    /// `invoiced at start`
    AtStart,
    /// `invoiced quarterly`
    Every(Frequency),
    /// `already paid`
    AlreadyPaid,
    /// `free`
    Free,
}

/// `rolls over up to 10% for 90 days`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ExcessRollover {
    /// The greatest share.
    pub up_to: Percent,
    /// How long it counts.
    pub lasts: Duration,
}

/// One line of a ramp.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum RampEntry {
    /// `year 1 $240k`.
    Step {
        /// `year`.
        unit: Name,
        /// Which one, from 1.
        index: Number,
        /// How much.
        amount: Expr,
        /// Where.
        span: Span,
    },
    /// Not readable; reported.
    Bad(Bad),
}

/// A balance of money or of a virtual currency.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Wallet {
    /// Its name.
    pub name: Name,
    /// Its statements.
    pub body: Vec<WalletStmt>,
}

/// A statement of a wallet.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct WalletStmt {
    /// The `##` lines above.
    pub docs: Docs,
    /// What it is.
    pub kind: WalletStmtKind,
    /// Where.
    pub span: Span,
}

/// The statements of a wallet.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum WalletStmtKind {
    /// `holds USD`.
    Holds(Name),
    /// `pays for storage, egress`, `pays for all and minimum`.
    PaysFor {
        /// The lines.
        scope: Scope,
        /// Whether it pays what lifts them to a minimum, too.
        minimums: bool,
    },
    /// `grant $10k free on start expires after 6 months`.
    Grant(Grant),
    /// `top-up $25k for $25k when below $5k at most 1 per month`.
    TopUp(TopUp),
    /// `clawback promo on 2026-06-10`.
    Clawback {
        /// The grant.
        grant: Name,
        /// The day.
        on: Date,
    },
    /// `rollover up to 300 CREDIT at least 100 CREDIT for 1 month`.
    Rollover {
        /// What is carried; nothing if none.
        up_to: Option<BalanceRollover>,
    },
    /// `overdraft none`, `overdraft up to 500 CREDIT`.
    Overdraft {
        /// How far below zero; not at all if none.
        up_to: Option<Expr>,
    },
    /// `spend expiring first`, `spend oldest first`.
    Spend(SpendOrder),
    /// `shared with globex-de, globex-fr`; `shared by all accounts`.
    Shared {
        /// The accounts; all of the contract if none.
        with: Option<Vec<Path>>,
    },
    /// `precise to $0.000001 half-even`.
    Precise {
        /// The grid.
        to: RoundTarget,
        /// How.
        mode: RoundingMode,
    },
    /// Not readable; reported.
    Bad(Bad),
}

/// What is bought when a wallet runs low.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TopUp {
    /// How much is added, or the balance it is filled to.
    pub amount: Expr,
    /// Whether `amount` is the balance it is filled to.
    pub to_target: bool,
    /// What it costs, and whether that is for each unit; the same amount if not written.
    pub cost: Option<(Expr, bool)>,
    /// The balance below which it is asked for.
    pub below: Expr,
    /// Asked for at that balance already.
    pub at_or_below: bool,
    /// How often at most.
    pub at_most: Option<(Number, PeriodWord)>,
    /// When what is left of it goes; never if not written.
    pub expires: Option<Expiry>,
}

/// `up to 300 CREDIT at least 100 CREDIT for 1 month`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct BalanceRollover {
    /// The most: a share of the rest, or an amount.
    pub up_to: Expr,
    /// The least.
    pub at_least: Option<Expr>,
    /// How long it lives.
    pub lasts: Duration,
}

/// An amount put into a wallet.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Grant {
    /// Its name, if it has one.
    pub name: Option<Name>,
    /// How much; per unit of a level if there is one.
    pub amount: Expr,
    /// The meter of the level.
    pub level: Option<Path>,
    /// What a partial window does to it, if said.
    pub partial: Option<PartialRule>,
    /// How each grant is rounded, if said.
    pub rounded: Option<Rounding>,
    /// What it costs, if said.
    pub cost: Option<GrantCost>,
    /// When it comes.
    pub when: Option<GrantWhen>,
    /// When it goes, if said.
    pub expires: Option<Expiry>,
}

/// What a grant costs.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum GrantCost {
    /// `free`.
    Free,
    /// `for $50k`.
    For(Expr),
    /// `already paid`, `already paid $500.00`.
    AlreadyPaid(Option<Expr>),
}

/// When a grant comes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum GrantWhen {
    /// `on start`.
    OnStart,
    /// `on 2026-07-01`.
    OnDate(Date),
    /// `each month`.
    Each(PeriodWord),
    /// `from commitment annual`.
    FromCommitment(Path),
}

/// When a grant goes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Expiry {
    /// `expires never`.
    Never,
    /// `expires after 12 months or last day`.
    After(Duration),
    /// `expires on 2026-12-31`.
    On(Date),
    /// `expires at month end`.
    AtEndOf(PeriodWord),
}

/// Which lots are spent first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SpendOrder {
    /// `expiring first`
    ExpiringFirst,
    /// `oldest first`
    OldestFirst,
}

/// The order in which sources pay.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Waterfall {
    /// In the order of the text.
    pub steps: Vec<WaterfallEntry>,
}

/// One line of a waterfall.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum WaterfallEntry {
    /// A step.
    Step {
        /// The `##` lines above.
        docs: Docs,
        /// Its first word.
        position: StepPosition,
        /// Who pays.
        source: PaySource,
        /// Where.
        span: Span,
    },
    /// Not readable; reported.
    Bad(Bad),
}

/// The first word of a step.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StepPosition {
    /// `first`
    First,
    /// `then`
    Then,
    /// `finally`
    Finally,
}

/// Who pays.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PaySource {
    /// `allowance free_egress`.
    Allowance(Path),
    /// `wallet migration`.
    Wallet(Path),
    /// `commitment yearly`.
    Commitment(Path),
    /// `overage`.
    Overage,
    /// `invoice`.
    Invoice,
    /// `block`.
    Block,
}
