//! What is free until used up: windows, rollover, and who draws first.

mod common;
use common::*;
use price_ir::*;
use price_rating::*;
use price_value::*;

/// Two cells at these rates with one allowance over both.
fn two_cells(rates: [&str; 2], quantity: &str, draw: DrawOrder) -> Build {
    let mut b = Build::new();
    let dim = b.dim("cell", &["a", "b"]);
    let sink = b.sum_by("x", "unit", dim);
    let line = b.price_cells("x", sink, rates.map(per_unit).to_vec(), vec![0, 1]);
    b.allowance("free", quantity, draw, &[line]);
    b
}

fn given(b: &Build, quantities: [&str; 2]) -> Invoice {
    let mut rater = b.rater();
    let march = rater.period_of(day("2026-03-01"));
    for (cell, quantity) in ["a", "b"].iter().zip(quantities) {
        rater.inject("a", &march, "x", &[("cell", cell)], &r(quantity), When::Sometime).unwrap();
    }
    close(&mut rater, "2026-03-01")
}

fn one_cell(amount: Expr, quantity: &str, counting: Counting) -> Build {
    let mut b = Build::new();
    let sink = b.sum("x", "unit");
    let line = b.price("x", sink, amount);
    b.usage(line).counting = counting;
    b.allowance("free", quantity, DrawOrder::Single, &[line]);
    b
}

fn row(time: &'static str, n: &'static str) -> Row<'static> {
    ("a", "x", time, Box::leak(Box::new([("n", n)])))
}

#[test]
fn included_units_come_off_before_the_price() {
    let b = one_cell(per_unit("2"), "100", Counting::Net);
    let mut rater = b.rater();
    push(&mut rater, &[row("2026-03-02T00:00:00Z", "130")]);
    let invoice = close(&mut rater, "2026-03-01");
    assert_eq!(invoice.total, r("60"));
    assert_eq!(
        invoice.allowances,
        [AllowanceUse {
            name: "free".into(),
            unit: "unit".into(),
            granted: r("100"),
            carried_in: r("0"),
            used: r("100"),
            carried_out: r("0"),
            forfeited: r("0"),
        }]
    );
    assert_eq!(close(&mut rater, "2026-04-01").allowances[0].forfeited, r("100"));
}

#[test]
fn cells_of_different_prices_draw_as_written() {
    // 100 free over 60 at $2 and 60 at $5.
    for (draw, total) in
        [(DrawOrder::ProRata, "70"), (DrawOrder::CheapestFirst, "100"), (DrawOrder::DearestFirst, "40")]
    {
        assert_eq!(given(&two_cells(["2", "5"], "100", draw), ["60", "60"]).total, r(total), "{draw:?}");
        // The same with the cells the other way round.
        assert_eq!(given(&two_cells(["5", "2"], "100", draw), ["60", "60"]).total, r(total), "{draw:?}");
    }
}

#[test]
fn drawn_as_used_goes_by_time() {
    let b = two_cells(["2", "5"], "100", DrawOrder::AsUsed);
    let mut rater = b.rater();
    assert_eq!(rater.order(), Order::ByEventTime);
    let used = |t: &'static str, n: &'static str, cell: &'static str| -> Row<'static> {
        ("a", "x", t, Box::leak(Box::new([("n", n), ("label", cell)])))
    };
    push(
        &mut rater,
        &[
            used("2026-03-01T00:00:00Z", "30", "a"),
            used("2026-03-02T00:00:00Z", "60", "b"),
            used("2026-03-03T00:00:00Z", "30", "a"),
        ],
    );
    // 30 + 60 + 10 are free; 20 of the first cell are left.
    let invoice = close(&mut rater, "2026-03-01");
    assert_eq!(invoice.total, r("40"));
    assert_eq!(invoice.allowances[0].used, r("100"));
    let covered: Vec<_> = line(&invoice, "x").cells.iter().map(|c| c.covered.to_string()).collect();
    assert_eq!(covered, ["40", "60"]);
    // Given quantities draw what is left, by cell.
    assert_eq!(given(&b, ["60", "60"]).total, r("100"));
}

#[test]
fn tiers_see_usage_net_or_gross_of_what_is_included() {
    let ladder = || graduated(&[("0", "0.10", "0"), ("1000", "0.05", "0")]);
    for (counting, total) in [(Counting::Net, "100"), (Counting::Gross, "75")] {
        let b = one_cell(ladder(), "500", counting);
        let mut rater = b.rater();
        push(&mut rater, &[row("2026-03-02T00:00:00Z", "1500")]);
        assert_eq!(close(&mut rater, "2026-03-01").total, r(total));
    }
}

#[test]
fn gross_usage_chooses_the_tier_and_what_is_not_included_is_charged_at_it() {
    let tiers = || volume(&[("0", "1"), ("1000", "0.5")]);
    for (counting, total) in [(Counting::Net, "950"), (Counting::Gross, "475")] {
        let b = one_cell(tiers(), "100", counting);
        let mut rater = b.rater();
        push(&mut rater, &[row("2026-03-02T00:00:00Z", "1050")]);
        let invoice = close(&mut rater, "2026-03-01");
        assert_eq!(invoice.total, r(total));
        let tiers = &invoice.lines[0].cells[0].tiers;
        assert_eq!((tiers.len(), &tiers[0].quantity, &tiers[0].exact), (1, &r("950"), &r(total)));
    }
    let steps = || stairstep(&[("0", "10"), ("100", "50")]);
    for (quantity, total) in [("100", "0"), ("101", "50")] {
        let b = one_cell(steps(), "100", Counting::Gross);
        let mut rater = b.rater();
        push(&mut rater, &[row("2026-03-02T00:00:00Z", quantity)]);
        assert_eq!(close(&mut rater, "2026-03-01").total, r(total));
    }
}

#[test]
fn a_daily_allowance_is_lost_each_day() {
    for (per, total) in [(Window::Day, "0.3"), (Window::Month, "0")] {
        let mut b = one_cell(per_unit("0.01"), "100", Counting::Net);
        b.0.allowances[0].per = per;
        if per == Window::Month {
            b.0.allowances[0].quantity = r("200");
        }
        let mut rater = b.rater();
        push(&mut rater, &[row("2026-03-10T00:00:00Z", "130"), row("2026-03-11T00:00:00Z", "70")]);
        assert_eq!(close(&mut rater, "2026-03-01").total, r(total), "{per}");
    }
}

#[test]
fn an_allowance_per_year_lasts_until_it_is_used() {
    let mut b = one_cell(per_unit("1"), "100", Counting::Net);
    b.0.allowances[0].per = Window::Year;
    let mut rater = b.rater();
    push(
        &mut rater,
        &[row("2026-03-10T00:00:00Z", "70"), row("2026-05-10T00:00:00Z", "70"), row("2027-01-10T00:00:00Z", "70")],
    );
    let totals: Vec<_> =
        ["2026-03-01", "2026-05-01", "2027-01-01"].map(|m| close(&mut rater, m).total.to_string()).into();
    assert_eq!(totals, ["0", "40", "0"]);
    let may = close(&mut rater, "2026-05-01").allowances[0].clone();
    assert_eq!((may.granted, may.carried_in, may.used), (r("0"), r("30"), r("30")));
}

#[test]
fn an_unused_rest_rolls_over_up_to_its_limit_and_is_used_first() {
    for draw in [DrawOrder::Single, DrawOrder::AsUsed] {
        let mut b = one_cell(per_unit("1"), "500", Counting::Net);
        b.0.allowances[0].draw = draw;
        b.0.allowances[0].rollover = Some(Rollover { at_most: r("100"), windows: 1 });
        let mut rater = b.rater();
        push(
            &mut rater,
            &[
                row("2026-01-10T00:00:00Z", "300"),
                row("2026-02-10T00:00:00Z", "550"),
                row("2026-03-10T00:00:00Z", "650"),
                row("2026-04-10T00:00:00Z", "610"),
            ],
        );
        let february = close(&mut rater, "2026-02-01");
        let use_of = |i: &Invoice| {
            let u = &i.allowances[0];
            [&u.granted, &u.carried_in, &u.used, &u.carried_out, &u.forfeited].map(ToString::to_string)
        };
        assert_eq!(use_of(&february), ["500", "100", "550", "50", "0"], "{draw:?}");
        assert_eq!(february.total, r("0"));
        let march = close(&mut rater, "2026-03-01");
        assert_eq!((use_of(&march), march.total), (["500", "50", "550", "0", "0"].map(String::from), r("100")));
        assert_eq!(close(&mut rater, "2026-04-01").total, r("110"));
        assert_eq!(use_of(&close(&mut rater, "2026-01-01")), ["500", "0", "300", "100", "100"]);
        // More rows change what is carried.
        if draw == DrawOrder::Single {
            push(&mut rater, &[row("2026-01-11T00:00:00Z", "200")]);
            assert_eq!(close(&mut rater, "2026-02-01").total, r("50"));
        }
    }
}

#[test]
fn a_partial_period_grants_by_days_if_it_says_so() {
    for (prorate, total) in [(Proration::Daily, "16"), (Proration::Never, "0")] {
        let mut b = one_cell(per_unit("1"), "31", Counting::Net);
        b.0.allowances[0].prorate = prorate;
        let mut rater = b.rater();
        rater.subscribe(&Subscription { from: Some(day("2026-03-17")), ..Subscription::of("a") }).unwrap();
        push(&mut rater, &[row("2026-03-20T00:00:00Z", "31")]);
        assert_eq!(close(&mut rater, "2026-03-01").total, r(total));
    }
}

#[test]
fn a_waterfall_of_two_takes_the_second_when_the_first_is_gone() {
    let mut b = one_cell(per_unit("1"), "100", Counting::Net);
    b.allowance("more", "50", DrawOrder::Single, &[LineIx(0)]);
    let mut rater = b.rater();
    push(&mut rater, &[row("2026-03-20T00:00:00Z", "120")]);
    let invoice = close(&mut rater, "2026-03-01");
    let used: Vec<_> = invoice.allowances.iter().map(|a| a.used.to_string()).collect();
    assert_eq!((used, invoice.total), (vec!["100".to_string(), "20".to_string()], r("0")));
}

#[test]
fn an_allowance_covers_some_cells_and_converts_units() {
    let mut b = two_cells(["1", "1"], "60", DrawOrder::ProRata);
    b.0.allowances[0].covers[0].cells = Some(vec![false, true]);
    // Two units of the allowance for one of the line.
    b.0.allowances[0].covers[0].factor = r("2");
    let invoice = given(&b, ["100", "100"]);
    assert_eq!(invoice.total, r("170"));
    assert_eq!(invoice.allowances[0].used, r("60"));
}

#[test]
fn a_ladder_over_the_year_sees_what_earlier_months_covered() {
    let mut b = one_cell(graduated(&[("0", "1", "0"), ("100", "0.5", "0")]), "50", Counting::Net);
    b.usage(LineIx(0)).window = Window::Year;
    let mut rater = b.rater();
    push(&mut rater, &[row("2026-01-10T00:00:00Z", "130"), row("2026-02-10T00:00:00Z", "130")]);
    assert_eq!(close(&mut rater, "2026-01-01").total, r("80"));
    // Positions 80 to 160: 20 at 1 and 60 at 0.50.
    assert_eq!(close(&mut rater, "2026-02-01").total, r("50"));
}

#[test]
fn an_allowance_over_two_events_is_drawn_in_their_common_order() {
    let mut b = Build::new();
    let (x, y) = (b.sum("x", "unit"), b.sum("y", "unit"));
    let (x, y) = (b.price("x", x, per_unit("1")), b.price("y", y, per_unit("10")));
    b.allowance("free", "100", DrawOrder::AsUsed, &[x, y]);
    let mut rater = b.rater();
    assert!(rater.interleaves());
    let on = |event: &'static str, t: &'static str| -> Row<'static> { ("a", event, t, &[("n", "60")]) };
    push(&mut rater, &[on("x", "2026-03-01T00:00:00Z"), on("y", "2026-03-02T00:00:00Z")]);
    assert_eq!(try_push(&mut rater, on("x", "2026-03-01T12:00:00Z"))[0].reason.code(), "R032");
    push(&mut rater, &[on("x", "2026-03-02T00:00:00Z")]);
    let got = amounts(&close(&mut rater, "2026-03-01"));
    assert_eq!((got["x"].as_str(), got["y"].as_str()), ("60.00", "200.00"));
}
