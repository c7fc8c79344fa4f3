//! Random rows: ordinary numbers, numbers at the bounds of tiers, missing values, huge ones.

use crate::rng::Rng;
use price_ir::batch::NULL;
use price_ir::{Batch, Column, EventIx, FieldType, NumberType, Plan};
use price_value::Rational;

/// Texts of rows, few so that they meet.
pub const TEXTS: &[&str] = &["", "a", "b \"quoted\"", "straße"];

/// Labels of an open dimension.
pub(crate) const OPEN: u32 = 50;

/// Rows of an event of the plan. Values are what readers let through: not negative unless the
/// field is signed, missing only if it is optional.
pub fn batch(rng: &mut Rng, plan: &Plan, event: EventIx, rows: usize) -> Batch {
    // Huge numbers in some batches only, so that totals of the others stay small.
    let huge = rng.chance(25);
    let columns = plan.events[event.ix()].fields.iter().map(|field| match &field.ty {
        FieldType::Number(ty) => Column::Int(
            (0..rows).map(|_| if missing(rng, field.optional) { NULL } else { number(rng, ty, huge) }).collect(),
        ),
        FieldType::Family(dim, ty) => {
            let labels = plan.dimensions[dim.ix()].labels.len();
            let label =
                |rng: &mut Rng| (0..rows).map(|_| if rng.chance(20) { NULL } else { number(rng, ty, huge) }).collect();
            Column::Family((0..labels).map(|_| label(rng)).collect())
        }
        FieldType::Label(dim) | FieldType::LabelFrom(dim, _) => {
            let size = plan.dimensions[dim.ix()].size().unwrap_or(OPEN).into();
            let label = |rng: &mut Rng| if missing(rng, field.optional) { u32::MAX } else { rng.below(size) as u32 };
            Column::Label((0..rows).map(|_| label(rng)).collect())
        }
        FieldType::Text => Column::Text((0..rows).map(|_| (*rng.pick(TEXTS)).into()).collect()),
        FieldType::Flag => {
            Column::Flag((0..rows).map(|_| if missing(rng, field.optional) { 2 } else { rng.below(2) as u8 }).collect())
        }
    });
    let columns = columns.collect();
    Batch {
        event,
        rows,
        happened: (0..rows).map(|row| 1_767_225_600_000_000_000 + row as i64 * 1_000_000_000).collect(),
        columns,
        calendars: calendars(rng, plan, rows),
    }
}

/// A label of each calendar for each row.
fn calendars(rng: &mut Rng, plan: &Plan, rows: usize) -> Vec<Vec<u32>> {
    let labels = |calendar: &price_ir::Calendar| calendar.slots.iter().map(|slot| slot.label).max().unwrap_or(0) + 1;
    let of = |rng: &mut Rng, labels: u32| (0..rows).map(|_| rng.below(labels.into()) as u32).collect();
    plan.calendars.iter().map(|calendar| of(rng, labels(calendar))).collect()
}

fn missing(rng: &mut Rng, optional: bool) -> bool {
    optional && rng.chance(15)
}

fn number(rng: &mut Rng, ty: &NumberType, huge: bool) -> i64 {
    let scale = 10i128.pow(ty.decimals.into());
    let magnitude = match rng.below(10) {
        0 => 0,
        1 => 1,
        2..=4 => {
            let at = (rng.bound() * Rational::int(scale)).floor().to_i128().unwrap_or_default();
            at + i128::from(rng.below(3)) - 1
        }
        5 if huge => i128::from(rng.any() >> 1),
        6 if huge => i128::from(i64::MAX),
        _ => i128::from(rng.below(5000)) * if rng.chance(50) { scale } else { 1 },
    };
    let magnitude = i64::try_from(magnitude.max(0)).unwrap_or(i64::MAX);
    if ty.signed && rng.chance(40) { -magnitude } else { magnitude }
}
