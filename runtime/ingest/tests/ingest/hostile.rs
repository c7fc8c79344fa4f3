//! Damaged and hostile input: a coded refusal or a typed error, never a panic, in bounded time.

use crate::common::{drain, options};
use price_ingest::{Options, Source};

const NDJSON: &str = r#"{"type":"transfer","account":"acme","time":"2026-03-01T09:00:00Z","id":"1","source":"edge","region":"eu","bytes":1500}
{"specversion":"1.0","type":"job","subject":"acme","time":"2026-03-01T10:00:00+01:00","id":"2","source":"s","data":{"project":"blue","tokens":{"input":10,"output":5},"cost":-1.5,"user":"ann \u00e9","cached":true}}
{"type":"call","account":"beta","time":"2026-03-01T09:00:00.5Z","number":"4930123","duration":"12.5"}
"#;
const CSV: &str = "type,account,time,id,source,region,bytes,tokens.input\ntransfer,\"ac\"\"me\",2026-03-01T09:00:00Z,1,edge,eu,1500,\njob,acme,2026-03-01T10:00:00Z,2,,,,5\n";

struct Seeded(u64);

impl Seeded {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }

    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..1 + self.next(4) {
            if bytes.is_empty() {
                return;
            }
            let at = self.next(bytes.len());
            match self.next(5) {
                0 => bytes.truncate(at),
                1 => bytes[at] = self.next(256) as u8,
                2 => bytes[at] ^= 1 << self.next(8),
                3 => drop(bytes.drain(at..(at + self.next(20)).min(bytes.len()))),
                _ => {
                    let from = self.next(bytes.len());
                    let piece = bytes[from..(from + self.next(30)).min(bytes.len())].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
    }
}

/// `PRICE_FUZZ=100` damages a hundred times as often.
fn assault(name: &str, base: &[u8], rounds: u64) {
    let times: u64 = std::env::var("PRICE_FUZZ").ok().and_then(|t| t.parse().ok()).unwrap_or(1);
    for seed in 0..rounds * times {
        let mut bytes = base.to_vec();
        Seeded(seed).damage(&mut bytes);
        let options = Options { threads: 1, ..options() };
        // The seed alone says what happened: Seeded(seed).damage(base).
        let result = drain(vec![Source::Bytes(name.into(), bytes)], options);
        if let Err(error) = result {
            assert_ne!(error.code(), "I015", "seed {seed}: {error}");
        }
    }
}

#[test]
fn damaged_ndjson() {
    assault("u.ndjson", NDJSON.as_bytes(), 4000);
}

#[test]
fn damaged_json_documents() {
    let array = format!("[{}]", NDJSON.trim().replace('\n', ",\n"));
    assault("u.json", array.as_bytes(), 2000);
}

#[test]
fn damaged_csv() {
    assault("u.csv", CSV.as_bytes(), 4000);
}

#[test]
fn damaged_parquet() {
    assault("u.parquet", &crate::parquet::file(crate::parquet::usual()), 1500);
}

#[test]
fn garbage_of_no_format() {
    for seed in 0..500 {
        let mut seeded = Seeded(seed);
        let bytes: Vec<u8> = (0..seeded.next(4000)).map(|_| seeded.next(256) as u8).collect();
        for name in ["u", "u.ndjson", "u.json", "u.csv", "u.parquet"] {
            let _ = drain(vec![Source::Bytes(name.into(), bytes.clone())], Options { threads: 1, ..options() });
        }
    }
}

#[test]
fn enormous_things_end_quickly() {
    let nested = format!("{{\"a\":{}", "[".repeat(3 << 20));
    let digits = format!(
        "{{\"type\":\"transfer\",\"account\":\"a\",\"time\":\"2026-03-01T09:00:00Z\",\"region\":\"eu\",\"bytes\":{}}}",
        "9".repeat(500_000)
    );
    let exponent = digits.replace(&"9".repeat(500_000), "1e999999999999");
    let members = format!("{{{}\"b\":1}}", (0..50_000).map(|n| format!("\"k{n}\":1,")).collect::<String>());
    let account = digits.replace("\"a\"", &format!("\"{}\"", "a".repeat(5000)));
    let quotes = "\"\n".repeat(400_000);
    for (name, text) in [
        ("u.ndjson", nested.clone()),
        ("u.ndjson", digits),
        ("u.ndjson", exponent),
        ("u.ndjson", members),
        ("u.ndjson", account),
    ] {
        let summary = drain(vec![Source::Bytes(name.into(), text.into())], options()).unwrap();
        assert_eq!((summary.events, summary.accepted), (1, 0));
    }
    assert_eq!(
        drain(vec![Source::Bytes("u.json".into(), nested.into())], options()).err().map(|e| e.code()),
        Some("I005")
    );
    let csv = format!("type,account,time\n{quotes}\"");
    let summary = drain(vec![Source::Bytes("u.csv".into(), csv.into())], options()).unwrap();
    assert_eq!(summary.accepted, 0);
}
