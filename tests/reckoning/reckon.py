"""Every view of churnhouse's catalogue, reckoned a second time, from the raw extracts in one pass.

    python tests/reckoning/reckon.py --extracts DIR --first-month 2020-01 --last-month 2021-12 \
        --views DIR [--policy policy.json] [--dimension NAME=COLUMN ...]

Written from the definitions of the metrics alone, for all months at once, without carried state.
Compares what churnhouse exported as CSV with its own figures. Exit status 1 where they differ.
"""

import argparse
import sys
from pathlib import Path

import duckdb

from audits import described_audits, reckon_audits
from calls import described_calls, reckon_calls
from compare import SHOWN, compare_view
from costs import described_costs, reckon_costs
from definitions import described_definitions, reckon_definitions
from extracts import read_extracts
from headline import DIMENSIONS, described, reckon_headlines
from months import reckon_months
from people import described_people, reckon_people
from policy import lay_policy, read_policy
from times import described_times, reckon_times

MACROS = (
    "month_no(d) AS CAST(year(d) * 12 + month(d) - 1 AS BIGINT)",
    # Unicode white space, as the extracts trim it; what is then empty is null.
    r"trimmed(t) AS nullif(regexp_replace(t, '^[\s\p{Z}]+|[\s\p{Z}]+$', '', 'g'), '')",
    # Half away from zero in whole numbers; a double would decide the halves by its own errors.
    """rounded_ratio(num, den) AS CASE WHEN den <> 0 THEN
        CAST(sign(num) AS HUGEINT) * ((2 * abs(CAST(num AS HUGEINT)) + den) // (2 * CAST(den AS HUGEINT))) END""",
    "share(part, whole) AS CASE WHEN whole <> 0 THEN CAST(part AS DOUBLE) / CAST(whole AS DOUBLE) END",
)


def main():
    args = arguments()
    policy = read_policy(args.policy)
    con = reckon(args.extracts, args.first_month, args.last_month, policy, args.dimensions)
    dimensions = [*DIMENSIONS, *args.dimensions]
    reckon_calls(con, args.extracts, policy, args.first_month, args.last_month, dimensions)
    reckon_times(con, args.first_month, args.last_month, dimensions)
    reckon_costs(con, policy, args.first_month, args.last_month, dimensions)
    reckon_people(con, policy, args.first_month, args.last_month, dimensions)
    reckon_audits(con, args.extracts, args.first_month, args.last_month)
    reckon_definitions(con, args.first_month, args.last_month)
    failed = 0
    views = described(args.dimensions) | described_calls() | described_times() | described_costs()
    views |= described_people(dimensions) | described_audits(args.extracts) | described_definitions()
    for name, (keys, kinds, required) in views.items():
        rows, differing = compare_view(con, args.views, name, keys, kinds, required)
        failed += bool(differing)
        print_outcome(name, rows, differing)
    print(f"{len(views) - failed} passed, {failed} failed")
    return 1 if failed else 0


def reckon(extracts, first, last, policy, dimensions):
    """A database in memory with `expected_VIEW` for every headline view."""
    con = duckdb.connect()
    # One thread keeps the rows of a file in their places, which decide the duplicates.
    con.execute("SET threads = 1")
    for macro in MACROS:
        con.execute(f"CREATE MACRO {macro}")
    lay_policy(con, policy)
    read_extracts(con, extracts, last, dimensions)
    reckon_months(con, policy, first, last, dimensions)
    reckon_headlines(con, policy, first, last, dimensions)
    return con


def print_outcome(name, rows, differing):
    if not differing:
        print(f"{name}: {rows} rows equal")
        return
    print(f"{name}: {len(differing)} differences")
    for line in differing[:SHOWN]:
        print(f"  {line}")


def arguments():
    parser = argparse.ArgumentParser(description="reckon the views and compare them")
    parser.add_argument("--extracts", type=Path, required=True)
    parser.add_argument("--first-month", type=month_number, required=True)
    parser.add_argument("--last-month", type=month_number, required=True)
    parser.add_argument("--views", type=Path, required=True)
    parser.add_argument("--policy", type=Path)
    parser.add_argument("--dimension", action="extend", nargs="+", default=[], metavar="NAME=COLUMN")
    args = parser.parse_args()
    args.dimensions = dict(pair.split("=", 1) for pair in args.dimension)
    return args


def month_number(text):
    """2020-01 as 12 × year + month − 1."""
    year, month = text.split("-")
    return int(year) * 12 + int(month) - 1


if __name__ == "__main__":
    sys.exit(main())
