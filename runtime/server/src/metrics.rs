//! What is counted, as Prometheus text. No names of customers: labels are few and known.

use crate::quotas::What;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper ends of the buckets of flush times, in microseconds.
const SYNC_BUCKETS: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000];

/// What became of an event.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Accepted,
    Duplicate,
    Conflict,
    Rejected,
}

/// How a family is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    fn named(word: &str) -> Kind {
        match word {
            "counter" => Kind::Counter,
            "histogram" => Kind::Histogram,
            _ => Kind::Gauge,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }
}

/// Counts under one name.
pub(crate) struct Family {
    /// Without `price_`.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) help: &'static str,
    /// What stands behind the name, and the number.
    pub(crate) rows: Vec<(String, String)>,
}

const OUTCOMES: [&str; 4] = ["accepted", "duplicate", "conflict", "rejected"];

/// See the module.
#[derive(Default)]
pub(crate) struct Metrics {
    events: [AtomicU64; 4],
    pub(crate) groups: AtomicU64,
    pub(crate) entries: AtomicU64,
    pub(crate) busy: AtomicU64,
    pub(crate) durable: AtomicU64,
    pub(crate) replayed: AtomicU64,
    pub(crate) replay_millis: AtomicU64,
    /// The last entry of the newest checkpoint, 0 for none.
    pub(crate) checkpoint: AtomicU64,
    /// The last erasure that is carried out in the files of the log, 0 for none.
    pub(crate) erased: AtomicU64,
    pub(crate) erasing_failed: AtomicU64,
    pub(crate) no_room: AtomicU64,
    pub(crate) queue_requests: AtomicU64,
    pub(crate) queue_bytes: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) followers: AtomicU64,
    pub(crate) notices_sent: AtomicU64,
    pub(crate) notices_failed: AtomicU64,
    pub(crate) notices_given_up: AtomicU64,
    pub(crate) notices_waiting: AtomicU64,
    pub(crate) caught_up: AtomicU64,
    /// By [`What`].
    pub(crate) quota: [AtomicU64; 4],
    pub(crate) endpoints_disabled: AtomicU64,
    syncs: [AtomicU64; SYNC_BUCKETS.len() + 1],
    sync_micros: AtomicU64,
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
}

impl Metrics {
    pub(crate) fn event(&self, outcome: Outcome) {
        self.events[outcome as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn synced(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = SYNC_BUCKETS.iter().position(|end| micros <= *end).unwrap_or(SYNC_BUCKETS.len());
        self.syncs[bucket].fetch_add(1, Relaxed);
        self.sync_micros.fetch_add(micros, Relaxed);
    }

    pub(crate) fn answered(&self, route: &'static str, status: u16) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((route, status)).or_default() += 1;
    }

    /// All families, as Prometheus reads them.
    pub(crate) fn text(&self, ready: bool) -> String {
        let mut out = String::with_capacity(4_096);
        for Family { name, kind, help, rows } in self.families(ready) {
            let _ = writeln!(out, "# HELP price_{name} {help}\n# TYPE price_{name} {}", kind.word());
            for (labels, value) in rows {
                let _ = writeln!(out, "price_{name}{labels} {value}");
            }
        }
        out
    }

    pub(crate) fn families(&self, ready: bool) -> Vec<Family> {
        let mut out = Vec::with_capacity(32);
        let mut family = |name: &str, kind: &str, help: &'static str, rows: &[(String, String)]| {
            out.push(Family { name: name.to_owned(), kind: Kind::named(kind), help, rows: rows.to_vec() });
        };
        let one = |value: &AtomicU64| vec![(String::new(), value.load(Relaxed).to_string())];
        let version = format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
        family("build_info", "gauge", "The release that runs.", &[(version, "1".into())]);
        family("ready", "gauge", "1 once the log is replayed.", &[(String::new(), u8::from(ready).to_string())]);
        let events: Vec<(String, String)> = OUTCOMES
            .iter()
            .zip(&self.events)
            .map(|(name, count)| (format!("{{result=\"{name}\"}}"), count.load(Relaxed).to_string()))
            .collect();
        family("events_total", "counter", "Events by what became of them.", &events);
        family("log_groups_total", "counter", "Groups that were flushed.", &one(&self.groups));
        family("log_entries_total", "counter", "Entries that were flushed.", &one(&self.entries));
        family("log_durable_entry", "gauge", "Last entry that is durable.", &one(&self.durable));
        family("log_no_room", "gauge", "1 while the disk has no room for the log.", &one(&self.no_room));
        family("checkpoint_entry", "gauge", "Last entry of the newest checkpoint.", &one(&self.checkpoint));
        family("erased_entry", "gauge", "Last erasure carried out in the files of the log.", &one(&self.erased));
        let help = "Attempts to take what is erased out of the files of the log that failed.";
        family("erasing_failed_total", "counter", help, &one(&self.erasing_failed));
        family("replayed_entries", "gauge", "Entries replayed on start.", &one(&self.replayed));
        let millis = self.replay_millis.load(Relaxed);
        let seconds = format!("{}.{:03}", millis / 1_000, millis % 1_000);
        family("replay_seconds", "gauge", "Time the replay took.", &[(String::new(), seconds)]);
        family("queue_requests", "gauge", "Requests that wait for the shard.", &one(&self.queue_requests));
        family("queue_bytes", "gauge", "Bytes of requests that wait for the shard.", &one(&self.queue_bytes));
        family("queue_full_total", "counter", "Requests turned away because the queue was full.", &one(&self.busy));
        family("connections", "gauge", "Open connections.", &one(&self.connections));
        family("posting_streams", "gauge", "Open streams of postings.", &one(&self.followers));
        let help = "Times that a slow reader of postings was sent back to the log.";
        family("postings_caught_up_total", "counter", help, &one(&self.caught_up));
        let refused: Vec<(String, String)> = What::ALL
            .into_iter()
            .zip(&self.quota)
            .map(|(what, count)| (format!("{{what=\"{}\"}}", what.word()), count.load(Relaxed).to_string()))
            .collect();
        family("quota_refused_total", "counter", "Requests beyond the quota of their tenant.", &refused);
        family("notices_sent_total", "counter", "Notices that endpoints took.", &one(&self.notices_sent));
        family(
            "notice_attempts_failed_total",
            "counter",
            "Attempts that endpoints did not take.",
            &one(&self.notices_failed),
        );
        family("notices_given_up_total", "counter", "Notices that were given up.", &one(&self.notices_given_up));
        family("notices_waiting", "gauge", "Notices that wait to be sent.", &one(&self.notices_waiting));
        family(
            "endpoints_disabled",
            "gauge",
            "Endpoints that said that they are gone.",
            &one(&self.endpoints_disabled),
        );
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let rows: Vec<(String, String)> = requests
            .iter()
            .map(|((route, status), count)| (format!("{{route=\"{route}\",status=\"{status}\"}}"), count.to_string()))
            .collect();
        family("http_requests_total", "counter", "Requests by route and status.", &rows);
        let mut total = 0;
        let mut rows: Vec<(String, String)> = Vec::new();
        for (end, count) in SYNC_BUCKETS.iter().zip(&self.syncs) {
            total += count.load(Relaxed);
            rows.push((format!("_bucket{{le=\"{}\"}}", seconds_of(*end)), total.to_string()));
        }
        total += self.syncs[SYNC_BUCKETS.len()].load(Relaxed);
        rows.push(("_bucket{le=\"+Inf\"}".into(), total.to_string()));
        rows.push(("_sum".into(), seconds_of(self.sync_micros.load(Relaxed))));
        rows.push(("_count".into(), total.to_string()));
        family("log_sync_seconds", "histogram", "Time of a flush of the log.", &rows);
        out
    }
}

fn seconds_of(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_add_up() {
        let metrics = Metrics::default();
        for micros in [50, 100, 101, 3_000_000] {
            metrics.synced(Duration::from_micros(micros));
        }
        metrics.event(Outcome::Duplicate);
        metrics.answered("/v1/events", 200);
        let text = metrics.text(true);
        for line in [
            "price_log_sync_seconds_bucket{le=\"0.000100\"} 2",
            "price_log_sync_seconds_bucket{le=\"0.000250\"} 3",
            "price_log_sync_seconds_bucket{le=\"+Inf\"} 4",
            "price_log_sync_seconds_sum 3.000251",
            "price_log_sync_seconds_count 4",
            "price_events_total{result=\"duplicate\"} 1",
            "price_events_total{result=\"conflict\"} 0",
            "price_http_requests_total{route=\"/v1/events\",status=\"200\"} 1",
            "price_ready 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
    }
}
