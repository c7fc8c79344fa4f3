//! Map, fold and charge of a usage line in one pass: `posted = F(after) − F(before)`.
//!
//! Most rows stay inside one tier, where the difference is the tier's slope times the row's
//! value: two comparisons say so. The rest takes the long way in 128 bits. Both give the same
//! number; a row whose total or posting leaves 64 bits changes nothing.

use super::{Emit, Num, steady};
use crate::pool::push;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I32, I64, I128};
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Value};
use price_ir::kernel::TAKEN;
use price_ir::scale::{PostingLadder, SinkScale, SinkValue};
use price_ir::{CellRule, Fault};

/// Ladders of at most this many pieces are searched without branches.
const SHORT: usize = 9;
/// Words before the columns of a ladder: kind and value at zero (two).
const HEAD: usize = 3;
/// Columns of a ladder, one number per piece; a value is two words. The bounds lack the first.
const WIDTHS: usize = 1;
const SLOPES: usize = 2;
const VALUES: usize = 3;
const COLUMNS: usize = 5;

/// What a cell's ladder is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Tiers = 0,
    Linear = 1,
    NotSold = 2,
}

/// The tables of a line: one ladder per cell, all of one size.
pub(crate) struct RateTable {
    words: Vec<u64>,
    /// Words per cell.
    stride: usize,
    /// Pieces of the longest ladder.
    pieces: usize,
    /// All cells are linear and sold.
    plain: bool,
}

impl RateTable {
    /// The table of a regime's cells; `None` where a cell's function has no posting form or the
    /// table would be larger than `most` words.
    pub fn new(cells: &[CellRule], ladders: &[Option<PostingLadder>], most: usize) -> Option<RateTable> {
        let ladder = |rule: &CellRule| match rule {
            CellRule::NotSold => Some(None),
            CellRule::Function(f) => ladders.get(*f as usize)?.as_ref().map(Some),
        };
        let ladders = cells.iter().map(ladder).collect::<Option<Vec<_>>>()?;
        let pieces = ladders.iter().flatten().map(|l| if l.linear { 1 } else { l.pieces.len() }).max().unwrap_or(1);
        let stride = HEAD + (pieces - 1) + pieces * COLUMNS;
        if stride.checked_mul(cells.len())? > most {
            return None;
        }
        let mut words = Vec::with_capacity(stride * cells.len());
        for ladder in &ladders {
            place(*ladder, pieces, &mut words);
        }
        let plain = ladders.iter().all(|l| l.is_some_and(|l| l.linear));
        Some(RateTable { words, stride, pieces, plain })
    }
}

/// The words of one cell: head, the bounds of all pieces but the first, then by column the
/// first total above each bound, how many more the piece has, slopes, and values at zero.
fn place(ladder: Option<&PostingLadder>, pieces: usize, words: &mut Vec<u64>) {
    let kind = match ladder {
        None => Kind::NotSold,
        Some(l) if l.linear => Kind::Linear,
        Some(_) => Kind::Tiers,
    };
    let own: &[_] = match (ladder, kind) {
        (Some(l), Kind::Tiers) => &l.pieces,
        (Some(l), Kind::Linear) => &l.pieces[..1],
        _ => &[],
    };
    words.push(kind as u64);
    push(words, ladder.map_or(0, |l| l.at_zero), true);
    // Pieces a shorter ladder lacks begin where no total reaches.
    words.extend((1..pieces).map(|i| own.get(i).map_or(i64::MAX, |p| p.from) as u64));
    words.extend((0..pieces).map(|i| own.get(i).map_or(0, |p| p.from.wrapping_add(1)) as u64));
    words.extend((0..pieces).map(|i| {
        let upto = own.get(i + 1).map_or(i64::MAX, |p| p.from);
        own.get(i).map_or(0, |p| upto.wrapping_sub(p.from)) as u64
    }));
    words.extend((0..pieces).map(|i| own.get(i).map_or(0, |p| p.slope) as u64));
    for index in 0..pieces {
        push(words, own.get(index).map_or(0, |p| p.value), true);
    }
}

/// Where the results of a row go.
pub(crate) struct Outputs {
    pub base: Value,
    pub cells: Value,
    pub posted: Value,
    pub status: Value,
}

/// The row's cell on its way.
struct Step<'t> {
    table: &'t RateTable,
    /// Address of the cell's ladder.
    ladder: Value,
    value: Value,
    before: Value,
    after: Value,
}

impl Emit<'_, '_> {
    /// Emits the body of a rate.
    pub fn rate(&mut self, rows: Value, out: &Outputs, scale: &SinkScale, table: &RateTable) {
        let offset = self.pool.place(table.words.clone());
        let ladders = self.b.ins().iadd_imm_u(self.base, offset as i64);
        let (head, next, exit) = self.rows(None);
        let row = self.row.unwrap_or_else(|| self.int(0));
        let skip = self.block();
        self.takes_part(scale, skip);
        let cell = self.cell();
        let value = match &scale.value {
            SinkValue::Number(raw) => self.raw(raw),
            _ => self.int(1),
        };
        let at = self.b.ins().ishl_imm_u(row, 2);
        let at = self.b.ins().iadd(out.base, at);
        let first = self.b.ins().load(I32, steady(), at, 0);
        let first = self.b.ins().uextend(I64, first);
        let index = self.b.ins().iadd(first, cell);
        let at = self.b.ins().ishl_imm_u(index, 3);
        let total = self.b.ins().iadd(out.cells, at);
        let before = self.b.ins().load(I64, MemFlagsData::trusted(), total, 0);
        let at = self.b.ins().imul_imm_u(cell, (table.stride * 8) as i64);
        let ladder = self.b.ins().iadd(ladders, at);
        let after = self.b.ins().iadd(before, value);

        let (done, delta) = self.meeting(false);
        let step = Step { table, ladder, value, before, after };
        if table.plain {
            self.check_sum(&step);
            let first = self.int(0);
            let slope = self.part(&step, SLOPES, first);
            let delta = self.slide(slope, value);
            self.bring(done, delta);
        } else {
            self.tiers(&step, done);
        }
        self.begin(done);
        self.b.ins().store(MemFlagsData::trusted(), after, total, 0);
        let at = self.b.ins().ishl_imm_u(row, 3);
        let at = self.b.ins().iadd(out.posted, at);
        self.b.ins().store(MemFlagsData::trusted(), delta, at, 0);
        let at = self.b.ins().iadd(out.status, row);
        let taken = self.b.ins().iconst(I8, i64::from(TAKEN));
        self.b.ins().store(MemFlagsData::trusted(), taken, at, 0);
        self.b.ins().jump(next, &[]);

        self.begin(skip);
        self.fault(0);
        let status = self.begin_faults();
        let at = self.b.ins().iadd(out.status, row);
        self.b.ins().store(MemFlagsData::trusted(), status, at, 0);
        let at = self.b.ins().ishl_imm_u(row, 3);
        let at = self.b.ins().iadd(out.posted, at);
        let zero = self.int(0);
        self.b.ins().store(MemFlagsData::trusted(), zero, at, 0);
        self.b.ins().jump(next, &[]);
        self.next_row(rows, (head, next, exit), None);
        self.begin(exit);
        self.b.ins().return_(&[]);
    }

    /// The posting inside one tier.
    fn slide(&mut self, slope: Value, value: Value) -> Value {
        let (delta, over) = self.b.ins().smul_overflow(slope, value);
        self.fault_if(over, Fault::Overflow as u8);
        delta
    }

    /// A number of a piece of the cell's ladder.
    fn part(&mut self, step: &Step, column: usize, piece: Value) -> Value {
        let pieces = step.table.pieces;
        let offset = (HEAD + pieces - 1 + column * pieces) * 8;
        let at = self.b.ins().ishl_imm_u(piece, 3);
        let at = self.b.ins().iadd(step.ladder, at);
        self.load(at, offset as i32, false)
    }

    /// Leaves where the total does not fit.
    fn check_sum(&mut self, step: &Step) {
        let (_, over) = self.b.ins().sadd_overflow(step.before, step.value);
        self.fault_if(over, Fault::Overflow as u8);
    }

    fn tiers(&mut self, step: &Step, done: Block) {
        let piece = self.piece_of(step, step.after);
        let start = self.part(step, 0, piece);
        let width = self.part(step, WIDTHS, piece);
        let slope = self.part(step, SLOPES, piece);
        let (above, near, far) = (self.block(), self.block(), self.block());
        self.b.set_cold_block(far);
        // Above zero the piece of `after` holds it. A sum that wrapped is not above zero when
        // `before` is, and `before` is when it lies in any piece.
        let positive = self.b.ins().icmp_imm_s(IntCC::SignedGreaterThan, step.after, 0);
        self.b.ins().brif(positive, above, &[], far, &[]);
        self.begin(above);
        let into = self.b.ins().isub(step.before, start);
        let same = self.compare(IntCC::UnsignedLessThan, into, width);
        self.b.ins().brif(same, near, &[], far, &[]);
        self.begin(near);
        let delta = self.slide(slope, step.value);
        self.bring(done, delta);

        self.rare = true;
        self.begin(far);
        let kind = self.load(step.ladder, 0, false);
        let missing = self.b.ins().icmp_imm_u(IntCC::Equal, kind, Kind::NotSold as i64);
        self.fault_if(missing, Fault::NotSold as u8);
        self.check_sum(step);
        let (line, curve) = (self.block(), self.block());
        let linear = self.b.ins().icmp_imm_u(IntCC::Equal, kind, Kind::Linear as i64);
        self.b.ins().brif(linear, line, &[], curve, &[]);
        self.begin(line);
        let first = self.int(0);
        let slope = self.part(step, SLOPES, first);
        let delta = self.slide(slope, step.value);
        self.bring(done, delta);
        self.begin(curve);
        let before = self.amount_at(step, step.before);
        let after = self.amount_at(step, step.after);
        let delta = self.b.ins().isub(after, before);
        let (lo, hi) = self.b.ins().isplit(delta);
        let sign = self.b.ins().sshr_imm_u(lo, 63);
        let long = self.compare(IntCC::NotEqual, hi, sign);
        self.fault_if(long, Fault::Overflow as u8);
        self.bring(done, lo);
        self.rare = false;
    }

    /// The last piece that begins below a total, or the first.
    fn piece_of(&mut self, step: &Step, total: Value) -> Value {
        let pieces = step.table.pieces;
        if pieces > SHORT {
            let table = self.b.ins().iadd_imm_u(step.ladder, (HEAD * 8) as i64);
            let count = self.int(pieces as i64 - 1);
            return self.below(table, count, 8, Num { v: total, wide: false }, None);
        }
        let mut index = None;
        for piece in 1..pieces {
            let from = self.load(step.ladder, ((HEAD + piece - 1) * 8) as i32, false);
            let above = self.compare(IntCC::SignedGreaterThan, total, from);
            let above = self.b.ins().uextend(I64, above);
            index = Some(match index {
                Some(index) => self.b.ins().iadd(index, above),
                None => above,
            });
        }
        index.unwrap_or_else(|| self.int(0))
    }

    /// `F` of a ladder of tiers at a total, in 128 bits.
    fn amount_at(&mut self, step: &Step, total: Value) -> Value {
        let below = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, total, 0);
        self.fault_if(below, Fault::NegativeQuantity as u8);
        let (done, amount) = self.meeting(true);
        let (zero, some) = (self.block(), self.block());
        self.b.ins().brif(total, some, &[], zero, &[]);
        self.begin(zero);
        let at_zero = self.load(step.ladder, 8, true);
        self.bring(done, at_zero);
        self.begin(some);
        let piece = self.piece_of(step, total);
        let slope = self.part(step, SLOPES, piece);
        let pieces = step.table.pieces;
        let values = (HEAD + pieces - 1 + VALUES * pieces) * 8;
        let at = self.b.ins().ishl_imm_u(piece, 4);
        let at = self.b.ins().iadd(step.ladder, at);
        let value = self.load(at, values as i32, true);
        let slope = self.b.ins().sextend(I128, slope);
        let total = self.b.ins().sextend(I128, total);
        let rise = self.times(slope, total);
        let sum = self.b.ins().iadd(rise, value);
        self.bring(done, sum);
        self.begin(done);
        amount
    }
}
