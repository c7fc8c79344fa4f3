; What a file defines

(
  (doc)* @doc
  .
  (ratecard_item name: (name) @name) @definition.module
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.module)
)

(
  (doc)* @doc
  .
  (plan_item name: (name) @name) @definition.module
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.module)
)

(
  (doc)* @doc
  .
  (contract_item name: (name) @name) @definition.module
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.module)
)

(
  (doc)* @doc
  .
  (event_item name: (name) @name) @definition.class
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.class)
)

(
  (doc)* @doc
  .
  (dimension_item name: (name) @name) @definition.type
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.type)
)

(
  (doc)* @doc
  .
  (bucket_item name: (name) @name) @definition.type
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.type)
)

(
  (doc)* @doc
  .
  (unit_item name: (name) @name) @definition.type
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.type)
)

(
  (doc)* @doc
  .
  (currency_item name: (name) @name) @definition.type
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.type)
)

(
  (doc)* @doc
  .
  (calendar_item name: (name) @name) @definition.type
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.type)
)

(
  (doc)* @doc
  .
  (holidays_item name: (name) @name) @definition.constant
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.constant)
)

(
  (doc)* @doc
  .
  (let_item name: (name) @name) @definition.constant
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.constant)
)

(
  (doc)* @doc
  .
  (meter_item name: (name) @name) @definition.constant
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.constant)
)

(
  (doc)* @doc
  .
  (formula_item name: (name) @name) @definition.function
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.function)
)

(
  (doc)* @doc
  .
  (fee_stmt name: (name) @name) @definition.method
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.method)
)

(
  (doc)* @doc
  .
  (price_stmt name: (name) @name) @definition.method
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.method)
)

(
  (doc)* @doc
  .
  (allowance_stmt name: (name) @name) @definition.method
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.method)
)

(
  (doc)* @doc
  .
  (discount_stmt name: (name) @name) @definition.method
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.method)
)

(
  (doc)* @doc
  .
  (entitlement_stmt name: (name) @name) @definition.method
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.method)
)

(
  (doc)* @doc
  .
  (commitment_stmt name: (name) @name) @definition.method
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.method)
)

(
  (doc)* @doc
  .
  (wallet_stmt name: (name) @name) @definition.method
  (#strip! @doc "^##\\s*")
  (#select-adjacent! @doc @definition.method)
)

; What it refers to

(call function: (name) @name) @reference.call

(path . (name) @name) @reference.constant
