//! What is asked of the machine, and what it answers.

use crate::billing::BillingCommand;
use crate::enforce::EnforceCommand;
use crate::erasure::What;
use crate::notify::NotifyCommand;
use crate::portal::EndedTokens;
use price_value::Date;
use serde::{Deserialize, Serialize};

/// Something that may become an entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// An event: one JSON object, plain or a CloudEvent. `set` names a backfill that can be
    /// reverted as one.
    Usage {
        /// Whose.
        tenant: String,
        /// The JSON text.
        record: String,
        /// Backfill it belongs to.
        set: Option<String>,
    },
    /// Takes an event back. Its id is spent.
    Void {
        /// Whose.
        tenant: String,
        /// Source of the event.
        source: String,
        /// Id of the event.
        id: String,
    },
    /// Puts another content under the id of an event that counts.
    Replace {
        /// Whose.
        tenant: String,
        /// The JSON text, with the source and id of the event it replaces.
        record: String,
    },
    /// Takes all events of a backfill back.
    Revert {
        /// Whose.
        tenant: String,
        /// Name of the backfill.
        set: String,
    },
    /// Puts a compiled plan into force: of a new name, or as what is known of that name from now on.
    Publish {
        /// Whose.
        tenant: String,
        /// The bytes of a `.pricec` file.
        artefact: Vec<u8>,
    },
    /// [`Command::Publish`] with the name of the publisher whose signature was found good.
    PublishSigned {
        /// Whose.
        tenant: String,
        /// The bytes of a `.pricec` file, with the signature.
        artefact: Vec<u8>,
        /// The publisher.
        signer: String,
    },
    /// Puts an account on a plan.
    Subscribe {
        /// Whose.
        tenant: String,
        /// Who and when.
        subscription: Subscribed,
    },
    /// Sends a reject again, that was kept at hand: as it was, or as `record` has it.
    Retry {
        /// Whose.
        tenant: String,
        /// Number of the reject.
        reject: u64,
        /// The mended JSON text.
        record: Option<String>,
    },
    /// Something about what is issued for closed periods.
    Billing {
        /// Whose.
        tenant: String,
        /// What.
        ask: BillingCommand,
    },
    /// Something about what customers may do.
    Enforce {
        /// Whose.
        tenant: String,
        /// What.
        ask: EnforceCommand,
    },
    /// Something about who is told what.
    Notify {
        /// Whose.
        tenant: String,
        /// What.
        ask: NotifyCommand,
    },
    /// Ends tokens of customers' browsers.
    EndTokens {
        /// Whose.
        tenant: String,
        /// Which.
        ended: EndedTokens,
    },
    /// Erases what nothing reads from what was recorded.
    Erase {
        /// Whose.
        tenant: String,
        /// What.
        what: What,
        /// Why.
        reason: String,
    },
    /// Looks for what is to be told, as much as is done at once.
    Look,
    /// Issues what is due at the time of the group, as much as is done at once.
    Tick,
    /// Commands that are carried out once, however often they come: the same key is given the same
    /// answers again, and another request with it is refused.
    Once {
        /// The key.
        once: Once,
        /// Plain ones.
        commands: Vec<Command>,
    },
}

/// A key of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// Whose.
    pub tenant: String,
    /// The key.
    pub key: String,
    /// A hash of the request: what has another is another.
    pub print: [u8; 16],
}

/// An account on a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscribed {
    /// Subject of its events.
    pub account: String,
    /// Name of the plan.
    pub plan: String,
    /// First day served; none: since always.
    #[serde(default)]
    pub from: Option<Date>,
    /// First day no longer served; none: until further notice.
    #[serde(default)]
    pub until: Option<Date>,
    /// Pool that is billed for it.
    #[serde(default)]
    pub pool: Option<String>,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is entry `seq` of the log.
    Accepted {
        /// Number of the entry.
        seq: u64,
    },
    /// The same event is there already.
    Duplicate {
        /// Its number.
        seq: u64,
    },
    /// Another content under the same source and id is there already. Kept as a reject.
    Conflict {
        /// Number of the event that counts.
        first: u64,
        /// Number of the reject.
        seq: u64,
    },
    /// The event does not fit. Kept as a reject.
    Rejected {
        /// Number of the reject.
        seq: u64,
        /// Code of the reason, such as `R007`.
        code: String,
        /// The reason.
        message: String,
    },
    /// The command cannot be carried out, and nothing is kept.
    Refused {
        /// Code, such as `S003`.
        code: &'static str,
        /// Why.
        message: String,
    },
    /// What was due is issued, or part of it.
    Ticked {
        /// Whether there is more.
        more: bool,
    },
    /// What became of commands under a key, in their order.
    Once {
        /// Of each command.
        answers: Vec<Answer>,
        /// They were carried out before, and this is what was answered then.
        again: bool,
    },
}
