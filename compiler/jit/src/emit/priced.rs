//! One function at one quantity.

use super::{Emit, Num};
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use price_ir::kernel::TAKEN;
use price_ir::scale::Scaled;

impl Emit<'_, '_> {
    /// Writes the function's number to two words at `out` and returns the status.
    pub fn priced(&mut self, function: &Scaled, out: Value) {
        let n = self.expr(function);
        let n = self.cast(n, true);
        let (lo, hi) = self.b.ins().isplit(n);
        self.b.ins().store(MemFlagsData::trusted(), lo, out, 0);
        self.b.ins().store(MemFlagsData::trusted(), hi, out, 8);
        let taken = self.int(i64::from(TAKEN));
        self.b.ins().return_(&[taken]);
        let status = self.begin_faults();
        let status = self.b.ins().uextend(I64, status);
        self.b.ins().return_(&[status]);
    }

    /// The quantity from two words.
    pub fn wide_arg(&mut self, lo: Value, hi: Value) {
        let v = self.b.ins().iconcat(lo, hi);
        self.arg = Some(Num { v, wide: true });
    }
}
