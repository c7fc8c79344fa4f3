//! What is asked of billing.

use super::Settings;
use price_value::Date;
use serde::Serialize;

/// Something that may become an entry about billing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum BillingCommand {
    /// Sets how documents are numbered, issued and corrected.
    Settings(Settings),
    /// Puts the test clock of a tenant to a time, in microseconds since 1970 UTC. What comes from then
    /// on is recorded at that time. Only before anything else was sent, and only forward.
    Clock(i64),
    /// Lets periods be issued that end by a day.
    Approve(Date),
    /// Settles again what could not be settled.
    Retry,
    /// Gives credit for a line.
    Credit {
        /// The invoice.
        number: String,
        /// The line.
        line: String,
        /// How much, as a decimal above zero.
        amount: String,
        /// Why.
        reason: String,
    },
    /// Contests a document, or a line of it.
    Dispute {
        /// The document.
        number: String,
        /// The line; none for all of it.
        line: Option<String>,
        /// Why.
        reason: String,
    },
    /// Ends a dispute.
    Settle {
        /// The document.
        number: String,
        /// The line; none for all of it.
        line: Option<String>,
        /// How.
        outcome: String,
    },
    /// Keeps what others call a document.
    Refer {
        /// The document.
        number: String,
        /// Who calls it so.
        name: String,
        /// What they call it; empty to forget it.
        text: String,
    },
}
