//! Loose records become typed rows or coded refusals; columns are judged as records are.

mod common;
use common::*;
use price_ir::batch::NULL;
use price_ir::*;
use price_rating::*;
use std::sync::Arc;

/// An event with one field of every kind.
fn schema() -> (Arc<EventSchema>, OpenLabels) {
    let mut b = Build::new();
    let region = b.dim("region", &["us", "eu", "other"]);
    b.0.dimensions[region.ix()].kind = DimensionKind::Listed { unknown: None };
    let zone = b.dim("zone", &["national", "mobile", "world"]);
    let prefixes = vec![("49".into(), 0), ("4915".into(), 1)];
    b.0.dimensions[zone.ix()].kind = DimensionKind::Prefixes { prefixes, unknown: Some(2) };
    let project = b.open_dim("project", 10);
    let kind = b.dim("kind", &["input", "output"]);
    let ty = |decimals, signed| NumberType {
        unit: "byte".into(),
        decimals,
        signed,
        level: false,
        accepts: vec![("GB".into(), r("1000000000"))],
    };
    let field = |name: &str, ty, optional| Field { name: name.into(), ty, optional };
    b.event(
        "x",
        vec![
            field("bytes", FieldType::Number(ty(0, false)), false),
            field("credit", FieldType::Number(ty(2, true)), true),
            field("region", FieldType::Label(region), true),
            field("number", FieldType::Text, true),
            field("zone", FieldType::LabelFrom(zone, FieldIx(3)), true),
            field("project", FieldType::Label(project), true),
            field("tokens", FieldType::Family(kind, ty(0, false)), true),
            field("paid", FieldType::Flag, true),
        ],
    );
    let plan = Arc::new(b.0);
    (Arc::new(EventSchema::new(&plan, EventIx(0)).refusing_unknown()), OpenLabels::new(&plan))
}

fn code(fields: &[(&str, Raw<'_>)]) -> String {
    let (schema, mut open) = schema();
    let mut rows = RowBuilder::new(schema);
    let empty = rows.batch().clone();
    let refused = rows.push(at("2026-03-01T00:00:00Z"), fields.iter().copied(), &mut open).unwrap_err();
    assert_eq!(rows.take(), empty, "a refused row leaves nothing behind");
    let text = refused.to_string();
    assert!(text.len() < 300 && !text.contains('\n'), "{text}");
    refused.code().into()
}

#[test]
fn a_full_record_becomes_a_row_of_every_column() {
    let (schema, mut open) = schema();
    let mut rows = RowBuilder::new(schema);
    let tokens = [("output", Raw::Number("7"))];
    let fields = [
        ("number", Raw::Text("491512345")),
        ("bytes", Raw::Text("1.5 GB")),
        ("credit", Raw::Number("-0.50")),
        ("region", Raw::Text("eu")),
        ("project", Raw::Text("apollo")),
        ("tokens", Raw::Object(&tokens)),
        ("paid", Raw::Flag(true)),
    ];
    rows.push(at("2026-03-01T00:00:00Z"), fields, &mut open).unwrap();
    rows.push(at("2026-03-01T00:00:01Z"), [("bytes", Raw::Number("3"))], &mut open).unwrap();
    let batch = rows.take();
    assert_eq!(
        batch.columns,
        [
            Column::Int(vec![1_500_000_000, 3]),
            Column::Int(vec![-50, NULL]),
            Column::Label(vec![1, u32::MAX]),
            Column::Text(vec!["491512345".into(), "".into()]),
            Column::Label(vec![1, u32::MAX]),
            Column::Label(vec![0, u32::MAX]),
            Column::Family(vec![vec![0, 0], vec![7, 0]]),
            Column::Flag(vec![1, 2]),
        ]
    );
    assert_eq!(open.text(DimIx(2), 0), "apollo");
}

#[test]
fn every_refusal_has_its_code() {
    let bytes = ("bytes", Raw::Number("1"));
    let long = "x".repeat(2000);
    let twice = [("input", Raw::Number("1")), ("input", Raw::Number("2"))];
    let unknown = [("image", Raw::Number("1"))];
    let nested = [("input", Raw::Flag(true))];
    for (expected, fields) in [
        ("R001", &[("credit", Raw::Number("1"))][..]),
        ("R001", &[("bytes", Raw::Null)]),
        ("R002", &[("bytes", Raw::Flag(true))]),
        ("R002", &[("bytes", Raw::Text("many"))]),
        ("R003", &[("bytes", Raw::Number("1.5"))]),
        ("R004", &[("bytes", Raw::Number("-1"))]),
        ("R005", &[("bytes", Raw::Number("1e19"))]),
        ("R006", &[("bytes", Raw::Text("1 GiB"))]),
        ("R007", &[bytes, ("region", Raw::Text("mars"))]),
        ("R008", &[bytes, ("region", Raw::Flag(true))]),
        ("R008", &[bytes, ("number", Raw::Other("an array"))]),
        ("R009", &[bytes, ("paid", Raw::Text("yes"))]),
        ("R010", &[bytes, ("tokens", Raw::Number("5"))]),
        ("R011", &[bytes, ("number", Raw::Text(&long))]),
        ("R011", &[bytes, ("project", Raw::Text(&long))]),
        ("R012", &[bytes, ("colour", Raw::Text("red"))]),
        ("R013", &[bytes, bytes]),
        ("R013", &[bytes, ("tokens", Raw::Object(&twice))]),
        ("R007", &[bytes, ("tokens", Raw::Object(&unknown))]),
        ("R002", &[bytes, ("tokens", Raw::Object(&nested))]),
        ("R014", &[bytes, ("zone", Raw::Text("world"))]),
    ] {
        assert_eq!(code(fields), expected, "{fields:?}");
    }
}

#[test]
fn a_label_is_looked_up_by_its_longest_prefix() {
    for (text, label) in [("4930", 0), ("49151", 1), ("491", 0), ("33", 2), ("mobile", 1), ("ä", 2)] {
        let (schema, mut open) = schema();
        let mut rows = RowBuilder::new(schema);
        let fields = [("bytes", Raw::Number("1")), ("number", Raw::Text(text))];
        rows.push(at("2026-03-01T00:00:00Z"), fields, &mut open).unwrap();
        assert_eq!(rows.take().columns[4], Column::Label(vec![label]), "{text}");
    }
}

#[test]
fn columns_are_accepted_and_refused_as_records_are() {
    let (schema, mut open) = schema();
    let mut bulk = BulkBuilder::new(schema.clone(), vec![0, 1, 2, 3, 4]);
    bulk.integers(FieldIx(0), vec![1, -1, 3, 4, 5], 0, Some(&[true, true, true, false, true]));
    bulk.integers(FieldIx(1), vec![500, 500, 505, 500, 1], 3, None);
    bulk.dictionary(FieldIx(2), &[0, 1, 1, 0, u32::MAX], &["eu", "us", "never used"], &mut open);
    bulk.texts(FieldIx(3), [Some("49"), Some("1"), Some("4915"), None, None], &mut open);
    bulk.texts(FieldIx(5), [Some("b"), Some("a"), None, None, Some("b")], &mut open);
    bulk.family(FieldIx(6), 1, &[1, 2, 3, 4, 5], 0);
    bulk.flags(FieldIx(7), [Some(true), None, Some(false), None, None]);
    let bulk = bulk.finish(&mut open);
    let codes: Vec<_> = bulk.rejects.iter().map(|(row, reason)| (*row, reason.code())).collect();
    // Row 2's 0.505 has a decimal too many, row 4's 0.001 too.
    assert_eq!(codes, [(1, "R004"), (2, "R003"), (3, "R001"), (4, "R003")]);
    assert_eq!(bulk.kept, Some(vec![0]));
    assert_eq!((bulk.batch.rows, &bulk.batch.happened), (1, &vec![0]));
    assert_eq!(bulk.batch.columns[1], Column::Int(vec![50]));
    assert_eq!(bulk.batch.columns[4], Column::Label(vec![0]));
    let mut rows = RowBuilder::new(schema.clone());
    let tokens = [("output", Raw::Number("1"))];
    let fields = [
        ("bytes", Raw::Number("1")),
        ("credit", Raw::Number("0.500")),
        ("region", Raw::Text("eu")),
        ("number", Raw::Text("49")),
        ("project", Raw::Text("b")),
        ("tokens", Raw::Object(&tokens)),
        ("paid", Raw::Flag(true)),
    ];
    rows.push(price_value::Timestamp(0), fields, &mut open).unwrap();
    assert_eq!(rows.take(), bulk.batch);
    let mut plain = BulkBuilder::new(schema, vec![7]);
    plain.numbers(FieldIx(0), [Some("2 GB")]);
    let plain = plain.finish(&mut open);
    assert_eq!((plain.kept, plain.rejects.len()), (None, 0));
    assert_eq!(plain.batch.columns[0], Column::Int(vec![2_000_000_000]));
    assert_eq!(plain.batch.columns[6], Column::Family(vec![vec![0], vec![0]]));
}

#[test]
fn labels_of_another_reader_are_translated() {
    let (schema, mut here) = schema();
    let mut there = here.clone();
    here.intern(DimIx(2), "a");
    let mut rows = RowBuilder::new(schema.clone());
    for project in ["b", "a"] {
        let fields = [("bytes", Raw::Number("1")), ("project", Raw::Text(project))];
        rows.push(price_value::Timestamp(0), fields, &mut there).unwrap();
    }
    let mut batch = rows.take();
    let maps = here.absorb(&there).unwrap();
    labels::translate(schema.plan(), &mut batch, &maps);
    assert_eq!(batch.columns[5], Column::Label(vec![1, 0]));
    assert_eq!((here.text(DimIx(2), 0), here.text(DimIx(2), 1)), ("a", "b"));
}

#[test]
fn an_event_the_plan_lacks_is_named() {
    let (schema, _) = schema();
    let refused = event_of(schema.plan(), "y").unwrap_err();
    assert_eq!((refused.code(), refused.to_string()), ("R021", "the plan has no event `y`; known: x".into()));
}
