//! Rate cards, plans, contracts and amendments, and the statements they share.

use super::{
    Allowance, Bad, Commitment, Date, Docs, Duration, Expr, LetDecl, Name, Number, Override, Path, Period, PeriodWord,
    PriceDecl, RangeEnd, Rounding, Scope, Text, Validity, Wallet, Waterfall, Window,
};
use price_diagnostics::Span;

/// Versioned prices.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RateCard {
    /// Its name.
    pub name: Name,
    /// Its version.
    pub version: Option<Number>,
    /// Its statements.
    pub body: Vec<Stmt>,
}

/// Prices with allowances, for many customers.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Plan {
    /// Its name.
    pub name: Name,
    /// Its version.
    pub version: Option<Number>,
    /// Its statements.
    pub body: Vec<Stmt>,
}

/// A plan body with parties and a term, for one customer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Contract {
    /// Its name.
    pub name: Name,
    /// The customer.
    pub with: Option<Text>,
    /// Its statements.
    pub body: Vec<Stmt>,
}

/// Dated changes to a contract.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Amendment {
    /// Its number.
    pub number: Number,
    /// The contract.
    pub target: Path,
    /// First day it holds.
    pub effective: Date,
    /// The day it was signed.
    pub signed: Option<Date>,
    /// Whether it says that it reaches back.
    pub retroactive: bool,
    /// In the order of the text.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Change {
    /// The `##` lines above.
    pub docs: Docs,
    /// What changes.
    pub kind: ChangeKind,
    /// Where.
    pub span: Span,
}

/// What an amendment changes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ChangeKind {
    /// `set override price ...`, `set waterfall { ... }`: the target must exist.
    Set(Box<Stmt>),
    /// `add wallet ... { ... }`: the target must not exist.
    Add(Box<Stmt>),
    /// `set commitment annual year 2 = $400k`.
    SetStep(StepChange),
    /// `add commitment annual year 4 = $240k`.
    AddStep(StepChange),
    /// `remove discount launch`.
    Remove {
        /// `discount`, `wallet`, `price`, ...
        kind: Name,
        /// Which one.
        path: Path,
    },
    /// `extend term through 2029-06-30`.
    ExtendTerm {
        /// The new last day.
        end: RangeEnd,
    },
    /// Not readable; reported.
    Bad(Bad),
}

/// One step of a ramp.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StepChange {
    /// `commitment`.
    pub kind: Name,
    /// Which one.
    pub path: Path,
    /// `year`.
    pub unit: Name,
    /// Which step, from 1.
    pub index: Number,
    /// The new amount.
    pub amount: Expr,
}

/// What catalogues and ledgers call a line.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum AboutWhat {
    /// One of its tags.
    Tag(Name),
    /// Its product code.
    Product(Text),
    /// The account its revenue goes to.
    Ledger(Text),
}

/// A statement with what stands above it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Stmt {
    /// The `##` lines above.
    pub docs: Docs,
    /// What it is.
    pub kind: StmtKind,
    /// Where, without the docs.
    pub span: Span,
}

/// The statements of rate cards, plans and contracts.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum StmtKind {
    /// `seller "Acme Cloud, Inc."`.
    Seller(Text),
    /// `buyer "Globex GmbH" accounts globex-de, globex-fr`.
    Buyer {
        /// The customer.
        name: Text,
        /// Its accounts.
        accounts: Vec<Path>,
    },
    /// `term 2026-01-01 through 2028-12-31 renews yearly`.
    Term {
        /// The stretch of time.
        period: Period,
        /// How often it renews.
        renews: Option<Frequency>,
    },
    /// `pause 2026-05-01 through 2026-06-30`.
    Pause(Period),
    /// `source "https://…" checked 2026-01-15 good for 6 months`.
    Source {
        /// Where the numbers come from.
        text: Text,
        /// When somebody last looked.
        checked: Date,
        /// How long that is good for.
        good_for: Option<Duration>,
    },
    /// `currency USD`.
    Currency(Name),
    /// `timezone "Europe/Berlin"`.
    Timezone(Text),
    /// `billing monthly on day 31 or last day net 30 days`.
    Billing(Billing),
    /// `effective from 2026-01-01 until 2027-01-01`.
    Effective(Validity),
    /// `rounding each line half-up to cents`.
    Rounding {
        /// What is rounded.
        point: RoundingPoint,
        /// How.
        rounding: Rounding,
    },
    /// `prices from list version 4 locked`.
    PricesFrom(PricesFrom),
    /// `based on plan starter`.
    BasedOn(Path),
    /// `let ceiling = $2_500.00`.
    Let(LetDecl),
    /// `fee platform = $99.00 per month in advance`.
    Fee(Fee),
    /// `price ...` and `rebate ...`.
    Price(PriceDecl),
    /// `override price ...`.
    Override(Override),
    /// `allowance calls = 50k calls per month on api_calls`.
    Allowance(Allowance),
    /// `discount launch = 5% on storage`.
    Discount(Discount),
    /// `cap egress at $5_000.00 per month`.
    Cap(Limit),
    /// `minimum all at $2_500.00 per month`.
    Minimum(Limit),
    /// `attribute data_transfer by service`.
    Attribute {
        /// The line.
        line: Path,
        /// The dimensions it is told apart by.
        by: Vec<Path>,
    },
    /// `tag storage, egress as infrastructure`, `product storage = "SKU-1"`, `ledger storage = "4000"`.
    About {
        /// The lines.
        lines: Vec<Path>,
        /// What they are called.
        what: AboutWhat,
    },
    /// `commitment annual postpaid { ... }`.
    Commitment(Commitment),
    /// `wallet migration { ... }`.
    Wallet(Wallet),
    /// `waterfall { ... }`.
    Waterfall(Waterfall),
    /// `entitlement sso = yes`.
    Entitlement(Entitlement),
    /// `prorate premium_support daily`.
    Prorate {
        /// The fees, prices and allowances.
        names: Vec<Path>,
        /// How.
        how: ProrateRule,
    },
    /// `late events accepted for 3 days then next period`.
    LateEvents {
        /// How long the draft still changes.
        grace: Duration,
        /// What happens afterwards.
        then: LateRule,
    },
    /// `invoice early at $500.00`.
    Interim(Expr),
    /// `invoice CREDIT at $0.05 each`.
    Conversion {
        /// The other currency.
        currency: Name,
        /// What one unit costs.
        rate: Expr,
    },
    /// Not readable; reported.
    Bad(Bad),
}

/// How often something happens.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Frequency {
    /// `hourly`
    Hourly,
    /// `daily`
    Daily,
    /// `weekly`
    Weekly,
    /// `monthly`
    Monthly,
    /// `quarterly`
    Quarterly,
    /// `yearly`
    Yearly,
}

/// When periods start and when invoices are due.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Billing {
    /// Length of a period.
    pub every: Frequency,
    /// The day of the month on which a period starts, 1 to 31.
    pub day: Option<Number>,
    /// Whether short months use their last day.
    pub or_last_day: bool,
    /// Days until an invoice is due.
    pub net: Option<Duration>,
}

/// What a rounding rule applies to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RoundingPoint {
    /// `each line`
    Line,
    /// `each tier`
    Tier,
    /// `each cell`
    Cell,
}

/// The card a plan takes its prices from.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PricesFrom {
    /// The card.
    pub card: Path,
    /// Its version, if one is pinned.
    pub version: Option<Number>,
    /// Whether new versions reach this plan.
    pub tracking: Tracking,
}

/// Whether new versions of a card reach a plan.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Tracking {
    /// `locked`
    Locked,
    /// `following`
    Following,
}

/// A fixed charge.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Fee {
    /// Its name.
    pub name: Name,
    /// The meter of a level it is for each unit of.
    pub level: Option<Path>,
    /// The amount, without its period.
    pub amount: Expr,
    /// How often it is due; none for `once`.
    pub per: Option<PeriodWord>,
    /// When in the period, if said.
    pub timing: Option<FeeTiming>,
    /// The dates on which it holds.
    pub validity: Option<Validity>,
}

/// When a fee is charged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FeeTiming {
    /// `once`
    Once,
    /// `in advance`
    InAdvance,
    /// `in arrears`
    InArrears,
}

/// A reduction of lines, or of the quantity before a price.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Discount {
    /// Its name.
    pub name: Name,
    /// A share, an amount of money, or a quantity.
    pub value: Expr,
    /// What it is taken off.
    pub scope: Scope,
    /// The cells it holds for.
    pub filter: Option<Expr>,
    /// The dates on which it holds.
    pub validity: Option<Validity>,
}

/// A cap or a minimum over lines.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Limit {
    /// The lines.
    pub scope: Scope,
    /// The amount.
    pub amount: Expr,
    /// In which stretch of time; none if not written.
    pub window: Option<Window>,
    /// Whether a partial period scales it, if said.
    pub partial: Option<PartialRule>,
    /// The dates on which it holds.
    pub validity: Option<Validity>,
}

/// What a partial first or last period does to an amount.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PartialRule {
    /// `whole`: nothing.
    Whole,
    /// `prorated daily`: scaled by calendar days.
    ProratedDaily,
}

/// What the customer may do.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Entitlement {
    /// Its name.
    pub name: Name,
    /// What is granted.
    pub value: EntitlementValue,
}

/// What an entitlement grants.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum EntitlementValue {
    /// `yes` or `no`.
    Flag(bool),
    /// `"business hours"`.
    Text(Text),
    /// `10k reports per month then block`.
    Limit {
        /// How much.
        amount: Expr,
        /// In which stretch of time.
        per: Option<PeriodWord>,
        /// What happens beyond: `block`, `allow`, ...
        then: Option<Name>,
        /// What an unused rest adds to the next window at most.
        rollover: Option<Expr>,
    },
}

/// How a partial period is charged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ProrateRule {
    /// `daily`
    Daily,
    /// `daily in months of 30 days`
    DailyInMonthsOf30,
    /// `never`
    Never,
}

/// What happens to usage that arrives after the grace.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LateRule {
    /// `then next period`
    NextPeriod,
    /// `then rejected`
    Rejected,
}
