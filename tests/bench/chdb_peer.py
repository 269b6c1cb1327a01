"""The same work in ClickHouse within the process (chdb); bench.py starts it and takes its time.

    python chdb_peer.py land EXTRACTS LAKE [FILES]     CSV to typed Parquet, partitioned by month
    python chdb_peer.py close LAKE [THROUGH]           the open months in turn, from Parquet and the state before
    python chdb_peer.py report WAREHOUSE OUT           churn_rate of the newest month, dimension total
    python chdb_peer.py adhoc WAREHOUSE QUERY OUT      a file of SQL over the warehouse's Parquet

Refuses nothing: the rows are taken as they are, and an id that comes twice counts twice.
"""

from pathlib import Path

from chdb.session import Session

from peer import COUNTS, REPORTED, SOURCES, SUMS, header, month_number, months_of, open_months, rendered, run

TYPES = {
    "text": "Nullable(String)", "day": "Nullable(Date32)", "money": "Nullable(Decimal(18, 2))",
    "time": "Nullable(DateTime64(6, 'UTC'))", "flag": "Nullable(Bool)", "number": "Nullable(Int32)",
}
SPOKEN = {"waived": "coalesce(waived, false) AS waived", "event": "lower(event) AS event"}


def land(extracts, lake, files="*"):
    session, lake = connect(), Path(lake).resolve()
    for source, (dated, kinds) in SOURCES.items():
        named = header(extracts, source)
        columns = ", ".join(f"{name} {TYPES[kinds[name]]}" for name in named)
        kept = [SPOKEN.get(name, name) if name in named else f"CAST(NULL AS {TYPES[kind]}) AS {name}"
                for name, kind in kinds.items()]
        session.query(f"""
            INSERT INTO FUNCTION file('{lake}/{source}/month={{_partition_id}}/data.parquet', Parquet)
            PARTITION BY toString(toStartOfMonth(assumeNotNull({dated})))
            SELECT {", ".join(kept)}
            FROM file('{extracts}/{source}/{files}.csv', CSVWithNames, $${columns}$$)
            SETTINGS max_partitions_per_insert_block = 0, output_format_parquet_compression_method = 'zstd'
        """)


def close(lake, through=None):
    session = connect()
    run_all(session, rendered("chdb_policy.sql"))
    columns = "SELECT name FROM system.columns WHERE table = 'step' AND database = currentDatabase() ORDER BY position"
    state = ", ".join(str(session.query(columns, "TSV")).split())
    resume(session, lake, state)
    first = months_of(lake / "billing")[0]
    for month in open_months(lake, through):
        run_all(session, rendered("chdb_close.sql", lake=lake, state=state, **month_names(month, first)))
    save(session, lake)


def month_names(month, first):
    """What the SQL of a month names: the month as text and as a number, which events it reads, and the measures."""
    measures = [f"toInt64(sum(counted.{name})) AS {name}" for name in COUNTS]
    measures += [f"money(toInt64(sum(counted.{name}))) AS {name}" for name in SUMS]
    return {
        "month": month, "mon": month_number(month), "is_first": str(month == first).lower(),
        "these": "month=*" if month == first else f"month={month}",
        "measures": ", ".join(measures), "anything": " OR ".join(f"sum(counted.{name}) <> 0" for name in COUNTS + SUMS),
    }


def resume(session, lake, state):
    """The state that the last close left: who is in the base, and of everybody else the latest row."""
    if (lake / "state").exists():
        session.query(f"INSERT INTO step SELECT {state} FROM file('{lake}/state/step.parquet', Parquet)")
        session.query(f"""
            INSERT INTO dormant SELECT {state} FROM file('{lake}/dormant/month=*/*.parquet', Parquet)
            WHERE customer_id NOT IN (SELECT customer_id FROM step) ORDER BY mon DESC LIMIT 1 BY customer_id
            SETTINGS use_hive_partitioning = 0
        """)


def save(session, lake):
    (lake / "state").mkdir(exist_ok=True)
    session.query(f"INSERT INTO FUNCTION file('{lake}/state/step.parquet', Parquet) SELECT * FROM step "
                  "SETTINGS engine_file_truncate_on_insert = 1")


def run_all(session, statements):
    for statement in statements.split(";\n"):
        if statement.strip():
            session.query(statement)


def report(warehouse, out):
    newest = months_of(warehouse / "movement")[-1]
    write_csv(connect(), out, f"""
        SELECT {", ".join(REPORTED)}, churned / nullIf(opening, 0) AS churn_rate,
            voluntary_churned / nullIf(opening, 0) AS voluntary_churn_rate,
            (churned + moved_out) / nullIf(opening, 0) AS churn_rate_incl_moves
        FROM file('{warehouse}/movement/month={newest}/*.parquet', Parquet) WHERE dimension = 'total'
    """)


def adhoc(warehouse, query, out):
    session = connect()
    for table in ("customer_month", "billing", "hotline"):
        session.query(f"CREATE VIEW {table} AS SELECT * FROM file('{warehouse}/{table}/month=*/*.parquet', Parquet)")
    write_csv(session, out, Path(query).read_text("utf-8"))


def write_csv(session, out, query):
    Path(out).write_bytes(session.query(query, "CSVWithNames").bytes())


def connect():
    return Session()


if __name__ == "__main__":
    run({"land": land, "close": close, "report": report, "adhoc": adhoc})
