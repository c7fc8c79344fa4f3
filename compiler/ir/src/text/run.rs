//! What a `; run:` comment asks for and expects; data only, executed by whoever has an engine.
//!
//! ```text
//! map sink0 { f0 = 12.5, f1 = "eu", f2 = [1, null], cal0 = 1, regime = 1 } -> taken 3 1250
//! map sink0 { } -> skipped
//! map sink0 { f0 = 1 } -> missing
//! charge line0 function 0 of 250 -> 12.5
//! charge line0 function 0 of 100 over 3 -> 2/3
//! position sink0 function 0 { f1 = "eu" } of 60 -> 0.3
//! quantum sink0 -> 0.01
//! rate line0 { f0 = 5 } { f0 = 7 } -> 0.5 0.7
//! ```
//!
//! Numbers are in the unit of the field and must fit its decimals; labels are names, or codes
//! where the dimension is open. A field that is not given is missing. A family gives one number
//! per label. `of` is a quantity: of the sink, or of the measure. An entry per label is
//! expected of family sinks, with `,` between; `entry 1` picks one for `position`. `rate` gives
//! the amounts that the rows post, one cell base for all, and is passed over by an engine that
//! has no such path.

use super::lex::{Read, Reader};
use super::{TextError, parse_func};
use crate::kernel::Fault;
use crate::plan::{LineIx, SinkIx};
use price_value::Rational;

/// A comment that asks an engine.
#[derive(Debug, Clone, PartialEq)]
pub enum Run {
    /// [`crate::Kernel::map`] over one row.
    Map {
        /// Sink.
        sink: SinkIx,
        /// Row.
        row: Row,
        /// One per entry.
        expect: Vec<Mapped>,
    },
    /// [`crate::Kernel::charge`].
    Charge {
        /// Line.
        line: LineIx,
        /// Function.
        function: u32,
        /// Quantity before the division.
        quantity: Rational,
        /// Divisor.
        divisor: i64,
        /// Amount.
        expect: Result<Rational, Fault>,
    },
    /// [`crate::Kernel::position`].
    Position {
        /// Sink.
        sink: SinkIx,
        /// Function.
        function: u32,
        /// Row.
        row: Row,
        /// Entry of the row.
        entry: usize,
        /// Position of the measure.
        measure: Rational,
        /// Amount.
        expect: Result<Rational, Fault>,
    },
    /// [`crate::Kernel::measure_quantum`].
    Quantum {
        /// Sink.
        sink: SinkIx,
        /// Quantity.
        expect: Rational,
    },
    /// [`crate::Kernel::rate`].
    Rate {
        /// Line.
        line: LineIx,
        /// Rows.
        rows: Vec<Row>,
        /// What each row posts.
        expect: Vec<Result<Rational, Fault>>,
    },
}

/// What is expected of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mapped {
    /// Cell and raw value.
    Taken(u32, i64),
    /// Filtered out.
    Skipped,
    /// A fault.
    Fault(Fault),
}

/// One row of an event.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Field number and value.
    pub fields: Vec<(u32, Value)>,
    /// Calendar number and label code.
    pub calendars: Vec<(u32, u32)>,
    /// Index of the regime.
    pub regime: u32,
    /// Nanoseconds since the epoch.
    pub happened: i64,
}

/// A value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number, or a label code.
    Number(Rational),
    /// A label or text.
    Text(String),
    /// A flag.
    Flag(bool),
    /// A family; `None` where missing.
    Family(Vec<Option<Rational>>),
}

const FAULTS: [(&str, Fault); 5] = [
    ("overflow", Fault::Overflow),
    ("not-sold", Fault::NotSold),
    ("negative-quantity", Fault::NegativeQuantity),
    ("not-exact", Fault::NotExact),
    ("missing", Fault::Missing),
];

/// The word of a fault.
pub fn fault_word(fault: Fault) -> &'static str {
    FAULTS.iter().find(|(_, other)| *other == fault).map_or("", |(word, _)| word)
}

/// Reads what stands behind `; run:`.
pub fn parse(text: &str) -> Result<Run, TextError> {
    let reader = &mut Reader::new(text)?;
    let run = run(reader)?;
    if reader.at_end() { Ok(run) } else { reader.error("expected nothing more") }
}

fn run(reader: &mut Reader) -> Read<Run> {
    let sink = |reader: &mut Reader| Ok(SinkIx(reader.numbered("sink")?));
    let line = |reader: &mut Reader| Ok(LineIx(reader.numbered("line")?));
    match reader.word()?.as_str() {
        "map" => {
            let sink = sink(reader)?;
            let row = row(reader)?;
            reader.expect("->")?;
            let mut expect = vec![mapped(reader)?];
            while reader.eat(",") {
                expect.push(mapped(reader)?);
            }
            Ok(Run::Map { sink, row, expect })
        }
        "charge" => {
            let line = line(reader)?;
            reader.expect("function")?;
            let function = reader.int()?;
            reader.expect("of")?;
            let quantity = reader.rational()?;
            let divisor = if reader.eat("over") { reader.int()? } else { 1 };
            reader.expect("->")?;
            Ok(Run::Charge { line, function, quantity, divisor, expect: amount(reader)? })
        }
        "position" => {
            let sink = sink(reader)?;
            reader.expect("function")?;
            let function = reader.int()?;
            let row = row(reader)?;
            let entry = if reader.eat("entry") { reader.int()? } else { 0 };
            reader.expect("of")?;
            let measure = reader.rational()?;
            reader.expect("->")?;
            Ok(Run::Position { sink, function, row, entry, measure, expect: amount(reader)? })
        }
        "quantum" => {
            let sink = sink(reader)?;
            reader.expect("->")?;
            Ok(Run::Quantum { sink, expect: reader.rational()? })
        }
        "rate" => {
            let line = line(reader)?;
            let mut rows = Vec::new();
            while !reader.eat("->") {
                rows.push(row(reader)?);
            }
            let mut expect = Vec::new();
            while !reader.at_end() {
                expect.push(amount(reader)?);
            }
            Ok(Run::Rate { line, rows, expect })
        }
        _ => reader.error("expected before this: map, charge, position, quantum, rate"),
    }
}

fn amount(reader: &mut Reader) -> Read<Result<Rational, Fault>> {
    if reader.is_atom() { Ok(Ok(reader.rational()?)) } else { Ok(Err(reader.one_of(&FAULTS)?)) }
}

fn mapped(reader: &mut Reader) -> Read<Mapped> {
    if reader.eat("taken") {
        let cell = reader.int()?;
        Ok(Mapped::Taken(cell, reader.int()?))
    } else if reader.eat("skipped") {
        Ok(Mapped::Skipped)
    } else {
        Ok(Mapped::Fault(reader.one_of(&FAULTS)?))
    }
}

fn row(reader: &mut Reader) -> Read<Row> {
    let mut row = Row::default();
    reader.list("{", "}", |reader| {
        if reader.eat("at") {
            reader.expect("=")?;
            row.happened = reader.time()?.0;
        } else if reader.eat("regime") {
            reader.expect("=")?;
            row.regime = reader.int()?;
        } else if reader.peek_numbered("cal").is_some() {
            let calendar = reader.numbered("cal")?;
            reader.expect("=")?;
            row.calendars.push((calendar, reader.int()?));
        } else {
            let field = parse_func::field(reader)?;
            reader.expect("=")?;
            if let Some(value) = value(reader)? {
                row.fields.push((field.0, value));
            }
        }
        Ok(())
    })?;
    Ok(row)
}

fn value(reader: &mut Reader) -> Read<Option<Value>> {
    if reader.eat("null") {
        return Ok(None);
    }
    if reader.is_text() {
        return Ok(Some(Value::Text(reader.text()?)));
    }
    if reader.is("[") {
        let labels =
            reader.list("[", "]", |reader| if reader.eat("null") { Ok(None) } else { Ok(Some(reader.rational()?)) })?;
        return Ok(Some(Value::Family(labels)));
    }
    if reader.is_atom() {
        return Ok(Some(Value::Number(reader.rational()?)));
    }
    Ok(Some(Value::Flag(reader.one_of(&[("yes", true), ("no", false)])?)))
}
