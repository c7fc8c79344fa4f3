//! The standard library of the language: units, currencies, holidays and calendars, as source.
//!
//! A workspace adds [`FILES`] to its own files, and `use std.units (GB)` finds them like any
//! other module. Refuses to hold prices: what is in here is true for everyone.

/// The modules with the path each stands at, in the order in which a workspace adds them.
pub const FILES: &[(&str, &str)] = &[
    ("std/units.price", include_str!("../units.price")),
    ("std/currencies.price", include_str!("../currencies.price")),
    ("std/holidays.price", include_str!("../holidays.price")),
    ("std/calendars.price", include_str!("../calendars.price")),
];
