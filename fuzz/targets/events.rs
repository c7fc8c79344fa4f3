//! Usage in every format: the first byte chooses.
#![no_main]

use libfuzzer_sys::fuzz_target;
use price_driver::{MemoryWorld, Workspace};
use price_ingest::{Forget, Options, Reader, Source};
use price_ir::Plan;
use std::sync::{Arc, OnceLock};

/// A plan with fields of every type.
const PLAN: &str = "\
use std.units (byte, second, token)
use std.currencies (USD)

dimension region = us | eu unknown is eu
dimension kind   = input | output
dimension user   = any text at most 100

event transfer { region: region, bytes: byte, user: user, secure: flag optional }
event call { duration: second decimals 3, tokens: token by kind, cost: USD signed }

meter bytes = sum of transfer.bytes by region
meter talk = sum of call.duration

ratecard all {
  currency USD
  rounding each line half-up to cents
  price bytes on bytes = $0.01 per byte
  price talk on talk = $0.01 per second
  price cost on each call = 110% of cost
}
";

fn plan() -> Arc<Plan> {
    static MADE: OnceLock<Arc<Plan>> = OnceLock::new();
    let make = || {
        let world = MemoryWorld::new().with("plan.price", PLAN);
        let workspace = Workspace::load(&world, &["plan.price".to_owned()]).expect("it loads");
        let subject = workspace.subject(Some("all")).expect("there is one");
        workspace.compile(&subject).expect("it compiles").plan
    };
    MADE.get_or_init(make).clone()
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let name = ["u.ndjson", "u.json", "u.csv", "u.parquet"][usize::from(choice % 4)];
    let options = Options { threads: 1, ..Options::default() };
    let source = Source::Bytes(name.into(), rest.to_vec());
    let Ok(reader) = Reader::open(&plan(), vec![source], options) else { return };
    let read = reader.read(&mut Forget, &mut |_| {}, &mut |_, _| Ok(()));
    if let Err(error) = read {
        assert_ne!(error.code(), "I015", "{error}");
    }
});
