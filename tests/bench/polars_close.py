"""A month's close in Polars, as duckdb_close.sql does it: the month's landed rows and the state of the month
before, to customer_month, dormant and movement. The state stays in memory from month to month, money in whole
cents and words as enums; at the end of a run it goes to Parquet, where the next one takes it up.
"""

from datetime import date
from functools import reduce
from operator import or_

import polars as pl
from polars import col, lit, when

from peer import COUNTS, SUMS, month_number, months_of

AT_RISK_AFTER, CHURNED_AFTER, RELIFT_AFTER, NEW_FOR = 1, 3, 3, 3
MARGIN_PERCENT = 10
PASSIVE = ["arrears", "fraud", "underuse"]
SWITCH = ["competitor"]
UNAVOIDABLE = ["relocation", "death", "bankruptcy", "changed_business", "outlet_moved", "life_change"]
TIERS = {"diamond": 1000, "gold": 500, "silver": 300}
BANDS = {"0-2": 2, "3-5": 5, "6-11": 11, "12-23": 23}
OWN_WORDS = {"unknown", "all", "new", "ordinary", "24+", *TIERS, *BANDS}

DIMENSIONS = ("region", "product", "segment", "channel", "tier", "tenure_band")
WAS = tuple(f"{name}_was" for name in DIMENSIONS)
BEFORE = tuple(f"v{back}" for back in range(11))
PARQUET = {"compression": "zstd", "compression_level": 1}


def close_months(lake, months, first):
    state = State(lake, months, fresh=not months_of(lake / "movement"))
    for month in months:
        state.close(month, is_first=month == first)
    state.save()


class State:
    """Who is in the base or was seen this month, and of everybody else the latest row."""

    def __init__(self, lake, months, fresh):
        self.lake, self.kept = lake, lake / "state"
        self.word = pl.Enum(words(lake, "0001-01-01" if fresh else months[0], months[-1], self.kept / "words.parquet"))
        kinds = state_kinds(self.word)
        self.step = pl.DataFrame(schema=kinds)
        self.dormant = self.step.drop("product", "channel", "tier", "tenure_band", *BEFORE)
        if not fresh:
            self.step = pl.read_parquet(self.kept / "step.parquet", schema=kinds)
            rows = pl.scan_parquet(lake / "dormant/month=*/*.parquet", hive_partitioning=False, schema=self.dormant.schema)
            rows = rows.join(self.step.lazy(), on="customer_id", how="anti").sort("mon")
            self.dormant = rows.unique("customer_id", keep="last", maintain_order=True).collect()

    def close(self, month, is_first):
        mon = month_number(month)
        charges = charged(self.lake, month, self.word)
        events = told(self.lake, month, mon, is_first, self.word)
        charges, events = pl.collect_all([charges, events], engine="streaming")
        step = stepped(self.known(charges, events), charges, events, mon, is_first, self.word).collect(engine="streaming")
        self.step = step.filter("in_base").select(*state_kinds(self.word))
        left = step.filter(~col("in_base")).select(self.dormant.columns)
        self.dormant = pl.concat([self.dormant.join(step, on="customer_id", how="anti"), left])
        pl.collect_all([
            customer_month(step.lazy()).sink_parquet(file_of(self.lake, "customer_month", month), **PARQUET, lazy=True),
            left.lazy().sink_parquet(file_of(self.lake, "dormant", month), **PARQUET, lazy=True),
            movement(step.lazy(), self.word).sink_parquet(file_of(self.lake, "movement", month), **PARQUET, lazy=True),
        ])

    def known(self, charges, events):
        seen = pl.concat([charges.select("customer_id"), events.select("customer_id")])
        return pl.concat([self.step, self.dormant.join(seen, on="customer_id", how="semi")], how="diagonal")

    def save(self):
        self.kept.mkdir(exist_ok=True)
        self.step.write_parquet(self.kept / "step.parquet", **PARQUET)
        pl.DataFrame({"word": self.word.categories}).write_parquet(self.kept / "words.parquet")


def state_kinds(word):
    numbers = ("mon", "first_mon", "since_mon", "start_mon", "last_mon", "paid_mon", "seen_mon", "left_mon", "relifting")
    kinds = {"customer_id": pl.String, **dict.fromkeys(numbers, pl.Int32)}
    kinds |= dict.fromkeys(("in_base", "carried", "terminated", "left_by_port_out"), pl.Boolean)
    kinds |= dict.fromkeys(("annual_revenue", "monthly_value"), pl.Int64)
    kinds |= dict.fromkeys(("left_reason", "group_id"), pl.String)
    kinds |= dict.fromkeys(("event_product", "billed_product", "entry_channel", *DIMENSIONS), word)
    return kinds | dict.fromkeys(BEFORE, pl.Int64)


def words(lake, first, last, known):
    """What the attributes can say, bytewise: those of the months to be closed, and those known already."""
    within = col("month").is_between(date.fromisoformat(first), date.fromisoformat(last))
    columns = {"channel": ("region", "segment", "product", "channel_type"), "billing": ("product",)}
    rows = {source: pl.scan_parquet(lake / source / "month=*/*.parquet", hive_partitioning=True) for source in columns}
    found = pl.collect_all([
        rows[source].filter(within).select(col(name).unique()) for source, names in columns.items() for name in names
    ])
    earlier = set(pl.read_parquet(known)["word"]) if known.exists() else set()
    return sorted(OWN_WORDS.union(earlier, *(frame.to_series().drop_nulls() for frame in found)))


def file_of(lake, table, month):
    folder = lake / table / f"month={month}"
    folder.mkdir(parents=True)
    return folder / "data.parquet"


def month_no(day):
    return day.dt.year() * 12 + day.dt.month().cast(pl.Int32) - 1


def month_date(number):
    return pl.date(number // 12, number % 12 + 1, 1)


def lines_of(lake, month):
    return pl.scan_parquet(lake / f"billing/month={month}/*.parquet", hive_partitioning=False)


def charged(lake, month, word):
    """What each customer was billed. Within a month the day decides which product was billed last."""
    cents = when(~col("waived")).then(col("amount").to_physical().cast(pl.Int64)).otherwise(0)
    late = col("billed_on").dt.day().cast(pl.UInt32) * 10_000 + col("product").cast(word).to_physical()
    return lines_of(lake, month).select("customer_id", cents=cents, paid=month_no(col("paid_through")), late=late).group_by(
        "customer_id"
    ).agg(billed=col("cents").sum(), paid=col("paid").max(), late=col("late").max()).select(
        "customer_id", "billed", line_paid="paid", line_product=(col("late") % 10_000).cat.to(word)
    )


def told(lake, month, mon, is_first, word):
    """What the channel events say; in the first month also all those before it. At one instant leaving goes first."""
    these = col("month") <= date.fromisoformat(month) if is_first else col("month") == date.fromisoformat(month)
    events = pl.scan_parquet(lake / "channel/month=*/*.parquet", hive_partitioning=True).filter(these).with_columns(
        mon=month_no(col("month")), entering=col("event").is_in(["activate", "resume", "port_in"]),
        leaving=col("event").is_in(["terminate", "port_out"]), opening=col("event").is_in(["activate", "port_in"]),
    ).sort("customer_id", "occurred_at", "leaving", "event_id", descending=[False, False, True, False])
    now = col("mon") == mon
    placed = events.join(
        product_ends(events.filter("leaving", now), lines_of(lake, month)), on="customer_id", how="left",
        maintain_order="left",
    ).with_columns(leaves=col("leaving") & ~(now & col("ends").fill_null(False))).with_row_index("place")
    since = col("leaves") & (col("place") > col("place").filter("entering").max().fill_null(-1))
    return placed.with_columns(since=since.over("customer_id")).group_by("customer_id", maintain_order=True).agg(
        told_mon=col("mon").max(), enters=col("entering").any(), gone=col("since").any(),
        told_entered=col("mon").filter("entering").min(), entered_now=(col("entering") & now).any(),
        opened_now=(col("opening") & now).any(), moved_now=((col("entering") | col("leaving")) & now).any(),
        told_left=col("mon").filter("since").max(), told_reason=col("reason").filter("since").drop_nulls().first(),
        told_port_out=(col("since") & (col("event") == "port_out")).any(),
        told_channel=col("channel_type").filter("opening").drop_nulls().first().cast(word),
        told_product=col("product").filter(~col("leaving")).drop_nulls().last().cast(word),
        told_region=col("region").drop_nulls().last().cast(word),
        told_segment=col("segment").drop_nulls().last().cast(word), told_group=col("group_id").drop_nulls().last(),
    )


def product_ends(leaving, lines):
    """Whose leaving events all name a product, while a line is for one that none of them names."""
    unnamed = leaving.filter(col("product").is_null())
    ending = leaving.join(unnamed, on="customer_id", how="anti").select("customer_id", "product")
    others = lines.filter(~col("waived"), col("amount") > 0, col("product").is_not_null()).join(
        ending, on="customer_id", how="semi"
    ).join(ending, on=["customer_id", "product"], how="anti")
    return others.select("customer_id", ends=True).unique()


def stepped(known, charges, events, mon, is_first, word):
    """The state of the month before, what was billed and what was told, to the state of this month."""
    return valued(named(based(met(known, charges, events, mon), mon), mon, is_first), mon, word)


def met(known, charges, events, mon):
    """All three side by side; what the state knew keeps its name, and `_was` where it changes here."""
    known = known.lazy().rename({name: f"{name}_was" for name in DIMENSIONS})
    charges = charges.lazy().with_columns(has_line=True)
    both = known.join(charges, on="customer_id", how="full", coalesce=True)
    flags = ("was_in", "has_line", "enters", "gone", "entered_now", "opened_now", "moved_now", "told_port_out",
             "carried", "terminated", "left_by_port_out")
    return both.join(events.lazy(), on="customer_id", how="full", coalesce=True).rename({"in_base": "was_in"}).with_columns(
        *(col(name).fill_null(False) for name in flags),
        *(col(name).fill_null(0) for name in ("billed", "annual_revenue", "monthly_value", *BEFORE)),
        charged=col("billed").fill_null(0) > 0, annual_was=when("was_in").then("annual_revenue"),
    ).with_columns(
        first_charge=col("charged") & col("first_mon").is_null(),
        told_gone=when("gone").then(True).when("enters").then(False).otherwise("terminated"),
        left_mon=when("gone").then("told_left").otherwise("left_mon"),
        left_reason=when("enters").then("told_reason").otherwise(pl.coalesce("left_reason", "told_reason")),
        left_by_port_out=col("told_port_out") | (~col("enters") & col("left_by_port_out")),
        # In a row: a month without a row breaks it.
        relifted=when(col("gone") | (col("mon") != mon - 1)).then(0).otherwise(col("relifting").fill_null(0)),
        charged_mon=when("charged").then(mon), line_mon=when("has_line").then(mon),
    )


def based(frame, mon):
    """Who is in the base, and the months that decide it."""
    fresh = col("first_mon").is_null()
    return frame.with_columns(
        entered_mon=when(fresh).then(pl.min_horizontal("since_mon", "told_entered")),
        first_mon=pl.coalesce("first_mon", "charged_mon"), last_mon=pl.coalesce("charged_mon", "last_mon"),
        paid_mon=pl.max_horizontal("paid_mon", "line_paid", "charged_mon"),
        seen_mon=pl.max_horizontal("seen_mon", "told_mon", "line_mon"),
        relifting=when(col("told_gone") & col("charged") & (col("left_mon") < mon)).then(col("relifted") + 1).otherwise(0),
    ).with_columns(
        idle=pl.max_horizontal(0, mon - col("paid_mon")),
        terminated=col("told_gone") & (col("relifting") < RELIFT_AFTER),
        revenue=when(col("first_mon").is_null()).then(0).otherwise("billed"),
    ).with_columns(
        in_base=~col("terminated") & (col("charged") | (col("was_in") & (col("idle") < CHURNED_AFTER)))
    )


def named(frame, mon, is_first):
    """The status, and since when."""
    begins = col("in_base") & col("first_charge")
    status = (
        when(col("first_mon").is_null()).then(None)
        .when(begins & is_first & ~col("opened_now")).then(lit("carried"))
        .when(begins).then(lit("new"))
        .when(col("in_base") & ~col("was_in")).then(lit("returned"))
        .when(col("in_base") & (col("idle") >= AT_RISK_AFTER)).then(lit("at_risk"))
        .when("in_base").then(lit("active"))
        .when("was_in").then(lit("churned"))
        .when(col("first_charge") | (col("charged") & col("entered_now"))).then(lit("joined_and_left"))
        .otherwise(lit("lost"))
    )
    since = when(col("first_mon").is_null()).then("entered_mon").when("first_charge").then(
        pl.min_horizontal("entered_mon", lit(mon))
    ).otherwise("since_mon")
    return frame.with_columns(
        status=status, since_mon=since, starts=col("in_base") & ~col("was_in")
    ).with_columns(
        start_mon=when("starts").then(mon).otherwise("start_mon"),
        carried=col("carried") | (col("status") == "carried").fill_null(False),
    )


def cents_of(total, factor, span):
    """total × factor / span in whole cents, half away from zero."""
    return total.sign() * ((2 * total.abs() * factor + span) // (2 * span))


def span_of(months):
    stay = pl.max_horizontal(col("paid_mon") - col("start_mon") + 1, AT_RISK_AFTER)
    return pl.max_horizontal(pl.min_horizontal(months, stay), col("paid_mon") - col("last_mon") + 1).cast(pl.Int64)


def valued(frame, mon, word):
    """The value of those who were charged, everybody's attributes, and the revenues of the stay moved one on."""
    renews, starts = col("charged") & col("in_base"), col("starts")
    year = col("revenue") + when(starts).then(0).otherwise(pl.sum_horizontal(BEFORE))
    quarter = col("revenue") + when(starts).then(0).otherwise(col("v0") + col("v1"))
    unknown = lit("unknown", word)
    shifted = {f"v{back}": when(starts).then(0).otherwise(f"v{back - 1}") for back in range(1, 11)}
    aged = frame.with_columns(
        mon=lit(mon, pl.Int32), v0=col("revenue"), **shifted,
        annual_revenue=when(renews).then(cents_of(year, 12, span_of(12))).otherwise("annual_revenue"),
        monthly_value=when(renews).then(cents_of(quarter, 1, span_of(3))).otherwise("monthly_value"),
        event_product=pl.coalesce("told_product", "event_product"),
        billed_product=when(col("first_mon").is_not_null()).then(pl.coalesce("line_product", "billed_product")),
        entry_channel=pl.coalesce("entry_channel", "told_channel"),
        region=pl.coalesce("told_region", "region_was", unknown), group_id=pl.coalesce("told_group", "group_id"),
        segment=pl.coalesce("told_segment", "segment_was", unknown), months=mon - col("since_mon"),
    )
    return aged.with_columns(
        product=pl.coalesce("event_product", "billed_product", unknown), channel=pl.coalesce("entry_channel", unknown),
        tier=tier(word), tenure_band=tenure_band(word), churn_kind=churn_kind(),
        reason=when("terminated").then(col("left_reason").fill_null("none")).otherwise(lit("none")),
    )


def tier(word):
    new = when((col("months") < NEW_FOR) & ~col("carried")).then(lit("new", word))
    for name, least in TIERS.items():
        new = new.when(col("monthly_value") >= least * 100).then(lit(name, word))
    return new.otherwise(lit("ordinary", word))


def tenure_band(word):
    band = when(col("carried") & (col("since_mon") == col("first_mon"))).then(lit("unknown", word))
    for name, most in BANDS.items():
        band = band.when(col("months") <= most).then(lit(name, word))
    return band.otherwise(lit("24+", word))


def churn_kind():
    ended = col("terminated")
    return (
        when((col("status") != "churned").fill_null(True)).then(None)
        .when(ended & col("left_by_port_out")).then(lit("switched"))
        .when(ended & col("left_reason").is_in(PASSIVE)).then(lit("passive"))
        .when(ended & col("left_reason").is_in(SWITCH)).then(lit("switched"))
        .when(ended & col("left_reason").is_in(UNAVOIDABLE)).then(lit("unavoidable"))
        .when(ended).then(lit("left"))
        .when(col("seen_mon") > col("last_mon")).then(lit("lapsed_uncharged"))
        .otherwise(lit("lapsed"))
    )


def money(cents):
    return cents.cast(pl.Int128).reinterpret(dtype=pl.Decimal(18, 2))


def customer_month(step):
    months = ("first", "since", "start", "last", "paid", "seen", "left")
    return step.filter(
        col("first_mon").is_not_null(), col("in_base") | col("was_in") | col("has_line") | col("moved_now")
    ).select(
        "customer_id", "status", "churn_kind", "reason", "idle",
        *(month_date(col(f"{name}_mon")).alias(f"{name}_month") for name in months),
        *(money(col(name)).alias(name) for name in ("revenue", "annual_revenue", "monthly_value")), *DIMENSIONS,
        "group_id", "carried", "terminated", "left_reason", "left_by_port_out", "event_product", "billed_product",
        "entry_channel",
    )


def movement(step, word):
    """First who went from which attributes to which, then each of those few rows in every dimension. What looks
    back takes the attributes and values of the month before."""
    lost = col("status") == "churned"
    change = step.filter(col("first_mon").is_not_null()).group_by(
        "status", "churn_kind", "in_base", "was_in", *DIMENSIONS, *WAS
    ).agg(
        customers=pl.len().cast(pl.Int64), charged_customers=col("charged").sum().cast(pl.Int64),
        revenue=col("revenue").sum(),
        lost_revenue=col("annual_was").filter(lost).sum(),
        lost_profit=cents_of(col("annual_was"), MARGIN_PERCENT, lit(100)).filter(lost).sum(),
    ).collect().lazy()
    sides = [side(change, name, word) for name in ("total", *DIMENSIONS)]
    always = pl.LazyFrame({"dimension": ["total"], "segment": pl.Series(["all"], dtype=word)})
    counts = [col(name).sum().cast(pl.Int64) for name in COUNTS]
    rows = pl.concat([always, *(frame for pair in sides for frame in pair)], how="diagonal")
    added = rows.group_by("dimension", "segment").agg(*counts, *(col(name).sum() for name in SUMS))
    anything = reduce(or_, (col(name) != 0 for name in COUNTS + SUMS), col("dimension") == "total")
    return added.filter(anything).with_columns(money(col(name)) for name in SUMS).sort(
        "dimension", col("segment").cast(pl.String)
    )


def side(change, name, word):
    """What a dimension sees looking back, and looking at now."""
    total = name == "total"
    before, now = (lit("all", word), lit("all", word)) if total else (col(f"{name}_was"), col(name))
    moved = lit(False) if total else (now != before).fill_null(False)
    avoidable = ~col("churn_kind").is_in(["passive", "unavoidable"])
    back = change.filter("was_in").select(
        dimension=lit(name), segment=before, opening="customers", churned=of(col("status") == "churned"),
        voluntary_churned=of(col("churn_kind").is_in(["switched", "left"])), moved_out=of(col("in_base") & moved),
        avoidable_lost_customers=of(avoidable), lost_annual_revenue="lost_revenue", lost_annual_profit="lost_profit",
        avoidable_lost_annual_revenue=of(avoidable, "lost_revenue"),
        avoidable_lost_annual_profit=of(avoidable, "lost_profit"),
    )
    statuses = ("new", "returned", "carried", "joined_and_left")
    ahead = change.select(
        "charged_customers", "revenue", dimension=lit(name), segment=now, closing=of(col("in_base")),
        moved_in=of(col("in_base") & col("was_in") & moved), **{status: of(col("status") == status) for status in statuses},
    )
    return back, ahead


def of(condition, name="customers"):
    return when(condition).then(col(name))
