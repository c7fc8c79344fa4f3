//! Sorts fixed-size records with bounded memory: sorted runs in temporary files, merged.

use crate::codec::cut;
use crate::error::IngestError;
use crate::limits::FAN_IN_MAX;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::PathBuf;

/// A record of fixed size whose order is the sort's.
pub(crate) trait Record: Copy + Ord {
    /// Its bytes in a file.
    type Bytes: AsRef<[u8]> + AsMut<[u8]> + Default + Copy;
    fn to_bytes(self) -> Self::Bytes;
    fn from_bytes(bytes: Self::Bytes) -> Self;
}

/// A temporary file in `dir`, or where the system keeps them; it has no name and vanishes with
/// the process.
pub(crate) fn temporary(dir: Option<&PathBuf>) -> Result<File, IngestError> {
    match dir {
        Some(dir) => tempfile::tempfile_in(dir),
        None => tempfile::tempfile(),
    }
    .map_err(IngestError::Spill)
}

struct Run {
    file: File,
    records: u64,
    digest: [u8; 32],
}

/// Takes records in any order.
pub(crate) struct Sorter<R> {
    held: Vec<R>,
    most: usize,
    /// Runs by how often they were merged, so that no record is merged more than a few times.
    levels: Vec<Vec<Run>>,
    dir: Option<PathBuf>,
    spilled: u64,
}

impl<R: Record> Sorter<R> {
    /// Holds at most `bytes` of records (and at least a handful).
    pub(crate) fn new(bytes: usize, dir: Option<PathBuf>) -> Sorter<R> {
        let most = (bytes / size_of::<R>()).max(16);
        Sorter { held: Vec::new(), most, levels: Vec::new(), dir, spilled: 0 }
    }

    pub(crate) fn push(&mut self, record: R) -> Result<(), IngestError> {
        if self.held.len() >= self.most {
            self.spill()?;
        }
        self.held.push(record);
        Ok(())
    }

    /// Bytes written to temporary files so far.
    pub(crate) fn spilled(&self) -> u64 {
        self.spilled
    }

    fn spill(&mut self) -> Result<(), IngestError> {
        self.held.sort_unstable();
        let mut held = std::mem::take(&mut self.held);
        let mut run = self.write(&mut held.drain(..).map(Ok))?;
        self.held = held;
        for level in 0.. {
            if self.levels.len() <= level {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(run);
            if self.levels[level].len() < FAN_IN_MAX {
                break;
            }
            let mut merged = Merge::open(std::mem::take(&mut self.levels[level]))?;
            run = self.write(&mut merged)?;
        }
        Ok(())
    }

    fn write(&mut self, records: &mut dyn Iterator<Item = Result<R, IngestError>>) -> Result<Run, IngestError> {
        let mut out = BufWriter::with_capacity(1 << 16, temporary(self.dir.as_ref())?);
        let mut digest = blake3::Hasher::new();
        let (mut count, mut page) = (0u64, Vec::with_capacity(1 << 16));
        for record in records {
            page.extend_from_slice(record?.to_bytes().as_ref());
            count += 1;
            if page.len() >= 1 << 16 {
                digest.update(&page);
                out.write_all(&page).map_err(IngestError::Spill)?;
                self.spilled += page.len() as u64;
                page.clear();
            }
        }
        digest.update(&page);
        out.write_all(&page).map_err(IngestError::Spill)?;
        self.spilled += page.len() as u64;
        let mut file = out.into_inner().map_err(|e| IngestError::Spill(e.into_error()))?;
        file.rewind().map_err(IngestError::Spill)?;
        Ok(Run { file, records: count, digest: *digest.finalize().as_bytes() })
    }

    /// All records in order.
    pub(crate) fn finish(mut self) -> Result<Sorted<R>, IngestError> {
        if self.levels.is_empty() {
            self.held.sort_unstable();
            return Ok(Sorted::Held(self.held.into_iter()));
        }
        if !self.held.is_empty() {
            self.spill()?;
        }
        Ok(Sorted::Merged(Merge::open(self.levels.into_iter().flatten().collect())?))
    }
}

/// Records in order.
pub(crate) enum Sorted<R> {
    Held(std::vec::IntoIter<R>),
    Merged(Merge<R>),
}

impl<R: Record> Iterator for Sorted<R> {
    type Item = Result<R, IngestError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Sorted::Held(records) => records.next().map(Ok),
            Sorted::Merged(merge) => merge.next(),
        }
    }
}

struct Cursor {
    from: BufReader<File>,
    left: u64,
    hasher: blake3::Hasher,
    digest: [u8; 32],
}

impl Cursor {
    fn next<R: Record>(&mut self) -> Result<Option<R>, IngestError> {
        if self.left == 0 {
            return if *self.hasher.finalize().as_bytes() == self.digest {
                Ok(None)
            } else {
                Err(IngestError::SpillDamaged("a digest differs"))
            };
        }
        let mut bytes = R::Bytes::default();
        self.from.read_exact(bytes.as_mut()).map_err(cut)?;
        self.hasher.update(bytes.as_ref());
        self.left -= 1;
        Ok(Some(R::from_bytes(bytes)))
    }
}

/// A merge of runs.
pub(crate) struct Merge<R> {
    cursors: Vec<Cursor>,
    heads: BinaryHeap<Reverse<(R, usize)>>,
}

impl<R: Record> Merge<R> {
    fn open(runs: Vec<Run>) -> Result<Merge<R>, IngestError> {
        let mut merge = Merge { cursors: Vec::with_capacity(runs.len()), heads: BinaryHeap::new() };
        for (index, run) in runs.into_iter().enumerate() {
            let mut cursor = Cursor {
                from: BufReader::with_capacity(1 << 16, run.file),
                left: run.records,
                hasher: blake3::Hasher::new(),
                digest: run.digest,
            };
            if let Some(record) = cursor.next()? {
                merge.heads.push(Reverse((record, index)));
            }
            merge.cursors.push(cursor);
        }
        Ok(merge)
    }

    fn step(&mut self) -> Result<Option<R>, IngestError> {
        let Some(Reverse((record, index))) = self.heads.pop() else { return Ok(None) };
        if let Some(next) = self.cursors[index].next()? {
            self.heads.push(Reverse((next, index)));
        }
        Ok(Some(record))
    }
}

impl<R: Record> Iterator for Merge<R> {
    type Item = Result<R, IngestError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Record for u64 {
        type Bytes = [u8; 8];
        fn to_bytes(self) -> [u8; 8] {
            self.to_le_bytes()
        }
        fn from_bytes(bytes: [u8; 8]) -> u64 {
            u64::from_le_bytes(bytes)
        }
    }

    fn numbers(n: u64) -> Vec<u64> {
        (0..n).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40).collect()
    }

    #[test]
    fn many_runs_and_passes_sort_like_one_vector() {
        let mut expected = numbers(20_000);
        let mut sorter = Sorter::new(16 * 8, None);
        expected.iter().for_each(|n| sorter.push(*n).unwrap());
        expected.sort_unstable();
        let sorted: Vec<u64> = sorter.finish().unwrap().map(Result::unwrap).collect();
        assert_eq!(sorted, expected);
    }

    #[test]
    fn a_cut_or_changed_run_is_an_error() {
        for cut_off in [true, false] {
            let mut sorter: Sorter<u64> = Sorter::new(0, None);
            numbers(100).into_iter().for_each(|n| sorter.push(n).unwrap());
            let file = &mut sorter.levels[0][1].file;
            if cut_off {
                file.set_len(60).unwrap();
            } else {
                file.write_all(&[0xff]).unwrap();
                file.rewind().unwrap();
            }
            let result: Result<Vec<u64>, IngestError> =
                sorter.finish().and_then(|sorted| sorted.collect::<Result<Vec<_>, _>>());
            assert!(matches!(result, Err(IngestError::SpillDamaged(_))));
        }
    }
}
