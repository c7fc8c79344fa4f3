//! Rounded division.

use super::{Emit, Num};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use price_value::RoundingMode;

impl Emit<'_, '_> {
    /// `n / d` rounded to a whole number, both of one width, `d` above zero.
    pub fn divided(&mut self, n: Value, d: Value, mode: RoundingMode, wide: bool) -> Value {
        if !wide {
            return self.divided_short(n, d, mode);
        }
        // Most values fit 64 bits even where that cannot be proved.
        let (n_lo, n_hi) = self.b.ins().isplit(n);
        let (d_lo, d_hi) = self.b.ins().isplit(d);
        let n_sign = self.b.ins().sshr_imm_u(n_lo, 63);
        let n_long = self.b.ins().bxor(n_hi, n_sign);
        let d_sign = self.b.ins().sshr_imm_u(d_lo, 63);
        let d_long = self.b.ins().bxor(d_hi, d_sign);
        let long = self.b.ins().bor(n_long, d_long);
        let (near, far) = (self.block(), self.block());
        let (done, quotient) = self.meeting(true);
        self.b.ins().brif(long, far, &[], near, &[]);
        self.begin(near);
        // A divisor whose sign word is that of its low word and which is above zero is one of
        // 63 bits above zero: no trap.
        let short = self.divided_short(n_lo, d_lo, mode);
        let short = self.cast(Num { v: short, wide: false }, true);
        self.bring(done, short);
        self.begin(far);
        let mode = self.int(crate::divide::code(mode));
        let out = self.b.ins().stack_addr(I64, self.scratch, 0);
        self.b.ins().call(self.divide, &[n_lo, n_hi, d_lo, d_hi, mode, out]);
        let lo = self.b.ins().load(I64, MemFlagsData::trusted(), out, 0);
        let hi = self.b.ins().load(I64, MemFlagsData::trusted(), out, 8);
        let long = self.b.ins().iconcat(lo, hi);
        self.bring(done, long);
        self.begin(done);
        quotient
    }

    fn divided_short(&mut self, n: Value, d: Value, mode: RoundingMode) -> Value {
        let quotient = self.b.ins().sdiv(n, d);
        if mode == RoundingMode::Down {
            return quotient;
        }
        let whole = self.b.ins().imul(quotient, d);
        let rest = self.b.ins().isub(n, whole);
        let sign = self.b.ins().sshr_imm_u(n, 63);
        let rest = self.mirrored(rest, sign);
        let other = self.b.ins().isub(d, rest);
        let bump = match mode {
            RoundingMode::Down | RoundingMode::Up => self.b.ins().icmp_imm_s(IntCC::NotEqual, rest, 0),
            RoundingMode::HalfUp => self.compare(IntCC::SignedGreaterThanOrEqual, rest, other),
            RoundingMode::HalfEven => {
                let more = self.compare(IntCC::SignedGreaterThan, rest, other);
                let tie = self.compare(IntCC::Equal, rest, other);
                let odd = self.b.ins().band_imm_u(quotient, 1);
                let odd = self.b.ins().icmp_imm_s(IntCC::NotEqual, odd, 0);
                let up = self.b.ins().band(tie, odd);
                self.b.ins().bor(more, up)
            }
        };
        // One away from zero: the sign of n, or nothing.
        let one = self.b.ins().bor_imm_u(sign, 1);
        let zero = self.int(0);
        let step = self.b.ins().select(bump, one, zero);
        self.b.ins().iadd(quotient, step)
    }

    /// `n / d` where that is whole, both of one width; otherwise the row leaves with `status`.
    pub fn divided_exactly(&mut self, n: Value, d: Value, wide: bool, status: u8) -> Value {
        let quotient = self.divided(n, d, RoundingMode::Down, wide);
        let back = self.b.ins().imul(quotient, d);
        let rest = self.compare(IntCC::NotEqual, back, n);
        self.fault_if(rest, status);
        quotient
    }
}
