-- declines_add_up: each dimension's declining customers add up to the total's.
with
added as (
    select
        month, dimension, sum(customers) as customers, sum(annual_revenue_before) as annual_revenue_before,
        sum(annual_revenue_now) as annual_revenue_now
    from declining_value
    group by month, dimension
)
select added.month, added.dimension, added.customers, total.customers as total_customers
from added
join added as total on total.month = added.month and total.dimension = 'total'
where added.customers <> total.customers or added.annual_revenue_before <> total.annual_revenue_before
    or added.annual_revenue_now <> total.annual_revenue_now
