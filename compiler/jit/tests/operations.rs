//! Each operation against the reference engine, at its edges.

mod common;

use common::*;
use price_ir::batch::NULL;
use price_ir::func::*;
use price_ir::*;
use price_value::{Rounding, RoundingMode};

fn rows_of_a(values: &[i64]) -> Vec<Row> {
    values.iter().map(|a| Row { a: *a, ..Row::default() }).collect()
}

const EDGES: [i64; 17] =
    [0, 1, -1, 2, 5, -5, 150, 151, 999, 1000, 1001, 3333, 3334, i64::MAX, i64::MAX - 1, i64::MIN + 1, NULL];

fn sum(value: Expr, quantum: &str) -> Plan {
    plan(vec![sink(vec![], Fold::Sum(value), quantum)], vec![])
}

fn boxed(e: Expr) -> Box<Expr> {
    Box::new(e)
}

fn a() -> Expr {
    Expr::Field(A)
}

#[test]
fn fields_sums_products_and_extremes() {
    let expressions = [
        a(),
        Expr::OrElse(B, r("2.5")),
        Expr::Add(vec![a(), con("0.005"), Expr::OrElse(B, r("-7"))]),
        Expr::Add(vec![]),
        Expr::Mul(boxed(a()), boxed(con("-1.5"))),
        Expr::Mul(boxed(con("0")), boxed(a())),
        Expr::Mul(boxed(a()), boxed(a())),
        Expr::Min(vec![a(), con("3"), Expr::OrElse(B, r("1"))]),
        Expr::Max(vec![con("-3"), a(), Expr::Mul(boxed(a()), boxed(con("1/3")))]),
        Expr::Min(vec![Expr::Mul(boxed(a()), boxed(a())), con("1000")]),
    ];
    for expr in expressions {
        for quantum in ["0.0001", "1", "1/300", "0.01"] {
            let products =
                matches!(&expr, Expr::Mul(a, b) if a == b) || matches!(&expr, Expr::Min(parts) if parts.len() == 2);
            mapped(&sum(expr.clone(), quantum), &rows_of_a(&EDGES), &[], products);
        }
    }
}

#[test]
fn roundings_in_every_direction_and_width() {
    for mode in [RoundingMode::HalfUp, RoundingMode::HalfEven, RoundingMode::Up, RoundingMode::Down] {
        for step in ["60", "0.05", "1/3", "1000000000000"] {
            let rounding = Rounding { mode, step: r(step) };
            for inner in [a(), Expr::Mul(boxed(a()), boxed(con("1000000000001/7")))] {
                let values: Vec<i64> = (-40..40).map(|n| n * 25).chain(EDGES).collect();
                mapped(&sum(Expr::Round(boxed(inner), rounding.clone()), step), &rows_of_a(&values), &[], false);
            }
        }
    }
}

#[test]
fn ladders_with_steps_jumps_and_mirrors() {
    let long: Vec<(String, String, String)> =
        (0..40).map(|i| (format!("{}", i * 7), format!("{}", i * i), format!("0.{i:02}"))).collect();
    let long: Vec<(&str, &str, &str, &str)> =
        long.iter().map(|(f, v, s)| (f.as_str(), v.as_str(), s.as_str(), "")).collect();
    let ladders = [
        tiers(),
        ladder("5", false, &[("0", "1", "0", "")]),
        ladder("0", true, &[("0", "0", "2", ""), ("10/7", "1", "-3", "")]),
        ladder("0", false, &[("0", "0.2", "0.01", "60"), ("60", "0.8", "0.1", "1"), ("90.5", "7", "0.5", "")]),
        ladder("-1", true, &[("0", "0", "0.1", "1/3")]),
        ladder("0", false, &long),
        ladder("1", true, &long),
    ];
    for ladder in ladders {
        for inner in [a(), Expr::Mul(boxed(a()), boxed(con("1000/7")))] {
            let expr = Expr::Ladder(boxed(inner), ladder.clone());
            let values: Vec<i64> = (-300..300).map(|n| n * 50).chain(EDGES).collect();
            mapped(&sum(expr, "1/2100000000"), &rows_of_a(&values), &[], false);
        }
    }
}

#[test]
fn conditions_choose_and_stop_early() {
    let rows: Vec<Row> = (0..48)
        .map(|i| Row {
            a: if i % 7 == 0 { NULL } else { i64::from(i) * 37 - 600 },
            b: if i % 2 == 0 { NULL } else { i64::from(i) },
            flag: (i % 3) as u8,
            text: ["", "x", "yz"][(i % 3) as usize],
            region: [0, 1, 2, 3, u32::MAX][(i % 5) as usize],
            daypart: [0, 1, 2][(i % 3) as usize],
            tag: [4, u32::MAX, 70][(i % 3) as usize],
            ..Row::default()
        })
        .collect();
    let compare = |order| Cond::Compare(boxed(a()), order, boxed(Expr::OrElse(B, r("1/3"))));
    let conds = [
        Cond::Flag(FLAG),
        Cond::Text(TEXT, "yz".into()),
        Cond::Present(B),
        Cond::Present(TEXT),
        Cond::Present(FLAG),
        Cond::Present(TAG),
        Cond::Label(KeyIx(0), vec![0, 2]),
        Cond::Label(KeyIx(1), vec![2]),
        Cond::Label(KeyIx(2), vec![1]),
        Cond::Label(KeyIx(3), vec![]),
        Cond::Not(Box::new(compare(Order::Equal))),
        Cond::All(vec![compare(Order::Less), Cond::Flag(FLAG)]),
        Cond::Any(vec![compare(Order::AtMost), Cond::Flag(FLAG), compare(Order::Greater)]),
        Cond::Any(vec![]),
        Cond::All(vec![compare(Order::AtLeast), compare(Order::NotEqual)]),
    ];
    let keys = vec![
        key(0, KeySource::Field(REGION), true),
        key(1, KeySource::Bucket(Expr::Mul(boxed(a()), boxed(con("1/9")))), true),
        key(2, KeySource::Calendar(CalendarIx(0)), false),
        key(4, KeySource::Field(TAG), true),
    ];
    for cond in conds {
        let mut one = sum(
            Expr::If(
                Box::new(cond.clone()),
                boxed(con("2")),
                boxed(Expr::ByKey(KeyIx(0), vec![con("1"), con("0.5"), con("-9")])),
            ),
            "0.5",
        );
        one.sinks[0].keys = keys.clone();
        mapped(&one, &rows, &[], false);
        let mut two = sum(Expr::ByKey(KeyIx(2), vec![a(), Expr::OrElse(B, r("0"))]), "0.01");
        two.sinks[0].keys = keys.clone();
        two.sinks[0].filter = cond.clone();
        two.sinks[0].scope = Cond::Not(Box::new(Cond::Label(KeyIx(2), vec![0])));
        mapped(&two, &rows, &[], false);
        let mut three = plan(vec![sink(keys.clone(), Fold::Unique(TEXT), "1")], vec![]);
        three.sinks[0].scope = cond;
        mapped(&three, &rows, &[], false);
    }
}

#[test]
fn families_unroll_to_one_entry_per_label() {
    let rows: Vec<Row> = (0..9)
        .map(|i| Row {
            a: i,
            tokens: [i * 3, if i % 2 == 0 { NULL } else { -i }],
            region: (i % 4) as u32,
            ..Row::default()
        })
        .collect();
    let keys = vec![key(0, KeySource::Field(REGION), true), key(3, KeySource::Family(TOKENS), true)];
    let value = Expr::Mul(boxed(Expr::Family(TOKENS)), boxed(Expr::ByKey(KeyIx(1), vec![con("2"), con("3")])));
    let one = plan(vec![sink(keys.clone(), Fold::Sum(value), "0.1")], vec![]);
    assert_eq!(mapped(&one, &rows, &[], false).status.len(), 18);
    let two = plan(vec![sink(keys, Fold::Count, "1")], vec![]);
    mapped(&two, &rows, &[], false);
}

#[test]
fn large_tables_and_lists_are_data() {
    let mut one = sum(Expr::ByKey(KeyIx(0), (0..5000).map(|i| con(&format!("{i}.5"))).collect()), "0.5");
    one.dimensions[0].labels = (0..5000).map(|i| format!("l{i}")).collect();
    one.sinks[0].keys = vec![key(0, KeySource::Field(REGION), true)];
    one.sinks[0].filter = Cond::Label(KeyIx(0), (0..5000).filter(|i| i % 3 != 1).collect());
    let rows: Vec<Row> = (0..5003).map(|i| Row { region: i, ..Row::default() }).collect();
    let started = std::time::Instant::now();
    mapped(&one, &rows, &[], false);
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn event_charges_by_cell_date_and_post() {
    let region = || vec![key(0, KeySource::Field(REGION), true)];
    let arg = || boxed(Expr::Arg);
    let functions = vec![
        Expr::Add(vec![Expr::Mul(arg(), boxed(con("0.029"))), con("0.30")]),
        Expr::Add(vec![Expr::Mul(arg(), boxed(con("0.015"))), con("0.10")]),
        Expr::Ladder(arg(), tiers()),
        Expr::Mul(boxed(Expr::OrElse(B, r("1"))), boxed(con("1.2"))),
    ];
    let cells = |c: [u32; 3]| c.map(|f| if f == 9 { CellRule::NotSold } else { CellRule::Function(f) }).to_vec();
    let regimes = vec![cells([0, 1, 9]), cells([2, 2, 0]), cells([3, 9, 1])];
    let posts = [
        vec![],
        vec![Post::AtLeast(r("0.5")), Post::AtMost(r("5"))],
        vec![Post::Round(Rounding { mode: RoundingMode::HalfEven, step: r("0.01") }), Post::AtLeast(r("0.07"))],
        vec![Post::AtMost(r("-1")), Post::AtLeast(r("2"))],
    ];
    let values: Vec<i64> = (-20..60).map(|i| i * 217).chain(EDGES).collect();
    let rows: Vec<Row> = values
        .iter()
        .enumerate()
        .map(|(i, a)| Row { a: *a, b: (i as i64 % 5) * 100, region: (i % 4) as u32, ..Row::default() })
        .collect();
    let regime: Vec<u32> = (0..rows.len()).map(|i| (i / 4 % 3) as u32).collect();
    for post in posts {
        for measure in [a(), Expr::Round(boxed(a()), Rounding { mode: RoundingMode::Up, step: r("0.6") })] {
            let charge = charge(Some(measure), rules(functions.clone(), regimes.clone()), post.clone());
            let one = plan(vec![sink(region(), Fold::Charge(charge.clone()), "1/10000000")], vec![]);
            mapped(&one, &rows, &regime, false);
            positions(&one, &rows);
            let mut alone = charge.clone();
            alone.rules.regimes = vec![Regime { from: None, cells: cells([2, 2, 2]) }];
            let two = plan(vec![sink(region(), Fold::Charge(alone), "1/10000000")], vec![]);
            mapped(&two, &rows, &[], false);
            let mut hosted = charge;
            hosted.split = Some(SplitAt { key: KeyIx(0), seconds_per_unit: r("1") });
            let three = plan(vec![sink(region(), Fold::Charge(hosted), "1/10000000")], vec![]);
            mapped(&three, &rows, &regime, false);
        }
    }
    let fields_only = charge(
        None,
        rules(vec![Expr::Mul(boxed(a()), boxed(con("1/3")))], vec![cells([0, 0, 0])]),
        vec![Post::AtLeast(r("1"))],
    );
    let four = plan(vec![sink(region(), Fold::Charge(fields_only), "1/300")], vec![]);
    mapped(&four, &rows, &[], false);
    positions(&four, &rows);
}

fn positions(plan: &Plan, rows: &[Row]) {
    let (interp, jit) = engines(plan.clone());
    let batch = batch(rows);
    assert_eq!(interp.measure_quantum(SinkIx(0)), jit.measure_quantum(SinkIx(0)));
    let Fold::Charge(charge) = &plan.sinks[0].fold else { panic!("an event charge") };
    for function in 0..charge.rules.functions.len() as u32 {
        for (row, _) in rows.iter().enumerate().step_by(3) {
            for measure in [0, 1, -1, 999, 1_000_000, i64::MAX] {
                let exact = interp.position(SinkIx(0), function, &batch, row, measure);
                let fast = jit.position(SinkIx(0), function, &batch, row, measure);
                assert_eq!(exact, fast, "function {function}, row {row}, measure {measure}");
            }
        }
    }
}

#[test]
fn too_large_products_are_faults_of_their_row() {
    let cube = Expr::Mul(boxed(a()), boxed(Expr::Mul(boxed(a()), boxed(a()))));
    let out = mapped(&sum(cube, "0.000001"), &rows_of_a(&EDGES), &[], true);
    assert_eq!(out.status[13], Fault::Overflow as u8);
    assert_eq!((out.status[6], out.value[6]), (1, 150 * 150 * 150));
}
