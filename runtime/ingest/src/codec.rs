//! Blocks as bytes of temporary files: framed, with a digest, never trusted when read back.
//!
//! The bytes live only while one process runs; they have no version and no meaning outside it.

use crate::block::{Block, Part, Texts};
use crate::error::IngestError;
use crate::limits::{EVENT_TYPES_MAX, FRAME_BYTES_MAX};
use price_ir::{Batch, Column, EventIx};
use std::io::{Read, Write};

const DIGEST: usize = 16;

/// Appends one block as a frame: length, bytes, digest.
pub(crate) fn write(block: &Block, out: &mut impl Write, scratch: &mut Vec<u8>) -> Result<u64, IngestError> {
    scratch.clear();
    let mut w = Writer(scratch);
    w.size(block.parts.len());
    for part in &block.parts {
        let batch = &part.batch;
        w.size(batch.event.ix());
        w.size(batch.rows);
        w.size(batch.calendars.len());
        w.i64s(&batch.happened);
        w.size(batch.columns.len());
        for column in &batch.columns {
            w.column(column);
        }
        w.u32s(&part.accounts);
        w.u32s(&part.files);
        w.u64s(&part.lines);
        w.texts(&part.sources);
        w.texts(&part.ids);
        w.i64s(&part.recorded);
    }
    w.size(block.order.len());
    block.order.iter().for_each(|o| w.0.extend_from_slice(&o.to_le_bytes()));
    let digest = blake3::hash(scratch);
    out.write_all(&(scratch.len() as u64).to_le_bytes()).map_err(IngestError::Spill)?;
    out.write_all(scratch).map_err(IngestError::Spill)?;
    out.write_all(&digest.as_bytes()[..DIGEST]).map_err(IngestError::Spill)?;
    Ok((8 + scratch.len() + DIGEST) as u64)
}

/// Reads the next frame; the caller knows how many there are.
pub(crate) fn read(from: &mut impl Read, scratch: &mut Vec<u8>) -> Result<Block, IngestError> {
    let mut head = [0u8; 8];
    from.read_exact(&mut head).map_err(cut)?;
    let len = u64::from_le_bytes(head);
    if len > FRAME_BYTES_MAX {
        return Err(IngestError::SpillDamaged("a length is impossible"));
    }
    scratch.clear();
    // `take` grows the buffer as bytes arrive: a damaged length allocates nothing by itself.
    let got = from.take(len).read_to_end(scratch).map_err(IngestError::Spill)?;
    if got as u64 != len {
        return Err(IngestError::SpillDamaged("it is cut off"));
    }
    let mut digest = [0u8; DIGEST];
    from.read_exact(&mut digest).map_err(cut)?;
    if blake3::hash(scratch).as_bytes()[..DIGEST] != digest {
        return Err(IngestError::SpillDamaged("a digest differs"));
    }
    block(&mut Bytes(scratch)).ok_or(IngestError::SpillDamaged("a block has an impossible shape"))
}

/// A short read of a temporary file is damage, anything else the system's failure.
pub(crate) fn cut(error: std::io::Error) -> IngestError {
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        IngestError::SpillDamaged("it is cut off")
    } else {
        IngestError::Spill(error)
    }
}

struct Writer<'a>(&'a mut Vec<u8>);

impl Writer<'_> {
    fn size(&mut self, value: usize) {
        self.0.extend_from_slice(&(value as u64).to_le_bytes());
    }

    fn i64s(&mut self, values: &[i64]) {
        self.size(values.len());
        self.0.reserve(values.len() * 8);
        values.iter().for_each(|v| self.0.extend_from_slice(&v.to_le_bytes()));
    }

    fn u64s(&mut self, values: &[u64]) {
        self.size(values.len());
        self.0.reserve(values.len() * 8);
        values.iter().for_each(|v| self.0.extend_from_slice(&v.to_le_bytes()));
    }

    fn u32s(&mut self, values: &[u32]) {
        self.size(values.len());
        self.0.reserve(values.len() * 4);
        values.iter().for_each(|v| self.0.extend_from_slice(&v.to_le_bytes()));
    }

    fn text(&mut self, text: &str) {
        self.size(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn texts(&mut self, texts: &Texts) {
        self.text(&texts.all);
        self.u32s(&texts.ends);
    }

    fn column(&mut self, column: &Column) {
        match column {
            Column::Int(values) => {
                self.0.push(0);
                self.i64s(values);
            }
            Column::Family(labels) => {
                self.0.push(1);
                self.size(labels.len());
                labels.iter().for_each(|values| self.i64s(values));
            }
            Column::Label(codes) => {
                self.0.push(2);
                self.u32s(codes);
            }
            Column::Text(texts) => {
                self.0.push(3);
                self.size(texts.len());
                texts.iter().for_each(|text| self.text(text));
            }
            Column::Flag(flags) => {
                self.0.push(4);
                self.size(flags.len());
                self.0.extend_from_slice(flags);
            }
        }
    }
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    fn size(&mut self) -> Option<usize> {
        let value = u64::from_le_bytes(self.take(8)?.try_into().ok()?);
        // Nothing in a frame can have more entries than the frame has bytes, but an empty family.
        usize::try_from(value).ok().filter(|v| *v as u64 <= FRAME_BYTES_MAX)
    }

    fn i64s(&mut self) -> Option<Vec<i64>> {
        let len = self.size()?;
        let bytes = self.take(len.checked_mul(8)?)?;
        Some(bytes.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b)).collect())
    }

    fn u64s(&mut self) -> Option<Vec<u64>> {
        let len = self.size()?;
        let bytes = self.take(len.checked_mul(8)?)?;
        Some(bytes.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)).collect())
    }

    fn u32s(&mut self) -> Option<Vec<u32>> {
        let len = self.size()?;
        let bytes = self.take(len.checked_mul(4)?)?;
        Some(bytes.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect())
    }

    fn text(&mut self) -> Option<&'a str> {
        let len = self.size()?;
        std::str::from_utf8(self.take(len)?).ok()
    }

    fn texts(&mut self, rows: usize) -> Option<Texts> {
        let all = self.text()?.to_string();
        let ends = self.u32s()?;
        let fits = ends.is_sorted()
            && (ends.is_empty() || ends.len() == rows)
            && ends.iter().all(|end| all.is_char_boundary(*end as usize));
        fits.then_some(Texts { all, ends })
    }

    fn column(&mut self, rows: usize) -> Option<Column> {
        let column = match self.take(1)?[0] {
            0 => Column::Int(self.i64s()?),
            1 => {
                let labels = self.size()?;
                let columns: Option<Vec<_>> = (0..labels).map(|_| self.i64s().filter(|v| v.len() == rows)).collect();
                return columns.map(Column::Family);
            }
            2 => Column::Label(self.u32s()?),
            3 => {
                let len = self.size()?;
                let texts: Option<Vec<Box<str>>> = (0..len).map(|_| self.text().map(Into::into)).collect();
                Column::Text(texts?)
            }
            4 => {
                let len = self.size()?;
                Column::Flag(self.take(len)?.to_vec())
            }
            _ => return None,
        };
        (column.len() == rows).then_some(column)
    }
}

fn block(bytes: &mut Bytes<'_>) -> Option<Block> {
    let mut block = Block::default();
    let mut total = 0;
    for _ in 0..bytes.size()? {
        let event = EventIx(u32::try_from(bytes.size()?).ok()?);
        let rows = bytes.size()?;
        let calendars = bytes.size().filter(|c| *c <= EVENT_TYPES_MAX)?;
        let happened = bytes.i64s()?;
        let mut columns = Vec::new();
        for _ in 0..bytes.size()? {
            columns.push(bytes.column(rows)?);
        }
        let part = Part {
            batch: Batch { event, rows, happened, columns, calendars: vec![Vec::new(); calendars] },
            accounts: bytes.u32s()?,
            files: bytes.u32s()?,
            lines: bytes.u64s()?,
            sources: bytes.texts(rows)?,
            ids: bytes.texts(rows)?,
            recorded: bytes.i64s().filter(|recorded| recorded.is_empty() || recorded.len() == rows)?,
        };
        let lengths = [part.batch.happened.len(), part.accounts.len(), part.files.len(), part.lines.len()];
        if lengths != [rows; 4] || part.sources.len() != part.ids.len() {
            return None;
        }
        total += rows;
        block.parts.push(part);
    }
    let len = bytes.size()?;
    let order = bytes.take(len.checked_mul(2)?)?;
    block.order = order.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect();
    let mut counts = vec![0usize; block.parts.len()];
    for part in &block.order {
        *counts.get_mut(*part as usize)? += 1;
    }
    let whole = total == len && counts.iter().zip(&block.parts).all(|(n, p)| *n == p.rows());
    (whole && bytes.0.is_empty()).then_some(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Block {
        let mut sources = Texts::default();
        let mut ids = Texts::default();
        for (source, id) in [("s", "ä"), ("", "2"), ("s", "")] {
            sources.push(source);
            ids.push(id);
        }
        let part = Part {
            batch: Batch {
                event: EventIx(1),
                rows: 3,
                happened: vec![1, -2, 3],
                columns: vec![
                    Column::Int(vec![5, 6, 7]),
                    Column::Family(vec![vec![1, 2, 3], vec![0, 0, -1]]),
                    Column::Label(vec![0, u32::MAX, 2]),
                    Column::Text(vec!["é".into(), "".into(), "x".into()]),
                    Column::Flag(vec![0, 1, 2]),
                ],
                calendars: vec![Vec::new()],
            },
            accounts: vec![0, 1, 0],
            files: vec![0; 3],
            lines: vec![1, 2, 3],
            sources,
            ids,
            recorded: vec![4, i64::MIN, 5],
        };
        Block { parts: vec![part], order: vec![0; 3] }
    }

    #[test]
    fn blocks_come_back_as_they_were() {
        let (mut bytes, mut scratch) = (Vec::new(), Vec::new());
        write(&sample(), &mut bytes, &mut scratch).unwrap();
        write(&Block::default(), &mut bytes, &mut scratch).unwrap();
        let mut from = &bytes[..];
        assert_eq!(read(&mut from, &mut scratch).unwrap(), sample());
        assert_eq!(read(&mut from, &mut scratch).unwrap(), Block::default());
        assert!(matches!(read(&mut from, &mut scratch), Err(IngestError::SpillDamaged(_))));
    }

    #[test]
    fn damage_is_an_error_at_every_byte() {
        let (mut bytes, mut scratch) = (Vec::new(), Vec::new());
        write(&sample(), &mut bytes, &mut scratch).unwrap();
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 0x41;
            assert!(matches!(read(&mut &bad[..], &mut scratch), Err(IngestError::SpillDamaged(_))), "{at}");
            assert!(matches!(read(&mut &bytes[..at], &mut scratch), Err(IngestError::SpillDamaged(_))), "{at}");
            // Even with a digest that fits, a wrong shape is no panic.
            if at >= 8 && at < bytes.len() - DIGEST {
                let mut payload = bytes[8..bytes.len() - DIGEST].to_vec();
                payload[at - 8] ^= 0x41;
                let _ = block(&mut Bytes(&payload));
            }
        }
    }
}
