"""What the peers share: the columns, the names of counts and sums, and the way a step is run and timed."""

import sys
import time
from pathlib import Path
from string import Template

HERE = Path(__file__).parent
# The column that dates a row, then every column that the warehouse has for it, text where no kind is named.
SOURCES = {
    "billing": ("billed_on", {
        "customer_id": "text", "billed_on": "day", "product": "text", "charge_type": "text", "amount": "money",
        "waived": "flag", "paid_through": "day", "line_id": "text",
    }),
    "channel": ("occurred_at", {
        "event_id": "text", "customer_id": "text", "occurred_at": "time", "event": "text", "channel": "text",
        "channel_type": "text", "region": "text", "product": "text", "segment": "text", "group_id": "text",
        "reason": "text", "referred_by": "text",
    }),
    "hotline": ("called_at", {
        "call_id": "text", "customer_id": "text", "called_at": "time", "category": "text", "topic": "text",
        "wait_seconds": "number", "talk_seconds": "number", "resolved": "flag", "satisfaction": "number",
        "recommend_score": "number",
    }),
}
COUNTS = (
    "opening", "churned", "voluntary_churned", "moved_out", "moved_in", "new", "returned", "carried",
    "joined_and_left", "closing", "charged_customers", "avoidable_lost_customers",
)
SUMS = (
    "revenue", "lost_annual_revenue", "lost_annual_profit", "avoidable_lost_annual_revenue",
    "avoidable_lost_annual_profit",
)
# Of movement, what the report shows as it is; the three rates come after.
REPORTED = (
    "month", "dimension", "segment", "opening", "churned", "voluntary_churned", "moved_out", "moved_in", "new",
    "returned", "carried", "joined_and_left", "closing",
)


def header(extracts, source):
    """The columns of a source's files."""
    with min((extracts / source).glob("*.csv")).open(encoding="utf-8") as file:
        return file.readline().strip().split(",")


def months_of(folder):
    """The months of a partitioned table, as they are written: none where there is no table yet."""
    return sorted(part.name.removeprefix("month=") for part in folder.glob("month=*"))


def open_months(lake, through=None):
    """The landed months that are not closed, up to one."""
    closed = months_of(lake / "movement")
    landed = months_of(lake / "billing")
    return [month for month in landed if month > max(closed, default="") and month[:7] <= (through or month[:7])]


def month_number(month):
    year, number, _ = month.split("-")
    return int(year) * 12 + int(number) - 1


def rendered(name, **values):
    """A file of SQL that lies here, with its names filled in."""
    return Template((HERE / name).read_text("utf-8")).substitute(values)


def run(steps):
    """Runs the step of the command line, whose last argument may be left out; says on standard error how long
    it took, the start of Python and its imports apart."""
    started = time.perf_counter()
    name, first, *rest = sys.argv[1:]
    steps[name](Path(first).resolve(), *rest)
    print(time.perf_counter() - started, file=sys.stderr)
