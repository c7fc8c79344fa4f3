//! Copies sealed segments elsewhere, and makes a log of such copies.

use crate::disk::Disk;
use crate::error::{Fatal, StoreError};
use crate::limits::{CHUNK_BYTES, MANIFEST_BYTES_MAX};
use crate::log::reader::Reader;
use crate::log::segment::{self, Erased, Header, PAGE, Sealed};

/// Name of the manifest of an export.
const MANIFEST: &str = "manifest.txt";
const TEMPORARY: &str = "manifest.tmp";
/// Stands in a directory while a restore runs.
pub(crate) const RESTORING: &str = "restoring";
const HEAD: &str = "price log manifest 1";

/// What an export holds, oldest first. Each segment follows the one before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// The segments.
    pub segments: Vec<Sealed>,
}

impl Manifest {
    /// One line for each segment and a last one with the BLAKE3 of those before.
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEAD}\n");
        for Sealed { index, first_seq, last_seq, bytes, hash, body } in &self.segments {
            let hash = blake3::Hash::from_bytes(*hash).to_hex();
            text.push_str(&format!("segment {index} events {first_seq} {last_seq} bytes {bytes} blake3 {hash}"));
            if let Some(body) = body {
                text.push_str(&format!(" erased {}", blake3::Hash::from_bytes(*body).to_hex()));
            }
            text.push('\n');
        }
        let hash = blake3::hash(text.as_bytes()).to_hex();
        text.push_str(&format!("blake3 {hash}\n"));
        text
    }

    /// Reads what [`Manifest::to_text`] wrote.
    pub fn from_text(text: &str) -> Result<Manifest, StoreError> {
        let bad = |problem: &str| StoreError::Backup { file: MANIFEST.to_owned(), problem: problem.to_owned() };
        let body = text.trim_end_matches('\n').rfind('\n').map(|at| &text[..=at]).ok_or(bad("is cut off"))?;
        if text[body.len()..].trim_end() != format!("blake3 {}", blake3::hash(body.as_bytes()).to_hex()) {
            return Err(bad("does not have the hash that it says"));
        }
        let mut lines = body.lines();
        if lines.next() != Some(HEAD) {
            return Err(bad("is of another version"));
        }
        let number = |word: &str| word.parse::<u64>().ok();
        let hash = |word: &str| blake3::Hash::from_hex(word).ok().map(|hash| *hash.as_bytes());
        let segment = |line: &str| match line.split(' ').collect::<Vec<_>>()[..] {
            ["segment", index, "events", first, last, "bytes", bytes, "blake3", whole, ref erased @ ..] => {
                Some(Sealed {
                    index: number(index)?,
                    first_seq: number(first)?,
                    last_seq: number(last)?,
                    bytes: number(bytes)?,
                    hash: hash(whole)?,
                    body: match erased {
                        [] => None,
                        ["erased", body] => Some(hash(body)?),
                        _ => return None,
                    },
                })
            }
            _ => None,
        };
        let segments: Option<Vec<Sealed>> = lines.map(segment).collect();
        let segments = segments.ok_or(bad("has a line that cannot be read"))?;
        let follows = |pair: &[Sealed]| {
            pair[0].index.checked_add(1) == Some(pair[1].index)
                && pair[0].last_seq.checked_add(1) == Some(pair[1].first_seq)
        };
        if !segments.windows(2).all(follows) {
            return Err(bad("has a gap between two segments"));
        }
        Ok(Manifest { segments })
    }

    /// Reads the manifest of an export; an empty one where there is none.
    pub fn read(disk: &dyn Disk) -> Result<Manifest, StoreError> {
        let names = disk.list().map_err(StoreError::io("listing", "."))?;
        if !names.iter().any(|name| name == MANIFEST) {
            return Ok(Manifest::default());
        }
        let file = disk.open(MANIFEST).map_err(StoreError::io("opening", MANIFEST))?;
        let size = file.size().map_err(StoreError::io("reading", MANIFEST))?;
        let bad = |problem: &str| StoreError::Backup { file: MANIFEST.to_owned(), problem: problem.to_owned() };
        if size > MANIFEST_BYTES_MAX {
            return Err(bad("is larger than any manifest"));
        }
        let mut bytes = vec![0; size as usize];
        let got = file.read_at(&mut bytes, 0).map_err(StoreError::io("reading", MANIFEST))?;
        bytes.truncate(got);
        Manifest::from_text(&String::from_utf8(bytes).map_err(|_| bad("is not a text"))?)
    }
}

/// Copies the segments of `sealed` that `to` does not have and writes the manifest last.
///
/// Each copy is hashed on its way; a segment that no longer has its hash is
/// [`StoreError::Damaged`] and not exported. Where the last segment of the backup was copied when it was
/// not full, its copy is replaced by a longer one that begins with the same bytes. A copy of a segment
/// from which something was erased since is replaced too. Returns how many were copied. May be
/// repeated, also after it was interrupted.
pub fn export(from: &dyn Disk, sealed: &[Sealed], to: &dyn Disk) -> Result<usize, StoreError> {
    let mut manifest = Manifest::read(to)?;
    let mut copied = 0;
    for segment in sealed {
        let name = segment.file();
        let other = |problem: &str| {
            Err(StoreError::Backup { file: name.clone(), problem: format!("{problem}; begin a new backup") })
        };
        let known = manifest.segments.iter().find(|known| known.index == segment.index).copied();
        let last = manifest.segments.last().map(|last| last.index);
        match known {
            Some(known) if known == *segment => continue,
            // Something was erased since, at other places or for the first time.
            Some(known) if segment.body.is_some() && before(&known, segment) => {}
            Some(known) if last == Some(known.index) && known.bytes < segment.bytes => {}
            // What said that more is durable was lost with the power; what it said is there.
            Some(known) if last == Some(known.index) && hash(from, &name, known.bytes)? == known.hash => continue,
            Some(_) => return other("is not what the backup already holds of it"),
            None if last.is_some_and(|last| last + 1 != segment.index) => {
                return other("does not follow what the backup already holds");
            }
            None => {}
        }
        // A copy that breaks off must not take the place of one that is whole.
        let part = format!("{name}.part");
        let begins = known.filter(|known| segment.body.is_none() && known.body.is_none());
        let hashes = copy(from, &name, to, &part, segment.bytes, begins.map_or(0, |known| known.bytes))?;
        let Some(copy) = hashes.are_of(segment) else {
            let problem = "it no longer has the hash it was sealed with".to_owned();
            return Err(StoreError::Damaged { file: name, offset: 0, problem, good: segment.first_seq - 1 });
        };
        // What was erased while it was copied may be at its start.
        if copy.body.is_none() && begins.is_some_and(|known| known.hash != hashes.start) {
            return other("does not begin as what the backup already holds of it");
        }
        to.rename(&part, &name).map_err(StoreError::io("renaming", &name))?;
        match manifest.segments.iter_mut().find(|known| known.index == segment.index) {
            Some(known) => *known = copy,
            None => manifest.segments.push(copy),
        }
        copied += 1;
    }
    to.sync_dir().map_err(Fatal::sync("."))?;
    let text = manifest.to_text();
    let file = to.create(TEMPORARY).map_err(StoreError::io("creating", TEMPORARY))?;
    file.write_at(text.as_bytes(), 0).map_err(StoreError::io("writing", TEMPORARY))?;
    file.sync_data().map_err(Fatal::sync(TEMPORARY))?;
    to.rename(TEMPORARY, MANIFEST).map_err(StoreError::io("renaming", MANIFEST))?;
    to.sync_dir().map_err(Fatal::sync("."))?;
    Ok(copied)
}

/// Makes a log in the empty directory `to` of an export. Every segment must have its hash.
///
/// Returns the last event. A directory where a restore was interrupted is not taken for a log.
pub fn restore(from: &dyn Disk, to: &dyn Disk) -> Result<u64, StoreError> {
    let names = to.list().map_err(StoreError::io("listing", "."))?;
    if let Some(index) = segment::indexes(&names)?.first() {
        return Err(StoreError::Exists { file: segment::file_name(*index) });
    }
    let manifest = Manifest::read(from)?;
    let Some(last) = manifest.segments.last() else {
        return Err(StoreError::Backup { file: MANIFEST.to_owned(), problem: "is missing or empty".to_owned() });
    };
    to.create(RESTORING).map_err(StoreError::io("creating", RESTORING))?;
    to.sync_dir().map_err(Fatal::sync("."))?;
    for segment in &manifest.segments {
        let name = segment.file();
        if copy(from, &name, to, &name, segment.bytes, 0)?.are_of(segment).is_none() {
            let problem = "does not have the hash that the manifest says".to_owned();
            return Err(StoreError::Backup { file: name, problem });
        }
    }
    to.sync_dir().map_err(Fatal::sync("."))?;
    to.remove(RESTORING).map_err(StoreError::io("removing", RESTORING))?;
    to.sync_dir().map_err(Fatal::sync("."))?;
    Ok(last.last_seq)
}

/// The hash of the first bytes of a file.
fn hash(disk: &dyn Disk, name: &str, bytes: u64) -> Result<[u8; 32], StoreError> {
    let file = disk.open(name).map_err(StoreError::io("opening", name))?;
    let mut reader = Reader::new(file, bytes);
    let (mut hasher, mut at) = (blake3::Hasher::new(), 0);
    while at < bytes {
        let step = CHUNK_BYTES.min((bytes - at) as usize);
        let held = reader.from(at, step).map_err(StoreError::io("reading", name))?;
        let held = &held[..step.min(held.len())];
        if held.is_empty() {
            break;
        }
        hasher.update(held);
        at += held.len() as u64;
    }
    Ok(*hasher.finalize().as_bytes())
}

/// Whether a copy may be of a segment before something was erased from it.
fn before(known: &Sealed, segment: &Sealed) -> bool {
    let of = |of: &Sealed| (of.index, of.first_seq, of.last_seq, of.bytes, of.hash);
    of(known) == of(segment) || (known.body.is_none() && known.bytes < segment.bytes)
}

/// What was read on the way.
struct Hashes {
    whole: [u8; 32],
    /// Of what follows the page.
    body: [u8; 32],
    /// What the page says was erased.
    erased: Option<Erased>,
    /// Of the first bytes.
    start: [u8; 32],
}

impl Hashes {
    /// The segment that was copied, where it is one that is known: as it was sealed, or with what its
    /// page says was erased, which may have been since it was looked at.
    fn are_of(&self, segment: &Sealed) -> Option<Sealed> {
        let sound = match self.erased {
            Some(of) => (of.bytes, of.hash, of.body) == (segment.bytes, segment.hash, self.body),
            None => segment.body.is_none() && self.whole == segment.hash,
        };
        sound.then(|| Sealed { body: self.erased.map(|of| of.body), ..*segment })
    }
}

/// Copies the first bytes of a file, flushed. Returns the hash of them, and that of those up to `start`.
fn copy(
    from: &dyn Disk,
    name: &str,
    to: &dyn Disk,
    target: &str,
    bytes: u64,
    start: u64,
) -> Result<Hashes, StoreError> {
    let source = from.open(name).map_err(StoreError::io("opening", name))?;
    let file = to.create(target).map_err(StoreError::io("creating", target))?;
    let (mut hasher, mut body) = (blake3::Hasher::new(), blake3::Hasher::new());
    let mut held = vec![0; CHUNK_BYTES.min(bytes as usize)];
    let (mut at, mut begun, mut erased) = (0, [0; 32], None);
    while at < bytes {
        let stops = [PAGE, start].into_iter().filter(|stop| *stop > at);
        let until = stops.min().unwrap_or(bytes).min(bytes);
        let step = held.len().min((until - at) as usize);
        let got = source.read_at(&mut held[..step], at).map_err(StoreError::io("reading", name))?;
        if got == 0 {
            break;
        }
        hasher.update(&held[..got]);
        match at {
            PAGE.. => drop(body.update(&held[..got])),
            0 => erased = Header::from_page(&held[..got]).ok().and_then(|header| header.erased),
            _ => {}
        }
        file.write_at(&held[..got], at).map_err(StoreError::io("writing", target))?;
        at += got as u64;
        if at == start {
            begun = *hasher.finalize().as_bytes();
        }
    }
    file.sync_data().map_err(Fatal::sync(target))?;
    Ok(Hashes { whole: *hasher.finalize().as_bytes(), body: *body.finalize().as_bytes(), erased, start: begun })
}
