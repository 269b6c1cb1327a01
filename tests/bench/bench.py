"""churnhouse and its peers on the same extracts, side by side: seconds and peak memory as tables.

    pip install -r tests/bench/requirements.txt
    python tests/bench/bench.py --binary target/release/churnhouse --customers 250000 --months 24 --runs 3 --work DIR

Makes the extracts (reused if there), then lets all do the same by turns, each from an empty place. Every step
is a process of its own; its wall time and peak resident memory are the kernel's. Of a peer the first table
takes the time inside, after Python has started and imported it. `--work-items` chooses among:

    land    CSV extracts to typed zstd Parquet, partitioned by month
    close   from landed Parquet to customer_month and movement; the peers month by month, DuckDB also in one pass
    month   one month more, landed and closed on top of the rest
    report  a headline view
    adhoc   the queries in adhoc/, over the same Parquet files
    growth  the 12th, 36th and 60th month's close
    memory  land and close at several sizes, once each

What the peers do is in the file named after each and the SQL beside it; they neither check rows nor look for
ids that come twice nor sort, which churnhouse does. All results but those of memory are compared: exit status 1
where any differs.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import check
from measure import Costs, spent
from tools import HERE, PEERS, House, Peer

ITEMS = ("land", "close", "month", "report", "adhoc", "growth", "memory")
ASKED = 7
GROWN = (12, 36, 60)
LAND, CLOSE, ONCE = "land all", "close all, month by month", "close all, the peer in one pass"


class Bench:
    """The tools, what was measured, and whether all results were equal so far."""

    def __init__(self, args):
        self.args = args
        self.house = House(args.binary)
        self.peers = [Peer(name) for name in args.peers]
        self.costs = Costs(self.house.name, args.peers)
        self.equal = True

    def who(self, step):
        return [tool for tool in (self.house, *self.peers) if step in tool.steps]

    def measure(self, work, tool, command):
        self.costs.add(work, tool.name, spent(command))

    def check(self, equal):
        self.equal = self.equal and equal

    def extracts(self, customers, months):
        """A place with extracts, all read once so that the first to land finds them in memory as the others do."""
        place = self.args.work / f"{customers}x{months}"
        if not (place / "extracts").exists():
            spent(self.house.generate(place / "extracts", customers, months))
        for file in (place / "extracts").rglob("*.csv"):
            with file.open("rb") as opened:
                while opened.read(1 << 20):
                    pass
        return place


def main():
    args = arguments()
    bench = Bench(args)
    place = bench.extracts(args.customers, args.months)
    if {"land", "close"} & set(args.work_items):
        land_and_close(bench, place)
    elif {"report", "adhoc"} & set(args.work_items):
        clear(place / bench.house.name)
        spent(bench.house.land(place))
        spent(bench.house.close(place))
    for item, work in (("month", one_month_more), ("report", reports), ("adhoc", queries)):
        if item in args.work_items:
            work(bench, place)
            talk(f"{item} done")
    if "growth" in args.work_items:
        growth(bench)
    if "memory" in args.work_items:
        memory(bench)
    print(f"\n{bench.costs.seconds()}\n\n{bench.costs.peaks()}\n\n{described(args, place)}")
    return 0 if bench.equal else 1


def land_and_close(bench, place):
    """Each from nothing, as often as there are runs. Questions later on need the months closed as well."""
    closing = {"close", "report", "adhoc"} & set(bench.args.work_items)
    for number in range(bench.args.runs):
        for tool in bench.who("land"):
            clear(place / tool.name)
            bench.measure(LAND, tool, tool.land(place))
        for tool in bench.who("close") if closing else ():
            bench.measure(CLOSE, tool, tool.close(place))
        for tool in bench.who("once") if closing else ():
            clear(place / f"{tool.name}-once")
            bench.measure(ONCE, tool, tool.once(place))
        talk(f"run {number + 1} of {bench.args.runs}: landed and closed")
    if ONCE in bench.costs.rows:
        bench.costs.rows[ONCE][bench.house.name] = bench.costs.rows[CLOSE][bench.house.name]
    for peer in bench.peers:
        bench.check(check.landed(bench.house, peer, place))
    if closing:
        compare_closed(bench, place)
    for peer in bench.who("once") if closing else ():
        bench.check(check.closed(bench.house, place / f"{peer.name}-once", place))


def one_month_more(bench, place):
    """All but the last month is there, landed and closed; its files arrive, are landed, and it is closed."""
    before, now, late = bench.args.work / "month-before", bench.args.work / "month-now", f"*_{stamps(place)[-1]}"
    clear(before)
    shutil.copytree(place / "extracts", before / "extracts", ignore=shutil.ignore_patterns(f"{late}.csv"))
    for tool in bench.who("close"):
        spent(tool.land(before))
        spent(tool.close(before))
    for _ in range(bench.args.runs):
        clear(now)
        shutil.copytree(before, now)
        for file in (place / "extracts").rglob(f"{late}.csv"):
            shutil.copy2(file, now / "extracts" / file.parent.name)
        for tool in bench.who("close"):
            cost = spent(tool.land(now, late)) + spent(tool.close(now))
            bench.costs.add("one month more, landed and closed", tool.name, cost)
    compare_closed(bench, now)
    clear(before)
    clear(now)


def reports(bench, place):
    outs = [place / f"report-{tool.name}.csv" for tool in bench.who("report")]
    for _ in range(ASKED):
        for tool, out in zip(bench.who("report"), outs):
            bench.measure("report: churn_rate, latest month", tool, tool.report(place, out))
    compare_files(bench, "report", outs)


def queries(bench, place):
    for query in sorted((HERE / "adhoc").glob("*.sql")):
        outs = [place / f"{query.stem}-{tool.name}.csv" for tool in bench.who("adhoc")]
        for _ in range(ASKED):
            for tool, out in zip(bench.who("adhoc"), outs):
                bench.measure(f"ad hoc: {query.stem}", tool, tool.adhoc(place, query, out))
        compare_files(bench, f"ad hoc: {query.stem}", outs)


def growth(bench):
    """One month's close, the further the months go: from a copy of what all months before left."""
    place = bench.extracts(bench.args.growth_customers, max(GROWN))
    now = bench.args.work / "growth-now"
    months = [f"{stamp[:4]}-{stamp[4:]}" for stamp in stamps(place)]
    for tool in bench.who("close"):
        clear(place / tool.name)
        spent(tool.land(place))
    for grown in GROWN:
        for tool in bench.who("close"):
            spent(tool.close(place, months[grown - 2]))
        for _ in range(bench.args.runs):
            clear(now)
            shutil.copytree(place, now, ignore=shutil.ignore_patterns("*.csv"))
            for tool in bench.who("close"):
                bench.measure(f"close of month {grown}", tool, tool.close(now, months[grown - 1]))
        talk(f"month {grown} done")
    compare_closed(bench, now)
    clear(now)


def memory(bench):
    for customers in bench.args.sizes:
        place = bench.extracts(customers, bench.args.months)
        for tool in bench.who("land"):
            clear(place / tool.name)
            bench.measure(f"{customers} customers: land", tool, tool.land(place))
            if "close" in tool.steps:
                bench.measure(f"{customers} customers: close", tool, tool.close(place))
            clear(place / tool.name)
        talk(f"{customers} customers done")


def compare_closed(bench, place):
    for peer in bench.who("close")[1:]:
        bench.check(check.closed(bench.house, place / peer.name, place))


def compare_files(bench, name, outs):
    for out in outs[1:]:
        bench.check(check.files(f"{name}, {out.stem.split('-')[-1]}", outs[0], out))


def stamps(place):
    """The months of the extracts, as their files are named."""
    return sorted(file.stem.removeprefix("billing_") for file in (place / "extracts/billing").glob("*.csv"))


def clear(folder):
    shutil.rmtree(folder, ignore_errors=True)


def described(args, place):
    """The extracts and the machine in one line."""
    size = sum(file.stat().st_size for file in (place / "extracts").rglob("*.csv"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    release = subprocess.run([args.binary, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    versions = ", ".join(f"{name} {version(name)}" for name in args.peers)
    return (f"{args.customers} customers × {args.months} months, extracts of {size / 1e6:.0f} MB; growth with "
            f"{args.growth_customers} customers. Medians of {args.runs} runs ({ASKED} of questions, one of sizes), "
            f"largest peaks; a ratio above 1 is in favour of churnhouse. {processor()}, {os.cpu_count()} cores, "
            f"{memory:.0f} GiB, {platform.system()} {platform.release()}; {release}, {versions}, "
            f"Python {platform.python_version()}; {date.today()}")


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def talk(message):
    print(message, file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description="time churnhouse and its peers on the same extracts")
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="a folder; extracts stay in it")
    parser.add_argument("--customers", type=int, default=250_000)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work-items", type=some_of(ITEMS), default=ITEMS, help="some of: " + ",".join(ITEMS))
    parser.add_argument("--peers", type=some_of(PEERS), default=tuple(PEERS), help="some of: " + ",".join(PEERS))
    parser.add_argument("--growth-customers", type=int, default=50_000)
    parser.add_argument("--sizes", type=sizes, default=(50_000, 250_000, 1_000_000), help="customers, for memory")
    args = parser.parse_args()
    args.binary, args.work = args.binary.resolve(), args.work.resolve()
    args.work.mkdir(parents=True, exist_ok=True)
    return args


def some_of(known):
    def parse(text):
        names = tuple(text.split(","))
        if unknown := set(names) - set(known):
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
        return names
    return parse


def sizes(text):
    return tuple(int(size.replace("_", "")) for size in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
