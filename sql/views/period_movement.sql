-- period_movement: what is left at a quarter's or a year's end of the customers that it began with.
-- Grain: month, grain, dimension, segment
-- Report: all months
-- Columns:
--   month: the last month of the quarter or year
--   grain: quarter or year
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension at the end of the month before the period; `all` in total
--   opening: customers in the base at the end of the month before the period
--   churned: those of them not in the base at the period's end
-- Customers:
--   opening = period_customers where as_of < month
--   churned = period_customers where as_of < month and not kept
-- Note: what churn_by_period stands on.
-- Source: customer_month, movement
with
based as (
    select
        month, customer_id, extract(month from month) as month_of_year{% for name in dimensions %}, {{ name }}{% endfor %}
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
opened as (
    select
        cast(month + interval '3 months' as date) as month, 'quarter' as grain, customer_id{% for name in dimensions %},
        {{ name }}{% endfor %}
    from based
    where month_of_year in (3, 6, 9, 12)
    union all
    select
        cast(month + interval '12 months' as date) as month, 'year' as grain, customer_id{% for name in dimensions %},
        {{ name }}{% endfor %}
    from based
    where month_of_year = 12
),
over as (
    select month as over_month from movement where dimension = 'total'
),
kept as (
    select month as kept_month, customer_id as kept_customer from based where month_of_year in (3, 6, 9, 12)
),
compared as (
    select
        opened.month, opened.grain, kept_customer is null as churned, count(*) as customers{% for name in dimensions %},
        opened.{{ name }}{% endfor %}
    from opened
    left semi join over on over_month = opened.month
    left join kept on kept_month = opened.month and kept_customer = opened.customer_id
    group by opened.month, opened.grain, kept_customer is null{% for name in dimensions %}, opened.{{ name }}{% endfor %}
),
dimension_name as (
    select * from (values ('total'){% for name in dimensions %}, ('{{ name }}'){% endfor %}) as name_of(dimension)
),
placed as (
    select
        month, grain, dimension, churned, customers,
        case dimension
            when 'total' then 'all'{% for name in dimensions %}
            when '{{ name }}' then compared.{{ name }}{% endfor %}
        end as placed_segment
    from dimension_name
    cross join compared
)
select
    month, grain, dimension, placed_segment as segment,
    sum(customers) as opening,
    sum(case when churned then customers else 0 end) as churned
from placed
group by month, grain, dimension, placed_segment
