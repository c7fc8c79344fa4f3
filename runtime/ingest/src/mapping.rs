//! Which column or key holds what, where a file does not use our names.

use crate::error::IngestError;
use price_rating::Raw;
use std::collections::BTreeMap;

/// Names in the input of what an event needs. `None` is the usual name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// `account`; `subject` in a CloudEvent.
    pub account: Option<String>,
    /// `time`.
    pub time: Option<String>,
    /// `id`.
    pub id: Option<String>,
    /// `source`.
    pub source: Option<String>,
    /// `type`.
    pub event_type: Option<String>,
    /// `recorded_at`; `recordedtime` in a CloudEvent.
    pub recorded: Option<String>,
    /// The type of every event, for files that do not say.
    pub only_type: Option<String>,
    /// Name in the input → field of the event.
    pub fields: BTreeMap<String, String>,
    /// Times without a zone are in UTC, instead of being refused.
    pub assume_utc: bool,
}

impl Mapping {
    /// Adds `ours=theirs`, as `--map` takes it: `account=customer_id`, `bytes=size`. Ours may be
    /// `account`, `time`, `id`, `source`, `type`, `recorded_at` or a field.
    pub fn add(&mut self, pair: &str) -> Result<(), IngestError> {
        let bad = |problem: &str| IngestError::Mapping { text: pair.into(), problem: problem.into() };
        let (ours, theirs) =
            pair.split_once('=').ok_or_else(|| bad("write our name, `=`, their name: `account=customer_id`"))?;
        let (ours, theirs) = (ours.trim(), theirs.trim());
        if ours.is_empty() || theirs.is_empty() {
            return Err(bad("both names are needed: `account=customer_id`"));
        }
        let slot = match ours {
            "account" | "subject" => &mut self.account,
            "time" => &mut self.time,
            "id" => &mut self.id,
            "source" => &mut self.source,
            "type" => &mut self.event_type,
            "recorded_at" => &mut self.recorded,
            field => {
                if self.fields.contains_key(theirs) {
                    return Err(bad("their name is used twice"));
                }
                self.fields.insert(theirs.into(), field.into());
                return Ok(());
            }
        };
        if slot.is_some() {
            return Err(bad("our name is given twice"));
        }
        *slot = Some(theirs.into());
        Ok(())
    }

    /// Our name for a field the input calls `name`.
    pub(crate) fn field<'a>(&'a self, name: &'a str) -> &'a str {
        if self.fields.is_empty() {
            return name;
        }
        self.fields.get(name).map_or(name, String::as_str)
    }

    /// The name of each attribute in the input.
    pub(crate) fn names(&self, cloud_event: bool) -> [&str; ATTRIBUTES] {
        let (account, recorded) = if cloud_event { ("subject", "recordedtime") } else { ("account", "recorded_at") };
        [
            self.event_type.as_deref().unwrap_or("type"),
            self.account.as_deref().unwrap_or(account),
            self.time.as_deref().unwrap_or("time"),
            self.id.as_deref().unwrap_or("id"),
            self.source.as_deref().unwrap_or("source"),
            self.recorded.as_deref().unwrap_or(recorded),
        ]
    }
}

/// Number of attributes of [`Mapping::names`].
pub(crate) const ATTRIBUTES: usize = 6;
/// Place of the type.
pub(crate) const TYPE: usize = 0;
/// Place of the account.
pub(crate) const ACCOUNT: usize = 1;
/// Place of the time.
pub(crate) const TIME: usize = 2;
/// Place of the id.
pub(crate) const ID: usize = 3;
/// Place of the source.
pub(crate) const SOURCE: usize = 4;
/// Place of the time at which the event came to be known.
pub(crate) const RECORDED: usize = 5;

/// The attributes of one event as its reader found them.
pub(crate) type Attributes<'a> = [Raw<'a>; ATTRIBUTES];
