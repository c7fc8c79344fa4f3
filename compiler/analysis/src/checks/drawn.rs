//! Prices that fall at a tier edge and are paid while they grow.

use super::Checks;
use super::show;
use crate::codes;
use price_diagnostics::Diagnostic;
use price_ir::{BalanceIx, Charge, Curve, LineIx};

impl Checks<'_> {
    /// Where a balance of the waterfall has paid for more than the price comes to later.
    pub(super) fn drawn(&mut self) {
        let plan = self.plan;
        let steps: Vec<BalanceIx> = plan.funds.waterfall.iter().flat_map(|w| w.steps.iter().copied()).collect();
        for (index, line) in plan.lines.iter().enumerate() {
            let Charge::Usage(usage) = &line.charge else { continue };
            let at = LineIx(index as u32);
            let pays = |balance: &&BalanceIx| plan.funds.balances[balance.ix()].pays.contains(&at);
            let Some(balance) = steps.iter().find(pays).map(|b| &plan.funds.balances[b.ix()]) else { continue };
            let falls = usage.rules.functions.iter().find_map(|f| Some((f, Curve::of(&f.amount)?.first_fall()?)));
            let Some((function, (edge, before, after))) = falls else { continue };
            let sink = &plan.sinks[usage.sink.ix()];
            let unit = if sink.unit.is_empty() { String::new() } else { format!(" {}", sink.unit) };
            let unit = if usage.scale.is_some() { format!("{unit} for each unit of the scale") } else { unit };
            let rule = function.rules.first().copied().unwrap_or(line.rule);
            let message = format!("`{}` pays for `{}` as it is used, and its total falls", balance.name, line.name);
            let label = format!(
                "up to {}{unit} {} are paid, above it {} are due",
                show(&edge),
                self.money(&before),
                self.money(&after)
            );
            self.found.push(
                Diagnostic::warning(codes::GIVEN_BACK, message)
                    .at(self.span(rule), label)
                    .also(self.span(balance.rule), "what was paid too much is given back here")
                    .help("use `graduated`, or take the price out of what it `pays for`"),
            );
        }
    }
}
