//! How the rules of the grammar are called in messages.

use crate::grammar::Rule;

/// The things that could have stood at a place, in a fixed order, without repetition.
pub(crate) fn phrases(rules: &[Rule]) -> Vec<String> {
    let mut all: Vec<String> = rules.iter().flat_map(|rule| phrase(*rule)).collect();
    // Descriptions first, then words; `the end of the line` last.
    let rank = |text: &str| (text == END, text.starts_with('`'));
    all.sort_by(|a, b| (rank(a), a).cmp(&(rank(b), b)));
    all.dedup();
    all
}

/// Takes out what could continue any expression: true, and of no help.
pub(crate) fn without_operators(rules: &[Rule]) -> Vec<Rule> {
    let operator = |rule: &Rule| {
        matches!(
            rule,
            Rule::add_op
                | Rule::mul_op
                | Rule::compare_op
                | Rule::is_label
                | Rule::in_labels
                | Rule::kw_is
                | Rule::kw_in
                | Rule::kw_not
                | Rule::kw_and
                | Rule::kw_or
                | Rule::lparen
        )
    };
    rules.iter().copied().filter(|rule| !operator(rule)).collect()
}

/// `a`, `b` or `c`; a long list is cut.
pub(crate) fn either(mut phrases: Vec<String>) -> String {
    const SHOWN: usize = 8;
    if phrases.len() > SHOWN {
        phrases.retain(|text| text != END);
        phrases.truncate(SHOWN);
    }
    match phrases.as_slice() {
        [] => "something else".to_owned(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

const END: &str = "the end of the line";

fn phrase(rule: Rule) -> Vec<String> {
    let said = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let text = format!("{rule:?}");
    if let Some(word) = text.strip_prefix("kw_") {
        return vec![format!("`{}`", word.replace('_', "-"))];
    }
    match rule {
        Rule::EOI => said(&[END]),
        Rule::open | Rule::body | Rule::price_block | Rule::object => said(&["`{`"]),
        Rule::equals => said(&["`=`"]),
        Rule::colon => said(&["`:`"]),
        Rule::bar => said(&["`|`"]),
        Rule::lparen => said(&["`(`"]),
        Rule::rparen => said(&["`)`"]),
        Rule::name | Rule::names | Rule::path | Rule::word | Rule::use_name | Rule::binding => said(&["a name"]),
        Rule::field | Rule::param => said(&["a field"]),
        Rule::field_type => said(&["a type"]),
        Rule::scope => said(&["a name", "`all`"]),
        Rule::label | Rule::key => said(&["a label"]),
        Rule::string => said(&["a text in quotes"]),
        Rule::number | Rule::use_version => said(&["a number"]),
        Rule::percent => said(&["a percentage"]),
        Rule::quantity => said(&["a number with its unit"]),
        Rule::money
        | Rule::literal
        | Rule::amount
        | Rule::expr
        | Rule::conjunction
        | Rule::negation
        | Rule::comparison
        | Rule::fallback
        | Rule::sum
        | Rule::product
        | Rule::rate
        | Rule::unary
        | Rule::entitlement_limit
        | Rule::bound
        | Rule::limit
        | Rule::value => said(&["an amount"]),
        Rule::charge | Rule::term | Rule::tier_charge | Rule::cell | Rule::price_charge => said(&["a price"]),
        Rule::date | Rule::moment => said(&["a date"]),
        Rule::period => said(&["a period like `2026-01`"]),
        Rule::duration => said(&["a length of time like `3 days`"]),
        Rule::clock | Rule::clock_range | Rule::slot_hours => said(&["hours like `08:00..20:00`"]),
        Rule::day_range | Rule::day_name | Rule::slot_days => said(&["days like `mon..fri`"]),
        Rule::month_range | Rule::month_name => said(&["months like `jun..sep`"]),
        Rule::symbol => said(&["a currency sign"]),
        Rule::mode => said(&["`half-up`", "`half-even`", "`up`", "`down`"]),
        Rule::rounding => said(&["`half-up`", "`half-even`", "`up`", "`down`"]),
        Rule::rounding_point => said(&["`line`", "`tier`", "`cell`"]),
        Rule::target => said(&["an amount", "`cents`"]),
        Rule::frequency => said(&["`monthly`", "`quarterly`", "`yearly`", "`daily`"]),
        Rule::period_word => said(&["`hour`", "`day`", "`month`", "`quarter`", "`year`"]),
        Rule::per | Rule::per_period => said(&["`per`"]),
        Rule::per_window => said(&["`per`", "`over the term`"]),
        Rule::window => said(&["`each`", "`over the term`"]),
        Rule::by_names | Rule::field_by => said(&["`by`"]),
        Rule::where_expr | Rule::price_filter => said(&["`where`"]),
        Rule::price_target => said(&["`on`"]),
        Rule::rounded => said(&["`rounded`"]),
        Rule::validity => said(&["`from`", "`through`", "`until`"]),
        Rule::range_end => said(&["`through`", "`until`"]),
        Rule::fee_timing => said(&["`once`", "`in advance`", "`in arrears`"]),
        Rule::use_names => said(&["`(`"]),
        Rule::use_alias => said(&["`as`"]),
        Rule::unknown => said(&["`unknown is`"]),
        Rule::dimension_list | Rule::dimension_open => said(&["`=`"]),
        Rule::dimension_seed => said(&["`from`"]),
        Rule::aggregate => said(&["`sum`", "`count`", "`max`", "`last`", "`unique`", "`average`"]),
        Rule::slot_aggregate => Vec::new(),
        Rule::in_unit => said(&["`in`"]),
        Rule::usage_bound | Rule::field_bound | Rule::charge_clamp => said(&["`at most`"]),
        Rule::is_label => said(&["`is`"]),
        Rule::in_labels => said(&["`in`"]),
        Rule::compare_op => said(&["a comparison"]),
        Rule::add_op => said(&["`+`", "`-`"]),
        Rule::mul_op => said(&["`*`", "`/`"]),
        Rule::minus => Vec::new(),
        Rule::ladder_rule => said(&["`counts in ladder`", "`not in ladder`"]),
        Rule::partial => said(&["`whole`", "`prorated daily`"]),
        Rule::rollover => said(&["`rollover`"]),
        Rule::free_amount => said(&["`up to`"]),
        Rule::months_alike => said(&["`in months of 30 days`"]),
        Rule::thirty_days => said(&["`30 days`"]),
        Rule::sharing => said(&["`pooled`", "`each account`"]),
        Rule::draw => said(&["`draw`"]),
        Rule::flat_when => said(&["`even at zero`"]),
        Rule::stage => said(&["`before discounts`", "`after discounts`"]),
        Rule::steps => said(&["`in steps of`"]),
        Rule::clamp_each => said(&["`each`"]),
        Rule::clamp_usage => said(&["`if used`", "`even at zero`"]),
        Rule::clamp_then => said(&["`then`"]),
        Rule::less => said(&["`less`"]),
        Rule::billing_day => said(&["`on day`"]),
        Rule::billing_net => said(&["`net`"]),
        Rule::or_last_day => said(&["`or last day`"]),
        Rule::slot_months => said(&["`months`"]),
        Rule::slot_except => said(&["`except holidays`"]),
        Rule::field_formula => said(&["`=`"]),
        Rule::field_decimals => said(&["`decimals`"]),
        Rule::then_each => said(&["`then each`"]),
        Rule::grant_cost => said(&["`free`", "`for`", "`already paid`"]),
        Rule::grant_when => said(&["`on`", "`each`"]),
        Rule::expiry => said(&["`expires`"]),
        Rule::source => said(&["`allowance`", "`wallet`", "`commitment`", "`overage`", "`invoice`", "`block`"]),
        Rule::subject => said(&["`plan`", "`ratecard`", "`contract`"]),
        Rule::quantifier => said(&["`for all`"]),
        Rule::given_when => said(&["`on`", "`each`"]),
        Rule::signed_on => said(&["`signed`"]),
        Rule::expect_subject | Rule::case_column => said(&["a line"]),
        Rule::todo => said(&["`?`"]),
        Rule::not_sold => said(&["`n/a`"]),
        Rule::star => said(&["`*`"]),
        _ => Vec::new(),
    }
}
