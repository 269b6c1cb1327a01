"""churnhouse against DuckDB, on the same extracts, side by side: seconds and peak memory as one table.

    pip install -r tests/bench/requirements.txt
    python tests/bench/bench.py --binary target/release/churnhouse --customers 250000 --months 24 --runs 3 --work DIR

Makes the extracts once (DIR/extracts, reused if there), then lets both land all and close all by turns,
each into an empty place, and reads a report. Every step is a process of its own; its wall time and peak
resident memory are the kernel's. Afterwards both movements must be equal, cell by cell: exit status 1
where they are not. What DuckDB does is in duck.py and the SQL beside it; it neither checks rows nor looks
for ids that come twice nor sorts, which churnhouse does.
"""

import argparse
import csv
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import NamedTuple

REPORTS = 10
DUCK = (sys.executable, str(Path(__file__).with_name("duck.py")))
LAND, CLOSE, REPORT = "land all", "close all", "report churn_rate, latest month"
INSIDE = REPORT + ", without DuckDB's start of Python"


class Cost(NamedTuple):
    """What a process took."""

    seconds: float
    peak_mib: float


def main():
    args = arguments()
    house = (str(args.binary), "-q", "--config", str(args.work / "extracts/churnhouse.toml"),
             "--warehouse", str(args.work / "wh"))
    make_extracts(args)
    warm_up(args.work / "extracts")
    costs = defaultdict(list)
    for number in range(args.runs):
        run_once(args.work, house, costs)
        talk(f"run {number + 1} of {args.runs} done")
    for _ in range(REPORTS):
        read_reports(args.work, house, costs)
    print(table(costs))
    print(f"\n{machine(args, house[0])}\n")
    return print_comparison(args.work, house)


def make_extracts(args):
    if (args.work / "extracts/churnhouse.toml").exists():
        talk("extracts are there already: --customers and --months were theirs when they were made")
        return
    sizes = ("--customers", str(args.customers), "--months", str(args.months))
    spent("generate", (str(args.binary), "-q", "generate", *sizes, "--out", str(args.work / "extracts")))


def warm_up(extracts):
    """Reads every file once, so that the first one to land finds them in memory as the second does."""
    for file in extracts.rglob("*.csv"):
        with file.open("rb") as opened:
            while opened.read(1 << 20):
                pass


def run_once(work, house, costs):
    """Both land, then both close, from nothing."""
    for name in ("wh", "lake"):
        shutil.rmtree(work / name, ignore_errors=True)
    lake = str(work / "lake")
    costs[LAND, "churnhouse"].append(spent(LAND, (*house, "land")))
    costs[LAND, "DuckDB"].append(spent(LAND, (*DUCK, "land", str(work / "extracts"), lake)))
    costs[CLOSE, "churnhouse"].append(spent(CLOSE, (*house, "close", "--today", "2100-01-01")))
    costs[CLOSE, "DuckDB"].append(spent(CLOSE, (*DUCK, "close", lake)))


def read_reports(work, house, costs):
    query = ("report", "churn_rate", "--month", "latest", "--dimension", "total", "--format", "csv")
    errors = work / "duck.err"
    ours = spent(REPORT, (*house, *query))
    theirs = spent(REPORT, (*DUCK, "report", str(work / "lake")), errors)
    inside = Cost(float(errors.read_text()), theirs.peak_mib)
    for row, duck in ((REPORT, theirs), (INSIDE, inside)):
        costs[row, "churnhouse"].append(ours)
        costs[row, "DuckDB"].append(duck)


def spent(name, command, errors=None):
    """Runs a command to its end; what it prints is dropped, what it says goes to `errors` or the terminal."""
    os.sync()
    with open(os.devnull, "wb") as nowhere, open(errors or os.devnull, "wb") as kept:
        started = time.perf_counter()
        child = subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=kept if errors else None)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"error: {name} ended with status {child.returncode}: {' '.join(command)}")
    # macOS counts bytes where Linux counts KiB.
    return Cost(seconds, usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10))


def table(costs):
    lines = [
        "| work | churnhouse s | DuckDB s | ratio | churnhouse peak MiB | DuckDB peak MiB |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for work in (LAND, CLOSE, REPORT, INSIDE):
        ours, theirs = costs[work, "churnhouse"], costs[work, "DuckDB"]
        seconds = [median(cost.seconds for cost in side) for side in (ours, theirs)]
        peaks = [max(cost.peak_mib for cost in side) for side in (ours, theirs)]
        lines.append(f"| {work} | {seconds[0]:.3f} | {seconds[1]:.3f} | {seconds[0] / seconds[1]:.2f} "
                     f"| {peaks[0]:.0f} | {peaks[1]:.0f} |")
    return "\n".join(lines)


def machine(args, binary):
    """The extracts and the machine in one line."""
    bills = sum(file.stat().st_size for file in (args.work / "extracts").rglob("*.csv"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    release = subprocess.run([binary, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    return (f"Medians of {args.runs} runs ({REPORTS} for reports), largest peaks; ratio = churnhouse / DuckDB. "
            f"Extracts of {bills / 1e6:.0f} MB. {processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
            f"{platform.system()} {platform.release()}; {release}, DuckDB {version('duckdb')}, "
            f"Python {platform.python_version()}; {date.today()}")


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def print_comparison(work, house):
    """A checksum a month of all counts and sums of movement, from both; 1 where any differs."""
    theirs = movement_rows((*DUCK, "movement", str(work / "lake")))
    columns = ", ".join(f'"{name}"' for name in theirs[0])
    query = f"select {columns} from movement order by month, dimension, segment"
    ours = movement_rows((*house, "sql", query, "--format", "csv"))
    sides = [by_month(rows) for rows in (ours, theirs)]
    differing = [month for month in sorted(sides[0] | sides[1]) if sides[0].get(month) != sides[1].get(month)]
    for month in differing:
        left, right = (side.get(month, set()) for side in sides)
        print(f"{month}: churnhouse {checksum(left)}, DuckDB {checksum(right)}, for instance:")
        for name, rows in (("churnhouse", left - right), ("DuckDB", right - left)):
            print(f"  {name}: {min(rows, default='no row of its own')}")
    rows = sum(map(len, sides[0].values()))
    print(f"movement: {len(differing)} of {len(sides[0] | sides[1])} months differ" if differing else
          f"movement: equal in all {len(sides[0])} months, {rows} rows, {checksum(set().union(*sides[0].values()))}")
    return 1 if differing else 0


def movement_rows(command):
    """Header and rows, months as dates and numbers without needless zeros."""
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
    header, *rows = csv.reader(text.splitlines())
    return [tuple(header)] + [(row[0][:10], *row[1:3], *map(plain, row[3:])) for row in rows]


def plain(cell):
    return format(Decimal(cell or 0) + 0, ".2f")


def by_month(rows):
    months = defaultdict(set)
    for row in rows[1:]:
        months[row[0]].add(row)
    return dict(months)


def checksum(rows):
    return hashlib.sha256("\n".join(map(",".join, sorted(rows))).encode()).hexdigest()[:16]


def talk(message):
    print(message, file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description="time churnhouse and DuckDB on the same extracts")
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--customers", type=int, default=250_000)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", type=Path, required=True)
    args = parser.parse_args()
    args.binary, args.work = args.binary.resolve(), args.work.resolve()
    args.work.mkdir(parents=True, exist_ok=True)
    return args


if __name__ == "__main__":
    sys.exit(main())
