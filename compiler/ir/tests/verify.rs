//! The verifier: one change to a good plan for each rule, and the sentence it gives.

use price_ir::text::parse;
use price_ir::verify;

const WHOLE: &str = include_str!("plans/whole.ir");

/// Each change as `(what stands there, what is written instead, a finding)`.
const CHANGES: &[(&str, &str, &str)] = &[
    (
        "zone \"Europe/Berlin\"\n  billing",
        "zone \"Mars/Olympus\"\n  billing",
        "plan: its time zone is not in the zone database",
    ),
    (
        "cal0 \"daypart\" zone \"Europe/Berlin\"",
        "cal0 \"daypart\" zone \"nowhere\"",
        "calendar daypart: its time zone is not in the zone database",
    ),
    ("billing month", "billing hour", "billing: a period is a day, a month, a quarter or a year"),
    ("day 31 from 1", "day 32 from 1", "billing: its day is 1 to 31 and its month 1 to 12"),
    ("half-even 0.01", "half-even 0", "rounding: a step of rounding is above zero"),
    ("until 2027-01-01", "until 2025-01-01", "effective: it ends before it begins"),
    ("\"plan whole\"\nrule1", "\"\"\nrule1", "rule: a name is empty"),
    ("[\"us\", \"eu\"]", "[\"us\", \"us\"]", "dimension region: `us` is there twice"),
    ("listed unknown 1", "listed unknown 2", "dimension region: there is no label 2"),
    ("[\"49\" 0, \"49160\" 1]", "[\"49160\" 0, \"49\" 1]", "dimension zone: prefixes are sorted, each of them once"),
    ("buckets [10.5]", "buckets [10.5, 11]", "dimension size: buckets have one bound fewer than labels"),
    (
        "[\"night\", \"day\"] calendar cal0",
        "[\"night\"] calendar cal0",
        "dimension daypart: a slot of its calendar has a label that it lacks",
    ),
    (
        "[\"night\", \"day\"] calendar cal0",
        "[\"night\", \"day\"] calendar cal1",
        "dimension daypart: there is no calendar 1",
    ),
    ("[] open 10000", "[\"a\"] open 10000", "dimension project: a dimension has labels exactly if it is not open"),
    ("[] open 10000", "[] open 0", "dimension project: an open dimension holds at least one label"),
    (
        "seconds 72000 to 21600",
        "seconds 72000 to 72000",
        "calendar daypart: a slot begins and ends at two different seconds of the day",
    ),
    (
        "days [0, 1, 2, 3, 4] sec",
        "days [] sec",
        "calendar daypart: a slot holds on some of twelve months and seven days",
    ),
    ("2026-07-01, 2026-07-02", "2026-07-02, 2026-07-01", "calendar daypart: exceptions are sorted, each of them once"),
    ("seconds 0 to 86400", "seconds 0 to 86399", "calendar daypart: its last slot holds always"),
    ("decimals 3 signed", "decimals 19 signed", "event call, field n: more than 18 decimals"),
    ("[\"TB\" 1000]", "[\"TB\" 0]", "event call, field n: the factor of a unit is not above zero"),
    ("label dim1 of f2", "label dim1 of f4", "event call, field zone: a label is looked up from a text"),
    (
        "\"region\" label dim0",
        "\"region\" label dim2",
        "event call, field region: labels of buckets and calendars do not arrive with an event",
    ),
    (
        "f6 \"tokens\" family dim0",
        "f6 \"tokens\" family dim4",
        "event call, field tokens: a family has a closed dimension",
    ),
    ("sink2 \"tokens\"", "sink2 \"talk\"", "sinks: `talk` is there twice"),
    ("meter \"calls\" event0", "meter \"calls\" event1", "sink calls/by region: there is no event 1"),
    ("quantum 0.001", "quantum 0", "sink calls/by region: the quantum is not above zero"),
    ("at-most 1000000", "at-most -1", "sink calls/by region: the bound is below zero"),
    ("k0 cell dim0 = f1", "k0 cell dim0 = f3", "sink calls/by region: a key of `region` has another source of labels"),
    ("bucket mul(2, f0)", "bucket by-key(k1, f0, f0)", "sink calls/by region, bucket: there is no key to read here 1"),
    ("bucket mul(2, f0)", "bucket mul(arg, f0)", "sink calls/by region, bucket: there is no quantity to read"),
    ("scope label(k0, [0])", "scope flag(f4)", "sink calls/by region: its scope reads more than labels"),
    (
        "scope label(k0, [0])",
        "scope label(k0, [1, 0])",
        "sink calls/by region, scope: labels of a condition are sorted, each of them once",
    ),
    (
        "scope label(k0, [0])",
        "scope label(k0, [2])",
        "sink calls/by region, scope: a condition names a label that the dimension lacks",
    ),
    (
        "scope label(k0, [0])",
        "scope label(k2, [0])",
        "sink calls/by region, scope: labels of an open dimension have no codes to choose by",
    ),
    ("text(f2, ", "text(f0, ", "sink calls/by region, filter: field `n` is not a text"),
    ("flag(f4)", "flag(f9)", "sink calls/by region, filter: there is no field 9"),
    ("present(f0)", "present(f6)", "sink calls/by region, filter: field `tokens` is not one value"),
    (
        "fold sum by-key(k1, f0, or-else(f0, 0.5))",
        "fold sum by-key(k1, f0)",
        "sink calls/by region: 1 arms for 2 labels",
    ),
    (
        "fold sum by-key(k1, f0, or-else(f0, 0.5))",
        "fold sum family(f6)",
        "sink calls/by region: a family is read in a sink that does not count once per label of it",
    ),
    (
        "fold sum by-key(k1, f0, or-else(f0, 0.5))",
        "fold sum min()",
        "sink calls/by region: the least or greatest of nothing",
    ),
    (
        "fold sum by-key(k1, f0, or-else(f0, 0.5))",
        "fold percentile 101 f0",
        "sink calls/by region: a percentile is 1 to 100",
    ),
    (
        "fold sum by-key(k1, f0, or-else(f0, 0.5))",
        "fold unique f0",
        "sink calls/by region: what is counted once is a text or a label",
    ),
    (
        "fold sum by-key(k1, f0, or-else(f0, 0.5))",
        "parts sink9 fold last f0",
        "sink calls/by region: there is no parts 9",
    ),
    (
        "fold sum by-key(k1, f0, or-else(f0, 0.5))",
        "parts sink2 fold last f0",
        "sink calls/by region: its parts are not levels of the same events in the same steps",
    ),
    (
        "fold sum by-key(k1, f0, or-else(f0, 0.5))",
        "parts sink2 fold last f0",
        "sink calls/by region: a part belongs to more than one of its cells",
    ),
    ("over 900", "over 0", "sink tokens: a slot has 1 to 604800 seconds"),
    ("  measure round(f0, up 60)\n", "", "sink talk: what is split or covered has a measure"),
    (
        "measure round(f0, up 60)",
        "measure mul(1/170141183460469231731687303715884105727, f0)",
        "sink talk: steps of the measure need more than 126 bits",
    ),
    ("seconds 1/60", "seconds 0", "sink talk: the length of a unit is not above zero"),
    ("k0 cell dim3 = cal0", "k0 cell dim0 = f1", "sink talk: an event is split at the labels of a calendar"),
    ("[0, not-sold]", "[0]", "sink talk: a regime has 1 cells and not 2"),
    ("[0, not-sold]", "[1, not-sold]", "sink talk: there is no function 1"),
    ("regime start [0, not-sold]\n", "", "sink talk: the first regime has no start"),
    ("regime from 2026-06-01", "regime start", "sink talk: starts of regimes increase"),
    ("by [rule0, rule1]", "by [rule0, rule7]", "sink talk: there is no rule 7"),
    ("line3 \"support\"", "line3 \"talk\"", "lines: `talk` is there twice"),
    ("usage sink0", "usage sink1", "line calls: its sink holds money of single events"),
    ("events sink1", "events sink0", "line talk: its sink is not a price on each event"),
    ("[0 -> 1/3 + 0.5, 100", "[100 -> 1/3 + 0.5, 100", "line calls, function 0: the first piece of a ladder is from 0"),
    ("100 -> 50 + -0.3", "0 -> 50 + -0.3", "line calls, function 0: bounds of a ladder increase"),
    ("step 10]", "step 0]", "line calls, function 0: a step of a ladder is not above zero"),
    (
        "ladder(arg, volume",
        "ladder(mul(arg, arg), volume",
        "line calls, function 0: a quantity is multiplied by itself",
    ),
    ("ladder(arg, volume", "ladder(f0, volume", "line calls, function 0: a function of a quantity reads an event"),
    ("mul(0.03, arg)", "by-key(k0, arg)", "line support: a function of a quantity reads a label"),
    (
        "mul(0.03, arg)",
        "mul(340282366920938463463374607431768211456, arg)",
        "line support: a number needs more than 128 bits",
    ),
    ("share [line0, line2]", "share [line0, line3]", "line support: a share is of earlier lines"),
    ("share [line0, line2]", "share []", "line support: a share is of earlier lines"),
    ("share [line0, line2]", "share [line0, line0]", "line support: line 0 is named twice"),
    (
        "floor 5 per month if-used prorated rule0 from 2026-01-01\n  ceiling 500 per year rule1",
        "ceiling 500 per year rule1\n  floor 5 per month rule0",
        "line calls: floors come before ceilings",
    ),
    ("ceiling 500", "ceiling -500", "line calls: a floor or ceiling is below zero"),
    ("less \"welcome\" 100", "less \"welcome\" -1", "line calls: a discounted quantity is below zero"),
    (
        "  covers line1 factor 1/60\n",
        "",
        "allowance included: it and line talk do not both say whether it covers the line",
    ),
    ("covers line1 factor 1/60", "covers line1 factor 0", "allowance included: its factor is not above zero"),
    ("mask [0, 1]", "mask [0]", "allowance included: a mask over 1 cells for line 0"),
    ("rollover 20 for 1", "rollover 20 for 0", "allowance included: a rollover may be used for at least one window"),
    ("share 0.05", "share 1.05", "discount launch: it takes off more than all"),
    ("on line2\n", "on line2 mask [1]\n", "discount launch: a mask over 1 cells for line 2"),
    ("amount 10", "amount -10", "discount sorry: its amount is below zero"),
    ("[line0, line1] floor 100", "[line0, line9] floor 100", "clamp minimum: there is no line 9"),
    ("by sink2 with", "by sink3 with", "attribution: there is no sink 3"),
];

#[test]
fn each_rule_is_checked() {
    for (there, instead, finding) in CHANGES {
        assert!(WHOLE.contains(there), "{there}");
        let plan = parse(&WHOLE.replacen(there, instead, 1)).unwrap_or_else(|error| panic!("{instead}: {error}")).plan;
        let findings = verify(&plan).expect_err(instead);
        assert!(findings.iter().any(|found| found == finding), "{instead}\nexpected {finding}\nfound {findings:#?}");
    }
}

#[test]
fn too_many_cells_are_refused_before_they_are_counted_out() {
    let labels: Vec<String> = (0..2000).map(|label| format!("\"{label}\"")).collect();
    let text = WHOLE.replace("[\"us\", \"eu\"]", &format!("[{}]", labels.join(", ")));
    let text = text.replace("k1 read dim2 = bucket mul(2, f0)", "k1 cell dim0 = f1");
    let findings = verify(&parse(&text).unwrap().plan).unwrap_err();
    assert!(findings.contains(&"sink calls/by region: more than 1000000 cells".to_string()), "{findings:#?}");
}

#[test]
fn a_function_that_is_too_large_is_said_once() {
    let parts = vec!["arg"; price_ir::limits::EXPR_NODES];
    let text = WHOLE.replace("mul(0.03, arg)", &format!("add({})", parts.join(", ")));
    assert_eq!(verify(&parse(&text).unwrap().plan), Err(vec!["line support: the function is too large".to_string()]));
}
