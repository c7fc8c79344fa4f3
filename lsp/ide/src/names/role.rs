//! What a name in the tree is for, by the rule it stands in.

use super::DefKind;
use price_syntax::Rule;
use price_syntax::tree::Node;

/// What a leaf with a name is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It declares something.
    Declares(DefKind),
    /// It is called by that name inside an import: the name of the other module.
    Imported,
    /// The name an import binds instead.
    Alias,
    /// A unit.
    Unit,
    /// A unit or a currency, as behind an amount.
    Measure,
    /// What the type of a field names: a unit, a currency, a dimension.
    FieldType,
    /// An event, and fields of it.
    Event,
    /// A meter, or behind `each` an event.
    Priced,
    /// A column of a test table: a meter, a line, a dimension.
    Column,
    /// A dimension or a field that carries one.
    Dimension,
    /// A top-level name: a meter, a card, a plan, a contract, a currency, a list of holidays.
    Item,
    /// A statement of the body around it, or of what the test is about.
    Statement,
    /// A grant of the wallet around it.
    Grant,
    /// A value of a dimension.
    Label,
    /// Anything an expression can name.
    Expression,
    /// The name of a field, or of a label inside an object, of a given event.
    Binding,
    /// A path that leads to a module, or to one of its items.
    Module,
    /// A tag: it has no declaration.
    Tag,
}

/// Stretches of time that an amount may be per; a unit of that name is another thing.
const PERIODS: [&str; 6] = ["hour", "day", "week", "month", "quarter", "year"];

/// The role of a leaf, given the nodes around it, the root first and the leaf last. For a part of
/// a path it is the role of the path.
pub(crate) fn role(chain: &[Node<'_>]) -> Option<Role> {
    use DefKind as K;
    let leaf = chain.last()?;
    let mut around = chain.iter().rev().skip(1).filter_map(|node| node.rule());
    let mut parent = around.next()?;
    let grand = around.clone().next();
    let in_path = parent == Rule::path;
    if in_path {
        parent = around.next()?;
    }
    if parent == Rule::names {
        parent = around.next()?;
    }

    let is = |rule: Rule| leaf.is(rule);
    if parent == Rule::label {
        return Some(match grand? {
            Rule::dimension_list | Rule::bucket | Rule::slot => Role::Declares(K::Label),
            _ => Role::Label,
        });
    }
    if !(is(Rule::name) || is(Rule::word)) {
        return None;
    }
    // What the language itself calls so.
    let own = match parent {
        Rule::field_type => matches!(leaf.read(), "text" | "flag" | "date" | "moment"),
        Rule::per => PERIODS.contains(&leaf.read()),
        Rule::expect_subject | Rule::case_column | Rule::never_decreases | Rule::never_jumps | Rule::rises_or_falls => {
            leaf.read() == "total"
        }
        Rule::duration => true,
        // The last column of a list is the price itself.
        Rule::list_head => {
            let head = chain.iter().rev().find(|node| node.is(Rule::list_head));
            let last = head.and_then(|head| head.parts_of(Rule::path).last());
            last.is_some_and(|last| last.start() <= leaf.start())
        }
        _ => false,
    };
    if own {
        return None;
    }
    Some(match parent {
        Rule::use_item if in_path => Role::Module,
        Rule::use_item => Role::Item,
        Rule::use_name => Role::Imported,
        Rule::use_alias => Role::Alias,
        Rule::let_item => Role::Declares(K::Constant),
        Rule::currency_item => Role::Declares(K::Currency),
        Rule::unit_item => Role::Declares(K::Unit),
        Rule::unit_definition => Role::Unit,
        Rule::dimension_item => Role::Declares(K::Dimension),
        Rule::bucket_item if in_path => Role::Event,
        Rule::bucket_item => Role::Declares(K::Dimension),
        Rule::calendar_item => Role::Declares(K::Calendar),
        Rule::slot_except => Role::Item,
        Rule::holidays_item => Role::Declares(K::Holidays),
        Rule::event_item => Role::Declares(K::Event),
        Rule::field => Role::Declares(K::Field),
        Rule::field_type => Role::FieldType,
        Rule::field_by => Role::Dimension,
        Rule::meter_item if in_path => Role::Event,
        Rule::meter_item => Role::Declares(K::Meter),
        Rule::in_unit => Role::Measure,
        Rule::by_names | Rule::matrix_head | Rule::list_head => Role::Dimension,
        Rule::formula_item => Role::Declares(K::Formula),
        Rule::param if is(Rule::name) => Role::Declares(K::Parameter),
        Rule::param => Role::FieldType,
        Rule::ratecard_item => Role::Declares(K::RateCard),
        Rule::plan_item => Role::Declares(K::Plan),
        Rule::contract_item => Role::Declares(K::Contract),
        Rule::subject | Rule::amendment_item | Rule::prices_stmt | Rule::based_stmt | Rule::comparing => Role::Item,
        Rule::currency_stmt | Rule::conversion_stmt | Rule::holds => Role::Item,
        Rule::price_stmt => Role::Declares(K::Price),
        Rule::price_target => Role::Priced,
        Rule::override_stmt => Role::Statement,
        Rule::less | Rule::amount_of | Rule::grant_level => Role::Item,
        Rule::fee_stmt if in_path => Role::Item,
        Rule::fee_stmt => Role::Declares(K::Fee),
        Rule::allowance_stmt if in_path => Role::Priced,
        Rule::allowance_stmt => Role::Declares(K::Allowance),
        Rule::discount_stmt => Role::Declares(K::Discount),
        Rule::commitment_stmt => Role::Declares(K::Commitment),
        Rule::wallet_stmt => Role::Declares(K::Wallet),
        Rule::entitlement_stmt if is(Rule::name) => Role::Declares(K::Entitlement),
        Rule::entitlement_limit => return None,
        Rule::grant_name => Role::Declares(K::Grant),
        Rule::clawback => Role::Grant,
        Rule::scope if around.next() == Some(Rule::share) => Role::Expression,
        Rule::scope | Rule::attribute_stmt | Rule::prorate_stmt | Rule::product_stmt | Rule::ledger_stmt => {
            Role::Statement
        }
        Rule::tag_stmt if in_path => Role::Statement,
        Rule::tag_stmt | Rule::tagged => Role::Tag,
        Rule::commitment_counts | Rule::count_sharing | Rule::shortfall | Rule::grant_when | Rule::source => {
            Role::Statement
        }
        Rule::change | Rule::step_change if in_path => Role::Statement,
        Rule::change | Rule::step_change => return None,
        Rule::expect_subject => Role::Statement,
        Rule::case_column => Role::Column,
        Rule::expect_fund if in_path => Role::Statement,
        Rule::expect_fund | Rule::expect_invoice => return None,
        Rule::given | Rule::quantifier => Role::Item,
        Rule::given_event | Rule::round_each | Rule::clamp_each => Role::Event,
        Rule::binding if leaf.is(Rule::word) => Role::Binding,
        Rule::split => match chain.iter().rev().find(|node| node.is(Rule::split)) {
            Some(split) if split.text().starts_with("split") => Role::Dimension,
            _ => Role::Event,
        },
        Rule::measure => Role::Binding,
        Rule::quantity | Rule::per => Role::Measure,
        Rule::never_decreases | Rule::never_jumps | Rule::rises_or_falls => Role::Statement,
        Rule::bound | Rule::bound_of => Role::Expression,
        Rule::buyer_stmt | Rule::shared => return None,
        Rule::percent_of => Role::Expression,
        Rule::call if !in_path => Role::Item,
        Rule::rate_of => Role::Expression,
        _ if in_path => Role::Expression,
        _ => {
            return None;
        }
    })
}
