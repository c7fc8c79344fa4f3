//! What the writers write can be read again.

use crate::common::{bytes, options, read};
use price_ingest::write::{Cell, Kind, OutputFormat, RatedEvent, RatedEvents, TableWriter, exact_text};
use price_ingest::{NdjsonRejects, RejectSink, Source};
use price_value::{Currency, Rational};

#[test]
fn a_table_in_every_format_reads_back_the_same() {
    let columns = [
        ("type", Kind::Text),
        ("account", Kind::Text),
        ("time", Kind::Instant),
        ("id", Kind::Text),
        ("region", Kind::Text),
        ("bytes", Kind::Whole),
    ];
    let mut outcomes = Vec::new();
    for (format, name) in
        [(OutputFormat::Csv, "u.csv"), (OutputFormat::NdJson, "u.ndjson"), (OutputFormat::Parquet, "u.parquet")]
    {
        let mut table = TableWriter::create(format, Vec::new(), &columns).unwrap();
        for n in 0..20_000i64 {
            let id = n.to_string();
            let id = if n % 3 == 0 { Cell::Missing } else { Cell::Text(&id) };
            let account = if n % 2 == 0 { "a \"quoted\", é\nname" } else { "b" };
            let at = Cell::Instant(1_772_355_600_123_456_789 + n);
            table
                .row(&[Cell::Text("transfer"), Cell::Text(account), at, id, Cell::Text("eu"), Cell::Whole(n)])
                .unwrap();
        }
        let outcome = read(vec![Source::Bytes(name.into(), table.finish().unwrap())], options()).unwrap();
        assert_eq!(outcome.rejects, []);
        assert_eq!(outcome.summary.accepted, 20_000);
        outcomes.push(outcome.rows());
    }
    assert_eq!(outcomes[0], outcomes[1]);
    assert_eq!(outcomes[0], outcomes[2]);
}

#[test]
fn rated_events_keep_exact_amounts() {
    let usd = Currency { code: "USD".into(), decimals: 2, symbol: None, is_virtual: false };
    let mut out = RatedEvents::create(OutputFormat::Csv, Vec::new(), &usd).unwrap();
    let event = RatedEvent {
        account: "acme",
        event: "transfer",
        happened: 0,
        source: "s",
        id: "1",
        file: "u.ndjson",
        line_number: 7,
        line: "egress",
        quantity: &exact_text(&Rational::new(3, 2), 0),
        unit: "GB",
        amount: &exact_text(&Rational::new(1, 3), 0),
    };
    out.write(&event).unwrap();
    let text = String::from_utf8(out.finish().unwrap()).unwrap();
    assert_eq!(text.lines().nth(1).unwrap(), "acme,transfer,1970-01-01T00:00:00Z,s,1,u.ndjson,7,egress,1.5,GB,1/3,USD");
}

#[test]
fn rejects_are_lines_of_json() {
    let outcome = read(vec![bytes("u.ndjson", "{\"a\":\"é\n\"")], options()).unwrap();
    let mut sink = NdjsonRejects::new(Vec::new());
    outcome.rejects.iter().for_each(|r| sink.reject(r).unwrap());
    let text = String::from_utf8(sink.finish().unwrap()).unwrap();
    assert_eq!(
        text.lines().next().unwrap(),
        "{\"file\":\"u.ndjson\",\"line\":1,\"code\":\"R020\",\"reason\":\"the record cannot be read: a text is not closed at byte 9\",\"record\":\"{\\\"a\\\":\\\"é\"}"
    );
}
