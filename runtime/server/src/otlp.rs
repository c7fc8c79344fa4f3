//! Traces and metrics for a collector (OTLP over HTTP, protobuf). Off unless an address is configured.
//!
//! What cannot be sent is dropped: a collector that is slow or gone costs no request anything.

use crate::asked::Trace;
use crate::limits;
use crate::metrics::{Kind, Metrics};
use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId,
    TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{
    ExporterBuildError, MetricExporter, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{IdGenerator, SdkTracer, SdkTracerProvider};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::SystemTime;
use tokio::net::TcpStream;
use tokio::runtime::Handle;

/// The address of a collector: `http://HOST:PORT`, without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collector(String);

impl Collector {
    /// Reads an address. TLS is the task of a proxy, or of a collector on this machine.
    pub fn parse(text: &str) -> Option<Collector> {
        let uri: axum::http::Uri = text.parse().ok()?;
        let bare = uri.path() == "/" && uri.query().is_none() && !uri.authority()?.as_str().contains('@');
        (uri.scheme_str() == Some("http") && bare).then(|| Collector(text.trim_end_matches('/').to_owned()))
    }

    /// The address.
    pub fn address(&self) -> &str {
        &self.0
    }
}

/// Sends what requests did and what is counted.
pub(crate) struct Otlp {
    traces: SdkTracerProvider,
    tracer: SdkTracer,
    metrics: SdkMeterProvider,
}

/// What a request did.
pub(crate) struct Done<'d> {
    pub(crate) trace: &'d Trace,
    pub(crate) method: &'d str,
    pub(crate) route: &'static str,
    pub(crate) status: u16,
    pub(crate) tenant: Option<&'d str>,
    pub(crate) code: Option<&'static str>,
    pub(crate) began: SystemTime,
}

impl Otlp {
    pub(crate) fn start(to: &Collector, metrics: &Arc<Metrics>, handle: Handle) -> Result<Otlp, ExporterBuildError> {
        let client = Sender { handle, failing: Arc::default() };
        let resource = Resource::builder()
            .with_service_name("price")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let spans = SpanExporter::builder()
            .with_http()
            .with_http_client(client.clone())
            .with_endpoint(format!("{}/v1/traces", to.0))
            .with_timeout(limits::OTLP_TIME)
            .build()?;
        let counts = MetricExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(format!("{}/v1/metrics", to.0))
            .with_timeout(limits::OTLP_TIME)
            .build()?;
        let traces = SdkTracerProvider::builder()
            .with_batch_exporter(spans)
            .with_id_generator(Given)
            .with_resource(resource.clone())
            .build();
        let meters = SdkMeterProvider::builder().with_periodic_exporter(counts).with_resource(resource).build();
        observe(&meters, metrics);
        Ok(Otlp { tracer: traces.tracer("price"), traces, metrics: meters })
    }

    /// Notes a request that ended now.
    pub(crate) fn done(&self, done: &Done<'_>) {
        let flags = if done.trace.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
        let id = TraceId::from_bytes(done.trace.id);
        let context = match done.trace.parent {
            Some(parent) => {
                let parent = SpanContext::new(id, SpanId::from_bytes(parent), flags, true, TraceState::NONE);
                Context::new().with_remote_span_context(parent)
            }
            None => Context::new(),
        };
        let mut attributes = vec![
            KeyValue::new("http.request.method", done.method.to_owned()),
            KeyValue::new("http.route", done.route),
            KeyValue::new("http.response.status_code", i64::from(done.status)),
        ];
        attributes.extend(done.tenant.map(|tenant| KeyValue::new("price.tenant", tenant.to_owned())));
        attributes.extend(done.code.map(|code| KeyValue::new("error.type", code)));
        let builder = SpanBuilder::from_name(format!("{} {}", done.method, done.route))
            .with_kind(SpanKind::Server)
            .with_start_time(done.began)
            .with_attributes(attributes);
        NEXT.set((id, SpanId::from_bytes(done.trace.span)));
        let mut span = self.tracer.build_with_context(builder, &context);
        if done.status >= 500 {
            span.set_status(Status::error(done.code.unwrap_or("error")));
        }
        span.end();
    }

    /// Sends what waits. Takes [`limits::OTLP_TIME`] for each of the two at most.
    pub(crate) fn close(&self) {
        // A collector that is gone gets nothing.
        let _ = self.traces.shutdown_with_timeout(limits::OTLP_TIME);
        let _ = self.metrics.shutdown_with_timeout(limits::OTLP_TIME);
    }
}

thread_local! {
    /// The ids of the span that this thread is about to make.
    static NEXT: Cell<(TraceId, SpanId)> = const { Cell::new((TraceId::INVALID, SpanId::INVALID)) };
}

/// A span has the ids that its request was answered with.
#[derive(Debug)]
struct Given;

impl IdGenerator for Given {
    fn new_trace_id(&self) -> TraceId {
        NEXT.get().0
    }

    fn new_span_id(&self) -> SpanId {
        NEXT.get().1
    }
}

/// Every family of `/metrics`, under its name there.
fn observe(provider: &SdkMeterProvider, metrics: &Arc<Metrics>) {
    let meter = provider.meter("price");
    for family in metrics.families(false) {
        let (name, metrics) = (family.name.clone(), metrics.clone());
        let rows = move |tell: &dyn Fn(u64, &[KeyValue])| {
            let families = metrics.families(false);
            for row in families.iter().filter(|family| family.name == name).flat_map(|family| &family.rows) {
                // What is no whole number is a time of the start.
                if let Ok(value) = row.1.parse() {
                    tell(value, &labels(&row.0));
                }
            }
        };
        let name = format!("price_{}", family.name);
        match family.kind {
            // Known to the server only, and to its traces.
            _ if family.name == "ready" => {}
            Kind::Counter => drop(
                meter
                    .u64_observable_counter(name)
                    .with_description(family.help)
                    .with_callback(move |observer| rows(&|value, labels| observer.observe(value, labels)))
                    .build(),
            ),
            Kind::Gauge => drop(
                meter
                    .u64_observable_gauge(name)
                    .with_description(family.help)
                    .with_callback(move |observer| rows(&|value, labels| observer.observe(value, labels)))
                    .build(),
            ),
            Kind::Histogram => {}
        }
    }
}

/// `{route="/v1/events",status="200"}` as attributes. No value of a label of ours holds a quote.
fn labels(text: &str) -> Vec<KeyValue> {
    let inside = text.trim_start_matches('{').strip_suffix('}').unwrap_or_default();
    let pairs = inside.split("\",").filter_map(|pair| pair.split_once("=\""));
    pairs.map(|(name, value)| KeyValue::new(name.to_owned(), value.trim_end_matches('"').to_owned())).collect()
}

/// Sends requests on the runtime of the server; exporters have threads of their own, without one.
#[derive(Debug, Clone)]
struct Sender {
    handle: Handle,
    failing: Arc<AtomicBool>,
}

#[async_trait::async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sending = async { tokio::time::timeout(limits::OTLP_TIME, send(request)).await };
        let sent = self.handle.spawn(sending).await.map_err(HttpError::from);
        let answer = sent.and_then(|sent| sent.map_err(HttpError::from).flatten());
        let failed = match &answer {
            Ok(answer) => (!answer.status().is_success()).then(|| format!("it answers {}", answer.status())),
            Err(error) => Some(error.to_string()),
        };
        let before = self.failing.swap(failed.is_some(), Relaxed);
        match failed {
            Some(why) if !before => tracing::warn!(why, "the collector takes nothing; what it misses is dropped"),
            None if before => tracing::info!("the collector takes what is sent again"),
            _ => {}
        }
        answer
    }
}

async fn send(request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let uri = request.uri().clone();
    let authority = uri.authority().ok_or("an address without a host")?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let (mut head, body) = request.into_parts();
    head.uri = uri.path_and_query().map_or("/", |path| path.as_str()).parse()?;
    head.headers.insert(axum::http::header::HOST, authority.as_str().parse()?);
    let answer = sender.send_request(Request::from_parts(head, Full::new(body))).await?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, limits::OTLP_ANSWER_BYTES).collect().await?.to_bytes();
    connection.abort();
    Ok(Response::from_parts(head, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain_http_without_a_path() {
        for good in ["http://127.0.0.1:4318", "http://collector/", "http://[::1]:4318"] {
            assert!(Collector::parse(good).is_some(), "{good}");
        }
        for bad in ["", "collector:4318", "https://collector", "http://c/v1/traces", "http://u:p@c", "http://c/?a=1"] {
            assert_eq!(Collector::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn labels_become_attributes() {
        let found = labels("{route=\"/v1/accounts/{account}/invoice\",status=\"200\"}");
        let expected = [KeyValue::new("route", "/v1/accounts/{account}/invoice"), KeyValue::new("status", "200")];
        assert_eq!(found, expected);
        assert!(labels("").is_empty());
    }
}
