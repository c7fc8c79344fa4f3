//! Price functions reach the invoice: the models every rating system has, with their numbers.

mod common;
use common::*;
use price_ir::*;
use price_value::*;

fn g3() -> Expr {
    graduated(&[("0", "0.10", "0"), ("1000", "0.05", "0"), ("10000", "0.01", "0")])
}

#[test]
fn per_unit_multiplies() {
    assert_eq!(costs(per_unit("0.001"), "100000"), "100.00");
}

#[test]
fn packages_are_started_whole_after_the_free_ones() {
    assert_eq!(costs(packages("0", "20", "10"), "20.1"), "20.00");
    assert_eq!(costs(packages("100", "1000", "30"), "2500"), "90.00");
    assert_eq!(costs(packages("0", "20", "10"), "0"), "0.00");
}

#[test]
fn graduated_integrates_and_volume_selects_by_the_total() {
    assert_eq!(costs(g3(), "15000"), "600.00");
    let bulk = || volume(&[("0", "0.10"), ("1000", "0.05"), ("10000", "0.01")]);
    assert_eq!(costs(bulk(), "15000"), "150.00");
    assert_eq!(costs(bulk(), "10000"), "500.00");
    assert_eq!(costs(bulk(), "10001"), "100.01");
}

#[test]
fn stairstep_is_the_amount_of_the_tier_reached() {
    let steps = || stairstep(&[("0", "50"), ("100", "120"), ("200", "200")]);
    assert_eq!(costs(steps(), "250"), "200.00");
    assert_eq!(costs(steps(), "100"), "50.00");
    assert_eq!(costs(steps(), "0"), "0.00");
}

#[test]
fn flat_parts_are_due_when_their_tier_is_entered() {
    assert_eq!(costs(graduated(&[("0", "5", "10"), ("5", "4", "20")]), "6"), "59.00");
}

#[test]
fn percentages_over_money_are_ladders_too() {
    let percent = graduated(&[("0", "0.01", "200"), ("1000", "0.02", "300")]);
    assert_eq!(costs(percent.clone(), "500"), "205.00");
    // The next 550 add 306.00.
    assert_eq!(costs(percent, "1050"), "511.00");
    assert_eq!(costs(per_unit("0.0018"), "2000000"), "3600.00");
}

#[test]
fn cells_have_prices_of_their_own_and_the_line_adds_them_up() {
    let mut b = Build::new();
    let region = b.dim("region", &["us", "eu", "other"]);
    let sink = b.sum_by("used", "unit", region);
    b.price_cells("used", sink, vec![per_unit("0.10"), per_unit("0.25"), per_unit("0.15")], vec![0, 1, 2]);
    let mut rater = b.rater();
    let t = "2026-03-04T10:00:00Z";
    push(
        &mut rater,
        &[
            ("a", "used", t, &[("n", "100"), ("label", "us")]),
            ("a", "used", t, &[("n", "50"), ("label", "eu")]),
            ("a", "used", t, &[("n", "7"), ("label", "other")]),
        ],
    );
    let invoice = close(&mut rater, "2026-03-01");
    assert_eq!(invoice.total, r("23.55"));
    let used = line(&invoice, "used");
    assert_eq!(used.quantity, Some((r("157"), "unit".into())));
    let shown: Vec<_> = used.cells.iter().map(|c| (c.labels[0].1.as_str(), c.amount.to_string())).collect();
    assert_eq!(shown, [("us", "10".into()), ("eu", "12.5".into()), ("other", "1.05".into())]);
    assert_eq!(used.cells.iter().map(|c| &c.amount).sum::<Rational>(), used.amount);
}

#[test]
fn a_ladder_per_group_restarts_and_without_groups_it_does_not() {
    let rows: [Row<'_>; 2] = [
        ("a", "used", "2026-03-04T10:00:00Z", &[("n", "1500"), ("label", "x")]),
        ("a", "used", "2026-03-05T10:00:00Z", &[("n", "1500"), ("label", "y")]),
    ];
    for (grouped, total) in [(true, "250"), (false, "200")] {
        let mut b = Build::new();
        let group = b.dim("group", &["x", "y"]);
        let sink = b.sum_by("used", "unit", group);
        b.0.sinks[sink.ix()].keys[0].in_cell = grouped;
        b.price("used", sink, g3());
        let mut rater = b.rater();
        push(&mut rater, &rows);
        assert_eq!(close(&mut rater, "2026-03-01").total, r(total));
    }
}

#[test]
fn open_labels_are_cells_sorted_by_their_text() {
    let mut b = Build::new();
    let project = b.open_dim("project", 3);
    let sink = b.sum_by("used", "unit", project);
    b.price("used", sink, g3());
    let mut rater = b.rater();
    let t = "2026-03-04T10:00:00Z";
    push(
        &mut rater,
        &[
            ("a", "used", t, &[("n", "1500"), ("label", "zeta")]),
            ("a", "used", t, &[("n", "1500"), ("label", "alpha")]),
        ],
    );
    let invoice = close(&mut rater, "2026-03-01");
    assert_eq!(invoice.total, r("250"));
    let names: Vec<_> = line(&invoice, "used").cells.iter().map(|c| c.labels[0].1.as_str()).collect();
    assert_eq!(names, ["alpha", "zeta"]);
    push(
        &mut rater,
        &[("a", "used", t, &[("n", "1"), ("label", "b")]), ("a", "used", t, &[("n", "1"), ("label", "c")])],
    );
    let period = rater.period_of(day("2026-03-01"));
    assert!(matches!(rater.close("a", &period), Err(price_rating::SettleError::TooManyLabels { max: 3, .. })));
}

#[test]
fn what_is_not_sold_refuses_the_row_in_every_meter() {
    let mut b = Build::new();
    let region = b.dim("region", &["us", "eu"]);
    let sink = b.sum_by("used", "unit", region);
    let line = b.price("used", sink, per_unit("1"));
    b.usage(line).rules.regimes[0].cells[1] = CellRule::NotSold;
    let all = b.sink("rows", EventIx(0), Fold::Count, "row", vec![]);
    b.price("rows", all, per_unit("1"));
    let mut rater = b.rater();
    let t = "2026-03-04T10:00:00Z";
    let faults = try_push(&mut rater, ("a", "used", t, &[("n", "1"), ("label", "eu")]));
    assert_eq!(faults[0].reason.code(), "R040");
    push(&mut rater, &[("a", "used", t, &[("n", "1"), ("label", "us")])]);
    assert_eq!(close(&mut rater, "2026-03-01").total, r("2"));
    let period = rater.period_of(day("2026-03-01"));
    let refused = rater.inject("a", &period, "used", &[("region", "eu")], &r("1"), price_rating::When::Sometime);
    assert!(matches!(refused, Err(price_rating::InjectError::NotSold { .. })));
}

#[test]
fn a_family_is_unrolled_and_unsold_labels_may_be_zero() {
    let mut b = Build::new();
    let kind = b.dim("kind", &["input", "output", "image"]);
    let ty = NumberType { unit: "token".into(), decimals: 0, signed: false, level: false, accepts: vec![] };
    let tokens = Field { name: "tokens".into(), ty: FieldType::Family(kind, ty), optional: false };
    let event = b.event("request", vec![tokens]);
    let key = Key { dim: kind, source: KeySource::Family(FieldIx(0)), in_cell: true };
    let sink = b.sink("tokens", event, Fold::Sum(Expr::Family(FieldIx(0))), "token", vec![key]);
    let line_ix = b.price_cells("tokens", sink, vec![per_unit("0.01"), per_unit("0.03")], vec![0, 1, 0]);
    b.usage(line_ix).rules.regimes[0].cells[2] = CellRule::NotSold;
    let mut rater = b.rater();
    let schema = std::sync::Arc::new(price_rating::EventSchema::new(rater.plan(), event));
    let mut builder = price_rating::RowBuilder::new(schema);
    let object = [("input", price_rating::Raw::Number("100")), ("output", price_rating::Raw::Number("10"))];
    let image = [("image", price_rating::Raw::Number("1"))];
    for entries in [&object[..], &image[..]] {
        let raw = price_rating::Raw::Object(entries);
        builder.push(at("2026-03-04T10:00:00Z"), [("tokens", raw)], rater.labels()).unwrap();
    }
    let subject = rater.subject("a").0;
    let faults = rater.push(&mut builder.take(), &[subject; 2]);
    assert_eq!(faults.iter().map(|f| f.row).collect::<Vec<_>>(), [1]);
    assert_eq!(close(&mut rater, "2026-03-01").total, r("1.3"));
}
