//! Values.

use super::{Emit, Num, Numbers};
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_frontend::Switch;
use price_ir::scale::{Op, Raw, Scaled, narrow};
use price_ir::{Fault, KeyIx};

impl Emit<'_, '_> {
    /// The number of a node; as 64 bits if and only if its range fits.
    pub fn expr(&mut self, node: &Scaled) -> Num {
        let wide = node.wide;
        match &node.op {
            Op::Const(n) => {
                let wide = !node.is_narrow();
                Num { v: self.number(node, 0, *n, wide), wide }
            }
            Op::Field(field) => {
                let v = self.read_int(*field);
                let missing = self.b.ins().icmp_imm_s(IntCC::Equal, v, i64::MIN);
                self.fault_if(missing, Fault::Missing as u8);
                self.result(node, v, false)
            }
            Op::OrElse(field, factor, other) => {
                let v = self.read_int(*field);
                let missing = self.b.ins().icmp_imm_s(IntCC::Equal, v, i64::MIN);
                let wide = !node.is_narrow();
                let mut v = self.cast(Num { v, wide: false }, wide);
                if *factor != 1 {
                    let factor = self.number(node, 0, *factor, wide);
                    v = self.times(v, factor);
                }
                let other = self.number(node, 1, *other, wide);
                Num { v: self.b.ins().select(missing, other, v), wide }
            }
            Op::Family(field) => {
                let v = self.read_family(*field);
                let missing = self.b.ins().icmp_imm_s(IntCC::Equal, v, i64::MIN);
                let zero = self.int(0);
                let v = self.b.ins().select(missing, zero, v);
                self.result(node, v, false)
            }
            Op::Arg => self.fitted(node, self.arg),
            Op::Amount => self.fitted(node, self.amount),
            Op::Times(of, factor) => {
                let of = self.expr(of);
                let of = self.cast(of, wide);
                let factor = self.number(node, 0, *factor, wide);
                let v = self.times(of, factor);
                self.result(node, v, wide)
            }
            Op::TimesDivisor(of) => {
                let of = self.expr(of);
                let of = self.cast(of, wide);
                let divisor = self.divisor_as(wide);
                let v = self.times(of, divisor);
                self.result(node, v, wide)
            }
            Op::Sum(parts) => {
                let mut total = None;
                for part in parts {
                    let part = self.expr(part);
                    let part = self.cast(part, wide);
                    total = Some(match total {
                        Some(total) => self.b.ins().iadd(total, part),
                        None => part,
                    });
                }
                let total = total.unwrap_or_else(|| self.constant(0, wide));
                self.result(node, total, wide)
            }
            Op::Product(a, b) => {
                let a = self.expr(a);
                let b = self.expr(b);
                let (a, b) = (self.cast(a, wide), self.cast(b, wide));
                let v = self.times(a, b);
                self.result(node, v, wide)
            }
            Op::Guard(of) => {
                let of = self.expr(of);
                let lo = self.number(node, 0, node.lo, of.wide);
                let hi = self.number(node, 1, node.hi, of.wide);
                let low = self.compare(IntCC::SignedLessThan, of.v, lo);
                let high = self.compare(IntCC::SignedGreaterThan, of.v, hi);
                let out = self.b.ins().bor(low, high);
                self.fault_if(out, Fault::Overflow as u8);
                self.result(node, of.v, of.wide)
            }
            Op::Min(parts) => self.extreme(node, parts, IntCC::SignedLessThan),
            Op::Max(parts) => self.extreme(node, parts, IntCC::SignedGreaterThan),
            Op::Divide { of, mul, div, mode } => {
                let of = self.expr_of(of);
                let divided = of.1;
                let mut n = self.cast(of.0, wide);
                if *mul != 1 {
                    let factor = self.number(node, 0, *mul, wide);
                    n = self.times(n, factor);
                }
                let mut d = self.number(node, 1, *div, wide);
                if divided {
                    let divisor = self.divisor_as(wide);
                    d = self.times(d, divisor);
                }
                let v = self.divided(n, d, *mode, wide);
                self.result(node, v, wide)
            }
            Op::Ladder(of, rungs) => self.ladder(node, of, rungs),
            Op::If(test, then, otherwise) => {
                let (yes, no) = (self.block(), self.block());
                let wide = !node.is_narrow();
                let (done, value) = self.meeting(wide);
                self.nested += 1;
                self.test(test, yes, no);
                for (block, arm) in [(yes, then), (no, otherwise)] {
                    self.begin(block);
                    let arm = self.expr(arm);
                    let arm = self.cast(arm, wide);
                    self.bring(done, arm);
                }
                self.nested -= 1;
                self.begin(done);
                Num { v: value, wide }
            }
            Op::ByKey(key, arms) => self.by_key(node, *key, arms),
            Op::Post(amount, then) => {
                let amount = self.expr(amount);
                let before = self.amount.replace(amount);
                let then = self.expr(then);
                self.amount = before;
                self.result(node, then.v, then.wide)
            }
            Op::Floor(of, floor) => {
                let now = self.expr(of);
                let now = self.cast(now, wide);
                let floor = self.number(node, 0, *floor, wide);
                let (used, raised) = (self.block(), self.block());
                let (done, value) = self.meeting(wide);
                let positive = self.used();
                self.b.ins().brif(positive, used, &[], done, &[now.into()]);
                self.begin(used);
                let below = self.compare(IntCC::SignedLessThan, now, floor);
                self.b.ins().brif(below, raised, &[], done, &[now.into()]);
                self.begin(raised);
                self.bring(done, floor);
                self.begin(done);
                self.result(node, value, wide)
            }
        }
    }

    fn expr_of(&mut self, node: &Scaled) -> (Num, bool) {
        (self.expr(node), node.divided)
    }

    /// A number known before, in the width of the node that stands for it.
    fn fitted(&mut self, node: &Scaled, known: Option<Num>) -> Num {
        let known = known.expect("a function that reads a quantity is given one");
        self.result(node, known.v, known.wide)
    }

    /// The run-time divisor.
    pub fn divisor_as(&mut self, wide: bool) -> cranelift_codegen::ir::Value {
        let divisor = self.divisor.expect("only averages are divided at run time");
        self.cast(Num { v: divisor, wide: false }, wide)
    }

    /// Whether the measure or the amount before `post` is above zero.
    fn used(&mut self) -> cranelift_codegen::ir::Value {
        let mut used = None;
        for num in [self.amount, self.arg].into_iter().flatten() {
            let zero = self.constant(0, num.wide);
            let positive = self.compare(IntCC::SignedGreaterThan, num.v, zero);
            used = Some(match used {
                Some(used) => self.b.ins().bor(used, positive),
                None => positive,
            });
        }
        used.unwrap_or_else(|| self.int(0))
    }

    /// The first of the parts that no other is beyond. Wide numbers meet in blocks: the
    /// optimiser would make a minimum of a selection, and has none of 128 bits.
    fn extreme(&mut self, node: &Scaled, parts: &[Scaled], beyond: IntCC) -> Num {
        let wide = node.wide;
        let mut best = None;
        for part in parts {
            let part = self.expr(part);
            let part = self.cast(part, wide);
            best = Some(match best {
                None => part,
                Some(best) if !wide && beyond == IntCC::SignedLessThan => self.b.ins().smin(best, part),
                Some(best) if !wide => self.b.ins().smax(best, part),
                Some(best) => {
                    let (done, value) = self.meeting(true);
                    let better = self.compare(beyond, part, best);
                    self.b.ins().brif(better, done, &[part.into()], done, &[best.into()]);
                    self.begin(done);
                    value
                }
            });
        }
        let best = best.unwrap_or_else(|| self.constant(0, wide));
        self.result(node, best, wide)
    }

    fn by_key(&mut self, node: &Scaled, key: KeyIx, arms: &[Scaled]) -> Num {
        let wide = !node.is_narrow();
        let label = self.key(key);
        if let Some(words) = crate::shape::const_table(arms, wide) {
            let table = match &self.numbers {
                Numbers::Code => self.pool.place(words) as i128,
                Numbers::Row(..) => 0,
            };
            let table = self.number(node, 0, table, false);
            let at = self.b.ins().ishl_imm_u(label, if wide { 4 } else { 3 });
            let at = self.b.ins().iadd(table, at);
            let at = self.b.ins().iadd(self.base, at);
            return Num { v: self.load(at, 0, wide), wide };
        }
        let (done, value) = self.meeting(wide);
        let mut switch = Switch::new();
        let blocks: Vec<_> = arms.iter().map(|_| self.block()).collect();
        for (index, block) in blocks.iter().enumerate() {
            switch.set_entry(index as u128, *block);
        }
        let beyond = self.block();
        switch.emit(&mut self.b, label, beyond);
        self.begin(beyond);
        self.fault(Fault::Missing as u8);
        self.nested += 1;
        for (block, arm) in blocks.into_iter().zip(arms) {
            self.begin(block);
            let arm = self.expr(arm);
            let arm = self.cast(arm, wide);
            self.bring(done, arm);
        }
        self.nested -= 1;
        self.begin(done);
        Num { v: value, wide }
    }

    /// A value in whole quanta as 64 bits, or a fault.
    pub fn raw(&mut self, raw: &Raw) -> cranelift_codegen::ir::Value {
        let wide = raw.wide;
        let of = self.expr(&raw.of);
        let mut n = self.cast(of, wide);
        if raw.mul != 1 {
            let factor = self.number(&raw.of, 8, raw.mul, wide);
            n = self.times(n, factor);
        }
        if raw.div != 1 {
            let d = self.number(&raw.of, 9, raw.div, wide);
            n = self.divided_exactly(n, d, wide, Fault::NotExact as u8);
        }
        if !wide {
            return n;
        }
        let numer = (raw.of.lo.saturating_mul(raw.mul), raw.of.hi.saturating_mul(raw.mul));
        let (lo, hi) = self.b.ins().isplit(n);
        if !narrow(numer.0, numer.1) || matches!(self.numbers, Numbers::Row(..)) {
            let sign = self.b.ins().sshr_imm_u(lo, 63);
            let long = self.compare(IntCC::NotEqual, hi, sign);
            self.fault_if(long, Fault::Overflow as u8);
        }
        lo
    }
}
