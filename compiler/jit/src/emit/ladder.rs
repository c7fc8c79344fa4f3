//! Ladders: the rung of the argument, then its line.

use super::{Emit, Num, Numbers};
use crate::shape::{has_steps, rung_table};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use price_ir::Fault;
use price_ir::scale::{Negative, Rung, Rungs, Scaled};
use price_value::RoundingMode;

/// Ladders of at most this many rungs are compared rung by rung in code.
const SHORT: usize = 6;

/// An argument on its way through a ladder.
struct Climb {
    /// The argument, not negative.
    n: Value,
    /// What bounds are compared with.
    height: Value,
    /// The run-time divisor, where the argument is divided by one.
    divisor: Option<Value>,
    wide: bool,
    /// Takes the value.
    done: Block,
}

impl Emit<'_, '_> {
    /// A ladder's value at the number of `of`.
    pub fn ladder(&mut self, node: &Scaled, of: &Scaled, rungs: &Rungs) -> Num {
        let wide = node.wide;
        let n = self.expr(of);
        let mut n = self.cast(n, wide);
        let mut sign = None;
        match rungs.negative {
            Negative::Never => {}
            Negative::Refuse => {
                let zero = self.constant(0, wide);
                let below = self.compare(IntCC::SignedLessThan, n, zero);
                self.fault_if(below, Fault::NegativeQuantity as u8);
            }
            Negative::Mirror => {
                let s = self.sign(n, wide);
                n = self.mirrored(n, s);
                sign = Some(s);
            }
        }
        let mut height = n;
        if rungs.fine != 1 {
            let fine = self.number(node, 0, rungs.fine, wide);
            height = self.times(n, fine);
        }
        let divisor = of.divided.then(|| self.divisor_as(wide));
        let (done, mut value) = self.meeting(wide);
        let climb = Climb { n, height, divisor, wide, done };
        let single = rungs.rungs.len() <= SHORT;
        match (&self.numbers, single) {
            (Numbers::Code, true) => self.climb_in_code(rungs, &climb),
            _ => self.climb_in_table(node, rungs, &climb),
        }
        self.begin(done);
        if let Some(sign) = sign {
            value = self.mirrored(value, sign);
        }
        self.result(node, value, wide)
    }

    fn climb_in_code(&mut self, rungs: &Rungs, climb: &Climb) {
        // From the highest rung down: the first whose bound lies below.
        for rung in rungs.rungs.iter().rev() {
            let mut bound = self.constant(rung.bound, climb.wide);
            if let (Some(divisor), false) = (climb.divisor, rung.bound == 0) {
                bound = self.times(bound, divisor);
            }
            let (here, lower) = (self.block(), self.block());
            let above = self.compare(IntCC::SignedLessThan, bound, climb.height);
            self.b.ins().brif(above, here, &[], lower, &[]);
            self.begin(here);
            let value = self.line(rung, climb);
            self.bring(climb.done, value);
            self.begin(lower);
        }
        let mut at_zero = self.constant(rungs.at_zero, climb.wide);
        if let (Some(divisor), false) = (climb.divisor, rungs.at_zero == 0) {
            at_zero = self.times(at_zero, divisor);
        }
        self.bring(climb.done, at_zero);
    }

    fn line(&mut self, rung: &Rung, climb: &Climb) -> Value {
        let wide = climb.wide;
        let slope = self.constant(rung.slope, wide);
        let value = self.constant(rung.value, wide);
        let counted = match &rung.steps {
            None => climb.n,
            Some(steps) => {
                let mul = self.constant(steps.mul, wide);
                let offset = self.constant(steps.offset, wide);
                let div = self.constant(steps.div, wide);
                self.steps(climb, mul, offset, div)
            }
        };
        let rise = if rung.slope == 1 { counted } else { self.times(counted, slope) };
        if rung.value == 0 { rise } else { self.raised(climb, rise, value) }
    }

    fn raised(&mut self, climb: &Climb, rise: Value, value: Value) -> Value {
        let value = match climb.divisor {
            Some(divisor) => self.times(value, divisor),
            None => value,
        };
        self.b.ins().iadd(rise, value)
    }

    /// Started steps, times the divisor where there is one.
    fn steps(&mut self, climb: &Climb, mul: Value, offset: Value, div: Value) -> Value {
        let numer = self.times(climb.n, mul);
        let (offset, div) = match climb.divisor {
            Some(divisor) => (self.times(offset, divisor), self.times(div, divisor)),
            None => (offset, div),
        };
        let numer = self.b.ins().isub(numer, offset);
        let count = self.divided(numer, div, RoundingMode::Up, climb.wide);
        match climb.divisor {
            Some(divisor) => self.times(count, divisor),
            None => count,
        }
    }

    fn climb_in_table(&mut self, node: &Scaled, rungs: &Rungs, climb: &Climb) {
        let wide = climb.wide;
        let word = if wide { 16 } else { 8 };
        let stepped = has_steps(rungs);
        let record = word * if stepped { 6 } else { 3 };
        let (table, count) = match &self.numbers {
            Numbers::Code => (self.pool.place(rung_table(rungs, wide)) as i128, rungs.rungs.len() as i128),
            Numbers::Row(..) => (0, 0),
        };
        let table = self.number(node, 1, table, false);
        let table = self.b.ins().iadd(self.base, table);
        let count = self.number(node, 2, count, false);
        let bounds = self.b.ins().iadd_imm_u(table, record);
        let height = Num { v: climb.height, wide };
        let index = self.below(bounds, count, record, height, climb.divisor);
        let at = self.b.ins().imul_imm_u(index, record);
        let at = self.b.ins().iadd(table, at);
        let part = |i: i64| (i * word) as i32;
        let slope = self.load(at, part(1), wide);
        let value = self.load(at, part(2), wide);
        let counted = if stepped {
            let mul = self.load(at, part(3), wide);
            let (plain, counts) = (self.block(), self.block());
            let (met, counted) = self.meeting(wide);
            let zero = self.constant(0, wide);
            let none = self.compare(IntCC::Equal, mul, zero);
            self.b.ins().brif(none, plain, &[], counts, &[]);
            self.begin(plain);
            self.bring(met, climb.n);
            self.begin(counts);
            let offset = self.load(at, part(4), wide);
            let div = self.load(at, part(5), wide);
            let count = self.steps(climb, mul, offset, div);
            self.bring(met, count);
            self.begin(met);
            counted
        } else {
            climb.n
        };
        let rise = self.times(counted, slope);
        let value = self.raised(climb, rise, value);
        self.bring(climb.done, value);
    }
}
