//! What deliveries bound, in one place.

use std::time::Duration;

/// Time for a whole request.
pub const REQUEST_TIME: Duration = Duration::from_secs(15);
/// Bytes of an answer that are read; what it says is not looked at.
pub const ANSWER_BYTES: u64 = 64 << 10;
/// Bytes of a notice, by the standard.
pub const BODY_BYTES: usize = 20_000;
/// Deliveries of an endpoint that are remembered.
pub const REMEMBERED: usize = 100;
/// Notices of an endpoint that wait to be tried again; those behind them wait in the log.
pub const WAITING: usize = 1_000;
/// Notices that may wait beyond that: taken up together, asked for again one by one, tests.
pub const BESIDE: usize = 200;
/// Bytes of the reason of a failure.
pub const REASON_BYTES: usize = 200;
/// Bytes of a secret, decoded, by the standard.
pub const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
