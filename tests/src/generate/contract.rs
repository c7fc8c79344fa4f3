//! Random contracts as an author writes them, and usage for them.

use super::Rng;
use std::fmt::Write;

/// The name of every generated contract; it is one customer with two accounts.
pub const NAME: &str = "initech";

/// The types of the events that [`usage`] makes.
pub const EVENTS: [&str; 3] = ["request", "transfer", "staff"];

/// A contract with prices, fees, allowances, discounts, caps, wallets, a commitment and a
/// waterfall, as a seed decides.
pub fn contract(rng: &mut Rng) -> String {
    let mut out = String::from(
        "use std.units (call, byte, GB)\nuse std.currencies (USD)\n\nunit seat, seats\ndimension region = eu | us\n\n\
         event request { region: region }\nevent transfer { region: region, bytes: byte }\nevent staff { seats: level seat }\n\n\
         meter calls = count of request in calls by region\nmeter traffic = sum of transfer.bytes in GB by region\n\
         meter seats = last of staff.seats\n\n",
    );
    let zone = rng.pick(&["UTC", "Europe/Berlin", "America/New_York"]);
    let mode = rng.pick(&["half-up", "half-even", "down"]);
    let _ = write!(
        out,
        "contract {NAME} with \"Initech\" {{\n  buyer \"Initech\" accounts a, b\n  term 2026-01-01 through 2026-12-31\n  \
         currency USD\n  timezone \"{zone}\"\n  billing monthly on day 1\n  rounding each line {mode} to cents\n"
    );
    let mut lines = vec!["calls", "traffic"];
    calls(rng, &mut out);
    let linear = traffic(rng, &mut out);
    if rng.chance(50) {
        lines.push("support");
        let _ =
            writeln!(out, "  fee support = ${}.00 per month in advance\n  prorate support never", rng.within(1, 90));
    }
    if rng.chance(40) {
        lines.push("staff");
        out.push_str("  fee staff on seats = $12.50 per seat per month in advance\n  prorate staff daily\n");
    }
    if rng.chance(30) {
        let _ = writeln!(out, "  override price traffic where region is eu less {}%", rng.within(1, 60));
    }
    let allowance = linear && rng.chance(50);
    if allowance {
        let roll = rng.pick(&["rollover none", "rollover up to 3 GB for 1 month"]);
        let _ = writeln!(
            out,
            "  allowance included = {} GB per month on traffic {roll} draw cheapest first\n  prorate included never",
            rng.within(1, 9)
        );
    }
    if rng.chance(40) {
        let scope = rng.pick(&["all", "calls", "traffic", "calls, traffic"]);
        let until = rng.pick(&["", " through 2026-02-28"]);
        let _ = writeln!(out, "  discount launch = {}% on {scope} from 2026-01-01{until}", rng.within(1, 30));
    }
    if rng.chance(30) {
        let _ = writeln!(out, "  cap traffic at ${}.00 per month whole", rng.within(5, 60));
    }
    if rng.chance(30) {
        let _ = writeln!(out, "  minimum calls at ${}.00 per month whole", rng.within(1, 9));
    }
    funds(rng, &lines, allowance, &mut out);
    out.push_str("  late events accepted for 3 days then next period\n}\n");
    out
}

fn calls(rng: &mut Rng, out: &mut String) {
    let (a, b) = (rng.within(2, 90), rng.within(1, 60));
    let _ = match rng.below(4) {
        0 => writeln!(out, "  price calls on calls = $0.{a:02} per call"),
        1 => writeln!(out, "  price calls on calls = $1.{a:02} per started 5 calls"),
        2 => writeln!(
            out,
            "  price calls on calls {{\n    graduated per call {{\n      up to {} calls $0.{a:02}\n      beyond $0.{b:02}\n    }}\n  }}",
            rng.within(1, 12)
        ),
        _ => writeln!(
            out,
            "  price calls on calls {{\n    volume per call {{\n      up to {} calls $0.{a:02}\n      beyond $0.{b:02}\n    }}\n    allow cliffs\n  }}",
            rng.within(1, 12)
        ),
    };
}

/// Whether it has no tiers.
fn traffic(rng: &mut Rng, out: &mut String) -> bool {
    let (a, b) = (rng.within(1, 99), rng.within(1, 99));
    if rng.chance(60) {
        let _ = writeln!(
            out,
            "  price traffic on traffic by region {{\n    table per GB {{\n      region | rate\n      eu | $1.{a:02}\n      us | $0.{b:02}3\n    }}\n  }}"
        );
        return true;
    }
    let _ = writeln!(
        out,
        "  price traffic on traffic by region {{\n    graduated per GB {{\n      up to | eu | us\n      4 GB | $1.{a:02} | $2.00\n      beyond | $0.{b:02} | $1.50\n    }}\n  }}"
    );
    false
}

fn funds(rng: &mut Rng, lines: &[&str], allowance: bool, out: &mut String) {
    let mut sources: Vec<&str> = Vec::new();
    let scope = |rng: &mut Rng| if rng.chance(50) { "all".to_owned() } else { (*rng.pick(lines)).to_owned() };
    if rng.chance(60) {
        sources.push("promo");
        let _ = writeln!(
            out,
            "  wallet promo {{\n    holds USD\n    pays for {}\n    grant ${}.00 free on start expires after {} months\n    overdraft none\n  }}",
            scope(rng),
            rng.within(1, 60),
            rng.within(1, 4)
        );
    }
    if rng.chance(60) {
        sources.push("prepaid");
        let cost = *rng.pick(&["already paid", "for $40.00"]);
        let top_up =
            if rng.chance(50) { "    top-up $20.00 for $18.00 when below $5.00 at most 2 per month\n" } else { "" };
        let overdraft = *rng.pick(&["none", "up to $10.00"]);
        let precise = *rng.pick(&["", "", "    precise to $0.0001 half-even\n"]);
        let _ = writeln!(
            out,
            "  wallet prepaid {{\n    holds USD\n    pays for {}\n    grant ${}.00 {cost} on start expires after {} months\n{top_up}{precise}    overdraft {overdraft}\n    spend {} first\n  }}",
            scope(rng),
            if cost == "already paid" { rng.within(10, 90) } else { 50 },
            rng.within(1, 12),
            rng.pick(&["oldest", "expiring"]),
        );
    }
    if rng.chance(40) {
        sources.push("monthly");
        let roll = *rng.pick(&["", "    rollover up to 50% for 1 month\n", "    rollover up to $4.00 for 2 months\n"]);
        let _ = writeln!(
            out,
            "  wallet monthly {{\n    holds USD\n    pays for {}\n    grant ${}.00 free each month expires at month end\n{roll}    overdraft none\n  }}",
            scope(rng),
            rng.within(1, 15)
        );
    }
    if rng.chance(50) {
        let credited = rng.chance(50);
        let shortfall = if credited { "credited to carryover" } else { "forfeited" };
        let excess = *rng.pick(&["ignored", "rolls over up to 10% for 90 days"]);
        let except = match sources.first() {
            Some(first) if rng.chance(40) => format!(" except paid by {first}"),
            _ => String::new(),
        };
        let _ = writeln!(
            out,
            "  commitment annual postpaid {{\n    amount ${}.00 per year\n    counts {}{except}\n    true-up quarterly to 25% cumulative\n    shortfall {shortfall}\n    excess {excess}\n  }}",
            rng.within(20, 900),
            scope(rng)
        );
        if credited {
            sources.push("carryover");
            out.push_str(
                "  wallet carryover {\n    holds USD\n    pays for all\n    grant annual.shortfall from commitment annual expires after 12 months\n    overdraft none\n  }\n",
            );
        }
    }
    if rng.chance(30) {
        sources.push("saver");
        let _ = writeln!(
            out,
            "  commitment saver prepaid {{\n    amount ${}.00 per month\n    counts {}\n    invoiced at start\n    unused expires\n    covered at {}% of contract prices\n  }}",
            rng.within(1, 30),
            scope(rng),
            rng.within(15, 120)
        );
    }
    if rng.chance(30) {
        let _ = writeln!(out, "  invoice early at ${}.00", rng.within(1, 20));
    }
    if sources.is_empty() && !allowance {
        return;
    }
    for at in (1..sources.len()).rev() {
        sources.swap(at, rng.below(at as u64 + 1) as usize);
    }
    let mut steps: Vec<String> = sources
        .iter()
        .map(|source| if *source == "saver" { format!("commitment {source}") } else { format!("wallet {source}") })
        .collect();
    if allowance {
        steps.insert(0, "allowance included".into());
    }
    out.push_str("  waterfall {\n");
    for (at, step) in steps.iter().enumerate() {
        let _ = writeln!(out, "    {} {step}", if at == 0 { "first" } else { "then" });
    }
    out.push_str("    finally invoice\n  }\n");
}

/// Events of four months, each as a line of NDJSON with an identity of its own.
pub fn usage(rng: &mut Rng, count: usize) -> Vec<String> {
    let event = |number: usize, rng: &mut Rng| {
        let (month, day) = (rng.within(1, 4), rng.within(2, 28));
        let time = format!("2026-{month:02}-{day:02}T{:02}:{:02}:00Z", rng.below(24), rng.below(60));
        let account = *rng.pick(&["a", "b"]);
        let region = *rng.pick(&["eu", "us"]);
        let what = match rng.below(5) {
            0 => format!("\"type\":\"staff\",\"seats\":{}", rng.below(9)),
            1 | 2 => format!("\"type\":\"transfer\",\"region\":\"{region}\",\"bytes\":{}", rng.below(4_000_000_000)),
            _ => format!("\"type\":\"request\",\"region\":\"{region}\""),
        };
        format!("{{\"id\":\"{number}\",\"source\":\"made-up\",\"account\":\"{account}\",\"time\":\"{time}\",{what}}}")
    };
    (0..count).map(|number| event(number, rng)).collect()
}
