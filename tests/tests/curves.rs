//! What a plan's usage costs as curves ([`price_ir::bill`]) against the invoices of the reference
//! engine, before rounding: every construct and example, every meter, labels and dates, at the
//! edges of the pieces and beside them.

use price_driver::{MemoryWorld, TestRunner, Workspace};
use price_interp::InterpFactory;
use price_ir::bill::{bill, combinations, days};
use price_ir::{Charge, Curve, FeeSchedule, KernelFactory, OneUsage, Plan};
use price_tests::sources::{data, month, sources};
use price_value::{Rational, Window};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

/// Combinations of labels and days that are tried for each meter.
const TRIES: usize = 6;

/// One usage with what the curves say.
struct Asked {
    title: String,
    lines: Vec<(String, Rational)>,
    total: Option<Rational>,
}

/// Every edge of some curves, its neighbours, and something between and beyond.
fn quantities<'c>(curves: impl Iterator<Item = &'c Curve>, step: &Rational) -> Vec<Rational> {
    let mut all: BTreeSet<Rational> = [Rational::ZERO, step.clone(), step * &Rational::int(7)].into();
    for curve in curves {
        for piece in curve.pieces.iter().take(6) {
            let at = (&piece.from / step).floor() * step;
            all.extend([at.clone(), &at + step, &at * &Rational::int(3)]);
        }
    }
    all.into_iter().filter(|q| *q <= Rational::int(50_000_000)).take(14).collect()
}

fn ask(plan: &Plan, kind: &str, name: &str, text: &mut String, asked: &mut Vec<Asked>) {
    if plan.billing.every != Window::Month
        || plan.billing.day != 1
        || plan.parties.as_ref().is_some_and(|p| p.renews.is_some())
    {
        return;
    }
    let once = plan.lines.iter().any(|l| matches!(&l.charge, Charge::Fee(fee) if matches!(fee.per, FeeSchedule::Once)));
    let meters: BTreeSet<&str> = plan.sinks.iter().map(|s| s.meter.as_str()).filter(|m| !m.is_empty()).collect();
    for meter in meters {
        let sink = plan.sinks.iter().find(|sink| sink.meter == meter).expect("it is there");
        let step = plan.sinks.iter().filter(|s| s.meter == meter).map(|s| s.quantum.clone()).min().expect("one");
        let Some(cells) = combinations(&[plan], meter) else { continue };
        let mut tries = 0;
        for day in days(plan) {
            let Some(first) = month(plan, day) else { continue };
            for labels in &cells {
                tries += 1;
                if tries > TRIES {
                    break;
                }
                let costs = bill(plan, &OneUsage { meter, labels, day: Some(first) });
                let known =
                    costs.lines.iter().filter_map(|(_, curve)| curve.as_ref().ok()).chain(costs.total.as_ref().ok());
                for quantity in quantities(known, &step) {
                    let Some(number) = quantity.to_decimal_string(0) else { continue };
                    let title = format!("#{}", asked.len());
                    let _ = write!(text, "\ntest \"{title}\" for {kind} {name} in {} {{\n", &first.to_string()[..7]);
                    let unit = if sink.unit.is_empty() { String::new() } else { format!(" {}", sink.unit) };
                    let places: Vec<String> = labels.iter().map(|(d, l)| format!("{d} is \"{l}\"")).collect();
                    let place =
                        if places.is_empty() { String::new() } else { format!(" where {}", places.join(" and ")) };
                    let _ = write!(text, "  given {meter} {number}{unit}{place}\n  expect total ?\n}}\n");
                    let fee = |name: &str| {
                        plan.lines.iter().any(|l| {
                            l.name == name && matches!(&l.charge, Charge::Fee(f) if matches!(f.per, FeeSchedule::Once))
                        })
                    };
                    let amounts = costs.lines.iter().filter(|(name, _)| !fee(name));
                    let amounts =
                        amounts.filter_map(|(name, curve)| Some((name.clone(), curve.as_ref().ok()?.at(&quantity))));
                    asked.push(Asked {
                        title,
                        lines: amounts.collect(),
                        total: costs.total.as_ref().ok().filter(|_| !once).map(|curve| curve.at(&quantity)),
                    });
                }
            }
        }
    }
}

#[test]
fn curves_are_what_the_engine_bills() {
    let engines: [Arc<dyn KernelFactory>; 1] = [Arc::new(InterpFactory)];
    let (mut compared, mut lines, mut wrong) = (0, 0, Vec::new());
    for (path, source) in sources() {
        let world = data(MemoryWorld::new().with("main.price", source.as_str()));
        let Ok(workspace) = Workspace::load(&world, &["main.price".to_owned()]) else { continue };
        let mut text = source.clone();
        let mut asked = Vec::new();
        for subject in workspace.subjects() {
            let Ok(known) = workspace.compile_known(&subject) else { continue };
            // A test bills what was known then; the curves are of what is known now.
            let [known] = known.as_slice() else { continue };
            ask(&known.compiled.plan, subject.kind, &subject.name, &mut text, &mut asked);
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
                    let exact = found.map_or(Rational::ZERO, |line| line.exact.clone());
                    lines += 1;
                    if exact != *amount {
                        wrong.push(format!(
                            "{path} {}: `{name}` is {exact}, the curve says {amount}: {:?}",
                            case.subject, case.given
                        ));
                    }
                }
                let own = invoice.lines.iter().filter(|line| line.currency == price_ir::OWN);
                let total: Rational = own.map(|line| &line.exact).sum();
                if expected.total.as_ref().is_some_and(|expected| *expected != total) {
                    wrong.push(format!(
                        "{path} {}: the total is {total}, the curve says {:?}: {:?}",
                        case.subject, expected.total, case.given
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {lines}:\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
    assert!(compared > 700 && lines > 1_700, "{compared} usages, {lines} lines");
}

/// Numbers that look random and are the same in every run.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    /// A price of some form, in mills.
    fn price(&mut self) -> String {
        let rate = |rng: &mut Lcg| format!("${}.{:03}", rng.below(2), rng.below(1_000));
        let form = match self.below(4) {
            0 => return format!("  price usage on calls = {} per call\n", rate(self)),
            1 => "volume",
            _ => "graduated",
        };
        let mut bound = 0;
        let mut tiers = String::new();
        for _ in 0..=self.below(3) {
            bound += 1 + self.below(400);
            let _ = writeln!(tiers, "      up to {bound} calls {}", rate(self));
        }
        let _ = writeln!(tiers, "      beyond {}", rate(self));
        let allow = if form == "volume" { "    allow cliffs\n" } else { "" };
        format!("  price usage on calls {{\n    {form} per call {{\n{tiers}    }}\n{allow}  }}\n")
    }
}

fn compiled(price: &str) -> Arc<Plan> {
    let source = format!(
        "use std.units (call)\nuse std.currencies (USD)\n\nevent request {{ path: text }}\nmeter calls = count of request in calls\n\n\
         plan team {{\n  currency USD\n  timezone \"UTC\"\n  billing  monthly on day 1\n  rounding each line half-up to cents\n{price}\
         \x20 late events accepted for 3 days then next period\n}}\n"
    );
    let world = MemoryWorld::new().with("main.price", source.as_str());
    let workspace = Workspace::load(&world, &["main.price".to_owned()]).expect("it loads");
    let compiled = workspace.compile(&workspace.subject(Some("team")).expect("the plan"));
    compiled.unwrap_or_else(|error| panic!("{error:?}\n{source}")).plan
}

/// What is said of a change for all usage is what both engines bill at some usage.
#[test]
fn a_difference_for_all_usage_is_that_of_the_engines_at_some() {
    let engines: [Arc<dyn KernelFactory>; 2] = [Arc::new(InterpFactory), Arc::new(price_jit::JitFactory)];
    let mut rng = Lcg(7);
    let (mut changed, mut compared) = (0, 0);
    for _ in 0..120 {
        let plans = [rng.price(), rng.price()].map(|price| compiled(&price));
        let found = price_driver::diff(&plans[0], &plans[1]);
        let line = found.lines.iter().find(|line| line.name == "usage");
        let regions = match line.map(|line| &line.change) {
            Some(price_driver::LineChange::Amounts(regions)) => regions.as_slice(),
            None | Some(price_driver::LineChange::Same) => &[],
            Some(other) => panic!("{other:?}"),
        };
        changed += usize::from(!regions.is_empty());
        assert!(regions.len() <= 1, "there is one cell");
        let kernels: Vec<_> = engines
            .iter()
            .map(|engine| plans.each_ref().map(|plan| engine.compile(plan).expect("it compiles")))
            .collect();
        for _ in 0..40 {
            let quantity = rng.below(1_600);
            let bill = |kernel: &Arc<dyn price_ir::Kernel>| {
                kernel.charge(price_ir::LineIx(0), 0, i128::from(quantity), 1).expect("an amount")
            };
            let differences: Vec<Rational> = kernels.iter().map(|[old, new]| bill(new) - bill(old)).collect();
            assert_eq!(differences[0], differences[1], "the engines agree");
            let difference = &differences[0];
            let at = Rational::from(i64::try_from(quantity).expect("it is small"));
            let said = regions.first().map(|region| {
                let holds = |stretch: &&price_ir::Stretch| {
                    stretch.from < at && stretch.until.as_ref().is_none_or(|until| at <= *until)
                };
                (region, region.stretches.iter().find(holds))
            });
            match said {
                None => assert!(difference.is_zero(), "the same, and {difference} at {quantity}"),
                Some((region, None)) => assert_eq!((&at, difference), (&Rational::ZERO, &region.at_zero)),
                Some((_, Some(stretch))) => {
                    assert_eq!(
                        difference.cmp(&Rational::ZERO),
                        stretch.sign,
                        "{difference} at {quantity}: {stretch:?}"
                    );
                    // Where it does not grow for ever, nothing is farther from zero than what is said.
                    if stretch.until.is_some() || stretch.growth.is_zero() {
                        assert!(difference.abs() <= stretch.most.1.abs(), "{difference} at {quantity}: {stretch:?}");
                    }
                }
            }
            compared += 1;
        }
    }
    assert!(changed > 100 && compared == 4_800);
}
