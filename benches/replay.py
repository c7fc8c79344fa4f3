#!/usr/bin/env python3
"""Past usage rated again under another card, beside `price rate` on the same file.

    python3 benches/replay.py --events 10000000
    python3 benches/replay.py --events 100000000 --parts 4

Builds the programs, generates usage as Parquet (the same for the same number of events), rates it
once, replays it under a dearer card against the present one, whole and in parts, and prints
seconds and peak memory. The two replays have to find the same.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent


def measure(command):
    """Wall-clock seconds, CPU seconds, peak memory in MB and output of a command."""
    started = time.monotonic()
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    if status:
        sys.exit(f"{command[1]} failed")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--accounts", type=int, help="one for every hundred events, if not said")
    parser.add_argument("--parts", type=int, default=4)
    parser.add_argument("--bin", help="where `price` and `generate_usage` are; else they are built")
    arguments = parser.parse_args()
    programs = pathlib.Path(arguments.bin or ROOT / "target" / "release")
    if not arguments.bin:
        build = ["cargo", "build", "--release", "-q"]
        subprocess.run([*build, "-p", "price-cli"], cwd=ROOT, check=True)
        generator = ["-p", "price-benches", "--features", "usage", "--bin", "generate_usage"]
        subprocess.run([*build, *generator], cwd=ROOT, check=True)
    accounts = arguments.accounts or max(arguments.events // 100, 1)
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        usage, now, then = place / "usage.parquet", place / "now.price", place / "then.price"
        generate = [programs / "generate_usage", "--events", arguments.events, "--accounts", accounts]
        subprocess.run(list(map(str, [*generate, "--format", "parquet", "--out", usage])), check=True)
        card = (HERE / "peers" / "egress.price").read_text()
        now.write_text(card)
        then.write_text(card.replace("$0.085", "$0.088"))
        common = ["--events", usage, "--no-progress", "--no-dedupe"]
        rate = [programs / "price", "rate", now, *common, "--format", "parquet", "--output", place / "out.parquet"]
        replay = [programs / "price", "replay", then, "--against", now, *common, "--format", "json"]
        parts = [*replay, "--parts", arguments.parts, "--state", place / "state"]
        print(f"{arguments.events:,} events, {accounts:,} accounts, Parquet of {usage.stat().st_size / 1e6:.0f} MB")
        print("| Run | Passes | Seconds | of CPU | Peak MB | Events/s of a pass |")
        print("| --- | --: | --: | --: | --: | --: |")
        found = []
        for name, passes, command in (
            ("`price rate`", 1, rate),
            ("`price replay` against the present card", 2, replay),
            (f"the same in {arguments.parts} parts", 2 * arguments.parts, parts),
            ("the same, all parts done before", 0, parts),
        ):
            wall, cpu, peak, said = measure(command)
            speed = f"{arguments.events * passes / wall:,.0f}" if passes else ""
            print(f"| {name} | {passes} | {wall:.2f} | {cpu:.2f} | {peak:.0f} | {speed} |")
            if command is not rate:
                found.append(json.loads(said))
        if found[0] != found[1] or found[1] != found[2]:
            sys.exit("the replays found different things")


if __name__ == "__main__":
    main()
