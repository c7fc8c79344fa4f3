//! Publishers of plans: whose signatures a server asks for, and their private keys as files.
//!
//! ```toml
//! [publishers]
//! release = "ed25519:1f2e…"
//! billing = ["ed25519:ab01…", "ed25519:77c4…"]   # the old key and the new one
//! ```
//!
//! With a publisher configured, a plan comes into force only with a signature by one of the keys. The
//! name stands in the log; which key it was is in the artefact, which the log keeps as it came.

use crate::config::ConfigError;
use crate::home::{HomeError, random};
use crate::limits;
use price_ir::signature::{self, KeyError, PublicKey, SecretKey};
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::Path;

/// Public keys with the names of their publishers, in the order of the names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publishers(Vec<(String, PublicKey)>);

/// Why a plan may not be put into force by who sends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsigned {
    /// There is no signature.
    #[error("this server takes plans that are signed; send what `price build --sign KEYFILE` writes")]
    Missing,
    /// By somebody else.
    #[error(
        "it is signed with {key}, which is no key of {known}; sign it with one of theirs, or have the key configured under `[publishers]`"
    )]
    Unknown {
        /// The key.
        key: String,
        /// The publishers.
        known: String,
    },
    /// Not of these bytes.
    #[error("the file was changed after it was signed; copy it again, or build and sign it again")]
    Altered,
}

impl Publishers {
    /// Of keys with names; each key has one name.
    pub fn new(keys: impl IntoIterator<Item = (String, PublicKey)>) -> Result<Publishers, ConfigError> {
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.sort_by(|(a, x), (b, y)| (a, x.to_string()).cmp(&(b, y.to_string())));
        keys.dedup();
        let wrong = |needed: String| Err(ConfigError::Value { key: "publishers".to_owned(), needed });
        if keys.len() > limits::PUBLISHER_KEYS {
            return wrong(format!("at most {} keys", limits::PUBLISHER_KEYS));
        }
        let mut names: BTreeMap<String, &str> = BTreeMap::new();
        for (name, key) in &keys {
            let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            if name.is_empty() || name.len() > limits::KEY_NAME_BYTES || !name.chars().all(fits) {
                let most = limits::KEY_NAME_BYTES;
                return wrong(format!("called by 1 to {most} letters, digits, `.`, `_`, `-`, not `{name}`"));
            }
            if let Some(other) = names.insert(key.to_string(), name) {
                return wrong(format!("different keys: `{other}` and `{name}` have the same"));
            }
        }
        Ok(Publishers(keys))
    }

    /// What a table of the configuration says: names with a key or a list of keys.
    pub(crate) fn from_toml(value: &toml::Value) -> Result<Publishers, ConfigError> {
        let wrong = |key: String, needed: String| ConfigError::Value { key, needed };
        let table = value.as_table();
        let table = table.ok_or_else(|| wrong("publishers".into(), "a table, `[publishers]`".into()))?;
        let mut keys = Vec::new();
        for (name, value) in table {
            let texts = match value {
                toml::Value::Array(list) => list.as_slice(),
                one => std::slice::from_ref(one),
            };
            for text in texts {
                let key = text.as_str().ok_or(KeyError::Public).and_then(str::parse);
                let told = |error: KeyError| wrong(format!("publishers.{name}"), format!("a public key: {error}"));
                keys.push((name.clone(), key.map_err(told)?));
            }
        }
        Publishers::new(keys)
    }

    /// Whether signatures are not asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As the configuration has them: the empty text, or a table.
    pub fn to_toml(&self) -> String {
        let mut named: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (name, key) in &self.0 {
            named.entry(name).or_default().push(format!("\"{key}\""));
        }
        let line = |(name, keys): (&str, Vec<String>)| match keys.as_slice() {
            [only] => format!("\"{name}\" = {only}\n"),
            several => format!("\"{name}\" = [{}]\n", several.join(", ")),
        };
        let lines: String = named.into_iter().map(line).collect();
        if lines.is_empty() { lines } else { format!("\n[publishers]\n{lines}") }
    }

    /// Who signed these bytes; nobody where nobody has to have. A signature that is there has to be good
    /// even where none is asked for.
    pub(crate) fn signer(&self, bytes: &[u8]) -> Result<Option<&str>, Unsigned> {
        let (artefact, signature) = signature::split(bytes);
        let Some(signature) = signature else {
            return if self.is_empty() { Ok(None) } else { Err(Unsigned::Missing) };
        };
        let key = signature.key().filter(|key| signature.is_of(artefact, key)).ok_or(Unsigned::Altered)?;
        match self.0.iter().find(|(_, known)| *known == key) {
            Some((name, _)) => Ok(Some(name)),
            None if self.is_empty() => Ok(None),
            None => {
                let mut known: Vec<&str> = self.0.iter().map(|(name, _)| &**name).collect();
                known.dedup();
                Err(Unsigned::Unknown { key: key.to_string(), known: format!("`{}`", known.join("`, `")) })
            }
        }
    }
}

/// A key as a flag or the environment says it: `NAME=KEY`.
pub fn named(text: &str) -> Result<(String, PublicKey), String> {
    let (name, key) = text.split_once('=').ok_or("a name and a public key, `NAME=ed25519:…`")?;
    Ok((name.trim().to_owned(), key.parse().map_err(|error: KeyError| error.to_string())?))
}

/// Why a file of a private key cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It is there already.
    #[error("`{0}` is there already, and a key is never overwritten; choose another name, or move it away")]
    Exists(String),
    /// The system refuses it.
    #[error("`{path}` cannot be used: {cause}")]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        cause: io::Error,
    },
    /// It holds something else.
    #[error("`{path}`: {cause}")]
    Key {
        /// The file.
        path: String,
        /// What is wrong.
        cause: KeyError,
    },
    /// No chance to be had.
    #[error(transparent)]
    Random(#[from] HomeError),
}

/// Makes a private key in a new file that its owner alone can read. Returns the public one.
pub fn make(path: &Path) -> Result<PublicKey, KeyFileError> {
    let shown = || path.display().to_string();
    let key = SecretKey::new(&random()?);
    let mut how = std::fs::OpenOptions::new();
    how.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
    let write = || -> io::Result<()> {
        let mut file = how.open(path)?;
        file.write_all(key.to_text().as_bytes())?;
        file.sync_all()
    };
    write().map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => KeyFileError::Exists(shown()),
        _ => KeyFileError::Io { path: shown(), cause },
    })?;
    Ok(key.public())
}

/// The private key of a file.
pub fn read(path: &Path) -> Result<SecretKey, KeyFileError> {
    let shown = || path.display().to_string();
    let mut text = String::new();
    let read = std::fs::File::open(path)
        .and_then(|file| io::Read::read_to_string(&mut io::Read::take(file, limits::KEY_FILE_BYTES), &mut text));
    match read {
        Ok(_) => SecretKey::from_text(&text).map_err(|cause| KeyFileError::Key { path: shown(), cause }),
        Err(cause) if cause.kind() == io::ErrorKind::InvalidData => {
            Err(KeyFileError::Key { path: shown(), cause: KeyError::NoSecret })
        }
        Err(cause) => Err(KeyFileError::Io { path: shown(), cause }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(of: u8) -> PublicKey {
        SecretKey::new(&[of; 32]).public()
    }

    #[test]
    fn tables_come_back_as_they_were_said() {
        let text = format!("new = [\"{}\", \"{}\"]\nold = \"{}\"\n", key(1), key(2), key(3));
        let table: toml::Table = text.parse().expect("TOML");
        let read = Publishers::from_toml(&toml::Value::Table(table)).expect("keys");
        let shown: toml::Table = read.to_toml().parse().expect("TOML");
        assert_eq!(Publishers::from_toml(&shown["publishers"]), Ok(read));
        assert_eq!(Publishers::default().to_toml(), "");
    }

    #[test]
    fn keys_have_one_name_each() {
        let named = |name: &str, of| (name.to_owned(), key(of));
        assert!(Publishers::new([named("a", 1), named("a", 1), named("a", 2)]).is_ok());
        assert!(Publishers::new([named("a", 1), named("b", 1)]).is_err());
        assert!(Publishers::new([named("", 1)]).is_err() && Publishers::new([named("a b", 1)]).is_err());
        assert!(Publishers::new((0..=limits::PUBLISHER_KEYS as u8).map(|of| named("a", of))).is_err());
    }
}
