//! Plans from text: head, sets and sinks.

use super::funds::funds_item;
use super::lex::{Read, Reader};
use super::parse_func::{cond, expr, field, rounding, rules_line};
use super::parse_lines::lines_item;
use super::print::{COUNTING, HELD, SCOPES, SLOT_FOLDS, WINDOWS};
use crate::func::Cond;
use crate::funds::Funds;
use crate::limits;
use crate::plan::{
    AllowanceIx, Calendar, CalendarIx, Counting, DimIx, Dimension, DimensionKind, Event, EventCharge, EventIx, Field,
    FieldType, Fold, Key, KeyIx, KeySource, LatePolicy, LineRounding, NumberType, Plan, PlanKind, Post, Rule, Rules,
    Sink, SinkIx, Slot, SplitAt,
};
use price_value::{Currency, Schedule, Span, Window};

pub(super) fn plan(text: &str) -> Read<Plan> {
    let reader = &mut Reader::new(text)?;
    let mut plan = head(reader)?;
    while !reader.at_end() {
        item(reader, &mut plan)?;
    }
    Ok(plan)
}

fn item(reader: &mut Reader, plan: &mut Plan) -> Read<()> {
    if reader.peek_numbered("rule").is_some() {
        reader.in_order("rule", plan.rules.len())?;
        let title = reader.text()?;
        reader.expect("in")?;
        plan.rules.push(Rule { title, within: reader.text()? });
        Ok(())
    } else if reader.peek_numbered("cal").is_some() {
        reader.in_order("cal", plan.calendars.len())?;
        let calendar = calendar(reader)?;
        plan.calendars.push(calendar);
        Ok(())
    } else if reader.peek_numbered("dim").is_some() {
        reader.in_order("dim", plan.dimensions.len())?;
        let dimension = dimension(reader)?;
        plan.dimensions.push(dimension);
        Ok(())
    } else if reader.peek_numbered("event").is_some() {
        reader.in_order("event", plan.events.len())?;
        let event = event(reader)?;
        plan.events.push(event);
        Ok(())
    } else if reader.peek_numbered("sink").is_some() {
        reader.in_order("sink", plan.sinks.len())?;
        let sink = sink(reader)?;
        plan.sinks.push(sink);
        Ok(())
    } else if funds_item(reader, plan)? {
        Ok(())
    } else {
        lines_item(reader, plan)
    }
}

pub(super) fn window(reader: &mut Reader) -> Read<Window> {
    reader.one_of(&WINDOWS)
}

pub(super) fn span(reader: &mut Reader) -> Read<Span> {
    let from = if reader.eat("from") { Some(reader.date()?) } else { None };
    let until = if reader.eat("until") { Some(reader.date()?) } else { None };
    Ok(Span { from, until })
}

fn head(reader: &mut Reader) -> Read<Plan> {
    let kind = reader.one_of(&[
        ("plan", PlanKind::Plan),
        ("ratecard", PlanKind::RateCard),
        ("contract", PlanKind::Contract),
    ])?;
    let name = reader.text()?;
    let version = if reader.eat("version") { Some(reader.int()?) } else { None };
    reader.expect("{")?;
    reader.expect("currency")?;
    let code = reader.text()?;
    reader.expect("decimals")?;
    let decimals = reader.int()?;
    let symbol = if reader.eat("symbol") { Some(reader.text()?) } else { None };
    let currency = Currency { code, decimals, symbol, is_virtual: reader.eat("virtual") };
    reader.expect("zone")?;
    let zone = reader.text()?;
    reader.expect("billing")?;
    let every = window(reader)?;
    reader.expect("day")?;
    let day = reader.int()?;
    reader.expect("from")?;
    let billing = Schedule { every, day, month: reader.int()? };
    reader.expect("rounding")?;
    let each = reader.one_of(&SCOPES)?;
    let rounding = LineRounding { each, rounding: rounding(reader)? };
    let net_days = if reader.eat("net") { Some(reader.int()?) } else { None };
    let effective = if reader.eat("effective") { span(reader)? } else { Span::default() };
    let late = if reader.eat("late") {
        let grace_days = reader.int()?;
        reader.expect("then")?;
        let then_rejected = reader.one_of(&[("rejected", true), ("next", false)])?;
        Some(LatePolicy { grace_days, then_rejected })
    } else {
        None
    };
    reader.expect("}")?;
    Ok(Plan {
        name,
        kind,
        version,
        parties: None,
        currency,
        foreign: Vec::new(),
        zone,
        billing,
        net_days,
        effective,
        rounding,
        late,
        dimensions: Vec::new(),
        calendars: Vec::new(),
        events: Vec::new(),
        sinks: Vec::new(),
        allowances: Vec::new(),
        lines: Vec::new(),
        discounts: Vec::new(),
        clamps: Vec::new(),
        attributions: Vec::new(),
        funds: Funds::default(),
        rules: Vec::new(),
    })
}

fn calendar(reader: &mut Reader) -> Read<Calendar> {
    let name = reader.text()?;
    reader.expect("zone")?;
    let zone = reader.text()?;
    reader.expect("{")?;
    let mut slots = Vec::new();
    while !reader.eat("}") {
        reader.expect("slot")?;
        let label = reader.int()?;
        reader.expect("months")?;
        let months = bits(reader, 1..=16)? as u16;
        reader.expect("days")?;
        let days = bits(reader, 0..=7)? as u8;
        reader.expect("seconds")?;
        let from = reader.int()?;
        reader.expect("to")?;
        let to = reader.int()?;
        let except = if reader.eat("except") { reader.list("[", "]", Reader::date)? } else { Vec::new() };
        slots.push(Slot { label, months, days, from, to, except });
    }
    Ok(Calendar { name, zone, slots })
}

/// A list of numbers of a range as the bits that they count from its start.
fn bits(reader: &mut Reader, range: std::ops::RangeInclusive<u32>) -> Read<u32> {
    let numbers = reader.list("[", "]", |reader| match reader.int()? {
        number if range.contains(&number) => Ok(number),
        _ => reader.error(format!("expected numbers from {} to {}", range.start(), range.end())),
    })?;
    Ok(numbers.iter().fold(0, |bits, number| bits | 1 << (number - range.start())))
}

fn dimension(reader: &mut Reader) -> Read<Dimension> {
    let name = reader.text()?;
    let labels = reader.list("[", "]", Reader::text)?;
    let kind = match reader.word()?.as_str() {
        "listed" => DimensionKind::Listed { unknown: unknown(reader)? },
        "prefixes" => {
            let prefixes = reader.list("[", "]", |reader| Ok((reader.text()?, reader.int()?)))?;
            DimensionKind::Prefixes { prefixes, unknown: unknown(reader)? }
        }
        "buckets" => DimensionKind::Buckets { bounds: reader.list("[", "]", Reader::rational)? },
        "calendar" => DimensionKind::Calendar(CalendarIx(reader.numbered("cal")?)),
        "open" => DimensionKind::Open { at_most: reader.int()? },
        _ => return reader.error("expected before this: listed, prefixes, buckets, calendar, open"),
    };
    Ok(Dimension { name, labels, kind })
}

fn unknown(reader: &mut Reader) -> Read<Option<u32>> {
    if reader.eat("unknown") { Ok(Some(reader.int()?)) } else { Ok(None) }
}

fn dim(reader: &mut Reader) -> Read<DimIx> {
    Ok(DimIx(reader.numbered("dim")?))
}

fn event(reader: &mut Reader) -> Read<Event> {
    let name = reader.text()?;
    reader.expect("{")?;
    let mut fields = Vec::new();
    while !reader.eat("}") {
        reader.in_order("f", fields.len())?;
        let name = reader.text()?;
        let ty = match reader.word()?.as_str() {
            "number" => FieldType::Number(number(reader)?),
            "family" => FieldType::Family(dim(reader)?, number(reader)?),
            "label" => {
                let dim = dim(reader)?;
                if reader.eat("of") { FieldType::LabelFrom(dim, field(reader)?) } else { FieldType::Label(dim) }
            }
            "text" => FieldType::Text,
            "flag" => FieldType::Flag,
            _ => return reader.error("expected before this: number, family, label, text, flag"),
        };
        fields.push(Field { name, ty, optional: reader.eat("optional") });
    }
    Ok(Event { name, fields })
}

fn number(reader: &mut Reader) -> Read<NumberType> {
    let unit = reader.text()?;
    reader.expect("decimals")?;
    let decimals = reader.int()?;
    let signed = reader.eat("signed");
    let level = reader.eat("level");
    let accepts = if reader.eat("accepts") {
        reader.list("[", "]", |reader| Ok((reader.text()?, reader.rational()?)))?
    } else {
        Vec::new()
    };
    Ok(NumberType { unit, decimals, signed, level, accepts })
}

fn sink(reader: &mut Reader) -> Read<Sink> {
    let name = reader.text()?;
    let meter = if reader.eat("meter") { reader.text()? } else { String::new() };
    let event = EventIx(reader.numbered("event")?);
    reader.expect("unit")?;
    let unit = reader.text()?;
    reader.expect("quantum")?;
    let quantum = reader.rational()?;
    let bound = if reader.eat("at-most") { Some(reader.rational()?) } else { None };
    reader.expect("{")?;
    let mut keys = Vec::new();
    while reader.peek_numbered("k").is_some() {
        reader.in_order("k", keys.len())?;
        let in_cell = reader.one_of(&[("cell", true), ("read", false)])?;
        let dim = dim(reader)?;
        reader.expect("=")?;
        keys.push(Key { dim, source: key_source(reader)?, in_cell });
    }
    let filter = if reader.eat("filter") { cond(reader)? } else { Cond::Always };
    let scope = if reader.eat("scope") { cond(reader)? } else { Cond::Always };
    let parts = if reader.eat("parts") { Some(SinkIx(reader.numbered("sink")?)) } else { None };
    reader.expect("fold")?;
    let fold = fold(reader)?;
    reader.expect("}")?;
    Ok(Sink { name, meter, event, keys, filter, scope, fold, unit, quantum, bound, parts })
}

fn key_source(reader: &mut Reader) -> Read<KeySource> {
    if reader.eat("bucket") {
        Ok(KeySource::Bucket(expr(reader)?))
    } else if reader.eat("family") {
        Ok(KeySource::Family(field(reader)?))
    } else if reader.peek_numbered("cal").is_some() {
        Ok(KeySource::Calendar(CalendarIx(reader.numbered("cal")?)))
    } else {
        Ok(KeySource::Field(field(reader)?))
    }
}

fn fold(reader: &mut Reader) -> Read<Fold> {
    Ok(match reader.word()?.as_str() {
        "sum" => Fold::Sum(expr(reader)?),
        "count" => Fold::Count,
        "max" => {
            let held = reader.one_of(&HELD)?;
            Fold::Max(expr(reader)?, held)
        }
        "min" => {
            let held = reader.one_of(&HELD)?;
            Fold::Min(expr(reader)?, held)
        }
        "last" => Fold::Last(expr(reader)?),
        "unique" => Fold::Unique(field(reader)?),
        "average" => Fold::Average(expr(reader)?),
        "percentile" => {
            let rank = reader.int()?;
            Fold::Percentile(rank, expr(reader)?)
        }
        "mean" => Fold::Mean(expr(reader)?),
        "slotted" => {
            let outer = reader.one_of(&SLOT_FOLDS)?;
            reader.expect("of")?;
            let inner = reader.one_of(&SLOT_FOLDS)?;
            reader.expect("over")?;
            let seconds = reader.int()?;
            Fold::Slotted { outer, inner, seconds, value: expr(reader)? }
        }
        "charge" => Fold::Charge(charge(reader)?),
        _ => return reader.error("expected a fold before this"),
    })
}

fn charge(reader: &mut Reader) -> Read<EventCharge> {
    let counting: Counting = reader.one_of(&COUNTING)?;
    let measure = if reader.eat("measure") { Some(expr(reader)?) } else { None };
    let measure_unit = if reader.eat("measure-unit") { reader.text()? } else { String::new() };
    let split = if reader.eat("split") {
        let key = KeyIx(reader.numbered("k")?);
        reader.expect("seconds")?;
        Some(SplitAt { key, seconds_per_unit: reader.rational()? })
    } else {
        None
    };
    let mut post = Vec::new();
    while reader.eat("post") {
        post.push(match reader.word()?.as_str() {
            "at-least" => Post::AtLeast(reader.rational()?),
            "at-most" => Post::AtMost(reader.rational()?),
            "round" => Post::Round(rounding(reader)?),
            _ => return reader.error("expected before this: at-least, at-most, round"),
        });
    }
    let covered_by = covered_by(reader)?;
    let mut rules = Rules { functions: Vec::new(), regimes: Vec::new() };
    while rules_line(reader, &mut rules)? {}
    Ok(EventCharge { measure, measure_unit, rules, split, post, covered_by, counting })
}

pub(super) fn covered_by(reader: &mut Reader) -> Read<Vec<AllowanceIx>> {
    if !reader.eat("covered-by") {
        return Ok(Vec::new());
    }
    let allowances = reader.list("[", "]", |reader| Ok(AllowanceIx(reader.numbered("allow")?)))?;
    if allowances.len() > limits::LIST {
        return reader.error("too many allowances");
    }
    Ok(allowances)
}
