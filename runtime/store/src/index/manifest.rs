//! Which runs an index has: one small file, replaced as a whole.

use crate::disk::Disk;
use crate::error::{Fatal, StoreError};
use crate::frame::{array, u32_at, u64_at};
use crate::index::run::{Meta, damaged};
use crate::limits::RUNS_MAX;
use crate::planted::{self, Bug};

pub(crate) const MANIFEST: &str = "index-manifest";
const TEMPORARY: &str = "index-manifest.tmp";
const MAGIC: [u8; 8] = *b"PRICEIDX";
const VERSION: u32 = 1;
const HEAD: usize = 64;
const ROW: usize = 64;
const HASH: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Which secret made the keys.
    pub check: [u8; 16],
    /// All events up to this one are in the runs.
    pub through: u64,
    pub next_id: u64,
    pub runs: Vec<Meta>,
}

impl Manifest {
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD + self.runs.len() * ROW + HASH);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&(self.runs.len() as u32).to_le_bytes());
        out.extend_from_slice(&self.check);
        out.extend_from_slice(&self.through.to_le_bytes());
        out.extend_from_slice(&self.next_id.to_le_bytes());
        out.resize(HEAD, 0);
        for run in &self.runs {
            out.extend_from_slice(&run.id.to_le_bytes());
            out.extend_from_slice(&run.tier.to_le_bytes());
            out.extend_from_slice(&[0; 4]);
            out.extend_from_slice(&run.events.to_le_bytes());
            out.extend_from_slice(&run.bytes.to_le_bytes());
            out.extend_from_slice(&run.hash);
        }
        let hash = blake3::hash(&out);
        out.extend_from_slice(hash.as_bytes());
        out
    }

    fn from_bytes(bytes: &[u8]) -> Result<Manifest, &'static str> {
        let body = bytes.len().checked_sub(HASH).map(|at| bytes.split_at(at));
        let (body, hash) = body.ok_or("it is cut off")?;
        if blake3::hash(body).as_bytes()[..] != *hash {
            return Err("it does not have the hash that belongs to it");
        }
        let runs = u32_at(body, 12) as usize;
        if body.get(..8) != Some(&MAGIC[..]) || u32_at(body, 8) != VERSION {
            return Err("it is of another version");
        }
        if runs > RUNS_MAX || body.len() != HEAD + runs * ROW {
            return Err("it has an impossible length");
        }
        let run = |row: &[u8]| Meta {
            id: u64_at(row, 0),
            tier: u32_at(row, 8),
            events: u64_at(row, 16),
            bytes: u64_at(row, 24),
            hash: array(row, 32),
        };
        Ok(Manifest {
            check: array(body, 16),
            through: u64_at(body, 32),
            next_id: u64_at(body, 40),
            runs: body[HEAD..].chunks_exact(ROW).map(run).collect(),
        })
    }

    pub(crate) fn read(disk: &dyn Disk) -> Result<Manifest, StoreError> {
        let file = disk.open(MANIFEST).map_err(StoreError::io("opening", MANIFEST))?;
        let size = file.size().map_err(StoreError::io("reading", MANIFEST))?;
        if size > (HEAD + RUNS_MAX * ROW + HASH) as u64 {
            return Err(damaged(MANIFEST, "it has an impossible length".to_owned()));
        }
        let mut bytes = vec![0; size as usize];
        let got = file.read_at(&mut bytes, 0).map_err(StoreError::io("reading", MANIFEST))?;
        Manifest::from_bytes(&bytes[..got]).map_err(|problem| damaged(MANIFEST, problem.to_owned()))
    }

    /// Replaces the manifest. The runs it names are durable when this returns.
    pub(crate) fn write(&self, disk: &dyn Disk) -> Result<(), StoreError> {
        let bytes = self.to_bytes();
        // The names of new runs first: a manifest must not name what is not there.
        disk.sync_dir().map_err(Fatal::sync("."))?;
        let file = disk.create(TEMPORARY).map_err(StoreError::io("creating", TEMPORARY))?;
        let full = StoreError::grow("writing", TEMPORARY, bytes.len() as u64);
        file.write_at(&bytes, 0).map_err(full)?;
        file.sync_data().map_err(Fatal::sync(TEMPORARY))?;
        disk.rename(TEMPORARY, MANIFEST).map_err(Fatal::io("renaming", MANIFEST))?;
        if !planted::is(Bug::ForgetDirSync) {
            disk.sync_dir().map_err(Fatal::sync("."))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_manifest_is_none() {
        let run = Meta { id: 4, tier: 1, events: 9, bytes: 8192, hash: [3; 32] };
        let manifest = Manifest { check: [1; 16], through: 77, next_id: 5, runs: vec![run, run] };
        let mut bytes = manifest.to_bytes();
        assert_eq!(Manifest::from_bytes(&bytes), Ok(manifest));
        for byte in 0..bytes.len() {
            bytes[byte] ^= 1;
            assert!(Manifest::from_bytes(&bytes).is_err());
            bytes[byte] ^= 1;
            assert!(Manifest::from_bytes(&bytes[..byte]).is_err());
        }
    }
}
