//! The two tables of a rated run: lines of invoices, and what every event added to them.

use super::amount::exact_text;
use super::table::{Cell, Kind, OutputFormat, TableWriter};
use crate::error::IngestError;
use price_ir::{Invoice, InvoiceLine};
use price_value::Currency;
use std::io::Write;

/// One line of an invoice.
#[derive(Debug, Clone, Copy)]
pub struct RatedLine<'a> {
    /// The invoice it stands on.
    pub invoice: &'a Invoice,
    /// The line.
    pub line: &'a InvoiceLine,
}

/// Writes lines: `account, period, from, until, line, kind, quantity, unit, exact, amount,
/// currency`. `exact` is before rounding, `amount` what the customer pays.
pub struct RatedLines<W: Write + Send + 'static> {
    table: TableWriter<W>,
    currency: Currency,
}

impl<W: Write + Send + 'static> RatedLines<W> {
    /// A table for invoices in `currency`.
    pub fn create(format: OutputFormat, out: W, currency: &Currency) -> Result<RatedLines<W>, IngestError> {
        let names =
            ["account", "period", "from", "until", "line", "kind", "quantity", "unit", "exact", "amount", "currency"];
        let columns = names.map(|name| (name, Kind::Text));
        Ok(RatedLines { table: TableWriter::create(format, out, &columns)?, currency: currency.clone() })
    }

    /// Writes one line.
    pub fn write(&mut self, rated: &RatedLine<'_>) -> Result<(), IngestError> {
        let RatedLine { invoice, line } = rated;
        let (quantity, unit) = match &line.quantity {
            Some((quantity, unit)) => (exact_text(quantity, 0), unit.as_str()),
            None => (String::new(), ""),
        };
        let text = |text| if str::is_empty(text) { Cell::Missing } else { Cell::Text(text) };
        let period = invoice.period.to_string();
        let (from, until) = (invoice.served.from.to_string(), invoice.served.until.to_string());
        let exact = exact_text(&line.exact, 0);
        let amount = exact_text(&line.amount, self.currency.decimals.into());
        self.table.row(&[
            Cell::Text(&invoice.account),
            Cell::Text(&period),
            Cell::Text(&from),
            Cell::Text(&until),
            Cell::Text(&line.name),
            Cell::Text(line.kind.word()),
            text(&quantity),
            text(unit),
            Cell::Text(&exact),
            Cell::Text(&amount),
            Cell::Text(&self.currency.code),
        ])
    }

    /// Ends the table.
    pub fn finish(self) -> Result<W, IngestError> {
        self.table.finish()
    }
}

/// What one event added to one line.
#[derive(Debug, Clone, Copy)]
pub struct RatedEvent<'a> {
    /// Account of the event.
    pub account: &'a str,
    /// Type of the event.
    pub event: &'a str,
    /// When it happened: nanoseconds since the epoch.
    pub happened: i64,
    /// Source, empty if it had none.
    pub source: &'a str,
    /// Id, empty if it had none.
    pub id: &'a str,
    /// File it came in.
    pub file: &'a str,
    /// Line in the file.
    pub line_number: u64,
    /// Line of the invoice.
    pub line: &'a str,
    /// Quantity it added, in `unit`: exact text.
    pub quantity: &'a str,
    /// Unit.
    pub unit: &'a str,
    /// Exact amount it added, as text.
    pub amount: &'a str,
}

/// Writes rated events: `account, type, time, source, id, file, line_number, line, quantity,
/// unit, amount, currency`. Amounts are exact: they sum to the line before rounding.
pub struct RatedEvents<W: Write + Send + 'static> {
    table: TableWriter<W>,
    currency: Currency,
}

impl<W: Write + Send + 'static> RatedEvents<W> {
    /// A table for amounts in `currency`.
    pub fn create(format: OutputFormat, out: W, currency: &Currency) -> Result<RatedEvents<W>, IngestError> {
        let columns = [
            ("account", Kind::Text),
            ("type", Kind::Text),
            ("time", Kind::Instant),
            ("source", Kind::Text),
            ("id", Kind::Various),
            ("file", Kind::Text),
            ("line_number", Kind::Whole),
            ("line", Kind::Text),
            ("quantity", Kind::Various),
            ("unit", Kind::Text),
            ("amount", Kind::Various),
            ("currency", Kind::Text),
        ];
        Ok(RatedEvents { table: TableWriter::create(format, out, &columns)?, currency: currency.clone() })
    }

    /// Writes one event.
    pub fn write(&mut self, rated: &RatedEvent<'_>) -> Result<(), IngestError> {
        let text = |text| if str::is_empty(text) { Cell::Missing } else { Cell::Text(text) };
        self.table.row(&[
            Cell::Text(rated.account),
            Cell::Text(rated.event),
            Cell::Instant(rated.happened),
            text(rated.source),
            text(rated.id),
            Cell::Text(rated.file),
            Cell::Whole(i64::try_from(rated.line_number).unwrap_or(i64::MAX)),
            Cell::Text(rated.line),
            Cell::Text(rated.quantity),
            text(rated.unit),
            Cell::Text(rated.amount),
            Cell::Text(&self.currency.code),
        ])
    }

    /// Ends the table.
    pub fn finish(self) -> Result<W, IngestError> {
        self.table.finish()
    }
}
