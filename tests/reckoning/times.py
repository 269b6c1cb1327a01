"""The views of «When»: tables `expected_VIEW`, over `core`, `pair` and `movement` of the reckoning.

Written from the definitions alone, customer by customer: no sums by month are added up here, except
revenue, charged and closing customers by period, which are defined so.
"""

from extracts import literal, quoted


def described_times():
    place = {"dimension": "text", "segment": "text"}
    period = {
        "month": "month", "grain": "text", "period": "text", **place, "opening": "int", "churned": "int", "closing": "int",
        "churn_rate": "float", "retention_rate": "float", "revenue": "money", "arpu": "money4",
    }
    begun = {"month": "month", "grain": "text", **place, "opening": "int", "churned": "int"}
    survival = {**place, "age": "int", "at_risk": "int", "churned": "int", "hazard": "float", "survival": "float"}
    visits = {
        "month": "month", **place, "charged_months": "int", "charged_months_a_year": "float", "gaps": "int",
        "mean_gap": "float", "median_gap": "float", "p90_gap": "float",
    }
    risk = {
        "month": "month", "opening_at_risk": "int", "recovered": "int", "churned": "int", "still_at_risk": "int",
        "newly_at_risk": "int", "closing_at_risk": "int", "recovery_rate": "float",
    }
    winback = {
        "month": "month", "lost_month": "month", "churn_kind": "text", "months_since": "int", "lost": "int",
        "came_back": "int", "returned": "int", "share": "float", "revenue": "money",
    }
    return {
        "churn_by_period": (("month", "grain", "dimension", "segment"), period, tuple(period)),
        "period_movement": (("month", "grain", "dimension", "segment"), begun, tuple(begun)),
        "survival": (("dimension", "segment", "age"), survival, tuple(survival)),
        "visit_interval": (("month", "dimension", "segment"), visits, tuple(visits)),
        "at_risk_flow": (("month",), risk, tuple(risk)),
        "winback": (("lost_month", "churn_kind", "months_since"), winback, tuple(winback)),
    }


def reckon_times(con, first, last, dimensions):
    lay_periods(con, first, last, dimensions)
    lay_survival(con, dimensions)
    lay_visits(con, first, last, dimensions)
    lay_risk(con, first, last)
    lay_winback(con, first, last)


def places(dimensions):
    """total and each dimension: its name, its column now, its column a month before."""
    yield "total", "'all'", "'all'"
    for name in dimensions:
        yield name, quoted(name), quoted("was_" + name)


def lay_periods(con, first, last, dimensions):
    con.execute(f"""
        CREATE TABLE period AS
        SELECT 'quarter' AS grain, mon - 2 AS begin_mon, mon AS close_mon, (mon // 12) || '-Q' || (mon % 12 // 3 + 1) AS period
        FROM range({first} + 2, {last} + 1) AS ends(mon) WHERE mon % 3 = 2
        UNION ALL
        SELECT 'year', mon - 11, mon, CAST(mon // 12 AS VARCHAR)
        FROM range({first} + 11, {last} + 1) AS ends(mon) WHERE mon % 12 = 11
    """)
    parts = []
    for name, now, _ in places(dimensions):
        begun = now if name == "total" else f"begun.{now}"
        ended = now if name == "total" else f"this.{now}"
        parts.append(f"""
            SELECT close_mon, grain, {literal(name)}, {begun}, 1, CASE WHEN ended.in_base THEN 0 ELSE 1 END, 0, 0
            FROM period JOIN core AS begun ON begun.mon = begin_mon - 1 AND begun.in_base
            JOIN core AS ended ON ended.customer_id = begun.customer_id AND ended.mon = close_mon
        """)
        parts.append(f"""
            SELECT close_mon, grain, {literal(name)}, {ended}, 0, 0,
                CASE WHEN this.mon = close_mon AND in_base THEN 1 ELSE 0 END, revenue
            FROM period JOIN core AS this ON this.mon BETWEEN begin_mon AND close_mon
        """)
    parts.append("SELECT close_mon, grain, 'total', 'all', 0, 0, 0, 0 FROM period")
    con.execute(f"""
        CREATE TABLE expected_churn_by_period AS
        WITH side (month, grain, dimension, segment, opening, churned, closing, revenue) AS ({" UNION ALL ".join(parts)}),
        counted AS (
            SELECT month, grain, dimension, segment, sum(opening) AS opening, sum(churned) AS churned,
                sum(closing) AS closing, CAST(sum(revenue) AS HUGEINT) AS revenue
            FROM side GROUP BY ALL
        )
        SELECT counted.*, period, share(churned, opening) AS churn_rate, share(opening - churned, opening) AS retention_rate,
            rounded_ratio(revenue * 200, CASE WHEN opening = 0 THEN 2 * closing ELSE opening + closing END) AS arpu
        FROM counted JOIN period ON period.close_mon = counted.month AND period.grain = counted.grain
        WHERE dimension = 'total' OR opening <> 0 OR closing <> 0 OR revenue <> 0
    """)
    con.execute("""
        CREATE TABLE expected_period_movement AS
        SELECT month, grain, dimension, segment, opening, churned FROM expected_churn_by_period WHERE opening > 0
    """)


def lay_survival(con, dimensions):
    parts = [f"SELECT {literal(name)}, {was}, age, in_base FROM aged" for name, _, was in places(dimensions)]
    con.execute(f"""
        CREATE TABLE expected_survival AS
        WITH aged AS (
            SELECT *, CASE WHEN carried AND start_mon = first_mon THEN mon - nullif(since_mon, first_mon)
                ELSE mon - start_mon END AS age
            FROM pair WHERE was_in
        ),
        placed (dimension, segment, age, kept) AS ({" UNION ALL ".join(parts)}),
        counted AS (
            SELECT dimension, segment, age, count(*) AS at_risk, count(*) FILTER (NOT kept) AS churned
            FROM placed WHERE age IS NOT NULL GROUP BY ALL
        )
        SELECT *, share(churned, at_risk) AS hazard,
            product(share(at_risk - churned, at_risk)) OVER (PARTITION BY dimension, segment ORDER BY age) AS survival
        FROM counted
    """)


def lay_visits(con, first, last, dimensions):
    con.execute("""
        CREATE TABLE visit AS
        SELECT *, mon - lag(mon) OVER (PARTITION BY customer_id ORDER BY mon) AS gap FROM core WHERE charged
    """)
    con.execute(f"CREATE TABLE window_end AS SELECT mon AS end_mon FROM range({first}, {last} + 1) AS months(mon)")
    parts = [f"SELECT mon, {literal(name)}, {now}, gap FROM visit" for name, now, _ in places(dimensions)]
    con.execute(f"""
        CREATE TABLE expected_visit_interval AS
        WITH came (mon, dimension, segment, gap) AS ({" UNION ALL ".join(parts)}),
        measured AS (
            SELECT end_mon, dimension, segment, count(*) AS charged_months, count(gap) AS gaps, avg(gap) AS mean_gap,
                quantile_cont(CAST(gap AS DOUBLE), 0.5) AS median_gap, quantile_cont(CAST(gap AS DOUBLE), 0.9) AS p90_gap
            FROM window_end JOIN came ON end_mon - mon BETWEEN 0 AND 11 GROUP BY ALL
        ),
        there AS (
            SELECT end_mon, dimension, segment, sum(closing + churned + joined_and_left) AS customer_months
            FROM window_end JOIN movement ON end_mon - month BETWEEN 0 AND 11 GROUP BY ALL
        )
        SELECT end_mon AS month, dimension, segment, coalesce(charged_months, 0) AS charged_months,
            share(12 * coalesce(charged_months, 0), customer_months) AS charged_months_a_year, coalesce(gaps, 0) AS gaps,
            mean_gap, median_gap, p90_gap
        FROM there LEFT JOIN measured USING (end_mon, dimension, segment)
    """)


def lay_risk(con, first, last):
    con.execute(f"""
        CREATE TABLE expected_at_risk_flow AS
        WITH step AS (
            SELECT mon, status, lag(status) OVER (PARTITION BY customer_id ORDER BY mon) AS before FROM core
        ),
        counted AS (
            SELECT months.mon AS month, count(*) FILTER (before = 'at_risk') AS opening_at_risk,
                count(*) FILTER (before = 'at_risk' AND status IN ('active', 'returned', 'new')) AS recovered,
                count(*) FILTER (before = 'at_risk' AND status = 'churned') AS churned,
                count(*) FILTER (before = 'at_risk' AND status = 'at_risk') AS still_at_risk,
                count(*) FILTER (before IS DISTINCT FROM 'at_risk' AND status = 'at_risk') AS newly_at_risk,
                count(*) FILTER (status = 'at_risk') AS closing_at_risk
            FROM range({first}, {last} + 1) AS months(mon) LEFT JOIN step ON step.mon = months.mon GROUP BY ALL
        )
        SELECT *, share(recovered, opening_at_risk) AS recovery_rate FROM counted
    """)


def lay_winback(con, first, last):
    """Each loss with its next return, and that return with the one after it."""
    con.execute(f"""
        CREATE TABLE expected_winback AS
        WITH back AS (
            SELECT customer_id, mon AS back_mon,
                coalesce(lead(mon) OVER (PARTITION BY customer_id ORDER BY mon), {last} + 1) AS next_mon
            FROM core WHERE status = 'returned'
        ),
        loss AS (
            SELECT core.customer_id, core.mon AS lost_month, churn_kind, back_mon, next_mon
            FROM core ASOF LEFT JOIN back ON core.customer_id = back.customer_id AND core.mon < back.back_mon
            WHERE status = 'churned'
        ),
        seen AS (
            SELECT loss.*, mon, mon >= coalesce(back_mon, {last} + 1) AS is_back
            FROM loss JOIN range({first}, {last} + 1) AS months(mon) ON mon >= lost_month
        ),
        worth AS (
            SELECT seen.*, CASE WHEN is_back THEN coalesce((
                SELECT sum(revenue) FROM core WHERE core.customer_id = seen.customer_id
                    AND core.mon BETWEEN back_mon AND least(seen.mon, next_mon - 1)), 0) ELSE 0 END AS brought
            FROM seen
        ),
        kinds AS (
            SELECT lost_month, churn_kind, mon, count(*) AS lost, count(*) FILTER (back_mon = mon) AS came_back,
                count(*) FILTER (is_back) AS returned, sum(brought) AS revenue
            FROM worth GROUP BY ALL
        ),
        cell AS (
            FROM kinds
            UNION ALL
            SELECT lost_mon, 'all', months.mon, coalesce(sum(lost), 0), coalesce(sum(came_back), 0),
                coalesce(sum(returned), 0), coalesce(sum(revenue), 0)
            FROM range({first}, {last} + 1) AS losses(lost_mon)
            JOIN range({first}, {last} + 1) AS months(mon) ON months.mon >= lost_mon
            LEFT JOIN kinds ON kinds.lost_month = lost_mon AND kinds.mon = months.mon
            GROUP BY lost_mon, months.mon
        )
        SELECT mon AS month, lost_month, churn_kind, mon - lost_month AS months_since, lost, came_back, returned,
            share(returned, lost) AS share, CAST(revenue AS HUGEINT) AS revenue
        FROM cell
    """)
