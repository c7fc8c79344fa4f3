//! Events that count no more: what took them back, and what they were.

use crate::machine::{ByKey, Place};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What took an event back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum How {
    Voided,
    Reverted,
    Replaced,
}

/// A content of an event that counts no more.
#[derive(Serialize, Deserialize)]
pub(crate) struct Gone {
    pub(crate) place: Place,
    /// The entry that took it back: of a replacement, its own.
    pub(crate) by: u64,
    pub(crate) how: How,
    /// The backfill that its event belonged to, once that was reverted.
    pub(crate) set: Option<Arc<str>>,
    /// The content before this one.
    before: Option<Box<Gone>>,
}

/// Contents that count no more, by the key of their event.
#[derive(Default)]
pub(crate) struct Past(ByKey<Gone>);

impl Past {
    /// Keeps a content that counts no more.
    pub(crate) fn put(&mut self, key: u128, place: Place, by: u64, how: How) {
        let before = self.0.remove(&key).map(Box::new);
        self.0.insert(key, Gone { place, by, how, set: None, before });
    }

    /// Says of which backfill an event was, after that was reverted.
    pub(crate) fn name(&mut self, key: u128, set: &Arc<str>) {
        let mut next = self.0.get_mut(&key);
        while let Some(gone) = next {
            gone.set.get_or_insert_with(|| set.clone());
            next = gone.before.as_deref_mut();
        }
    }

    /// The contents of an event, the latest first.
    pub(crate) fn of(&self, key: u128) -> impl Iterator<Item = &Gone> {
        std::iter::successors(self.0.get(&key), |gone| gone.before.as_deref())
    }

    /// All of it, for a checkpoint.
    pub(crate) fn save(&self) -> Vec<(&u128, &Gone)> {
        self.0.iter().collect()
    }

    /// What a checkpoint kept.
    pub(crate) fn load(saved: Vec<(u128, Gone)>) -> Past {
        Past(saved.into_iter().collect())
    }

    /// All of it, as bytes in one order.
    pub(crate) fn digest(&self, put: &mut impl FnMut(&[u8])) {
        let mut keys: Vec<u128> = self.0.keys().copied().collect();
        keys.sort_unstable();
        for key in keys {
            put(&key.to_le_bytes());
            for Gone { place, by, how, set, .. } in self.of(key) {
                put(&place.seq.to_le_bytes());
                put(&by.to_le_bytes());
                put(&[*how as u8]);
                put(set.as_deref().unwrap_or_default().as_bytes());
            }
        }
    }
}
