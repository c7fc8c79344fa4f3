//! Makes segments: zeroed and flushed ahead of need, named when they are needed.
//!
//! Appending to a file that grows, or to room that was only reserved, makes every flush write
//! metadata too. So a segment is written once with zeros, which takes a while, best on another
//! thread while the segment before it fills.

use crate::disk::{Disk, DiskFile};
use crate::error::{Fatal, StoreError};
use crate::log::segment::{Header, Open, file_name};
use crate::planted::{self, Bug};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Names of segments that are not yet part of the log.
pub(crate) const PREPARED: &str = "log-prepared.tmp";
const ROLLED: &str = "log-rolled.tmp";

type File = Arc<dyn DiskFile>;

/// Where the next segment waits.
#[derive(Default, Clone)]
pub(crate) struct Slot(Arc<Mutex<Option<(File, u64)>>>);

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Option<(File, u64)>> {
        // What is inside is whole at every moment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn preparer(&self, disk: Arc<dyn Disk>, bytes: u64) -> Preparer {
        Preparer { slot: self.clone(), disk, bytes }
    }

    /// The segment of `header`, durable and named. [`StoreError::NoRoom`] changed nothing.
    pub(crate) fn take(&self, disk: &dyn Disk, header: Header, bytes: u64) -> Result<Open, StoreError> {
        // Held until the file has its name, so that a preparer does not write one of the old name.
        let mut slot = self.lock();
        let (temporary, file, size) = match slot.take() {
            Some((file, size)) => (PREPARED, file, size),
            None => (ROLLED, zeroed(disk, ROLLED, bytes)?, bytes),
        };
        let name = file_name(header.index);
        file.write_at(&header.to_page(), 0).map_err(Fatal::io("writing", &name))?;
        file.sync_data().map_err(Fatal::sync(&name))?;
        disk.rename(temporary, &name).map_err(Fatal::io("renaming", &name))?;
        if !planted::is(Bug::ForgetDirSync) {
            disk.sync_dir().map_err(Fatal::sync("."))?;
        }
        Ok(Open { name, file, header, size })
    }
}

fn zeroed(disk: &dyn Disk, name: &str, bytes: u64) -> Result<File, StoreError> {
    let made = disk.create(name).and_then(|file| file.alloc(bytes).map(|()| file));
    let file = made.map_err(|cause| {
        // Gives back what it took; a later attempt begins anew anyway.
        let _ = disk.remove(name);
        StoreError::grow("creating", name, bytes)(cause)
    })?;
    file.sync_data().map_err(Fatal::sync(name))?;
    Ok(file)
}

/// Makes the next segment. May run on another thread than the log.
#[derive(Clone)]
pub struct Preparer {
    slot: Slot,
    disk: Arc<dyn Disk>,
    bytes: u64,
}

impl Preparer {
    /// Makes the next segment unless it waits already; `true` if one was made.
    ///
    /// At most one thread may call this at a time. The log does not depend on it: what is not
    /// prepared is made when it is needed. A [`Fatal`] here does not concern the log either.
    pub fn prepare(&self) -> Result<bool, StoreError> {
        if self.slot.lock().is_some() {
            return Ok(false);
        }
        let file = zeroed(self.disk.as_ref(), PREPARED, self.bytes)?;
        *self.slot.lock() = Some((file, self.bytes));
        Ok(true)
    }
}
