-- declining_customers: the customers of the base who are worth much less than three months ago.
-- Grain: month, dimension, segment, customer_id
-- Columns:
--   month: the first day of the month
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension, as of this month; `all` in total
--   customer_id: who
--   monthly_value_before, annual_revenue_before: as of three months ago
-- Formula: as in declining_value, whose customers they are
-- Source: customer_month, policy
with
three_ago as (
    select
        month_date(month_number(customer.month) + cast(3 as int)) as three_on,
        customer.customer_id as valued_customer,
        customer.monthly_value * (1 - policy.decline) as much_less,
        customer.monthly_value as monthly_value_before,
        customer.annual_revenue as annual_revenue_before
    from policy
    cross join customer_month as customer
    where customer.status in ('new', 'carried', 'returned', 'at_risk', 'active') and customer.monthly_value > 0
),
declined as (
    select
        valued.month, valued.customer_id, monthly_value_before, annual_revenue_before{% for name in dimensions %},
        valued.{{ name }}{% endfor %}
    from three_ago
    join customer_month as valued on valued.customer_id = valued_customer and valued.month = three_on
    where valued.status in ('new', 'carried', 'returned', 'at_risk', 'active') and valued.monthly_value <= much_less
),
dimension_name as (
    select column1 as dimension
    from (values ('total'){% for name in dimensions %}, ('{{ name }}'){% endfor %})
),
sided as (
    select
        month, dimension, customer_id, monthly_value_before, annual_revenue_before,
        case dimension{% for name in dimensions %} when '{{ name }}' then {{ name }}{% endfor %} else 'all' end as side
    from dimension_name
    cross join declined
)
select month, dimension, side as segment, customer_id, monthly_value_before, annual_revenue_before
from sided
