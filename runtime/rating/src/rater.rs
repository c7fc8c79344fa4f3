//! The host of one plan: takes rows, keeps cells, gives invoices.

use crate::labels::OpenLabels;
use crate::reject::RejectReason;
use crate::settle::SettleError;
use crate::subscription::Subscription;
use price_ir::{Batch, Invoice, Kernel, Plan};
use price_value::{Date, Period, Rational, Timestamp, Window};
use std::sync::Arc;

/// An account of a [`Rater`], numbered in order of first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubjectIx(pub u32);

/// A row that was not taken. None of its sinks counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// Row of the batch.
    pub row: u32,
    /// Why.
    pub reason: RejectReason,
}

/// What a rater cannot be set up with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// The zone is not in the built-in database.
    #[error("the time zone `{0}` is not in the built-in database")]
    UnknownZone(String),
    /// The days of two subscriptions of one account overlap.
    #[error("`{0}` has two subscriptions for the same day")]
    Overlap(String),
    /// An account bills to two different subjects.
    #[error("`{0}` belongs to two pools")]
    TwoPools(String),
    /// A subscription came after usage of its account.
    #[error("the subscription of `{0}` came after its usage; subscribe first")]
    AfterUsage(String),
    /// The subscription ends before it begins.
    #[error("the subscription of `{0}` ends before it begins")]
    Backwards(String),
}

/// When an injected quantity is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// In the period, no matter when (at its first served instant).
    Sometime,
    /// At this instant of the period.
    At(Timestamp),
    /// The same in each window of the period (`given calls 100 calls each day`).
    Each(Window),
}

/// What cannot be injected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InjectError {
    /// No sink is of that meter.
    #[error("the plan prices no meter `{0}`")]
    UnknownMeter(String),
    /// A dimension that some price depends on is not named.
    #[error("say which `{dimension}`: a price on `{meter}` depends on it")]
    MissingDimension {
        /// Meter.
        meter: String,
        /// Dimension.
        dimension: String,
    },
    /// The label is not of that dimension.
    #[error("`{label}` is not a label of `{dimension}`")]
    UnknownLabel {
        /// Dimension.
        dimension: String,
        /// The label as given.
        label: String,
    },
    /// The dimension is not one of the meter.
    #[error("`{meter}` does not depend on a dimension `{dimension}`")]
    UnknownDimension {
        /// Meter.
        meter: String,
        /// The dimension as given.
        dimension: String,
    },
    /// The instant lies outside the period.
    #[error("the moment lies outside the period {0}")]
    OutsidePeriod(Period),
    /// The combination of labels is sold by no price.
    #[error("`{meter}` with these labels is not sold")]
    NotSold {
        /// Meter.
        meter: String,
    },
}

/// Usage in, invoices out, for one plan and any number of accounts.
pub struct Rater {
    kernel: Arc<dyn Kernel>,
}

impl Rater {
    /// A rater without accounts or usage.
    pub fn new(kernel: Arc<dyn Kernel>) -> Result<Rater, SetupError> {
        Ok(Rater { kernel })
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        self.kernel.plan()
    }

    /// Adds a subscription. An account with at least one is served on the days of its
    /// subscriptions only; one without is served always. Before any usage of the account.
    pub fn subscribe(&mut self, _subscription: Subscription) -> Result<(), SetupError> {
        todo!()
    }

    /// The number of an account.
    pub fn subject(&mut self, _account: &str) -> SubjectIx {
        todo!()
    }

    /// The number of the subject that is billed for an account: itself, or its pool. Rows of a
    /// plan with [`crate::Order::ByEventTime`] are sorted by (this, happened, source, id).
    pub fn billed(&self, _account: SubjectIx) -> u32 {
        todo!()
    }

    /// Labels of open dimensions: readers intern here.
    pub fn labels(&mut self) -> &mut OpenLabels {
        todo!()
    }

    /// Takes rows of one event type; `subjects[row]` is the account's [`SubjectIx`]. Fills the
    /// batch's calendars. Faults come in row order, at most one per row.
    pub fn push(&mut self, _batch: &mut Batch, _subjects: &[u32]) -> Vec<RowFault> {
        todo!()
    }

    /// Adds an aggregated quantity, in the meter's display unit, to every sink of a meter whose
    /// scope holds for `labels` (dimension and label). For an average the quantity is the
    /// average, for `unique` a count of texts not seen otherwise, for `max` a candidate.
    pub fn inject(
        &mut self,
        _account: &str,
        _period: &Period,
        _meter: &str,
        _labels: &[(&str, &str)],
        _quantity: &Rational,
        _when: When,
    ) -> Result<(), InjectError> {
        todo!()
    }

    /// Sets the level that holds before the first event, from `at` on (cut-over from another
    /// system). Before any usage of the account.
    pub fn open_level(
        &mut self,
        _account: &str,
        _meter: &str,
        _labels: &[(&str, &str)],
        _level: &Rational,
        _at: Timestamp,
    ) -> Result<(), InjectError> {
        todo!()
    }

    /// The billing period that holds a day.
    pub fn period_of(&self, _date: Date) -> Period {
        todo!()
    }

    /// The billing period that holds an instant.
    pub fn period_at(&self, _at: Timestamp) -> Period {
        todo!()
    }

    /// Every (billed subject, period) with usage or a carried level, and every period in
    /// `[from, until)` in which a subscription is served, sorted by subject, then period.
    pub fn due(&self, _from: Option<Date>, _until: Option<Date>) -> Vec<(String, Period)> {
        todo!()
    }

    /// The invoice of one billed subject (account or pool) for one period. May be asked again,
    /// and before the period's last row: the answer is a function of the rows so far.
    pub fn close(&mut self, _subject: &str, _period: &Period) -> Result<Invoice, SettleError> {
        todo!()
    }
}
