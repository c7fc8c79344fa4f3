//! Tells an end that a crash tore from damage.
//!
//! Before anything is written, a segment holds zeros, and it is zeroed again behind a cut. So each
//! sector behind the last flush is either as written or zeros, and in any mix: disks reorder. That
//! decides it:
//!
//! * A later frame that says the log was durable beyond this place: damage.
//! * A frame that is bad although none of its sectors is zeros: damage, for no crash does that.
//! * A write that was refused may stop anywhere, and nothing follows it: torn.
//! * Otherwise the group was never flushed, or cannot be told from such a one: torn.
//!
//! Whether later frames are valid does not matter by itself. Of a group that was not flushed, the
//! last page may well have reached the disk and the first not.

use crate::frame::{self, HEAD_BYTES, KIND_COMMIT, Salt};
use crate::group::{COMMIT_PAYLOAD, Stop, Why};
use crate::log::reader::Reader;
use crate::planted::{self, Bug};
use std::io;

/// What disks write as a whole.
const SECTOR: u64 = 512;

/// What stands behind the last whole group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Zeros.
    Clean,
    /// Remains of groups that were not flushed, up to a byte.
    Torn { end: u64 },
    /// Something that was durable cannot be read any more.
    Damaged,
}

/// What a pass over the rest of the segment finds.
struct Rest {
    /// Behind the last byte that is not zero.
    end: u64,
    /// First frame behind the bad one that is whole.
    next_whole: Option<u64>,
    /// A frame knows the bad place as durable.
    known_durable: bool,
}

/// Judges what stands from `start`, where a group cannot be read because of `stop`.
pub(crate) fn judge(reader: &mut Reader, salt: &Salt, start: u64, stop: &Stop) -> io::Result<Tail> {
    let rest = look(reader, salt, start, stop.frame.at)?;
    if rest.end == start {
        return Ok(Tail::Clean);
    }
    let torn = Tail::Torn { end: rest.end };
    if planted::is(Bug::CutWithoutLooking) {
        return Ok(torn);
    }
    if rest.known_durable {
        return Ok(Tail::Damaged);
    }
    let at = stop.frame.at;
    let cut_off = |size: u64| rest.next_whole.is_none() && rest.end <= at + size;
    if zero_sector(reader, at, HEAD_BYTES as u64)? || cut_off(HEAD_BYTES as u64) {
        return Ok(torn);
    }
    let size = match plausible(reader, salt, stop)? {
        Some(size) if at + size <= reader.end() => size,
        _ => return Ok(Tail::Damaged),
    };
    if rest.next_whole.is_some_and(|next| next < at + size) {
        return Ok(Tail::Damaged);
    }
    // A group that was flushed goes on behind each of its frames, up to its commit frame.
    let ends_here = match commit_frame(reader, at)? {
        false => cut_off(size),
        true => cut_off(size) && frame::checksum_cut_off(reader.from(at, size as usize)?, salt),
    };
    Ok(if ends_here || zero_sector(reader, at, size)? { torn } else { Tail::Damaged })
}

fn commit_frame(reader: &mut Reader, at: u64) -> io::Result<bool> {
    Ok(frame::parts(&reader.from(at, HEAD_BYTES)?[..HEAD_BYTES]).kind == KIND_COMMIT)
}

/// The size of the bad frame, if its head is the one that belongs there.
fn plausible(reader: &mut Reader, salt: &Salt, stop: &Stop) -> io::Result<Option<u64>> {
    if !matches!(stop.why, Why::Frame(_)) {
        return Ok(None);
    }
    let head = reader.from(stop.frame.at, HEAD_BYTES)?;
    let Ok(size) = frame::size_at(head, salt) else { return Ok(None) };
    let frame = frame::parts(&head[..HEAD_BYTES]);
    let commit = frame.kind == KIND_COMMIT;
    let seq = if commit { stop.frame.next_seq - 1 } else { stop.frame.next_seq };
    let length = !commit || size == frame::frame_bytes(COMMIT_PAYLOAD);
    Ok((frame.seq == seq && frame.prev_hash == stop.frame.chain && length).then_some(size as u64))
}

/// Whether a sector, as far as it belongs to the range, is zeros or behind the end.
fn zero_sector(reader: &mut Reader, from: u64, bytes: u64) -> io::Result<bool> {
    let (mut at, to) = (from, from + bytes);
    while at < to {
        let next = ((at / SECTOR + 1) * SECTOR).min(to);
        let piece = (next - at) as usize;
        let held = reader.from(at, piece)?;
        if held.iter().take(piece).all(|b| *b == 0) {
            return Ok(true);
        }
        at = next;
    }
    Ok(false)
}

fn look(reader: &mut Reader, salt: &Salt, start: u64, bad: u64) -> io::Result<Rest> {
    let mut rest = Rest { end: start, next_whole: None, known_durable: false };
    let mut at = start;
    while at < reader.end() {
        let piece = ((reader.end() - at) as usize).min(1 << 16);
        let held = &reader.from(at, piece)?;
        let held = &held[..piece.min(held.len())];
        if held.is_empty() {
            break;
        }
        let mut begins = Vec::new();
        if held.iter().any(|b| *b != 0) {
            for (word, bytes) in held.chunks(frame::ALIGN).enumerate() {
                let word_at = at + (word * frame::ALIGN) as u64;
                if let Some(last) = bytes.iter().rposition(|b| *b != 0) {
                    rest.end = word_at + last as u64 + 1;
                }
                if salt.begins(bytes) {
                    begins.push(word_at);
                }
            }
        }
        at += held.len() as u64;
        for found in begins {
            whole_frame(reader, salt, start, bad, found, &mut rest)?;
        }
    }
    Ok(rest)
}

fn whole_frame(reader: &mut Reader, salt: &Salt, start: u64, bad: u64, at: u64, rest: &mut Rest) -> io::Result<()> {
    let Ok(size) = frame::size_at(reader.from(at, HEAD_BYTES)?, salt) else { return Ok(()) };
    if size as u64 > reader.end() - at {
        return Ok(());
    }
    if let Ok((frame, _)) = frame::decode(reader.from(at, size)?, salt) {
        let durable = at.saturating_sub(u64::from(frame.lag) * frame::ALIGN as u64);
        rest.known_durable |= durable > start;
        if at > bad {
            rest.next_whole.get_or_insert(at);
        }
    }
    Ok(())
}
