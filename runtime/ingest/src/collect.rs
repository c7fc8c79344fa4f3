//! Collects the events of one stretch of input: attributes are checked, fields mediated, rows and
//! rejects kept in the order of reading.
//!
//! A collector sees one stretch only, so its account and label numbers are its own; whoever puts
//! stretches together translates them.

use crate::block::{Block, Part, UNSAID};
use crate::identity::{Facts, Mark};
use crate::limits::NAME_BYTES_MAX;
use crate::mapping::{ACCOUNT, Attributes, ID, Mapping, RECORDED, SOURCE, TIME, TYPE};
use crate::names::Names;
use crate::reject::Reject;
use crate::time::instant;
use price_ir::{Batch, EventIx, Plan};
use price_rating::{EventSchema, OpenLabels, Raw, RejectReason, RowBuilder, event_of};
use price_value::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// What every collector of a run knows.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) plan: Arc<Plan>,
    pub(crate) mapping: Mapping,
    /// Event types that are passed over and counted.
    pub(crate) passed_over: BTreeSet<String>,
    /// Source and id are kept.
    pub(crate) identity: bool,
    /// Accounts are numbered.
    pub(crate) accounts: bool,
    /// Source and id are compared.
    pub(crate) dedupe: bool,
    /// When events came to be known decides which invoice they are on.
    pub(crate) recorded: bool,
    /// Where temporary files go, if not where the system keeps them.
    pub(crate) temp_dir: Option<PathBuf>,
    /// Names of the files, for rejects.
    pub(crate) files: Vec<String>,
}

/// What became of a stretch of input.
#[derive(Debug, Default)]
pub(crate) struct Stretch {
    pub(crate) block: Block,
    pub(crate) accounts: Names,
    pub(crate) labels: OpenLabels,
    /// Fingerprints of rows with an id, if they are compared; `place` counts rows of the block.
    pub(crate) marks: Vec<Mark>,
    pub(crate) rejects: Vec<Reject>,
    /// Events seen, refused and passed over ones included.
    pub(crate) events: u64,
    pub(crate) passed_over: BTreeMap<String, u64>,
    /// Bytes of input.
    pub(crate) bytes: u64,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    pub(crate) file: u32,
    pub(crate) line: u64,
}

/// An event whose attributes are fine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) event: EventIx,
    pub(crate) happened: i64,
    pub(crate) account: &'a str,
    pub(crate) source: &'a str,
    pub(crate) id: &'a str,
    /// When it came to be known, or [`UNSAID`].
    pub(crate) recorded: i64,
}

/// A refusal, or an event type that is passed over.
pub(crate) enum Not {
    Accepted(RejectReason),
    Wanted(String),
}

impl From<RejectReason> for Not {
    fn from(reason: RejectReason) -> Not {
        Not::Accepted(reason)
    }
}

struct Open {
    builder: RowBuilder,
    part: Part,
    at: Option<u16>,
}

/// See the module.
pub(crate) struct Collector {
    pub(crate) rules: Arc<Rules>,
    events: Vec<Open>,
    /// Event types with rows in this stretch, in order of first row.
    used: Vec<u32>,
    stretch: Stretch,
    scratch: Vec<u8>,
    last_type: EventIx,
}

/// A reason for a record that its format does not allow.
pub(crate) fn malformed(problem: impl Into<String>) -> RejectReason {
    RejectReason::Malformed { problem: problem.into() }
}

pub(crate) fn name<'a>(raw: Raw<'a>, attribute: &'static str) -> Result<&'a str, RejectReason> {
    let text = match raw {
        Raw::Text(text) | Raw::Number(text) => text,
        Raw::Null => "",
        Raw::Flag(_) => return Err(RejectReason::NotText { field: attribute.into(), found: "true or false".into() }),
        Raw::Object(_) => return Err(RejectReason::NotText { field: attribute.into(), found: "an object".into() }),
        Raw::Other(what) => return Err(RejectReason::NotText { field: attribute.into(), found: what.into() }),
    };
    if text.len() > NAME_BYTES_MAX {
        return Err(RejectReason::TextTooLong { field: attribute.into(), bytes: text.len(), max: NAME_BYTES_MAX });
    }
    Ok(text)
}

fn needed<'a>(raw: Raw<'a>, attribute: &'static str) -> Result<&'a str, RejectReason> {
    match name(raw, attribute)? {
        "" => Err(RejectReason::NoAttribute { attribute }),
        text => Ok(text),
    }
}

impl Collector {
    pub(crate) fn new(rules: Arc<Rules>) -> Collector {
        // Each collector has schemas of its own: they are counted references on a hot path.
        let events = EventSchema::all(&rules.plan)
            .into_iter()
            .map(|schema| {
                let part = Part::new(schema.batch());
                Open { builder: RowBuilder::new(Arc::new(schema)), part, at: None }
            })
            .collect();
        let stretch = Stretch { labels: OpenLabels::new(&rules.plan), ..Stretch::default() };
        Collector { rules, events, used: Vec::new(), stretch, scratch: Vec::new(), last_type: EventIx(0) }
    }

    pub(crate) fn schema(&self, event: EventIx) -> &Arc<EventSchema> {
        self.events[event.ix()].builder.schema()
    }

    /// The event type of a name.
    fn event(&mut self, text: &str) -> Result<EventIx, Not> {
        // Usage often comes in stretches of one type.
        if self.rules.plan.events.get(self.last_type.ix()).is_some_and(|e| e.name == text) {
            return Ok(self.last_type);
        }
        match event_of(&self.rules.plan, text) {
            Ok(event) => {
                self.last_type = event;
                Ok(event)
            }
            Err(_) if self.rules.passed_over.contains(text) => Err(Not::Wanted(text.into())),
            Err(reason) => Err(reason.into()),
        }
    }

    /// Checks the attributes of an event.
    pub(crate) fn check<'a>(&mut self, given: &Attributes<'a>, cloud_event: bool) -> Result<Known<'a>, Not> {
        let happened = match given[TIME] {
            Raw::Text(text) => instant(text, self.rules.mapping.assume_utc),
            Raw::Null => Err(RejectReason::NoAttribute { attribute: "time" }),
            _ => {
                let problem = "`time` should be text such as \"2026-03-01T09:00:00Z\"; a number does not say its unit";
                Err(RejectReason::BadTime { problem: problem.into() })
            }
        };
        let recorded = match given[RECORDED] {
            _ if !self.rules.recorded => Ok(UNSAID),
            Raw::Null | Raw::Text("") => Ok(UNSAID),
            Raw::Text(text) => instant(text, self.rules.mapping.assume_utc),
            _ => {
                let problem = "the time of recording should be text such as \"2026-03-01T09:00:00Z\"";
                Err(RejectReason::BadTime { problem: problem.into() })
            }
        };
        self.check_at(given, cloud_event, happened, recorded)
    }

    /// The same, where the times were read already.
    pub(crate) fn check_at<'a>(
        &mut self,
        given: &Attributes<'a>,
        cloud_event: bool,
        happened: Result<i64, RejectReason>,
        recorded: Result<i64, RejectReason>,
    ) -> Result<Known<'a>, Not> {
        let event = match name(given[TYPE], "type")? {
            "" => match self.rules.mapping.only_type.clone() {
                Some(only) => self.event(&only)?,
                None => return Err(RejectReason::NoAttribute { attribute: "type" }.into()),
            },
            text => self.event(text)?,
        };
        let account = needed(given[ACCOUNT], if cloud_event { "subject" } else { "account" })?;
        let (happened, recorded) = (happened?, recorded?);
        let (id, source) = if cloud_event {
            (needed(given[ID], "id")?, needed(given[SOURCE], "source")?)
        } else {
            (name(given[ID], "id")?, name(given[SOURCE], "source")?)
        };
        Ok(Known { event, happened, account, source, id, recorded })
    }

    /// Counts an event that was seen.
    pub(crate) fn seen(&mut self) {
        self.stretch.events += 1;
    }

    /// Keeps what is not accepted.
    pub(crate) fn refuse(&mut self, at: At, not: Not, text: &[u8]) {
        match not {
            Not::Accepted(reason) => {
                let file = &self.rules.files[at.file as usize];
                self.stretch.rejects.push(Reject::new(file, at.line, reason, text));
            }
            Not::Wanted(name) => *self.stretch.passed_over.entry(name).or_default() += 1,
        }
    }

    /// Mediates one event; `fields` sets what was sent.
    pub(crate) fn accept(
        &mut self,
        at: At,
        known: &Known<'_>,
        fields: impl FnOnce(&mut RowBuilder, &mut OpenLabels) -> Result<(), RejectReason>,
    ) -> Result<(), Not> {
        let Open { builder, .. } = &mut self.events[known.event.ix()];
        let labels = &mut self.stretch.labels;
        builder.begin(Timestamp(known.happened));
        if let Err(reason) = fields(builder, labels) {
            builder.abandon();
            return Err(reason.into());
        }
        let row = builder.finish(labels)?;
        let account = self.account(known.account);
        self.keep(at, known, account);
        if self.rules.dedupe && !known.id.is_empty() {
            let batch = self.events[known.event.ix()].builder.batch();
            let place = self.stretch.block.order.len() as u64 - 1;
            let mark = facts(&self.rules.plan, &self.stretch.labels, batch, row, known).mark(place, &mut self.scratch);
            self.stretch.marks.push(mark);
        }
        Ok(())
    }

    /// Labels of open dimensions seen in this stretch.
    pub(crate) fn labels(&mut self) -> &mut OpenLabels {
        &mut self.stretch.labels
    }

    /// Keeps rows that were mediated as whole columns: per event type the batch and, for each of
    /// its rows, the row of the input.
    pub(crate) fn keep_parts(&mut self, at: At, parts: Vec<(Batch, Vec<(u32, Known<'_>)>)>) {
        // Rows of all types in the order of the input.
        let mut order: Vec<(u32, u16)> = Vec::new();
        for (index, (_, rows)) in parts.iter().enumerate() {
            order.extend(rows.iter().map(|(row, _)| (*row, index as u16)));
        }
        order.sort_unstable();
        let mut places = vec![Vec::new(); parts.len()];
        for (place, (_, part)) in order.iter().enumerate() {
            places[*part as usize].push(place as u64);
        }
        for ((batch, rows), places) in parts.into_iter().zip(places) {
            let mut part = Part::new(batch);
            for (row, (line, known)) in rows.iter().enumerate() {
                let account = self.account(known.account);
                part.accounts.push(account);
                part.files.push(at.file);
                part.lines.push(at.line + u64::from(*line));
                part.record(known.recorded);
                if self.rules.identity {
                    part.sources.push(known.source);
                    part.ids.push(known.id);
                }
                if self.rules.dedupe && !known.id.is_empty() {
                    let facts = facts(&self.rules.plan, &self.stretch.labels, &part.batch, row, known);
                    self.stretch.marks.push(facts.mark(places[row], &mut self.scratch));
                }
            }
            self.stretch.block.parts.push(part);
        }
        self.stretch.block.order = order.into_iter().map(|(_, part)| part).collect();
    }

    /// The number of an account in this stretch. A stretch has far fewer rows than a table has room.
    fn account(&mut self, text: &str) -> u32 {
        if !self.rules.accounts {
            return u32::MAX;
        }
        self.stretch.accounts.intern(text, usize::MAX).unwrap_or(u32::MAX)
    }

    fn keep(&mut self, at: At, known: &Known<'_>, account: u32) {
        let open = &mut self.events[known.event.ix()];
        let used = &mut self.used;
        let order = *open.at.get_or_insert_with(|| {
            used.push(known.event.0);
            (used.len() - 1) as u16
        });
        self.stretch.block.order.push(order);
        let part = &mut open.part;
        part.accounts.push(account);
        part.files.push(at.file);
        part.lines.push(at.line);
        part.record(known.recorded);
        if self.rules.identity {
            part.sources.push(known.source);
            part.ids.push(known.id);
        }
    }

    /// Ends the stretch.
    pub(crate) fn take(&mut self, bytes: u64) -> Stretch {
        for event in self.used.drain(..) {
            let open = &mut self.events[event as usize];
            let batch = open.builder.take();
            let mut part = std::mem::replace(&mut open.part, Part::new(open.builder.schema().batch()));
            part.batch = batch;
            open.at = None;
            self.stretch.block.parts.push(part);
        }
        self.stretch.bytes = bytes;
        let next = Stretch { labels: OpenLabels::new(&self.rules.plan), ..Stretch::default() };
        std::mem::replace(&mut self.stretch, next)
    }
}

fn facts<'a>(plan: &'a Plan, labels: &'a OpenLabels, batch: &'a Batch, row: usize, known: &Known<'a>) -> Facts<'a> {
    Facts {
        plan,
        labels,
        batch,
        row,
        account: known.account,
        source: known.source,
        id: known.id,
        recorded: known.recorded,
    }
}
