"""The same work in DuckDB, one process a step; bench.py starts it and takes its time.

    python duckdb_peer.py land EXTRACTS LAKE [FILES]    CSV to typed Parquet, partitioned by month
    python duckdb_peer.py close LAKE [THROUGH]          the open months in turn, from Parquet and the state before
    python duckdb_peer.py once LAKE OUT                 every month in one pass, with window functions
    python duckdb_peer.py report WAREHOUSE OUT          churn_rate of the newest month, dimension total
    python duckdb_peer.py adhoc WAREHOUSE QUERY OUT     a file of SQL over the warehouse's Parquet

Refuses nothing: the rows are taken as they are, and an id that comes twice counts twice.
"""

from pathlib import Path

import duckdb

from peer import COUNTS, REPORTED, SOURCES, SUMS, header, month_number, months_of, open_months, rendered, run

TYPES = {
    "text": "VARCHAR", "day": "DATE", "money": "DECIMAL(18, 2)", "time": "TIMESTAMP", "flag": "BOOLEAN",
    "number": "INTEGER",
}
SPOKEN = {"waived": "coalesce(waived, false) AS waived", "event": "lower(event) AS event"}


def land(extracts, lake, files="*"):
    Path(lake).mkdir(exist_ok=True)
    con = connect()
    for source in SOURCES:
        files_of = f"{extracts}/{source}/{files}.csv"
        con.execute(rendered("duckdb_land.sql", lake=lake, source=source, files=files_of, **described(extracts, source)))


def described(extracts, source):
    """The columns of a source's files with their types; a canonical column that they lack is null."""
    dated, kinds = SOURCES[source]
    types = {name: TYPES[kind] for name, kind in kinds.items()}
    named = header(extracts, source)
    columns = ", ".join(f"'{name}': '{types[name]}'" for name in named)
    kept = [SPOKEN.get(name, name) if name in named else f"CAST(NULL AS {kind}) AS {name}" for name, kind in types.items()]
    return {"dated": dated, "columns": columns, "selected": ", ".join(kept)}


def close(lake, through=None):
    con = connect()
    months = open_months(lake, through)
    prepare(con, lake, months, is_first=not months_of(lake / "movement"))
    state = ", ".join(con.table("step").columns)
    resume(con, lake)
    first = months_of(lake / "billing")[0]
    for month in months:
        con.execute(rendered("duckdb_close.sql", lake=lake, **month_names(month, first)))
        con.execute(result())
        copy(con, "SELECT * EXCLUDE (month) FROM customer_month", file_of(lake, "customer_month", month))
        copy(con, f"FROM dormant WHERE mon = {month_number(month)}", file_of(lake, "dormant", month))
        copy(con, "SELECT * EXCLUDE (month) FROM movement", file_of(lake, "movement", month))
    save(con, lake, state)


def prepare(con, lake, months, is_first):
    """Policy and words. In the first month the words are also those of events before it."""
    known = lake / "state/words.parquet"
    con.execute(rendered(
        "duckdb_policy.sql", lake=lake, last=months[-1], first="0001-01-01" if is_first else months[0],
        known_words=f"SELECT word FROM '{known}'" if known.exists() else "SELECT NULL",
    ))


def result():
    """The views of what closing ends with; made again wherever step is another table."""
    measures = [f"CAST(coalesce(sum({name}), 0) AS BIGINT) AS {name}" for name in COUNTS]
    measures += [f"CAST(coalesce(sum({name}), 0) AS DECIMAL(38, 2)) AS {name}" for name in SUMS]
    anything = " OR ".join(f"{name} <> 0" for name in COUNTS + SUMS)
    return rendered("duckdb_result.sql", measures=",\n        ".join(measures), anything=anything)


def file_of(lake, table, month):
    folder = lake / table / f"month={month}"
    folder.mkdir(parents=True)
    return folder / "data.parquet"


def copy(con, query, target, more=""):
    con.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1{more})")


def resume(con, lake):
    """The state that the last close left: who is in the base, and of everybody else the latest row."""
    if (lake / "state").exists():
        con.execute(f"""
            INSERT INTO step BY NAME FROM '{lake}/state/step.parquet';
            INSERT INTO dormant BY NAME
            SELECT latest.* FROM read_parquet('{lake}/dormant/month=*/*.parquet', hive_partitioning = false) AS latest
            ANTI JOIN step USING (customer_id)
            QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY mon DESC) = 1
        """)


def save(con, lake, state):
    (lake / "state").mkdir(exist_ok=True)
    copy(con, f"SELECT {state} FROM step WHERE in_base", lake / "state/step.parquet")
    copy(con, "SELECT unnest(enum_range(NULL::word)) AS word", lake / "state/words.parquet")


def month_names(month, first):
    """What the SQL of a month names: the month as text and as a number, and which events it reads."""
    return {
        "month": month, "mon": month_number(month), "is_first": str(month == first).lower(),
        "these_months": f"month {'<=' if month == first else '='} DATE '{month}'",
    }


def once(lake, out):
    con = connect()
    months = months_of(lake / "billing")
    prepare(con, lake, months, is_first=True)
    con.execute(rendered("duckdb_once.sql", lake=lake, first=month_number(months[0]), last=month_number(months[-1])))
    con.execute(result())
    Path(out).mkdir()
    for table in ("customer_month", "movement"):
        copy(con, f"FROM {table}", f"{out}/{table}", ", PARTITION_BY (month)")


def report(warehouse, out):
    newest = max((warehouse / "movement").glob("month=*/*.parquet"))
    write_csv(connect(), out, f"""
        SELECT {", ".join(REPORTED)}, churned / nullif(opening, 0) AS churn_rate,
            voluntary_churned / nullif(opening, 0) AS voluntary_churn_rate,
            (churned + moved_out) / nullif(opening, 0) AS churn_rate_incl_moves
        FROM read_parquet('{newest}', hive_partitioning = true) WHERE dimension = 'total'
    """)


def adhoc(warehouse, query, out):
    con = connect()
    for table in ("customer_month", "billing", "hotline"):
        files = f"read_parquet('{warehouse}/{table}/month=*/*.parquet', hive_partitioning = true)"
        con.execute(f"CREATE VIEW {table} AS FROM {files}")
    write_csv(con, out, Path(query).read_text("utf-8"))


def write_csv(con, out, query):
    con.execute(f"COPY ({query}) TO '{out}' (FORMAT csv, HEADER)")


def connect():
    """A database in memory with all threads, in which the order of rows means nothing."""
    con = duckdb.connect()
    con.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
    return con


if __name__ == "__main__":
    run({"land": land, "close": close, "once": once, "report": report, "adhoc": adhoc})
