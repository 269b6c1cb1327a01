"""The hotline's calls, and the views of «Why they leave»: `call`, then tables `expected_VIEW`.

Written from the definitions alone, over `core`, `pair` and `movement` of the reckoning. Every call is
looked at on its own and compared by dates, where churnhouse groups and shifts months.
"""

from extracts import literal, quoted, read_source

HOTLINE = (
    "call_id", "customer_id", "called_at", "category", "topic", "wait_seconds", "resolved", "satisfaction",
    "recommend_score",
)
MONTH = "make_date(CAST({0} // 12 AS BIGINT), CAST({0} % 12 + 1 AS BIGINT), 1)"


def described_calls():
    contact = {
        "month": "month", "contact": "text", "opening": "int", "churned": "int", "churn_rate": "float",
        "relative_risk": "float",
    }
    survey = {
        "month": "month", "satisfaction": "text", "opening": "int", "churned": "int", "churn_rate": "float",
        "charged_again": "int", "charged_again_rate": "float",
    }
    complaint = {"month": "month", "days_band": "text", "customers": "int", "share": "float"}
    service = {
        "month": "month", "topic": "text", "calls": "int", "customers": "int", "complaints": "int",
        "complaint_rate": "float", "repeat_complaints": "int", "unresolved_rate": "float",
        "wait_seconds_p50": "float", "wait_seconds_p95": "float", "satisfaction": "float",
        "dissatisfied_rate": "float", "would_recommend_rate": "float", "nps": "float",
        "estimated_dissatisfied": "int",
    }
    recommended = {
        "month": "month", "dimension": "text", "segment": "text", "recommenders": "int",
        "charged_customers": "int", "recommendation_rate": "float",
    }
    opening = {
        "month": "month", "contact": "text", "satisfaction": "text", "opening": "int", "churned": "int",
        "charged_again": "int",
    }
    return {
        "churn_after_contact": (("month", "contact"), contact, tuple(contact)),
        "churn_after_survey": (("month", "satisfaction"), survey, tuple(survey)),
        "complaint_to_churn": (("month", "days_band"), complaint, tuple(complaint)),
        "hotline_service": (("month", "topic"), service, tuple(service)),
        "recommendation_rate": (("month", "dimension", "segment"), recommended, tuple(recommended)),
        "opening_contact": (("month", "contact", "satisfaction"), opening, tuple(opening)),
    }


def reckon_calls(con, folder, policy, first, last, dimensions):
    read_calls(con, folder)
    lay_contacts(con, first, last)
    lay_surveys(con, first, last)
    lay_complaints(con, first, last)
    lay_service(con, policy, first, last)
    lay_recommendations(con, dimensions)
    lay_opening_contacts(con)


def read_calls(con, folder):
    import extracts
    extracts.REQUIRED.setdefault("hotline", ("call_id", "customer_id", "called_at"))
    read_source(con, folder, "hotline", HOTLINE)
    con.execute("""
        CREATE TABLE call AS
        SELECT call_id, customer_id, CAST(called_at AS TIMESTAMP) AS called_at,
            month_no(CAST(called_at AS TIMESTAMP)) AS mon, category,
            coalesce(category, '') = 'complaint' AS complains,
            coalesce(topic, 'unknown') AS topic, CAST(wait_seconds AS INTEGER) AS wait,
            CAST(resolved AS BOOLEAN) AS resolved, CAST(satisfaction AS INTEGER) AS score,
            CAST(recommend_score AS INTEGER) AS recommend
        FROM raw_hotline QUALIFY row_number() OVER (PARTITION BY call_id ORDER BY rowid DESC) = 1
    """)


def lay_contacts(con, first, last):
    con.execute(f"""
        CREATE TABLE expected_churn_after_contact AS
        WITH told AS (
            SELECT core.customer_id, core.mon, any_value(in_base) AS kept,
                bool_or(coalesce(complains AND resolved = false, false)) AS angry,
                bool_or(coalesce(complains, false)) AS complained, count(call_id) > 0 AS called
            FROM core LEFT JOIN call ON call.customer_id = core.customer_id
                AND call.mon < core.mon AND call.mon >= core.mon - 3
            WHERE was_in GROUP BY ALL
        ),
        named AS (
            SELECT mon, kept, CASE WHEN angry THEN 'complaint_unresolved' WHEN complained THEN 'complaint_resolved'
                WHEN called THEN 'inquiry' ELSE 'none' END AS contact FROM told
        ),
        cell AS (
            SELECT months.mon AS month, kinds.contact, count(named.mon) AS opening,
                count(*) FILTER (NOT kept) AS churned
            FROM range({first}, {last} + 1) AS months(mon)
            CROSS JOIN (VALUES ('none'), ('inquiry'), ('complaint_resolved'), ('complaint_unresolved')) AS kinds(contact)
            LEFT JOIN named ON named.mon = months.mon AND named.contact = kinds.contact
            GROUP BY ALL
        )
        SELECT cell.*, share(cell.churned, cell.opening) AS churn_rate,
            share(share(cell.churned, cell.opening), share(none.churned, none.opening)) AS relative_risk
        FROM cell JOIN cell AS none ON none.month = cell.month AND none.contact = 'none'
    """)


def lay_surveys(con, first, last):
    con.execute(f"""
        CREATE TABLE expected_churn_after_survey AS
        WITH answered AS (
            SELECT core.customer_id, core.mon, any_value(in_base) AS kept, any_value(charged) AS charged,
                arg_max(score, (called_at, call_id)) AS score
            FROM core LEFT JOIN call ON call.customer_id = core.customer_id AND score IS NOT NULL
                AND core.mon - call.mon BETWEEN 1 AND 12
            WHERE was_in GROUP BY ALL
        ),
        cell AS (
            SELECT months.mon AS month, scale.satisfaction, count(answered.mon) AS opening,
                count(*) FILTER (NOT kept) AS churned, count(*) FILTER (charged) AS charged_again
            FROM range({first}, {last} + 1) AS months(mon)
            CROSS JOIN (VALUES ('1'), ('2'), ('3'), ('4'), ('5'), ('none')) AS scale(satisfaction)
            LEFT JOIN answered ON answered.mon = months.mon
                AND coalesce(CAST(score AS VARCHAR), 'none') = scale.satisfaction
            GROUP BY ALL
        )
        SELECT *, share(churned, opening) AS churn_rate, share(charged_again, opening) AS charged_again_rate FROM cell
    """)


def lay_complaints(con, first, last):
    con.execute(f"""
        CREATE TABLE expected_complaint_to_churn AS
        WITH lost AS (
            SELECT customer_id, mon, last_day({MONTH.format("mon")}) AS ends FROM core WHERE status = 'churned'
        ),
        since AS (
            SELECT lost.customer_id, lost.mon, min(date_diff('day', CAST(called_at AS DATE), ends)) AS days
            FROM lost LEFT JOIN call ON call.customer_id = lost.customer_id AND complains
                AND CAST(called_at AS DATE) <= ends
            GROUP BY ALL
        ),
        cell AS (
            SELECT months.mon AS month, bands.days_band, count(since.mon) AS customers
            FROM range({first}, {last} + 1) AS months(mon)
            CROSS JOIN (VALUES ('0-30', 0, 30), ('31-60', 31, 60), ('61-90', 61, 90), ('over 90', 91, 99999),
                ('none', -1, -1)) AS bands(days_band, least, most)
            LEFT JOIN since ON since.mon = months.mon AND coalesce(days, -1) BETWEEN least AND most
            GROUP BY ALL
        )
        SELECT *, share(customers, sum(customers) OVER (PARTITION BY month)) AS share FROM cell
    """)


def lay_service(con, policy, first, last):
    con.execute(f"""
        CREATE TABLE expected_hotline_service AS
        WITH served AS (
            SELECT * FROM call WHERE customer_id NOT IN (SELECT name FROM house_accounts)
                AND mon BETWEEN {first} AND {last}
        ),
        counted AS (
            SELECT this.mon, this.topic, grouping(this.topic) = 1 AS every, count(*) AS calls,
                count(DISTINCT customer_id) AS customers, count(*) FILTER (complains) AS complaints,
                count(DISTINCT customer_id) FILTER (complains) AS complaining,
                count(*) FILTER (complains AND EXISTS (
                    SELECT 1 FROM call AS before WHERE before.customer_id = this.customer_id AND before.complains
                        AND before.topic = this.topic
                        AND (before.called_at, before.call_id) < (this.called_at, this.call_id)
                        AND date_diff('day', before.called_at::DATE, this.called_at::DATE) <= 90
                )) AS repeat_complaints,
                share(count(*) FILTER (resolved = false), count(resolved)) AS unresolved_rate,
                quantile_cont(CAST(wait AS DOUBLE), 0.5) AS p50, quantile_cont(CAST(wait AS DOUBLE), 0.95) AS p95,
                avg(score) AS satisfaction, share(count(*) FILTER (score <= 2), count(score)) AS dissatisfied_rate,
                share(count(*) FILTER (recommend >= 9), count(recommend)) AS would_recommend_rate,
                share(100 * (count(*) FILTER (recommend >= 9) - count(*) FILTER (recommend <= 6)), count(recommend)) AS nps
            FROM served AS this GROUP BY GROUPING SETS ((this.mon, this.topic), (this.mon))
        ),
        listed AS (
            SELECT mon, topic, every FROM counted WHERE NOT every
            UNION ALL SELECT mon, 'all', true FROM range({first}, {last} + 1) AS months(mon)
        )
        SELECT listed.mon AS month, listed.topic, coalesce(calls, 0) AS calls, coalesce(customers, 0) AS customers,
            coalesce(complaints, 0) AS complaints, share(complaints, calls) AS complaint_rate,
            coalesce(repeat_complaints, 0) AS repeat_complaints, unresolved_rate, round(p50, 2) AS wait_seconds_p50,
            round(p95, 2) AS wait_seconds_p95, satisfaction, dissatisfied_rate, would_recommend_rate, nps,
            CAST(round(coalesce(complaining, 0) / CAST({policy["complaining_share"]} AS DOUBLE)) AS BIGINT) AS estimated_dissatisfied
        FROM listed LEFT JOIN counted ON counted.mon = listed.mon AND counted.every = listed.every
            AND (listed.every OR counted.topic = listed.topic)
    """)


def lay_recommendations(con, dimensions):
    """Rows as `movement` has them, and those that only a recommender makes."""
    con.execute("""
        CREATE TABLE recommender AS
        SELECT core.* FROM core
        WHERE (in_base OR was_in OR has_line OR moved) AND (customer_id, mon) IN (
            SELECT (referred_by, month_no(CAST(occurred_at AS TIMESTAMP))) FROM (
                FROM raw_channel QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY rowid DESC) = 1
            )
            WHERE lower(event) IN ('activate', 'port_in') AND referred_by IS NOT NULL AND referred_by <> customer_id
                AND customer_id NOT IN (SELECT name FROM house_accounts)
        )
    """)
    parts = ["SELECT mon, 'total', 'all' FROM recommender"]
    parts += [f"SELECT mon, {literal(name)}, {quoted(name)} FROM recommender" for name in dimensions]
    con.execute(f"""
        CREATE TABLE expected_recommendation_rate AS
        WITH placed (month, dimension, segment) AS ({" UNION ALL ".join(parts)}),
        counted AS (SELECT month, dimension, segment, count(*) AS found FROM placed GROUP BY ALL)
        SELECT month, dimension, segment, coalesce(found, 0) AS recommenders,
            coalesce(charged_customers, 0) AS charged_customers,
            share(coalesce(found, 0), coalesce(charged_customers, 0)) AS recommendation_rate
        FROM movement FULL JOIN counted USING (month, dimension, segment)
    """)


def lay_opening_contacts(con):
    con.execute("""
        CREATE TABLE expected_opening_contact AS
        WITH heard AS (
            SELECT core.customer_id, core.mon, any_value(in_base) AS kept, any_value(charged) AS charged,
                arg_max(score, (called_at, call_id)) FILTER (score IS NOT NULL) AS satisfaction,
                max(CASE WHEN call.mon < core.mon - 3 OR call_id IS NULL THEN 0 WHEN complains AND resolved = false THEN 3
                    WHEN complains THEN 2 ELSE 1 END) AS gravest
            FROM core LEFT JOIN call ON call.customer_id = core.customer_id AND core.mon - call.mon BETWEEN 1 AND 12
            WHERE was_in GROUP BY ALL
        )
        SELECT mon AS month, ['none', 'inquiry', 'complaint_resolved', 'complaint_unresolved'][gravest + 1] AS contact,
            coalesce(CAST(satisfaction AS VARCHAR), 'none') AS satisfaction, count(*) AS opening, count(*) FILTER (NOT kept) AS churned,
            count(*) FILTER (charged) AS charged_again
        FROM heard GROUP BY ALL
    """)
