//! Static scales: what is proved to fit, what is blamed, and what a plan keeps.

use price_ir::scale::{SinkValue, layout, scales, step};
use price_ir::{EventIx, Expr, Plan, text};
use price_value::Rational;

fn r(text: &str) -> Rational {
    text.parse().unwrap()
}

/// A plan of one event with field `n` (2 decimals) and label `region`, and the given rest.
fn plan(rest: &str) -> Plan {
    let head = r#"plan "test" {
  currency "USD" decimals 2 symbol "$"
  zone "UTC"
  billing month day 1 from 1
  rounding line half-up 0.01
}
rule0 "price" in "plan test"
dim0 "region" ["us", "eu", "apac"] listed
event0 "call" {
  f0 "n" number "call" decimals 2
  f1 "region" label dim0
}
"#;
    text::parse(&format!("{head}{rest}")).unwrap_or_else(|e| panic!("line {}: {}", e.line, e.message)).plan
}

fn line(sink: &str, function: &str) -> Plan {
    plan(&format!(
        "{sink}line0 \"line\" rule0 order 0 usage sink0 window month rate moment counting net {{\n  function 0 = {function} by [rule0]\n  regime start [0]\n}}\n"
    ))
}

fn sum(bound: &str) -> String {
    format!("sink0 \"n\" meter \"n\" event0 unit \"call\" quantum 0.01{bound} {{\n  fold sum f0\n}}\n")
}

#[test]
fn a_declared_bound_keeps_amounts_in_64_bits() {
    let tiers = "ladder(arg, graduated [0 -> 0 + 0.5, 10 -> 5 + 0.3, 1000 -> 302 + 1/7])";
    for (bound, wide) in [("", true), (" at-most 10000000", false), (" at-most 10000000000000000", true)] {
        let scales = scales(&line(&sum(bound), tiers)).unwrap();
        let line = scales.lines[0].as_ref().unwrap();
        assert_eq!((line.wide, line.bounded), (wide, !bound.is_empty()), "{bound}");
        // 0.01 of the slopes and the values at the bounds: sevenths of thousandths.
        assert_eq!(line.denominator, r("7000"));
        assert_eq!(line.posting.as_ref().unwrap().denominator, 7000);
    }
}

#[test]
fn multiplying_by_a_constant_changes_the_step_and_not_the_number() {
    let scales = scales(&line(&sum(""), "mul(1/3000, arg)")).unwrap();
    let line = scales.lines[0].as_ref().unwrap();
    assert_eq!(line.functions[0].step, r("1/300000"));
    assert!(!line.wide);
}

#[test]
fn an_average_is_compared_times_its_divisor() {
    let average = "sink0 \"n\" meter \"n\" event0 unit \"call\" quantum 0.01 {\n  fold average f0\n}\n";
    let plan = line(average, "ladder(arg, graduated [0 -> 0 + 0.5, 10.005 -> 5.0025 + 0.3])");
    let scales = scales(&plan).unwrap();
    let line = scales.lines[0].as_ref().unwrap();
    assert!(line.functions[0].divided && line.wide);
    assert_eq!(line.divisor_limit, 366 * 86_400);
    assert!(line.raw_limit > i64::MAX.into());
    assert!(layout(&plan).unwrap().lines[0].divided);
}

#[test]
fn the_longest_literal_is_blamed() {
    let tiny = "0.0000000000000000000000000000000001";
    let errors = scales(&line(&sum(""), &format!("add(mul({tiny}, arg), mul(2, arg))"))).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!((errors[0].name.as_str(), &errors[0].literal), ("line", &r(tiny)));
    assert!(errors[0].bits_needed > 126 && errors[0].to_string().contains(tiny), "{}", errors[0]);
    // Alone it is only a step.
    assert!(scales(&line(&sum(""), &format!("mul({tiny}, arg)"))).is_ok());
    // And with a bound there is room.
    assert!(scales(&line(&sum(" at-most 1"), &format!("add(mul({tiny}, arg), mul(2, arg))"))).is_ok());
}

#[test]
fn products_of_two_fields_are_guarded_instead_of_refused() {
    let square = "sink0 \"n\" meter \"n\" event0 unit \"call\" quantum 0.0001 {\n  fold sum mul(f0, f0)\n}\n";
    let scales = scales(&plan(square)).unwrap();
    let SinkValue::Number(raw) = &scales.sinks[0].value else { panic!("a number") };
    assert_eq!((raw.mul, raw.div), (1, 1));
    assert!(raw.wide && raw.of.hi <= 1 << 95);
}

#[test]
fn the_step_of_an_expression_is_its_coarsest_quantum() {
    let plan = plan("");
    let event = &plan.events[EventIx(0).ix()];
    let field = || Box::new(Expr::Field(price_ir::FieldIx(0)));
    assert_eq!(step(event, &Expr::Mul(field(), Box::new(Expr::Const(r("3600"))))), Some(r("36")));
    assert_eq!(step(event, &Expr::Add(vec![*field(), Expr::Const(r("1/8"))])), Some(r("0.005")));
    assert_eq!(step(event, &Expr::Arg), None);
}

#[test]
fn the_layout_counts_cells_and_bytes() {
    let sinks = r#"sink0 "n" meter "n" event0 unit "call" quantum 0.01 {
  k0 cell dim0 = f1
  fold sum f0
}
sink1 "peak" meter "peak" event0 unit "call" quantum 0.01 {
  fold percentile 95 f0
}
"#;
    let report = layout(&plan(sinks)).unwrap();
    assert_eq!((report.sinks[0].cells, report.sinks[0].bytes_per_cell, report.sinks[0].worst_bytes), (3, 16, Some(48)));
    assert_eq!((report.sinks[1].bytes_per_value, report.sinks[1].worst_bytes, report.worst_bytes), (8, None, None));
    let text = report.to_string();
    assert!(text.contains("n: sum, 3 cells of 16 bytes, at most 48 bytes; counted in 0.01 call"), "{text}");
    assert!(text.contains("together without a bound"), "{text}");
}
