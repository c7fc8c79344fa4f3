//! Small facts beside the text: where tiers begin, what is paid at their ends.

use crate::ide::Ide;
use crate::limits;
use crate::names::{Def, DefKind};
use crate::plans;
use price_diagnostics::{FileId, Span};
use price_driver::quantity;

use price_syntax::Rule;
use price_syntax::tree::Node;

/// A fact to show behind a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Behind this byte.
    pub at: u32,
    /// The fact.
    pub text: String,
    /// A sentence about it.
    pub tooltip: String,
}

impl Ide {
    /// The facts inside a stretch of a file.
    #[must_use]
    pub fn hints(&self, file: FileId, within: Span) -> Vec<Hint> {
        let parse = self.parse(file);
        let mut hints = Vec::new();
        for price in parse.tree.iter().filter(|node| node.is(Rule::price_stmt)) {
            if price.end() < within.start || price.start() > within.end {
                continue;
            }
            if hints.len() > limits::HINTS {
                break;
            }
            self.tier_hints(file, price, &mut hints);
        }
        hints.retain(|hint| within.start <= hint.at && hint.at <= within.end);
        hints
    }

    /// Of a price with one ladder for all cells: `above 500k`, and the total at each end.
    fn tier_hints(&self, file: FileId, price: Node<'_>, hints: &mut Vec<Hint>) -> Option<()> {
        let name = price.part(Rule::name)?;
        let tiers = price.part(Rule::price_block)?.part(Rule::tiers)?;
        let rows: Vec<Node<'_>> = tiers.parts_of(Rule::tier).collect();
        let item = self.item_at(file, price.start())?;
        let span = Span::new(file, name.start(), name.end());
        let def = Def { kind: DefKind::Price, name: name.read().to_owned(), file, span, item };
        let plan = self.plan_of(&def)?;
        let line = plans::line(&plan, &def.name)?;
        let (usage, sink) = plans::usage(&plan, line)?;
        let [function] = usage.rules.functions.as_slice() else { return None };
        let curve = plans::curve(function)?;
        if usage.scale.is_some() || curve.pieces.len() != rows.len() || rows.len() < 2 {
            return None;
        }
        let unit = &sink.unit;
        let (currency, _) = plan.currency_at(line.currency);
        for (at, (row, piece)) in rows.iter().zip(&curve.pieces).enumerate() {
            let from = quantity(&piece.from, "");
            let (text, tooltip) = match curve.pieces.get(at + 1) {
                Some(next) => {
                    let total = currency.format(&piece.at(&next.from));
                    let whole = format!("at {} the total is {total}", quantity(&next.from, unit));
                    (if at == 0 { total.clone() } else { format!("from {from}: {total}") }, whole)
                }
                None => (format!("from {from}"), format!("all above {}", quantity(&piece.from, unit))),
            };
            hints.push(Hint { at: row.end(), text, tooltip });
        }
        Some(())
    }
}
