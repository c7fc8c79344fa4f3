//! Instructions from whole-number forms.
//!
//! Everything a row can do wrong leaves through one block with a status; nothing traps. Every
//! divisor is above zero by the invariants of [`Scaled`], and wide divisions are calls.

mod divide;
mod expr;
mod ladder;
pub(crate) mod map;
pub(crate) mod priced;
pub(crate) mod rate;
mod test;

use crate::columns::{Source, Sources};
use crate::pool::Pool;
use crate::shape::{Slot, name};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I32, I64, I128};
use cranelift_codegen::ir::{Block, BlockArg, FuncRef, InstBuilder, MemFlagsData, StackSlot, Type, Value};
use cranelift_frontend::FunctionBuilder;
use price_ir::scale::{Buckets, Scaled};
use price_ir::{DimensionKind, FieldIx, FieldType, KeyIx, KeySource, Plan, Sink};
use std::collections::{BTreeMap, HashMap};

/// A number in a register: 64 bits, or 128.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Num {
    pub v: Value,
    pub wide: bool,
}

/// Where the constants of a node come from.
pub(crate) enum Numbers<'a> {
    /// They are part of the code.
    Code,
    /// From the pool, at an address plus the slot.
    Row(Value, &'a HashMap<Slot, usize>),
}

/// Makes the instructions of one compiled function.
pub(crate) struct Emit<'a, 'f> {
    pub b: FunctionBuilder<'f>,
    pub plan: &'a Plan,
    /// The sink whose rows are read; `None` in functions of a quantity.
    pub sink: Option<&'a Sink>,
    pub buckets: &'a [Option<Buckets>],
    pub sources: &'a mut Sources,
    pub pool: &'a mut Pool,
    pub numbers: Numbers<'a>,
    pub divide: FuncRef,
    /// 16 bytes for the results of wide divisions.
    pub scratch: StackSlot,
    /// Address of the column pointers.
    pub columns: Option<Value>,
    /// Address of the pool.
    pub base: Value,
    /// Index of the row, and the label of its family.
    pub row: Option<Value>,
    pub label: Option<Value>,
    /// The priced quantity, the run-time divisor and the amount before `post`.
    pub arg: Option<Num>,
    pub divisor: Option<Value>,
    pub amount: Option<Num>,
    /// Takes the status of a row that has no value.
    pub fault: Block,
    /// A way there for each status, so that no status is in a register before it is needed.
    pub faults: BTreeMap<u8, Block>,
    /// What is emitted is off the way of most rows.
    pub rare: bool,
    /// Labels found on the way every row goes.
    pub labels: HashMap<KeyIx, Value>,
    /// Inside something not every row reaches.
    pub nested: u32,
}

/// Loads of columns and tables: aligned, and unchanged while the code runs. They stay behind the
/// checks that make their addresses good: a label or rule is judged before it is an index.
pub(crate) fn steady() -> MemFlagsData {
    MemFlagsData::trusted().with_readonly()
}

fn type_of(wide: bool) -> Type {
    if wide { I128 } else { I64 }
}

impl<'a> Emit<'a, '_> {
    /// A 64-bit constant.
    pub fn int(&mut self, value: i64) -> Value {
        self.b.ins().iconst(I64, value)
    }

    /// A constant of either width.
    pub fn constant(&mut self, value: i128, wide: bool) -> Value {
        let lo = self.int(value as i64);
        if !wide {
            return lo;
        }
        let hi = self.int((value >> 64) as i64);
        self.b.ins().iconcat(lo, hi)
    }

    /// A constant of a node: in the code, or from the function's row.
    pub fn number(&mut self, node: &Scaled, which: u8, value: i128, wide: bool) -> Value {
        match &self.numbers {
            Numbers::Row(row, slots) => match slots.get(&(name(node), which)) {
                Some(slot) => {
                    let (row, offset) = (*row, (slot * 16) as i32);
                    self.load(row, offset, wide)
                }
                None => self.constant(value, wide),
            },
            Numbers::Code => self.constant(value, wide),
        }
    }

    /// A number from the pool; wide ones as two words.
    pub fn load(&mut self, address: Value, offset: i32, wide: bool) -> Value {
        let lo = self.b.ins().load(I64, steady(), address, offset);
        if !wide {
            return lo;
        }
        let hi = self.b.ins().load(I64, steady(), address, offset + 8);
        self.b.ins().iconcat(lo, hi)
    }

    /// The address of an offset into the pool.
    pub fn pooled(&mut self, offset: Value) -> Value {
        self.b.ins().iadd(self.base, offset)
    }

    /// The number in the width wanted; narrowing only where it is known to fit.
    pub fn cast(&mut self, num: Num, wide: bool) -> Value {
        match (num.wide, wide) {
            (false, true) => self.b.ins().sextend(I128, num.v),
            (true, false) => self.b.ins().ireduce(I64, num.v),
            _ => num.v,
        }
    }

    /// A result computed in `wide` for a node, as 64 bits where its range fits.
    pub fn result(&mut self, node: &Scaled, v: Value, wide: bool) -> Num {
        let fit = !node.is_narrow();
        let v = self.cast(Num { v, wide }, fit);
        Num { v, wide: fit }
    }

    /// Product of two numbers of one width that is known to fit.
    pub fn times(&mut self, v: Value, factor: Value) -> Value {
        self.b.ins().imul(v, factor)
    }

    /// All ones where negative, else zero.
    pub fn sign(&mut self, v: Value, wide: bool) -> Value {
        if !wide {
            return self.b.ins().sshr_imm_u(v, 63);
        }
        let (_, hi) = self.b.ins().isplit(v);
        let sign = self.b.ins().sshr_imm_u(hi, 63);
        self.b.ins().iconcat(sign, sign)
    }

    /// `v`, negated where `sign` is all ones.
    pub fn mirrored(&mut self, v: Value, sign: Value) -> Value {
        let flipped = self.b.ins().bxor(v, sign);
        self.b.ins().isub(flipped, sign)
    }

    /// Compares two numbers of one width.
    pub fn compare(&mut self, cc: IntCC, a: Value, b: Value) -> Value {
        self.b.ins().icmp(cc, a, b)
    }

    /// A new block.
    pub fn block(&mut self) -> Block {
        let block = self.b.create_block();
        if self.rare {
            self.b.set_cold_block(block);
        }
        block
    }

    fn fault_with(&mut self, status: u8) -> Block {
        if let Some(block) = self.faults.get(&status) {
            return *block;
        }
        let block = self.b.create_block();
        self.b.set_cold_block(block);
        self.faults.insert(status, block);
        block
    }

    /// Leaves with a status where the condition holds.
    pub fn fault_if(&mut self, condition: Value, status: u8) {
        let fault = self.fault_with(status);
        let on = self.block();
        self.b.ins().brif(condition, fault, &[], on, &[]);
        self.begin(on);
    }

    /// Leaves with a status.
    pub fn fault(&mut self, status: u8) {
        let fault = self.fault_with(status);
        self.b.ins().jump(fault, &[]);
    }

    /// Starts the block that takes the statuses of all rows that left, and gives the status.
    pub fn begin_faults(&mut self) -> Value {
        let fault = self.fault;
        let taken = self.b.append_block_param(fault, I8);
        for (status, block) in std::mem::take(&mut self.faults) {
            self.begin(block);
            let status = self.b.ins().iconst(I8, i64::from(status));
            self.b.ins().jump(fault, &[BlockArg::Value(status)]);
        }
        self.begin(fault);
        taken
    }

    /// A block whose parameter is a number.
    pub fn meeting(&mut self, wide: bool) -> (Block, Value) {
        let block = self.block();
        let value = self.b.append_block_param(block, type_of(wide));
        (block, value)
    }

    /// Goes to a block with a number.
    pub fn bring(&mut self, block: Block, value: Value) {
        self.b.ins().jump(block, &[BlockArg::Value(value)]);
    }

    /// Starts a block all ways to which are known.
    pub fn begin(&mut self, block: Block) {
        self.b.seal_block(block);
        self.b.switch_to_block(block);
    }

    /// The start of a column.
    pub fn column(&mut self, source: Source) -> Value {
        let offset = self.sources.offset(source);
        let columns = self.columns.expect("only functions of a row read columns");
        // Good wherever the function runs, so it may leave the loop over rows.
        self.b.ins().load(I64, steady().with_can_move(), columns, offset)
    }

    fn row(&self) -> Value {
        self.row.expect("only functions of a row read rows")
    }

    /// The address of an element of the row's column.
    fn element(&mut self, start: Value, shift: i64) -> Value {
        let row = self.row();
        let bytes = if shift == 0 { row } else { self.b.ins().ishl_imm_u(row, shift) };
        self.b.ins().iadd(start, bytes)
    }

    /// The row's 64-bit number in a column.
    pub fn read_int(&mut self, field: FieldIx) -> Value {
        let start = self.column(Source::Int(field));
        let at = self.element(start, 3);
        self.b.ins().load(I64, steady(), at, 0)
    }

    /// The row's number in the family column of the entry's label.
    pub fn read_family(&mut self, field: FieldIx) -> Value {
        let labels = self.family_labels(field);
        let starts = self.column(Source::Family(field, labels));
        let label = self.label.expect("only sinks of a family read families");
        let at = self.b.ins().ishl_imm_u(label, 3);
        let at = self.b.ins().iadd(starts, at);
        let start = self.b.ins().load(I64, steady(), at, 0);
        let at = self.element(start, 3);
        self.b.ins().load(I64, steady(), at, 0)
    }

    fn family_labels(&self, field: FieldIx) -> usize {
        match &self.field(field) {
            FieldType::Family(dim, _) => self.plan.dimensions[dim.ix()].labels.len(),
            _ => 0,
        }
    }

    /// The type of a field of the sink's event.
    pub fn field(&self, field: FieldIx) -> &'a FieldType {
        let sink = self.sink.expect("only functions of a row read fields");
        &self.plan.events[sink.event.ix()].fields[field.ix()].ty
    }

    /// The row's byte in a column.
    pub fn read_byte(&mut self, source: Source) -> Value {
        let start = self.column(source);
        let at = self.element(start, 0);
        self.b.ins().load(I8, steady(), at, 0)
    }

    /// The row's 32 bits in a column, as 64.
    pub fn read_code(&mut self, source: Source) -> Value {
        let start = self.column(source);
        let at = self.element(start, 2);
        let code = self.b.ins().load(I32, steady(), at, 0);
        self.b.ins().uextend(I64, code)
    }

    /// The label of a key; a missing one is a fault.
    pub fn key(&mut self, key: KeyIx) -> Value {
        if let Some(label) = self.labels.get(&key) {
            return *label;
        }
        let sink = self.sink.expect("only functions of a row have keys");
        let spec = &sink.keys[key.ix()];
        let dimension = &self.plan.dimensions[spec.dim.ix()];
        let label = match &spec.source {
            KeySource::Family(_) => self.label.expect("a sink of a family has its label"),
            KeySource::Bucket(_) => {
                let buckets = self.buckets;
                match &buckets[key.ix()] {
                    Some(buckets) => self.bucket(buckets),
                    None => self.int(0),
                }
            }
            KeySource::Field(_) | KeySource::Calendar(_) => {
                let code = match &spec.source {
                    KeySource::Calendar(calendar) => self.read_code(Source::Calendar(*calendar)),
                    KeySource::Field(field) => self.read_code(Source::Label(*field)),
                    _ => self.int(0),
                };
                let most = match dimension.kind {
                    DimensionKind::Open { .. } => i64::from(u32::MAX),
                    _ => dimension.labels.len() as i64,
                };
                let missing = self.b.ins().icmp_imm_u(IntCC::UnsignedGreaterThanOrEqual, code, most);
                self.fault_if(missing, price_ir::Fault::Missing as u8);
                code
            }
        };
        if self.nested == 0 {
            self.labels.insert(key, label);
        }
        label
    }

    /// The number of bounds below the value.
    fn bucket(&mut self, buckets: &Buckets) -> Value {
        let numbers = std::mem::replace(&mut self.numbers, Numbers::Code);
        let value = self.expr(&buckets.of);
        self.numbers = numbers;
        let mut words = Vec::new();
        for bound in &buckets.bounds {
            crate::pool::push(&mut words, *bound, value.wide);
        }
        let table = self.pool.place(words);
        let table = self.b.ins().iadd_imm_u(self.base, table as i64);
        let count = self.int(buckets.bounds.len() as i64);
        let stride = if value.wide { 16 } else { 8 };
        self.below(table, count, stride, value, None)
    }

    /// How many of `count` increasing numbers, `stride` bytes apart, lie below `value`
    /// (each times `factor`, if there is one).
    pub fn below(&mut self, table: Value, count: Value, stride: i64, value: Num, factor: Option<Value>) -> Value {
        let head = self.block();
        let first = self.b.append_block_param(head, I64);
        let left = self.b.append_block_param(head, I64);
        let zero = self.int(0);
        self.b.ins().jump(head, &[BlockArg::Value(zero), BlockArg::Value(count)]);
        self.b.switch_to_block(head);
        let (look, done) = (self.block(), self.block());
        self.b.ins().brif(left, look, &[], done, &[]);
        self.begin(look);
        let half = self.b.ins().ushr_imm_u(left, 1);
        let middle = self.b.ins().iadd(first, half);
        let at = self.b.ins().imul_imm_u(middle, stride);
        let at = self.b.ins().iadd(table, at);
        let mut bound = self.load(at, 0, value.wide);
        if let Some(factor) = factor {
            bound = self.times(bound, factor);
        }
        let lower = self.compare(IntCC::SignedLessThan, bound, value.v);
        let after = self.b.ins().iadd_imm_u(middle, 1);
        let rest = self.b.ins().isub(left, half);
        let rest = self.b.ins().iadd_imm_s(rest, -1);
        let first_next = self.b.ins().select(lower, after, first);
        let left_next = self.b.ins().select(lower, rest, half);
        self.b.ins().jump(head, &[BlockArg::Value(first_next), BlockArg::Value(left_next)]);
        self.b.seal_block(head);
        self.begin(done);
        first
    }
}
