//! Measures how fast usage files are read: `read_usage [--threads N] [--sorted] [--no-dedupe] FILE…`
//!
//! Files are those of the benchmark generator.

use price_ingest::{Forget, Options, Order, Reader, Source};
use price_ir::Plan;
use std::sync::Arc;
use std::time::Instant;

/// A plan that knows the event `transfer { region: us | eu | apac, bytes: byte }`.
const PLAN: &str = r#"{
  "name": "read-usage", "kind": "rate-card", "version": null,
  "currency": {"code": "USD", "decimals": 2, "symbol": null, "is_virtual": false},
  "zone": "UTC", "billing": {"every": "month", "day": 1, "month": 1}, "net_days": null,
  "effective": {"from": null, "until": null},
  "rounding": {"each": "line", "rounding": {"mode": "half-up", "step": "1/100"}},
  "late": null,
  "dimensions": [{"name": "region", "labels": ["us", "eu", "apac"], "kind": {"listed": {"unknown": null}}}],
  "calendars": [],
  "events": [{"name": "transfer", "fields": [
    {"name": "region", "ty": {"label": 0}, "optional": false},
    {"name": "bytes", "ty": {"number": {"unit": "byte", "decimals": 0, "signed": false, "level": false, "accepts": []}},
     "optional": false}]}],
  "sinks": [], "allowances": [], "lines": [], "discounts": [], "clamps": [], "attributions": [], "rules": []
}"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let plan: Arc<Plan> = Arc::new(serde_json::from_str(PLAN)?);
    let mut options = Options::default();
    let mut sources = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--threads" => options.threads = arguments.next().unwrap_or_default().parse()?,
            "--memory" => options.memory_bytes = arguments.next().unwrap_or_default().parse()?,
            "--sorted" => options.order = Order::ByEventTime,
            "--no-dedupe" => options.dedupe = false,
            path => sources.push(Source::named(path)),
        }
    }
    let start = Instant::now();
    let mut blocks = 0u64;
    let (summary, _) = Reader::open(&plan, sources, options)?.read(&mut Forget, &mut |_| {}, &mut |_, _| {
        blocks += 1;
        Ok(())
    })?;
    let millis = start.elapsed().as_millis().max(1);
    println!(
        "{} events, {} accepted, {} duplicates, {} refused, {} blocks, {} MB spilled: {millis} ms, {} events/s, {} MB/s",
        summary.events,
        summary.accepted,
        summary.duplicates,
        summary.rejected_total(),
        blocks,
        summary.spilled_bytes / 1_000_000,
        u128::from(summary.events) * 1000 / millis,
        u128::from(summary.bytes) / 1000 / millis
    );
    Ok(())
}
