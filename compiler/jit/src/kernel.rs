//! A plan's code behind the seam of the engines.

use crate::code::{Code, Maker, RateRows, Start};
use crate::columns::Sources;
use crate::emit::{Emit, Numbers, map, rate};
use crate::error::CompileError;
use crate::groups::{Group, Groups, of_exprs};
use crate::pool::Pool;
use cranelift_codegen::ir::types::I64;
use cranelift_module::FuncId;
use price_ir::kernel::TAKEN;
use price_ir::scale::{ChargeScale, LineScale, Scales, SinkScale, SinkValue, scales};
use price_ir::{
    Batch, Charge, Fault, Fold, Kernel, KernelFactory, KeySource, LineIx, MapOut, Plan, Sink, SinkIx, UsageCharge,
};
use price_value::Rational;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Operations of formulas of different shape that are compiled; those of one shape count once.
const OPERATIONS: usize = 100_000;
/// Words of the tables of one line's fused path; larger lines are mapped and charged.
const RATE_WORDS: usize = 1 << 22;

/// A plan as machine code.
pub struct Jit {
    plan: Arc<Plan>,
    code: Code,
    pool: Box<[u64]>,
    sinks: Vec<SinkCode>,
    lines: Vec<Option<LineCode>>,
    bytes: usize,
}

struct SinkCode {
    map: FuncId,
    sources: Sources,
    /// Entries per row.
    labels: Option<usize>,
    charge: Option<ChargeCode>,
}

struct ChargeCode {
    quantum: Rational,
    sources: Sources,
    functions: Vec<Priced>,
}

/// One function: its code, the offset of its row of numbers, and what its number counts.
struct Priced {
    code: FuncId,
    row: u64,
    step: Rational,
    divided: bool,
}

struct LineCode {
    functions: Vec<Priced>,
    raw_limit: i128,
    divisor_limit: i64,
    fused: Option<Fused>,
}

struct Fused {
    code: FuncId,
    sources: Sources,
    cells: usize,
    denominator: i128,
}

impl Jit {
    /// Compiles a verified plan.
    ///
    /// Takes time in proportion to the number of formulas of different shape, not to tiers or
    /// cells, which become tables.
    pub fn new(plan: Arc<Plan>) -> Result<Jit, CompileError> {
        let scales = scales(&plan).map_err(CompileError::Scale)?;
        let mut compile = Compile { plan: &plan, pool: Pool::default(), maker: Maker::new()?, operations: 0 };
        let made = compile.all(&scales);
        let Compile { pool, maker, .. } = compile;
        let code = maker.finish()?;
        let (sinks, lines) = made?;
        let pool = pool.finish();
        Ok(Jit { bytes: pool.len() * 8, plan, code, pool, sinks, lines })
    }

    /// Bytes of the tables beside the code.
    pub fn table_bytes(&self) -> usize {
        self.bytes
    }

    fn line(&self, line: LineIx) -> (&UsageCharge, &LineCode) {
        match (&self.plan.lines[line.ix()].charge, &self.lines[line.ix()]) {
            (Charge::Usage(usage), Some(code)) => (usage, code),
            _ => panic!("`{}` is not a price on a meter", self.plan.lines[line.ix()].name),
        }
    }

    fn charged(&self, sink: SinkIx) -> &ChargeCode {
        match &self.sinks[sink.ix()].charge {
            Some(charge) => charge,
            None => panic!("`{}` is not a price on each event", self.plan.sinks[sink.ix()].name),
        }
    }
}

fn fault(status: u8) -> Fault {
    match status {
        3 => Fault::NotSold,
        4 => Fault::NegativeQuantity,
        5 => Fault::NotExact,
        6 => Fault::Missing,
        _ => Fault::Overflow,
    }
}

impl Kernel for Jit {
    fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    fn engine(&self) -> &'static str {
        "jit"
    }

    fn map(&self, sink: SinkIx, batch: &Batch, regime: &[u32], out: &mut MapOut) {
        let code = &self.sinks[sink.ix()];
        assert_eq!(self.plan.sinks[sink.ix()].event, batch.event, "the batch holds events of the sink's type");
        let entries = batch.rows * code.labels.unwrap_or(1);
        out.status.clear();
        out.cell.clear();
        out.value.clear();
        out.status.resize(entries, 0);
        out.cell.resize(entries, 0);
        out.value.resize(entries, 0);
        if entries == 0 {
            return;
        }
        let columns = code.sources.bind(batch, regime);
        self.code.map(code.map, &columns, &self.pool, batch.rows, out);
    }

    fn charge(&self, line: LineIx, function: u32, raw: i128, divisor: i64) -> Result<Rational, Fault> {
        let (usage, code) = self.line(line);
        assert!(divisor > 0, "quantities are divided by a number above zero");
        let priced = &code.functions[function as usize];
        if raw.unsigned_abs() > code.raw_limit.unsigned_abs() || divisor > code.divisor_limit {
            // Beyond what was proved: the same function, exactly.
            let quantum = &self.plan.sinks[usage.sink.ix()].quantum;
            let quantity = Rational::int(raw) * quantum / Rational::from(divisor);
            return usage.rules.functions[function as usize].amount.at(&quantity);
        }
        match self.code.charge(priced.code, &self.pool, priced.row, raw, divisor) {
            (TAKEN, n) => Ok(priced.amount(n, divisor)),
            (status, _) => Err(fault(status)),
        }
    }

    fn position(
        &self,
        sink: SinkIx,
        function: u32,
        batch: &Batch,
        row: usize,
        measure: i64,
    ) -> Result<Rational, Fault> {
        let charge = self.charged(sink);
        let priced = &charge.functions[function as usize];
        let labels = self.sinks[sink.ix()].labels.unwrap_or(1);
        let at = (row / labels, row % labels);
        if measure == i64::MIN {
            return Err(Fault::Overflow);
        }
        let columns = charge.sources.bind_row(batch, at.0);
        match self.code.position(priced.code, &columns, &self.pool, priced.row, at, measure) {
            (TAKEN, n) => Ok(priced.amount(n, 1)),
            (status, _) => Err(fault(status)),
        }
    }

    fn measure_quantum(&self, sink: SinkIx) -> Rational {
        self.charged(sink).quantum.clone()
    }

    fn rate(
        &self,
        line: LineIx,
        batch: &Batch,
        base: &[u32],
        cells: &mut [i64],
        posted: &mut [i64],
        status: &mut [u8],
    ) -> bool {
        let (usage, code) = self.line(line);
        let Some(fused) = &code.fused else { return false };
        assert_eq!(self.plan.sinks[usage.sink.ix()].event, batch.event, "the batch holds events of the line's type");
        let rows = batch.rows;
        assert!(base.len() == rows && posted.len() == rows && status.len() == rows, "outputs have the batch's rows");
        let Some(last) = base.iter().max() else { return true };
        assert!(*last as usize + fused.cells <= cells.len(), "every account has its cells");
        let columns = fused.sources.bind(batch, &[]);
        self.code.rate(fused.code, &columns, &self.pool, RateRows { base, cells, posted, status });
        true
    }

    fn posting_denominator(&self, line: LineIx) -> Option<i128> {
        self.lines[line.ix()].as_ref()?.fused.as_ref().map(|f| f.denominator)
    }
}

impl Priced {
    fn amount(&self, n: i128, divisor: i64) -> Rational {
        let amount = Rational::int(n) * &self.step;
        if self.divided { amount / Rational::from(divisor) } else { amount }
    }
}

struct Compile<'a> {
    plan: &'a Plan,
    pool: Pool,
    maker: Maker,
    operations: usize,
}

/// What a function reads rows with.
type RowParts<'a> = (&'a Sink, &'a SinkScale, &'a mut Sources);

/// An emitter at the start of a function; `parts` for functions of a row.
fn emitter<'a, 'f>(
    plan: &'a Plan,
    pool: &'a mut Pool,
    start: Start<'f>,
    parts: RowParts<'a>,
    columns: Option<usize>,
    base: usize,
) -> (Emit<'a, 'f>, Vec<cranelift_codegen::ir::Value>) {
    let Start { mut b, params, divide, scratch } = start;
    let fault = b.create_block();
    b.set_cold_block(fault);
    let (sink, scale, sources) = parts;
    let emit = Emit {
        plan,
        sink: Some(sink),
        buckets: &scale.buckets,
        sources,
        pool,
        numbers: Numbers::Code,
        divide,
        scratch,
        columns: columns.map(|c| params[c]),
        base: params[base],
        row: None,
        label: None,
        arg: None,
        divisor: None,
        amount: None,
        fault,
        faults: BTreeMap::new(),
        rare: false,
        labels: HashMap::new(),
        nested: 0,
        b,
    };
    (emit, params)
}

impl Compile<'_> {
    fn all(&mut self, scales: &Scales) -> Result<(Vec<SinkCode>, Vec<Option<LineCode>>), CompileError> {
        let mut sinks = Vec::with_capacity(scales.sinks.len());
        for (sink, scale) in self.plan.sinks.iter().zip(&scales.sinks) {
            sinks.push(self.sink(sink, scale)?);
        }
        let lines = self.lines(scales)?;
        Ok((sinks, lines))
    }

    fn spend(&mut self, operations: usize) -> Result<(), CompileError> {
        self.operations += operations;
        if self.operations > OPERATIONS {
            return Err(CompileError::TooLarge(self.operations, OPERATIONS));
        }
        Ok(())
    }

    fn sink(&mut self, sink: &Sink, scale: &SinkScale) -> Result<SinkCode, CompileError> {
        let plan = self.plan;
        let family = sink.keys.iter().find(|key| matches!(key.source, KeySource::Family(_)));
        let labels = family.map(|key| plan.dimensions[key.dim.ix()].labels.len());
        let groups = match (&sink.fold, &scale.value) {
            (Fold::Charge(charge), SinkValue::Charge(scale)) => {
                Groups::of_amounts(&charge.rules, &scale.amounts, &mut self.pool)
            }
            _ => Groups::default(),
        };
        self.spend(sink_operations(scale, &groups))?;
        let mut sources = Sources::default();
        let (pool, parts) = (&mut self.pool, (sink, scale, &mut sources));
        let map = self.maker.function(6, None, |start| {
            let (mut emit, p) = emitter(plan, pool, start, parts, Some(0), 1);
            let out = map::Outputs { status: p[3], cell: p[4], value: p[5] };
            emit.map(p[2], &out, labels.map(|l| l as i64), scale, &groups);
            emit.b
        })?;
        let charge = match &scale.value {
            SinkValue::Charge(charge) => Some(self.positions(sink, scale, charge)?),
            _ => None,
        };
        Ok(SinkCode { map, sources, labels, charge })
    }

    fn positions(&mut self, sink: &Sink, scale: &SinkScale, charge: &ChargeScale) -> Result<ChargeCode, CompileError> {
        let plan = self.plan;
        let (groups, places) = of_exprs(charge.positions.iter(), &mut self.pool);
        self.spend(groups.iter().map(|g| charge.positions[g.function].size()).sum())?;
        let mut sources = Sources::default();
        let mut codes = Vec::with_capacity(groups.len());
        for group in &groups {
            let (pool, parts) = (&mut self.pool, (sink, scale, &mut sources));
            codes.push(self.maker.function(7, Some(I64), |start| {
                let (mut emit, p) = emitter(plan, pool, start, parts, Some(0), 1);
                (emit.row, emit.label) = (Some(p[3]), Some(p[4]));
                emit.arg = Some(crate::emit::Num { v: p[5], wide: false });
                let row = emit.pooled(p[2]);
                emit.numbers = Numbers::Row(row, &group.slots);
                emit.priced(&charge.positions[group.function], p[6]);
                emit.b
            })?);
        }
        let functions = charge.positions.iter().zip(places).map(|(function, (group, row))| Priced {
            code: codes[group],
            row,
            step: function.step.clone(),
            divided: false,
        });
        Ok(ChargeCode { quantum: charge.quantum.clone(), sources, functions: functions.collect() })
    }

    /// The functions of all lines, by shape over the whole plan, and the fused paths.
    fn lines(&mut self, scales: &Scales) -> Result<Vec<Option<LineCode>>, CompileError> {
        let all: Vec<_> = scales.lines.iter().flatten().flat_map(|l| &l.functions).collect();
        let (groups, places) = of_exprs(all.iter().copied(), &mut self.pool);
        self.spend(groups.iter().map(|g| all[g.function].size()).sum())?;
        let codes = groups.iter().map(|g| self.quantity(g, all[g.function])).collect::<Result<Vec<_>, _>>()?;
        let mut places = places.into_iter();
        let mut lines = Vec::with_capacity(scales.lines.len());
        for (line, scale) in self.plan.lines.iter().zip(&scales.lines) {
            let (Charge::Usage(usage), Some(scale)) = (&line.charge, scale) else {
                lines.push(None);
                continue;
            };
            let functions = scale.functions.iter().zip(places.by_ref()).map(|(function, (group, row))| Priced {
                code: codes[group],
                row,
                step: function.step.clone(),
                divided: function.divided,
            });
            let functions = functions.collect();
            let fused = self.fused(usage, scale, &scales.sinks[usage.sink.ix()])?;
            let (raw_limit, divisor_limit) = (scale.raw_limit, scale.divisor_limit);
            lines.push(Some(LineCode { functions, raw_limit, divisor_limit, fused }));
        }
        Ok(lines)
    }

    fn quantity(&mut self, group: &Group, function: &price_ir::scale::Scaled) -> Result<FuncId, CompileError> {
        let plan = self.plan;
        let pool = &mut self.pool;
        let mut sources = Sources::default();
        self.maker.function(6, Some(I64), |start| {
            let Start { mut b, params: p, divide, scratch } = start;
            let fault = b.create_block();
            b.set_cold_block(fault);
            let mut emit = Emit {
                plan,
                sink: None,
                buckets: &[],
                sources: &mut sources,
                pool,
                numbers: Numbers::Code,
                divide,
                scratch,
                columns: None,
                base: p[0],
                row: None,
                label: None,
                arg: None,
                divisor: Some(p[4]),
                amount: None,
                fault,
                faults: BTreeMap::new(),
                rare: false,
                labels: HashMap::new(),
                nested: 0,
                b,
            };
            emit.wide_arg(p[2], p[3]);
            let row = emit.pooled(p[1]);
            emit.numbers = Numbers::Row(row, &group.slots);
            emit.priced(function, p[5]);
            emit.b
        })
    }

    /// The fused path of a line, where it has one.
    fn fused(
        &mut self,
        usage: &UsageCharge,
        scale: &LineScale,
        sink_scale: &SinkScale,
    ) -> Result<Option<Fused>, CompileError> {
        let plan = self.plan;
        let sink = &plan.sinks[usage.sink.ix()];
        let adds = matches!(sink.fold, Fold::Sum(_) | Fold::Count);
        let closed = sink.keys.iter().all(|key| {
            let open = plan.dimensions[key.dim.ix()].size().is_none();
            !(open && key.in_cell || matches!(key.source, KeySource::Family(_)))
        });
        let ([regime], Some(posting)) = (&usage.rules.regimes[..], &scale.posting) else { return Ok(None) };
        if !adds || !closed || !usage.covered_by.is_empty() || !usage.less.is_empty() {
            return Ok(None);
        }
        let Some(table) = rate::RateTable::new(&regime.cells, &posting.functions, RATE_WORDS) else { return Ok(None) };
        self.spend(sink_operations(sink_scale, &Groups::default()))?;
        let mut sources = Sources::default();
        let (pool, parts) = (&mut self.pool, (sink, sink_scale, &mut sources));
        let code = self.maker.function(7, None, |start| {
            let (mut emit, p) = emitter(plan, pool, start, parts, Some(0), 1);
            let out = rate::Outputs { base: p[3], cells: p[4], posted: p[5], status: p[6] };
            emit.rate(p[2], &out, sink_scale, &table);
            emit.b
        })?;
        Ok(Some(Fused { code, sources, cells: regime.cells.len(), denominator: posting.denominator }))
    }
}

/// Operations that a sink's code has.
fn sink_operations(scale: &SinkScale, groups: &Groups) -> usize {
    let keys: usize = scale.buckets.iter().flatten().map(|b| b.of.size()).sum();
    let value = match &scale.value {
        SinkValue::Count | SinkValue::Unique(_) => 0,
        SinkValue::Number(raw) => raw.of.size(),
        SinkValue::Charge(charge) => {
            let size = |f: usize| charge.amounts.get(f).map_or(0, |a| a.of.size());
            let amounts: usize = groups.groups.iter().map(|g| size(g.function)).chain(groups.only.map(size)).sum();
            amounts + charge.measure.as_ref().map_or(0, |m| m.size())
        }
    };
    scale.filter.size() + scale.scope.size() + keys + value
}

/// Compiles plans for the host's processor.
pub struct JitFactory;

impl KernelFactory for JitFactory {
    fn engine(&self) -> &'static str {
        "jit"
    }

    fn compile(&self, plan: &Arc<Plan>) -> Result<Arc<dyn Kernel>, String> {
        match Jit::new(plan.clone()) {
            Ok(jit) => Ok(Arc::new(jit)),
            Err(error) => Err(error.to_string()),
        }
    }
}
