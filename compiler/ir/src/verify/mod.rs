//! Everything that is true of a plan before an engine, a host or a person sees it.
//!
//! The one place that checks plans. Engines and hosts index and divide without asking again,
//! so a rule that they rely on and that is not here is a mistake of this module. It says what
//! is wrong with the data, in the words of the plan; it knows no source text.

mod func;
mod funds;
mod lines;
mod sets;
mod sinks;

use crate::limits;
use crate::plan::Plan;
use price_value::{Rational, Rounding, Span, Window, Zone};
use std::collections::BTreeSet;
use std::fmt::Display;

/// Findings kept of one plan; more would not help anyone.
const FINDINGS: usize = 100;

/// Checks every invariant of a plan. The error lists what is wrong, one sentence each, with
/// the place in the plan in front.
pub fn verify(plan: &Plan) -> Result<(), Vec<String>> {
    let mut verifier = Verifier { plan, findings: Vec::new(), nodes: 0, cells: 0 };
    verifier.plan();
    if verifier.findings.is_empty() { Ok(()) } else { Err(verifier.findings) }
}

struct Verifier<'a> {
    plan: &'a Plan,
    findings: Vec<String>,
    /// Nodes of functions seen so far.
    nodes: usize,
    /// Cells of regimes and masks seen so far.
    cells: usize,
}

impl Verifier<'_> {
    fn plan(&mut self) {
        let plan = self.plan;
        self.text("plan", &plan.name);
        self.text("plan", &plan.currency.code);
        if plan.currency.decimals > limits::DECIMALS {
            self.say("currency", format_args!("has more than {} decimals", limits::DECIMALS));
        }
        self.zone("plan", &plan.zone);
        if !matches!(plan.billing.every, Window::Day | Window::Month | Window::Quarter | Window::Year) {
            self.say("billing", "a period is a day, a month, a quarter or a year");
        }
        if !(1..=31).contains(&plan.billing.day) || !(1..=12).contains(&plan.billing.month) {
            self.say("billing", "its day is 1 to 31 and its month 1 to 12");
        }
        self.span("effective", &plan.effective);
        self.rounding("rounding", &plan.rounding.rounding);
        self.count("plan", "rules", plan.rules.len(), limits::LIST);
        for rule in &plan.rules {
            self.text("rule", &rule.title);
            self.text("rule", &rule.within);
        }
        self.sets();
        // What follows indexes what was checked so far.
        if self.findings.is_empty() {
            self.sinks();
        }
        if self.findings.is_empty() {
            self.lines();
        }
        if self.findings.is_empty() {
            self.funds();
        }
    }

    fn say(&mut self, at: impl Display, what: impl Display) {
        if self.findings.len() < FINDINGS {
            self.findings.push(format!("{at}: {what}"));
        }
    }

    /// A list that is not too long.
    fn count(&mut self, at: impl Display, what: &str, len: usize, limit: usize) {
        if len > limit {
            self.say(at, format_args!("{len} {what}, more than {limit}"));
        }
    }

    /// A text that is neither empty nor too long.
    fn text(&mut self, at: impl Display, text: &str) {
        if text.is_empty() {
            self.say(&at, "a name is empty");
        }
        self.length(at, text);
    }

    fn length(&mut self, at: impl Display, text: &str) {
        if text.len() > limits::TEXT_BYTES {
            self.say(at, format_args!("a text is longer than {} bytes", limits::TEXT_BYTES));
        }
    }

    fn unique<'b>(&mut self, at: &str, names: impl Iterator<Item = &'b str>) {
        let mut seen = BTreeSet::new();
        for name in names {
            self.text(at, name);
            if !seen.insert(name) {
                self.say(at, format_args!("`{name}` is there twice"));
            }
        }
    }

    fn zone(&mut self, at: &str, name: &str) {
        if name.len() > 64 || Zone::get(name).is_none() {
            self.say(at, "its time zone is not in the zone database");
        }
    }

    fn span(&mut self, at: impl Display, span: &Span) {
        if matches!((span.from, span.until), (Some(from), Some(until)) if until < from) {
            self.say(at, "it ends before it begins");
        }
    }

    fn rounding(&mut self, at: impl Display, rounding: &Rounding) {
        self.literal(&at, &rounding.step);
        if !rounding.step.is_positive() {
            self.say(at, "a step of rounding is above zero");
        }
    }

    /// A literal that every engine can hold.
    fn literal(&mut self, at: impl Display, value: &Rational) {
        if value.as_small().is_none() {
            self.say(at, "a number needs more than 128 bits");
        }
    }

    fn not_negative(&mut self, at: impl Display, what: &str, value: &Rational) {
        self.literal(&at, value);
        if value.is_negative() {
            self.say(at, format_args!("{what} is below zero"));
        }
    }

    fn positive(&mut self, at: impl Display, what: &str, value: &Rational) {
        self.literal(&at, value);
        if !value.is_positive() {
            self.say(at, format_args!("{what} is not above zero"));
        }
    }

    /// An index into a list of the plan. Returns whether it is in range.
    fn index(&mut self, at: impl Display, what: &str, index: u32, len: usize) -> bool {
        let inside = (index as usize) < len;
        if !inside {
            self.say(at, format_args!("there is no {what} {index}"));
        }
        inside
    }

    fn rule(&mut self, at: impl Display, rule: crate::plan::RuleIx) {
        self.index(at, "rule", rule.0, self.plan.rules.len());
    }

    /// Counts cells of regimes and masks against the limit of the plan.
    fn spend_cells(&mut self, cells: usize) {
        let before = self.cells;
        self.cells = self.cells.saturating_add(cells);
        if before <= limits::PLAN_CELLS && self.cells > limits::PLAN_CELLS {
            self.say("plan", format_args!("more than {} cells in all regimes", limits::PLAN_CELLS));
        }
    }
}
