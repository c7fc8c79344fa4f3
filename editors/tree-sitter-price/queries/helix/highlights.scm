; Comments

(comment) @comment
(doc) @comment.block.documentation

; Literals

(string) @string

[
  (number)
  (percent)
  (money)
  (date)
  (clock)
  (offset)
  (year)
  (month)
  (quarter)
  (thirty_days)
] @constant.numeric

(symbol) @string.special
(todo) @punctuation.special

[
  "free"
  "none"
  "all"
  "yes"
  "no"
  (not_sold)
] @constant.builtin

[
  (month_name)
  (day_name)
] @constant.builtin

; Names

(path (name) @variable)
(path (word) @variable.other.member)

(label (word) @constant)

(quantity unit: (name) @type)
(per unit: (name) @type)
(duration unit: (name) @type)
(expiry_late unit: (name) @type)
(in_unit unit: (name) @type)
(unit_definition (name) @type)
(field_type type: (word) @type)
(param type: (word) @type)
(holds (name) @type)
(currency_stmt (name) @type)
(conversion_stmt currency: (name) @type)

(use_name name: (word) @variable)
(use_alias alias: (name) @variable)
(use_item name: (name) @type)

(currency_item name: (name) @type)
(unit_item name: (name) @type)
(dimension_item name: (name) @type)
(bucket_item name: (name) @type)
(event_item name: (name) @type)
(calendar_item name: (name) @type)
(holidays_item name: (name) @variable)
(let_item name: (name) @variable)
(meter_item name: (name) @variable)

(ratecard_item name: (name) @namespace)
(plan_item name: (name) @namespace)
(contract_item name: (name) @namespace)

(fee_stmt name: (name) @variable)
(price_stmt name: (name) @variable)
(allowance_stmt name: (name) @variable)
(discount_stmt name: (name) @variable)
(entitlement_stmt name: (name) @variable)
(commitment_stmt name: (name) @variable)
(wallet_stmt name: (name) @variable)
(grant_name (name) @variable)
(clawback (name) @variable)
(tag_stmt tag: (name) @label)
(tagged (name) @label)

(field name: (word) @variable.other.member)
(binding name: (word) @variable.other.member)
(dimension_seed column: (word) @variable.other.member)
(expect_fund (word) @variable.other.member)
(expect_invoice (word) @variable.other.member)
(ramp_step (word) @variable.other.member)
(step_change (word) @variable.other.member)
(change kind: (word) @keyword)
(entitlement_limit (word) @constant)

(formula_item name: (name) @function)
(param name: (name) @variable.parameter)
(call function: (name) @function)

; Words

"use" @keyword.control.import

[
  "and"
  "or"
  "not"
  "is"
  "in"
  "or else"
] @keyword.operator

[
  "accepted" "account" "accounts" "add" "advance" "after" "allow" "allowance" "already" "also"
  "amendment" "amount" "any" "arrears" "as" "assert" "at" "attribute" "average" "based" "before"
  "below" "beyond" "billing" "block" "buyer" "by" "calendar" "cap" "cell" "cells" "cents"
  "charged" "cheapest" "checked" "clawback" "cliffs" "column" "commitment" "comparing" "contract"
  "count" "counted" "counts" "covered" "credited" "csv" "cumulative" "currency" "cut" "daily"
  "day" "dearest" "decimals" "decreases" "derive" "dimension" "discount" "discounts" "down" "draw"
  "each" "early" "effective" "end" "entitlement" "even" "event" "events" "except" "excess"
  "expect" "expires" "expiring" "extend" "falls" "fee" "finally" "first" "flat" "following" "for"
  "forfeited" "formula" "from" "given" "good" "graduated" "grant" "gross" "half-even" "half-up"
  "holds" "holidays" "hour" "hourly" "if" "ignored" "invoice" "invoiced" "jumps" "ladder"
  "largest" "last" "late" "least" "ledger" "less" "let" "level" "line" "locked" "max" "measure"
  "meter" "min" "minimum" "month" "monthly" "months" "more" "most" "net" "never" "next" "of" "off"
  "oldest" "on" "once" "only" "optional" "otherwise" "over" "overage" "overdraft" "override"
  "paid" "past" "pause" "pays" "per" "percentile" "period" "plan" "plus" "pooled" "postpaid"
  "precise" "prefixes" "prepaid" "price" "prices" "pro" "product" "prorate" "prorated" "quarter"
  "quarterly" "rata" "ratchet" "rate" "ratecard" "rebate" "recorded" "refused" "rejected" "remove"
  "renews" "reset" "retroactive" "rises" "rollover" "rolls" "round" "rounded" "rounding" "seller"
  "set" "shared" "shortfall" "signed" "source" "spend" "split" "stairstep" "start" "started"
  "steps" "sum" "symbol" "table" "tag" "tagged" "term" "test" "text" "than" "the" "then" "through"
  "tier" "tiers" "timezone" "to" "top-up" "total" "true-up" "unique" "unit" "unknown" "until"
  "unused" "up" "usage" "used" "version" "virtual" "volume" "wallet" "waterfall" "week" "weekly"
  "when" "where" "whole" "with" "without" "year" "yearly" "zero"
] @keyword

; Signs

[
  "="
  "!="
  "<"
  "<="
  ">"
  ">="
  "+"
  "-"
  "*"
  "/"
  ".."
] @operator

[
  ","
  "."
  ":"
  "|"
  "\\"
] @punctuation.delimiter

[
  "("
  ")"
  "{"
  "}"
] @punctuation.bracket
