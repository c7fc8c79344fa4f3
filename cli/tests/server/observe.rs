//! What an operator sees of a request: its trace in the answer, in the log and at a collector.

use crate::{Place, Server, event, text};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Attribute;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[test]
fn a_trace_is_in_the_answer_and_a_new_one_is_made_where_it_is_missing() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    let named = format!("00-{ID}-00f067aa0ba902b7-01");
    let answer = server.send_with("GET", "/v1/accounts/nobody/invoice", &[("traceparent", &named)], b"");
    let ours = answer.header("traceparent").expect("a trace");
    assert!(ours.starts_with(&format!("00-{ID}-")) && ours.ends_with("-01") && ours != named, "{ours}");
    assert_eq!((answer.status, &answer.json()["trace"]), (404, &ID.into()));
    let (one, two) = (server.get("/v1/nowhere"), server.get("/v1/nowhere"));
    let trace = |answer: &crate::Answer| answer.json()["trace"].as_str().expect("a trace").to_owned();
    assert_ne!(trace(&one), trace(&two));
    assert!(one.header("traceparent").expect("a trace").contains(&trace(&one)));
    assert!(server.get("/livez").header("traceparent").is_some());
    let broken = server.send_with("GET", "/livez", &[("traceparent", "00-x-y-z")], b"");
    assert_eq!(broken.header("traceparent").expect("a trace").len(), named.len());
    // Answers to a key stay the same, so they name no trace.
    let void = || {
        let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
        server.send_with("POST", "/v1/events/void", &headers, br#"{"source":"s","id":"no"}"#).body
    };
    assert_eq!(void(), void());
}

#[test]
fn a_request_is_one_line_of_json() {
    let place = Place::new();
    let server = place.serve_with(&["--log-format", "json", "--log-level", "debug"]);
    server.publish(&place.plan());
    server.send_with(
        "GET",
        "/v1/accounts/nobody/invoice",
        &[("traceparent", &format!("00-{ID}-00f067aa0ba902b7-01"))],
        b"",
    );
    let said = server.last_words();
    let lines: Vec<Value> =
        said.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect();
    let of: Vec<&Value> = lines.iter().filter(|line| line["trace"] == ID).collect();
    assert_eq!(of.len(), 1, "{said}");
    let members = ["level", "message", "method", "route", "status", "code", "tenant"].map(|name| of[0][name].clone());
    let route = "/v1/accounts/{account}/invoice";
    let expected: [Value; 7] =
        ["DEBUG".into(), "request".into(), "GET".into(), route.into(), 404.into(), "S003".into(), "default".into()];
    assert_eq!(members, expected);
    assert!(of[0]["micros"].is_u64() && of[0]["timestamp"].is_string());
    assert!(
        lines.iter().any(|line| line["message"].as_str().is_some_and(|text| text.starts_with("Stopped;"))),
        "{said}"
    );
    // Quiet unless asked.
    let server = place.serve();
    server.get("/v1/plans");
    assert!(!server.said().contains("request"), "{}", server.said());
}

/// Address and body of a request.
type Sent = (String, Vec<u8>);

/// A collector: takes requests one after the other, and keeps their bodies by address.
struct Collector {
    address: String,
    got: Arc<Mutex<Vec<Sent>>>,
}

impl Collector {
    fn start() -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let got: Arc<Mutex<Vec<Sent>>> = Arc::default();
        let keep = got.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let mut lines = BufReader::new(stream.try_clone().expect("a stream"));
                let (mut path, mut length, mut line) = (String::new(), 0, String::new());
                while lines.read_line(&mut line).unwrap_or(0) > 2 {
                    if path.is_empty() {
                        path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                    }
                    if let Some(("content-length", value)) = line.to_ascii_lowercase().trim().split_once(": ") {
                        length = value.parse().expect("a length");
                    }
                    line.clear();
                }
                let mut body = vec![0; length];
                if lines.read_exact(&mut body).is_ok() {
                    keep.lock().expect("held shortly").push((path, body));
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                }
            }
        });
        Collector { address, got }
    }

    fn bodies(&self, path: &str) -> Vec<Vec<u8>> {
        let got = self.got.lock().expect("held shortly");
        got.iter().filter(|(to, _)| to == path).map(|(_, body)| body.clone()).collect()
    }

    fn spans(&self) -> Vec<Span> {
        let decoded = |body: Vec<u8>| ExportTraceServiceRequest::decode(&*body).expect("protobuf");
        let requests = self.bodies("/v1/traces").into_iter().map(decoded);
        let resources = requests.flat_map(|request| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }

    /// The sum of the newest points of a counter.
    fn counter(&self, name: &str) -> Option<i64> {
        use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
        let body = self.bodies("/v1/metrics").pop()?;
        let request = ExportMetricsServiceRequest::decode(&*body).expect("protobuf");
        let scopes = request.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
        let metric = scopes.flat_map(|scope| scope.metrics).find(|metric| metric.name == name)?;
        let Some(Data::Sum(sum)) = metric.data else { panic!("{name} is no counter") };
        assert!(sum.is_monotonic);
        let values = sum.data_points.iter().map(|point| match point.value {
            Some(Value::AsInt(value)) => value,
            ref other => panic!("{name}: {other:?}"),
        });
        Some(values.sum())
    }
}

fn end(server: Server) {
    assert!(server.stop().success());
}

#[test]
fn a_collector_gets_traces_and_metrics() {
    let place = Place::new();
    let collector = Collector::start();
    let server = place.serve_with(&["--otlp", &collector.address]);
    server.publish(&place.plan());
    server.post("/v1/subscriptions", "application/json", r#"{"account":"acme","plan":"cloud"}"#);
    server.ingest(&(0..7).map(|n| event(n, &["acme"])).collect::<Vec<_>>());
    let named = format!("00-{ID}-00f067aa0ba902b7-01");
    let answer = server.send_with("GET", "/v1/accounts/nobody/invoice", &[("traceparent", &named)], b"");
    let ours = answer.header("traceparent").expect("a trace");
    let dropped = format!("00-{}-00f067aa0ba902b7-00", ID.replace("4bf9", "aaaa"));
    server.send_with("GET", "/v1/plans", &[("traceparent", &dropped)], b"");
    end(server);
    let spans = collector.spans();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let span = spans.iter().find(|span| hex(&span.trace_id) == ID).expect("the span of the trace");
    assert_eq!(span.name, "GET /v1/accounts/{account}/invoice");
    assert_eq!((hex(&span.parent_span_id), hex(&span.span_id)), ("00f067aa0ba902b7".into(), ours[36..52].to_owned()));
    assert!(span.end_time_unix_nano > span.start_time_unix_nano);
    let attribute = |name: &str| {
        let found = span.attributes.iter().find(|pair| pair.key == name)?;
        found.value.as_ref()?.value.clone()
    };
    assert_eq!(attribute("http.response.status_code"), Some(Attribute::IntValue(404)));
    assert_eq!(attribute("error.type"), Some(Attribute::StringValue("S003".into())));
    assert_eq!(attribute("price.tenant"), Some(Attribute::StringValue("default".into())));
    assert!(spans.iter().any(|span| span.name == "POST /v1/events"));
    assert!(!spans.iter().any(|span| hex(&span.trace_id).starts_with("aaaa")), "its caller drops the trace");
    assert_eq!(collector.counter("price_events_total"), Some(7));
    assert!(collector.counter("price_http_requests_total").expect("there") >= 5);
}

#[test]
fn a_collector_that_is_gone_costs_nothing() {
    let place = Place::new();
    let server = place.serve_with(&["--otlp", "http://127.0.0.1:9"]);
    server.publish(&place.plan());
    let started = Instant::now();
    end(server);
    assert!(started.elapsed() < Duration::from_secs(20), "stopping is bounded");
    let ran = place.run(&["serve", "--data", "d", "--otlp", "https://collector:4318"]);
    assert!(ran.status.code() == Some(2) && text(&ran.stderr).contains("such as http://"), "{}", text(&ran.stderr));
}
