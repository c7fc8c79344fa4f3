//! Functions that differ only in their numbers share code: the shape of a function, and its
//! numbers as a row of constants.

use crate::pool::{Pool, push};
use price_ir::func::Order;
use price_ir::scale::{Negative, Op, Raw, Rungs, Scaled, Test};
use std::collections::HashMap;

/// Which constant of a node.
pub(crate) type Slot = (usize, u8);

/// A function taken apart.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    /// Equal for functions that may share code.
    pub tokens: Vec<u64>,
    /// The function's numbers.
    pub numbers: Vec<i128>,
    /// Where in `numbers` a node's constant is, by the address of the node.
    pub slots: HashMap<Slot, usize>,
}

/// The address of a node, its name while its tree lives.
pub(crate) fn name(node: &Scaled) -> usize {
    std::ptr::from_ref(node).addr()
}

/// The words of a ladder's table: one record per rung, the value at zero first.
pub(crate) fn rung_table(rungs: &Rungs, wide: bool) -> Vec<u64> {
    let steps = has_steps(rungs);
    let mut words = Vec::new();
    let mut record = |bound, slope, value, more: (i128, i128, i128)| {
        for number in [bound, slope, value] {
            push(&mut words, number, wide);
        }
        if steps {
            for number in [more.0, more.1, more.2] {
                push(&mut words, number, wide);
            }
        }
    };
    record(0, 0, rungs.at_zero, (0, 0, 1));
    for rung in &rungs.rungs {
        let more = rung.steps.as_ref().map_or((0, 0, 1), |s| (s.mul, s.offset, s.div));
        record(rung.bound, rung.slope, rung.value, more);
    }
    words
}

/// Whether some rung counts started steps.
pub(crate) fn has_steps(rungs: &Rungs) -> bool {
    rungs.rungs.iter().any(|r| r.steps.is_some())
}

/// The words of a table of constants, if all arms are.
pub(crate) fn const_table(arms: &[Scaled], wide: bool) -> Option<Vec<u64>> {
    let mut words = Vec::with_capacity(arms.len());
    for arm in arms {
        let Op::Const(n) = arm.op else { return None };
        push(&mut words, n, wide);
    }
    Some(words)
}

impl Shape {
    /// Takes an amount with its quantum apart.
    pub fn of_raw(raw: &Raw, pool: &mut Pool) -> Shape {
        let mut shape = Shape::default();
        shape.expr(&raw.of, pool);
        shape.tokens.extend([u64::from(raw.wide), u64::from(raw.mul == 1), u64::from(raw.div == 1)]);
        shape.number(name(&raw.of), 8, raw.mul);
        shape.number(name(&raw.of), 9, raw.div);
        shape
    }

    /// Takes an expression apart.
    pub fn of(expr: &Scaled, pool: &mut Pool) -> Shape {
        let mut shape = Shape::default();
        shape.expr(expr, pool);
        shape
    }

    fn number(&mut self, node: usize, which: u8, value: i128) {
        self.slots.insert((node, which), self.numbers.len());
        self.numbers.push(value);
    }

    fn all(&mut self, parts: &[Scaled], pool: &mut Pool) {
        self.tokens.push(parts.len() as u64);
        for part in parts {
            self.expr(part, pool);
        }
    }

    fn expr(&mut self, node: &Scaled, pool: &mut Pool) {
        let flags = u64::from(node.wide) | u64::from(node.is_narrow()) << 1 | u64::from(node.divided) << 2;
        let me = name(node);
        let mut head = |code: u64, more: u64| self.tokens.extend([code << 8 | flags, more]);
        match &node.op {
            Op::Const(n) => {
                head(1, 0);
                self.number(me, 0, *n);
            }
            Op::Field(field) => head(2, field.0.into()),
            Op::OrElse(field, factor, other) => {
                head(3, u64::from(field.0) << 1 | u64::from(*factor == 1));
                self.number(me, 0, *factor);
                self.number(me, 1, *other);
            }
            Op::Family(field) => head(4, field.0.into()),
            Op::Arg => head(5, 0),
            Op::Amount => head(6, 0),
            Op::Times(of, factor) => {
                head(7, 0);
                self.number(me, 0, *factor);
                self.expr(of, pool);
            }
            Op::TimesDivisor(of) => {
                head(8, 0);
                self.expr(of, pool);
            }
            Op::Sum(parts) => {
                head(9, 0);
                self.all(parts, pool);
            }
            Op::Product(a, b) => {
                head(10, 0);
                self.expr(a, pool);
                self.expr(b, pool);
            }
            Op::Guard(of) => {
                head(11, 0);
                self.number(me, 0, node.lo);
                self.number(me, 1, node.hi);
                self.expr(of, pool);
            }
            Op::Min(parts) => {
                head(12, 0);
                self.all(parts, pool);
            }
            Op::Max(parts) => {
                head(13, 0);
                self.all(parts, pool);
            }
            Op::Divide { of, mul, div, mode } => {
                head(14, crate::divide::code(*mode) as u64 | u64::from(*mul == 1) << 4);
                self.number(me, 0, *mul);
                self.number(me, 1, *div);
                self.expr(of, pool);
            }
            Op::Ladder(of, rungs) => {
                let negative = match rungs.negative {
                    Negative::Never => 0,
                    Negative::Mirror => 1,
                    Negative::Refuse => 2,
                };
                let more = [rungs.fine == 1, has_steps(rungs), rungs.rungs.len() == 1];
                head(15, negative | more.iter().enumerate().map(|(i, b)| u64::from(*b) << (4 + i)).sum::<u64>());
                self.number(me, 0, rungs.fine);
                self.number(me, 1, pool.place(rung_table(rungs, node.wide)).into());
                self.number(me, 2, rungs.rungs.len() as i128);
                self.expr(of, pool);
            }
            Op::If(test, then, otherwise) => {
                head(16, 0);
                self.test(test, pool);
                self.expr(then, pool);
                self.expr(otherwise, pool);
            }
            Op::ByKey(key, arms) => match const_table(arms, !node.is_narrow()) {
                Some(words) => {
                    head(17, key.0.into());
                    self.number(me, 0, pool.place(words).into());
                }
                None => {
                    head(18, key.0.into());
                    self.all(arms, pool);
                }
            },
            Op::Post(amount, then) => {
                head(19, 0);
                self.expr(amount, pool);
                self.expr(then, pool);
            }
            Op::Floor(of, floor) => {
                head(20, 0);
                self.number(me, 0, *floor);
                self.expr(of, pool);
            }
        }
    }

    fn test(&mut self, test: &Test, pool: &mut Pool) {
        match test {
            Test::Always => self.tokens.push(30),
            Test::Label(key, labels) => {
                self.tokens.extend([31, key.0.into(), labels.len() as u64]);
                self.tokens.extend(labels.iter().map(|l| u64::from(*l)));
            }
            Test::Text(field, text) => {
                self.tokens.extend([32, field.0.into(), text.len() as u64]);
                self.tokens.extend(text.bytes().map(u64::from));
            }
            Test::Flag(field) => self.tokens.extend([33, field.0.into()]),
            Test::Present(field) => self.tokens.extend([34, field.0.into()]),
            Test::Compare(a, order, b) => {
                let order = match order {
                    Order::Equal => 0,
                    Order::NotEqual => 1,
                    Order::Less => 2,
                    Order::AtMost => 3,
                    Order::Greater => 4,
                    Order::AtLeast => 5,
                };
                self.tokens.extend([35, order]);
                self.expr(a, pool);
                self.expr(b, pool);
            }
            Test::All(parts) | Test::Any(parts) => {
                self.tokens.extend([36 + u64::from(matches!(test, Test::Any(_))), parts.len() as u64]);
                for part in parts {
                    self.test(part, pool);
                }
            }
            Test::Not(part) => {
                self.tokens.push(38);
                self.test(part, pool);
            }
        }
    }
}
