//! JSON records that a host has in its hands: one event each, decoded a group at a time.
//!
//! The reader of files owns dedupe, order and memory; a host of the runtime owns those itself and
//! needs only what a record says and the rows it becomes under a plan.

use crate::block::{Block, Part};
use crate::collect::{At, Rules};
use crate::decode::Decoder;
use crate::feed::Task;
use crate::json::event::{Said, said};
use crate::mapping::Mapping;
use crate::names::Names;
use price_ir::Plan;
use price_rating::labels::translate;
use price_rating::{OpenLabels, RejectReason};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a record says of itself, whatever plan it meets.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    let Said { kind, account, happened, source, id, content } = said(text)?;
    for (name, attribute) in [("type", &kind), ("account", &account), ("id", &id)] {
        if attribute.is_empty() {
            return Err(RejectReason::NoAttribute { attribute: name });
        }
    }
    for (name, attribute) in [("source", &source), ("id", &id), ("account", &account)] {
        if attribute.contains('\0') {
            return Err(RejectReason::Malformed { problem: format!("`{name}` holds a character that is no text") });
        }
    }
    Ok(Envelope { kind, account, happened, source, id, content })
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
    /// Names of the accounts that parts number.
    pub accounts: Names,
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
            identity: true,
            dedupe: false,
            recorded: false,
            temp_dir: None,
            files: vec![String::new()],
        };
        let open = plan.dimensions.iter().any(|dimension| dimension.size().is_none());
        Records { plan: plan.clone(), decoder: Decoder::new(Arc::new(rules)), open }
    }

    /// Decodes records, none of which holds a line end.
    ///
    /// # Panics
    /// When one does.
    pub fn decode<'t>(&mut self, records: impl IntoIterator<Item = &'t str>) -> Decoded {
        let mut bytes = Vec::new();
        for record in records {
            assert!(!record.contains('\n'), "a record is one line");
            bytes.extend_from_slice(record.as_bytes());
            bytes.push(b'\n');
        }
        bytes.pop();
        let task = Task::Lines { at: At { file: 0, line: 1 }, bytes };
        let stretch = self.decoder.decode(task).expect("lines of text are always decoded");
        let rejects = stretch.rejects.into_iter().map(|r| (r.line as usize, r.reason)).collect();
        Decoded { block: stretch.block, accounts: stretch.accounts, labels: stretch.labels, rejects }
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
