//! A file of the log: a page that says what it continues, then groups, then zeros.

use crate::disk::{Disk, DiskFile};
use crate::error::{Fatal, StoreError};
use crate::frame::{Chain, Salt, array, u32_at, u64_at};
use crate::group::Place;
use crate::limits::SEGMENTS_MAX;
use std::sync::Arc;

/// Where groups begin.
pub(crate) const PAGE: u64 = 4096;
const MAGIC: [u8; 8] = *b"PRICELOG";
/// Of a segment as it was written.
const WRITTEN: u32 = 1;
/// Of a segment from which something was erased: the page has a second part.
const ERASED: u32 = 2;
/// Bytes of the page that are checked, and those of both parts.
const USED: usize = 128;
const BOTH: usize = 2 * USED;

/// What a segment knows of itself and of the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub salt: Salt,
    /// Number of the segment, from 1.
    pub index: u64,
    /// Number of its first frame.
    pub first_seq: u64,
    /// Chain up to its first frame.
    pub chain: Chain,
    /// Bytes used of the segment before, and their BLAKE3; zeros for the first segment.
    pub before_bytes: u64,
    pub before_hash: [u8; 32],
    /// Of a segment from which something was erased.
    pub erased: Option<Erased>,
}

/// What a segment from which something was erased says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Erased {
    /// Bytes used when it was sealed, and still, and the BLAKE3 that they had then: what the next
    /// segment says of it.
    pub bytes: u64,
    pub hash: [u8; 32],
    /// BLAKE3 of what follows its page now.
    pub body: [u8; 32],
}

/// A segment that no longer changes, but for what is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// Number of the segment, from 1.
    pub index: u64,
    /// Number of its first frame.
    pub first_seq: u64,
    /// Number of its last frame; one less than the first where it holds only marks.
    pub last_seq: u64,
    /// Bytes used, from the start of the file.
    pub bytes: u64,
    /// BLAKE3 of these bytes when it was sealed.
    pub hash: [u8; 32],
    /// BLAKE3 of those behind its page, where something was erased since; the page is another too.
    pub body: Option<[u8; 32]>,
}

impl Sealed {
    /// Name of its file.
    pub fn file(&self) -> String {
        file_name(self.index)
    }

    /// The hash that a walk through it comes to.
    pub(crate) fn walked(&self) -> [u8; 32] {
        self.body.unwrap_or(self.hash)
    }
}

pub(crate) fn file_name(index: u64) -> String {
    format!("log-{index:016x}.seg")
}

/// The numbers of the segments that `disk` has, sorted.
pub(crate) fn indexes(names: &[String]) -> Result<Vec<u64>, StoreError> {
    let index = |name: &String| u64::from_str_radix(name.strip_prefix("log-")?.strip_suffix(".seg")?, 16).ok();
    let mut found: Vec<u64> = names.iter().filter_map(index).collect();
    found.sort_unstable();
    if found.len() > SEGMENTS_MAX {
        let (found, max) = (found.len() as u64, SEGMENTS_MAX as u64);
        return Err(StoreError::TooLarge { what: "a number of segments", found, max, mend: "use larger segments" });
    }
    Ok(found)
}

impl Header {
    /// What is known of this segment once nothing is appended any more: up to a byte, which frame is
    /// the last, and the hash of a walk through it.
    pub(crate) fn sealed(&self, bytes: u64, last_seq: u64, walked: [u8; 32]) -> Sealed {
        let (hash, body) = match self.erased {
            Some(erased) => (erased.hash, Some(walked)),
            None => (walked, None),
        };
        Sealed { index: self.index, first_seq: self.first_seq, last_seq, bytes, hash, body }
    }

    /// What a walk through the segment hashes before its groups.
    pub(crate) fn hasher(&self) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new();
        if self.erased.is_none() {
            hasher.update(&self.to_page());
        }
        hasher
    }

    pub(crate) fn start(&self) -> Place {
        Place { at: PAGE, next_seq: self.first_seq, chain: self.chain }
    }

    pub(crate) fn to_page(self) -> Vec<u8> {
        let mut page = Vec::with_capacity(PAGE as usize);
        page.extend_from_slice(&MAGIC);
        page.extend_from_slice(&self.erased.map_or(WRITTEN, |_| ERASED).to_le_bytes());
        page.extend_from_slice(&[0; 4]);
        page.extend_from_slice(&self.salt.bytes());
        page.extend_from_slice(&self.index.to_le_bytes());
        page.extend_from_slice(&self.first_seq.to_le_bytes());
        page.extend_from_slice(&self.chain);
        page.extend_from_slice(&self.before_bytes.to_le_bytes());
        page.extend_from_slice(&self.before_hash);
        page.resize(USED - 4, 0);
        page.extend_from_slice(&crc32c::crc32c(&page).to_le_bytes());
        if let Some(Erased { bytes, hash, body }) = self.erased {
            page.extend_from_slice(&bytes.to_le_bytes());
            page.extend_from_slice(&hash);
            page.extend_from_slice(&body);
            page.resize(BOTH - 4, 0);
            page.extend_from_slice(&crc32c::crc32c(&page).to_le_bytes());
        }
        page.resize(PAGE as usize, 0);
        page
    }

    /// Reads a page, which is the start of `page`.
    pub(crate) fn from_page(page: &[u8]) -> Result<Header, &'static str> {
        if page.len() < PAGE as usize || page[..8] != MAGIC {
            return Err("its first page is not that of a segment");
        }
        let erased = u32_at(page, 8) == ERASED;
        let (used, rest) = page.split_at(if erased { BOTH } else { USED });
        let sound = |end: usize| u32_at(used, end - 4) == crc32c::crc32c(&used[..end - 4]);
        if !sound(USED) || !sound(used.len()) || rest.iter().any(|b| *b != 0) {
            return Err("its first page has a wrong checksum");
        }
        if u64_at(used, 40) == 0 {
            return Err("its first page has an impossible number");
        }
        Ok(Header {
            salt: Salt::new(array(used, 16)),
            index: u64_at(used, 32),
            first_seq: u64_at(used, 40),
            chain: array(used, 48),
            before_bytes: u64_at(used, 64),
            before_hash: array(used, 72),
            erased: erased.then(|| Erased {
                bytes: u64_at(used, USED),
                hash: array(used, USED + 8),
                body: array(used, USED + 40),
            }),
        })
    }

    /// Opens a segment and reads its page. What is wrong with it is the inner error.
    pub(crate) fn read(disk: &dyn Disk, index: u64) -> Result<Result<Open, &'static str>, StoreError> {
        let name = file_name(index);
        let file = disk.open(&name).map_err(StoreError::io("opening", &name))?;
        let mut page = vec![0; PAGE as usize];
        let got = file.read_at(&mut page, 0).map_err(StoreError::io("reading", &name))?;
        page.truncate(got);
        if page.get(..8) == Some(&MAGIC[..])
            && u32_at(&page, 8) > ERASED
            && u32_at(&page, USED - 4) == crc32c::crc32c(&page[..USED - 4])
        {
            let problem = format!(
                "is of version {} of the format; use the program that wrote it, or a newer one",
                u32_at(&page, 8)
            );
            return Err(StoreError::Foreign { file: name, problem });
        }
        let header = match Header::from_page(&page) {
            Ok(header) if header.index == index => header,
            Ok(_) => return Ok(Err("it is another segment of this log")),
            Err(problem) => return Ok(Err(problem)),
        };
        let size = file.size().map_err(StoreError::io("reading", &name))?;
        Ok(Ok(Open { name, file, header, size }))
    }
}

/// An open segment.
#[derive(Clone)]
pub(crate) struct Open {
    pub name: String,
    pub file: Arc<dyn DiskFile>,
    pub header: Header,
    pub size: u64,
}

impl Open {
    /// Writes zeros over a range and flushes.
    pub(crate) fn zero(&self, from: u64, to: u64) -> Result<(), Fatal> {
        let zeros = vec![0; crate::limits::CHUNK_BYTES.min((to - from) as usize)];
        let mut at = from;
        while at < to {
            let step = zeros.len().min((to - at) as usize);
            self.file.write_at(&zeros[..step], at).map_err(Fatal::io("writing", &self.name))?;
            at += step as u64;
        }
        self.file.sync_data().map_err(Fatal::sync(&self.name))
    }
}
