//! Hand-made plans and usage for tests: short words for the parts of a plan.
#![allow(dead_code)]

use price_interp::Interp;
use price_ir::*;
use price_rating::*;
use price_value::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A rational from text.
pub fn r(text: &str) -> Rational {
    text.parse().unwrap()
}

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

/// `from` inclusive, `until` exclusive, empty for open.
pub fn span(from: &str, until: &str) -> Span {
    let day = |t: &str| (!t.is_empty()).then(|| t.parse().unwrap());
    Span { from: day(from), until: day(until) }
}

pub fn arg() -> Expr {
    Expr::Arg
}

pub fn c(text: &str) -> Expr {
    Expr::Const(r(text))
}

pub fn mul(a: Expr, b: Expr) -> Expr {
    Expr::Mul(Box::new(a), Box::new(b))
}

/// `rate` per unit.
pub fn per_unit(rate: &str) -> Expr {
    Expr::Ladder(Box::new(arg()), Ladder::linear(r(rate)))
}

/// Graduated: (from, rate, flat).
pub fn graduated(tiers: &[(&str, &str, &str)]) -> Expr {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut value = Rational::ZERO;
    for (from, rate, flat) in tiers {
        if let Some(last) = pieces.last() {
            value = last.eval(&r(from));
        }
        value += &r(flat);
        pieces.push(Piece { from: r(from), value: value.clone(), slope: r(rate), step: None });
    }
    ladder(LadderKind::Graduated, "0", pieces)
}

/// Volume: (from, rate).
pub fn volume(tiers: &[(&str, &str)]) -> Expr {
    let piece = |(from, rate): &(&str, &str)| {
        let (from, slope) = (r(from), r(rate));
        Piece { value: &from * &slope, from, slope, step: None }
    };
    ladder(LadderKind::Volume, "0", tiers.iter().map(piece).collect())
}

/// Stairstep: (from, amount).
pub fn stairstep(tiers: &[(&str, &str)]) -> Expr {
    let piece =
        |(from, amount): &(&str, &str)| Piece { from: r(from), value: r(amount), slope: Rational::ZERO, step: None };
    ladder(LadderKind::Stairstep, "0", tiers.iter().map(piece).collect())
}

pub fn ladder(kind: LadderKind, at_zero: &str, pieces: Vec<Piece>) -> Expr {
    Expr::Ladder(Box::new(arg()), Ladder { kind, at_zero: r(at_zero), pieces, odd: false })
}

/// The first `free` units cost nothing, then whole started packages.
pub fn packages(free: &str, size: &str, price: &str) -> Expr {
    let mut pieces = vec![];
    if free != "0" {
        pieces.push(Piece { from: Rational::ZERO, value: Rational::ZERO, slope: Rational::ZERO, step: None });
    }
    let slope = r(price) / r(size);
    pieces.push(Piece { from: r(free), value: Rational::ZERO, slope, step: Some(r(size)) });
    ladder(LadderKind::Graduated, "0", pieces)
}

pub fn number(name: &str, unit: &str, decimals: u8) -> Field {
    let ty = NumberType { unit: unit.into(), decimals, signed: false, level: false, accepts: vec![] };
    Field { name: name.into(), ty: FieldType::Number(ty), optional: false }
}

pub fn signed(name: &str, unit: &str) -> Field {
    let ty = NumberType { unit: unit.into(), decimals: 0, signed: true, level: false, accepts: vec![] };
    Field { name: name.into(), ty: FieldType::Number(ty), optional: false }
}

pub fn label(name: &str, dim: DimIx) -> Field {
    Field { name: name.into(), ty: FieldType::Label(dim), optional: false }
}

pub fn text(name: &str) -> Field {
    Field { name: name.into(), ty: FieldType::Text, optional: false }
}

/// A key of a cell read from a label field.
pub fn by(dim: DimIx, field: u32) -> Key {
    Key { dim, source: KeySource::Field(FieldIx(field)), in_cell: true }
}

pub fn field(index: u32) -> Expr {
    Expr::Field(FieldIx(index))
}

/// A plan under construction: USD, UTC, monthly on day 1, each line half-up to cents.
pub struct Build(pub Plan);

impl Default for Build {
    fn default() -> Self {
        Build::new()
    }
}

impl Build {
    pub fn new() -> Build {
        let rule = Rule { title: "price".into(), within: "plan test".into() };
        Build(Plan {
            name: "test".into(),
            kind: PlanKind::Plan,
            version: None,
            currency: Currency { code: "USD".into(), decimals: 2, symbol: Some("$".into()), is_virtual: false },
            zone: "UTC".into(),
            billing: Schedule { every: Window::Month, day: 1, month: 1 },
            net_days: None,
            effective: Span::default(),
            rounding: LineRounding {
                each: RoundingScope::Line,
                rounding: Rounding { mode: RoundingMode::HalfUp, step: r("0.01") },
            },
            late: None,
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
            rules: vec![rule],
        })
    }

    pub fn dim(&mut self, name: &str, labels: &[&str]) -> DimIx {
        self.0.dimensions.push(Dimension {
            name: name.into(),
            labels: labels.iter().map(|l| l.to_string()).collect(),
            kind: DimensionKind::Listed { unknown: None },
        });
        DimIx(self.0.dimensions.len() as u32 - 1)
    }

    pub fn open_dim(&mut self, name: &str, at_most: u32) -> DimIx {
        self.0.dimensions.push(Dimension { name: name.into(), labels: vec![], kind: DimensionKind::Open { at_most } });
        DimIx(self.0.dimensions.len() as u32 - 1)
    }

    /// A calendar of two labels: the first from `from` to `to` o'clock on weekdays, else the second.
    pub fn daypart(&mut self, name: &str, labels: [&str; 2], from: u32, to: u32) -> (DimIx, CalendarIx) {
        let slot = |label, days, from: u32, to: u32| Slot {
            label,
            months: 0xfff,
            days,
            from: from * 3600,
            to: to * 3600,
            except: vec![],
        };
        let zone = self.0.zone.clone();
        let slots = vec![slot(0, 0b11111, from, to), slot(1, 0x7f, 0, 24)];
        self.0.calendars.push(Calendar { name: name.into(), zone, slots });
        let calendar = CalendarIx(self.0.calendars.len() as u32 - 1);
        self.0.dimensions.push(Dimension {
            name: name.into(),
            labels: labels.iter().map(|l| l.to_string()).collect(),
            kind: DimensionKind::Calendar(calendar),
        });
        (DimIx(self.0.dimensions.len() as u32 - 1), calendar)
    }

    pub fn event(&mut self, name: &str, fields: Vec<Field>) -> EventIx {
        self.0.events.push(Event { name: name.into(), fields });
        EventIx(self.0.events.len() as u32 - 1)
    }

    pub fn sink(&mut self, meter: &str, event: EventIx, fold: Fold, unit: &str, keys: Vec<Key>) -> SinkIx {
        self.0.sinks.push(Sink {
            name: format!("{meter}/{}", self.0.sinks.len()),
            meter: meter.into(),
            event,
            keys,
            filter: Cond::Always,
            scope: Cond::Always,
            fold,
            unit: unit.into(),
            quantum: Rational::ONE,
            bound: None,
            parts: None,
        });
        SinkIx(self.0.sinks.len() as u32 - 1)
    }

    /// An event `name` with one number `n`, and the sum of it.
    pub fn sum(&mut self, name: &str, unit: &str) -> SinkIx {
        let event = self.event(name, vec![number("n", unit, 0)]);
        self.sink(name, event, Fold::Sum(field(0)), unit, vec![])
    }

    /// The same by one dimension, in field `label`.
    pub fn sum_by(&mut self, name: &str, unit: &str, dim: DimIx) -> SinkIx {
        let event = self.event(name, vec![number("n", unit, 0), label("label", dim)]);
        self.sink(name, event, Fold::Sum(field(0)), unit, vec![by(dim, 1)])
    }

    pub fn line(&mut self, name: &str, charge: Charge) -> LineIx {
        let order = self.0.lines.len() as u32;
        self.0.rules.push(Rule { title: format!("price {name}"), within: "plan test".into() });
        self.0.lines.push(Line {
            name: name.into(),
            rebate: false,
            charge,
            clamps: vec![],
            prorate: Proration::Never,
            rule: RuleIx(self.0.rules.len() as u32 - 1),
            order,
            currency: price_ir::OWN,
            about: price_ir::About::default(),
        });
        LineIx(order)
    }

    /// A usage line whose cells all have one function.
    pub fn price(&mut self, name: &str, sink: SinkIx, amount: Expr) -> LineIx {
        let width = self.0.cells(&self.0.sinks[sink.ix()]).unwrap();
        self.price_cells(name, sink, vec![amount], vec![0; width])
    }

    /// A usage line with a function index per cell.
    pub fn price_cells(&mut self, name: &str, sink: SinkIx, amounts: Vec<Expr>, cells: Vec<u32>) -> LineIx {
        let cells = cells.into_iter().map(CellRule::Function).collect();
        let charge = usage(sink, rules(amounts, vec![Regime { from: None, cells }]));
        self.line(name, Charge::Usage(charge))
    }

    pub fn usage(&mut self, line: LineIx) -> &mut UsageCharge {
        match &mut self.0.lines[line.ix()].charge {
            Charge::Usage(usage) => usage,
            _ => panic!("a usage line"),
        }
    }

    pub fn fee(&mut self, name: &str, amount: &str, per: FeeSchedule, in_advance: bool) -> LineIx {
        self.line(
            name,
            Charge::Fee(Fee {
                amount: r(amount),
                changes: Vec::new(),
                per,
                in_advance,
                during: Span::default(),
                level: None,
            }),
        )
    }

    pub fn clamp(&mut self, line: LineIx, clamp: LineClamp) {
        self.0.lines[line.ix()].clamps.push(clamp);
    }

    pub fn group(&mut self, name: &str, scope: &[LineIx], clamp: LineClamp) {
        let order = 100 + self.0.clamps.len() as u32;
        self.0.clamps.push(GroupClamp { name: name.into(), scope: scope.to_vec(), clamp, order });
    }

    pub fn discount(&mut self, name: &str, scope: &[LineIx], off: DiscountOff) {
        self.0.discounts.push(Discount {
            name: name.into(),
            scope: scope.to_vec(),
            cells: vec![None; scope.len()],
            off,
            during: Span::default(),
            rule: RuleIx(0),
        });
    }

    /// An allowance per month on whole lines.
    pub fn allowance(&mut self, name: &str, quantity: &str, draw: DrawOrder, lines: &[LineIx]) -> AllowanceIx {
        let ix = AllowanceIx(self.0.allowances.len() as u32);
        for line in lines {
            match &mut self.0.lines[line.ix()].charge {
                Charge::Usage(usage) => usage.covered_by.push(ix),
                Charge::Events(sink) => match &mut self.0.sinks[sink.ix()].fold {
                    Fold::Charge(charge) => charge.covered_by.push(ix),
                    _ => panic!("an event charge"),
                },
                _ => panic!("a line with a quantity"),
            }
        }
        self.0.allowances.push(Allowance {
            name: name.into(),
            quantity: r(quantity),
            times: None,
            events: None,
            unit: "unit".into(),
            per: Window::Month,
            covers: lines.iter().map(|line| Covers { line: *line, cells: None, factor: Rational::ONE }).collect(),
            draw,
            rollover: None,
            prorate: Proration::Never,
            rule: RuleIx(0),
        });
        ix
    }

    /// A price on each event and its line.
    pub fn charge(&mut self, name: &str, event: EventIx, keys: Vec<Key>, quantum: &str, charge: EventCharge) -> LineIx {
        let sink = self.sink("", event, Fold::Charge(charge), "USD", keys);
        self.0.sinks[sink.ix()].quantum = r(quantum);
        self.line(name, Charge::Events(sink))
    }

    pub fn rater(&self) -> Rater {
        price_ir::verify(&self.0).unwrap();
        Rater::new(Arc::new(Interp::new(Arc::new(self.0.clone())))).unwrap()
    }
}

pub fn usage(sink: SinkIx, rules: Rules) -> UsageCharge {
    UsageCharge {
        sink,
        rules,
        window: Window::Month,
        scale: None,
        across: price_ir::Across::Each,
        ratchet: None,
        split_period: false,
        covered_by: vec![],
        counting: Counting::Net,
        less: vec![],
    }
}

pub fn rules(amounts: Vec<Expr>, regimes: Vec<Regime>) -> Rules {
    let functions = amounts.into_iter().map(|amount| Function { amount, rules: vec![RuleIx(0)] }).collect();
    Rules { functions, regimes }
}

/// An event charge of one function for `width` cells.
pub fn each(measure: Option<Expr>, unit: &str, amount: Expr, width: usize) -> EventCharge {
    EventCharge {
        measure,
        measure_unit: unit.into(),
        rules: rules(vec![amount], vec![Regime { from: None, cells: vec![CellRule::Function(0); width] }]),
        split: None,
        post: vec![],
        covered_by: vec![],
        counting: Counting::Net,
    }
}

pub fn floor(amount: &str) -> LineClamp {
    LineClamp {
        bound: Bound::Floor,
        amount: r(amount),
        per: Window::Month,
        if_used: false,
        prorate: Proration::Never,
        during: Span::default(),
        rule: RuleIx(0),
    }
}

pub fn ceiling(amount: &str) -> LineClamp {
    LineClamp { bound: Bound::Ceiling, ..floor(amount) }
}

/// One row: account, event, time, fields.
pub type Row<'a> = (&'a str, &'a str, &'a str, &'a [(&'a str, &'a str)]);

/// Pushes rows in order, a batch per row, and panics on a refused one.
pub fn push(rater: &mut Rater, rows: &[Row<'_>]) {
    for row in rows {
        let faults = try_push(rater, *row);
        assert!(faults.is_empty(), "{row:?}: {faults:?}");
    }
}

pub fn try_push(rater: &mut Rater, row: Row<'_>) -> Vec<RowFault> {
    let plan = rater.plan().clone();
    let event = event_of(&plan, row.1).unwrap();
    let mut builder = RowBuilder::new(Arc::new(EventSchema::new(&plan, event).refusing_unknown()));
    let fields = row.3.iter().map(|(name, value)| (*name, Raw::Text(value)));
    builder.push(at(row.2), fields, rater.labels()).unwrap();
    let subject = rater.subject(row.0).0;
    rater.push(&mut builder.take(), &[subject])
}

/// The invoice of account `a` for the month of a day.
pub fn close(rater: &mut Rater, date: &str) -> Invoice {
    let period = rater.period_of(day(date));
    rater.close("a", &period).unwrap()
}

/// Line amounts by name.
pub fn amounts(invoice: &Invoice) -> BTreeMap<String, String> {
    invoice.lines.iter().map(|l| (l.name.clone(), l.amount.to_decimal_string(2).unwrap())).collect()
}

pub fn line<'a>(invoice: &'a Invoice, name: &str) -> &'a InvoiceLine {
    invoice.lines.iter().find(|l| l.name == name).unwrap_or_else(|| panic!("no line `{name}` in {invoice:#?}"))
}

/// What one usage line costs for an injected quantity.
pub fn costs(amount: Expr, quantity: &str) -> String {
    let mut b = Build::new();
    let sink = b.sum("used", "unit");
    b.price("used", sink, amount);
    let mut rater = b.rater();
    let period = rater.period_of(day("2026-03-01"));
    rater.inject("a", &period, "used", &[], &r(quantity), When::Sometime).unwrap();
    close(&mut rater, "2026-03-01").total.to_decimal_string(2).unwrap()
}

pub fn months(count: u32) -> Age {
    Age { count, unit: AgeUnit::Months }
}

pub fn wallet(name: &str, holds: CurrencyIx, pays: &[LineIx], grants: Vec<Grant>) -> Balance {
    Balance {
        name: name.into(),
        kind: BalanceKind::Wallet,
        holds,
        pays: pays.to_vec(),
        grants,
        top_up: None,
        overdraft: Rational::ZERO,
        spend: SpendOrder::ExpiringFirst,
        minimums: false,
        precise: None,
        rate: Rational::ONE,
        overage: None,
        rollover: None,
        during: Span::default(),
        rule: RuleIx(0),
        order: 100,
    }
}

pub fn grant(name: &str, amount: &str, when: GrantWhen, expires: Expiry, cost: Cost) -> Grant {
    Grant {
        name: name.into(),
        amount: GrantAmount::Fixed(r(amount)),
        when,
        expires,
        cost,
        prorate: Proration::Never,
        clawback: None,
        rule: RuleIx(0),
    }
}

pub fn promise(name: &str, amount: &str, lasts: StepLength, counts: &[LineIx]) -> Commitment {
    Commitment {
        name: name.into(),
        steps: vec![CommitmentStep { lasts, amount: r(amount) }],
        repeats: true,
        counts: counts.to_vec(),
        except_paid_by: vec![],
        beyond: vec![],
        true_up: None,
        shortfall: Shortfall::Forfeited,
        excess: Excess::Ignored,
        overage: None,
        during: Span::default(),
        rule: RuleIx(0),
        order: 200,
    }
}

/// What lines come to is what sources paid and the invoice asks for; the ledger moves lots by what
/// statements say and deferred money by what the revenue says.
pub fn balanced(invoice: &Invoice) {
    let payment = invoice.payment.as_ref().expect("paid");
    let mut sums: BTreeMap<(CurrencyIx, &Account), Rational> = BTreeMap::new();
    for entry in &payment.ledger {
        assert!(entry.amount.is_positive() && entry.debit != entry.credit, "{entry:?}");
        *sums.entry((entry.currency, &entry.credit)).or_default() += &entry.amount;
        *sums.entry((entry.currency, &entry.debit)).or_default() -= &entry.amount;
    }
    let held = |name: &str| -> Rational {
        let own = sums.iter().filter(|((_, account), _)| match account {
            Account::Lot { balance, .. } | Account::Overdraft { balance } => balance == name,
            _ => false,
        });
        own.map(|(_, sum)| sum).sum()
    };
    for s in &payment.balances {
        assert_eq!(held(&s.name), &s.closed - &s.opened, "{}", s.name);
    }
    let deferred = sums.iter().filter(|((currency, account), _)| {
        let lots = matches!(account, Account::Lot { .. } | Account::Promotion { .. });
        (lots && *currency == OWN) || matches!(account, Account::Deferred { .. })
    });
    let change = &payment.revenue.deferred - &payment.revenue.deferred_before;
    assert_eq!(deferred.map(|(_, sum)| sum).sum::<Rational>(), change, "deferred");
    let own: Rational = invoice.lines.iter().filter(|l| l.currency == OWN).map(|l| &l.amount).sum();
    let lines = invoice.lines.iter().filter(|l| l.currency == OWN).flat_map(|l| &l.paid);
    let paid: Rational = lines.map(|(_, amount)| amount).sum();
    let interim: Rational = payment.interim.iter().map(|i| &i.amount).sum();
    assert_eq!(own, &paid + &invoice.due + &interim, "lines = paid + due + interim");
    let asked = sums.iter().filter(|((_, account), _)| **account == Account::Receivable).map(|(_, sum)| sum);
    assert_eq!(-asked.sum::<Rational>(), &invoice.due + &interim, "what the ledger asks for");
    let earns = |account: &Account| {
        matches!(account, Account::Income { .. } | Account::PromotionUsed { .. } | Account::Rounding)
    };
    let earned = sums.iter().filter(|((currency, account), _)| *currency == OWN && earns(account)).map(|(_, sum)| sum);
    assert_eq!(earned.sum::<Rational>(), payment.revenue.earned, "earned");
    for s in &payment.balances {
        let closed =
            &s.opened + &s.restated + &s.granted + &s.topped_up + &s.rolled_in - &s.used - &s.expired - &s.clawed_back;
        assert_eq!(closed, s.closed, "{s:?}");
    }
}
