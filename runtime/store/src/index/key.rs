//! What identifies an event: a keyed hash of who sent it, from where, under which id.

/// Key of an event, 128 bits of a keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey(pub u128);

/// Makes keys. The secret keeps senders from choosing events whose keys meet.
#[derive(Clone)]
pub struct Keys {
    secret: [u8; 32],
}

impl Keys {
    /// `secret` are 32 random bytes, the same for the whole life of an index.
    pub fn new(secret: [u8; 32]) -> Keys {
        Keys { secret }
    }

    /// The key of an event. Parts are told apart: `("ab", "c", "")` is not `("a", "bc", "")`.
    pub fn key(&self, tenant: &[u8], source: &[u8], id: &[u8]) -> EventKey {
        // All at once: a hasher of pieces takes longer to make than a few bytes take to hash.
        let (mut few, mut many) = ([0; 256], Vec::new());
        let bytes = tenant.len() + source.len() + id.len() + 24;
        let all = match few.get_mut(..bytes) {
            Some(all) => all,
            None => {
                many.resize(bytes, 0);
                &mut many
            }
        };
        let mut rest = &mut *all;
        for part in [tenant, source, id] {
            let (head, behind) = rest.split_at_mut(8);
            let (body, behind) = behind.split_at_mut(part.len());
            head.copy_from_slice(&(part.len() as u64).to_le_bytes());
            body.copy_from_slice(part);
            rest = behind;
        }
        EventKey(u128::from_be_bytes(crate::frame::array(blake3::keyed_hash(&self.secret, all).as_bytes(), 0)))
    }

    /// What tells payloads apart: equal for equal ones, and for two others in one of 2^32 cases.
    pub fn payload_hash(&self, payload: &[u8]) -> u32 {
        crate::frame::u32_at(blake3::keyed_hash(&self.secret, payload).as_bytes(), 0)
    }

    /// Says whether an index was made with the same secret, without giving it away.
    pub(crate) fn check(&self) -> [u8; 16] {
        let hash = blake3::derive_key("price-store event index: which secret", &self.secret);
        crate::frame::array(&hash, 0)
    }
}

/// What is known of the event with some key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Its number in the log.
    pub seq: u64,
    /// Hash of its payload.
    pub payload_hash: u32,
}

/// What an event is that arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// The first of its key.
    New,
    /// The same as the event of that number.
    Duplicate(u64),
    /// Another payload under the key of the event of that number.
    Conflict(u64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_hash_of_its_parts_one_after_another() {
        for length in [0, 1, 50, 231, 232, 233, 5_000] {
            let id = vec![b'x'; length];
            let mut hasher = blake3::Hasher::new_keyed(&[7; 32]);
            for part in [&b"t"[..], b"", &id] {
                hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
            }
            let expected = u128::from_be_bytes(crate::frame::array(hasher.finalize().as_bytes(), 0));
            assert_eq!(Keys::new([7; 32]).key(b"t", b"", &id), EventKey(expected));
        }
    }

    #[test]
    fn parts_of_a_key_are_told_apart() {
        let keys = Keys::new([7; 32]);
        assert_ne!(keys.key(b"ab", b"c", b""), keys.key(b"a", b"bc", b""));
        assert_ne!(keys.key(b"a", b"b", b"c"), Keys::new([8; 32]).key(b"a", b"b", b"c"));
        assert_ne!(keys.check(), Keys::new([8; 32]).check());
    }
}
