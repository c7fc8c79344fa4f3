//! What the engine says of single rows, one claim per test.

use price_interp::Interp;
use price_ir::batch::NULL;
use price_ir::kernel::{SKIPPED, TAKEN};
use price_ir::*;
use price_value::{Currency, Rational, Rounding, RoundingMode, Schedule, Span, Window};
use std::sync::Arc;

fn r(text: &str) -> Rational {
    text.parse().unwrap()
}

fn number(decimals: u8) -> NumberType {
    NumberType { unit: "unit".into(), decimals, signed: true, level: false, accepts: vec![] }
}

fn field(name: &str, ty: FieldType) -> Field {
    Field { name: name.into(), ty, optional: true }
}

/// An event with the fields `n` (2 decimals), `kind`, `flag`, `tokens by kind`, and two kinds.
fn plan(sinks: Vec<Sink>) -> Plan {
    let day = Schedule { every: Window::Month, day: 1, month: 1 };
    Plan {
        name: "test".into(),
        kind: PlanKind::Plan,
        version: None,
        currency: Currency { code: "USD".into(), decimals: 2, symbol: Some("$".into()), is_virtual: false },
        zone: "UTC".into(),
        billing: day,
        net_days: None,
        effective: Span::default(),
        rounding: LineRounding {
            each: RoundingScope::Line,
            rounding: Rounding { mode: RoundingMode::HalfUp, step: r("0.01") },
        },
        late: None,
        dimensions: vec![
            Dimension {
                name: "kind".into(),
                labels: vec!["in".into(), "out".into()],
                kind: DimensionKind::Listed { unknown: None },
            },
            Dimension {
                name: "size".into(),
                labels: vec!["small".into(), "large".into()],
                kind: DimensionKind::Buckets { bounds: vec![r("10")] },
            },
        ],
        calendars: vec![],
        events: vec![Event {
            name: "call".into(),
            fields: vec![
                field("n", FieldType::Number(number(2))),
                field("kind", FieldType::Label(DimIx(0))),
                field("flag", FieldType::Flag),
                field("tokens", FieldType::Family(DimIx(0), number(0))),
            ],
        }],
        sinks,
        allowances: vec![],
        lines: vec![],
        discounts: vec![],
        clamps: vec![],
        attributions: vec![],
        funds: price_ir::Funds::default(),
        parties: None,
        foreign: Vec::new(),
        rules: vec![],
    }
}

fn sink(fold: Fold) -> Sink {
    Sink {
        name: "sink".into(),
        meter: "meter".into(),
        event: EventIx(0),
        keys: vec![],
        filter: Cond::Always,
        scope: Cond::Always,
        fold,
        unit: "unit".into(),
        quantum: r("0.01"),
        bound: None,
        parts: None,
    }
}

fn batch(n: i64, kind: u32, flag: u8, tokens: [i64; 2]) -> Batch {
    Batch {
        event: EventIx(0),
        rows: 1,
        happened: vec![0],
        columns: vec![
            Column::Int(vec![n]),
            Column::Label(vec![kind]),
            Column::Flag(vec![flag]),
            Column::Family(tokens.iter().map(|t| vec![*t]).collect()),
        ],
        calendars: vec![],
    }
}

/// `(status, cell, value)` of every entry.
fn map(sink: Sink, batch: &Batch) -> Vec<(u8, u32, i64)> {
    let mut out = MapOut::default();
    Interp::new(Arc::new(plan(vec![sink]))).map(SinkIx(0), batch, &[], &mut out);
    (0..out.status.len()).map(|i| (out.status[i], out.cell[i], out.value[i])).collect()
}

fn n() -> Expr {
    Expr::Field(FieldIx(0))
}

#[test]
fn a_sum_counts_in_its_quantum() {
    assert_eq!(map(sink(Fold::Sum(n())), &batch(1234, 0, 0, [0; 2])), [(TAKEN, 0, 1234)]);
    let coarse = Sink { quantum: r("1"), ..sink(Fold::Sum(n())) };
    assert_eq!(map(coarse, &batch(1234, 0, 0, [0; 2])), [(Fault::NotExact as u8, 0, 0)]);
    let fine = Sink { quantum: Rational::pow10(-19), ..sink(Fold::Sum(n())) };
    assert_eq!(map(fine, &batch(1234, 0, 0, [0; 2])), [(Fault::Overflow as u8, 0, 0)]);
}

#[test]
fn a_missing_number_is_a_fault_only_where_it_is_needed() {
    let missing = batch(NULL, 0, 0, [0; 2]);
    assert_eq!(map(sink(Fold::Sum(n())), &missing), [(Fault::Missing as u8, 0, 0)]);
    assert_eq!(map(sink(Fold::Sum(Expr::OrElse(FieldIx(0), r("2")))), &missing), [(TAKEN, 0, 200)]);
    let filtered = Sink { filter: Cond::Present(FieldIx(0)), ..sink(Fold::Sum(n())) };
    assert_eq!(map(filtered, &missing), [(SKIPPED, 0, 0)]);
    let chosen = Expr::If(Box::new(Cond::Flag(FieldIx(2))), Box::new(n()), Box::new(Expr::Const(r("1"))));
    assert_eq!(map(sink(Fold::Sum(chosen.clone())), &missing), [(TAKEN, 0, 100)]);
    assert_eq!(map(sink(Fold::Sum(chosen)), &batch(1, 0, 2, [0; 2])), [(Fault::Missing as u8, 0, 0)]);
}

#[test]
fn cells_are_mixed_radix_and_a_missing_label_has_none() {
    let key = |dim, source| Key { dim: DimIx(dim), source, in_cell: true };
    let keyed =
        Sink { keys: vec![key(0, KeySource::Field(FieldIx(1))), key(1, KeySource::Bucket(n()))], ..sink(Fold::Count) };
    assert_eq!(map(keyed.clone(), &batch(1000, 1, 0, [0; 2])), [(TAKEN, 2, 1)]);
    assert_eq!(map(keyed.clone(), &batch(1001, 1, 0, [0; 2])), [(TAKEN, 3, 1)]);
    assert_eq!(map(keyed.clone(), &batch(1001, u32::MAX, 0, [0; 2])), [(Fault::Missing as u8, 0, 0)]);
    let mut read_only = keyed;
    read_only.keys[0].in_cell = false;
    assert_eq!(map(read_only, &batch(1001, u32::MAX, 0, [0; 2])), [(TAKEN, 1, 1)]);
}

#[test]
fn a_family_counts_once_per_label() {
    let keys = vec![Key { dim: DimIx(0), source: KeySource::Family(FieldIx(3)), in_cell: true }];
    let sum = Sink { keys, quantum: r("1"), ..sink(Fold::Sum(Expr::Family(FieldIx(3)))) };
    assert_eq!(map(sum, &batch(0, 0, 0, [NULL, 7])), [(TAKEN, 0, 0), (TAKEN, 1, 7)]);
}

fn charge(cells: Vec<CellRule>, post: Vec<Post>) -> Fold {
    let parts = vec![Expr::Const(r("0.30")), Expr::Mul(Box::new(Expr::Const(r("0.029"))), Box::new(Expr::Arg))];
    Fold::Charge(EventCharge {
        measure: Some(n()),
        measure_unit: "USD".into(),
        rules: Rules {
            functions: vec![Function { amount: Expr::Add(parts), rules: vec![] }],
            regimes: vec![Regime { from: None, cells }],
        },
        split: None,
        post,
        covered_by: vec![],
        counting: Counting::Net,
    })
}

#[test]
fn one_event_is_priced_then_floored_capped_and_rounded() {
    let cents = Post::Round(Rounding { mode: RoundingMode::HalfUp, step: r("0.01") });
    let exact = Sink { quantum: r("0.00001"), ..sink(charge(vec![CellRule::Function(0)], vec![])) };
    assert_eq!(map(exact, &batch(1050, 0, 0, [0; 2])), [(TAKEN, 0, 60450)]);
    let post = vec![Post::AtLeast(r("0.50")), Post::AtMost(r("5")), cents];
    let posted = sink(charge(vec![CellRule::Function(0)], post));
    assert_eq!(map(posted.clone(), &batch(1050, 0, 0, [0; 2])), [(TAKEN, 0, 60)]);
    assert_eq!(map(posted.clone(), &batch(100, 0, 0, [0; 2])), [(TAKEN, 0, 50)]);
    assert_eq!(map(posted.clone(), &batch(-100_000, 0, 0, [0; 2])), [(TAKEN, 0, -2870)]);
    assert_eq!(map(posted, &batch(1_000_000, 0, 0, [0; 2])), [(TAKEN, 0, 500)]);
    assert_eq!(
        map(sink(charge(vec![CellRule::NotSold], vec![])), &batch(1, 0, 0, [0; 2])),
        [(Fault::NotSold as u8, 0, 0)]
    );
}

#[test]
fn a_position_is_a_number_of_measure_steps() {
    let plan = plan(vec![sink(charge(vec![CellRule::Function(0)], vec![]))]);
    let interp = Interp::new(Arc::new(plan));
    assert_eq!(interp.measure_quantum(SinkIx(0)), r("0.01"));
    let row = batch(0, 0, 0, [0; 2]);
    assert_eq!(interp.position(SinkIx(0), 0, &row, 0, 10_000), Ok(r("3.2")));
}

#[test]
fn a_quantity_may_be_divided() {
    let function = Function { amount: Expr::Ladder(Box::new(Expr::Arg), Ladder::linear(r("2"))), rules: vec![] };
    let mut plan = plan(vec![sink(Fold::Average(n()))]);
    plan.lines.push(Line {
        name: "line".into(),
        rebate: true,
        charge: Charge::Usage(UsageCharge {
            sink: SinkIx(0),
            rules: Rules {
                functions: vec![function],
                regimes: vec![Regime { from: None, cells: vec![CellRule::Function(0)] }],
            },
            window: Window::Month,
            scale: None,
            across: price_ir::Across::Each,
            ratchet: None,
            split_period: true,
            covered_by: vec![],
            counting: Counting::Net,
            less: vec![],
        }),
        clamps: vec![],
        prorate: Proration::Never,
        rule: RuleIx(0),
        order: 0,
        currency: price_ir::OWN,
        about: price_ir::About::default(),
    });
    let interp = Interp::new(Arc::new(plan));
    assert_eq!(interp.charge(LineIx(0), 0, 100, 3), Ok(r("2/3")));
}
