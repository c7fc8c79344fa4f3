//! Random expressions, conditions and ladders that the verifier accepts.

use super::Rng;
use price_ir::func::Order;
use price_ir::{Cond, DimensionKind, Event, Expr, FieldIx, FieldType, Key, KeyIx, Ladder, LadderKind, Piece, Plan};
use price_value::{Rational, Rounding, RoundingMode};

/// What a generated function may read.
pub(super) struct Reads<'a> {
    pub plan: &'a Plan,
    /// The event of the sink; `None` in functions of a quantity.
    pub event: Option<&'a Event>,
    pub keys: &'a [Key],
    pub arg: bool,
    /// Products of two run-time factors that may still be made: more than one needs more bits
    /// than bounded engines have.
    pub products: u32,
}

impl Reads<'_> {
    fn fields(&self, is: impl Fn(&FieldType) -> bool) -> Vec<FieldIx> {
        let fields = self.event.map_or(&[][..], |event| &event.fields);
        (0..).zip(fields).filter(|(_, field)| is(&field.ty)).map(|(index, _)| FieldIx(index)).collect()
    }

    /// Keys whose labels have codes, with the number of labels.
    fn closed_keys(&self) -> Vec<(KeyIx, u32)> {
        let size = |key: &Key| self.plan.dimensions[key.dim.ix()].size();
        (0..).zip(self.keys).filter_map(|(index, key)| Some((KeyIx(index), size(key)?))).collect()
    }

    /// Families over the dimension that the sink is unrolled to.
    fn families(&self) -> Vec<FieldIx> {
        let unrolled = self.keys.iter().find(|key| matches!(key.source, price_ir::KeySource::Family(_)));
        unrolled.map_or(Vec::new(), |key| self.fields(|ty| matches!(ty, FieldType::Family(dim, _) if *dim == key.dim)))
    }
}

/// An expression of at most `depth` levels.
pub(super) fn expr(rng: &mut Rng, reads: &mut Reads<'_>, depth: usize) -> Expr {
    if depth == 0 || rng.chance(20) {
        return leaf(rng, reads);
    }
    let below = depth - 1;
    match rng.below(if reads.event.is_some() { 13 } else { 10 }) {
        0 => {
            let parts = rng.within(1, 3);
            Expr::Add((0..parts).map(|_| expr(rng, reads, below)).collect())
        }
        1 => Expr::Mul(Box::new(Expr::Const(rng.literal())), Box::new(expr(rng, reads, below))),
        2 if reads.products > 0 => {
            reads.products -= 1;
            Expr::Mul(Box::new(expr(rng, reads, below)), Box::new(expr(rng, reads, below)))
        }
        2 | 3 => {
            let parts = rng.within(1, 3);
            Expr::Min((0..parts).map(|_| expr(rng, reads, below)).collect())
        }
        4 => {
            let parts = rng.within(1, 3);
            Expr::Max((0..parts).map(|_| expr(rng, reads, below)).collect())
        }
        5 => Expr::Round(Box::new(expr(rng, reads, below)), rounding(rng)),
        6 => {
            let cond = cond(rng, reads, below);
            Expr::If(Box::new(cond), Box::new(expr(rng, reads, below)), Box::new(expr(rng, reads, below)))
        }
        7..=10 => Expr::Ladder(Box::new(expr(rng, reads, below)), ladder(rng)),
        _ => match reads.closed_keys() {
            keys if keys.is_empty() => leaf(rng, reads),
            keys => {
                let (key, size) = *rng.pick(&keys);
                Expr::ByKey(key, (0..size).map(|_| expr(rng, reads, below / 2)).collect())
            }
        },
    }
}

fn leaf(rng: &mut Rng, reads: &Reads<'_>) -> Expr {
    let numbers = reads.fields(|ty| matches!(ty, FieldType::Number(_)));
    let families = reads.families();
    if reads.arg && rng.chance(50) {
        return Expr::Arg;
    }
    if !families.is_empty() && rng.chance(40) {
        return Expr::Family(*rng.pick(&families));
    }
    if !numbers.is_empty() && rng.chance(70) {
        let field = *rng.pick(&numbers);
        return if rng.chance(25) { Expr::OrElse(field, rng.literal()) } else { Expr::Field(field) };
    }
    Expr::Const(if rng.chance(10) { -rng.literal() } else { rng.literal() })
}

/// A condition of at most `depth` levels.
pub(super) fn cond(rng: &mut Rng, reads: &mut Reads<'_>, depth: usize) -> Cond {
    if depth > 0 && rng.chance(40) {
        let parts = rng.within(0, 3);
        return match rng.below(3) {
            0 => Cond::All((0..parts).map(|_| cond(rng, reads, depth - 1)).collect()),
            1 => Cond::Any((0..parts).map(|_| cond(rng, reads, depth - 1)).collect()),
            _ => Cond::Not(Box::new(cond(rng, reads, depth - 1))),
        };
    }
    let texts = reads.fields(|ty| *ty == FieldType::Text);
    let flags = reads.fields(|ty| *ty == FieldType::Flag);
    let single = reads.fields(|ty| !matches!(ty, FieldType::Family(..)));
    match rng.below(6) {
        0 if !texts.is_empty() => Cond::Text(*rng.pick(&texts), (*rng.pick(super::TEXTS)).into()),
        1 if !flags.is_empty() => Cond::Flag(*rng.pick(&flags)),
        2 if !single.is_empty() => Cond::Present(*rng.pick(&single)),
        3 => label_cond(rng, reads),
        _ => {
            let orders = [Order::Equal, Order::NotEqual, Order::Less, Order::AtMost, Order::Greater, Order::AtLeast];
            let order = *rng.pick(&orders);
            let left = expr(rng, reads, depth.min(1));
            let right = if rng.chance(70) { Expr::Const(rng.bound()) } else { expr(rng, reads, depth.min(1)) };
            Cond::Compare(Box::new(left), order, Box::new(right))
        }
    }
}

/// A condition on a label, or `always` where no label can be asked for.
pub(super) fn label_cond(rng: &mut Rng, reads: &Reads<'_>) -> Cond {
    let keys = if reads.event.is_some() { reads.closed_keys() } else { Vec::new() };
    if keys.is_empty() {
        return Cond::Always;
    }
    let (key, size) = *rng.pick(&keys);
    Cond::Label(key, (0..size).filter(|_| rng.chance(70)).collect())
}

pub(super) fn rounding(rng: &mut Rng) -> Rounding {
    let modes = [RoundingMode::HalfUp, RoundingMode::HalfEven, RoundingMode::Up, RoundingMode::Down];
    Rounding { mode: *rng.pick(&modes), step: rng.step() }
}

/// A ladder of any kind: continuous, with jumps, with steps, with a value at zero.
pub(super) fn ladder(rng: &mut Rng) -> Ladder {
    if rng.chance(20) {
        return Ladder::linear(rng.literal());
    }
    let kind = *rng.pick(&[LadderKind::Graduated, LadderKind::Volume, LadderKind::Stairstep]);
    let mut bounds: Vec<Rational> = (0..rng.within(0, 4)).map(|_| rng.bound()).collect();
    bounds.push(Rational::ZERO);
    bounds.sort();
    bounds.dedup();
    let mut pieces: Vec<Piece> = Vec::new();
    for from in bounds {
        let slope = if kind == LadderKind::Stairstep { Rational::ZERO } else { rng.literal() };
        let value = match kind {
            LadderKind::Graduated => pieces.last().map_or(Rational::ZERO, |last| last.eval(&from)),
            LadderKind::Volume => &slope * &from,
            LadderKind::Stairstep => rng.literal(),
        };
        let flat = if rng.chance(20) { rng.literal() } else { Rational::ZERO };
        let step = rng.chance(20).then(|| rng.step());
        pieces.push(Piece { from, value: value + flat, slope, step });
    }
    let at_zero = if rng.chance(15) { rng.literal() } else { Rational::ZERO };
    Ladder { kind, at_zero, pieces, odd: rng.chance(30) }
}

/// What most contracts say: rates in decimals, whole bounds, each unit at its own tier's rate.
pub(super) fn plain_ladder(rng: &mut Rng) -> Ladder {
    let mut bounds: Vec<Rational> = (0..rng.within(0, 3)).map(|_| rng.bound().ceil()).collect();
    bounds.push(Rational::ZERO);
    bounds.sort();
    bounds.dedup();
    let mut pieces: Vec<Piece> = Vec::new();
    for from in bounds {
        let slope = Rational::new(rng.below(5000).into(), 1000);
        let value = pieces.last().map_or(Rational::ZERO, |last| last.eval(&from));
        pieces.push(Piece { from, value, slope, step: None });
    }
    Ladder { kind: LadderKind::Graduated, at_zero: Rational::ZERO, pieces, odd: rng.chance(30) }
}

/// An expression over buckets, never too deep for its sink.
pub(super) fn bucketed(rng: &mut Rng, reads: &mut Reads<'_>) -> Expr {
    match reads.plan.dimensions.iter().any(|d| matches!(d.kind, DimensionKind::Buckets { .. })) {
        true => expr(rng, reads, 1),
        false => Expr::Const(Rational::ZERO),
    }
}
