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
/// Accounts of one tenant.
pub const ACCOUNTS: usize = 1 << 24;
/// Rejects that are kept for looking at; the log has all of them.
pub const REJECTS: usize = 10_000;
/// Runs of cells that a rater may lose to folding anew before it is made anew itself.
pub const LOST_RUNS: usize = 4_096;
