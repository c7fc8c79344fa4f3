//! The slow part of an index: sealing a window, merging runs. Runs on any thread.

use crate::disk::Disk;
use crate::error::StoreError;
use crate::index::Table;
use crate::index::manifest::Manifest;
use crate::index::run::{Item, Items, Run};
use crate::index::writer::Writer;
use crate::planted::{self, Bug};
use std::sync::Arc;

pub(crate) enum Work {
    Seal { table: Arc<Table>, through: u64 },
    Merge { runs: Vec<Arc<Run>> },
}

/// Work that makes a new run. Dropped unfinished, it changed nothing and can be asked for again.
pub struct Job {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) work: Work,
    pub(crate) id: u64,
    pub(crate) tier: u32,
    /// The manifest before.
    pub(crate) manifest: Manifest,
    /// Held while the job exists: one at a time.
    pub(crate) token: Arc<()>,
}

/// A finished job, durable, for [`super::Index::adopt`].
pub struct Done {
    pub(crate) run: Run,
    pub(crate) manifest: Manifest,
    /// Ids of runs that the new one replaces.
    pub(crate) replaced: Vec<u64>,
    pub(crate) sealed: bool,
    pub(crate) token: Arc<()>,
}

impl Job {
    /// Last event that the job makes durable in the index, 0 for a merge.
    pub fn through(&self) -> u64 {
        match self.work {
            Work::Seal { through, .. } => through,
            Work::Merge { .. } => 0,
        }
    }

    /// Whether the job may run when the log is durable up to an event: an index on disk must not
    /// know an event that the log can lose.
    pub fn ready(&self, durable: u64) -> bool {
        self.through() <= durable || planted::is(Bug::SealTooMuch)
    }

    /// Does the work and makes it durable. `durable` is what the log says.
    ///
    /// # Panics
    /// When the job is not [`Job::ready`].
    pub fn run(self, durable: u64) -> Result<Done, StoreError> {
        assert!(self.ready(durable), "only what the log cannot lose is sealed");
        let disk = self.disk.as_ref();
        let mut writer = Writer::new(disk, self.id, self.tier)?;
        let mut manifest = self.manifest;
        let (sealed, replaced) = match &self.work {
            Work::Seal { table, through } => {
                let mut items: Vec<Item> = table.iter().map(|(key, hit)| (*key, *hit)).collect();
                items.sort_unstable_by_key(|(key, _)| *key);
                items.into_iter().try_for_each(|item| writer.push(item))?;
                manifest.through = *through;
                (true, Vec::new())
            }
            Work::Merge { runs } => {
                merge(runs, &mut writer)?;
                (false, runs.iter().map(|run| run.meta.id).collect())
            }
        };
        let meta = writer.finish()?;
        manifest.runs.retain(|run| !replaced.contains(&run.id));
        manifest.runs.push(meta);
        manifest.next_id = self.id + 1;
        let run = Run::open(disk, meta)?;
        manifest.write(disk)?;
        Ok(Done { run, manifest, replaced, sealed, token: self.token })
    }
}

/// Writes the events of all runs in order. There are few runs, so looking at each is quick.
fn merge(runs: &[Arc<Run>], writer: &mut Writer<'_>) -> Result<(), StoreError> {
    let mut heads: Vec<(Items, Option<Item>)> = Vec::new();
    for run in runs {
        let mut items = run.items();
        let first = items.next()?;
        heads.push((items, first));
    }
    while let Some(key) = heads.iter().filter_map(|(_, item)| item.map(|(key, _)| key)).min() {
        let mut earliest: Option<Item> = None;
        for (items, head) in &mut heads {
            if let Some(item) = head.filter(|(found, _)| *found == key) {
                if earliest.is_none_or(|(_, hit)| item.1.seq < hit.seq) {
                    earliest = Some(item);
                }
                *head = items.next()?;
            }
        }
        if let Some(item) = earliest {
            writer.push(item)?;
        }
    }
    Ok(())
}
