//! Files that are in order are handed out as they are read, with the rows sorting them would give.

use crate::common::{Outcome, options, read};
use price_ingest::write::{Cell, Kind, OutputFormat, TableWriter};
use price_ingest::{Options, Order, Source};
use std::fs::write;

/// A file of transfers: account, nanoseconds and id of each.
fn table(rows: &[(String, i64, String)]) -> Vec<u8> {
    let text = |name| (name, Kind::Text);
    let columns =
        [text("type"), text("account"), ("time", Kind::Instant), text("id"), text("region"), ("bytes", Kind::Whole)];
    let mut table = TableWriter::create(OutputFormat::Parquet, Vec::new(), &columns).unwrap();
    for (n, (account, at, id)) in rows.iter().enumerate() {
        let row = [
            Cell::Text("transfer"),
            Cell::Text(account),
            Cell::Instant(1_772_355_600_000_000_000 + at),
            Cell::Text(id),
            Cell::Text("eu"),
            Cell::Whole(n as i64),
        ];
        table.row(&row).unwrap();
    }
    table.finish().unwrap()
}

/// Rows of which `together` at a time happen at once, with accounts and ids in no order.
fn rows(count: i64, together: i64) -> Vec<(String, i64, String)> {
    let mixed = |n: i64| (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    (0..count).map(|n| (format!("c{}", mixed(n) % 50), n / together, mixed(n + count).to_string())).collect()
}

/// The outcome of the files, and of the same bytes where nobody can look ahead.
fn both(parts: &[&[(String, i64, String)]]) -> (Outcome, Outcome) {
    let dir = tempfile::tempdir().unwrap();
    let tight =
        Options { order: Order::ByEventTime, dedupe: false, keep_identity: true, memory_bytes: 50_000, ..options() };
    let (mut files, mut bytes) = (Vec::new(), Vec::new());
    for (n, part) in parts.iter().enumerate() {
        let path = dir.path().join(format!("{n}.parquet"));
        write(&path, table(part)).unwrap();
        files.push(Source::File(path));
        bytes.push(Source::Bytes(format!("{n}.parquet"), table(part)));
    }
    (read(files, tight.clone()).unwrap(), read(bytes, tight).unwrap())
}

#[test]
fn rows_in_order_pass_through_and_those_of_one_instant_are_sorted() {
    for (together, cut) in [(1, 9_000), (3, 10_000), (1000, 8_500), (3, 0)] {
        let all = rows(20_000, together);
        let (head, tail) = all.split_at(cut);
        let (streamed, sorted) = both(&[head, tail]);
        assert_eq!(streamed.summary.spilled_bytes, 0, "{together}");
        assert!(sorted.summary.spilled_bytes > 500_000, "{}", sorted.summary.spilled_bytes);
        assert_eq!(streamed.summary.accepted, 20_000);
        assert_eq!(streamed.rows(), sorted.rows(), "{together} {cut}");
    }
}

#[test]
fn rows_out_of_order_are_sorted() {
    let mut all = rows(20_000, 2);
    all.swap(15_000, 3_000);
    let (head, tail) = all.split_at(9_000);
    // Out of order in one file; each in order, but not one after the other; many at one instant.
    let long = rows(20_000, 5_000);
    let fine = rows(20_000, 2);
    for parts in [[head, tail], [&fine[9_000..], &fine[..9_000]], [&long[..9_000], &long[9_000..]]] {
        let (files, bytes) = both(&parts);
        assert!(files.summary.spilled_bytes > 500_000, "{}", files.summary.spilled_bytes);
        assert_eq!(files.rows(), bytes.rows());
    }
}
