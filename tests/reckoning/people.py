"""The views of «Who»: tables `expected_VIEW`, over `core`, `pair`, `call` and `decline` of the reckoning.

Written from the definitions alone: each list asks anew, for every name on it, what is known of that
customer up to the month; nothing is carried on from month to month.
"""

from extracts import quoted
from policy import ratio

MOVES = "('new', 'returned', 'carried', 'churned', 'joined_and_left')"
WORTH = {
    "annual_revenue": "money", "monthly_value": "money", "annual_profit": "money", "charged_months": "int",
    "charged_months_a_year": "float", "revenue_in_all": "money",
}
TRACES = {"last_charge_on": "text", "last_charge_type": "text", "last_contact_on": "text", "last_contact": "text"}
STAGES = ("lost", "at_risk", "advocate", "long_term", "repeat", "first_time")
SIGNALS = {
    "is_idle": "idle", "is_declining": "declining", "has_unresolved_complaint": "unresolved complaint",
    "group_leaving": "group leaving", "is_overdue": "overdue",
}


def described_people(dimensions):
    who = {"month": "month", "customer_id": "text"}
    place = {**{name: "text" for name in dimensions}, "group_id": "text"}
    since = {"first_month": "month", "since_month": "month"}
    kind = {"churn_kind": "text", "reason": "text"}
    last = {"last_month": "month"}
    moves = {
        **who, "status": "text", **since, **place, "loss_month": "month", **kind, **WORTH, "charged_before": "month",
        **last, **TRACES,
    }
    churned = {**who, **kind, "reason_class": "text", "avoidable": "bool", **since, **place, **WORTH, **last, **TRACES}
    returned = {
        **who, "loss_month": "month", **kind, "charged_before": "month", "months_away": "int", **since, **place, **WORTH,
        **TRACES,
    }
    new = {**who, "since_month": "month", **place, **WORTH, **TRACES}
    risk = {
        "month": "month", "rank": "int", "customer_id": "text", "signals": "text", "signal_count": "int",
        **{name: "bool" for name in SIGNALS}, "idle": "int", "median_gap": "float", "annual_revenue": "money",
        "monthly_value": "money", **place, **last,
    }
    group = {
        "month": "month", "group_id": "text", "members": "int", "churned": "int", "churn_rate": "float",
        "members_2m": "int", "churned_2m": "int", "annual_revenue": "money", "bill_change_3m": "part", "flagged": "bool",
    }
    ladder = {"month": "month", "place": "int", "stage": "text", "customers": "int", "revenue": "money"}
    return {
        "customer_moves": (("month", "status", "customer_id"), moves, tuple(moves)),
        "churned_customers": (tuple(who), churned, tuple(churned)),
        "returned_customers": (tuple(who), returned, tuple(returned)),
        "new_customers": (tuple(who), new, tuple(new)),
        "at_risk_customers": (("month", "rank"), risk, tuple(risk)),
        "group_churn": (("month", "group_id"), group, tuple(group)),
        "loyalty_ladder": (("month", "place"), ladder, tuple(ladder)),
    }


def reckon_people(con, policy, first, last, dimensions):
    lay_contacts(con)
    lay_movers(con, dimensions)
    lay_moves(con, policy)
    lay_lists(con)
    lay_groups(con, policy, first)
    lay_gaps(con)
    lay_signals(con, policy)
    lay_ladder(con, first, last)


def lay_contacts(con):
    """`contact`: calls by their category, channel events by their name, but those of leaving."""
    con.execute("""
        CREATE TABLE contact AS
        SELECT customer_id, mon, called_at AS seen_at, category AS name FROM call
        UNION ALL
        SELECT customer_id, mon, occurred_at, event FROM ordered WHERE NOT leaving
    """)


def lay_movers(con, dimensions):
    """`mover`: who came or went, with the attributes that are asked for: of the lost those a month before."""
    columns = [quoted(name) for name in (*dimensions, "group_id", "annual_revenue", "monthly_value")]
    picked = ", ".join(f"CASE WHEN now.status = 'churned' THEN before.{c} ELSE now.{c} END AS {c}" for c in columns)
    con.execute(f"""
        CREATE TABLE mover AS
        SELECT now.customer_id, now.mon, now.status, now.first_mon, now.since_mon, now.last_mon, {picked}
        FROM core AS now LEFT JOIN core AS before ON before.customer_id = now.customer_id AND before.mon = now.mon - 1
        WHERE now.status IN {MOVES}
    """)


def lay_moves(con, policy):
    con.execute(f"""
        CREATE TABLE expected_customer_moves AS
        WITH past AS (
            SELECT mover.customer_id, mover.mon, count(*) FILTER (charged) AS charged_months,
                sum(revenue) AS revenue_in_all,
                count(*) FILTER (in_base OR was_in OR charged) AS months_there,
                max(core.mon) FILTER (charged AND core.mon < mover.mon) AS charged_before,
                max(core.mon) FILTER (core.status = 'churned') AS loss_month
            FROM mover JOIN core ON core.customer_id = mover.customer_id AND core.mon <= mover.mon GROUP BY ALL
        ),
        charge AS (
            SELECT customer_id, mon, max((billed_on, coalesce(charge_type, ''))) AS latest
            FROM line WHERE is_business AND cents > 0 GROUP BY ALL
        ),
        told AS (
            SELECT mover.customer_id, mover.mon, max((seen_at, coalesce(name, ''))) AS latest
            FROM mover JOIN contact ON contact.customer_id = mover.customer_id AND contact.mon <= mover.mon GROUP BY ALL
        )
        SELECT mover.* EXCLUDE (mon, first_mon, since_mon, last_mon), mover.mon AS month, first_mon AS first_month,
            since_mon AS since_month, last_mon AS last_month, past.* EXCLUDE (customer_id, mon), loss.churn_kind,
            loss.reason,
            rounded_ratio(mover.annual_revenue * num, den) AS annual_profit,
            share(12 * charged_months, greatest(months_there, {policy["at_risk_after"]})) AS charged_months_a_year,
            CAST(charge.latest[1] AS VARCHAR) AS last_charge_on, nullif(charge.latest[2], '') AS last_charge_type,
            CAST(CAST(told.latest[1] AS DATE) AS VARCHAR) AS last_contact_on, nullif(told.latest[2], '') AS last_contact
        FROM mover JOIN past USING (customer_id, mon) JOIN margin USING (tier)
        LEFT JOIN (SELECT customer_id, mon AS loss_month, churn_kind, reason FROM core) AS loss
            ON loss.customer_id = mover.customer_id AND loss.loss_month = past.loss_month
        LEFT JOIN charge ON charge.customer_id = mover.customer_id AND charge.mon = mover.last_mon
        LEFT JOIN told ON told.customer_id = mover.customer_id AND told.mon = mover.mon
    """)


def lay_lists(con):
    con.execute("""
        CREATE TABLE expected_churned_customers AS
        SELECT expected_customer_moves.*, coalesce(class, 'other') AS reason_class,
            churn_kind NOT IN ('passive', 'unavoidable') AS avoidable
        FROM expected_customer_moves LEFT JOIN reason_class USING (reason) WHERE status = 'churned'
    """)
    con.execute("""
        CREATE TABLE expected_returned_customers AS
        SELECT *, month - charged_before AS months_away FROM expected_customer_moves WHERE status = 'returned'
    """)
    con.execute("CREATE TABLE expected_new_customers AS FROM expected_customer_moves WHERE status = 'new'")


def lay_groups(con, policy, first):
    """`together`: members of one month back and of two, each beside what has become of them."""
    num, den = ratio(policy["group_share"])

    def leaves(churned, members):
        return f"({churned} >= {policy['group_min']} AND {churned} * {den} >= {members} * {num})"
    con.execute("""
        CREATE TABLE together AS
        SELECT before.customer_id, now.mon, now.mon - before.mon AS back, before.group_id, before.annual_revenue,
            now.in_base
        FROM core AS before JOIN core AS now ON now.customer_id = before.customer_id AND now.mon - before.mon IN (1, 2)
        WHERE before.in_base AND before.group_id IS NOT NULL
    """)
    con.execute(f"""
        CREATE TABLE expected_group_churn AS
        WITH billed AS (
            SELECT together.mon, together.group_id, coalesce(sum(revenue) FILTER (together.mon - core.mon <= 2), 0) AS late,
                coalesce(sum(revenue) FILTER (together.mon - core.mon >= 3), 0) AS early
            FROM together JOIN core
                ON core.customer_id = together.customer_id AND together.mon - core.mon BETWEEN 0 AND 5
            WHERE back = 1 GROUP BY ALL
        ),
        counted AS (
            SELECT mon, group_id, count(*) FILTER (back = 1) AS members,
                count(*) FILTER (back = 1 AND NOT in_base) AS churned, count(*) FILTER (back = 2) AS members_2m,
                count(*) FILTER (back = 2 AND NOT in_base) AS churned_2m,
                sum(annual_revenue) FILTER (back = 1) AS annual_revenue
            FROM together GROUP BY ALL
        )
        SELECT mon AS month, counted.*, share(churned, members) AS churn_rate,
            CASE WHEN early > 0 AND mon >= {first} + 5 THEN share(late - early, early) END AS bill_change_3m,
            {leaves("churned", "members")} OR {leaves("churned_2m", "members_2m")} AS flagged
        FROM counted JOIN billed USING (mon, group_id) WHERE members > 0
    """)


def lay_gaps(con):
    """`usual_gap`: the median months between the charged months up to each month; null for a single one."""
    con.execute("""
        CREATE TABLE usual_gap AS
        SELECT core.customer_id, core.mon, quantile_cont(CAST(gap AS DOUBLE), 0.5) AS median_gap
        FROM core JOIN visit ON visit.customer_id = core.customer_id AND visit.mon <= core.mon
        WHERE core.in_base AND core.idle > 2 GROUP BY ALL
    """)


def lay_signals(con, policy):
    named = ", ".join(f"CASE WHEN {column} THEN '{name}' END" for column, name in SIGNALS.items())
    counted = " + ".join(f"CAST({column} AS INTEGER)" for column in SIGNALS)
    con.execute(f"""
        CREATE TABLE expected_at_risk_customers AS
        WITH asked AS (
            SELECT core.*, mon AS month, last_mon AS last_month, median_gap,
                idle >= {policy["at_risk_after"]} AS is_idle, (customer_id, mon) IN (
                    SELECT (customer_id, mon) FROM decline) AS is_declining,
                EXISTS (SELECT 1 FROM call WHERE call.customer_id = core.customer_id AND complains AND resolved = false
                    AND core.mon - call.mon BETWEEN 0 AND 2) AS has_unresolved_complaint,
                coalesce((SELECT flagged FROM expected_group_churn AS left_by
                    WHERE left_by.group_id = core.group_id AND left_by.month = core.mon), false) AS group_leaving
            FROM core LEFT JOIN usual_gap USING (customer_id, mon) WHERE in_base
        ),
        told AS (SELECT *, coalesce(idle > 2 * median_gap, false) AS is_overdue FROM asked),
        counted AS (SELECT *, concat_ws(', ', {named}) AS signals, {counted} AS signal_count FROM told)
        SELECT *, row_number() OVER (
            PARTITION BY month ORDER BY annual_revenue DESC, signal_count DESC, customer_id) AS rank
        FROM counted WHERE signal_count > 0
    """)


def lay_ladder(con, first, last):
    """Every stage of every month has a row; whoever was charged up to a month stands on one."""
    con.execute("""
        CREATE TABLE named AS
        SELECT referred_by AS customer_id, month_no(CAST(occurred_at AS TIMESTAMP)) AS mon FROM (
            FROM raw_channel QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY rowid DESC) = 1
        )
        WHERE lower(event) IN ('activate', 'port_in') AND referred_by <> customer_id
            AND customer_id NOT IN (SELECT name FROM house_accounts)
    """)
    con.execute("""
        CREATE TABLE rung AS
        WITH asked AS (
            SELECT core.*, coalesce((SELECT arg_max(recommend, (called_at, call_id)) FROM call
                    WHERE call.customer_id = core.customer_id AND recommend IS NOT NULL
                        AND core.mon - call.mon BETWEEN 0 AND 11), 0) >= 9
                OR EXISTS (SELECT 1 FROM named WHERE named.customer_id = core.customer_id
                    AND core.mon - named.mon BETWEEN 0 AND 11) AS advocates,
                (SELECT count(*) FROM core AS past WHERE past.customer_id = core.customer_id AND past.charged
                    AND past.mon <= core.mon) AS charges,
                (SELECT count(DISTINCT product) FROM line JOIN bill_month USING (customer_id, mon)
                    WHERE line.customer_id = core.customer_id AND line.mon <= core.mon AND is_business AND cents > 0
                        AND bill_month.charged) AS products
            FROM core
        )
        SELECT mon, revenue, CASE WHEN NOT in_base THEN 'lost' WHEN status = 'at_risk' THEN 'at_risk'
            WHEN advocates THEN 'advocate' WHEN charges >= 12 THEN 'long_term'
            WHEN charges >= 2 OR products >= 2 THEN 'repeat' ELSE 'first_time' END AS stage
        FROM asked
    """)
    stages = ", ".join(f"({place}, '{stage}')" for place, stage in enumerate(STAGES, 1))
    con.execute(f"""
        CREATE TABLE expected_loyalty_ladder AS
        SELECT months.mon AS month, stages.place, stages.stage, count(rung.mon) AS customers,
            coalesce(sum(revenue), 0) AS revenue
        FROM range({first}, {last} + 1) AS months(mon) CROSS JOIN (VALUES {stages}) AS stages(place, stage)
        LEFT JOIN rung ON rung.mon = months.mon AND rung.stage = stages.stage GROUP BY ALL
    """)
