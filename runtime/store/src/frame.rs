//! One entry of the log as bytes.
//!
//! ```text
//!  0 magic u32 | 4 len u32 | 8 seq u64 | 16 shard u16 | 18 kind u16 | 20 lag u32
//! 24 recorded_at i64 | 32 prev_hash [16] | 48 payload [len] | crc32c u32 | zeros to 8 bytes
//! ```
//!
//! Little-endian. The highest bit of `shard` says that something was erased from the payload since.
//! `prev_hash` is the start of the BLAKE3 of the frame before, so the log is one chain; behind a
//! frame from which something was erased it is what that frame had when it was written. `lag` says, in units of 8 bytes, how far back the log was durable when the frame was
//! written; recovery tells a torn end from damage by it. The magic is made from the log's salt
//! and the checksum begins with it: a payload that looks like a frame is not one, and neither is
//! a frame of another log.
//!
//! *Invariant:* decoding panics on no bytes and allocates nothing.

use crate::limits::{PAYLOAD_BYTES_MAX, SHARD_MAX};
use crate::planted::{self, Bug};

/// Bytes before the payload.
pub const HEAD_BYTES: usize = 48;
/// Frames begin at multiples of this.
pub const ALIGN: usize = 8;
/// Kind of a commit frame; see `group.rs`.
pub(crate) const KIND_COMMIT: u16 = 0xFFFF;
/// Bit of the shard: something was erased.
const ERASED: u16 = 1 << 15;

/// Start of the BLAKE3 of a frame.
pub type Chain = [u8; 16];

/// What makes the frames of one log its own. Whoever sends payloads does not know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt {
    bytes: [u8; 16],
    magic: [u8; 4],
}

impl Salt {
    /// From random bytes.
    pub fn new(bytes: [u8; 16]) -> Salt {
        let mut magic: [u8; 4] = array(blake3::hash(&bytes).as_bytes(), 0);
        // Zeros are where nothing was written.
        magic[0] |= 1;
        Salt { bytes, magic }
    }

    /// The random bytes.
    pub fn bytes(&self) -> [u8; 16] {
        self.bytes
    }

    /// Whether a frame may begin here.
    pub(crate) fn begins(&self, bytes: &[u8]) -> bool {
        bytes.get(..4) == Some(&self.magic[..])
    }
}

/// An entry as read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Number of the entry, from 1 without gaps.
    pub seq: u64,
    /// Shard that it is for.
    pub shard: u16,
    /// What it is; the log gives it no meaning.
    pub kind: u16,
    /// When the log took it, in microseconds since 1970 UTC.
    pub recorded_at: i64,
    /// The chain up to the entry before.
    pub prev_hash: Chain,
    /// Units of 8 bytes that were not yet durable before it.
    pub lag: u32,
    /// Something was erased from the payload, so that the next frame's `prev_hash` is no longer its.
    pub erased: bool,
    /// The entry itself.
    pub payload: &'a [u8],
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// No frame begins here.
    #[error("no frame begins there")]
    NoFrame,
    /// The length is beyond the limit.
    #[error("a frame has an impossible length")]
    Length,
    /// The bytes end inside of the frame.
    #[error("a frame is cut off")]
    Cut,
    /// The checksum differs.
    #[error("a frame has a wrong checksum")]
    Checksum,
}

/// Bytes of a frame with a payload of `len` bytes.
pub const fn frame_bytes(len: usize) -> usize {
    (HEAD_BYTES + len + 4).next_multiple_of(ALIGN)
}

pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    if let Some(from) = bytes.get(at..at + N) {
        out.copy_from_slice(from);
    }
    out
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}

/// Appends the frame to `out` and returns the chain up to it.
///
/// # Panics
/// When the payload is longer than [`PAYLOAD_BYTES_MAX`], or the shard above [`SHARD_MAX`].
pub fn encode(frame: &Frame<'_>, salt: &Salt, out: &mut Vec<u8>) -> Chain {
    assert!(frame.payload.len() <= PAYLOAD_BYTES_MAX, "a payload within the limit");
    assert!(frame.shard <= SHARD_MAX, "a shard within the limit");
    let shard = if frame.erased { frame.shard | ERASED } else { frame.shard };
    let start = out.len();
    out.extend_from_slice(&salt.magic);
    out.extend_from_slice(&(frame.payload.len() as u32).to_le_bytes());
    out.extend_from_slice(&frame.seq.to_le_bytes());
    out.extend_from_slice(&shard.to_le_bytes());
    out.extend_from_slice(&frame.kind.to_le_bytes());
    out.extend_from_slice(&frame.lag.to_le_bytes());
    out.extend_from_slice(&frame.recorded_at.to_le_bytes());
    out.extend_from_slice(&frame.prev_hash);
    out.extend_from_slice(frame.payload);
    let sum = checksum(&out[start..], salt);
    let chain = chain(&out[start..]);
    out.extend_from_slice(&sum.to_le_bytes());
    out.resize(start + frame_bytes(frame.payload.len()), 0);
    chain
}

/// The frame at the start of `bytes` and its size. The chain is the caller's to compare.
pub fn decode<'a>(bytes: &'a [u8], salt: &Salt) -> Result<(Frame<'a>, usize), Bad> {
    let size = size_at(bytes, salt)?;
    let whole = bytes.get(..size).ok_or(Bad::Cut)?;
    let end = HEAD_BYTES + u32_at(whole, 4) as usize;
    let (body, rest) = whole.split_at(end);
    let sound = u32_at(rest, 0) == checksum(body, salt) && rest[4..].iter().all(|b| *b == 0);
    if !sound && !planted::is(Bug::NoChecksum) {
        return Err(Bad::Checksum);
    }
    Ok((parts(body), size))
}

/// The frame that `body` holds up to its checksum, which is not looked at.
pub(crate) fn parts(body: &[u8]) -> Frame<'_> {
    let (head, payload) = body.split_at(HEAD_BYTES);
    let shard = u16::from_le_bytes(array(head, 16));
    Frame {
        seq: u64_at(head, 8),
        shard: shard & !ERASED,
        erased: shard & ERASED != 0,
        kind: u16::from_le_bytes(array(head, 18)),
        lag: u32_at(head, 20),
        recorded_at: i64::from_le_bytes(array(head, 24)),
        prev_hash: array(head, 32),
        payload,
    }
}

/// Puts another payload of the same length into the frame that `bytes` are up to its checksum, and
/// says so in its head. Returns the new checksum.
pub(crate) fn erase(bytes: &mut [u8], payload: &[u8], salt: &Salt) -> [u8; 4] {
    let shard = u16::from_le_bytes(array(bytes, 16)) | ERASED;
    bytes[16..18].copy_from_slice(&shard.to_le_bytes());
    bytes[HEAD_BYTES..].copy_from_slice(payload);
    checksum(bytes, salt).to_le_bytes()
}

/// Whether the checksum of the frame that `bytes` begin with is right as far as it goes and zeros
/// from there on: writing stopped in it or before it.
pub(crate) fn checksum_cut_off(bytes: &[u8], salt: &Salt) -> bool {
    let end = HEAD_BYTES + u32_at(bytes, 4) as usize;
    let Some(body) = bytes.get(..end) else { return false };
    let (right, found): ([u8; 4], [u8; 4]) = (checksum(body, salt).to_le_bytes(), array(bytes, end));
    (0..4).any(|kept| found[..kept] == right[..kept] && found[kept..].iter().all(|b| *b == 0))
}

/// How many bytes the frame at the start of `bytes` says it has.
pub(crate) fn size_at(bytes: &[u8], salt: &Salt) -> Result<usize, Bad> {
    if !salt.begins(bytes) {
        return Err(Bad::NoFrame);
    }
    if bytes.len() < HEAD_BYTES {
        return Err(Bad::Cut);
    }
    match u32_at(bytes, 4) as usize {
        len if len <= PAYLOAD_BYTES_MAX => Ok(frame_bytes(len)),
        _ => Err(Bad::Length),
    }
}

/// The chain up to the frame that `bytes` holds, which begins and ends as [`decode`] said.
pub(crate) fn chain_of(bytes: &[u8]) -> Chain {
    chain(&bytes[..HEAD_BYTES + u32_at(bytes, 4) as usize])
}

fn chain(body: &[u8]) -> Chain {
    array(blake3::hash(body).as_bytes(), 0)
}

fn checksum(body: &[u8], salt: &Salt) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&salt.bytes), body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn salt() -> Salt {
        Salt::new(*b"salt of this log")
    }

    fn frame(payload: &[u8]) -> Frame<'_> {
        Frame { seq: 7, shard: 1, kind: 2, recorded_at: -3, prev_hash: [4; 16], lag: 5, erased: false, payload }
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let mut bytes = Vec::new();
        encode(&frame(b"usage"), &salt(), &mut bytes);
        assert_eq!(bytes.len() % ALIGN, 0);
        assert_eq!(decode(&bytes, &salt()), Ok((frame(b"usage"), bytes.len())));
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&bytes, &salt()).is_err(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn a_frame_of_another_log_is_none() {
        let mut bytes = Vec::new();
        encode(&frame(b"usage"), &salt(), &mut bytes);
        assert_eq!(decode(&bytes, &Salt::new(*b"salt of some log")), Err(Bad::NoFrame));
    }

    #[test]
    fn what_is_erased_is_gone_and_said() {
        let mut bytes = Vec::new();
        encode(&frame(b"usage"), &salt(), &mut bytes);
        let end = HEAD_BYTES + 5;
        let sum = erase(&mut bytes[..end], b"u    ", &salt());
        bytes[end..end + 4].copy_from_slice(&sum);
        let expected = Frame { erased: true, ..frame(b"u    ") };
        assert_eq!(decode(&bytes, &salt()), Ok((expected, bytes.len())));
        let mut again = Vec::new();
        encode(&expected, &salt(), &mut again);
        assert_eq!(again, bytes);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(payload in prop::collection::vec(any::<u8>(), 0..300), more in 0usize..20) {
            let mut bytes = Vec::new();
            let chain = encode(&frame(&payload), &salt(), &mut bytes);
            let size = bytes.len();
            prop_assert_eq!(chain, chain_of(&bytes));
            bytes.resize(size + more, 9);
            prop_assert_eq!(decode(&bytes, &salt()), Ok((frame(&payload), size)));
            prop_assert!(decode(&bytes[..size - 1], &salt()).is_err());
        }

        #[test]
        fn any_bytes_are_no_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200), magic: bool) {
            if magic && bytes.len() >= 4 {
                bytes[..4].copy_from_slice(&salt().magic);
            }
            let _ = decode(&bytes, &salt());
        }
    }
}
