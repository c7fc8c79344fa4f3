//! Usage that says when it was recorded.

use crate::Place;

const PLAN: &str = "use std.units (call)
use std.currencies (USD)

event request { path: text }
meter calls = count of request in calls

plan api {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-even to cents
  price calls on calls = $1.00 per call
  late events accepted for 3 days then next period
}
";

/// Two calls of January, one of them known on 10 February, and one of February.
const USAGE: [&str; 3] = [
    r#"{"source":"t","id":"1","type":"request","time":"2026-01-05T09:00:00Z","account":"a","path":"/"}"#,
    r#"{"source":"t","id":"2","type":"request","time":"2026-01-06T09:00:00Z","account":"a","path":"/","recorded_at":"2026-02-10T09:00:00Z"}"#,
    r#"{"source":"t","id":"3","type":"request","time":"2026-02-05T09:00:00Z","account":"a","path":"/"}"#,
];

fn place(plan: &str) -> Place {
    let place = Place::new();
    place.file("api.price", plan);
    place
}

fn rated(place: &Place, lines: &[&str], more: &[&str]) -> (i32, String, String) {
    place.file("usage.ndjson", &lines.join("\n"));
    let mut args = vec!["rate", "api.price", "--events", "usage.ndjson", "--format", "json-lines"];
    args.extend(more);
    let ran = place.run(&args);
    (ran.code, ran.out, ran.err)
}

#[test]
fn what_came_late_is_on_the_next_invoice_in_every_order() {
    let place = place(PLAN);
    let (code, first, err) = rated(&place, &USAGE, &[]);
    assert_eq!(code, 0, "{err}");
    let totals: Vec<serde_json::Value> = first
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .filter(|value| value.get("total").is_some())
        .map(|value| value["total"].clone())
        .collect();
    assert_eq!(totals, ["1.00", "2.00"], "{first}");
    assert!(first.contains("\"corrects\""), "{first}");
    // A copy that was recorded later changes nothing, wherever it stands.
    let copy = USAGE[1].replace("02-10", "04-10");
    let in_time = USAGE[1].replace("2026-02-10", "2026-02-02");
    for lines in [vec![USAGE[2], &copy, USAGE[1], USAGE[0]], vec![USAGE[1], USAGE[0], &copy, USAGE[2]]] {
        assert_eq!(rated(&place, &lines, &[]).1, first);
    }
    // A copy that was recorded in time makes it usage of January.
    let (_, out, _) = rated(&place, &[USAGE[1], USAGE[2], &in_time, USAGE[0]], &[]);
    assert!(!out.contains("\"corrects\""), "{out}");
}

#[test]
fn columns_and_cloud_events_say_it_too() {
    let place = place(PLAN);
    let (_, first, _) = rated(&place, &USAGE, &[]);
    place.file(
        "usage.csv",
        "source,id,type,time,account,path,recorded_at\n\
         t,1,request,2026-01-05T09:00:00Z,a,/,\n\
         t,2,request,2026-01-06T09:00:00Z,a,/,2026-02-10T09:00:00Z\n\
         t,3,request,2026-02-05T09:00:00Z,a,/,\n",
    );
    let ran = place.run(&["rate", "api.price", "--events", "usage.csv", "--format", "json-lines"]);
    assert_eq!((ran.code, &ran.out), (0, &first), "{}", ran.err);
    let cloud = r#"{"specversion":"1.0","source":"t","id":"2","type":"request","time":"2026-01-06T09:00:00Z","subject":"a","recordedtime":"2026-02-10T09:00:00Z","data":{"path":"/"}}"#;
    assert_eq!(rated(&place, &[USAGE[0], cloud, USAGE[2]], &[]).1, first);
    let (code, out, err) = rated(&place, &[&USAGE[1].replace("2026-02-10T09", "yesterday")], &["--in", "2026-01"]);
    assert!(err.contains("R023"), "{code} {out} {err}");
}

#[test]
fn a_plan_may_refuse_it_and_standard_input_is_read_once() {
    let refusing = place(&PLAN.replace("next period", "rejected"));
    let (code, out, err) = rated(&refusing, &USAGE, &[]);
    assert_eq!(code, 0);
    assert!(err.contains("R034") && err.contains("closed on 2026-02-04"), "{err}");
    assert!(!out.contains("\"corrects\""), "{out}");
    let accepting = place(PLAN);
    let ran = accepting.run_with(&["rate", "api.price", "--events", "-"], &USAGE.join("\n"), &[]);
    assert_eq!(ran.code, 2, "{}", ran.out);
    assert!(ran.err.contains("C044") && ran.err.contains("came late"), "{}", ran.err);
}
