//! Which of several rows with one identity counts.
//!
//! Identity is `(source, id)`. Equal content: the copy that was recorded first counts (and of
//! those the first that was read), the others are duplicates.
//! Different content: the copies whose canonical content has the smallest digest count (once),
//! the others are conflicts. So the outcome depends on the set of rows, never on their order.
//! A row without an id has no identity and is never compared.

use crate::error::IngestError;
use crate::runs::{Record, Sorted, Sorter};
use price_ir::{Batch, Column, FieldType, Plan};
use price_rating::OpenLabels;
use std::path::PathBuf;

/// Fingerprints of a row: the first half of BLAKE3, big-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) identity: [u64; 2],
    pub(crate) content: [u64; 2],
    /// When it came to be known.
    pub(crate) recorded: i64,
    /// Place of the row in the order of reading.
    pub(crate) place: u64,
}

fn words(bytes: &[u8]) -> [u64; 2] {
    let (chunks, _) = bytes.as_chunks::<8>();
    [u64::from_be_bytes(chunks[0]), u64::from_be_bytes(chunks[1])]
}

fn digest(bytes: &[u8]) -> [u64; 2] {
    words(blake3::hash(bytes).as_bytes())
}

fn sized(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// What is fingerprinted of one accepted row.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) labels: &'a OpenLabels,
    pub(crate) batch: &'a Batch,
    pub(crate) row: usize,
    pub(crate) account: &'a str,
    pub(crate) source: &'a str,
    pub(crate) id: &'a str,
    pub(crate) recorded: i64,
}

impl Facts<'_> {
    /// The row's fingerprints. Content is type, account, time and every field that was sent, after
    /// mediation: `1` and `1.0` are the same content.
    pub(crate) fn mark(&self, place: u64, scratch: &mut Vec<u8>) -> Mark {
        scratch.clear();
        sized(scratch, self.source);
        scratch.extend_from_slice(self.id.as_bytes());
        let identity = digest(scratch);
        scratch.clear();
        let event = &self.plan.events[self.batch.event.ix()];
        sized(scratch, &event.name);
        sized(scratch, self.account);
        scratch.extend_from_slice(&self.batch.happened[self.row].to_le_bytes());
        for (field, column) in event.fields.iter().zip(&self.batch.columns) {
            match (column, &field.ty) {
                (Column::Int(v), _) => scratch.extend_from_slice(&v[self.row].to_le_bytes()),
                (Column::Family(labels), _) => {
                    labels.iter().for_each(|v| scratch.extend_from_slice(&v[self.row].to_le_bytes()));
                }
                // Looked up from another field: no content of its own.
                (Column::Label(_), FieldType::LabelFrom(..)) => {}
                (Column::Label(v), FieldType::Label(dim)) if self.plan.dimensions[dim.ix()].size().is_none() => {
                    sized(scratch, self.labels.text(*dim, v[self.row]));
                }
                (Column::Label(v), _) => scratch.extend_from_slice(&v[self.row].to_le_bytes()),
                (Column::Text(v), _) => sized(scratch, &v[self.row]),
                (Column::Flag(v), _) => scratch.push(v[self.row]),
            }
        }
        Mark { identity, content: digest(scratch), recorded: self.recorded, place }
    }
}

impl Record for Mark {
    type Bytes = Row;

    fn to_bytes(self) -> Row {
        let mut row = Row::default();
        let [one, two] = self.identity;
        let [three, four] = self.content;
        let words = [one, two, three, four, self.recorded.cast_unsigned(), self.place];
        for (to, word) in row.0.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *to = word.to_le_bytes();
        }
        row
    }

    fn from_bytes(row: Row) -> Mark {
        let word = |at: usize| u64::from_le_bytes(row.0.as_chunks::<8>().0[at]);
        Mark {
            identity: [word(0), word(1)],
            content: [word(2), word(3)],
            recorded: word(4).cast_signed(),
            place: word(5),
        }
    }
}

/// Bytes of a [`Mark`].
#[derive(Clone, Copy)]
pub(crate) struct Row([u8; 48]);

impl Default for Row {
    fn default() -> Row {
        Row([0; 48])
    }
}

impl AsRef<[u8]> for Row {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl AsMut<[u8]> for Row {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// A row that does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Loser {
    pub(crate) place: u64,
    /// Its content differs from the copy that counts.
    pub(crate) conflict: bool,
}

impl Record for Loser {
    type Bytes = [u8; 9];

    fn to_bytes(self) -> [u8; 9] {
        let mut bytes = [0; 9];
        bytes[..8].copy_from_slice(&self.place.to_le_bytes());
        bytes[8] = u8::from(self.conflict);
        bytes
    }

    fn from_bytes(bytes: [u8; 9]) -> Loser {
        let [place @ .., conflict] = bytes;
        Loser { place: u64::from_le_bytes(place), conflict: conflict != 0 }
    }
}

/// What [`losers`] found.
pub(crate) struct Losers {
    /// In order of reading.
    pub(crate) rows: Sorted<Loser>,
    pub(crate) duplicates: u64,
    pub(crate) conflicts: u64,
    pub(crate) spilled: u64,
}

/// Decides every identity.
pub(crate) fn losers(marks: Sorter<Mark>, bytes: usize, dir: Option<PathBuf>) -> Result<Losers, IngestError> {
    let mut spilled = marks.spilled();
    let mut out = Sorter::new(bytes, dir);
    let (mut duplicates, mut conflicts) = (0, 0);
    let mut winner: Option<Mark> = None;
    for mark in marks.finish()? {
        let mark = mark?;
        match winner {
            Some(first) if first.identity == mark.identity => {
                let conflict = first.content != mark.content;
                if conflict {
                    conflicts += 1;
                } else {
                    duplicates += 1;
                }
                out.push(Loser { place: mark.place, conflict })?;
            }
            _ => winner = Some(mark),
        }
    }
    spilled += out.spilled();
    Ok(Losers { rows: out.finish()?, duplicates, conflicts, spilled })
}
