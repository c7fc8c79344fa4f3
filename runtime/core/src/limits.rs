//! What the core bounds, in one place.

/// Bytes of the name of a tenant.
pub const TENANT_BYTES: usize = 128;
/// Bytes of a source or an id.
pub const IDENTITY_BYTES: usize = 512;
/// Bytes of the name of a backfill.
pub const SET_BYTES: usize = 128;
/// Bytes of a record.
pub const RECORD_BYTES: usize = 256 * 1024;
/// Plans of one tenant.
pub const PLANS: usize = 10_000;
/// Bytes of the latest events whose texts are kept at hand; those of all others are read from the log.
pub const AT_HAND_BYTES: usize = 64 << 20;
/// Accounts of one tenant.
pub const ACCOUNTS: usize = 1 << 24;
/// Rejects that are kept for looking at; the log has all of them.
pub const REJECTS: usize = 10_000;
/// Events before one that are folded to say what it added.
pub const PATH_EVENTS: usize = 1_000_000;
/// Keys of one tenant whose answers are kept.
pub const ONCE_KEYS: usize = 10_000;
/// Bytes of answers that are kept under keys of one tenant; the log has all of them.
pub const ONCE_BYTES: usize = 16 << 20;
/// Time for which answers are kept under their key, in microseconds: a day.
pub const ONCE_MICROS: i64 = 24 * 3_600 * 1_000_000;
/// Bytes of a key.
pub const ONCE_KEY_BYTES: usize = 255;
/// Commands under one key.
pub const ONCE_COMMANDS: usize = 1_000;
/// Bytes of a message in an answer that is kept.
pub const ONCE_MESSAGE_BYTES: usize = 1_024;
/// Invoices that are made before other commands are looked at again.
pub const CLOSED_TOGETHER: usize = 256;
/// Closed periods for which somebody is billed who is put onto a plan with a day in the past.
pub const CLOSED_PERIODS: usize = 1_200;
/// Bytes of what numbers of documents begin with.
pub const NUMBER_PREFIX_BYTES: usize = 32;
/// Bytes of a text about a document: a reason, an outcome, a reference.
pub const REASON_BYTES: usize = 1_024;
/// Disputes of one document.
pub const DISPUTES: usize = 100;
/// References of one document.
pub const REFERENCES: usize = 20;
/// Bytes of the name of a reference.
pub const REFERENCE_NAME_BYTES: usize = 64;
/// The latest time of a test clock, in microseconds: the year 2200.
pub const CLOCK_MICROS: i64 = 7_258_118_400_000_000;
/// Reservations of one tenant that are known: those that hold, and those that ended within a day.
pub const HOLDS: usize = 1_000_000;
/// Bytes of the id of a reservation.
pub const HOLD_BYTES: usize = 128;
/// Seconds for which a reservation may hold: a week.
pub const HOLD_SECONDS: u32 = 7 * 86_400;
/// Bytes of an amount in a command.
pub const AMOUNT_BYTES: usize = 64;
/// Features of a policy.
pub const FEATURES: usize = 1_000;
/// Bytes of the name of a feature.
pub const FEATURE_BYTES: usize = 256;
/// Endpoints of one tenant.
pub const ENDPOINTS: usize = 50;
/// Bytes of the id of an endpoint.
pub const ENDPOINT_BYTES: usize = 64;
/// Bytes of the address of an endpoint.
pub const URL_BYTES: usize = 2_048;
/// Shares of limits that an endpoint is told.
pub const SHARES: usize = 16;
/// What such a share may be, in percent: beyond the whole where a limit is soft.
pub const SHARE: std::ops::RangeInclusive<u16> = 1..=1_000;
/// Microseconds between two notices of rejected events.
pub const REJECTS_APART: i64 = 60_000_000;
/// Notices of one tenant that are kept at hand to be sent; the log has all of them.
pub const NOTICES: usize = 100_000;
/// Drafts of one tenant that are kept at hand to be sent, of periods that are not closed.
pub const DRAFTS: usize = 1 << 20;
/// Billed subjects that are looked at for notices before other commands are looked at again.
pub const LOOKED_TOGETHER: usize = 64;
/// Events that a list of the latest ones looks at.
pub const RECENT_EVENTS: usize = 1_000_000;
/// What an event counts in that whose text has to be read.
pub const RECENT_READ: usize = 10;
/// For how long a token of a customer's browser is good, in microseconds: an hour.
pub const TOKEN_MICROS: i64 = 3_600 * 1_000_000;
/// Tokens of one tenant that were ended within that time.
pub const TOKENS_ENDED: usize = 10_000;
/// Events that a question about usage looks at.
pub const USAGE_EVENTS: usize = 1_000_000;
/// Rows that it is answered with.
pub const USAGE_ROWS: usize = 100_000;
/// Runs of cells that a rater may lose to folding anew before it is made anew itself.
pub const LOST_RUNS: usize = 4_096;

/// Commands that are decided between two pauses of the machine: a tenth of a millisecond's work.
pub const BETWEEN_PAUSES: usize = 32;
