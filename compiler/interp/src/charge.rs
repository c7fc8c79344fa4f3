//! What one event costs.

use crate::entry::Entry;
use price_ir::{CellRule, Event, EventCharge, Expr, Fault};
use price_value::Rational;

/// Quantity of one raw step of a charge's measure.
pub(crate) fn measure_quantum(event: &Event, charge: &EventCharge) -> Rational {
    let denominator = charge.measure.as_ref().map_or(Some(1), |measure| measure.denominator(event, 1));
    Rational::new(1, denominator.expect("a verified measure has a denominator of at most 126 bits"))
}

impl Entry<'_> {
    /// The raw amount of the entry in `cell`, or its raw measure where the host prices it.
    pub fn charged(&self, charge: &EventCharge, regime: u32, cell: u32) -> Result<i64, Fault> {
        let function = match charge.rules.regimes[regime as usize].cells[cell as usize] {
            CellRule::Function(function) => function,
            CellRule::NotSold => return Err(Fault::NotSold),
        };
        let measure = charge.measure.as_ref().map(|m| self.value(m, None)).transpose()?;
        if charge.priced_by_host() {
            let measure = measure.expect("a charge priced by the host has a measure");
            return raw(&measure, &measure_quantum(&self.plan.events[self.sink.event.ix()], charge));
        }
        let amount: &Expr = &charge.rules.functions[function as usize].amount;
        let amount = self.value(amount, measure.as_ref())?;
        raw(&charge.post_amount(measure.as_ref(), amount), &self.sink.quantum)
    }
}

/// A value as a whole number of quanta.
pub(crate) fn raw(value: &Rational, quantum: &Rational) -> Result<i64, Fault> {
    let steps = value / quantum;
    if !steps.is_integer() {
        return Err(Fault::NotExact);
    }
    steps.to_i128().and_then(|n| i64::try_from(n).ok()).ok_or(Fault::Overflow)
}
