//! An event out of a JSON object: a plain one, or a CloudEvent 1.0 in structured mode.
//!
//! Plain: `type`, `account`, `time`, optional `id`, `source` and `recorded_at`; fields beside them or in an
//! object `data`. Beside them, an attribute that the event also declares as a field is both.
//! CloudEvent (it has `specversion`): `subject` is the account, `id` and `source` are required,
//! fields are in `data` only.

use super::scan::{self, Member, Value};
use crate::collect::{At, Collector, Not, malformed, name};
use crate::mapping::{ACCOUNT, ATTRIBUTES, Attributes, ID, Mapping, SOURCE, TIME, TYPE};
use crate::records::Envelope;
use crate::time::instant;
use price_ir::{Event, Plan};
use price_rating::{OpenLabels, Raw, RejectReason, RowBuilder};

/// The attribute names of a run, for both shapes. Each decoder has its own: nothing on the hot
/// path is shared between threads.
pub(crate) struct Shapes {
    mapping: Mapping,
    /// Per event type: it declares a field with the name of an attribute.
    overlap: Vec<bool>,
    plain: [Box<str>; ATTRIBUTES],
    cloud: [Box<str>; ATTRIBUTES],
}

impl Shapes {
    pub(crate) fn new(mapping: &Mapping, plan: &Plan) -> Shapes {
        let names = mapping.names(false);
        let overlaps = |event: &Event| event.fields.iter().any(|f| names.iter().any(|n| mapping.field(n) == f.name));
        Shapes {
            overlap: plan.events.iter().map(overlaps).collect(),
            plain: names.map(Into::into),
            cloud: mapping.names(true).map(Into::into),
            mapping: mapping.clone(),
        }
    }
}

/// Members of the record being read; kept between records for their memory.
#[derive(Default)]
pub(crate) struct Scratch<'a> {
    top: Vec<Member<'a>>,
    data: Vec<Member<'a>>,
}

/// Reads one record into the collector.
pub(crate) fn read<'a>(collector: &mut Collector, shapes: &Shapes, scratch: &mut Scratch<'a>, at: At, text: &'a str) {
    collector.seen();
    scratch.top.clear();
    scratch.data.clear();
    if let Err(not) = record(collector, shapes, scratch, at, text) {
        collector.refuse(at, not, text.as_bytes());
    }
}

fn record<'a>(
    collector: &mut Collector,
    shapes: &Shapes,
    scratch: &mut Scratch<'a>,
    at: At,
    text: &'a str,
) -> Result<(), Not> {
    let has_data = scan::object(text, &mut scratch.top, &mut scratch.data).map_err(|f| malformed(f.problem()))?;
    let (top, data) = (&scratch.top, &scratch.data);
    let cloud = top.iter().any(|m| m.key == "specversion");
    if cloud {
        cloud_event(top, has_data)?;
    }
    let names = if cloud { &shapes.cloud } else { &shapes.plain };
    let (attributes, taken) = attributes(names, top, data)?;
    let known = collector.check(&attributes, cloud)?;
    collector.accept(at, &known, |builder, labels| {
        if !cloud {
            // An attribute is a field too only where the event declares one of that name.
            let skip = has_data || !shapes.overlap[known.event.ix()];
            for (at, member) in top.iter().enumerate() {
                if skip && (taken & bit(at) != 0 || at >= MARKED && names.iter().any(|n| **n == *member.key)) {
                    continue;
                }
                set(builder, labels, &shapes.mapping, member)?;
            }
        }
        data.iter().try_for_each(|member| set(builder, labels, &shapes.mapping, member))
    })
}

/// Memory for the members of one record after another, empty in between.
#[derive(Default)]
pub(crate) struct Members {
    top: Vec<Member<'static>>,
    data: Vec<Member<'static>>,
    /// Places of the fields, by name.
    order: Vec<u32>,
}

/// The memory of members for those of another text.
fn emptied<'b>(mut members: Vec<Member<'_>>) -> Vec<Member<'b>> {
    members.clear();
    members.into_iter().map(|_| unreachable!("there are none")).collect()
}

/// Reads the attributes of a record under their usual names, and its content in one order. After
/// an error `out` holds nothing of worth.
pub(crate) fn said(text: &str, members: &mut Members, out: &mut Envelope) -> Result<(), RejectReason> {
    let mut top = emptied(std::mem::take(&mut members.top));
    let mut data = emptied(std::mem::take(&mut members.data));
    let has_data = scan::object(text, &mut top, &mut data).map_err(|f| malformed(f.problem()));
    let done = has_data.and_then(|has_data| say(&top, &data, has_data, &mut members.order, out));
    (members.top, members.data) = (emptied(top), emptied(data));
    done
}

fn say(
    top: &[Member<'_>],
    data: &[Member<'_>],
    has_data: bool,
    order: &mut Vec<u32>,
    out: &mut Envelope,
) -> Result<(), RejectReason> {
    let cloud = top.iter().any(|m| m.key == "specversion");
    if cloud {
        cloud_event(top, has_data)?;
    }
    let usual = Mapping::default();
    let names = usual.names(cloud);
    let (given, _) = attributes(&names, top, data)?;
    let set = |slot: usize, into: &mut String| {
        into.clear();
        name(given[slot], NAMES[slot]).map(|text| into.push_str(text))
    };
    let Envelope { kind, account, happened, source, id, content } = out;
    *happened = match given[TIME] {
        Raw::Text(time) => instant(time, false)?,
        Raw::Null => return Err(RejectReason::NoAttribute { attribute: "time" }),
        _ => return Err(RejectReason::BadTime { problem: "`time` should be text".into() }),
    };
    set(TYPE, kind)?;
    set(ACCOUNT, account)?;
    set(SOURCE, source)?;
    set(ID, id)?;
    // Extensions of a CloudEvent are no content of the event.
    let beside = if has_data || cloud { &[][..] } else { top };
    let field = |at: u32| beside.get(at as usize).unwrap_or_else(|| &data[at as usize - beside.len()]);
    order.clear();
    order.extend(0..(beside.len() + data.len()) as u32);
    order.retain(|at| has_data || !names.iter().any(|n| *n == field(*at).key));
    order.sort_by(|a, b| field(*a).key.cmp(&field(*b).key));
    content.clear();
    let mut put = |part: &[u8]| {
        content.extend_from_slice(&(part.len() as u32).to_le_bytes());
        content.extend_from_slice(part);
    };
    put(kind.as_bytes());
    put(account.as_bytes());
    put(&happened.to_le_bytes());
    for at in order.iter() {
        let Member { key, value } = field(*at);
        let (sort, text): (&[u8], &str) = match value {
            Value::Null => (b"0", ""),
            Value::Flag(flag) => (b"f", if *flag { "1" } else { "" }),
            Value::Number(text) => (b"n", text),
            Value::Text(text) => (b"t", text),
            Value::Object(text) => (b"o", text),
            Value::Array => (b"a", ""),
        };
        put(key.as_bytes());
        put(sort);
        put(text.as_bytes());
    }
    Ok(())
}

/// What attributes are called in messages.
const NAMES: [&str; ATTRIBUTES] = ["type", "account", "time", "id", "source", "recorded_at"];

/// What the specification of CloudEvents demands beyond the attributes.
fn cloud_event(top: &[Member<'_>], has_data: bool) -> Result<(), RejectReason> {
    for member in top {
        match (&*member.key, &member.value) {
            ("specversion", Value::Text(version)) if version == "1.0" => {}
            ("specversion", _) => return Err(malformed("`specversion` should be \"1.0\"")),
            ("data_base64", _) => return Err(malformed("`data_base64` is not readable here; send JSON in `data`")),
            ("data", Value::Null) => {}
            ("data", _) if !has_data => return Err(malformed("`data` should be an object with the event's fields")),
            ("datacontenttype", Value::Text(kind)) => {
                let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
                if !(kind.ends_with("/json") || kind.ends_with("+json")) {
                    return Err(malformed("`datacontenttype` is not JSON"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn raw<'a>(value: &'a Value<'a>) -> Raw<'a> {
    match value {
        Value::Null => Raw::Null,
        Value::Flag(flag) => Raw::Flag(*flag),
        Value::Number(text) => Raw::Number(text),
        Value::Text(text) => Raw::Text(text),
        Value::Object(_) => Raw::Other("an object"),
        Value::Array => Raw::Other("an array"),
    }
}

/// The attributes, and which of the first members they are.
fn attributes<'a>(
    names: &[impl AsRef<str>; ATTRIBUTES],
    top: &'a [Member<'a>],
    data: &'a [Member<'a>],
) -> Result<(Attributes<'a>, u64), RejectReason> {
    let mut found = [Raw::Null; ATTRIBUTES];
    let mut given = [false; ATTRIBUTES];
    let mut taken = 0u64;
    for (place, member) in top.iter().enumerate() {
        for (at, name) in names.iter().enumerate() {
            if name.as_ref() == member.key {
                if given[at] {
                    return Err(RejectReason::Twice { field: name.as_ref().to_owned() });
                }
                given[at] = true;
                taken |= bit(place);
                found[at] = raw(&member.value);
            }
        }
    }
    // A mapped name may stand among the fields.
    for (at, name) in names.iter().map(AsRef::as_ref).enumerate() {
        if !given[at]
            && !data.is_empty()
            && let Some(member) = data.iter().find(|m| m.key == name)
            && !USUAL.contains(&name)
        {
            found[at] = raw(&member.value);
        }
    }
    Ok((found, taken))
}

/// Members that [`attributes`] marks; those beyond are looked at twice.
const MARKED: usize = 64;

fn bit(place: usize) -> u64 {
    if place < MARKED { 1 << place } else { 0 }
}

/// Names that mean an attribute only outside `data`.
const USUAL: [&str; 8] = ["type", "account", "subject", "time", "id", "source", "recorded_at", "recordedtime"];

fn set(
    builder: &mut RowBuilder,
    labels: &mut OpenLabels,
    mapping: &Mapping,
    member: &Member<'_>,
) -> Result<(), RejectReason> {
    let Some(field) = builder.schema().field(mapping.field(&member.key)) else { return Ok(()) };
    let Value::Object(text) = &member.value else { return builder.set(field, raw(&member.value), labels) };
    let mut inner = Vec::new();
    scan::nested(text, &mut inner).map_err(|f| malformed(f.problem()))?;
    let entries: Vec<(&str, Raw<'_>)> = inner.iter().map(|m| (&*m.key, raw(&m.value))).collect();
    builder.set(field, Raw::Object(&entries), labels)
}
