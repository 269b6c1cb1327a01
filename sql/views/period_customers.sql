-- period_customers: the customers that a quarter or a year began or ended with, by segment.
-- Grain: month, grain, dimension, segment, as_of, customer_id
-- Columns:
--   month: the last month of the quarter or year
--   grain: quarter or year
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension as of as_of; `all` in total
--   customer_id: who; in the base at the end of as_of
--   kept: whether it is in the base at the period's end
--   as_of: the month before the period for opening and churned, the period's last month for closing
-- Note: whom the counts of churn_by_period are.
-- Source: customer_month, movement
with
based as (
    select
        month, customer_id, first_month, extract(month from month) as month_of_year{% for name in dimensions %}, {{ name }}{% endfor %}
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
side as (
    {%- for grain, months in [('quarter', 3), ('year', 12)] %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        cast(month + interval '{{ months }} months' as date) as month, '{{ grain }}' as grain, month as as_of,
        customer_id{% for name in dimensions %}, {{ name }}{% endfor %}
    from based
    where cast(month_of_year as int) % {{ months }} = 0
    union all
    select month, '{{ grain }}' as grain, month as as_of, customer_id{% for name in dimensions %}, {{ name }}{% endfor %}
    from based
    where cast(month_of_year as int) % {{ months }} = 0
    {%- endfor %}
),
over as (
    select month as over_month from movement where dimension = 'total'
),
kept as (
    select month as kept_month, customer_id as kept_customer, first_month as kept_first from based
),
compared as (
    select
        side.month, side.grain, side.as_of, side.customer_id,
        kept_customer is not null as kept{% for name in dimensions %},
        side.{{ name }}{% endfor %}
    from side
    left semi join over on over_month = side.month
    -- Whoever was first charged since is somebody else under the same id.
    left join kept
        on kept_month = side.month and kept_customer = side.customer_id and kept_first <= side.as_of
),
dimension_name as (
    select column1 as dimension
    from (values ('total'){% for name in dimensions %}, ('{{ name }}'){% endfor %})
),
placed as (
    select
        month, grain, dimension, customer_id, kept, as_of,
        case dimension{% for name in dimensions %} when '{{ name }}' then compared.{{ name }}{% endfor %} else 'all'
            end as side
    from dimension_name
    cross join compared
)
select month, grain, dimension, side as segment, customer_id, kept, as_of
from placed
