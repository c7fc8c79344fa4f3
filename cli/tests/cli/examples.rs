//! The examples of the repository, rated as a user rates them: whole invoices as snapshots, and the
//! scenarios against amounts that were worked out elsewhere.

use crate::{Place, repository};
use serde_json::Value;

/// Example, usage, what it is rated for, and the time.
const EXAMPLES: [(&str, &str, &str, &str); 9] = [
    ("01-saas-seats", "01-saas-seats", "starter", "2026-01"),
    ("02-llm-api", "02-llm-api", "llm_2026", "2026-02"),
    ("03-object-storage", "03-object-storage", "cloud_2026", "2026-03"),
    ("04-enterprise-contract/globex", "04-enterprise-contract", "globex", "2026-Q1"),
    ("04-enterprise-contract/amendment_1", "04-enterprise-contract", "globex", "2026-Q3"),
    ("05-voice", "05-voice", "talk", "2026-03"),
    ("06-payments", "06-payments", "payments_2026", "2026-04"),
    ("07-ai-credits", "07-ai-credits", "team", "2026-05"),
    ("08-retroactive-amendment", "08-retroactive-amendment", "initech", "2026"),
];

fn rate(example: &str, usage: &str, subject: &str, time: &str, extra: &[&str]) -> String {
    let file = repository(&format!("examples/{example}.price")).display().to_string();
    let usage = repository("examples").join(format!("{usage}.ndjson")).display().to_string();
    let mut args = vec!["rate", &file, "--events", &usage, "--for", subject, "--in", time];
    args.extend(extra);
    let ran = Place::new().run(&args);
    assert_eq!(ran.code, 0, "{example}: {}", ran.err);
    ran.out
}

#[test]
fn every_example_gives_its_invoices_on_both_engines() {
    for (example, usage, subject, time) in EXAMPLES {
        let usage = format!("usage/{usage}");
        let rated = rate(example, &usage, subject, time, &[]);
        insta::assert_snapshot!(format!("invoices_{}", example.replace(['-', '/'], "_")), rated);
        assert_eq!(rated, rate(example, &usage, subject, time, &["--engine", "interp"]), "{example}");
    }
}

#[test]
fn the_order_of_operations_is_told_without_usage() {
    let place = Place::new();
    let text = std::fs::read_to_string(repository("examples/01-saas-seats.price")).expect("the example");
    place.file("seats.price", &text);
    let ran = place.run(&["explain", "seats.price", "--order"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    insta::assert_snapshot!("order_of_operations", ran.out);
}

/// An amount of cents or finer as a whole number of ten-thousandths.
fn units(amount: &str) -> i64 {
    let (sign, digits) = amount.strip_prefix('-').map_or((1, amount), |rest| (-1, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(part.len() <= 4, "{amount} is finer than expected");
    let text = format!("{whole}{part:0<4}");
    sign * text.parse::<i64>().expect("an amount")
}

/// Every invoice of a scenario, in order of time, the same from both engines.
fn months(name: &str, usages: &[&str], subject: &str, time: &str) -> Vec<Value> {
    let run = |engine| {
        let file = repository(&format!("examples/scenarios/{name}.price")).display().to_string();
        let usages: Vec<String> = usages
            .iter()
            .map(|u| repository(&format!("examples/scenarios/usage/{u}.ndjson")).display().to_string())
            .collect();
        let mut args =
            vec!["rate", &file, "--for", subject, "--in", time, "--format", "json", "--engine", engine, "--events"];
        args.extend(usages.iter().map(String::as_str));
        let ran = Place::new().run(&args);
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        ran.out
    };
    let text = run("jit");
    assert_eq!(text, run("interp"), "{name}: the engines agree");
    let json: Value = serde_json::from_str(&text).expect("JSON");
    json["invoices"].as_array().expect("invoices").clone()
}

fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("no {path} in {value}"))
}

fn named<'v>(list: &'v Value, name: &str) -> &'v Value {
    let found = list.as_array().into_iter().flatten().find(|entry| entry["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {list}"))
}

#[test]
fn a_year_of_an_enterprise_agreement_is_drawn_to_the_cent() {
    let year = months("s11-enterprise-year", &["s11-enterprise-year"], "northstar", "2026");
    // Usage before sources, what is left of the commitment, what is asked for besides instalments.
    let expected = [
        ("28654.60", "272965.40", "0.00"),
        ("30045.10", "244540.30", "0.00"),
        ("31435.60", "214724.70", "0.00"),
        ("32826.10", "181898.60", "0.00"),
        ("34216.60", "147682.00", "0.00"),
        ("35607.10", "112074.90", "0.00"),
        ("34216.60", "77858.30", "0.00"),
        ("35452.60", "42405.70", "0.00"),
        ("36688.60", "5717.10", "0.00"),
        ("37924.60", "0.00", "32207.50"),
        ("39160.60", "0.00", "39160.60"),
        ("40396.60", "0.00", "40396.60"),
    ];
    assert_eq!(year.len(), expected.len());
    let mut asked = 0;
    for (month, (gross, left, due)) in year.iter().zip(expected) {
        let instalment: i64 = month["lines"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|line| line["kind"] == "purchase")
            .map(|line| units(text(line, "/amount")))
            .sum();
        assert_eq!(units(text(month, "/total")) - instalment, units(gross));
        assert_eq!(text(named(&month["payment"]["balances"], "year"), "/closed"), left);
        assert_eq!(units(text(month, "/due")) - instalment, units(due));
        asked += units(text(month, "/due"));
    }
    assert_eq!(asked, units("411764.70"));
    let april = named(&year[3]["payment"]["balances"], "promotion");
    assert_eq!(text(april, "/expired"), "5140.00", "the promotion ends with March");
}

#[test]
fn seats_and_credits_are_restated_by_a_late_event_without_a_changed_line() {
    let june_of = |usages: &[&str]| {
        let all = months("s12-seats-and-credits", usages, "team", "2026-06-01..2026-08-01");
        assert_eq!(all.len(), 2);
        assert_eq!(units(text(&all[0], "/due")) + units(text(&all[1], "/due")), units("770.00"));
        all[0].clone()
    };
    let june = june_of(&["s12-seats-and-credits"]);
    assert_eq!(text(&june, "/payment/revenue/deferred"), "14.64");
    assert_eq!(text(named(&june["payment"]["balances"], "credits"), "/closed"), "366");
    let movements = |invoice: &Value| -> Vec<String> {
        let ledger = invoice["payment"]["ledger"].as_array().expect("a ledger");
        let lots = ledger.iter().filter(|e| e["currency"] == "CREDIT");
        lots.map(|e| {
            let side = if text(e, "/debit").starts_with("lot") { text(e, "/debit") } else { text(e, "/credit") };
            format!(
                "{} {} {} {}",
                &text(e, "/day")[8..],
                text(e, "/kind"),
                &side["lot credits ".len()..],
                text(e, "/amount")
            )
        })
        .collect()
    };
    assert_eq!(
        movements(&june),
        [
            "01 grant promo 500",
            "01 grant seat_allowance 2000",
            "05 use promo 500",
            "05 use seat_allowance 1400",
            "11 grant seat_allowance 666",
            "15 use seat_allowance 600",
            "15 use seat_allowance 100",
            "25 use seat_allowance 466",
            "25 top-up top-up 1000",
            "25 use seat_allowance 100",
            "25 use top-up 634",
        ]
    );
    let late = june_of(&["s12-seats-and-credits", "s12-late"]);
    assert_eq!(text(&late, "/payment/revenue/deferred"), "12.64", "two dollars more are earned");
    let money = |invoice: &Value| -> Vec<(String, String)> {
        let lines = invoice["lines"].as_array().into_iter().flatten().filter(|line| line["currency"].is_null());
        lines.map(|line| (text(line, "/name").to_owned(), text(line, "/amount").to_owned())).collect()
    };
    assert_eq!(money(&june), money(&late), "no line of money changes");
}

/// A scenario: its one invoice, and all text of it.
struct Scenario {
    invoice: Value,
    text: String,
}

impl Scenario {
    fn rated(name: &str, subject: &str, time: &str) -> Scenario {
        let run = |engine| {
            let example = format!("scenarios/{name}");
            let usage = format!("scenarios/usage/{name}");
            rate(&example, &usage, subject, time, &["--format", "json", "--engine", engine])
        };
        let text = run("jit");
        assert_eq!(text, run("interp"), "{name}: the engines agree");
        let json: Value = serde_json::from_str(&text).expect("JSON");
        let invoices = json["invoices"].as_array().expect("invoices");
        assert_eq!(invoices.len(), 1);
        Scenario { invoice: invoices[0].clone(), text }
    }

    fn line(&self, name: &str) -> &Value {
        let lines = self.invoice["lines"].as_array().expect("lines");
        lines.iter().find(|line| line["name"] == name).unwrap_or_else(|| panic!("no line {name} in {}", self.text))
    }

    fn amount(&self, line: &str) -> i64 {
        units(self.line(line)["amount"].as_str().expect("text"))
    }

    /// Amounts of a line's cells whose labels contain `label`, summed.
    fn cells(&self, line: &str, label: &str) -> i64 {
        let cells = self.line(line)["cells"].as_array().expect("cells").iter();
        let has = |cell: &&Value| {
            let labels = cell["labels"].as_array().expect("labels");
            labels.iter().any(|l| l["label"] == label)
        };
        cells.filter(has).map(|cell| units(cell["amount"].as_str().expect("text"))).sum()
    }

    /// Exact amounts of the tiers of a line's only cell.
    fn tiers(&self, line: &str) -> Vec<&str> {
        let tiers = self.line(line)["cells"][0]["tiers"].as_array().expect("tiers");
        tiers.iter().map(|tier| tier["exact"].as_str().expect("text")).collect()
    }

    fn total(&self) -> &str {
        self.invoice["total"].as_str().expect("text")
    }

    /// No amount of the invoice is one that a wrong reading would give.
    fn never(&self, amounts: &[&str]) {
        for amount in amounts {
            assert!(!self.text.contains(&format!("\"{amount}\"")), "{amount} in {}", self.text);
        }
    }
}

#[test]
fn storage_is_weighed_by_time_and_ends_exactly_on_a_tier() {
    let s = Scenario::rated("s01-standard-storage", "s3_standard", "2026-06");
    assert_eq!(s.tiers("storage"), ["1177.6", "10137.6"], "nothing reaches the third tier");
    assert_eq!(s.line("storage")["quantity"]["value"], "512000");
    assert_eq!(s.amount("storage"), units("11315.20"));
    assert_eq!(s.line("put_requests")["exact"], "61.72839");
    assert_eq!(s.amount("put_requests"), units("61.73"));
    assert_eq!(s.line("get_requests")["exact"], "395.0617284");
    assert_eq!(s.amount("get_requests"), units("395.06"));
    assert_eq!(s.total(), "11771.99");
    s.never(&["6809.60", "13465.60", "11264.00", "456.79"]);
}

#[test]
fn one_ladder_over_three_services_is_attributed_back_to_the_cent() {
    let s = Scenario::rated("s02-internet-egress", "egress", "2026-06");
    assert_eq!(s.tiers("data_transfer"), ["921.6", "3481.6", "7168", "690"]);
    assert_eq!(s.amount("data_transfer"), units("12261.20"));
    assert_eq!(s.line("negotiated")["exact"], "-858.284");
    assert_eq!(s.amount("negotiated"), units("-858.28"));
    assert_eq!(s.total(), "11402.92");
    let parts = s.line("data_transfer")["attribution"].as_array().expect("attribution");
    let parts: Vec<(&str, &str)> =
        parts.iter().filter_map(|p| Some((p["label"].as_str()?, p["amount"].as_str()?))).collect();
    assert_eq!(parts, [("EC2", "6126.94"), ("RDS", "170.19"), ("S3", "5105.79")]);
    s.never(&["12467.95", "11399.20", "7784.10"]);
}

#[test]
fn tokens_are_priced_by_the_length_of_their_prompt_and_resold_at_cost_plus() {
    let s = Scenario::rated("s03-language-models", "resale", "2026-08");
    for (workload, amount) in [("A", "891.00"), ("B", "814.50"), ("C", "112.50"), ("D", "6.15"), ("gpt-5", "2812.50")] {
        // A model and a workload share the name `gpt-5`; it has cells of its own only.
        assert_eq!(s.cells("tokens", workload), units(amount), "{workload}");
    }
    assert_eq!(s.amount("searches"), units("120.00"));
    assert_eq!(s.line("margin")["exact"], "713.4975");
    assert_eq!(s.amount("margin"), units("713.50"));
    assert_eq!(s.amount("tokens") + s.amount("searches"), units("4756.65"), "what the vendor is owed");
    assert_eq!(s.total(), "5470.15");
    s.never(&["454.50", "12.23"]);
}

#[test]
fn card_fees_round_by_charge_or_by_category() {
    let s = Scenario::rated("s06-card-processing", "blended", "2026-06");
    let fees = [
        ("regulated-debit", "1030.00"),
        ("rewards-credit", "1310.00"),
        ("ecom-credit", "756.00"),
        ("international-credit", "113.00"),
    ];
    for (category, amount) in fees {
        assert_eq!(s.cells("cards", category), units(amount), "{category}");
    }
    assert_eq!(s.amount("bank"), units("200.00"));
    assert_eq!(s.total(), "3409.00");
    s.never(&["3399.00", "3404.00"]);

    let plus = Scenario::rated("s06-card-processing", "interchange_plus", "2026-06");
    let categories = [
        ("regulated-debit", ["232.50", "27.50", "175.00"]),
        ("rewards-credit", ["830.00", "52.00", "170.00"]),
        ("ecom-credit", ["452.00", "31.20", "92.00"]),
        ("international-credit", ["46.00", "3.25", "46.00"]),
    ];
    for (category, amounts) in categories {
        for (line, amount) in ["interchange", "assessment", "markup"].into_iter().zip(amounts) {
            assert_eq!(plus.cells(line, category), units(amount), "{line} of {category}");
        }
    }
    assert_eq!(plus.amount("bank"), units("200.00"));
    assert_eq!(plus.total(), "2357.45");
    assert_eq!(units(s.total()) - units(plus.total()), units("1051.55"), "what switching saves");
}

#[test]
fn nine_calls_are_rated_by_pulse_band_ceiling_and_bundle() {
    let s = Scenario::rated("s07-voice", "voice", "2026-03");
    let calls = [
        ("rt20", "call 1", "0.6000"),
        ("rt20", "call 2", "0.6017"),
        ("rt40", "call 3", "1.3334"),
        ("wholesale", "call 4", "0.0060"),
        ("wholesale", "call 5", "0.0072"),
        ("wholesale", "call 6", "0"),
        ("banded", "call 7", "0.2500"),
        ("capped", "call 8", "0.1200"),
        ("bundled", "call 9", "0.0500"),
    ];
    for (line, call, amount) in calls {
        assert_eq!(s.cells(line, call), units(amount), "{call}");
    }
    assert_eq!(s.total(), "2.9683");
    s.never(&["0.4000", "0.40", "0.0062", "1.3333"]);
}
