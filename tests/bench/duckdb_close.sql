-- One month: its landed rows and the state of the month before, to step and dormant, which stay in memory from
-- month to month.

-- What each customer was billed. Within a month the day decides which product was billed last.
CREATE OR REPLACE TABLE charge AS
SELECT customer_id,
    CAST(coalesce(sum(amount) FILTER (NOT waived AND is_business(charge_type)), 0) AS DECIMAL(18, 2)) AS business,
    CAST(coalesce(sum(amount) FILTER (NOT waived), 0) AS DECIMAL(18, 2)) AS billed,
    max(month_no(paid_through)) AS paid_mon,
    CAST(substr(max(chr(32 + CAST(day(billed_on) AS INTEGER)) || product), 2) AS word) AS billed_product
FROM read_parquet('${lake}/billing/month=${month}/*.parquet', hive_partitioning = false)
WHERE NOT is_house(customer_id)
GROUP BY customer_id;

-- What the channel events say; in the first month also all those before it. At one instant leaving goes first.
CREATE OR REPLACE TABLE event AS
WITH kinded AS (
    SELECT * EXCLUDE (month), month_no(month) AS mon, event IN ('activate', 'resume', 'port_in') AS entering,
        event IN ('terminate', 'port_out') AS leaving, event IN ('activate', 'port_in') AS opening
    FROM read_parquet('${lake}/channel/month=*/*.parquet', hive_partitioning = true, hive_types = {'month': DATE})
    WHERE ${these_months} AND NOT is_house(customer_id)
),
ending AS (
    SELECT customer_id, list(product) AS products FROM kinded
    WHERE leaving AND mon = ${mon} GROUP BY customer_id HAVING count(*) = count(product)
),
product_end AS (
    SELECT DISTINCT ending.customer_id
    FROM ending JOIN read_parquet('${lake}/billing/month=${month}/*.parquet', hive_partitioning = false) AS line
        USING (customer_id)
    WHERE NOT line.waived AND line.amount > 0 AND line.product IS NOT NULL
        AND NOT list_contains(ending.products, line.product)
),
ordered AS (
    SELECT kinded.*, leaving AND NOT (mon = ${mon} AND product_end.customer_id IS NOT NULL) AS leaves,
        row_number() OVER (PARTITION BY kinded.customer_id ORDER BY occurred_at, leaving DESC, event_id) AS place
    FROM kinded LEFT JOIN product_end USING (customer_id)
),
placed AS (
    SELECT *, coalesce(max(place) FILTER (entering) OVER same, 0) AS entered_place,
        coalesce(max(place) FILTER (leaves) OVER same, 0) AS left_place
    FROM ordered WINDOW same AS (PARTITION BY customer_id)
)
SELECT customer_id, max(mon) AS seen_mon, min(mon) FILTER (entering) AS entered_mon, bool_or(entering) AS enters,
    bool_or(entering AND mon = ${mon}) AS entered_now, bool_or(opening AND mon = ${mon}) AS opened_now,
    bool_or((entering OR leaving) AND mon = ${mon}) AS moved_now, any_value(left_place > entered_place) AS gone,
    max(mon) FILTER (leaves AND place > entered_place) AS left_mon,
    arg_min(reason, place) FILTER (leaves AND place > entered_place) AS left_reason,
    bool_or(event = 'port_out' AND leaves AND place > entered_place) AS left_by_port_out,
    CAST(arg_min(channel_type, place) FILTER (opening) AS word) AS entry_channel,
    CAST(arg_max(product, place) FILTER (NOT leaving) AS word) AS event_product,
    CAST(arg_max(region, place) AS word) AS region, CAST(arg_max(segment, place) AS word) AS segment,
    arg_max(group_id, place) AS group_id
FROM placed GROUP BY customer_id;

CREATE OR REPLACE TABLE next_step AS
WITH known AS (
    SELECT * FROM step WHERE in_base UNION ALL BY NAME SELECT * FROM dormant
    WHERE customer_id IN (SELECT customer_id FROM charge UNION ALL SELECT customer_id FROM event)
),
met AS (
    SELECT customer_id, coalesce(known.in_base, false) AS was_in, charge.customer_id IS NOT NULL AS has_line,
        coalesce(charge.business > 0, false) AS charged, known.first_mon IS NULL AND charged AS first_charge,
        coalesce(known.first_mon, CASE WHEN charged THEN ${mon} END) AS first_mon,
        CASE WHEN charged THEN ${mon} ELSE known.last_mon END AS last_mon,
        greatest(known.paid_mon, charge.paid_mon, CASE WHEN charged THEN ${mon} END) AS paid_mon,
        greatest(known.seen_mon, event.seen_mon, CASE WHEN has_line THEN ${mon} END) AS seen_mon,
        coalesce(charge.billed, 0) AS billed,
        coalesce(event.entered_now, false) AS entered_now, coalesce(event.opened_now, false) AS opened_now,
        coalesce(event.moved_now, false) AS moved_now,
        CASE WHEN known.first_mon IS NULL THEN least(known.since_mon, event.entered_mon) END AS entered_mon,
        known.since_mon AS known_since, known.start_mon AS known_start, coalesce(known.carried, false) AS was_carried,
        CASE WHEN event.gone THEN true WHEN event.enters THEN false ELSE coalesce(known.terminated, false) END AS told_gone,
        CASE WHEN event.gone THEN event.left_mon ELSE known.left_mon END AS left_mon,
        CASE WHEN event.enters THEN event.left_reason ELSE coalesce(known.left_reason, event.left_reason) END AS left_reason,
        coalesce(event.left_by_port_out, false)
            OR (NOT coalesce(event.enters, false) AND coalesce(known.left_by_port_out, false)) AS left_by_port_out,
        -- In a row: a month without a row breaks it.
        CASE WHEN event.gone OR known.mon <> ${mon} - 1 THEN 0 ELSE coalesce(known.relifting, 0) END AS relifted,
        coalesce(known.annual_revenue, 0) AS known_annual, coalesce(known.monthly_value, 0) AS known_monthly,
        coalesce(event.event_product, known.event_product) AS event_product,
        coalesce(charge.billed_product, known.billed_product) AS seen_product,
        coalesce(known.entry_channel, event.entry_channel) AS entry_channel,
        coalesce(event.region, known.region, 'unknown') AS region,
        coalesce(event.segment, known.segment, 'unknown') AS segment,
        coalesce(event.group_id, known.group_id) AS group_id,
        known.region AS region_was, known.product AS product_was, known.segment AS segment_was,
        known.channel AS channel_was, known.tier AS tier_was, known.tenure_band AS tenure_band_was,
        v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10
    FROM known FULL JOIN charge USING (customer_id) FULL JOIN event USING (customer_id)
),
based AS (
    SELECT *, greatest(0, ${mon} - paid_mon) AS idle, CASE WHEN first_mon IS NULL THEN 0 ELSE billed END AS revenue,
        CASE WHEN first_mon IS NOT NULL THEN seen_product END AS billed_product,
        CASE WHEN told_gone AND charged AND left_mon < ${mon} THEN relifted + 1 ELSE 0 END AS relifting,
        told_gone AND relifting < relift_after() AS terminated,
        NOT terminated AND (charged OR (was_in AND idle < churned_after())) AS in_base
    FROM met
),
named AS (
    SELECT *, CASE
            WHEN first_mon IS NULL THEN NULL
            WHEN in_base AND first_charge AND ${is_first} AND NOT opened_now THEN 'carried'
            WHEN in_base AND first_charge THEN 'new'
            WHEN in_base AND NOT was_in THEN 'returned'
            WHEN in_base AND idle >= at_risk_after() THEN 'at_risk'
            WHEN in_base THEN 'active'
            WHEN was_in THEN 'churned'
            WHEN first_charge OR (charged AND entered_now) THEN 'joined_and_left'
            ELSE 'lost' END AS status,
        in_base AND NOT was_in AS starts,
        CASE WHEN starts THEN ${mon} ELSE known_start END AS start_mon,
        CASE WHEN first_mon IS NULL THEN entered_mon WHEN first_charge THEN least(entered_mon, ${mon})
            ELSE known_since END AS since_mon,
        was_carried OR coalesce(status = 'carried', false) AS carried
    FROM based
),
valued AS (
    SELECT *, charged AND in_base AS renews,
        CASE WHEN starts OR NOT in_base THEN 0 ELSE v0 + v1 END AS two_before,
        CASE WHEN starts OR NOT in_base THEN 0
            ELSE v0 + v1 + v2 + v3 + v4 + v5 + v6 + v7 + v8 + v9 + v10 END AS eleven_before,
        CASE WHEN renews
            THEN money(cents_of(eleven_before + revenue, 12, span_of(12, paid_mon, start_mon, last_mon)))
            ELSE known_annual END AS annual_revenue,
        CASE WHEN renews
            THEN money(cents_of(two_before + revenue, 1, span_of(3, paid_mon, start_mon, last_mon)))
            ELSE known_monthly END AS monthly_value
    FROM named
)
SELECT customer_id, ${mon} AS mon, in_base, first_mon, since_mon, start_mon, last_mon, paid_mon, seen_mon,
    annual_revenue, monthly_value, carried, terminated, left_mon, left_reason, left_by_port_out, relifting,
    event_product, billed_product, entry_channel, region, segment, group_id,
    coalesce(event_product, billed_product, 'unknown') AS product, coalesce(entry_channel, 'unknown') AS channel,
    CAST(CASE WHEN ${mon} - since_mon < new_for() AND NOT carried THEN 'new'
        ELSE tier_of(monthly_value) END AS word) AS tier,
    CAST(CASE
        WHEN carried AND since_mon = first_mon THEN 'unknown'
        WHEN ${mon} - since_mon <= 2 THEN '0-2'
        WHEN ${mon} - since_mon <= 5 THEN '3-5'
        WHEN ${mon} - since_mon <= 11 THEN '6-11'
        WHEN ${mon} - since_mon <= 23 THEN '12-23'
        ELSE '24+' END AS word) AS tenure_band,
    CAST(revenue AS DECIMAL(18, 2)) AS v0,
    CASE WHEN starts THEN 0 ELSE v0 END AS v1, CASE WHEN starts THEN 0 ELSE v1 END AS v2,
    CASE WHEN starts THEN 0 ELSE v2 END AS v3, CASE WHEN starts THEN 0 ELSE v3 END AS v4,
    CASE WHEN starts THEN 0 ELSE v4 END AS v5, CASE WHEN starts THEN 0 ELSE v5 END AS v6,
    CASE WHEN starts THEN 0 ELSE v6 END AS v7, CASE WHEN starts THEN 0 ELSE v7 END AS v8,
    CASE WHEN starts THEN 0 ELSE v8 END AS v9, CASE WHEN starts THEN 0 ELSE v9 END AS v10,
    -- Named otherwise than in `met`, where a column of `known` would come before an alias.
    was_in, has_line AS line_now, charged AS charged_now, moved_now, idle, status,
    CASE WHEN terminated THEN coalesce(left_reason, 'none') ELSE 'none' END AS reason,
    CASE
        WHEN status IS DISTINCT FROM 'churned' THEN NULL
        WHEN terminated AND left_by_port_out THEN 'switched'
        WHEN terminated AND is_passive(left_reason) THEN 'passive'
        WHEN terminated AND is_switch(left_reason) THEN 'switched'
        WHEN terminated AND is_unavoidable(left_reason) THEN 'unavoidable'
        WHEN terminated THEN 'left'
        WHEN seen_mon > last_mon THEN 'lapsed_uncharged'
        ELSE 'lapsed' END AS churn_kind,
    CASE WHEN was_in THEN known_annual END AS annual_was,
    region_was, product_was, segment_was, channel_was, tier_was, tenure_band_was
FROM valued;

DROP TABLE step;
ALTER TABLE next_step RENAME TO step;

DELETE FROM dormant USING step WHERE dormant.customer_id = step.customer_id;
INSERT INTO dormant BY NAME
SELECT customer_id, mon, in_base, first_mon, since_mon, start_mon, last_mon, paid_mon, seen_mon, annual_revenue,
    monthly_value, carried, terminated, left_mon, left_reason, left_by_port_out, relifting, event_product,
    billed_product, entry_channel, region, segment, group_id
FROM step WHERE NOT in_base;
