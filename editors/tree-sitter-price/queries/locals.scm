; Scopes

[
  (source_file)
  (body)
  (formula_item)
] @local.scope

; Definitions

(use_name name: (word) @local.definition)
(use_alias alias: (name) @local.definition)

(let_item name: (name) @local.definition)
(meter_item name: (name) @local.definition)
(dimension_item name: (name) @local.definition)
(bucket_item name: (name) @local.definition)
(calendar_item name: (name) @local.definition)
(event_item name: (name) @local.definition)
(formula_item name: (name) @local.definition)
(param name: (name) @local.definition)
(fee_stmt name: (name) @local.definition)
(price_stmt name: (name) @local.definition)
(allowance_stmt name: (name) @local.definition)
(discount_stmt name: (name) @local.definition)
(entitlement_stmt name: (name) @local.definition)
(commitment_stmt name: (name) @local.definition)
(wallet_stmt name: (name) @local.definition)

; References

(path . (name) @local.reference)
(call function: (name) @local.reference)
