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
const VERSION: u32 = 1;
/// Bytes of the page that are checked.
const USED: usize = 128;

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
}

/// A segment that no longer changes.
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
    /// BLAKE3 of these bytes.
    pub hash: [u8; 32],
}

impl Sealed {
    /// Name of its file.
    pub fn file(&self) -> String {
        file_name(self.index)
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
    pub(crate) fn start(&self) -> Place {
        Place { at: PAGE, next_seq: self.first_seq, chain: self.chain }
    }

    pub(crate) fn to_page(self) -> Vec<u8> {
        let mut page = Vec::with_capacity(PAGE as usize);
        page.extend_from_slice(&MAGIC);
        page.extend_from_slice(&VERSION.to_le_bytes());
        page.extend_from_slice(&[0; 4]);
        page.extend_from_slice(&self.salt.bytes());
        page.extend_from_slice(&self.index.to_le_bytes());
        page.extend_from_slice(&self.first_seq.to_le_bytes());
        page.extend_from_slice(&self.chain);
        page.extend_from_slice(&self.before_bytes.to_le_bytes());
        page.extend_from_slice(&self.before_hash);
        page.resize(USED - 4, 0);
        page.extend_from_slice(&crc32c::crc32c(&page).to_le_bytes());
        page.resize(PAGE as usize, 0);
        page
    }

    fn from_page(page: &[u8]) -> Result<Header, &'static str> {
        if page.len() < PAGE as usize || page[..8] != MAGIC {
            return Err("its first page is not that of a segment");
        }
        let (used, rest) = page.split_at(USED);
        if u32_at(used, USED - 4) != crc32c::crc32c(&used[..USED - 4]) || rest.iter().any(|b| *b != 0) {
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
            && u32_at(&page, 8) > VERSION
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
