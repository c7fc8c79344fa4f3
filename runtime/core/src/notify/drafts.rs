//! Drafts that were told: what somebody's period came to when it ended, until it is closed.
//!
//! There is one for each that is billed, all at the end of a month, so they are kept apart from other
//! notices, which would have to make room for them, and as text, which is a third of the size.

use super::{Notice, NoticeKind};
use crate::limits;
use price_value::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// What somebody's period comes to so far.
pub(crate) struct Draft {
    pub(crate) billed: String,
    pub(crate) plan: String,
    /// First day, and first day after it.
    pub(crate) period: (Date, Date),
    /// The first day on which it may be issued.
    pub(crate) closes: Date,
    /// Currency, total and what is to be paid; or why it cannot be settled.
    pub(crate) amounts: Result<[String; 3], String>,
}

impl Draft {
    /// As it is told. `at` is in microseconds.
    pub(crate) fn notice(&self, at: i64) -> Notice {
        let (from, until) = self.period;
        let mut data = json!({
            "account": self.billed, "plan": self.plan, "closes": self.closes.to_string(),
            "period": { "from": from.to_string(), "until": until.to_string() },
        });
        match &self.amounts {
            Ok([currency, total, due]) => {
                (data["currency"], data["total"], data["due"]) = (json!(currency), json!(total), json!(due));
            }
            Err(why) => data["held"] = json!(why),
        }
        Notice { kind: NoticeKind::InvoiceDrafted, at, data, endpoint: None }
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    seq: u64,
    /// In microseconds.
    at: i64,
    plan: Box<str>,
    /// First day after the period.
    until: Option<Date>,
    data: Box<str>,
}

/// Drafts of one tenant, in the order of their entries.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Drafts(VecDeque<Kept>);

impl Drafts {
    pub(super) fn keep(&mut self, seq: u64, plan: &str, notice: &Notice) {
        let until = notice.data["period"]["until"].as_str().and_then(|day| day.parse().ok());
        let data = notice.data.to_string().into();
        self.0.push_back(Kept { seq, at: notice.at, plan: plan.into(), until, data });
        while self.0.len() > limits::DRAFTS {
            self.0.pop_front();
        }
    }

    /// Periods of a plan that end by a day are closed: their invoices are told instead.
    pub(super) fn closed(&mut self, plan: &str, until: Date) {
        while self.0.front().is_some_and(|kept| *kept.plan == *plan && kept.is_closed(until)) {
            self.0.pop_front();
        }
    }

    /// Those after an entry that are drafts still; `closed` is the day by which the periods of a plan are closed.
    pub(super) fn after(
        &self,
        after: u64,
        closed: impl Fn(&str) -> Option<Date>,
    ) -> impl Iterator<Item = (u64, Notice)> {
        let from = self.0.partition_point(|kept| kept.seq <= after);
        let open = move |kept: &&Kept| closed(&kept.plan).is_none_or(|day| !kept.is_closed(day));
        self.0.range(from..).filter(open).map(|kept| (kept.seq, kept.notice()))
    }

    /// The entry of the first one that was recorded at an instant (microseconds) or later.
    pub(super) fn first_since(&self, at: i64) -> Option<u64> {
        self.0.iter().find(|kept| kept.at >= at).map(|kept| kept.seq)
    }

    /// Their entries, in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().map(|kept| kept.seq)
    }
}

impl Kept {
    fn is_closed(&self, day: Date) -> bool {
        self.until.is_some_and(|until| until <= day)
    }

    fn notice(&self) -> Notice {
        let data = serde_json::from_str(&self.data).unwrap_or(Value::Null);
        Notice { kind: NoticeKind::InvoiceDrafted, at: self.at, data, endpoint: None }
    }
}
