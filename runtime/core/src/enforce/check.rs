//! Asking: what an account may do at an instant.

use super::holds::Hold;
use super::{OnFailure, Reserve};
use crate::machine::Machine;
use crate::planted::{self, Bug};
use price_rating::SettleError;
use price_value::{Rational, Timestamp};

/// The feature that a budget is: no contract can call an entitlement so.
pub const SPEND: &str = "spend.total";

/// What an account may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The account.
    pub account: String,
    /// Who is billed for it.
    pub billed: String,
    /// Its plan.
    pub plan: String,
    /// Features by name.
    pub features: Vec<Feature>,
    /// The last entry that it knows.
    pub as_of: u64,
    /// The first instant at which it may be another without an entry, in microseconds: a window ends, a hold
    /// is over.
    pub until: i64,
}

/// What a feature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureKind {
    /// It may be used, or not.
    Flag,
    /// It is a text.
    Text,
    /// It has a limit.
    Metered,
}

impl FeatureKind {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            FeatureKind::Flag => "flag",
            FeatureKind::Text => "text",
            FeatureKind::Metered => "metered",
        }
    }
}

/// One feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// Its name in the contract, or [`SPEND`].
    pub name: String,
    /// What it is.
    pub kind: FeatureKind,
    /// Of a flag: whether it may be used.
    pub on: bool,
    /// The text of one.
    pub text: Option<String>,
    /// Unit of the quantities, or the currency.
    pub unit: String,
    /// The limit in the window.
    pub limit: Option<Rational>,
    /// Used in the window so far.
    pub used: Rational,
    /// Held by reservations.
    pub held: Rational,
    /// Beyond the limit requests are refused, not only told.
    pub hard: bool,
    /// When the window ends, in microseconds; none where it does not.
    pub resets: Option<i64>,
    /// What a program does that cannot ask.
    pub on_failure: OnFailure,
}

impl Feature {
    /// What is left of the limit; none without one. Below zero beyond a soft limit.
    pub fn left(&self) -> Option<Rational> {
        let held = if planted::is(Bug::GrantHeld) { &Rational::ZERO } else { &self.held };
        self.limit.as_ref().map(|limit| limit - &self.used - held)
    }

    /// Whether so much more may be used; of `None`, anything at all.
    pub fn allows(&self, amount: Option<&Rational>) -> bool {
        match (self.kind, self.left()) {
            (FeatureKind::Flag, _) => self.on,
            (FeatureKind::Metered, Some(left)) if self.hard => match amount {
                Some(amount) => *amount <= left,
                None => left.is_positive(),
            },
            _ => true,
        }
    }
}

/// Why it cannot be said what an account may do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotChecked {
    /// Nobody knows it.
    #[error("no account is called `{0}`")]
    Unknown(String),
    /// It is not served today.
    #[error("`{0}` is on no plan on {1}")]
    NotServed(String, price_value::Date),
    /// Its usage cannot be counted.
    #[error(transparent)]
    Settle(#[from] SettleError),
}

/// A reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldView {
    /// As it was asked for.
    pub reserve: Reserve,
    /// Its entry.
    pub seq: u64,
    /// What is held now.
    pub held: Rational,
    /// What was used, once it was committed.
    pub committed: Option<Rational>,
    /// When it ends, in microseconds.
    pub until: i64,
    /// `held`, `committed`, `released`, `expired`.
    pub status: &'static str,
}

impl Machine {
    /// What an account may do. `now` is in microseconds, for tenants without a test clock.
    pub fn check(&mut self, tenant: &str, account: &str, now: i64) -> Result<Checked, NotChecked> {
        let as_of = self.applied();
        let unknown = || NotChecked::Unknown(account.to_owned());
        let tenant = self.tenants.get_mut(tenant).ok_or_else(unknown)?;
        let now = tenant.time(now);
        let at = Timestamp(now.saturating_mul(1_000));
        let seats = tenant.accounts.get(account).ok_or_else(unknown)?;
        let day = |book: u32| tenant.books.at(book).version().zone.local(at).0;
        let seat = seats.iter().find(|seat| seat.days.contains(day(seat.book)));
        let Some(number) = seat.map(|seat| seat.book) else {
            let day = seats.first().map_or(price_value::Zone::utc().local(at).0, |seat| day(seat.book));
            return Err(NotChecked::NotServed(account.to_owned(), day));
        };
        let plan = tenant.books.name(number).to_string();
        let book = tenant.books.at_mut(number);
        let billed = book.billed(account).to_owned();
        let mut features = Vec::new();
        let mut until = i64::MAX;
        let end = |nanos: i64| if nanos == i64::MAX { None } else { Some(nanos.div_euclid(1_000)) };
        for (used, window) in book.entitlements(&billed, at)? {
            let kind = match (&used.text, &used.limit) {
                (Some(_), _) => FeatureKind::Text,
                (_, Some(_)) => FeatureKind::Metered,
                _ => FeatureKind::Flag,
            };
            let resets = end(window).filter(|_| kind == FeatureKind::Metered);
            until = until.min(resets.unwrap_or(i64::MAX));
            features.push(Feature {
                on: kind != FeatureKind::Flag || used.allowed,
                name: used.name,
                kind,
                text: used.text,
                unit: used.unit,
                limit: used.limit,
                used: used.used,
                held: Rational::ZERO,
                hard: used.hard,
                resets,
                on_failure: OnFailure::Open,
            });
        }
        if let Some((limit, hard)) = tenant.enforcement.budgets.get(&billed) {
            let period = book.period(day_of(book, at));
            let spent = book.invoice(&billed, &period).map(|(invoice, _)| invoice.total)?;
            let resets = end(period.end.0);
            until = until.min(resets.unwrap_or(i64::MAX));
            features.push(Feature {
                name: SPEND.into(),
                kind: FeatureKind::Metered,
                on: true,
                text: None,
                unit: book.version().plan().currency.code.clone(),
                limit: Some(limit.clone()),
                used: spent,
                held: Rational::ZERO,
                hard: *hard,
                resets,
                on_failure: OnFailure::Open,
            });
        }
        // Tomorrow other days of a contract may hold.
        until = until.min(book.day_until(at).div_euclid(1_000));
        for feature in &mut features {
            feature.on_failure = tenant.enforcement.policy.of(&feature.name);
            for hold in tenant.enforcement.active(&plan, &billed, &feature.name, now) {
                feature.held += &hold.held;
                until = until.min(hold.granted.until);
            }
        }
        // A test clock stands still between two commands.
        if tenant.billing.clock.is_some() {
            until = i64::MAX;
        }
        features.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Checked { account: account.to_owned(), billed, plan, features, as_of, until })
    }

    /// A reservation, as it is at an instant in microseconds.
    pub fn hold(&self, tenant: &str, id: &str, now: i64) -> Option<HoldView> {
        let tenant = self.tenants.get(tenant)?;
        let now = tenant.time(now);
        tenant.enforcement.hold(id).map(|hold| view(hold, now))
    }

    /// What programs do that cannot ask.
    pub fn policy(&self, tenant: &str) -> super::Policy {
        self.tenants.get(tenant).map(|tenant| tenant.enforcement.policy.clone()).unwrap_or_default()
    }
}

fn day_of(book: &crate::book::Book, at: Timestamp) -> price_value::Date {
    book.version().zone.local(at).0
}

pub(super) fn view(hold: &Hold, now: i64) -> HoldView {
    let status = match (&hold.committed, hold.over) {
        (Some(_), _) => "committed",
        (None, true) => "released",
        (None, false) if hold.holds(now) => "held",
        (None, false) => "expired",
    };
    HoldView {
        reserve: hold.granted.reserve.clone(),
        seq: hold.seq,
        held: if hold.holds(now) { hold.held.clone() } else { Rational::ZERO },
        committed: hold.committed.clone(),
        until: hold.granted.until,
        status,
    }
}
