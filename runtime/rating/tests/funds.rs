//! Wallets, commitments, seats in advance: who pays, what is left, what the books say.

mod common;

use common::*;
use price_ir::*;
use price_rating::{Late, OpeningLot, Rater, Stage, restate};
use price_value::*;

const CREDIT: CurrencyIx = CurrencyIx(1);

fn flow(b: &mut Build, steps: &[u32], finally: Finally) {
    let steps = steps.iter().map(|s| BalanceIx(*s)).collect();
    b.0.funds.waterfall.push(Waterfall { from: None, steps, finally, rule: RuleIx(0) });
}

fn credits(b: &mut Build) {
    let currency = Currency { code: "CREDIT".into(), decimals: 0, symbol: None, is_virtual: true };
    let rounding = Rounding { mode: RoundingMode::HalfUp, step: Rational::ONE };
    b.0.foreign.push((currency, LineRounding { each: RoundingScope::Line, rounding }));
}

/// Movements of lots in a currency: `day kind lot amount`.
fn movements(invoice: &Invoice, currency: CurrencyIx) -> Vec<String> {
    let payment = invoice.payment.as_ref().expect("paid");
    let own = payment.ledger.iter().filter(|e| e.currency == currency);
    let lot = |account: &Account| match account {
        Account::Lot { lot, .. } => Some(lot.clone()),
        _ => None,
    };
    own.filter_map(|e| {
        let lot = lot(&e.debit).or(lot(&e.credit))?;
        Some(format!("{:02} {} {lot} {}", e.day.day(), e.kind.word(), e.amount))
    })
    .collect()
}

fn statement<'a>(invoice: &'a Invoice, name: &str) -> &'a Statement {
    let payment = invoice.payment.as_ref().expect("paid");
    payment.balances.iter().find(|s| s.name == name).expect("a balance of that name")
}

fn used(rater: &mut Rater, uses: &[(&str, &str)]) {
    let fields: Vec<[(&str, &str); 1]> = uses.iter().map(|(_, n)| [("n", *n)]).collect();
    let rows: Vec<Row<'_>> = uses.iter().zip(&fields).map(|((at, _), f)| ("a", "use", *at, f.as_slice())).collect();
    push(rater, &rows);
}

/// Seats in advance, credits per seat, a promotion and a top-up.
fn seats() -> Build {
    let mut b = Build::new();
    credits(&mut b);
    let mut n = number("n", "seat", 0);
    if let FieldType::Number(ty) = &mut n.ty {
        ty.level = true;
    }
    let event = b.event("seats", vec![n]);
    let level = b.sink("seats", event, Fold::Last(field(0)), "seat", vec![]);
    let fee = Fee {
        amount: r("30"),
        changes: Vec::new(),
        per: FeeSchedule::Each(Window::Month),
        in_advance: true,
        during: Span::default(),
        level: Some(level),
    };
    let fee = b.line("seat", Charge::Fee(fee));
    b.0.lines[fee.ix()].prorate = Proration::Daily;
    let sink = b.sum("use", "CREDIT");
    let line = b.price("credits", sink, per_unit("1"));
    b.0.lines[line.ix()].currency = CREDIT;
    let promo = grant("promo", "500", GrantWhen::Start, Expiry::Gone(day("2026-06-21")), Cost::Free);
    let per_seat = GrantAmount::PerUnit {
        level,
        amount: r("200"),
        round: Some(Rounding { mode: RoundingMode::Down, step: Rational::ONE }),
    };
    let seat = grant("seat allowance", "0", GrantWhen::Each(Window::Month), Expiry::EndOf(Window::Month), Cost::Free);
    let seat = Grant { amount: per_seat, prorate: Proration::Daily, ..seat };
    let top_up = TopUp {
        amount: TopUpAmount::Fixed(r("1000")),
        unit_cost: r("0.04"),
        below: r("100"),
        at_bound: true,
        at_most: (5, Window::Month),
        expires: Expiry::After(months(12)),
        rule: RuleIx(0),
    };
    b.0.funds.balances.push(Balance { top_up: Some(top_up), ..wallet("credits", CREDIT, &[line], vec![promo, seat]) });
    flow(&mut b, &[0], Finally::Invoice);
    b
}

const SEATS: [Row<'static>; 3] = [
    ("a", "seats", "2026-06-01T00:00:00Z", &[("n", "10")]),
    ("a", "seats", "2026-06-11T09:00:00Z", &[("n", "15")]),
    ("a", "seats", "2026-06-21T09:00:00Z", &[("n", "12")]),
];

#[test]
fn seats_and_a_credit_wallet_through_a_month() {
    let b = seats();
    let mut rater = b.rater();
    push(&mut rater, &SEATS);
    used(
        &mut rater,
        &[("2026-06-05T12:00:00Z", "1900"), ("2026-06-15T12:00:00Z", "700"), ("2026-06-25T12:00:00Z", "1200")],
    );
    let june = close(&mut rater, "2026-06-10");
    balanced(&june);
    assert_eq!(
        movements(&june, CREDIT),
        [
            "01 grant promo 500",
            "01 grant seat allowance 2000",
            "05 use promo 500",
            "05 use seat allowance 1400",
            "11 grant seat allowance 666",
            "15 use seat allowance 600",
            "15 use seat allowance 100",
            "25 use seat allowance 466",
            "25 top-up top-up 1000",
            "25 use seat allowance 100",
            "25 use top-up 634",
        ]
    );
    // Ten seats ahead, five more for twenty days of thirty, one top-up.
    let seat = line(&june, "seat");
    assert_eq!((seat.gross.clone(), seat.amount.clone()), (r("300"), r("400")));
    assert_eq!(line(&june, "credits top-up").amount, r("40"));
    assert_eq!((june.total.clone(), june.due.clone()), (r("440"), r("440")));
    let revenue = &june.payment.as_ref().unwrap().revenue;
    assert_eq!(revenue.deferred, r("14.64"));
    assert_eq!(revenue.earned, r("425.36"), "the seats, and 634 credits of 0.04");
    assert_eq!(statement(&june, "credits").closed, r("366"));
    let july = close(&mut rater, "2026-07-10");
    balanced(&july);
    let seat = line(&july, "seat");
    assert_eq!((seat.gross.clone(), seat.amount.clone()), (r("360"), r("330")), "three seats fell for ten days");
    assert_eq!(statement(&july, "credits").granted, r("2400"));
}

#[test]
fn a_late_event_moves_draws_and_revenue_and_no_line() {
    let b = seats();
    let mut rater = b.rater();
    push(&mut rater, &SEATS);
    let late = [
        ("2026-06-04T12:00:00Z", "50"),
        ("2026-06-05T12:00:00Z", "1900"),
        ("2026-06-15T12:00:00Z", "700"),
        ("2026-06-25T12:00:00Z", "1200"),
    ];
    used(&mut rater, &late);
    let june = close(&mut rater, "2026-06-10");
    balanced(&june);
    assert_eq!(
        movements(&june, CREDIT),
        [
            "01 grant promo 500",
            "01 grant seat allowance 2000",
            "04 use promo 50",
            "05 use promo 450",
            "05 use seat allowance 1450",
            "11 grant seat allowance 666",
            "15 use seat allowance 550",
            "15 use seat allowance 150",
            "25 use seat allowance 416",
            "25 top-up top-up 1000",
            "25 use seat allowance 100",
            "25 use top-up 684",
        ]
    );
    assert_eq!(june.due, r("440"), "no line of money changes");
    let revenue = &june.payment.as_ref().unwrap().revenue;
    assert_eq!((revenue.earned.clone(), revenue.deferred.clone()), (r("427.36"), r("12.64")));
}

#[test]
fn a_quarter_is_trued_up_and_the_shortfall_becomes_a_lot() {
    let mut b = Build::new();
    let sink = b.sum("use", "unit");
    let spend = b.price("spend", sink, per_unit("1"));
    let credit = Grant {
        amount: GrantAmount::Shortfall(CommitmentIx(0)),
        ..grant("shortfall", "0", GrantWhen::TrueUp, Expiry::After(months(12)), Cost::Free)
    };
    b.0.funds.balances.push(wallet("carryover", OWN, &[spend], vec![credit]));
    let year = StepLength::Age(Age { count: 1, unit: AgeUnit::Years });
    let true_up = TrueUp { every: months(3), share: r("0.25"), cumulative: true };
    b.0.funds.commitments.push(Commitment {
        true_up: Some(true_up),
        except_paid_by: vec![BalanceIx(0)],
        shortfall: Shortfall::Credited(BalanceIx(0)),
        ..promise("annual", "240", year, &[spend])
    });
    flow(&mut b, &[0], Finally::Invoice);
    let mut rater = b.rater();
    rater
        .subscribe(&price_rating::Subscription { from: Some(day("2026-01-01")), ..price_rating::Subscription::of("a") })
        .unwrap();
    used(&mut rater, &[("2026-01-05T12:00:00Z", "9"), ("2026-04-05T12:00:00Z", "40"), ("2026-05-05T12:00:00Z", "70")]);
    let march = close(&mut rater, "2026-03-10");
    balanced(&march);
    assert_eq!(line(&march, "annual true-up").amount, r("51"), "a quarter of 240 less 9");
    assert_eq!(march.due, r("51"));
    let april = close(&mut rater, "2026-04-10");
    balanced(&april);
    assert_eq!(line(&april, "spend").paid, [("carryover".to_string(), r("40"))]);
    assert_eq!(april.due, r("0"));
    let may = close(&mut rater, "2026-05-10");
    assert_eq!((may.due.clone(), statement(&may, "carryover").closed.clone()), (r("59"), r("0")));
    let june = close(&mut rater, "2026-06-10");
    // Half of 240; counted 9 and 59 and the true-up of 51.
    assert_eq!(line(&june, "annual true-up").amount, r("1"));
    let status = &june.payment.as_ref().unwrap().commitments[0];
    assert_eq!((status.total.clone(), status.amount.clone()), (r("120"), r("240")));
}

#[test]
fn a_prepaid_commitment_is_drawn_after_a_promotion_and_its_rest_is_overage() {
    let mut b = Build::new();
    let sink = b.sum("use", "unit");
    let spend = b.price("spend", sink, per_unit("1"));
    let promo = grant("promo", "100", GrantWhen::Start, Expiry::Gone(day("2026-02-01")), Cost::Free);
    b.0.funds.balances.push(wallet("promo", OWN, &[spend], vec![promo]));
    let cost = Cost::Instalments { every: months(3), count: 4, amount: r("75") };
    let commit = grant("commit", "300", GrantWhen::Start, Expiry::After(months(12)), cost);
    b.0.funds.balances.push(Balance {
        kind: BalanceKind::Commitment,
        overage: Some(r("1.1")),
        ..wallet("commit", OWN, &[spend], vec![commit])
    });
    flow(&mut b, &[0, 1], Finally::Overage);
    let mut rater = b.rater();
    rater
        .subscribe(&price_rating::Subscription { from: Some(day("2026-01-01")), ..price_rating::Subscription::of("a") })
        .unwrap();
    used(
        &mut rater,
        &[("2026-01-05T12:00:00Z", "60"), ("2026-02-05T12:00:00Z", "250"), ("2026-04-05T12:00:00Z", "150")],
    );
    let january = close(&mut rater, "2026-01-10");
    balanced(&january);
    assert_eq!(line(&january, "spend").paid, [("promo".to_string(), r("60"))]);
    assert_eq!((january.due.clone(), line(&january, "commit instalment").amount.clone()), (r("75"), r("75")));
    let february = close(&mut rater, "2026-02-10");
    balanced(&february);
    assert_eq!(statement(&february, "promo").expired, r("40"), "unused promotion is gone");
    assert_eq!(february.payment.as_ref().unwrap().revenue.breakage, r("0"), "and was never paid for");
    assert_eq!((statement(&february, "commit").closed.clone(), february.due.clone()), (r("50"), r("0")));
    let april = close(&mut rater, "2026-04-10");
    balanced(&april);
    assert_eq!(line(&april, "commit overage").amount, r("10"), "100 beyond it at 110%");
    assert_eq!(april.due, r("185"), "100 beyond it, the surcharge, the second instalment");
}

#[test]
fn waterfall_and_nested_promises_count_differently() {
    for (beyond, shortfall) in [(vec![CommitmentIx(0)], "150"), (vec![], "0")] {
        let mut b = Build::new();
        let sink = b.sum("use", "unit");
        let spend = b.price("spend", sink, per_unit("1"));
        let month = StepLength::Age(months(1));
        b.0.funds.commitments.push(promise("p1", "1000", month, &[spend]));
        b.0.funds.commitments.push(Commitment { beyond, ..promise("p2", "200", month, &[spend]) });
        let mut rater = b.rater();
        rater
            .subscribe(&price_rating::Subscription {
                from: Some(day("2026-01-01")),
                ..price_rating::Subscription::of("a")
            })
            .unwrap();
        used(&mut rater, &[("2026-01-05T12:00:00Z", "1050")]);
        let january = close(&mut rater, "2026-01-10");
        let true_ups: Rational = january.lines.iter().filter(|l| l.kind == LineKind::TrueUp).map(|l| &l.amount).sum();
        assert_eq!(true_ups, r(shortfall));
    }
}

#[test]
fn a_line_that_falls_gives_payments_back_last_in_first_out() {
    let mut b = Build::new();
    let sink = b.sum("use", "unit");
    // 10 units cost 10.00, 11 units 5.50.
    let spend = b.price("spend", sink, volume(&[("0", "1"), ("10", "0.5")]));
    let first = grant("first", "7", GrantWhen::Start, Expiry::Never, Cost::Free);
    b.0.funds.balances.push(wallet("one", OWN, &[spend], vec![first]));
    let second = grant("second", "2", GrantWhen::Start, Expiry::Never, Cost::Invoiced(r("2")));
    b.0.funds.balances.push(wallet("two", OWN, &[spend], vec![second]));
    flow(&mut b, &[0, 1], Finally::Invoice);
    let mut rater = b.rater();
    used(&mut rater, &[("2026-01-05T12:00:00Z", "10"), ("2026-01-06T12:00:00Z", "1")]);
    let january = close(&mut rater, "2026-01-10");
    balanced(&january);
    assert_eq!(line(&january, "spend").paid, [("one".to_string(), r("5.5"))]);
    assert_eq!(
        (statement(&january, "one").closed.clone(), statement(&january, "two").closed.clone()),
        (r("1.5"), r("2"))
    );
    assert_eq!(january.due, r("2"), "the second grant only");
}

/// 100.00 that cost 80.00, a price that falls, and the invoice of June.
fn falling(expires: Expiry, clawback: Option<&str>, overdraft: &str) -> Invoice {
    let mut b = Build::new();
    let sink = b.sum("use", "unit");
    let spend = b.price("spend", sink, volume(&[("0", "0.01"), ("9000", "0.002")]));
    let lot = grant("lot", "100", GrantWhen::On(day("2026-06-03")), expires, Cost::Invoiced(r("80")));
    let lot = Grant { clawback: clawback.map(day), ..lot };
    b.0.funds.balances.push(Balance { overdraft: r(overdraft), ..wallet("w", OWN, &[spend], vec![lot]) });
    flow(&mut b, &[0], Finally::Invoice);
    let mut rater = b.rater();
    let early = if overdraft == "0" { "2026-06-05T12:00:00Z" } else { "2026-06-02T12:00:00Z" };
    used(&mut rater, &[(early, "9000"), ("2026-06-20T12:00:00Z", "1000")]);
    let june = close(&mut rater, "2026-06-10");
    balanced(&june);
    june
}

#[test]
fn what_comes_back_after_its_lot_is_gone_goes_where_the_lot_went() {
    let promotion = |june: &Invoice| -> Rational {
        let used = |account: &Account| matches!(account, Account::PromotionUsed { .. });
        let ledger = &june.payment.as_ref().unwrap().ledger;
        let sides = ledger.iter().map(|e| match (used(&e.debit), used(&e.credit)) {
            (true, _) => e.amount.clone(),
            (_, true) => -&e.amount,
            _ => r("0"),
        });
        sides.sum()
    };
    let gone = Expiry::Gone(day("2026-06-15"));
    for (june, overdrawn) in [(falling(gone, None, "0"), false), (falling(gone, None, "100"), true)] {
        // 90.00 on the fifth, 20.00 at the end: 70.00 come back to a lot that is gone.
        let revenue = &june.payment.as_ref().unwrap().revenue;
        assert_eq!((revenue.earned.clone(), revenue.breakage.clone()), (r("16"), r("64")), "{overdrawn}");
        assert_eq!(promotion(&june), r("4"));
        let w = statement(&june, "w");
        assert_eq!((w.used.clone(), w.expired.clone(), w.closed.clone()), (r("20"), r("80"), r("0")));
    }
    let taken = falling(Expiry::Never, Some("2026-06-15"), "0");
    assert_eq!(statement(&taken, "w").clawed_back, r("80"));
    assert_eq!(taken.payment.as_ref().unwrap().revenue.breakage, r("64"));
}

#[test]
fn a_rate_of_its_own_is_taken_off_once_and_in_whole_steps() {
    // What is used on each of four days, at a tenth of a cent over 80%.
    for (each, drawn, due) in [("25000", "800", "800"), ("1", "0.03", "800"), ("30000", "800", "1000")] {
        let mut b = Build::new();
        let sink = b.sum("use", "unit");
        let spend = b.price("spend", sink, per_unit("0.01"));
        let lot = grant("c", "800", GrantWhen::Start, Expiry::Never, Cost::Invoiced(r("800")));
        b.0.funds.balances.push(Balance {
            kind: BalanceKind::Commitment,
            rate: r("0.8"),
            ..wallet("c", OWN, &[spend], vec![lot])
        });
        flow(&mut b, &[0], Finally::Invoice);
        let mut rater = b.rater();
        let days = ["2026-06-05T12:00:00Z", "2026-06-06T12:00:00Z", "2026-06-07T12:00:00Z", "2026-06-08T12:00:00Z"];
        used(&mut rater, &days.map(|day| (day, each)));
        let june = close(&mut rater, "2026-06-10");
        balanced(&june);
        let c = statement(&june, "c");
        assert_eq!((c.used.clone(), june.due.clone()), (r(drawn), r(due)), "{each}");
        let rate = line(&june, "c rate");
        assert_eq!(rate.paid, [("c".to_string(), rate.amount.clone())], "the rate asks for nothing");
        let paid: Rational = june.lines.iter().flat_map(|line| &line.paid).map(|(_, paid)| paid).sum();
        assert_eq!(paid, c.used, "what was paid was drawn");
        let revenue = &june.payment.as_ref().unwrap().revenue;
        assert_eq!(revenue.earned, &r(drawn) + &(&r(due) - &r("800")));
    }
}

#[test]
fn a_carried_excess_stays_applied_and_is_applied_once() {
    for (cumulative, months_carried, second) in [(true, 3, "250"), (false, 12, "250"), (false, 3, "250")] {
        let mut b = Build::new();
        let sink = b.sum("use", "unit");
        let spend = b.price("spend", sink, per_unit("1"));
        let year = StepLength::Age(Age { count: 1, unit: AgeUnit::Years });
        b.0.funds.commitments.push(Commitment {
            repeats: true,
            true_up: Some(TrueUp { every: months(3), share: r("0.25"), cumulative }),
            excess: Excess::RollsOver { up_to: r("0.1"), lasts: months(months_carried) },
            ..promise("annual", "1000", year, &[spend])
        });
        flow(&mut b, &[], Finally::Invoice);
        let mut rater = b.rater();
        let from = Some(day("2026-01-01"));
        rater.subscribe(&price_rating::Subscription { from, ..price_rating::Subscription::of("a") }).unwrap();
        let windows = ["2026-01-10T12:00:00Z", "2026-05-10T12:00:00Z", "2026-08-10T12:00:00Z", "2026-11-10T12:00:00Z"];
        used(&mut rater, &windows.map(|day| (day, "275")));
        let ends = ["2027-03-10", "2027-06-10", "2027-09-10", "2027-12-10"];
        let trued = ends.map(|end| line(&close(&mut rater, end), "annual true-up").amount.clone());
        assert_eq!(trued, [r("150"), r(second), r("250"), r("250")], "{cumulative} {months_carried}");
    }
}

#[test]
fn the_invoice_asks_in_cents_for_what_a_finer_wallet_left() {
    let mut b = Build::new();
    let sink = b.sum("use", "unit");
    let spend = b.price("spend", sink, per_unit("0.0015"));
    let lot = grant("lot", "5", GrantWhen::Start, Expiry::Never, Cost::Free);
    let precise = Some(Rounding { mode: RoundingMode::HalfEven, step: r("0.0001") });
    b.0.funds.balances.push(Balance { precise, ..wallet("w", OWN, &[spend], vec![lot]) });
    flow(&mut b, &[0], Finally::Invoice);
    let mut rater = b.rater();
    used(&mut rater, &[("2026-06-05T12:00:00Z", "4005")]);
    let june = close(&mut rater, "2026-06-10");
    balanced(&june);
    assert_eq!((june.total.clone(), june.due.clone()), (r("6.01"), r("1.01")));
    let rounded: Vec<_> =
        june.payment.as_ref().unwrap().ledger.iter().filter(|e| e.kind == EntryKind::Round).cloned().collect();
    assert_eq!(rounded.len(), 1);
    assert_eq!((&rounded[0].debit, &rounded[0].credit), (&Account::Receivable, &Account::Rounding));
    assert_eq!(rounded[0].amount, r("0.0025"));
}

#[test]
fn an_early_invoice_is_a_receivable_of_its_day() {
    let mut b = Build::new();
    let sink = b.sum("use", "unit");
    let line = b.price("spend", sink, per_unit("1"));
    b.0.funds.interim = Some(Interim { at: r("50"), rule: RuleIx(0) });
    flow(&mut b, &[], Finally::Invoice);
    let mut rater = b.rater();
    used(&mut rater, &[("2026-06-05T12:00:00Z", "60"), ("2026-06-06T12:00:00Z", "20"), ("2026-06-20T12:00:00Z", "45")]);
    let june = close(&mut rater, "2026-06-10");
    balanced(&june);
    assert_eq!((june.total.clone(), june.due.clone(), line.ix()), (r("125"), r("0"), 0));
    let asked: Vec<_> = june.payment.as_ref().unwrap().ledger.iter().map(|e| (e.day, e.amount.clone())).collect();
    assert_eq!(asked, [(day("2026-06-05"), r("60")), (day("2026-06-20"), r("65"))]);
}

#[test]
fn units_that_the_invoice_asks_for_are_owed_in_money_only() {
    let mut b = Build::new();
    credits(&mut b);
    let sink = b.sum("use", "CREDIT");
    let line = b.price("credits", sink, per_unit("1"));
    b.0.lines[line.ix()].currency = CREDIT;
    let lot = grant("lot", "100", GrantWhen::Start, Expiry::Never, Cost::Free);
    b.0.funds.balances.push(wallet("w", CREDIT, &[line], vec![lot]));
    b.0.funds.conversions.push(Conversion { currency: CREDIT, rate: r("0.05"), rule: RuleIx(0), order: 9 });
    flow(&mut b, &[0], Finally::Invoice);
    let mut rater = b.rater();
    used(&mut rater, &[("2026-06-05T12:00:00Z", "140")]);
    let june = close(&mut rater, "2026-06-10");
    balanced(&june);
    assert_eq!(june.due, r("2"));
    let blocked = june.payment.as_ref().unwrap().ledger.iter().map(|e| match (&e.debit, &e.credit) {
        (Account::Blocked, _) => e.amount.clone(),
        (_, Account::Blocked) => -&e.amount,
        _ => r("0"),
    });
    assert_eq!(blocked.sum::<Rational>(), r("0"));
}

#[test]
fn an_hourly_commitment_is_used_in_its_hour_or_lost() {
    let mut b = Build::new();
    let sink = b.sum("use", "unit");
    let spend = b.price("spend", sink, per_unit("1"));
    let hour = grant("hour", "10", GrantWhen::Each(Window::Hour), Expiry::EndOf(Window::Hour), Cost::Invoiced(r("8")));
    b.0.funds.balances.push(Balance { kind: BalanceKind::Commitment, ..wallet("plan", OWN, &[spend], vec![hour]) });
    flow(&mut b, &[0], Finally::Invoice);
    let mut rater = b.rater();
    let one = price_rating::Subscription {
        from: Some(day("2026-01-01")),
        until: Some(day("2026-01-02")),
        ..price_rating::Subscription::of("a")
    };
    rater.subscribe(&one).unwrap();
    used(&mut rater, &[("2026-01-01T03:10:00Z", "15"), ("2026-01-01T04:10:00Z", "4")]);
    let january = close(&mut rater, "2026-01-01");
    balanced(&january);
    assert_eq!(line(&january, "spend").paid, [("plan".to_string(), r("14"))]);
    assert_eq!(line(&january, "plan grant").amount, r("192"), "24 hours of 8");
    assert_eq!(january.due, r("197"));
}

#[test]
fn a_carried_rest_has_a_floor_and_a_ceiling() {
    for (spent, carried) in [("100", "300"), ("450", "100")] {
        let mut b = Build::new();
        let sink = b.sum("use", "unit");
        let spend = b.price("spend", sink, per_unit("1"));
        let month = grant("month", "500", GrantWhen::Each(Window::Month), Expiry::EndOf(Window::Month), Cost::Free);
        let rollover = BalanceRollover { at_most: Carry::Amount(r("300")), at_least: r("100"), lasts: months(1) };
        b.0.funds.balances.push(Balance { rollover: Some(rollover), ..wallet("w", OWN, &[spend], vec![month]) });
        flow(&mut b, &[0], Finally::Invoice);
        let mut rater = b.rater();
        used(&mut rater, &[("2026-01-05T12:00:00Z", spent)]);
        let february = close(&mut rater, "2026-02-10");
        balanced(&february);
        assert_eq!(statement(&february, "w").rolled_in, r(carried));
        assert_eq!(statement(&february, "w").closed, r(carried) + r("500"));
        let march = close(&mut rater, "2026-03-10");
        balanced(&march);
        assert_eq!(statement(&march, "w").closed, r("800"), "what was carried once is gone");
    }
}

#[test]
fn a_metered_entitlement_is_reached_in_its_window_and_carries_a_rest() {
    let mut b = Build::new();
    let sink = b.sum("use", "unit");
    b.price("spend", sink, per_unit("1"));
    let metered = |name: &str, per, limit: &str, hard, rollover: Option<&str>| Entitlement {
        name: name.into(),
        value: EntitlementValue::Metered {
            sink,
            unit: "unit".into(),
            limit: r(limit),
            per,
            hard,
            rollover: rollover.map(r),
        },
        during: Span::default(),
        rule: RuleIx(0),
    };
    b.0.funds.entitlements = vec![
        metered("month", Window::Month, "100", true, Some("20")),
        metered("day", Window::Day, "40", false, None),
        metered("year", Window::Year, "150", true, None),
        Entitlement { value: EntitlementValue::Flag(false), ..metered("sso", Window::Day, "0", true, None) },
    ];
    let mut rater = b.rater();
    used(&mut rater, &[("2026-01-05T12:00:00Z", "70"), ("2026-02-05T12:00:00Z", "50"), ("2026-02-06T12:00:00Z", "30")]);
    let mut ask = |time: &str| -> Vec<(String, Option<Rational>, Rational, bool)> {
        let all = rater.entitlements("a", at(time)).unwrap();
        all.into_iter().map(|e| (e.name, e.limit, e.used, e.allowed)).collect()
    };
    let february = ask("2026-02-06T18:00:00Z");
    assert_eq!(february[0], ("month".into(), Some(r("120")), r("80"), true), "20 of January's 30 are carried");
    assert_eq!(february[1], ("day".into(), Some(r("40")), r("30"), true));
    assert_eq!(february[2], ("year".into(), Some(r("150")), r("150"), false));
    assert!(!february[3].3);
    assert_eq!(ask("2026-02-05T18:00:00Z")[1], ("day".into(), Some(r("40")), r("50"), true), "a soft limit only tells");
    assert_eq!(ask("2026-01-31T18:00:00Z")[2].2, r("70"), "January does not know of February");
}

/// A price per unit that came to be known later, over a wallet of so much; four months of use.
fn two_prices(then: &str, now: &str, holds: &str) -> [Stage; 2] {
    [(then, None), (now, Some(day("2026-03-12")))].map(|(rate, known)| {
        let mut b = Build::new();
        let sink = b.sum("use", "unit");
        let spend = b.price("spend", sink, per_unit(rate));
        b.0.rounding.rounding.step = r("0.01");
        if holds != "0" {
            let start = grant("start", holds, GrantWhen::Start, Expiry::Never, Cost::Invoiced(r("100")));
            b.0.funds.balances.push(wallet("w", OWN, &[spend], vec![start]));
            flow(&mut b, &[0], Finally::Invoice);
        }
        let mut rater = b.rater();
        let times: Vec<String> = (1..=4).map(|m| format!("2026-0{m}-05T12:00:00Z")).collect();
        let uses: Vec<(&str, &str)> = times.iter().map(|t| (t.as_str(), "9000")).collect();
        used(&mut rater, &uses);
        Stage { rater, known: known.map(Late::on) }
    })
}

fn restated(stages: &mut [Stage], date: &str) -> Invoice {
    let period = stages[0].rater.period_of(day(date));
    restate(stages, "a", &period).unwrap().invoice
}

#[test]
fn an_amendment_that_reaches_back_posts_differences_where_it_became_known() {
    let mut stages = two_prices("0.05", "0.04", "0");
    let mut month = |date: &str| restated(&mut stages, date);
    assert_eq!(month("2026-02-01").due, r("450"), "closed before it was known");
    let march = month("2026-03-01");
    assert_eq!(line(&march, "spend").amount, r("360"));
    let corrections: Vec<_> = march.lines.iter().filter(|l| l.corrects.is_some()).collect();
    assert_eq!(corrections.len(), 2);
    assert!(corrections.iter().all(|l| l.kind == LineKind::Adjustment && l.amount == r("-90")));
    assert_eq!(march.due, r("180"));
    assert_eq!(month("2026-04-01").due, r("360"));
}

#[test]
fn what_a_wallet_paid_too_much_goes_back_into_it() {
    // 450 a month from 1000: 450, 450, then 100 of the third. At 360: 360, 360, 280.
    let mut stages = two_prices("0.05", "0.04", "1000");
    let mut month = |date: &str| restated(&mut stages, date);
    let all: Vec<Invoice> = ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"].map(&mut month).into();
    all.iter().for_each(balanced);
    for pair in all.windows(2) {
        assert_eq!(statement(&pair[0], "w").closed, statement(&pair[1], "w").opened);
        let deferred = |i: &Invoice| i.payment.as_ref().unwrap().revenue.clone();
        assert_eq!(deferred(&pair[0]).deferred, deferred(&pair[1]).deferred_before);
    }
    let march = &all[2];
    let back: Vec<_> = march.lines.iter().filter(|l| l.corrects.is_some()).collect();
    assert!(back.len() == 2 && back.iter().all(|l| l.amount == r("-90") && l.paid == [("w".to_string(), r("-90"))]));
    assert_eq!(statement(march, "w").opened, r("100"));
    assert_eq!(statement(march, "w").restated, r("180"));
    assert_eq!(statement(march, "w").used, r("280"));
    assert_eq!(march.due, r("80"));
    let restates = march.payment.as_ref().unwrap().ledger.iter().filter(|e| e.kind == EntryKind::Restate);
    assert!(restates.clone().count() > 0 && restates.clone().all(|e| e.day == day("2026-03-12")));
    assert_eq!(all[3].due, r("360"));
}

#[test]
fn what_a_wallet_should_have_paid_leaves_it_later() {
    let mut stages = two_prices("0.01", "0.05", "500");
    let mut month = |date: &str| restated(&mut stages, date);
    let all: Vec<Invoice> = ["2026-01-01", "2026-02-01", "2026-03-01"].map(&mut month).into();
    all.iter().for_each(balanced);
    // 90 and 90 were drawn; 450 and 50 should have been, and 400 are owed.
    assert_eq!(statement(&all[1], "w").closed, r("320"));
    assert_eq!(statement(&all[2], "w").restated, r("-320"));
    assert_eq!(all[2].due, r("850"), "400 of February, 450 of March");
}

#[test]
fn an_invoice_does_not_depend_on_which_others_were_asked_for() {
    let ask = |rater: &mut Rater, date: &str| {
        let period = rater.period_of(day(date));
        rater.close("a", &period).unwrap()
    };
    for uses in [&[][..], &[("2026-03-05T12:00:00Z", "9000")]] {
        let [mut one, mut other] = [(), ()].map(|()| {
            let mut b = Build::new();
            let sink = b.sum("use", "unit");
            let spend = b.price("spend", sink, per_unit("0.01"));
            let start = grant("start", "500", GrantWhen::Start, Expiry::Never, Cost::Invoiced(r("100")));
            b.0.funds.balances.push(wallet("w", OWN, &[spend], vec![start]));
            flow(&mut b, &[0], Finally::Invoice);
            let mut rater = b.rater();
            used(&mut rater, uses);
            rater
        });
        let march = ask(&mut one, "2026-03-01");
        ask(&mut other, "2026-01-01");
        ask(&mut other, "2026-02-01");
        assert_eq!(ask(&mut other, "2026-03-01"), march);
    }
}

#[test]
fn what_another_system_left_is_spent_and_earned_here() {
    let mut b = Build::new();
    credits(&mut b);
    let sink = b.sum("use", "unit");
    let spend = b.price("spend", sink, per_unit("1"));
    b.0.lines[spend.ix()].currency = CREDIT;
    let month = grant("month", "100", GrantWhen::Each(Window::Month), Expiry::EndOf(Window::Month), Cost::Free);
    b.0.funds.balances.push(wallet("w", CREDIT, &[spend], vec![month]));
    flow(&mut b, &[0], Finally::Block);
    let mut rater = b.rater();
    let one = price_rating::Subscription { from: Some(day("2026-01-11")), ..price_rating::Subscription::of("a") };
    rater.subscribe(&one).unwrap();
    let lot = |units: &str, gone: &str| OpeningLot { units: r(units), cost: r("20"), gone: Some(day(gone)) };
    rater.open_balance("a", "w", lot("400", "2026-02-11")).unwrap();
    assert!(rater.open_balance("a", "v", lot("400", "2026-02-11")).is_err());
    assert!(rater.open_balance("a", "w", lot("0", "2026-02-11")).is_err());
    assert!(rater.open_balance("a", "w", lot("1", "2026-01-11")).is_err());
    used(&mut rater, &[("2026-01-20T12:00:00Z", "300"), ("2026-02-05T12:00:00Z", "150")]);
    let (january, february) = (close(&mut rater, "2026-01-15"), close(&mut rater, "2026-02-15"));
    balanced(&january);
    balanced(&february);
    // January's credits end first: 100 of them, then 200 of the 400 that cost 20.00. In February
    // those end first: 150 are used and 50 are gone.
    assert_eq!(statement(&january, "w").granted, r("500"));
    let revenue = |i: &Invoice| i.payment.as_ref().unwrap().revenue.clone();
    assert_eq!((revenue(&january).earned, revenue(&january).deferred), (r("10"), r("10")));
    assert_eq!((revenue(&february).earned, revenue(&february).breakage), (r("7.5"), r("2.5")));
    assert_eq!(january.due, r("0"));
}
