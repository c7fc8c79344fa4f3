//! Reading a body: bounded in size and time, and all bodies together in memory.

use crate::http::App;
use crate::http::problem::Problem;
use crate::limits;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use tokio::sync::SemaphorePermit;

/// A body, and the room it takes while it is held.
pub(crate) struct Held<'a> {
    pub(crate) bytes: Bytes,
    _room: Option<SemaphorePermit<'a>>,
}

/// Reads a body of at most `most` bytes. What says that it is longer is not read at all.
pub(crate) async fn read<'a>(app: &'a App, headers: &HeaderMap, body: Body, most: usize) -> Result<Held<'a>, Problem> {
    let too_large = || Problem::too_large(format!("a body holds at most {most} bytes"));
    let said = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|said| said > most as u64) {
        return Err(too_large());
    }
    let coded = headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
    if coded {
        return Err(Problem::media("a body is sent as it is, without `Content-Encoding`"));
    }
    tokio::time::timeout(limits::BODY_TIME, collect(app, body, said, most, too_large))
        .await
        .unwrap_or_else(|_| Err(Problem::too_slow()))
}

async fn collect<'a>(
    app: &'a App,
    mut body: Body,
    said: Option<u64>,
    most: usize,
    too_large: impl Fn() -> Problem,
) -> Result<Held<'a>, Problem> {
    let mut bytes = Vec::with_capacity(said.unwrap_or_default().min(64 << 10) as usize);
    let mut room: Option<SemaphorePermit<'a>> = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::malformed("the body broke off; nothing was taken"))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > most {
            return Err(too_large());
        }
        // Only as much room as has arrived: a promise of much takes nothing from others.
        let needed = (bytes.len() + data.len()).div_ceil(1 << 10);
        let has = room.as_ref().map_or(0, SemaphorePermit::num_permits);
        if needed > has {
            let more = app.bodies.try_acquire_many((needed - has) as u32);
            let more = more.map_err(|_| Problem::busy("bodies of other requests take all room; send it again"))?;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Held { bytes: bytes.into(), _room: room })
}

/// The content type, without what is not text.
pub(crate) fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())
}
