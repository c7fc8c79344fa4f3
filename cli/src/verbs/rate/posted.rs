//! `--rated-events`: what every event added to every line.

use super::table_format;
use crate::events::plan::Loaded;
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_driver::Compiled;
use price_ingest::write::{RatedEvent, RatedEvents, StepText, exact_text};
use price_ingest::{Part, Tables};
use price_ir::{Charge, LineIx, Plan, SinkIx};
use price_rating::{NoPostings, Posted, Poster, Rater};
use price_value::Rational;
use std::fs::File;
use std::io::BufWriter;

/// The file.
pub struct Sink {
    table: RatedEvents<BufWriter<File>>,
}

impl Sink {
    /// A file, if one is named.
    pub fn create(path: Option<&str>, loaded: &[Loaded]) -> Result<Option<Sink>, Trouble> {
        let Some(path) = path else { return Ok(None) };
        let format = table_format(path)?;
        let file = File::create(path).map_err(|error| Trouble::write(path, error))?;
        let currency = &loaded[0].compiled().plan.currency;
        Ok(Some(Sink { table: RatedEvents::create(format, BufWriter::new(file), currency)? }))
    }

    /// Postings of one plan.
    pub fn plan<'s>(&'s mut self, compiled: &'s Compiled) -> Posting<'s> {
        Posting { table: &mut self.table, plan: &compiled.plan, posters: None, left: Vec::new() }
    }

    /// Ends the file.
    pub fn finish(self) -> Result<(), Trouble> {
        self.table.finish()?;
        Ok(())
    }
}

/// A line with its cells.
struct Line {
    name: String,
    sink: SinkIx,
    /// Quantity of raw steps; none where the raw value is an amount.
    quantity: Option<StepText>,
    /// Amounts over the denominator that postings had last.
    amount: Option<(i128, StepText)>,
    unit: String,
    poster: Poster,
    /// Whether the part at hand is of its event type, and what that part's rows add.
    here: bool,
    posted: Posted,
}

/// Postings of one plan.
pub struct Posting<'s> {
    table: &'s mut RatedEvents<BufWriter<File>>,
    plan: &'s Plan,
    posters: Option<Vec<Line>>,
    /// Lines without postings, and why.
    left: Vec<(String, NoPostings)>,
}

impl Posting<'_> {
    /// Writes what the rows of a part add.
    pub fn write(
        &mut self,
        rater: &mut Rater,
        tables: &Tables,
        part: &mut Part,
        accounts: &[u32],
    ) -> Result<(), Trouble> {
        if self.posters.is_none() {
            self.posters = Some(self.prepare(rater));
        }
        let Some(lines) = &mut self.posters else { return Ok(()) };
        for line in lines.iter_mut() {
            line.here = self.plan.sinks[line.sink.ix()].event == part.batch.event;
            if !line.here {
                continue;
            }
            // Refused rows are told when they are folded.
            rater.rate_batch(&mut line.poster, &mut part.batch, accounts, &mut line.posted);
            if let Some(denominator) = line.posted.denominator
                && line.amount.as_ref().is_none_or(|(last, _)| *last != denominator)
            {
                line.amount = Some((denominator, StepText::new(Rational::new(1, denominator))));
            }
        }
        let (mut quantity, mut amount) = (String::new(), String::new());
        // Row by row, so that the file's order does not depend on where blocks are cut.
        for row in 0..part.rows() {
            for line in lines.iter().filter(|line| line.here && line.posted.taken[row]) {
                match &line.quantity {
                    Some(text) => text.write(line.posted.raw.get(row).copied().unwrap_or_default(), &mut quantity),
                    None => quantity.replace_range(.., "0"),
                }
                match (&line.amount, line.posted.denominator) {
                    (Some((_, text)), Some(_)) => text.write(line.posted.steps[row], &mut amount),
                    _ => amount = exact_text(&line.posted.amount(row), 0),
                }
                let (source, id) =
                    if part.ids.is_empty() { ("", "") } else { (part.sources.get(row), part.ids.get(row)) };
                self.table.write(&RatedEvent {
                    account: tables.accounts.text(part.accounts[row]),
                    event: &self.plan.events[part.batch.event.ix()].name,
                    happened: part.batch.happened[row],
                    source,
                    id,
                    file: tables.files.get(part.files[row] as usize).map_or("", String::as_str),
                    line_number: part.lines[row],
                    line: &line.name,
                    quantity: &quantity,
                    unit: &line.unit,
                    amount: &amount,
                })?;
            }
        }
        Ok(())
    }

    fn prepare(&mut self, rater: &Rater) -> Vec<Line> {
        let mut lines = Vec::new();
        for (index, line) in (0u32..).zip(&self.plan.lines) {
            let sink = match &line.charge {
                Charge::Usage(usage) => usage.sink,
                Charge::Events(sink) => *sink,
                _ => continue,
            };
            let usage = matches!(line.charge, Charge::Usage(_));
            let of = &self.plan.sinks[sink.ix()];
            match rater.poster(LineIx(index)) {
                Ok(poster) => lines.push(Line {
                    name: line.name.clone(),
                    sink,
                    quantity: usage.then(|| StepText::new(of.quantum.clone())),
                    amount: None,
                    unit: if usage { of.unit.clone() } else { String::new() },
                    poster,
                    here: false,
                    posted: Posted::default(),
                }),
                Err(why) => self.left.push((line.name.clone(), why)),
            }
        }
        lines
    }

    /// Says which lines are not in the file.
    pub fn finish(self, shell: &mut Shell) {
        for (name, why) in self.left {
            shell.warn(format!("no rated events for `{name}`: {why}"));
        }
    }
}
