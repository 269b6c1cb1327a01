-- What both ways of closing end with: the rows of customer_month and the counts and sums of movement, from
-- step, which holds a month's customers or, closed in one pass, those of every month.

CREATE OR REPLACE VIEW customer_month AS
SELECT customer_id, month_date(mon) AS month, status, churn_kind, reason, month_date(first_mon) AS first_month,
    month_date(since_mon) AS since_month, month_date(start_mon) AS start_month, month_date(last_mon) AS last_month,
    idle, v0 AS revenue, annual_revenue, monthly_value, tier, tenure_band, region, product, segment, channel,
    group_id, month_date(paid_mon) AS paid_month, month_date(seen_mon) AS seen_month, carried, terminated,
    month_date(left_mon) AS left_month, left_reason, left_by_port_out, event_product, billed_product, entry_channel
FROM step WHERE first_mon IS NOT NULL AND (in_base OR was_in OR line_now OR moved_now);

-- First who went from which attributes to which, then each of those few rows in every dimension. What looks
-- back takes the attributes and values of the month before.
CREATE OR REPLACE VIEW movement AS
WITH change AS MATERIALIZED (
    SELECT mon, status, churn_kind, in_base, was_in, region, product, segment, channel, tier, tenure_band,
        region_was, product_was, segment_was, channel_was, tier_was, tenure_band_was,
        count(*) AS customers, count(*) FILTER (charged_now) AS charged, sum(v0) AS revenue,
        sum(annual_was) FILTER (status = 'churned') AS lost_revenue,
        sum(profit_of(annual_was, tier_was)) FILTER (status = 'churned') AS lost_profit
    FROM step WHERE first_mon IS NOT NULL GROUP BY ALL
),
back AS (
    SELECT unnest([
            {'dimension': 'total', 'segment': CAST('all' AS word), 'moved': false},
            {'dimension': 'region', 'segment': region_was, 'moved': region <> region_was},
            {'dimension': 'product', 'segment': product_was, 'moved': product <> product_was},
            {'dimension': 'segment', 'segment': segment_was, 'moved': segment <> segment_was},
            {'dimension': 'channel', 'segment': channel_was, 'moved': channel <> channel_was},
            {'dimension': 'tier', 'segment': tier_was, 'moved': tier <> tier_was},
            {'dimension': 'tenure_band', 'segment': tenure_band_was, 'moved': tenure_band <> tenure_band_was}
        ], recursive := true), *
    EXCLUDE (region, product, segment, channel, tier, tenure_band, region_was, product_was, segment_was,
        channel_was, tier_was, tenure_band_was)
    FROM change WHERE was_in
),
ahead AS (
    SELECT unnest([
            {'dimension': 'total', 'segment': CAST('all' AS word), 'moved': false},
            {'dimension': 'region', 'segment': region, 'moved': region <> region_was},
            {'dimension': 'product', 'segment': product, 'moved': product <> product_was},
            {'dimension': 'segment', 'segment': segment, 'moved': segment <> segment_was},
            {'dimension': 'channel', 'segment': channel, 'moved': channel <> channel_was},
            {'dimension': 'tier', 'segment': tier, 'moved': tier <> tier_was},
            {'dimension': 'tenure_band', 'segment': tenure_band, 'moved': tenure_band <> tenure_band_was}
        ], recursive := true), *
    EXCLUDE (region, product, segment, channel, tier, tenure_band, region_was, product_was, segment_was,
        channel_was, tier_was, tenure_band_was)
    FROM change
),
counted AS (
    SELECT mon, dimension, segment, sum(customers) AS opening,
        sum(customers) FILTER (status = 'churned') AS churned,
        sum(customers) FILTER (churn_kind IN ('switched', 'left')) AS voluntary_churned,
        sum(customers) FILTER (in_base AND moved) AS moved_out,
        sum(lost_revenue) AS lost_annual_revenue, sum(lost_profit) AS lost_annual_profit,
        sum(customers) FILTER (churn_kind NOT IN ('passive', 'unavoidable')) AS avoidable_lost_customers,
        sum(lost_revenue) FILTER (churn_kind NOT IN ('passive', 'unavoidable')) AS avoidable_lost_annual_revenue,
        sum(lost_profit) FILTER (churn_kind NOT IN ('passive', 'unavoidable')) AS avoidable_lost_annual_profit
    FROM back GROUP BY ALL
    UNION ALL BY NAME
    SELECT mon, dimension, segment, sum(customers) FILTER (in_base AND was_in AND moved) AS moved_in,
        sum(customers) FILTER (status = 'new') AS new, sum(customers) FILTER (status = 'returned') AS returned,
        sum(customers) FILTER (status = 'carried') AS carried,
        sum(customers) FILTER (status = 'joined_and_left') AS joined_and_left,
        sum(customers) FILTER (in_base) AS closing, sum(charged) AS charged_customers, sum(revenue) AS revenue
    FROM ahead GROUP BY ALL
    UNION ALL BY NAME
    SELECT DISTINCT mon, 'total' AS dimension, CAST('all' AS word) AS segment FROM step
),
added AS (
    SELECT month_date(mon) AS month, dimension, segment,
        ${measures}
    FROM counted GROUP BY ALL
)
SELECT * FROM added WHERE dimension = 'total' OR ${anything} ORDER BY month, dimension, CAST(segment AS VARCHAR);
