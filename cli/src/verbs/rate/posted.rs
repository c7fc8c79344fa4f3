//! `--rated-events`: what every event added to every line.

use super::table_format;
use crate::events::plan::Loaded;
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_driver::Compiled;
use price_ingest::write::{RatedEvent, RatedEvents};
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
        let currency = &loaded[0].compiled.plan.currency;
        Ok(Some(Sink { table: RatedEvents::create(format, BufWriter::new(file), currency)? }))
    }

    /// Postings of one plan.
    pub fn plan<'s>(&'s mut self, compiled: &'s Compiled) -> Posting<'s> {
        Posting {
            table: &mut self.table,
            plan: &compiled.plan,
            posters: None,
            left: Vec::new(),
            posted: Posted::default(),
        }
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
    /// Quantity of a raw step; none where the raw value is an amount.
    quantum: Option<Rational>,
    unit: String,
    poster: Poster,
}

/// Postings of one plan.
pub struct Posting<'s> {
    table: &'s mut RatedEvents<BufWriter<File>>,
    plan: &'s Plan,
    posters: Option<Vec<Line>>,
    /// Lines without postings, and why.
    left: Vec<(String, NoPostings)>,
    posted: Posted,
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
        for line in lines {
            if self.plan.sinks[line.sink.ix()].event != part.batch.event {
                continue;
            }
            // Refused rows are told when they are folded.
            rater.rate_batch(&mut line.poster, &mut part.batch, accounts, &mut self.posted);
            for row in 0..part.rows() {
                if !self.posted.taken[row] {
                    continue;
                }
                let raw = self.posted.raw.get(row).copied().unwrap_or_default();
                let quantity = line.quantum.as_ref().map_or(Rational::ZERO, |quantum| Rational::from(raw) * quantum);
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
                    amount: &self.posted.amount(row),
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
                    quantum: usage.then(|| of.quantum.clone()),
                    unit: if usage { of.unit.clone() } else { String::new() },
                    poster,
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
