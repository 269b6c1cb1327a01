"""The warehouse as other engines see it: DuckDB and Polars over the Delta tables count and sum what
churnhouse counts and sums.

Usage: python readback.py CHURNHOUSE FOLDER, where FOLDER holds churnhouse.toml and its warehouse.
"""

import csv
import io
import subprocess
import sys
from decimal import Decimal

import duckdb
import polars
from deltalake import DeltaTable

QUESTIONS = {
    "billing": "select month, count(*) as found, sum(amount) as total from billing group by month order by month",
    "channel": "select month, count(*) as found, count(distinct event_id) as total from channel group by month order by month",
    "customer_month": "select month, count(*) as found, sum(revenue) as total from customer_month group by month order by month",
    "movement": "select month, count(*) as found, sum(revenue) as total from movement group by month order by month",
}


def churnhouse(program: str, folder: str, query: str) -> list[tuple]:
    command = [program, "--config", f"{folder}/churnhouse.toml", "sql", "--format", "csv", query]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [(row["month"], int(row["found"]), Decimal(row["total"])) for row in csv.DictReader(io.StringIO(text))]


def plain(rows) -> list[tuple]:
    return [(str(month), int(found), Decimal(str(total))) for month, found, total in rows]


def through_duckdb(table: DeltaTable, name: str, query: str) -> list[tuple]:
    connection = duckdb.connect()
    connection.register(name, table.to_pyarrow_dataset())
    return plain(connection.execute(query).fetchall())


def through_polars(path: str, name: str, query: str) -> list[tuple]:
    context = polars.SQLContext({name: polars.scan_delta(path)})
    return plain(context.execute(query).collect().rows())


def main(program: str, folder: str) -> int:
    passed = failed = 0
    for name, query in QUESTIONS.items():
        path = f"{folder}/warehouse/{name}"
        ours = churnhouse(program, folder, query)
        others = {"duckdb": through_duckdb(DeltaTable(path), name, query), "polars": through_polars(path, name, query)}
        for engine, theirs in others.items():
            equal = bool(ours) and ours == theirs
            passed, failed = passed + equal, failed + (not equal)
            print(f"{name} through {engine}: {'equal' if equal else f'{theirs[:3]} instead of {ours[:3]}'}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
