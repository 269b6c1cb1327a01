"""How churnhouse and the peers are called: each step is a command of its own.

A place is a folder with `extracts` in it and a folder a tool, named like it, for what it lands and closes.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
STEPS = {"land", "close", "report", "adhoc"}
PEERS = {"duckdb": STEPS | {"once"}, "polars": STEPS, "chdb": STEPS}


class House:
    """churnhouse itself. It finds what is new by its ledger, so it needs no telling which files to land."""

    name = "churnhouse"
    steps = STEPS

    def __init__(self, binary):
        self.binary = str(binary)

    def land(self, place, files=None):
        return *self.at(place), "land"

    def close(self, place, through=None):
        return *self.at(place), "close", "--today", "2100-01-01", *(("--through", through) if through else ())

    def report(self, place, out):
        return *self.at(place), "report", "churn_rate", "--month", "latest", "--dimension", "total", "-o", str(out)

    def adhoc(self, place, query, out):
        return *self.at(place), "sql", "-f", str(query), "-o", str(out)

    def sql(self, place, query):
        return *self.at(place), "sql", query, "--format", "csv"

    def generate(self, extracts, customers, months):
        sizes = ("--customers", str(customers), "--months", str(months))
        return self.binary, "-q", "generate", *sizes, "--out", str(extracts)

    def at(self, place):
        return (self.binary, "-q", "--config", str(place / "extracts/churnhouse.toml"),
                "--warehouse", str(place / self.name))


class Peer:
    """A peer by its name. It asks churnhouse's own Parquet files, and closes from those that it landed."""

    def __init__(self, name):
        self.name, self.steps = name, PEERS[name]

    def land(self, place, files=None):
        return *self.step("land"), str(place / "extracts"), str(place / self.name), *((files,) if files else ())

    def close(self, place, through=None):
        return *self.step("close"), str(place / self.name), *((through,) if through else ())

    def once(self, place):
        return *self.step("once"), str(place / self.name), str(place / f"{self.name}-once")

    def report(self, place, out):
        return *self.step("report"), str(place / House.name), str(out)

    def adhoc(self, place, query, out):
        return *self.step("adhoc"), str(place / House.name), str(query), str(out)

    def step(self, name):
        return sys.executable, str(HERE / f"{self.name}_peer.py"), name
