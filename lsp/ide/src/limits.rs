//! Every limit of the answers to an editor.

/// Most symbols that one search of the workspace gives.
pub const SYMBOLS: usize = 256;
/// Most completions that one request gives.
pub const COMPLETIONS: usize = 500;
/// Most tiers that a hover spells out.
pub const HOVER_TIERS: usize = 12;
/// Most cells that a hover spells out.
pub const HOVER_CELLS: usize = 8;
/// Most hints in one answer.
pub const HINTS: usize = 2_000;
/// Most tests that one request runs.
pub const TESTS: usize = 1_000;

/// Most bytes of usage, of all files together, of which an invoice stands above a plan.
pub const USAGE_BYTES: usize = 4 << 20;
/// Most events that are rated for the line above one plan. A plan that became known in several
/// states rates all of them once in each, and counts them as often.
pub const USAGE_EVENTS: usize = 20_000;
/// Most days between the first and the last of these events.
pub const USAGE_DAYS: i64 = 1_100;
/// Most invoices that are made for the line above one plan.
pub const USAGE_INVOICES: usize = 100;
/// Most records that do not count of which it is told why.
pub const USAGE_REFUSED: usize = 5;
/// Most files of a project whose events are another plan's where all plans have the same usage.
pub const USAGE_MODULES: usize = 500;
/// Most results of usage that are kept while one types.
pub const USAGE_KEPT: usize = 32;
/// Most lines of a bill that are computed to compare two plans.
pub const COMPARED_WORK: usize = 200_000;
/// Most comparisons that are kept while one types.
pub const COMPARED_KEPT: usize = 64;
/// Most revisions of folders that are held at once.
pub const REVISIONS: usize = 4;
/// Most combinations of labels among which missing rows are looked for.
pub const ROW_COMBINATIONS: usize = 10_000;
/// Most rows that are added to a table at once.
pub const ROWS: usize = 200;
/// Most curves in the picture of a hover.
pub const PICTURE_CURVES: usize = 6;
/// Largest picture of a hover, in bytes of SVG.
pub const PICTURE_BYTES: usize = 32 << 10;
/// Most files of one workspace in which a local name is looked for with every move of the cursor.
pub const LINKED_FILES: usize = 500;
/// Longest new name that is written into every place of an old one, in bytes.
pub const NAME_BYTES: usize = 256;
/// Most imports that are offered for one name.
pub const IMPORTS: usize = 3;
