//! Frames that become durable together.
//!
//! A group is its frames and then a commit frame, whose payload is the number of frames and the
//! BLAKE3 of their bytes. A group counts as a whole or not at all. A commit frame has the number
//! of the frame before it; a group of nothing but a commit frame is a *mark*, which says only
//! that everything before it was durable.
//!
//! The hash of a group is that of the bytes that were written. Where something was erased from a frame
//! since, it can no longer be compared, nor what the next frame says of that one; every other frame
//! is still held by the chain, and all of them by their checksums.

use crate::frame::{self, Bad, Chain, Frame, HEAD_BYTES, KIND_COMMIT, Salt, frame_bytes};
use crate::limits::{GROUP_BYTES_MAX, GROUP_FRAMES_MAX};
use crate::log::reader::Reader;
use crate::planted::{self, Bug};
use std::io;

/// Bytes of the payload of a commit frame.
pub(crate) const COMMIT_PAYLOAD: usize = 40;
/// Bytes of a commit frame.
pub(crate) const COMMIT_BYTES: usize = frame_bytes(COMMIT_PAYLOAD);

/// An entry to append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Shard that it is for.
    pub shard: u16,
    /// What it is, at most [`crate::limits::KIND_MAX`].
    pub kind: u16,
    /// When it was taken, in microseconds since 1970 UTC.
    pub recorded_at: i64,
    /// The entry itself.
    pub payload: &'a [u8],
}

/// Where in a log something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Byte of the segment.
    pub at: u64,
    /// Number of the next frame.
    pub next_seq: u64,
    /// Chain up to here.
    pub chain: Chain,
}

/// Appends the group to `out`, to be written at `place`, and returns the place after it.
pub(crate) fn encode(entries: &[Entry<'_>], place: Place, synced: u64, salt: &Salt, out: &mut Vec<u8>) -> Place {
    let (start, mut place) = (out.len(), place);
    let lag = |at: u64| u32::try_from((at - synced) / frame::ALIGN as u64).unwrap_or(u32::MAX);
    for Entry { shard, kind, recorded_at, payload } in entries {
        let (shard, kind, recorded_at) = (*shard, *kind, *recorded_at);
        let frame = Frame {
            seq: place.next_seq,
            shard,
            kind,
            recorded_at,
            prev_hash: place.chain,
            lag: lag(place.at),
            erased: false,
            payload,
        };
        place.chain = frame::encode(&frame, salt, out);
        place.at += frame_bytes(payload.len()) as u64;
        place.next_seq += 1;
    }
    let mut payload = [0; COMMIT_PAYLOAD];
    payload[..4].copy_from_slice(&(entries.len() as u32).to_le_bytes());
    payload[8..].copy_from_slice(blake3::hash(&out[start..]).as_bytes());
    let commit = Frame {
        seq: place.next_seq - 1,
        shard: 0,
        kind: KIND_COMMIT,
        recorded_at: entries.last().map_or(0, |e| e.recorded_at),
        prev_hash: place.chain,
        lag: lag(place.at),
        erased: false,
        payload: &payload,
    };
    place.chain = frame::encode(&commit, salt, out);
    place.at += COMMIT_BYTES as u64;
    place
}

/// A group as read, checked.
#[derive(Debug, Default, Clone)]
pub struct Group {
    pub(crate) bytes: Vec<u8>,
    /// Start and end, without checksum, of each frame.
    spans: Vec<(usize, usize)>,
    /// Frames to leave out at the start.
    skip: usize,
    /// How far the log was durable when the commit frame was written.
    pub(crate) synced: u64,
}

impl Group {
    /// Its frames in order, without the commit frame.
    pub fn frames(&self) -> impl ExactSizeIterator<Item = Frame<'_>> {
        self.spans[self.skip..].iter().map(|(start, end)| frame::parts(&self.bytes[*start..*end]))
    }

    /// Gives frames other payloads of the same length. Returns whether any has another now.
    pub(crate) fn erase(&mut self, salt: &Salt, mut redact: impl FnMut(&Frame<'_>) -> Option<Vec<u8>>) -> bool {
        let mut changed = false;
        for (start, end) in &self.spans {
            let frame = frame::parts(&self.bytes[*start..*end]);
            let Some(payload) = redact(&frame).filter(|payload| payload != frame.payload) else { continue };
            assert_eq!(payload.len(), frame.payload.len(), "erasing changes no length");
            let sum = frame::erase(&mut self.bytes[*start..*end], &payload, salt);
            self.bytes[*end..*end + sum.len()].copy_from_slice(&sum);
            changed = true;
        }
        changed
    }

    /// Leaves out the frames before `seq`.
    pub(crate) fn begin_at(&mut self, seq: u64) {
        let first = self.frames().next().map_or(0, |f| f.seq);
        self.skip = usize::try_from(seq.saturating_sub(first)).unwrap_or(usize::MAX).min(self.spans.len());
    }
}

/// Why no group can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Why {
    #[error("{0}")]
    Frame(Bad),
    #[error("event {found} stands where event {expected} belongs")]
    Sequence { found: u64, expected: u64 },
    #[error("a frame does not follow the one before it")]
    Chain,
    #[error("a group does not have the frames or the hash that its commit says")]
    Commit,
    #[error("a group is longer than a group may be")]
    Length,
}

/// Where reading stopped: at a frame, inside of the group that begins at the place it began with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    pub frame: Place,
    pub why: Why,
}

/// Reads the group at `place` into `group` and moves `place` behind it.
pub(crate) fn read(
    reader: &mut Reader,
    salt: &Salt,
    place: &mut Place,
    group: &mut Group,
) -> io::Result<Result<(), Stop>> {
    group.bytes.clear();
    group.spans.clear();
    group.skip = 0;
    let mut next = *place;
    // Whether something was erased from the frame before, and from any of the group.
    let (mut before, mut any) = (false, false);
    let why = loop {
        let at = next.at;
        let size = match frame::size_at(reader.from(at, HEAD_BYTES)?, salt) {
            Ok(size) => size,
            Err(bad) => break Why::Frame(bad),
        };
        let bytes = reader.from(at, size)?;
        let frame = match frame::decode(bytes, salt) {
            Ok((frame, _)) => frame,
            Err(bad) => break Why::Frame(bad),
        };
        if !before && frame.prev_hash != next.chain && !planted::is(Bug::NoChecksum) {
            break Why::Chain;
        }
        let commit = frame.kind == KIND_COMMIT;
        let expected = if commit { next.next_seq - 1 } else { next.next_seq };
        if frame.seq != expected {
            break Why::Sequence { found: frame.seq, expected };
        }
        if commit {
            let count = frame.payload.len() == COMMIT_PAYLOAD
                && frame::u32_at(frame.payload, 0) as usize == group.spans.len()
                && frame::u32_at(frame.payload, 4) == 0;
            let hash = any || frame.payload.get(8..) == Some(&blake3::hash(&group.bytes).as_bytes()[..]);
            let sound = count && hash && !frame.erased;
            if !sound && !planted::is(Bug::NoChecksum) {
                break Why::Commit;
            }
            group.synced = at.saturating_sub(u64::from(frame.lag) * frame::ALIGN as u64);
            let bytes = &bytes[..size];
            next.chain = frame::chain_of(bytes);
            group.bytes.extend_from_slice(bytes);
            next.at += size as u64;
            *place = next;
            return Ok(Ok(()));
        }
        if group.spans.len() >= GROUP_FRAMES_MAX || group.bytes.len() + size > GROUP_BYTES_MAX {
            break Why::Length;
        }
        before = frame.erased;
        any |= frame.erased;
        let start = group.bytes.len();
        group.spans.push((start, start + HEAD_BYTES + frame.payload.len()));
        let bytes = &bytes[..size];
        next.chain = frame::chain_of(bytes);
        group.bytes.extend_from_slice(bytes);
        next.at += size as u64;
        next.next_seq += 1;
    };
    if planted::is(Bug::KeepUncommitted) && !group.spans.is_empty() {
        *place = next;
        return Ok(Ok(()));
    }
    Ok(Err(Stop { frame: next, why }))
}
