//! The file and its items.

use super::{
    Amendment, Assert, Bad, CalendarDecl, Contract, CurrencyDecl, DimensionDecl, Docs, EventDecl, FormulaDecl,
    HolidaysDecl, LetDecl, MeterDecl, Name, Plan, RateCard, Test, TestTable, UnitDecl, UseDecl,
};
use price_diagnostics::{FileId, ItemId, Span};
use std::sync::Arc;

/// One file.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SourceFile {
    /// Which file.
    pub file: FileId,
    /// In the order of the text.
    pub items: Vec<Arc<Item>>,
    /// For each item, what to add to the spans inside it to get offsets in the file:
    /// zero, unless the tree was made with [`crate::Spans::RelativeToItem`].
    pub origins: Vec<u32>,
    /// The whole text.
    pub span: Span,
}

/// One item with what stands above it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Item {
    /// Its number in the file, which stays while other items change; zero with
    /// [`crate::Spans::Erased`].
    pub id: ItemId,
    /// The `##` lines above.
    pub docs: Docs,
    /// What it is.
    pub kind: ItemKind,
    /// Whether something inside could not be read and was reported: follow-on findings about
    /// this item or about names it would have declared are noise.
    pub recovered: bool,
    /// Where, without the docs.
    pub span: Span,
}

/// The kinds of items.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ItemKind {
    /// `use std.units (seat, call)`.
    Use(UseDecl),
    /// `let ceiling = $2_500.00`.
    Let(LetDecl),
    /// `currency CREDIT virtual decimals 4`.
    Currency(CurrencyDecl),
    /// `unit seat, seats`.
    Unit(UnitDecl),
    /// `dimension region = us | eu`.
    Dimension(DimensionDecl),
    /// `calendar daypart in "Europe/Berlin" { ... }`.
    Calendar(CalendarDecl),
    /// `holidays de { ... }`.
    Holidays(HolidaysDecl),
    /// `event call { ... }`.
    Event(EventDecl),
    /// `meter calls = count of call`.
    Meter(MeterDecl),
    /// `formula blended(list_rate: rate) = ...`.
    Formula(FormulaDecl),
    /// `ratecard cloud version 4 { ... }`.
    RateCard(RateCard),
    /// `plan starter { ... }`.
    Plan(Plan),
    /// `contract globex with "Globex GmbH" { ... }`.
    Contract(Contract),
    /// `amendment 1 to globex effective 2026-07-01 { ... }`.
    Amendment(Amendment),
    /// `test "..." for plan starter in 2026-01 { ... }`.
    Test(Test),
    /// `test table "..." for plan starter in 2026-01 { ... }`.
    TestTable(TestTable),
    /// `assert "..." for plan starter for all usage { ... }`.
    Assert(Assert),
    /// Not readable; reported.
    Bad(Bad),
}

impl Item {
    /// The name the item declares, if its kind has one.
    #[must_use]
    pub fn name(&self) -> Option<&Name> {
        Some(match &self.kind {
            ItemKind::Let(decl) => &decl.name,
            ItemKind::Currency(decl) => &decl.code,
            ItemKind::Unit(decl) => &decl.name,
            ItemKind::Dimension(decl) => &decl.name,
            ItemKind::Calendar(decl) => &decl.name,
            ItemKind::Holidays(decl) => &decl.name,
            ItemKind::Event(decl) => &decl.name,
            ItemKind::Meter(decl) => &decl.name,
            ItemKind::Formula(decl) => &decl.name,
            ItemKind::RateCard(card) => &card.name,
            ItemKind::Plan(plan) => &plan.name,
            ItemKind::Contract(contract) => &contract.name,
            ItemKind::Bad(bad) => return bad.name.as_ref(),
            ItemKind::Use(_)
            | ItemKind::Amendment(_)
            | ItemKind::Test(_)
            | ItemKind::TestTable(_)
            | ItemKind::Assert(_) => return None,
        })
    }
}

impl SourceFile {
    /// The item with a number.
    #[must_use]
    pub fn item(&self, id: ItemId) -> Option<&Arc<Item>> {
        self.items.iter().find(|item| item.id == id)
    }
}

impl ItemKind {
    /// The word it begins with; `bucket` is a dimension, and what could not be read has none.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            ItemKind::Use(_) => "use",
            ItemKind::Let(_) => "let",
            ItemKind::Currency(_) => "currency",
            ItemKind::Unit(_) => "unit",
            ItemKind::Dimension(_) => "dimension",
            ItemKind::Calendar(_) => "calendar",
            ItemKind::Holidays(_) => "holidays",
            ItemKind::Event(_) => "event",
            ItemKind::Meter(_) => "meter",
            ItemKind::Formula(_) => "formula",
            ItemKind::RateCard(_) => "ratecard",
            ItemKind::Plan(_) => "plan",
            ItemKind::Contract(_) => "contract",
            ItemKind::Amendment(_) => "amendment",
            ItemKind::Test(_) => "test",
            ItemKind::TestTable(_) => "test table",
            ItemKind::Assert(_) => "assert",
            ItemKind::Bad(_) => "",
        }
    }
}
