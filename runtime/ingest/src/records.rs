//! JSON records that a host has in its hands: one event each, decoded a group at a time.
//!
//! The reader of files owns dedupe, order and memory; a host of the runtime owns those itself and
//! needs only what a record says and the rows it becomes under a plan.

use crate::block::{Block, Part};
use crate::collect::Rules;
use crate::decode::Decoder;
use crate::json::event::{Members, said};
use crate::mapping::Mapping;
use price_ir::Plan;
use price_rating::labels::translate;
use price_rating::{OpenLabels, RejectReason};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a record says of itself, whatever plan it meets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// Its type.
    pub kind: String,
    /// Its account.
    pub account: String,
    /// When it happened, nanoseconds since 1970 UTC.
    pub happened: i64,
    /// Its source, empty where a plain record gives none.
    pub source: String,
    /// Its id.
    pub id: String,
    /// Type, account, time and every field, in one order: equal for equal records.
    pub content: Vec<u8>,
}

/// Reads what a record says of itself. An id is needed: without it nothing can be sent twice.
pub fn envelope(text: &str) -> Result<Envelope, RejectReason> {
    let mut reader = Envelopes::default();
    reader.read(text)?;
    Ok(reader.envelope)
}

/// Reads envelopes one after another, in memory that is used again.
#[derive(Default)]
pub struct Envelopes {
    members: Members,
    envelope: Envelope,
}

impl Envelopes {
    /// The same as [`envelope`].
    pub fn read(&mut self, text: &str) -> Result<&Envelope, RejectReason> {
        said(text, &mut self.members, &mut self.envelope)?;
        check(&self.envelope)?;
        Ok(&self.envelope)
    }
}

fn check(Envelope { kind, account, source, id, .. }: &Envelope) -> Result<(), RejectReason> {
    for (name, attribute) in [("type", kind), ("account", account), ("id", id)] {
        if attribute.is_empty() {
            return Err(RejectReason::NoAttribute { attribute: name });
        }
    }
    for (name, attribute) in [("source", source), ("id", id), ("account", account)] {
        if attribute.contains('\0') {
            return Err(RejectReason::Malformed { problem: format!("`{name}` holds a character that is no text") });
        }
    }
    Ok(())
}

/// Turns records into rows of one plan.
pub struct Records {
    plan: Arc<Plan>,
    decoder: Decoder,
    open: bool,
}

/// The rows of a group of records.
pub struct Decoded {
    /// Rows; `lines` of a part says which record, from 1.
    pub block: Block,
    labels: OpenLabels,
    /// Records that do not fit, from 1, and why.
    pub rejects: Vec<(usize, RejectReason)>,
}

impl Records {
    /// For the events of a plan.
    pub fn new(plan: &Arc<Plan>) -> Records {
        let rules = Rules {
            plan: plan.clone(),
            mapping: Mapping::default(),
            passed_over: BTreeSet::new(),
            identity: false,
            accounts: false,
            dedupe: false,
            recorded: false,
            temp_dir: None,
            files: vec![String::new()],
        };
        let open = plan.dimensions.iter().any(|dimension| dimension.size().is_none());
        Records { plan: plan.clone(), decoder: Decoder::new(Arc::new(rules)), open }
    }

    /// Decodes records. Who they are of and which events they are is the host's to know: rows
    /// have no account and no identity.
    pub fn decode<'t>(&mut self, records: impl IntoIterator<Item = &'t str>) -> Decoded {
        let stretch = self.decoder.records(records);
        let rejects = stretch.rejects.into_iter().map(|r| (r.line as usize, r.reason)).collect();
        Decoded { block: stretch.block, labels: stretch.labels, rejects }
    }

    /// Gives the open labels of rows the numbers they have in a table; `None` when it is full.
    pub fn number(&self, decoded: &mut Decoded, table: &mut OpenLabels) -> Option<()> {
        if self.open {
            let maps = table.absorb(&decoded.labels)?;
            let renumber = |part: &mut Part| translate(&self.plan, &mut part.batch, &maps);
            decoded.block.parts.iter_mut().for_each(renumber);
        }
        Some(())
    }
}
