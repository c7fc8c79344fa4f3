//! What is accepted: server-sent events, sent after the flush. A stream begins now or behind an entry,
//! and a reader that breaks off goes on where it was.

use crate::http::App;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::keys::{Caller, Role};
use crate::node::{FollowError, Followed, Node, Past, Piece, Posted, Refused};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// Only of this account.
    account: Option<String>,
    /// Only what was accepted after this entry; the header `Last-Event-ID` wins over it.
    after: Option<u64>,
}

#[derive(Serialize)]
struct PostingOut<'p> {
    account: &'p str,
    event: &'p RawValue,
    seq: u64,
    r#type: &'p str,
}

/// Events that are ready for a reader before it takes them.
const READY: usize = 64;
/// How long a stream waits before it asks again where the queue is full.
const AGAIN: Duration = Duration::from_millis(100);

pub(super) async fn stream(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(filter): Params<Filter>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let after = resumed(&headers)?.or(filter.after);
    let node = app.node()?.clone();
    let own = app.quotas.stream(&caller.tenant)?;
    let seat = app.followers.clone().try_acquire_owned();
    let seat = seat.map_err(|_| Problem::busy("as many streams of postings are open as may"))?;
    let followed = node.follow(after).await?.map_err(|error| match error {
        FollowError::Beyond(_) => Problem::beyond(error.to_string()),
        FollowError::Store(error) => Problem::unreadable(error.to_string()),
    })?;
    let (send, receive) = mpsc::channel(READY);
    let reader = Reader {
        last: after.unwrap_or(followed.durable),
        tenant: caller.tenant,
        account: filter.account.map(Into::into),
        closing: app.closing.clone(),
        send,
    };
    app.metrics.followers.fetch_add(1, Relaxed);
    tokio::spawn(async move {
        reader.run(&app, &node, followed).await;
        app.metrics.followers.fetch_sub(1, Relaxed);
        drop((seat, own));
    });
    Ok(Sse::new(ReceiverStream::new(receive)).keep_alive(KeepAlive::default()).into_response())
}

/// The last entry that a reader got before it broke off.
fn resumed(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    let seq = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    seq.map(Some).ok_or_else(|| Problem::parameter("`Last-Event-ID` is the `id` of a posting, a number"))
}

/// Somebody who follows.
struct Reader {
    /// The last entry that it got or did not want.
    last: u64,
    tenant: Arc<str>,
    account: Option<Arc<str>>,
    closing: watch::Receiver<bool>,
    send: mpsc::Sender<Result<Event, Infallible>>,
}

/// It is gone, or the server stops.
struct Gone;

impl Reader {
    async fn run(mut self, app: &App, node: &Node, mut followed: Followed) {
        loop {
            let Followed { past, mut live, .. } = followed;
            if let Some(past) = past
                && self.past(past).await.is_err()
            {
                return;
            }
            loop {
                let next = tokio::select! {
                    next = live.recv() => next,
                    _ = self.closing.changed() => return,
                    () = self.send.closed() => return,
                };
                match next {
                    // It was in the log already.
                    Ok(posting) if posting.seq <= self.last => {}
                    Ok(posting) => {
                        self.last = posting.seq;
                        if self.tell(&posting).await.is_err() {
                            return;
                        }
                    }
                    // What it did not take in time is in the log.
                    Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return,
                }
            }
            app.metrics.caught_up.fetch_add(1, Relaxed);
            followed = loop {
                match node.follow(Some(self.last)).await {
                    Ok(Ok(followed)) => break followed,
                    Ok(Err(error)) => return tracing::error!(%error, "a stream of postings ends"),
                    Err(Refused::Closing) => return,
                    Err(Refused::Busy) => tokio::time::sleep(AGAIN).await,
                }
            };
        }
    }

    /// What the log has, piece by piece, read on a thread that may wait.
    async fn past(&mut self, mut past: Past) -> Result<(), Gone> {
        loop {
            let tenant = self.tenant.clone();
            let read = move || {
                let piece = past.read(|posted| *posted.tenant == *tenant);
                (past, piece)
            };
            let (rest, piece) = tokio::task::spawn_blocking(read).await.map_err(|_| Gone)?;
            let Piece { postings, last } = piece.map_err(|error| {
                tracing::error!(%error, "a stream of postings ends");
                Gone
            })?;
            for posting in postings {
                self.tell(&posting).await?;
            }
            match last {
                Some(last) => self.last = last,
                None => return Ok(()),
            }
            if self.send.is_closed() || *self.closing.borrow() {
                return Err(Gone);
            }
            past = rest;
        }
    }

    /// Sends a posting that is wanted.
    async fn tell(&mut self, posting: &Posted) -> Result<(), Gone> {
        let Some(event) = told(posting, &self.tenant, self.account.as_deref()) else { return Ok(()) };
        tokio::select! {
            sent = self.send.send(Ok(event)) => sent.map_err(|_| Gone),
            _ = self.closing.changed() => Err(Gone),
        }
    }
}

fn told(posting: &Posted, tenant: &str, account: Option<&str>) -> Option<Event> {
    if posting.tenant != tenant {
        return None;
    }
    let envelope = price_ingest::envelope(&posting.record).ok()?;
    if account.is_some_and(|account| account != envelope.account) {
        return None;
    }
    // A line end would end the event of the stream.
    let record = posting.record.replace(['\n', '\r'], " ");
    let event: &RawValue = serde_json::from_str(&record).ok()?;
    let out = PostingOut { account: &envelope.account, event, seq: posting.seq, r#type: &envelope.kind };
    let data = serde_json::to_string(&out).ok()?;
    Some(Event::default().id(posting.seq.to_string()).event("posting").data(data))
}
