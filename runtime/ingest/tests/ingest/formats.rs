//! The same usage in every format gives the same rows and the same reasons.

use crate::common::{bytes, options, read};
use price_ingest::{Format, IngestError, Mapping, Options, Source};

const PLAIN: &str = r#"
{"type":"transfer","account":"acme","time":"2026-03-01T09:00:00Z","id":"1","source":"edge","region":"eu","bytes":1500}
{"type":"job","account":"acme","time":"2026-03-01T10:00:00+01:00","id":"2","data":{"project":"blue","tokens":{"input":10,"output":5},"cost":-1.5,"user":"ann \"a\", é","cached":true}}

{"type":"call","account":"beta","time":"2026-03-01T09:00:00.5Z","number":"4930123","duration":"12.5"}
{"type":"transfer","account":"beta","time":"2026-03-02T00:00:00Z","id":"3","source":"edge","region":"us","bytes":"1.5 GB"}
{"type":"job","account":"beta","time":"2026-03-02T00:00:01Z","id":"4","project":"red","tokens":{"output":7}}
"#;

const CSV: &str =
    "type,account,time,id,source,region,bytes,project,tokens.input,tokens.output,cost,user,cached,number,duration\r
transfer,acme,2026-03-01T09:00:00Z,1,edge,eu,1500,,,,,,,,\r
job,acme,2026-03-01T10:00:00+01:00,2,,,,blue,10,5,-1.50,\"ann \"\"a\"\", é\",true,,\r
call,beta,2026-03-01T09:00:00.5Z,,,,,,,,,,,4930123,12.5\r
transfer,beta,2026-03-02T00:00:00Z,3,edge,us,1.5 GB,,,,,,,,\r
job,beta,2026-03-02T00:00:01Z,4,,,,red,,7,,,,,";

pub const ROWS: [&str; 5] = [
    "transfer acme 1772355600000000000 edge/1 #1 1500",
    "job acme 1772355600000000000 /2 blue [10, 5] -15000 \"ann \\\"a\\\", é\" flag1",
    "call beta 1772355600500000000 / \"4930123\" #0 12500",
    "transfer beta 1772409600000000000 edge/3 #0 1500000000",
    "job beta 1772409601000000000 /4 red [0, 7] - \"\" flag2",
];

#[test]
fn plain_objects_and_csv_give_the_same_rows() {
    for (name, text) in [("u.ndjson", PLAIN.to_string()), ("u.csv", CSV.into()), ("u", format!("\u{feff}{CSV}\r\n"))] {
        let outcome = read(vec![bytes(name, text)], options()).unwrap();
        assert_eq!(outcome.rejects, [], "{name}");
        assert_eq!(outcome.rows(), ROWS, "{name}");
        assert_eq!((outcome.summary.events, outcome.summary.accepted), (5, 5), "{name}");
    }
}

#[test]
fn an_array_of_cloud_events_gives_the_same_rows() {
    let text = r#"[
 {"specversion":"1.0","type":"transfer","subject":"acme","time":"2026-03-01T09:00:00Z","id":"1","source":"edge",
  "datacontenttype":"application/json","data":{"region":"eu","bytes":1500}},
 {"specversion":"1.0","type":"job","subject":"acme","time":"2026-03-01T09:00:00Z","id":"2","source":"s","traceparent":"x",
  "data":{"project":"blue","tokens":{"input":10,"output":5},"cost":-1.5e0,"user":"ann \"a\", \u00e9","cached":true}}
]
"#;
    let outcome = read(vec![bytes("u.json", text)], options()).unwrap();
    assert_eq!(outcome.codes(), []);
    let rows = outcome.rows();
    assert_eq!(rows[0], ROWS[0]);
    assert_eq!(rows[1], ROWS[1].replace(" /2", " s/2"));
    assert_eq!(outcome.blocks[0].parts[1].lines, [4]);
    let lines: String = text.trim().trim_matches(['[', ']']).replace('\n', " ").replace("}},", "}}\n");
    let again = read(vec![bytes("u.ndjson", lines)], options()).unwrap();
    assert_eq!(again.rows(), rows);
}

#[test]
fn every_refusal_has_a_code_and_a_line() {
    let text = r#"{"type":"transfer","account":"a","time":"2026-03-01T09:00:00Z","region":"eu"}
{"type":"transfer","account":"a","time":"2026-03-01T09:00:00Z","region":"mars","bytes":1}
{"type":"transfer","account":"a","time":"2026-03-01T09:00:00Z","region":"eu","bytes":1.5}
{"type":"transfer","account":"a","time":"2026-03-01T09:00:00Z","region":"eu","bytes":-1}
{"type":"transfer","account":"a","time":"2026-03-01T09:00:00Z","region":"eu","bytes":1e40}
{"type":"transfer","account":"a","time":"2026-03-01T09:00:00Z","region":"eu","bytes":NaN}
{"type":"transfer","account":"a","time":"2026-03-01T09:00:00","region":"eu","bytes":1}
{"type":"transfer","account":"a","time":1772355600,"region":"eu","bytes":1}
{"type":"transfer","account":"a","region":"eu","bytes":1}
{"type":"transfer","time":"2026-03-01T09:00:00Z","region":"eu","bytes":1}
{"type":"tranfser","account":"a","time":"2026-03-01T09:00:00Z","region":"eu","bytes":1}
{"account":"a","time":"2026-03-01T09:00:00Z","region":"eu","bytes":1}
{"type":"transfer","account":"a","time":"2026-03-01T09:00:00Z","region":"eu","bytes":1,"bytes":2}
{"type":"transfer","account":"a","account":"b","time":"2026-03-01T09:00:00Z","region":"eu","bytes":1}
{"type":"transfer","account":["a"],"time":"2026-03-01T09:00:00Z","region":"eu","bytes":1}
{"specversion":"1.0","type":"transfer","subject":"a","time":"2026-03-01T09:00:00Z","source":"s","data":{"region":"eu","bytes":1}}
{"specversion":"0.3","type":"transfer","subject":"a","id":"1","time":"2026-03-01T09:00:00Z","source":"s","data":{"region":"eu","bytes":1}}
not json
[{"type":"transfer"}]
{"type":"call","account":"a","time":"2026-03-01T09:00:00Z","number":"1","zone":"domestic","duration":1}
"#;
    let expected = [
        "R001", "R007", "R003", "R004", "R005", "R020", "R023", "R023", "R022", "R022", "R021", "R022", "R013", "R013",
        "R008", "R022", "R020", "R020", "R020", "R014",
    ];
    let outcome = read(vec![bytes("u.ndjson", text)], options()).unwrap();
    let expected: Vec<(u64, &str)> = (1..).zip(expected).collect();
    assert_eq!(outcome.codes(), expected);
    assert_eq!(outcome.rejects[17].text, "not json");
    assert_eq!(outcome.summary.accepted, 0);
    assert_eq!(outcome.summary.rejected_total(), 20);
    let strict = read(vec![bytes("u.ndjson", text)], Options { strict: true, ..options() });
    let Err(error @ IngestError::Refused(_)) = strict else { panic!("a strict run stops") };
    assert_eq!(error.code(), "R001");
    assert!(error.to_string().starts_with("u.ndjson line 1: the field `bytes` is missing"), "{error}");
}

#[test]
fn csv_records_that_are_broken_do_not_take_others_with_them() {
    let text = "type,account,time,region,bytes
transfer,a,2026-03-01T09:00:00Z,eu,1
transfer,a,2026-03-01T09:00:00Z,eu
transfer,\"a\"x,2026-03-01T09:00:00Z,eu,3
transfer,\"a\nb\",2026-03-01T09:00:00Z,eu,4
\"transfer,a,2026-03-01T09:00:00Z,eu,5
transfer,a,2026-03-01T09:00:00Z,eu,6
";
    let outcome = read(vec![bytes("u.csv", text)], options()).unwrap();
    assert_eq!(outcome.codes(), [(3, "R020"), (4, "R020"), (7, "R020")]);
    assert_eq!(outcome.summary.accepted, 3);
    assert_eq!(
        outcome.blocks.iter().flat_map(|b| &b.parts).flat_map(|p| &p.lines).copied().collect::<Vec<_>>(),
        [2, 5, 8]
    );
}

#[test]
fn names_can_be_mapped() {
    let mut mapping = Mapping { only_type: Some("transfer".into()), assume_utc: true, ..Mapping::default() };
    for pair in ["account=customer", "time=at", "bytes=size"] {
        mapping.add(pair).unwrap();
    }
    assert!(mapping.add("time=when").is_err());
    assert!(mapping.add("account").is_err());
    let options = Options { mapping, ..options() };
    let csv = "customer,at,region,size\nacme,2026-03-01 09:00:00,eu,1500\n";
    let json = r#"{"data":{"customer":"acme","at":"2026-03-01T09:00:00","region":"eu","size":1500}}"#;
    let expected = ["transfer acme 1772355600000000000 / #1 1500"];
    assert_eq!(read(vec![bytes("u.csv", csv)], options.clone()).unwrap().rows(), expected);
    assert_eq!(read(vec![bytes("u.ndjson", json)], options).unwrap().rows(), expected);
}

#[test]
fn what_a_file_lacks_as_a_whole_stops_the_run() {
    let code = |name: &str, text: &str| read(vec![bytes(name, text)], options()).err().map(|e| e.code());
    assert_eq!(code("u.csv", "type,account,region\n"), Some("I004"));
    assert_eq!(code("u.csv", "type,account,time,time\n"), Some("I004"));
    assert_eq!(code("u.csv", "\"type,account\n"), Some("I004"));
    assert_eq!(code("u.json", "[{\"type\":\"transfer\""), Some("I005"));
    assert_eq!(code("u.json", "[{} {}]"), Some("I005"));
    assert_eq!(code("u.json", "[1]"), Some("I005"));
    assert_eq!(code("u.json", "[{}"), Some("I005"));
    assert_eq!(code("u.parquet", "PAR1"), Some("I006"));
    assert_eq!(code("u", "hello"), Some("I002"));
    assert_eq!(read(vec![bytes("u.csv", [0x1f, 0x8b, 8])], options()).err().map(|e| e.code()), Some("I003"));
    let missing = read(vec![Source::named("/nowhere/u.csv")], options()).err().map(|e| e.code());
    assert_eq!(missing, Some("I001"));
    assert_eq!(read(vec![bytes("u.csv", "type,account,time\n")], options()).unwrap().summary.events, 0);
    assert_eq!(read(vec![bytes("empty", "")], options()).unwrap().summary.events, 0);
}

#[test]
fn long_records_are_refused_and_passed_over() {
    let good = r#"{"type":"transfer","account":"a","time":"2026-03-01T09:00:00Z","region":"eu","bytes":1}"#;
    let long = "x".repeat(5 << 20);
    let ndjson = format!("{good}\n{long}\n{good}\n{long}");
    let outcome = read(vec![bytes("u.ndjson", ndjson)], options()).unwrap();
    assert_eq!(outcome.codes(), [(2, "R020"), (4, "R020")]);
    assert!(outcome.rejects.iter().all(|r| r.cut));
    assert_eq!(outcome.summary.accepted, 2);
    let row = "transfer,a,2026-03-01T09:00:00Z,eu,1";
    let csv = format!("type,account,time,region,bytes\n{row}\n{long}\n{row}\n\"{long}\n{row}");
    let outcome = read(vec![bytes("u.csv", csv)], options()).unwrap();
    assert_eq!(outcome.codes(), [(3, "R020"), (5, "R020")]);
    assert_eq!(outcome.summary.accepted, 3);
}

#[test]
fn event_types_can_be_passed_over() {
    let text = r#"{"type":"login","account":"a","time":"2026-03-01T09:00:00Z"}
{"type":"transfer","account":"a","time":"2026-03-01T09:00:00Z","region":"eu","bytes":1}"#;
    let passed_over = ["login".to_string()].into();
    let options = Options { passed_over, format: Some(Format::NdJson), ..options() };
    let summary = read(vec![bytes("-", text)], options).unwrap().summary;
    assert_eq!((summary.events, summary.accepted, summary.passed_over["login"]), (2, 1, 1));
}

#[test]
fn an_attribute_is_a_field_too_where_the_event_declares_it() {
    let mut mapping = Mapping::default();
    mapping.add("account=user").unwrap();
    let options = Options { mapping, ..options() };
    let job = r#""type":"job","time":"1970-01-01T00:00:00Z""#;
    let fields = r#""project":"p","tokens":{}"#;
    let padding: String = (0..70).map(|n| format!("\"k{n}\":1,")).collect();
    let text = format!(
        "{{{job},\"user\":\"ann\",{fields}}}\n{{{job},\"user\":\"ann\",\"data\":{{{fields}}}}}\n{{{padding}{job},\"user\":\"ann\",\"data\":{{{fields}}}}}\n"
    );
    let outcome = read(vec![bytes("u.ndjson", text)], options).unwrap();
    let both = "job ann 0 / p [0, 0] - \"ann\" flag2";
    let apart = "job ann 0 / p [0, 0] - \"\" flag2";
    assert_eq!(outcome.rows(), [both, apart, apart]);
}
