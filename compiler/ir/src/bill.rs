//! What one meter's usage costs, as curves: the settlement of one period, solved for all
//! quantities at once.
//!
//! The usage is of one meter, all of it in one combination of labels, and there is no other. The
//! period is a whole billing period after the first, in which everything holds that holds on a
//! day; nothing was carried into it. Amounts are before rounding. The order of settlement is that
//! of `price-rating`: price functions, floors and ceilings of the line, discounts, shares of other
//! lines, minimums and caps. What cannot be said exactly is [`Unknown`], never guessed.

mod joint;

pub use joint::{JointBill, JointUsage, Quantity, is_sold, joint};

use crate::curve::Curve;
use crate::func::{Cond, Expr};
use crate::funds::OWN;
use crate::limits::COMBINATIONS;
use crate::plan::{
    Bound, CellRule, Charge, Counting, Discount, DiscountOff, Fee, FeeSchedule, Fold, Key, Line, LineClamp, LineIx,
    Plan, Regime, Rules, Sink, UsageCharge,
};
use price_value::{Date, Rational, Span, Window};
use std::collections::BTreeSet;
use std::fmt;

/// Usage of one meter in one combination of labels.
#[derive(Debug, Clone, Copy)]
pub struct OneUsage<'a> {
    /// Name of the meter.
    pub meter: &'a str,
    /// Dimension and label, of each closed dimension that a price asks for.
    pub labels: &'a [(String, String)],
    /// The day whose rules hold; none for those before the first date.
    pub day: Option<Date>,
}

/// Why a line or a total is not a curve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// A price whose amount is not made of straight pieces of the quantity.
    NotStraight(String),
    /// A price over other stretches than the billing period.
    Window(String),
    /// Bounds that another measure stretches.
    Scale(String),
    /// A price that looks at all cells, or at earlier periods.
    Across(String),
    /// A price on each event.
    Events(String),
    /// An amount per unit of a level.
    Level(String),
    /// An allowance that is shared with another price, or granted over another stretch.
    Allowance(String),
    /// A charge that is due without usage.
    Idle(String),
    /// A condition that labels alone do not decide.
    Condition(String),
    /// A share that is no multiple.
    Share(String),
    /// An amount that is taken off several lines at once.
    Split(String),
    /// A floor or ceiling over other stretches than the billing period.
    Limit(String),
    /// Minimums and caps of lines that overlap in part.
    Overlap(String),
    /// Money that a wallet or commitment asks for itself.
    Funds(String),
    /// A label that the price does not sell.
    NotSold(String),
    /// A price whose cells no list ends.
    Spread(String),
    /// A price on several labels together of what is no sum.
    Sums(String),
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unknown::NotStraight(line) => {
                write!(f, "`{line}` is charged in steps, rounded inside, or by several measures")
            }
            Unknown::Window(line) => write!(f, "`{line}` is computed over other stretches than the billing period"),
            Unknown::Scale(line) => write!(f, "the bounds of `{line}` are multiples of another measure"),
            Unknown::Across(line) => write!(f, "`{line}` looks at all cells, or at earlier periods"),
            Unknown::Events(line) => write!(f, "`{line}` is charged on each event"),
            Unknown::Level(line) => write!(f, "`{line}` is charged per unit of a level"),
            Unknown::Allowance(name) => {
                write!(f, "the allowance `{name}` is shared by several prices, or granted over other stretches")
            }
            Unknown::Idle(line) => write!(f, "`{line}` charges without usage"),
            Unknown::Condition(line) => write!(f, "labels alone do not decide what `{line}` is for"),
            Unknown::Share(line) => write!(f, "`{line}` is no plain share of its lines"),
            Unknown::Split(name) => write!(f, "`{name}` is split over several lines"),
            Unknown::Limit(name) => write!(f, "a bound of `{name}` counts other stretches than the billing period"),
            Unknown::Overlap(name) => write!(f, "`{name}` bounds lines that another bound has in part"),
            Unknown::Funds(name) => write!(f, "`{name}` can ask for money of its own"),
            Unknown::NotSold(line) => write!(f, "`{line}` is not sold there"),
            Unknown::Spread(line) => write!(f, "`{line}` has any number of cells"),
            Unknown::Sums(line) => write!(f, "what `{line}` measures of several labels is no sum"),
        }
    }
}

/// The lines and the total of one usage.
#[derive(Debug, Clone, PartialEq)]
pub struct Bill {
    /// By name, in evaluation order; minimums are lines of their own.
    pub lines: Vec<(String, Result<Curve, Unknown>)>,
    /// The sum of all lines in the plan's own currency; unknown where there are wallets or
    /// commitments.
    pub total: Result<Curve, Unknown>,
}

impl Bill {
    /// The amounts of a line; none if there is no such line.
    pub fn line(&self, name: &str) -> Option<&Result<Curve, Unknown>> {
        self.lines.iter().find(|(line, _)| line == name).map(|(_, curve)| curve)
    }
}

/// A line, a minimum, or what a cap takes off several lines together.
struct Item<A = Curve> {
    name: String,
    line: Option<LineIx>,
    /// For what is not a line: the lines it is about.
    scope: Vec<LineIx>,
    curve: Result<A, Unknown>,
    /// Before discounts.
    before: Result<A, Unknown>,
    /// Why it is known in sums only.
    alone: Option<Unknown>,
    shown: bool,
}

/// The closed dimensions that prices of a meter ask for, each with its labels.
fn asked<'p>(plan: &'p Plan, meter: &str) -> Vec<(&'p str, &'p [String])> {
    let mut all: Vec<(&str, &[String])> = Vec::new();
    for sink in plan.sinks.iter().filter(|sink| sink.meter == meter) {
        for (at, key) in sink.keys.iter().enumerate() {
            let dimension = &plan.dimensions[key.dim.ix()];
            let wanted = (key.in_cell || reads(&sink.scope, at)) && dimension.size().is_some();
            if wanted && !all.iter().any(|(name, _)| *name == dimension.name) {
                all.push((&dimension.name, &dimension.labels));
            }
        }
    }
    all
}

fn reads(cond: &Cond, key: usize) -> bool {
    match cond {
        Cond::Label(at, _) => at.ix() == key,
        Cond::All(parts) | Cond::Any(parts) => parts.iter().any(|part| reads(part, key)),
        Cond::Not(inner) => reads(inner, key),
        _ => false,
    }
}

/// Every combination of labels that prices of a meter tell apart in some of the plans; one empty
/// one where there is nothing to tell apart. None beyond [`COMBINATIONS`].
pub fn combinations(plans: &[&Plan], meter: &str) -> Option<Vec<Vec<(String, String)>>> {
    let mut asked: Vec<(&str, Vec<&String>)> = Vec::new();
    for (name, labels) in plans.iter().flat_map(|plan| self::asked(plan, meter)) {
        let at = match asked.iter().position(|(known, _)| *known == name) {
            Some(at) => at,
            None => {
                asked.push((name, Vec::new()));
                asked.len() - 1
            }
        };
        let known = &mut asked[at].1;
        labels.iter().for_each(|label| {
            if !known.contains(&label) {
                known.push(label)
            }
        });
    }
    let size = asked.iter().try_fold(1usize, |all, (_, labels)| all.checked_mul(labels.len().max(1)))?;
    if size > COMBINATIONS {
        return None;
    }
    let mut all: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for (name, labels) in asked {
        let with = |front: &Vec<(String, String)>, label: &&String| {
            front.iter().cloned().chain([(name.to_owned(), (*label).clone())]).collect()
        };
        all = all.iter().flat_map(|front| labels.iter().map(move |label| with(front, label))).collect();
    }
    Some(all)
}

/// The days on which something of a plan changes, the time before the first included.
pub fn days(plan: &Plan) -> Vec<Option<Date>> {
    let mut days: BTreeSet<Option<Date>> = BTreeSet::new();
    let mut span = |span: &Span| days.extend([span.from, span.until]);
    for line in &plan.lines {
        line.clamps.iter().for_each(|clamp| span(&clamp.during));
        if let Charge::Fee(fee) = &line.charge {
            span(&fee.during);
        }
    }
    plan.discounts.iter().for_each(|discount| span(&discount.during));
    plan.clamps.iter().for_each(|group| span(&group.clamp.during));
    for line in &plan.lines {
        if let Charge::Fee(fee) = &line.charge {
            days.extend(fee.changes.iter().map(|(day, _)| Some(*day)));
        }
        if let Some(rules) = rules(plan, line) {
            days.extend(rules.regimes.iter().map(|regime| regime.from));
        }
    }
    // What holds before the first day of service concerns nobody.
    let first = plan.parties.as_ref().and_then(|parties| parties.term.from).max(plan.effective.from);
    let served = |day: &Option<Date>| first.is_none_or(|first| day.is_some_and(|day| day > first));
    let mut all: Vec<Option<Date>> = days.into_iter().filter(served).collect();
    all.insert(0, first);
    all.dedup();
    all
}

fn rules<'p>(plan: &'p Plan, line: &'p Line) -> Option<&'p Rules> {
    match &line.charge {
        Charge::Usage(usage) => Some(&usage.rules),
        Charge::Events(sink) => match &plan.sinks[sink.ix()].fold {
            Fold::Charge(charge) => Some(&charge.rules),
            _ => None,
        },
        _ => None,
    }
}

/// The lines and the total of a usage.
pub fn bill(plan: &Plan, usage: &OneUsage<'_>) -> Bill {
    let mut billing = Billing { plan, usage, items: Vec::new() };
    let late = |line: &Line, done: &[LineIx]| match &line.charge {
        Charge::Share { of, after_discounts, .. } => *after_discounts || of.iter().any(|at| !done.contains(at)),
        _ => false,
    };
    let mut early = Vec::new();
    for (index, line) in plan.lines.iter().enumerate() {
        let at = LineIx(u32::try_from(index).unwrap_or(u32::MAX));
        if !late(line, &early) {
            early.push(at);
            billing.line(at, line);
        }
    }
    billing.discounts(&|at| early.contains(&at));
    for (index, line) in plan.lines.iter().enumerate() {
        let at = LineIx(u32::try_from(index).unwrap_or(u32::MAX));
        if !early.contains(&at) {
            billing.line(at, line);
        }
    }
    billing.discounts(&|at| !early.contains(&at));
    billing.groups();
    let own = billing.items.iter().filter(|item| match item.line {
        Some(at) => plan.lines[at.ix()].currency == OWN,
        None => true,
    });
    let total = own
        .map(|item| item.curve.clone())
        .try_fold(Curve::constant(Rational::ZERO), |sum, curve| Ok(sum.plus(&curve?)));
    // Grants that cost something, top-ups, prepayments and true-ups are lines as well.
    let funds =
        plan.funds.balances.iter().map(|b| &b.name).chain(plan.funds.commitments.iter().map(|c| &c.name)).next();
    // What is left of lines in other currencies becomes a line, too.
    let converted = plan.funds.conversions.first().map(|c| plan.currency_at(c.currency).0.code.to_string());
    let total = match funds.cloned().or(converted) {
        Some(name) => Err(Unknown::Funds(name)),
        None => total,
    };
    let shown = billing.items.into_iter().filter(|item| item.shown);
    let lines = shown.map(|item| match item.alone {
        Some(why) => (item.name, Err(why)),
        None => (item.name, item.curve),
    });
    Bill { lines: lines.collect(), total }
}

struct Billing<'a> {
    plan: &'a Plan,
    usage: &'a OneUsage<'a>,
    items: Vec<Item>,
}

impl Billing<'_> {
    fn line(&mut self, at: LineIx, line: &Line) {
        let mut curve = match &line.charge {
            Charge::Fee(fee) => self.fee(line, fee),
            Charge::Usage(usage) => self.usage(at, line, usage),
            Charge::Events(sink) => {
                let sink = &self.plan.sinks[sink.ix()];
                match self.concerns(sink) {
                    true => Err(Unknown::Events(line.name.clone())),
                    false => Ok(Curve::constant(Rational::ZERO)),
                }
            }
            Charge::Share { of, after_discounts, amount } => self.share(line, of, *after_discounts, amount),
        };
        let used = match &line.charge {
            Charge::Usage(usage) => self.plan.sinks[usage.sink.ix()].meter == self.usage.meter,
            Charge::Events(_) => false,
            _ => true,
        };
        for clamp in &line.clamps {
            curve = curve.and_then(|curve| self.clamped(&line.name, curve, clamp, used));
        }
        if line.rebate {
            curve = curve.map(|curve| curve.scaled(&Rational::int(-1)));
        }
        self.items.push(Item {
            name: line.name.clone(),
            line: Some(at),
            scope: Vec::new(),
            before: curve.clone(),
            curve,
            alone: None,
            shown: true,
        });
    }

    fn fee(&self, line: &Line, fee: &Fee) -> Result<Curve, Unknown> {
        if let Some(level) = fee.level {
            return match self.concerns(&self.plan.sinks[level.ix()]) {
                true => Err(Unknown::Level(line.name.clone())),
                false => Ok(Curve::constant(Rational::ZERO)),
            };
        }
        let none = Ok(Curve::constant(Rational::ZERO));
        let FeeSchedule::Each(window) = fee.per else { return none };
        if !self.holds(&fee.during) {
            return none;
        }
        let times = self.times(window).ok_or_else(|| Unknown::Window(line.name.clone()))?;
        let amount = match self.usage.day {
            Some(day) => fee.amount_on(day),
            None => &fee.amount,
        };
        Ok(Curve::constant(amount * &times))
    }

    fn usage(&self, at: LineIx, line: &Line, usage: &UsageCharge) -> Result<Curve, Unknown> {
        let sink = &self.plan.sinks[usage.sink.ix()];
        let name = || line.name.clone();
        let idle =
            |function: &crate::plan::Function| function.amount.at(&Rational::ZERO).is_ok_and(|zero| zero.is_zero());
        let zero = || match usage.rules.functions.iter().all(idle) && usage.ratchet.is_none() {
            true => Ok(Curve::constant(Rational::ZERO)),
            false => Err(Unknown::Idle(name())),
        };
        if sink.meter != self.usage.meter {
            return match self.concerns(sink) && sink.meter.is_empty() {
                true => Err(Unknown::Events(name())),
                false => zero(),
            };
        }
        if !self.in_scope(sink, &sink.scope).ok_or_else(|| Unknown::Condition(name()))? {
            return zero();
        }
        if usage.window != self.plan.billing.every {
            return Err(Unknown::Window(name()));
        }
        if usage.scale.is_some() {
            return Err(Unknown::Scale(name()));
        }
        if !usage.across.is_each() || usage.ratchet.is_some() {
            return Err(Unknown::Across(name()));
        }
        let cell = self.cell(sink).ok_or_else(|| Unknown::Condition(name()))?;
        let regime = regime(&usage.rules, self.usage.day);
        let Some(CellRule::Function(function)) = regime.cells.get(cell).copied() else {
            return Err(Unknown::NotSold(name()));
        };
        let others = regime.cells.iter().filter_map(|rule| match rule {
            CellRule::Function(other) if *other != function => usage.rules.functions.get(*other as usize),
            _ => None,
        });
        // A second cell of the same function is as idle as the function is.
        if regime.cells.len() > 1 && !idle(&usage.rules.functions[function as usize]) || !others.into_iter().all(idle) {
            return Err(Unknown::Idle(name()));
        }
        let function = &usage.rules.functions[function as usize];
        let curve = Curve::of(&function.amount).ok_or_else(|| Unknown::NotStraight(name()))?;
        let included = self.included(at, usage, cell)?;
        if included.is_positive() && usage.counting == Counting::Gross && function.amount.selects() {
            return Err(Unknown::NotStraight(name()));
        }
        Ok(curve.beyond(&included, usage.counting))
    }

    /// What is free in a cell.
    fn included(&self, at: LineIx, usage: &UsageCharge, cell: usize) -> Result<Rational, Unknown> {
        let less = usage.less.iter().filter(|less| self.holds(&less.during));
        let mut all: Rational = less.map(|less| &less.quantity).sum();
        for ix in &usage.covered_by {
            let rule = &self.plan.allowances[ix.ix()];
            let unknown = || Unknown::Allowance(rule.name.clone());
            let meant = |mask: &Option<Vec<bool>>| mask.as_ref().is_none_or(|m| m.get(cell).copied().unwrap_or(false));
            let Some(covers) = rule.covers.iter().find(|c| c.line == at && meant(&c.cells)) else { continue };
            let others = rule.covers.iter().filter(|c| c.line != at);
            let shared = others.into_iter().any(|c| match &self.plan.lines[c.line.ix()].charge {
                Charge::Usage(other) => self.plan.sinks[other.sink.ix()].meter == self.usage.meter,
                Charge::Events(sink) => self.concerns(&self.plan.sinks[sink.ix()]),
                _ => false,
            });
            if shared || rule.times.is_some() || rule.events.is_some() || rule.per != usage.window {
                return Err(unknown());
            }
            all += &(&rule.quantity / &covers.factor);
        }
        Ok(all)
    }

    fn share(&self, line: &Line, of: &[LineIx], after: bool, amount: &Expr) -> Result<Curve, Unknown> {
        let mut base = Curve::constant(Rational::ZERO);
        for at in of {
            let Some(item) = self.items.iter().find(|item| item.line == Some(*at)) else { continue };
            let curve = if after { &item.curve } else { &item.before };
            base = base.plus(curve.as_ref().map_err(Clone::clone)?);
        }
        let share = Curve::of(amount).ok_or_else(|| Unknown::Share(line.name.clone()))?;
        if let Some(constant) = base.as_constant() {
            return Ok(Curve::constant(share.at(constant)));
        }
        match share.pieces.as_slice() {
            [only] if share.at_zero.is_zero() && only.value.is_zero() => Ok(base.scaled(&only.slope)),
            _ => Err(Unknown::Share(line.name.clone())),
        }
    }

    fn clamped(&self, name: &str, curve: Curve, clamp: &LineClamp, used: bool) -> Result<Curve, Unknown> {
        let Some(limit) = self.limit(name, clamp)? else { return Ok(curve) };
        if clamp.bound == Bound::Floor && clamp.if_used && !used {
            return Ok(curve);
        }
        let at_zero = curve.at_zero.clone();
        let bounded = match clamp.bound {
            Bound::Floor => curve.greatest(&limit),
            Bound::Ceiling => curve.least(&limit),
        };
        let mut bounded = bounded.ok_or_else(|| Unknown::NotStraight(name.to_owned()))?;
        if clamp.bound == Bound::Floor && clamp.if_used {
            bounded.at_zero = at_zero;
        }
        Ok(bounded)
    }

    /// What a clamp comes to in the period; none where it does not hold.
    fn limit(&self, name: &str, clamp: &LineClamp) -> Result<Option<Curve>, Unknown> {
        if !self.holds(&clamp.during) {
            return Ok(None);
        }
        let times = self.times(clamp.per).ok_or_else(|| Unknown::Limit(name.to_owned()))?;
        Ok(Some(Curve::constant(&clamp.amount * &times)))
    }

    fn discounts(&mut self, now: &dyn Fn(LineIx) -> bool) {
        let plan = self.plan;
        for discount in &plan.discounts {
            if self.holds(&discount.during) {
                self.discount(discount, now);
            }
        }
    }

    fn discount(&mut self, discount: &Discount, now: &dyn Fn(LineIx) -> bool) {
        let mut touched = Vec::new();
        for (place, at) in discount.scope.iter().enumerate().filter(|(_, at)| now(**at)) {
            let mask = discount.cells.get(place).and_then(Option::as_ref);
            let line = &self.plan.lines[at.ix()];
            let hit = match (mask, &line.charge) {
                (None, _) => true,
                (Some(mask), Charge::Usage(usage)) => {
                    let sink = &self.plan.sinks[usage.sink.ix()];
                    let own = sink.meter == self.usage.meter;
                    own && self.cell(sink).and_then(|cell| mask.get(cell).copied()).unwrap_or(false)
                }
                (Some(_), _) => false,
            };
            let item = self.items.iter().position(|item| item.line == Some(*at));
            touched.extend(item.filter(|_| hit));
        }
        match &discount.off {
            DiscountOff::Share(share) => {
                let left = Rational::ONE - share;
                for at in touched {
                    let item = &mut self.items[at];
                    item.curve = item.curve.clone().map(|curve| curve.scaled(&left));
                }
            }
            DiscountOff::Amount(amount) => {
                let nothing = |item: &Item| item.curve.as_ref().is_ok_and(Curve::is_zero);
                touched.retain(|at| !nothing(&self.items[*at]));
                let zero = Curve::constant(Rational::ZERO);
                let amount = Curve::constant(amount.clone());
                let alone = touched.len() == 1;
                for at in touched {
                    let item = &mut self.items[at];
                    let off = |curve: &Curve| Some(curve.minus(&curve.greatest(&zero)?.least(&amount)?));
                    item.curve = match &item.curve {
                        Ok(curve) if alone => off(curve).ok_or_else(|| Unknown::NotStraight(item.name.clone())),
                        Ok(_) => Err(Unknown::Split(discount.name.clone())),
                        Err(why) => Err(why.clone()),
                    };
                }
            }
        }
    }

    fn groups(&mut self) {
        let plan = self.plan;
        for group in &plan.clamps {
            let inside = |scope: &[LineIx]| scope.iter().all(|at| group.scope.contains(at));
            let outside = |scope: &[LineIx]| !scope.iter().any(|at| group.scope.contains(at));
            let mut counted = Vec::new();
            let mut trouble = None;
            for (at, item) in self.items.iter().enumerate() {
                match item.line {
                    Some(line) if group.scope.contains(&line) => counted.push(at),
                    Some(_) => {}
                    None if inside(&item.scope) => counted.push(at),
                    // A minimum of other lines, too, is not counted; what a cap took off is.
                    None if item.shown || outside(&item.scope) => {}
                    None => trouble = Some(Unknown::Overlap(group.name.clone())),
                }
            }
            let limit = match (trouble, self.limit(&group.name, &group.clamp)) {
                (Some(why), _) => Err(why),
                (None, Ok(None)) => continue,
                (None, Ok(Some(limit))) => Ok(limit),
                (None, Err(why)) => Err(why),
            };
            let sum = counted.iter().map(|at| self.items[*at].curve.clone());
            let sum = sum.into_iter().try_fold(Curve::constant(Rational::ZERO), |sum, curve| Ok(sum.plus(&curve?)));
            let zero = Curve::constant(Rational::ZERO);
            let change: Result<Curve, Unknown> = limit.and_then(|limit| {
                let missing = limit.minus(&sum?);
                let change = match group.clamp.bound {
                    Bound::Floor => missing.greatest(&zero),
                    Bound::Ceiling => missing.least(&zero),
                };
                change.ok_or_else(|| Unknown::NotStraight(group.name.clone()))
            });
            let change = match group.clamp.if_used {
                true => Err(Unknown::Limit(group.name.clone())),
                false => change,
            };
            let some = |at: &&usize| !self.items[**at].curve.as_ref().is_ok_and(Curve::is_zero);
            let lowered: Vec<usize> = counted.iter().filter(some).copied().collect();
            match (group.clamp.bound, lowered.as_slice(), change) {
                (Bound::Ceiling, [only], Ok(change)) => {
                    let item = &mut self.items[*only];
                    item.curve = item.curve.clone().map(|curve| curve.plus(&change));
                }
                (bound, lowered, change) => {
                    if bound == Bound::Ceiling && !change.as_ref().is_ok_and(Curve::is_zero) {
                        for at in lowered {
                            self.items[*at].alone = Some(Unknown::Split(group.name.clone()));
                        }
                    }
                    self.items.push(Item {
                        name: group.name.clone(),
                        line: None,
                        scope: group.scope.clone(),
                        before: change.clone(),
                        curve: change,
                        alone: None,
                        shown: bound == Bound::Floor,
                    });
                }
            }
        }
    }

    /// Whether the usage makes rows of a sink.
    fn concerns(&self, sink: &Sink) -> bool {
        let of = |other: &&Sink| other.meter == self.usage.meter && other.event == sink.event;
        self.plan.sinks.iter().any(|other| of(&other))
    }

    fn holds(&self, during: &Span) -> bool {
        match self.usage.day {
            Some(day) => during.contains(day),
            None => during.from.is_none(),
        }
    }

    /// How often a window fits into a billing period.
    fn times(&self, window: Window) -> Option<Rational> {
        let months = |window| match window {
            Window::Month => Some(1),
            Window::Quarter => Some(3),
            Window::Year => Some(12),
            _ => None,
        };
        let every = self.plan.billing.every;
        if window == every {
            return Some(Rational::ONE);
        }
        let (short, long) = (months(window)?, months(every)?);
        (short < long).then(|| Rational::int(long / short))
    }

    fn label(&self, key: &Key) -> Option<u32> {
        let dimension = &self.plan.dimensions[key.dim.ix()];
        let (_, label) = self.usage.labels.iter().find(|(name, _)| *name == dimension.name)?;
        dimension.code(label)
    }

    /// The number of the cell of a sink that the labels are in.
    fn cell(&self, sink: &Sink) -> Option<usize> {
        let keys = sink.keys.iter().filter(|key| key.in_cell && self.plan.dimensions[key.dim.ix()].size().is_some());
        keys.into_iter().try_fold(0, |cell, key| {
            let size = self.plan.dimensions[key.dim.ix()].labels.len().max(1);
            Some(cell * size + self.label(key)? as usize)
        })
    }

    /// Whether a condition holds, as far as labels decide it.
    fn in_scope(&self, sink: &Sink, cond: &Cond) -> Option<bool> {
        match cond {
            Cond::Always => Some(true),
            Cond::Label(key, labels) => Some(labels.contains(&self.label(&sink.keys[key.ix()])?)),
            Cond::All(parts) => {
                let parts: Option<Vec<bool>> = parts.iter().map(|part| self.in_scope(sink, part)).collect();
                Some(parts?.into_iter().all(|part| part))
            }
            Cond::Any(parts) => {
                let parts: Option<Vec<bool>> = parts.iter().map(|part| self.in_scope(sink, part)).collect();
                Some(parts?.into_iter().any(|part| part))
            }
            Cond::Not(inner) => Some(!self.in_scope(sink, inner)?),
            _ => None,
        }
    }
}

/// The rules that hold on a day; without one, those before the first date.
fn regime(rules: &Rules, day: Option<Date>) -> &Regime {
    let at = rules.regimes.iter().rposition(|regime| regime.from <= day).unwrap_or(0);
    &rules.regimes[at]
}

/// The price function of a line in the cell of some labels on a day, before allowances, clamps and
/// discounts. None if no line of that name is a price on a meter.
pub fn function(
    plan: &Plan,
    line: &str,
    labels: &[(String, String)],
    day: Option<Date>,
) -> Option<Result<Curve, Unknown>> {
    let line = plan.lines.iter().find(|other| other.name == line)?;
    let Charge::Usage(charge) = &line.charge else { return None };
    let sink = &plan.sinks[charge.sink.ix()];
    let usage = OneUsage { meter: &sink.meter, labels, day };
    let billing = Billing { plan, usage: &usage, items: Vec::new() };
    let name = || line.name.clone();
    let Some(cell) = billing.cell(sink) else { return Some(Err(Unknown::Condition(name()))) };
    Some(match regime(&charge.rules, day).cells.get(cell).copied() {
        Some(CellRule::Function(function)) => {
            let function = &charge.rules.functions[function as usize];
            Curve::of(&function.amount).ok_or_else(|| Unknown::NotStraight(name()))
        }
        _ => Err(Unknown::NotSold(name())),
    })
}

/// Whether the amounts of a line are sums over its cells, each a function of that cell's quantity
/// alone. With `ceilings`, the sum may be bounded from above by ceilings of this line.
pub fn is_separable(plan: &Plan, line: &str, ceilings: bool) -> bool {
    let Some(at) = plan.lines.iter().position(|other| other.name == line) else { return false };
    let Charge::Usage(usage) = &plan.lines[at].charge else { return false };
    let one = |mask: &Option<Vec<bool>>| match mask {
        Some(mask) => mask.iter().filter(|cell| **cell).count() <= 1,
        None => plan.cells(&plan.sinks[usage.sink.ix()]) == Some(1),
    };
    let of = |scope: &[LineIx]| scope.iter().any(|line| line.ix() == at);
    let allowance = |ix: &crate::plan::AllowanceIx| {
        let covers = &plan.allowances[ix.ix()].covers;
        covers.iter().all(|covers| covers.line.ix() == at && one(&covers.cells))
    };
    let allowed = |clamp: &LineClamp| ceilings && clamp.bound == Bound::Ceiling;
    let lowers = |group: &&crate::plan::GroupClamp| group.clamp.bound == Bound::Ceiling && of(&group.scope);
    plan.lines[at].clamps.iter().all(allowed)
        && usage.covered_by.iter().all(allowance)
        && usage.less.is_empty()
        && usage.across.is_each()
        && !plan.discounts.iter().any(|d| matches!(d.off, DiscountOff::Amount(_)) && of(&d.scope))
        && plan.clamps.iter().filter(lowers).all(|group| group.scope.len() == 1 && allowed(&group.clamp))
}
