-- period_movement: grain × dimension × segment counts at the end of a quarter or a year: opening, the customers
-- in the base at the end of the month before it, and churned, those of them not in the base any more, by the
-- attributes of then. What churn_by_period reads. No rows in other months, nor where the period began before
-- the history. Reads quarter_ago and year_ago: customer_month of the months 3 and 12 before this one.
-- Sorted by grain, dimension and segment.
with
opened as (
    select 'quarter' as grain, quarter_ago.month as opened_month, quarter_ago.customer_id as opening_customer{% for name in dimensions %},
        quarter_ago.{{ name }}{% endfor %}
    from closing
    cross join quarter_ago
    where extract(month from closing.month) in (3, 6, 9, 12)
        and quarter_ago.status in ('new', 'carried', 'returned', 'at_risk', 'active')
    union all
    select 'year' as grain, year_ago.month as opened_month, year_ago.customer_id as opening_customer{% for name in dimensions %},
        year_ago.{{ name }}{% endfor %}
    from closing
    cross join year_ago
    where extract(month from closing.month) = 12
        and year_ago.status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
kept as (
    select customer_id as kept_customer, first_month as kept_first
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
compared as (
    select grain, kept_customer is null as churned, count(*) as customers{% for name in dimensions %},
        {{ name }}{% endfor %}
    from opened
    -- Whoever was first charged since is somebody else under the same id.
    left join kept on kept_customer = opening_customer and kept_first <= opened_month
    group by grain, kept_customer is null{% for name in dimensions %}, {{ name }}{% endfor %}
),
dimension_name as (
    select * from (values ('total'){% for name in dimensions %}, ('{{ name }}'){% endfor %}) as name_of(dimension)
),
placed as (
    select
        grain, dimension, churned, customers,
        case dimension
            when 'total' then 'all'{% for name in dimensions %}
            when '{{ name }}' then compared.{{ name }}{% endfor %}
        end as placed_segment
    from dimension_name
    cross join compared
)
select
    grain, dimension, placed_segment as segment,
    sum(customers) as opening,
    sum(case when churned then customers else 0 end) as churned
from placed
group by grain, dimension, placed_segment
order by grain, dimension, placed_segment
