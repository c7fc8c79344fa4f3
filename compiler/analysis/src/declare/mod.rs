//! Declarations as the rest of the analysis sees them: typed, without spans.

pub mod calendar;
pub mod currency;
pub mod dimension;
pub mod event;
pub mod meter;
pub mod unit;

pub use calendar::CalendarDef;
pub use dimension::{DimUse, DimensionDef, UseSource, find_use};
pub use event::{EventDef, FieldDef, FieldKind, NumberField};
pub use meter::{Aggregation, MeterDef};
