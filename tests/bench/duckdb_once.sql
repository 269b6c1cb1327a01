-- Every month in one pass over all history: window functions in place of a state that goes from month to month.
-- What recurs in the definitions is put without recursion, and exactly: somebody is in the base who, since the
-- last charged month and in it, was neither terminated nor idle too long; a termination is lifted from the
-- first month on in which the last relift_after months were all charged, after the leaving event.
-- Left out: relifting and the sums that only the next month's close would want, so nothing can be closed on top.

-- What each customer was billed in each month.
CREATE TABLE charge AS
SELECT customer_id, month_no(month) AS mon,
    CAST(coalesce(sum(amount) FILTER (NOT waived AND is_business(charge_type)), 0) AS DECIMAL(18, 2)) AS business,
    CAST(coalesce(sum(amount) FILTER (NOT waived), 0) AS DECIMAL(18, 2)) AS billed,
    max(month_no(paid_through)) AS paid_mon,
    CAST(substr(max(chr(32 + CAST(day(billed_on) AS INTEGER)) || product), 2) AS word) AS billed_product
FROM read_parquet('${lake}/billing/month=*/*.parquet', hive_partitioning = true, hive_types = {'month': DATE})
WHERE NOT is_house(customer_id)
GROUP BY customer_id, month;

-- What the events of each month say; those before the first month are told in it. At one instant leaving goes
-- first. `stay` counts the entering events so far: what was left since the last one has the same.
CREATE TABLE event AS
WITH kinded AS (
    SELECT * EXCLUDE (month), month_no(month) AS told_mon, greatest(told_mon, ${first}) AS mon,
        event IN ('activate', 'resume', 'port_in') AS entering, event IN ('terminate', 'port_out') AS leaving,
        event IN ('activate', 'port_in') AS opening
    FROM read_parquet('${lake}/channel/month=*/*.parquet', hive_partitioning = true, hive_types = {'month': DATE})
    WHERE NOT is_house(customer_id)
),
ending AS (
    SELECT customer_id, told_mon, list(product) AS products FROM kinded
    WHERE leaving GROUP BY ALL HAVING count(*) = count(product)
),
product_end AS (
    SELECT DISTINCT ending.customer_id, told_mon, true AS ends
    FROM ending JOIN read_parquet('${lake}/billing/month=*/*.parquet', hive_partitioning = true, hive_types = {'month': DATE})
        AS line ON line.customer_id = ending.customer_id AND month_no(line.month) = told_mon
    WHERE NOT line.waived AND line.amount > 0 AND line.product IS NOT NULL
        AND NOT list_contains(ending.products, line.product)
),
ordered AS (
    SELECT kinded.*, leaving AND ends IS NULL AS leaves, row_number() OVER along AS place,
        count(*) FILTER (entering) OVER along AS stay
    FROM kinded LEFT JOIN product_end USING (customer_id, told_mon)
    WINDOW along AS (PARTITION BY kinded.customer_id ORDER BY occurred_at, leaving DESC, event_id)
),
placed AS (
    SELECT *, first_value(CASE WHEN leaves THEN reason END IGNORE NULLS) OVER left_in AS left_reason,
        bool_or(leaves AND event = 'port_out') OVER left_in AS left_by_port_out
    FROM ordered WINDOW left_in AS (PARTITION BY customer_id, stay ORDER BY place)
)
SELECT customer_id, mon, max(told_mon) AS seen_mon, min(told_mon) FILTER (entering) AS entered_mon,
    bool_or(entering AND told_mon = mon) AS entered_now, bool_or(opening AND told_mon = mon) AS opened_now,
    bool_or((entering OR leaving) AND told_mon = mon) AS moved_now,
    arg_max({'gone': leaves, 'reason': left_reason, 'by_port_out': left_by_port_out}, place)
        FILTER (entering OR leaves) AS told,
    max(told_mon) FILTER (leaves) AS left_mon, CAST(arg_min(channel_type, place) FILTER (opening) AS word) AS entry_channel,
    CAST(arg_max(product, place) FILTER (NOT leaving) AS word) AS event_product,
    CAST(arg_max(region, place) AS word) AS region, CAST(arg_max(segment, place) AS word) AS segment,
    arg_max(group_id, place) AS group_id
FROM placed GROUP BY customer_id, mon;

-- A row per customer and month in which something was billed or told, with what is known by then.
CREATE TABLE known AS
WITH met AS (
    SELECT customer_id, mon, charge.customer_id IS NOT NULL AS has_line,
        coalesce(charge.business > 0, false) AS charged, coalesce(charge.billed, 0) AS billed,
        greatest(charge.paid_mon, CASE WHEN charged THEN mon END) AS paid_mon,
        greatest(event.seen_mon, CASE WHEN has_line THEN mon END) AS seen_mon,
        event.* EXCLUDE (customer_id, mon, seen_mon), charge.billed_product
    FROM charge FULL JOIN event USING (customer_id, mon)
),
begun AS (
    SELECT * FROM met
    JOIN (SELECT customer_id, min(mon) AS first_mon FROM charge WHERE business > 0 GROUP BY customer_id) USING (customer_id)
)
SELECT customer_id, mon, first_mon, has_line, charged, billed, coalesce(entered_now, false) AS entered_now,
    coalesce(opened_now, false) AS opened_now, coalesce(moved_now, false) AS moved_now,
    max(mon) FILTER (charged) OVER past AS last_mon, max(paid_mon) OVER past AS paid_mon,
    max(seen_mon) OVER past AS seen_mon, lead(mon, 1, ${last} + 1) OVER past AS next_mon,
    least(first_mon, min(entered_mon) FILTER (mon <= first_mon) OVER past) AS since_mon,
    last_value(told IGNORE NULLS) OVER past AS told, last_value(left_mon IGNORE NULLS) OVER past AS left_mon,
    first_value(entry_channel IGNORE NULLS) OVER past AS entry_channel,
    last_value(event_product IGNORE NULLS) OVER past AS event_product,
    last_value(CASE WHEN mon >= first_mon THEN billed_product END IGNORE NULLS) OVER past AS billed_product,
    coalesce(last_value(region IGNORE NULLS) OVER past, 'unknown') AS region,
    coalesce(last_value(segment IGNORE NULLS) OVER past, 'unknown') AS segment,
    last_value(group_id IGNORE NULLS) OVER past AS group_id
FROM begun WINDOW past AS (PARTITION BY customer_id ORDER BY mon);
DROP TABLE charge;
DROP TABLE event;

-- Each row until the next one, while it can matter: up to the month in which silence ends the stay.
CREATE TABLE based AS
WITH counted AS (
    SELECT customer_id, left_mon, mon, count(*) OVER (
            PARTITION BY customer_id, left_mon ORDER BY mon RANGE BETWEEN relift_after() - 1 PRECEDING AND CURRENT ROW
        ) AS in_a_row
    FROM known WHERE told.gone AND charged AND mon > left_mon
),
lifted AS (
    SELECT customer_id, left_mon, min(mon) AS lifted_mon
    FROM counted WHERE in_a_row >= relift_after() GROUP BY ALL
),
filled AS (
    SELECT known.* EXCLUDE (mon, next_mon, told), mon AS row_mon,
        unnest(range(mon, least(next_mon, greatest(mon, paid_mon + churned_after()) + 1))) AS mon,
        coalesce(told.gone, false) AS gone, told.reason AS left_reason, coalesce(told.by_port_out, false) AS left_by_port_out
    FROM known WHERE mon >= first_mon
),
judged AS (
    SELECT filled.* EXCLUDE (row_mon), mon = row_mon AS is_told, greatest(0, mon - paid_mon) AS idle,
        gone AND (lifted_mon IS NULL OR mon < lifted_mon) AS terminated
    FROM filled LEFT JOIN lifted USING (customer_id, left_mon)
),
stayed AS (
    SELECT *, is_told AND charged AS charged_now, is_told AND has_line AS line_now,
        CASE WHEN is_told THEN billed ELSE 0 END AS revenue,
        coalesce(max(mon) FILTER (terminated OR idle >= churned_after()) OVER past < last_mon, true) AS in_base,
        coalesce(coalesce(max(mon) FILTER (terminated OR idle >= churned_after()) OVER earlier, 0)
            < lag(last_mon) OVER past, false) AS was_in,
        sum(revenue) OVER past AS sum_so_far, sum(revenue) OVER year AS sum_of_year,
        sum(revenue) OVER quarter AS sum_of_quarter
    FROM judged WINDOW past AS (PARTITION BY customer_id ORDER BY mon),
        earlier AS (PARTITION BY customer_id ORDER BY mon ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
        year AS (PARTITION BY customer_id ORDER BY mon RANGE BETWEEN 11 PRECEDING AND CURRENT ROW),
        quarter AS (PARTITION BY customer_id ORDER BY mon RANGE BETWEEN 2 PRECEDING AND CURRENT ROW)
)
SELECT * EXCLUDE (is_told, charged, has_line, billed, entered_now, opened_now, moved_now),
    is_told AND moved_now AS moved_now, in_base AND NOT was_in AS starts,
    mon = first_mon AND mon = ${first} AND in_base AND NOT opened_now AS is_carried,
    CASE
        WHEN is_carried THEN 'carried'
        WHEN in_base AND mon = first_mon THEN 'new'
        WHEN in_base AND NOT was_in THEN 'returned'
        WHEN in_base AND idle >= at_risk_after() THEN 'at_risk'
        WHEN in_base THEN 'active'
        WHEN was_in THEN 'churned'
        WHEN mon = first_mon OR (charged_now AND entered_now) THEN 'joined_and_left'
        ELSE 'lost' END AS status
FROM stayed;
DROP TABLE known;

-- All months, as the views of the result want them; it takes the place of the empty table. The sums of a year
-- and of a quarter do not reach before the start of the stay.
DROP TABLE step;
CREATE TABLE step AS
WITH stays AS (
    SELECT *, max(mon) FILTER (starts) OVER past AS start_mon, bool_or(is_carried) OVER past AS carried,
        sum_so_far - last_value(CASE WHEN starts THEN sum_so_far - revenue END IGNORE NULLS) OVER past AS sum_of_stay
    FROM based WINDOW past AS (PARTITION BY customer_id ORDER BY mon)
),
renewed AS (
    SELECT *, charged_now AND in_base AS renews,
        CASE WHEN renews THEN money(cents_of(CASE WHEN mon - start_mon < 12 THEN sum_of_stay ELSE sum_of_year END,
            12, span_of(12, paid_mon, start_mon, last_mon))) END AS renewed_annual,
        CASE WHEN renews THEN money(cents_of(CASE WHEN mon - start_mon < 3 THEN sum_of_stay ELSE sum_of_quarter END,
            1, span_of(3, paid_mon, start_mon, last_mon))) END AS renewed_monthly
    FROM stays
),
valued AS (
    SELECT *, coalesce(last_value(renewed_annual IGNORE NULLS) OVER past, 0) AS annual_revenue,
        coalesce(last_value(renewed_monthly IGNORE NULLS) OVER past, 0) AS monthly_value,
        coalesce(event_product, billed_product, 'unknown') AS product, coalesce(entry_channel, 'unknown') AS channel,
        CAST(CASE
            WHEN carried AND since_mon = first_mon THEN 'unknown'
            WHEN mon - since_mon <= 2 THEN '0-2'
            WHEN mon - since_mon <= 5 THEN '3-5'
            WHEN mon - since_mon <= 11 THEN '6-11'
            WHEN mon - since_mon <= 23 THEN '12-23'
            ELSE '24+' END AS word) AS tenure_band
    FROM renewed WINDOW past AS (PARTITION BY customer_id ORDER BY mon)
),
tiered AS (
    SELECT *, CAST(CASE WHEN mon - since_mon < new_for() AND NOT carried THEN 'new'
        ELSE tier_of(monthly_value) END AS word) AS tier
    FROM valued
)
SELECT customer_id, mon, in_base, was_in, first_mon, since_mon, start_mon, last_mon, paid_mon, seen_mon, left_mon,
    left_reason, left_by_port_out, carried, terminated, event_product, billed_product, entry_channel, region, segment,
    group_id, product, channel, tier, tenure_band, annual_revenue, monthly_value, revenue AS v0, line_now,
    charged_now, moved_now, idle, status,
    CASE WHEN terminated THEN coalesce(left_reason, 'none') ELSE 'none' END AS reason,
    CASE
        WHEN status <> 'churned' THEN NULL
        WHEN terminated AND left_by_port_out THEN 'switched'
        WHEN terminated AND is_passive(left_reason) THEN 'passive'
        WHEN terminated AND is_switch(left_reason) THEN 'switched'
        WHEN terminated AND is_unavoidable(left_reason) THEN 'unavoidable'
        WHEN terminated THEN 'left'
        WHEN seen_mon > last_mon THEN 'lapsed_uncharged'
        ELSE 'lapsed' END AS churn_kind,
    CASE WHEN was_in THEN lag(annual_revenue) OVER past END AS annual_was,
    lag(region) OVER past AS region_was, lag(product) OVER past AS product_was, lag(segment) OVER past AS segment_was,
    lag(channel) OVER past AS channel_was, lag(tier) OVER past AS tier_was,
    lag(tenure_band) OVER past AS tenure_band_was
FROM tiered WINDOW past AS (PARTITION BY customer_id ORDER BY mon);
DROP TABLE based;
