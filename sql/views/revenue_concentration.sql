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
-- Customers:
--   customers = top_customers where measure = 'revenue'
--   base_customers = top_customers where measure = 'annual_revenue'
-- Formula: gini = 2 × Σ (rank × revenue) / (n × Σ revenue) - (n + 1) / n, ranks from the least on
-- Note: the top n × top_share customers are rounded up, at least one.
-- Source: customer_month, movement
with
measured as (
    select month, 'month' as measure, revenue as amount
    from customer_month
    where last_month = month
    union all
    select month, 'year' as measure, annual_revenue as amount
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
amounts as (
    select month, measure, amount, count(*) as customers
    from measured
    group by month, measure, amount
),
ranked as (
    select
        month, measure, amount, customers,
        sum(customers) over (partition by month, measure order by amount) as up_to,
        sum(customers) over (partition by month, measure) as all_customers,
        sum(amount * customers) over (partition by month, measure) as all_amount
    from amounts
),
cut as (
    select column1 as percent, cast(column1 as double) / 100 as top_share
    from (values (1), (5), (10), (20), (50))
),
summed as (
    select
        month, measure, percent, all_customers, all_amount,
        (all_customers * percent + 99) / 100 as customers,
        -- Of equal amounts each customer has a rank of its own: after those below, 1 to n.
        sum(amount * (customers * (up_to - customers) + customers * (customers + 1) / 2)) as ranks,
        sum(amount * greatest(0, least(
            customers, (all_customers * percent + 99) / 100 - (all_customers - up_to)
        ))) as top_amount
    from cut
    cross join ranked
    group by month, measure, percent, all_customers, all_amount
),
concentrated as (
    select
        month, measure, percent, customers, top_amount,
        cast(top_amount as double) / nullif(cast(all_amount as double), 0) as share,
        2 * cast(ranks as double) / nullif(all_customers * cast(all_amount as double), 0)
            - cast(all_customers + 1 as double) / all_customers as gini
    from summed
),
beside as (
    select
        month, percent,
        max(case when measure = 'month' then customers end) as customers,
        max(case when measure = 'month' then top_amount end) as revenue,
        max(case when measure = 'month' then share end) as revenue_share,
        max(case when measure = 'month' then gini end) as gini,
        max(case when measure = 'year' then customers end) as base_customers,
        max(case when measure = 'year' then top_amount end) as annual_revenue,
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
