//! When a notice is tried again.

use std::time::Duration;

/// Pauses before each attempt, in seconds: the schedule that Standard Webhooks recommends.
const PAUSES: [u64; 10] = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// How long to wait after so many attempts; none: it is given up.
pub fn after(attempts: u32) -> Option<Duration> {
    PAUSES.get(attempts as usize).map(|seconds| Duration::from_secs(*seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_over_three_days() {
        assert_eq!(after(0), Some(Duration::ZERO));
        assert_eq!(after(1), Some(Duration::from_secs(5)));
        assert_eq!(after(10), None);
        let all: u64 = (0..10).filter_map(after).map(|pause| pause.as_secs()).sum();
        assert!((3 * 86_400..4 * 86_400).contains(&all));
    }
}
