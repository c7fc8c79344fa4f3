//! Whether a plan's invoices depend on the order of its rows.

use price_ir::{Charge, DrawOrder, Fold, Held, Plan};

/// What a host owes a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Rows may arrive in any order.
    Commutative,
    /// Rows of one billed subject arrive sorted by (happened, source, id), over all event types.
    ByEventTime,
}

/// Whether rows of `plan` must arrive sorted: levels, `last`, and allowances drawn as used do
/// need it; sums, counts, peaks and percentiles of amounts do not.
pub fn plan_order(plan: &Plan) -> Order {
    let levels = plan.sinks.iter().any(|sink| match &sink.fold {
        Fold::Last(_) | Fold::Average(_) | Fold::Max(_, Held::Level) | Fold::Min(_, Held::Level) => true,
        Fold::Charge(charge) => !charge.covered_by.is_empty(),
        _ => false,
    });
    let drawn = plan.allowances.iter().any(|allowance| {
        allowance.draw == DrawOrder::AsUsed
            || allowance.covers.iter().any(|c| matches!(plan.lines[c.line.ix()].charge, Charge::Events(_)))
    });
    if levels || drawn { Order::ByEventTime } else { Order::Commutative }
}
