-- lists_equal_counts: the customers of each status are as many as the views count, in every segment.
with
present as (
    select
        month{% for name in dimensions %}, {{ name }}{% endfor %},
        sum(case when status = 'churned' then 1 else 0 end) as churned,
        sum(case when status = 'new' then 1 else 0 end) as new,
        sum(case when status = 'returned' then 1 else 0 end) as returned,
        sum(case when status in ('new', 'carried', 'returned', 'at_risk', 'active') then 1 else 0 end) as closing
    from customer_month
    group by month{% for name in dimensions %}, {{ name }}{% endfor %}
),
gone as (
    select month as lost_on, customer_id as lost_customer from customer_month where status = 'churned'
),
lost as (
    -- Whoever is lost counts with what he was the month before.
    select lost_on{% for name in dimensions %}, before.{{ name }}{% endfor %}, count(*) as churned
    from gone
    join customer_month as before
        on before.customer_id = lost_customer and before.month = month_date(month_number(lost_on) - cast(1 as int))
    group by lost_on{% for name in dimensions %}, before.{{ name }}{% endfor %}
),
dimension_name as (
    select column1 as dimension
    from (values ('total'){% for name in dimensions %}, ('{{ name }}'){% endfor %})
),
sided as (
    select
        month, dimension,
        case dimension{% for name in dimensions %} when '{{ name }}' then {{ name }}{% endfor %} else 'all' end as segment,
        case dimension when 'total' then churned else 0 end as churned, new, returned, closing
    from dimension_name
    cross join present
    union all
    select
        lost_on as month, dimension,
        case dimension{% for name in dimensions %} when '{{ name }}' then {{ name }}{% endfor %} end as segment,
        churned, 0 as new, 0 as returned, 0 as closing
    from dimension_name
    cross join lost
    where dimension <> 'total'
),
listed as (
    select
        month as listed_month, dimension as listed_dimension, segment as listed_segment, sum(churned) as listed_churned,
        sum(new) as listed_new, sum(returned) as listed_returned, sum(closing) as listed_closing
    from sided
    group by month, dimension, segment
),
first as (
    select min(month) as first_month from movement
),
compared as (
    select
        coalesce(month, listed_month) as month,
        coalesce(dimension, listed_dimension) as dimension,
        coalesce(segment, listed_segment) as segment,
        coalesce(churned, 0) as churned, coalesce(listed_churned, 0) as listed_churned,
        coalesce(new, 0) as new, coalesce(listed_new, 0) as listed_new,
        coalesce(returned, 0) as returned, coalesce(listed_returned, 0) as listed_returned,
        coalesce(closing, 0) as closing, coalesce(listed_closing, 0) as listed_closing
    from movement
    full join listed on listed_month = month and listed_dimension = dimension and listed_segment = segment
)
select
    month, dimension, segment, churned, listed_churned, new, listed_new, returned, listed_returned, closing, listed_closing
from first
cross join compared
where new <> listed_new or returned <> listed_returned or closing <> listed_closing
    -- Of the first month, the one before is not there.
    or (churned <> listed_churned and (dimension = 'total' or month > first_month))
