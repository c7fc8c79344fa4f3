//! The canonical bytes of a plan and the hash of its meaning.
//!
//! Two plans have the same hash exactly if they are the same plan: same sets, functions, lines
//! and names. Where its rules stand in the source is no part of it.

use crate::plan::Plan;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Separates hashes of plans from hashes of anything else, and from other forms of the bytes.
const CONTEXT: &str = "price 2026 meaning of a plan, canonical CBOR, form 2";

/// Form of the canonical bytes that hashes are made of; hashes of two forms cannot be compared.
pub const FORM: u32 = 2;

/// The hash of a plan's meaning. Prints as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MeaningHash(pub [u8; 32]);

impl MeaningHash {
    /// The hash of a verified plan.
    pub fn of(plan: &Plan) -> MeaningHash {
        MeaningHash::of_bytes(&canonical(plan))
    }

    /// The hash of canonical bytes.
    pub(crate) fn of_bytes(bytes: &[u8]) -> MeaningHash {
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        hasher.update(bytes);
        MeaningHash(*hasher.finalize().as_bytes())
    }

    /// The first 12 digits, for people.
    pub fn short(&self) -> String {
        self.to_string()[..12].to_string()
    }
}

impl fmt::Display for MeaningHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for MeaningHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MeaningHash {
    type Err = String;

    fn from_str(text: &str) -> Result<MeaningHash, String> {
        let error = || "a meaning hash has 64 hexadecimal digits in lower case".to_string();
        if text.len() != 64 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(error());
        }
        let mut hash = [0; 32];
        for (index, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(|_| error())?;
        }
        Ok(MeaningHash(hash))
    }
}

impl Serialize for MeaningHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MeaningHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The one encoding of a plan: CBOR with definite lengths, fields in declared order, numbers
/// in lowest terms. The plan holds no maps, so nothing depends on an order of keys.
pub fn canonical(plan: &Plan) -> Vec<u8> {
    cbor(plan)
}

pub(crate) fn cbor<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("a plan of plain data always encodes into memory");
    bytes
}
