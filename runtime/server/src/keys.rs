//! API keys: who may do what, for which tenant. Only hashes of them are kept.
//!
//! ```toml
//! [[key]]
//! id = "3f9a1c0b7d22"
//! name = "gateway"
//! tenant = "default"
//! roles = ["ingest"]
//! hash = "…"
//! ```
//!
//! A key is shown once, when it is made: `pk_<id>_<secret>`. The server looks at the file every
//! second, so a key that was removed is refused without a restart.

use crate::home::{self, Home, HomeError, hex, random, unhex};
use crate::limits;
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

/// What a key allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sending events, taking them back.
    Ingest,
    /// Reading everything of the tenant.
    Read,
    /// Putting plans into force and accounts onto them.
    Publish,
    /// Closing periods, giving credit, ending disputes.
    Billing,
    /// Asking what customers may do, and reserving.
    Check,
    /// All of these.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 6] = [Role::Ingest, Role::Read, Role::Publish, Role::Billing, Role::Check, Role::Admin];

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Role::Ingest => "ingest",
            Role::Read => "read",
            Role::Publish => "publish",
            Role::Billing => "billing",
            Role::Check => "check",
            Role::Admin => "admin",
        }
    }

    /// The role called so.
    pub fn named(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// Whoever makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whose data it reaches.
    pub tenant: Arc<str>,
    /// What it may do.
    pub roles: BTreeSet<Role>,
}

impl Caller {
    /// Whether it may.
    pub fn may(&self, role: Role) -> bool {
        self.roles.contains(&role) || self.roles.contains(&Role::Admin)
    }
}

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What finds it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whose data it reaches.
    pub tenant: String,
    /// What it allows.
    pub roles: Vec<Role>,
    /// Keyed BLAKE3 of the key.
    pub hash: String,
    /// Day from which it no longer counts.
    #[serde(default)]
    pub until: Option<String>,
}

/// Why keys cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The directory cannot be used.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The file cannot be understood.
    #[error("`{path}` cannot be understood: {problem}; mend it, or remove it and make the keys anew")]
    File {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// A name that does not fit.
    #[error("the {what} `{found}` does not fit: 1 to {} letters, digits, `.`, `_`, `-`", limits::KEY_NAME_BYTES)]
    Name {
        /// Name or tenant.
        what: &'static str,
        /// What was given.
        found: String,
    },
    /// No key of that id or name.
    #[error("there is no key `{0}`; `price keys list` shows them")]
    Unknown(String),
    /// There are too many.
    #[error("a node has at most {} keys; remove some first", limits::KEYS)]
    TooMany,
    /// A role is missing.
    #[error("a key needs a role: ingest, read, publish or admin")]
    NoRole,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    key: Vec<Entry>,
}

/// The keys in a file; none where there is no file.
pub fn read(path: &Path) -> Result<Vec<Entry>, KeysError> {
    let bad = |problem: String| KeysError::File { path: path.display().to_string(), problem };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(bad(error.to_string())),
    };
    let file: File = toml::from_str(&text).map_err(|error| bad(error.message().to_owned()))?;
    let mut seen = BTreeSet::new();
    for entry in &file.key {
        if !seen.insert(entry.id.as_str()) {
            return Err(bad(format!("the id `{}` is there twice", entry.id)));
        }
        if unhex(&entry.hash).is_none() {
            return Err(bad(format!("the hash of `{}` is not one", entry.id)));
        }
        let day = entry.until.as_ref().map(|day| day.parse::<price_value::Date>());
        if day.is_some_and(|day| day.is_err()) {
            return Err(bad(format!("`until` of `{}` is not a day", entry.id)));
        }
    }
    if file.key.len() > limits::KEYS {
        return Err(KeysError::TooMany);
    }
    Ok(file.key)
}

fn write(path: &Path, entries: &[Entry]) -> Result<(), KeysError> {
    let mut text = String::from("# API keys: hashes only. `price keys` writes this file.\n");
    for entry in entries {
        let roles: Vec<String> = entry.roles.iter().map(|role| format!("\"{}\"", role.word())).collect();
        text.push_str(&format!(
            "\n[[key]]\nid = \"{}\"\nname = \"{}\"\ntenant = \"{}\"\nroles = [{}]\nhash = \"{}\"\n",
            entry.id,
            entry.name,
            entry.tenant,
            roles.join(", "),
            entry.hash
        ));
        if let Some(until) = &entry.until {
            text.push_str(&format!("until = \"{until}\"\n"));
        }
    }
    Ok(home::write_secret(path, &text)?)
}

/// Makes a key and returns it. It cannot be shown again.
pub fn add(
    home: &Home,
    name: &str,
    tenant: &str,
    roles: &[Role],
    until: Option<price_value::Date>,
) -> Result<String, KeysError> {
    for (what, found) in [("name", name), ("tenant", tenant)] {
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if found.is_empty() || found.len() > limits::KEY_NAME_BYTES || !found.chars().all(fits) {
            return Err(KeysError::Name { what, found: found.to_owned() });
        }
    }
    if roles.is_empty() {
        return Err(KeysError::NoRole);
    }
    let pepper = home.secrets()?.pepper;
    let mut entries = read(&home.keys_file())?;
    if entries.len() >= limits::KEYS {
        return Err(KeysError::TooMany);
    }
    let id = hex(&random::<6>()?);
    let token = format!("pk_{id}_{}", hex(&random::<32>()?));
    entries.push(Entry {
        id,
        name: name.to_owned(),
        tenant: tenant.to_owned(),
        roles: roles.iter().copied().collect::<BTreeSet<_>>().into_iter().collect(),
        hash: blake3::keyed_hash(&pepper, token.as_bytes()).to_hex().to_string(),
        until: until.map(|day| day.to_string()),
    });
    write(&home.keys_file(), &entries)?;
    Ok(token)
}

/// Removes the key with an id, or all of a name. Returns how many there were.
pub fn remove(home: &Home, which: &str) -> Result<usize, KeysError> {
    let mut entries = read(&home.keys_file())?;
    let before = entries.len();
    entries.retain(|entry| entry.id != which && entry.name != which);
    if entries.len() == before {
        return Err(KeysError::Unknown(which.to_owned()));
    }
    write(&home.keys_file(), &entries)?;
    Ok(before - entries.len())
}

struct Known {
    hash: blake3::Hash,
    until: Option<price_value::Date>,
    caller: Caller,
}

/// When a file was written, and how long it is.
type Stamp = Option<(SystemTime, u64)>;

struct Held {
    known: Arc<HashMap<String, Known>>,
    stamp: Stamp,
    looked: Instant,
}

/// The keys as a server asks for them.
pub(crate) struct Ring {
    home: Home,
    pepper: [u8; 32],
    held: Mutex<Held>,
}

impl Ring {
    pub(crate) fn open(home: &Home) -> Result<Ring, KeysError> {
        let (known, stamp) = load(home)?;
        let held = Mutex::new(Held { known: Arc::new(known), stamp, looked: Instant::now() });
        Ok(Ring { home: home.clone(), pepper: home.secrets()?.pepper, held })
    }

    /// Whether there is any key.
    pub(crate) fn is_empty(&self) -> bool {
        self.known().is_empty()
    }

    /// Who shows this key today, if anyone. Comparing takes the same time wherever two differ.
    pub(crate) fn caller(&self, token: &str, today: price_value::Date) -> Option<Caller> {
        let id = token.strip_prefix("pk_")?.split('_').next()?;
        let known = self.known();
        let entry = known.get(id)?;
        let right = blake3::keyed_hash(&self.pepper, token.as_bytes()) == entry.hash;
        (right && entry.until.is_none_or(|until| today < until)).then(|| entry.caller.clone())
    }

    fn known(&self) -> Arc<HashMap<String, Known>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.looked.elapsed() >= limits::KEYS_LOOK_TIME {
            held.looked = Instant::now();
            // A file that cannot be understood changes nothing: the keys of before stay.
            if stamp(&self.home) != held.stamp
                && let Ok((known, stamp)) = load(&self.home)
            {
                held.known = Arc::new(known);
                held.stamp = stamp;
            }
        }
        held.known.clone()
    }
}

fn stamp(home: &Home) -> Stamp {
    let metadata = std::fs::metadata(home.keys_file()).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn load(home: &Home) -> Result<(HashMap<String, Known>, Stamp), KeysError> {
    let stamp = stamp(home);
    let known = read(&home.keys_file())?.into_iter().filter_map(|entry| {
        let hash = blake3::Hash::from_bytes(unhex(&entry.hash)?);
        let until = entry.until.and_then(|day| day.parse().ok());
        let caller = Caller { tenant: entry.tenant.as_str().into(), roles: entry.roles.into_iter().collect() };
        Some((entry.id, Known { hash, until, caller }))
    });
    Ok((known.collect(), stamp))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_found_and_removed() {
        let dir = tempfile::tempdir().expect("a folder");
        let home = Home::new(dir.path());
        let day = |text: &str| text.parse::<price_value::Date>().expect("a day");
        let token = add(&home, "gateway", "acme", &[Role::Ingest], Some(day("2026-06-01"))).expect("made");
        let ring = Ring::open(&home).expect("read");
        let caller = ring.caller(&token, day("2026-05-31")).expect("known");
        assert_eq!((&*caller.tenant, caller.may(Role::Ingest), caller.may(Role::Read)), ("acme", true, false));
        assert_eq!(ring.caller(&token, day("2026-06-01")), None, "it has ended");
        let mut wrong = token.clone();
        wrong.pop();
        wrong.push(if token.ends_with('0') { '1' } else { '0' });
        for other in [wrong.as_str(), "", "pk_", "pk_x_y", &token[..20]] {
            assert_eq!(ring.caller(other, day("2026-05-31")), None, "{other}");
        }
        let file = std::fs::read_to_string(home.keys_file()).expect("a file");
        assert!(!file.contains(&token[16..]), "the secret is not kept");
        assert_eq!(remove(&home, "gateway").expect("removed"), 1);
        assert!(matches!(remove(&home, "gateway"), Err(KeysError::Unknown(_))));
        assert!(matches!(add(&home, "a b", "acme", &[Role::Read], None), Err(KeysError::Name { .. })));
        assert!(matches!(add(&home, "a", "acme", &[], None), Err(KeysError::NoRole)));
    }

    #[test]
    fn a_file_with_unknown_words_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("keys.toml");
        std::fs::write(&path, "[[key]]\nid = \"a\"\nrole = \"x\"\n").expect("written");
        assert!(matches!(read(&path), Err(KeysError::File { .. })));
    }
}
