"""What a `report` of each view takes, process start included: the median of a few runs, the slowest last.

    python tests/bench/views.py --binary target/release/churnhouse --config DIR/churnhouse.toml [--runs 3]

Without a month a report shows the latest closed one, or all of them where the view says so.
"""

import argparse
import csv
import os
import subprocess
import time
from pathlib import Path
from statistics import median


def main():
    args = arguments()
    house = (str(args.binary), "-q", "--config", str(args.config))
    times = {name: median(spent(house, name) for _ in range(args.runs)) for name in views(house)}
    print("| view | s |\n| --- | ---: |")
    for name, seconds in sorted(times.items(), key=lambda item: item[1]):
        print(f"| {name} | {seconds:.3f} |")


def views(house):
    listed = subprocess.run((*house, "views", "--format", "csv"), check=True, stdout=subprocess.PIPE, encoding="utf-8")
    return [row[0] for row in csv.reader(listed.stdout.splitlines()[1:])]


def spent(house, view):
    begun = time.perf_counter()
    subprocess.run((*house, "report", view, "--format", "csv", "-o", os.devnull), check=True)
    return time.perf_counter() - begun


def arguments():
    parser = argparse.ArgumentParser(description="time a report of every view")
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
