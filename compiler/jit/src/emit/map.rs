//! The loop over the rows of a batch: who takes part, in which cell, with which value.

use super::{Emit, Numbers, steady};
use crate::columns::Source;
use crate::groups::{Groups, NOT_SOLD};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I64};
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, MemFlagsData, Value};
use cranelift_frontend::Switch;
use price_ir::kernel::TAKEN;
use price_ir::scale::{ChargeScale, SinkScale, SinkValue, Test};
use price_ir::{Fault, KeyIx, Rules};

/// Where the results of a row go.
pub(crate) struct Outputs {
    pub status: Value,
    pub cell: Value,
    pub value: Value,
}

impl<'a> Emit<'a, '_> {
    /// Emits the body of a map: `labels` entries per row, `groups` for event charges.
    pub fn map(&mut self, rows: Value, out: &Outputs, labels: Option<i64>, scale: &SinkScale, groups: &'a Groups) {
        let (head, next, exit) = self.rows(labels);
        let entry = match (self.row, self.label) {
            (Some(row), Some(label)) => {
                let first = self.b.ins().imul_imm_u(row, labels.unwrap_or(1));
                self.b.ins().iadd(first, label)
            }
            (Some(row), None) => row,
            _ => self.int(0),
        };
        self.takes_part(scale, next);
        let cell = self.cell();
        let value = match &scale.value {
            SinkValue::Count => self.int(1),
            SinkValue::Unique(field) => {
                let there = self.present(*field);
                let missing = self.b.ins().icmp_imm_u(IntCC::Equal, there, 0);
                self.fault_if(missing, Fault::Missing as u8);
                self.int(0)
            }
            SinkValue::Number(raw) => self.raw(raw),
            SinkValue::Charge(charge) => self.charge(charge, cell, groups),
        };
        let at = self.b.ins().iadd(out.status, entry);
        let taken = self.b.ins().iconst(I8, i64::from(TAKEN));
        self.b.ins().store(MemFlagsData::trusted(), taken, at, 0);
        let at = self.b.ins().ishl_imm_u(entry, 2);
        let at = self.b.ins().iadd(out.cell, at);
        self.b.ins().istore32(MemFlagsData::trusted(), cell, at, 0);
        let at = self.b.ins().ishl_imm_u(entry, 3);
        let at = self.b.ins().iadd(out.value, at);
        self.b.ins().store(MemFlagsData::trusted(), value, at, 0);
        self.b.ins().jump(next, &[]);

        let status = self.begin_faults();
        let at = self.b.ins().iadd(out.status, entry);
        self.b.ins().store(MemFlagsData::trusted(), status, at, 0);
        self.b.ins().jump(next, &[]);
        self.next_row(rows, (head, next, exit), labels);
        self.begin(exit);
        self.b.ins().return_(&[]);
    }

    /// Opens the loop over rows and labels: its head, the block for the next entry, and the end.
    /// There is at least one entry; the caller sees to it.
    pub fn rows(&mut self, labels: Option<i64>) -> (Block, Block, Block) {
        let (head, next, exit) = (self.block(), self.block(), self.block());
        self.row = Some(self.b.append_block_param(head, I64));
        let zero = self.int(0);
        let mut first = vec![BlockArg::Value(zero)];
        if labels.is_some() {
            self.label = Some(self.b.append_block_param(head, I64));
            first.push(BlockArg::Value(zero));
        }
        self.b.ins().jump(head, &first);
        self.b.switch_to_block(head);
        (head, next, exit)
    }

    /// Closes the loop.
    pub fn next_row(&mut self, rows: Value, (head, next, exit): (Block, Block, Block), labels: Option<i64>) {
        self.begin(next);
        let row = self.row.unwrap_or(rows);
        let mut row_next = self.b.ins().iadd_imm_u(row, 1);
        let mut args = Vec::new();
        if let (Some(labels), Some(label)) = (labels, self.label) {
            let label = self.b.ins().iadd_imm_u(label, 1);
            let last = self.b.ins().icmp_imm_u(IntCC::Equal, label, labels);
            let zero = self.int(0);
            row_next = self.b.ins().select(last, row_next, row);
            args.push(BlockArg::Value(self.b.ins().select(last, zero, label)));
        }
        args.insert(0, BlockArg::Value(row_next));
        let more = self.compare(IntCC::UnsignedLessThan, row_next, rows);
        self.b.ins().brif(more, head, &args, exit, &[]);
        self.b.seal_block(head);
    }

    /// Goes on only with rows that filter and scope let through.
    pub fn takes_part(&mut self, scale: &SinkScale, next: Block) {
        self.nested += 1;
        for test in [&scale.filter, &scale.scope] {
            if *test != Test::Always {
                let on = self.block();
                self.test(test, on, next);
                self.begin(on);
            }
        }
        self.nested -= 1;
    }

    /// The cell of the row over closed keys; open ones only have to be there.
    pub fn cell(&mut self) -> Value {
        let mut cell = None;
        let sink = self.sink.expect("only sinks have cells");
        for (index, key) in sink.keys.iter().enumerate().filter(|(_, key)| key.in_cell) {
            let label = self.key(KeyIx(index as u32));
            if let Some(size) = self.plan.dimensions[key.dim.ix()].size() {
                cell = Some(match cell {
                    None => label,
                    Some(cell) => {
                        let cell = self.b.ins().imul_imm_u(cell, i64::from(size));
                        self.b.ins().iadd(cell, label)
                    }
                });
            }
        }
        cell.unwrap_or_else(|| self.int(0))
    }

    fn charge(&mut self, scale: &ChargeScale, cell: Value, groups: &'a Groups) -> Value {
        let entry = self.rule(groups, cell);
        if let Some(hosted) = &scale.hosted {
            return self.raw(hosted);
        }
        if let Some(measure) = &scale.measure {
            self.arg = Some(self.expr(measure));
        }
        let Some(entry) = entry else {
            // One function everywhere: its numbers are in the code.
            let only = groups.only.unwrap_or(0);
            return match scale.amounts.get(only) {
                Some(amount) => self.raw(amount),
                None => self.int(0),
            };
        };
        let group = self.b.ins().ushr_imm_u(entry, 48);
        let offset = self.b.ins().band_imm_u(entry, (1 << 48) - 1);
        let row = self.b.ins().iadd(self.base, offset);
        if let [only] = &groups.groups[..] {
            self.numbers = Numbers::Row(row, &only.slots);
            let value = self.raw(&scale.amounts[only.function]);
            self.numbers = Numbers::Code;
            return value;
        }
        let (done, value) = self.meeting(false);
        let mut switch = Switch::new();
        let blocks: Vec<Block> = groups.groups.iter().map(|_| self.block()).collect();
        for (index, block) in blocks.iter().enumerate() {
            switch.set_entry(index as u128, *block);
        }
        let none = self.block();
        switch.emit(&mut self.b, group, none);
        self.begin(none);
        self.fault(Fault::NotSold as u8);
        self.nested += 1;
        for (block, group) in blocks.into_iter().zip(&groups.groups) {
            self.begin(block);
            self.numbers = Numbers::Row(row, &group.slots);
            let value = self.raw(&scale.amounts[group.function]);
            self.numbers = Numbers::Code;
            self.bring(done, value);
        }
        self.nested -= 1;
        self.begin(done);
        value
    }

    /// The word of the cell's rule, where cells differ; leaves with rows that are not sold.
    fn rule(&mut self, groups: &Groups, cell: Value) -> Option<Value> {
        let table = groups.table?;
        let mut index = cell;
        if groups.regimes > 1 {
            let regime = self.read_code(Source::Regime);
            let last = self.int(groups.regimes as i64 - 1);
            let regime = self.b.ins().umin(regime, last);
            let first = self.b.ins().imul_imm_u(regime, groups.cells as i64);
            index = self.b.ins().iadd(first, cell);
        }
        let at = self.b.ins().ishl_imm_u(index, 3);
        let at = self.b.ins().iadd(self.base, at);
        let at = self.b.ins().iadd_imm_u(at, table as i64);
        let entry = self.b.ins().load(I64, steady(), at, 0);
        let missing = self.b.ins().icmp_imm_s(IntCC::Equal, entry, NOT_SOLD as i64);
        self.fault_if(missing, Fault::NotSold as u8);
        Some(entry)
    }
}

/// Cells of one regime.
pub(crate) fn cells(rules: &Rules) -> usize {
    rules.regimes.first().map_or(0, |r| r.cells.len())
}
