-- revenue_concentration: how much of the revenue comes from how few customers: the 80/20 rule, measured.
-- Grain: month, top_share
-- Columns:
--   month: the first day of the month
--   top_share: the part of the customers that is looked at, those who bring most: 0.01, 0.05, 0.1, 0.2, 0.5
--   customers: how many they are, of those charged in the month
--   revenue: what they brought in the month
--   revenue_share: of the revenue of all customers charged; null where nobody was
--   gini: of the revenue of all customers charged: 0 where all bring the same, towards 1 where one brings all
--   base_customers: how many the top_share of the base at the month's end are
--   annual_revenue: their revenue of a year
--   annual_revenue_share, annual_revenue_gini: the same over the base, by annual revenue; steadier than the
--     month's where customers come seldom
-- Units: gini, annual_revenue_gini = number
-- Customers:
--   customers = top_customers where measure = 'revenue'
--   base_customers = top_customers where measure = 'annual_revenue'
-- Formula: gini = 2 × Σ (rank × revenue) / (n × Σ revenue) - (n + 1) / n, ranks from the least on
-- Note: the top n × top_share customers are rounded up, at least one.
-- Source: concentration, movement
with
cut as (
    select column1 as percent, cast(column1 as double) / 100 as top_share
    from (values (1), (5), (10), (20), (50))
),
concentrated as (
    select
        month, measure, percent, customers, amount,
        cast(amount as double) / nullif(cast(all_amount as double), 0) as share,
        2 * cast(rank_sum as double) / nullif(all_customers * cast(all_amount as double), 0)
            - cast(all_customers + 1 as double) / all_customers as gini
    from concentration
),
beside as (
    select
        month, percent,
        max(case when measure = 'month' then customers end) as customers,
        max(case when measure = 'month' then amount end) as revenue,
        max(case when measure = 'month' then share end) as revenue_share,
        max(case when measure = 'month' then gini end) as gini,
        max(case when measure = 'year' then customers end) as base_customers,
        max(case when measure = 'year' then amount end) as annual_revenue,
        max(case when measure = 'year' then share end) as annual_revenue_share,
        max(case when measure = 'year' then gini end) as annual_revenue_gini
    from concentrated
    group by month, percent
),
cell as (
    select movement.month, cut.percent, cut.top_share
    from cut
    cross join movement
    where movement.dimension = 'total'
)
select
    cell.month, cell.top_share,
    coalesce(beside.customers, 0) as customers,
    cast(coalesce(beside.revenue, 0) as decimal(24, 2)) as revenue,
    beside.revenue_share, beside.gini,
    coalesce(beside.base_customers, 0) as base_customers,
    cast(coalesce(beside.annual_revenue, 0) as decimal(24, 2)) as annual_revenue,
    beside.annual_revenue_share, beside.annual_revenue_gini
from cell
left join beside on beside.month = cell.month and beside.percent = cell.percent
