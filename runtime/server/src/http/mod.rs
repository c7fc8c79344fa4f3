//! HTTP: routes, who may use them, and what they answer.

mod accounts;
mod auth;
mod billing;
mod body;
mod books;
mod enforce;
mod erasures;
mod events;
mod health;
mod inspect;
mod invoices;
mod once;
mod openmeter;
mod page;
mod params;
mod path;
mod plans;
mod postings;
mod problem;
mod rejects;
mod serve;
mod source;
mod webhooks;

pub(crate) use problem::Problem;
pub use serve::{Engines, ServeError, Started, serve};

use crate::asked::{Asked, TRACEPARENT};
use crate::keys::Ring;
use crate::limits;
use crate::metrics::Metrics;
use crate::node::Node;
use crate::notify::Hooks;
use crate::otlp::{Done, Otlp};
use crate::publishers::Publishers;
use crate::quotas::{QuotaConfig, Quotas};
use auth::WrongKeys;
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use price_documents::paper::Letterhead;
use price_ir::KernelFactory;
use price_value::Timestamp;
use problem::Code;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime};
use tokio::sync::{Semaphore, watch};

/// The description of the interface, as it is served.
pub const OPENAPI: &str = include_str!("../../openapi.json");

/// All routes, with their methods.
pub const ROUTES: [(&str, &[&str]); 52] = [
    ("/livez", &["get"]),
    ("/metrics", &["get"]),
    ("/openapi.json", &["get"]),
    ("/problems/{code}", &["get"]),
    ("/readyz", &["get"]),
    ("/v1/accounts", &["get"]),
    ("/v1/accounts/{account}/budget", &["put"]),
    ("/v1/accounts/{account}/entitlements", &["get"]),
    ("/v1/accounts/{account}/events", &["get"]),
    ("/v1/accounts/{account}/invoice", &["get"]),
    ("/v1/accounts/{account}/statement", &["get"]),
    ("/v1/accounts/{account}/statement/html", &["get"]),
    ("/v1/accounts/{account}/statement/pdf", &["get"]),
    ("/v1/backfills/{name}/revert", &["post"]),
    ("/v1/billing", &["get", "put"]),
    ("/v1/billing/approve", &["post"]),
    ("/v1/billing/held", &["get"]),
    ("/v1/billing/retry", &["post"]),
    ("/v1/books", &["get"]),
    ("/v1/check", &["post"]),
    ("/v1/clock", &["get", "put"]),
    ("/v1/erasures", &["get", "post"]),
    ("/v1/erasures/{entry}", &["get"]),
    ("/v1/events", &["get", "post", "put"]),
    ("/v1/events/path", &["get"]),
    ("/v1/events/void", &["post"]),
    ("/v1/invoices", &["get"]),
    ("/v1/invoices/{number}", &["get"]),
    ("/v1/invoices/{number}/credits", &["post"]),
    ("/v1/invoices/{number}/disputes", &["post"]),
    ("/v1/invoices/{number}/disputes/settle", &["post"]),
    ("/v1/invoices/{number}/html", &["get"]),
    ("/v1/invoices/{number}/pdf", &["get"]),
    ("/v1/invoices/{number}/references/{name}", &["put"]),
    ("/v1/plans", &["get", "post"]),
    ("/v1/plans/{hash}", &["get"]),
    ("/v1/plans/{hash}/source", &["get"]),
    ("/v1/policy", &["get", "put"]),
    ("/v1/postings", &["get"]),
    ("/v1/rejects", &["get"]),
    ("/v1/rejects/{entry}/retry", &["post"]),
    ("/v1/reservations", &["post"]),
    ("/v1/reservations/{id}", &["get"]),
    ("/v1/reservations/{id}/commit", &["post"]),
    ("/v1/reservations/{id}/release", &["post"]),
    ("/v1/subscriptions", &["post"]),
    ("/v1/webhooks", &["get", "post"]),
    ("/v1/webhooks/{id}", &["delete"]),
    ("/v1/webhooks/{id}/deliveries", &["get"]),
    ("/v1/webhooks/{id}/replay", &["post"]),
    ("/v1/webhooks/{id}/rotate", &["post"]),
    ("/v1/webhooks/{id}/test", &["post"]),
];

/// What every request sees.
pub(crate) struct App {
    /// Empty until the log is replayed.
    node: OnceLock<Arc<Node>>,
    /// `None`: whoever reaches the address may do everything.
    ring: Option<Ring>,
    wrong: WrongKeys,
    pub(crate) metrics: Arc<Metrics>,
    /// Room for bodies, in KiB.
    bodies: Semaphore,
    followers: Arc<Semaphore>,
    quotas: Arc<Quotas>,
    /// Where a collector is configured.
    otlp: OnceLock<Otlp>,
    stopping: AtomicBool,
    closing: watch::Receiver<bool>,
    /// Tokens of customers' browsers.
    portal: openmeter::Tokens,
    /// Questions about usage that are answered at a time.
    questions: Arc<Semaphore>,
    /// What is known of deliveries, once the log is replayed.
    hooks: OnceLock<Arc<Hooks>>,
    /// Who sends invoices, and to whom.
    letterhead: Letterhead,
    /// Whose signature a plan needs.
    publishers: Publishers,
    /// The reference, and what is compared with it before a plan is put into force.
    engines: Option<(Arc<dyn KernelFactory>, Arc<dyn KernelFactory>)>,
}

impl App {
    pub(crate) fn new(ring: Option<Ring>, metrics: Arc<Metrics>, closing: watch::Receiver<bool>) -> App {
        App {
            node: OnceLock::new(),
            ring,
            wrong: WrongKeys::default(),
            quotas: Quotas::new(QuotaConfig::default(), metrics.clone()),
            otlp: OnceLock::new(),
            metrics,
            bodies: Semaphore::new(limits::BODIES_BYTES >> 10),
            followers: Arc::new(Semaphore::new(limits::FOLLOWERS)),
            stopping: AtomicBool::new(false),
            closing,
            portal: openmeter::Tokens::default(),
            questions: Arc::new(Semaphore::new(limits::QUESTIONS)),
            hooks: OnceLock::new(),
            engines: None,
            letterhead: Letterhead::default(),
            publishers: Publishers::default(),
        }
    }

    /// The node, once it is open.
    fn node(&self) -> Result<&Arc<Node>, Problem> {
        if self.stopping.load(Relaxed) {
            return Err(Problem::not_ready("the server stops; send it again when it is back"));
        }
        self.node.get().ok_or_else(|| Problem::not_ready("the log is being replayed; `/readyz` says when it is done"))
    }

    fn ready(&self) -> bool {
        self.node.get().is_some() && !self.stopping.load(Relaxed) && self.metrics.no_room.load(Relaxed) == 0
    }
}

/// The routes.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .merge(openmeter::routes())
        // For people: no part of the interface that is described.
        .route("/", get(page::index))
        .route("/docs", get(page::docs))
        .route("/page.js", get(page::script))
        .route("/page.css", get(page::style))
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/openapi.json", get(health::openapi))
        .route("/problems/{code}", get(health::page))
        .route("/v1/events", get(events::find).post(events::ingest).put(events::replace))
        .route("/v1/erasures", get(erasures::list).post(erasures::create))
        .route("/v1/erasures/{entry}", get(erasures::show))
        .route("/v1/events/path", get(path::path))
        .route("/v1/events/void", post(events::void))
        .route("/v1/backfills/{name}/revert", post(events::revert))
        .route("/v1/plans", get(plans::list).post(plans::publish))
        .route("/v1/subscriptions", post(plans::subscribe))
        .route("/v1/accounts", get(accounts::list))
        .route("/v1/accounts/{account}/invoice", get(accounts::invoice))
        .route("/v1/accounts/{account}/statement", get(accounts::statement))
        .route("/v1/accounts/{account}/statement/html", get(accounts::statement_html))
        .route("/v1/accounts/{account}/statement/pdf", get(accounts::statement_pdf))
        .route("/v1/accounts/{account}/budget", put(enforce::budget))
        .route("/v1/accounts/{account}/entitlements", get(enforce::entitlements))
        .route("/v1/accounts/{account}/events", get(inspect::events))
        .route("/v1/plans/{hash}", get(inspect::version))
        .route("/v1/plans/{hash}/source", get(source::files))
        .route("/v1/books", get(books::list))
        .route("/v1/check", post(enforce::check))
        .route("/v1/policy", get(enforce::policy).put(enforce::set_policy))
        .route("/v1/reservations", post(enforce::reserve))
        .route("/v1/reservations/{id}", get(enforce::hold))
        .route("/v1/reservations/{id}/commit", post(enforce::commit))
        .route("/v1/reservations/{id}/release", post(enforce::release))
        .route("/v1/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/v1/webhooks/{id}", delete(webhooks::remove))
        .route("/v1/webhooks/{id}/deliveries", get(webhooks::deliveries))
        .route("/v1/webhooks/{id}/replay", post(webhooks::replay))
        .route("/v1/webhooks/{id}/rotate", post(webhooks::rotate))
        .route("/v1/webhooks/{id}/test", post(webhooks::test))
        .route("/v1/billing", get(billing::settings).put(billing::set))
        .route("/v1/billing/approve", post(billing::approve))
        .route("/v1/billing/held", get(billing::held))
        .route("/v1/billing/retry", post(billing::retry))
        .route("/v1/clock", get(billing::clock).put(billing::set_clock))
        .route("/v1/invoices", get(invoices::list))
        .route("/v1/invoices/{number}", get(invoices::show))
        .route("/v1/invoices/{number}/credits", post(invoices::credit))
        .route("/v1/invoices/{number}/disputes", post(invoices::dispute))
        .route("/v1/invoices/{number}/disputes/settle", post(invoices::settle))
        .route("/v1/invoices/{number}/html", get(invoices::html))
        .route("/v1/invoices/{number}/pdf", get(invoices::pdf))
        .route("/v1/invoices/{number}/references/{name}", put(invoices::refer))
        .route("/v1/rejects", get(rejects::list))
        .route("/v1/rejects/{entry}/retry", post(rejects::retry))
        .route("/v1/postings", get(postings::stream))
        .fallback(async || Problem::not_found("no such address; `/openapi.json` lists them"))
        .method_not_allowed_fallback(async || Problem::method())
        .layer(middleware::from_fn_with_state(app.clone(), watch_requests))
        .with_state(app)
}

/// Turns requests away whose end is not certain, counts all, and notes what became of them.
async fn watch_requests(
    axum::extract::State(app): axum::extract::State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let matched = request.extensions().get::<MatchedPath>();
    let known = || ROUTES.iter().chain(&openmeter::ROUTES);
    let route = matched.and_then(|path| known().find(|(route, _)| *route == path.as_str()));
    let route = route.map_or("other", |(route, _)| route);
    let (began, started) = (SystemTime::now(), Instant::now());
    let (asked, method) = (Asked::new(request.headers()), request.method().clone());
    let work = async {
        match refused(request.uri(), request.headers()) {
            Some(problem) => problem.into_response(),
            None => next.run(request.map(|body| asked.counted(body))).await,
        }
    };
    let mut response = asked.scope(work).await;
    let (status, bytes, trace) = (response.status().as_u16(), asked.bytes(), &asked.trace);
    response.headers_mut().insert(TRACEPARENT, trace.header());
    let tenant = asked.tenant();
    if let Some(tenant) = tenant.filter(|_| bytes > 0) {
        app.quotas.read(tenant, bytes);
    }
    app.metrics.answered(route, status);
    let (tenant, method) = (tenant.map(|tenant| &**tenant), method.as_str());
    let code = response.extensions().get::<Code>().map(|code| code.0);
    let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    match status {
        // That it is busy, or not ready, is waited for and stands in the metrics.
        500.. if status != 503 => tracing::warn!(%trace, method, route, status, code, tenant, bytes, micros, "request"),
        _ => tracing::debug!(%trace, method, route, status, code, tenant, bytes, micros, "request"),
    }
    if let Some(otlp) = app.otlp.get() {
        otlp.done(&Done { trace, method, route, status, tenant, code, began });
    }
    response
}

/// What is wrong with a head, whatever it asks for.
fn refused(uri: &Uri, headers: &HeaderMap) -> Option<Problem> {
    // Two ways to say where a body ends are how one request is smuggled inside another.
    if headers.contains_key(header::TRANSFER_ENCODING) && headers.contains_key(header::CONTENT_LENGTH) {
        return Some(Problem::ambiguous());
    }
    // Readers of heads stop somewhere behind this; here it is exact.
    let path = uri.path_and_query().map_or(0, |path| path.as_str().len());
    let bytes = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>() + path;
    (bytes > limits::HEAD_BYTES).then(Problem::large_head)
}

/// An instant in microseconds since 1970 UTC, as answers write it.
fn instant(micros: i64) -> String {
    Timestamp(micros.saturating_mul(1_000)).to_string()
}

/// JSON as it stands.
fn json(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// JSON of something that is always written.
fn json_of(status: StatusCode, value: &impl serde::Serialize) -> Response {
    json(status, serde_json::to_string(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt as _;
    use serde_json::Value;
    use std::collections::BTreeSet;
    use tower::ServiceExt as _;

    /// A server whose log is not replayed yet.
    fn app() -> (Router, watch::Sender<bool>) {
        let (close, closing) = watch::channel(false);
        (router(Arc::new(App::new(None, Arc::default(), closing))), close)
    }

    async fn ask(router: &Router, method: &str, path: &str) -> (u16, String, String) {
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let request = request.header("content-type", "application/json").body(Body::from("{}")).expect("a request");
        let response = router.clone().oneshot(request).await.expect("an answer");
        let status = response.status().as_u16();
        let content = response.headers().get("content-type").map(|v| v.to_str().expect("text").to_owned());
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        (status, content.unwrap_or_default(), String::from_utf8(body.to_vec()).expect("text"))
    }

    #[tokio::test]
    async fn the_description_names_every_route_and_no_other() {
        for (text, routes) in [(OPENAPI, &ROUTES[..]), (openmeter::OPENAPI, &openmeter::ROUTES[..])] {
            let document: Value = serde_json::from_str(text).expect("JSON");
            let paths = document["paths"].as_object().expect("paths");
            let described: BTreeSet<(String, String)> = paths
                .iter()
                .flat_map(|(path, methods)| {
                    methods.as_object().expect("methods").keys().map(|m| (path.clone(), m.clone())).collect::<Vec<_>>()
                })
                .collect();
            let known =
                routes.iter().flat_map(|(path, methods)| methods.iter().map(|m| (path.to_string(), m.to_string())));
            assert_eq!(described, known.collect());
        }
        let (router, _close) = app();
        for (path, methods) in ROUTES.iter().chain(&openmeter::ROUTES) {
            for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
                let (status, _, body) = ask(&router, method, &path.replace(['{', '}'], "")).await;
                let there = methods.contains(&method.to_ascii_lowercase().as_str());
                assert_eq!(status != 405, there, "{method} {path}: {status} {body}");
                assert!(!there || !body.contains("no such address"), "{method} {path}: {body}");
            }
        }
    }

    #[tokio::test]
    async fn the_description_refers_to_what_it_has() {
        let documents: Vec<Value> =
            [OPENAPI, openmeter::OPENAPI].map(|text| serde_json::from_str(text).expect("JSON")).into();
        let mut waiting: Vec<(&Value, &Value)> = documents.iter().map(|document| (document, document)).collect();
        let (mut seen, mut operations) = (0, BTreeSet::new());
        while let Some((document, value)) = waiting.pop() {
            match value {
                Value::Object(members) => {
                    if let Some(Value::String(to)) = members.get("$ref") {
                        assert!(document.pointer(&to[1..]).is_some(), "{to}");
                        seen += 1;
                    }
                    if let Some(Value::String(id)) = members.get("operationId") {
                        assert!(operations.insert(id.clone()), "{id} is there twice");
                    }
                    waiting.extend(members.values().map(|value| (document, value)));
                }
                Value::Array(all) => waiting.extend(all.iter().map(|value| (document, value))),
                _ => {}
            }
        }
        assert!(seen > 50, "{seen}");
    }

    #[tokio::test]
    async fn before_the_log_is_replayed_nothing_is_taken() {
        let (router, _close) = app();
        assert_eq!(ask(&router, "GET", "/livez").await.0, 200);
        for (method, path) in [("GET", "/readyz"), ("POST", "/v1/events"), ("GET", "/v1/plans")] {
            let (status, content, body) = ask(&router, method, path).await;
            assert_eq!((status, content.as_str()), (503, "application/problem+json"), "{path}");
            let problem: Value = serde_json::from_str(&body).expect("JSON");
            assert_eq!((&problem["code"], &problem["status"]), (&"S009".into(), &503.into()), "{path}");
        }
    }

    #[tokio::test]
    async fn every_code_of_a_problem_has_its_page() {
        let (router, _close) = app();
        let sources = [
            include_str!("problem.rs"),
            include_str!("../../../core/src/machine.rs"),
            include_str!("../../../core/src/once.rs"),
        ];
        let mut codes = BTreeSet::new();
        for source in sources {
            for (at, _) in source.match_indices("\"S0") {
                codes.insert(source[at + 1..at + 5].to_owned());
            }
        }
        assert!(codes.len() > 20, "{codes:?}");
        for code in codes {
            let (status, _, body) = ask(&router, "GET", &format!("/problems/{code}")).await;
            assert!(status == 200 && body.starts_with(&format!("# {code}: ")), "{code}: {status}");
        }
    }
}
