-- declining_customers: the customers of the base who are worth much less than three months ago.
-- Grain: month, dimension, segment, customer_id
-- Columns:
--   month: the first day of the month
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension, as of this month; `all` in total
--   customer_id: who
--   monthly_value_before, annual_revenue_before: as of three months ago
-- Formula: as in declining_value, whose customers they are
-- Source: declining
with
dimension_name as (
    select column1 as dimension
    from (values ('total'){% for name in dimensions %}, ('{{ name }}'){% endfor %})
),
sided as (
    select
        month, dimension, customer_id, monthly_value_before, annual_revenue_before,
        case dimension{% for name in dimensions %} when '{{ name }}' then {{ name }}{% endfor %} else 'all' end as side
    from dimension_name
    cross join declining
)
select month, dimension, side as segment, customer_id, monthly_value_before, annual_revenue_before
from sided
