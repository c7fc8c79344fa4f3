//! Plans and batches for the tests of this crate, and the comparison with the reference engine.
#![allow(dead_code, reason = "each test file uses its own part")]

use price_interp::Interp;
use price_ir::batch::{Column, NULL};
use price_ir::func::*;
use price_ir::kernel::MapOut;
use price_ir::*;
use price_jit::Jit;
use price_value::{Currency, Rational, Schedule, Span, Window};
use std::sync::Arc;

pub fn r(text: &str) -> Rational {
    text.parse().unwrap()
}

pub fn con(text: &str) -> Expr {
    Expr::Const(r(text))
}

pub const A: FieldIx = FieldIx(0);
pub const B: FieldIx = FieldIx(1);
pub const REGION: FieldIx = FieldIx(2);
pub const FLAG: FieldIx = FieldIx(3);
pub const TEXT: FieldIx = FieldIx(4);
pub const TOKENS: FieldIx = FieldIx(5);
pub const TAG: FieldIx = FieldIx(6);

fn number(decimals: u8) -> NumberType {
    NumberType { unit: "GB".into(), decimals, signed: true, level: false, accepts: vec![] }
}

fn labels(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("l{i}")).collect()
}

/// Dimensions: 0 region (3 labels), 1 size (3 buckets), 2 daypart (2, calendar), 3 kind (2), 4 tag (open).
pub fn plan(sinks: Vec<Sink>, lines: Vec<Line>) -> Plan {
    let listed = |name: &str, n| Dimension {
        name: name.into(),
        labels: labels(n),
        kind: DimensionKind::Listed { unknown: None },
    };
    let field = |name: &str, ty, optional| Field { name: name.into(), ty, optional };
    Plan {
        name: "t".into(),
        kind: PlanKind::Plan,
        version: None,
        currency: Currency { code: "USD".into(), decimals: 2, symbol: Some("$".into()), is_virtual: false },
        zone: "UTC".into(),
        billing: Schedule { every: Window::Month, day: 1, month: 1 },
        net_days: None,
        effective: Span::default(),
        rounding: LineRounding {
            each: RoundingScope::Line,
            rounding: price_value::Rounding { mode: price_value::RoundingMode::HalfUp, step: r("0.01") },
        },
        late: None,
        dimensions: vec![
            listed("region", 3),
            Dimension {
                name: "size".into(),
                labels: labels(3),
                kind: DimensionKind::Buckets { bounds: vec![r("1.5"), r("40/3")] },
            },
            Dimension { name: "daypart".into(), labels: labels(2), kind: DimensionKind::Calendar(CalendarIx(0)) },
            listed("kind", 2),
            Dimension { name: "tag".into(), labels: vec![], kind: DimensionKind::Open { at_most: 9 } },
        ],
        calendars: vec![Calendar { name: "daypart".into(), zone: "UTC".into(), slots: vec![] }],
        events: vec![Event {
            name: "use".into(),
            fields: vec![
                field("a", FieldType::Number(number(2)), false),
                field("b", FieldType::Number(number(0)), true),
                field("region", FieldType::Label(DimIx(0)), false),
                field("flag", FieldType::Flag, true),
                field("text", FieldType::Text, true),
                field("tokens", FieldType::Family(DimIx(3), number(1)), false),
                field("tag", FieldType::Label(DimIx(4)), true),
            ],
        }],
        sinks,
        allowances: vec![],
        lines,
        discounts: vec![],
        clamps: vec![],
        attributions: vec![],
        funds: price_ir::Funds::default(),
        parties: None,
        foreign: Vec::new(),
        rules: vec![Rule { title: "price".into(), within: "plan".into() }],
    }
}

pub fn key(dim: u32, source: KeySource, in_cell: bool) -> Key {
    Key { dim: DimIx(dim), source, in_cell }
}

pub fn sink(keys: Vec<Key>, fold: Fold, quantum: &str) -> Sink {
    Sink {
        name: "sink".into(),
        meter: "sink".into(),
        event: EventIx(0),
        keys,
        filter: Cond::Always,
        scope: Cond::Always,
        fold,
        unit: "GB".into(),
        quantum: r(quantum),
        bound: None,
        parts: None,
    }
}

pub fn rules(functions: Vec<Expr>, cells: Vec<Vec<CellRule>>) -> Rules {
    Rules {
        functions: functions.into_iter().map(|amount| Function { amount, rules: vec![RuleIx(0)] }).collect(),
        regimes: cells.into_iter().map(|cells| Regime { from: None, cells }).collect(),
    }
}

pub fn charge(measure: Option<Expr>, rules: Rules, post: Vec<Post>) -> EventCharge {
    EventCharge {
        measure,
        measure_unit: "GB".into(),
        rules,
        split: None,
        post,
        covered_by: vec![],
        counting: Counting::Net,
    }
}

pub fn usage(sink: u32, rules: Rules) -> Line {
    Line {
        name: "line".into(),
        rebate: false,
        charge: Charge::Usage(UsageCharge {
            sink: SinkIx(sink),
            rules,
            window: Window::Month,
            scale: None,
            across: price_ir::Across::Each,
            ratchet: None,
            split_period: false,
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
    }
}

/// Bounds, values at them and slopes; steps where not empty.
pub fn ladder(at_zero: &str, odd: bool, pieces: &[(&str, &str, &str, &str)]) -> Ladder {
    Ladder {
        kind: LadderKind::Graduated,
        at_zero: r(at_zero),
        pieces: pieces
            .iter()
            .map(|(from, value, slope, step)| Piece {
                from: r(from),
                value: r(value),
                slope: r(slope),
                step: (!step.is_empty()).then(|| r(step)),
            })
            .collect(),
        odd,
    }
}

pub fn tiers() -> Ladder {
    ladder("0", false, &[("0", "0", "0.09", ""), ("10", "0.9", "0.085", ""), ("100/3", "3", "0.05", "")])
}

/// One row.
#[derive(Clone)]
pub struct Row {
    pub a: i64,
    pub b: i64,
    pub region: u32,
    pub flag: u8,
    pub text: &'static str,
    pub tokens: [i64; 2],
    pub tag: u32,
    pub daypart: u32,
}

impl Default for Row {
    fn default() -> Row {
        Row { a: 0, b: NULL, region: 0, flag: 0, text: "", tokens: [0, 0], tag: 0, daypart: 0 }
    }
}

pub fn batch(rows: &[Row]) -> Batch {
    Batch {
        event: EventIx(0),
        rows: rows.len(),
        happened: vec![0; rows.len()],
        columns: vec![
            Column::Int(rows.iter().map(|r| r.a).collect()),
            Column::Int(rows.iter().map(|r| r.b).collect()),
            Column::Label(rows.iter().map(|r| r.region).collect()),
            Column::Flag(rows.iter().map(|r| r.flag).collect()),
            Column::Text(rows.iter().map(|r| r.text.into()).collect()),
            Column::Family((0..2).map(|k| rows.iter().map(|r| r.tokens[k]).collect()).collect()),
            Column::Label(rows.iter().map(|r| r.tag).collect()),
        ],
        calendars: vec![rows.iter().map(|r| r.daypart).collect()],
    }
}

pub fn engines(plan: Plan) -> (Interp, Jit) {
    let plan = Arc::new(plan);
    (Interp::new(plan.clone()), Jit::new(plan).unwrap())
}

/// Maps with both engines and gives what they agree on. Where the exact engine has a value, the
/// fast one may say overflow only if `tight`.
pub fn mapped(plan: &Plan, rows: &[Row], regime: &[u32], tight: bool) -> MapOut {
    let (interp, jit) = engines(plan.clone());
    let batch = batch(rows);
    let (mut exact, mut fast) = (MapOut::default(), MapOut::default());
    interp.map(SinkIx(0), &batch, regime, &mut exact);
    jit.map(SinkIx(0), &batch, regime, &mut fast);
    for (index, status) in fast.status.iter().enumerate() {
        let entry = |out: &MapOut| (out.status[index], out.cell[index], out.value[index]);
        if tight && *status == Fault::Overflow as u8 {
            assert_eq!(entry(&fast), (2, 0, 0));
            continue;
        }
        assert_eq!(entry(&fast), entry(&exact), "entry {index} (status, cell, value)");
    }
    fast
}
