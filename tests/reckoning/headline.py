"""The headline views out of `core`: tables `expected_VIEW`, and how each column is to be read.

Third step of the reckoning. Counts and sums are added up by dimension and segment in `movement`;
what looks back takes the attributes and values of the month before. Money stays whole cents (or
hundredths of cents, where a view has 4 places) until it is compared.
"""

from extracts import quoted
from policy import ratio

DIMENSIONS = ("region", "product", "segment", "channel", "tier", "tenure_band")
GRAIN = {"month": "month", "dimension": "text", "segment": "text"}
ROLL_FORWARD = {
    "opening": "int", "churned": "int", "retained": "int", "churn_rate": "float", "retention_rate": "float",
    "voluntary_churned": "int", "voluntary_churn_rate": "float", "churn_rate_incl_moves": "float",
    "moved_out": "int", "moved_in": "int", "new": "int", "returned": "int", "carried": "int",
    "joined_and_left": "int", "closing": "int",
}
ARPU = {
    "revenue": "money", "average_customers": "half", "arpu": "money4", "arppu": "money4", "charged_customers": "int",
}
LOSS = {
    "lost_customers": "int", "lost_annual_revenue": "money", "lost_annual_profit": "money",
    "replacement_cost": "money", "people_influenced": "money", "avoidable_lost_customers": "int",
    "avoidable_lost_annual_revenue": "money", "avoidable_lost_annual_profit": "money",
    "avoidable_replacement_cost": "money", "avoidable_people_influenced": "money",
}
HEADLINE = {
    "month": "month", "closing": "int", "opening": "int", "new": "int", "returned": "int", "churned": "int",
    "churn_rate": "float", "voluntary_churn_rate": "float", "retention_rate": "float", "revenue": "money",
    "arpu": "money4", "arppu": "money4", "lost_annual_revenue": "money", "lost_annual_profit": "money",
    "replacement_cost": "money",
}
REASONS = {
    "month": "month", "churn_kind": "text", "reason": "text", "reason_class": "text", "avoidable": "bool",
    "customers": "int", "share": "float", "share_of_avoidable": "float", "lost_annual_revenue": "money",
}
COHORT = {
    "month": "month", "cohort": "month", "age": "int", "size": "int", "in_base": "int", "retention": "float",
    "revenue": "money",
}
CUSTOMER = {
    "month": "month", "customer_id": "text", "status": "text", "churn_kind": "text", "reason": "text",
    "first_month": "month", "since_month": "month", "start_month": "month", "last_month": "month", "idle": "int",
    "revenue": "money", "annual_revenue": "money", "monthly_value": "money", "tier": "text", "tenure_band": "text",
    "region": "text", "product": "text", "segment": "text", "channel": "text", "group_id": "text",
}
MEASURES = (
    "opening", "churned", "voluntary_churned", "moved_out", "moved_in", "new", "returned", "carried",
    "joined_and_left", "closing", "revenue", "charged_customers", "lost_annual_revenue", "lost_annual_profit",
    "avoidable", "avoidable_revenue", "avoidable_profit",
)


def reckon_headlines(con, policy, first, last, dimensions):
    """Leave `expected_VIEW` for every view of `described`."""
    lay_customer_month(con, dimensions)
    lay_pairs(con, [*DIMENSIONS, *dimensions])
    lay_movement(con, first, last, [*DIMENSIONS, *dimensions])
    lay_rates(con)
    lay_arpu(con)
    lay_loss(con, policy)
    lay_headline(con)
    lay_reasons(con, first, last)
    lay_cohorts(con)


def described(dimensions):
    """For each view: its key columns, its columns with their kinds, and those that must be there.

    metrics.md gives one block of columns to churn_rate and retention_rate together: each must
    have its own rate and counts, the rest are compared in whichever view has them.
    """
    rates = {**GRAIN, **ROLL_FORWARD}
    grain = tuple(GRAIN)
    customer = {**CUSTOMER, **{name: "text" for name in dimensions}}
    arpu = {**GRAIN, "opening": "int", "closing": "int", **ARPU}
    churn = (*grain, "opening", "churned", "churn_rate", "voluntary_churned", "voluntary_churn_rate",
             "churn_rate_incl_moves")
    return {
        "customer_month": (("month", "customer_id"), customer, tuple(customer)),
        "churn_rate": (grain, rates, churn),
        "retention_rate": (grain, rates, (*grain, "opening", "retained", "retention_rate")),
        "arpu_by_segment": (grain, arpu, (*grain, *ARPU)),
        "profit_loss_from_churn": (grain, {**GRAIN, **LOSS}, (*grain, *LOSS)),
        "headline": (("month",), HEADLINE, tuple(HEADLINE)),
        "churn_reasons": (("month", "churn_kind", "reason"), REASONS, tuple(REASONS)),
        "cohort_retention": (("cohort", "age"), COHORT, tuple(COHORT)),
    }


def lay_customer_month(con, dimensions):
    further = "".join(f", {quoted(name)}" for name in dimensions)
    con.execute(f"""
        CREATE TABLE expected_customer_month AS
        SELECT mon AS month, customer_id, status, churn_kind, reason, first_mon AS first_month,
            since_mon AS since_month, start_mon AS start_month, last_mon AS last_month, idle, revenue,
            annual_revenue, monthly_value, tier, tenure_band, region, product, segment, channel, group_id {further}
        FROM core WHERE in_base OR was_in OR has_line OR moved
    """)


def lay_pairs(con, dimensions):
    """`pair`: each customer and month beside its attributes and values a month before."""
    before = ", ".join(f"before.{quoted(name)} AS {quoted('was_' + name)}" for name in dimensions)
    con.execute(f"""
        CREATE TABLE pair AS
        SELECT now.*, now.churn_kind IN ('switched', 'left') AS voluntary,
            now.churn_kind NOT IN ('passive', 'unavoidable') AS avoidable,
            before.annual_revenue AS lost_revenue,
            rounded_ratio(before.annual_revenue * margin.num, margin.den) AS lost_profit, {before}
        FROM core AS now
        LEFT JOIN core AS before ON before.customer_id = now.customer_id AND before.mon = now.mon - 1
        LEFT JOIN margin ON margin.tier = before.tier
    """)


def lay_movement(con, first, last, dimensions):
    """`movement`: counts and sums; a row where any is not 0, and the total always."""
    sides = [f"SELECT mon, 'total', 'all', {nothing()} FROM range({first}, {last} + 1) AS months(mon)"]
    sides += side("'total'", "'all'", "'all'", "false")
    for name in dimensions:
        was, now = quoted("was_" + name), quoted(name)
        sides += side(f"'{name}'", was, now, f"was_in AND in_base AND {was} <> {now}")
    columns = ", ".join(f"CAST(sum({m}) AS HUGEINT) AS {m}" for m in MEASURES)
    anything = " OR ".join(f"{m} <> 0" for m in MEASURES)
    con.execute(f"""
        CREATE TABLE movement AS
        WITH counted (month, dimension, segment, {", ".join(MEASURES)}) AS ({" UNION ALL ".join(sides)}),
        added AS (SELECT month, dimension, segment, {columns} FROM counted GROUP BY ALL)
        SELECT *, opening - churned AS retained FROM added WHERE dimension = 'total' OR {anything}
    """)


def nothing():
    return ", ".join("0" for _ in MEASURES)


def side(dimension, was, now, moved):
    """Two selects: what looks back by the segment it was in, what looks at now by the present one."""
    back = {
        "opening": "1", "churned": hit("NOT in_base"), "voluntary_churned": hit("voluntary"),
        "moved_out": hit(moved), "lost_annual_revenue": hit("NOT in_base", "lost_revenue"),
        "lost_annual_profit": hit("NOT in_base", "lost_profit"), "avoidable": hit("avoidable"),
        "avoidable_revenue": hit("avoidable", "lost_revenue"), "avoidable_profit": hit("avoidable", "lost_profit"),
    }
    present = {status: hit(f"status = '{status}'") for status in ("new", "returned", "carried", "joined_and_left")}
    present |= {
        "closing": hit("in_base"), "moved_in": hit(moved), "revenue": "revenue", "charged_customers": hit("charged"),
    }
    return [
        f"SELECT mon, {dimension}, {was}, {columns_of(back)} FROM pair WHERE was_in",
        f"SELECT mon, {dimension}, {now}, {columns_of(present)} FROM pair",
    ]


def hit(condition, value="1"):
    return f"CASE WHEN {condition} THEN {value} ELSE 0 END"


def columns_of(given):
    return ", ".join(given.get(measure, "0") for measure in MEASURES)


def lay_rates(con):
    con.execute("""
        CREATE TABLE expected_churn_rate AS
        SELECT *, share(churned, opening) AS churn_rate, share(retained, opening) AS retention_rate,
            share(voluntary_churned, opening) AS voluntary_churn_rate,
            share(churned + moved_out, opening) AS churn_rate_incl_moves
        FROM movement
    """)
    con.execute("CREATE TABLE expected_retention_rate AS FROM expected_churn_rate")


def lay_arpu(con):
    """Average customers in halves, so that they stay whole numbers."""
    con.execute("""
        CREATE TABLE expected_arpu_by_segment AS
        WITH averaged AS (
            SELECT *, CASE WHEN opening = 0 THEN 2 * closing ELSE opening + closing END AS average_customers
            FROM movement
        )
        SELECT *, rounded_ratio(revenue * 2 * 100, average_customers) AS arpu,
            rounded_ratio(revenue * 100, charged_customers) AS arppu
        FROM averaged
    """)


def lay_loss(con, policy):
    cost = ratio(policy["retention_cost"])
    multiple = ratio(policy["acquisition_multiple"])
    people = ratio(policy["influence"])

    def times(count, *factors):
        """A count times decimal factors, in whole cents."""
        num, den = 100, 1
        for factor in factors:
            num, den = num * factor[0], den * factor[1]
        return f"rounded_ratio({count} * {num}, {den})"
    con.execute(f"""
        CREATE TABLE expected_profit_loss_from_churn AS
        SELECT month, dimension, segment, churned AS lost_customers, lost_annual_revenue, lost_annual_profit,
            {times("churned", cost, multiple)} AS replacement_cost,
            {times("churned", people)} AS people_influenced,
            avoidable AS avoidable_lost_customers, avoidable_revenue AS avoidable_lost_annual_revenue,
            avoidable_profit AS avoidable_lost_annual_profit,
            {times("avoidable", cost, multiple)} AS avoidable_replacement_cost,
            {times("avoidable", people)} AS avoidable_people_influenced
        FROM movement
    """)


def lay_headline(con):
    """The total of each month, one line."""
    con.execute("""
        CREATE TABLE expected_headline AS
        SELECT * FROM expected_churn_rate
        JOIN (SELECT month, dimension, segment, arpu, arppu FROM expected_arpu_by_segment)
            USING (month, dimension, segment)
        JOIN (SELECT month, dimension, segment, replacement_cost FROM expected_profit_loss_from_churn)
            USING (month, dimension, segment)
        WHERE dimension = 'total'
    """)


def lay_reasons(con, first, last):
    """The share of an unavoidable row in the avoidable loss is 0, or null where there is none."""
    con.execute(f"""
        CREATE TABLE expected_churn_reasons AS
        WITH counted AS (
            SELECT mon AS month, churn_kind, reason, avoidable, count(*) AS customers,
                sum(lost_revenue) AS lost_annual_revenue
            FROM pair WHERE status = 'churned' GROUP BY ALL
        ),
        shared AS (
            SELECT *, share(customers, sum(customers) OVER (PARTITION BY month)) AS share,
                share(CASE WHEN avoidable THEN customers ELSE 0 END,
                    coalesce(sum(customers) FILTER (avoidable) OVER (PARTITION BY month), 0)) AS share_of_avoidable
            FROM counted
        )
        SELECT months.mon AS month, churn_kind, shared.reason,
            CASE WHEN shared.reason IS NOT NULL THEN coalesce(class, 'other') END AS reason_class, avoidable,
            coalesce(customers, 0) AS customers, share, share_of_avoidable, lost_annual_revenue
        FROM range({first}, {last} + 1) AS months(mon)
        LEFT JOIN shared ON shared.month = months.mon
        LEFT JOIN reason_class ON reason_class.reason = shared.reason
    """)


def lay_cohorts(con):
    con.execute("""
        CREATE TABLE expected_cohort_retention AS
        SELECT mon AS month, first_mon AS cohort, mon - first_mon AS age, count(*) AS size,
            count(*) FILTER (in_base) AS in_base, share(count(*) FILTER (in_base), count(*)) AS retention,
            sum(revenue) AS revenue
        FROM core GROUP BY ALL
    """)
