"""Polars doing what `price rate` does with `egress.price`, in exact integers.

`polars_peer.py invoices|events INPUT OUTPUT [--dedupe]`

Amounts are Int64 in units of 10^-12 dollars: every rate is a whole number of them per byte.
"""

import os
import sys

os.environ["POLARS_MAX_THREADS"] = "2"

import polars as pl  # noqa: E402

mode, source, target = sys.argv[1:4]
dedupe = "--dedupe" in sys.argv

if source.endswith(".parquet"):
    rows = pl.scan_parquet(source)
else:
    schema = {"account": pl.String, "time": pl.String, "id": pl.String, "region": pl.String, "bytes": pl.Int64}
    rows = pl.scan_ndjson(source, schema=schema)
    rows = rows.with_columns(pl.col("time").str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ", time_zone="UTC"))
if dedupe:
    rows = rows.unique(subset="id")


def amount(quantity):
    """F of a quantity in bytes, by region."""
    upto = [pl.min_horizontal(quantity, pl.lit(bound, pl.Int64)) for bound in (10**8, 10**9, 10**10)]

    def rate(apac, others):
        return pl.when(pl.col("region") == "apac").then(pl.lit(apac, pl.Int64)).otherwise(pl.lit(others, pl.Int64))

    return (
        rate(120, 90) * (upto[1] - upto[0])
        + rate(100, 85) * (upto[2] - upto[1])
        + rate(80, 50) * (quantity - upto[2])
    )


month = pl.col("time").dt.truncate("1mo").alias("month")
if mode == "invoices":
    used = rows.group_by("account", month, "region").agg(pl.col("bytes").sum().alias("quantity"))
    priced = used.group_by("account", "month").agg(amount(pl.col("quantity")).sum().alias("exact"))
    cents = ((pl.col("exact") + 5_000_000_000) // 10_000_000_000).alias("cents")
    priced.with_columns(cents).sort("account", "month").sink_parquet(target, compression="snappy")
else:
    # Times of the generated file differ from each other, so that the id needs no comparing.
    after = pl.col("bytes").cum_sum().over("account", "region", "month").alias("after")
    run = rows.sort("time").with_columns(month).with_columns(after)
    posted = amount(pl.col("after")) - amount(pl.col("after") - pl.col("bytes"))
    run.select("account", "time", "id", "region", "bytes", posted.alias("amount")).sink_parquet(
        target, compression="snappy"
    )
