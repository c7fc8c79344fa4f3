//! Who is on what, from anywhere: the first byte chooses the format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use price_ingest::{Source, read_subscriptions};

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let name = ["s.csv", "s.ndjson", "s.json"][usize::from(choice % 3)];
    match read_subscriptions(Source::Bytes(name.into(), rest.to_vec()), None) {
        Ok(rows) => assert!(rows.iter().all(|row| !row.account.is_empty())),
        Err(problems) => assert!(!problems.is_empty()),
    }
});
