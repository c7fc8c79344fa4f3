//! Plans and helpers the tests share.

use price_ingest::{Block, Forget, IngestError, Options, Reader, Reject, Source, Summary, Tables};
use price_ir::{
    Column, DimIx, Dimension, DimensionKind, Event, Field, FieldIx, FieldType, LineRounding, NumberType, Plan,
    PlanKind, RoundingScope,
};
use price_value::{Currency, Rational, Rounding, RoundingMode, Schedule, Span, Window};
use std::sync::Arc;

fn number(unit: &str, decimals: u8, signed: bool) -> NumberType {
    let accepts = if unit == "byte" { vec![("GB".into(), Rational::int(1_000_000_000))] } else { Vec::new() };
    NumberType { unit: unit.into(), decimals, signed, level: false, accepts }
}

fn field(name: &str, ty: FieldType, optional: bool) -> Field {
    Field { name: name.into(), ty, optional }
}

/// A plan with events of every kind of field and no lines: readers look at schemas only.
pub fn plan() -> Arc<Plan> {
    let dimension = |name: &str, labels: &[&str], kind| Dimension {
        name: name.into(),
        labels: labels.iter().map(|l| l.to_string()).collect(),
        kind,
    };
    let dimensions = vec![
        dimension("region", &["us", "eu", "apac"], DimensionKind::Listed { unknown: None }),
        dimension("project", &[], DimensionKind::Open { at_most: 100 }),
        dimension("token", &["input", "output"], DimensionKind::Listed { unknown: None }),
        dimension(
            "zone",
            &["domestic", "abroad"],
            DimensionKind::Prefixes { prefixes: vec![("49".into(), 0)], unknown: Some(1) },
        ),
    ];
    let region = DimIx(0);
    let events = vec![
        Event {
            name: "transfer".into(),
            fields: vec![
                field("region", FieldType::Label(region), false),
                field("bytes", FieldType::Number(number("byte", 0, false)), false),
            ],
        },
        Event {
            name: "job".into(),
            fields: vec![
                field("project", FieldType::Label(DimIx(1)), false),
                field("tokens", FieldType::Family(DimIx(2), number("token", 0, false)), false),
                field("cost", FieldType::Number(number("USD", 4, true)), true),
                field("user", FieldType::Text, true),
                field("cached", FieldType::Flag, true),
            ],
        },
        Event {
            name: "call".into(),
            fields: vec![
                field("number", FieldType::Text, false),
                field("zone", FieldType::LabelFrom(DimIx(3), FieldIx(0)), false),
                field("duration", FieldType::Number(number("second", 3, false)), false),
            ],
        },
    ];
    let usd = Currency { code: "USD".into(), decimals: 2, symbol: Some("$".into()), is_virtual: false };
    Arc::new(Plan {
        name: "test".into(),
        kind: PlanKind::RateCard,
        version: None,
        currency: usd,
        zone: "UTC".into(),
        billing: Schedule { every: Window::Month, day: 1, month: 1 },
        net_days: None,
        effective: Span::default(),
        rounding: LineRounding {
            each: RoundingScope::Line,
            rounding: Rounding { mode: RoundingMode::HalfUp, step: Rational::new(1, 100) },
        },
        late: None,
        dimensions,
        calendars: Vec::new(),
        events,
        sinks: Vec::new(),
        allowances: Vec::new(),
        lines: Vec::new(),
        discounts: Vec::new(),
        clamps: Vec::new(),
        attributions: Vec::new(),
        funds: price_ir::Funds::default(),
        parties: None,
        foreign: Vec::new(),
        rules: Vec::new(),
    })
}

/// Options with two threads, so that tests meet them.
pub fn options() -> Options {
    Options { threads: 2, keep_identity: true, ..Options::default() }
}

/// What a run gave.
pub struct Outcome {
    pub summary: Summary,
    pub tables: Tables,
    pub blocks: Vec<Block>,
    pub rejects: Vec<Reject>,
}

pub fn read(sources: Vec<Source>, options: Options) -> Result<Outcome, IngestError> {
    let plan = plan();
    let (mut blocks, mut rejects) = (Vec::new(), Vec::new());
    let (summary, tables) =
        Reader::open(&plan, sources, options)?.read(&mut rejects, &mut |_| {}, &mut |_, block| {
            blocks.push(block);
            Ok(())
        })?;
    Ok(Outcome { summary, tables, blocks, rejects })
}

/// Reads to the end, keeping nothing.
pub fn drain(sources: Vec<Source>, options: Options) -> Result<Summary, IngestError> {
    let reader = Reader::open(&plan(), sources, options)?;
    Ok(reader.read(&mut Forget, &mut |_| {}, &mut |_, _| Ok(()))?.0)
}

pub fn bytes(name: &str, text: impl AsRef<[u8]>) -> Source {
    Source::Bytes(name.into(), text.as_ref().to_vec())
}

impl Outcome {
    /// Rows in the order they came, in words that do not depend on codes or files.
    pub fn rows(&self) -> Vec<String> {
        let plan = plan();
        let mut out = Vec::new();
        for block in &self.blocks {
            for (part, row) in block.places() {
                let part = &block.parts[part as usize];
                let row = row as usize;
                let event = &plan.events[part.batch.event.ix()];
                let mut text = format!(
                    "{} {} {}",
                    event.name,
                    self.tables.accounts.text(part.accounts[row]),
                    part.batch.happened[row]
                );
                if !part.ids.is_empty() {
                    text += &format!(" {}/{}", part.sources.get(row), part.ids.get(row));
                }
                for (field, column) in event.fields.iter().zip(&part.batch.columns) {
                    let value = match (column, &field.ty) {
                        (Column::Int(v), _) if v[row] == i64::MIN => "-".into(),
                        (Column::Int(v), _) => v[row].to_string(),
                        (Column::Family(v), _) => format!("{:?}", v.iter().map(|v| v[row]).collect::<Vec<_>>()),
                        (Column::Label(v), FieldType::Label(dim)) if plan.dimensions[dim.ix()].size().is_none() => {
                            self.tables.labels.text(*dim, v[row]).into()
                        }
                        (Column::Label(v), _) => format!("#{}", v[row]),
                        (Column::Text(v), _) => format!("{:?}", v[row]),
                        (Column::Flag(v), _) => format!("flag{}", v[row]),
                    };
                    text += &format!(" {value}");
                }
                out.push(text);
            }
        }
        out
    }

    pub fn sorted_rows(&self) -> Vec<String> {
        let mut rows = self.rows();
        rows.sort();
        rows
    }

    pub fn codes(&self) -> Vec<(u64, &'static str)> {
        self.rejects.iter().map(|r| (r.line, r.reason.code())).collect()
    }
}
