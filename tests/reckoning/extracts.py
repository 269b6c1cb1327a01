"""Canonical extracts into two tables, `bill` and `event`, without duplicates.

First step of the reckoning. Files are read in the order of their names, lines in their order,
and of rows with one id the one in the last place stays. It reads clean extracts only: a row that
breaks the contract of the canonical columns stops it, since rejecting rows is not its subject.
"""

import csv
import gzip

BILLING = ("customer_id", "billed_on", "product", "charge_type", "amount", "waived", "paid_through", "line_id")
CHANNEL = (
    "event_id", "customer_id", "occurred_at", "event", "channel", "channel_type", "region", "product",
    "segment", "group_id", "reason", "referred_by",
)
REQUIRED = {
    "billing": ("customer_id", "billed_on", "amount"),
    "channel": ("event_id", "customer_id", "occurred_at", "event"),
}


def read_extracts(con, folder, last_month, dimensions):
    """Leave `bill` (all dates) and `event` (up to the last month), house accounts without."""
    read_source(con, folder, "billing", BILLING)
    read_source(con, folder, "channel", CHANNEL + tuple(c for c in dimensions.values() if c not in CHANNEL))
    con.execute("""
        CREATE TABLE bill AS
        SELECT customer_id, CAST(billed_on AS DATE) AS billed_on, month_no(CAST(billed_on AS DATE)) AS mon,
            product, charge_type, CAST(CAST(amount AS DECIMAL(18, 2)) * 100 AS HUGEINT) AS cents,
            coalesce(CAST(waived AS BOOLEAN), false) AS waived, month_no(CAST(paid_through AS DATE)) AS paid_mon
        FROM (
            SELECT * FROM raw_billing
            QUALIFY line_id IS NULL OR row_number() OVER (PARTITION BY line_id ORDER BY rowid DESC) = 1
        )
        WHERE customer_id NOT IN (SELECT name FROM house_accounts)
    """)
    further = "".join(f", {quoted(column)} AS {quoted('dim_' + name)}" for name, column in dimensions.items())
    con.execute(f"""
        CREATE TABLE event AS
        SELECT event_id, customer_id, CAST(occurred_at AS TIMESTAMP) AS occurred_at,
            month_no(CAST(occurred_at AS TIMESTAMP)) AS mon, lower(event) AS event,
            channel_type, region, product, segment, group_id, reason {further}
        FROM (
            SELECT * FROM raw_channel
            QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY rowid DESC) = 1
        )
        WHERE customer_id NOT IN (SELECT name FROM house_accounts)
            AND month_no(CAST(occurred_at AS TIMESTAMP)) <= {last_month}
    """)


def read_source(con, folder, source, columns):
    """All files of one source as text, in a table whose rowid is a row's place."""
    con.execute(f"CREATE TABLE raw_{source} ({', '.join(quoted(c) + ' VARCHAR' for c in columns)})")
    files = [f for f in (folder / source).iterdir() if f.name.endswith((".csv", ".csv.gz"))]
    if not files:
        raise SystemExit(f"error: no .csv or .csv.gz files in: {folder / source}")
    for file in sorted(files, key=lambda f: f.name.encode()):
        insert_file(con, file, source, columns)
    missing = " OR ".join(f"{column} IS NULL" for column in REQUIRED[source])
    broken = con.execute(f"SELECT count(*) FROM raw_{source} WHERE {missing}").fetchone()[0]
    if broken:
        raise SystemExit(f"error: {source} has rows without a required value: {broken}")


def insert_file(con, file, source, columns):
    """Append one file; columns that it lacks are null, strings are trimmed, empty is null."""
    header = read_header(file)
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
    picks = ", ".join(f"trimmed({quoted(c)})" if c in header else "NULL" for c in columns)
    con.execute(f"""
        INSERT INTO raw_{source} SELECT {picks}
        FROM read_csv({literal(str(file))}, header = true, auto_detect = false, delim = ',', quote = '"',
            escape = '"', columns = {{{types}}})
    """)


def read_header(file):
    opened = gzip.open if file.name.endswith(".gz") else open
    with opened(file, "rt", encoding="utf-8-sig", newline="") as lines:
        return next(csv.reader(lines))


def quoted(name):
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text):
    """A text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"
