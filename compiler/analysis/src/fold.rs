//! Building functions with constants folded, so that equal prices become equal functions.

use price_ir::{Expr, Ladder};
use price_value::Rational;

/// `a + b`.
pub fn add(a: Expr, b: Expr) -> Expr {
    let mut parts = Vec::new();
    let mut constant = Rational::ZERO;
    for part in [a, b] {
        match part {
            Expr::Add(inner) => parts.extend(inner),
            other => parts.push(other),
        }
    }
    parts.retain(|part| match part {
        Expr::Const(value) => {
            constant += value;
            false
        }
        _ => true,
    });
    if !constant.is_zero() {
        parts.push(Expr::Const(constant));
    }
    match parts.len() {
        0 => Expr::Const(Rational::ZERO),
        1 => parts.swap_remove(0),
        _ => Expr::Add(parts),
    }
}

/// `a · b`.
pub fn mul(a: Expr, b: Expr) -> Expr {
    match (a, b) {
        (Expr::Const(x), Expr::Const(y)) => Expr::Const(x * y),
        (Expr::Const(x), other) | (other, Expr::Const(x)) => scale(&x, other),
        (x, y) => Expr::Mul(Box::new(x), Box::new(y)),
    }
}

/// `factor · e`, pushed into constants and ladders.
pub fn scale(factor: &Rational, e: Expr) -> Expr {
    if *factor == Rational::ONE {
        return e;
    }
    if factor.is_zero() {
        return Expr::Const(Rational::ZERO);
    }
    match e {
        Expr::Const(value) => Expr::Const(&value * factor),
        Expr::Mul(a, b) if matches!(*a, Expr::Const(_)) => scale_product(factor, *a, *b),
        Expr::Add(parts) => Expr::Add(parts.into_iter().map(|p| scale(factor, p)).collect()),
        Expr::Ladder(of, ladder) => Expr::Ladder(of, scale_ladder(factor, ladder)),
        Expr::Max(parts) if factor.is_positive() => Expr::Max(parts.into_iter().map(|p| scale(factor, p)).collect()),
        Expr::Min(parts) if factor.is_positive() => Expr::Min(parts.into_iter().map(|p| scale(factor, p)).collect()),
        other => Expr::Mul(Box::new(Expr::Const(factor.clone())), Box::new(other)),
    }
}

fn scale_product(factor: &Rational, constant: Expr, rest: Expr) -> Expr {
    match constant {
        Expr::Const(value) => {
            let product = &value * factor;
            if product == Rational::ONE { rest } else { Expr::Mul(Box::new(Expr::Const(product)), Box::new(rest)) }
        }
        other => Expr::Mul(Box::new(other), Box::new(rest)),
    }
}

fn scale_ladder(factor: &Rational, mut ladder: Ladder) -> Ladder {
    ladder.at_zero = &ladder.at_zero * factor;
    for piece in &mut ladder.pieces {
        piece.value = &piece.value * factor;
        piece.slope = &piece.slope * factor;
    }
    ladder
}

/// Number of nodes, counted up to `limit`.
pub fn size(e: &Expr, limit: usize) -> usize {
    let mut nodes = 0;
    e.walk(&mut |e| {
        nodes += match e {
            Expr::Ladder(_, ladder) => 1 + ladder.pieces.len(),
            _ => 1,
        }
    });
    nodes.min(limit + 1)
}

/// The granularity of an expression: every value it takes is a whole multiple of this.
/// `fields` gives that of each field; `arg` that of the argument. Zero when the value is always 0.
pub fn granularity(e: &Expr, fields: &dyn Fn(price_ir::FieldIx) -> Rational, arg: &Rational) -> Rational {
    match e {
        Expr::Const(value) => value.abs(),
        Expr::Field(ix) | Expr::Family(ix) => fields(*ix),
        Expr::OrElse(ix, value) => gcd(&fields(*ix), &value.abs()),
        Expr::Arg => arg.clone(),
        Expr::Add(parts) | Expr::Min(parts) | Expr::Max(parts) | Expr::ByKey(_, parts) => {
            parts.iter().fold(Rational::ZERO, |g, p| gcd(&g, &granularity(p, fields, arg)))
        }
        Expr::Mul(a, b) => granularity(a, fields, arg) * granularity(b, fields, arg),
        Expr::Round(_, rounding) => rounding.step.clone(),
        Expr::If(_, a, b) => gcd(&granularity(a, fields, arg), &granularity(b, fields, arg)),
        Expr::Ladder(of, ladder) => {
            let of = granularity(of, fields, arg);
            let mut g = ladder.at_zero.abs();
            for piece in &ladder.pieces {
                g = gcd(&g, &piece.value.abs());
                let step = match &piece.step {
                    Some(step) => step.clone(),
                    None => gcd(&of, &piece.from),
                };
                g = gcd(&g, &(&piece.slope.abs() * &step));
            }
            g
        }
    }
}

/// Greatest common divisor of two rationals: the largest value both are whole multiples of.
pub fn gcd(a: &Rational, b: &Rational) -> Rational {
    if a.is_zero() {
        return b.clone();
    }
    if b.is_zero() {
        return a.clone();
    }
    let (mut x, mut y) = (a.clone(), b.clone());
    while !y.is_zero() {
        let quotient = (&x / &y).floor();
        let rest = &x - &(&quotient * &y);
        x = y;
        y = rest;
    }
    x
}
