//! Prices on meters: charges, and the fused path.

mod common;

use common::*;
use price_ir::batch::NULL;
use price_ir::func::*;
use price_ir::*;
use price_jit::{CompileError, Jit};
use price_value::{Rounding, RoundingMode};
use std::sync::Arc;

fn functions() -> Vec<Expr> {
    let arg = || Box::new(Expr::Arg);
    let scaled = || Box::new(Expr::Mul(arg(), Box::new(con("1/1000"))));
    vec![
        Expr::Mul(arg(), Box::new(con("0.05"))),
        Expr::Ladder(arg(), tiers()),
        Expr::Ladder(scaled(), ladder("10", false, &[("0", "10", "0.05", ""), ("1000", "60", "0.04", "")])),
        Expr::Ladder(arg(), ladder("0", false, &[("0", "0", "0.1", "10"), ("25.5", "7", "1", "1/3")])),
        Expr::Min(vec![Expr::Ladder(arg(), tiers()), con("2.5")]),
        Expr::Max(vec![Expr::Mul(arg(), Box::new(con("0.9"))), con("1")]),
        Expr::Round(
            Box::new(Expr::Mul(arg(), Box::new(con("0.033")))),
            Rounding { mode: RoundingMode::HalfEven, step: r("0.01") },
        ),
        Expr::Add(vec![Expr::Ladder(arg(), tiers()), Expr::Mul(con("0.01").into(), arg())]),
        Expr::If(Box::new(Cond::Compare(arg(), Order::Greater, Box::new(con("7/3")))), arg(), Box::new(con("0"))),
        Expr::Ladder(arg(), ladder("0", true, &[("0", "0", "1", ""), ("5", "5", "2", "")])),
        con("0"),
    ]
}

#[test]
fn charges_equal_the_reference_at_any_magnitude_and_divisor() {
    let raws: Vec<i128> = (-30..60)
        .map(|i| i * 37)
        .chain([
            0,
            1,
            1000,
            1001,
            3333,
            3334,
            i64::MAX.into(),
            i128::from(i64::MAX) + 1,
            1 << 90,
            -(1 << 90),
            1 << 100,
            i128::MAX,
        ])
        .collect();
    for (fold, divisors) in [
        (Fold::Sum(Expr::Field(A)), &[1i64][..]),
        (Fold::Average(Expr::Field(A)), &[1, 7, 2_678_400, 2_674_800, 31_536_000, i64::MAX]),
        (Fold::Mean(Expr::Field(A)), &[1, 3, 1 << 33]),
    ] {
        let cells = vec![vec![CellRule::Function(0)]];
        let mut one = plan(vec![sink(vec![], fold, "0.01")], vec![usage(0, rules(functions(), cells))]);
        for bound in [None, Some("100"), Some("10000000000")] {
            one.sinks[0].bound = bound.map(r);
            let (interp, jit) = engines(one.clone());
            for function in 0..functions().len() as u32 {
                for raw in &raws {
                    for divisor in divisors {
                        let exact = interp.charge(LineIx(0), function, *raw, *divisor);
                        let fast = jit.charge(LineIx(0), function, *raw, *divisor);
                        assert_eq!(exact, fast, "function {function}, raw {raw}, divisor {divisor}");
                    }
                }
            }
        }
    }
}

fn rate_line(fold: Fold, cells: Vec<CellRule>) -> Plan {
    let keys = vec![key(0, KeySource::Field(REGION), true)];
    let mut one = plan(vec![sink(keys, fold, "0.01")], vec![usage(0, rules(functions(), vec![cells]))]);
    one.sinks[0].filter = Cond::Not(Box::new(Cond::Flag(FLAG)));
    one
}

/// The fused path against the reference engine's map and charge.
fn rated(plan: Plan, rows: &[Row], cells: &mut Vec<i64>) {
    let (interp, jit) = engines(plan);
    let Charge::Usage(usage) = &interp.plan().lines[0].charge else { panic!("a usage line") };
    let batch = batch(rows);
    let base: Vec<u32> = (0..rows.len()).map(|i| (i % 3 * 3) as u32).collect();
    let (mut exact, mut kept) = (MapOut::default(), cells.clone());
    interp.map(SinkIx(0), &batch, &[], &mut exact);
    let (mut posted, mut status) = (vec![7; rows.len()], vec![7; rows.len()]);
    assert!(jit.rate(LineIx(0), &batch, &base, cells, &mut posted, &mut status));
    let denominator = jit.posting_denominator(LineIx(0)).unwrap();
    for row in 0..rows.len() {
        let at = base[row] as usize + exact.cell[row] as usize;
        let expected = (|| {
            if exact.status[row] != 1 {
                return Err(exact.status[row]);
            }
            let CellRule::Function(f) = usage.rules.regimes[0].cells[exact.cell[row] as usize] else {
                return Err(Fault::NotSold as u8);
            };
            let after = kept[at].checked_add(exact.value[row]).ok_or(Fault::Overflow as u8)?;
            let amount = |raw: i64| interp.charge(LineIx(0), f, raw.into(), 1).map_err(|f| f as u8);
            let posted = (amount(after)? - amount(kept[at])?) * price_value::Rational::int(denominator);
            let posted = i64::try_from(posted.to_i128().expect("whole")).map_err(|_| Fault::Overflow as u8)?;
            Ok((after, posted))
        })();
        match expected {
            Ok((after, amount)) => {
                kept[at] = after;
                assert_eq!((status[row], posted[row]), (1, amount), "row {row}");
            }
            Err(fault) => assert_eq!((status[row], posted[row]), (fault, 0), "row {row}"),
        }
    }
    assert_eq!(*cells, kept);
}

#[test]
fn the_fused_path_posts_differences() {
    let f = CellRule::Function;
    let rows: Vec<Row> = (0..400)
        .map(|i| Row {
            a: match i % 23 {
                0 => -30,
                1 => NULL,
                2 => 100_000 * i,
                n => n * 13,
            },
            region: (i % 4) as u32,
            flag: u8::from(i % 11 == 0),
            ..Row::default()
        })
        .collect();
    for cells in [
        [f(0), f(0), f(0)],
        [f(1), f(1), f(1)],
        [f(0), f(1), f(2)],
        [f(2), CellRule::NotSold, f(7)],
        [f(10), f(0), f(1)],
    ] {
        for fold in [Fold::Sum(Expr::Field(A)), Fold::Count] {
            let mut state = vec![0; 9];
            rated(rate_line(fold.clone(), cells.to_vec()), &rows, &mut state);
            rated(rate_line(fold, cells.to_vec()), &rows, &mut state);
        }
    }
}

#[test]
fn a_total_or_posting_beyond_64_bits_changes_nothing() {
    let f = CellRule::Function;
    let rows: Vec<Row> = [i64::MAX, 1, i64::MAX - 1, 5, i64::MAX / 2, i64::MIN + 1, 400, i64::MAX / 9, 3]
        .into_iter()
        .map(|a| Row { a, ..Row::default() })
        .collect();
    for function in [0, 1, 2, 7] {
        let mut state = vec![0; 9];
        rated(rate_line(Fold::Sum(Expr::Field(A)), vec![f(function); 3]), &rows, &mut state);
        let mut state = vec![i64::MAX - 3, 0, 0, i64::MAX, 0, 0, 1, 0, 0];
        rated(rate_line(Fold::Sum(Expr::Field(A)), vec![f(function); 3]), &rows, &mut state);
    }
}

#[test]
fn lines_without_a_fused_path_say_so() {
    let f = CellRule::Function;
    let cases: [Plan; 3] = [
        rate_line(Fold::Max(Expr::Field(A), Held::Amount), vec![f(0); 3]),
        rate_line(Fold::Sum(Expr::Field(A)), vec![f(3); 3]),
        {
            let mut two = rate_line(Fold::Count, vec![f(0); 3]);
            let Charge::Usage(usage) = &mut two.lines[0].charge else { panic!("a usage line") };
            usage.rules.regimes.push(Regime { from: None, cells: vec![f(1); 3] });
            two
        },
    ];
    for plan in cases {
        let (_, jit) = engines(plan);
        assert!(!jit.rate(LineIx(0), &batch(&[]), &[], &mut [], &mut [], &mut []));
        assert_eq!(jit.posting_denominator(LineIx(0)), None);
    }
}

#[test]
fn constants_beyond_128_bits_are_a_typed_error_that_names_the_literal() {
    let long = format!("0.{}1", "0".repeat(60));
    let amount = Expr::Add(vec![Expr::Mul(Box::new(Expr::Arg), Box::new(con(&long))), con("1")]);
    let one = plan(
        vec![sink(vec![], Fold::Count, "1")],
        vec![usage(0, rules(vec![amount], vec![vec![CellRule::Function(0)]]))],
    );
    let Err(CompileError::Scale(errors)) = Jit::new(Arc::new(one)) else { panic!("a scale error") };
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].literal, r(&long));
    assert!(errors[0].bits_needed > 126);
}

#[test]
fn thousands_of_tiers_and_cells_compile_in_bounded_time() {
    let f = CellRule::Function;
    let tiers = |seed: usize| Ladder {
        pieces: (0..1000)
            .map(|i| Piece {
                from: price_value::Rational::int((i * (seed + 1)) as i128),
                value: price_value::Rational::int((i * i) as i128),
                slope: price_value::Rational::new((i + seed) as i128, 1000),
                step: None,
            })
            .collect(),
        ..tiers()
    };
    let functions: Vec<Expr> = (0..200).map(|i| Expr::Ladder(Box::new(Expr::Arg), tiers(i))).collect();
    let mut one = rate_line(Fold::Sum(Expr::Field(A)), (0..200).map(f).collect());
    one.dimensions[0].labels = (0..200).map(|i| format!("l{i}")).collect();
    let Charge::Usage(usage) = &mut one.lines[0].charge else { panic!("a usage line") };
    usage.rules.functions = functions.into_iter().map(|amount| Function { amount, rules: vec![] }).collect();
    let started = std::time::Instant::now();
    let (interp, jit) = engines(one);
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    for function in [0, 1, 77, 199] {
        for raw in [0, 1, 99_999, 100_000, 1_234_567, 19_900_000, i64::MAX.into()] {
            assert_eq!(interp.charge(LineIx(0), function, raw, 1), jit.charge(LineIx(0), function, raw, 1));
        }
    }
}

#[test]
fn code_is_freed_with_the_kernel_and_called_from_many_threads() {
    let f = CellRule::Function;
    let (_, jit) = engines(rate_line(Fold::Sum(Expr::Field(A)), vec![f(1); 3]));
    let jit: Arc<dyn Kernel> = Arc::new(jit);
    let workers: Vec<_> = (0..4)
        .map(|i| {
            let jit = jit.clone();
            std::thread::spawn(move || jit.charge(LineIx(0), 1, 1000 * i, 1).unwrap())
        })
        .collect();
    drop(jit);
    for worker in workers {
        worker.join().unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_page_is_writable_and_executable_and_all_are_given_back() {
    let maps = || std::fs::read_to_string("/proc/self/maps").unwrap();
    let f = CellRule::Function;
    let compile = || engines(rate_line(Fold::Sum(Expr::Field(A)), vec![f(1); 3])).1;
    let kept = compile();
    assert!(!maps().lines().any(|line| line.contains("rwx")));
    let executable = || maps().lines().filter(|line| line.contains("r-xp") && !line.contains('/')).count();
    let before = executable();
    for _ in 0..50 {
        drop(compile());
    }
    // Other tests compile meanwhile; fifty kernels left behind would show.
    assert!(executable() < before + 40, "{before} {}", executable());
    assert!(kept.charge(LineIx(0), 1, 1000, 1).is_ok());
}
