-- churn_by_period: how many of the customers that a quarter or a year began with it lost by its end.
-- Grain: month, grain, dimension, segment
-- Report: all months
-- Columns:
--   month: the last month of the period
--   grain: quarter or year
--   period: like 2024-Q1 or 2024
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension; `all` in total
--   opening: customers in the base at the end of the month before the period
--   churned: those of them not in the base at the period's end
--   closing: customers in the base at the period's end
--   churn_rate, retention_rate: null where opening is 0
--   revenue: what the months of the period brought
--   arpu: revenue of the whole period per customer, 4 decimals; null without customers
-- Customers:
--   opening = period_customers where as_of < month
--   churned = period_customers where as_of < month and not kept
--   closing = period_customers where as_of = month
-- Formula: churn_rate = churned / opening; retention_rate = (opening - churned) / opening;
--   arpu = revenue / average_customers; average_customers = (opening + closing) / 2, or closing where opening = 0
-- Note: the rate compares two days, the period's first and last: who left and came back in between is kept,
--   who came and left in between counts in neither. It is not the mean nor the sum of the monthly rates.
--   opening and churned take the attributes of the month before the period, closing and revenue those of
--   their month. Only periods whose months are all closed have rows: the running quarter has none yet, nor
--   has one that began before the history.
-- Source: period_movement, movement
with
monthly as (
    select
        movement.*,
        cast(date_trunc('quarter', month) + interval '2 months' as date) as quarter_end,
        cast(date_trunc('year', month) + interval '11 months' as date) as year_end
    from movement
),
period_month as (
    select quarter_end as end_month, 'quarter' as grain, month, dimension, segment, revenue, closing from monthly
    union all
    select year_end as end_month, 'year' as grain, month, dimension, segment, revenue, closing from monthly
),
side as (
    select
        end_month as month, grain, dimension, segment, 1 as months, 0 as opening, 0 as churned,
        case when month = end_month then closing else 0 end as closing, revenue
    from period_month
    union all
    select month, grain, dimension, segment, 0 as months, opening, churned, 0 as closing, 0 as revenue
    from period_movement
),
counted as (
    select
        month, grain, dimension, segment, sum(months) as months,
        sum(opening) as opening, sum(churned) as churned, sum(closing) as closing, sum(revenue) as revenue
    from side
    group by month, grain, dimension, segment
),
doubled as (
    -- A closed month has always a total.
    select
        counted.*,
        max(case when dimension = 'total' then months end) over (partition by month, grain) as closed_months,
        case when opening = 0 then 2 * closing else opening + closing end as twice_customers
    from counted
)
select
    month, grain,
    concat(extract(year from month), case when grain = 'quarter' then concat('-Q', extract(quarter from month)) end) as period,
    dimension, segment, opening, churned, closing,
    cast(churned as double) / nullif(opening, 0) as churn_rate,
    cast(opening - churned as double) / nullif(opening, 0) as retention_rate,
    cast(revenue as decimal(28, 2)) as revenue,
    cast(round(cast(2 * revenue as decimal(30, 8)) / nullif(twice_customers, 0), 4) as decimal(28, 4)) as arpu
from doubled
where closed_months = case when grain = 'quarter' then 3 else 12 end
    and (dimension = 'total' or opening <> 0 or closing <> 0 or revenue <> 0)
