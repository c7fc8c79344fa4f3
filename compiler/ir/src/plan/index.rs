//! Indexes into the tables of a plan: one type for each table.

use serde::{Deserialize, Serialize};

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub u32);
        impl $name {
            /// As a slice index.
            pub fn ix(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}
index! {
    /// Index into [`crate::Plan::dimensions`].
    DimIx;
    /// Index into [`crate::Plan::calendars`].
    CalendarIx;
    /// Index into [`crate::Plan::events`].
    EventIx;
    /// Index into [`crate::Event::fields`].
    FieldIx;
    /// Index into [`crate::Sink::keys`].
    KeyIx;
    /// Index into [`crate::Plan::sinks`].
    SinkIx;
    /// Index into [`crate::Plan::lines`].
    LineIx;
    /// Index into [`crate::Plan::allowances`].
    AllowanceIx;
    /// Index into [`crate::Plan::rules`]: the rule of the source an amount comes from.
    RuleIx;
}
