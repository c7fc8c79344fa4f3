//! The path of an event: its state, and what it adds.

use crate::{CALLS, Host, JANUARY_20, LEVELS, call, level, usage};
use price_core::{Answer, Command, PathView, Standing};
use price_sim::Rng;
use price_value::Rational;
use std::collections::BTreeMap;

const HEAD: &str = "use std.units (call, byte, GB)
use std.currencies (USD)

dimension region = us | eu
event request { path: text }
event transfer { bytes: byte, region: region }
meter calls = count of request in calls
meter egress = sum of transfer.bytes in GB by region

plan PLAN {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-even to cents
  price egress on egress by region {
    graduated per GB {
      up to | us     | eu
      10 GB | $0.10  | $0.30
      40 GB | $0.07  | $0.20
      beyond | $0.03 | $0.10
    }
  }
  price touched on each transfer = $0.01
  price calls on calls {
    graduated per call {
      up to 20 calls $0.25
      beyond         $0.10
    }
NET  }
MORE  late events accepted for 3650 days then next period
}
";

/// Amounts depend on no order.
fn plain() -> String {
    HEAD.replace("PLAN", "plain").replace("NET", "").replace("MORE", "")
}

/// Calls are included, in the way that `draw` says.
fn included(name: &str, draw: &str, counting: &str) -> String {
    let more = format!(
        "  allowance bundle = 15 calls per month on calls{draw}
  waterfall {{
    first   allowance bundle
    finally invoice
  }}
  prorate bundle never
"
    );
    HEAD.replace("PLAN", name).replace("NET", &format!("    tiers count {counting} usage\n")).replace("MORE", &more)
}

/// Every sort of price that events are behind: by open labels, with a change of rates, by volume,
/// on each event with pulses and split, with what is included by the day.
const WIDE: &str = "use std.units (call, byte, GB, second, minute)
use std.currencies (USD)

dimension project = any text at most 10
calendar daypart in \"Europe/Berlin\" {
  peak    mon..fri 08:00..20:00
  offpeak otherwise
}
event request { path: project }
event talk { length: second }
meter calls = count of request in calls
meter all_calls = count of request in calls
meter parts = count of request in calls by path

plan wide {
  currency USD
  timezone \"Europe/Berlin\"
  billing  monthly on day 1
  rounding each line half-even to cents
  price parts on parts by path {
    graduated per call {
      up to 20 calls $0.25
      beyond         $0.10
    }
  }
  price volume_calls on all_calls {
    volume per call {
      up to 40 calls $0.25
      beyond         $0.10
    }
    tiers count net usage
    allow cliffs
  }
  price dated on calls {
    graduated per call {
      up to 20 calls $0.25
      beyond         $0.10
    }
    tiers count net usage
  }
  override price dated from 2026-01-16 less 50%
  allowance bundle = 2 calls per day on calls draw as used
  allowance other = 2 calls per day on all_calls draw as used
  price pulses on each talk {
    measure length
    flat $0.40
    graduated per minute {
      up to 60 seconds in steps of 60 seconds $0.20
      beyond in steps of 1 second             $0.10
    }
    round each talk up to $0.0001
  }
  price talks on each talk by daypart {
    measure length
    table per minute {
      daypart | rate
      peak    | $0.60
      offpeak | $0.30
    }
    split at daypart
  }
  waterfall {
    first   allowance bundle
    then    allowance other
    finally invoice
  }
  prorate bundle never
  prorate other never
  late events accepted for 3650 days then next period
}
";

/// The event of [`record`], as [`WIDE`] has it.
fn widened(rng: &mut Rng, record: &str) -> String {
    let project = ["red", "green", "blue"][rng.below(3) as usize];
    let talk = record.replace("transfer", "talk").replace("\"region\":\"us\"", "").replace("\"region\":\"eu\"", "");
    match talk.split_once("\"bytes\":") {
        Some((head, _)) => format!("{head}\"length\":{}}}", rng.below(40_000)),
        None => record.replace("\"/\"", &format!("\"{project}\"")),
    }
}

fn record(rng: &mut Rng, id: u64, account: &str) -> String {
    let time = format!("2026-0{}-{:02}T{:02}:00:00Z", rng.between(1, 2), rng.between(1, 28), rng.below(24));
    match rng.below(2) {
        0 => call(&id.to_string(), account, &time),
        _ => format!(
            r#"{{"source":"s","id":"{id}","type":"transfer","account":"{account}","time":"{time}","bytes":{},"region":"{}"}}"#,
            rng.below(3_000_000_000),
            ["us", "eu"][rng.below(2) as usize]
        ),
    }
}

/// A few hundred events, some of which are taken back or replaced.
fn history(source: &str, plan: &str, seed: u64) -> Host {
    let made = |rng: &mut Rng, id: u64, account: &str| {
        let record = record(rng, id, account);
        if plan == "wide" { widened(rng, &record) } else { record }
    };
    let mut rng = Rng::new(seed);
    let mut host = Host::with(source, plan, &["a", "b"]);
    for id in 0..300 {
        let account = ["a", "b"][rng.below(2) as usize];
        let sent = host.one(JANUARY_20, usage(made(&mut rng, id, account)));
        assert!(matches!(sent, Answer::Accepted { .. }), "{sent:?}");
        let earlier = rng.below(id + 1);
        match rng.below(20) {
            0 => drop(
                host.one(JANUARY_20, Command::Void { tenant: "t".into(), source: "s".into(), id: earlier.to_string() }),
            ),
            1 => {
                let record = made(&mut rng, earlier, account);
                host.one(JANUARY_20, Command::Replace { tenant: "t".into(), record });
            }
            _ => {}
        }
    }
    host
}

fn path(host: &mut Host, id: u64) -> PathView {
    host.machine.path("t", "s", &id.to_string()).expect("it was accepted")
}

/// Amounts by account, period and line; none for lines that have no amounts by event.
type Sums = BTreeMap<(String, String, String), Option<Rational>>;

fn sums(host: &mut Host) -> (Sums, Rational) {
    let (mut sums, mut drawn) = (Sums::new(), Rational::ZERO);
    for id in 0..300 {
        let view = path(host, id);
        for (_, amount) in &view.trace.as_ref().expect("it fits").drawn {
            drawn += amount;
        }
        for traced in &view.trace.as_ref().expect("it fits").lines {
            let name = view.plan.lines[traced.line.ix()].name.clone();
            let key = (view.contents[0].billed.clone(), view.period.from.to_string(), name);
            let sum = sums.entry(key).or_insert(Some(Rational::ZERO));
            *sum = match (sum.take(), &traced.amount) {
                (Some(sum), Ok(amount)) => Some(sum + amount),
                _ => None,
            };
            for cell in traced.cells.iter().filter(|cell| !cell.tiers.is_empty()) {
                let tiers: Rational = cell.tiers.iter().map(|tier| &tier.exact).sum();
                assert_eq!(Some(tiers), cell.amount, "event {id}");
            }
        }
    }
    (sums, drawn)
}

#[test]
fn what_events_add_sums_to_their_lines() {
    let plans = [
        ("plain", plain()),
        ("net", included("net", " draw as used", "net")),
        ("gross", included("gross", " draw as used", "gross")),
        ("wide", WIDE.to_owned()),
    ];
    for (plan, source) in plans {
        let mut host = history(&source, plan, 11);
        let (sums, drawn) = sums(&mut host);
        let lines = if plan == "wide" { 5 } else { 3 };
        assert!(sums.len() >= 4 * lines, "two accounts, two months");
        let mut used = Rational::ZERO;
        for account in ["a", "b"] {
            // In Berlin, the last hour of February is of March.
            for day in ["2026-01-01", "2026-02-01", "2026-03-01"] {
                let invoice = host.invoice(account, day);
                let used_lines = invoice.lines.iter().filter(|line| !line.cells.is_empty());
                for line in used_lines {
                    let key = (account.to_owned(), day.to_owned(), line.name.clone());
                    assert_eq!(sums[&key].as_ref(), Some(&line.gross), "{plan}: {key:?}");
                }
                assert!(day == "2026-03-01" || invoice.lines.len() == lines);
                used += &invoice.allowances.iter().map(|a| &a.used).sum::<Rational>();
            }
        }
        assert_eq!(drawn, used, "{plan}");
        assert_eq!(drawn.is_zero(), plan == "plain");
    }
}

#[test]
fn what_no_event_adds_alone_has_no_amount() {
    let mut host = history(&included("all", "", "net"), "all", 5);
    let (sums, drawn) = sums(&mut host);
    assert!(drawn.is_zero());
    for ((_, _, line), sum) in &sums {
        assert_eq!(sum.is_none(), line == "calls", "{line}");
    }
    let mut host = Host::with(LEVELS, "disk", &["a"]);
    host.one(JANUARY_20, usage(level("1", "a", "2026-01-05T00:00:00Z", 100)));
    let view = path(&mut host, 1);
    let lines = &view.trace.as_ref().expect("it fits").lines;
    assert_eq!(lines.len(), 2);
    for line in lines {
        assert!(line.amount.is_err() && line.cells[0].amount.is_none() && line.cells[0].tiers.is_empty());
        assert!(!line.cells[0].rules.is_empty());
    }
}

#[test]
fn units_fall_into_the_tiers_that_are_reached() {
    let mut host = Host::with(&plain(), "plain", &["a"]);
    let bytes = |id: u64, day: u32, bytes: u64| {
        format!(
            r#"{{"source":"s","id":"{id}","type":"transfer","account":"a","time":"2026-01-{day:02}T00:00:00Z","bytes":{bytes},"region":"eu"}}"#
        )
    };
    // Sent in another order than they happened in.
    host.one(JANUARY_20, usage(bytes(2, 9, 6_000_000_000)));
    host.one(JANUARY_20, usage(bytes(1, 3, 8_000_000_000)));
    let view = path(&mut host, 2);
    let line = &view.trace.as_ref().expect("it fits").lines[0];
    let cell = &line.cells[0];
    assert_eq!(cell.labels, [("region".to_owned(), "eu".to_owned())]);
    let text = |r: &Rational| r.to_string();
    let tiers: Vec<[String; 4]> =
        cell.tiers.iter().map(|t| [text(&t.from), text(&t.quantity), text(&t.rate), text(&t.exact)]).collect();
    assert_eq!(tiers, [["0", "2", "0.3", "0.6"].map(String::from), ["10", "4", "0.2", "0.8"].map(String::from)]);
    assert_eq!((line.amount.clone(), line.unit.as_str()), (Ok("1.4".parse().expect("a number")), "GB"));
    let place = view.source_map.get(cell.rules[0]).expect("a place");
    assert!(place.excerpt.starts_with("price egress on egress by region"), "{}", place.excerpt);
}

#[test]
fn an_event_says_what_became_of_it() {
    let mut host = Host::with(CALLS, "api", &["a", "b"]);
    let standings = |view: &PathView| view.contents.iter().map(|c| (c.seq, c.standing)).collect::<Vec<_>>();
    host.one(JANUARY_20, usage(call("1", "a", "2026-01-05T09:00:00Z"))); // 4
    for id in ["2", "3"] {
        let record = call(id, "a", "2026-01-06T09:00:00Z");
        host.one(JANUARY_20, Command::Usage { tenant: "t".into(), record, set: Some("import".into()) }); // 5, 6
    }
    let moved = call("1", "b", "2026-02-05T09:00:00Z");
    host.one(JANUARY_20, Command::Replace { tenant: "t".into(), record: moved }); // 7
    let view = path(&mut host, 1);
    assert_eq!(standings(&view), [(7, Standing::Current), (4, Standing::Replaced(7))]);
    assert_eq!((view.contents[0].billed.as_str(), view.contents[1].billed.as_str()), ("b", "a"));
    assert_eq!(view.period.from.to_string(), "2026-02-01");
    let void = |id: &str| Command::Void { tenant: "t".into(), source: "s".into(), id: id.into() };
    host.one(JANUARY_20, void("1")); // 8
    host.one(JANUARY_20, void("2")); // 9
    assert_eq!(path(&mut host, 3).set.as_deref(), Some("import"));
    host.one(JANUARY_20, Command::Revert { tenant: "t".into(), set: "import".into() }); // 10
    let expected = [
        (1, vec![(7, Standing::Voided(8)), (4, Standing::Replaced(7))], None),
        (2, vec![(5, Standing::Voided(9))], Some("import")),
        (3, vec![(6, Standing::Reverted(10))], Some("import")),
    ];
    let again = host.replayed();
    for mut host in [host, Host { machine: again, log: Vec::new() }] {
        for (id, known, set) in &expected {
            let view = path(&mut host, *id);
            assert_eq!((standings(&view), view.set.as_deref()), (known.clone(), *set));
            assert_eq!(view.trace.map(|trace| trace.lines.len()), Ok(0), "it adds nothing");
        }
        assert!(host.machine.path("t", "s", "9").is_none() && host.machine.path("u", "s", "1").is_none());
    }
}

#[test]
fn a_late_event_stands_on_a_later_invoice() {
    let mut host = Host::with(CALLS, "api", &["a"]);
    host.one(JANUARY_20 + 50 * crate::DAY, usage(call("1", "a", "2026-01-05T09:00:00Z")));
    let view = path(&mut host, 1);
    assert_eq!(
        (view.period.from.to_string(), view.invoiced.from.to_string()),
        ("2026-01-01".into(), "2026-03-01".into())
    );
}
