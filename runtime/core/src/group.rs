//! A group of commands while it is decided.

use crate::arrivals::Arrivals;
use crate::book::Refused;
use crate::command::Answer;
use crate::entry::{Entry, Rejected, usage_parts};
use crate::machine::{ByKey, Decided, ReplayError};
use price_ingest::Envelope;
use price_rating::RejectReason;

/// Why a command is not carried out.
pub(crate) type Refusal = (&'static str, String);

/// An answer, or that it is not known yet.
pub(crate) enum Given {
    Now(Answer),
    Waits,
    /// That of an earlier command of the group.
    As(usize),
}

/// What becomes an entry of the log.
pub(crate) enum Made {
    /// An event as bytes, made when it came: hardly any is refused later.
    Usage(u16, Vec<u8>),
    /// Anything else.
    Entry(Entry),
}

/// A group that is being decided.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) first: u64,
    pub(crate) recorded_at: i64,
    pub(crate) entries: Vec<Made>,
    pub(crate) answers: Vec<Given>,
    pub(crate) arrivals: Arrivals,
    /// Answer and entry of each event that waits.
    pub(crate) waiting: Vec<(usize, usize)>,
    /// Keys of events that wait: their answer, and the hash of their content.
    pub(crate) seen: ByKey<(usize, u32)>,
}

impl Group {
    pub(crate) fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    pub(crate) fn refuse(&mut self, (code, message): Refusal) -> Result<(), ReplayError> {
        self.answers.push(Given::Now(Answer::Refused { code, message }));
        Ok(())
    }

    pub(crate) fn reject(&mut self, tenant: &str, code: &str, message: String, record: &str) {
        let seq = self.next();
        let code = code.to_owned();
        self.answers.push(Given::Now(Answer::Rejected { seq, code: code.clone(), message: message.clone() }));
        let reject = Rejected { tenant: tenant.to_owned(), code, message, record: record.to_owned() };
        self.entries.push(Made::Entry(Entry::Reject(reject)));
    }

    pub(crate) fn conflict(&mut self, tenant: &str, first: u64, envelope: &Envelope, record: &str) {
        let seq = self.next();
        let reason = RejectReason::Differs { source_name: envelope.source.clone(), id: envelope.id.clone() };
        let (tenant, record) = (tenant.to_owned(), record.to_owned());
        let reject = Rejected { tenant, code: reason.code().to_owned(), message: reason.to_string(), record };
        self.answers.push(Given::Now(Answer::Conflict { first, seq }));
        self.entries.push(Made::Entry(Entry::Reject(reject)));
    }

    /// Answers the events that waited, once it is known which of them do not fit.
    pub(crate) fn settle(&mut self, waiting: Vec<(usize, usize)>, refused: &Refused) {
        for (answer, entry) in waiting {
            let seq = self.first + entry as u64;
            let given = match refused.get(&seq) {
                None => Answer::Accepted { seq },
                Some(reason) => {
                    let (code, message) = (reason.code().to_owned(), reason.to_string());
                    if let Made::Usage(_, bytes) = &self.entries[entry]
                        && let Some((tenant, _, record)) = usage_parts(bytes)
                    {
                        let (tenant, record) = (tenant.to_owned(), record.to_owned());
                        let reject = Rejected { tenant, code: code.clone(), message: message.clone(), record };
                        self.entries[entry] = Made::Entry(Entry::Reject(reject));
                    }
                    Answer::Rejected { seq, code, message }
                }
            };
            self.answers[answer] = Given::Now(given);
        }
    }

    /// Takes the answers from one on, none of which waits or is that of an earlier command.
    pub(crate) fn split_off(&mut self, from: usize) -> Vec<Answer> {
        answers(self.answers.split_off(from), from)
    }

    pub(crate) fn decided(self) -> Result<Decided, ReplayError> {
        let answers = answers(self.answers, 0);
        let bytes = |made| match made {
            Made::Usage(kind, bytes) => (kind, bytes),
            Made::Entry(entry) => entry.to_bytes(),
        };
        let entries = self.entries.into_iter().map(bytes).collect();
        Ok(Decided { entries, answers })
    }
}

/// What was given, the first of it being the answer `from` of its group.
fn answers(given: Vec<Given>, from: usize) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::with_capacity(given.len());
    for given in given {
        let answer = match given {
            Given::Now(answer) => answer,
            Given::As(slot) => match &answers[slot - from] {
                Answer::Accepted { seq } => Answer::Duplicate { seq: *seq },
                other => other.clone(),
            },
            Given::Waits => unreachable!("everything that waits is flushed"),
        };
        answers.push(answer);
    }
    answers
}
