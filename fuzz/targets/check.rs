//! A whole file through the compiler.
#![no_main]

use libfuzzer_sys::fuzz_target;
use price_driver::{MemoryWorld, Workspace};

fuzz_target!(|text: &str| {
    let world = MemoryWorld::new().with("fuzz.price", text);
    if let Ok(workspace) = Workspace::load(&world, &["fuzz.price".to_owned()]) {
        let found = workspace.check();
        assert!(found.iter().all(|finding| finding.code.as_str() != "L024"), "a plan its verifier refuses");
    }
});
