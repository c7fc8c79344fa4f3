//! The way to an amount, step by step, with the place of each rule.

use crate::output::money::{exact, exact_in_full, left, right};
use crate::shell::Paint;
use price_driver::{Explanation, Row};
use price_value::Currency;

/// Columns of amounts.
const AMOUNT: usize = 18;
/// Most columns of the places of rules.
const PLACE: usize = 60;

/// The text of an explanation.
pub fn render(of: &Explanation, currency: &Currency, paint: Paint) -> String {
    let amount = currency.format(&of.amount);
    let widest = of.rows.iter().map(|row| text(row).chars().count()).max().unwrap_or(0);
    let room = widest.max(of.line.chars().count()).clamp(24, 64);
    let mut out = format!("{}{}\n", paint.bold(left(&of.line, room)), paint.bold(right(&amount, AMOUNT)));
    let last = of.rows.len().saturating_sub(1);
    for (index, row) in of.rows.iter().enumerate() {
        let number = row.amount.as_ref().map_or(String::new(), |amount| {
            let shown =
                if row.depth == 0 && index < last { exact_in_full(amount, currency) } else { exact(amount, currency) };
            if row.change && !amount.is_negative() { format!("+{shown}") } else { shown }
        });
        let mut line = format!("{}{}", left(&text(row), room), right(&number, AMOUNT));
        if let Some((title, place)) = &row.rule {
            let place = place.as_ref().map_or(String::new(), |place| format!("  {place}"));
            let said = left(&format!("{title}{place}"), PLACE);
            line = format!("{line}  {}", paint.dim(said.trim_end()));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn text(row: &Row) -> String {
    // Steps of the line stand at its margin, those of cells and tiers further in.
    format!("  {}{}", "  ".repeat(usize::from(row.depth)), row.text)
}
