[
  (body)
  (price_block)
  (bucket_item)
  (calendar_item)
  (holidays_item)
  (event_item)
  (tiers)
  (table)
  (commitment_stmt)
  (ramp)
  (wallet_stmt)
  (waterfall_stmt)
  (amendment_item)
  (test_item)
  (test_table_item)
  (assert_item)
  (object)
  (call)
  (paren)
  (use_names)
] @indent.begin

[
  "}"
  ")"
] @indent.branch

"}" @indent.end
