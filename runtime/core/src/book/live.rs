//! A rater with what reads records for it: cells that events are folded into.

use crate::archive::{Archive, Texts, identity};
use crate::book::{Member, Refused, Version};
use crate::facts::{Fact, Facts};
use crate::numbered::Numbered;
use price_ingest::{Envelopes, Part, Records};
use price_rating::{Closing, Order, Rater, RejectReason, SetupError, State, Subscription, Trace};
use std::sync::Arc;

/// A row to fold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) happened: i64,
    /// Its entry.
    pub(super) seq: u64,
    /// What its account is to the rater.
    pub(super) subject: u32,
}

impl Row {
    pub(super) fn of(fact: &Fact, subject: u32) -> Row {
        Row { happened: fact.happened, seq: fact.seq, subject }
    }
}

/// Events after which those of the next instant are folded in another step.
const FOLDED_TOGETHER: usize = 16_384;

/// A rater with what reads records for it.
pub(super) struct Live {
    pub(super) rater: Rater,
    records: Records,
    archive: Arc<Archive>,
    texts: Texts,
    /// Runs of cells that folding anew has lost.
    pub(super) lost: usize,
}

impl Live {
    pub(super) fn new(
        version: &Version,
        subscriptions: &[Subscription],
        archive: Arc<Archive>,
    ) -> Result<Live, SetupError> {
        let mut rater = Rater::new(version.kernel.clone())?;
        for subscription in subscriptions {
            rater.subscribe(subscription)?;
        }
        let (records, texts) = (Records::new(version.plan()), Texts::default());
        Ok(Live { rater, records, archive, texts, lost: 0 })
    }

    /// Folds rows in, which are in the order of time and entries.
    pub(super) fn push(&mut self, rows: &[Row]) -> Refused {
        let mut refused = Refused::new();
        if rows.is_empty() {
            return refused;
        }
        let by_time = self.rater.order() == Order::ByEventTime;
        self.texts.clear();
        self.archive.read(rows.iter().map(|row| row.seq), &mut self.texts);
        let mut order: Vec<u32> = (0..rows.len() as u32).collect();
        if by_time {
            self.sort_instants(rows, &mut order);
        }
        let row = |line: usize| &rows[order[line - 1] as usize];
        let texts = order.iter().map(|at| self.texts.get(*at as usize));
        let mut decoded = self.records.decode(texts);
        refused.extend(decoded.rejects.drain(..).map(|(line, reason)| (row(line).seq, reason)));
        if self.records.number(&mut decoded, self.rater.labels()).is_none() {
            let full = |row: &Row| {
                let reason =
                    RejectReason::TooManyLabels { field: "a label".into(), max: price_rating::limits::OPEN_LABELS_MAX };
                (row.seq, reason)
            };
            refused.extend(rows.iter().map(full));
            return refused;
        }
        let block = std::mem::take(&mut decoded.block);
        let parts: Vec<Part> = if by_time { block.in_order() } else { block.parts };
        for mut part in parts {
            let subjects: Vec<u32> = part.lines.iter().map(|line| row(*line as usize).subject).collect();
            for fault in self.rater.push(&mut part.batch, &subjects) {
                refused.insert(row(part.lines[fault.row as usize] as usize).seq, fault.reason);
            }
        }
        refused
    }

    /// Puts rows of one instant into the order of source and id, which only their texts say.
    fn sort_instants(&self, rows: &[Row], order: &mut [u32]) {
        let mut reader = Envelopes::default();
        let instants = order.chunk_by_mut(|a, b| rows[*a as usize].happened == rows[*b as usize].happened);
        for instant in instants.filter(|instant| instant.len() > 1) {
            instant
                .sort_by_cached_key(|at| (identity(&mut reader, self.texts.get(*at as usize)), rows[*at as usize].seq));
        }
    }

    /// Folds facts in that are in the order of time and entries, some at a time.
    pub(super) fn push_all<'f>(
        &mut self,
        facts: impl Iterator<Item = &'f Fact>,
        members: &Numbered<Member>,
    ) -> Refused {
        let (mut refused, mut rows) = (Refused::new(), Vec::<Row>::new());
        for fact in facts {
            if rows.len() >= FOLDED_TOGETHER && rows.last().is_some_and(|last| last.happened < fact.happened) {
                refused.extend(self.push(&rows));
                rows.clear();
            }
            rows.push(Row::of(fact, self.rater.subject(members.name(fact.member)).0));
        }
        refused.extend(self.push(&rows));
        refused
    }

    /// What one more row adds.
    pub(super) fn trace(
        &mut self,
        fact: &Fact,
        members: &Numbered<Member>,
        too_many: bool,
    ) -> Result<Trace, RejectReason> {
        let text = self.archive.one(fact.seq);
        let mut decoded = self.records.decode([text.as_str()]);
        if let Some((_, reason)) = decoded.rejects.pop() {
            return Err(reason);
        }
        let account = self.rater.subject(members.name(fact.member));
        let numbered = self.records.number(&mut decoded, self.rater.labels());
        match decoded.block.parts.first_mut() {
            Some(part) if numbered.is_some() => self.rater.trace(&mut part.batch, account, too_many),
            _ => Ok(Trace::default()),
        }
    }

    /// Folds all that counts of everyone.
    pub(super) fn fold_all(&mut self, all: &Numbered<Facts>, members: &Numbered<Member>) -> Refused {
        let mut refused = Refused::new();
        for (_, facts) in all.iter() {
            refused.extend(self.push_all(facts.counting(), members));
        }
        refused
    }

    /// Forgets the cells of a subject and folds what counts of it.
    pub(super) fn fold_again(&mut self, facts: &Facts, members: &Numbered<Member>) -> Refused {
        if let Some(fact) = facts.any() {
            let subject = self.rater.subject(members.name(fact.member));
            self.lost += self.rater.drop_usage(self.rater.billed(subject));
        }
        self.push_all(facts.counting(), members)
    }

    /// Folds what counted of a subject in a state of knowledge.
    pub(super) fn fold_state(
        &mut self,
        facts: &Facts,
        members: &Numbered<Member>,
        closing: &mut Option<Closing>,
        state: State,
    ) {
        self.push_all(facts.known(closing, state), members);
    }
}
