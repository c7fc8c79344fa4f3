//! Windows shorter and longer than the period, and rates that change inside it.

mod common;
use common::*;
use price_ir::*;
use price_rating::*;
use price_value::*;

fn g3() -> Expr {
    graduated(&[("0", "0.10", "0"), ("1000", "0.05", "0"), ("10000", "0.01", "0")])
}

fn one_line(amount: Expr, window: Window) -> Build {
    let mut b = Build::new();
    let sink = b.sum("x", "unit");
    let line = b.price("x", sink, amount);
    b.usage(line).window = window;
    b
}

fn row(time: &'static str, n: &'static str) -> Row<'static> {
    ("a", "x", time, Box::leak(Box::new([("n", n)])))
}

// Windows.

#[test]
fn a_ladder_over_a_longer_window_goes_on_where_it_was() {
    // 9,000 before, 3,000 now.
    for (window, april) in [
        (Window::Year, "70"),
        (Window::Never, "70"),
        (Window::Term, "70"),
        (Window::Quarter, "200"),
        (Window::Month, "200"),
    ] {
        let mut rater = one_line(g3(), window).rater();
        push(&mut rater, &[row("2026-03-10T00:00:00Z", "9000"), row("2026-04-10T00:00:00Z", "3000")]);
        assert_eq!(close(&mut rater, "2026-03-01").total, r("500"));
        assert_eq!(close(&mut rater, "2026-04-01").total, r(april), "{window}");
    }
}

#[test]
fn a_longer_window_restarts_on_its_day() {
    let mut rater = one_line(g3(), Window::Year).rater();
    push(&mut rater, &[row("2026-12-31T23:59:59Z", "1000"), row("2027-01-01T00:00:00Z", "1000")]);
    assert_eq!(close(&mut rater, "2026-12-01").total, r("100"));
    assert_eq!(close(&mut rater, "2027-01-01").total, r("100"));
}

#[test]
fn a_ladder_per_day_is_applied_to_each_day_and_summed() {
    let free_daily = || graduated(&[("0", "0", "0"), ("100", "0.01", "0")]);
    let mut rater = one_line(free_daily(), Window::Day).rater();
    push(&mut rater, &[row("2026-03-10T23:00:00Z", "130"), row("2026-03-11T00:00:00Z", "70")]);
    let invoice = close(&mut rater, "2026-03-01");
    assert_eq!(invoice.total, r("0.3"));
    let labels: Vec<_> = line(&invoice, "x").cells.iter().map(|c| c.labels[0].clone()).collect();
    assert_eq!(labels, [("day".into(), "2026-03-10".into()), ("day".into(), "2026-03-11".into())]);
}

#[test]
fn hours_follow_the_local_clock_of_the_plan() {
    let mut b = one_line(graduated(&[("0", "1", "0"), ("10", "0", "0")]), Window::Hour);
    b.0.zone = "Asia/Kolkata".into();
    let mut rater = b.rater();
    // 10:20 and 10:40 local are one hour, though not one UTC hour.
    push(&mut rater, &[row("2026-03-10T04:50:00Z", "10"), row("2026-03-10T05:10:00Z", "10")]);
    assert_eq!(close(&mut rater, "2026-03-01").total, r("10"));
}

#[test]
fn what_costs_something_at_zero_costs_it_in_every_window_once() {
    let even_at_zero = |window| {
        let piece = Piece { from: r("0"), value: r("1"), slope: r("0"), step: None };
        one_line(ladder(LadderKind::Graduated, "1", vec![piece]), window)
    };
    assert_eq!(close(&mut even_at_zero(Window::Day).rater(), "2026-03-01").total, r("31"));
    assert_eq!(close(&mut even_at_zero(Window::Month).rater(), "2026-03-01").total, r("1"));
    let mut year = even_at_zero(Window::Year).rater();
    year.subscribe(&Subscription { from: Some(day("2026-02-01")), ..Subscription::of("a") }).unwrap();
    assert_eq!(close(&mut year, "2026-02-01").total, r("1"));
    assert_eq!(close(&mut year, "2026-03-01").total, r("0"));
}

#[test]
fn a_ceiling_per_day_bounds_each_day() {
    let mut b = one_line(per_unit("1"), Window::Day);
    b.clamp(LineIx(0), LineClamp { per: Window::Day, ..ceiling("5") });
    let mut rater = b.rater();
    push(&mut rater, &[row("2026-03-10T00:00:00Z", "9"), row("2026-03-11T00:00:00Z", "2")]);
    assert_eq!(close(&mut rater, "2026-03-01").total, r("7"));
    // Without daily windows the bound is as many days' worth.
    let mut b = one_line(per_unit("1"), Window::Month);
    b.clamp(LineIx(0), LineClamp { per: Window::Day, ..ceiling("5") });
    let mut rater = b.rater();
    push(&mut rater, &[row("2026-03-10T00:00:00Z", "900")]);
    assert_eq!(close(&mut rater, "2026-03-01").total, r("155"));
}

#[test]
fn billing_by_the_year_still_bills_ladders_by_the_month() {
    let mut b = one_line(g3(), Window::Month);
    b.0.billing = Schedule { every: Window::Year, day: 15, month: 1 };
    let mut rater = b.rater();
    push(&mut rater, &[row("2026-02-14T00:00:00Z", "1000"), row("2026-02-15T00:00:00Z", "1000")]);
    assert_eq!(close(&mut rater, "2026-02-01").total, r("200"));
}

// Rates that change inside a period.

fn changing(split: bool, functions: [Expr; 2], fold: Fold) -> Build {
    let mut b = Build::new();
    let event = b.event("x", vec![number("n", "unit", 0)]);
    let sink = b.sink("x", event, fold, "unit", vec![]);
    let line = b.price("x", sink, per_unit("0"));
    let cells = |f| vec![CellRule::Function(f)];
    b.usage(line).rules = rules(
        functions.to_vec(),
        vec![Regime { from: None, cells: cells(0) }, Regime { from: Some(day("2026-03-16")), cells: cells(1) }],
    );
    b.usage(line).split_period = split;
    b
}

const HALVES: [(&str, &str); 2] = [("2026-03-10T00:00:00Z", "800"), ("2026-03-16T00:00:00Z", "800")];

fn halves(b: &Build) -> Invoice {
    let mut rater = b.rater();
    push(&mut rater, &HALVES.map(|(t, n)| row(t, n)));
    close(&mut rater, "2026-03-01")
}

#[test]
fn each_moment_has_its_own_rate_and_the_ladder_goes_on() {
    let dearer = graduated(&[("0", "0.20", "0"), ("1000", "0.10", "0")]);
    let cheap = graduated(&[("0", "0.10", "0"), ("1000", "0.05", "0")]);
    let functions = || [cheap.clone(), dearer.clone()];
    // 800 at 0.10; then 200 at 0.20 and 600 at 0.10.
    let invoice = halves(&changing(true, functions(), Fold::Sum(field(0))));
    assert_eq!(invoice.total, r("180"));
    let tiers = &line(&invoice, "x").cells[0].tiers;
    let shown: Vec<_> = tiers.iter().map(|t| format!("{} x {}", t.quantity, t.rate)).collect();
    assert_eq!(shown, ["800 x 0.1", "200 x 0.2", "600 x 0.1"]);
    // The rate of the period's end for all of it.
    assert_eq!(halves(&changing(false, functions(), Fold::Sum(field(0)))).total, r("260"));
}

#[test]
fn an_average_is_split_by_the_time_a_rate_holds() {
    let mut rater = changing(true, [per_unit("1"), per_unit("3")], Fold::Average(field(0))).rater();
    push(&mut rater, &[row("2026-02-10T00:00:00Z", "31")]);
    // 15 days at 1 and 16 days at 3.
    assert_eq!(close(&mut rater, "2026-03-01").total, r("63"));
}

#[test]
fn a_change_on_the_first_day_is_no_change_inside_the_period() {
    let mut b = changing(true, [per_unit("1"), per_unit("3")], Fold::Sum(field(0)));
    b.usage(LineIx(0)).rules.regimes[1].from = Some(day("2026-03-01"));
    assert_eq!(halves(&b).total, r("4800"));
}

#[test]
fn a_price_on_each_event_takes_the_rate_of_its_day() {
    let mut b = Build::new();
    let event = b.event("x", vec![number("n", "unit", 0)]);
    let mut charge = each(None, "", mul(c("0.01"), field(0)), 1);
    charge.rules.functions.push(Function { amount: mul(c("0.02"), field(0)), rules: vec![] });
    charge.rules.regimes.push(Regime { from: Some(day("2026-03-16")), cells: vec![CellRule::Function(1)] });
    b.charge("x", event, vec![], "0.01", charge);
    b.0.zone = "America/New_York".into();
    let mut rater = b.rater();
    // Still the 15th in New York.
    push(&mut rater, &[row("2026-03-16T03:59:59Z", "100"), row("2026-03-16T04:00:00Z", "100")]);
    let invoice = close(&mut rater, "2026-03-01");
    assert_eq!(invoice.total, r("3"));
    assert_eq!(line(&invoice, "x").quantity, Some((r("2"), "x".into())));
}

// Calendars.

#[test]
fn usage_is_priced_by_the_time_of_day_it_happened() {
    let mut b = Build::new();
    b.0.zone = "Europe/Berlin".into();
    let (dim, calendar) = b.daypart("daypart", ["peak", "offpeak"], 8, 20);
    let event = b.event("x", vec![number("n", "unit", 0)]);
    let key = Key { dim, source: KeySource::Calendar(calendar), in_cell: true };
    let sink = b.sink("x", event, Fold::Sum(field(0)), "unit", vec![key]);
    b.price_cells("x", sink, vec![per_unit("2"), per_unit("1")], vec![0, 1]);
    let mut rater = b.rater();
    push(
        &mut rater,
        &[row("2026-03-04T07:00:00Z", "1"), row("2026-03-04T19:00:00Z", "10"), row("2026-07-01T06:00:00Z", "1")],
    );
    assert_eq!(close(&mut rater, "2026-03-01").total, r("12"));
    assert_eq!(close(&mut rater, "2026-07-01").total, r("2"));
}
