"""What a process takes, and the tables of it."""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import NamedTuple

TIMED = str(Path(__file__).with_name("timed.py"))


class Cost(NamedTuple):
    """What a process took; inside, without the start of Python and its imports where it is a peer."""

    seconds: float
    inside: float
    peak_mib: float

    def __add__(self, other):
        return Cost(self.seconds + other.seconds, self.inside + other.inside, max(self.peak_mib, other.peak_mib))


def spent(command):
    """Runs a command to its end. A peer says last on standard error what it took inside."""
    timed = subprocess.run((sys.executable, "-IS", TIMED, *command), check=True, capture_output=True, text=True)
    status, seconds, peak_mib = map(float, timed.stdout.split())
    if status != 0:
        raise SystemExit(f"{timed.stderr}error: ended with status {status:.0f}: {' '.join(command)}")
    inside = float(timed.stderr.split()[-1]) if command[0] == sys.executable else seconds
    return Cost(seconds, inside, peak_mib)


class Costs:
    """The costs of each work, a list a tool."""

    def __init__(self, house, peers):
        self.house, self.peers = house, peers
        self.rows = defaultdict(lambda: defaultdict(list))

    def add(self, work, tool, cost):
        self.rows[work][tool].append(cost)

    def seconds(self):
        """Medians. The first ratio takes the peers' time inside, the second their whole process."""
        return self.table("s", "best peer / churnhouse", lambda costs: median(cost.inside for cost in costs), ".3f",
                          ("start of Python included", lambda costs: median(cost.seconds for cost in costs)))

    def peaks(self):
        return self.table("MiB", "leanest peer / churnhouse", lambda costs: max(cost.peak_mib for cost in costs), ".0f")

    def table(self, unit, ratio, figure, shape, *others):
        tools = (self.house, *self.peers)
        ratios = ((ratio, figure), *others)
        heads = ["work", *(f"{tool} {unit}" for tool in tools), *(name for name, _ in ratios)]
        lines = [row(heads), row(["---", *["---:"] * (len(heads) - 1)])]
        for work, costs in self.rows.items():
            cells = [format(figure(costs[tool]), shape) if costs.get(tool) else "" for tool in tools]
            lines.append(row([work, *cells, *(self.best(costs, figure) for _, figure in ratios)]))
        return "\n".join(lines)

    def best(self, costs, figure):
        theirs = [figure(costs[peer]) for peer in self.peers if costs.get(peer)]
        return f"{min(theirs) / figure(costs[self.house]):.2f}" if theirs and costs.get(self.house) else ""


def row(cells):
    return f"| {' | '.join(cells)} |"
