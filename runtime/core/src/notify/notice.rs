//! Notices.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NoticeKind {
    /// A share of a limit was used.
    #[serde(rename = "usage.threshold")]
    UsageThreshold,
    /// A limit was reached.
    #[serde(rename = "entitlement.reached")]
    EntitlementReached,
    /// A balance is below the amount that an endpoint names.
    #[serde(rename = "balance.low")]
    BalanceLow,
    /// A wallet asks for a top-up.
    #[serde(rename = "wallet.top_up_due")]
    TopUpDue,
    /// An invoice was issued.
    #[serde(rename = "invoice.finalised")]
    InvoiceFinalised,
    /// A note was issued that corrects an invoice.
    #[serde(rename = "invoice.corrected")]
    InvoiceCorrected,
    /// A period ended, and somebody's invoice for it can be looked at before it is issued.
    #[serde(rename = "invoice.drafted")]
    InvoiceDrafted,
    /// Events were rejected: one notice for many.
    #[serde(rename = "event.rejected")]
    EventRejected,
    /// Somebody tries whether an endpoint answers.
    #[serde(rename = "test")]
    Test,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [NoticeKind; 9] = [
        NoticeKind::UsageThreshold,
        NoticeKind::EntitlementReached,
        NoticeKind::BalanceLow,
        NoticeKind::TopUpDue,
        NoticeKind::InvoiceFinalised,
        NoticeKind::InvoiceCorrected,
        NoticeKind::InvoiceDrafted,
        NoticeKind::EventRejected,
        NoticeKind::Test,
    ];

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            NoticeKind::UsageThreshold => "usage.threshold",
            NoticeKind::EntitlementReached => "entitlement.reached",
            NoticeKind::BalanceLow => "balance.low",
            NoticeKind::TopUpDue => "wallet.top_up_due",
            NoticeKind::InvoiceFinalised => "invoice.finalised",
            NoticeKind::InvoiceCorrected => "invoice.corrected",
            NoticeKind::InvoiceDrafted => "invoice.drafted",
            NoticeKind::EventRejected => "event.rejected",
            NoticeKind::Test => "test",
        }
    }

    /// Whether it has to be looked for after events.
    pub(super) fn is_watched(self) -> bool {
        matches!(
            self,
            NoticeKind::UsageThreshold | NoticeKind::EntitlementReached | NoticeKind::BalanceLow | NoticeKind::TopUpDue
        )
    }
}

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it is.
    pub kind: NoticeKind,
    /// When it was recorded, in microseconds.
    pub at: i64,
    /// What it says.
    pub data: Value,
    /// Whom it is told; none for every endpoint that wants its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
}

impl Notice {
    /// A period of a plan ended, of which nobody was told one by one.
    pub(crate) fn of_period(at: i64, plan: &str, from: price_value::Date, until: price_value::Date) -> Notice {
        let period = json!({ "from": from.to_string(), "until": until.to_string() });
        let data = json!({ "plan": plan, "period": period });
        Notice { kind: NoticeKind::InvoiceDrafted, at, data, endpoint: None }
    }

    /// What a document says of itself.
    pub(crate) fn of_document(at: i64, issued: &crate::billing::Issued) -> Notice {
        let kind = match issued.kind {
            crate::billing::DocumentKind::Invoice => NoticeKind::InvoiceFinalised,
            _ => NoticeKind::InvoiceCorrected,
        };
        let data = json!({
            "number": issued.number, "kind": issued.kind.word(), "account": issued.billed, "plan": issued.plan,
            "period": { "from": issued.from.to_string(), "until": issued.until.to_string() },
            "currency": issued.currency, "total": issued.total, "due": issued.due, "corrects": issued.corrects,
        });
        Notice { kind, at, data, endpoint: None }
    }
}
