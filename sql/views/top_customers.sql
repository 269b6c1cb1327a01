-- top_customers: the customers that bring most.
-- Grain: month, top_share, measure, customer_id
-- Columns:
--   month: the first day of the month
--   top_share: the part of the customers that is looked at: 0.01, 0.05, 0.1, 0.2, 0.5
--   measure: revenue, of those charged in the month, or annual_revenue, of the base at its end
--   customer_id: who
--   place: 1 for the one that brings most; of equal ones by customer_id
--   amount: what it brings
-- Note: whom the customers and base_customers of revenue_concentration are.
-- Source: customer_month
with
measured as (
    select month, customer_id, 'revenue' as measure, revenue as amount
    from customer_month
    where last_month = month
    union all
    select month, customer_id, 'annual_revenue' as measure, annual_revenue as amount
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
ranked as (
    select
        month, customer_id, measure, amount,
        cast(row_number() over (partition by month, measure order by amount desc, customer_id) as bigint) as place,
        count(*) over (partition by month, measure) as all_customers
    from measured
),
cut as (
    select column1 as percent, cast(column1 as double) / 100 as top_share
    from (values (1), (5), (10), (20), (50))
)
select month, top_share, measure, customer_id, place, amount
from cut
cross join ranked
where place <= (all_customers * percent + 99) / 100
