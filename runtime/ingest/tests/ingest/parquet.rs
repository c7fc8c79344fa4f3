//! Columns of every usable type give the rows NDJSON gives; unusable ones say how to mend them.

use crate::common::{options, read};
use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Float64Array, Int32Array, Int64Array, LargeStringArray,
    RecordBatch, StringArray, StringViewArray, StructArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    UInt64Array,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use parquet::arrow::ArrowWriter;
use price_ingest::{IngestError, Mapping, Options, Source};
use std::sync::Arc;

pub fn file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let fields: Vec<Field> = columns.iter().map(|(n, a)| Field::new(*n, a.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns.into_iter().map(|(_, a)| a).collect()).unwrap();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    out
}

fn source(bytes: Vec<u8>) -> Source {
    Source::Bytes("u.parquet".into(), bytes)
}

pub fn usual() -> Vec<(&'static str, ArrayRef)> {
    let at = 1_772_355_600_000_000i64;
    let kinds: DictionaryArray<Int32Type> = ["transfer", "job", "call", "transfer", "job"].into_iter().collect();
    let tokens = StructArray::from(vec![
        (
            Arc::new(Field::new("input", DataType::Int32, true)),
            Arc::new(Int32Array::from(vec![None, Some(10), None, None, None])) as ArrayRef,
        ),
        (
            Arc::new(Field::new("output", DataType::Int32, true)),
            Arc::new(Int32Array::from(vec![None, Some(5), None, None, Some(7)])) as ArrayRef,
        ),
    ]);
    let time = TimestampMicrosecondArray::from(vec![at, at, at + 500_000, at + 54_000_000_000, at + 54_001_000_000]);
    let cost = Decimal128Array::from(vec![None, Some(-150), None, None, None]).with_precision_and_scale(20, 2).unwrap();
    let duration =
        Decimal128Array::from(vec![None, None, Some(125), None, None]).with_precision_and_scale(9, 1).unwrap();
    vec![
        ("type", Arc::new(kinds)),
        ("account", Arc::new(StringViewArray::from(vec!["acme", "acme", "beta", "beta", "beta"]))),
        ("time", Arc::new(time.with_timezone("UTC"))),
        ("id", Arc::new(Int32Array::from(vec![Some(1), Some(2), None, Some(3), Some(4)]))),
        ("source", Arc::new(LargeStringArray::from(vec![Some("edge"), None, None, Some("edge"), None]))),
        ("region", Arc::new(StringArray::from(vec![Some("eu"), None, None, Some("us"), None]))),
        ("bytes", Arc::new(UInt64Array::from(vec![Some(1500), None, None, Some(1_500_000_000), None]))),
        ("project", Arc::new(StringArray::from(vec![None, Some("blue"), None, None, Some("red")]))),
        ("tokens", Arc::new(tokens)),
        ("cost", Arc::new(cost)),
        ("user", Arc::new(StringArray::from(vec![None, Some("ann \"a\", é"), None, None, None]))),
        ("cached", Arc::new(BooleanArray::from(vec![None, Some(true), None, None, None]))),
        ("number", Arc::new(Int64Array::from(vec![None, None, Some(4_930_123), None, None]))),
        ("duration", Arc::new(duration)),
        ("ignored", Arc::new(Float64Array::from(vec![0.5; 5]))),
    ]
}

#[test]
fn columns_give_the_rows_that_records_give() {
    let outcome = read(vec![source(file(usual()))], options()).unwrap();
    assert_eq!(outcome.rejects, []);
    assert_eq!(outcome.rows(), crate::formats::ROWS);
}

#[test]
fn rows_are_refused_one_by_one() {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("type", Arc::new(StringArray::from(vec!["transfer", "transfer", "x", "transfer", "transfer", "transfer"]))),
        ("account", Arc::new(StringArray::from(vec![Some("a"), None, Some("a"), Some("a"), Some("a"), Some("a")]))),
        (
            "time",
            Arc::new(
                TimestampMillisecondArray::from(vec![Some(0), Some(0), Some(0), None, Some(i64::MAX), Some(0)])
                    .with_timezone("+01:00"),
            ),
        ),
        ("region", Arc::new(StringArray::from(vec!["eu", "eu", "eu", "eu", "eu", "mars"]))),
        ("bytes", Arc::new(Int64Array::from(vec![-1; 6]))),
    ];
    let outcome = read(vec![source(file(columns))], options()).unwrap();
    let codes = [(1, "R004"), (2, "R022"), (3, "R021"), (4, "R022"), (5, "R023"), (6, "R007")];
    assert_eq!(outcome.codes(), codes);
    assert!(outcome.rejects[5].text.contains("\"region\":\"mars\""), "{}", outcome.rejects[5].text);
}

#[test]
fn inexact_columns_are_refused_as_a_whole() {
    let with = |name: &str, array: ArrayRef| {
        let mut columns = usual();
        columns.iter_mut().find(|(n, _)| *n == name).unwrap().1 = array;
        match read(vec![source(file(columns))], options()) {
            Err(error @ IngestError::Column { .. }) => error.to_string(),
            other => panic!("{:?}", other.map(|o| o.summary)),
        }
    };
    let floats = with("bytes", Arc::new(Float64Array::from(vec![1.0; 5])));
    assert!(floats.contains("`bytes`") && floats.contains("DECIMAL"), "{floats}");
    let local = with("time", Arc::new(TimestampMicrosecondArray::from(vec![0; 5])));
    assert!(local.contains("without a zone") && local.contains("UTC"), "{local}");
    assert!(with("time", Arc::new(Int64Array::from(vec![0; 5]))).contains("RFC 3339"));
    assert!(with("cached", Arc::new(Int64Array::from(vec![0; 5]))).contains("boolean"));
    let assume_utc = Options { mapping: Mapping { assume_utc: true, ..Mapping::default() }, ..options() };
    let mut columns = usual();
    columns[2].1 = Arc::new(TimestampMicrosecondArray::from(vec![1_772_355_600_000_000; 5]));
    assert_eq!(read(vec![source(file(columns))], assume_utc).unwrap().summary.accepted, 5);
    let mut columns = usual();
    columns.remove(1);
    assert_eq!(read(vec![source(file(columns))], options()).err().map(|e| e.code()), Some("I007"));
}

#[test]
fn streams_are_read_too() {
    let bytes = file(usual());
    let stream = Source::Stream("-".into(), Box::new(std::io::Cursor::new(bytes)));
    assert_eq!(read(vec![stream], options()).unwrap().summary.accepted, 5);
}
