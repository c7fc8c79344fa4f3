//! `price solve --commitment`: which commitment would have cost least, with worked numbers.

use crate::{Place, Ran};
use serde_json::Value;

const HEAD: &str = "use std.units (call)
use std.currencies (USD)

event request { path: text }
meter calls = count of request in calls
";

fn plan(name: &str, rate: &str, more: &str) -> String {
    format!(
        "\nplan {name} {{\n  currency USD\n  timezone \"UTC\"\n  billing  monthly on day 1\n  rounding each line half-up to cents\n  price calls on calls = {rate} per call\n{more}  late events accepted for 3 days then next period\n}}\n"
    )
}

const POSTPAID: &str = "  commitment spend postpaid {
    amount    $300.00 per month
    counts    calls
    shortfall forfeited
    excess    ignored
    overage   at 120% of contract prices
  }
";

const PREPAID: &str = "  commitment spend prepaid {
    amount     $240.00 per month
    counts     calls
    invoiced   at start
    unused     expires
    covered at 80% of contract prices
  }
  waterfall {
    first   commitment spend
    finally invoice
  }
";

/// 100 calls in January, 300 in February, 200 in March.
fn usage(place: &Place) {
    let mut lines = String::new();
    for (month, count) in [("01", 100), ("02", 300), ("03", 200)] {
        for number in 0..count {
            lines.push_str(&format!(
                "{{\"source\":\"s\",\"id\":\"{month}-{number}\",\"type\":\"request\",\"account\":\"acme\",\"time\":\"2026-{month}-0{}T00:00:00Z\",\"path\":\"x\"}}\n",
                1 + number % 9
            ));
        }
    }
    place.file("usage.ndjson", &lines);
}

fn json(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).expect("JSON")
}

const ASK: [&str; 6] = ["--commitment", "--events", "usage.ndjson", "--in", "2026-Q1", "--no-progress"];

fn solve(place: &Place, file: &str, more: &[&str]) -> Ran {
    let args: Vec<&str> = ["solve", file].iter().chain(&ASK).chain(more).copied().collect();
    place.run(&args)
}

#[test]
fn the_cheapest_amount_of_a_postpaid_commitment_is_where_a_month_reaches_it() {
    let place = Place::new();
    usage(&place);
    place.file("a.price", &format!("{HEAD}{}", plan("team", "$1.00", POSTPAID)));
    let ran = solve(&place, "a.price", &[]);
    // $600 of usage. At $300: $200 and $100 are missing. At $100: a fifth of $200 and of $100 more.
    let expected = "spend: $100.00 would have cost least: $660.00, $240.00 less than $300.00 today
  commits    costs
    $0.00  $720.00
  $100.00  $660.00  cheapest
  $200.00  $720.00
  $300.00  $900.00  today
";
    assert_eq!((ran.code, ran.out.as_str()), (0, expected), "{}", ran.err);
    let value = json(&solve(&place, "a.price", &["--output-format", "json"]));
    assert_eq!((&value["best"]["amount"], &value["best"]["cost"]), (&"100".into(), &"660".into()));
    assert_eq!((&value["today"]["cost"], &value["saving"]), (&"900".into(), &"240".into()));
    assert_eq!(value["exact"], true);
    let ran = solve(&place, "a.price", &["--offered", "$250", "--offered", "$150"]);
    assert!(ran.out.starts_with("spend: $150.00 would have cost least: $690.00"), "{} {}", ran.out, ran.err);
    let ran = solve(&place, "a.price", &["--ratings", "3"]);
    assert!(ran.err.contains("3 ratings were not enough"), "{}", ran.err);
}

#[test]
fn the_cheapest_amount_of_a_prepaid_commitment_is_one_that_is_used_up() {
    let place = Place::new();
    usage(&place);
    place.file("a.price", &format!("{HEAD}{}", plan("team", "$1.00", PREPAID)));
    let ran = solve(&place, "a.price", &[]);
    // At $80: three times $80, which pay $100 each month, and $200 and $100 at contract prices.
    let expected = "spend: $80.00 would have cost least: $540.00, $180.00 less than $240.00 today
  commits    costs
    $0.00  $600.00
   $80.00  $540.00  cheapest
  $160.00  $580.00
  $240.00  $720.00  today
";
    assert_eq!((ran.code, ran.out.as_str()), (0, expected), "{}", ran.err);
    let outside = PREPAID.replace("invoiced   at start", "already paid");
    place.file("b.price", &format!("{HEAD}{}", plan("team", "$1.00", &outside)));
    assert_eq!(solve(&place, "b.price", &[]).out, expected, "what is paid outside invoices counts");
}

#[test]
fn of_several_levels_the_cheapest_is_told() {
    let place = Place::new();
    usage(&place);
    let level = |amount: &str| {
        format!(
            "  commitment spend postpaid {{\n    amount ${amount} per month\n    counts calls\n    shortfall forfeited\n    excess ignored\n  }}\n"
        )
    };
    let file = [
        HEAD.to_owned(),
        plan("starter", "$1.00", ""),
        plan("growth", "$0.80", &level("150")),
        plan("scale", "$0.60", &level("400")),
    ];
    place.file("levels.price", &file.concat());
    let ran = solve(&place, "levels.price", &["--among", "starter,growth,scale"]);
    let expected = "growth would have cost least: $550.00, $50.00 less than starter today
                     plan      costs
  starter commits nothing    $600.00  today
   growth commits $150.00    $550.00  cheapest
    scale commits $400.00  $1_200.00
";
    assert_eq!((ran.code, ran.out.as_str()), (0, expected), "{}", ran.err);
    let value = json(&solve(
        &place,
        "levels.price",
        &["--among", "starter,growth,scale", "--for", "scale", "--output-format", "json"],
    ));
    assert_eq!((&value["saving"], &value["best"]["plan"]), (&"650".into(), &"growth".into()));
    let ran = solve(&place, "levels.price", &["--among", "starter,growth", "--for", "scale"]);
    assert!(ran.code == 2 && ran.err.contains("C099"), "{}", ran.err);
}

#[test]
fn a_commitment_that_is_not_over_is_not_judged() {
    let place = Place::new();
    usage(&place);
    let yearly = POSTPAID.replace("per month", "per year");
    place.file("a.price", &format!("{HEAD}{}", plan("team", "$1.00", &yearly)));
    let ran = solve(&place, "a.price", &[]);
    assert!(ran.code == 2 && ran.err.contains("goes on after the time that is billed"), "{} {}", ran.out, ran.err);
    place.file("b.price", &format!("{HEAD}{}", plan("team", "$1.00", "")));
    assert!(solve(&place, "b.price", &[]).err.contains("`team` has no commitment"));
    let ramp = POSTPAID.replace(
        "amount    $300.00 per month",
        "amount {\n      month 1 $100.00\n      month 2 $200.00\n      month 3 $200.00\n    }",
    );
    place.file("c.price", &format!("{HEAD}{}", plan("team", "$1.00", &ramp)));
    assert!(solve(&place, "c.price", &[]).err.contains("another amount for each step"));
    assert_eq!(place.run(&["solve", "a.price", "--commitment"]).code, 2, "usage is needed");
}
