//! What clients of OpenMeter send, without their clients: exact answers, exact numbers, refusals.

use crate::{Answer, Place, Server};
use serde_json::{Value, json};

const PLAN: &str = "use std.units (token)
use std.currencies (USD)

unit request, requests

dimension model = small | large

event prompt { model: model, user: text, tokens: token }
meter tokens = sum of prompt.tokens by model
meter prompts = count of prompt in requests

plan assistant {
  currency  USD
  timezone  \"UTC\"
  billing   monthly on day 1
  rounding  each line half-up to cents

  entitlement sso = yes
  entitlement tokens = 1000 tokens per month then block

  price tokens on tokens = $0.01 per token
  price prompts on prompts = $0.001 per request
  late events accepted for 3650 days then next period
}
";

const BATCH: &str = "application/cloudevents-batch+json";

fn ready(place: &Place) -> Server {
    let server = place.serve();
    server.publish(&place.compiled(PLAN));
    for account in ["acme", "globex"] {
        let body = format!("{{\"account\":\"{account}\",\"plan\":\"assistant\"}}");
        assert_eq!(server.post("/v1/subscriptions", "application/json", &body).status, 201);
    }
    server
}

fn event(id: &str, subject: &str, day: u32, model: &str, tokens: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"test","type":"prompt","subject":"{subject}","time":"2026-03-{day:02}T09:30:00Z","data":{{"model":"{model}","user":"u","tokens":{tokens}}}}}"#
    )
}

fn sent(server: &Server, content: &str, body: &str) -> Answer {
    server.post("/api/v1/events", content, body)
}

fn usage(server: &Server, query: &str) -> Vec<(Value, Value)> {
    let answer = server.get(&format!("/api/v1/meters/tokens/query?{query}"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let rows = answer.json()["data"].as_array().cloned().unwrap_or_default();
    rows.into_iter().map(|row| (row["subject"].clone(), row["value"].clone())).collect()
}

fn filled(place: &Place) -> Server {
    let server = ready(place);
    let one = event("1", "acme", 1, "small", "100");
    let answer = sent(&server, "application/cloudevents+json; charset=utf-8", &one);
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    // The same id twice in one batch counts once.
    let two = event("2", "globex", 2, "large", "7");
    assert_eq!(sent(&server, BATCH, &format!("[{two},{two}]")).status, 204);
    assert_eq!(sent(&server, "application/json", &event("3", "acme", 2, "large", "5")).status, 204);
    server
}

#[test]
fn a_body_that_is_wrong_takes_nothing_and_an_event_that_does_not_fit_is_listed() {
    let place = Place::new();
    let server = filled(&place);
    let good = event("10", "acme", 3, "small", "1");
    let long = event("12", "acme", 3, &"x".repeat(300 << 10), "1");
    for (body, status) in [
        (format!("[{good},{{\"id\":]"), 400),
        (format!("[{good},{}]", good.replace("\"id\":\"10\",", "")), 400),
        (format!("[{good},{}]", good.replace("\"subject\":\"acme\",", "")), 400),
        (format!("[{good},{long}]"), 413),
    ] {
        let answer = sent(&server, BATCH, &body);
        assert_eq!(answer.status, status, "{}", answer.body);
        assert_eq!(answer.header("content-type").as_deref(), Some("application/problem+json"));
    }
    assert_eq!(usage(&server, ""), [(Value::Null, json!(112))], "nothing of it was taken");
    let odd = [
        event("11", "acme", 3, "huge", "1"),
        event("12", "nobody", 3, "small", "1"),
        event("13", "acme", 3, "small", "\"much\""),
        event("14", "acme", 3, "small", "1").replace("prompt", "unknown"),
    ];
    assert_eq!(sent(&server, BATCH, &format!("[{}]", odd.join(","))).status, 204);
    let listed = server.get("/api/v1/events?hasError=true").json();
    let wrong: Vec<&str> =
        listed.as_array().into_iter().flatten().filter_map(|e| e["validationError"].as_str()).collect();
    assert_eq!(wrong.len(), 4, "{listed}");
    assert_eq!(listed[0]["event"]["id"], "14");
    let counted = server.get("/metrics").body;
    assert!(counted.contains("price_events_total{result=\"rejected\"} 4"), "{counted}");
}

#[test]
fn an_event_without_a_time_is_of_now_and_its_numbers_stay() {
    let place = Place::new();
    let server = ready(&place);
    let timeless = event("1", "acme", 1, "small", "7").replace("\"time\":\"2026-03-01T09:30:00Z\",", "");
    let timeless = timeless.replace("\"user\":\"u\"", "\"user\":\"u\",\"beside\":0.12345678901234567890123");
    assert_eq!(sent(&server, "application/cloudevents+json", &timeless).status, 204);
    let answer = server.get("/api/v1/events?subject=acme");
    assert!(answer.body.contains("0.12345678901234567890123"), "{}", answer.body);
    assert_eq!(usage(&server, ""), [(Value::Null, json!(7))]);
}

#[test]
fn usage_is_told_by_subjects_customers_windows_and_labels() {
    let place = Place::new();
    let server = filled(&place);
    assert_eq!(usage(&server, "windowSize=DAY"), [(Value::Null, json!(100)), (Value::Null, json!(12))]);
    assert_eq!(usage(&server, "subject=globex&subject=nobody"), [(json!("globex"), json!(7))]);
    assert_eq!(usage(&server, "groupBy=subject"), [(json!("acme"), json!(105)), (json!("globex"), json!(7))]);
    assert_eq!(usage(&server, "filterGroupBy[model]=large"), [(Value::Null, json!(12))]);
    let filter = "advancedMeterGroupByFilters=%7B%22model%22%3A%7B%22%24ne%22%3A%22large%22%7D%7D";
    assert_eq!(usage(&server, filter), [(Value::Null, json!(100))]);
    let customer = server.get("/api/v1/customers/globex").json()["id"].as_str().expect("an id").to_owned();
    let answer = server.get(&format!("/api/v1/meters/tokens/query?filterCustomerId={customer}"));
    assert_eq!(answer.json()["data"][0]["value"], 7, "{}", answer.body);
    assert_eq!(answer.json()["data"][0]["customerId"], customer.as_str());
    let both = format!("filterCustomerId={customer}&subject=acme");
    assert!(usage(&server, &both).is_empty(), "a subject and a customer are both meant");
    let body = r#"{"groupBy":["model"],"filterGroupBy":{"model":["small"]},"windowSize":"MONTH"}"#;
    let answer = server.post("/api/v1/meters/tokens/query", "application/json", body);
    assert_eq!(answer.json()["data"][0]["groupBy"], json!({ "model": "small" }), "{}", answer.body);
    let accept = [("accept", "text/csv")];
    let csv = server.send_with("GET", "/api/v1/meters/tokens/query?groupBy=model", &accept, b"");
    assert!(csv.body.starts_with("window_start,window_end,subject,model,value\n"), "{}", csv.body);
    assert!(csv.body.contains(",,large,12\n"), "{}", csv.body);
    for wrong in ["groupBy=color", "windowSize=YEAR", "windowTimeZone=Nowhere", "from=today", "subjects=a"] {
        let answer = server.get(&format!("/api/v1/meters/tokens/query?{wrong}"));
        assert_eq!((answer.status, answer.code().as_str()), (400, "S024"), "{wrong}: {}", answer.body);
    }
    assert_eq!(server.get("/api/v1/meters/tokens/group-by/model/values").json(), json!(["large", "small"]));
    assert_eq!(server.get("/api/v1/meters/tokens/subjects").json(), json!(["acme", "globex"]));
}

#[test]
fn events_come_page_by_page() {
    let place = Place::new();
    let server = filled(&place);
    let batch: Vec<String> = (0..25).map(|n| event(&format!("p{n}"), "acme", 4 + n % 20, "small", "1")).collect();
    assert_eq!(sent(&server, BATCH, &format!("[{}]", batch.join(","))).status, 204);
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/api/v2/events?limit=10{cursor}"));
        assert_eq!(page.status, 200, "{}", page.body);
        let page = page.json();
        ids.extend(page["items"].as_array().into_iter().flatten().map(|item| item["event"]["id"].to_string()));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(ids.len(), 28);
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 28, "each once");
    let filter = "%7B%22id%22%3A%7B%22%24in%22%3A%5B%22p1%22%2C%222%22%5D%7D%7D";
    assert_eq!(
        server.get(&format!("/api/v2/events?filter={filter}")).json()["items"].as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!(server.get("/api/v2/events?cursor=x").status, 400);
}

#[test]
fn meters_and_customers_are_those_of_plans() {
    let place = Place::new();
    let server = filled(&place);
    let create = |body: Value| server.post("/api/v1/meters", "application/json", &body.to_string());
    let same = json!({
        "slug": "tokens", "aggregation": "SUM", "eventType": "prompt", "valueProperty": "$.tokens",
        "groupBy": { "model": "$.model" },
    });
    let created = create(same.clone());
    assert_eq!(created.status, 201, "{}", created.body);
    for (name, value) in [
        ("slug", json!("other")),
        ("aggregation", json!("MAX")),
        ("eventType", json!("put")),
        ("valueProperty", json!("$.words")),
        ("groupBy", json!({ "model": "$.other" })),
    ] {
        let mut other = same.clone();
        other[name] = value;
        assert_eq!(create(other).code(), "S070", "{name}");
    }
    let meter = server.get("/api/v1/meters/tokens").json();
    assert_eq!((&meter["valueProperty"], &meter["groupBy"]), (&json!("$.tokens"), &json!({ "model": "$.model" })));
    let id = meter["id"].as_str().expect("an id");
    assert_eq!(server.send("DELETE", &format!("/api/v1/meters/{id}"), None, b"").code(), "S070");
    assert_eq!(server.send("DELETE", "/api/v1/meters/none", None, b"").status, 404);
    let list = server.get("/api/v1/customers?page=2&pageSize=1").json();
    assert_eq!((&list["items"][0]["key"], &list["totalCount"]), (&json!("globex"), &json!(2)));
    let customer = |body: Value| server.post("/api/v1/customers", "application/json", &body.to_string());
    let named = json!({ "key": "acme", "name": "Acme", "usageAttribution": { "subjectKeys": ["acme"] } });
    assert_eq!(customer(named).status, 201);
    assert_eq!(customer(json!({ "key": "nobody" })).code(), "S070");
    let of_another = json!({ "key": "acme", "usageAttribution": { "subjectKeys": ["globex"] } });
    assert_eq!(customer(of_another).code(), "S070");
}

#[test]
fn tokens_are_of_one_subject_and_outlive_a_restart_until_they_are_ended() {
    let place = Place::new();
    let server = filled(&place);
    let make = |body: &str| server.post("/api/v1/portal/tokens", "application/json", body).json();
    let (one, two) = (make(r#"{"subject":"acme"}"#), make(r#"{"subject":"acme","allowedMeterSlugs":["prompts"]}"#));
    let shown = |server: &Server, token: &Value, path: &str| {
        let bearer = format!("Bearer {}", token["token"].as_str().expect("a token"));
        server.send_with("GET", path, &[("authorization", &bearer)], b"")
    };
    let query = "/api/v1/portal/meters/tokens/query?subject=globex";
    assert_eq!(shown(&server, &one, query).json()["data"][0]["value"], 105, "its own subject, whatever is asked");
    assert_eq!(shown(&server, &two, query).status, 404, "another meter");
    let value = |subject: &str| format!("/api/v1/subjects/{subject}/entitlements/tokens/value");
    assert_eq!(shown(&server, &one, &value("acme")).status, 200);
    assert_eq!(shown(&server, &one, &value("globex")).status, 404);
    let end = format!("{{\"id\":{}}}", one["id"]);
    assert_eq!(server.post("/api/v1/portal/tokens/invalidate", "application/json", &end).status, 204);
    let prompts = "/api/v1/portal/meters/prompts/query";
    assert_eq!((shown(&server, &one, query).status, shown(&server, &two, prompts).status), (401, 200));
    assert!(server.stop().success());
    let server = place.serve();
    assert_eq!((shown(&server, &one, query).status, shown(&server, &two, prompts).status), (401, 200));
    let end = r#"{"subject":"acme"}"#;
    assert_eq!(server.post("/api/v1/portal/tokens/invalidate", "application/json", end).status, 204);
    assert_eq!(shown(&server, &two, prompts).status, 401);
}

#[test]
fn values_and_access_are_those_of_the_contract() {
    let place = Place::new();
    let server = filled(&place);
    let value = server.get("/api/v1/customers/acme/entitlements/sso/value");
    assert_eq!(value.json(), json!({ "hasAccess": true }));
    let subject = server.get("/api/v1/subjects/acme").json()["id"].as_str().expect("an id").to_owned();
    let value = server.get(&format!("/api/v1/subjects/{subject}/entitlements/tokens/value"));
    assert_eq!(value.json()["totalAvailableGrantAmount"], 1000, "{}", value.body);
    let access = server.get("/api/v1/customers/acme/access").json();
    let names: Vec<&String> = access["entitlements"].as_object().into_iter().flat_map(|all| all.keys()).collect();
    assert_eq!(names, ["sso", "tokens"]);
    let body = r#"{"customers":["acme","nobody"]}"#;
    let several = server.post("/api/v3/openmeter/entitlement-access/query", "application/json", body).json();
    assert_eq!(
        (several["data"].as_array().map(Vec::len), several["errors"].as_array().map(Vec::len)),
        (Some(1), Some(1))
    );
    assert_eq!(server.get("/api/v1/customers/acme/entitlements/none/value").status, 404);
    assert_eq!(server.get("/api/openapi.json").json()["openapi"], "3.1.0");
}
