//! The path of an event: from its record to what it adds to the lines of its plan.

use crate::machine::{Machine, Place};
use crate::past::How;
use price_ir::{MeaningHash, Plan, SourceMap};
use price_rating::{Closing, RejectReason, Trace};
use price_value::{Period, Timestamp};
use std::sync::Arc;

/// Whether a content of an event counts, and if not, what took it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Current,
    /// Its event was taken back by this entry.
    Voided(u64),
    /// Its backfill was taken back by this entry.
    Reverted(u64),
    /// This entry put another content in its place.
    Replaced(u64),
}

/// A content of an event, as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Number of its entry.
    pub seq: u64,
    /// When it happened, nanoseconds since 1970 UTC.
    pub happened: i64,
    /// When it was recorded, likewise.
    pub recorded: i64,
    /// Its account.
    pub account: String,
    /// Who is billed for it.
    pub billed: String,
    /// The plan that rates it.
    pub plan: String,
    /// The JSON text.
    pub record: String,
    /// Whether it counts.
    pub standing: Standing,
}

/// The path of an event that was accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct PathView {
    /// Its contents, the latest first; at least one.
    pub contents: Vec<Content>,
    /// Backfill it belongs or belonged to.
    pub set: Option<String>,
    /// Billing period of the latest content.
    pub period: Period,
    /// The period on whose invoice it stands: a later one where it came late.
    pub invoiced: Period,
    /// What the latest content adds; nothing where it counts no more.
    pub trace: Result<Trace, RejectReason>,
    /// Its plan.
    pub plan: Arc<Plan>,
    /// Where the rules of the plan stand.
    pub source_map: Arc<SourceMap>,
    /// What the plan means.
    pub hash: MeaningHash,
}

impl Machine {
    /// The path of an event that was accepted, with everything that is known now and by the latest
    /// version of its plan.
    pub fn path(&mut self, tenant: &str, source: &str, id: &str) -> Option<PathView> {
        let key = self.key(tenant, source, id);
        let number = self.tenants.number(tenant)?;
        let current = self.place(number, key).map(|place| (place, Standing::Current, None));
        let gone = self.past.of(key).map(|gone| {
            let standing = match gone.how {
                How::Voided => Standing::Voided(gone.by),
                How::Reverted => Standing::Reverted(gone.by),
                How::Replaced => Standing::Replaced(gone.by),
            };
            (gone.place, standing, gone.set.clone())
        });
        let found: Vec<_> = current.into_iter().chain(gone).collect();
        let (place, standing, set) = found.first()?.clone();
        let contents: Option<Vec<Content>> =
            found.iter().map(|(at, standing, _)| self.content(*at, *standing)).collect();
        let contents = contents?;
        let (happened, recorded) = (contents[0].happened, contents[0].recorded);
        let tenant = self.tenants.at_mut(place.tenant);
        let named = || tenant.sets.iter().find(|(_, keys)| keys.contains(&key)).map(|(name, _)| name.clone());
        let set = set.map(|set| set.to_string()).or_else(named);
        let book = tenant.books.at_mut(place.book);
        let version = book.version().clone();
        let period = book.period(version.zone.local(Timestamp(happened)).0);
        let late = Closing::of(version.plan()).and_then(|mut c| c.late(Timestamp(happened), Timestamp(recorded)));
        let invoiced = late.map_or(period, |late| book.period(late.since));
        let trace = match standing {
            Standing::Current => book.trace(place.billed, happened, place.seq),
            _ => Ok(Trace::default()),
        };
        Some(PathView {
            contents,
            set,
            period,
            invoiced,
            trace,
            plan: version.plan().clone(),
            source_map: version.source_map,
            hash: version.hash,
        })
    }

    fn content(&self, place: Place, standing: Standing) -> Option<Content> {
        let books = &self.tenants.at(place.tenant).books;
        let book = books.at(place.book);
        let fact = book.subjects.at(place.billed).find(place.happened, place.seq)?;
        Some(Content {
            seq: fact.seq,
            happened: fact.happened,
            recorded: fact.recorded,
            account: book.member_name(fact.member).to_owned(),
            billed: book.subjects.name(place.billed).to_string(),
            plan: books.name(place.book).to_string(),
            record: self.archive.one(fact.seq),
            standing,
        })
    }
}
