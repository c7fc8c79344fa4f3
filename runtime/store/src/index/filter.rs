//! Says of most keys that a run does not have them, without reading the run.
//!
//! A run has one filter for each [`FILTER_BLOCKS`](crate::limits::FILTER_BLOCKS) blocks, so that
//! building one needs little memory however long the run is.
//!
//! *Invariant:* no false "not there": that would bill an event twice. So every key is looked up
//! when a filter is made, and a filter that fails is not used.

use crate::frame::{u32_at, u64_at};
use crate::limits::FILTER_FINGERPRINTS_MAX;
use xorf::{BinaryFuse16, Descriptor, Filter as _};

/// Bytes before the fingerprints.
const HEAD: usize = 24;

/// A filter, or none: then everything may be there.
pub(crate) struct Filter(Option<BinaryFuse16>);

impl Filter {
    pub(crate) fn of(keys: &[u128]) -> Filter {
        let mut low: Vec<u64> = keys.iter().map(|key| *key as u64).collect();
        low.sort_unstable();
        low.dedup();
        let made = BinaryFuse16::try_from(&low).ok();
        Filter(made.filter(|filter| low.iter().all(|key| filter.contains(key))))
    }

    pub(crate) fn may_have(&self, key: u128) -> bool {
        self.0.as_ref().is_none_or(|filter| filter.contains(&(key as u64)))
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let Some(filter) = &self.0 else {
            out.extend_from_slice(&[0; HEAD]);
            return;
        };
        out.extend_from_slice(&filter.descriptor.seed.to_le_bytes());
        out.extend_from_slice(&filter.descriptor.segment_length.to_le_bytes());
        out.extend_from_slice(&filter.descriptor.segment_length_mask.to_le_bytes());
        out.extend_from_slice(&filter.descriptor.segment_count_length.to_le_bytes());
        out.extend_from_slice(&(filter.fingerprints.len() as u32).to_le_bytes());
        filter.fingerprints.iter().for_each(|f| out.extend_from_slice(&f.to_le_bytes()));
    }

    /// Bytes of the filter whose first bytes these are, if it can be one.
    pub(crate) fn size(head: &[u8]) -> Option<usize> {
        let fingerprints = u32_at(head, 20) as usize;
        (head.len() >= HEAD && fingerprints <= FILTER_FINGERPRINTS_MAX).then_some(HEAD + 2 * fingerprints)
    }

    /// Bytes of a head.
    pub(crate) const HEAD: usize = HEAD;

    /// Reads what was written; `None` for what never was.
    pub(crate) fn read(bytes: &[u8]) -> Option<Filter> {
        let (segment, mask, count) = (u32_at(bytes, 8), u32_at(bytes, 12), u32_at(bytes, 16));
        let fingerprints = bytes.get(HEAD..)?;
        if fingerprints.is_empty() {
            return bytes.iter().all(|b| *b == 0).then_some(Filter(None));
        }
        // Any index that a lookup computes lies inside then.
        let length = count.checked_add(segment.checked_mul(2)?)?;
        let fits = segment.is_power_of_two()
            && mask == segment - 1
            && count > 0
            && count.is_multiple_of(segment)
            && length as usize * 2 == fingerprints.len();
        if !fits {
            return None;
        }
        let descriptor = Descriptor {
            seed: u64_at(bytes, 0),
            segment_length: segment,
            segment_length_mask: mask,
            segment_count_length: count,
        };
        let fingerprints = fingerprints.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
        Some(Filter(Some(BinaryFuse16 { descriptor, fingerprints })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_and_few_others() {
        for n in [1u128, 2, 3, 10, 146, 1000, 20_000] {
            let keys: Vec<u128> =
                (0..n).map(|i| (i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)).collect();
            let filter = Filter::of(&keys);
            let mut bytes = Vec::new();
            filter.write(&mut bytes);
            assert_eq!(Filter::size(&bytes), Some(bytes.len()));
            let filter = Filter::read(&bytes).expect("what was written");
            assert!(filter.0.is_some() && keys.iter().all(|key| filter.may_have(*key)));
            let others = (0..10_000u128).filter(|i| filter.may_have(i.wrapping_mul(0xD134_2543_DE82_EF95) ^ (i << 70)));
            assert!(others.count() < 10);
        }
    }

    #[test]
    fn what_was_never_written_is_no_filter() {
        let mut bytes = Vec::new();
        Filter::of(&[1, 2, 3]).write(&mut bytes);
        for byte in 8..20 {
            let mut changed = bytes.clone();
            changed[byte] ^= 0x40;
            assert!(Filter::read(&changed).is_none(), "byte {byte}");
        }
        assert!(Filter::read(&bytes[..bytes.len() - 2]).is_none());
        assert!(Filter::read(&[]).is_none());
    }
}
