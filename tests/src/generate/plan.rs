//! Random plans that the verifier accepts.

use super::Rng;
use super::func::{Reads, bucketed, cond, expr, label_cond, plain_ladder, rounding};
use price_ir::*;
use price_value::{Currency, Date, Rational, Rounding, RoundingMode, Schedule, Span, Window};

/// A random verified plan.
///
/// # Panics
/// When the plan does not verify: that is a mistake of this module or of the verifier.
pub fn plan(rng: &mut Rng) -> Plan {
    let mut plan = head(rng);
    sets(rng, &mut plan);
    for _ in 0..rng.within(1, 4) {
        let sink = sink(rng, &plan);
        plan.sinks.push(sink);
    }
    for sink in 0..plan.sinks.len() {
        let line = line(rng, &plan, SinkIx(sink as u32));
        plan.lines.push(line);
    }
    for sink in 0..plan.sinks.len() {
        if rng.chance(50) {
            parts(&mut plan, SinkIx(sink as u32));
        }
    }
    others(rng, &mut plan);
    if let Err(findings) = verify(&plan) {
        panic!("a generated plan verifies: {findings:?}\n{}", text::print(&plan));
    }
    plan
}

fn date(rng: &mut Rng) -> Date {
    Date::new(2026, rng.within(1, 12) as i8, rng.within(1, 28) as i8).expect("every month has 28 days")
}

fn span(rng: &mut Rng) -> Span {
    let from = rng.chance(30).then(|| date(rng));
    let until = rng.chance(30).then(|| date(rng));
    match (from, until) {
        (Some(a), Some(b)) => Span { from: Some(a.min(b)), until: Some(a.max(b)) },
        _ => Span { from, until },
    }
}

fn proration(rng: &mut Rng) -> Proration {
    *rng.pick(&[Proration::Never, Proration::Daily])
}

fn window(rng: &mut Rng) -> Window {
    let windows =
        [Window::Hour, Window::Day, Window::Month, Window::Quarter, Window::Year, Window::Term, Window::Never];
    *rng.pick(&windows)
}

fn head(rng: &mut Rng) -> Plan {
    Plan {
        name: "generated".into(),
        kind: *rng.pick(&[PlanKind::Plan, PlanKind::RateCard]),
        version: rng.chance(50).then_some(3),
        currency: Currency {
            code: "USD".into(),
            decimals: 2,
            symbol: rng.chance(50).then(|| "$".into()),
            is_virtual: rng.chance(10),
        },
        zone: (*rng.pick(&["UTC", "Europe/Berlin", "America/New_York"])).into(),
        billing: Schedule {
            every: *rng.pick(&[Window::Day, Window::Month, Window::Quarter, Window::Year]),
            day: rng.within(1, 31) as u8,
            month: rng.within(1, 12) as u8,
        },
        net_days: rng.chance(50).then_some(30),
        effective: span(rng),
        rounding: LineRounding {
            each: *rng.pick(&[RoundingScope::Line, RoundingScope::Tier, RoundingScope::Cell]),
            rounding: rounding(rng),
        },
        late: rng.chance(30).then(|| LatePolicy { grace_days: 3, then_rejected: rng.chance(50) }),
        dimensions: vec![],
        calendars: vec![],
        events: vec![],
        sinks: vec![],
        allowances: vec![],
        lines: vec![],
        discounts: vec![],
        clamps: vec![],
        attributions: vec![],
        funds: price_ir::Funds::default(),
        parties: None,
        foreign: Vec::new(),
        rules: vec![
            Rule { title: "price a".into(), within: "plan \"generated\"".into() },
            Rule { title: "override price a\tby $5".into(), within: "plan \\ generated".into() },
        ],
    }
}

/// Dimensions 0 and 1 are listed, 2 has prefixes, 3 buckets, 4 a calendar, 5 is open.
fn sets(rng: &mut Rng, plan: &mut Plan) {
    let labels = |count: usize| (0..count).map(|label| format!("label {label}")).collect::<Vec<_>>();
    let dimension = |name: &str, labels, kind| Dimension { name: name.into(), labels, kind };
    for name in ["a", "b"] {
        let size = rng.within(1, 4);
        let unknown = rng.chance(50).then_some(size as u32 - 1);
        plan.dimensions.push(dimension(name, labels(size), DimensionKind::Listed { unknown }));
    }
    let prefixes = vec![("1".into(), 0), ("12".into(), 1), ("49é".into(), 0)];
    plan.dimensions.push(dimension("zone", labels(2), DimensionKind::Prefixes { prefixes, unknown: Some(1) }));
    let mut bounds: Vec<Rational> = (0..rng.within(0, 3)).map(|_| rng.bound()).collect();
    if rng.chance(20) {
        bounds.push(-rng.bound());
    }
    bounds.sort();
    bounds.dedup();
    plan.dimensions.push(dimension("size", labels(bounds.len() + 1), DimensionKind::Buckets { bounds }));
    plan.dimensions.push(dimension("daypart", labels(2), DimensionKind::Calendar(CalendarIx(0))));
    plan.dimensions.push(dimension("project", vec![], DimensionKind::Open { at_most: 1000 }));
    let slot = |label, days, from, to, except| Slot { label, months: 0xfff, days, from, to, except };
    plan.calendars.push(Calendar {
        name: "daypart".into(),
        zone: "Europe/Berlin".into(),
        slots: vec![slot(0, 0x1f, 28_800, 72_000, vec![date(rng)]), slot(1, 0x7f, 0, 86_400, vec![])],
    });
    for name in ["call", "job"] {
        let event = event(rng, name);
        plan.events.push(event);
    }
}

fn event(rng: &mut Rng, name: &str) -> Event {
    let number = |rng: &mut Rng| NumberType {
        unit: "unit".into(),
        decimals: *rng.pick(&[0, 0, 2, 3, 6]),
        signed: rng.chance(30),
        level: rng.chance(10),
        accepts: if rng.chance(10) { vec![("k".into(), Rational::int(1000))] } else { vec![] },
    };
    let mut types = vec![FieldType::Number(number(rng)), FieldType::Number(number(rng))];
    types.push(FieldType::Label(DimIx(0)));
    types.push(FieldType::Label(DimIx(1)));
    types.push(FieldType::Text);
    types.push(FieldType::LabelFrom(DimIx(2), FieldIx(4)));
    types.push(FieldType::Flag);
    types.push(FieldType::Label(DimIx(5)));
    types.push(FieldType::Family(DimIx(0), number(rng)));
    types.push(FieldType::Family(DimIx(0), number(rng)));
    let fields = (0..).zip(types);
    Event {
        name: name.into(),
        fields: fields.map(|(i, ty)| Field { name: format!("field {i}"), ty, optional: rng.chance(30) }).collect(),
    }
}

fn keys(rng: &mut Rng, plan: &Plan, event: &Event) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for _ in 0..rng.within(0, 3) {
        let (dim, source) = match rng.below(8) {
            0 | 1 => (0, KeySource::Field(FieldIx(2))),
            2 => (1, KeySource::Field(FieldIx(3))),
            3 => (2, KeySource::Field(FieldIx(5))),
            4 => {
                let mut reads = Reads { plan, event: Some(event), keys: &keys, arg: false, products: 0 };
                (3, KeySource::Bucket(bucketed(rng, &mut reads)))
            }
            5 => (4, KeySource::Calendar(CalendarIx(0))),
            6 if !keys.iter().any(|key| matches!(key.source, KeySource::Family(_))) => {
                (0, KeySource::Family(FieldIx(8)))
            }
            _ => (5, KeySource::Field(FieldIx(7))),
        };
        keys.push(Key { dim: DimIx(dim), source, in_cell: rng.chance(75) });
    }
    keys
}

fn sink(rng: &mut Rng, plan: &Plan) -> Sink {
    let event_ix = EventIx(rng.below(2) as u32);
    let event = &plan.events[event_ix.ix()];
    let keys = keys(rng, plan, event);
    let mut reads = Reads { plan, event: Some(event), keys: &keys, arg: false, products: 0 };
    let filter = if rng.chance(40) { cond(rng, &mut reads, 2) } else { Cond::Always };
    let scope = if rng.chance(30) { label_cond(rng, &reads) } else { Cond::Always };
    let mut sink = Sink {
        name: format!("sink {}", plan.sinks.len()),
        meter: if rng.chance(80) { "meter".into() } else { String::new() },
        event: event_ix,
        keys,
        filter,
        scope,
        fold: Fold::Count,
        unit: "unit".into(),
        quantum: Rational::ONE,
        bound: rng.chance(30).then(|| Rational::int(*rng.pick(&[1_000, 1_000_000, 10_000_000_000]))),
        parts: None,
    };
    if rng.chance(40) {
        charge(rng, plan, &mut sink);
    } else {
        fold(rng, plan, &mut sink);
    }
    sink
}

/// Makes the cells of a level sums of finer ones.
fn parts(plan: &mut Plan, ix: SinkIx) {
    let sink = &plan.sinks[ix.ix()];
    let (Fold::Last(value) | Fold::Average(value) | Fold::Max(value, Held::Level) | Fold::Min(value, Held::Level)) =
        &sink.fold
    else {
        return;
    };
    if sink.keys.iter().any(|key| matches!(key.source, KeySource::Calendar(_))) {
        return;
    }
    let finer = Sink {
        name: format!("parts {}", ix.0),
        meter: String::new(),
        keys: sink.keys.iter().map(|key| Key { in_cell: true, ..key.clone() }).collect(),
        scope: Cond::Always,
        fold: Fold::Last(value.clone()),
        bound: None,
        ..sink.clone()
    };
    plan.sinks[ix.ix()].parts = Some(SinkIx(plan.sinks.len() as u32));
    plan.sinks.push(finer);
}

fn fold(rng: &mut Rng, plan: &Plan, sink: &mut Sink) {
    let event = &plan.events[sink.event.ix()];
    let (value, denominator) = loop {
        if rng.chance(30) {
            let value = Expr::Field(FieldIx(rng.below(2) as u32));
            let denominator = value.denominator(event, 1).expect("at most 18 decimals");
            break (value, denominator);
        }
        let mut reads = Reads { plan, event: Some(event), keys: &sink.keys, arg: false, products: 1 };
        let depth = rng.within(0, 3);
        let value = expr(rng, &mut reads, depth);
        match value.denominator(event, 1) {
            Some(denominator) if denominator < 1 << 50 => break (value, denominator),
            _ => continue,
        }
    };
    sink.quantum = quantum(rng, denominator);
    let held = *rng.pick(&[Held::Amount, Held::Level]);
    sink.fold = match rng.below(13) {
        0..=4 => Fold::Sum(value),
        5 => Fold::Max(value, held),
        6 => Fold::Min(value, held),
        7 => Fold::Last(value),
        8 => Fold::Average(value),
        9 => Fold::Percentile(rng.within(1, 100) as u8, value),
        10 => Fold::Mean(value),
        11 => Fold::Slotted { outer: SlotFold::Max, inner: SlotFold::Average, seconds: 900, value },
        _ => {
            sink.quantum = Rational::ONE;
            if rng.chance(50) { Fold::Count } else { Fold::Unique(FieldIx(*rng.pick(&[2, 4, 7]))) }
        }
    };
}

/// Mostly the step that every value is a multiple of, at times one that some are not.
fn quantum(rng: &mut Rng, denominator: i128) -> Rational {
    let exact = Rational::new(1, denominator);
    match rng.below(20) {
        0 => exact * Rational::int(2),
        1 => exact * Rational::int(10),
        2 => exact * Rational::new(1, 3),
        _ => exact,
    }
}

fn charge(rng: &mut Rng, plan: &Plan, sink: &mut Sink) {
    let event = &plan.events[sink.event.ix()];
    let (measure, arg) = loop {
        let mut reads = Reads { plan, event: Some(event), keys: &sink.keys, arg: false, products: 0 };
        let depth = rng.within(0, 1);
        let measure = rng.chance(80).then(|| expr(rng, &mut reads, depth));
        match measure.as_ref().map_or(Some(1), |measure| measure.denominator(event, 1)) {
            Some(denominator) if denominator < 1 << 40 => break (measure, denominator),
            _ => continue,
        }
    };
    let calendar = sink.keys.iter().position(|key| matches!(key.source, KeySource::Calendar(_)));
    let split = calendar
        .filter(|_| measure.is_some() && rng.chance(50))
        .map(|key| SplitAt { key: KeyIx(key as u32), seconds_per_unit: rng.step() });
    let mut post: Vec<Post> = (0..rng.within(0, 2))
        .map(|_| match rng.below(3) {
            0 => Post::AtLeast(rng.literal()),
            1 => Post::AtMost(rng.literal()),
            _ => Post::Round(rounding(rng)),
        })
        .collect();
    let functions = rng.within(1, 3);
    let functions = functions_of(rng, plan, Some((event, &sink.keys)), measure.is_some(), functions);
    let amounts = functions.iter().map(|function| function.amount.clone()).collect();
    let steps = post.iter().map(|post| match post {
        Post::AtLeast(amount) | Post::AtMost(amount) => Expr::Const(amount.clone()),
        Post::Round(rounding) => Expr::Const(rounding.step.clone()),
    });
    let all = Expr::Add(vec![Expr::Max(amounts), Expr::Min(steps.collect())]);
    sink.quantum = match all.denominator(event, arg) {
        Some(denominator) if denominator < 1 << 36 && rng.chance(60) => quantum(rng, denominator),
        _ => {
            let cent = Rational::new(1, 100);
            post.push(Post::Round(Rounding { mode: RoundingMode::HalfEven, step: cent.clone() }));
            cent
        }
    };
    let cells = plan.cells(sink).expect("a few small dimensions");
    sink.fold = Fold::Charge(EventCharge {
        measure,
        measure_unit: "unit".into(),
        rules: rules(rng, functions, cells),
        split,
        post,
        covered_by: vec![],
        counting: *rng.pick(&[Counting::Net, Counting::Gross]),
    });
}

/// Functions of a sink's rows, or of a quantity.
fn functions_of(rng: &mut Rng, plan: &Plan, row: Option<(&Event, &[Key])>, arg: bool, count: usize) -> Vec<Function> {
    let (event, keys) = row.unzip();
    let by = |rng: &mut Rng| (0..2).filter(|_| rng.chance(50)).map(RuleIx).collect();
    (0..count)
        .map(|_| {
            let products = u32::from(event.is_some());
            let mut reads = Reads { plan, event, keys: keys.unwrap_or_default(), arg, products };
            let depth = rng.within(1, 3);
            Function { amount: expr(rng, &mut reads, depth), rules: by(rng) }
        })
        .collect()
}

fn rules(rng: &mut Rng, functions: Vec<Function>, cells: usize) -> Rules {
    let mut starts: Vec<Date> = (0..rng.within(0, 2)).map(|_| date(rng)).collect();
    starts.sort();
    starts.dedup();
    let starts = std::iter::once(None).chain(starts.into_iter().map(Some));
    let count = functions.len() as u64;
    let regime = |from| Regime {
        from,
        cells: (0..cells)
            .map(|_| match rng.chance(10) {
                true => CellRule::NotSold,
                false => CellRule::Function(rng.below(count) as u32),
            })
            .collect(),
    };
    Rules { functions, regimes: starts.map(regime).collect() }
}

/// Plain ladders and one regime in which everything is sold.
fn plain_rules(rng: &mut Rng, count: usize, cells: usize) -> Rules {
    let ladder = |rng: &mut Rng| Expr::Ladder(Box::new(Expr::Arg), plain_ladder(rng));
    let functions = (0..count).map(|_| Function { amount: ladder(rng), rules: vec![RuleIx(0)] }).collect();
    let cells = (0..cells).map(|_| CellRule::Function(rng.below(count as u64) as u32)).collect();
    Rules { functions, regimes: vec![Regime { from: None, cells }] }
}

fn clamp(rng: &mut Rng, bound: Bound) -> LineClamp {
    LineClamp {
        bound,
        amount: rng.literal(),
        per: window(rng),
        if_used: rng.chance(50),
        prorate: proration(rng),
        during: span(rng),
        rule: RuleIx(0),
    }
}

fn line(rng: &mut Rng, plan: &Plan, sink: SinkIx) -> Line {
    let charge = match &plan.sinks[sink.ix()].fold {
        Fold::Charge(_) => Charge::Events(sink),
        _ => {
            let functions = rng.within(1, 3);
            let cells = plan.cells(&plan.sinks[sink.ix()]).expect("a few small dimensions");
            let rules = match rng.chance(40) {
                true => plain_rules(rng, functions, cells),
                false => {
                    let functions = functions_of(rng, plan, None, true, functions);
                    rules(rng, functions, cells)
                }
            };
            let window = window(rng);
            let scale = scale(rng, plan, sink, &rules, window);
            let across = match (&plan.sinks[sink.ix()].fold, &scale) {
                (Fold::Sum(_) | Fold::Count, None) if rng.chance(15) => {
                    *rng.pick(&[price_ir::Across::Total, price_ir::Across::Largest])
                }
                _ => price_ir::Across::Each,
            };
            let alone = scale.is_none() && across.is_each() && window == plan.billing.every;
            let ratchet = (alone && rng.chance(15)).then(|| price_ir::Ratchet {
                share: Rational::new(rng.within(1, 5) as i128, 5),
                periods: rng.within(1, 3) as u32,
            });
            let less =
                DiscountedQuantity { name: "free".into(), quantity: rng.literal(), during: span(rng), rule: RuleIx(1) };
            Charge::Usage(UsageCharge {
                sink,
                rules,
                scale,
                across,
                less: if across.is_each() && ratchet.is_none() && rng.chance(10) { vec![less] } else { vec![] },
                ratchet,
                window,
                split_period: rng.chance(50),
                covered_by: vec![],
                counting: *rng.pick(&[Counting::Net, Counting::Gross]),
            })
        }
    };
    named(rng, plan, charge)
}

/// What the bounds of tiers are multiples of, where they may be.
fn scale(rng: &mut Rng, plan: &Plan, sink: SinkIx, rules: &Rules, window: Window) -> Option<TierScale> {
    if !rng.chance(50) || !rules.functions.iter().all(|function| function.amount.stretches()) {
        return None;
    }
    let by = SinkIx(rng.below(plan.sinks.len() as u64) as u32);
    let dims = |sink: SinkIx| plan.sinks[sink.ix()].keys.iter().filter(|key| key.in_cell).map(|key| key.dim);
    let shared = dims(by).all(|dim| dims(sink).any(|own| own == dim));
    let quantity = !matches!(plan.sinks[by.ix()].fold, Fold::Charge(_));
    if shared && quantity && window == plan.billing.every {
        return Some(TierScale::Sink(by));
    }
    (!matches!(window, Window::Term | Window::Never)).then_some(TierScale::Seconds)
}

fn named(rng: &mut Rng, plan: &Plan, charge: Charge) -> Line {
    let bounds = [Bound::Floor, Bound::Ceiling];
    let fixed = matches!(&charge, Charge::Fee(fee) if fee.level.is_none());
    let prorate = if fixed && rng.chance(20) { Proration::DailyInMonthsOf30 } else { proration(rng) };
    Line {
        name: format!("line {}", plan.lines.len()),
        rebate: rng.chance(20),
        charge,
        clamps: bounds
            .into_iter()
            .filter(|_| rng.chance(15))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|b| clamp(rng, b))
            .collect(),
        prorate,
        rule: RuleIx(rng.below(2) as u32),
        order: plan.lines.len() as u32,
        currency: price_ir::OWN,
        about: price_ir::About::default(),
    }
}

/// A wallet and a commitment on the first lines.
fn funds(rng: &mut Rng, plan: &mut Plan) {
    let rule = RuleIx(0);
    let year =
        Age { count: 1 + rng.below(3) as u32, unit: *rng.pick(&[AgeUnit::Days, AgeUnit::Months, AgeUnit::Years]) };
    let grant = Grant {
        name: "grant 1".into(),
        amount: GrantAmount::Fixed(rng.literal()),
        when: *rng.pick(&[GrantWhen::Start, GrantWhen::Each(Window::Month), GrantWhen::Step { every: year, index: 2 }]),
        expires: *rng.pick(&[Expiry::Never, Expiry::After(year), Expiry::EndOf(Window::Month)]),
        cost: rng.pick(&[Cost::Free, Cost::Invoiced(Rational::int(5)), Cost::AlreadyPaid(Rational::ONE)]).clone(),
        prorate: proration(rng),
        clawback: None,
        rule,
    };
    plan.funds.balances.push(Balance {
        name: "purse".into(),
        kind: BalanceKind::Wallet,
        holds: price_ir::OWN,
        pays: vec![LineIx(0)],
        grants: vec![grant],
        top_up: None,
        overdraft: rng.literal(),
        spend: *rng.pick(&[SpendOrder::ExpiringFirst, SpendOrder::OldestFirst]),
        minimums: false,
        precise: None,
        rate: Rational::ONE,
        overage: None,
        rollover: None,
        during: span(rng),
        rule,
        order: 7,
    });
    plan.funds.commitments.push(Commitment {
        name: "promise".into(),
        steps: vec![CommitmentStep { lasts: StepLength::Age(year), amount: rng.literal() }],
        repeats: rng.chance(50),
        counts: vec![LineIx(0)],
        except_paid_by: vec![BalanceIx(0)],
        beyond: Vec::new(),
        true_up: None,
        shortfall: Shortfall::Forfeited,
        excess: Excess::Ignored,
        overage: None,
        during: span(rng),
        rule,
        order: 8,
    });
    plan.funds.waterfall.push(Waterfall { from: None, steps: vec![BalanceIx(0)], finally: Finally::Invoice, rule });
}

/// Everything that no kernel reads, for round trips.
fn others(rng: &mut Rng, plan: &mut Plan) {
    let fee = Fee {
        amount: rng.literal(),
        changes: if rng.chance(20) { vec![(date(rng), rng.literal())] } else { Vec::new() },
        per: *rng.pick(&[FeeSchedule::Once, FeeSchedule::Each(Window::Month)]),
        in_advance: rng.chance(50),
        during: span(rng),
        level: None,
    };
    let fee = named(rng, plan, Charge::Fee(fee));
    plan.lines.push(fee);
    let functions = functions_of(rng, plan, None, true, 1);
    let amount = functions.into_iter().next().expect("one function").amount;
    let share = Charge::Share { of: vec![LineIx(0)], after_discounts: rng.chance(50), amount };
    let share = named(rng, plan, share);
    plan.lines.push(share);
    allowance(rng, plan);
    funds(rng, plan);
    let cells = sink_of(plan, 0).and_then(|sink| plan.cells(&plan.sinks[sink.ix()])).unwrap_or(1);
    let off = match rng.chance(50) {
        true => DiscountOff::Share(Rational::new(1, 20)),
        false => DiscountOff::Amount(rng.literal()),
    };
    plan.discounts.push(Discount {
        name: "launch".into(),
        scope: vec![LineIx(0), LineIx(1)],
        cells: vec![rng.chance(50).then(|| (0..cells).map(|_| rng.chance(50)).collect()), None],
        off,
        during: span(rng),
        rule: RuleIx(0),
    });
    let group = clamp(rng, Bound::Floor);
    plan.clamps.push(GroupClamp { name: "minimum".into(), scope: vec![LineIx(0)], clamp: group, order: 9 });
    if let Some(by) = plan.sinks.iter().position(|sink| sink.keys.iter().filter(|key| key.in_cell).count() == 1) {
        let with = if rng.chance(50) { vec![LineIx(1)] } else { vec![] };
        let accounts = matches!(plan.sinks[by].fold, Fold::Sum(_) | Fold::Count) && rng.chance(30);
        plan.attributions.push(Attribution { line: LineIx(0), by: SinkIx(by as u32), with, accounts });
    }
}

fn sink_of(plan: &Plan, line: usize) -> Option<SinkIx> {
    match &plan.lines[line].charge {
        Charge::Usage(usage) => Some(usage.sink),
        Charge::Events(sink) => Some(*sink),
        Charge::Fee(_) | Charge::Share { .. } => None,
    }
}

/// At times an allowance on the first line that can have one.
fn allowance(rng: &mut Rng, plan: &mut Plan) {
    if rng.chance(70) {
        return;
    }
    let coverable = |fold: &Fold| match fold {
        Fold::Charge(charge) => charge.measure.is_some(),
        _ => true,
    };
    let line =
        (0..plan.lines.len()).find(|line| sink_of(plan, *line).is_some_and(|s| coverable(&plan.sinks[s.ix()].fold)));
    let Some(line) = line else { return };
    let Some(sink) = sink_of(plan, line) else { return };
    let covered = vec![AllowanceIx(0)];
    match (&mut plan.lines[line].charge, &mut plan.sinks[sink.ix()].fold) {
        (Charge::Usage(usage), _) if usage.across.is_each() && usage.ratchet.is_none() => usage.covered_by = covered,
        (Charge::Usage(_), _) => return,
        (_, Fold::Charge(charge)) => charge.covered_by = covered,
        _ => return,
    }
    let draws =
        [DrawOrder::Single, DrawOrder::ProRata, DrawOrder::CheapestFirst, DrawOrder::DearestFirst, DrawOrder::AsUsed];
    let on_each = matches!(plan.lines[line].charge, Charge::Events(_));
    let events = (on_each && rng.chance(50))
        .then(|| FreeEvents { up_to: if rng.chance(50) { Some(rng.bound()) } else { None } });
    let mut allowance = Allowance {
        name: "included".into(),
        quantity: rng.bound(),
        times: None,
        events: events.clone(),
        unit: "unit".into(),
        per: window(rng),
        covers: vec![Covers { line: LineIx(line as u32), cells: None, factor: rng.step() }],
        draw: if events.is_some() { DrawOrder::AsUsed } else { *rng.pick(&draws) },
        rollover: rng.chance(30).then(|| Rollover { at_most: rng.literal(), windows: 2 }),
        prorate: proration(rng),
        rule: RuleIx(1),
    };
    let by_event = matches!(plan.lines[line].charge, Charge::Events(_));
    let measures = |sink: &Sink| !matches!(sink.fold, Fold::Charge(_)) && sink.keys.iter().all(|key| !key.in_cell);
    if let Some(by) = plan.sinks.iter().position(measures)
        && !by_event
        && rng.chance(50)
    {
        allowance.times = Some(SinkIx(by as u32));
        (allowance.per, allowance.rollover) = (plan.billing.every, None);
        allowance.draw = *rng.pick(&draws[..4]);
    }
    plan.allowances.push(allowance);
}
