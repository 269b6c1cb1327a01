-- One month, as duckdb_close.sql has it, in ClickHouse's own words: its landed rows and the state of the month
-- before, to the tables now (this month's customers), step (those in the base) and dormant (the others).

-- What each customer was billed. Within a month the day decides which product was billed last.
CREATE OR REPLACE TABLE charge ENGINE = Memory AS
SELECT assumeNotNull(line.customer_id) AS customer_id,
    toInt64(ifNull(sumIf(amount, NOT waived), 0) * 100) AS billed_now, max(month_no(paid_through)) AS line_paid,
    argMaxIf(product, (toDayOfMonth(billed_on), product), product IS NOT NULL) AS line_product
FROM file('${lake}/billing/month=${month}/*.parquet', Parquet) AS line
GROUP BY line.customer_id;

-- What the channel events say; in the first month also all those before it. At one instant leaving goes first.
CREATE OR REPLACE TABLE kinded ENGINE = Memory AS
SELECT * EXCEPT (month), month_no(month) AS told_mon, event IN ('activate', 'resume', 'port_in') AS entering,
    event IN ('terminate', 'port_out') AS leaving, event IN ('activate', 'port_in') AS opening
FROM file('${lake}/channel/${these}/*.parquet', Parquet) WHERE month <= toDate('${month}');

CREATE OR REPLACE TABLE event ENGINE = Memory AS
WITH ending AS (
    SELECT customer_id, product FROM kinded WHERE leaving AND told_mon = ${mon} AND customer_id NOT IN (
        SELECT customer_id FROM kinded WHERE leaving AND told_mon = ${mon} AND product IS NULL)
),
placed AS (
    SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY occurred_at, leaving DESC, event_id) AS place,
        leaving AND NOT (told_mon = ${mon} AND customer_id IN (
            SELECT customer_id FROM file('${lake}/billing/month=${month}/*.parquet', Parquet)
            WHERE NOT waived AND amount > 0 AND product IS NOT NULL
                AND customer_id IN (SELECT customer_id FROM ending) AND (customer_id, product) NOT IN (ending)
        )) AS leaves
    FROM kinded
),
after AS (
    SELECT *, leaves AND place > maxIf(place, entering) OVER (PARTITION BY customer_id) AS since FROM placed
)
SELECT assumeNotNull(after.customer_id) AS customer_id, max(told_mon) AS event_mon,
    minOrNullIf(told_mon, entering) AS told_entered, max(entering) AS enters, max(since) AS gone,
    max(entering AND told_mon = ${mon}) AS entered_now, max(opening AND told_mon = ${mon}) AS opened_now,
    max((entering OR leaving) AND told_mon = ${mon}) AS moved_now, maxOrNullIf(told_mon, since) AS told_left,
    argMinIf(reason, place, since AND reason IS NOT NULL) AS told_reason,
    max(since AND event = 'port_out') AS told_port_out,
    argMinIf(channel_type, place, opening AND channel_type IS NOT NULL) AS told_channel,
    argMaxIf(product, place, NOT leaving AND product IS NOT NULL) AS told_product,
    argMaxIf(region, place, region IS NOT NULL) AS told_region,
    argMaxIf(segment, place, segment IS NOT NULL) AS told_segment,
    argMaxIf(group_id, place, group_id IS NOT NULL) AS told_group
FROM after GROUP BY after.customer_id;

CREATE OR REPLACE TABLE now ENGINE = Memory AS
WITH known AS (
    SELECT *, true AS is_known FROM step UNION ALL
    SELECT *, true AS is_known FROM dormant
    WHERE customer_id IN (SELECT customer_id FROM charge UNION ALL SELECT customer_id FROM event)
),
billed AS (
    SELECT known.*, coalesce(known.customer_id, charge.customer_id) AS id, billed_now, line_paid, line_product,
        charge.customer_id IS NOT NULL AS has_line
    FROM known FULL JOIN charge ON known.customer_id = charge.customer_id
),
met AS (
    SELECT coalesce(billed.id, event.customer_id) AS id, ifNull(billed.in_base, false) AS was_in,
        ifNull(billed.has_line, false) AS line_now, ifNull(billed_now, 0) AS cents, cents > 0 AS charged,
        first_mon IS NULL AND charged AS first_charge, coalesce(first_mon, if(charged, ${mon}, NULL)) AS first_is,
        if(charged, ${mon}, last_mon) AS last_is,
        arrayMax(arrayFilter(m -> m IS NOT NULL, [paid_mon, line_paid, if(charged, ${mon}, NULL)])) AS paid_is,
        arrayMax(arrayFilter(m -> m IS NOT NULL, [seen_mon, event_mon, if(line_now, ${mon}, NULL)])) AS seen_is,
        ifNull(event.entered_now, 0) AS entered, ifNull(event.opened_now, 0) AS opened, ifNull(event.moved_now, 0) AS moved,
        if(first_mon IS NULL,
            if(since_mon IS NULL OR told_entered < since_mon, ifNull(told_entered, since_mon), since_mon), NULL) AS entered_mon,
        since_mon, start_mon, ifNull(carried, false) AS was_carried,
        multiIf(ifNull(gone, 0) = 1, true, ifNull(enters, 0) = 1, false, ifNull(terminated, false)) AS told_gone,
        if(ifNull(gone, 0) = 1, told_left, left_mon) AS left_is,
        if(ifNull(enters, 0) = 1, told_reason, coalesce(left_reason, told_reason)) AS reason_is,
        ifNull(told_port_out, 0) = 1 OR (ifNull(enters, 0) = 0 AND ifNull(left_by_port_out, false)) AS port_out_is,
        -- In a row: a month without a row breaks it.
        if(ifNull(gone, 0) = 1 OR ifNull(mon <> ${mon} - 1, true), 0, relifting) AS relifted,
        ifNull(annual_revenue, 0) AS known_annual, ifNull(monthly_value, 0) AS known_monthly,
        coalesce(told_product, event_product) AS event_product_is, coalesce(line_product, billed_product) AS seen_product,
        coalesce(entry_channel, told_channel) AS entry_channel_is, coalesce(told_region, region, 'unknown') AS region_is,
        coalesce(told_segment, segment, 'unknown') AS segment_is, coalesce(told_group, group_id) AS group_is,
        region AS region_was, product AS product_was, segment AS segment_was, channel AS channel_was,
        tier AS tier_was, tenure_band AS tenure_band_was, v
    FROM billed FULL JOIN event ON billed.id = event.customer_id
),
based AS (
    SELECT *, greatest(0, ${mon} - paid_is) AS idle, if(first_is IS NULL, 0, cents) AS revenue,
        if(told_gone AND charged AND left_is < ${mon}, relifted + 1, 0) AS relifting_is,
        told_gone AND relifting_is < 3 AS ended, NOT ended AND (charged OR (was_in AND idle < 3)) AS stays
    FROM met
),
named AS (
    SELECT *, multiIf(
            first_is IS NULL, NULL,
            stays AND first_charge AND ${is_first} AND NOT opened, 'carried',
            stays AND first_charge, 'new',
            stays AND NOT was_in, 'returned',
            stays AND idle >= 1, 'at_risk',
            stays, 'active',
            was_in, 'churned',
            first_charge OR (charged AND entered), 'joined_and_left',
            'lost') AS status,
        stays AND NOT was_in AS starts, if(starts, ${mon}, start_mon) AS start_is,
        multiIf(first_is IS NULL, entered_mon, first_charge, least(ifNull(entered_mon, ${mon}), ${mon}), since_mon)
            AS since_is,
        was_carried OR ifNull(status = 'carried', false) AS carried_is,
        if(starts, [revenue], arrayPushFront(arraySlice(v, 1, 11), revenue)) AS revenues
    FROM based
),
valued AS (
    SELECT *, if(charged AND stays, cents_of(arraySum(revenues), 12, span_of(12, paid_is, start_is, last_is)), known_annual)
            AS annual,
        if(charged AND stays, cents_of(arraySum(arraySlice(revenues, 1, 3)), 1, span_of(3, paid_is, start_is, last_is)),
            known_monthly) AS monthly
    FROM named
)
SELECT assumeNotNull(id) AS customer_id, toInt32(${mon}) AS mon, assumeNotNull(stays) AS in_base, first_is AS first_mon,
    since_is AS since_mon, start_is AS start_mon, last_is AS last_mon, paid_is AS paid_mon, seen_is AS seen_mon,
    assumeNotNull(annual) AS annual_revenue, assumeNotNull(monthly) AS monthly_value, carried_is AS carried,
    assumeNotNull(ended) AS terminated, left_is AS left_mon, reason_is AS left_reason,
    assumeNotNull(port_out_is) AS left_by_port_out, assumeNotNull(relifting_is) AS relifting,
    event_product_is AS event_product, if(first_is IS NULL, NULL, seen_product) AS billed_product,
    entry_channel_is AS entry_channel, assumeNotNull(region_is) AS region, assumeNotNull(segment_is) AS segment,
    group_is AS group_id, coalesce(event_product, billed_product, 'unknown') AS product,
    coalesce(entry_channel, 'unknown') AS channel,
    if(ifNull(${mon} - since_mon < 3, false) AND NOT carried, 'new', tier_of(monthly_value)) AS tier,
    multiIf(carried AND since_mon = first_mon, 'unknown', ${mon} - since_mon <= 2, '0-2', ${mon} - since_mon <= 5, '3-5',
        ${mon} - since_mon <= 11, '6-11', ${mon} - since_mon <= 23, '12-23', '24+') AS tenure_band,
    arrayMap(cents -> toInt64(assumeNotNull(cents)), revenues) AS v, was_in, line_now, charged, moved, idle, status, revenue,
    if(terminated, ifNull(left_reason, 'none'), 'none') AS reason,
    multiIf(
        ifNull(status, '') <> 'churned', NULL,
        terminated AND left_by_port_out, 'switched',
        terminated AND left_reason IN ('arrears', 'fraud', 'underuse'), 'passive',
        terminated AND left_reason IN ('competitor'), 'switched',
        terminated AND left_reason IN (
            'relocation', 'death', 'bankruptcy', 'changed_business', 'outlet_moved', 'life_change'), 'unavoidable',
        terminated, 'left',
        seen_mon > last_mon, 'lapsed_uncharged',
        'lapsed') AS churn_kind,
    if(was_in, known_annual, NULL) AS annual_was,
    region_was, product_was, segment_was, channel_was, tier_was, tenure_band_was
FROM valued;

TRUNCATE TABLE step;
INSERT INTO step SELECT ${state} FROM now WHERE in_base;
CREATE OR REPLACE TABLE resting ENGINE = Memory AS
SELECT * FROM dormant WHERE customer_id NOT IN (SELECT customer_id FROM now);
TRUNCATE TABLE dormant;
INSERT INTO dormant SELECT * FROM resting;
INSERT INTO dormant SELECT ${state} FROM now WHERE NOT in_base;

INSERT INTO FUNCTION file('${lake}/customer_month/month=${month}/data.parquet', Parquet)
SELECT customer_id, status, churn_kind, reason, month_date(first_mon) AS first_month, month_date(since_mon) AS since_month,
    month_date(start_mon) AS start_month, month_date(last_mon) AS last_month, idle, money(revenue) AS revenue,
    money(annual_revenue) AS annual_revenue, money(monthly_value) AS monthly_value, tier, tenure_band, region, product,
    segment, channel, group_id, month_date(paid_mon) AS paid_month, month_date(seen_mon) AS seen_month, carried,
    terminated, month_date(left_mon) AS left_month, left_reason, left_by_port_out, event_product, billed_product,
    entry_channel
FROM now AS n WHERE first_mon IS NOT NULL AND (in_base OR was_in OR line_now OR moved);

INSERT INTO FUNCTION file('${lake}/dormant/month=${month}/data.parquet', Parquet)
SELECT * FROM dormant WHERE mon = ${mon};

-- First who went from which attributes to which, then each of those few rows in every dimension. What looks
-- back takes the attributes and values of the month before.
CREATE OR REPLACE TABLE change ENGINE = Memory AS
SELECT status, churn_kind, in_base, was_in, region, product, segment, channel, tier, tenure_band,
    region_was, product_was, segment_was, channel_was, tier_was, tenure_band_was,
    count() AS customers, countIf(charged) AS charged_customers, sum(n.revenue) AS cents,
    sumIf(annual_was, status = 'churned') AS lost, sumIf(cents_of(annual_was, 10, 100), status = 'churned') AS lost_profit
FROM now AS n WHERE first_mon IS NOT NULL GROUP BY ALL;

INSERT INTO FUNCTION file('${lake}/movement/month=${month}/data.parquet', Parquet)
WITH spread AS (
    SELECT *, arrayJoin([
        ('total', 'all', 'all'), ('region', region, ifNull(region_was, '')), ('product', product, ifNull(product_was, '')),
        ('segment', segment, ifNull(segment_was, '')), ('channel', channel, ifNull(channel_was, '')),
        ('tier', tier, ifNull(tier_was, '')), ('tenure_band', tenure_band, ifNull(tenure_band_was, ''))
    ]::Array(Tuple(String, String, String))) AS seen, seen.1 AS dimension, seen.2 AS now_in, seen.3 AS was_of
    FROM change
),
counted AS (
    SELECT dimension, was_of AS segment, toInt64(sum(customers)) AS opening,
        toInt64(sumIf(customers, status = 'churned')) AS churned,
        toInt64(sumIf(customers, churn_kind IN ('switched', 'left'))) AS voluntary_churned,
        toInt64(sumIf(customers, in_base AND now_in <> was_of)) AS moved_out, 0 AS moved_in, 0 AS new, 0 AS returned,
        0 AS carried, 0 AS joined_and_left, 0 AS closing, 0 AS charged_customers, 0 AS revenue,
        ifNull(sum(lost), 0) AS lost_annual_revenue, ifNull(sum(lost_profit), 0) AS lost_annual_profit,
        toInt64(sumIf(customers, churn_kind NOT IN ('passive', 'unavoidable'))) AS avoidable_lost_customers,
        ifNull(sumIf(lost, churn_kind NOT IN ('passive', 'unavoidable')), 0) AS avoidable_lost_annual_revenue,
        ifNull(sumIf(lost_profit, churn_kind NOT IN ('passive', 'unavoidable')), 0) AS avoidable_lost_annual_profit
    FROM spread WHERE was_in GROUP BY dimension, was_of
    UNION ALL
    SELECT dimension, now_in, 0, 0, 0, 0, toInt64(sumIf(customers, in_base AND was_in AND now_in <> was_of)),
        toInt64(sumIf(customers, status = 'new')), toInt64(sumIf(customers, status = 'returned')),
        toInt64(sumIf(customers, status = 'carried')), toInt64(sumIf(customers, status = 'joined_and_left')),
        toInt64(sumIf(customers, in_base)), toInt64(sum(spread.charged_customers)), ifNull(sum(cents), 0), 0, 0, 0, 0, 0
    FROM spread GROUP BY dimension, now_in
    UNION ALL
    SELECT 'total', 'all', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
)
SELECT dimension, segment, ${measures}
FROM counted GROUP BY dimension, segment
HAVING dimension = 'total' OR ${anything}
ORDER BY dimension, segment;
