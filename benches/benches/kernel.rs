//! A graduated price over a dimension, event by event: machine code made from the plan, the same
//! loop written by hand, and the plain loop over tiers in decimals.
//!
//! All variants post `F(after) − F(before)` per event, refuse missing numbers and labels, check
//! every overflow, and are compared result by result before any is timed. Prints ratios first
//! (interleaved rounds, best of each), then Criterion's statistics.

use criterion::{BatchSize, Criterion, Throughput};
use price_interp::Interp;
use price_ir::batch::{Column, NULL};
use price_ir::func::{Cond, Expr, Ladder, LadderKind, Piece};
use price_ir::*;
use price_jit::Jit;
use price_value::{Currency, Rational, Rounding, RoundingMode, Schedule, Span, Window};
use rust_decimal::Decimal;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const REGIONS: usize = 8;
const ACCOUNTS: usize = 1000;
const CELLS: usize = ACCOUNTS * REGIONS;
/// Events timed at once: short enough to run undisturbed on a shared machine.
const CHUNK: usize = 5_000;
const ROUNDS: usize = 40;

fn r(text: &str) -> Rational {
    text.parse().expect("a number")
}

/// Rates of one region: five tiers of GB, a little dearer from region to region.
fn ladder(region: usize, per_cell: usize) -> Ladder {
    // Every cell goes through all tiers: an event brings 800 on average.
    let bounds = [0, 100, 300, 500, 700].map(|share| (share * per_cell) as i128);
    let mut pieces: Vec<Piece> = Vec::new();
    for (tier, bound) in bounds.iter().enumerate() {
        let slope = Rational::new((900 - 100 * tier + 7 * region) as i128, 10_000);
        let from = Rational::int(*bound);
        let value = pieces.last().map_or(Rational::ZERO, |p| p.eval(&from));
        pieces.push(Piece { from, value, slope, step: None });
    }
    Ladder { kind: LadderKind::Graduated, at_zero: Rational::ZERO, pieces, odd: false }
}

fn plan(per_cell: usize) -> Plan {
    let number = NumberType { unit: "GB".into(), decimals: 0, signed: false, level: false, accepts: vec![] };
    let field = |name: &str, ty| Field { name: name.into(), ty, optional: false };
    let functions = (0..REGIONS).map(|region| Function {
        amount: Expr::Ladder(Box::new(Expr::Arg), ladder(region, per_cell)),
        rules: vec![RuleIx(0)],
    });
    let cells = (0..REGIONS).map(|region| CellRule::Function(region as u32)).collect();
    Plan {
        name: "cloud".into(),
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
        dimensions: vec![Dimension {
            name: "region".into(),
            labels: (0..REGIONS).map(|i| format!("region{i}")).collect(),
            kind: DimensionKind::Listed { unknown: None },
        }],
        calendars: vec![],
        events: vec![Event {
            name: "transfer".into(),
            fields: vec![field("gb", FieldType::Number(number)), field("region", FieldType::Label(DimIx(0)))],
        }],
        sinks: vec![Sink {
            name: "egress".into(),
            meter: "egress".into(),
            event: EventIx(0),
            keys: vec![Key { dim: DimIx(0), source: KeySource::Field(FieldIx(1)), in_cell: true }],
            filter: Cond::Always,
            scope: Cond::Always,
            fold: Fold::Sum(Expr::Field(FieldIx(0))),
            unit: "GB".into(),
            quantum: Rational::ONE,
            bound: None,
            parts: None,
        }],
        allowances: vec![],
        lines: vec![Line {
            name: "egress".into(),
            rebate: false,
            charge: Charge::Usage(UsageCharge {
                sink: SinkIx(0),
                rules: Rules { functions: functions.collect(), regimes: vec![Regime { from: None, cells }] },
                window: Window::Month,
                scale: None,
                across: price_ir::Across::Each,
                ratchet: None,
                split_period: false,
                covered_by: vec![],
                counting: Counting::Net,
                less: vec![],
            }),
            clamps: vec![],
            prorate: Proration::Never,
            rule: RuleIx(0),
            order: 0,
            currency: price_ir::OWN,
            about: price_ir::About::default(),
        }],
        discounts: vec![],
        clamps: vec![],
        attributions: vec![],
        funds: price_ir::Funds::default(),
        parties: None,
        foreign: Vec::new(),
        rules: vec![Rule { title: "price egress".into(), within: "plan cloud".into() }],
    }
}

/// Events of all accounts in random order; one in 4096 lacks its number.
struct Input {
    batch: Batch,
    gb: Vec<i64>,
    region: Vec<u32>,
    base: Vec<u32>,
    decimals: Vec<Decimal>,
}

fn input(events: usize) -> Vec<Input> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let (mut gb, mut region, mut base) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..events {
        let random = next();
        gb.push(if random % 4096 == 0 { NULL } else { (random >> 20) as i64 % 1600 });
        region.push((next() >> 33) as u32 % REGIONS as u32);
        base.push((next() >> 33) as u32 % ACCOUNTS as u32 * REGIONS as u32);
    }
    let chunks = (0..events).step_by(CHUNK).map(|first| {
        let rows = first..first + CHUNK;
        let (gb, region) = (gb[rows.clone()].to_vec(), region[rows.clone()].to_vec());
        let columns = vec![Column::Int(gb.clone()), Column::Label(region.clone())];
        let happened = vec![0; CHUNK];
        let batch = Batch { event: EventIx(0), rows: CHUNK, happened, columns, calendars: vec![] };
        let decimals = gb.iter().map(|q| Decimal::from(if *q == NULL { 0 } else { *q })).collect();
        Input { batch, gb, region, base: base[rows].to_vec(), decimals }
    });
    chunks.collect()
}

/// What a variant changes and gives for a chunk.
#[derive(Clone, PartialEq)]
struct Output {
    cells: Vec<i64>,
    posted: Vec<i64>,
    status: Vec<u8>,
}

impl Output {
    fn new() -> Output {
        Output { cells: vec![0; CELLS], posted: vec![0; CHUNK], status: vec![0; CHUNK] }
    }
}

/// A tier of the hand-written loops: the same numbers over the same denominator.
#[derive(Clone, Copy)]
struct Tier {
    from: i64,
    upto: i64,
    slope: i64,
    value: i128,
}

/// The plan's ladders over `denominator`, tiers of all regions in one table.
fn tiers(denominator: i128, per_cell: usize) -> Vec<[Tier; 5]> {
    let whole = |x: &Rational| (x * &Rational::int(denominator)).to_i128().expect("whole");
    let table = (0..REGIONS).map(|region| {
        let pieces = ladder(region, per_cell).pieces;
        std::array::from_fn(|i| Tier {
            from: pieces[i].from.to_i128().expect("whole") as i64,
            upto: pieces.get(i + 1).map_or(i64::MAX, |p| p.from.to_i128().expect("whole") as i64),
            slope: whole(&pieces[i].slope) as i64,
            value: whole(&(&pieces[i].value - &(&pieces[i].slope * &pieces[i].from))),
        })
    });
    table.collect()
}

const MISSING: u8 = Fault::Missing as u8;
const OVERFLOW: u8 = Fault::Overflow as u8;
const NEGATIVE: u8 = Fault::NegativeQuantity as u8;

fn amount(tiers: &[Tier; 5], total: i64) -> Result<i128, u8> {
    match total {
        0 => Ok(0),
        t if t < 0 => Err(NEGATIVE),
        _ => {
            let tier = &tiers[tiers[1..].iter().filter(|t| t.from < total).count()];
            Ok(i128::from(tier.slope) * i128::from(total) + tier.value)
        }
    }
}

/// One event by hand; `tier_of` finds the tier of a total above zero.
#[inline(always)]
fn step(tiers: &[Tier; 5], before: i64, gb: i64, tier_of: impl Fn(&[Tier; 5], i64) -> usize) -> Result<(i64, i64), u8> {
    let after = before.checked_add(gb).ok_or(OVERFLOW)?;
    let tier = &tiers[tier_of(tiers, after)];
    if tier.from < before && before <= tier.upto && tier.from < after {
        return Ok((after, tier.slope.checked_mul(gb).ok_or(OVERFLOW)?));
    }
    let posted = amount(tiers, after)? - amount(tiers, before)?;
    Ok((after, i64::try_from(posted).map_err(|_| OVERFLOW)?))
}

#[inline(always)]
fn by_hand(input: &Input, table: &[[Tier; 5]], out: &mut Output, tier_of: impl Fn(&[Tier; 5], i64) -> usize + Copy) {
    let rows = input.gb.len();
    let (gb, region, base) = (&input.gb[..rows], &input.region[..rows], &input.base[..rows]);
    let (posted, status) = (&mut out.posted[..rows], &mut out.status[..rows]);
    for row in 0..rows {
        let result = match table.get(region[row] as usize) {
            Some(tiers) if gb[row] != NULL => {
                let cell = &mut out.cells[base[row].wrapping_add(region[row]) as usize];
                step(tiers, *cell, gb[row], tier_of).map(|(after, amount)| {
                    *cell = after;
                    amount
                })
            }
            _ => Err(MISSING),
        };
        (posted[row], status[row]) = match result {
            Ok(amount) => (amount, 1),
            Err(fault) => (0, fault),
        };
    }
}

/// Tier by counting bounds below the total: no branches.
#[inline(never)]
fn hand_counting(input: &Input, table: &[[Tier; 5]], out: &mut Output) {
    by_hand(input, table, out, |tiers, total| tiers[1..].iter().map(|t| usize::from(t.from < total)).sum());
}

/// Tier by walking up from the first.
#[inline(never)]
fn hand_walking(input: &Input, table: &[[Tier; 5]], out: &mut Output) {
    by_hand(input, table, out, |tiers, total| {
        let mut tier = 0;
        while tier + 1 < tiers.len() && tiers[tier + 1].from < total {
            tier += 1;
        }
        tier
    });
}

/// A tier in decimals.
struct DecimalTier {
    from: Decimal,
    upto: Option<Decimal>,
    rate: Decimal,
}

fn decimal(value: &Rational) -> Decimal {
    Decimal::from_str_exact(&value.to_string()).expect("a decimal")
}

fn decimal_tiers(per_cell: usize) -> Vec<Vec<DecimalTier>> {
    let table = (0..REGIONS).map(|region| {
        let pieces = ladder(region, per_cell).pieces;
        let tier = |i: usize| DecimalTier {
            from: decimal(&pieces[i].from),
            upto: pieces.get(i + 1).map(|p| decimal(&p.from)),
            rate: decimal(&pieces[i].slope),
        };
        (0..pieces.len()).map(tier).collect()
    });
    table.collect()
}

/// What most billing code does: decimals, and the part of the event in each tier.
#[inline(never)]
fn decimals(input: &Input, table: &[Vec<DecimalTier>], cells: &mut [Decimal], posted: &mut [Decimal]) {
    for row in 0..input.gb.len() {
        if input.gb[row] == NULL {
            posted[row] = Decimal::ZERO;
            continue;
        }
        let cell = &mut cells[(input.base[row] + input.region[row]) as usize];
        let before = *cell;
        let Some(after) = before.checked_add(input.decimals[row]) else { continue };
        let mut amount = Decimal::ZERO;
        for tier in &table[input.region[row] as usize] {
            let hi = tier.upto.map_or(after, |upto| upto.min(after));
            let lo = tier.from.max(before);
            if hi > lo {
                amount += (hi - lo) * tier.rate;
            }
        }
        *cell = after;
        posted[row] = amount;
    }
}

/// `a / b` with two decimals.
fn ratio(a: u128, b: u128) -> String {
    let hundredths = (a * 100 + b / 2) / b.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn nanos(run: impl FnOnce()) -> u128 {
    let start = Instant::now();
    run();
    start.elapsed().as_nanos()
}

/// All chunks in order through one variant; keeps the best time of each chunk.
fn sweep(best: &mut [u128], chunks: &[Input], mut run: impl FnMut(&Input)) {
    for (best, chunk) in best.iter_mut().zip(chunks) {
        *best = nanos(|| run(black_box(chunk))).min(*best);
    }
}

/// Compares all variants on `per_cell` events for each cell, then times them.
fn compare(per_cell: usize) {
    let plan = Arc::new(plan(per_cell));
    let jit = Jit::new(plan.clone()).expect("the plan compiles");
    let denominator = jit.posting_denominator(LineIx(0)).expect("the line has a fused path");
    let (table, decimal_table) = (tiers(denominator, per_cell), decimal_tiers(per_cell));
    let events = per_cell * CELLS;
    let chunks = input(events);

    let rate = |input: &Input, out: &mut Output| {
        let Output { cells, posted, status } = out;
        assert!(jit.rate(LineIx(0), &input.batch, &input.base, cells, posted, status));
    };
    let fresh = || (vec![Decimal::ZERO; CELLS], vec![Decimal::ZERO; CHUNK]);

    // Equal first.
    let (mut fast, mut counted, mut walked, mut slow) = (Output::new(), Output::new(), Output::new(), fresh());
    let one = Decimal::from_i128_with_scale(denominator, 0);
    let mut crossings = 0;
    for chunk in &chunks {
        rate(chunk, &mut fast);
        hand_counting(chunk, &table, &mut counted);
        hand_walking(chunk, &table, &mut walked);
        decimals(chunk, &decimal_table, &mut slow.0, &mut slow.1);
        assert!(fast == counted && fast == walked, "the hand-written loops and the machine code agree");
        assert!(slow.1.iter().zip(&fast.posted).all(|(d, n)| *d * one == Decimal::from(*n)), "and the decimals");
        let slopes = |row: &usize| table[chunk.region[*row] as usize].map(|t| t.slope.wrapping_mul(chunk.gb[*row]));
        crossings += (0..CHUNK).filter(|row| !slopes(row).contains(&fast.posted[*row])).count();
    }
    let interp = Interp::new(plan.clone());
    for (cell, total) in fast.cells.iter().enumerate() {
        let charge = |kernel: &dyn Kernel| kernel.charge(LineIx(0), (cell % REGIONS) as u32, (*total).into(), 1);
        assert_eq!(charge(&jit), charge(&interp));
    }

    // Then ratios, in rounds of all variants so that a busy machine is busy for all.
    let mut best = [(); 4].map(|()| vec![u128::MAX; chunks.len()]);
    let (mut compile, mut analyse) = (u128::MAX, u128::MAX);
    for round in 0..ROUNDS {
        let mut out = Output::new();
        sweep(&mut best[0], &chunks, |chunk| rate(chunk, &mut out));
        let mut out = Output::new();
        sweep(&mut best[1], &chunks, |chunk| hand_counting(chunk, &table, &mut out));
        let mut out = Output::new();
        sweep(&mut best[2], &chunks, |chunk| hand_walking(chunk, &table, &mut out));
        if round % 4 == 0 {
            let (mut cells, mut posted) = fresh();
            sweep(&mut best[3], &chunks, |chunk| decimals(chunk, &decimal_table, &mut cells, &mut posted));
        }
        compile = nanos(|| drop(black_box(Jit::new(plan.clone())))).min(compile);
        analyse = nanos(|| drop(black_box(price_ir::scale::scales(&plan)))).min(analyse);
    }
    let [machine, counting, walking, slow] = best.map(|chunks| chunks.iter().sum::<u128>());
    let hand = counting.min(walking);
    let per_event = |nanos: u128| ratio(nanos, events as u128);
    let crossing = ratio(crossings as u128 * 100, events as u128);
    println!(
        "graduated, 5 tiers x {REGIONS} regions, {CELLS} cells, {per_cell} events each, {crossing}% cross a bound"
    );
    println!("best of {ROUNDS} interleaved rounds for each {CHUNK} events");
    println!("  machine code from the plan      {:>8} ns/event", per_event(machine));
    println!("  by hand, counting bounds        {:>8} ns/event", per_event(counting));
    println!("  by hand, walking tiers          {:>8} ns/event", per_event(walking));
    println!("  rust_decimal, loop over tiers   {:>8} ns/event", per_event(slow));
    println!("  machine code / best by hand     {:>8} x", ratio(machine, hand));
    println!("  rust_decimal / machine code     {:>8} x", ratio(slow, machine));
    println!("  compiling the plan              {:>8} us", ratio(compile, 1000));
    println!("    of which finding the scales   {:>8} us", ratio(analyse, 1000));
    println!();
}

fn main() {
    for per_cell in [250, 25] {
        compare(per_cell);
    }

    let per_cell = 250;
    let plan = Arc::new(plan(per_cell));
    let jit = Jit::new(plan.clone()).expect("the plan compiles");
    let denominator = jit.posting_denominator(LineIx(0)).expect("the line has a fused path");
    let (table, decimal_table) = (tiers(denominator, per_cell), decimal_tiers(per_cell));
    let chunk = &input(CHUNK)[0];
    let rate = |out: &mut Output| {
        let Output { cells, posted, status } = out;
        assert!(jit.rate(LineIx(0), &chunk.batch, &chunk.base, cells, posted, status));
    };
    let fresh = || (vec![Decimal::ZERO; CELLS], vec![Decimal::ZERO; CHUNK]);
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let mut group = criterion.benchmark_group("graduated");
    group.throughput(Throughput::Elements(CHUNK as u64));
    group.bench_function("machine code", |b| b.iter_batched_ref(Output::new, rate, BatchSize::LargeInput));
    group.bench_function("by hand, counting", |b| {
        b.iter_batched_ref(Output::new, |out| hand_counting(chunk, &table, out), BatchSize::LargeInput)
    });
    group.bench_function("by hand, walking", |b| {
        b.iter_batched_ref(Output::new, |out| hand_walking(chunk, &table, out), BatchSize::LargeInput)
    });
    group.bench_function("rust_decimal", |b| {
        let run = |(cells, posted): &mut (Vec<Decimal>, Vec<Decimal>)| decimals(chunk, &decimal_table, cells, posted);
        b.iter_batched_ref(fresh, run, BatchSize::LargeInput)
    });
    group.finish();
    criterion.bench_function("compile a plan", |b| b.iter(|| Jit::new(plan.clone())));
    criterion.final_summary();
}
