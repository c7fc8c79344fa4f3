//! Cases of other billing engines, said in our language and rated by our engines.
//!
//! A case describes a price in plain words and gives usage and the result. The translation
//! writes a whole `.price` file, and says how the usage arrives and what has to come out. What
//! our language cannot say, or does not do in this version, is listed with the reason and never
//! passed over.

mod data;
mod judge;
mod report;
mod run;
mod text;
mod translate;

pub use data::{Case, load};
pub use report::{Report, Verdict};
pub use run::{Translation, judge, run_files};
pub use translate::translate;
