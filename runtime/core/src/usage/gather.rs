//! The events that a question is about, taken out of the machine.

use super::meter::{Joins, sinks, word};
use super::tally::Tally;
use super::{UsageError, UsageQuery, UsageRow};
use crate::archive::Archive;
use crate::limits;
use crate::machine::Machine;
use price_ir::{Kernel, SinkIx};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An event: when it happened, its account in [`OfPlan::accounts`], its entry.
pub(super) type Event = (i64, u32, u64);

/// Events of one plan, and what it measures the meter by.
pub(super) struct OfPlan {
    pub(super) kernel: Arc<dyn Kernel>,
    pub(super) sinks: Vec<SinkIx>,
    pub(super) accounts: Vec<String>,
    pub(super) events: Vec<Event>,
}

/// Events that count, of the plans that have a meter; noted, so that the machine can go on.
pub struct Gathered {
    plans: Vec<OfPlan>,
    joins: Joins,
    archive: Arc<Archive>,
}

impl Machine {
    /// Takes out the events that a question is about. Needs time for noting them only.
    pub fn gather(&self, tenant: &str, query: &UsageQuery) -> Result<Gathered, UsageError> {
        let unknown = || UsageError::Unknown(query.meter.clone());
        let tenant = self.tenants.get(tenant).ok_or_else(unknown)?;
        let (from, until) = (query.from.unwrap_or(i64::MIN), query.until.unwrap_or(i64::MAX));
        let mut plans: Vec<OfPlan> = Vec::new();
        let mut first: Option<(Joins, String)> = None;
        let mut count = 0;
        for (_, book) in tenant.books.iter() {
            let plan = book.version().plan();
            let sinks = sinks(plan, &query.meter);
            let Some(sink) = sinks.first().map(|sink| &plan.sinks[sink.ix()]) else { continue };
            let joins = Joins::of(&query.meter, &sink.fold)?;
            // Tokens of one plan and gigabytes of another have no sum.
            let said = format!("{} in {}", word(&sink.fold), sink.unit);
            match &first {
                Some((_, other)) if *other != said => {
                    return Err(UsageError::Differs(query.meter.clone(), other.clone(), said));
                }
                Some(_) => {}
                None => first = Some((joins, said)),
            }
            let mut of =
                OfPlan { kernel: book.version().kernel.clone(), sinks, accounts: Vec::new(), events: Vec::new() };
            // By the number of a member in its book: whether it is wanted, and as which account here.
            let mut members: BTreeMap<u32, Option<u32>> = BTreeMap::new();
            for billed in 0..book.subjects.len() as u32 {
                for fact in book.subjects.at(billed).between(from, until) {
                    let member = members.entry(fact.member).or_insert_with(|| {
                        let name = book.member_name(fact.member);
                        query.accounts.as_ref().is_none_or(|wanted| wanted.contains(name)).then(|| {
                            of.accounts.push(name.to_owned());
                            of.accounts.len() as u32 - 1
                        })
                    });
                    let Some(account) = *member else { continue };
                    count += 1;
                    if count > limits::USAGE_EVENTS {
                        return Err(UsageError::TooMuch);
                    }
                    of.events.push((fact.happened, account, fact.seq));
                }
            }
            plans.push(of);
        }
        let (joins, _) = first.ok_or_else(unknown)?;
        Ok(Gathered { plans, joins, archive: self.archive.clone() })
    }
}

impl Gathered {
    /// How much was used, in the order of windows, accounts, labels.
    pub fn used(&self, query: &UsageQuery) -> Result<Vec<UsageRow>, UsageError> {
        let mut tally = Tally::new(query, self.joins);
        self.plans.iter().try_for_each(|plan| tally.add(plan, &self.archive))?;
        Ok(tally.rows())
    }
}
