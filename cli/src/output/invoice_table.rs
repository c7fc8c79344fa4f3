//! An invoice as a person reads it: lines with their quantities, tiers below them, amounts in one
//! column on the right.

use crate::output::money::{exact, left, quantity, right};
use crate::shell::Paint;
use price_driver::tier_text;
use price_ir::{AllowanceUse, CellDetail, Invoice, InvoiceLine, Plan, TierDetail};

/// Columns of amounts.
const AMOUNT: usize = 16;
/// Columns that detail keeps free on the right.
const INSET: usize = 15;
/// Cells of a line that are shown before the rest is counted.
const CELLS: usize = 24;

/// The text of one invoice, ending with an empty line.
pub fn render(invoice: &Invoice, plan: &Plan, width: usize, paint: Paint) -> String {
    let mut table = Table { plan, width, paint, out: String::new() };
    table.head(invoice);
    for line in &invoice.lines {
        table.line(line);
    }
    table.total(invoice);
    for allowance in &invoice.allowances {
        table.allowance(allowance);
    }
    table.out.push('\n');
    table.out
}

struct Table<'p> {
    plan: &'p Plan,
    width: usize,
    paint: Paint,
    out: String,
}

impl Table<'_> {
    fn push(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn head(&mut self, invoice: &Invoice) {
        let period = invoice.period.to_string();
        let name = left(&invoice.account, self.width.saturating_sub(period.chars().count() + 2));
        self.push(&format!("{}  {period}", self.paint.bold(name)));
        let version = self.plan.version.map_or(String::new(), |version| format!(" version {version}"));
        let mut about = format!("{}{version}, {}", self.plan.name, self.plan.currency.code);
        if invoice.served != invoice.period {
            let last = invoice.served.until.add_days(-1);
            about = format!("{about}, served {} through {last}", invoice.served.from);
        }
        self.push(&self.paint.dim(about));
        self.rule('─');
    }

    fn rule(&mut self, sign: char) {
        let rule: String = std::iter::repeat_n(sign, self.width).collect();
        self.push(&self.paint.dim(rule));
    }

    fn line(&mut self, line: &InvoiceLine) {
        let amount = self.plan.currency.format(&line.amount);
        let what = match &line.quantity {
            Some((value, unit)) => format!("{} {unit}", quantity(value)),
            None => String::new(),
        };
        let room = self.width.saturating_sub(AMOUNT.max(amount.chars().count() + 1));
        // Name on the left, quantity flush right before the amounts, at least two spaces between.
        let name = left(&line.name, room.saturating_sub(what.chars().count() + 2));
        let gap = room.saturating_sub(name.chars().count() + what.chars().count());
        let rest = right(&amount, self.width - room);
        self.push(&format!("{}{}{what}{}", self.paint.bold(&name), " ".repeat(gap), self.paint.bold(rest)));
        let plain = line.cells.len() == 1 && line.cells[0].labels.is_empty();
        for cell in line.cells.iter().take(CELLS) {
            self.cell(cell, line, plain);
        }
        if line.cells.len() > CELLS {
            self.detail(&format!("  and {} more", line.cells.len() - CELLS), "");
        }
        if !line.steps.is_empty() {
            if !line.cells.is_empty() {
                self.detail("  before adjustments", &exact(&line.gross, &self.plan.currency));
            }
            for step in &line.steps {
                self.detail(&format!("  {}", step.label), &exact(&step.change, &self.plan.currency));
            }
        }
        for (label, amount) in line.attribution.iter().take(CELLS) {
            self.detail(&format!("  of which {label}"), &self.plan.currency.format(amount));
        }
    }

    /// Detail has its own column of amounts, left of those that are added up.
    fn detail(&mut self, text: &str, amount: &str) {
        let edge = self.width.saturating_sub(INSET);
        let room = edge.saturating_sub(if amount.is_empty() { 0 } else { amount.chars().count() + 2 });
        let text = left(text, room);
        let line = format!("{text}{}", right(amount, edge - room));
        self.push(&self.paint.dim(line.trim_end()));
    }

    /// Whether text and amount fit a line of detail.
    fn fits(&self, text: &str, amount: &str) -> bool {
        text.chars().count() + amount.chars().count() + 2 + INSET <= self.width
    }

    fn cell(&mut self, cell: &CellDetail, line: &InvoiceLine, plain: bool) {
        let currency = &self.plan.currency;
        let events = cell.events > 0 && cell.quantity.to_i128() != Some(i128::from(cell.events));
        let events = if events { format!(" in {}", count(cell.events)) } else { String::new() };
        let amount = exact(&cell.exact, currency);
        let labels: Vec<&str> = cell.labels.iter().map(|(_, label)| label.as_str()).collect();
        let name = labels.join(", ");
        let own: Vec<&TierDetail> = if cell.events > 0 { Vec::new() } else { cell.tiers.iter().collect() };
        // A cell of one tier fits one line.
        if let ([tier], false) = (own.as_slice(), cell.covered.is_positive()) {
            let text = tier_text(self.plan, &line.name, tier, "");
            let both = if plain { format!("  {text}") } else { format!("  {name}  {text}") };
            if self.fits(&both, &amount) {
                return self.detail(&both, &amount);
            }
        }
        let indent = if plain { "  " } else { "    " };
        if !plain {
            self.detail(&format!("  {name}  {}{events}", quantity(&cell.quantity)), &amount);
        } else if !events.is_empty() {
            self.detail(&format!(" {events}"), "");
        }
        if cell.covered.is_positive() {
            self.detail(&format!("{indent}included {}", quantity(&cell.covered)), "");
        }
        for tier in own {
            self.tier(&line.name, tier, indent);
        }
    }

    fn tier(&mut self, line: &str, tier: &TierDetail, indent: &str) {
        let text = tier_text(self.plan, line, tier, "");
        let amount = exact(&tier.exact, &self.plan.currency);
        let range = match (&tier.to, tier.from.is_zero()) {
            (Some(to), _) => format!(", up to {}", quantity(to)),
            (None, false) => format!(", above {}", quantity(&tier.from)),
            (None, true) => String::new(),
        };
        let with_range = format!("{indent}{text}{range}");
        let shown = if self.fits(&with_range, &amount) { with_range } else { format!("{indent}{text}") };
        self.detail(&shown, &amount);
    }

    fn total(&mut self, invoice: &Invoice) {
        self.rule('─');
        let total = self.plan.currency.format(&invoice.total);
        let due = self.plan.net_days.map_or(String::new(), |days| format!("total, due in {days} days"));
        let text = if due.is_empty() { "total".to_owned() } else { due };
        let row = format!("{text}{}", right(&total, self.width.saturating_sub(text.chars().count())));
        self.push(&self.paint.bold(row));
    }

    fn allowance(&mut self, allowance: &AllowanceUse) {
        let all = &allowance.granted + &allowance.carried_in;
        let mut text =
            format!("{}: {} of {} {} used", allowance.name, quantity(&allowance.used), quantity(&all), allowance.unit);
        if allowance.carried_out.is_positive() {
            text = format!("{text}, {} carried over", quantity(&allowance.carried_out));
        }
        self.push(&self.paint.dim(text));
    }
}

fn count(events: u64) -> String {
    crate::paths::count(usize::try_from(events).unwrap_or(usize::MAX), "event")
}
