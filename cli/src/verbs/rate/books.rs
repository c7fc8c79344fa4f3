//! `--journal` and `--revenue`: what an accountant takes from a run.

use crate::output::journal::Journal;
use crate::trouble::Trouble;
use price_ingest::write::exact_text;
use price_ir::{Invoice, Plan, Revenue};
use std::fs::File;
use std::io::{BufWriter, Write};

/// Both files, as far as they are asked for.
#[derive(Default)]
pub struct Books {
    journal: Option<(String, BufWriter<File>, Journal)>,
    revenue: Option<(String, csv::Writer<File>)>,
}

impl Books {
    pub fn create(journal: Option<&str>, revenue: Option<&str>) -> Result<Books, Trouble> {
        let create = |path: &str| File::create(path).map_err(|error| Trouble::write(path, error));
        let journal = match journal {
            Some(path) => Some((path.to_owned(), BufWriter::new(create(path)?), Journal::default())),
            None => None,
        };
        let mut revenue = match revenue {
            Some(path) => Some((path.to_owned(), csv::Writer::from_writer(create(path)?))),
            None => None,
        };
        if let Some((path, to)) = &mut revenue {
            let head = ["account", "from", "until", "currency", "earned", "breakage", "deferred_before", "deferred"];
            to.write_record(head).map_err(|error| Trouble::write(path, error.into()))?;
        }
        Ok(Books { journal, revenue })
    }

    pub fn write(&mut self, invoice: &Invoice, plan: &Plan) -> Result<(), Trouble> {
        if let Some((path, to, journal)) = &mut self.journal {
            let text = journal.add(invoice, plan);
            to.write_all(text.as_bytes()).map_err(|error| Trouble::write(path, error))?;
        }
        if let Some((path, to)) = &mut self.revenue {
            // Without balances everything is earned when it is invoiced.
            let plain = Revenue { earned: invoice.total.clone(), ..Revenue::default() };
            let of = invoice.payment.as_ref().map_or(&plain, |payment| &payment.revenue);
            let money = |value| exact_text(value, plan.currency.decimals.into());
            let row = [
                invoice.account.clone(),
                invoice.period.from.to_string(),
                invoice.period.until.to_string(),
                plan.currency.code.clone(),
                money(&of.earned),
                money(&of.breakage),
                money(&of.deferred_before),
                money(&of.deferred),
            ];
            to.write_record(row).map_err(|error| Trouble::write(path, error.into()))?;
        }
        Ok(())
    }

    pub fn finish(self) -> Result<(), Trouble> {
        if let Some((path, mut to, journal)) = self.journal {
            let text = journal.declarations();
            to.write_all(text.as_bytes()).and_then(|()| to.flush()).map_err(|error| Trouble::write(&path, error))?;
        }
        if let Some((path, mut to)) = self.revenue {
            to.flush().map_err(|error| Trouble::write(&path, error))?;
        }
        Ok(())
    }
}
