-- The policy with its defaults, the small arithmetic, and the empty state. Money is whole cents.
-- Run once, before the first of the months that are to be closed.
SET join_use_nulls = 1;
CREATE FUNCTION month_no AS day -> toInt32(toYear(day) * 12 + toMonth(day) - 1);
CREATE FUNCTION month_date AS number ->
    if(number IS NULL, NULL, makeDate32(intDiv(assumeNotNull(number), 12), assumeNotNull(number) % 12 + 1, 1));
CREATE FUNCTION cents_of AS (total, factor, span) -> sign(total) * intDiv(2 * abs(total) * factor + span, 2 * span);
CREATE FUNCTION span_of AS (months, paid, start, last) ->
    greatest(least(months, greatest(paid - start + 1, 1)), paid - last + 1);
CREATE FUNCTION money AS cents -> CAST(toDecimal64(cents, 0) * toDecimal64('0.01', 2) AS Decimal(18, 2));
CREATE FUNCTION tier_of AS monthly ->
    multiIf(monthly >= 100000, 'diamond', monthly >= 50000, 'gold', monthly >= 30000, 'silver', 'ordinary');

CREATE TABLE step (
    customer_id String, mon Int32, in_base Bool, first_mon Nullable(Int32), since_mon Nullable(Int32),
    start_mon Nullable(Int32), last_mon Nullable(Int32), paid_mon Nullable(Int32), seen_mon Nullable(Int32),
    annual_revenue Int64, monthly_value Int64, carried Bool, terminated Bool, left_mon Nullable(Int32),
    left_reason LowCardinality(Nullable(String)), left_by_port_out Bool, relifting Int32,
    event_product LowCardinality(Nullable(String)), billed_product LowCardinality(Nullable(String)),
    entry_channel LowCardinality(Nullable(String)), region LowCardinality(String), segment LowCardinality(String),
    group_id Nullable(String), product LowCardinality(String), channel LowCardinality(String),
    tier LowCardinality(String), tenure_band LowCardinality(String), v Array(Int64)
) ENGINE = Memory;
CREATE TABLE dormant AS step ENGINE = Memory;
