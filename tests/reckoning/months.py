"""Every customer in every month from its first charge on: the table `core`.

Second step of the reckoning, after extracts.py. Facts that need no memory come first, for all
months at once; then `state` goes month by month, since the base of a month needs the one before;
then values and attributes. Months are whole numbers (12 × year + month − 1), money is whole cents.
"""

from extracts import quoted

ENTERING = "('activate', 'resume', 'port_in')"
LEAVING = "('terminate', 'port_out')"


def reckon_months(con, policy, first, last, dimensions):
    """Leave `core`, and in it who is in the base, why not, and what each is worth."""
    lay_lines(con, first, last)
    lay_events(con)
    lay_grid(con, policy, last)
    lay_facts(con)
    walk_months(con, policy, first, last)
    lay_values(con, policy)
    lay_terminations(con)
    lay_core(con, policy, lay_attributes(con, dimensions))


def lay_lines(con, first, last):
    """`line`: bills in the history; `bill_month`: their sums; `first_charge`: who is a customer."""
    con.execute(f"""
        CREATE TABLE line AS
        SELECT *, NOT waived AND coalesce(charge_type NOT IN (SELECT name FROM not_business), true) AS is_business
        FROM bill WHERE mon BETWEEN {first} AND {last}
    """)
    con.execute("""
        CREATE TABLE bill_month AS
        SELECT customer_id, mon, coalesce(sum(cents) FILTER (is_business), 0) > 0 AS charged,
            coalesce(sum(cents) FILTER (NOT waived), 0) AS billed, max(paid_mon) AS paid_mon
        FROM line GROUP BY ALL
    """)
    con.execute("""
        CREATE TABLE first_charge AS
        SELECT customer_id, min(mon) AS first_mon FROM bill_month WHERE charged GROUP BY ALL
    """)


def lay_events(con):
    """`ordered`: events with their place; `mark`: entering and leaving ones that count."""
    con.execute(f"""
        CREATE TABLE ordered AS
        SELECT *, event IN {ENTERING} AS entering, event IN {LEAVING} AS leaving,
            row_number() OVER (
                PARTITION BY customer_id
                ORDER BY occurred_at, CASE WHEN event IN {LEAVING} THEN 0 ELSE 1 END, event_id
            ) AS seq
        FROM event
    """)
    con.execute("""
        CREATE TABLE product_end AS
        WITH ends AS (
            SELECT customer_id, mon, bool_and(product IS NOT NULL) AS all_named, list(product) AS named
            FROM ordered WHERE leaving GROUP BY ALL
        )
        SELECT customer_id, mon FROM ends
        WHERE all_named AND EXISTS (
            SELECT 1 FROM line
            WHERE line.customer_id = ends.customer_id AND line.mon = ends.mon AND NOT line.waived
                AND line.cents > 0 AND line.product IS NOT NULL AND NOT list_contains(ends.named, line.product)
        )
    """)
    con.execute("""
        CREATE TABLE mark AS
        SELECT customer_id, mon, seq, entering, leaving, event, reason FROM ordered
        WHERE entering OR (leaving AND (customer_id, mon) NOT IN (SELECT (customer_id, mon) FROM product_end))
    """)


def lay_grid(con, policy, last):
    """`grid`: each customer's months from its first bill on, with what the bills up to then say."""
    con.execute(f"""
        CREATE TABLE grid AS
        WITH span AS (
            SELECT customer_id, min(first_mon) AS first_mon, min(mon) AS from_mon
            FROM first_charge JOIN bill_month USING (customer_id) GROUP BY ALL
        ),
        cell AS (SELECT customer_id, first_mon, from_mon, unnest(range(from_mon, {last} + 1)) AS mon FROM span),
        billed AS (
            SELECT cell.*, bill_month.mon IS NOT NULL AS has_line, coalesce(charged, false) AS charged,
                CASE WHEN mon >= first_mon THEN coalesce(billed, 0) ELSE 0 END AS revenue, paid_mon
            FROM cell LEFT JOIN bill_month USING (customer_id, mon)
        ),
        looked_back AS (
            SELECT * EXCLUDE (paid_mon), max(mon) FILTER (charged) OVER past AS last_mon,
                max(paid_mon) OVER past AS named_mon,
                mon - coalesce(max(mon) FILTER (NOT charged) OVER past, from_mon - 1) AS charged_in_a_row,
                max(mon) FILTER (has_line) OVER past AS last_line_mon
            FROM billed
            WINDOW past AS (PARTITION BY customer_id ORDER BY mon)
        )
        SELECT *, greatest(last_mon, coalesce(named_mon, last_mon)) AS paid_mon,
            max(mon) FILTER (charged_in_a_row >= {policy["relift_after"]}) OVER (
                PARTITION BY customer_id ORDER BY mon
            ) - {policy["relift_after"]} AS lifts_ends_before
        FROM looked_back
    """)


def lay_facts(con):
    """`fact`: the grid from the first charge on, with what the events up to then say.

    Charged `relift_after` months in a row, all after the end: the newest such run is the one
    that can lie furthest behind it, so it alone decides.
    """
    con.execute("""
        CREATE TABLE fact AS
        WITH mark_month AS (
            SELECT customer_id, mon, arg_max(leaving, seq) AS leaving, bool_or(entering) AS entered
            FROM mark GROUP BY ALL
        ),
        seen_month AS (
            SELECT customer_id, mon, bool_or(entering OR leaving) AS moved,
                bool_or(event IN ('activate', 'port_in')) AS opened
            FROM ordered GROUP BY ALL
        )
        SELECT grid.*, greatest(0, grid.mon - paid_mon) AS idle,
            coalesce(final.leaving, false) AND NOT coalesce(lifts_ends_before >= final.mon, false) AS terminated,
            coalesce(this.entered, false) AS entered, coalesce(seen.opened, false) AS opened,
            coalesce(seen.moved, false) AS moved,
            greatest(coalesce(last_line_mon, 0), coalesce(latest.mon, 0)) AS last_seen_mon
        FROM grid
        ASOF LEFT JOIN mark_month AS final ON grid.customer_id = final.customer_id AND grid.mon >= final.mon
        ASOF LEFT JOIN seen_month AS latest ON grid.customer_id = latest.customer_id AND grid.mon >= latest.mon
        LEFT JOIN mark_month AS this ON grid.customer_id = this.customer_id AND grid.mon = this.mon
        LEFT JOIN seen_month AS seen ON grid.customer_id = seen.customer_id AND grid.mon = seen.mon
        WHERE grid.mon >= first_mon
    """)


def walk_months(con, policy, first, last):
    """`state`: in the base or not, the status and the start of the stay, a month after another."""
    con.execute("""
        CREATE TABLE state (customer_id VARCHAR, mon BIGINT, was_in BOOLEAN, in_base BOOLEAN, status VARCHAR,
            start_mon BIGINT)
    """)
    for mon in range(first, last + 1):
        con.execute(f"""
            INSERT INTO state
            WITH base AS (
                SELECT fact.*, coalesce(before.in_base, false) AS was_in, before.start_mon AS start_before,
                    NOT terminated AND (
                        charged OR (coalesce(before.in_base, false) AND idle < {policy["churned_after"]})
                    ) AS in_base
                FROM fact
                LEFT JOIN state AS before ON before.customer_id = fact.customer_id AND before.mon = {mon} - 1
                WHERE fact.mon = {mon}
            ),
            named AS (
                SELECT *, CASE
                    WHEN in_base AND mon = {first} AND mon = first_mon AND NOT opened THEN 'carried'
                    WHEN in_base AND mon = first_mon THEN 'new'
                    WHEN in_base AND NOT was_in THEN 'returned'
                    WHEN in_base AND idle >= {policy["at_risk_after"]} THEN 'at_risk'
                    WHEN in_base THEN 'active'
                    WHEN was_in THEN 'churned'
                    WHEN mon = first_mon OR (charged AND entered) THEN 'joined_and_left'
                    ELSE 'lost' END AS status
                FROM base
            )
            SELECT customer_id, mon, was_in, in_base, status,
                CASE WHEN status IN ('carried', 'new', 'returned') THEN mon ELSE start_before END
            FROM named
        """)


def lay_values(con, policy):
    """`renewed`: annual and monthly value, in the months in which they are renewed."""
    def span(window):
        idle_before = f"greatest(paid_mon - start_mon + 1, {policy['at_risk_after']})"
        return f"greatest(least({window}, {idle_before}), paid_mon - last_mon + 1)"
    annual, monthly = policy["value_window"], policy["tier_window"]
    con.execute(f"""
        CREATE TABLE renewed AS
        WITH stay AS (
            SELECT customer_id, mon, start_mon, last_mon, paid_mon
            FROM state JOIN fact USING (customer_id, mon) WHERE in_base AND charged
        ),
        summed AS (
            SELECT stay.*, sum(revenue) FILTER (fact.mon > stay.last_mon - {annual}) AS annual_sum,
                sum(revenue) FILTER (fact.mon > stay.last_mon - {monthly}) AS monthly_sum
            FROM stay JOIN fact ON fact.customer_id = stay.customer_id
                AND fact.mon BETWEEN stay.start_mon AND stay.last_mon
                AND fact.mon > stay.last_mon - {max(annual, monthly)}
            GROUP BY ALL
        )
        SELECT customer_id, mon, rounded_ratio(annual_sum * 12, {span(annual)}) AS annual_revenue,
            rounded_ratio(monthly_sum, {span(monthly)}) AS monthly_value
        FROM summed
    """)


def lay_terminations(con):
    """`ending`: reason and kind of leaving of each month at whose end a customer is terminated."""
    con.execute("""
        CREATE TABLE ending AS
        WITH since AS (
            SELECT fact.customer_id, fact.mon, coalesce(max(mark.seq) FILTER (mark.entering), 0) AS entered_seq
            FROM fact JOIN mark ON mark.customer_id = fact.customer_id AND mark.mon <= fact.mon
            WHERE terminated GROUP BY ALL
        )
        SELECT since.customer_id, since.mon,
            coalesce(arg_min(reason, seq) FILTER (reason IS NOT NULL), 'none') AS reason,
            bool_or(event = 'port_out') AS ported_out
        FROM since JOIN mark ON mark.customer_id = since.customer_id AND mark.leaving
            AND mark.mon <= since.mon AND mark.seq > since.entered_seq
        GROUP BY ALL
    """)


def lay_attributes(con, dimensions):
    """One table `as_of_NAME` (customer_id, mon, value) for each attribute; returns their names."""
    further = {name: quoted("dim_" + name) for name in dimensions}
    for name, column in {"region": "region", "segment": "segment", "group_id": "group_id", **further}.items():
        lay_latest(con, name, f"SELECT customer_id, mon, seq AS place, {column} AS value FROM ordered")
    lay_latest(con, "product", "SELECT customer_id, mon, seq AS place, product AS value FROM ordered WHERE NOT leaving")
    lay_latest(con, "billed_product", """
        SELECT customer_id, mon, (billed_on, product) AS place, product AS value
        FROM line JOIN first_charge USING (customer_id) WHERE mon >= first_mon
    """)
    con.execute("""
        CREATE TABLE as_of_channel AS
        SELECT customer_id, arg_min(mon, seq) AS mon, arg_min(channel_type, seq) AS value
        FROM ordered WHERE event IN ('activate', 'port_in') AND channel_type IS NOT NULL GROUP BY ALL
    """)
    return ["region", "segment", "group_id", *further, "product", "billed_product", "channel"]


def lay_latest(con, name, places):
    """The last value named in each month; ASOF joins carry it on to the months after."""
    con.execute(f"""
        CREATE TABLE {quoted('as_of_' + name)} AS
        SELECT customer_id, mon, arg_max(value, place) AS value FROM ({places})
        WHERE value IS NOT NULL GROUP BY ALL
    """)


def lay_core(con, policy, attributes):
    """`core`: facts, state, values and attributes side by side."""
    con.execute("""
        CREATE TABLE since AS
        SELECT customer_id, least(any_value(first_mon), coalesce(min(mark.mon), any_value(first_mon))) AS since_mon
        FROM first_charge LEFT JOIN (SELECT * FROM mark WHERE entering) AS mark USING (customer_id) GROUP BY ALL
    """)
    rest = [name for name in attributes if name not in ("product", "billed_product", "group_id")]
    values = ", ".join(f"coalesce({quoted('a_' + n)}.value, 'unknown') AS {quoted(n)}" for n in rest)
    joins = "\n".join(
        f"ASOF LEFT JOIN {quoted('as_of_' + n)} AS {quoted('a_' + n)} "
        f"ON cell.customer_id = {quoted('a_' + n)}.customer_id AND cell.mon >= {quoted('a_' + n)}.mon"
        for n in attributes
    )
    con.execute(f"""
        CREATE TABLE core AS
        WITH cell AS (
            SELECT fact.*, state.* EXCLUDE (customer_id, mon), since_mon,
                coalesce(ending.reason, 'none') AS reason, coalesce(ported_out, false) AS ported_out,
                customer_id IN (SELECT customer_id FROM state WHERE status = 'carried') AS carried
            FROM fact JOIN state USING (customer_id, mon) JOIN since USING (customer_id)
            LEFT JOIN ending USING (customer_id, mon)
        )
        SELECT cell.*, {churn_kind()} AS churn_kind,
            coalesce(renewed.annual_revenue, 0) AS annual_revenue,
            coalesce(renewed.monthly_value, 0) AS monthly_value,
            {tier(policy)} AS tier, {tenure_band()} AS tenure_band,
            coalesce(a_product.value, a_billed_product.value, 'unknown') AS product,
            a_group_id.value AS group_id, {values}
        FROM cell
        ASOF LEFT JOIN renewed ON cell.customer_id = renewed.customer_id AND cell.mon >= renewed.mon
        {joins}
    """)


def churn_kind():
    return """CASE
        WHEN status <> 'churned' THEN NULL
        WHEN terminated AND ported_out THEN 'switched'
        WHEN terminated AND reason IN (SELECT name FROM passive_reasons) THEN 'passive'
        WHEN terminated AND reason IN (SELECT name FROM switch_reasons) THEN 'switched'
        WHEN terminated AND reason IN (SELECT name FROM unavoidable_reasons) THEN 'unavoidable'
        WHEN terminated THEN 'left'
        WHEN last_seen_mon > last_mon THEN 'lapsed_uncharged'
        ELSE 'lapsed' END"""


def tier(policy):
    """The tier; the frozen monthly value gives it, so it stands still and still outgrows `new`."""
    return f"""CASE
        WHEN cell.mon - since_mon < {policy["new_for"]} AND NOT carried THEN 'new'
        ELSE coalesce(
            (SELECT arg_min(tier, rank) FROM tier_step WHERE least_cents <= coalesce(renewed.monthly_value, 0)),
            (SELECT arg_max(tier, rank) FROM tier_step)) END"""


def tenure_band():
    return """CASE
        WHEN carried AND since_mon = first_mon THEN 'unknown'
        WHEN cell.mon - since_mon <= 2 THEN '0-2'
        WHEN cell.mon - since_mon <= 5 THEN '3-5'
        WHEN cell.mon - since_mon <= 11 THEN '6-11'
        WHEN cell.mon - since_mon <= 23 THEN '12-23'
        ELSE '24+' END"""
