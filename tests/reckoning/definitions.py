"""The definitions of churn: tables `expected_VIEW`, over `core` and `change` of the reckoning.

Written from the definitions alone. Each says of every customer of a month whether it is lost and whether
it is in the base; who is counted otherwise than by ours makes the difference.
"""

GONE = {
    "opening_base": "lost", "charged_before": "lost", "joined_and_left_in_both": "lost OR status = 'joined_and_left'",
    "terminations_only": "lost AND terminated", "silence_only": "lost AND NOT terminated",
    "voluntary_only": "lost AND churn_kind IN ('switched', 'left')",
    "avoidable_only": "lost AND churn_kind NOT IN ('passive', 'unavoidable')",
}
BASE = {"charged_before": "was_charged", "joined_and_left_in_both": "was_in OR status = 'joined_and_left'"}
REVENUE = {
    "revenue_gross": "('contraction', 'paused', 'churned')",
    "revenue_net": "('contraction', 'paused', 'churned', 'expansion', 'resumed')",
}
KNOWN = (
    "mon", "customer_id", "status", "churn_kind", "terminated", "was_in", "was_charged", "was_revenue", "changed",
    "part", "lost", "listed",
)


def described_definitions():
    totals = {
        "month": "month", "place": "int", "definition": "text", "unit": "text", "churned": "money", "base": "money",
        "rate": "float", "churned_customers": "int", "base_customers": "int", "differs_by": "int",
    }
    names = {
        "month": "month", "definition": "text", "customer_id": "text", "status": "text", "churn_kind": "text",
        "counted": "text", "counted_there": "text", "revenue_change": "money",
    }
    pairs = {"month": "month", "definition": "text", "other": "text", "differs_by": "int"}
    return {
        "churn_definitions": (("month", "place"), totals, tuple(totals)),
        "definition_customers": (("month", "definition", "customer_id"), names, tuple(names)),
        "definition_pairs": (("month", "definition", "other"), pairs, tuple(pairs)),
        "churn_definition_customers": (("month", "definition", "customer_id"), names, tuple(names)),
    }


def reckon_definitions(con, first, last):
    lay_views(con, first)
    lay_names(con)
    lay_pairs(con)
    lay_definitions(con, first, last)


def lay_views(con, first):
    """`told`: each customer of each month by each definition; of money, what it takes from the revenue.

    The first month has no month behind it whose revenue could be lost.
    """
    parts = [
        f"SELECT {place}, '{name}', 'customers', {gone}, {BASE.get(name, 'was_in')}, 100, 100, known.* FROM known"
        for place, (name, gone) in enumerate(GONE.items(), 1)
    ]
    parts += [
        f"SELECT {place}, '{name}', 'revenue', mon > {first} AND changed <> 0 AND part IN {kept}, was_in, -changed, "
        "was_revenue, known.* FROM known"
        for place, (name, kept) in enumerate(REVENUE.items(), len(GONE) + 1)
    ]
    con.execute(f"""
        CREATE TABLE told AS
        WITH known AS (
            SELECT mon, customer_id, status, churn_kind, terminated, was_in, was_charged, was_revenue, changed, part,
                status = 'churned' AS lost, in_base OR was_in OR has_line OR moved AS listed FROM change
        ),
        each (place, definition, unit, gone, based, takes, weighs, {", ".join(KNOWN)}) AS ({" UNION ALL ".join(parts)})
        FROM each
    """)


def lay_names(con):
    """Of revenue, the lost whose revenue did not change, and those not lost whose change enters the loss."""
    con.execute("""
        CREATE TABLE expected_definition_customers AS
        WITH counted AS (
            SELECT mon, customer_id FROM told GROUP BY ALL
            HAVING bool_or(lost OR was_in OR was_charged OR (unit = 'customers' AND (gone OR based)))
        )
        SELECT mon AS month, place, definition, customer_id, CASE WHEN listed THEN status END AS status, churn_kind,
            CASE WHEN lost THEN 'churned' WHEN was_in THEN 'base' ELSE 'no' END AS counted,
            CASE WHEN unit = 'revenue' AND gone AND NOT lost THEN 'revenue'
                WHEN gone AND (based OR unit = 'revenue') THEN 'churned' WHEN gone THEN 'churned, not in the base'
                WHEN based THEN 'base' ELSE 'no' END AS counted_there,
            CASE WHEN unit = 'revenue' THEN changed END AS revenue_change
        FROM told SEMI JOIN counted USING (mon, customer_id)
    """)
    con.execute("""
        CREATE TABLE expected_churn_definition_customers AS
        FROM expected_definition_customers WHERE counted <> counted_there
    """)


def lay_pairs(con):
    con.execute("""
        CREATE TABLE expected_definition_pairs AS
        SELECT a.month, a.definition, b.definition AS other,
            count(*) FILTER (a.counted_there <> b.counted_there) AS differs_by
        FROM expected_definition_customers AS a JOIN expected_definition_customers AS b USING (month, customer_id)
        WHERE a.definition <> b.definition GROUP BY ALL
    """)


def lay_definitions(con, first, last):
    con.execute(f"""
        CREATE TABLE expected_churn_definitions AS
        WITH differing AS (
            SELECT month, definition, count(*) AS differs_by FROM expected_churn_definition_customers GROUP BY ALL
        ),
        added AS (
            SELECT months.mon AS month, place, definition, unit,
                coalesce(sum(takes) FILTER (gone), 0) AS churned,
                coalesce(sum(weighs) FILTER (based OR unit = 'revenue'), 0) AS base,
                count_if(gone) AS gone_customers, count_if(based) AS based_customers
            FROM range({first}, {last} + 1) AS months(mon)
            CROSS JOIN (SELECT DISTINCT place, definition, unit FROM told) AS every
            LEFT JOIN told USING (mon, place, definition, unit) GROUP BY ALL
        )
        SELECT added.*, share(churned, base) AS rate,
            CASE unit WHEN 'customers' THEN gone_customers END AS churned_customers,
            CASE unit WHEN 'customers' THEN based_customers END AS base_customers,
            coalesce(differs_by, 0) AS differs_by
        FROM added LEFT JOIN differing USING (month, definition)
    """)
