/**
 * @file A tree-sitter grammar of Price.
 * @license Apache-2.0
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

// The nodes have the names of the rules of the compiler's grammar, compiler/syntax/src/grammar.pest,
// which decides what the language is. This one follows it closely enough for an editor, and is
// more lenient in places: it does not ask for the space in `5 GB`, nor that a date exists.

// Words that may follow an amount or a name, and therefore cannot be names.
const RESERVED = [
  'per', 'plus', 'of', 'on', 'by', 'where', 'and', 'or', 'not', 'is', 'in', 'from', 'until', 'through',
  'to', 'beyond', 'free', 'flat', 'then', 'each', 'for', 'at', 'less', 'rounded', 'even',
];

const DECIMAL = '[0-9]+(_[0-9]{3})*(\\.[0-9]+)?(bn|k|M)?';

/** One or more, with a separator between them. */
const separated = (rule, separator) => seq(rule, repeat(seq(separator, rule)));

/** One or more, with commas between them. */
const list = (rule) => separated(rule, ',');

/** Any word, reserved or not. */
const word = ($) => reserved('none', alias($.name, $.word));

/** Lines of a block, or lines of documentation, each on its own. */
const lines = ($, line) => seq(
  '{',
  optional($._end),
  optional(seq(separated(choice(line, $.doc), $._end), optional($._end))),
  '}',
);

/** One, or a range of two. */
const range = (rule) => seq(rule, optional(seq('..', rule)));

/** A block whose first line says how to read the others. */
const headed = ($, ...bodies) => seq(
  '{',
  optional($._end),
  repeat(seq($.doc, $._end)),
  choice(...bodies.map(([head, row]) => seq(head, repeat(seq($._end, choice(row, $.doc))), optional($._end)))),
  '}',
);

module.exports = grammar({
  name: 'price',

  // Newlines end statements, but not between parentheses; that takes a count of the open ones.
  externals: ($) => [
    $._newline,
    $._continuation,
    $._call_open,
    $._paren_open,
    ')',
    $._or_else,
    $._call_ahead,
  ],

  extras: ($) => [/[ \t\r]/, $.comment, $._continuation],

  word: ($) => $.name,

  reserved: {
    global: (_) => RESERVED,
    none: (_) => [],
  },

  supertypes: ($) => [$._item, $._stmt],

  conflicts: ($) => [
    // `minimum 2 $3.00` is about the second minimum, `minimum 2` says how much.
    [$._expect_minimum],
    // `a: token by kind, b: text`.
    [$.field_by],
  ],

  rules: {
    source_file: ($) => seq(
      optional($._end),
      optional(seq(separated(choice($._item, $.doc), $._end), optional($._end))),
    ),

    _end: ($) => repeat1($._newline),

    comment: (_) => token(choice(/#([^#\r\n][^\r\n]*)?/, /###[^\r\n]*/)),
    // A documentation line; it belongs to what follows.
    doc: (_) => token(/##([^#\r\n][^\r\n]*)?/),

    // ------------------------------------------------------------ names and literals

    name: (_) => /[A-Za-z][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*/,
    // `rate` is both a name and the start of `rate of`.
    _name: ($) => choice($.name, alias('rate', $.name)),
    path: ($) => seq($._name, repeat(seq(token.immediate('.'), word($)))),
    names: ($) => list($.path),

    // A value of a dimension: reserved words are as good as others.
    label: ($) => choice($.string, $.date, word($)),

    string: (_) => token(seq('"', repeat(choice(/\\["\\]/, /[^"\\\r\n]/)), '"')),
    number: (_) => token(new RegExp(`-?${DECIMAL}`)),
    percent: (_) => token(new RegExp(`-?${DECIMAL}(%| +bps)`)),
    money: (_) => token(new RegExp(`-?[$€£¥]${DECIMAL}`)),
    symbol: (_) => token(/[$€£¥]/),
    // A word behind a number is its unit.
    quantity: ($) => prec(1, seq($.number, field('unit', $.name))),
    date: (_) => token(/[0-9]{4}-[0-9]{2}-[0-9]{2}/),
    clock: (_) => token(/[0-9]{2}:[0-9]{2}(:[0-9]{2})?/),
    offset: (_) => token(/[+-][0-9]{2}:[0-9]{2}/),
    moment: ($) => seq($.date, optional(seq($.clock, optional($.offset)))),
    year: (_) => token(/[0-9]{4}/),
    month: (_) => token(/[0-9]{4}-[0-9]{2}/),
    quarter: (_) => token(/[0-9]{4}-Q[1-4]/),

    _literal: ($) => choice($.percent, $.money, $.quantity, $.number),

    // ------------------------------------------------------------ time

    period: ($) => choice($.quarter, seq($.date, optional($.range_end)), $.month, $.year),
    range_end: ($) => seq(choice('through', 'until'), $.date),
    validity: ($) => choice(seq('from', $.date, optional($.range_end)), $.range_end),
    duration: ($) => seq($.number, field('unit', $.name), optional($.or_last_day)),
    or_last_day: (_) => seq('or', 'last', 'day'),

    period_word: (_) => choice('hour', 'day', 'week', 'month', 'quarter', 'year'),
    frequency: (_) => choice('hourly', 'daily', 'weekly', 'monthly', 'quarterly', 'yearly'),
    // Over which stretch a price is computed.
    window: ($) => choice(seq('each', $.period_word), $._span),
    _span: (_) => choice(seq('over', 'the', 'term'), seq('without', 'reset')),
    partial: (_) => choice('whole', seq('prorated', 'daily')),

    // ------------------------------------------------------------ expressions, loosest first

    _expr: ($) => choice($.disjunction, $._conjunction),
    disjunction: ($) => seq(field('left', $._expr), 'or', field('right', $._conjunction)),

    _conjunction: ($) => choice($.conjunction, $._negation),
    conjunction: ($) => seq(field('left', $._conjunction), 'and', field('right', $._negation)),

    _negation: ($) => choice($.negation, $._comparison),
    negation: ($) => seq('not', $._negation),

    // One comparison, not a chain. Where an `=` or an `in` could also end the expression, it
    // belongs to the comparison.
    _comparison: ($) => choice($.comparison, $.is_label, $.in_labels, $._fallback),
    comparison: ($) => prec(1, seq(
      field('left', $._fallback),
      field('operator', choice('<=', '>=', '!=', '=', '<', '>')),
      field('right', $._fallback),
    )),
    is_label: ($) => prec(1, seq(field('left', $._fallback), 'is', optional('not'), field('right', $.label))),
    in_labels: ($) => prec.right(1, seq(
      field('left', $._fallback),
      optional('not'),
      'in',
      list(field('right', $.label)),
    )),

    _fallback: ($) => choice($.fallback, $._sum),
    fallback: ($) => seq(field('left', $._sum), alias($._or_else, 'or else'), field('right', $._sum)),

    _sum: ($) => choice($.sum, $._product),
    sum: ($) => seq(field('left', $._sum), field('operator', choice('+', '-')), field('right', $._product)),

    _product: ($) => choice($.product, $._amount),
    product: ($) => seq(field('left', $._product), field('operator', choice('*', '/')), field('right', $._amount)),

    // An amount: arithmetic needs parentheses.
    _amount: ($) => choice($.rate, $._unary),
    rate: ($) => prec(1, seq(field('amount', $._amount), $.per)),
    per: ($) => seq('per', optional('started'), optional($.number), field('unit', $.name)),

    _unary: ($) => choice($.unary, $._primary),
    unary: ($) => seq('-', $._unary),

    _primary: ($) => choice(
      alias($._percent_of, $.share),
      $.call,
      $.moment,
      $.percent,
      $.money,
      $.quantity,
      $.number,
      $.string,
      $.rate_of,
      $.path,
      $.paren,
    ),
    _percent_of: ($) => prec(1, seq($.percent, 'of', choice('all', $.path))),
    call: ($) => seq(field('function', $._name), $._open, list($._expr), ')'),
    rate_of: ($) => seq('rate', $.path),
    paren: ($) => seq(alias($._paren_open, '('), $._expr, ')'),

    scope: ($) => choice('all', $.tagged, $.names),
    tagged: ($) => seq('tagged', $.name),

    // ------------------------------------------------------------ charges

    charge: ($) => seq($._term, repeat(seq('plus', $._term)), optional($.rounded)),
    tier_charge: ($) => seq(
      $._term,
      repeat(seq('plus', $._term)),
      repeat($.charge_clamp),
      optional($.rounded),
    ),
    _term: ($) => choice($.free, $.flat, $.share, $._expr),
    free: (_) => 'free',
    flat: ($) => seq('flat', $._amount, optional($.flat_when)),
    flat_when: (_) => choice(
      seq('even', 'at', 'zero'),
      seq('only', 'when', 'charged'),
      seq('also', 'when', 'free'),
    ),
    // A share of several lines, or of lines at a stage. A share of one is an expression.
    share: ($) => seq(
      $.percent,
      'of',
      choice(
        seq($.tagged, optional($.stage)),
        seq('all', $.stage),
        seq($.path, $.stage),
        seq($.path, repeat1(seq(',', $.path)), optional($.stage)),
      ),
    ),
    stage: (_) => seq(choice('before', 'after'), 'discounts'),
    charge_clamp: ($) => seq(optional('total'), 'at', choice('least', 'most'), $._amount),

    mode: (_) => choice('half-up', 'half-even', 'up', 'down'),
    target: ($) => choice('cents', $._literal),
    _rounding: ($) => seq($.mode, 'to', $.target),
    rounded: ($) => seq('rounded', $._rounding),

    // ------------------------------------------------------------ items

    _item: ($) => choice(
      $.use_item,
      $.let_item,
      $.currency_item,
      $.unit_item,
      $.dimension_item,
      $.bucket_item,
      $.meter_item,
      $.formula_item,
      $.calendar_item,
      $.holidays_item,
      $.event_item,
      $.ratecard_item,
      $.plan_item,
      $.contract_item,
      $.amendment_item,
      $.test_item,
      $.test_table_item,
      $.assert_item,
    ),

    use_item: ($) => seq('use', choice(
      seq('currency', field('name', $.name), 'as', $.symbol),
      seq(field('path', $.path), optional($.use_version), optional($.use_names), optional($.use_alias)),
    )),
    use_version: ($) => seq('version', $.number),
    use_names: ($) => seq($._open, list($.use_name), optional(','), ')'),
    use_name: ($) => seq(field('name', word($)), optional($.use_alias)),
    use_alias: ($) => seq('as', field('alias', $.name)),
    _open: ($) => choice(alias($._call_open, '('), alias($._paren_open, '(')),

    let_item: ($) => seq('let', field('name', $.name), '=', field('value', $._expr)),

    currency_item: ($) => seq(
      'currency',
      field('name', $.name),
      optional(seq('symbol', $.string)),
      optional('virtual'),
      optional(seq('decimals', $.number)),
    ),

    unit_item: ($) => seq('unit', list(field('name', $.name)), optional(seq('=', $.unit_definition))),
    unit_definition: ($) => seq(optional($.number), separated($.name, choice('*', '/'))),

    dimension_item: ($) => seq(
      'dimension',
      field('name', $.name),
      choice($.dimension_open, $.dimension_list, $.dimension_seed),
      optional($.unknown),
    ),
    dimension_open: ($) => seq('=', 'any', 'text', 'at', 'most', $.number),
    dimension_list: ($) => seq('=', separated(choice($.label, alias($._any_label, $.label)), '|')),
    _any_label: ($) => alias('any', $.word),
    dimension_seed: ($) => seq(
      'from',
      choice('csv', 'prefixes'),
      $.string,
      optional(seq('column', field('column', word($)))),
    ),
    unknown: ($) => seq('unknown', 'is', $.label),

    bucket_item: ($) => seq('dimension', field('name', $.name), 'from', $.path, lines($, $.bucket)),
    bucket: ($) => seq(choice(seq('up', 'to', $._literal), 'beyond'), $.label),

    calendar_item: ($) => seq('calendar', field('name', $.name), 'in', $.string, lines($, $.slot)),
    slot: ($) => seq(field('label', $.label), choice(
      'otherwise',
      seq(
        choice(
          seq($.slot_months, optional($.slot_days), optional($.slot_hours)),
          seq($.slot_days, optional($.slot_hours)),
          $.slot_hours,
        ),
        optional($.slot_except),
      ),
    )),
    slot_months: ($) => seq('months', list($.month_range)),
    slot_days: ($) => list($.day_range),
    slot_hours: ($) => list($.clock_range),
    slot_except: ($) => seq('except', 'holidays', $.names),
    month_range: ($) => range($.month_name),
    day_range: ($) => range($.day_name),
    clock_range: ($) => seq($.clock, '..', $.clock),
    month_name: (_) => choice('jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'),
    day_name: (_) => choice('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'),

    holidays_item: ($) => seq('holidays', field('name', $.name), lines($, $.holiday)),
    holiday: ($) => seq($.date, optional($.string)),

    event_item: ($) => seq('event', field('name', $.name), lines($, $._field_list)),
    _field_list: ($) => seq(list($.field), optional(',')),
    field: ($) => seq(
      field('name', word($)),
      ':',
      $.field_type,
      optional($.field_formula),
      optional('optional'),
    ),
    field_type: ($) => seq(
      optional('signed'),
      optional('level'),
      field('type', word($)),
      optional($.per),
      optional($.field_decimals),
      optional($.field_by),
      optional($.field_bound),
    ),
    field_decimals: ($) => seq('decimals', $.number),
    field_by: ($) => seq('by', list($.path)),
    field_bound: ($) => seq('at', 'most', $._literal),
    field_formula: ($) => seq('=', $._expr, optional($.rounded), optional($.then_each)),
    then_each: ($) => seq('then', 'each', $.quantity),

    meter_item: ($) => seq(
      'meter',
      field('name', $.name),
      '=',
      $.aggregate,
      'of',
      $.path,
      optional($.slot_aggregate),
      repeat(choice($.in_unit, $.by_names, $.where_expr, $.usage_bound)),
    ),
    aggregate: ($) => choice(
      'sum', 'count', 'max', 'min', 'last', 'unique', 'average', seq('percentile', $.number),
    ),
    slot_aggregate: ($) => seq($.aggregate, 'over', $.quantity),
    in_unit: ($) => seq('in', field('unit', $.name)),
    by_names: ($) => seq('by', $.names),
    where_expr: ($) => seq('where', $._expr),
    usage_bound: ($) => seq('at', 'most', $._literal, optional($.per)),

    formula_item: ($) => seq(
      'formula', field('name', $.name), $._open, list($.param), ')', '=', field('value', $._expr),
    ),
    param: ($) => seq(field('name', $.name), ':', field('type', word($))),

    // ------------------------------------------------------------ rate card, plan, contract

    ratecard_item: ($) => seq('ratecard', field('name', $.name), optional($._version), $.body),
    plan_item: ($) => seq('plan', field('name', $.name), optional($._version), $.body),
    contract_item: ($) => seq('contract', field('name', $.name), optional(seq('with', $.string)), $.body),
    _version: ($) => seq('version', field('version', $.number)),
    body: ($) => lines($, $._stmt),

    _stmt: ($) => choice(
      $.seller_stmt,
      $.buyer_stmt,
      $.term_stmt,
      $.pause_stmt,
      $.timezone_stmt,
      $.currency_stmt,
      $.billing_stmt,
      $.effective_stmt,
      $.rounding_stmt,
      $.prices_stmt,
      $.based_stmt,
      $.let_item,
      $.fee_stmt,
      $.price_stmt,
      $.override_stmt,
      $.allowance_stmt,
      $.discount_stmt,
      $.cap_stmt,
      $.minimum_stmt,
      $.attribute_stmt,
      $.commitment_stmt,
      $.wallet_stmt,
      $.waterfall_stmt,
      $.entitlement_stmt,
      $.prorate_stmt,
      $.late_stmt,
      $.interim_stmt,
      $.conversion_stmt,
      $.tag_stmt,
      $.product_stmt,
      $.ledger_stmt,
      $.source_stmt,
    ),

    seller_stmt: ($) => seq('seller', $.string),
    buyer_stmt: ($) => seq('buyer', $.string, optional(seq('accounts', $.names))),
    term_stmt: ($) => seq('term', $.period, optional(seq('renews', $.frequency))),
    pause_stmt: ($) => seq('pause', $.period),
    timezone_stmt: ($) => seq('timezone', $.string),
    currency_stmt: ($) => seq('currency', $.name),
    billing_stmt: ($) => seq('billing', $.frequency, optional($.billing_day), optional($.billing_net)),
    billing_day: ($) => seq('on', 'day', $.number, optional($.or_last_day)),
    billing_net: ($) => seq('net', $.duration),
    effective_stmt: ($) => seq('effective', $.validity),
    rounding_stmt: ($) => seq('rounding', 'each', $.rounding_point, $._rounding),
    rounding_point: (_) => choice('line', 'tier', 'cell'),
    prices_stmt: ($) => seq('prices', 'from', $.path, optional($._version), choice('locked', 'following')),
    based_stmt: ($) => seq('based', 'on', 'plan', $.path),

    fee_stmt: ($) => seq(
      'fee',
      field('name', $.name),
      optional(seq('on', $.path)),
      '=',
      field('amount', $._amount),
      optional($.fee_timing),
      optional($.validity),
    ),
    fee_timing: (_) => choice('once', seq('in', choice('advance', 'arrears'))),

    allowance_stmt: ($) => seq(
      'allowance',
      field('name', $.name),
      '=',
      field('amount', $._amount),
      optional($.amount_of),
      optional(choice($.per, alias($._span, $.window))),
      'on',
      optional('each'),
      $.path,
      optional($.where_expr),
      repeat(choice($.rollover, $.free_amount, $.sharing, $.draw, $.partial)),
    ),
    amount_of: ($) => seq('of', $.path),
    free_amount: ($) => seq('up', 'to', $._literal),
    rollover: ($) => seq('rollover', choice('none', seq('up', 'to', $._literal, 'for', $.duration))),
    sharing: (_) => choice('pooled', seq('each', 'account')),
    draw: (_) => seq('draw', choice(
      seq('pro', 'rata'), seq('cheapest', 'first'), seq('dearest', 'first'), seq('as', 'used'),
    )),

    discount_stmt: ($) => seq(
      'discount',
      field('name', $.name),
      '=',
      field('amount', $._amount),
      'on',
      $.scope,
      optional($.where_expr),
      optional($.validity),
    ),
    cap_stmt: ($) => seq('cap', $._limit),
    minimum_stmt: ($) => seq('minimum', $._limit),
    _limit: ($) => seq(
      $.scope,
      'at',
      field('amount', $._amount),
      optional(alias($._span, $.window)),
      optional($.partial),
      optional($.validity),
    ),
    attribute_stmt: ($) => seq('attribute', $.path, $.by_names),
    prorate_stmt: ($) => seq('prorate', $.names, choice(seq('daily', optional($.months_alike)), 'never')),
    months_alike: ($) => seq('in', 'months', 'of', $.thirty_days),
    thirty_days: (_) => token(/30 +days/),
    late_stmt: ($) => seq(
      'late', 'events', 'accepted', 'for', $.duration, 'then', choice(seq('next', 'period'), 'rejected'),
    ),

    entitlement_stmt: ($) => seq('entitlement', field('name', $.name), '=', choice(
      'yes', 'no', $.entitlement_limit,
    )),
    entitlement_limit: ($) => seq(
      $._amount,
      optional(seq('then', word($))),
      optional(seq('rollover', 'up', 'to', $._literal)),
    ),

    interim_stmt: ($) => seq('invoice', 'early', 'at', field('amount', $._amount)),
    conversion_stmt: ($) => seq('invoice', field('currency', $.name), 'at', field('amount', $._amount), 'each'),

    tag_stmt: ($) => seq('tag', $.names, 'as', field('tag', $.name)),
    product_stmt: ($) => seq('product', $.names, '=', $.string),
    ledger_stmt: ($) => seq('ledger', $.names, '=', $.string),
    source_stmt: ($) => seq('source', $.string, 'checked', $.date, optional(seq('good', 'for', $.duration))),

    // ------------------------------------------------------------ prices

    price_stmt: ($) => seq(
      choice('price', 'rebate'),
      field('name', $.name),
      optional($.price_target),
      optional($.by_names),
      optional($.price_filter),
      optional($.window),
      choice(seq('=', $.charge), $.price_block),
    ),
    price_target: ($) => seq('on', optional('each'), $.path),
    price_filter: ($) => seq('where', $._expr, optional($.ladder_rule)),
    ladder_rule: (_) => seq(choice('counts', 'not'), 'in', 'ladder'),

    override_stmt: ($) => seq('override', choice(
      seq('prices', $.tagged, optional($.price_filter), optional($.validity), $.less),
      seq(
        'price',
        field('price', $.path),
        optional($.price_filter),
        optional($.validity),
        choice($.less, seq('=', $.charge), $.price_block),
      ),
    )),
    less: ($) => seq('less', $.percent, optional(seq('of', $.path))),

    price_block: ($) => lines($, $._price_line),
    _price_line: ($) => choice(
      $.measure,
      $.tiers,
      $.table,
      $.derive,
      $.price_discount,
      $.clamp,
      $.split,
      $.tiers_count,
      $.largest,
      $.ratchet,
      $.round_each,
      $.cliffs,
      $.charge,
    ),
    measure: ($) => seq('measure', $.path),
    derive: ($) => seq('derive', field('label', $.label), '=', $.charge),
    price_discount: ($) => seq('discount', $.percent, optional($.where_expr)),
    clamp: ($) => seq(
      'at',
      choice('least', 'most'),
      field('amount', $._amount),
      optional($.clamp_each),
      optional($.clamp_usage),
      optional($.partial),
      optional($.clamp_then),
    ),
    clamp_each: ($) => seq('each', $.path),
    clamp_usage: (_) => choice(seq('if', 'used'), seq('even', 'at', 'zero')),
    clamp_then: (_) => seq('then', choice('free', seq('cut', 'off'))),
    split: ($) => choice(
      seq('split', choice(seq('at', $.path), 'period')),
      seq('rate', choice(seq('by', 'start', 'of', $.path), seq('of', 'period', 'end'))),
    ),
    tiers_count: (_) => seq('tiers', 'count', choice(
      seq('all', 'cells'), seq(choice('net', 'gross'), 'usage'),
    )),
    largest: (_) => seq('only', 'the', 'largest', 'cell'),
    ratchet: ($) => seq('ratchet', $.percent, 'of', 'the', 'past', $.duration),
    round_each: ($) => seq('round', 'each', $.path, $._rounding),
    cliffs: (_) => seq('allow', 'cliffs'),

    tiers: ($) => seq(
      field('kind', choice('graduated', 'volume', 'stairstep')),
      optional($.per),
      choice(
        seq('{', optional($._end), repeat(seq($.doc, $._end)), '}'),
        headed($, [$.tier, $.tier], [$.grid_head, $.grid_row]),
      ),
    ),
    tier: ($) => seq(
      choice(seq('up', 'to', field('bound', $._bound), optional($.bound_of)), 'beyond'),
      optional($.steps),
      $.tier_charge,
    ),
    // `5 f($1)` is a number and a call, `5 GB ($1)` a quantity and an amount.
    _bound: ($) => choice(
      $.money, $.percent, $.quantity, seq($.number, optional($._call_ahead)), $.path, $.paren,
    ),
    // What the bound is a multiple of: the length of the period, or another meter.
    bound_of: ($) => seq('of', choice(seq('the', $.period_word), $.path)),
    steps: ($) => seq('in', 'steps', 'of', $.quantity),
    grid_head: ($) => seq('up', 'to', repeat1(seq('|', $.label))),
    grid_row: ($) => seq(
      choice('beyond', seq(field('bound', $._bound), optional($.bound_of))),
      optional($.steps),
      repeat1(seq('|', $.cell)),
    ),

    table: ($) => seq(
      'table',
      optional($.per),
      headed($, [$.matrix_head, $.matrix_row], [$.list_head, $.list_row]),
    ),
    matrix_head: ($) => seq($.path, '\\', $.path, repeat1(seq('|', $.label))),
    matrix_row: ($) => seq($.key, repeat1(seq('|', $.cell))),
    list_head: ($) => seq($.path, repeat1(seq('|', $.path))),
    list_row: ($) => seq(
      $.key,
      '|',
      repeat(seq(choice($.key, alias($._charge_key, $.key)), '|')),
      $.cell,
    ),
    key: ($) => choice($.star, $.label),
    // Words that could also start a charge.
    _charge_key: ($) => alias($._charge_label, $.label),
    _charge_label: ($) => choice(
      alias('free', $.word), alias('flat', $.word), alias('not', $.word), alias('rate', $.word),
    ),
    star: (_) => '*',
    cell: ($) => choice($.not_sold, $.charge),
    not_sold: (_) => 'n/a',

    // ------------------------------------------------------------ who pays

    commitment_stmt: ($) => seq(
      'commitment',
      field('name', $.name),
      optional(choice('postpaid', 'prepaid')),
      lines($, $._commitment_line),
    ),
    _commitment_line: ($) => choice(
      $.ramp,
      $.commitment_amount,
      $.commitment_counts,
      $.true_up,
      $.shortfall,
      $.excess,
      $.overage,
      $.invoiced,
      $.unused,
      $.covered_at,
      $.prepaid_cost,
    ),
    commitment_amount: ($) => seq('amount', $._amount),
    ramp: ($) => seq('amount', lines($, $.ramp_step)),
    ramp_step: ($) => seq(word($), $.number, $._amount),
    commitment_counts: ($) => seq(
      'counts',
      $.scope,
      optional(seq('except', 'paid', 'by', $.names)),
      repeat($.count_sharing),
    ),
    count_sharing: ($) => seq(choice('not', 'also'), 'counted', 'by', $.path),
    true_up: ($) => seq('true-up', $.frequency, 'to', $.percent, optional('cumulative')),
    shortfall: ($) => seq('shortfall', choice('forfeited', 'ignored', seq('credited', 'to', $.path))),
    excess: ($) => seq('excess', choice('ignored', $._rolls_over)),
    unused: ($) => seq('unused', choice('expires', $._rolls_over)),
    _rolls_over: ($) => seq('rolls', 'over', 'up', 'to', $.percent, 'for', $.duration),
    invoiced: ($) => seq('invoiced', choice(seq('at', 'start'), $.frequency)),
    covered_at: ($) => seq('covered', 'at', $.percent, 'of', 'contract', 'prices'),
    overage: ($) => seq('overage', 'at', $.percent, 'of', 'contract', 'prices'),
    prepaid_cost: (_) => choice(seq('already', 'paid'), 'free'),

    wallet_stmt: ($) => seq('wallet', field('name', $.name), lines($, $._wallet_line)),
    _wallet_line: ($) => choice(
      $.holds,
      $.pays_for,
      $.grant,
      $.clawback,
      $.balance_rollover,
      $.top_up,
      $.overdraft,
      $.spend,
      $.shared,
      $.precise,
    ),
    holds: ($) => seq('holds', $.name),
    pays_for: ($) => seq('pays', 'for', $.scope, optional(seq('and', 'minimum'))),
    grant: ($) => seq(
      'grant',
      field('amount', $._amount),
      optional($.grant_level),
      optional($.grant_cost),
      optional($.grant_when),
      optional($.partial),
      optional($.rounded),
      optional($.expiry),
      optional($.grant_name),
    ),
    grant_level: ($) => seq('on', $.path),
    grant_cost: ($) => choice('free', seq('for', $._amount), seq('already', 'paid', optional($._amount))),
    grant_when: ($) => choice(
      seq('on', choice('start', $.date)),
      seq('each', $.period_word),
      seq('from', 'commitment', $.path),
    ),
    grant_name: ($) => seq('as', $.name),
    expiry: ($) => seq('expires', choice(
      'never',
      seq('after', $.duration),
      seq('on', $.date),
      seq('at', $.period_word, 'end'),
      $.expiry_late,
    )),
    // The same as `after 12 months`.
    expiry_late: ($) => seq($.number, field('unit', $.name), 'after', optional($.or_last_day)),
    clawback: ($) => seq('clawback', $.name, 'on', $.date),
    balance_rollover: ($) => seq('rollover', choice(
      'none',
      seq('up', 'to', $._literal, optional($.rollover_floor), 'for', $.duration),
    )),
    rollover_floor: ($) => seq('at', 'least', $._literal),
    top_up: ($) => seq(
      'top-up',
      optional('to'),
      field('amount', $._amount),
      optional($.top_up_cost),
      'when',
      $.top_up_bound,
      field('bound', $._amount),
      optional(seq('at', 'most', $.number, $.per)),
      optional($.expiry),
    ),
    top_up_cost: ($) => seq('for', $._amount, optional('each')),
    top_up_bound: (_) => choice(seq('at', 'or', 'below'), 'below'),
    overdraft: ($) => seq('overdraft', choice('none', seq('up', 'to', $._amount))),
    spend: (_) => seq('spend', choice('expiring', 'oldest'), 'first'),
    shared: ($) => seq('shared', choice(seq('with', $.names), seq('by', 'all', 'accounts'))),
    precise: ($) => seq('precise', 'to', $.target, $.mode),

    waterfall_stmt: ($) => seq('waterfall', lines($, $.waterfall_step)),
    waterfall_step: ($) => seq(choice('first', 'then', 'finally'), $.source),
    source: ($) => choice(
      seq(choice('allowance', 'wallet', 'commitment'), $.path),
      'overage',
      'invoice',
      'block',
    ),

    // ------------------------------------------------------------ amendments

    amendment_item: ($) => seq(
      'amendment',
      field('number', $.number),
      'to',
      field('contract', $.path),
      'effective',
      $.date,
      optional($.signed_on),
      optional('retroactive'),
      lines($, $.change),
    ),
    signed_on: ($) => seq('signed', $.date),
    change: ($) => choice(
      seq(choice('set', 'add'), choice($.step_change, $._stmt)),
      seq('remove', field('kind', word($)), $.path),
      seq('extend', 'term', $.range_end),
    ),
    step_change: ($) => seq('commitment', $.path, word($), $.number, '=', $._amount),

    // ------------------------------------------------------------ tests and assertions

    subject: ($) => seq(choice('plan', 'ratecard', 'contract'), $.path),

    test_item: ($) => seq(
      'test', field('name', $.string), 'for', $.subject, 'in', $.period, lines($, $._test_line),
    ),
    _test_line: ($) => choice($.given, $.given_event, $.expect),
    given: ($) => seq('given', $.path, field('amount', $._literal), optional($.where_expr), optional($.given_when)),
    given_when: ($) => choice(seq('on', $.moment), seq('each', $.period_word)),
    given_event: ($) => seq('given', 'event', $.path, 'on', $.moment, optional($.recorded_on), $.object),
    recorded_on: ($) => seq('recorded', 'on', $.moment),

    object: ($) => seq(
      '{',
      optional($._end),
      optional(seq(separated($.binding, $._gap), optional($._gap))),
      '}',
    ),
    _gap: ($) => choice($._end, seq(optional($._end), ',', optional($._end))),
    binding: ($) => seq(field('name', word($)), ':', $._value),
    _value: ($) => choice(
      $.object,
      $.moment,
      $.given_rate,
      $._literal,
      alias($._plain_label, $.label),
    ),
    _plain_label: ($) => choice($.string, word($)),
    given_rate: ($) => seq($._literal, $.per),

    expect: ($) => seq('expect', choice(
      'refused',
      seq(
        choice($.expect_fund, $.expect_invoice, $._expect_minimum, $.path),
        optional($.where_expr),
        field('amount', choice($.todo, $._literal)),
        optional(seq('on', $.date)),
      ),
    )),
    _expect_minimum: ($) => seq('minimum', optional(field('index', $.number))),
    expect_fund: ($) => choice(
      seq(choice('allowance', 'commitment', 'entitlement'), $.path, word($)),
      seq('wallet', $.path),
    ),
    expect_invoice: ($) => seq('invoice', word($)),
    todo: (_) => '?',

    test_table_item: ($) => seq(
      'test',
      'table',
      field('name', $.string),
      'for',
      $.subject,
      'in',
      $.period,
      headed($, [$.case_head, $.case_row]),
    ),
    case_head: ($) => separated($.case_column, '|'),
    case_column: ($) => seq(
      optional(choice('given', 'expect')),
      choice($.expect_fund, $.expect_invoice, $._expect_minimum, $.path),
    ),
    case_row: ($) => separated($.case_cell, '|'),
    case_cell: ($) => choice($.todo, $._literal, $.label),

    assert_item: ($) => seq(
      'assert',
      field('name', $.string),
      choice(seq('for', $.subject), $.comparing),
      repeat($.quantifier),
      lines($, $._predicate),
    ),
    comparing: ($) => seq('comparing', $.path, 'to', $.path),
    quantifier: ($) => seq('for', 'all', choice(
      'usage',
      'cells',
      seq($.path, 'in', $._literal, '..', $._literal),
    )),
    _predicate: ($) => choice($.never_decreases, $.never_jumps, $.rises_or_falls, $._expr),
    never_decreases: ($) => seq($.path, 'never', 'decreases'),
    never_jumps: ($) => seq($.path, 'never', 'jumps', 'by', 'more', 'than', $._amount),
    rises_or_falls: ($) => seq($.path, choice('rises', 'falls'), 'at', 'most', $._amount),
  },
});
