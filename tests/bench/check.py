"""Whether all did the same work: rows of churnhouse and of a peer side by side, numbers as numbers.

Each check says one line and tells whether both were equal; where not, it shows a row that only one has.
"""

import csv
import hashlib
import re
import subprocess
from decimal import Decimal

import duckdb

from peer import COUNTS, SUMS

LANDED = {
    "billing": "count(*), sum(amount), count(product), count(*) filter (where waived)",
    "channel": "count(*), count(region), count(product), count(reason)",
    "hotline": "count(*), sum(wait_seconds), sum(talk_seconds), count(satisfaction), sum(recommend_score)",
}
MOVEMENT = f"select month, dimension, segment, {', '.join(COUNTS + SUMS)} from movement"
CUSTOMER_MONTH = """
    select month, status, coalesce(churn_kind, ''), tier, product, count(*), sum(revenue), sum(annual_revenue),
        sum(monthly_value), sum(idle)
    from customer_month group by 1, 2, 3, 4, 5
"""
NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")


def landed(house, peer, place):
    queries = [f"select '{table}', month, {sums} from {table} group by month" for table, sums in LANDED.items()]
    return all([
        compare(f"{name} landed by {peer.name}", asked(house.sql(place, query)), read(place / peer.name, query, name))
        for name, query in zip(LANDED, queries)
    ])


def closed(house, peer_lake, place):
    """Every cell of movement, and the counts and sums of customer_month."""
    queries = {"movement": MOVEMENT, "customer_month": CUSTOMER_MONTH}
    return all([compare(f"{table} of {peer_lake.name}", asked(house.sql(place, query)), read(peer_lake, query, table))
                for table, query in queries.items()])


def files(name, ours, theirs):
    return compare(name, csv_rows(ours.read_text("utf-8")), csv_rows(theirs.read_text("utf-8")))


def asked(command):
    return csv_rows(subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout)


def csv_rows(text):
    return sorted(tuple(map(plain, row)) for row in list(csv.reader(text.splitlines()))[1:])


def read(lake, query, table):
    """The same of Parquet files, whoever wrote them: DuckDB is the instrument here."""
    con = duckdb.connect()
    con.execute(f"""
        create view {table} as
        from read_parquet('{lake}/{table}/month=*/*.parquet', hive_partitioning = true, hive_types = {{'month': DATE}})
    """)
    return sorted(tuple("" if cell is None else plain(str(cell)) for cell in row) for row in con.sql(query).fetchall())


def plain(cell):
    """A number without needless zeros and to 9 places, a day without a time, anything else as it is."""
    if NUMBER.fullmatch(cell):
        return f"{Decimal(cell) + 0:.9f}".rstrip("0").rstrip(".")
    return cell.removesuffix("T00:00:00").removesuffix(" 00:00:00")


def compare(name, ours, theirs):
    equal = ours == theirs
    print(f"{name}: {'equal' if equal else 'DIFFERS'}, {len(ours)} rows, {checksum(ours)}")
    for who, rows in (() if equal else (("churnhouse", set(ours) - set(theirs)), ("the peer", set(theirs) - set(ours)))):
        print(f"  only {who}: {len(rows)} rows, for instance {min(rows, default='none: a row more than once')}")
    return equal


def checksum(rows):
    return hashlib.sha256("\n".join(map(",".join, rows)).encode()).hexdigest()[:16]
