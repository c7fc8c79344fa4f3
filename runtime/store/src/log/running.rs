//! Reads the log of a process that has it open, without its lock and without disturbing it.
//!
//! What stands in a segment that is written may be seen half: a system promises no order of bytes to
//! another reader. So nothing at the end is taken for damage before it was looked at again and again,
//! and what is copied ends where the log itself says that it was durable. Behind that, after a power
//! failure, other entries may stand under the same numbers.

use crate::disk::Disk;
use crate::error::StoreError;
use crate::log::open::{Segments, segments};
use crate::log::segment::{Open, PAGE, Sealed};
use crate::log::tail::Tail;
use crate::log::verify::{self, Verified};
use crate::log::walk::{Walk, problem};
use crate::planted::{self, Bug};

/// [`super::verify`] for a log that another process may write meanwhile.
///
/// What was appended when it began is looked at; of what is appended meanwhile, some. `wait` is called
/// before something that cannot be read is read again, and should take a few milliseconds.
pub fn verify_running(disk: &dyn Disk, wait: &dyn Fn()) -> Result<Verified, StoreError> {
    verify::check(disk, Some(wait))?.map_err(|found| found.error)
}

/// The segments of a log as far as it is known to be durable, for [`super::export`]: the sealed ones, and
/// of the last one what may no longer change. With `wait`, see [`verify_running`], it may be written
/// meanwhile. A damaged end is an error: a backup that holds less than it should is not made in silence.
pub fn durable(disk: &dyn Disk, wait: Option<&dyn Fn()>) -> Result<Vec<Sealed>, StoreError> {
    let Segments { mut sealed, last } = segments(disk)?.map_err(|gap| gap.error())?;
    let (mut walk, stop, tail) = verify::to_the_end(&last, wait)?;
    if tail == Tail::Damaged {
        let problem = problem(&stop, &mut walk.reader);
        return Err(walk.damaged(problem));
    }
    let known = last.header.erased.map_or(walk.synced, |erased| erased.bytes);
    let end = if planted::is(Bug::CopyWhatIsWhole) { walk.place.at } else { known };
    if end > PAGE {
        sealed.push(up_to(&last, end)?);
    }
    Ok(sealed)
}

/// A segment up to a place where it was durable, as if it had been sealed there.
fn up_to(open: &Open, end: u64) -> Result<Sealed, StoreError> {
    let mut walk = Walk::new(open, end);
    walk.finish()?;
    if walk.place.at != end {
        return Err(walk.damaged(format!("no group ends at byte {end}, where a later one says that one does")));
    }
    Ok(open.header.sealed(end, walk.place.next_seq - 1, *walk.hasher.finalize().as_bytes()))
}
