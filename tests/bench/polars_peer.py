"""The same work in Polars, lazily, one process a step; bench.py starts it and takes its time.

    python polars_peer.py land EXTRACTS LAKE [FILES]     CSV to typed Parquet, partitioned by month
    python polars_peer.py close LAKE [THROUGH]           the open months in turn: polars_close.py
    python polars_peer.py report WAREHOUSE OUT           churn_rate of the newest month, dimension total
    python polars_peer.py adhoc WAREHOUSE QUERY OUT      what the file of SQL asks, as expressions

Refuses nothing: the rows are taken as they are, and an id that comes twice counts twice.
"""

from pathlib import Path

import polars as pl
from polars import col

from peer import REPORTED, SOURCES, header, months_of, open_months, run
from polars_close import close_months

TYPES = {
    "text": pl.String, "day": pl.Date, "money": pl.Decimal(18, 2), "time": pl.Datetime("us"), "flag": pl.Boolean,
    "number": pl.Int32,
}
SPOKEN = {"waived": col("waived").fill_null(False), "event": col("event").str.to_lowercase()}


def land(extracts, lake, files="*"):
    pl.collect_all([landed(extracts, Path(lake), source, files) for source in SOURCES])


def landed(extracts, lake, source, files):
    """A source's files, typed; a canonical column that they lack is null."""
    dated, kinds = SOURCES[source]
    types = {name: TYPES[kind] for name, kind in kinds.items()}
    named = header(extracts, source)
    rows = pl.scan_csv(extracts / source / f"{files}.csv", schema={name: types[name] for name in named})
    kept = [SPOKEN.get(name, col(name)) if name in named else pl.lit(None, kind).alias(name)
            for name, kind in types.items()]
    return rows.select(*kept, month=col(dated).cast(pl.Date).dt.month_start()).sink_parquet(
        pl.PartitionBy(lake / source, key="month", include_key=False), compression="zstd", compression_level=1,
        maintain_order=False, mkdir=True, lazy=True,
    )


def close(lake, through=None):
    close_months(lake, open_months(lake, through), months_of(lake / "billing")[0])


def report(warehouse, out):
    newest = months_of(warehouse / "movement")[-1]
    rate = {
        "churn_rate": col("churned"), "voluntary_churn_rate": col("voluntary_churned"),
        "churn_rate_incl_moves": col("churned") + col("moved_out"),
    }
    opening = pl.when(col("opening") > 0).then(col("opening"))
    total = pl.scan_parquet(warehouse / f"movement/month={newest}/*.parquet", hive_partitioning=True)
    total.filter(col("dimension") == "total").select(
        *REPORTED, **{name: count / opening for name, count in rate.items()}
    ).sink_csv(out)


def adhoc(warehouse, query, out):
    QUERIES[Path(query).stem](warehouse).sink_csv(out)


def table(warehouse, name):
    return pl.scan_parquet(warehouse / name / "month=*/*.parquet", hive_partitioning=True)


def valuable_lost(warehouse):
    return table(warehouse, "customer_month").filter(
        col("status") == "churned", col("region").is_in(["yinchuan", "wuzhong"]), col("annual_revenue") >= 1200
    ).select("month", "customer_id", "churn_kind", "reason", "tier", "annual_revenue", "idle")


def billed_much(warehouse):
    return table(warehouse, "billing").filter(~col("waived")).group_by("customer_id", "product", "charge_type").agg(
        bill_lines=pl.len(), total=col("amount").sum(), last_on=col("billed_on").max()
    ).filter(col("total") >= 1500)


def called_about(warehouse):
    calls = table(warehouse, "hotline").select("customer_id", "month", "topic", "wait_seconds")
    return table(warehouse, "customer_month").select("customer_id", "month", "status", "tier", "revenue").join(
        calls, on=["customer_id", "month"]
    ).group_by("status", "tier", "topic").agg(
        calls=pl.len(), waited=col("wait_seconds").sum(), total=col("revenue").sum()
    )


def greatest_lines(warehouse):
    by = ["amount", "customer_id", "billed_on", "product", "charge_type"]
    return table(warehouse, "billing").select("customer_id", "billed_on", "product", "charge_type", "amount").sort(
        by, descending=[True, False, False, False, False]
    ).head(100)


def paying_less(warehouse):
    """Sorted once, a customer's months follow each other: the rows before are those of shift."""
    followed = table(warehouse, "customer_month").select("customer_id", "month", "tier", "revenue").sort(
        "customer_id", "month"
    ).with_columns(
        before=pl.when(col("customer_id") == col("customer_id").shift(1)).then(col("revenue").shift(1)),
        two_before=pl.when(col("customer_id") == col("customer_id").shift(2)).then(col("revenue").shift(2)),
    )
    return followed.filter(col("revenue") < col("before"), col("before") < col("two_before")).group_by("month", "tier").agg(
        customers=pl.len(), total=col("revenue").sum(), total_before=col("two_before").sum()
    )


QUERIES = {
    "filter": valuable_lost, "group": billed_much, "join": called_about, "top": greatest_lines, "window": paying_less,
}

if __name__ == "__main__":
    run({"land": land, "close": close, "report": report, "adhoc": adhoc})
