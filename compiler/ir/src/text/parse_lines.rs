//! Lines and what is done to them, from text.

use super::lex::{Read, Reader};
use super::parse::{covered_by, span, window};
use super::parse_func::{expr, rules_line};
use super::print::COUNTING;
use super::print_lines::{BOUNDS, DRAWS};
use crate::funds::{CurrencyIx, OWN};
use crate::limits;
use crate::plan::{
    About, Across, Allowance, Attribution, Charge, Covers, Discount, DiscountOff, DiscountedQuantity, Fee, FeeSchedule,
    FreeEvents, GroupClamp, Line, LineClamp, LineIx, Plan, Proration, Ratchet, Rollover, RuleIx, Rules, SinkIx,
    TierScale, UsageCharge,
};

pub(super) fn lines_item(reader: &mut Reader, plan: &mut Plan) -> Read<()> {
    if reader.peek_numbered("line").is_some() {
        reader.in_order("line", plan.lines.len())?;
        let line = line(reader)?;
        plan.lines.push(line);
    } else if reader.peek_numbered("allow").is_some() {
        reader.in_order("allow", plan.allowances.len())?;
        let allowance = allowance(reader)?;
        plan.allowances.push(allowance);
    } else if reader.eat("discount") {
        plan.discounts.push(discount(reader)?);
    } else if reader.eat("clamp") {
        let name = reader.text()?;
        reader.expect("order")?;
        let order = reader.int()?;
        let scope = lines(reader)?;
        plan.clamps.push(GroupClamp { name, scope, clamp: clamp(reader)?, order });
    } else if reader.eat("attribute") {
        let line = LineIx(reader.numbered("line")?);
        reader.expect("by")?;
        let accounts = reader.eat("account");
        let by = SinkIx(reader.numbered("sink")?);
        let with = if reader.eat("with") { lines(reader)? } else { Vec::new() };
        plan.attributions.push(Attribution { line, by, with, accounts });
    } else {
        return reader.error("expected a part of a plan");
    }
    Ok(())
}

fn lines(reader: &mut Reader) -> Read<Vec<LineIx>> {
    reader.list("[", "]", |reader| Ok(LineIx(reader.numbered("line")?)))
}

fn rule(reader: &mut Reader) -> Read<RuleIx> {
    Ok(RuleIx(reader.numbered("rule")?))
}

fn prorated(reader: &mut Reader) -> Proration {
    match reader.eat("prorated") {
        true if reader.eat("thirty") => Proration::DailyInMonthsOf30,
        true => Proration::Daily,
        false => Proration::Never,
    }
}

fn mask(reader: &mut Reader) -> Read<Option<Vec<bool>>> {
    if !reader.eat("mask") {
        return Ok(None);
    }
    let cells = reader.runs(limits::CELLS, |reader| match reader.int::<u8>()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => reader.error("expected 0 or 1"),
    })?;
    Ok(Some(cells))
}

fn line(reader: &mut Reader) -> Read<Line> {
    let name = reader.text()?;
    let rule = rule(reader)?;
    reader.expect("order")?;
    let order = reader.int()?;
    let rebate = reader.eat("rebate");
    let prorate = prorated(reader);
    let currency = if reader.eat("currency") { CurrencyIx(reader.int()?) } else { OWN };
    let about = about(reader)?;
    let charge = charge(reader)?;
    let mut clamps = Vec::new();
    while !reader.eat("}") {
        clamps.push(clamp(reader)?);
    }
    Ok(Line { name, rebate, charge, clamps, prorate, rule, order, currency, about })
}

fn about(reader: &mut Reader) -> Read<About> {
    let tags = if reader.eat("tags") { reader.list("[", "]", Reader::text)? } else { Vec::new() };
    let product = if reader.eat("product") { Some(reader.text()?) } else { None };
    let ledger = if reader.eat("ledger") { Some(reader.text()?) } else { None };
    Ok(About { tags, product, ledger })
}

/// A charge with the brace behind its head, and whatever stands in front of the clamps.
fn charge(reader: &mut Reader) -> Read<Charge> {
    let charge = match reader.word()?.as_str() {
        "fee" => {
            let amount = reader.rational()?;
            let mut changes = Vec::new();
            while reader.eat("then") {
                let amount = reader.rational()?;
                reader.expect("from")?;
                changes.push((reader.date()?, amount));
            }
            let per = if reader.eat("once") {
                FeeSchedule::Once
            } else {
                reader.expect("each")?;
                FeeSchedule::Each(window(reader)?)
            };
            let in_advance = reader.one_of(&[("advance", true), ("arrears", false)])?;
            let level = if reader.eat("level") { Some(SinkIx(reader.numbered("sink")?)) } else { None };
            Charge::Fee(Fee { amount, changes, per, in_advance, during: span(reader)?, level })
        }
        "usage" => return usage(reader),
        "events" => Charge::Events(SinkIx(reader.numbered("sink")?)),
        "share" => {
            let of = lines(reader)?;
            let after_discounts = reader.one_of(&[("after", true), ("before", false)])?;
            reader.expect("=")?;
            Charge::Share { of, after_discounts, amount: expr(reader)? }
        }
        _ => return reader.error("expected before this: fee, usage, events, share"),
    };
    reader.expect("{")?;
    Ok(charge)
}

fn usage(reader: &mut Reader) -> Read<Charge> {
    let sink = SinkIx(reader.numbered("sink")?);
    let scale = match reader.eat("scale") {
        false => None,
        true if reader.eat("seconds") => Some(TierScale::Seconds),
        true => Some(TierScale::Sink(SinkIx(reader.numbered("sink")?))),
    };
    let across = match reader.eat("across") {
        true => reader.one_of(&[("total", Across::Total), ("largest", Across::Largest)])?,
        false => Across::Each,
    };
    let mut ratchet = None;
    if reader.eat("ratchet") {
        let share = reader.rational()?;
        reader.expect("of")?;
        ratchet = Some(Ratchet { share, periods: reader.int()? });
    }
    reader.expect("window")?;
    let window = window(reader)?;
    reader.expect("rate")?;
    let split_period = reader.one_of(&[("moment", true), ("end", false)])?;
    reader.expect("counting")?;
    let counting = reader.one_of(&COUNTING)?;
    reader.expect("{")?;
    let covered_by = covered_by(reader)?;
    let mut less = Vec::new();
    while reader.eat("less") {
        let name = reader.text()?;
        let quantity = reader.rational()?;
        let rule = rule(reader)?;
        less.push(DiscountedQuantity { name, quantity, during: span(reader)?, rule });
    }
    let mut rules = Rules { functions: Vec::new(), regimes: Vec::new() };
    while rules_line(reader, &mut rules)? {}
    Ok(Charge::Usage(UsageCharge {
        sink,
        rules,
        scale,
        across,
        ratchet,
        window,
        split_period,
        covered_by,
        counting,
        less,
    }))
}

fn clamp(reader: &mut Reader) -> Read<LineClamp> {
    let bound = reader.one_of(&BOUNDS)?;
    let amount = reader.rational()?;
    reader.expect("per")?;
    let per = window(reader)?;
    let if_used = reader.eat("if-used");
    let prorate = prorated(reader);
    let rule = rule(reader)?;
    Ok(LineClamp { bound, amount, per, if_used, prorate, during: span(reader)?, rule })
}

fn allowance(reader: &mut Reader) -> Read<Allowance> {
    let name = reader.text()?;
    let quantity = reader.rational()?;
    let times = if reader.eat("times") { Some(SinkIx(reader.numbered("sink")?)) } else { None };
    reader.expect("unit")?;
    let unit = reader.text()?;
    reader.expect("per")?;
    let per = window(reader)?;
    reader.expect("draw")?;
    let draw = reader.one_of(&DRAWS)?;
    let events = match reader.eat("of-events") {
        true if reader.eat("up-to") => Some(FreeEvents { up_to: Some(reader.rational()?) }),
        true => Some(FreeEvents { up_to: None }),
        false => None,
    };
    let rollover = if reader.eat("rollover") {
        let at_most = reader.rational()?;
        reader.expect("for")?;
        Some(Rollover { at_most, windows: reader.int()? })
    } else {
        None
    };
    let prorate = prorated(reader);
    let rule = rule(reader)?;
    reader.expect("{")?;
    let mut covers = Vec::new();
    while !reader.eat("}") {
        reader.expect("covers")?;
        let line = LineIx(reader.numbered("line")?);
        reader.expect("factor")?;
        let factor = reader.rational()?;
        covers.push(Covers { line, cells: mask(reader)?, factor });
    }
    Ok(Allowance { name, quantity, times, events, unit, per, covers, draw, rollover, prorate, rule })
}

fn discount(reader: &mut Reader) -> Read<Discount> {
    let name = reader.text()?;
    let off = match reader.word()?.as_str() {
        "share" => DiscountOff::Share(reader.rational()?),
        "amount" => DiscountOff::Amount(reader.rational()?),
        _ => return reader.error("expected before this: share, amount"),
    };
    let rule = rule(reader)?;
    let during = span(reader)?;
    reader.expect("{")?;
    let (mut scope, mut cells) = (Vec::new(), Vec::new());
    while !reader.eat("}") {
        reader.expect("on")?;
        scope.push(LineIx(reader.numbered("line")?));
        cells.push(mask(reader)?);
    }
    Ok(Discount { name, scope, cells, off, during, rule })
}
