//! What a price counts together stays together: conditions may not tear it apart.
//!
//! A condition on a dimension that is not among those of the price needs cells of its own. That
//! gives the same money only where the whole is the sum of its parts: amounts in proportion to a
//! quantity that adds up.

use super::statements::PriceSettings;
use crate::codes;
use crate::declare::DimUse;
use crate::declare::meter::{Aggregation, MeterDef};
use crate::lower::Lowering;
use crate::lower::allowance::{has_ladder, is_linear};
use price_diagnostics::{Diagnostic, Span};
use price_ir::{CellRule, RoundingScope, Rules};
use price_syntax::ast;

/// A price whose cells a condition would make finer.
pub(super) struct Torn<'a> {
    pub(super) decl: &'a ast::PriceDecl,
    pub(super) meter: &'a MeterDef,
    pub(super) rules: &'a Rules,
    pub(super) dims: &'a [DimUse],
    /// The first condition that asks for a dimension that the price does not name.
    pub(super) condition: Span,
}

impl Lowering<'_> {
    /// Refuses conditions on what a price counts together.
    pub(super) fn together(&mut self, torn: &Torn<'_>, settings: &PriceSettings) -> Option<()> {
        let Torn { decl, meter, rules, dims, condition } = *torn;
        let open = dims.iter().any(|d| d.dimension.ir.size().is_none());
        let sold = |cells: &[CellRule]| cells.iter().filter(|rule| **rule != CellRule::NotSold).count();
        if !open && rules.regimes.iter().all(|regime| sold(&regime.cells) <= 1) {
            return Some(());
        }
        let mut amounts = rules.functions.iter().map(|function| &function.amount);
        let ladder = amounts.clone().any(has_ladder);
        let (message, why) = if ladder {
            (
                "this condition asks for a dimension outside the ladder",
                "the ladder counts all of it together".to_string(),
            )
        } else if !adds_up(meter) {
            let why = format!("`{}` is no sum: its parts do not add up to the whole", meter.name);
            ("this condition asks for a dimension that is counted together", why)
        } else if !amounts.all(is_linear) {
            let why = "its amount is not in proportion to the quantity: parts cost something else than the whole";
            ("this condition asks for a dimension that is counted together", why.to_string())
        } else if settings.ratchet.is_some() || settings.across.is_some() {
            let why = "what it says of its cells would be said of smaller ones".to_string();
            ("this condition asks for a dimension that is counted together", why)
        } else if self.rounding_scope() != RoundingScope::Line {
            let why = "each of its cells is rounded: smaller ones come to another amount".to_string();
            ("this condition asks for a dimension that is counted together", why)
        } else {
            return Some(());
        };
        let help = match ladder {
            true => "then each label has a ladder of its own",
            false => "then each label is counted and priced on its own",
        };
        self.report(
            Diagnostic::error(codes::SAY_LADDER_SCOPE, message)
                .at(condition, "not among the dimensions of the price")
                .also(decl.name.span, why)
                .help(format!("add the dimension behind `by` in the head of the price: {help}")),
        );
        None
    }
}

/// Whether the quantity of all is the sum of those of its parts.
fn adds_up(meter: &MeterDef) -> bool {
    match &meter.aggregation {
        Aggregation::Sum(_) | Aggregation::Count => true,
        // The sum of levels has the sum of their averages, and of their last values.
        Aggregation::Average(_) | Aggregation::Last(_) => meter.holds_levels(),
        _ => false,
    }
}
