//! How a fault is chosen: for a thread, and only where a simulator is built.

/// Makes `choose` and `is` for the faults of a crate, an enum beside it. Without the feature `planted` of
/// that crate, `is` answers `false` at compile time.
#[macro_export]
macro_rules! chosen {
    ($bug:ident) => {
        #[cfg(feature = "planted")]
        mod chosen {
            use super::$bug;
            use std::cell::Cell;
            thread_local!(static CHOSEN: Cell<Option<$bug>> = const { Cell::new(None) });

            /// Chooses the fault of this thread, or none.
            pub fn choose(bug: Option<$bug>) {
                CHOSEN.set(bug);
            }

            pub(crate) fn is(bug: $bug) -> bool {
                CHOSEN.get() == Some(bug)
            }
        }

        #[cfg(feature = "planted")]
        pub use chosen::choose;
        #[cfg(feature = "planted")]
        pub(crate) use chosen::is;

        #[cfg(not(feature = "planted"))]
        pub(crate) const fn is(_: $bug) -> bool {
            false
        }
    };
}
