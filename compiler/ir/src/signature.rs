//! Signatures of compiled plans: who says that an artefact is theirs.
//!
//! A signature stands behind the artefact, in the same file:
//!
//! ```text
//! offset  size  content
//!      0     8  magic: 89 'P' 'S' 'I' 'G' 'N' 0d 0a
//!      8     4  version, little endian
//!     12    32  public key of the signer
//!     44    64  Ed25519 over a fixed text and the BLAKE3 of the artefact
//! ```
//!
//! It changes neither the artefact nor what it means. The text keeps a signature of a plan from being
//! one of anything else. Keys are read and written as text here; files and chance belong to the caller.
//!
//! *Invariant:* no bytes lead to a panic, and a secret is in no output but [`SecretKey::to_text`].

use crate::artefact;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use std::fmt;
use std::str::FromStr;

const MAGIC: [u8; 8] = *b"\x89PSIGN\r\n";
const VERSION: u32 = 1;
/// Bytes of a signature behind an artefact.
pub const TRAILER: usize = 108;
const CONTEXT: &[u8] = b"price compiled plan, signature 1\n";
const PUBLIC: &str = "ed25519:";
const SECRET: &str = "secret-ed25519:";

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No key at all.
    #[error("a public key is `ed25519:` and 64 hexadecimal digits, as `price keygen` prints it")]
    Public,
    /// The other half.
    #[error("this is a private key; say the public one, which `price keygen --public FILE` prints")]
    Secret,
    /// A key to which anybody can sign.
    #[error("this is no point of the curve that a key may be")]
    Point,
    /// No file of a private key.
    #[error("this is no private key, as `price keygen` writes it")]
    NoSecret,
}

/// What signatures are compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// What signs. Not shown by `Debug`, and wiped when it is dropped.
pub struct SecretKey(SigningKey);

/// A signature with the key it says it was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    key: [u8; 32],
    bytes: [u8; 64],
}

/// The artefact, and the signature behind it. What has none comes back as it is.
pub fn split(bytes: &[u8]) -> (&[u8], Option<Signature>) {
    let signed = || {
        let (artefact, trailer) = bytes.split_at_checked(bytes.len().checked_sub(TRAILER)?)?;
        let whole = artefact::length(artefact)? == artefact.len() as u64;
        let (head, rest) = trailer.split_first_chunk::<12>()?;
        let (key, rest) = rest.split_first_chunk::<32>()?;
        let known = head[..8] == MAGIC && head[8..] == VERSION.to_le_bytes();
        let signature = Signature { key: *key, bytes: *rest.first_chunk()? };
        (whole && known).then_some((artefact, signature))
    };
    signed().map_or((bytes, None), |(artefact, signature)| (artefact, Some(signature)))
}

/// The artefact with a signature behind it, in the place of one that it may have.
pub fn sign(bytes: &[u8], key: &SecretKey) -> Vec<u8> {
    let (artefact, _) = split(bytes);
    let mut signed = Vec::with_capacity(artefact.len() + TRAILER);
    signed.extend(artefact);
    signed.extend(MAGIC);
    signed.extend(VERSION.to_le_bytes());
    signed.extend(key.public().0.as_bytes());
    signed.extend(key.0.sign(&message(artefact)).to_bytes());
    signed
}

fn message(artefact: &[u8]) -> Vec<u8> {
    [CONTEXT, blake3::hash(artefact).as_bytes()].concat()
}

impl Signature {
    /// Whether it says that it was made with this key, and was, over this artefact.
    pub fn is_of(&self, artefact: &[u8], key: &PublicKey) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&self.bytes);
        &self.key == key.0.as_bytes() && key.0.verify_strict(&message(artefact), &signature).is_ok()
    }

    /// The key that it says it was made with, where that is one.
    pub fn key(&self) -> Option<PublicKey> {
        PublicKey::of(&self.key)
    }
}

impl PublicKey {
    fn of(bytes: &[u8; 32]) -> Option<PublicKey> {
        VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak()).map(PublicKey)
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<PublicKey, KeyError> {
        if text.trim().starts_with(SECRET) {
            return Err(KeyError::Secret);
        }
        let bytes = text.trim().strip_prefix(PUBLIC).and_then(unhex).ok_or(KeyError::Public)?;
        PublicKey::of(&bytes).ok_or(KeyError::Point)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC}{}", blake3::Hash::from_bytes(self.0.to_bytes()).to_hex())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl SecretKey {
    /// The key of 32 bytes that nobody can guess.
    pub fn new(random: &[u8; 32]) -> SecretKey {
        SecretKey(SigningKey::from_bytes(random))
    }

    /// Its other half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// What stands in its file: comments, and the secret on a line of its own.
    pub fn to_text(&self) -> String {
        let secret = blake3::Hash::from_bytes(self.0.to_bytes()).to_hex();
        format!(
            "# The private key of a publisher of plans: whoever has it can sign in their name.\n# {}\n{SECRET}{secret}\n",
            self.public()
        )
    }

    /// Reads what [`SecretKey::to_text`] wrote.
    pub fn from_text(text: &str) -> Result<SecretKey, KeyError> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let secret = lines.next().and_then(|line| line.strip_prefix(SECRET)).and_then(unhex);
        match (secret, lines.next()) {
            (Some(secret), None) => Ok(SecretKey::new(&secret)),
            _ => Err(KeyError::NoSecret),
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey of {}", self.public())
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    Some(*blake3::Hash::from_hex(text).ok()?.as_bytes())
}
