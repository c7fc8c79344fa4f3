//! The engine behind the seam.

use crate::charge::measure_quantum;
use crate::entry::{Entry, entries_per_row};
use price_ir::kernel::{SKIPPED, TAKEN};
use price_ir::{Batch, Charge, EventCharge, Fault, Fold, Kernel, KernelFactory, LineIx, MapOut, Plan, Sink, SinkIx};
use price_value::Rational;
use std::sync::Arc;

/// A plan, interpreted.
pub struct Interp {
    plan: Arc<Plan>,
}

impl Interp {
    /// An engine for a verified plan.
    pub fn new(plan: Arc<Plan>) -> Interp {
        Interp { plan }
    }

    fn event_charge(&self, sink: SinkIx) -> (&Sink, &EventCharge) {
        let sink = &self.plan.sinks[sink.ix()];
        match &sink.fold {
            Fold::Charge(charge) => (sink, charge),
            _ => panic!("`{}` is not a price on each event", sink.name),
        }
    }
}

impl Kernel for Interp {
    fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    fn engine(&self) -> &'static str {
        "interp"
    }

    fn map(&self, sink: SinkIx, batch: &Batch, regime: &[u32], out: &mut MapOut) {
        let sink = &self.plan.sinks[sink.ix()];
        assert_eq!(sink.event, batch.event, "the batch holds events of the sink's type");
        let entries = batch.rows * entries_per_row(&self.plan, sink);
        out.status.clear();
        out.cell.clear();
        out.value.clear();
        for index in 0..entries {
            let entry = Entry::at(&self.plan, sink, batch, index);
            let regime = if regime.is_empty() { 0 } else { regime[entry.row] };
            let (status, cell, value) = match entry.taken(regime) {
                Ok(Some((cell, value))) => (TAKEN, cell, value),
                Ok(None) => (SKIPPED, 0, 0),
                Err(fault) => (fault as u8, 0, 0),
            };
            out.status.push(status);
            out.cell.push(cell);
            out.value.push(value);
        }
    }

    fn charge(&self, line: LineIx, function: u32, raw: i128, divisor: i64) -> Result<Rational, Fault> {
        let line = &self.plan.lines[line.ix()];
        let Charge::Usage(usage) = &line.charge else { panic!("`{}` is not a price on a meter", line.name) };
        assert!(divisor > 0, "quantities are divided by a number above zero");
        let quantum = &self.plan.sinks[usage.sink.ix()].quantum;
        let quantity = Rational::int(raw) * quantum / Rational::from(divisor);
        usage.rules.functions[function as usize].amount.at(&quantity)
    }

    fn position(
        &self,
        sink: SinkIx,
        function: u32,
        batch: &Batch,
        row: usize,
        measure: i64,
    ) -> Result<Rational, Fault> {
        let quantity = Rational::from(measure) * self.measure_quantum(sink);
        let (sink, charge) = self.event_charge(sink);
        let entry = Entry::at(&self.plan, sink, batch, row);
        let argument = charge.measure.is_some().then_some(&quantity);
        entry.value(&charge.rules.functions[function as usize].amount, argument)
    }

    fn measure_quantum(&self, sink: SinkIx) -> Rational {
        let (sink, charge) = self.event_charge(sink);
        measure_quantum(&self.plan.events[sink.event.ix()], charge)
    }
}

/// Makes interpreters.
pub struct InterpFactory;

impl KernelFactory for InterpFactory {
    fn engine(&self) -> &'static str {
        "interp"
    }

    fn compile(&self, plan: &Arc<Plan>) -> Result<Arc<dyn Kernel>, String> {
        Ok(Arc::new(Interp::new(plan.clone())))
    }
}
