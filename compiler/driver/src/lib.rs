//! The compiler behind one door: load files, check, format, mend, compile, build, test, explain.
//!
//! Everything a tool needs and nothing it could do by itself. Knows no disk, clock or
//! environment: files come through a [`World`], engines through a
//! [`price_ir::KernelFactory`]. Prints nothing; answers are plain data.

mod accept;
mod changes;
mod compile;
mod coverage;
mod diff;
mod explain;
mod fix;
mod format;
mod in_force;
mod levels;
mod limits;
mod lock;
mod mutate;
mod sheet;
mod source_map;
mod suppress;
mod testing;
mod usage;
mod workspace;
mod world;

pub use accept::{Accepted, accept, question_mark};
pub use changes::{brief, changes, signed, way};
pub use compile::{Compiled, Known, SubjectError, artefact};
pub use coverage::{Coverage, LineCoverage, Tally};
pub use diff::{LineChange, LineDiff, PlanDiff, Region, diff};
pub use explain::{Explanation, Row, explain, quantity, ratchet_text, rate, tier_range, tier_text};
pub use fix::{Mended, fix};
pub use format::{decode, format_text};
pub use in_force::{InForce, cell_names, in_force};
pub use levels::Levels;
pub use lock::{CardKey, LOCK_FILE, Lock, LockError, Relocked};
pub use mutate::{Mutant, Mutation, mutate};
pub use sheet::{Sheet, SheetPrice, SheetTable, SheetTerm};
pub use testing::{Difference, Failure, Outcome, Reason, TestReport, TestRunner};
pub use usage::{UsageError, UsagePaths, usage_files};
pub use workspace::{LoadError, Origin, Source, Workspace};
pub use world::{MemoryWorld, Past, World, WorldError, below, clean, folder, is_source, join};

pub use price_analysis::{Claim, Expect, ExpectTarget, Proof, Subject, TestCase, Verdict, Witness};
