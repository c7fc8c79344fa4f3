"""Rates a Parquet file written by DuckDB and compares every invoice with DuckDB's own sums.

usage: duckdb_agrees.py PRICE_BINARY WORK_DIR
DuckDB aggregates; the ladder of examples/03-object-storage.price is applied with fractions.
"""

import json
import subprocess
import sys
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import duckdb

price, work = sys.argv[1], Path(sys.argv[2])
parquet = work / "transfers.parquet"
duckdb.sql(
    f"""
    copy (
      select 'transfer' as type,
             'e' || i as id,
             'test' as source,
             'acct-' || (hash(i) % 500) as account,
             timestamptz '2026-03-01 00:00:00+00'
               + to_microseconds((hash(i + 1) % (31 * 86400000000::ubigint))::bigint) as time,
             ['us', 'eu', 'apac'][1 + (hash(i + 2) % 3)::int] as region,
             (hash(i + 3) % 2000000000000)::bigint as bytes
      from range(200000) t(i)
    ) to '{parquet}' (format parquet)
    """
)

command = [price, "rate", "examples/03-object-storage.price", "--events", str(parquet), "--in", "2026-03"]
command += ["--format", "json", "--no-progress"]
rated = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
invoices = {i["account"]: Decimal(i["total"]) for i in rated["invoices"]}

GB = 10**9
LADDERS = {
    "us": [(100, "0"), (10_000, "0.09"), (50_000, "0.085"), (None, "0.05")],
    "eu": [(100, "0"), (10_000, "0.09"), (50_000, "0.085"), (None, "0.05")],
    "apac": [(100, "0"), (10_000, "0.12"), (50_000, "0.10"), (None, "0.08")],
}


def ladder(region, total):
    """The graduated price of `total` bytes, exactly."""
    left, start, amount = Fraction(total, GB), 0, Fraction(0)
    for bound, rate in LADDERS[region]:
        width = left if bound is None else min(left, bound - start)
        amount += width * Fraction(rate)
        left -= width
        start = bound
        if left <= 0:
            break
    return amount


expected = {}
for account, region, total in duckdb.sql(
    f"select account, region, sum(bytes)::hugeint from '{parquet}' group by all"
).fetchall():
    expected[account] = expected.get(account, Fraction(0)) + ladder(region, int(total))

wrong = 0
for account, exact in sorted(expected.items()):
    amount = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if invoices.get(account) != amount:
        wrong += 1
        print(f"{account}: expected {amount}, got {invoices.get(account)}")
if wrong or len(expected) != len(invoices):
    sys.exit(f"{wrong} of {len(expected)} invoices differ; {len(invoices)} invoices in all")
print(f"{len(expected)} invoices agree")
