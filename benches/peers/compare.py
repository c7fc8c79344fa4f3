"""Whether two programs made the same of a file: exits with what differs, if anything does.

`compare.py invoices|events PRICE_OUTPUT PEER_OUTPUT`

Price writes exact decimal text, peers whole numbers of 10^-12 dollars; both are compared exactly,
and invoices to the cent besides. Every account of an invoice, every event of a posting.
"""

import sys

import duckdb

mode, ours, theirs = sys.argv[1:4]
steps = "(CAST({} AS DECIMAL(38, 12)) * 1000000000000)::HUGEINT"
if mode == "invoices":
    key = "account"
    own = f"""
        SELECT account, sum({steps.format('exact')})::HUGEINT AS exact,
               sum(CAST(amount AS DECIMAL(18, 2)) * 100)::BIGINT AS cents
        FROM '{ours}' GROUP BY account
    """
    other = f"SELECT account, sum(exact)::HUGEINT AS exact, sum(cents)::BIGINT AS cents FROM '{theirs}' GROUP BY account"
    differs = "a.exact IS DISTINCT FROM b.exact OR a.cents IS DISTINCT FROM b.cents"
else:
    key = "id"
    own = f"SELECT id, account, {steps.format('amount')} AS amount, amount AS text FROM '{ours}'"
    other = f"SELECT id, account, amount FROM '{theirs}'"
    # More decimals than are compared would be a difference too.
    differs = (
        "a.account IS DISTINCT FROM b.account OR a.amount IS DISTINCT FROM b.amount"
        " OR regexp_matches(a.text, '[.][0-9]{13}|/')"
    )
rows, wrong = duckdb.sql(
    f"SELECT count(*), count(*) FILTER ({differs}) FROM ({own}) a FULL JOIN ({other}) b USING ({key})"
).fetchall()[0]
if wrong or not rows:
    sys.exit(f"{wrong} of {rows} differ: {ours}, {theirs}")
