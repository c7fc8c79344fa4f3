//! Lines and what is done to them, as text.

use super::lex::quoted;
use super::print::{COUNTING, list, runs, span};
use super::print_func::{print_expr, print_rules, word};
use crate::plan::{
    About, Across, Allowance, Bound, Charge, Discount, DiscountOff, DrawOrder, FeeSchedule, FreeEvents, Line,
    LineClamp, LineIx, Plan, Proration, TierScale, UsageCharge,
};
use std::fmt::Write;

pub(super) const BOUNDS: [(&str, Bound); 2] = [("floor", Bound::Floor), ("ceiling", Bound::Ceiling)];
pub(super) const DRAWS: [(&str, DrawOrder); 5] = [
    ("single", DrawOrder::Single),
    ("pro-rata", DrawOrder::ProRata),
    ("cheapest-first", DrawOrder::CheapestFirst),
    ("dearest-first", DrawOrder::DearestFirst),
    ("as-used", DrawOrder::AsUsed),
];

pub(super) fn print_lines(out: &mut String, plan: &Plan) {
    for (index, line) in plan.lines.iter().enumerate() {
        print_line(out, index, line);
    }
    for (index, allowance) in plan.allowances.iter().enumerate() {
        print_allowance(out, index, allowance);
    }
    for discount in &plan.discounts {
        print_discount(out, discount);
    }
    for group in &plan.clamps {
        let clamp = print_clamp(&group.clamp);
        let (name, order, scope) = (quoted(&group.name), group.order, lines(&group.scope));
        let _ = writeln!(out, "clamp {name} order {order} {scope} {clamp}");
    }
    for attribution in &plan.attributions {
        let with =
            if attribution.with.is_empty() { String::new() } else { format!(" with {}", lines(&attribution.with)) };
        let account = if attribution.accounts { "account " } else { "" };
        let _ = writeln!(out, "attribute line{} by {account}sink{}{with}", attribution.line.0, attribution.by.0);
    }
}

fn lines(lines: &[LineIx]) -> String {
    list(lines.iter().map(|line| format!("line{}", line.0)))
}

fn mask(cells: &Option<Vec<bool>>) -> String {
    let Some(cells) = cells else { return String::new() };
    format!(" mask {}", runs(cells.iter().map(|cell| u8::from(*cell).to_string())))
}

fn prorate(proration: Proration) -> &'static str {
    match proration {
        Proration::Never => "",
        Proration::Daily => " prorated",
        Proration::DailyInMonthsOf30 => " prorated thirty",
    }
}

fn print_line(out: &mut String, index: usize, line: &Line) {
    let rebate = if line.rebate { " rebate" } else { "" };
    let (name, rule, prorated) = (quoted(&line.name), line.rule.0, prorate(line.prorate));
    let _ = write!(out, "line{index} {name} rule{rule} order {}{rebate}{prorated} ", line.order);
    if !line.is_own() {
        let _ = write!(out, "currency {} ", line.currency.0);
    }
    print_about(out, &line.about);
    match &line.charge {
        Charge::Fee(fee) => {
            let per = match fee.per {
                FeeSchedule::Once => "once".into(),
                FeeSchedule::Each(window) => format!("each {window}"),
            };
            let advance = if fee.in_advance { "advance" } else { "arrears" };
            let changes: String =
                fee.changes.iter().map(|(day, amount)| format!(" then {amount} from {day}")).collect();
            let level = fee.level.map_or(String::new(), |level| format!(" level sink{}", level.0));
            let _ = writeln!(out, "fee {}{changes} {per} {advance}{level}{} {{", fee.amount, span(&fee.during));
        }
        Charge::Usage(usage) => print_usage(out, usage),
        Charge::Events(sink) => {
            let _ = writeln!(out, "events sink{} {{", sink.0);
        }
        Charge::Share { of, after_discounts, amount } => {
            let when = if *after_discounts { "after" } else { "before" };
            let _ = writeln!(out, "share {} {when} = {} {{", lines(of), print_expr(amount));
        }
    }
    for clamp in &line.clamps {
        let _ = writeln!(out, "  {}", print_clamp(clamp));
    }
    out.push_str("}\n");
}

fn print_about(out: &mut String, about: &About) {
    if !about.tags.is_empty() {
        let _ = write!(out, "tags {} ", list(about.tags.iter().map(|tag| quoted(tag))));
    }
    for (word, name) in [("product", &about.product), ("ledger", &about.ledger)] {
        if let Some(name) = name {
            let _ = write!(out, "{word} {} ", quoted(name));
        }
    }
}

fn print_usage(out: &mut String, usage: &UsageCharge) {
    let rate = if usage.split_period { "moment" } else { "end" };
    let scale = match usage.scale {
        None => String::new(),
        Some(TierScale::Sink(sink)) => format!(" scale sink{}", sink.0),
        Some(TierScale::Seconds) => " scale seconds".to_string(),
    };
    let across = match usage.across {
        Across::Each => "",
        Across::Total => " across total",
        Across::Largest => " across largest",
    };
    let ratchet = usage.ratchet.as_ref().map(|r| format!(" ratchet {} of {}", r.share, r.periods)).unwrap_or_default();
    let _ = writeln!(
        out,
        "usage sink{}{scale}{across}{ratchet} window {} rate {rate} counting {} {{",
        usage.sink.0,
        usage.window,
        word(&COUNTING, usage.counting)
    );
    if !usage.covered_by.is_empty() {
        let allowances = list(usage.covered_by.iter().map(|allowance| format!("allow{}", allowance.0)));
        let _ = writeln!(out, "  covered-by {allowances}");
    }
    for less in &usage.less {
        let (name, rule) = (quoted(&less.name), less.rule.0);
        let _ = writeln!(out, "  less {name} {} rule{rule}{}", less.quantity, span(&less.during));
    }
    print_rules(out, &usage.rules);
}

fn print_clamp(clamp: &LineClamp) -> String {
    let used = if clamp.if_used { " if-used" } else { "" };
    format!(
        "{} {} per {}{used}{} rule{}{}",
        word(&BOUNDS, clamp.bound),
        clamp.amount,
        clamp.per,
        prorate(clamp.prorate),
        clamp.rule.0,
        span(&clamp.during)
    )
}

fn print_allowance(out: &mut String, index: usize, allowance: &Allowance) {
    let rollover = allowance
        .rollover
        .as_ref()
        .map_or(String::new(), |rollover| format!(" rollover {} for {}", rollover.at_most, rollover.windows));
    let events = match &allowance.events {
        None => String::new(),
        Some(FreeEvents { up_to: None }) => " of-events".into(),
        Some(FreeEvents { up_to: Some(most) }) => format!(" of-events up-to {most}"),
    };
    let times = allowance.times.map_or(String::new(), |sink| format!(" times sink{}", sink.0));
    let _ = writeln!(
        out,
        "allow{index} {} {}{times} unit {} per {} draw {}{events}{rollover}{} rule{} {{",
        quoted(&allowance.name),
        allowance.quantity,
        quoted(&allowance.unit),
        allowance.per,
        word(&DRAWS, allowance.draw),
        prorate(allowance.prorate),
        allowance.rule.0
    );
    for covers in &allowance.covers {
        let _ = writeln!(out, "  covers line{} factor {}{}", covers.line.0, covers.factor, mask(&covers.cells));
    }
    out.push_str("}\n");
}

fn print_discount(out: &mut String, discount: &Discount) {
    let off = match &discount.off {
        DiscountOff::Share(share) => format!("share {share}"),
        DiscountOff::Amount(amount) => format!("amount {amount}"),
    };
    let (name, rule) = (quoted(&discount.name), discount.rule.0);
    let _ = writeln!(out, "discount {name} {off} rule{rule}{} {{", span(&discount.during));
    let masks = discount.cells.iter().map(Some).chain(std::iter::repeat(None));
    for (line, cells) in discount.scope.iter().zip(masks) {
        let _ = writeln!(out, "  on line{}{}", line.0, cells.map_or(String::new(), mask));
    }
    out.push_str("}\n");
}
