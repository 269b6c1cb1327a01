-- declining_value: customers in the base who bring much less than three months ago.
-- Grain: month, dimension, segment
-- Columns:
--   month: the first day of the month
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension, as of this month; `all` in total
--   customers: those whose monthly value fell by policy.decline or more
--   annual_revenue_before: their revenue of a year, as of three months ago
--   annual_revenue_now: as of this month
-- Customers:
--   customers = declining_customers
-- Formula: monthly_value <= monthly_value three months ago × (1 - decline), as in declining
-- Note: over customers in the base at both ends, with a value above 0 three months ago. All three are null in
--   the history's first three months, which have nothing to compare with.
-- Source: declining, movement
with
declined as (
    select
        month{% for name in dimensions %}, {{ name }}{% endfor %},
        count(*) as customers,
        sum(annual_revenue_before) as annual_revenue_before,
        sum(annual_revenue_now) as annual_revenue_now
    from declining
    group by month{% for name in dimensions %}, {{ name }}{% endfor %}
),
dimension_name as (
    select column1 as dimension
    from (values ('total'){% for name in dimensions %}, ('{{ name }}'){% endfor %})
),
sided as (
    select
        month, dimension,
        case dimension{% for name in dimensions %} when '{{ name }}' then {{ name }}{% endfor %} else 'all' end as segment,
        customers, annual_revenue_before, annual_revenue_now
    from dimension_name
    cross join declined
),
added as (
    select
        month, dimension, segment,
        sum(customers) as customers,
        cast(sum(annual_revenue_before) as decimal(24, 2)) as annual_revenue_before,
        cast(sum(annual_revenue_now) as decimal(24, 2)) as annual_revenue_now
    from sided
    group by month, dimension, segment
),
comparable as (
    select month_date(month_number(month) + cast(3 as int)) as comparable_month
    from movement
    where dimension = 'total'
)
select
    movement.month, movement.dimension, movement.segment,
    case when comparable_month is not null then coalesce(added.customers, 0) end as customers,
    case when comparable_month is not null then coalesce(added.annual_revenue_before, 0) end as annual_revenue_before,
    case when comparable_month is not null then coalesce(added.annual_revenue_now, 0) end as annual_revenue_now
from movement
left join comparable on comparable.comparable_month = movement.month
left join added
    on added.month = movement.month and added.dimension = movement.dimension and added.segment = movement.segment
