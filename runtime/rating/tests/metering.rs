//! From events to a quantity: every fold, levels over periods, subscriptions, given quantities.

mod common;
use common::*;
use price_ir::*;
use price_rating::*;

/// An event `used` with a number `n`, folded by `fold`, priced at 1 per unit.
fn meter(fold: Fold) -> Build {
    let mut b = Build::new();
    let event = b.event("used", vec![number("n", "unit", 0), text("who")]);
    let sink = b.sink("used", event, fold, "unit", vec![]);
    b.price("used", sink, per_unit("1"));
    b
}

/// The quantity of March for rows `(time, n)` in order.
fn quantity(fold: Fold, rows: &[(&str, &str)]) -> String {
    let mut rater = meter(fold).rater();
    for (time, n) in rows {
        push(&mut rater, &[("a", "used", time, &[("n", n), ("who", n)])]);
    }
    match close(&mut rater, "2026-03-10").lines.first() {
        Some(line) => line.quantity.as_ref().unwrap().0.to_string(),
        None => "none".into(),
    }
}

const THREE: [(&str, &str); 3] =
    [("2026-03-02T00:00:00Z", "12"), ("2026-03-03T00:00:00Z", "40"), ("2026-03-03T00:00:01Z", "25")];

#[test]
fn amounts_fold_as_their_meter_says() {
    let n = || field(0);
    assert_eq!(quantity(Fold::Sum(n()), &THREE), "77");
    assert_eq!(quantity(Fold::Count, &THREE), "3");
    assert_eq!(quantity(Fold::Max(n(), Held::Amount), &THREE), "40");
    assert_eq!(quantity(Fold::Min(n(), Held::Amount), &THREE), "12");
    assert_eq!(quantity(Fold::Last(n()), &THREE), "25");
    assert_eq!(quantity(Fold::Mean(n()), &THREE), "77/3");
    assert_eq!(quantity(Fold::Percentile(50, n()), &THREE), "25");
    assert_eq!(quantity(Fold::Unique(FieldIx(1)), &[THREE[0], THREE[1], THREE[1]]), "2");
    assert_eq!(quantity(Fold::Count, &[]), "none");
}

#[test]
fn amounts_of_a_period_start_anew() {
    let before = [("2026-02-27T00:00:00Z", "1000")];
    for fold in [Fold::Max(field(0), Held::Amount), Fold::Sum(field(0)), Fold::Percentile(95, field(0))] {
        assert_eq!(quantity(fold, &before), "none");
    }
}

#[test]
fn a_demand_meter_takes_the_peak_of_slot_means() {
    let fold = Fold::Slotted { outer: SlotFold::Max, inner: SlotFold::Average, seconds: 900, value: field(0) };
    let rows = [
        ("2026-03-02T10:00:00Z", "100"),
        ("2026-03-02T10:14:59Z", "50"),
        ("2026-03-02T10:15:00Z", "80"),
        ("2026-03-02T10:20:00Z", "82"),
    ];
    assert_eq!(quantity(fold, &rows), "81");
}

#[test]
fn an_average_weighs_levels_by_time_and_carries_them_over_periods() {
    let average = || Fold::Average(field(0));
    // April has 30 days: 100 for 10 days, 250 for 20 days.
    let mut rater = meter(average()).rater();
    push(
        &mut rater,
        &[
            ("a", "used", "2026-04-01T00:00:00Z", &[("n", "100"), ("who", "")]),
            ("a", "used", "2026-04-11T00:00:00Z", &[("n", "250"), ("who", "")]),
        ],
    );
    let q = |i: &Invoice| line(i, "used").quantity.as_ref().unwrap().0.to_string();
    assert_eq!(q(&close(&mut rater, "2026-04-01")), "200");
    assert_eq!(q(&close(&mut rater, "2026-05-01")), "250");
    assert_eq!(q(&close(&mut rater, "2027-02-01")), "250");
    // Half a month counts half, whole clock changes count as they are.
    assert_eq!(quantity(average(), &[("2026-03-16T12:00:00Z", "100")]), "50");
    // A level set before the period and never changed.
    assert_eq!(quantity(average(), &[("2025-11-30T17:00:00Z", "7")]), "7");
}

#[test]
fn a_peak_of_a_level_starts_from_what_is_carried() {
    let peak = || Fold::Max(field(0), Held::Level);
    assert_eq!(quantity(peak(), &[("2026-02-10T00:00:00Z", "90"), ("2026-03-05T00:00:00Z", "20")]), "90");
    // Changed at the very start, the old level never held in March.
    assert_eq!(quantity(peak(), &[("2026-02-10T00:00:00Z", "90"), ("2026-03-01T00:00:00Z", "20")]), "20");
    assert_eq!(quantity(Fold::Last(field(0)), &[("2026-01-10T00:00:00Z", "9")]), "9");
    // A later row does not reach back.
    assert_eq!(quantity(Fold::Last(field(0)), &[("2026-01-10T00:00:00Z", "9"), ("2026-05-10T00:00:00Z", "4")]), "9");
}

#[test]
fn levels_count_only_while_the_account_is_served() {
    let mut rater = meter(Fold::Average(field(0))).rater();
    let until = Some(day("2026-04-16"));
    rater.subscribe(&Subscription { until, from: Some(day("2026-04-01")), ..Subscription::of("a") }).unwrap();
    push(&mut rater, &[("a", "used", "2026-04-01T00:00:00Z", &[("n", "100"), ("who", "")])]);
    let invoice = close(&mut rater, "2026-04-01");
    assert_eq!(invoice.total, r("50"));
    assert_eq!((invoice.served.from, invoice.served.until), (day("2026-04-01"), day("2026-04-16")));
    let late = try_push(&mut rater, ("a", "used", "2026-04-16T00:00:00Z", &[("n", "1"), ("who", "")]));
    assert_eq!(late[0].reason.code(), "R031");
    let period = rater.period_of(day("2026-05-01"));
    assert!(matches!(rater.close("a", &period), Err(SettleError::NotServed { .. })));
}

#[test]
fn a_pool_is_one_subject_of_several_accounts() {
    let mut b = meter(Fold::Count);
    b.0.lines.clear();
    b.price("used", SinkIx(0), graduated(&[("0", "1", "0"), ("2", "0.5", "0")]));
    let mut rater = b.rater();
    for account in ["x", "y"] {
        rater.subscribe(&Subscription { pool: Some("acme".into()), ..Subscription::of(account) }).unwrap();
    }
    let t = "2026-03-02T00:00:00Z";
    push(&mut rater, &["x", "y", "x", "z"].map(|a| (a, "used", t, &[("n", "1"), ("who", "w")][..])));
    let period = rater.period_of(day("2026-03-01"));
    assert_eq!(rater.due(None, None), [("acme".into(), period), ("z".into(), period)]);
    assert_eq!(rater.close("acme", &period).unwrap().total, r("2.5"));
    assert_eq!(rater.close("x", &period).unwrap().account, "acme");
    let other = Subscription { pool: Some("b".into()), from: None, until: None, account: "x".into() };
    assert_eq!(rater.subscribe(&other), Err(SetupError::AfterUsage("x".into())));
}

#[test]
fn a_pool_holds_the_sum_of_the_levels_of_its_accounts() {
    let mut rater = meter(Fold::Average(field(0))).rater();
    for account in ["x", "y"] {
        rater.subscribe(&Subscription { pool: Some("acme".into()), ..Subscription::of(account) }).unwrap();
    }
    rater.open_level("y", "used", &[], &r("4"), at("2026-03-01T00:00:00Z")).unwrap();
    push(&mut rater, &[("x", "used", "2026-03-01T00:00:00Z", &[("n", "10"), ("who", "w")][..])]);
    push(&mut rater, &[("y", "used", "2026-03-01T12:00:00Z", &[("n", "4"), ("who", "w")][..])]);
    let period = rater.period_of(day("2026-03-01"));
    assert_eq!(rater.close("acme", &period).unwrap().lines[0].quantity.as_ref().unwrap().0, r("14"));
}

#[test]
fn a_sum_of_levels_that_cannot_be_kept_is_an_error_and_no_amount() {
    let mut rater = meter(Fold::Average(field(0))).rater();
    for account in ["x", "y"] {
        rater.subscribe(&Subscription { pool: Some("acme".into()), ..Subscription::of(account) }).unwrap();
    }
    let most = i64::MAX.to_string();
    let period = rater.period_of(day("2026-03-01"));
    push(&mut rater, &[("x", "used", "2026-03-01T00:00:00Z", &[("n", most.as_str()), ("who", "w")][..])]);
    assert!(rater.close("acme", &period).is_ok());
    push(&mut rater, &[("y", "used", "2026-03-01T12:00:00Z", &[("n", "1"), ("who", "w")][..])]);
    let refused = rater.close("acme", &period).unwrap_err();
    assert!(matches!(refused, SettleError::Fault { fault: Fault::Overflow, .. }), "{refused}");
}

#[test]
fn a_level_whose_labels_a_price_drops_is_the_sum_over_them() {
    let mut b = Build::new();
    let region = b.dim("region", &["us", "eu"]);
    let event = b.event("used", vec![number("n", "unit", 0), label("region", region)]);
    let whole = b.sink("used", event, Fold::Max(field(0), Held::Level), "unit", vec![]);
    let parts = b.sink("", event, Fold::Last(field(0)), "unit", vec![by(region, 1)]);
    b.0.sinks[whole.ix()].parts = Some(parts);
    b.price("used", whole, per_unit("1"));
    let mut rater = b.rater();
    let start = at("2026-03-01T00:00:00Z");
    assert!(matches!(
        rater.open_level("a", "used", &[], &r("8"), start),
        Err(InjectError::MissingDimension { dimension, .. }) if dimension == "region"
    ));
    rater.open_level("a", "used", &[("region", "us")], &r("8"), start).unwrap();
    rater.open_level("a", "used", &[("region", "eu")], &r("5"), start).unwrap();
    assert_eq!(close(&mut rater, "2026-03-01").total, r("13"));
    let mut used = |t, n, region| push(&mut rater, &[("a", "used", t, &[("n", n), ("region", region)])]);
    // At one instant the level moves from one region to the other: there is no peak between.
    used("2026-03-02T00:00:00Z", "13", "eu");
    used("2026-03-02T00:00:00Z", "0", "us");
    used("2026-04-02T00:00:00Z", "2", "us");
    assert_eq!(close(&mut rater, "2026-03-01").total, r("13"));
    assert_eq!(close(&mut rater, "2026-04-01").total, r("15"));
}

#[test]
fn rows_out_of_order_are_refused_only_where_order_matters() {
    let early: Row<'_> = ("a", "used", "2026-03-01T00:00:00Z", &[("n", "1"), ("who", "")]);
    let late: Row<'_> = ("a", "used", "2026-03-02T00:00:00Z", &[("n", "1"), ("who", "")]);
    let mut sums = meter(Fold::Sum(field(0))).rater();
    assert_eq!(sums.order(), Order::Commutative);
    push(&mut sums, &[late, early]);
    let mut levels = meter(Fold::Average(field(0))).rater();
    assert_eq!(levels.order(), Order::ByEventTime);
    push(&mut levels, &[late]);
    assert_eq!(try_push(&mut levels, early)[0].reason.code(), "R032");
}

#[test]
fn a_plan_takes_usage_only_on_its_own_days() {
    let mut b = meter(Fold::Count);
    b.0.effective = span("2026-03-10", "");
    let mut rater = b.rater();
    let row = |t| -> Row<'_> { ("a", "used", t, &[("n", "1"), ("who", "")]) };
    assert_eq!(try_push(&mut rater, row("2026-03-09T23:59:59Z"))[0].reason.code(), "R030");
    push(&mut rater, &[row("2026-03-10T00:00:00Z")]);
    assert_eq!(close(&mut rater, "2026-03-01").served.from, day("2026-03-10"));
}

#[test]
fn given_quantities_name_every_dimension_a_price_depends_on() {
    let mut b = Build::new();
    let region = b.dim("region", &["us", "eu"]);
    let tier = b.dim("tier", &["basic", "plus"]);
    let event = b.event("used", vec![number("n", "unit", 0), label("region", region), label("tier", tier)]);
    let keys = vec![by(region, 1), Key { in_cell: false, ..by(tier, 2) }];
    let sink = b.sink("used", event, Fold::Sum(field(0)), "unit", keys);
    b.price_cells("used", sink, vec![per_unit("1"), per_unit("2")], vec![0, 1]);
    let scoped = b.sink("used", event, Fold::Sum(field(0)), "unit", vec![Key { in_cell: false, ..by(tier, 2) }]);
    b.0.sinks[scoped.ix()].scope = Cond::Label(KeyIx(0), vec![1]);
    b.price("plus", scoped, per_unit("10"));
    let mut rater = b.rater();
    let march = rater.period_of(day("2026-03-01"));
    let mut given = |labels: &[(&str, &str)]| rater.inject("a", &march, "used", labels, &r("3"), When::Sometime);
    assert!(
        matches!(given(&[("region", "us")]), Err(InjectError::MissingDimension { dimension, .. }) if dimension == "tier")
    );
    assert!(
        matches!(given(&[("tier", "plus")]), Err(InjectError::MissingDimension { dimension, .. }) if dimension == "region")
    );
    assert!(matches!(given(&[("region", "mars"), ("tier", "plus")]), Err(InjectError::UnknownLabel { .. })));
    assert!(matches!(
        given(&[("region", "us"), ("tier", "plus"), ("x", "y")]),
        Err(InjectError::UnknownDimension { .. })
    ));
    given(&[("region", "us"), ("tier", "basic")]).unwrap();
    given(&[("region", "eu"), ("tier", "plus")]).unwrap();
    assert!(matches!(
        rater.inject("a", &march, "other", &[], &r("1"), When::Sometime),
        Err(InjectError::UnknownMeter(_))
    ));
    let got = amounts(&close(&mut rater, "2026-03-01"));
    assert_eq!(got["used"], "9.00");
    assert_eq!(got["plus"], "30.00");
}

#[test]
fn a_given_average_is_the_average_and_joins_what_rows_say() {
    let mut rater = meter(Fold::Average(field(0))).rater();
    push(&mut rater, &[("a", "used", "2026-03-01T00:00:00Z", &[("n", "10"), ("who", "")])]);
    let march = rater.period_of(day("2026-03-01"));
    rater.inject("a", &march, "used", &[], &r("0.5"), When::Sometime).unwrap();
    assert_eq!(close(&mut rater, "2026-03-01").total, r("10.5"));
    assert_eq!(close(&mut rater, "2026-04-01").total, r("10"));
}

#[test]
fn a_level_from_before_the_cut_over_holds() {
    let mut rater = meter(Fold::Average(field(0))).rater();
    rater.open_level("a", "used", &[], &r("8"), at("2026-03-01T00:00:00Z")).unwrap();
    push(&mut rater, &[("a", "used", "2026-03-16T12:00:00Z", &[("n", "0"), ("who", "")])]);
    assert_eq!(close(&mut rater, "2026-03-01").total, r("4"));
    assert!(matches!(
        meter(Fold::Count).rater().open_level("a", "used", &[], &r("8"), at("2026-03-01T00:00:00Z")),
        Err(InjectError::NoLevel { .. })
    ));
}

#[test]
fn what_is_due_includes_periods_without_usage_where_something_is_held_or_subscribed() {
    let mut rater = meter(Fold::Average(field(0))).rater();
    rater.subscribe(&Subscription { from: Some(day("2026-02-10")), ..Subscription::of("s") }).unwrap();
    push(&mut rater, &[("a", "used", "2026-01-16T00:00:00Z", &[("n", "1"), ("who", "")])]);
    let due = rater.due(None, Some(day("2026-04-01")));
    let shown: Vec<_> = due.iter().map(|(who, p)| format!("{who} {p}")).collect();
    assert_eq!(shown, ["a 2026-01", "a 2026-02", "a 2026-03", "s 2026-02", "s 2026-03"]);
}
