//! Charges and ladders as functions of a quantity.

use crate::codes;
use crate::declare::EventDef;
use crate::fold;
use crate::lower::price::BoundScale;
use crate::not_yet;
use crate::types::{Ty, Typer};
use crate::unit::Dims;
use price_diagnostics::{Diagnostic, Fix, Span};
use price_ir::{Expr, Ladder, LadderKind, Piece};
use price_syntax::ast::{self, ClampSide, ExprKind, FlatWhen, TermKind, TierMode};
use price_value::{Currency, Rational, Rounding, RoundingMode, Window};
use std::sync::Arc;

/// What a price function is a function of.
#[derive(Debug, Clone)]
pub struct Quantity {
    /// Its type: a quantity, or money on a money meter.
    pub ty: Ty,
    /// Base units in one unit of the argument.
    pub factor: Rational,
    /// Name of that unit.
    pub unit: String,
    /// The event whose fields may be read: a price on each event.
    pub event: Option<Arc<EventDef>>,
    /// Whether there is an argument at all (a meter's total, or a `measure`).
    pub has_argument: bool,
    /// The measure, for flats that are due also when an allowance covers the event.
    pub measure: Option<Expr>,
    /// Window over which the price is computed.
    pub window: Window,
    /// What the bounds of its tiers are multiples of, where some are.
    pub bounds: Option<BoundScale>,
    /// What is priced, for messages: `the meter storage`.
    pub what: String,
    /// Where it is named.
    pub span: Span,
}

/// Types charges of one currency.
pub struct Charges<'t, 'n> {
    /// Expressions.
    pub typer: &'t mut Typer<'n>,
    /// Currency of the prices.
    pub currency: &'t Currency,
    /// What is priced.
    pub quantity: &'t Quantity,
}

impl Charges<'_, '_> {
    fn error(&mut self, code: price_diagnostics::Code, message: impl Into<String>, span: Span, label: &str) {
        self.typer.report(Diagnostic::error(code, message).at(span, label));
    }

    fn dims(&self) -> Dims {
        match &self.quantity.ty {
            Ty::Quantity(dims) => dims.clone(),
            _ => Dims::none(),
        }
    }

    /// A charge as a function of the argument and the fields; `header` is the `per` of the
    /// table around it.
    pub fn charge(&mut self, charge: &ast::Charge, header: Option<&ast::Per>) -> Option<Expr> {
        let mut sum = Expr::Const(Rational::ZERO);
        for term in &charge.terms {
            let term = self.term(term, header)?;
            sum = fold::add(sum, term);
        }
        for clamp in &charge.clamps {
            if clamp.total {
                self.error(codes::NOT_HERE, "`total` stands behind the charge of a tier", clamp.span, "");
                return None;
            }
            let bound = Expr::Const(self.typer.money(&clamp.amount, &self.currency.code)?);
            sum = match clamp.side {
                ClampSide::Least => Expr::Max(vec![sum, bound]),
                ClampSide::Most => Expr::Min(vec![sum, bound]),
            };
        }
        if let Some(rounded) = &charge.rounded {
            let ty = Ty::Money(self.currency.code.clone());
            let rounding = self.typer.rounding(rounded, &ty, Some(self.currency))?;
            sum = Expr::Round(Box::new(sum), rounding);
        }
        Some(sum)
    }

    fn term(&mut self, term: &ast::ChargeTerm, header: Option<&ast::Per>) -> Option<Expr> {
        match &term.kind {
            TermKind::Free => Some(Expr::Const(Rational::ZERO)),
            TermKind::Flat { amount, when } => {
                let value = self.typer.money(amount, &self.currency.code)?;
                self.flat(value, *when, term.span)
            }
            TermKind::Value(e) => self.value(e, header),
        }
    }

    fn flat(&mut self, value: Rational, when: Option<FlatWhen>, span: Span) -> Option<Expr> {
        if !self.quantity.has_argument {
            return Some(Expr::Const(value));
        }
        let at_zero = if when == Some(FlatWhen::EvenAtZero) { value.clone() } else { Rational::ZERO };
        let of = match (when, &self.quantity.measure) {
            (Some(FlatWhen::AlsoWhenFree), Some(measure)) => measure.clone(),
            (Some(FlatWhen::AlsoWhenFree | FlatWhen::OnlyWhenCharged), None) => {
                let message = "this is said of the flat part of a timed event";
                self.error(codes::NOT_HERE, message, span, "there is no `measure` here");
                return None;
            }
            _ => Expr::Arg,
        };
        let pieces = vec![Piece { from: Rational::ZERO, value, slope: Rational::ZERO, step: None }];
        let ladder = Ladder { kind: LadderKind::Stairstep, at_zero, pieces, odd: false };
        Some(Expr::Ladder(Box::new(of), ladder))
    }

    fn value(&mut self, e: &ast::Expr, header: Option<&ast::Per>) -> Option<Expr> {
        if let ExprKind::Per { value, per } = &e.kind
            && per.started
        {
            return self.started(value, per);
        }
        let value = self.typer.expr(e);
        match &value.ty {
            Ty::Error => None,
            Ty::Rate(code, dims) => {
                self.same_currency(code, e.span)?;
                if !self.quantity.has_argument {
                    self.typer.report(
                        Diagnostic::error(codes::UNIT_MISSING, "a rate needs the quantity it is taken of")
                            .at(e.span, "a rate")
                            .help("add a line `measure FIELD` to this price, or multiply the rate by a field"),
                    );
                    return None;
                }
                self.fits(dims, e.span)?;
                let factor = fold::scale(&self.quantity.factor, value.expr);
                Some(match factor {
                    Expr::Const(slope) => linear(slope),
                    other => fold::mul(other, Expr::Arg),
                })
            }
            Ty::Money(code) => {
                self.same_currency(code, e.span)?;
                if let Some(header) = header {
                    let rate = self.header_rate(value.expr.as_const().cloned(), header, e.span)?;
                    return Some(linear(rate));
                }
                if self.quantity.event.is_some() {
                    if value.expr.as_const().is_some() && self.quantity.has_argument {
                        self.typer.report(
                            Diagnostic::error(codes::UNIT_MISSING, "this amount has no unit")
                                .at(e.span, "per what?")
                                .help("write `per UNIT` for a rate of the measure, or `flat` in front of an amount per event"),
                        );
                        return None;
                    }
                    return Some(value.expr);
                }
                let unit = &self.quantity.unit;
                let mut finding = Diagnostic::error(codes::UNIT_MISSING, "this amount has no unit")
                    .at(e.span, "per what?")
                    .also(self.quantity.span, format!("{} counts {unit}", self.quantity.what));
                if !unit.is_empty() {
                    let end = e.span.after();
                    finding =
                        finding.fix(Fix::replace(format!("add `per {unit}`"), end, format!(" per {unit}"), false));
                }
                self.typer.report(
                    finding.help("write `per UNIT` for a rate, or `flat` in front of an amount for the period"),
                );
                None
            }
            Ty::Ratio => {
                let of_money = matches!(&self.quantity.ty, Ty::Money(code) if *code == self.currency.code);
                match (of_money && self.quantity.has_argument, value.expr) {
                    (true, Expr::Const(share)) => Some(linear(share)),
                    _ => {
                        self.typer.report(
                            Diagnostic::error(codes::TYPE_MISMATCH, "a percentage needs what it is taken of")
                                .at(e.span, "of what?")
                                .help("write `2.9% of FIELD`, or put the price on a meter that counts money"),
                        );
                        None
                    }
                }
            }
            Ty::Number => {
                self.error(codes::UNIT_MISSING, "a price is money: this number has no currency", e.span, "");
                None
            }
            other => {
                let message = format!("a price is money, this is {other}");
                self.error(codes::TYPE_MISMATCH, message, e.span, "");
                None
            }
        }
    }

    fn same_currency(&mut self, code: &str, span: Span) -> Option<()> {
        if code == self.currency.code {
            return Some(());
        }
        let message = format!("this amount is in {code}, the prices here are in {}", self.currency.code);
        self.error(codes::CURRENCY_MISMATCH, message, span, "");
        None
    }

    /// Checks that a rate per `dims` can price the quantity. A trailing `per month` on a price
    /// over months only repeats the window.
    fn fits(&mut self, dims: &Dims, span: Span) -> Option<()> {
        let own = self.dims();
        let extra = dims.times(&own, -1);
        let word = match self.quantity.window {
            Window::Month => "month",
            Window::Quarter => "quarter",
            Window::Year => "year",
            _ => "",
        };
        let is_money = matches!(self.quantity.ty, Ty::Money(_));
        if !is_money && (extra.is_none() || extra == Dims::base(format!("std.units.{word}"))) {
            return Some(());
        }
        let mut finding = Diagnostic::error(codes::UNIT_MISMATCH, "these units do not match")
            .at(span, format!("per {dims}"))
            .also(self.quantity.span, format!("{} counts {own}", self.quantity.what));
        if own == dims.times(&Dims::base("std.units.month".into()), 1) {
            finding =
                finding.help(format!("the meter holds it for a time; did you mean `per {}`?", self.quantity.unit));
        }
        self.typer.report(finding);
        None
    }

    /// Slope per unit of the argument from an amount under a header `per 1M tokens`.
    fn header_rate(&mut self, amount: Option<Rational>, header: &ast::Per, span: Span) -> Option<Rational> {
        let Some(amount) = amount else {
            self.error(codes::TYPE_MISMATCH, "rates of a table are constants", span, "known only at run time");
            return None;
        };
        let (size, dims) = self.typer.per_unit(header)?;
        self.fits(&dims, header.span)?;
        Some(amount * &self.quantity.factor / size)
    }

    fn started(&mut self, value: &ast::Expr, per: &ast::Per) -> Option<Expr> {
        let amount = self.typer.money(value, &self.currency.code)?;
        if !self.quantity.has_argument {
            self.error(
                codes::UNIT_MISSING,
                "a rate needs the quantity it is taken of",
                per.span,
                "add `measure FIELD`",
            );
            return None;
        }
        let (size, dims) = self.typer.per_unit(per)?;
        self.fits(&dims, per.span)?;
        let block = size / &self.quantity.factor;
        let piece = Piece { from: Rational::ZERO, value: Rational::ZERO, slope: amount / &block, step: Some(block) };
        let ladder = Ladder { kind: LadderKind::Graduated, at_zero: Rational::ZERO, pieces: vec![piece], odd: true };
        Some(Expr::Ladder(Box::new(Expr::Arg), ladder))
    }

    /// One function per column of a ladder (one column where none are named); `None` in the
    /// place of a column that is not sold.
    pub fn ladder(&mut self, tiers: &ast::Tiers) -> Option<Vec<Option<Expr>>> {
        let columns = tiers.columns.as_ref().map_or(1, Vec::len);
        let mut rows: Vec<(Option<Rational>, &ast::Tier)> = Vec::new();
        let mut last: Option<(Rational, Span)> = None;
        for entry in &tiers.rows {
            let ast::TierEntry::Tier(tier) = entry else { return None };
            if rows.last().is_some_and(|(bound, _)| bound.is_none()) {
                self.error(codes::TIER_ORDER, "nothing can stand behind `beyond`", tier.span, "never reached");
                return None;
            }
            let bound = match &tier.up_to {
                None => None,
                Some(e) => {
                    let bound = self.bound(e, tier.of.as_ref())?;
                    let floor = last.as_ref().map_or(Rational::ZERO, |(b, _)| b.clone());
                    if bound <= floor {
                        let mut finding =
                            Diagnostic::error(codes::TIER_ORDER, "the bounds of tiers must increase from line to line")
                                .at(e.span, "nothing falls into this tier");
                        if let Some((_, span)) = &last {
                            finding = finding.also(*span, "the tier before ends here");
                        }
                        self.typer.report(finding);
                        return None;
                    }
                    last = Some((bound.clone(), e.span));
                    Some(bound)
                }
            };
            if tier.cells.len() != columns {
                let message = format!("this tier has {} of {columns} columns", tier.cells.len());
                self.error(codes::NOT_EXHAUSTIVE, message, tier.span, "");
                return None;
            }
            rows.push((bound, tier));
        }
        if rows.last().is_none_or(|(bound, _)| bound.is_some()) {
            let span = rows.last().map_or(self.quantity.span, |(_, t)| t.span);
            self.typer.report(
                Diagnostic::error(codes::NOT_EXHAUSTIVE, "usage above the last tier has no price")
                    .at(span, "the last tier must be `beyond`"),
            );
            return None;
        }
        if let (Some(bounds), false) = (&self.quantity.bounds, tiers.mode == TierMode::Graduated) {
            let what = format!("{} tiers with bounds of {}", mode_word(tiers.mode), bounds.name);
            let span = rows.first().map_or(self.quantity.span, |(_, t)| t.span);
            self.typer.report(not_yet(&what, span).help("write `graduated`: each unit at the rate of its own tier"));
            return None;
        }
        let kind = match tiers.mode {
            TierMode::Graduated => LadderKind::Graduated,
            TierMode::Volume => LadderKind::Volume,
            TierMode::Stairstep => LadderKind::Stairstep,
        };
        if !self.quantity.has_argument {
            let span = rows.first().map_or(self.quantity.span, |(_, t)| t.span);
            self.error(codes::UNIT_MISSING, "tiers need the quantity they divide", span, "add `measure FIELD`");
            return None;
        }
        let mut functions = Vec::new();
        for column in 0..columns {
            let mut built = Vec::new();
            let mut sold = true;
            for (bound, tier) in &rows {
                let charge = match &tier.cells[column].kind {
                    ast::CellKind::NotSold => {
                        sold = false;
                        continue;
                    }
                    ast::CellKind::Charge(charge) => charge,
                };
                let rate = self.tier(charge, tiers.per.as_ref(), kind)?;
                let step = match &tier.steps {
                    None => None,
                    Some(quantity) => {
                        let literal = ast::Expr { kind: ExprKind::Quantity(quantity.clone()), span: quantity.span };
                        let dims = self.dims();
                        let step = self.typer.quantity(&literal, &dims)? / &self.quantity.factor;
                        if !step.is_positive() || kind == LadderKind::Stairstep {
                            let message = "steps are above zero and belong to `graduated` and `volume`";
                            self.error(codes::OUT_OF_RANGE, message, quantity.span, "");
                            return None;
                        }
                        // All units are counted in the steps of the tier reached: they have to
                        // begin where its first step does.
                        let from = built.last().and_then(|t: &Tier| t.up_to.clone()).unwrap_or_default();
                        if kind == LadderKind::Volume && !(&from / &step).is_integer() {
                            let message = "the tier begins inside a step: its bound is not a whole number of steps";
                            self.error(codes::OUT_OF_RANGE, message, quantity.span, "");
                            return None;
                        }
                        Some(step)
                    }
                };
                built.push(Tier { up_to: bound.clone(), rate, step });
            }
            if !sold && !built.is_empty() {
                let span = rows.first().map_or(self.quantity.span, |(_, t)| t.span);
                self.error(codes::NOT_EXHAUSTIVE, "a column is `n/a` in every tier or in none", span, "");
                return None;
            }
            functions.push(sold.then(|| Expr::Ladder(Box::new(Expr::Arg), assemble(kind, &built))));
        }
        if let Some(per) = &tiers.per
            && per.started
        {
            let (size, dims) = self.typer.per_unit(per)?;
            self.fits(&dims, per.span)?;
            let rounding = Rounding { mode: RoundingMode::Up, step: size / &self.quantity.factor };
            for function in functions.iter_mut().flatten() {
                if let Expr::Ladder(of, _) = function {
                    **of = Expr::Round(Box::new(Expr::Arg), rounding.clone());
                }
            }
        }
        Some(functions)
    }

    /// A bound in units of the argument; of tiers that are scaled, for one unit of the scale.
    fn bound(&mut self, e: &ast::Expr, of: Option<&ast::BoundOf>) -> Option<Rational> {
        let bounds = self.quantity.bounds.as_ref();
        let found = match (bounds, of) {
            (None, None) => None,
            (Some(bounds), Some(_)) => Some(bounds),
            (Some(bounds), None) => {
                let what = format!("a constant bound in a price with bounds of {}", bounds.name);
                self.typer.report(not_yet(&what, e.span));
                return None;
            }
            (None, Some(of)) => {
                let what = "bounds that are multiples of another measure, in a price that is not on a meter";
                self.typer.report(not_yet(what, of.span));
                return None;
            }
        };
        let value = self.typer.constant(e);
        let (own, per) = (&self.quantity.ty, found.map_or(Rational::ONE, |bounds| bounds.factor.clone()));
        let fits = match (&value.ty, own, found) {
            (Ty::Error, ..) => return None,
            (Ty::Number, Ty::Quantity(dims), None) => dims.is_none(),
            (found, own, None) => found == own,
            (Ty::Ratio | Ty::Number, own, Some(bounds)) => *own == bounds.ty,
            (Ty::Quantity(a), Ty::Quantity(own), Some(BoundScale { ty: Ty::Quantity(b), .. })) => a.times(b, 1) == *own,
            _ => false,
        };
        if fits {
            return Some(value.expr.as_const().cloned()? * per / &self.quantity.factor);
        }
        let missing = matches!(value.ty, Ty::Number) && found.is_none();
        let code = if missing { codes::UNIT_MISSING } else { codes::UNIT_MISMATCH };
        let mut finding = Diagnostic::error(code, "this bound does not measure what is priced")
            .at(e.span, value.ty.to_string())
            .also(self.quantity.span, format!("{} is {own}", self.quantity.what));
        if let (Some(bounds), Some(of)) = (found, of) {
            finding = finding.also(of.span, format!("{} is {}", bounds.name, bounds.ty));
        }
        self.typer.report(finding);
        None
    }

    fn tier(&mut self, charge: &ast::Charge, header: Option<&ast::Per>, kind: LadderKind) -> Option<TierRate> {
        let mut rate = TierRate::default();
        for term in &charge.terms {
            match &term.kind {
                TermKind::Free => {}
                TermKind::Flat { amount, when } => {
                    let value = self.typer.money(amount, &self.currency.code)?;
                    match when {
                        None => {}
                        Some(FlatWhen::EvenAtZero) => rate.even_at_zero = true,
                        Some(_) => {
                            self.error(codes::NOT_HERE, "a tier's flat part is not said to be free", term.span, "");
                            return None;
                        }
                    }
                    rate.flat += &value;
                }
                TermKind::Value(e) => {
                    if kind == LadderKind::Stairstep {
                        rate.flat += &self.typer.money(e, &self.currency.code)?;
                        continue;
                    }
                    match self.value(e, header)? {
                        Expr::Ladder(of, ladder) if *of == Expr::Arg && ladder.is_linear() => {
                            rate.slope += &ladder.pieces[0].slope;
                        }
                        Expr::Const(value) if value.is_zero() => {}
                        _ => {
                            self.error(codes::TYPE_MISMATCH, "the rate of a tier is a constant", e.span, "");
                            return None;
                        }
                    }
                }
            }
        }
        for clamp in &charge.clamps {
            let bound = self.typer.money(&clamp.amount, &self.currency.code)?;
            let slot = match (clamp.side, clamp.total) {
                (ClampSide::Least, false) => &mut rate.least,
                (ClampSide::Least, true) => &mut rate.total_least,
                (ClampSide::Most, false) => &mut rate.most,
                (ClampSide::Most, true) => &mut rate.total_most,
            };
            *slot = Some(bound);
        }
        if let Some(rounded) = &charge.rounded {
            self.error(codes::NOT_HERE, "a tier is rounded by `rounding each tier`", rounded.span, "");
            return None;
        }
        Some(rate)
    }
}

/// `slope · q`.
pub fn linear(slope: Rational) -> Expr {
    if slope.is_zero() {
        return Expr::Const(Rational::ZERO);
    }
    Expr::Ladder(Box::new(Expr::Arg), Ladder::linear(slope))
}

fn mode_word(mode: TierMode) -> &'static str {
    match mode {
        TierMode::Graduated => "graduated",
        TierMode::Volume => "volume",
        TierMode::Stairstep => "stairstep",
    }
}

/// What a tier charges.
#[derive(Debug, Clone, Default)]
struct TierRate {
    slope: Rational,
    flat: Rational,
    even_at_zero: bool,
    least: Option<Rational>,
    most: Option<Rational>,
    total_least: Option<Rational>,
    total_most: Option<Rational>,
}

struct Tier {
    up_to: Option<Rational>,
    rate: TierRate,
    step: Option<Rational>,
}

/// The pieces of a ladder from its tiers.
fn assemble(kind: LadderKind, tiers: &[Tier]) -> Ladder {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut from = Rational::ZERO;
    // Graduated: the value at the end of the tier before.
    let mut reached = Rational::ZERO;
    let mut at_zero = Rational::ZERO;
    for (index, tier) in tiers.iter().enumerate() {
        let rate = &tier.rate;
        if index == 0 && rate.even_at_zero {
            at_zero = rate.flat.clone();
        }
        let piece = match kind {
            LadderKind::Graduated => Piece {
                from: from.clone(),
                value: &reached + &rate.flat,
                slope: rate.slope.clone(),
                step: tier.step.clone(),
            },
            LadderKind::Volume => Piece {
                from: from.clone(),
                value: &rate.flat + &(&rate.slope * &from),
                slope: rate.slope.clone(),
                step: tier.step.clone(),
            },
            LadderKind::Stairstep => {
                Piece { from: from.clone(), value: rate.flat.clone(), slope: Rational::ZERO, step: None }
            }
        };
        let base = if kind == LadderKind::Graduated { reached.clone() } else { Rational::ZERO };
        let shift = |bound: &Option<Rational>| bound.as_ref().map(|b| b + &base);
        let mut parts = vec![piece];
        let end = tier.up_to.as_ref();
        parts = clamp(parts, end, shift(&rate.least), shift(&rate.most));
        parts = clamp(parts, end, rate.total_least.clone(), rate.total_most.clone());
        if let (Some(end), Some(last)) = (end, parts.last()) {
            reached = last.eval(end);
            from = end.clone();
        }
        pieces.extend(parts);
    }
    // Straight joins need no bound of their own.
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match joined.last() {
            Some(before)
                if kind == LadderKind::Graduated
                    && before.step.is_none()
                    && piece.step.is_none()
                    && before.slope == piece.slope
                    && before.eval(&piece.from) == piece.value
                    && tiers.len() == 1 => {}
            _ => joined.push(piece),
        }
    }
    let odd = joined.len() == 1 && joined[0].value.is_zero() && at_zero.is_zero();
    Ladder { kind, at_zero, pieces: joined, odd }
}

/// Cuts pieces where they cross a floor or ceiling. Pieces counted in steps are cut at the
/// first whole step on the other side.
fn clamp(parts: Vec<Piece>, end: Option<&Rational>, least: Option<Rational>, most: Option<Rational>) -> Vec<Piece> {
    let mut parts = parts;
    for (bound, floor) in [(least, true), (most, false)] {
        let Some(bound) = bound else { continue };
        let outside = |value: &Rational| if floor { *value < bound } else { *value > bound };
        let mut cut = Vec::new();
        let count = parts.len();
        for index in 0..count {
            let piece = parts[index].clone();
            let next = if index + 1 < count { Some(parts[index + 1].from.clone()) } else { end.cloned() };
            let flat = |from: Rational| Piece { from, value: bound.clone(), slope: Rational::ZERO, step: None };
            let starts_outside = outside(&piece.value)
                || (piece.value == bound && (piece.slope.is_negative() == floor) && !piece.slope.is_zero());
            if piece.slope.is_zero() {
                cut.push(if outside(&piece.value) { flat(piece.from.clone()) } else { piece });
                continue;
            }
            let mut cross = &piece.from + &((&bound - &piece.value) / &piece.slope);
            if let Some(step) = &piece.step {
                cross = &piece.from + &(((&cross - &piece.from) / step).floor() * step);
            }
            let inside_range = cross > piece.from && next.as_ref().is_none_or(|n| cross < *n);
            if starts_outside {
                cut.push(flat(piece.from.clone()));
                if inside_range {
                    cut.push(Piece { from: cross.clone(), value: piece.eval_value_at(&cross), ..piece });
                } else if cross <= piece.from {
                    // Outside throughout: the flat piece covers it.
                }
            } else {
                cut.push(piece.clone());
                if inside_range {
                    cut.push(flat(cross));
                }
            }
        }
        parts = cut;
    }
    parts
}

trait EvalAt {
    fn eval_value_at(&self, at: &Rational) -> Rational;
}

impl EvalAt for Piece {
    fn eval_value_at(&self, at: &Rational) -> Rational {
        if *at > self.from { self.eval(at) } else { self.value.clone() }
    }
}
