-- The policy with its defaults, and the small arithmetic. Macros are inlined, so constants fold away.
-- Run once, before the first of the months that are to be closed.
CREATE MACRO is_house(customer_id) AS false;
CREATE MACRO is_business(charge_type) AS true;
CREATE MACRO at_risk_after() AS 1;
CREATE MACRO churned_after() AS 3;
CREATE MACRO relift_after() AS 3;
CREATE MACRO new_for() AS 3;
CREATE MACRO is_passive(reason) AS coalesce(reason IN ('arrears', 'fraud', 'underuse'), false);
CREATE MACRO is_switch(reason) AS coalesce(reason IN ('competitor'), false);
CREATE MACRO is_unavoidable(reason) AS coalesce(reason IN (
    'relocation', 'death', 'bankruptcy', 'changed_business', 'outlet_moved', 'life_change'), false);
CREATE MACRO tier_of(monthly_value) AS CASE
    WHEN monthly_value >= 1000 THEN 'diamond' WHEN monthly_value >= 500 THEN 'gold'
    WHEN monthly_value >= 300 THEN 'silver' ELSE 'ordinary' END;
CREATE MACRO profit_of(annual_revenue, tier) AS round(annual_revenue * CAST(0.10 AS DECIMAL(4, 2)), 2);

CREATE MACRO month_no(day) AS CAST(year(day) * 12 + month(day) - 1 AS INTEGER);
CREATE MACRO month_date(number) AS make_date(number // 12, number % 12 + 1, 1);
CREATE MACRO span_of(months, paid_mon, start_mon, last_mon) AS greatest(
    least(months, greatest(paid_mon - start_mon + 1, at_risk_after())), paid_mon - last_mon + 1);
-- total × factor / span in whole cents, half away from zero.
CREATE MACRO cents_of(total, factor, span) AS
    sign(total) * ((2 * abs(CAST(total * 100 AS BIGINT)) * factor + span) // (2 * span));
CREATE MACRO money(cents) AS CAST(CAST(cents AS DECIMAL(18, 0)) * CAST(0.01 AS DECIMAL(2, 2)) AS DECIMAL(18, 2));

-- What the attributes can say, read once from the months that are to be closed: they group and compare by
-- small numbers, not by text.
CREATE TYPE word AS ENUM (
    SELECT DISTINCT word FROM (
        SELECT unnest([region, segment, product, channel_type]) AS word
        FROM (SELECT DISTINCT region, segment, product, channel_type
              FROM read_parquet('${lake}/channel/month=*/*.parquet', hive_partitioning = true, hive_types = {'month': DATE})
              WHERE month BETWEEN DATE '${first}' AND DATE '${last}')
        UNION ALL
        (SELECT DISTINCT product
         FROM read_parquet('${lake}/billing/month=*/*.parquet', hive_partitioning = true, hive_types = {'month': DATE})
         WHERE month BETWEEN DATE '${first}' AND DATE '${last}')
        UNION ALL
        ${known_words}
        UNION ALL
        SELECT unnest(['unknown', 'all', 'new', 'diamond', 'gold', 'silver', 'ordinary',
                       '0-2', '3-5', '6-11', '12-23', '24+'])
    ) WHERE word IS NOT NULL ORDER BY word
);

-- A row per customer in the base or seen this month: what the next month must know, and what it was.
-- v0 … v10: the revenue of this month and the ten before, within the present stay.
CREATE TABLE step (
    customer_id VARCHAR, mon INTEGER, in_base BOOLEAN, first_mon INTEGER, since_mon INTEGER, start_mon INTEGER,
    last_mon INTEGER, paid_mon INTEGER, seen_mon INTEGER, annual_revenue DECIMAL(18, 2),
    monthly_value DECIMAL(18, 2), carried BOOLEAN, terminated BOOLEAN, left_mon INTEGER, left_reason VARCHAR,
    left_by_port_out BOOLEAN, relifting INTEGER, event_product word, billed_product word, entry_channel word,
    region word, segment word, group_id VARCHAR, product word, channel word, tier word, tenure_band word,
    v0 DECIMAL(18, 2), v1 DECIMAL(18, 2), v2 DECIMAL(18, 2), v3 DECIMAL(18, 2), v4 DECIMAL(18, 2),
    v5 DECIMAL(18, 2), v6 DECIMAL(18, 2), v7 DECIMAL(18, 2), v8 DECIMAL(18, 2), v9 DECIMAL(18, 2),
    v10 DECIMAL(18, 2)
);
-- The latest row of each customer outside the base.
CREATE TABLE dormant AS SELECT * EXCLUDE (product, channel, tier, tenure_band, v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10)
FROM step;
