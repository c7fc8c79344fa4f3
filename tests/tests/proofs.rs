//! Claims about several quantities at once against both engines: what is proved holds of random
//! usage, what is disproved fails at the usage that is told, and the amounts that are reasoned with
//! ([`price_ir::bill::joint`]) are those of invoices before rounding.

use price_driver::{MemoryWorld, Outcome, TestRunner, Verdict, Workspace};
use price_interp::InterpFactory;
use price_ir::bill::{JointUsage, Quantity, combinations, days, is_sold, joint};
use price_ir::{Charge, FeeSchedule, Forms, Invoice, KernelFactory, Plan};
use price_tests::generate::Rng;
use price_tests::program::engines;
use price_tests::sources::{data, month, sources};
use price_value::{Rational, Window};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

fn rate(rng: &mut Rng) -> String {
    format!("${}.{:02}", rng.below(2), rng.below(100))
}

/// The block of a price in some unit.
fn block(rng: &mut Rng, unit: &str, units: &str) -> String {
    let form = *rng.pick(&["graduated", "graduated", "volume"]);
    let mut text = format!("    {form} per {unit} {{\n");
    let mut bound = 0;
    for _ in 0..=rng.below(2) {
        bound += 1 + rng.below(60);
        let _ = writeln!(text, "      up to {bound} {units} {}", rate(rng));
    }
    let _ = writeln!(text, "      beyond {}\n    }}", rate(rng));
    if form == "volume" {
        text.push_str("    allow cliffs\n");
    }
    if rng.chance(30) {
        let _ = writeln!(text, "    at most ${} per month whole", 20 + rng.below(60));
    } else if rng.chance(20) {
        let _ = writeln!(text, "    at least ${} per month if used whole", 1 + rng.below(10));
    }
    text
}

const HEAD: &str = "use std.units (call, GB, byte)
use std.currencies (USD)

dimension region = us | eu
event request { region: region }
event moved   { bytes: byte }
meter calls = count of request in calls by region
meter egress = sum of moved.bytes in GB
";

/// Two plans of the same meters.
fn program(rng: &mut Rng) -> String {
    let mut text = HEAD.to_owned();
    for name in ["old", "new"] {
        let _ = write!(
            text,
            "\nplan {name} {{\n  currency USD\n  timezone \"UTC\"\n  billing  monthly on day 1\n  rounding each line half-up to cents\n"
        );
        let by = if rng.chance(50) { " by region" } else { "" };
        let tiers = block(rng, "call", "calls");
        let _ = writeln!(text, "  price calls on calls{by} {{\n{tiers}  }}");
        let tiers = block(rng, "GB", "GB");
        let _ = writeln!(text, "  price egress on egress {{\n{tiers}  }}");
        if rng.chance(40) {
            let _ = writeln!(text, "  fee base = ${} per month in arrears\n  prorate base never", rng.below(20));
        }
        if rng.chance(30) {
            let _ = writeln!(text, "  rebate back = {}% of calls, egress before discounts", rng.below(20));
        }
        if rng.chance(30) {
            let _ = writeln!(text, "  discount first = ${} on calls, egress", 1 + rng.below(15));
        }
        if rng.chance(30) {
            let _ = writeln!(text, "  minimum calls, egress at ${} per month whole", 1 + rng.below(30));
        }
        if rng.chance(40) {
            let _ = writeln!(text, "  cap calls, egress at ${} per month whole", 40 + rng.below(60));
        }
        if rng.chance(30) {
            let _ = writeln!(
                text,
                "  commitment spend postpaid {{\n    amount ${} per month\n    counts calls, egress\n    shortfall forfeited\n    excess ignored\n  }}",
                1 + rng.below(40)
            );
        }
        text.push_str("  late events accepted for 3 days then next period\n}\n");
    }
    text
}

/// `left <= right`, or `new` against a share of `old`, or that more never costs less.
struct Claim {
    text: String,
    left: (&'static str, String),
    share: Rational,
    right: Option<(&'static str, String)>,
    constant: Rational,
}

fn claim(rng: &mut Rng) -> Claim {
    let line = |rng: &mut Rng| ["total", "total", "calls", "egress"][rng.below(4) as usize].to_owned();
    let left = line(rng);
    if rng.chance(20) {
        let text = "total never decreases".to_owned();
        return Claim { text, left: ("new", left), share: Rational::ZERO, right: None, constant: Rational::ZERO };
    }
    if rng.chance(40) {
        let constant = 30 + rng.below(120);
        let text = format!("{left} <= ${constant}");
        return Claim {
            text,
            left: ("new", left),
            share: Rational::ZERO,
            right: None,
            constant: Rational::int(constant.into()),
        };
    }
    let (right, percent, more) = (line(rng), 80 + rng.below(120), rng.below(60));
    let text = format!("{left} <= {percent}% of old.{right} + ${more}");
    Claim {
        text,
        left: ("new", left),
        share: Rational::new(percent.into(), 100),
        right: Some(("old", right)),
        constant: Rational::int(more.into()),
    }
}

fn exact(invoice: &Invoice, name: &str) -> Rational {
    let own = invoice.lines.iter().filter(|line| line.currency == price_ir::OWN);
    own.filter(|line| name == "total" || line.name == name).map(|line| &line.exact).sum()
}

/// What some usage costs in a plan, before rounding; both engines agree.
fn invoice(text: &str, plan: &str, given: &str) -> Invoice {
    let text = format!("{text}\ntest \"#\" for plan {plan} in 2026-01 {{\n{given}  expect total ?\n}}\n");
    let world = MemoryWorld::new().with("main.price", text.as_str());
    let workspace = Workspace::load(&world, &["main.price".to_owned()]).expect("it loads");
    let engines = engines();
    let mut runner = TestRunner::new(&workspace, &engines);
    let (file, tests) = workspace.tests().into_iter().next().expect("a test");
    let case = tests.cases.iter().find(|case| case.title == "#").unwrap_or_else(|| panic!("no test\n{text}"));
    let report = runner.run(file, case);
    assert!(matches!(report.outcome, Outcome::Pending), "{:?}\n{text}", report.outcome);
    report.invoices.into_iter().next().expect("an invoice")
}

fn holds(claim: &Claim, text: &str, given: &str) -> bool {
    if claim.text.ends_with("decreases") {
        let total = |given: &str| exact(&invoice(text, "new", given), "total");
        let more = ["  given calls 1 calls where region is us\n", "  given egress 0.001 GB\n"];
        return more.iter().all(|more| total(given) <= total(&format!("{given}{more}")));
    }
    let amount = |(plan, line): &(&str, String)| exact(&invoice(text, plan, given), line);
    let right = claim.right.as_ref().map_or(Rational::ZERO, amount);
    amount(&claim.left) <= &right * &claim.share + &claim.constant
}

/// Whether usage costs less than the same with one step less of something.
fn falls(text: &str, given: &str) -> bool {
    let total = |given: &str| exact(&invoice(text, "new", given), "total");
    let lines: Vec<&str> = given.lines().collect();
    (0..lines.len()).any(|at| {
        let words: Vec<&str> = lines[at].split_whitespace().collect();
        let step: Rational = if words[1] == "calls" { Rational::ONE } else { Rational::pow10(-9) };
        let less = words[2].replace('_', "").parse::<Rational>().expect("a number") - step;
        let Some(number) = less.to_decimal_string(0).filter(|_| !less.is_negative()) else { return false };
        let mut before: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        before[at] = format!("  given {} {number} {}", words[1], words[3..].join(" "));
        total(given) < total(&(before.join("\n") + "\n"))
    })
}

#[test]
fn what_is_proved_holds_and_what_is_not_fails_in_both_engines() {
    let mut rng = Rng::new(std::env::var("PRICE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(11));
    let cases = std::env::var("PRICE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60);
    let (mut proved, mut disproved, mut undecided) = (0, 0, 0);
    for _ in 0..cases {
        let text = program(&mut rng);
        let claim = claim(&mut rng);
        let several = rng.chance(50);
        let usage = match several {
            true => "for all calls in 0 calls .. 200 calls for all egress in 0 GB .. 150 GB",
            false => "for all usage",
        };
        let asked = format!("{text}\nassert \"a\" for plan new {usage} {{\n  {}\n}}\n", claim.text);
        let world = MemoryWorld::new().with("main.price", asked.as_str());
        let workspace = Workspace::load(&world, &["main.price".to_owned()]).expect("it loads");
        let errors: Vec<String> = workspace
            .check()
            .into_iter()
            .filter(|found| found.is_error() && found.code.as_str() != "P803")
            .map(|found| found.message)
            .collect();
        // A floor above a ceiling, and the like, are findings of their own.
        if !errors.is_empty() {
            continue;
        }
        let verdict = workspace.proofs().iter().flat_map(|(_, made)| &made.proofs).next().expect("a proof").claims[0]
            .verdict
            .clone();
        match verdict {
            Verdict::Proved => {
                proved += 1;
                for _ in 0..12 {
                    let mut given = String::new();
                    let regions: &[&str] = if several { &["us"] } else { &["us", "eu"] };
                    for region in regions {
                        let _ = writeln!(given, "  given calls {} calls where region is {region}", rng.below(200));
                    }
                    let _ = writeln!(given, "  given egress {}.{:03} GB", rng.below(150), rng.below(1_000));
                    assert!(holds(&claim, &text, &given), "proved, and false for\n{given}{asked}");
                }
            }
            Verdict::Disproved(witness) => {
                disproved += 1;
                let given: String = witness
                    .test
                    .lines()
                    .filter(|line| line.trim_start().starts_with("given "))
                    // Where the plan that is asked about has no labels, the other one may have.
                    .map(|line| match line.contains("given calls") && !line.contains("where") {
                        true => format!("{line} where region is us\n"),
                        false => format!("{line}\n"),
                    })
                    .collect();
                let fails = match claim.text.ends_with("decreases") {
                    true => falls(&text, &given),
                    false => !holds(&claim, &text, &given),
                };
                assert!(fails, "{} does not fail\n{asked}", witness.test);
            }
            Verdict::Undecided(why) => {
                undecided += 1;
                assert!(!why.contains("parts together"), "{why}\n{asked}");
            }
        }
    }
    println!("{proved} proved, {disproved} disproved, {undecided} not decided");
    assert!(
        cases < 60 || (proved > 8 && disproved > 8),
        "{proved} proved, {disproved} disproved, {undecided} undecided"
    );
}

/// Usage of several meters and labels with what the forms say.
struct Asked {
    title: String,
    lines: Vec<(String, Rational)>,
    total: Option<Rational>,
}

fn ask(plan: &Plan, kind: &str, name: &str, rng: &mut Rng, text: &mut String, asked: &mut Vec<Asked>) {
    let renews = plan.parties.as_ref().is_some_and(|p| p.renews.is_some());
    if plan.billing.every != Window::Month || plan.billing.day != 1 || renews {
        return;
    }
    let once = |line: &price_ir::Line| matches!(&line.charge, Charge::Fee(fee) if matches!(fee.per, FeeSchedule::Once));
    let meters: BTreeSet<&str> = plan.sinks.iter().map(|s| s.meter.as_str()).filter(|m| !m.is_empty()).collect();
    let mut all: Vec<Quantity> = Vec::new();
    for meter in &meters {
        for labels in combinations(&[plan], meter).into_iter().flatten().take(40) {
            all.push(Quantity { meter: (*meter).to_owned(), labels });
        }
    }
    for day in days(plan).into_iter().take(3) {
        let Some(first) = month(plan, day) else { continue };
        for _ in 0..3 {
            let mut quantities: Vec<Quantity> = all.iter().filter(|q| is_sold(plan, q, Some(first))).cloned().collect();
            while quantities.len() > 5 {
                quantities.remove(rng.below(quantities.len() as u64) as usize);
            }
            let mut forms = Forms::default();
            let usage = JointUsage { quantities: &quantities, day: Some(first), spread: false };
            let costs = joint(plan, &usage, &mut forms);
            let mut given = String::new();
            let mut at = Vec::new();
            for quantity in &quantities {
                let sinks = || plan.sinks.iter().filter(|sink| sink.meter == quantity.meter);
                let sink = sinks().next().expect("it is there");
                let step = sinks().map(|sink| sink.quantum.clone()).min().expect("one");
                let size = [20, 2_000, 2_000_000][rng.below(3) as usize];
                let wanted = Rational::int(rng.below(size).into());
                let amount = (&wanted / &step).floor() * &step;
                let unit = if sink.unit.is_empty() { String::new() } else { format!(" {}", sink.unit) };
                let mut places: Vec<String> = quantity.labels.iter().map(|(d, l)| format!("{d} is \"{l}\"")).collect();
                for key in sinks().flat_map(|sink| &sink.keys).filter(|key| key.in_cell) {
                    let dimension = &plan.dimensions[key.dim.ix()];
                    let place = format!("{} is \"some\"", dimension.name);
                    if dimension.size().is_none() && !places.contains(&place) {
                        places.push(place);
                    }
                }
                let place = if places.is_empty() { String::new() } else { format!(" where {}", places.join(" and ")) };
                let Some(number) = amount.to_decimal_string(0) else { return };
                let _ = writeln!(given, "  given {} {number}{unit}{place}", quantity.meter);
                at.push(amount);
            }
            let title = format!("#{}", asked.len());
            let month = &first.to_string()[..7];
            let _ = write!(text, "\ntest \"{title}\" for {kind} {name} in {month} {{\n{given}  expect total ?\n}}\n");
            let known = costs.lines.iter().filter(|(name, _)| !plan.lines.iter().any(|l| l.name == *name && once(l)));
            let known = known.filter_map(|(name, amount)| {
                let amount = amount.as_ref().ok().filter(|amount| forms.unknown(amount).is_none())?;
                Some((name.clone(), forms.at(amount, &at)))
            });
            let lines = known.collect();
            let total = costs.total.as_ref().ok().filter(|_| !plan.lines.iter().any(once));
            asked.push(Asked { title, lines, total: total.map(|total| forms.at(total, &at)) });
        }
    }
}

#[test]
fn the_amounts_of_several_meters_are_what_the_engine_bills() {
    let engines: [Arc<dyn KernelFactory>; 1] = [Arc::new(InterpFactory)];
    let (mut compared, mut lines, mut totals, mut wrong) = (0, 0, 0, Vec::new());
    let mut rng = Rng::new(3);
    for (path, source) in sources() {
        let world = data(MemoryWorld::new().with("main.price", source.as_str()));
        let Ok(workspace) = Workspace::load(&world, &["main.price".to_owned()]) else { continue };
        let mut text = source.clone();
        let mut asked = Vec::new();
        for subject in workspace.subjects() {
            let Ok(known) = workspace.compile_known(&subject) else { continue };
            // A test bills what was known then; the amounts are of what is known now.
            let [known] = known.as_slice() else { continue };
            ask(&known.compiled.plan, subject.kind, &subject.name, &mut rng, &mut text, &mut asked);
        }
        let world = data(MemoryWorld::new().with("main.price", text.as_str()));
        let workspace = Workspace::load(&world, &["main.price".to_owned()]).expect("it loads");
        let mut runner = TestRunner::new(&workspace, &engines);
        for (file, tests) in workspace.tests() {
            for case in tests.cases.iter().filter(|case| case.title.starts_with('#')) {
                let Some(expected) = asked.iter().find(|asked| asked.title == case.title) else { continue };
                let report = runner.run(file, case);
                let [invoice] = report.invoices.as_slice() else { continue };
                compared += 1;
                for (name, amount) in &expected.lines {
                    let found = invoice.lines.iter().find(|line| line.name == *name);
                    let found = found.map_or(Rational::ZERO, |line| line.exact.clone());
                    lines += 1;
                    if found != *amount {
                        wrong.push(format!(
                            "{path} {}: `{name}` is {found}, not {amount}: {:?}",
                            case.subject, case.given
                        ));
                    }
                }
                if let Some(total) = &expected.total {
                    totals += 1;
                    let found = exact(invoice, "total");
                    if found != *total {
                        wrong.push(format!(
                            "{path} {}: the total is {found}, not {total}: {:?}",
                            case.subject, case.given
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {lines}:\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
    println!("{compared} usages, {lines} lines, {totals} totals");
    assert!(compared > 100 && lines > 300 && totals > 60, "{compared} usages, {lines} lines, {totals} totals");
}
