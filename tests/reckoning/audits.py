"""The views of «Where it goes wrong», but the definitions: tables `expected_VIEW`, over `core`, `line` and
`ordered` of the reckoning.

Written from the definitions alone, each activation and each line looked at on its own. The texts of
`what` and `evidence` are put together from the same figures, as the views show them.
"""

from extracts import literal

MARKET = "market.csv"
MONEY = "printf('%.2f', CAST({0} AS DECIMAL(38, 2)) / 100)"
MONTH = "printf('%04d-%02d', {0} // 12, {0} % 12 + 1)"


def described_audits(folder):
    """market_share is there where a market is told of."""
    market = {
        "month": "month", "operator": "text", "customers": "int", "market_size": "int", "share": "float", "growth": "part",
    }
    told = {"market_share": (("month", "operator"), market, tuple(market))}
    return described_failings() | (told if (folder / MARKET).exists() else {})


def described_failings():
    who = {"month": "month", "customer_id": "text"}
    quality = {
        "month": "month", "outlet": "text", "channel_type": "text", "activations": "int", "charged": "int",
        "never_charged": "int", "early_churned": "int", "passive_churned": "int", "joined_and_left": "int",
        "early_churn_rate": "float",
    }
    moved = {
        "month": "month", "from_product": "text", "to_product": "text", "customers": "int", "revenue_change": "money",
    }
    waived = {**who, "what": "text", "lines": "int", "waived_lines": "int", "amount": "money", "evidence": "text"}
    unbilled = {**who, "outlet": "text", "what": "text", "activated_at": "text", "evidence": "text"}
    repeated = {
        **who, "outlet": "text", "what": "text", "activations": "int", "outlets": "int", "first_at": "text",
        "last_at": "text", "evidence": "text",
    }
    after = {
        **who, "what": "text", "left_month": "month", "months_after": "int", "revenue": "money", "reason": "text",
        "evidence": "text",
    }
    negative = {
        **who, "what": "text", "lines": "int", "amount": "money", "credits": "money", "first_month": "month",
        "evidence": "text",
    }
    return {
        "channel_quality": (("month", "outlet", "channel_type"), quality, tuple(quality)),
        "product_migration": (("month", "from_product", "to_product"), moved, tuple(moved)),
        "audit_waived_only": (tuple(who), waived, tuple(waived)),
        "audit_never_billed": (tuple(who), unbilled, tuple(unbilled)),
        "audit_repeated_activation": (tuple(who), repeated, tuple(repeated)),
        "audit_billed_after_termination": (tuple(who), after, tuple(after)),
        "audit_negative_month": (tuple(who), negative, tuple(negative)),
    }


def reckon_audits(con, folder, first, last):
    lay_activations(con)
    lay_quality(con, first, last)
    lay_product_moves(con, first, last)
    lay_waived(con)
    lay_unbilled(con, first, last)
    lay_repeated(con, first)
    lay_billed_after(con)
    lay_negative(con)
    if (folder / MARKET).exists():
        lay_market(con, folder / MARKET)


def lay_activations(con):
    """`activation`: those of all times, whoever came of them."""
    con.execute("""
        CREATE TABLE activation AS
        SELECT customer_id, mon, occurred_at, ordered.event_id, coalesce(sold.channel, 'unknown') AS outlet,
            coalesce(channel_type, 'unknown') AS channel_type
        FROM ordered JOIN (
            SELECT event_id, channel FROM raw_channel
            QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY rowid DESC) = 1
        ) AS sold ON sold.event_id = ordered.event_id
        WHERE event IN ('activate', 'port_in')
    """)


def lay_quality(con, first, last):
    con.execute(f"""
        CREATE TABLE expected_channel_quality AS
        WITH won AS (SELECT DISTINCT customer_id, mon, outlet, channel_type FROM activation WHERE mon >= {first}),
        later AS (
            SELECT won.*, coalesce(bool_or(charged), false) AS charged,
                coalesce(bool_or(core.status = 'churned' AND core.mon <= won.mon + 3), false) AS early,
                coalesce(arg_min(churn_kind, core.mon) FILTER (core.status = 'churned'), '') = 'passive' AS passive,
                coalesce(bool_or(core.status = 'joined_and_left' AND core.mon = won.mon), false) AS brief
            FROM won LEFT JOIN core ON core.customer_id = won.customer_id AND core.mon >= won.mon GROUP BY ALL
        )
        SELECT mon AS month, outlet, channel_type, count(*) AS activations, count(*) FILTER (charged) AS charged,
            count(*) FILTER (NOT charged) AS never_charged,
            CASE WHEN mon + 3 <= {last} THEN count(*) FILTER (early) END AS early_churned,
            count(*) FILTER (passive) AS passive_churned, count(*) FILTER (brief) AS joined_and_left,
            CASE WHEN mon + 3 <= {last} THEN share(count(*) FILTER (early), count(*)) END AS early_churn_rate
        FROM later GROUP BY mon, outlet, channel_type
    """)


def lay_product_moves(con, first, last):
    con.execute(f"""
        CREATE TABLE expected_product_migration AS
        WITH moved AS (
            SELECT mon, was_product AS from_product, product AS to_product, count(*) AS customers,
                sum(changed) AS revenue_change
            FROM change WHERE was_in AND in_base AND was_product <> product GROUP BY ALL
        )
        SELECT months.mon AS month, from_product, to_product, coalesce(customers, 0) AS customers,
            coalesce(revenue_change, 0) AS revenue_change
        FROM range({first}, {last} + 1) AS months(mon) LEFT JOIN moved ON moved.mon = months.mon
    """)


def lay_waived(con):
    con.execute(f"""
        CREATE TABLE expected_audit_waived_only AS
        WITH seen AS (
            SELECT customer_id, mon, count(*) AS lines, count(*) FILTER (waived) AS waived_lines, sum(cents) AS amount
            FROM line GROUP BY ALL HAVING bool_or(waived OR cents = 0)
        )
        SELECT mon AS month, seen.*, 'seen but never charged' AS what,
            'bill lines: ' || lines || ', waived: ' || waived_lines || ', in all: ' || {MONEY.format("amount")} AS evidence
        FROM seen LEFT JOIN first_charge USING (customer_id) WHERE coalesce(first_mon > mon, true)
    """)


def lay_unbilled(con, first, last):
    con.execute(f"""
        CREATE TABLE expected_audit_never_billed AS
        WITH won AS (
            SELECT customer_id, mon, arg_max((occurred_at, outlet), (occurred_at, event_id)) AS latest
            FROM activation WHERE mon BETWEEN {first} AND {last} - 3 GROUP BY ALL
        )
        SELECT mon + 3 AS month, customer_id, latest[2] AS outlet, 'activated and not billed' AS what,
            strftime(latest[1], '%Y-%m-%dT%H:%M:%S') AS activated_at, 'activated on ' || CAST(latest[1] AS DATE) || ' at '
                || latest[2] || ', no bill line by the end of ' || {MONTH.format("(mon + 3)")} AS evidence
        FROM won WHERE NOT EXISTS (
            SELECT 1 FROM line WHERE line.customer_id = won.customer_id AND line.mon BETWEEN won.mon AND won.mon + 3
        )
    """)


def lay_repeated(con, first):
    """For each activation those of the 90 days up to it, itself among them."""
    con.execute(f"""
        CREATE TABLE expected_audit_repeated_activation AS
        WITH behind AS (
            SELECT this.customer_id, this.mon, this.occurred_at, this.event_id, this.outlet, count(*) AS activations,
                count(DISTINCT earlier.outlet) AS outlets, min(earlier.occurred_at) AS first_at,
                max(earlier.occurred_at) AS last_at
            FROM activation AS this JOIN activation AS earlier ON earlier.customer_id = this.customer_id
                AND (earlier.occurred_at, earlier.event_id) <= (this.occurred_at, this.event_id)
                AND this.occurred_at - earlier.occurred_at <= INTERVAL 90 DAY
            WHERE this.mon >= {first} GROUP BY ALL HAVING count(*) >= 3
        )
        SELECT mon AS month, customer_id, outlet, 'activated again and again' AS what, activations, outlets,
            strftime(first_at, '%Y-%m-%dT%H:%M:%S') AS first_at, strftime(last_at, '%Y-%m-%dT%H:%M:%S') AS last_at,
            'activations: ' || activations || ', outlets: ' || outlets || ', from ' || CAST(first_at AS DATE) || ' to '
                || CAST(last_at AS DATE) AS evidence
        FROM behind QUALIFY row_number() OVER (
            PARTITION BY customer_id, mon ORDER BY occurred_at DESC, event_id DESC) = 1
    """)


def lay_billed_after(con):
    con.execute(f"""
        CREATE TABLE expected_audit_billed_after_termination AS
        WITH ended AS (
            SELECT core.customer_id, core.mon, core.revenue, core.reason, max(mark.mon) AS left_mon
            FROM core JOIN mark ON mark.customer_id = core.customer_id AND mark.leaving AND mark.mon <= core.mon
            WHERE terminated AND revenue > 0 GROUP BY ALL
        )
        SELECT mon AS month, customer_id, 'billed after termination' AS what, left_mon AS left_month,
            mon - left_mon AS months_after, revenue, reason, 'terminated in ' || {MONTH.format("left_mon")} || ', billed '
                || {MONEY.format("revenue")} || ' in ' || {MONTH.format("mon")} AS evidence
        FROM ended WHERE left_mon < mon
    """)


def lay_negative(con):
    """Never charged is who was not up to the month; what came later changes no old list."""
    con.execute(f"""
        CREATE TABLE expected_audit_negative_month AS
        WITH billed AS (
            SELECT customer_id, mon, count(*) AS lines, sum(cents) AS amount,
                coalesce(sum(cents) FILTER (cents < 0), 0) AS credits
            FROM line WHERE NOT waived GROUP BY ALL
        )
        SELECT billed.mon AS month, billed.*, first_mon AS first_month, 'a month below 0' AS what, 'bill lines: ' || lines
            || ', in all: ' || {MONEY.format("amount")} || ', credits: ' || {MONEY.format("credits")}
            || CASE WHEN first_mon IS NULL THEN ', never charged' ELSE '' END AS evidence
        FROM billed LEFT JOIN first_charge
            ON first_charge.customer_id = billed.customer_id AND first_charge.first_mon <= billed.mon
        WHERE amount < 0
    """)


def lay_market(con, file):
    con.execute(f"""
        CREATE TABLE expected_market_share AS
        WITH told AS (
            SELECT month_no(CAST(month AS DATE)) AS mon, operator, CAST(customers AS BIGINT) AS customers
            FROM read_csv({literal(str(file))}, header = true, all_varchar = true)
        )
        SELECT told.mon AS month, told.operator, told.customers, size AS market_size, share(told.customers, size) AS share,
            share(told.customers, before.customers) - 1 AS growth
        FROM told JOIN (SELECT mon, sum(customers) AS size FROM told GROUP BY mon) USING (mon)
        LEFT JOIN told AS before ON before.operator = told.operator AND before.mon = told.mon - 1
    """)
