//! Compiled plans from anywhere.
#![no_main]

use libfuzzer_sys::fuzz_target;
use price_ir::artefact::{decode, encode};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(artefact) = decode(bytes) {
        let again = encode(&artefact.plan, &artefact.source_map).expect("what loads can be written");
        assert_eq!(again, bytes, "there is one form of an artefact");
    }
});
