//! Expressions, conditions and ladders: what they may read, and their size.

use super::Verifier;
use crate::func::{Cond, Expr, Ladder};
use crate::limits;
use crate::plan::{Event, FieldIx, FieldType, KeyIx, KeySource, Sink};

/// What a function may read.
#[derive(Clone, Copy)]
pub(super) enum Reads<'a> {
    /// The event row of a sink, the labels of its first `keys` keys, and `Arg` where `arg`.
    Row { sink: &'a Sink, event: &'a Event, keys: usize, arg: bool },
    /// `Arg` alone.
    Quantity,
}

/// One function while it is walked.
struct Walk<'a, 'b> {
    at: &'b str,
    reads: Reads<'a>,
    nodes: usize,
    /// The limit was reached and said.
    full: bool,
}

impl<'p> Verifier<'p> {
    pub(super) fn function(&mut self, at: &str, reads: Reads<'p>, expr: &Expr) {
        let mut walk = Walk { at, reads, nodes: 0, full: false };
        self.expr(&mut walk, expr, 0);
        self.nodes += walk.nodes;
    }

    pub(super) fn condition(&mut self, at: &str, reads: Reads<'p>, cond: &Cond) {
        let mut walk = Walk { at, reads, nodes: 0, full: false };
        self.cond(&mut walk, cond, 0);
        self.nodes += walk.nodes;
    }

    /// Whether there is room for `nodes` more at this depth.
    fn enter(&mut self, walk: &mut Walk<'p, '_>, nodes: usize, depth: usize) -> bool {
        walk.nodes = walk.nodes.saturating_add(nodes);
        if depth >= limits::EXPR_DEPTH {
            self.say(walk.at, format_args!("more than {} expressions inside one another", limits::EXPR_DEPTH));
            return false;
        }
        let full = walk.nodes > limits::EXPR_NODES || self.nodes + walk.nodes > limits::PLAN_NODES;
        if full && !walk.full {
            self.say(walk.at, "the function is too large");
        }
        walk.full = full;
        !full
    }

    fn expr(&mut self, walk: &mut Walk<'p, '_>, expr: &Expr, depth: usize) {
        if !self.enter(walk, 1, depth) {
            return;
        }
        let depth = depth + 1;
        match expr {
            Expr::Const(value) => self.literal(walk.at, value),
            Expr::Field(field) => self.numeric(walk, *field),
            Expr::OrElse(field, value) => {
                self.numeric(walk, *field);
                self.literal(walk.at, value);
            }
            Expr::Family(field) => self.family(walk, *field),
            Expr::Arg => {
                if matches!(walk.reads, Reads::Row { arg: false, .. }) {
                    self.say(walk.at, "there is no quantity to read");
                }
            }
            Expr::Add(parts) => parts.iter().for_each(|part| self.expr(walk, part, depth)),
            Expr::Min(parts) | Expr::Max(parts) => {
                if parts.is_empty() {
                    self.say(walk.at, "the least or greatest of nothing");
                }
                parts.iter().for_each(|part| self.expr(walk, part, depth));
            }
            Expr::Mul(a, b) => {
                self.expr(walk, a, depth);
                self.expr(walk, b, depth);
                if matches!(walk.reads, Reads::Quantity) && reads_arg(a) && reads_arg(b) {
                    self.say(walk.at, "a quantity is multiplied by itself");
                }
            }
            Expr::Round(value, rounding) => {
                self.rounding(walk.at, rounding);
                self.expr(walk, value, depth);
            }
            Expr::Ladder(value, ladder) => {
                if self.enter(walk, ladder.pieces.len(), depth) {
                    self.ladder(walk.at, ladder);
                }
                self.expr(walk, value, depth);
            }
            Expr::If(cond, then, otherwise) => {
                self.cond(walk, cond, depth);
                self.expr(walk, then, depth);
                self.expr(walk, otherwise, depth);
            }
            Expr::ByKey(key, arms) => {
                if let Some(size) = self.key(walk, *key)
                    && size as usize != arms.len()
                {
                    self.say(walk.at, format_args!("{} arms for {size} labels", arms.len()));
                }
                arms.iter().for_each(|arm| self.expr(walk, arm, depth));
            }
        }
    }

    fn cond(&mut self, walk: &mut Walk<'p, '_>, cond: &Cond, depth: usize) {
        if !self.enter(walk, 1, depth) {
            return;
        }
        let depth = depth + 1;
        match cond {
            Cond::Always => {}
            Cond::Label(key, labels) => {
                self.count(walk.at, "labels", labels.len(), limits::LABELS);
                if !labels.is_sorted_by(|a, b| a < b) {
                    self.say(walk.at, "labels of a condition are sorted, each of them once");
                }
                if let Some(size) = self.key(walk, *key)
                    && labels.iter().any(|label| *label >= size)
                {
                    self.say(walk.at, "a condition names a label that the dimension lacks");
                }
            }
            Cond::Text(field, text) => {
                self.length(walk.at, text);
                self.field_is(walk, *field, "a text", |ty| *ty == FieldType::Text);
            }
            Cond::Flag(field) => self.field_is(walk, *field, "a flag", |ty| *ty == FieldType::Flag),
            Cond::Present(field) => self.field_is(walk, *field, "one value", |ty| !matches!(ty, FieldType::Family(..))),
            Cond::Compare(a, _, b) => {
                self.expr(walk, a, depth);
                self.expr(walk, b, depth);
            }
            Cond::All(parts) | Cond::Any(parts) => parts.iter().for_each(|part| self.cond(walk, part, depth)),
            Cond::Not(part) => self.cond(walk, part, depth),
        }
    }

    fn numeric(&mut self, walk: &Walk<'p, '_>, field: FieldIx) {
        self.field_is(walk, field, "a number", |ty| matches!(ty, FieldType::Number(_)));
    }

    fn family(&mut self, walk: &Walk<'p, '_>, field: FieldIx) {
        self.field_is(walk, field, "a family", |ty| matches!(ty, FieldType::Family(..)));
        if let Reads::Row { sink, event, .. } = walk.reads
            && let Some(FieldType::Family(dim, _)) = event.fields.get(field.ix()).map(|f| &f.ty)
            && !sink.keys.iter().any(|key| matches!(key.source, KeySource::Family(_)) && key.dim == *dim)
        {
            self.say(walk.at, "a family is read in a sink that does not count once per label of it");
        }
    }

    fn field_is(&mut self, walk: &Walk<'p, '_>, field: FieldIx, what: &str, is: impl Fn(&FieldType) -> bool) {
        match walk.reads {
            Reads::Quantity => self.say(walk.at, "a function of a quantity reads an event"),
            Reads::Row { event, .. } => {
                if self.index(walk.at, "field", field.0, event.fields.len()) && !is(&event.fields[field.ix()].ty) {
                    self.say(walk.at, format_args!("field `{}` is not {what}", event.fields[field.ix()].name));
                }
            }
        }
    }

    /// The size of a key's closed dimension.
    fn key(&mut self, walk: &Walk<'p, '_>, key: KeyIx) -> Option<u32> {
        let Reads::Row { sink, keys, .. } = walk.reads else {
            self.say(walk.at, "a function of a quantity reads a label");
            return None;
        };
        if !self.index(walk.at, "key to read here", key.0, keys) {
            return None;
        }
        let size = self.plan.dimensions[sink.keys[key.ix()].dim.ix()].size();
        if size.is_none() {
            self.say(walk.at, "labels of an open dimension have no codes to choose by");
        }
        size
    }

    fn ladder(&mut self, at: &str, ladder: &Ladder) {
        self.literal(at, &ladder.at_zero);
        if ladder.pieces.first().is_none_or(|piece| !piece.from.is_zero()) {
            self.say(at, "the first piece of a ladder is from 0");
        }
        if !ladder.pieces.is_sorted_by(|a, b| a.from < b.from) {
            self.say(at, "bounds of a ladder increase");
        }
        for piece in &ladder.pieces {
            self.literal(at, &piece.from);
            self.literal(at, &piece.value);
            self.literal(at, &piece.slope);
            if let Some(step) = &piece.step {
                self.positive(at, "a step of a ladder", step);
            }
        }
    }
}

fn reads_arg(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |part| found |= *part == Expr::Arg);
    found
}
