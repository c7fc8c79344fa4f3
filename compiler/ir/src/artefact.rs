//! The `.pricec` file: a compiled plan with the places of its rules, safe to load from anyone.
//!
//! ```text
//! offset  size  content
//!      0     8  magic: 89 'P' 'R' 'I' 'C' 'E' 0d 0a
//!      8     4  format version, little endian
//!     12     8  bytes of the plan, little endian
//!     20     8  bytes of the source map, little endian
//!     28    32  meaning hash of the plan
//!     60        the plan, canonical CBOR
//!               the source map, CBOR
//!      …    32  checksum: BLAKE3 of everything before
//! ```
//!
//! The source map may carry the files it speaks of; they are no part of the meaning.
//! A signature may stand behind it, see [`crate::signature`]; nothing of what a plan means is in it, and
//! whoever only loads a plan passes over it.
//!
//! Holds no machine code. Refuses whatever is not exactly this; what it returns is verified.

use crate::hash::{MeaningHash, canonical, cbor};
use crate::limits;
use crate::plan::Plan;
use crate::signature::{self, TRAILER};
use crate::source_map::SourceMap;
use crate::verify::verify;
use serde::de::DeserializeOwned;
use std::io::Read;

const MAGIC: [u8; 8] = *b"\x89PRICE\r\n";
const HEADER: usize = 60;
const CHECKSUM: usize = 32;

/// The format this crate writes, and the only one it reads.
pub const FORMAT: u32 = 2;

/// A loaded artefact: its plan is verified.
#[derive(Debug, Clone, PartialEq)]
pub struct Artefact {
    /// The plan.
    pub plan: Plan,
    /// Where its rules stand.
    pub source_map: SourceMap,
    /// The hash of the plan's meaning.
    pub hash: MeaningHash,
}

/// Why an artefact cannot be written or loaded.
#[derive(Debug, thiserror::Error)]
pub enum ArtefactError {
    /// Something else than an artefact.
    #[error("this is not a compiled plan")]
    NotAnArtefact,
    /// Written by a later release.
    #[error("this plan was compiled in format {found}, and this release reads format {FORMAT}")]
    Version {
        /// Its format.
        found: u32,
    },
    /// Cut off, or with something behind its end.
    #[error("the compiled plan is not whole: {found} bytes, and {expected} were written")]
    Length {
        /// Bytes the header promises.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// Changed since it was written.
    #[error("the compiled plan was altered after it was written: its checksum does not match")]
    Altered,
    /// Too large to load.
    #[error("the compiled plan is larger than {} MB", limits::ARTEFACT_BYTES >> 20)]
    TooLarge,
    /// Its content is not a plan in canonical form.
    #[error("the content of the compiled plan cannot be read: {0}")]
    Content(String),
    /// The recorded hash is that of another plan.
    #[error("the compiled plan records the hash of another plan")]
    Hash,
    /// A plan that no compiler of ours writes.
    #[error("the plan is not valid: {}", .0.first().map_or("", String::as_str))]
    Invalid(Vec<String>),
    /// The file cannot be read.
    #[error("the compiled plan cannot be read")]
    Io(#[source] std::io::Error),
}

impl ArtefactError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            ArtefactError::NotAnArtefact => "A001",
            ArtefactError::Version { .. } => "A002",
            ArtefactError::Length { .. } => "A003",
            ArtefactError::Altered => "A004",
            ArtefactError::TooLarge => "A005",
            ArtefactError::Content(_) => "A006",
            ArtefactError::Hash => "A007",
            ArtefactError::Invalid(_) => "A008",
            ArtefactError::Io(_) => "A009",
        }
    }

    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            ArtefactError::NotAnArtefact => "give a `.pricec` file written by `price build`",
            ArtefactError::Version { .. } => {
                "compile the plan again with this release, or use the release that wrote it"
            }
            ArtefactError::Length { .. } | ArtefactError::Altered => "copy the file again, or compile the plan again",
            ArtefactError::TooLarge => {
                "split the plan, give its dimensions fewer labels, or leave its source out (`--without-source`)"
            }
            ArtefactError::Content(_) | ArtefactError::Hash | ArtefactError::Invalid(_) => "compile the plan again",
            ArtefactError::Io(_) => "check the path and its permissions",
        }
    }
}

/// The bytes of an artefact: the same plan and map give the same bytes.
pub fn encode(plan: &Plan, source_map: &SourceMap) -> Result<Vec<u8>, ArtefactError> {
    verify(plan).map_err(ArtefactError::Invalid)?;
    check_map(plan, source_map)?;
    let (plan, map) = (canonical(plan), cbor(source_map));
    let size = HEADER + plan.len() + map.len() + CHECKSUM;
    if size > limits::ARTEFACT_BYTES {
        return Err(ArtefactError::TooLarge);
    }
    let mut bytes = Vec::with_capacity(size);
    bytes.extend(MAGIC);
    bytes.extend(FORMAT.to_le_bytes());
    bytes.extend((plan.len() as u64).to_le_bytes());
    bytes.extend((map.len() as u64).to_le_bytes());
    bytes.extend(MeaningHash::of_bytes(&plan).0);
    bytes.extend(plan);
    bytes.extend(map);
    let checksum = blake3::hash(&bytes);
    bytes.extend(checksum.as_bytes());
    Ok(bytes)
}

/// Loads an artefact from a reader, which is read to its end but never beyond the size limit.
pub fn read(reader: impl Read) -> Result<Artefact, ArtefactError> {
    let mut bytes = Vec::new();
    reader.take((limits::ARTEFACT_BYTES + TRAILER) as u64 + 1).read_to_end(&mut bytes).map_err(ArtefactError::Io)?;
    decode(&bytes)
}

/// Loads an artefact.
pub fn decode(bytes: &[u8]) -> Result<Artefact, ArtefactError> {
    let (bytes, _) = signature::split(bytes);
    if bytes.len() > limits::ARTEFACT_BYTES {
        return Err(ArtefactError::TooLarge);
    }
    let header = bytes.get(..HEADER);
    let Some(header) = header.filter(|header| header[..8] == MAGIC) else {
        return Err(if !bytes.is_empty() && MAGIC.starts_with(&bytes[..bytes.len().min(8)]) {
            ArtefactError::Length { expected: (HEADER + CHECKSUM) as u64, found: bytes.len() as u64 }
        } else {
            ArtefactError::NotAnArtefact
        });
    };
    let version = u32::from_le_bytes(array(&header[8..12]));
    if version != FORMAT {
        return Err(ArtefactError::Version { found: version });
    }
    let plan_len = u64::from_le_bytes(array(&header[12..20]));
    let expected = promised(header);
    if expected != bytes.len() as u64 {
        return Err(ArtefactError::Length { expected, found: bytes.len() as u64 });
    }
    let (content, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
    if blake3::hash(content) != blake3::Hash::from_bytes(array(checksum)) {
        return Err(ArtefactError::Altered);
    }
    // Both lengths are below the length of `bytes`, which is in memory.
    let (plan_bytes, map_bytes) = content[HEADER..].split_at(plan_len as usize);
    let hash = MeaningHash(array(&header[28..60]));
    if MeaningHash::of_bytes(plan_bytes) != hash {
        return Err(ArtefactError::Hash);
    }
    let plan: Plan = from_cbor(plan_bytes)?;
    verify(&plan).map_err(ArtefactError::Invalid)?;
    if canonical(&plan) != plan_bytes {
        return Err(ArtefactError::Content("it is not in canonical form".into()));
    }
    let source_map: SourceMap = from_cbor(map_bytes)?;
    check_map(&plan, &source_map)?;
    Ok(Artefact { plan, source_map, hash })
}

/// How many bytes the artefact at the start of `bytes` says it has, if that is one.
pub(crate) fn length(bytes: &[u8]) -> Option<u64> {
    bytes.get(..HEADER).filter(|header| header[..8] == MAGIC).map(promised)
}

fn promised(header: &[u8]) -> u64 {
    let (plan, map) = (u64::from_le_bytes(array(&header[12..20])), u64::from_le_bytes(array(&header[20..28])));
    plan.saturating_add(map).saturating_add((HEADER + CHECKSUM) as u64)
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("the slice has the length of the array")
}

/// One CBOR item that is all of `bytes`. Nesting is bounded; memory is by what was read.
fn from_cbor<T: DeserializeOwned>(mut bytes: &[u8]) -> Result<T, ArtefactError> {
    let value = ciborium::de::from_reader_with_recursion_limit(&mut bytes, limits::CBOR_DEPTH)
        .map_err(|error| ArtefactError::Content(reason(&error)))?;
    if bytes.is_empty() { Ok(value) } else { Err(ArtefactError::Content("something stands behind its end".into())) }
}

fn reason(error: &ciborium::de::Error<std::io::Error>) -> String {
    match error {
        ciborium::de::Error::Io(_) => "it ends too early".into(),
        ciborium::de::Error::Syntax(at) => format!("byte {at} is not what the format allows"),
        ciborium::de::Error::Semantic(_, text) => text.chars().take(200).collect(),
        ciborium::de::Error::RecursionLimitExceeded => "it is nested too deeply".into(),
    }
}

fn check_map(plan: &Plan, map: &SourceMap) -> Result<(), ArtefactError> {
    if map.places.len() > plan.rules.len() {
        return Err(ArtefactError::Invalid(vec!["the source map has more places than the plan has rules".into()]));
    }
    map.files_wrong().map_or(Ok(()), |wrong| Err(ArtefactError::Invalid(vec![wrong.into()])))
}
