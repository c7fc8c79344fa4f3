//! Plans as text: sets and sinks.

use super::funds::print_funds;
use super::lex::quoted;
use super::print_func::{print_cond, print_expr, print_rounding, print_rules, word};
use super::print_lines::print_lines;
use crate::func::Cond;
use crate::plan::{
    Calendar, Counting, Dimension, DimensionKind, Event, EventCharge, FieldType, Fold, Held, KeySource, NumberType,
    Plan, PlanKind, Post, RoundingScope, Sink, SlotFold,
};
use price_value::{Span, Window};
use std::fmt::{Display, Write};

pub(super) const WINDOWS: [(&str, Window); 7] = [
    ("hour", Window::Hour),
    ("day", Window::Day),
    ("month", Window::Month),
    ("quarter", Window::Quarter),
    ("year", Window::Year),
    ("term", Window::Term),
    ("never", Window::Never),
];
pub(super) const SCOPES: [(&str, RoundingScope); 3] =
    [("line", RoundingScope::Line), ("tier", RoundingScope::Tier), ("cell", RoundingScope::Cell)];
pub(super) const HELD: [(&str, Held); 2] = [("amount", Held::Amount), ("level", Held::Level)];
pub(super) const COUNTING: [(&str, Counting); 2] = [("net", Counting::Net), ("gross", Counting::Gross)];
pub(super) const SLOT_FOLDS: [(&str, SlotFold); 5] = [
    ("sum", SlotFold::Sum),
    ("count", SlotFold::Count),
    ("max", SlotFold::Max),
    ("min", SlotFold::Min),
    ("average", SlotFold::Average),
];

/// The one text form of a plan.
pub fn print(plan: &Plan) -> String {
    let mut out = String::new();
    print_head(&mut out, plan);
    for (index, rule) in plan.rules.iter().enumerate() {
        let _ = writeln!(out, "rule{index} {} in {}", quoted(&rule.title), quoted(&rule.within));
    }
    for (index, calendar) in plan.calendars.iter().enumerate() {
        print_calendar(&mut out, index, calendar);
    }
    for (index, dimension) in plan.dimensions.iter().enumerate() {
        print_dimension(&mut out, index, dimension);
    }
    for (index, event) in plan.events.iter().enumerate() {
        print_event(&mut out, index, event);
    }
    for (index, sink) in plan.sinks.iter().enumerate() {
        print_sink(&mut out, index, sink);
    }
    print_lines(&mut out, plan);
    print_funds(&mut out, plan);
    out
}

/// `[a, b, c]`.
pub(super) fn list(items: impl Iterator<Item = impl Display>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    format!("[{}]", items.join(", "))
}

/// `[a, b*3, c]`.
pub(super) fn runs(items: impl Iterator<Item = String>) -> String {
    let mut runs: Vec<(String, usize)> = Vec::new();
    for item in items {
        match runs.last_mut() {
            Some((last, times)) if *last == item => *times += 1,
            _ => runs.push((item, 1)),
        }
    }
    list(runs.into_iter().map(|(item, times)| if times == 1 { item } else { format!("{item}*{times}") }))
}

/// ` from D until D`, each part only if it is there.
pub(super) fn span(span: &Span) -> String {
    let from = span.from.map_or(String::new(), |date| format!(" from {date}"));
    let until = span.until.map_or(String::new(), |date| format!(" until {date}"));
    from + &until
}

fn print_head(out: &mut String, plan: &Plan) {
    let kind = match plan.kind {
        PlanKind::RateCard => "ratecard",
        PlanKind::Plan => "plan",
        PlanKind::Contract => "contract",
    };
    let version = plan.version.map_or(String::new(), |version| format!(" version {version}"));
    let _ = writeln!(out, "{kind} {}{version} {{", quoted(&plan.name));
    let symbol = plan.currency.symbol.as_ref().map_or(String::new(), |symbol| format!(" symbol {}", quoted(symbol)));
    let is_virtual = if plan.currency.is_virtual { " virtual" } else { "" };
    let currency = quoted(&plan.currency.code);
    let _ = writeln!(out, "  currency {currency} decimals {}{symbol}{is_virtual}", plan.currency.decimals);
    let _ = writeln!(out, "  zone {}", quoted(&plan.zone));
    let billing = &plan.billing;
    let _ = writeln!(out, "  billing {} day {} from {}", billing.every, billing.day, billing.month);
    let _ =
        writeln!(out, "  rounding {} {}", word(&SCOPES, plan.rounding.each), print_rounding(&plan.rounding.rounding));
    if let Some(days) = plan.net_days {
        let _ = writeln!(out, "  net {days}");
    }
    if plan.effective != Span::default() {
        let _ = writeln!(out, "  effective{}", span(&plan.effective));
    }
    if let Some(late) = &plan.late {
        let then = if late.then_rejected { "rejected" } else { "next" };
        let _ = writeln!(out, "  late {} then {then}", late.grace_days);
    }
    out.push_str("}\n");
}

fn print_calendar(out: &mut String, index: usize, calendar: &Calendar) {
    let _ = writeln!(out, "cal{index} {} zone {} {{", quoted(&calendar.name), quoted(&calendar.zone));
    for slot in &calendar.slots {
        let months = list((0..16).filter(|bit| slot.months & (1 << bit) != 0).map(|bit| bit + 1));
        let days = list((0..8).filter(|bit| slot.days & (1 << bit) != 0));
        let except = match slot.except.is_empty() {
            true => String::new(),
            false => format!(" except {}", list(slot.except.iter())),
        };
        let _ = writeln!(
            out,
            "  slot {} months {months} days {days} seconds {} to {}{except}",
            slot.label, slot.from, slot.to
        );
    }
    out.push_str("}\n");
}

fn print_dimension(out: &mut String, index: usize, dimension: &Dimension) {
    let otherwise = |unknown: &Option<u32>| unknown.map_or(String::new(), |label| format!(" unknown {label}"));
    let kind = match &dimension.kind {
        DimensionKind::Listed { unknown } => format!("listed{}", otherwise(unknown)),
        DimensionKind::Prefixes { prefixes, unknown } => {
            let prefixes = list(prefixes.iter().map(|(prefix, label)| format!("{} {label}", quoted(prefix))));
            format!("prefixes {prefixes}{}", otherwise(unknown))
        }
        DimensionKind::Buckets { bounds } => format!("buckets {}", list(bounds.iter())),
        DimensionKind::Calendar(calendar) => format!("calendar cal{}", calendar.0),
        DimensionKind::Open { at_most } => format!("open {at_most}"),
    };
    let labels = list(dimension.labels.iter().map(|label| quoted(label)));
    let _ = writeln!(out, "dim{index} {} {labels} {kind}", quoted(&dimension.name));
}

fn print_event(out: &mut String, index: usize, event: &Event) {
    let _ = writeln!(out, "event{index} {} {{", quoted(&event.name));
    for (index, field) in event.fields.iter().enumerate() {
        let ty = match &field.ty {
            FieldType::Number(number) => format!("number {}", print_number(number)),
            FieldType::Family(dim, number) => format!("family dim{} {}", dim.0, print_number(number)),
            FieldType::Label(dim) => format!("label dim{}", dim.0),
            FieldType::LabelFrom(dim, from) => format!("label dim{} of f{}", dim.0, from.0),
            FieldType::Text => "text".into(),
            FieldType::Flag => "flag".into(),
        };
        let optional = if field.optional { " optional" } else { "" };
        let _ = writeln!(out, "  f{index} {} {ty}{optional}", quoted(&field.name));
    }
    out.push_str("}\n");
}

fn print_number(number: &NumberType) -> String {
    let signed = if number.signed { " signed" } else { "" };
    let level = if number.level { " level" } else { "" };
    let accepts = match number.accepts.is_empty() {
        true => String::new(),
        false => {
            format!(
                " accepts {}",
                list(number.accepts.iter().map(|(unit, factor)| format!("{} {factor}", quoted(unit))))
            )
        }
    };
    format!("{} decimals {}{signed}{level}{accepts}", quoted(&number.unit), number.decimals)
}

fn print_sink(out: &mut String, index: usize, sink: &Sink) {
    let meter = if sink.meter.is_empty() { String::new() } else { format!(" meter {}", quoted(&sink.meter)) };
    let bound = sink.bound.as_ref().map_or(String::new(), |bound| format!(" at-most {bound}"));
    let _ = writeln!(
        out,
        "sink{index} {}{meter} event{} unit {} quantum {}{bound} {{",
        quoted(&sink.name),
        sink.event.0,
        quoted(&sink.unit),
        sink.quantum
    );
    for (index, key) in sink.keys.iter().enumerate() {
        let source = match &key.source {
            KeySource::Field(field) => format!("f{}", field.0),
            KeySource::Bucket(value) => format!("bucket {}", print_expr(value)),
            KeySource::Calendar(calendar) => format!("cal{}", calendar.0),
            KeySource::Family(field) => format!("family f{}", field.0),
        };
        let cell = if key.in_cell { "cell" } else { "read" };
        let _ = writeln!(out, "  k{index} {cell} dim{} = {source}", key.dim.0);
    }
    for (what, cond) in [("filter", &sink.filter), ("scope", &sink.scope)] {
        if *cond != Cond::Always {
            let _ = writeln!(out, "  {what} {}", print_cond(cond));
        }
    }
    if let Some(parts) = sink.parts {
        let _ = writeln!(out, "  parts sink{}", parts.0);
    }
    match &sink.fold {
        Fold::Sum(value) => line(out, format_args!("fold sum {}", print_expr(value))),
        Fold::Count => line(out, format_args!("fold count")),
        Fold::Max(value, held) => line(out, format_args!("fold max {} {}", word(&HELD, *held), print_expr(value))),
        Fold::Min(value, held) => line(out, format_args!("fold min {} {}", word(&HELD, *held), print_expr(value))),
        Fold::Last(value) => line(out, format_args!("fold last {}", print_expr(value))),
        Fold::Unique(field) => line(out, format_args!("fold unique f{}", field.0)),
        Fold::Average(value) => line(out, format_args!("fold average {}", print_expr(value))),
        Fold::Percentile(rank, value) => line(out, format_args!("fold percentile {rank} {}", print_expr(value))),
        Fold::Mean(value) => line(out, format_args!("fold mean {}", print_expr(value))),
        Fold::Slotted { outer, inner, seconds, value } => {
            let (outer, inner) = (word(&SLOT_FOLDS, *outer), word(&SLOT_FOLDS, *inner));
            line(out, format_args!("fold slotted {outer} of {inner} over {seconds} {}", print_expr(value)));
        }
        Fold::Charge(charge) => print_charge(out, charge),
    }
    out.push_str("}\n");
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = writeln!(out, "  {text}");
}

fn print_charge(out: &mut String, charge: &EventCharge) {
    let _ = writeln!(out, "  fold charge {}", word(&COUNTING, charge.counting));
    if let Some(measure) = &charge.measure {
        line(out, format_args!("measure {}", print_expr(measure)));
    }
    if !charge.measure_unit.is_empty() {
        line(out, format_args!("measure-unit {}", quoted(&charge.measure_unit)));
    }
    if let Some(split) = &charge.split {
        line(out, format_args!("split k{} seconds {}", split.key.0, split.seconds_per_unit));
    }
    for post in &charge.post {
        match post {
            Post::AtLeast(amount) => line(out, format_args!("post at-least {amount}")),
            Post::AtMost(amount) => line(out, format_args!("post at-most {amount}")),
            Post::Round(rounding) => line(out, format_args!("post round {}", print_rounding(rounding))),
        }
    }
    if !charge.covered_by.is_empty() {
        let allowances = list(charge.covered_by.iter().map(|allowance| format!("allow{}", allowance.0)));
        line(out, format_args!("covered-by {allowances}"));
    }
    print_rules(out, &charge.rules);
}
