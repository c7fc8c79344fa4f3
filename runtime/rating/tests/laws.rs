//! An invoice is a function of a set of facts: arrival order, batches and repeats of the question
//! change nothing.

mod common;
use common::*;
use price_ir::*;
use price_rating::*;
use price_value::*;
use proptest::prelude::*;
use std::sync::Arc;

/// One fact: account, minute of the quarter, number, region, text.
type Fact = (u8, u32, i64, u32, u8);

/// A plan with a line of nearly everything; `levels` adds what needs order.
fn everything(levels: bool) -> Build {
    let mut b = Build::new();
    b.0.zone = "Europe/Berlin".into();
    b.0.billing.day = 15;
    let region = b.dim("region", &["us", "eu", "asia"]);
    let project = b.open_dim("project", 100);
    let (daypart, calendar) = b.daypart("daypart", ["peak", "offpeak"], 8, 20);
    let event =
        b.event("x", vec![number("n", "unit", 0), label("region", region), text("who"), label("project", project)]);
    let by_time = Key { dim: daypart, source: KeySource::Calendar(calendar), in_cell: true };
    let g = || graduated(&[("0", "0.013", "0"), ("100", "0.007", "2"), ("1000", "0.003", "0")]);
    let sum = |b: &mut Build, keys| b.sink("x", event, Fold::Sum(field(0)), "unit", keys);
    let sinks = [
        sum(&mut b, vec![]),
        sum(&mut b, vec![by(region, 1)]),
        sum(&mut b, vec![by(region, 1), by_time.clone()]),
        sum(&mut b, vec![by(project, 3), by(region, 1)]),
        b.sink("x", event, Fold::Count, "row", vec![]),
        b.sink("x", event, Fold::Max(field(0), Held::Amount), "unit", vec![by(region, 1)]),
        b.sink("x", event, Fold::Unique(FieldIx(2)), "who", vec![]),
        b.sink("x", event, Fold::Percentile(95, field(0)), "unit", vec![]),
        b.sink("x", event, Fold::Mean(field(0)), "unit", vec![]),
        b.sink(
            "x",
            event,
            Fold::Slotted { outer: SlotFold::Max, inner: SlotFold::Average, seconds: 900, value: field(0) },
            "unit",
            vec![],
        ),
    ];
    let mut all = Vec::new();
    for (index, sink) in sinks.iter().enumerate() {
        all.push(b.price(&format!("line {index}"), *sink, g()));
    }
    for (index, window) in [Window::Hour, Window::Day, Window::Quarter].into_iter().enumerate() {
        let line = b.price(&format!("window {window}"), sinks[index], g());
        b.usage(line).window = window;
        all.push(line);
    }
    for (name, scale) in [("by peak", TierScale::Sink(sinks[5])), ("by time", TierScale::Seconds)] {
        let tiers = graduated(&[("0", "0.013", "0"), ("1.5", "0.007", "0"), ("4", "0.003", "0")]);
        let line = b.price(name, sinks[1], tiers);
        b.usage(line).scale = Some(scale);
        all.push(line);
    }
    let split = b.price("split", sinks[1], g());
    b.usage(split).rules.functions.push(Function { amount: per_unit("0.01"), rules: vec![] });
    let regime = Regime { from: Some(day("2026-02-20")), cells: vec![CellRule::Function(1); 3] };
    b.usage(split).rules.regimes.push(regime);
    b.usage(split).split_period = true;
    b.allowance("pro rata", "150", DrawOrder::ProRata, &[all[1], split]);
    b.0.allowances[0].rollover = Some(Rollover { at_most: r("40"), windows: 2 });
    b.allowance("cheap", "30", DrawOrder::CheapestFirst, &[all[2]]);
    b.allowance("measured", "0.5", DrawOrder::ProRata, &[all[4]]);
    b.0.allowances[2].times = Some(sinks[6]);
    let mut charge = each(None, "", mul(c("0.0371"), field(0)), 3);
    charge.post =
        vec![Post::AtLeast(r("0.05")), Post::Round(Rounding { mode: RoundingMode::HalfEven, step: r("0.01") })];
    b.charge("events", event, vec![by(region, 1)], "0.01", charge);
    if levels {
        let average = b.sink("x", event, Fold::Average(field(0)), "unit", vec![by(region, 1)]);
        b.price("average", average, g());
        let last = b.sink("x", event, Fold::Last(field(0)), "unit", vec![by(project, 3)]);
        b.price("last", last, g());
        let peak = b.sink("x", event, Fold::Max(field(0), Held::Level), "unit", vec![]);
        let line = b.price("peak", peak, g());
        b.usage(line).window = Window::Day;
        let used = b.price("as used", sinks[2], g());
        b.allowance("as used", "70", DrawOrder::AsUsed, &[used]);
    }
    b.discount("share", &all, DiscountOff::Share(r("0.05")));
    b.discount("amount", &all, DiscountOff::Amount(r("3")));
    let share = Charge::Share { of: all.clone(), after_discounts: true, amount: mul(c("0.03"), arg()) };
    b.line("share", share);
    b.group("minimum", &all[..3], floor("5"));
    b.group("cap", &all, ceiling("40"));
    b
}

/// Adds sources of payment that a seed chooses.
fn paid(b: &mut Build, seed: u64) {
    let mut state = seed;
    let mut pick = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let lines = b.0.lines.len() as u64;
    for index in 0..1 + pick(3) {
        let pays: Vec<LineIx> = (0..lines).filter(|_| pick(3) > 0).map(|at| LineIx(at as u32)).collect();
        let mut grants = Vec::new();
        for place in 0..1 + pick(3) {
            let amount = (1 + pick(40)).to_string();
            let when = [
                GrantWhen::Start,
                GrantWhen::On(day("2026-02-03")),
                GrantWhen::Each(Window::Month),
                GrantWhen::Each(Window::Day),
                GrantWhen::Step { every: months(1), index: 1 },
            ][pick(5) as usize];
            let expires = [
                Expiry::Never,
                Expiry::After(Age { count: 9, unit: AgeUnit::Days }),
                Expiry::Gone(day("2026-02-20")),
                Expiry::EndOf(Window::Month),
            ][pick(4) as usize];
            let cost = [
                Cost::Free,
                Cost::Invoiced(r("7.77")),
                Cost::AlreadyPaid(r("3")),
                Cost::Instalments { every: months(1), count: 3, amount: r("2.10") },
            ][pick(4) as usize]
                .clone();
            let prorate = [Proration::Never, Proration::Daily][pick(2) as usize];
            let clawback = (pick(4) == 0).then(|| day("2026-02-11"));
            let made = grant(&format!("grant {place}"), &amount, when, expires, cost);
            grants.push(Grant { prorate, clawback, ..made });
        }
        let top_up = TopUp {
            amount: match pick(2) {
                0 => TopUpAmount::Fixed(r("12")),
                _ => TopUpAmount::Target(r("20")),
            },
            unit_cost: r("0.9"),
            below: r("4"),
            at_bound: pick(2) == 0,
            at_most: (1 + pick(3) as u32, Window::Month),
            expires: Expiry::After(months(2)),
            rule: RuleIx(0),
        };
        let rollover = BalanceRollover {
            at_most: if pick(2) == 0 { Carry::Amount(r("5")) } else { Carry::ShareOfRest(r("0.3")) },
            at_least: [r("0"), r("1")][pick(2) as usize].clone(),
            lasts: months(1),
        };
        let spend = [SpendOrder::ExpiringFirst, SpendOrder::OldestFirst][pick(2) as usize];
        b.0.funds.balances.push(Balance {
            top_up: (pick(3) == 0).then_some(top_up),
            overdraft: [r("0"), r("6")][pick(2) as usize].clone(),
            spend,
            rate: [r("1"), r("1"), r("0.7")][pick(3) as usize].clone(),
            overage: Some(r("1.15")),
            rollover: (pick(3) == 0).then_some(rollover),
            ..wallet(&format!("balance {index}"), OWN, &pays, grants)
        });
    }
    for index in 0..pick(3) {
        let counts: Vec<LineIx> = (0..lines).filter(|_| pick(2) > 0).map(|at| LineIx(at as u32)).collect();
        let lasts = [
            StepLength::Age(months(1)),
            StepLength::Age(Age { count: 20, unit: AgeUnit::Days }),
            StepLength::Age(months(3)),
        ][pick(3) as usize];
        let true_up =
            TrueUp { every: Age { count: 10, unit: AgeUnit::Days }, share: r("0.4"), cumulative: pick(2) == 0 };
        b.0.funds.commitments.push(Commitment {
            except_paid_by: if pick(2) == 0 { vec![BalanceIx(0)] } else { vec![] },
            beyond: if index > 0 && pick(2) == 0 { vec![CommitmentIx(0)] } else { vec![] },
            true_up: (pick(2) == 0).then_some(true_up),
            excess: match pick(2) {
                0 => Excess::Ignored,
                _ => Excess::RollsOver { up_to: r("0.2"), lasts: months(1) },
            },
            overage: (pick(2) == 0).then(|| r("1.25")),
            ..promise(&format!("promise {index}"), &(10 + pick(80)).to_string(), lasts, &counts)
        });
    }
    let steps = (0..b.0.funds.balances.len() as u32).map(BalanceIx).collect();
    let finally = [Finally::Invoice, Finally::Overage, Finally::Block][pick(3) as usize];
    b.0.funds.waterfall.push(Waterfall { from: None, steps, finally, rule: RuleIx(0) });
    b.0.funds.interim = (pick(3) == 0).then(|| Interim { at: r("9"), rule: RuleIx(0) });
}

fn invoices(b: &Build, facts: &[Fact], batch: usize) -> Vec<Invoice> {
    let mut rater = b.rater();
    let schema = Arc::new(EventSchema::new(rater.plan(), EventIx(0)));
    let start = at("2026-01-10T00:00:00Z").0;
    for chunk in facts.chunks(batch) {
        let mut builder = RowBuilder::new(schema.clone());
        let mut subjects = Vec::new();
        for (account, minute, n, region, who) in chunk {
            let when = Timestamp(start + i64::from(*minute) * 60_000_000_000);
            let (n, who) = (n.to_string(), format!("w{who}"));
            let region = ["us", "eu", "asia"][*region as usize];
            let fields = [
                ("n", Raw::Number(&n)),
                ("region", Raw::Text(region)),
                ("who", Raw::Text(&who)),
                ("project", Raw::Text(&who)),
            ];
            builder.push(when, fields, rater.labels()).unwrap();
            subjects.push(rater.subject(&format!("account {account}")).0);
        }
        assert_eq!(rater.push(&mut builder.take(), &subjects), []);
    }
    let mut due = rater.due(None, None);
    // The order of questions does not matter either.
    if batch % 2 == 1 {
        due.reverse();
    }
    let mut out: Vec<Invoice> = due.iter().map(|(who, period)| rater.close(who, period).unwrap()).collect();
    assert!(due.iter().zip(&out).all(|((who, period), invoice)| rater.close(who, period).as_ref() == Ok(invoice)));
    out.sort_by(|a, b| (&a.account, a.period).cmp(&(&b.account, b.period)));
    out
}

/// The reference engine with a fused path of its own: thousandths of a dollar.
struct Fused(price_interp::Interp);

impl Kernel for Fused {
    fn plan(&self) -> &Arc<Plan> {
        self.0.plan()
    }

    fn engine(&self) -> &'static str {
        "fused"
    }

    fn map(&self, sink: SinkIx, batch: &Batch, regime: &[u32], out: &mut MapOut) {
        self.0.map(sink, batch, regime, out);
    }

    fn charge(&self, line: LineIx, function: u32, raw: i128, divisor: i64) -> Result<Rational, Fault> {
        self.0.charge(line, function, raw, divisor)
    }

    fn position(&self, s: SinkIx, f: u32, batch: &Batch, row: usize, measure: i64) -> Result<Rational, Fault> {
        self.0.position(s, f, batch, row, measure)
    }

    fn measure_quantum(&self, sink: SinkIx) -> Rational {
        self.0.measure_quantum(sink)
    }

    fn rate(
        &self,
        line: LineIx,
        batch: &Batch,
        base: &[u32],
        cells: &mut [i64],
        posted: &mut [i64],
        status: &mut [u8],
    ) -> bool {
        let mut out = MapOut::default();
        self.0.map(SinkIx(0), batch, &[], &mut out);
        for row in 0..batch.rows {
            let cell = &mut cells[(base[row] + out.cell[row]) as usize];
            let at = |raw: i64| self.0.charge(line, 0, raw.into(), 1).unwrap() * r("1000");
            posted[row] = (at(*cell + out.value[row]) - at(*cell)).to_i128().unwrap() as i64;
            *cell += out.value[row];
            status[row] = out.status[row];
        }
        true
    }

    fn posting_denominator(&self, _: LineIx) -> Option<i128> {
        Some(1000)
    }
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    prop::collection::vec((0u8..3, 0u32..130_000, 0i64..200, 0u32..3, 0u8..5), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn any_arrival_and_any_batches_give_the_same_invoices(facts in facts(), seed in any::<u64>(), batch in 1usize..9) {
        let b = everything(false);
        assert_eq!(plan_order(&b.0), Order::Commutative);
        let mut mixed = facts.clone();
        // A shuffle that depends on the seed alone.
        mixed.sort_by_key(|f| (u64::from(f.1) ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        prop_assert_eq!(invoices(&b, &facts, 1000), invoices(&b, &mixed, batch));
    }

    #[test]
    fn sorted_rows_give_the_same_invoices_in_any_batches(facts in facts(), batch in 1usize..9) {
        let b = everything(true);
        let mut facts = facts;
        facts.sort_by_key(|f| f.1);
        prop_assert_eq!(invoices(&b, &facts, 1000), invoices(&b, &facts, batch));
    }

    #[test]
    fn lines_cells_and_totals_add_up(facts in facts()) {
        let mut facts = facts;
        facts.sort_by_key(|f| f.1);
        for each in [RoundingScope::Line, RoundingScope::Cell, RoundingScope::Tier] {
            let mut b = everything(true);
            b.0.rounding.each = each;
            for invoice in invoices(&b, &facts, 1000) {
                prop_assert_eq!(&invoice.total, &invoice.lines.iter().map(|l| &l.amount).sum::<Rational>());
                for line in &invoice.lines {
                    let changes: Rational = line.steps.iter().map(|s| &s.change).sum();
                    prop_assert_eq!(&line.gross + &changes, line.exact.clone());
                    if line.cells.is_empty() {
                        continue;
                    }
                    prop_assert_eq!(&line.amount, &line.cells.iter().map(|c| &c.amount).sum::<Rational>());
                    prop_assert_eq!(&line.gross, &line.cells.iter().map(|c| &c.exact).sum::<Rational>());
                    for cell in line.cells.iter().filter(|c| !c.tiers.is_empty()) {
                        prop_assert_eq!(&cell.exact, &cell.tiers.iter().map(|t| &t.exact).sum::<Rational>());
                    }
                }
                for a in &invoice.allowances {
                    prop_assert_eq!(&a.granted + &a.carried_in, &a.used + &a.carried_out + &a.forfeited);
                }
                let capped: Rational =
                    invoice.lines.iter().filter(|l| l.name.starts_with("line") || l.name.starts_with("window"))
                    .map(|l| &l.amount).sum();
                prop_assert!(capped <= r("40"));
            }
        }
    }

    #[test]
    fn postings_sum_to_the_line(facts in facts()) {
        let mut b = Build::new();
        let region = b.dim("region", &["us", "eu", "asia"]);
        let event = b.event("x", vec![number("n", "unit", 0), label("region", region)]);
        let sink = b.sink("x", event, Fold::Sum(field(0)), "unit", vec![by(region, 1)]);
        let line = b.price("x", sink, graduated(&[("0", "0.013", "0"), ("100", "0.007", "2")]));
        let mut facts = facts;
        facts.sort_by_key(|f| f.1);
        let mut rater = b.rater();
        let schema = Arc::new(EventSchema::new(rater.plan(), event));
        let mut builder = RowBuilder::new(schema);
        let mut subjects = Vec::new();
        for (account, minute, n, region, _) in &facts {
            let when = Timestamp(at("2026-01-10T00:00:00Z").0 + i64::from(*minute) * 60_000_000_000);
            let n = n.to_string();
            let region = ["us", "eu", "asia"][*region as usize];
            builder.push(when, [("n", Raw::Number(&n)), ("region", Raw::Text(region))], rater.labels()).unwrap();
            subjects.push(rater.subject(&format!("account {account}")).0);
        }
        let mut batch = builder.take();
        prop_assert_eq!(rater.push(&mut batch, &subjects), []);
        let mut poster = rater.poster(line).unwrap();
        let mut posted = Posted::default();
        prop_assert_eq!(rater.rate_batch(&mut poster, &mut batch, &subjects, &mut posted), []);
        let sum: Rational = (0..batch.rows).map(|row| posted.amount(row)).sum();
        // An engine's fused path posts the same.
        let mut other = Rater::new(Arc::new(Fused(price_interp::Interp::new(rater.plan().clone())))).unwrap();
        let accounts: Vec<u32> = facts.iter().map(|f| other.subject(&format!("account {}", f.0)).0).collect();
        let mut fused = other.poster(line).unwrap();
        prop_assert!(fused.is_fused());
        let mut same = Posted::default();
        for rows in (0..batch.rows as u32).collect::<Vec<_>>().chunks(7) {
            let mut part = bulk::select(&batch, rows);
            let accounts: Vec<u32> = rows.iter().map(|row| accounts[*row as usize]).collect();
            prop_assert_eq!(other.rate_batch(&mut fused, &mut part, &accounts, &mut same), []);
            for (at, row) in rows.iter().enumerate() {
                prop_assert_eq!(same.amount(at), posted.amount(*row as usize));
                prop_assert_eq!(same.raw[at], posted.raw[*row as usize]);
            }
        }
        let due = rater.due(None, None);
        let gross: Rational =
            due.iter().flat_map(|(who, p)| rater.close(who, p).unwrap().lines).map(|l| l.gross).sum();
        prop_assert_eq!(sum, gross);
    }
}

proptest! {
    // Every day of every period is settled: fewer cases, and each of them has many.
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn whoever_pays_the_books_balance_and_the_order_of_arrival_is_nothing(
        facts in facts(), seed in any::<u64>(), batch in 1usize..9
    ) {
        let mut b = everything(false);
        paid(&mut b, seed);
        let mut mixed = facts.clone();
        mixed.sort_by_key(|f| (u64::from(f.1) ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let all = invoices(&b, &facts, 1000);
        prop_assert_eq!(&all, &invoices(&b, &mixed, batch));
        for invoice in &all {
            balanced(invoice);
            for (s, rule) in invoice.payment.iter().flat_map(|p| &p.balances).zip(&b.0.funds.balances) {
                prop_assert!(s.closed >= -&rule.overdraft, "{:?}", s);
                prop_assert!(s.lots.iter().all(|lot| !lot.left.is_negative() && lot.left <= lot.amount), "{:?}", s);
            }
        }
        // What one period closes with, the next one opens with.
        for pair in all.windows(2).filter(|pair| pair[0].account == pair[1].account) {
            let closed = pair[0].payment.iter().flat_map(|p| &p.balances).map(|s| &s.closed);
            let opened = pair[1].payment.iter().flat_map(|p| &p.balances).map(|s| &s.opened);
            prop_assert!(pair[0].period.until != pair[1].period.from || closed.eq(opened));
        }
    }
}
