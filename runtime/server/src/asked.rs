//! What is known of a request while it is worked on: its trace, its tenant, what it brought.

use crate::home::{hex, random};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt as _;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

/// The header that carries a trace, in and out (W3C Trace Context).
pub(crate) const TRACEPARENT: &str = "traceparent";

tokio::task_local! {
    /// The request that this task works on.
    static NOW: Arc<Asked>;
}

/// Where a request stands in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trace {
    pub(crate) id: [u8; 16],
    /// The span of the caller.
    pub(crate) parent: Option<[u8; 8]>,
    /// Our own.
    pub(crate) span: [u8; 8],
    /// The caller keeps the trace, or nobody said.
    pub(crate) sampled: bool,
}

impl Trace {
    /// The trace that a request is part of; a new one where it names none that can be understood.
    pub(crate) fn of(headers: &HeaderMap) -> Trace {
        let mut all = headers.get_all(TRACEPARENT).iter();
        let named = match (all.next(), all.next()) {
            (Some(one), None) => one.to_str().ok().and_then(parse),
            _ => None,
        };
        // None of them is all zeros, which would be no id.
        let span = (u64::from_be_bytes(some()) | 1).to_be_bytes();
        match named {
            Some((id, parent, sampled)) => Trace { id, parent: Some(parent), span, sampled },
            None => Trace { id: (u128::from_be_bytes(some()) | 1).to_be_bytes(), parent: None, span, sampled: true },
        }
    }

    /// As the header says it.
    pub(crate) fn header(&self) -> HeaderValue {
        let text = format!("00-{self}-{}-{:02x}", hex(&self.span), u8::from(self.sampled));
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.id))
    }
}

/// Bytes that hardly repeat. Nothing but finding lines of a log hangs on them.
fn some<const N: usize>() -> [u8; N] {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    random().unwrap_or_else(|_| {
        let mut bytes = [0; N];
        bytes[..8].copy_from_slice(&COUNT.fetch_add(1, Relaxed).to_be_bytes());
        bytes
    })
}

/// Trace, span of the caller, and whether it is kept.
fn parse(text: &str) -> Option<([u8; 16], [u8; 8], bool)> {
    let mut parts = text.trim().split('-');
    let [version, id, parent, flags] = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    let [version] = bytes(version)?;
    // Later versions may say more behind; this one may not.
    if version == 0xff || (version == 0 && parts.next().is_some()) {
        return None;
    }
    let (id, parent, [flags]) = (bytes(id)?, bytes(parent)?, bytes(flags)?);
    (id != [0; 16] && parent != [0; 8]).then_some((id, parent, flags & 1 == 1))
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let lower = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    if text.len() != 2 * N || !text.as_bytes().iter().all(lower) {
        return None;
    }
    let mut out = [0; N];
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}

/// A request that is worked on.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) trace: Trace,
    /// An answer to a request with a key is the same each time, so it names no trace.
    quiet: bool,
    tenant: OnceLock<Arc<str>>,
    bytes: AtomicU64,
}

impl Asked {
    pub(crate) fn new(headers: &HeaderMap) -> Arc<Asked> {
        let quiet = headers.contains_key("idempotency-key");
        Arc::new(Asked { trace: Trace::of(headers), quiet, tenant: OnceLock::new(), bytes: AtomicU64::new(0) })
    }

    /// The tenant, once its key is known.
    pub(crate) fn tenant(&self) -> Option<&Arc<str>> {
        self.tenant.get()
    }

    /// Bytes of its body that were read.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// A body whose bytes are counted.
    pub(crate) fn counted(self: &Arc<Asked>, body: Body) -> Body {
        let asked = self.clone();
        Body::new(body.map_frame(move |frame| {
            asked.bytes.fetch_add(frame.data_ref().map_or(0, |data| data.len() as u64), Relaxed);
            frame
        }))
    }

    /// Works on it.
    pub(crate) async fn scope<T>(self: &Arc<Asked>, work: impl Future<Output = T>) -> T {
        NOW.scope(self.clone(), work).await
    }
}

/// Says whose the request of this task is.
pub(crate) fn belongs(tenant: &Arc<str>) {
    // The first to say so is who was let in.
    let _ = NOW.try_with(|asked| asked.tenant.set(tenant.clone()));
}

/// Whose the request of this task is; nobody's where the server asks itself.
pub(crate) fn tenant() -> Option<Arc<str>> {
    NOW.try_with(|asked| asked.tenant.get().cloned()).ok().flatten()
}

/// The trace that an answer of this task names.
pub(crate) fn trace() -> Option<String> {
    NOW.try_with(|asked| (!asked.quiet).then(|| asked.trace.to_string())).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_trace_is_none() {
        let (id, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let good = format!("00-{id}-{parent}-01");
        let (found, from, sampled) = parse(&good).expect("a trace");
        assert_eq!((hex(&found).as_str(), hex(&from).as_str(), sampled), (id, parent, true));
        assert!(!parse(&good.replace("-01", "-00")).expect("a trace").2);
        assert!(parse(&format!("01-{id}-{parent}-01")).is_some() && parse(&format!("cc-{id}-{parent}-01-x")).is_some());
        for bad in [
            String::new(),
            "00".to_owned(),
            format!("00-{id}-{parent}"),
            format!("ff-{id}-{parent}-01"),
            good.to_ascii_uppercase(),
            format!("{good}-x"),
            good.replace(id, &"0".repeat(32)),
            good.replace(parent, &"0".repeat(16)),
            good.replace("4bf9", "4bé"),
        ] {
            assert_eq!(parse(&bad), None, "{bad}");
        }
    }

    #[test]
    fn a_trace_goes_on_under_a_span_of_its_own() {
        let mut headers = HeaderMap::new();
        let first = Trace::of(&headers);
        headers.insert(TRACEPARENT, first.header());
        let next = Trace::of(&headers);
        assert_eq!((next.id, next.parent), (first.id, Some(first.span)));
        assert_ne!(next.span, first.span);
        headers.append(TRACEPARENT, first.header());
        assert_ne!(Trace::of(&headers).id, first.id, "two are none");
    }
}
