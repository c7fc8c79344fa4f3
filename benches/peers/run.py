#!/usr/bin/env python3
"""`price rate` beside DuckDB and Polars on the same generated usage, with the same results.

    python3 benches/peers/run.py --events 10000000

Builds the programs, generates the usage, runs all of them round by round, compares what they
wrote with each other, and prints a Markdown table of medians. Everything it makes but the build
lies in a temporary directory that is removed at the end.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MODES = {
    "invoices": "invoices only",
    "events": "an amount for every event",
    "dedupe": "invoices, repeats of an id counted once",
}


def measure(command):
    """Wall-clock seconds, CPU seconds and peak memory in MB of a command."""
    started = time.monotonic()
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    complaint = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} failed: {complaint.decode()}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def price(program, mode, source, out):
    command = [program, "rate", HERE / "egress.price", "--events", source, "--no-progress"]
    command += ["--format", "parquet", "--output", out / "price-invoices.parquet"]
    if mode == "events":
        command += ["--rated-events", out / "price-events.parquet"]
    return command if mode == "dedupe" else [*command, "--no-dedupe"]


def peer(python, name, mode, source, out):
    work = "events" if mode == "events" else "invoices"
    command = [python, HERE / f"{name}_peer.py", work, source, out / f"{name}-{work}.parquet"]
    return [*command, "--dedupe"] if mode == "dedupe" else command


def compare(python, mode, out):
    work = "events" if mode == "events" else "invoices"
    for name in ("duckdb", "polars"):
        theirs = out / f"{name}-{work}.parquet"
        subprocess.run([python, HERE / "compare.py", work, out / f"price-{work}.parquet", theirs], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--accounts", type=int, help="one for every hundred events, if not said")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--formats", default="parquet,ndjson")
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--python", help="a Python that has DuckDB and Polars; else one is made")
    parser.add_argument("--bin", help="where `price` and `generate_usage` are; else they are built")
    arguments = parser.parse_args()
    accounts = arguments.accounts or max(arguments.events // 100, 1)
    programs = pathlib.Path(arguments.bin or ROOT / "target" / "release")
    if not arguments.bin:
        build = ["cargo", "build", "--release", "-q"]
        subprocess.run([*build, "-p", "price-cli"], cwd=ROOT, check=True)
        generator = ["-p", "price-benches", "--features", "usage", "--bin", "generate_usage"]
        subprocess.run([*build, *generator], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as place:
        out = pathlib.Path(place)
        python = arguments.python
        if not python:
            venv.create(out / "venv", with_pip=True)
            python = out / "venv" / "bin" / "python3"
            subprocess.run([python, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"], check=True)
        print(f"{arguments.events:,} events of {accounts:,} accounts, medians of {arguments.rounds} rounds\n")
        print("| File | Work | Program | Events/s | Seconds | of CPU | Peak MB | Time / Price | CPU / Price |")
        print("| --- | --- | --- | --: | --: | --: | --: | --: | --: |")
        for form in arguments.formats.split(","):
            source = out / f"usage.{form}"
            generate = [programs / "generate_usage", "--events", str(arguments.events), "--accounts", str(accounts)]
            subprocess.run([*generate, "--format", form, "--out", source], check=True)
            for mode in arguments.modes.split(","):
                commands = {"Price": price(programs / "price", mode, source, out)}
                for name in ("duckdb", "polars"):
                    commands[{"duckdb": "DuckDB", "polars": "Polars"}[name]] = peer(python, name, mode, source, out)
                taken = {name: [] for name in commands}
                for _ in range(arguments.rounds):
                    for name, command in commands.items():
                        taken[name].append(measure(command))
                compare(python, mode, out)
                medians = {name: [statistics.median(of) for of in zip(*runs)] for name, runs in taken.items()}
                for name, (wall, cpu, memory) in medians.items():
                    ratios = f"{wall / medians['Price'][0]:.2f} | {cpu / medians['Price'][1]:.2f}"
                    speed = f"{arguments.events / wall:,.0f} | {wall:.2f} | {cpu:.2f} | {memory:.0f}"
                    print(f"| {form} | {MODES[mode]} | {name} | {speed} | {ratios} |", flush=True)
            source.unlink()
        print("\nAll amounts are equal: every account's to the cent and before rounding, every event's exactly.")


if __name__ == "__main__":
    main()
