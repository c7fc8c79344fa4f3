//! From an assertion to its cases, and from cases to answers.

use super::grid::{Grid, Sign};
use super::value::{Missing, NOT_SOLD, Of};
use super::{Claim, Proof, Verdict, Witness};
use crate::codes;
use crate::db::{self, lowered};
use crate::declare::MeterDef;
use crate::env::{Entity, Env, ItemRef};
use crate::inputs::{File, Workspace};
use crate::items;
use crate::lower::{Lowered, scope::Scope};
use crate::report;
use crate::types::{Ty, Typer, resolve};
use price_diagnostics::Diagnostic;
use price_ir::bill::{bill, combinations, days, is_separable};
use price_ir::{Bill, Curve, OneUsage, Plan, Unknown};
use price_syntax::ast::{self, AssertSubject, CompareOp, ExprKind, Predicate, Quantifier};
use price_value::{Date, Rational, Rounding, RoundingMode, currency::group};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One case of a claim: a meter, its labels, the rules of a day.
pub(super) struct Case<'a> {
    pub(super) meter: &'a MeterDef,
    pub(super) labels: &'a [(String, String)],
    pub(super) day: Option<Date>,
    grid: Grid,
    /// Bills of this usage, the subject's own first.
    bills: Vec<(Option<ItemRef>, Bill)>,
}

/// What is asked.
pub(super) struct Prover<'a> {
    db: &'a dyn salsa::Database,
    workspace: Workspace,
    file: File,
    env: Arc<Env>,
    found: &'a mut Vec<Diagnostic>,
    about: About,
    /// The one it is compared with.
    pub(super) old: Option<ItemRef>,
}

/// The subject.
struct About {
    kind: &'static str,
    name: String,
    lowered: Arc<Lowered>,
    plan: Arc<Plan>,
}

/// A meter with the quantities that are spoken of.
pub(super) struct Range {
    pub(super) meter: Arc<MeterDef>,
    pub(super) from: Rational,
    pub(super) to: Option<Rational>,
    /// `for all calls in …`, not all usage.
    pub(super) written: bool,
}

/// How much usage there is at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Of one meter with one label of each dimension.
    One,
    /// Of every meter that is named, each with one label of each dimension.
    Named,
    /// Of all meters with all labels.
    All,
}

/// Decides an assertion; none if it cannot be asked, which is said then.
pub(super) fn prove(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: File,
    assert: &ast::Assert,
    found: &mut Vec<Diagnostic>,
) -> Option<Proof> {
    let env = db::names(db, workspace, file).clone();
    let mut scope = Scope { db, workspace, env: env.clone(), lets: BTreeMap::new(), diagnostics: &mut *found };
    let (entity, path) = match &assert.subject {
        AssertSubject::One(subject) => (resolve(&mut scope, &subject.path), &subject.path),
        AssertSubject::Comparing { new, .. } => (resolve(&mut scope, new), new),
    };
    let old = match &assert.subject {
        AssertSubject::One(_) => None,
        AssertSubject::Comparing { old, .. } => {
            let entity = resolve(&mut scope, old);
            Some(item_of(&entity).or_else(|| wrong_subject(found, &entity, old))?)
        }
    };
    let item = item_of(&entity).or_else(|| wrong_subject(found, &entity, path))?;
    let kind = match &entity {
        Entity::Card(_) => "ratecard",
        Entity::Plan(_) => "plan",
        _ => "contract",
    };
    let made = lowered(db, workspace, item.file, item.id).clone();
    // A faulty subject has its own findings.
    let plan = made.plan.clone()?;
    let name = path.last()?.text.clone();
    let about = About { kind, name, lowered: made, plan };
    let mut prover = Prover { db, workspace, file, env, found, about, old };
    let (ranges, reach) = prover.ranges(assert)?;
    let claims = assert.predicates.iter().map(|stmt| {
        let text = prover.text(stmt.span);
        let verdict = prover.decide(assert, &stmt.kind, &ranges, reach)?;
        Some(Claim { text, span: stmt.span, verdict })
    });
    let claims: Vec<Claim> = claims.collect::<Vec<_>>().into_iter().flatten().collect();
    let subject = format!("{kind} {}", prover.about.name);
    Some(Proof { title: assert.title.value.clone(), span: assert.title.span, subject, claims })
}

/// The body that an entity is: of a card its latest version.
fn item_of(entity: &Entity) -> Option<ItemRef> {
    match entity {
        Entity::Plan(item) | Entity::Contract(item) => Some(*item),
        Entity::Card(versions) => versions.iter().max_by_key(|(version, _)| *version).map(|(_, item)| *item),
        _ => None,
    }
}

fn wrong_subject<T>(found: &mut Vec<Diagnostic>, entity: &Entity, path: &ast::Path) -> Option<T> {
    if *entity != Entity::Error {
        let message = format!("`{}` is {}, nothing with lines", path.text(), entity.kind());
        found.push(Diagnostic::error(codes::WRONG_KIND, message).at(path.span, ""));
    }
    None
}

impl Prover<'_> {
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        // The same claim is read once for each case.
        if !self.found.contains(&diagnostic) {
            self.found.push(diagnostic);
        }
    }

    pub(super) fn wrong(&mut self, e: &ast::Expr, message: &str) -> Missing {
        self.report(Diagnostic::error(codes::TYPE_MISMATCH, message).at(e.span, ""));
        Missing::Reported
    }

    pub(super) fn scoped<T>(&mut self, f: impl FnOnce(&mut Scope<'_>) -> T) -> T {
        let mut found = Vec::new();
        let mut scope = Scope {
            db: self.db,
            workspace: self.workspace,
            env: self.env.clone(),
            lets: BTreeMap::new(),
            diagnostics: &mut found,
        };
        let made = f(&mut scope);
        found.into_iter().for_each(|finding| self.report(finding));
        made
    }

    pub(super) fn plan(&self) -> Arc<Plan> {
        self.about.plan.clone()
    }

    pub(super) fn subject_name(&self) -> String {
        self.about.name.clone()
    }

    pub(super) fn currency(&self) -> String {
        self.about.plan.currency.code.to_string()
    }

    fn text(&self, span: price_diagnostics::Span) -> String {
        let text =
            items::text(self.db, self.file, span.item).get(span.start as usize..span.end as usize).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub(super) fn no_line(&mut self, path: &ast::Path) {
        let plan = self.plan();
        let known = plan.lines.iter().map(|line| line.name.as_str()).chain(["total"]);
        let name = path.last().unwrap_or(&path.segments[0]);
        let what = format!("line of `{}`", self.about.name);
        let finding = report::unknown(codes::TEST_NAME, &what, &name.text, name.span, known);
        self.report(finding);
    }

    /// Another card, plan or contract.
    pub(super) fn other(&self, entity: &Entity) -> Option<ItemRef> {
        item_of(entity)
    }

    /// The amounts of a line or of the total, of the subject or of another one; none if there is no
    /// such line.
    pub(super) fn amount(&self, case: &Case<'_>, of: Option<&ItemRef>, name: &str) -> Option<Result<Curve, Missing>> {
        let unknown = |why: &Unknown| match why {
            Unknown::NotSold(_) => Missing::Undecided(NOT_SOLD.to_owned()),
            why => Missing::Undecided(why.to_string()),
        };
        let found = case.bills.iter().find(|(item, _)| item.as_ref() == of);
        let curve = match found {
            Some((_, bill)) => pick(bill, name)?.clone(),
            None => {
                let item = of?;
                let made = lowered(self.db, self.workspace, item.file, item.id);
                let Some(plan) = &made.plan else { return Some(Err(Missing::Reported)) };
                let usage = OneUsage { meter: &case.meter.name, labels: case.labels, day: case.day };
                pick(&bill(plan, &usage), name)?.clone()
            }
        };
        Some(curve.map_err(|why| unknown(&why)))
    }

    /// The usage that an assertion speaks of, and how much of it there is at once.
    fn ranges(&mut self, assert: &ast::Assert) -> Option<(Vec<Range>, Reach)> {
        let mut ranges: Vec<Range> = Vec::new();
        let mut reach = Reach::One;
        for quantifier in &assert.quantifiers {
            match quantifier {
                Quantifier::Meter { meter, from, to, .. } => {
                    let name = meter.last()?;
                    let Some(found) = self.about.lowered.meters.get(&name.text).cloned() else {
                        let meters = self.about.lowered.clone();
                        let known = meters.meters.keys().map(String::as_str);
                        let what = format!("meter that `{}` prices", self.about.name);
                        let finding = report::unknown(codes::TEST_NAME, &what, &name.text, name.span, known);
                        self.report(finding);
                        return None;
                    };
                    let (from, to) = (self.quantity(&found, from)?, self.quantity(&found, to)?);
                    if reach == Reach::One && ranges.iter().any(|known| known.meter.name != found.name) {
                        reach = Reach::Named;
                    }
                    ranges.push(Range { meter: found, from, to: Some(to), written: true });
                }
                Quantifier::Usage(_) | Quantifier::Cells(_) => {
                    if matches!(quantifier, Quantifier::Usage(_)) {
                        reach = Reach::All;
                    }
                    for meter in self.about.lowered.meters.clone().values() {
                        let to = meter.bound.clone();
                        ranges.push(Range { meter: meter.clone(), from: Rational::ZERO, to, written: false });
                    }
                }
            }
        }
        if ranges.is_empty() {
            let message = "this assertion does not say for which usage";
            self.report(
                Diagnostic::error(codes::TEST_NAME, message)
                    .at(assert.title.span, "")
                    .help("write for example `for all usage`, or `for all calls in 0 calls .. 1M calls`"),
            );
            return None;
        }
        Some((ranges, reach))
    }

    /// A written quantity of a meter, in its unit.
    fn quantity(&mut self, meter: &MeterDef, e: &ast::Expr) -> Option<Rational> {
        let value = self.scoped(|scope| Typer::new(scope).constant(e));
        if value.is_error() {
            return None;
        }
        let zero = value.ty == Ty::Number && value.expr.as_const().is_some_and(Rational::is_zero);
        if value.ty != meter.ty && !zero {
            let message = format!("`{}` counts {}, this is {}", meter.name, meter.ty, value.ty);
            self.report(Diagnostic::error(codes::UNIT_MISMATCH, message).at(e.span, ""));
            return None;
        }
        Some(value.expr.as_const().cloned()? / &meter.factor)
    }

    /// The answer to a claim; none if it cannot be asked.
    fn decide(&mut self, assert: &ast::Assert, claim: &Predicate, ranges: &[Range], reach: Reach) -> Option<Verdict> {
        let mut undecided: Option<String> = None;
        let mut cases = 0usize;
        let plan = self.plan();
        let all_days = {
            let mut all = days(&plan);
            if let Some(old) = self.old.and_then(|item| self.plan_of(item)) {
                all.extend(days(&old));
            }
            all.sort_unstable();
            all.dedup();
            all
        };
        let rates = mentions_rates(claim);
        if reach == Reach::Named && !rates {
            return self.decide_together(assert, claim, ranges, (reach, &all_days));
        }
        for range in ranges {
            let Some(cells) = combinations(&[&plan], &range.meter.name) else {
                undecided = Some(format!("`{}` has too many combinations of labels", range.meter.name));
                continue;
            };
            let step = plan.sinks.iter().filter(|sink| sink.meter == range.meter.name).map(|sink| sink.quantum.clone());
            let Some(step) = step.min() else { continue };
            for labels in &cells {
                for day in &all_days {
                    cases += 1;
                    if cases > crate::limits::CASES {
                        undecided = Some("there are too many cases".to_owned());
                        break;
                    }
                    let usage = OneUsage { meter: &range.meter.name, labels, day: *day };
                    let mut bills = Vec::new();
                    if !rates {
                        bills.push((None, bill(&plan, &usage)));
                        if let Some(old) = self.old
                            && let Some(plan) = self.plan_of(old)
                        {
                            bills.push((Some(old), bill(&plan, &usage)));
                        }
                    }
                    let grid = Grid { step: step.clone(), from: range.from.clone(), to: range.to.clone() };
                    let case = Case { meter: &range.meter, labels, day: *day, grid, bills };
                    match self.check(assert, claim, &case) {
                        Ok(None) => {}
                        Ok(Some(witness)) => return Some(Verdict::Disproved(witness)),
                        Err(Missing::Undecided(why)) if why == NOT_SOLD => {}
                        Err(Missing::Undecided(why)) => undecided = undecided.or(Some(why)),
                        Err(Missing::Reported) => return None,
                    }
                }
            }
        }
        if reach == Reach::All && !rates && (undecided.is_some() || !self.adds_up(claim, ranges)) {
            // Its reasons are those of all usage; what is said of one meter alone is one of them.
            return self.decide_together(assert, claim, ranges, (reach, &all_days));
        }
        if let (Reach::One, [_], true, false) = (reach, ranges, undecided.is_some(), rates) {
            // Some of what one curve cannot say, sums and choices of several can.
            return self.decide_together(assert, claim, ranges, (reach, &all_days));
        }
        Some(match undecided {
            Some(why) => Verdict::Undecided(why),
            None => Verdict::Proved,
        })
    }

    pub(super) fn plan_of(&self, item: ItemRef) -> Option<Arc<Plan>> {
        lowered(self.db, self.workspace, item.file, item.id).plan.clone()
    }

    /// Whether what holds of each cell alone holds of all at once: the claim compares lines that are
    /// sums over their cells, or there is only one cell of one meter.
    fn adds_up(&mut self, claim: &Predicate, ranges: &[Range]) -> bool {
        let plan = self.plan();
        if ranges.len() == 1 && combinations(&[&plan], &ranges[0].meter.name).is_some_and(|all| all.len() == 1) {
            return true;
        }
        let old = self.old.and_then(|item| self.plan_of(item));
        let sums = |plan: &Option<Arc<Plan>>, path: &ast::Path| {
            let name = path.last().map_or("", |name| name.text.as_str());
            plan.as_ref().is_some_and(|plan| is_separable(plan, name, false))
        };
        let own = Some(plan.clone());
        match claim {
            Predicate::NeverDecreases(path) | Predicate::NeverJumps { line: path, .. } => sums(&own, path),
            Predicate::RisesAtMost { line, .. } | Predicate::FallsAtMost { line, .. } => {
                sums(&own, line) && sums(&old, line)
            }
            Predicate::Holds(e) => {
                // `min(ΣF, most) <= ΣG` where `min(F, most) <= G` in every cell and no `G` is below
                // zero: the cell that reaches the ceiling has it in `G`, too.
                if let ExprKind::Compare { op: CompareOp::Le, left, right } = &e.kind
                    && let (ExprKind::Path(left), ExprKind::Path(right)) = (&left.kind, &right.kind)
                    && let Some(name) = left.as_name()
                    && is_separable(&plan, &name.text, true)
                {
                    let other = self.plan_of_path(right);
                    let charged = |plan: &Arc<Plan>| {
                        let line = right.last().and_then(|name| plan.lines.iter().find(|line| line.name == name.text));
                        line.is_some_and(|line| !line.rebate)
                    };
                    return sums(&other, right) && other.as_ref().is_some_and(charged);
                }
                let (mut lines, mut constants) = (Vec::new(), false);
                paths(e, &mut lines, &mut constants);
                let plans: Vec<Option<Arc<Plan>>> = lines.iter().map(|path| self.plan_of_path(path)).collect();
                !constants && lines.iter().zip(&plans).all(|(path, plan)| sums(plan, path))
            }
            Predicate::Bad(_) => false,
        }
    }

    /// The plan that the line of a path is of.
    pub(super) fn plan_of_path(&mut self, path: &ast::Path) -> Option<Arc<Plan>> {
        let (_, front) = path.segments.split_last()?;
        if front.is_empty() {
            return Some(self.plan());
        }
        let front = ast::Path { segments: front.to_vec(), span: path.span };
        let entity = self.scoped(|scope| resolve(scope, &front));
        self.plan_of(item_of(&entity)?)
    }

    /// A usage of a case for which a claim does not hold.
    fn check(&mut self, assert: &ast::Assert, claim: &Predicate, case: &Case<'_>) -> Result<Option<Witness>, Missing> {
        match claim {
            Predicate::NeverDecreases(path) => {
                let side = self.side(case, &path_expr(path))?;
                let Some((before, after)) = case.grid.fall(&side.curve) else { return Ok(None) };
                let says = self.two(case, &side.curve, &before, &after);
                Ok(Some(self.witness(assert, case, &after, says, &[path])))
            }
            Predicate::NeverJumps { line, more_than } => {
                let side = self.side(case, &path_expr(line))?;
                let (_, most) = self.constant(more_than)?;
                let Some((before, after)) = case.grid.jump(&side.curve, &most) else { return Ok(None) };
                let says = self.two(case, &side.curve, &before, &after);
                Ok(Some(self.witness(assert, case, &after, says, &[line])))
            }
            Predicate::RisesAtMost { line, at_most } | Predicate::FallsAtMost { line, at_most } => {
                let rises = matches!(claim, Predicate::RisesAtMost { .. });
                let Some(old) = self.old else { return Err(self.nothing_to_compare(line)) };
                let (_, share) = self.constant(at_most)?;
                let name = line.last().map(|name| name.text.clone()).unwrap_or_default();
                let (Some(new), Some(before)) = (self.amount(case, None, &name), self.amount(case, Some(&old), &name))
                else {
                    self.no_line(line);
                    return Err(Missing::Reported);
                };
                let (new, before) = (new?, before?);
                let factor = if rises { Rational::ONE + &share } else { Rational::ONE - &share };
                let difference = new.minus(&before.clone().scaled(&factor));
                let sign = if rises { Sign::AtMost } else { Sign::AtLeast };
                let Some(at) = case.grid.violation(&difference, sign, &self.visible()) else { return Ok(None) };
                let says = self.against(case, &at, &new, &before) + &self.stretch(case, &difference, sign);
                Ok(Some(self.witness(assert, case, &at, says, &[line])))
            }
            Predicate::Holds(e) => self.holds(assert, e, case),
            Predicate::Bad(_) => Err(Missing::Reported),
        }
    }

    fn holds(&mut self, assert: &ast::Assert, e: &ast::Expr, case: &Case<'_>) -> Result<Option<Witness>, Missing> {
        match &e.kind {
            ExprKind::And(a, b) => match self.holds(assert, a, case)? {
                Some(witness) => Ok(Some(witness)),
                None => self.holds(assert, b, case),
            },
            ExprKind::Compare { op, left, right } => {
                let (a, b) = (self.side(case, left)?, self.side(case, right)?);
                let zero = |side: &super::value::Side| side.of == Of::Share && side.curve.is_zero();
                if a.of != b.of && !zero(&a) && !zero(&b) {
                    return Err(self.wrong(e, "these two cannot be compared"));
                }
                let sign = sign_of(*op);
                let Some(at) = case.grid.violation(&a.curve.minus(&b.curve), sign, &self.visible()) else {
                    return Ok(None);
                };
                let says =
                    self.against(case, &at, &a.curve, &b.curve) + &self.stretch(case, &a.curve.minus(&b.curve), sign);
                let (mut lines, mut constants) = (Vec::new(), false);
                paths(e, &mut lines, &mut constants);
                let own: Vec<&ast::Path> = lines.into_iter().filter(|path| path.segments.len() == 1).collect();
                Ok(Some(self.witness(assert, case, &at, says, &own)))
            }
            _ => Err(self.wrong(e, "a claim is a comparison, or `never decreases`, `never jumps by more than …`")),
        }
    }

    pub(super) fn nothing_to_compare(&mut self, line: &ast::Path) -> Missing {
        let message = "only a comparison of two has something that rises or falls";
        self.report(
            Diagnostic::error(codes::TEST_NAME, message)
                .at(line.span, "")
                .help("write `assert \"…\" comparing NEW to OLD for all …`"),
        );
        Missing::Reported
    }

    fn shown(&self, case: &Case<'_>, quantity: &Rational) -> String {
        self.counted(case.meter, quantity) + &place(case.labels)
    }

    /// A quantity of a meter.
    pub(super) fn counted(&self, meter: &MeterDef, quantity: &Rational) -> String {
        let number = quantity.to_decimal_string(0).unwrap_or_else(|| quantity.to_string());
        match (matches!(meter.ty, Ty::Money(_)), meter.unit.as_str()) {
            (true, _) => self.about.plan.currency.format(quantity),
            (false, "") => group(&number),
            (false, unit) => format!("{} {unit}", group(&number)),
        }
    }

    /// ` where region is eu`, with some label of each dimension that lists none: a test has to name it.
    pub(super) fn labelled(&self, meter: &MeterDef, labels: &[(String, String)]) -> String {
        let mut all = labels.to_vec();
        let plan = &self.about.plan;
        for sink in plan.sinks.iter().filter(|sink| sink.meter == meter.name) {
            for key in sink.keys.iter().filter(|key| key.in_cell) {
                let dimension = &plan.dimensions[key.dim.ix()];
                if dimension.size().is_none() && !all.iter().any(|(name, _)| *name == dimension.name) {
                    all.push((dimension.name.clone(), "some".to_owned()));
                }
            }
        }
        place(&all)
    }

    pub(super) fn money(&self, amount: &Rational) -> String {
        self.about.plan.currency.format(amount)
    }

    pub(super) fn since(&self, day: Option<Date>) -> String {
        let first = days(&self.about.plan).first().copied().flatten();
        match day {
            Some(day) if Some(day) != first => format!(" (from {day})"),
            _ => String::new(),
        }
    }

    fn two(&self, case: &Case<'_>, curve: &Curve, before: &Rational, after: &Rational) -> String {
        format!(
            "{} cost {}, and {} cost {}{}",
            self.shown(case, before),
            self.money(&curve.at(before)),
            self.shown(case, after),
            self.money(&curve.at(after)),
            self.since(case.day),
        )
    }

    fn against(&self, case: &Case<'_>, at: &Rational, left: &Curve, right: &Curve) -> String {
        let (left, right) = (self.money(&left.at(at)), self.money(&right.at(at)));
        format!("{}: {left} against {right}{}", self.shown(case, at), self.since(case.day))
    }

    /// What a line is rounded to: less is not seen on an invoice.
    pub(super) fn visible(&self) -> Rational {
        self.about.plan.rounding.rounding.step.clone()
    }

    /// `; so above 0 and below 225 GB`: the first stretch on which a difference is on the wrong side.
    fn stretch(&self, case: &Case<'_>, difference: &Curve, sign: Sign) -> String {
        let wrong = match sign {
            Sign::AtMost | Sign::Below => difference.clone(),
            Sign::AtLeast | Sign::Above => difference.clone().scaled(&Rational::int(-1)),
            Sign::Equal | Sign::Unequal => return String::new(),
        };
        let Some((from, until)) = wrong.above_zero() else { return String::new() };
        let cut = Rounding { mode: RoundingMode::Down, step: Rational::pow10(-3) };
        let shown = |q: &Rational| match q.to_decimal_string(0) {
            Some(exact) => group(&exact),
            None => format!("{}…", group(&cut.apply(q).to_decimal_string(0).unwrap_or_default())),
        };
        let unit = if case.meter.unit.is_empty() { String::new() } else { format!(" {}", case.meter.unit) };
        match until {
            Some(until) => format!("; so above {} and below {}{unit}", shown(&from), shown(&until)),
            None => format!("; so above {}{unit}", shown(&from)),
        }
    }

    fn witness(
        &self,
        assert: &ast::Assert,
        case: &Case<'_>,
        at: &Rational,
        says: String,
        lines: &[&ast::Path],
    ) -> Witness {
        let given = self.counted(case.meter, at) + &self.labelled(case.meter, case.labels);
        let given = vec![(case.meter.name.as_str(), given)];
        self.witness_of(assert, case.day, (self.shown(case, at), says), given, lines)
    }

    /// Usage for which a claim does not hold, with a test of it: `given` is a meter and what is given
    /// of it.
    pub(super) fn witness_of(
        &self,
        assert: &ast::Assert,
        day: Option<Date>,
        (usage, says): (String, String),
        given: Vec<(&str, String)>,
        lines: &[&ast::Path],
    ) -> Witness {
        let day = day.or(days(&self.about.plan).first().copied().flatten());
        // The first whole period after the day.
        let period = match day {
            Some(day) => {
                let first = Date::new(day.year(), day.month(), 1).unwrap_or(day);
                let whole = if first == day { first } else { first.add_months(1, 1) };
                whole.to_string()[..7].to_owned()
            }
            None => "2026-01".to_owned(),
        };
        let mut test = format!(
            "test \"against: {}\" for {} {} in {period} {{\n",
            assert.title.value.replace('"', "'"),
            self.about.kind,
            self.about.name,
        );
        for (meter, usage) in given {
            test.push_str(&format!("  given {meter} {usage}\n"));
        }
        let plan = &self.about.plan;
        let known = |name: &str| name == "total" || plan.lines.iter().any(|line| line.name == name);
        for line in lines.iter().filter_map(|path| path.last()).filter(|name| known(&name.text)) {
            let expected = format!("  expect {} ?\n", line.text);
            if !test.contains(&expected) {
                test.push_str(&expected);
            }
        }
        test.push('}');
        Witness { usage, says, test }
    }
}

/// The comparison with zero that a comparison of two is.
pub(super) fn sign_of(op: CompareOp) -> Sign {
    match op {
        CompareOp::Le => Sign::AtMost,
        CompareOp::Lt => Sign::Below,
        CompareOp::Ge => Sign::AtLeast,
        CompareOp::Gt => Sign::Above,
        CompareOp::Eq => Sign::Equal,
        CompareOp::Ne => Sign::Unequal,
    }
}

fn pick<'b>(bill: &'b Bill, name: &str) -> Option<&'b Result<Curve, Unknown>> {
    match bill.line(name) {
        Some(line) => Some(line),
        None if name == "total" => Some(&bill.total),
        None => None,
    }
}

/// ` where region is eu and tier is plus`.
pub(super) fn place(labels: &[(String, String)]) -> String {
    let quoted = |label: &String| match label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        true if label.starts_with(|c: char| c.is_ascii_alphabetic()) => label.clone(),
        _ => format!("\"{label}\""),
    };
    let parts: Vec<String> =
        labels.iter().map(|(dimension, label)| format!("{dimension} is {}", quoted(label))).collect();
    if parts.is_empty() { String::new() } else { format!(" where {}", parts.join(" and ")) }
}

fn path_expr(path: &ast::Path) -> ast::Expr {
    ast::Expr { kind: ExprKind::Path(path.clone()), span: path.span }
}

/// The lines that a claim names, and whether it compares with amounts that do not depend on usage.
pub(super) fn paths<'e>(e: &'e ast::Expr, lines: &mut Vec<&'e ast::Path>, constants: &mut bool) {
    match &e.kind {
        ExprKind::Path(path) => lines.push(path),
        ExprKind::PercentOf { base, .. } => {
            if let ast::ScopeKind::Names(names) = &base.kind {
                lines.extend(names);
            }
        }
        ExprKind::Money(_) | ExprKind::Quantity(_) => *constants = true,
        ExprKind::Neg(inner) => paths(inner, lines, constants),
        ExprKind::Binary { left, right, .. } | ExprKind::Compare { left, right, .. } | ExprKind::And(left, right) => {
            paths(left, lines, constants);
            paths(right, lines, constants);
        }
        _ => {}
    }
}

fn mentions_rates(claim: &Predicate) -> bool {
    fn rates(e: &ast::Expr) -> bool {
        match &e.kind {
            ExprKind::RateOf(_) => true,
            ExprKind::Neg(inner) => rates(inner),
            ExprKind::Binary { left, right, .. }
            | ExprKind::Compare { left, right, .. }
            | ExprKind::And(left, right) => rates(left) || rates(right),
            _ => false,
        }
    }
    matches!(claim, Predicate::Holds(e) if rates(e))
}
