//! Fees, floors and ceilings, discounts, shares, proration, rounding: one rule per test.

mod common;
use common::*;
use price_ir::*;
use price_rating::*;
use price_value::*;

/// A plan with lines `names`, each at 1 per unit of its own event.
fn lines(names: &[&str]) -> (Build, Vec<LineIx>) {
    let mut b = Build::new();
    let lines = names
        .iter()
        .map(|name| {
            let sink = b.sum(name, "unit");
            b.price(name, sink, per_unit("1"))
        })
        .collect();
    (b, lines)
}

/// March's invoice with these quantities given.
fn march(b: &Build, given: &[(&str, &str)]) -> Invoice {
    month(b, "2026-03-01", given)
}

fn month(b: &Build, first: &str, given: &[(&str, &str)]) -> Invoice {
    let mut rater = b.rater();
    let period = rater.period_of(day(first));
    for (meter, quantity) in given {
        rater.inject("a", &period, meter, &[], &r(quantity), When::Sometime).unwrap();
    }
    rater.close("a", &period).unwrap()
}

fn total(invoice: &Invoice) -> String {
    assert_eq!(invoice.total, invoice.lines.iter().map(|l| &l.amount).sum::<Rational>());
    invoice.total.to_decimal_string(2).unwrap()
}

// Floors and ceilings.

#[test]
fn a_floor_lifts_a_line_and_a_ceiling_lowers_it() {
    let (mut b, l) = lines(&["x"]);
    b.clamp(l[0], floor("50"));
    b.clamp(l[0], ceiling("1000"));
    assert_eq!(total(&march(&b, &[("x", "42.5")])), "50.00");
    assert_eq!(total(&march(&b, &[("x", "1180")])), "1000.00");
    let invoice = march(&b, &[("x", "42.5")]);
    let step = &line(&invoice, "x").steps[0];
    assert_eq!((step.label.as_str(), &step.change), ("at least $50.00", &r("7.5")));
}

#[test]
fn a_floor_applies_at_zero_usage_unless_it_says_if_used() {
    let (mut b, l) = lines(&["x"]);
    b.clamp(l[0], floor("50"));
    assert_eq!(total(&march(&b, &[])), "50.00");
    b.0.lines[0].clamps[0].if_used = true;
    assert_eq!(total(&march(&b, &[])), "0.00");
    assert!(march(&b, &[]).lines.is_empty());
}

#[test]
fn a_group_minimum_is_a_line_of_its_own() {
    let (mut b, l) = lines(&["x", "y", "z"]);
    b.group("minimum", &l[..2], floor("1000"));
    let invoice = march(&b, &[("x", "500"), ("y", "330"), ("z", "9")]);
    assert_eq!(amounts(&invoice)["minimum"], "170.00");
    assert_eq!(line(&invoice, "minimum").kind, LineKind::Minimum);
    assert_eq!(total(&invoice), "1009.00");
    assert!(!amounts(&march(&b, &[("x", "1000")])).contains_key("minimum"));
}

#[test]
fn a_minimum_ends_on_its_amount_whatever_the_lines_round_to() {
    let (mut b, l) = lines(&["x", "y"]);
    b.group("minimum", &l, floor("50"));
    assert_eq!(total(&march(&b, &[("x", "12.345"), ("y", "1.115")])), "50.00");
}

#[test]
fn a_cap_lowers_its_lines_in_proportion_and_nothing_lifts_them_again() {
    let (mut b, l) = lines(&["x", "y", "z"]);
    b.group("cap", &l, ceiling("100"));
    let invoice = march(&b, &[("x", "100"), ("y", "100"), ("z", "100")]);
    assert_eq!(amounts(&invoice).values().collect::<Vec<_>>(), ["33.34", "33.33", "33.33"]);
    b.0.clamps.insert(0, GroupClamp { name: "minimum".into(), scope: l.clone(), clamp: floor("1000"), order: 99 });
    b.0.clamps[1].clamp.amount = r("900");
    assert_eq!(total(&march(&b, &[("x", "10")])), "900.00");
}

#[test]
fn a_cap_is_not_passed_by_rounding() {
    let (mut b, l) = lines(&["x", "y", "z"]);
    b.group("cap", &l, ceiling("100.01"));
    assert_eq!(total(&march(&b, &[("x", "33.335"), ("y", "33.335"), ("z", "33.335")])), "100.01");
}

#[test]
fn a_narrow_minimum_counts_in_a_wider_one() {
    let (mut b, l) = lines(&["x", "y"]);
    b.group("minimum", &l[..1], floor("20"));
    b.group("minimum 2", &l, floor("50"));
    let invoice = march(&b, &[("x", "5"), ("y", "10")]);
    assert_eq!(amounts(&invoice)["minimum"], "15.00");
    assert_eq!(amounts(&invoice)["minimum 2"], "20.00");
    assert_eq!(total(&invoice), "50.00");
}

#[test]
fn clamps_scale_with_the_days_of_a_partial_period_if_they_say_so() {
    for (prorate, expected) in [(Proration::Daily, "15.00"), (Proration::Never, "31.00")] {
        let (mut b, l) = lines(&["x"]);
        b.clamp(l[0], LineClamp { prorate, ..floor("31") });
        let mut rater = b.rater();
        rater.subscribe(&Subscription { from: Some(day("2026-03-17")), ..Subscription::of("a") }).unwrap();
        assert_eq!(total(&close(&mut rater, "2026-03-01")), expected);
    }
}

#[test]
fn a_cap_per_year_counts_the_months_before() {
    let (mut b, l) = lines(&["x"]);
    b.clamp(l[0], LineClamp { per: Window::Year, ..ceiling("100") });
    let mut rater = b.rater();
    let mut got = Vec::new();
    for month in ["2026-10-01", "2026-11-01", "2026-12-01", "2027-01-01"] {
        let period = rater.period_of(day(month));
        rater.inject("a", &period, "x", &[], &r("45"), When::Sometime).unwrap();
        got.push(close(&mut rater, month).total.to_string());
    }
    assert_eq!(got, ["45", "45", "10", "45"]);
}

#[test]
fn a_minimum_per_quarter_is_due_in_its_last_month() {
    let (mut b, l) = lines(&["x"]);
    b.group("minimum", &l, LineClamp { per: Window::Quarter, ..floor("100") });
    let mut rater = b.rater();
    rater.subscribe(&Subscription { from: Some(day("2026-01-01")), ..Subscription::of("a") }).unwrap();
    let got: Vec<_> = ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"]
        .into_iter()
        .map(|month| {
            let period = rater.period_of(day(month));
            rater.inject("a", &period, "x", &[], &r("20"), When::Sometime).unwrap();
            close(&mut rater, month).total.to_string()
        })
        .collect();
    assert_eq!(got, ["20", "20", "60", "20"]);
}

// Discounts.

#[test]
fn discounts_apply_in_text_order() {
    let build = |offs: [DiscountOff; 2]| {
        let (mut b, l) = lines(&["x"]);
        b.0.lines[0].charge = Charge::Usage(UsageCharge {
            less: vec![DiscountedQuantity {
                name: "free".into(),
                quantity: r("10000"),
                during: Span::default(),
                rule: RuleIx(0),
            }],
            ..usage(
                SinkIx(0),
                rules(vec![per_unit("0.01")], vec![Regime { from: None, cells: vec![CellRule::Function(0)] }]),
            )
        });
        let [first, second] = offs;
        b.discount("one", &l, first);
        b.discount("two", &l, second);
        b
    };
    let (share, amount) = (|| DiscountOff::Share(r("0.1")), || DiscountOff::Amount(r("60")));
    // 120,000 × $0.01, 10,000 units less, $60 less, 10% less; and the last two swapped.
    assert_eq!(total(&march(&build([amount(), share()]), &[("x", "120000")])), "936.00");
    assert_eq!(total(&march(&build([share(), amount()]), &[("x", "120000")])), "930.00");
    let with_cap = {
        let mut b = build([amount(), share()]);
        b.group("minimum", &[LineIx(0)], floor("1000"));
        b.group("cap", &[LineIx(0)], ceiling("900"));
        b
    };
    assert_eq!(total(&march(&with_cap, &[("x", "120000")])), "900.00");
    let cell = &march(&build([amount(), share()]), &[("x", "120000")]).lines[0].cells[0].clone();
    assert_eq!((cell.quantity.to_string(), cell.covered.to_string()), ("120000".into(), "10000".into()));
}

#[test]
fn an_amount_is_split_over_lines_by_largest_remainder_and_takes_at_most_what_is_left() {
    let (mut b, l) = lines(&["x", "y", "z"]);
    b.discount("gift", &l, DiscountOff::Amount(r("10")));
    let invoice = march(&b, &[("x", "10"), ("y", "10"), ("z", "10")]);
    assert_eq!(amounts(&invoice).values().collect::<Vec<_>>(), ["6.66", "6.67", "6.67"]);
    assert_eq!(line(&invoice, "x").steps[0].label, "less $10.00 (gift)");
    assert_eq!(total(&march(&b, &[("x", "3"), ("y", "4")])), "0.00");
}

#[test]
fn a_discount_holds_on_its_days_and_its_cells_only() {
    let mut b = Build::new();
    let region = b.dim("region", &["us", "eu"]);
    let sink = b.sum_by("x", "unit", region);
    let price = b.price("x", sink, per_unit("1"));
    b.discount("eu", &[price], DiscountOff::Share(r("0.5")));
    b.0.discounts[0].cells = vec![Some(vec![false, true])];
    b.0.discounts[0].during = span("", "2026-04-01");
    let mut rater = b.rater();
    for month in ["2026-03-01", "2026-04-01"] {
        let period = rater.period_of(day(month));
        for region in ["us", "eu"] {
            rater.inject("a", &period, "x", &[("region", region)], &r("10"), When::Sometime).unwrap();
        }
    }
    let invoice = close(&mut rater, "2026-03-01");
    let cells: Vec<_> = line(&invoice, "x").cells.iter().map(|c| c.amount.to_string()).collect();
    assert_eq!((invoice.total, cells), (r("15"), vec!["10".into(), "5".into()]));
    assert_eq!(close(&mut rater, "2026-04-01").total, r("20"));
}

// Shares of other lines and rebates.

#[test]
fn a_share_sees_its_base_before_or_after_discounts_as_written() {
    for (after, expected) in [(true, "3.00"), (false, "6.00")] {
        let (mut b, l) = lines(&["x"]);
        let support =
            b.line("support", Charge::Share { of: l.clone(), after_discounts: after, amount: mul(c("0.03"), arg()) });
        b.discount("half", &l, DiscountOff::Share(r("0.5")));
        assert_eq!(amounts(&march(&b, &[("x", "200")]))["support"], expected);
        b.clamp(support, floor("100"));
        b.clamp(support, ceiling("5000"));
        assert_eq!(amounts(&march(&b, &[("x", "200")]))["support"], "100.00");
        assert_eq!(amounts(&march(&b, &[("x", "1000000")]))["support"], "5000.00");
    }
}

#[test]
fn a_discount_on_a_share_comes_after_the_share() {
    let (mut b, l) = lines(&["x"]);
    let support =
        b.line("support", Charge::Share { of: l.clone(), after_discounts: true, amount: mul(c("0.1"), arg()) });
    b.discount("all", &[l[0], support], DiscountOff::Share(r("0.5")));
    let got = amounts(&march(&b, &[("x", "200")]));
    assert_eq!((got["x"].as_str(), got["support"].as_str()), ("100.00", "5.00"));
}

#[test]
fn a_rebate_is_negative_and_its_ceiling_bounds_what_is_given_back() {
    let (mut b, _) = lines(&["x"]);
    let back = b.price("back", SinkIx(0), per_unit("0.1"));
    b.0.lines[back.ix()].rebate = true;
    let invoice = march(&b, &[("x", "300")]);
    assert_eq!(amounts(&invoice)["back"], "-30.00");
    assert_eq!(line(&invoice, "back").gross, r("-30"));
    b.clamp(back, ceiling("20"));
    assert_eq!(amounts(&march(&b, &[("x", "300")]))["back"], "-20.00");
}

// Fees.

#[test]
fn a_fee_is_due_per_window_and_scales_by_days_if_it_says_so() {
    let mut b = Build::new();
    let fee = b.fee("base", "31", FeeSchedule::Each(Window::Month), true);
    let subscribed = |b: &Build| {
        let mut rater = b.rater();
        let s = Subscription { from: Some(day("2026-03-17")), until: Some(day("2026-05-02")), ..Subscription::of("a") };
        rater.subscribe(&s).unwrap();
        ["2026-03-01", "2026-04-01", "2026-05-01"].map(|m| total(&close(&mut rater, m)))
    };
    assert_eq!(subscribed(&b), ["31.00", "31.00", "31.00"]);
    b.0.lines[fee.ix()].prorate = Proration::Daily;
    assert_eq!(subscribed(&b), ["15.00", "31.00", "1.00"]);
    let mut rater = b.rater();
    rater.subscribe(&Subscription { from: Some(day("2026-03-17")), ..Subscription::of("a") }).unwrap();
    let step = line(&close(&mut rater, "2026-03-01"), "base").steps[0].clone();
    assert_eq!((step.label.as_str(), step.change), ("prorated 15/31 days", r("-16")));
}

#[test]
fn a_yearly_fee_is_on_the_invoice_where_its_year_begins_or_ends() {
    for (in_advance, due) in [(true, "2026-01"), (false, "2026-12")] {
        let mut b = Build::new();
        b.fee("year", "1200", FeeSchedule::Each(Window::Year), in_advance);
        let mut rater = b.rater();
        rater.subscribe(&Subscription { from: Some(day("2025-01-01")), ..Subscription::of("a") }).unwrap();
        let months: Vec<_> = rater
            .due(Some(day("2026-01-01")), Some(day("2027-01-01")))
            .into_iter()
            .filter(|(who, period)| !rater.close(who, period).unwrap().total.is_zero())
            .map(|(_, period)| period.to_string())
            .collect();
        assert_eq!(months, [due]);
    }
}

#[test]
fn a_fee_of_a_shorter_window_is_due_for_each_of_them() {
    let mut b = Build::new();
    b.fee("day", "1", FeeSchedule::Each(Window::Day), false);
    b.fee("hour", "0.01", FeeSchedule::Each(Window::Hour), false);
    b.0.zone = "Europe/Berlin".into();
    let got = amounts(&march(&b, &[]));
    assert_eq!((got["day"].as_str(), got["hour"].as_str()), ("31.00", "7.43"));
}

#[test]
fn a_fee_once_is_due_in_the_first_period() {
    let mut b = Build::new();
    b.fee("setup", "500", FeeSchedule::Once, true);
    let mut rater = b.rater();
    rater.subscribe(&Subscription { from: Some(day("2026-03-17")), ..Subscription::of("a") }).unwrap();
    assert_eq!(close(&mut rater, "2026-03-01").total, r("500"));
    assert_eq!(close(&mut rater, "2026-04-01").total, r("0"));
}

#[test]
fn a_fee_applies_on_its_own_days() {
    let mut b = Build::new();
    let fee = b.fee("extra", "31", FeeSchedule::Each(Window::Month), false);
    b.0.lines[fee.ix()].prorate = Proration::Daily;
    if let Charge::Fee(fee) = &mut b.0.lines[fee.ix()].charge {
        fee.during = span("2026-03-31", "2026-04-01");
    }
    assert_eq!(total(&march(&b, &[])), "1.00");
    assert_eq!(total(&month(&b, "2026-04-01", &[])), "0.00");
}

#[test]
fn a_prorated_price_scales_after_the_cap() {
    let (mut b, l) = lines(&["x"]);
    b.group("cap", &l, ceiling("31"));
    b.0.lines[0].prorate = Proration::Daily;
    let mut rater = b.rater();
    rater.subscribe(&Subscription { from: Some(day("2026-03-17")), ..Subscription::of("a") }).unwrap();
    let period = rater.period_of(day("2026-03-01"));
    rater.inject("a", &period, "x", &[], &r("100"), When::Sometime).unwrap();
    assert_eq!(close(&mut rater, "2026-03-01").total, r("15"));
}

// Rounding and attribution.

#[test]
fn lines_round_once_and_their_cells_add_up() {
    let mut b = Build::new();
    let region = b.dim("region", &["a", "b", "c"]);
    let sink = b.sum_by("x", "unit", region);
    b.price("x", sink, per_unit("0.001"));
    let build = |each| {
        let mut b = Build(b.0.clone());
        b.0.rounding.each = each;
        let mut rater = b.rater();
        let period = rater.period_of(day("2026-03-01"));
        for region in ["a", "b", "c"] {
            rater.inject("a", &period, "x", &[("region", region)], &r("5"), When::Sometime).unwrap();
        }
        let invoice = close(&mut rater, "2026-03-01");
        let line = line(&invoice, "x").clone();
        assert_eq!(line.cells.iter().map(|c| &c.amount).sum::<Rational>(), line.amount);
        (line.amount.to_string(), line.cells.iter().map(|c| c.amount.to_string()).collect::<Vec<_>>())
    };
    let text = |cells: [&str; 3]| cells.map(String::from).to_vec();
    assert_eq!(build(RoundingScope::Line), ("0.02".into(), text(["0.01", "0.01", "0"])));
    assert_eq!(build(RoundingScope::Cell), ("0.03".into(), text(["0.01", "0.01", "0.01"])));
}

#[test]
fn tiers_that_are_rounded_on_their_own_are_the_line() {
    let mut b = Build::new();
    let sink = b.sum("x", "unit");
    b.price("x", sink, graduated(&[("0", "0.001", "0"), ("5", "0.001", "0")]));
    b.0.rounding.each = RoundingScope::Tier;
    let invoice = march(&b, &[("x", "10")]);
    assert_eq!(total(&invoice), "0.02");
    let tiers: Vec<_> = invoice.lines[0].cells[0].tiers.iter().map(|t| t.amount.to_string()).collect();
    assert_eq!(tiers, ["0.01", "0.01"]);
    b.0.rounding.each = RoundingScope::Line;
    assert_eq!(total(&march(&b, &[("x", "10")])), "0.01");
}

#[test]
fn rounding_modes_differ_on_ties() {
    for (mode, expected) in [(RoundingMode::HalfUp, "1.03"), (RoundingMode::HalfEven, "1.02")] {
        let (mut b, _) = lines(&["x"]);
        b.0.rounding.rounding.mode = mode;
        assert_eq!(total(&march(&b, &[("x", "1.025")])), expected);
    }
}

#[test]
fn an_attribution_sums_exactly_to_the_line_and_what_goes_along() {
    // Egress of three services on one ladder, seven percent off as a rebate, attributed back.
    let mut b = Build::new();
    let service = b.dim("service", &["ec2", "s3", "rds"]);
    let event = b.event("egress", vec![number("n", "GB", 0), label("service", service)]);
    let all = b.sink("egress", event, Fold::Sum(field(0)), "GB", vec![]);
    let per = b.sink("egress", event, Fold::Sum(field(0)), "GB", vec![by(service, 1)]);
    let ladder = || {
        graduated(&[
            ("0", "0", "0"),
            ("100", "0.09", "0"),
            ("10340", "0.085", "0"),
            ("51300", "0.07", "0"),
            ("153700", "0.05", "0"),
        ])
    };
    let transfer = b.price("data_transfer", all, ladder());
    let back = b.price("negotiated", all, mul(c("0.07"), ladder()));
    b.0.lines[back.ix()].rebate = true;
    b.0.attributions.push(Attribution { line: transfer, by: per, with: vec![back], accounts: false });
    let mut rater = b.rater();
    push(
        &mut rater,
        &[("ec2", "90000"), ("s3", "75000"), ("rds", "2500")].map(|(s, n)| {
            let fields: &'static [(&str, &str)] = Box::leak(Box::new([("n", n), ("service", s)]));
            ("a", "egress", "2026-03-04T00:00:00Z", fields)
        }),
    );
    let invoice = close(&mut rater, "2026-03-01");
    assert_eq!(total(&invoice), "11402.92");
    let tiers: Vec<_> = line(&invoice, "data_transfer").cells[0].tiers.iter().map(|t| t.exact.to_string()).collect();
    assert_eq!(tiers, ["0", "921.6", "3481.6", "7168", "690"]);
    let shares: Vec<_> = line(&invoice, "data_transfer").attribution.iter().map(|(l, a)| format!("{l} {a}")).collect();
    assert_eq!(shares, ["ec2 6126.94", "rds 170.19", "s3 5105.79"]);
}
