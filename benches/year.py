#!/usr/bin/env python3
"""A year of the enterprise example over made-up usage: twelve invoices, journal and revenue.

    python3 benches/year.py --events 3000000

Builds `price`, writes the usage (the same for the same number of events), rates it with both
amendment and contract, and prints seconds and peak memory. `hledger check` is run where there is
one.
"""

import argparse
import datetime
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def usage(events, path):
    draw = random.Random(7)
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    step = datetime.timedelta(days=365) / events
    with open(path, "w") as out:
        for number in range(events):
            kind = "capacity" if number % 10 == 0 else "transfer" if number % 10 < 7 else "list_op"
            account = draw.choices(["globex-de", "globex-fr"], [3, 2])[0]
            region = draw.choices(["eu", "us", "apac"], [7, 2, 1])[0]
            when = (start + step * number).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            size = {"capacity": draw.randrange(30, 40) * 10**12, "transfer": draw.randrange(1, 60) * 10**6}.get(kind)
            size = "" if size is None else f',"bytes":{size}'
            out.write(
                f'{{"type":"{kind}","id":"{number}","source":"made-up","account":"{account}",'
                f'"time":"{when}","region":"{region}"{size}}}\n'
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=3_000_000)
    parser.add_argument("--bin", help="where `price` is; else it is built")
    arguments = parser.parse_args()
    if not arguments.bin:
        subprocess.run(["cargo", "build", "--release", "-q", "-p", "price-cli"], cwd=ROOT, check=True)
    price = pathlib.Path(arguments.bin or ROOT / "target" / "release") / "price"
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        usage(arguments.events, place / "usage.ndjson")
        command = [price, "rate", ROOT / "examples/04-enterprise-contract", "--events", place / "usage.ndjson"]
        command += ["--for", "globex", "--in", "2026", "--no-progress", "--format", "json-lines"]
        command += ["--output", place / "invoices", "--journal", place / "journal", "--revenue", place / "revenue"]
        started = time.monotonic()
        process = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE)
        said = process.stderr.read().decode()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        if status:
            sys.exit(said)
        invoices = sum(1 for line in open(place / "invoices") if '"version"' not in line[:20])
        cpu = used.ru_utime + used.ru_stime
        print(f"{arguments.events:,} events, {invoices} invoices: {wall:.2f} s, {cpu:.2f} s of CPU, {used.ru_maxrss // 1024} MB")
        if shutil.which("hledger"):
            subprocess.run(["hledger", "-f", place / "journal", "check", "--strict"], check=True)
            print("hledger accepts the journal")


if __name__ == "__main__":
    main()
