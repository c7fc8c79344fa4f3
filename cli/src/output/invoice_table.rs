//! An invoice as a person reads it: lines with their quantities, tiers below them, amounts in one
//! column on the right.

use crate::output::money::{exact, left, quantity, right};
use crate::shell::Paint;
use price_driver::{ratchet_text, tier_text};
use price_ir::{AllowanceUse, CellDetail, EntitlementUse, Invoice, InvoiceLine, OWN, Payment, Plan, TierDetail};
use price_value::Rational;

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
    if let Some(payment) = &invoice.payment {
        table.payment(payment);
    }
    for entitlement in &invoice.entitlements {
        table.entitlement(entitlement);
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
        let parties = self.plan.parties.as_ref();
        let (seller, buyer) = (parties.and_then(|p| p.seller.as_deref()), parties.and_then(|p| p.buyer.as_deref()));
        let named: Vec<String> = [("from", seller), ("to", buyer)]
            .iter()
            .filter_map(|(word, name)| Some(format!("{word} {}", name.as_ref()?)))
            .collect();
        if !named.is_empty() {
            self.push(&self.paint.dim(left(&named.join(" "), self.width)));
        }
        self.rule('─');
    }

    fn rule(&mut self, sign: char) {
        let rule: String = std::iter::repeat_n(sign, self.width).collect();
        self.push(&self.paint.dim(rule));
    }

    fn line(&mut self, line: &InvoiceLine) {
        let currency = self.plan.currency_at(line.currency).0;
        let amount = currency.format(&line.amount);
        let what = match &line.quantity {
            Some((value, unit)) => format!("{} {unit}", quantity(value)),
            None => String::new(),
        };
        let room = self.width.saturating_sub(AMOUNT.max(amount.chars().count() + 1));
        let title = match &line.corrects {
            Some(period) => format!("{}, {period} corrected", line.name),
            None => line.name.clone(),
        };
        // Name on the left, quantity flush right before the amounts, at least two spaces between.
        let name = left(&title, room.saturating_sub(what.chars().count() + 2));
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
                self.detail("  before adjustments", &exact(&line.gross, currency));
            }
            for step in &line.steps {
                self.detail(&format!("  {}", step.label), &exact(&step.change, currency));
            }
        }
        for (by, amount) in &line.paid {
            self.detail(&format!("  paid by {by}"), &currency.format(amount));
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
        let currency = self.plan.currency_at(line.currency).0;
        let events = cell.events > 0 && cell.quantity.to_i128() != Some(i128::from(cell.events));
        let events = if events { format!(" in {}", count(cell.events)) } else { String::new() };
        let amount = exact(&cell.exact, currency);
        let labels: Vec<&str> = cell.labels.iter().map(|(_, label)| label.as_str()).collect();
        let name = labels.join(", ");
        let own: Vec<&TierDetail> = if cell.events > 0 { Vec::new() } else { cell.tiers.iter().collect() };
        // A cell of one tier fits one line.
        if let ([tier], false) = (own.as_slice(), cell.covered.is_positive() || cell.ratchet.is_some()) {
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
        if let Some(ratchet) = &cell.ratchet {
            self.detail(&format!("{indent}{}", ratchet_text(ratchet, "")), "");
        }
        for tier in own {
            self.tier(line, tier, indent);
        }
    }

    fn tier(&mut self, line: &InvoiceLine, tier: &TierDetail, indent: &str) {
        let text = tier_text(self.plan, &line.name, tier, "");
        let amount = exact(&tier.exact, self.plan.currency_at(line.currency).0);
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
        let in_days = self.plan.net_days.map_or(String::new(), |days| format!(", due in {days} days"));
        let Some(payment) = invoice.payment.as_deref().filter(|_| invoice.due != invoice.total) else {
            return self.sum(&format!("total{in_days}"), &invoice.total);
        };
        self.sum("total", &invoice.total);
        for balance in &payment.balances {
            let own = invoice.lines.iter().filter(|line| line.currency == OWN).flat_map(|line| &line.paid);
            let paid: Rational = own.filter(|(by, _)| *by == balance.name).map(|(_, amount)| amount).sum();
            if !paid.is_zero() {
                self.amount(&format!("paid by {}", balance.name), &-&paid);
            }
        }
        for interim in &payment.interim {
            self.amount(&format!("invoiced on {}", interim.day), &-&interim.amount);
        }
        self.sum(&format!("due{in_days}"), &invoice.due);
    }

    /// A bold row in the column of amounts.
    fn sum(&mut self, text: &str, amount: &Rational) {
        let amount = self.plan.currency.format(amount);
        let row = format!("{text}{}", right(&amount, self.width.saturating_sub(text.chars().count())));
        self.push(&self.paint.bold(row));
    }

    fn amount(&mut self, text: &str, amount: &Rational) {
        let amount = self.plan.currency.format(amount);
        let text = left(text, self.width.saturating_sub(amount.chars().count() + 2));
        self.push(&format!("{text}  {amount}"));
    }

    /// What balances hold and commitments count after the period.
    fn payment(&mut self, payment: &Payment) {
        for s in &payment.balances {
            let currency = self.plan.currency_at(s.holds).0;
            let mut text = format!("{}: {} left", s.name, currency.format(&s.closed));
            let moves = [
                ("restated", &s.restated),
                ("granted", &s.granted),
                ("topped up", &s.topped_up),
                ("carried over", &s.rolled_in),
                ("used", &s.used),
                ("expired", &s.expired),
                ("taken back", &s.clawed_back),
            ];
            for (what, amount) in moves.into_iter().filter(|(_, amount)| !amount.is_zero()) {
                text = format!("{text}, {} {what}", currency.format(amount));
            }
            self.push(&self.paint.dim(text));
            if !s.topped_up.is_zero() {
                self.push(&self.paint.dim(format!("{}: top-ups are taken as paid", s.name)));
            }
        }
        let currency = &self.plan.currency;
        for c in &payment.commitments {
            let until = c.until.map_or(String::new(), |day| format!(" through {}", day.add_days(-1)));
            let text = format!(
                "{}: {} of {} counted from {}{until}",
                c.name,
                currency.format(&c.total),
                currency.format(&c.amount),
                c.from
            );
            self.push(&self.paint.dim(text));
        }
        for (currency, amount) in &payment.unpaid {
            let text = format!("{} paid by no balance", self.plan.currency_at(*currency).0.format(amount));
            self.push(&self.paint.dim(text));
        }
    }

    /// Entitlements that are counted; others do not change.
    fn entitlement(&mut self, of: &EntitlementUse) {
        let Some(limit) = &of.limit else { return };
        let state = match (of.used > *limit, of.hard) {
            (true, true) => ", exceeded",
            (true, false) => ", exceeded and allowed",
            (false, _) if of.used == *limit => ", reached",
            (false, _) => "",
        };
        let text = format!("{}: {} of {} {} used{state}", of.name, quantity(&of.used), quantity(limit), of.unit);
        self.push(&self.paint.dim(text));
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
