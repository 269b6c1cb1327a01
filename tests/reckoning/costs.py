"""The views of «What it costs»: tables `expected_VIEW`, over `core`, `pair` and `movement` of the reckoning.

Written from the definitions alone. Money is whole cents; what is a product of rates is reckoned in
fractions and rounded once, so that no half is decided by a float.
"""

from collections import defaultdict
from fractions import Fraction

from extracts import literal
from policy import fill, ratio
from times import places

PLACE = {"month": "month", "dimension": "text", "segment": "text"}
PARTS = ("new", "returned", "expansion", "contraction", "paused", "resumed", "churned", "other")
TOPS = (1, 5, 10, 20, 50)


def described_costs():
    bridge = {
        **PLACE, "opening_revenue": "money", **{part: "money" for part in PARTS}, "closing_revenue": "money",
        "gross_retention": "float", "net_retention": "float",
    }
    contribution = {
        **PLACE, "customers": "int", "revenue": "money", "annual_profit": "money", "customer_share": "float",
        "revenue_share": "float", "profit_share": "float", "arpu_index": "float", "profit_per_customer": "money4",
        "opening_profit": "money", "churn_up_5_loss": "money", "churn_up_5_of_profit": "float",
        "churn_up_5_of_loss": "float",
    }
    lifetime = {
        **PLACE, "months": "int", "churn_rate_12m": "float", "annual_churn": "float", "lifetime_months": "float",
        "arpu": "money4", "margin": "part", "ltv": "money4", "uplift_5_points": "float", "uplift_one_twentieth": "float",
    }
    migration = {
        "month": "month", "from_tier": "text", "to_tier": "text", "direction": "text", "customers": "int",
        "share": "float", "annual_revenue": "money", "annual_revenue_now": "money",
    }
    declining = {**PLACE, "customers": "int", "annual_revenue_before": "money", "annual_revenue_now": "money"}
    top = {
        "month": "month", "top_share": "float", "customers": "int", "revenue": "money", "revenue_share": "float",
        "gini": "float", "base_customers": "int", "annual_revenue": "money", "annual_revenue_share": "float",
        "annual_revenue_gini": "float",
    }
    free = {
        "month": "month", "house_account": "bool", "charge_type": "text", "lines": "int", "customers": "int",
        "amount": "money",
    }
    worth = {"month": "month", "tier": "text", "other": "text", "worth": "float"}
    grain = tuple(PLACE)
    return {
        "revenue_bridge": (grain, bridge, tuple(bridge)),
        "segment_contribution": (grain, contribution, tuple(contribution)),
        "tier_equivalence": (("month", "tier", "other"), worth, tuple(worth)),
        "retention_value": (grain, lifetime, tuple(lifetime)),
        "tier_migration": (("month", "from_tier", "to_tier"), migration, tuple(migration)),
        "declining_value": (grain, declining, tuple(declining)),
        "revenue_concentration": (("month", "top_share"), top, tuple(top)),
        "free_work": (("month", "house_account", "charge_type"), free, tuple(free)),
    }


def reckon_costs(con, policy, first, last, dimensions):
    lay_changes(con)
    lay_bridge(con, dimensions)
    lay_worth(con, dimensions)
    lay_contribution(con)
    lay_equivalence(con)
    lay_lifetimes(con, policy)
    lay_migration(con)
    lay_declining(con, policy, first, dimensions)
    lay_concentration(con, first, last)
    lay_free_work(con, first, last)


def lay_changes(con):
    """`change`: each customer's revenue beside that of the month before, and the part that it makes."""
    con.execute("""
        CREATE TABLE change AS
        WITH beside AS (
            SELECT *, coalesce(lag(revenue) OVER past, 0) AS was_revenue,
                coalesce(lag(charged) OVER past, false) AS was_charged
            FROM pair WINDOW past AS (PARTITION BY customer_id ORDER BY mon)
        )
        SELECT *, revenue - was_revenue AS changed, CASE
            WHEN status IN ('new', 'returned', 'churned') THEN status
            WHEN NOT in_base OR NOT (charged OR was_charged) THEN 'other'
            WHEN NOT was_charged THEN 'resumed'
            WHEN NOT charged THEN 'paused'
            WHEN revenue > was_revenue THEN 'expansion'
            ELSE 'contraction' END AS part
        FROM beside
    """)


def lay_bridge(con, dimensions):
    """A row where a sum is not 0, that of the base's annual revenue among them; the total always."""
    columns = "was_revenue, revenue, part, changed, in_base, annual_revenue"
    parts = [f"SELECT mon, {literal(name)}, {now}, {columns} FROM change" for name, now, _ in places(dimensions)]
    parts.append("SELECT DISTINCT month, 'total', 'all', 0, 0, 'none', 0, false, 0 FROM movement")
    sums = ", ".join(f"coalesce(sum(changed) FILTER (part = '{part}'), 0) AS {part}" for part in PARTS)
    con.execute(f"""
        CREATE TABLE expected_revenue_bridge AS
        WITH placed (month, dimension, segment, before, after, part, changed, is_in, annual) AS (
            {" UNION ALL ".join(parts)}
        ),
        added AS (
            SELECT month, dimension, segment, sum(before) AS opening_revenue, {sums}, sum(after) AS closing_revenue
            FROM placed GROUP BY ALL
            HAVING dimension = 'total' OR bool_or(before <> 0 OR after <> 0 OR (is_in AND annual <> 0))
        )
        SELECT *, share(opening_revenue + contraction + paused + churned, opening_revenue) AS gross_retention,
            share(opening_revenue + contraction + paused + churned + expansion + resumed, opening_revenue)
                AS net_retention
        FROM added
    """)


def lay_worth(con, dimensions):
    """`worth`: what the base of a place is worth, by tier; `stake`: the profit of the opening base."""
    parts = [f"SELECT mon, {literal(name)}, {now}, tier, annual_revenue FROM core WHERE in_base"
             for name, now, _ in places(dimensions)]
    con.execute(f"""
        CREATE TABLE worth AS
        WITH placed (month, dimension, segment, tier, annual_revenue) AS ({" UNION ALL ".join(parts)})
        SELECT month, dimension, segment, tier, count(*) AS customers, sum(annual_revenue) AS annual_revenue,
            sum(rounded_ratio(annual_revenue * num, den)) AS annual_profit
        FROM placed JOIN margin USING (tier) GROUP BY ALL
    """)
    parts = [f"SELECT mon, {literal(name)}, {was}, lost_profit FROM pair WHERE was_in"
             for name, _, was in places(dimensions)]
    con.execute(f"""
        CREATE TABLE stake AS
        WITH placed (month, dimension, segment, profit) AS ({" UNION ALL ".join(parts)})
        SELECT month, dimension, segment, sum(profit) AS opening_profit FROM placed GROUP BY ALL
    """)


def lay_contribution(con):
    """Five points of churn are a twentieth of the opening base; `each` is revenue per customer, unrounded."""
    con.execute("""
        CREATE TABLE expected_segment_contribution AS
        WITH profit AS (
            SELECT month, dimension, segment, sum(annual_profit) AS annual_profit FROM worth GROUP BY ALL
        ),
        cell AS (
            SELECT movement.*, share(revenue, closing + CASE WHEN opening = 0 THEN closing ELSE opening END) AS each,
                coalesce(annual_profit, 0) AS annual_profit, coalesce(opening_profit, 0) AS opening_profit
            FROM movement LEFT JOIN profit USING (month, dimension, segment)
            LEFT JOIN stake USING (month, dimension, segment)
        )
        SELECT cell.month, cell.dimension, cell.segment, cell.closing AS customers, cell.revenue, cell.annual_profit,
            share(cell.closing, whole.closing) AS customer_share, share(cell.revenue, whole.revenue) AS revenue_share,
            share(cell.annual_profit, whole.annual_profit) AS profit_share, share(cell.each, whole.each) AS arpu_index,
            rounded_ratio(cell.annual_profit * 100, cell.closing) AS profit_per_customer, cell.opening_profit,
            rounded_ratio(cell.opening_profit, 20) AS churn_up_5_loss,
            share(cell.opening_profit, 20 * whole.opening_profit) AS churn_up_5_of_profit,
            share(cell.opening_profit, 20 * whole.lost_annual_profit) AS churn_up_5_of_loss
        FROM cell JOIN cell AS whole ON whole.month = cell.month AND whole.dimension = 'total'
    """)


def lay_equivalence(con):
    con.execute("""
        CREATE TABLE expected_tier_equivalence AS
        WITH tiers AS (
            SELECT month, segment AS tier, share(annual_profit, customers) AS each
            FROM expected_segment_contribution WHERE dimension = 'tier'
        )
        SELECT tiers.month, tiers.tier, other.tier AS other, share(tiers.each, other.each) AS worth
        FROM tiers JOIN tiers AS other ON other.month = tiers.month
    """)


def lay_lifetimes(con, policy):
    """In fractions: rates of twelve closes, the margin of the tiers in the base, and their product."""
    rates, margins = monthly_rates(con), mean_margins(con)
    rows = []
    for month, dimension, segment, arpu in con.execute(
        "SELECT month, dimension, segment, arpu FROM expected_arpu_by_segment"
    ).fetchall():
        place = (dimension, segment)
        known = [rates[place][mon] for mon in range(month - 11, month + 1) if mon in rates[place]]
        rows.append((month, *place, *lifetime(known, arpu, margins.get((month, *place)))))
    fill(con, "expected_retention_value", """month BIGINT, dimension VARCHAR, segment VARCHAR, months BIGINT,
        churn_rate_12m DOUBLE, annual_churn DOUBLE, lifetime_months DOUBLE, arpu HUGEINT, margin DOUBLE, ltv HUGEINT,
        uplift_5_points DOUBLE, uplift_one_twentieth DOUBLE""", rows)


def monthly_rates(con):
    rates = defaultdict(dict)
    for month, dimension, segment, churned, opening in con.execute(
        "SELECT month, dimension, segment, churned, opening FROM movement WHERE opening <> 0"
    ).fetchall():
        rates[dimension, segment][month] = Fraction(churned, opening)
    return rates


def mean_margins(con):
    """Each place's profit per unit of annual revenue, unrounded; none where there is no revenue."""
    revenue, profit = defaultdict(int), defaultdict(Fraction)
    for *place, annual, num, den in con.execute(
        "SELECT month, dimension, segment, annual_revenue, num, den FROM worth JOIN margin USING (tier)"
    ).fetchall():
        revenue[*place] += int(annual)
        profit[*place] += Fraction(int(annual) * int(num), int(den))
    return {place: profit[place] / whole for place, whole in revenue.items() if whole}


def lifetime(known, arpu, margin):
    """The columns from `months` on, out of the known monthly rates."""
    mean = sum(known) / len(known) if known else None
    annual = None if mean is None else 1 - (1 - mean) ** 12
    months = 1 / mean if mean else None
    value = None if None in (months, arpu, margin) else half_away(arpu * margin * months)
    five = annual / (annual - Fraction(1, 20)) - 1 if annual and annual > Fraction(1, 20) else None
    twentieth = annual / (annual - annual / 20) - 1 if annual else None
    rates = map(inexact, (mean, annual, months))
    return len(known), *rates, arpu, inexact(margin), value, inexact(five), inexact(twentieth)


def inexact(fraction):
    return None if fraction is None else float(fraction)


def half_away(fraction):
    """The nearest whole number, a half away from zero."""
    whole = (2 * abs(fraction.numerator) + fraction.denominator) // (2 * fraction.denominator)
    return whole if fraction >= 0 else -whole


def lay_migration(con):
    con.execute("""
        CREATE TABLE expected_tier_migration AS
        WITH way AS (
            SELECT mon AS month, was_tier AS from_tier, CASE WHEN in_base THEN tier ELSE 'churned' END AS to_tier,
                lost_revenue AS before, annual_revenue AS now FROM pair WHERE was_in
        ),
        listed AS (
            SELECT DISTINCT month, from_tier, to_tier FROM way UNION SELECT DISTINCT month, from_tier, 'churned' FROM way
        ),
        counted AS (
            SELECT month, from_tier, to_tier, count(way.before) AS customers, coalesce(sum(before), 0) AS annual_revenue,
                coalesce(sum(now), 0) AS annual_revenue_now
            FROM listed LEFT JOIN way USING (month, from_tier, to_tier) GROUP BY ALL
        )
        SELECT counted.*, share(customers, sum(customers) OVER (PARTITION BY month, from_tier)) AS share, CASE
            WHEN to_tier = 'churned' THEN 'churned'
            WHEN to_tier = from_tier THEN 'same'
            WHEN from_tier = 'new' THEN 'out_of_new'
            WHEN target.rank < source.rank THEN 'up' ELSE 'down' END AS direction
        FROM counted LEFT JOIN tier_step AS source ON source.tier = from_tier
        LEFT JOIN tier_step AS target ON target.tier = to_tier
    """)


def lay_declining(con, policy, first, dimensions):
    """`decline`: whose monthly value fell so much in three months; by place, where there is a row of `movement`."""
    num, den = ratio(policy["decline"])
    con.execute(f"""
        CREATE TABLE decline AS
        SELECT now.*, before.annual_revenue AS annual_before
        FROM core AS now JOIN core AS before ON before.customer_id = now.customer_id AND before.mon = now.mon - 3
        WHERE now.in_base AND before.in_base AND before.monthly_value > 0
            AND now.monthly_value * {den} <= before.monthly_value * {den - num}
    """)
    parts = [f"SELECT mon, {literal(name)}, {now}, annual_before, annual_revenue FROM decline"
             for name, now, _ in places(dimensions)]
    con.execute(f"""
        CREATE TABLE expected_declining_value AS
        WITH placed (month, dimension, segment, before, now) AS ({" UNION ALL ".join(parts)}),
        added AS (
            SELECT month, dimension, segment, count(*) AS customers, sum(before) AS before, sum(now) AS now
            FROM placed GROUP BY ALL
        )
        SELECT month, dimension, segment, CASE WHEN month >= {first} + 3 THEN coalesce(customers, 0) END AS customers,
            CASE WHEN month >= {first} + 3 THEN coalesce(before, 0) END AS annual_revenue_before,
            CASE WHEN month >= {first} + 3 THEN coalesce(now, 0) END AS annual_revenue_now
        FROM movement LEFT JOIN added USING (month, dimension, segment)
    """)


def lay_concentration(con, first, last):
    """Each month's customers in Python lists, ordered by what they bring."""
    rows = []
    for mon in range(first, last + 1):
        monthly = amounts(con, f"SELECT revenue FROM core WHERE charged AND mon = {mon}")
        annual = amounts(con, f"SELECT annual_revenue FROM core WHERE in_base AND mon = {mon}")
        rows += [(mon, top / 100, *concentrated(monthly, top), *concentrated(annual, top)) for top in TOPS]
    fill(con, "expected_revenue_concentration", """month BIGINT, top_share DOUBLE, customers BIGINT, revenue HUGEINT,
        revenue_share DOUBLE, gini DOUBLE, base_customers BIGINT, annual_revenue HUGEINT, annual_revenue_share DOUBLE,
        annual_revenue_gini DOUBLE""", rows)


def amounts(con, query):
    return sorted(int(amount) for (amount,) in con.execute(query).fetchall())


def concentrated(ascending, top):
    """How many the top percent are, what they bring, its share, and the Gini coefficient of all."""
    count, whole = len(ascending), sum(ascending)
    chosen = -(-count * top // 100)
    brought = sum(ascending[count - chosen:])
    if not whole:
        return chosen, brought, None, None
    ranked = sum(rank * amount for rank, amount in enumerate(ascending, 1))
    gini = Fraction(2 * ranked, count * whole) - Fraction(count + 1, count)
    return chosen, brought, float(Fraction(brought, whole)), float(gini)


def lay_free_work(con, first, last):
    """From the landed lines themselves: house accounts are in no other table of the reckoning."""
    con.execute(f"""
        CREATE TABLE expected_free_work AS
        WITH landed AS (
            SELECT *, customer_id IN (SELECT name FROM house_accounts) AS house, month_no(CAST(billed_on AS DATE)) AS mon,
                CAST(CAST(amount AS DECIMAL(18, 2)) * 100 AS HUGEINT) AS cents
            FROM raw_billing
            QUALIFY line_id IS NULL OR row_number() OVER (PARTITION BY line_id ORDER BY rowid DESC) = 1
        ),
        counted AS (
            SELECT mon, house, coalesce(charge_type, 'unknown') AS charge_type, count(*) AS lines,
                count(DISTINCT customer_id) FILTER (NOT house) AS customers, sum(cents) AS cents
            FROM landed WHERE house OR cents = 0 OR coalesce(CAST(waived AS BOOLEAN), false) GROUP BY ALL
        )
        SELECT months.mon AS month, house AS house_account, charge_type, coalesce(lines, 0) AS lines, customers,
            cents AS amount
        FROM range({first}, {last} + 1) AS months(mon) LEFT JOIN counted ON counted.mon = months.mon
    """)
