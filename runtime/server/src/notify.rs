//! Sending notices: from the log to endpoints, beside everything else.
//!
//! What is known of deliveries lies in a file of the data directory. It may be lost: then notices are
//! sent again, under the same id, and receivers know them by it.

use crate::limits;
use crate::metrics::Metrics;
use crate::node::{Node, Refused};
use price_core::notify::{Endpoint, Notice};
use price_value::Timestamp;
use price_webhooks::{Client, Delivery, Endpoints, Outcome, Request, signatures};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, watch};

/// How often new notices and due attempts are looked for.
const LOOK: Duration = Duration::from_millis(250);
/// Notices that are taken up for an endpoint at once.
const TAKEN: usize = 100;

/// An endpoint of a tenant, and notices that it may not have taken up.
struct New {
    tenant: String,
    endpoint: Endpoint,
    /// The entry after which they are.
    after: u64,
    notices: Vec<(u64, Notice)>,
}
/// Tenant, endpoint and notice of an attempt.
type Attempt = (String, String, String);

/// See the module.
pub(crate) struct Hooks {
    file: PathBuf,
    state: Mutex<Endpoints>,
    /// Whether the state is another than that of the file.
    changed: AtomicBool,
    client: Client,
    /// Endpoints on internal addresses, without encryption, are let be.
    pub(crate) internal: bool,
}

impl Hooks {
    /// Reads what is known of deliveries; what cannot be read is begun anew.
    pub(crate) fn open(data: &Path, internal: bool) -> Hooks {
        let file = data.join("webhooks.json");
        let state = std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Hooks {
            file,
            state: Mutex::new(state),
            changed: AtomicBool::new(false),
            client: Client::new(internal),
            internal,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Endpoints> {
        // What is inside is whole at every moment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last attempts at an endpoint, how many notices wait, and whether it said that it is gone.
    pub(crate) fn deliveries(&self, tenant: &str, id: &str) -> (Vec<Delivery>, usize, bool) {
        let state = self.lock();
        let found = state.0.get(tenant).and_then(|all| all.get(id));
        found.map_or_else(Default::default, |of| (of.recent.iter().cloned().collect(), of.waiting.len(), of.disabled))
    }

    /// Sends notices again from behind an entry on, to an endpoint that may have said that it is gone.
    pub(crate) fn replay(&self, tenant: &str, id: &str, after: u64) {
        let mut state = self.lock();
        let of = state.0.entry(tenant.to_owned()).or_default().entry(id.to_owned()).or_default();
        (of.after, of.disabled) = (after, false);
        self.changed.store(true, Relaxed);
    }

    /// Sends one notice again; not where too many wait.
    pub(crate) fn again(&self, tenant: &str, endpoint: &Endpoint, seq: u64, notice: &Notice) -> bool {
        self.put_beside(tenant, endpoint, id_of(seq), body_of(notice))
    }

    /// Sends something to see whether an endpoint answers; not where too much waits.
    pub(crate) fn test(&self, tenant: &str, endpoint: &Endpoint, id: String) -> bool {
        let body = body("test", Timestamp(now_nanos()), &json!({ "endpoint": endpoint.id }));
        self.put_beside(tenant, endpoint, id, body)
    }

    fn put_beside(&self, tenant: &str, endpoint: &Endpoint, id: String, body: String) -> bool {
        let mut state = self.lock();
        let all = state.0.entry(tenant.to_owned()).or_default();
        let of = all.entry(endpoint.id.clone()).or_insert_with(|| begun(endpoint));
        self.changed.store(true, Relaxed);
        of.put_beside(id, body, seconds())
    }

    /// Sends until the server stops.
    pub(crate) async fn run(
        self: Arc<Hooks>,
        node: Arc<Node>,
        metrics: Arc<Metrics>,
        mut closing: watch::Receiver<bool>,
    ) {
        let (done, mut tried) = mpsc::unbounded_channel::<(Attempt, Outcome)>();
        let mut flying: BTreeSet<Attempt> = BTreeSet::new();
        let (mut endpoints, mut look) = (Vec::new(), tokio::time::interval(LOOK));
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = look.tick() => {
                    match self.take_up(&node).await {
                        Ok(found) => endpoints = found,
                        // It asks again.
                        Err(Refused::Busy) => {}
                        Err(Refused::Closing) => break,
                    }
                    let hooks = self.clone();
                    let _ = tokio::task::spawn_blocking(move || hooks.save()).await;
                }
                // Where one has landed the next one starts: many may wait at the end of a month.
                Some((attempt, outcome)) = tried.recv() => {
                    self.landed(&attempt, &outcome, &metrics);
                    flying.remove(&attempt);
                }
                _ = closing.changed() => break,
            }
            self.start(&endpoints, &mut flying, &done);
            self.count(&metrics);
        }
        // What is under way lands, or is tried again after the next start.
        let stop = tokio::time::Instant::now() + limits::STOP_TIME;
        while !flying.is_empty()
            && let Ok(Some((attempt, outcome))) = tokio::time::timeout_at(stop, tried.recv()).await
        {
            self.landed(&attempt, &outcome, &metrics);
            flying.remove(&attempt);
        }
        self.save();
    }

    fn landed(&self, (tenant, endpoint, id): &Attempt, outcome: &Outcome, metrics: &Metrics) {
        let mut state = self.lock();
        let Some(of) = state.0.get_mut(tenant).and_then(|all| all.get_mut(endpoint)) else { return };
        let given_up = of.tried(id, outcome, seconds());
        self.changed.store(true, Relaxed);
        match outcome {
            Outcome::Delivered => metrics.notices_sent.fetch_add(1, Relaxed),
            _ => metrics.notices_failed.fetch_add(1, Relaxed),
        };
        if given_up {
            metrics.notices_given_up.fetch_add(1, Relaxed);
        }
    }

    /// Takes up what is new for each endpoint.
    async fn take_up(&self, node: &Node) -> Result<Vec<(String, Endpoint)>, Refused> {
        // Up to which entry each took notices up, and whether it takes more.
        let known: BTreeMap<(String, String), (u64, bool)> = {
            let state = self.lock();
            let all = state.0.iter().flat_map(|(tenant, all)| all.iter().map(move |(id, of)| (tenant, id, of)));
            all.map(|(tenant, id, of)| ((tenant.clone(), id.clone()), (of.after, of.has_room()))).collect()
        };
        let question = move |machine: &mut price_core::Machine| {
            let mut all: Vec<New> = Vec::new();
            for tenant in machine.notified() {
                for endpoint in machine.endpoints(&tenant) {
                    let of = known.get(&(tenant.clone(), endpoint.id.clone()));
                    let (after, room) = of.copied().unwrap_or((endpoint.after, true));
                    let notices = if room { machine.notices(&tenant, after, TAKEN) } else { Vec::new() };
                    all.push(New { tenant: tenant.clone(), endpoint, after, notices });
                }
            }
            all
        };
        let found = node.look(question).await?;
        let mut state = self.lock();
        // What is no longer an endpoint is forgotten.
        let kept: BTreeSet<(&str, &str)> =
            found.iter().map(|new| (new.tenant.as_str(), new.endpoint.id.as_str())).collect();
        for (tenant, all) in &mut state.0 {
            all.retain(|id, _| kept.contains(&(tenant.as_str(), id.as_str())));
        }
        state.0.retain(|_, all| !all.is_empty());
        let now = seconds();
        for New { tenant, endpoint, after, notices } in &found {
            let all = state.0.entry(tenant.clone()).or_default();
            let of = all.entry(endpoint.id.clone()).or_insert_with(|| begun(endpoint));
            // Somebody asked for a replay meanwhile, or it said that it is gone.
            if of.after != *after || of.disabled {
                continue;
            }
            for (seq, notice) in notices {
                if endpoint.wants(notice) {
                    of.put(id_of(*seq), body_of(notice), now);
                }
                of.after = of.after.max(*seq);
                self.changed.store(true, Relaxed);
            }
        }
        Ok(found.into_iter().map(|new| (new.tenant, new.endpoint)).collect())
    }

    /// Starts what is due, a few at each endpoint at a time.
    fn start(
        &self,
        endpoints: &[(String, Endpoint)],
        flying: &mut BTreeSet<Attempt>,
        done: &mpsc::UnboundedSender<(Attempt, Outcome)>,
    ) {
        let state = self.lock();
        let now = seconds();
        for (tenant, endpoint) in endpoints {
            let Some(of) = state.0.get(tenant).and_then(|all| all.get(&endpoint.id)) else { continue };
            for (id, waiting) in of.due(now) {
                let here = flying.iter().filter(|(t, e, _)| t == tenant && *e == endpoint.id).count();
                if here >= limits::NOTICES_AT_ONCE || flying.len() >= limits::NOTICES_UNDER_WAY {
                    break;
                }
                let attempt = (tenant.clone(), endpoint.id.clone(), id.clone());
                if !flying.insert(attempt.clone()) {
                    continue;
                }
                let (id, waiting) = (id.clone(), waiting.clone());
                let (client, done, url) = (self.client.clone(), done.clone(), endpoint.url.clone());
                let micros = now.saturating_mul(1_000_000);
                let secrets = endpoint.secrets.iter().filter(|secret| secret.until.is_none_or(|until| micros < until));
                let signed = signatures(secrets.map(|secret| secret.text.as_str()), &id, now, &waiting.body);
                tokio::task::spawn_blocking(move || {
                    let outcome = match &signed {
                        Ok(signatures) => {
                            let body = &waiting.body;
                            client.send(&Request { url: &url, id: &id, seconds: now, signatures, body })
                        }
                        Err(wrong) => Outcome::Failed { why: wrong.to_string(), pause: None },
                    };
                    // Nobody listens any more when the server stops.
                    let _ = done.send((attempt, outcome));
                });
            }
        }
    }

    fn count(&self, metrics: &Metrics) {
        let state = self.lock();
        let all = || state.0.values().flat_map(BTreeMap::values);
        metrics.notices_waiting.store(all().map(|of| of.waiting.len() as u64).sum(), Relaxed);
        metrics.endpoints_disabled.store(all().filter(|of| of.disabled).count() as u64, Relaxed);
    }

    /// Keeps what is known, where it changed. Waits for the disk.
    fn save(&self) {
        if !self.changed.swap(false, Relaxed) {
            return;
        }
        let text = serde_json::to_string(&*self.lock()).unwrap_or_default();
        let beside = self.file.with_extension("tmp");
        let written = std::fs::File::create(&beside).and_then(|mut file| {
            std::io::Write::write_all(&mut file, text.as_bytes())?;
            file.sync_data()?;
            std::fs::rename(&beside, &self.file)
        });
        // Not written, it is sent again after a restart, if it is not written the next time.
        if written.is_err() {
            self.changed.store(true, Relaxed);
        }
    }
}

/// The id of the notice of an entry.
fn id_of(seq: u64) -> String {
    format!("msg_{seq:016x}")
}

/// The entry of the notice of an id.
pub(crate) fn entry_of(id: &str) -> Option<u64> {
    let seq = u64::from_str_radix(id.strip_prefix("msg_")?, 16).ok()?;
    (id_of(seq) == id).then_some(seq)
}

fn body_of(notice: &Notice) -> String {
    body(notice.kind.word(), Timestamp(notice.at.saturating_mul(1_000)), &notice.data)
}

/// What is known of an endpoint that nothing was sent to.
fn begun(endpoint: &Endpoint) -> price_webhooks::Endpoint {
    price_webhooks::Endpoint { after: endpoint.after, ..price_webhooks::Endpoint::default() }
}

fn body(kind: &str, at: Timestamp, data: &serde_json::Value) -> String {
    let text = json!({ "type": kind, "timestamp": at.to_string(), "data": data }).to_string();
    if text.len() <= price_webhooks::limits::BODY_BYTES {
        return text;
    }
    // So long only where names are: who gets it asks for the rest.
    json!({ "type": kind, "timestamp": at.to_string(), "data": { "shortened": true } }).to_string()
}

fn now_nanos() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

fn seconds() -> i64 {
    now_nanos() / 1_000_000_000
}
