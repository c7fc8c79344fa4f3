//! Reads the whole log and compares everything that can be compared.

use crate::disk::Disk;
use crate::error::StoreError;
use crate::frame::Chain;
use crate::group::Stop;
use crate::limits::RUNNING_LOOKS;
use crate::log::open::{Segments, segments};
use crate::log::segment::{Header, Open, Sealed, file_name};
use crate::log::tail::{self, Tail};
use crate::log::walk::{Walk, problem};

/// A whole log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// First event that the log still has.
    pub first_seq: u64,
    /// Last event, one less than the first if there is none.
    pub last_seq: u64,
    /// Chain up to the end.
    pub chain: Chain,
    /// Number of segments.
    pub segments: usize,
    /// Bytes behind the last whole group that opening will cut.
    pub torn_bytes: u64,
}

/// Where a check found the first damage.
pub(crate) struct Found {
    /// Number of the segment.
    pub index: u64,
    /// Where the log is to be cut in it; 0 if nothing of it can be used.
    pub at: u64,
    pub error: StoreError,
}

/// Checks every frame, the chain, and the hash of every segment. Changes nothing.
///
/// For a log that is not open. [`StoreError::Damaged`] names the first damage.
pub fn verify(disk: &dyn Disk) -> Result<Verified, StoreError> {
    check(disk, None)?.map_err(|found| found.error)
}

/// Where `wait` is given, another process may write the last segment: what cannot be read there is read
/// again after a wait, and is damage where it stays so.
pub(crate) fn check(disk: &dyn Disk, wait: Option<&dyn Fn()>) -> Result<Result<Verified, Found>, StoreError> {
    let found = segments(disk)?;
    let gap = found.as_ref().err().map(|gap| Found { index: gap.index, at: 0, error: gap.error() });
    let known = match found {
        Ok(segments) => Some(segments),
        Err(gap) => gap.before,
    };
    let verified = match known {
        Some(known) => contents(disk, &known, gap.is_none(), wait)?,
        None => Ok(None),
    };
    Ok(match (verified, gap) {
        (Err(found), _) => Err(found),
        (Ok(verified), Some(mut found)) => {
            if let (Some(verified), StoreError::Damaged { good, .. }) = (verified, &mut found.error) {
                *good = verified.last_seq;
            }
            Err(found)
        }
        (Ok(Some(verified)), None) => Ok(verified),
        (Ok(None), None) => return Err(StoreError::Missing),
    })
}

fn contents(
    disk: &dyn Disk,
    known: &Segments,
    whole: bool,
    wait: Option<&dyn Fn()>,
) -> Result<Result<Option<Verified>, Found>, StoreError> {
    let mut first_seq = known.last.header.first_seq;
    for (sealed, index) in known.sealed.iter().zip(0..) {
        if index == 0 {
            first_seq = sealed.first_seq;
        }
        let next = match known.sealed.get(index + 1) {
            Some(next) => match Header::read(disk, next.index)? {
                Ok(open) => open.header,
                Err(problem) => return Ok(Err(unreadable(next.index, sealed.last_seq, problem))),
            },
            None => known.last.header,
        };
        match Header::read(disk, sealed.index)? {
            Err(problem) => return Ok(Err(unreadable(sealed.index, sealed.first_seq - 1, problem))),
            Ok(open) => {
                // Something may have been erased since the pages were read.
                let sealed = &Sealed { body: open.header.erased.map(|erased| erased.body), ..*sealed };
                if let Err(found) = against_next(&open, sealed, &next)? {
                    return Ok(Err(found));
                }
            }
        }
    }
    let (mut walk, stop, tail) = to_the_end(&known.last, wait)?;
    let torn_bytes = match tail {
        Tail::Clean => 0,
        Tail::Torn { end } if whole => end - walk.place.at,
        // Behind a segment that another one followed there is no torn end: it had been flushed.
        Tail::Torn { .. } | Tail::Damaged => {
            let problem = problem(&stop, &mut walk.reader);
            return Ok(Err(at(&known.last, &walk, problem)));
        }
    };
    Ok(Ok(Some(Verified {
        first_seq,
        last_seq: walk.place.next_seq - 1,
        chain: walk.place.chain,
        segments: known.sealed.len() + 1,
        torn_bytes,
    })))
}

/// Through the last segment, and what stands behind its last whole group.
pub(crate) fn to_the_end<'o>(open: &'o Open, wait: Option<&dyn Fn()>) -> Result<(Walk<'o>, Stop, Tail), StoreError> {
    let mut walk = Walk::new(open, open.size);
    let mut looks = 0;
    loop {
        let (before, stop) = (walk.place.at, walk.finish()?);
        let tail = tail::judge(&mut walk.reader, &open.header.salt, walk.place.at, &stop);
        let tail = tail.map_err(StoreError::io("reading", &open.name))?;
        looks = if walk.place.at > before { 1 } else { looks + 1 };
        match wait {
            Some(wait) if tail == Tail::Damaged && looks < RUNNING_LOOKS => wait(),
            _ => return Ok((walk, stop, tail)),
        }
        walk.look_again();
    }
}

fn unreadable(index: u64, good: u64, problem: &str) -> Found {
    let (file, problem) = (file_name(index), problem.to_owned());
    Found { index, at: 0, error: StoreError::Damaged { file, offset: 0, problem, good } }
}

fn at(open: &Open, walk: &Walk<'_>, problem: String) -> Found {
    Found { index: open.header.index, at: walk.place.at, error: walk.damaged(problem) }
}

/// A sealed segment against what the next one says of it.
fn against_next(open: &Open, sealed: &Sealed, next: &Header) -> Result<Result<(), Found>, StoreError> {
    let mut walk = Walk::new(open, sealed.bytes.min(open.size));
    let stop = walk.finish()?;
    if walk.place.at < sealed.bytes {
        let problem = problem(&stop, &mut walk.reader);
        return Ok(Err(at(open, &walk, problem)));
    }
    let continues = (walk.place.next_seq, walk.place.chain) == (next.first_seq, next.chain);
    if !continues || *walk.hasher.finalize().as_bytes() != sealed.walked() {
        // All of it is sound by itself; what is wrong begins with the next segment.
        let problem = "it does not continue the segment before it".to_owned();
        let error =
            StoreError::Damaged { file: file_name(next.index), offset: 0, problem, good: walk.place.next_seq - 1 };
        return Ok(Err(Found { index: next.index, at: 0, error }));
    }
    Ok(Ok(()))
}
