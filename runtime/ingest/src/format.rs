//! Formats of usage files, and telling them from a name or the first bytes.

use crate::error::IngestError;
use std::path::Path;

/// A format of usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line, plain or a CloudEvent.
    NdJson,
    /// A JSON array of objects (a batch of CloudEvents), or objects one after another, each over
    /// any number of lines.
    Json,
    /// CSV with a header, RFC 4180, with this delimiter.
    Csv(u8),
    /// Parquet.
    Parquet,
}

impl Format {
    /// The format of that name: `ndjson`, `jsonl`, `json`, `csv`, `tsv`, `parquet`.
    pub fn named(name: &str) -> Option<Format> {
        match name.to_ascii_lowercase().as_str() {
            "ndjson" | "jsonl" => Some(Format::NdJson),
            "json" => Some(Format::Json),
            "csv" => Some(Format::Csv(b',')),
            "tsv" => Some(Format::Csv(b'\t')),
            "parquet" | "pq" => Some(Format::Parquet),
            _ => None,
        }
    }

    /// The format of a file by its name and first bytes. The bytes win where they are certain.
    pub fn sniff(file: &str, head: &[u8]) -> Result<Format, IngestError> {
        for (magic, kind) in [(&[0x1f, 0x8b][..], "gzip"), (&[0x28, 0xb5, 0x2f, 0xfd], "zstd"), (b"BZh", "bzip2")] {
            if head.starts_with(magic) {
                return Err(IngestError::Compressed { file: file.into(), kind });
            }
        }
        if head.starts_with(b"PAR1") {
            return Ok(Format::Parquet);
        }
        let extension = Path::new(file).extension().and_then(|e| e.to_str());
        if let Some(format) = extension.and_then(Format::named) {
            return Ok(format);
        }
        let head = head.strip_prefix(BOM).unwrap_or(head);
        let text = head.trim_ascii_start();
        match text.first() {
            // No bytes, no events: any format will do.
            None => Ok(Format::NdJson),
            Some(b'[') => Ok(Format::Json),
            Some(b'{') => {
                let line = text.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii_end();
                let whole = line.len() == text.trim_ascii_end().len() || line.ends_with(b"}");
                Ok(if whole { Format::NdJson } else { Format::Json })
            }
            Some(_) => {
                let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
                let delimiter = [b',', b'\t', b';'].into_iter().max_by_key(|d| line.iter().filter(|b| *b == d).count());
                match delimiter {
                    Some(d) if line.contains(&d) && std::str::from_utf8(line).is_ok() => Ok(Format::Csv(d)),
                    _ => Err(IngestError::UnknownFormat { file: file.into() }),
                }
            }
        }
    }
}

/// UTF-8's mark at the start of a file.
pub(crate) const BOM: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_first_bytes() {
        let sniff = |name: &str, head: &str| Format::sniff(name, head.as_bytes()).ok();
        assert_eq!(sniff("u.jsonl", ""), Some(Format::NdJson));
        assert_eq!(sniff("u.csv", "{"), Some(Format::Csv(b',')));
        assert_eq!(sniff("u.csv", "PAR1"), Some(Format::Parquet));
        assert_eq!(sniff("-", " [ {"), Some(Format::Json));
        assert_eq!(sniff("-", "{\"a\":1}\n{"), Some(Format::NdJson));
        assert_eq!(sniff("-", "{\n \"a\":1}\n"), Some(Format::Json));
        assert_eq!(sniff("-", "\u{feff}type;account\n"), Some(Format::Csv(b';')));
        assert_eq!(sniff("-", "hello\n"), None);
        assert!(matches!(Format::sniff("u.csv.gz", &[0x1f, 0x8b, 8]), Err(IngestError::Compressed { .. })));
    }
}
