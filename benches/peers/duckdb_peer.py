"""DuckDB doing what `price rate` does with `egress.price`, in exact integers.

`duckdb_peer.py invoices|events INPUT OUTPUT [--dedupe]`

Amounts are BIGINTs in units of 10^-12 dollars: every rate is a whole number of them per byte.
"""

import sys

import duckdb

mode, source, target = sys.argv[1:4]
dedupe = "--dedupe" in sys.argv

if source.endswith(".parquet"):
    rows = f"read_parquet('{source}')"
else:
    columns = "{account: 'VARCHAR', time: 'TIMESTAMPTZ', id: 'VARCHAR', region: 'VARCHAR', bytes: 'BIGINT'}"
    rows = f"read_json('{source}', format = 'newline_delimited', columns = {columns})"
if dedupe:
    rows = f"(SELECT DISTINCT ON (id) * FROM {rows})"


def amount(quantity):
    """F of a quantity in bytes, by region."""
    upto = [f"least({quantity}, {bound})" for bound in (100_000_000, 1_000_000_000, 10_000_000_000)]
    return (
        f"((CASE WHEN region = 'apac' THEN 120 ELSE 90 END) * ({upto[1]} - {upto[0]})"
        f" + (CASE WHEN region = 'apac' THEN 100 ELSE 85 END) * ({upto[2]} - {upto[1]})"
        f" + (CASE WHEN region = 'apac' THEN 80 ELSE 50 END) * ({quantity} - {upto[2]}))"
    )


if mode == "invoices":
    query = f"""
        WITH used AS (
            SELECT account, date_trunc('month', time) AS month, region, sum(bytes)::BIGINT AS quantity
            FROM {rows} GROUP BY ALL
        ), priced AS (
            SELECT account, month, sum({amount('quantity')})::BIGINT AS exact FROM used GROUP BY ALL
        )
        SELECT account, month, exact, ((exact + 5000000000) // 10000000000)::BIGINT AS cents
        FROM priced ORDER BY account, month
    """
else:
    query = f"""
        WITH run AS (
            SELECT account, time, id, region, bytes, (sum(bytes) OVER (
                PARTITION BY account, region, date_trunc('month', time) ORDER BY time, id
                ROWS UNBOUNDED PRECEDING))::BIGINT AS after
            FROM {rows}
        )
        SELECT account, time, id, region, bytes, {amount('after')} - {amount('(after - bytes)')} AS amount FROM run
    """
connection = duckdb.connect(config={"threads": 2})
connection.execute("SET TimeZone = 'UTC'")
connection.execute("SET preserve_insertion_order = false")
connection.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet)")
