//! Why a record or a row is refused: one code per reason, the same for every reader and engine.
//!
//! A message says what is wrong, where, and how to mend it. It quotes at most the first
//! characters of untrusted text.

use price_ir::Fault;
use price_value::Date;

/// Why a record is not accepted. The code is [`RejectReason::code`], the sentence its `Display`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// A field without `optional` is not there.
    #[error("the field `{field}` is missing; send it, or declare it `optional`")]
    Missing {
        /// Field of the event.
        field: String,
    },
    /// A number was expected.
    #[error("`{field}` should be a number, not {found}; write it as 12 or \"12.5\"")]
    NotANumber {
        /// Field of the event.
        field: String,
        /// What stands there.
        found: String,
    },
    /// More decimals than the field declares.
    #[error(
        "`{field}` is {found}, which has more than {decimals} decimals; round it at the source, or declare more decimals"
    )]
    TooManyDecimals {
        /// Field of the event.
        field: String,
        /// The number as written.
        found: String,
        /// Decimals the schema accepts.
        decimals: u8,
    },
    /// Below zero in a field that is not `signed`.
    #[error("`{field}` is {found}, below zero; declare the field `signed` if that is meant")]
    Negative {
        /// Field of the event.
        field: String,
        /// The number as written.
        found: String,
    },
    /// Beyond 64 bits in the field's smallest step, or too many digits.
    #[error("`{field}` is {found}, too large for a field with {decimals} decimals; send a larger unit")]
    OutOfRange {
        /// Field of the event.
        field: String,
        /// The number as written.
        found: String,
        /// Decimals the schema accepts.
        decimals: u8,
    },
    /// A unit the field does not accept.
    #[error("`{field}` is in `{unit}`, but it is measured in {accepted}; convert it at the source")]
    UnknownUnit {
        /// Field of the event.
        field: String,
        /// The unit as written.
        unit: String,
        /// Units that are accepted, as prose.
        accepted: String,
    },
    /// A label its dimension does not have.
    #[error("`{field}` is `{label}`, which is not a label of the dimension `{dimension}`{help}")]
    UnknownLabel {
        /// Field of the event.
        field: String,
        /// The text as written.
        label: String,
        /// Dimension.
        dimension: String,
        /// `; did you mean …`, or the list of labels.
        help: String,
    },
    /// Text was expected.
    #[error("`{field}` should be text, not {found}")]
    NotText {
        /// Field of the event.
        field: String,
        /// What stands there.
        found: String,
    },
    /// `true` or `false` was expected.
    #[error("`{field}` should be true or false, not {found}")]
    NotAFlag {
        /// Field of the event.
        field: String,
        /// What stands there.
        found: String,
    },
    /// An object keyed by labels was expected.
    #[error("`{field}` should be an object keyed by `{dimension}`, such as {{\"{example}\": 1}}, not {found}")]
    NotAFamily {
        /// Field of the event.
        field: String,
        /// Dimension of the keys.
        dimension: String,
        /// A label of it.
        example: String,
        /// What stands there.
        found: String,
    },
    /// Text beyond [`crate::limits::TEXT_BYTES_MAX`].
    #[error("`{field}` has {bytes} bytes; at most {max} are accepted")]
    TextTooLong {
        /// Field of the event.
        field: String,
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// A field the event does not declare, where that is refused.
    #[error("the event `{event}` has no field `{field}`{help}")]
    UnknownField {
        /// Event type.
        event: String,
        /// The name as written.
        field: String,
        /// `; did you mean …`, or the list of fields.
        help: String,
    },
    /// A field or family label that is given twice.
    #[error("`{field}` is given twice; which one counts would be a guess")]
    Twice {
        /// Field of the event.
        field: String,
    },
    /// A field that is looked up from another one and may not be sent.
    #[error("`{field}` is looked up from `{from}`; leave it out")]
    LookedUp {
        /// Field of the event.
        field: String,
        /// The field it is looked up from.
        from: String,
    },
    /// More labels of an open dimension than a run keeps.
    #[error("`{field}` brings more than {max} different labels; this looks like an identifier, not a label")]
    TooManyLabels {
        /// Field of the event.
        field: String,
        /// The limit.
        max: usize,
    },
    /// The record is not the format its reader expects.
    #[error("the record cannot be read: {problem}")]
    Malformed {
        /// What the reader says.
        problem: String,
    },
    /// The event's type is in no schema of the plan.
    #[error("the plan has no event `{name}`{help}")]
    UnknownEvent {
        /// The type as written.
        name: String,
        /// `; did you mean …`, or the list of events.
        help: String,
    },
    /// An attribute every event needs is missing: time, subject, id, source, type.
    #[error("the event has no `{attribute}`; every event needs one")]
    NoAttribute {
        /// CloudEvents name of the attribute.
        attribute: &'static str,
    },
    /// The time is not an RFC 3339 instant.
    #[error("{problem}")]
    BadTime {
        /// What is wrong with it.
        problem: String,
    },
    /// The same source and id with other content.
    #[error("`{source_name}` / `{id}` was seen before with other content; send a correction under its own id")]
    Differs {
        /// Source of the event.
        source_name: String,
        /// Its id.
        id: String,
    },
    /// The usage lies outside the days on which the plan may be used.
    #[error("the event happened outside the days on which `{plan}` may be used")]
    OutsidePlan {
        /// Plan.
        plan: String,
    },
    /// The account is not subscribed at that time.
    #[error("`{account}` has no subscription at the time of the event")]
    NotSubscribed {
        /// Account.
        account: String,
    },
    /// A plan that depends on the order of events got one out of order.
    #[error("the event came after a later one of the same account; the host has to sort by time")]
    OutOfOrder,
    /// The invoice of its period was closed, and the plan takes nothing after that.
    #[error("the period from {period} was closed on {closed}; the plan refuses what is recorded later")]
    TooLate {
        /// First day of the period.
        period: Date,
        /// The day it closed.
        closed: Date,
    },
    /// The level would have to be held over too many stretches of time.
    #[error("the event is too far in time from the one before it; check its year")]
    TooFar,
    /// The engine has no value for the row.
    #[error("{fault} (`{sink}`)")]
    Fault {
        /// What the engine says.
        fault: Fault,
        /// The meter or price that asked.
        sink: String,
    },
}

impl RejectReason {
    /// The stable code, `R001` and up. Codes are never reused.
    pub fn code(&self) -> &'static str {
        match self {
            RejectReason::Missing { .. } => "R001",
            RejectReason::NotANumber { .. } => "R002",
            RejectReason::TooManyDecimals { .. } => "R003",
            RejectReason::Negative { .. } => "R004",
            RejectReason::OutOfRange { .. } => "R005",
            RejectReason::UnknownUnit { .. } => "R006",
            RejectReason::UnknownLabel { .. } => "R007",
            RejectReason::NotText { .. } => "R008",
            RejectReason::NotAFlag { .. } => "R009",
            RejectReason::NotAFamily { .. } => "R010",
            RejectReason::TextTooLong { .. } => "R011",
            RejectReason::UnknownField { .. } => "R012",
            RejectReason::Twice { .. } => "R013",
            RejectReason::LookedUp { .. } => "R014",
            RejectReason::TooManyLabels { .. } => "R015",
            RejectReason::Malformed { .. } => "R020",
            RejectReason::UnknownEvent { .. } => "R021",
            RejectReason::NoAttribute { .. } => "R022",
            RejectReason::BadTime { .. } => "R023",
            RejectReason::Differs { .. } => "R024",
            RejectReason::OutsidePlan { .. } => "R030",
            RejectReason::NotSubscribed { .. } => "R031",
            RejectReason::OutOfOrder => "R032",
            RejectReason::TooFar => "R033",
            RejectReason::TooLate { .. } => "R034",
            RejectReason::Fault { fault: Fault::NotSold, .. } => "R040",
            RejectReason::Fault { fault: Fault::NegativeQuantity, .. } => "R041",
            RejectReason::Fault { fault: Fault::NotExact, .. } => "R042",
            RejectReason::Fault { fault: Fault::Missing, .. } => "R043",
            RejectReason::Fault { fault: Fault::Overflow, .. } => "R044",
        }
    }
}

/// The start of an untrusted text, for a message.
pub(crate) fn excerpt(text: &str) -> String {
    let mut out: String = text.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().count() > 40 {
        out.push('…');
    }
    out
}

/// `; known are a, b, c` for short lists, nothing for long ones.
pub(crate) fn known<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.take(9).collect();
    match names.len() {
        0 => String::new(),
        1..=8 => format!("; known: {}", names.join(", ")),
        _ => String::new(),
    }
}
