"""The same work in DuckDB, one process a step; bench.py starts it and takes its time.

    python tests/bench/duck.py land EXTRACTS LAKE     CSV to typed Parquet, partitioned by month
    python tests/bench/duck.py close LAKE             every month in turn, from its Parquet and the state before
    python tests/bench/duck.py report LAKE            churn_rate of the newest month, dimension total
    python tests/bench/duck.py movement LAKE          the whole movement as CSV, for the comparison

`report` says on standard error how long it took without the start of Python. Refuses nothing: the rows
are taken as they are, and an id that comes twice counts twice.
"""

import csv
import sys
import time
from pathlib import Path
from string import Template

import duckdb

HERE = Path(__file__).parent
TEXT, DAY, MONEY, TIME = "VARCHAR", "DATE", "DECIMAL(18, 2)", "TIMESTAMP"
SOURCES = {
    "billing": ("billed_on", {
        "customer_id": TEXT, "billed_on": DAY, "product": TEXT, "charge_type": TEXT, "amount": MONEY,
        "waived": "BOOLEAN", "paid_through": DAY, "line_id": TEXT,
    }),
    "channel": ("occurred_at", {
        "event_id": TEXT, "customer_id": TEXT, "occurred_at": TIME, "event": TEXT, "channel": TEXT,
        "channel_type": TEXT, "region": TEXT, "product": TEXT, "segment": TEXT, "group_id": TEXT, "reason": TEXT,
        "referred_by": TEXT,
    }),
    "hotline": ("called_at", {
        "call_id": TEXT, "customer_id": TEXT, "called_at": TIME, "category": TEXT, "topic": TEXT,
        "wait_seconds": "INTEGER", "talk_seconds": "INTEGER", "resolved": "BOOLEAN", "satisfaction": "INTEGER",
        "recommend_score": "INTEGER",
    }),
}
SPOKEN = {"waived": "coalesce(waived, false) AS waived", "event": "lower(event) AS event"}
COUNTS = (
    "opening", "churned", "voluntary_churned", "moved_out", "moved_in", "new", "returned", "carried",
    "joined_and_left", "closing", "charged_customers", "avoidable_lost_customers",
)
SUMS = (
    "revenue", "lost_annual_revenue", "lost_annual_profit", "avoidable_lost_annual_revenue",
    "avoidable_lost_annual_profit",
)


def land(extracts, lake):
    lake.mkdir(parents=True)
    con = connect()
    for source in SOURCES:
        con.execute(rendered("land.sql", lake=lake, extracts=extracts, source=source, **described(extracts, source)))


def described(extracts, source):
    """The columns of a source's files with their types; a canonical column that they lack is null."""
    dated, types = SOURCES[source]
    header = min((extracts / source).glob("*.csv")).open(encoding="utf-8").readline().strip().split(",")
    columns = ", ".join(f"'{name}': '{types[name]}'" for name in header)
    kept = [SPOKEN.get(name, name) if name in header else f"CAST(NULL AS {kind}) AS {name}" for name, kind in types.items()]
    return {"dated": dated, "columns": columns, "selected": ", ".join(kept)}


def close(lake):
    con = connect()
    con.execute(rendered("policy.sql", lake=lake))
    months = sorted(folder.name.removeprefix("month=") for folder in (lake / "billing").iterdir())
    for month in months:
        for table in ("customer_month", "dormant", "movement"):
            (lake / table / f"month={month}").mkdir(parents=True)
        con.execute(rendered("close.sql", lake=lake, **month_names(month, months[0])))


def month_names(month, first):
    """What the SQL of a month names: the month as text and as a number, and which events it reads."""
    year, number, _ = month.split("-")
    measures = [f"CAST(coalesce(sum({name}), 0) AS BIGINT) AS {name}" for name in COUNTS]
    measures += [f"CAST(coalesce(sum({name}), 0) AS DECIMAL(38, 2)) AS {name}" for name in SUMS]
    return {
        "month": month, "mon": int(year) * 12 + int(number) - 1, "is_first": str(month == first).lower(),
        "these_months": f"month {'<=' if month == first else '='} DATE '{month}'",
        "measures": ",\n            ".join(measures),
        "anything": " OR ".join(f"{name} <> 0" for name in COUNTS + SUMS),
    }


def report(lake):
    started = time.perf_counter()
    newest = max((lake / "movement").glob("*/*.parquet"))
    rows = connect().execute(f"""
        SELECT month, dimension, segment, opening, churned, voluntary_churned, moved_out, moved_in, new, returned,
            carried, joined_and_left, closing, churned / nullif(opening, 0) AS churn_rate,
            voluntary_churned / nullif(opening, 0) AS voluntary_churn_rate,
            (churned + moved_out) / nullif(opening, 0) AS churn_rate_incl_moves
        FROM read_parquet('{newest}', hive_partitioning = true) WHERE dimension = 'total'
    """)
    write_csv(rows)
    print(time.perf_counter() - started, file=sys.stderr)


def movement(lake):
    columns = ", ".join(COUNTS + SUMS)
    write_csv(connect().execute(f"""
        SELECT month, dimension, segment, {columns}
        FROM read_parquet('{lake}/movement/*/*.parquet', hive_partitioning = true) ORDER BY 1, 2, 3
    """))


def write_csv(rows):
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(column[0] for column in rows.description)
    writer.writerows(rows.fetchall())


def connect():
    """A database in memory with all threads, in which the order of rows means nothing."""
    con = duckdb.connect()
    con.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
    return con


def rendered(name, **values):
    return Template((HERE / name).read_text("utf-8")).substitute(values)


STEPS = {"land": land, "close": close, "report": report, "movement": movement}

if __name__ == "__main__":
    STEPS[sys.argv[1]](*(Path(argument) for argument in sys.argv[2:]))
