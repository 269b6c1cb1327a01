-- retention_value: what a customer's lifetime brings, and what less churn would add to it.
-- Grain: month, dimension, segment
-- Columns:
--   month: the first day of the month
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension; `all` in total
--   months: how many of the last 12 closed months have a churn rate here: had an opening base
--   churn_rate_12m: the mean of those monthly rates; null where there is none
--   annual_churn: the part of the customers that a year of such months loses
--   lifetime_months: how long a customer stays on average; null where nobody was lost
--   arpu: the month's revenue per customer, as in arpu_by_segment
--   margin: profit per unit of revenue, that of the tiers in the base, weighed by annual revenue
--   ltv: the profit of a customer's lifetime, 4 decimals
--   uplift_5_points: what it gains where the annual churn falls by five points; null where it is not above 0.05
--   uplift_one_twentieth: what it gains where the annual churn falls by a twentieth of itself: 1/19, whatever it is
-- Units: lifetime_months = number
-- Formula: annual_churn = 1 - (1 - churn_rate_12m)¹²; lifetime_months = 1 / churn_rate_12m;
--   margin = Σ (annual_revenue × margin of its tier) / Σ annual_revenue, over the base at the month's end;
--   ltv = arpu × margin × lifetime_months; uplift_5_points = annual_churn / (annual_churn - 0.05) - 1;
--   uplift_one_twentieth = annual_churn / (annual_churn - annual_churn / 20) - 1
-- Note: with fewer than 12 closed months the mean is that of those there are. The two uplifts stand side by
--   side because «five per cent less churn» is said of both.
-- Source: churn_rate, arpu_by_segment, value_movement
with
monthly as (
    -- Decimals, so that the rates of a window add up to the same however they are added.
    select
        month, dimension, segment,
        cast(churned as decimal(38, 18)) / nullif(opening, 0) as rate
    from churn_rate
),
yearly as (
    select
        month, dimension, segment,
        count(rate) over last_12 as months,
        sum(rate) over last_12 as rates
    from monthly
    window last_12 as (
        partition by dimension, segment order by month_number(month) range between 11 preceding and current row
    )
),
lived as (
    select
        month, dimension, segment, months,
        cast(rates as double) / nullif(months, 0) as churn_rate_12m,
        1 - power(1 - cast(rates as double) / nullif(months, 0), 12) as annual_churn
    from yearly
),
valued as (
    select
        lived.*,
        1 / nullif(lived.churn_rate_12m, 0) as lifetime_months,
        arpu.arpu,
        cast(cast(value.exact_profit as decimal(30, 8)) / nullif(value.annual_revenue, 0) as double) as margin
    from lived
    join arpu_by_segment as arpu
        on arpu.month = lived.month and arpu.dimension = lived.dimension and arpu.segment = lived.segment
    left join value_movement as value
        on value.month = lived.month and value.dimension = lived.dimension and value.segment = lived.segment
)
select
    month, dimension, segment, months, churn_rate_12m, annual_churn, lifetime_months, arpu, margin,
    -- The product is a decimal before it is rounded: a float lies beside the half that is to be rounded up.
    cast(round(cast(cast(arpu as double) * margin * lifetime_months as decimal(28, 9)), 4) as decimal(28, 4)) as ltv,
    case when annual_churn > 0.05 then annual_churn / (annual_churn - 0.05) - 1 end as uplift_5_points,
    annual_churn / nullif(annual_churn - annual_churn / 20, 0) - 1 as uplift_one_twentieth
from valued
