//! How much a tenant may ask for in a second: requests, events, bytes; and how many streams at a time.
//!
//! A bucket holds what a second allows. A request is let in where the bucket has at least one; what it
//! then takes may be more than is there, and is waited for by the next ones. So a batch that is larger
//! than a second allows is taken as a whole, and the rate holds over time.

use crate::http::Problem;
use crate::limits;
use crate::metrics::Metrics;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What one tenant may do. `None` is without bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quota {
    /// Requests per second.
    pub requests: Option<u64>,
    /// Events per second.
    pub events: Option<u64>,
    /// Bytes of bodies per second.
    pub bytes: Option<u64>,
    /// Streams of postings at a time.
    pub streams: Option<u64>,
}

/// The names of its members in a configuration.
pub const QUOTA_KEYS: [&str; 4] = ["bytes", "events", "requests", "streams"];

impl Quota {
    /// What it says itself, and for the rest what another says.
    pub fn or(self, other: Quota) -> Quota {
        Quota {
            requests: self.requests.or(other.requests),
            events: self.events.or(other.events),
            bytes: self.bytes.or(other.bytes),
            streams: self.streams.or(other.streams),
        }
    }

    /// The member of a name.
    pub fn member(&mut self, name: &str) -> Option<&mut Option<u64>> {
        match name {
            "requests" => Some(&mut self.requests),
            "events" => Some(&mut self.events),
            "bytes" => Some(&mut self.bytes),
            "streams" => Some(&mut self.streams),
            _ => None,
        }
    }
}

/// Quotas as they are configured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QuotaConfig {
    /// Of every tenant.
    pub every: Quota,
    /// Of some of them; what is not said here is as for every tenant.
    pub tenants: BTreeMap<String, Quota>,
}

/// Something that a quota bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Requests,
    Events,
    Bytes,
    Streams,
}

impl What {
    pub(crate) const ALL: [What; 4] = [What::Requests, What::Events, What::Bytes, What::Streams];

    pub(crate) fn word(self) -> &'static str {
        match self {
            What::Requests => "requests",
            What::Events => "events",
            What::Bytes => "bytes",
            What::Streams => "streams",
        }
    }
}

/// Millionths of one.
const ONE: i64 = 1_000_000;

/// What is left, in millionths, and when that was so, in microseconds.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    rate: Option<i64>,
    level: i64,
    at: i64,
}

impl Bucket {
    fn new(rate: Option<u64>, at: i64) -> Bucket {
        let rate = rate.map(|rate| rate.min(limits::QUOTA) as i64);
        Bucket { rate, level: rate.map_or(0, |rate| rate * ONE), at }
    }

    /// Seconds until there is one again; none where there is.
    fn wait(&mut self, now: i64) -> Option<u64> {
        let rate = self.rate?;
        let passed = now.saturating_sub(self.at).max(0);
        // A rate in ones per second is one in millionths per microsecond.
        self.level = self.level.saturating_add(rate.saturating_mul(passed)).min(rate * ONE);
        self.at = now.max(self.at);
        let missing = ONE.saturating_sub(self.level);
        (missing > 0).then(|| div_up(div_up(missing, rate), ONE).max(1) as u64)
    }

    fn take(&mut self, count: u64) {
        if self.rate.is_some() {
            let count = i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(ONE);
            self.level = self.level.saturating_sub(count);
        }
    }
}

/// Of numbers above zero.
fn div_up(number: i64, by: i64) -> i64 {
    number / by + i64::from(number % by != 0)
}

struct Tenant {
    requests: Bucket,
    events: Bucket,
    bytes: Bucket,
    streams: u64,
    streams_max: Option<u64>,
}

/// See the module.
pub(crate) struct Quotas {
    config: QuotaConfig,
    /// As many as there are tenants with keys.
    tenants: Mutex<HashMap<Arc<str>, Tenant>>,
    started: Instant,
    metrics: Arc<Metrics>,
}

/// A stream that counts as long as it is held.
pub(crate) struct Stream {
    quotas: Arc<Quotas>,
    tenant: Arc<str>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(tenant) = self.quotas.lock().get_mut(&self.tenant) {
            tenant.streams -= 1;
        }
    }
}

impl Quotas {
    pub(crate) fn new(config: QuotaConfig, metrics: Arc<Metrics>) -> Arc<Quotas> {
        Arc::new(Quotas { config, tenants: Mutex::default(), started: Instant::now(), metrics })
    }

    fn now(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Tenant>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, tenant: &Arc<str>, now: i64, work: impl FnOnce(&mut Tenant) -> T) -> T {
        let mut tenants = self.lock();
        let known = tenants.entry(tenant.clone()).or_insert_with(|| {
            let own = self.config.tenants.get(&**tenant).copied().unwrap_or_default();
            let Quota { requests, events, bytes, streams } = own.or(self.config.every);
            Tenant {
                requests: Bucket::new(requests, now),
                events: Bucket::new(events, now),
                bytes: Bucket::new(bytes, now),
                streams: 0,
                streams_max: streams,
            }
        });
        work(known)
    }

    fn refused(&self, what: What, seconds: u64) -> Problem {
        self.metrics.quota[what as usize].fetch_add(1, Relaxed);
        match what {
            What::Streams => Problem::too_many_streams(),
            _ => Problem::quota(what.word(), seconds),
        }
    }

    /// Lets a request of a tenant in. What it then brings is taken by [`Quotas::sent`] and [`Quotas::read`].
    pub(crate) fn request(&self, tenant: &Arc<str>) -> Result<(), Problem> {
        self.request_at(tenant, self.now())
    }

    fn request_at(&self, tenant: &Arc<str>, now: i64) -> Result<(), Problem> {
        let wait = self.with(tenant, now, |tenant| {
            let requests = tenant.requests.wait(now).map(|seconds| (What::Requests, seconds));
            let wait = requests.or_else(|| tenant.bytes.wait(now).map(|seconds| (What::Bytes, seconds)));
            if wait.is_none() {
                tenant.requests.take(1);
            }
            wait
        });
        wait.map_or(Ok(()), |(what, seconds)| Err(self.refused(what, seconds)))
    }

    /// Whether a tenant may send events now.
    pub(crate) fn may_send(&self, tenant: &Arc<str>) -> Result<(), Problem> {
        self.may_send_at(tenant, self.now())
    }

    fn may_send_at(&self, tenant: &Arc<str>, now: i64) -> Result<(), Problem> {
        let wait = self.with(tenant, now, |tenant| tenant.events.wait(now));
        wait.map_or(Ok(()), |seconds| Err(self.refused(What::Events, seconds)))
    }

    /// Events that a tenant has sent.
    pub(crate) fn sent(&self, tenant: &Arc<str>, events: usize) {
        self.with(tenant, self.now(), |tenant| tenant.events.take(events as u64));
    }

    /// Bytes that a tenant has sent.
    pub(crate) fn read(&self, tenant: &Arc<str>, bytes: u64) {
        self.with(tenant, self.now(), |tenant| tenant.bytes.take(bytes));
    }

    /// A stream of a tenant.
    pub(crate) fn stream(self: &Arc<Quotas>, tenant: &Arc<str>) -> Result<Stream, Problem> {
        let room = self.with(tenant, self.now(), |tenant| {
            let room = tenant.streams_max.is_none_or(|most| tenant.streams < most);
            tenant.streams += u64::from(room);
            room
        });
        match room {
            true => Ok(Stream { quotas: self.clone(), tenant: tenant.clone() }),
            false => Err(self.refused(What::Streams, 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn quotas(every: Quota, acme: Quota) -> Arc<Quotas> {
        let config = QuotaConfig { every, tenants: [("acme".to_owned(), acme)].into() };
        Quotas::new(config, Arc::default())
    }

    fn let_in(quotas: &Quotas, tenant: &str, now: i64, tries: usize) -> usize {
        let tenant: Arc<str> = tenant.into();
        (0..tries).filter(|_| quotas.request_at(&tenant, now).is_ok()).count()
    }

    #[test]
    fn a_second_lets_in_what_it_allows_and_tenants_do_not_share() {
        let per = |requests| Quota { requests: Some(requests), ..Quota::default() };
        let quotas = quotas(per(10), per(3));
        assert_eq!(let_in(&quotas, "acme", 0, 1_000), 3, "its own");
        assert_eq!(let_in(&quotas, "globex", 0, 1_000), 10, "as for every tenant, and the storm of another took none");
        assert_eq!(let_in(&quotas, "acme", SECOND / 3, 10), 0);
        assert_eq!(let_in(&quotas, "acme", SECOND / 3 + 1, 10), 1);
        assert_eq!(let_in(&quotas, "acme", 3_600 * SECOND, 10), 3, "what was not used is not saved up");
        assert_eq!(let_in(&quotas, "acme", SECOND, 10), 0, "a clock that goes back gives nothing");
    }

    #[test]
    fn a_large_batch_is_taken_as_a_whole_and_waited_for() {
        let quotas = quotas(Quota { events: Some(100), ..Quota::default() }, Quota::default());
        let acme: Arc<str> = "acme".into();
        quotas.may_send_at(&acme, 0).expect("the bucket is full");
        quotas.with(&acme, 0, |tenant| tenant.events.take(1_000));
        let problem = quotas.may_send_at(&acme, 0).expect_err("900 more than there were");
        assert_eq!(problem.retry_after(), Some("10".to_owned()), "{problem:?}");
        assert!(quotas.may_send_at(&acme, 9 * SECOND).is_err());
        assert!(quotas.may_send_at(&acme, 9 * SECOND + SECOND / 100).is_ok());
    }

    #[test]
    fn streams_count_as_long_as_they_are_held() {
        let quotas = quotas(Quota { streams: Some(1), ..Quota::default() }, Quota::default());
        let (acme, globex): (Arc<str>, Arc<str>) = ("acme".into(), "globex".into());
        let held = quotas.stream(&acme).map_err(|_| ()).expect("the first");
        assert!(quotas.stream(&acme).is_err() && quotas.stream(&globex).is_ok());
        drop(held);
        assert!(quotas.stream(&acme).is_ok());
    }

    #[test]
    fn what_is_not_said_is_without_bound() {
        let quotas = quotas(Quota::default(), Quota::default());
        assert_eq!(let_in(&quotas, "acme", 0, 10_000), 10_000);
    }
}
