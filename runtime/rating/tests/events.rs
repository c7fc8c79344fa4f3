//! Prices on each event: amounts that are summed, split at boundaries, covered in front.

mod common;
use common::*;
use price_ir::*;
use price_value::*;

fn round(mode: RoundingMode, step: &str) -> Post {
    Post::Round(Rounding { mode, step: r(step) })
}

fn pay(n: &'static str) -> Row<'static> {
    ("a", "pay", "2026-04-02T00:00:00Z", Box::leak(Box::new([("amount", n)])))
}

#[test]
fn each_event_is_rounded_before_the_sum() {
    let mut b = Build::new();
    let event = b.event("pay", vec![number("amount", "USD", 2)]);
    let amount = Expr::Add(vec![mul(c("0.029"), field(0)), c("0.30")]);
    let mut charge = each(None, "", amount, 1);
    charge.post = vec![round(RoundingMode::HalfUp, "0.01")];
    b.charge("card", event, vec![], "0.01", charge);
    let mut rater = b.rater();
    // 1,000 fees of $1.025.
    push(&mut rater, &vec![pay("25.00"); 1000]);
    let invoice = close(&mut rater, "2026-04-01");
    assert_eq!(invoice.total, r("1030"));
    assert_eq!((line(&invoice, "card").cells[0].events, line(&invoice, "card").kind), (1000, LineKind::Events));
}

#[test]
fn each_event_has_its_floor_and_ceiling() {
    let mut b = Build::new();
    let event = b.event("pay", vec![number("amount", "USD", 2)]);
    let amount = Expr::Add(vec![mul(c("0.01"), field(0)), c("0.50")]);
    let mut charge = each(None, "", amount, 1);
    charge.post = vec![Post::AtLeast(r("1.75")), Post::AtMost(r("3.75"))];
    b.charge("card", event, vec![], "0.0001", charge);
    let mut rater = b.rater();
    push(&mut rater, &[pay("100"), pay("100"), pay("100"), pay("1000")]);
    assert_eq!(close(&mut rater, "2026-04-01").total, r("9"));
}

/// Calls in seconds at `peak`/`offpeak` rates per minute, edge at 20:00 local, split there.
fn calls(zone: &str, peak: Expr, offpeak: Expr, split: bool) -> Build {
    let mut b = Build::new();
    b.0.zone = zone.into();
    b.0.rounding.rounding.step = r("0.0001");
    let (dim, calendar) = b.daypart("daypart", ["peak", "offpeak"], 8, 20);
    let event = b.event("call", vec![number("seconds", "second", 0)]);
    let key = Key { dim, source: KeySource::Calendar(calendar), in_cell: true };
    let mut charge = each(Some(field(0)), "second", peak, 2);
    charge.rules.functions.push(Function { amount: offpeak, rules: vec![] });
    charge.rules.regimes[0].cells[1] = CellRule::Function(1);
    charge.post = vec![round(RoundingMode::Up, "0.0001")];
    if split {
        charge.split = Some(SplitAt { key: KeyIx(0), seconds_per_unit: r("1") });
    }
    b.charge("call", event, vec![key], "0.0001", charge);
    b
}

fn call(time: &'static str, seconds: &'static str) -> Row<'static> {
    ("a", "call", time, Box::leak(Box::new([("seconds", seconds)])))
}

#[test]
fn a_call_across_a_price_boundary_is_split_or_rated_by_its_start() {
    let per_minute = |rate: &str| per_unit(&format!("{}", r(rate) / r("60")));
    for (split, total) in [(true, "0.25"), (false, "0.4")] {
        let b = calls("Europe/Berlin", per_minute("0.10"), per_minute("0.04"), split);
        let mut rater = b.rater();
        // 19:58:30 to 20:02:30 local.
        push(&mut rater, &[call("2026-03-04T18:58:30Z", "240")]);
        let invoice = close(&mut rater, "2026-03-01");
        assert_eq!(invoice.total, r(total));
        if split {
            let cells = &line(&invoice, "call").cells;
            let shown: Vec<_> = cells.iter().map(|c| format!("{} {} {}", c.quantity, c.exact, c.events)).collect();
            assert_eq!(shown, ["90 0.15 1", "150 0.1 0"]);
        }
    }
}

#[test]
fn a_step_that_a_boundary_cuts_belongs_to_where_it_begins() {
    let b = calls("UTC", per_unit("1"), per_unit("0.01"), true);
    let mut rater = b.rater();
    push(&mut rater, &[call("2026-03-04T19:59:58.5Z", "3")]);
    // Seconds begin at 58.5, 59.5 and 00.5.
    assert_eq!(close(&mut rater, "2026-03-01").total, r("2.01"));
}

#[test]
fn connect_fees_and_pulses_are_functions_of_the_call() {
    // 0.4, then 0.2 for the first started minute, then 0.1 a minute by the second; up, 4 decimals.
    let piece = |from: &str, value: &str, slope: &str, step: &str| Piece {
        from: r(from),
        value: r(value),
        slope: r(slope),
        step: Some(r(step)),
    };
    let rate = || {
        let pieces = vec![piece("0", "0.4", "1/300", "60"), piece("60", "0.6", "1/600", "1")];
        ladder(LadderKind::Graduated, "0", pieces)
    };
    let b = calls("UTC", rate(), rate(), true);
    for (seconds, total) in [("10", "0.6"), ("61", "0.6017"), ("0", "0")] {
        let mut rater = b.rater();
        push(&mut rater, &[call("2026-03-04T12:00:00Z", seconds)]);
        assert_eq!(close(&mut rater, "2026-03-01").total, r(total));
    }
    // Across the edge: the ladder goes on, the connect fee is not due twice.
    let mut rater = b.rater();
    push(&mut rater, &[call("2026-03-04T19:59:00Z", "90")]);
    assert_eq!(close(&mut rater, "2026-03-01").total, r("0.65"));
}

/// 60 free seconds a month on calls with a flat part; `per_unit` 0.01 a second.
fn covered(counting: Counting) -> Build {
    let mut b = Build::new();
    b.0.rounding.rounding.step = r("0.0001");
    let event = b.event("call", vec![number("seconds", "second", 0)]);
    let pieces = vec![Piece { from: r("0"), value: r("0.5"), slope: r("0.01"), step: None }];
    let mut charge = each(Some(field(0)), "second", ladder(LadderKind::Graduated, "0", pieces), 1);
    charge.counting = counting;
    let line = b.charge("call", event, vec![], "0.0001", charge);
    b.allowance("free", "60", DrawOrder::AsUsed, &[line]);
    b
}

#[test]
fn an_allowance_covers_the_front_of_events_in_the_order_of_time() {
    let mut rater = covered(Counting::Net).rater();
    push(&mut rater, &[call("2026-03-04T12:00:00Z", "40"), call("2026-03-04T13:00:00Z", "50")]);
    push(&mut rater, &[call("2026-03-04T14:00:00Z", "10")]);
    let invoice = close(&mut rater, "2026-03-01");
    // Wholly covered: nothing. Then 30 of 50, flat part and all. Then none.
    assert_eq!(invoice.total, r("1.4"));
    let cell = &line(&invoice, "call").cells[0];
    assert_eq!((cell.quantity.to_string(), cell.covered.to_string(), cell.events), ("100".into(), "60".into(), 3));
    assert_eq!((invoice.allowances[0].used.clone(), invoice.allowances[0].forfeited.clone()), (r("60"), r("0")));
}

#[test]
fn counting_gross_prices_the_rest_where_it_lies() {
    let mut rater = covered(Counting::Gross).rater();
    push(&mut rater, &[call("2026-03-04T12:00:00Z", "40"), call("2026-03-04T13:00:00Z", "50")]);
    // F(50) − F(20): the flat part was in the covered front.
    assert_eq!(close(&mut rater, "2026-03-01").total, r("0.3"));
}

#[test]
fn a_bundle_is_drawn_across_a_boundary() {
    let mut b = calls("UTC", per_unit("0.02"), per_unit("0.01"), true);
    b.allowance("free", "40", DrawOrder::AsUsed, &[LineIx(0)]);
    let mut rater = b.rater();
    // 30 s before the edge and 60 after; 40 are free, so 50 off-peak seconds are left.
    push(&mut rater, &[call("2026-03-04T19:59:30Z", "90")]);
    assert_eq!(close(&mut rater, "2026-03-01").total, r("0.5"));
    push(&mut rater, &[call("2026-04-04T19:59:50Z", "40")]);
    assert_eq!(close(&mut rater, "2026-04-01").total, r("0"));
}

#[test]
fn a_refused_part_leaves_the_allowance_alone() {
    let mut b = calls("UTC", per_unit("1"), per_unit("1"), true);
    b.allowance("free", "40", DrawOrder::AsUsed, &[LineIx(0)]);
    let Fold::Charge(charge) = &mut b.0.sinks[0].fold else { panic!() };
    charge.rules.regimes[0].cells[1] = CellRule::NotSold;
    let mut rater = b.rater();
    let faults = try_push(&mut rater, call("2026-03-04T19:59:30Z", "90"));
    assert_eq!(faults[0].reason.code(), "R040");
    push(&mut rater, &[call("2026-03-05T12:00:00Z", "41")]);
    assert_eq!(close(&mut rater, "2026-03-01").total, r("1"));
}
