//! What is accepted, as it is: server-sent events. They are sent after the flush.

use crate::http::App;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::keys::{Caller, Role};
use crate::node::Posted;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// Only of this account.
    account: Option<String>,
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

pub(super) async fn stream(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let mut posted = app.node()?.follow();
    let seat = app.followers.clone().try_acquire_owned();
    let seat = seat.map_err(|_| Problem::busy("as many streams of postings are open as may"))?;
    let (send, receive) = mpsc::channel::<Result<Event, Infallible>>(READY);
    let mut closing = app.closing.clone();
    let counted = app.clone();
    app.metrics.followers.fetch_add(1, Relaxed);
    tokio::spawn(async move {
        loop {
            let next = tokio::select! {
                next = posted.recv() => next,
                _ = closing.changed() => break,
                () = send.closed() => break,
            };
            let event = match next {
                Ok(posting) => match told(&posting, &caller.tenant, filter.account.as_deref()) {
                    Some(event) => event,
                    None => continue,
                },
                Err(RecvError::Lagged(count)) => {
                    counted.metrics.left_out.fetch_add(count, Relaxed);
                    Event::default().event("left-out").data(format!("{{\"count\":{count}}}"))
                }
                Err(RecvError::Closed) => break,
            };
            if send.send(Ok(event)).await.is_err() {
                break;
            }
        }
        counted.metrics.followers.fetch_sub(1, Relaxed);
        drop(seat);
    });
    Ok(Sse::new(ReceiverStream::new(receive)).keep_alive(KeepAlive::default()).into_response())
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
